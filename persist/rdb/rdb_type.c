/*
 * rdb_type.c — the row of each type.
 */
#include "persist/rdb/rdb_type.h"

#include "persist/rdb/rdb_module.h"

static const struct rdb_type *const rows[TYPE_COUNT] = {
    [TYPE_STRING] = &rdb_string, [TYPE_LIST] = &rdb_list, [TYPE_SET] = &rdb_set,
    [TYPE_ZSET] = &rdb_zset,     [TYPE_HASH] = &rdb_hash, [TYPE_STREAM] = &rdb_stream,
};

/* As a server is configured unless somebody says otherwise. */
static const struct type_limits usual_limits = {
    .hash_max_listpack_entries = 512,
    .hash_max_listpack_value = 64,
    .set_max_intset_entries = 512,
    .set_max_listpack_entries = 128,
    .set_max_listpack_value = 64,
    .zset_max_listpack_entries = 128,
    .zset_max_listpack_value = 64,
    .list_max_listpack_size = -2,
    .stream_node_max_bytes = 4096,
    .stream_node_max_entries = 100,
};

static const struct rdb_type *rdb_type_row_of(unsigned type)
{
    return type < TYPE_COUNT ? rows[type] : NULL;
}

void rdb_out_value_code(struct rdb_out *o, const struct value *v)
{
    const struct rdb_type *type = rdb_type_row_of(v->type);
    LK_ASSERT(type != NULL);
    const unsigned code = type->code(o, v);
    const struct rdb_code *row = rdb_code_find(RDB_VERSION_REDIS_MAX, code);
    LK_ASSERT(row && !row->opcode && row->type == v->type);
    rdb_out_needs(o, row->since);
    rdb_out_byte(o, code);
}

void rdb_out_value(struct rdb_out *o, const struct value *v)
{
    rows[v->type]->write(o, v);
}

int rdb_in_value(struct rdb_in *in, unsigned code, struct value *out)
{
    const struct rdb_code *row = rdb_code_find(in->version, code);
    if (!row || row->opcode)
        return rdb_in_fail(in, "no value of RDB version %u has type %u", in->version, code);
    if (code == RDB_MODULE_2)
        return rdb_module_refuse(in);
    const struct rdb_type *type = rdb_type_row_of(row->type);
    if (!type)
        return rdb_in_fail(in, "values of type %u (%s) cannot be loaded", code, row->name);
    in->scratch.size = 0;
    if (!in->limits)
        in->limits = &usual_limits;
    return type->read(in, row, out);
}
