/*
 * rdb_codes.c — the table of opcodes and value types.
 */
#include "persist/rdb/rdb_codes.h"

enum { LAST = UINT8_MAX, REDIS = RDB_VERSION_VALKEY - 1 };

#define VALUE(c, since, until, type, name, layout)                                                 \
    {                                                                                              \
        name, c, type, since, until, false, layout                                                 \
    }
#define OPCODE(c, since, until, name, layout)                                                      \
    {                                                                                              \
        name, c, TYPE_NONE, since, until, true, layout                                             \
    }
#define AT_VALUE(c, since, until, type, name, layout)                                              \
    [c] = VALUE(c, since, until, type, name, layout)
#define AT_OPCODE(c, since, name, layout) [c] = OPCODE(c, since, LAST, name, layout)

/* Blocks, length and last ID; and groups, with what a group has more, and a consumer. */
#define STREAM                  "(ss)lll"
#define GROUPS(group, consumer) "(sll" group "(w8l)(s8" consumer "(w)))"

static const struct rdb_code codes[256] = {
    AT_VALUE(RDB_STRING, 1, LAST, TYPE_STRING, "string", "s"),
    AT_VALUE(RDB_LIST, 1, LAST, TYPE_LIST, "list-linked", "(s)"),
    AT_VALUE(RDB_SET, 1, LAST, TYPE_SET, "set-hashtable", "(s)"),
    AT_VALUE(RDB_ZSET, 1, LAST, TYPE_ZSET, "zset-v1", "(sf)"),
    AT_VALUE(RDB_HASH, 1, LAST, TYPE_HASH, "hash-hashtable", "(ss)"),
    AT_VALUE(RDB_ZSET_2, 8, LAST, TYPE_ZSET, "zset-v2", "(s8)"),
    AT_VALUE(RDB_MODULE_PRE_GA, 8, LAST, TYPE_NONE, "module-pre-release", NULL),
    AT_VALUE(RDB_MODULE_2, 8, LAST, TYPE_NONE, "module-value", NULL),
    AT_VALUE(RDB_HASH_ZIPMAP, 2, LAST, TYPE_HASH, "hash-zipmap", "s"),
    AT_VALUE(RDB_LIST_ZIPLIST, 2, LAST, TYPE_LIST, "list-ziplist", "s"),
    AT_VALUE(RDB_SET_INTSET, 2, LAST, TYPE_SET, "set-intset", "s"),
    AT_VALUE(RDB_ZSET_ZIPLIST, 2, LAST, TYPE_ZSET, "zset-ziplist", "s"),
    AT_VALUE(RDB_HASH_ZIPLIST, 4, LAST, TYPE_HASH, "hash-ziplist", "s"),
    AT_VALUE(RDB_LIST_QUICKLIST, 7, LAST, TYPE_LIST, "quicklist", "(s)"),
    AT_VALUE(RDB_STREAM_LISTPACKS, 9, LAST, TYPE_STREAM, "stream", STREAM GROUPS("", "")),
    AT_VALUE(RDB_HASH_LISTPACK, 10, LAST, TYPE_HASH, "hash-listpack", "s"),
    AT_VALUE(RDB_ZSET_LISTPACK, 10, LAST, TYPE_ZSET, "zset-listpack", "s"),
    AT_VALUE(RDB_LIST_QUICKLIST_2, 10, LAST, TYPE_LIST, "quicklist-v2", "(ls)"),
    AT_VALUE(RDB_STREAM_LISTPACKS_2, 10, LAST, TYPE_STREAM, "stream-v2",
             STREAM "lllll" GROUPS("l", "")),
    AT_VALUE(RDB_SET_LISTPACK, 11, LAST, TYPE_SET, "set-listpack", "s"),
    AT_VALUE(RDB_STREAM_LISTPACKS_3, 11, LAST, TYPE_STREAM, "stream-v3",
             STREAM "lllll" GROUPS("l", "8")),
    AT_VALUE(RDB_HASH_METADATA_PRE_GA, 12, REDIS, TYPE_HASH, "hash-hashtable-md-pre-release",
             "(lss)"),
    AT_VALUE(RDB_HASH_LISTPACK_EX_PRE_GA, 12, REDIS, TYPE_HASH, "hash-listpack-md-pre-release",
             "s"),
    AT_VALUE(RDB_HASH_METADATA, 12, REDIS, TYPE_HASH, "hash-hashtable-md", "8(lss)"),
    AT_VALUE(RDB_HASH_LISTPACK_EX, 12, REDIS, TYPE_HASH, "hash-listpack-md", "8s"),

    AT_OPCODE(RDB_OP_SLOT_INFO, 12, "slot-info", NULL),
    AT_OPCODE(RDB_OP_FUNCTION, 10, "function", NULL),
    AT_OPCODE(RDB_OP_FUNCTION_PRE_GA, 10, "function-pre-release", NULL),
    AT_OPCODE(RDB_OP_MODULE_AUX, 9, "module-aux", NULL),
    AT_OPCODE(RDB_OP_IDLE, 9, "idle", "l"),
    AT_OPCODE(RDB_OP_FREQ, 9, "freq", "1"),
    AT_OPCODE(RDB_OP_AUX, 7, "aux", NULL),
    AT_OPCODE(RDB_OP_RESIZEDB, 7, "resizedb", NULL),
    AT_OPCODE(RDB_OP_EXPIRE_MS, 3, "expire-ms", "8"),
    AT_OPCODE(RDB_OP_EXPIRE_S, 1, "expire-s", "4"),
    AT_OPCODE(RDB_OP_SELECTDB, 1, "selectdb", NULL),
    AT_OPCODE(RDB_OP_EOF, 1, "eof", NULL),
};

/* What Valkey alone has; looked at first. */
static const struct rdb_code valkey_codes[] = {
    VALUE(RDB_HASH_2, RDB_VERSION_VALKEY, LAST, TYPE_HASH, "hash-volatile-items", "(ss8)"),
    OPCODE(RDB_OP_SLOT_IMPORT, RDB_VERSION_VALKEY, LAST, "slot-import", NULL),
};

const struct rdb_code *rdb_code_find(unsigned version, unsigned code)
{
    if (version >= RDB_VERSION_VALKEY)
        for (size_t i = 0; i < sizeof valkey_codes / sizeof valkey_codes[0]; i++)
            if (valkey_codes[i].code == code)
                return &valkey_codes[i];
    const struct rdb_code *row = code < 256 ? &codes[code] : NULL;
    return row && row->name && version <= row->until ? row : NULL;
}
