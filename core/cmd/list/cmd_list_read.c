/*
 * cmd_list_read.c — LRANGE, LINDEX, LPOS: what stands where in a list.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/list/list_take.h"

enum { ELEMENTS_AT_ONCE = 32 };

/* Indexes below 0 count from the tail; what is left of the range is told as first and count. */
static uint64_t list_read_clip(int64_t first, int64_t last, uint64_t length, uint64_t *from)
{
    const int64_t n = (int64_t)length;
    if (first < 0)
        first = first + n > 0 ? first + n : 0;
    if (last < 0)
        last += n;
    if (last >= n)
        last = n - 1;
    *from = (uint64_t)first;
    return first > last ? 0 : (uint64_t)(last - first) + 1;
}

static void reply_range(struct reply *r, const struct value *v, uint64_t from, uint64_t n)
{
    struct listpack_value some[ELEMENTS_AT_ONCE];
    struct list_iter it;
    if (n == 0)
        return;
    (void)list_iter_at(&it, v, from);
    while (n > 0) {
        const size_t k = list_iter_read(&it, some, n < ELEMENTS_AT_ONCE ? n : ELEMENTS_AT_ONCE);
        for (size_t i = 0; i < k; i++)
            reply_element(r, &some[i]);
        n -= k;
    }
}

static enum outcome list_read_range(struct exec *x, const struct args *a)
{
    struct value v = {.type = TYPE_NONE};
    int64_t first = 0, last = 0;
    uint64_t from = 0, n = 0;

    int rc = args_int64(a, 2, &first);
    if (rc == LK_OK)
        rc = args_int64(a, 3, &last);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_LIST, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v))
        n = list_read_clip(first, last, list_length(&v), &from);
    reply_array(x->reply, n);
    reply_range(x->reply, &v, from, n);
    return RUN_DONE;
}

/* A list that is not there answers before the index is looked at. */
static enum outcome at_index(struct exec *x, const struct args *a)
{
    struct value v;
    struct list_iter it;
    int64_t index = 0;

    int rc = exec_find(x, a->v[1], TYPE_LIST, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = args_int64(a, 2, &index);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v) && index < 0)
        index += (int64_t)list_length(&v);
    if (value_exists(&v) && index >= 0 && list_iter_at(&it, &v, (uint64_t)index)) {
        const struct listpack_value element = list_iter_get(&it);
        reply_element(x->reply, &element);
    } else {
        reply_null(x->reply);
    }
    return RUN_DONE;
}

/* --- LPOS ------------------------------------------------------------------------------------ */

struct search {
    struct listpack_value element;
    bool backward;
    uint64_t skip; /* matches to pass over */
    bool counted;  /* COUNT was given: the answer is an array */
    uint64_t most; /* matches to tell */
    uint64_t look; /* elements to compare */
};

static bool parse_rank(struct exec *x, const struct args *a, uint32_t i, struct search *s)
{
    int64_t rank = 0;
    const int rc = args_int64(a, i, &rank);
    if (rc != LK_OK) {
        reply_status(x, rc);
        return false;
    }
    if (rank == 0) {
        reply_error(x->reply,
                    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
                    "second ... or use negative to start from the end of the list");
        return false;
    }
    if (rank == INT64_MIN) { /* it has no opposite */
        reply_not_between(x, -INT64_MAX, INT64_MAX);
        return false;
    }
    s->backward = rank < 0;
    s->skip = (uint64_t)(rank < 0 ? -rank : rank) - 1;
    return true;
}

/* COUNT and MAXLEN: 0 is no limit, and whatever is no number counts as negative. */
static bool list_read_parse_limit(struct exec *x, const struct args *a, uint32_t i,
                                  const char *name, uint64_t *out)
{
    int64_t n;
    if (args_int64(a, i, &n) != LK_OK || n < 0) {
        reply_error(x->reply, "ERR %s can't be negative", name);
        return false;
    }
    *out = n > 0 ? (uint64_t)n : UINT64_MAX;
    return true;
}

/* False: the error line is written. */
static bool parse_search(struct exec *x, const struct args *a, struct search *s)
{
    *s = (struct search){.element = listpack_from_bytes(a->v[2]), .most = 1, .look = UINT64_MAX};
    for (uint32_t i = 3; i < a->n; i += 2) {
        bool good = false;
        if (i + 1 == a->n) {
            reply_syntax(x);
        } else if (args_is(a, i, "rank")) {
            good = parse_rank(x, a, i + 1, s);
        } else if (args_is(a, i, "count")) {
            good = list_read_parse_limit(x, a, i + 1, "COUNT", &s->most);
            s->counted = true;
        } else if (args_is(a, i, "maxlen")) {
            good = list_read_parse_limit(x, a, i + 1, "MAXLEN", &s->look);
        } else {
            reply_syntax(x);
        }
        if (!good)
            return false;
    }
    return true;
}

/* Replies with the indexes of matches; returns how many. */
static uint64_t reply_matches(struct reply *r, const struct value *v, const struct search *s)
{
    const uint64_t length = list_length(v), look = s->look < length ? s->look : length;
    struct list_iter it;
    uint64_t met = 0, told = 0;
    bool on = list_iter_at(&it, v, s->backward ? length - 1 : 0);
    for (uint64_t i = 0; on && i < look && told < s->most; i++) {
        if (list_iter_equal(&it, &s->element) && met++ >= s->skip) {
            reply_int(r, (int64_t)(s->backward ? length - 1 - i : i));
            told++;
        }
        on = s->backward ? list_iter_prev(&it) : list_iter_next(&it);
    }
    return told;
}

static enum outcome list_read_position(struct exec *x, const struct args *a)
{
    struct value v;
    struct search s;

    if (!parse_search(x, a, &s))
        return RUN_DONE;
    const int rc = exec_find(x, a->v[1], TYPE_LIST, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (s.counted) {
        const size_t at = reply_begin_deferred(x->reply);
        const uint64_t n = value_exists(&v) ? reply_matches(x->reply, &v, &s) : 0;
        reply_end_deferred(x->reply, at, REPLY_ARRAY, n);
    } else if (!value_exists(&v) || reply_matches(x->reply, &v, &s) == 0) {
        reply_null(x->reply);
    }
    return RUN_DONE;
}

#define READ .flags = CMD_READONLY, .categories = CAT_LIST, .keys = KEY_AT(1, KEY_RO | KEY_ACCESS)

const struct command list_read_commands[] = {
    {"lindex", .arity = 3, .run = at_index, READ},
    {"lpos", .arity = -3, .run = list_read_position, READ},
    {"lrange", .arity = 4, .run = list_read_range, READ},
    {0},
};
