/*
 * rdb_out_aux.c — what a file says of itself: a name and a string.
 */
#include "persist/rdb/rdb_out.h"

void rdb_out_aux(struct rdb_out *o, const char *name, struct bytes value)
{
    rdb_out_byte(o, RDB_OP_AUX);
    rdb_out_string(o, bytes_cstr(name));
    rdb_out_string(o, value);
    rdb_out_needs(o, rdb_code_find(RDB_VERSION_REDIS_MAX, RDB_OP_AUX)->since);
}

void rdb_out_aux_integer(struct rdb_out *o, const char *name, int64_t value)
{
    char digits[INT64_CHARS];
    rdb_out_aux(o, name, bytes_of(digits, int64_to_chars(value, digits)));
}
