/*
 * hash_block.c — hashes that come and go as one listpack.
 */
#include "core/types/hash_priv.h"

#include "core/ds/le.h"
#include "core/types/packed.h"

bool hash_as_pack(const struct value *v, struct hash_pack *out)
{
    if (hash_is_table(v))
        return false;
    out->list = hash_packed_bytes(v);
    out->timed = v->encoding == ENC_LISTPACK_EX;
    return true;
}

int hash_expect(struct value_edit *e, uint64_t fields)
{
    return fields > e->limits->hash_max_listpack_entries ? hash_table_make(e) : LK_OK;
}

struct reading {
    const unsigned char *lp, *p;
    bool timed;
    char name[INT64_CHARS], value[INT64_CHARS];
};

/* Reads the field at p and moves on to the next.  False: it is not all there. */
static bool hash_block_read_field(struct reading *r, struct hash_field *out)
{
    out->name = listpack_text(r->p, r->name);
    r->p = listpack_next(r->lp, r->p);
    if (!r->p)
        return false;
    out->value = listpack_text(r->p, r->value);
    out->deadline_ms = ENTRY_NO_DEADLINE;
    r->p = listpack_next(r->lp, r->p);
    if (!r->timed)
        return true;
    if (!r->p)
        return false;
    const struct listpack_value d = listpack_get(r->p);
    if (!d.is_number || d.number < 0 || d.number > ENTRY_DEADLINE_MAX)
        return false;
    if (d.number > 0)
        out->deadline_ms = d.number;
    r->p = listpack_next(r->lp, r->p);
    return true;
}

static uint64_t hash_block_order_of(int64_t deadline_ms)
{
    return deadline_ms == ENTRY_NO_DEADLINE ? UINT64_MAX : (uint64_t)deadline_ms;
}

/* Can it stay as it lies?  LK_EFORMAT: it is no hash at all. */
static int hash_block_look(const struct hash_pack *pack, const struct type_limits *l, bool *stays,
                           int64_t *first_deadline)
{
    const unsigned char *lp = (const unsigned char *)pack->list.data;
    struct reading r = {.lp = lp, .p = listpack_first(lp), .timed = pack->timed};
    uint64_t n = 0, last = 0;
    *stays = true;
    for (; r.p; n++) {
        struct hash_field f;
        if (!hash_block_read_field(&r, &f))
            return LK_EFORMAT;
        if (f.name.size > l->hash_max_listpack_value || f.value.size > l->hash_max_listpack_value ||
            hash_block_order_of(f.deadline_ms) < last)
            *stays = false;
        last = hash_block_order_of(f.deadline_ms);
        if (n == 0)
            *first_deadline = f.deadline_ms;
    }
    if (n > l->hash_max_listpack_entries)
        *stays = false;
    if (*stays && !packed_distinct(lp, pack->timed ? 3 : 2))
        return LK_EFORMAT;
    return LK_OK;
}

static void hash_block_adopt(struct loose *to, const struct hash_pack *pack, int64_t first_deadline)
{
    unsigned char head[8];
    if (!pack->timed) {
        loose_adopt(to, ENC_LISTPACK, pack->list);
        return;
    }
    le64_put(head, (uint64_t)first_deadline);
    to->payload->size = 0;
    buf_append(to->payload, head, sizeof head);
    buf_append_bytes(to->payload, pack->list);
    loose_adopt(to, ENC_LISTPACK_EX, buf_bytes(to->payload));
}

int hash_from_pack(struct loose *to, const struct hash_pack *pack)
{
    const unsigned char *lp = (const unsigned char *)pack->list.data;
    struct reading r = {.lp = lp, .p = listpack_first(lp), .timed = pack->timed};
    int64_t first_deadline = ENTRY_NO_DEADLINE;
    bool stays;
    int rc = hash_block_look(pack, to->edit.limits, &stays, &first_deadline);
    if (rc != LK_OK)
        return rc;
    if (stays) {
        hash_block_adopt(to, pack, first_deadline);
        return LK_OK;
    }
    rc = hash_expect(&to->edit, listpack_count(lp) / (pack->timed ? 3 : 2));
    while (r.p && rc == LK_OK) {
        struct hash_field f;
        struct hash_was was;
        if (!hash_block_read_field(&r, &f))
            return LK_EFORMAT;
        rc = hash_set(&to->edit, f.name, f.value, f.deadline_ms, &was);
        if (rc == LK_OK && was.kept)
            rc = LK_EFORMAT;
    }
    return rc;
}
