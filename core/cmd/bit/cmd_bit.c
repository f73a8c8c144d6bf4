/*
 * cmd_bit.c — SETBIT, GETBIT, BITCOUNT, BITPOS: one bit, or a look at many.
 *
 * The last two go on in slices if the string is long.  Between two slices it may change: what they
 * answer is true when they answer.
 */
#include "core/cmd/bit/bit_offset.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/ds/bits.h"
#include "core/types/str_bits.h"

/* --- one bit --------------------------------------------------------------------------------- */

static inline unsigned char mask_of(uint64_t at)
{
    return (unsigned char)(0x80u >> at % 8);
}

/*
 * Sets a bit of the string of key, which exists; *old is what it was.  Nothing but the form changes
 * if it was that already: it is bytes from now on.
 */
static int set_in_place(struct exec *x, struct bytes key, uint64_t at, bool bit, bool *old,
                        bool *changed)
{
    const size_t offset = at / 8;
    struct value_edit *e;
    char byte = 0;

    int rc = exec_edit(x, key, &e);
    if (rc != LK_OK)
        return rc;
    const bool there = str_read(&e->value, offset, &byte, 1) == 1;
    *old = bits_get(&byte, at % 8);
    *changed = !there || *old != bit;
    if (*old != bit)
        byte ^= (char)mask_of(at);
    rc = str_set_range(e, *changed ? offset : 0, bytes_of(&byte, *changed));
    exec_edit_close(x, e, rc == LK_OK && *changed);
    return rc;
}

static int set_in_new(struct exec *x, struct bytes key, uint64_t at, bool bit)
{
    const char byte = bit ? (char)mask_of(at) : 0;
    struct value v;
    str_from_range(at / 8, bytes_of(&byte, 1), x->scratch, &v);
    return exec_put(x, key, &v, 0);
}

static enum outcome set_bit(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1], word = a->v[3];
    struct value v;
    uint64_t at;
    bool old = false, changed = true;

    if (!bit_offset_parse(x, a->v[2], 0, &at))
        return RUN_DONE;
    if (word.size != 1 || (word.data[0] & ~1) != '0') {
        reply_error(x->reply, "ERR bit is not an integer or out of range");
        return RUN_DONE;
    }
    const bool bit = word.data[0] == '1';
    int rc = exec_find_silently(x, key, TYPE_STRING, &v);
    if (rc == LK_OK)
        rc = value_exists(&v) ? set_in_place(x, key, at, bit, &old, &changed)
                              : set_in_new(x, key, at, bit);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (changed)
        exec_event(x, EVENT_STRING, "setbit", key);
    reply_int(x->reply, old);
    return RUN_DONE;
}

static enum outcome get_bit(struct exec *x, const struct args *a)
{
    struct value v;
    uint64_t at;
    if (!bit_offset_parse(x, a->v[2], 0, &at))
        return RUN_DONE;
    const int rc = exec_find(x, a->v[1], TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) && str_get_bit(&v, at));
    return RUN_DONE;
}

/* --- many ------------------------------------------------------------------------------------ */

/* As the client wrote it: both ends are in it, and negative ones count from the string's end. */
struct range {
    int64_t start, end;
    bool in_bits;
};

static int parse_unit(const struct args *a, uint32_t i, struct range *r)
{
    r->in_bits = args_is(a, i, "bit");
    return r->in_bits || args_is(a, i, "byte") ? LK_OK : LK_ESYNTAX;
}

/* The bits [*first, *end) of a string of this size; false if there are none. */
static bool range_bits(struct range r, size_t size, uint64_t *first, uint64_t *end)
{
    const unsigned unit = r.in_bits ? 1 : 8;
    const int64_t total = (int64_t)(size * 8 / unit);
    if (r.start < 0)
        r.start = r.start + total > 0 ? r.start + total : 0;
    if (r.end < 0)
        r.end = r.end + total > 0 ? r.end + total : 0;
    if (r.end >= total)
        r.end = total - 1;
    if (r.start > r.end)
        return false;
    *first = (uint64_t)r.start * unit;
    *end = (uint64_t)(r.end + 1) * unit;
    return true;
}

/* Counting starts from what is known of the string, so this many slices are enough for all but one
 * that is overwritten all the time. */
enum { SLICES_MAX = 1000 };

static struct bits_pause pause_of(struct exec *x)
{
    return (struct bits_pause){exec_slice(x) < SLICES_MAX ? exec_slice_over : NULL, x};
}

/* Ends that both count from the string's end and are in the wrong order: whatever comes behind. */
static bool is_backwards(const struct range *r)
{
    return r->start < 0 && r->end < 0 && r->start > r->end;
}

static int parse_count_range(const struct args *a, struct range *r)
{
    *r = (struct range){0, -1, false};
    if (a->n == 2)
        return LK_OK;
    if (a->n > 5)
        return LK_ESYNTAX;
    int rc = args_int64(a, 2, &r->start);
    if (rc == LK_OK && a->n == 5)
        rc = parse_unit(a, 4, r);
    if (rc == LK_OK && a->n > 3)
        rc = args_int64(a, 3, &r->end);
    return rc;
}

static enum outcome bit_count(struct exec *x, const struct args *a)
{
    struct value v;
    struct range r;
    uint64_t first = 0, end = 0, ones = 0;

    int rc = parse_count_range(a, &r);
    if (rc == LK_OK)
        rc = exec_find_in_slices(x, a->v[1], TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v)) {
        const struct bits_pause pause = pause_of(x);
        if (!is_backwards(&r) && range_bits(r, str_size(&v), &first, &end) &&
            !str_count_bits(&v, first, end, &pause, &ones))
            return RUN_AGAIN;
    }
    reply_int(x->reply, (int64_t)ones);
    return RUN_DONE;
}

static int parse_position_range(const struct args *a, struct range *r)
{
    *r = (struct range){0, -1, false};
    if (a->n > 6)
        return LK_ESYNTAX;
    int rc = a->n > 3 ? args_int64(a, 3, &r->start) : LK_OK;
    if (rc == LK_OK && a->n == 6)
        rc = parse_unit(a, 5, r);
    if (rc == LK_OK && a->n > 4)
        rc = args_int64(a, 4, &r->end);
    return rc;
}

/*
 * Replies with where the bit is.  Behind a string without a given end there are zeros, so the first
 * one of those is the answer if all bits are ones.
 */
static enum outcome find_in(struct exec *x, const struct value *v, const struct range *r, bool bit,
                            bool end_given)
{
    const struct bits_pause pause = pause_of(x);
    uint64_t first, end, at;

    if (!range_bits(*r, str_size(v), &first, &end)) {
        reply_int(x->reply, -1);
        return RUN_DONE;
    }
    if (!str_find_bit(v, bit, first, end, &pause, &at))
        return RUN_AGAIN;
    reply_int(x->reply, at == end && (bit || end_given) ? -1 : (int64_t)at);
    return RUN_DONE;
}

static enum outcome bit_position(struct exec *x, const struct args *a)
{
    struct value v;
    struct range r;
    int64_t bit = 0;

    int rc = args_int64(a, 2, &bit);
    if (rc == LK_OK && bit != 0 && bit != 1) {
        reply_error(x->reply, "ERR The bit argument must be 1 or 0.");
        return RUN_DONE;
    }
    if (rc == LK_OK)
        rc = parse_position_range(a, &r);
    if (rc == LK_OK)
        rc = exec_find_in_slices(x, a->v[1], TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v))
        return find_in(x, &v, &r, bit == 1, a->n > 4);
    reply_int(x->reply, bit == 1 ? -1 : 0);
    return RUN_DONE;
}

const struct command bit_commands[] = {
    {"bitcount", .arity = -2, .flags = CMD_READONLY, .categories = CAT_BITMAP,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = bit_count},
    {"bitpos", .arity = -3, .flags = CMD_READONLY, .categories = CAT_BITMAP,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = bit_position},
    {"getbit", .arity = 3, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_BITMAP,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = get_bit},
    {"setbit", .arity = 4, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_BITMAP,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE), .run = set_bit},
    {0},
};
