/*
 * set_block.c — sets that come and go as one block of bytes.
 */
#include "core/types/set_priv.h"

bool set_as_ints(const struct value *v, struct bytes *out)
{
    if (v->encoding != ENC_INTSET)
        return false;
    *out = v->as.bytes;
    return true;
}

/* Only a set of integers can be a valid block of them, so none comes twice. */
int set_from_ints(struct loose *to, struct bytes ints)
{
    const unsigned char *set = (const unsigned char *)ints.data;
    const size_t n = intset_count(set);
    int rc = LK_OK;
    if (n <= to->edit.limits->set_max_intset_entries) {
        loose_adopt(to, ENC_INTSET, ints);
        return LK_OK;
    }
    for (size_t i = 0; i < n && rc == LK_OK; i++) {
        char digits[INT64_CHARS];
        const struct bytes text = bytes_of(digits, int64_to_chars(intset_get(set, i), digits));
        bool added;
        rc = i == 0 ? set_expect(&to->edit, text, n) : LK_OK;
        if (rc == LK_OK)
            rc = set_add(&to->edit, text, &added);
    }
    return rc;
}

static bool pack_fits(const unsigned char *lp, const struct type_limits *l)
{
    char digits[INT64_CHARS];
    if (listpack_count(lp) > l->set_max_listpack_entries)
        return false;
    for (const unsigned char *p = listpack_first(lp); p; p = listpack_next(lp, p))
        if (listpack_text(p, digits).size > l->set_max_listpack_value)
            return false;
    return true;
}

int set_from_pack(struct loose *to, struct bytes pack)
{
    const unsigned char *lp = (const unsigned char *)pack.data, *p = listpack_first(lp);
    char digits[INT64_CHARS];
    if (pack_fits(lp, to->edit.limits)) {
        if (!packed_distinct(lp, 1))
            return LK_EFORMAT;
        loose_adopt(to, ENC_LISTPACK, pack);
        return LK_OK;
    }
    int rc = set_expect(&to->edit, listpack_text(p, digits), listpack_count(lp));
    for (; p && rc == LK_OK; p = listpack_next(lp, p)) {
        bool added = false;
        rc = set_add(&to->edit, listpack_text(p, digits), &added);
        if (rc == LK_OK && !added)
            rc = LK_EFORMAT;
    }
    return rc;
}
