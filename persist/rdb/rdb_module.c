/*
 * rdb_module.c — names of modules, and passing over their data.
 */
#include "persist/rdb/rdb_module.h"

unsigned rdb_module_name(uint64_t id, char out[RDB_MODULE_NAME_CHARS])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned version = id & 0x3ff;
    id >>= 10;
    for (int i = RDB_MODULE_NAME_CHARS - 2; i >= 0; i--, id >>= 6)
        out[i] = letters[id & 0x3f];
    out[RDB_MODULE_NAME_CHARS - 1] = '\0';
    return version;
}

static int skip_element(struct rdb_in *in, uint64_t kind)
{
    uint64_t number;
    switch (kind) {
    case RDB_MODULE_SINT:
    case RDB_MODULE_UINT:
        return rdb_in_length(in, &number);
    case RDB_MODULE_FLOAT:
        return rdb_in_skip(in, sizeof(float));
    case RDB_MODULE_DOUBLE:
        return rdb_in_skip(in, sizeof(double));
    case RDB_MODULE_STRING:
        return rdb_in_skip_string(in);
    default:
        return rdb_in_fail(in, "data of a module is cut up by %llu, which is no element",
                           (unsigned long long)kind);
    }
}

int rdb_module_skip(struct rdb_in *in, uint64_t *id)
{
    uint64_t kind = RDB_MODULE_EOF;
    int rc = rdb_in_length(in, id);
    while (rc == LK_OK) {
        rc = rdb_in_length(in, &kind);
        if (rc != LK_OK || kind == RDB_MODULE_EOF)
            break;
        rc = skip_element(in, kind);
    }
    return rc;
}

int rdb_module_refuse(struct rdb_in *in)
{
    char name[RDB_MODULE_NAME_CHARS];
    uint64_t id;
    const int rc = rdb_in_length(in, &id);
    if (rc != LK_OK)
        return rc;
    const unsigned version = rdb_module_name(id, name);
    return rdb_in_fail(in,
                       "a value of the module type %s, version %u, cannot be loaded: there are "
                       "no modules here",
                       name, version);
}
