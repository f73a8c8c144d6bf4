/*
 * set_ask.c — how many members, and is this one?
 */
#include "core/ds/table_join.h"
#include "core/types/set_priv.h"

uint64_t set_count(const struct value *v)
{
    switch (v->encoding) {
    case ENC_INTSET:
        return intset_count(set_ints(v));
    case ENC_LISTPACK:
        return listpack_count(set_pack(v));
    default:
        return set_table(v)->count;
    }
}

const unsigned char *set_pack_find(const struct value *v, const struct listpack_value *m)
{
    const unsigned char *lp = set_pack(v);
    return listpack_find(lp, listpack_first(lp), m, 0);
}

bool set_has(const struct value *v, struct bytes member)
{
    struct table_loc loc;
    if (v->encoding == ENC_TABLE)
        return table_find(set_table(v), hash_bytes(member), member, &loc) != NULL;
    const struct listpack_value m = listpack_from_bytes(member);
    if (v->encoding == ENC_INTSET)
        return m.is_number && intset_find(set_ints(v), m.number, NULL);
    return set_pack_find(v, &m) != NULL;
}

void set_has_many(const struct value *v, const struct bytes *members, uint32_t n, bool *has)
{
    struct entry *like[TABLE_RUN];
    if (v->encoding != ENC_TABLE) {
        for (uint32_t i = 0; i < n; i++)
            has[i] = set_has(v, members[i]);
        return;
    }
    table_find_many(set_table(v), members, n, like);
    for (uint32_t i = 0; i < n; i++)
        has[i] = like[i] != NULL;
}
