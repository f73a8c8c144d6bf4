/*
 * cmd_sort.c — SORT, SORT_RO: the elements of a list, set or sorted set in order.
 *
 *   elements --> weights: their own, or those that BY names --> order --> LIMIT
 *            --> replies, or a list under STORE: the elements, or what GET names for each
 *
 * Numbers are read once.  What BY and GET name is looked up as it comes, under the locks of all
 * shards; without them only the command's own keys are locked.
 *
 * SORT … STORE is logged as it came: the order is the same for whoever has the same keys.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/key/sort_options.h"
#include "core/cmd/key/sort_order.h"
#include "core/cmd/key/sort_pattern.h"
#include "core/cmd/key/sort_store.h"

enum { AHEAD = 8 };

struct sort {
    struct exec *x;
    const struct args *args;
    struct sort_options o;
    struct sort_element *element; /* count of them */
    struct order_item *item;      /* as many, unless the elements are taken as they come */
    uint64_t count;
    uint64_t from, to; /* which places of the order are wanted */
    bool ordered;      /* the elements came in an order */
    struct buf key;    /* of look-ups */
};

/* LIMIT's words as places among n. */
static void sort_limit(struct sort *s, uint64_t n)
{
    const int64_t offset = s->o.offset, count = s->o.count;
    s->from = offset < 0 ? 0 : (uint64_t)offset < n ? (uint64_t)offset : n;
    s->to = count < 0 || (uint64_t)count > n - s->from ? n : s->from + (uint64_t)count;
}

static void sort_release(struct sort *s)
{
    mem_free(s->element, s->count * sizeof *s->element);
    mem_free(s->item, s->item ? s->count * sizeof *s->item : 0);
    buf_release(&s->key);
}

/* --- weights --------------------------------------------------------------------------------- */

static bool own_number(const struct sort_element *e, double *out)
{
    if (e->data)
        return sort_number(bytes_of(e->data, e->as.size), out);
    *out = (double)e->as.number;
    return true;
}

static bool named_number(struct sort *s, const struct sort_pattern *by,
                         const struct sort_element *e, double *out)
{
    char digits[INT64_CHARS];
    struct bytes text;
    *out = 0; /* where there is no weight */
    return !sort_pattern_find(s->x, by, sort_element_text(e, digits), &s->key, &text) ||
           sort_number(text, out);
}

static bool order_by_numbers(struct sort *s, struct sort_work *w)
{
    struct sort_pattern by;
    bool good = true;
    sort_pattern_parse(s->o.by, &by);
    for (uint64_t i = 0; i < s->count; i++) {
        double weight;
        const struct sort_element *e = &s->element[i];
        if (i + AHEAD < s->count)
            LK_PREFETCH(s->element[i + AHEAD].data);
        if (!(s->o.by_given ? named_number(s, &by, e, &weight) : own_number(e, &weight)))
            good = false;
        else
            s->item[i] = (struct order_item){order_key_of_double(weight), (uint32_t)i};
    }
    if (good)
        sort_by_numbers(w, s->from, s->to);
    return good;
}

/* Texts that BY names are copied, since the look-ups that follow may end their life. */
static struct bytes *named_texts(struct sort *s, struct buf *copies)
{
    struct sort_pattern by;
    struct bytes *weight = mem_alloc(s->count * sizeof *weight);
    char digits[INT64_CHARS];
    sort_pattern_parse(s->o.by, &by);
    for (uint64_t i = 0; i < s->count; i++) {
        struct bytes text;
        const struct bytes element = sort_element_text(&s->element[i], digits);
        weight[i] = bytes_of(NULL, SIZE_MAX);
        if (!sort_pattern_find(s->x, &by, element, &s->key, &text))
            continue;
        weight[i].size = text.size;
        buf_append_bytes(copies, text);
    }
    /* Where they are is known when the last one is there. */
    buf_reserve(copies, 1);
    const char *at = copies->data;
    for (uint64_t i = 0; i < s->count; i++) {
        if (weight[i].size == SIZE_MAX)
            continue;
        weight[i].data = at;
        at += weight[i].size;
    }
    return weight;
}

static void order_by_texts(struct sort *s, struct sort_work *w)
{
    struct buf copies = {0};
    struct bytes *weight = s->o.by_given ? named_texts(s, &copies) : NULL;
    for (uint64_t i = 0; i < s->count; i++)
        s->item[i].index = (uint32_t)i;
    w->weight = weight;
    sort_by_texts(w, s->from, s->to);
    mem_free(weight, weight ? s->count * sizeof *weight : 0);
    buf_release(&copies);
}

static bool sort_order(struct sort *s)
{
    struct sort_work w = {
        .element = s->element, .n = s->count, .ordered = s->ordered, .descending = s->o.descending};
    w.item = s->item = mem_alloc(s->count * sizeof *s->item);
    if (!s->o.alpha)
        return order_by_numbers(s, &w);
    order_by_texts(s, &w);
    return true;
}

/* --- what comes out -------------------------------------------------------------------------- */

static void sort_put(struct sort *s, struct sort_store *store, const struct sort_element *e)
{
    struct reply *r = s->x->reply;
    if (store)
        sort_store_add(store, e);
    else if (!e)
        reply_null(r);
    else if (e->data)
        reply_bulk(r, bytes_of(e->data, e->as.size));
    else
        reply_bulk_int(r, e->as.number);
}

static void put_gets(struct sort *s, struct sort_store *store, const struct sort_pattern *gets,
                     const struct sort_element *e)
{
    char digits[INT64_CHARS];
    const struct bytes element = sort_element_text(e, digits);
    for (uint32_t i = 0; i < s->o.gets; i++) {
        struct bytes text;
        const bool there = sort_pattern_find(s->x, &gets[i], element, &s->key, &text);
        const struct sort_element named = {.data = text.data, .as.size = text.size};
        sort_put(s, store, there ? &named : NULL);
    }
}

static struct sort_pattern *parse_gets(const struct sort *s)
{
    struct sort_pattern *gets = mem_alloc(s->o.gets * sizeof *gets);
    uint32_t at = 2;
    for (uint32_t i = 0; i < s->o.gets; i++)
        sort_pattern_parse(sort_next_get(s->args, &at), &gets[i]);
    return gets;
}

static const struct sort_element *element_at(const struct sort *s, uint64_t place)
{
    return &s->element[s->item ? s->item[place].index : place - s->from];
}

static uint64_t sort_put_all(struct sort *s, struct sort_store *store)
{
    const uint64_t n = (s->to - s->from) * (s->o.gets ? s->o.gets : 1);
    if (!store)
        reply_array(s->x->reply, n);
    struct sort_pattern *gets = s->o.gets ? parse_gets(s) : NULL;
    for (uint64_t i = s->from; i < s->to; i++) {
        if (i + AHEAD < s->to)
            LK_PREFETCH(element_at(s, i + AHEAD)->data);
        if (gets)
            put_gets(s, store, gets, element_at(s, i));
        else
            sort_put(s, store, element_at(s, i));
    }
    mem_free(gets, s->o.gets * sizeof *gets);
    return n;
}

static int cmd_sort_store(struct sort *s)
{
    const struct bytes key = s->args->v[s->o.store];
    struct sort_store made;
    sort_store_begin(&made, &exec_limits(s->x)->types);
    const uint64_t n = sort_put_all(s, &made);
    const int rc = sort_store_put(&made, s->x, key);
    if (rc != LK_OK)
        return rc;
    if (n > 0) {
        exec_event(s->x, EVENT_LIST, "sortstore", key);
        exec_counts_as(s->x, n);
    }
    reply_int(s->x->reply, (int64_t)n);
    return LK_OK;
}

/* --- the commands ---------------------------------------------------------------------------- */

/* Without an order of its own: what is stored, or told to a script, has the same one always. */
static void settle_options(struct sort *s)
{
    if (!s->o.unsorted || s->ordered || !(s->o.store || exec_in_script(s->x)))
        return;
    s->o.unsorted = s->o.by_given = false;
    s->o.alpha = true;
}

static void sort_load(struct sort *s, const struct value *v)
{
    const uint64_t n = type_ops_get(v->type)->length(v);
    s->ordered = sort_is_ordered(v);
    settle_options(s);
    sort_limit(s, n);
    const uint64_t from = s->o.unsorted ? s->from : 0, to = s->o.unsorted ? s->to : n;
    s->count = to - from;
    s->element = mem_alloc(s->count * sizeof *s->element);
    sort_elements(v, from, to, s->o.unsorted && s->o.descending, s->element);
}

/* imm: it may store. */
static enum outcome sort_command(struct exec *x, const struct args *a)
{
    struct sort s = {.x = x, .args = a};
    struct value v;
    s.o.confined = !exec_reads_all_keys(x, a);
    s.o.one_slot = exec_in_cluster(x);
    int rc = sort_parse(a, x->cmd->imm, &s.o);
    if (s.o.astray) {
        reply_error(x->reply,
                    "ERR %s option of SORT denied in Cluster mode when keys formed by the pattern "
                    "may be in different slots.",
                    s.o.astray);
        return RUN_DONE;
    }
    if (s.o.denied) {
        reply_error(x->reply, "ERR %s option of SORT denied due to insufficient ACL permissions.",
                    s.o.denied);
        return RUN_DONE;
    }
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_ANY, &v);
    if (rc == LK_OK && value_exists(&v) && !sort_can(&v))
        rc = LK_ETYPE;
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v))
        sort_load(&s, &v);
    if (s.count > 0 && !s.o.unsorted && !sort_order(&s))
        reply_error(x->reply, "ERR One or more scores can't be converted into double");
    else if (s.o.store)
        rc = cmd_sort_store(&s);
    else
        sort_put_all(&s, NULL);
    sort_release(&s);
    return rc == LK_OK ? RUN_DONE : reply_status(x, rc);
}

#define OF_ELEMENTS                                                                                \
    .arity = -2, .categories = CAT_SET | CAT_SORTEDSET | CAT_LIST | CAT_DANGEROUS,                 \
    .find_keys = sort_keys, .looks_up = sort_looks_up, .run = sort_command
#define SOURCE                                                                                     \
    {                                                                                              \
        .flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1              \
    }
#define NAMED_BY_PATTERNS                                                                          \
    {                                                                                              \
        .flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_UNKNOWN,                                  \
        .notes = "Keys that BY and GET name: they follow from the elements."                       \
    }
#define TARGET                                                                                     \
    {                                                                                              \
        .flags = KEY_OW | KEY_UPDATE, .begin = KEY_BEGIN_UNKNOWN,                                  \
        .notes = "The key of STORE, which may stand anywhere."                                     \
    }

const struct command sort_commands[] = {
    {"sort", .flags = CMD_WRITE | CMD_DENYOOM | CMD_MOVABLE_KEYS, .imm = 1, OF_ELEMENTS,
     .keys = {SOURCE, NAMED_BY_PATTERNS, TARGET}},
    {"sort_ro", .flags = CMD_READONLY | CMD_MOVABLE_KEYS, .imm = 0, OF_ELEMENTS,
     .keys = {SOURCE, NAMED_BY_PATTERNS}},
    {0},
};
