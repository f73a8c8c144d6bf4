#include "core/types/set_gather.h"

#include "core/types/set_priv.h"

#include <stdlib.h>

#define STRUCK SIZE_MAX

void set_gather_init(struct set_gather *g)
{
    memset(g, 0, sizeof *g);
}

void set_gather_release(struct set_gather *g)
{
    mem_free(g->member, g->capacity * sizeof *g->member);
    mem_free(g->slot, g->slots * sizeof *g->slot);
}

static void reserve_members(struct set_gather *g, size_t more)
{
    if (g->count + more <= g->capacity)
        return;
    size_t capacity = g->capacity ? g->capacity * 2 : 4 * SET_RUN;
    while (capacity < g->count + more)
        capacity *= 2;
    g->member =
        mem_realloc(g->member, g->capacity * sizeof *g->member, capacity * sizeof *g->member);
    g->capacity = capacity;
}

void set_gather_append(struct set_gather *g, const struct set_run *run)
{
    set_run_prefetch(run);
    reserve_members(g, run->count);
    for (uint32_t i = 0; i < run->count; i++)
        g->member[g->count++] = set_run_member(run, i);
}

/* --- what is there already ------------------------------------------------------------------- */

static void set_gather_place(struct set_gather_slot *slot, size_t slots, struct set_gather_slot s)
{
    size_t i = s.hash & (slots - 1);
    while (slot[i].index)
        i = (i + 1) & (slots - 1);
    slot[i] = s;
}

static void reserve_slots(struct set_gather *g, size_t more)
{
    if ((g->count + more) * 2 <= g->slots)
        return;
    size_t slots = g->slots ? g->slots * 2 : 16 * SET_RUN;
    while (slots < (g->count + more) * 2)
        slots *= 2;
    struct set_gather_slot *slot = mem_calloc(slots * sizeof *slot);
    for (size_t i = 0; i < g->slots; i++)
        if (g->slot[i].index)
            set_gather_place(slot, slots, g->slot[i]);
    mem_free(g->slot, g->slots * sizeof *g->slot);
    g->slot = slot;
    g->slots = slots;
}

static bool set_gather_same(const struct set_member *a, const struct set_member *b)
{
    char one[INT64_CHARS], other[INT64_CHARS];
    if (!a->text.data && !b->text.data)
        return a->number == b->number;
    return bytes_equal(set_member_text(a, one), set_member_text(b, other));
}

/* The member, or NULL with *free where it belongs. */
static struct set_member *set_gather_find(const struct set_gather *g, const struct set_member *m,
                                          uint32_t hash, size_t *free)
{
    size_t i = hash & (g->slots - 1);
    for (; g->slot[i].index; i = (i + 1) & (g->slots - 1)) {
        struct set_member *own = &g->member[g->slot[i].index - 1];
        if (g->slot[i].hash == hash && own->text.size != STRUCK && set_gather_same(own, m))
            return own;
    }
    *free = i;
    return NULL;
}

/* The hashes of a run's members, and their slots on the way. */
static void hash_run(const struct set_gather *g, const struct set_run *run,
                     struct set_member *member, uint32_t *hash)
{
    char digits[INT64_CHARS];
    set_run_prefetch(run);
    for (uint32_t i = 0; i < run->count; i++) {
        member[i] = set_run_member(run, i);
        hash[i] = (uint32_t)hash_bytes(set_member_text(&member[i], digits));
        LK_PREFETCH(&g->slot[hash[i] & (g->slots - 1)]);
    }
}

void set_gather_join(struct set_gather *g, const struct set_run *run)
{
    struct set_member member[SET_RUN];
    uint32_t hash[SET_RUN];
    size_t free;
    reserve_members(g, run->count);
    reserve_slots(g, run->count);
    LK_ASSERT(g->count + run->count < UINT32_MAX);
    hash_run(g, run, member, hash);
    for (uint32_t i = 0; i < run->count; i++) {
        if (set_gather_find(g, &member[i], hash[i], &free))
            continue;
        g->member[g->count++] = member[i];
        g->slot[free] = (struct set_gather_slot){(uint32_t)g->count, hash[i]};
    }
}

void set_gather_strike(struct set_gather *g, const struct set_run *run)
{
    struct set_member member[SET_RUN];
    uint32_t hash[SET_RUN];
    size_t free;
    if (!g->slot)
        return;
    hash_run(g, run, member, hash);
    for (uint32_t i = 0; i < run->count; i++) {
        struct set_member *own = set_gather_find(g, &member[i], hash[i], &free);
        if (!own)
            continue;
        own->text.size = STRUCK;
        g->gone++;
    }
}

void set_gather_each(const struct set_gather *g, set_visit *visit, void *ctx)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->member[i].text.size != STRUCK)
            visit(ctx, &g->member[i]);
}

/* --- a value --------------------------------------------------------------------------------- */

struct content {
    bool ints;
    size_t longest;
    int64_t *number; /* of n ints so far */
    size_t n;
};

static void look_at(void *ctx, const struct set_member *m)
{
    struct content *c = ctx;
    int64_t number = m->number;
    char digits[INT64_CHARS];
    const size_t size = set_member_text(m, digits).size;
    c->longest = size > c->longest ? size : c->longest;
    c->ints = c->ints && (!m->text.data || bytes_to_int64(m->text, &number));
    if (c->ints)
        c->number[c->n++] = number;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void make_ints(struct content *c, struct buf *scratch, struct value *out)
{
    qsort(c->number, c->n, sizeof *c->number, by_number);
    unsigned char *set =
        (unsigned char *)buf_reserve(scratch, INTSET_EMPTY_BYTES + c->n * sizeof *c->number);
    intset_init_in_place(set);
    for (size_t i = 0; i < c->n; i++)
        intset_insert_in_place(set, i, c->number[i]);
    scratch->size += intset_bytes(set);
    out->encoding = ENC_INTSET;
    out->as.bytes = bytes_of(set, intset_bytes(set));
}

struct packing {
    struct buf *scratch;
    size_t start;
};

static void pack_member(void *ctx, const struct set_member *m)
{
    const struct packing *p = ctx;
    const struct listpack_value v =
        m->text.data ? listpack_from_bytes(m->text) : listpack_from_number(m->number);
    const size_t bytes = listpack_encoded_bytes(&v, 1);
    buf_reserve(p->scratch, bytes);
    unsigned char *lp = (unsigned char *)p->scratch->data + p->start;
    listpack_splice_in_place(lp, listpack_bytes(lp) - 1, 0, 0, &v, 1);
    p->scratch->size += bytes;
}

static void make_pack(const struct set_gather *g, struct buf *scratch, struct value *out)
{
    struct packing p = {scratch, scratch->size};
    listpack_init_in_place((unsigned char *)buf_reserve(scratch, LISTPACK_EMPTY_BYTES));
    scratch->size += LISTPACK_EMPTY_BYTES;
    set_gather_each(g, pack_member, &p);
    out->encoding = ENC_LISTPACK;
    out->as.bytes = bytes_of(scratch->data + p.start, scratch->size - p.start);
}

static int make_table(const struct set_gather *g, struct value *out)
{
    struct table *t = set_table_new(set_gather_count(g), 0);
    char digits[INT64_CHARS];
    for (size_t i = 0; i < g->count; i++) {
        const struct set_member *m = &g->member[i];
        if (i + 8 < g->count && g->member[i + 8].text.data)
            LK_PREFETCH(g->member[i + 8].text.data);
        if (m->text.size == STRUCK)
            continue;
        const struct bytes text = set_member_text(m, digits);
        if (!set_table_add(t, NULL, hash_bytes(text), text)) {
            set_table_free(t);
            return LK_ENOMEM;
        }
    }
    out->encoding = ENC_TABLE;
    out->as.root = t;
    return LK_OK;
}

int set_gather_value(const struct set_gather *g, const struct type_limits *l, struct buf *scratch,
                     struct value *out)
{
    const size_t count = set_gather_count(g);
    const uint64_t most = l->set_max_intset_entries > l->set_max_listpack_entries
                              ? l->set_max_intset_entries
                              : l->set_max_listpack_entries;
    LK_ASSERT(count > 0);
    out->type = TYPE_SET;
    if (count > most)
        return make_table(g, out);

    struct content c = {.ints = true, .number = mem_alloc(count * sizeof *c.number)};
    set_gather_each(g, look_at, &c);
    int rc = LK_OK;
    if (c.ints && count <= l->set_max_intset_entries)
        make_ints(&c, scratch, out);
    else if (!c.ints && count <= l->set_max_listpack_entries &&
             c.longest <= l->set_max_listpack_value)
        make_pack(g, scratch, out);
    else
        rc = make_table(g, out);
    mem_free(c.number, count * sizeof *c.number);
    return rc;
}
