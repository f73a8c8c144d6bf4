/*
 * cmd_hll.c — PFADD, PFCOUNT, PFMERGE, PFDEBUG, PFSELFTEST: how many different elements there were.
 *
 * A HyperLogLog is a string with a header (core/ds/hll.h), so all that strings can do may have been
 * done to it.  It is looked at where it lies, borrowed, and opened for change only when a register
 * rises; then a few bytes of it are written and not the whole.
 *
 * PFCOUNT of one key keeps what it found in the string, which is a change that is logged.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/ds/hll.h"
#include "core/types/str.h"

/* A key's HyperLogLog while a command works on it. */
struct work {
    struct exec *x;
    struct bytes key;
    struct value value;      /* as found; TYPE_NONE: it is made in x->scratch, to be put */
    struct bytes hll;        /* as it is now */
    struct value_edit *edit; /* NULL until it is changed where it is kept */
};

static bool is_new(const struct work *w)
{
    return !value_exists(&w->value);
}

/*
 * A string in chunks is longer than any HyperLogLog: its head is enough to tell what is wrong with
 * it, and there is nothing in it to change.
 */
static struct bytes whole_or_head(struct exec *x, const struct value *v)
{
    enum { HEAD = HLL_SPARSE_BYTES_MAX + 1 };
    struct bytes b;
    if (str_piece(v, &b))
        return b;
    char *at = buf_reserve(x->scratch, HEAD);
    return bytes_of(at, str_read(v, 0, at, HEAD));
}

typedef int find_value(struct exec *x, struct bytes key, unsigned type, struct value *out);

/* Finds key's HyperLogLog, or none.  LK_ETYPE, LK_ENOTHLL */
static int work_begin(struct work *w, struct exec *x, struct bytes key, find_value *find)
{
    *w = (struct work){.x = x, .key = key};
    const int rc = find(x, key, TYPE_STRING, &w->value);
    if (rc != LK_OK || is_new(w))
        return rc;
    w->hll = whole_or_head(x, &w->value);
    return hll_is(w->hll) ? LK_OK : LK_ENOTHLL;
}

/* Gives it size writable bytes, the old ones in front.  LK_ENOMEM, LK_EHLL */
static int work_resize(struct work *w, size_t size, unsigned char **out)
{
    struct bytes piece;
    int rc = LK_OK;
    char *at = NULL;
    if (is_new(w)) {
        struct buf *b = w->x->scratch;
        if (size > b->size)
            buf_reserve(b, size - b->size);
        b->size = size;
        at = b->data;
    } else {
        if (!w->edit)
            rc = str_piece(&w->value, &piece) ? exec_edit(w->x, w->key, &w->edit) : LK_EHLL;
        if (rc != LK_OK)
            return rc;
        at = str_writable(w->edit, size);
        if (!at)
            return LK_ENOMEM;
    }
    w->hll = bytes_of(at, size);
    *out = (unsigned char *)at;
    return LK_OK;
}

/* What a writer has met is raw from then on, changed or not, as OBJECT ENCODING tells. */
static int work_make_raw(struct work *w)
{
    unsigned char *at;
    return is_new(w) || str_is_raw(&w->value) ? LK_OK : work_resize(w, w->hll.size, &at);
}

/* Ends the edit, or puts what is new.  changed: WATCH and the log are to know. */
static int work_end(struct work *w, bool changed)
{
    if (is_new(w)) {
        if (!changed)
            return LK_OK;
        str_raw_from_bytes(w->hll, &w->value);
        return exec_put(w->x, w->key, &w->value, 0);
    }
    if (w->edit)
        exec_edit_close(w->x, w->edit, changed);
    return LK_OK;
}

static int work_make_empty(struct work *w)
{
    unsigned char *at;
    const int rc = work_resize(w, HLL_EMPTY_BYTES, &at);
    if (rc == LK_OK)
        hll_write_empty(at);
    return rc;
}

/* Makes it the sum.  stale: that is news to the last count. */
static int work_write_dense(struct work *w, struct hll_sum *sum, bool stale)
{
    unsigned char *at;
    const int rc = work_resize(w, HLL_DENSE_BYTES, &at);
    if (rc != LK_OK)
        return rc;
    hll_sum_write(sum, at);
    if (stale)
        hll_make_stale(at);
    return LK_OK;
}

/* --- PFADD ----------------------------------------------------------------------------------- */

/* Patched aside: were there no memory for the shorter one, the longer must still be whole. */
static int apply_shorter(struct work *w, const struct hll_patch *patch)
{
    struct buf b = {0};
    unsigned char *at;
    const size_t patched = hll_patched_size(w->hll.size, patch);
    buf_append_bytes(&b, w->hll);
    hll_patch_apply((unsigned char *)b.data, b.size, patch);
    const int rc = work_resize(w, patched, &at);
    if (rc == LK_OK)
        memcpy(at, b.data, patched);
    buf_release(&b);
    return rc;
}

static int hll_apply(struct work *w, const struct hll_patch *patch)
{
    unsigned char *at;
    const size_t size = w->hll.size, patched = hll_patched_size(size, patch);
    if (patched < size)
        return apply_shorter(w, patch);
    const int rc = work_resize(w, patched, &at);
    if (rc == LK_OK)
        hll_patch_apply(at, size, patch);
    return rc;
}

static LK_COLD int densify_with(struct work *w, struct hll_mark mark)
{
    struct hll_sum sum;
    hll_sum_init(&sum);
    const int rc = hll_sum_add(&sum, w->hll);
    if (rc != LK_OK)
        return rc;
    hll_sum_raise(&sum, mark);
    return work_write_dense(w, &sum, true);
}

static int hll_add(struct work *w, struct bytes element, uint32_t *raised)
{
    struct hll_patch patch;
    const struct hll_mark mark = hll_mark_of(element);
    int rc = LK_OK;
    switch (hll_plan(w->hll, mark, exec_limits(w->x)->hll_sparse_max_bytes, &patch)) {
    case HLL_KEEP:
        return LK_OK;
    case HLL_PATCH:
        rc = hll_apply(w, &patch);
        break;
    case HLL_DENSIFY:
        rc = densify_with(w, mark);
        break;
    case HLL_BROKEN:
        return LK_EHLL;
    }
    if (rc == LK_OK)
        ++*raised;
    return rc;
}

/* A dense one's register; of a sparse one this tells nothing. */
static size_t pfadd_reach(const struct args *a)
{
    return a->n > 2 ? hll_register_at(hll_mark_of(a->v[2])) : 0;
}

/* Elements that came before the one which met a broken run stay, and are logged. */
static enum outcome hll_pfadd(struct exec *x, const struct args *a)
{
    struct work w;
    uint32_t raised = 0;
    int rc = work_begin(&w, x, a->v[1], exec_find_silently);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (is_new(&w)) {
        rc = work_make_empty(&w);
        raised = 1;
    } else {
        rc = work_make_raw(&w);
    }
    for (uint32_t i = 2; rc == LK_OK && i < a->n; i++)
        rc = hll_add(&w, a->v[i], &raised);
    const int ended = work_end(&w, raised > 0);
    if (rc == LK_OK)
        rc = ended;
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (raised > 0) {
        exec_counts_as(x, raised);
        exec_event(x, EVENT_STRING, "pfadd", w.key);
    }
    reply_int(x->reply, raised > 0);
    return RUN_DONE;
}

/* --- PFCOUNT --------------------------------------------------------------------------------- */

static int count_anew(struct work *w, uint64_t *count)
{
    unsigned char *at;
    int rc = hll_count(w->hll, count);
    if (rc == LK_OK)
        rc = work_resize(w, w->hll.size, &at);
    if (rc == LK_OK)
        hll_set_last_count(at, *count);
    return rc;
}

static enum outcome count_one(struct exec *x, struct bytes key)
{
    struct work w;
    uint64_t count = 0;
    bool anew = false;
    int rc = work_begin(&w, x, key, exec_find);
    if (rc == LK_OK && !is_new(&w)) {
        anew = !hll_last_count(w.hll, &count);
        rc = work_make_raw(&w);
        if (rc == LK_OK && anew)
            rc = count_anew(&w, &count);
        if (w.edit)
            exec_edit_close(x, w.edit, anew && rc == LK_OK);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, (int64_t)count);
    return RUN_DONE;
}

/* Adds what the keys from a->v[first] on hold; *dense: one of them is. */
static int hll_sum_keys(struct exec *x, const struct args *a, uint32_t first, struct hll_sum *sum,
                        bool *dense)
{
    int rc = LK_OK;
    for (uint32_t i = first; rc == LK_OK && i < a->n; i++) {
        struct work w;
        rc = work_begin(&w, x, a->v[i], exec_find);
        if (rc != LK_OK || is_new(&w))
            continue;
        *dense = *dense || hll_is_dense(w.hll);
        rc = hll_sum_add(sum, w.hll);
    }
    return rc;
}

static enum outcome hll_pfcount(struct exec *x, const struct args *a)
{
    struct hll_sum sum;
    bool dense = false;
    if (a->n == 2)
        return count_one(x, a->v[1]);
    hll_sum_init(&sum);
    const int rc = hll_sum_keys(x, a, 1, &sum, &dense);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, (int64_t)hll_sum_count(&sum));
    return RUN_DONE;
}

/* --- PFMERGE --------------------------------------------------------------------------------- */

/* Makes it, which is among the summands, their sum; it stays sparse if it and its size allow. */
static int hll_become(struct work *w, struct hll_sum *sum, bool dense)
{
    struct buf merged = {0};
    unsigned char *at;
    int rc = LK_OK;
    if (!dense) {
        buf_append_bytes(&merged, w->hll);
        dense =
            hll_sum_raise_sparse(sum, exec_limits(w->x)->hll_sparse_max_bytes, &merged) != HLL_KEEP;
    }
    if (dense) {
        rc = work_write_dense(w, sum, true);
    } else if ((rc = work_resize(w, merged.size, &at)) == LK_OK) {
        memcpy(at, merged.data, merged.size);
        hll_make_stale(at);
    }
    buf_release(&merged);
    return rc;
}

static enum outcome hll_pfmerge(struct exec *x, const struct args *a)
{
    struct hll_sum sum;
    struct work w;
    bool dense = false;
    hll_sum_init(&sum);
    int rc = hll_sum_keys(x, a, 1, &sum, &dense);
    if (rc == LK_OK)
        rc = work_begin(&w, x, a->v[1], exec_find_silently);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (is_new(&w))
        rc = work_make_empty(&w);
    if (rc == LK_OK)
        rc = hll_become(&w, &sum, dense);
    const int ended = work_end(&w, rc == LK_OK);
    if (rc == LK_OK)
        rc = ended;
    if (rc != LK_OK)
        return reply_status(x, rc);
    exec_event(x, EVENT_STRING, "pfadd", w.key);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* --- PFDEBUG, PFSELFTEST --------------------------------------------------------------------- */

/* The ranks of all registers; a sparse one becomes dense on the way. */
static int read_registers(struct work *w, struct hll_sum *sum)
{
    const bool sparse = !hll_is_dense(w->hll);
    hll_sum_init(sum);
    const int rc = hll_sum_add(sum, w->hll);
    return rc == LK_OK && sparse ? work_write_dense(w, sum, false) : rc;
}

static int debug_registers(struct work *w)
{
    struct hll_sum sum;
    const int rc = read_registers(w, &sum);
    if (rc != LK_OK)
        return rc;
    const unsigned char *ranks = hll_sum_ranks(&sum);
    reply_array(w->x->reply, HLL_REGISTERS);
    for (uint32_t i = 0; i < HLL_REGISTERS; i++)
        reply_int(w->x->reply, ranks[i]);
    return LK_OK;
}

static int debug_decode(struct work *w)
{
    struct buf *out = w->x->scratch;
    if (hll_is_dense(w->hll)) {
        reply_error(w->x->reply, "ERR HLL encoding is not sparse");
        return LK_OK;
    }
    const size_t from = out->size;
    hll_describe(w->hll, out);
    reply_bulk(w->x->reply, bytes_of(out->data + from, out->size - from));
    return LK_OK;
}

static int debug_encoding(struct work *w)
{
    reply_simple(w->x->reply, hll_is_dense(w->hll) ? "dense" : "sparse");
    return LK_OK;
}

static int debug_densify(struct work *w)
{
    struct hll_sum sum;
    const bool sparse = !hll_is_dense(w->hll);
    const int rc = read_registers(w, &sum);
    if (rc == LK_OK)
        reply_int(w->x->reply, sparse);
    return rc;
}

static const struct debug_word {
    const char *name;
    int (*run)(struct work *w);
} debug_words[] = {
    {"getreg", debug_registers},
    {"decode", debug_decode},
    {"encoding", debug_encoding},
    {"todense", debug_densify},
};

static int hll_debug(struct work *w, const struct args *a)
{
    for (size_t i = 0; i < sizeof debug_words / sizeof *debug_words; i++)
        if (args_is(a, 1, debug_words[i].name))
            return debug_words[i].run(w);
    reply_error(w->x->reply, "ERR Unknown PFDEBUG subcommand '%.*s'", (int)a->v[1].size,
                a->v[1].data);
    return LK_OK;
}

/* Another form of the same registers is no change to WATCH, but the log is told. */
static enum outcome hll_pfdebug(struct exec *x, const struct args *a)
{
    struct work w;
    int rc = work_begin(&w, x, a->v[2], exec_find_silently);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (is_new(&w)) {
        reply_error(x->reply, "ERR The specified key does not exist");
        return RUN_DONE;
    }
    const bool sparse = !hll_is_dense(w.hll);
    rc = work_make_raw(&w);
    if (rc == LK_OK)
        rc = hll_debug(&w, a);
    if (w.edit)
        exec_edit_close(x, w.edit, false);
    x->changes += sparse && hll_is_dense(w.hll);
    return rc == LK_OK ? RUN_DONE : reply_status(x, rc);
}

static enum outcome hll_pfselftest(struct exec *x, const struct args *a)
{
    (void)a;
    const char *fault = hll_selftest();
    if (fault)
        reply_error(x->reply, "TESTFAILED %s", fault);
    else
        reply_ok(x->reply);
    return RUN_DONE;
}

const struct command hll_commands[] = {
    {"pfadd", .arity = -2, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST,
     .categories = CAT_HYPERLOGLOG, .keys = KEY_AT(1, KEY_RW | KEY_INSERT), .run = hll_pfadd,
     .reach = pfadd_reach},
    {"pfcount", .arity = -2, .flags = CMD_READONLY | CMD_MAY_REPLICATE,
     .categories = CAT_HYPERLOGLOG, .keys = KEY_RANGE(1, -1, 1, KEY_RW | KEY_ACCESS),
     .run = hll_pfcount},
    {"pfdebug", .arity = 3, .flags = CMD_WRITE | CMD_DENYOOM | CMD_ADMIN,
     .categories = CAT_HYPERLOGLOG, .keys = KEY_AT(2, KEY_RW | KEY_ACCESS), .run = hll_pfdebug},
    {"pfmerge", .arity = -2, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_HYPERLOGLOG,
     .keys =
         {
             {.flags = KEY_RW | KEY_ACCESS | KEY_INSERT,
              .begin = KEY_BEGIN_INDEX,
              .index = 1,
              .step = 1},
             {.flags = KEY_RO | KEY_ACCESS,
              .begin = KEY_BEGIN_INDEX,
              .index = 2,
              .last = -1,
              .step = 1},
         },
     .run = hll_pfmerge},
    {"pfselftest", .arity = 1, .flags = CMD_ADMIN, .categories = CAT_HYPERLOGLOG,
     .run = hll_pfselftest},
    {0},
};
