/*
 * cmd_bitfield.c — BITFIELD, BITFIELD_RO: integers of any width, anywhere in a string.
 *
 * All operations are read before the first is run, as a mistake in the last one must leave the
 * string alone, and as the string first gets the length that the farthest write asks for.  They
 * wait in scratch.
 */
#include "core/cmd/bit/bit_offset.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/ds/bits.h"
#include "core/types/str.h"

enum overflow { OVERFLOW_WRAP, OVERFLOW_SAT, OVERFLOW_FAIL };
enum field_kind { FIELD_GET, FIELD_SET, FIELD_INCRBY };

struct field {
    uint64_t offset;
    int64_t operand; /* the value to set, or the increment */
    uint8_t width;   /* 1 to 64 bits, to 63 if it is not signed */
    bool is_signed;
    uint8_t kind;     /* enum field_kind */
    uint8_t overflow; /* enum overflow */
};

struct fields {
    uint32_t count;
    size_t size; /* what the string needs for all writes; 0: there are none */
};

static struct field *field_at(struct exec *x, uint32_t i)
{
    return (struct field *)x->scratch->data + i;
}

/* --- reading the words ----------------------------------------------------------------------- */

static bool bitfield_parse_type(struct exec *x, struct bytes word, struct field *f)
{
    int64_t width = 0;
    f->is_signed = word.size > 0 && word.data[0] == 'i';
    const bool ok = (f->is_signed || (word.size > 0 && word.data[0] == 'u')) &&
                    bytes_to_int64(bytes_of(word.data + 1, word.size - 1), &width) && width >= 1 &&
                    width <= (f->is_signed ? 64 : 63);
    f->width = (uint8_t)width;
    if (!ok)
        reply_error(x->reply, "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 "
                              "is not supported but i64 is.");
    return ok;
}

static bool parse_overflow(struct exec *x, const struct args *a, uint32_t i, uint8_t *out)
{
    static const char *const names[] = {"wrap", "sat", "fail"};
    for (uint8_t o = 0; o < sizeof names / sizeof names[0]; o++)
        if (args_is(a, i, names[o])) {
            *out = o;
            return true;
        }
    reply_error(x->reply, "ERR Invalid OVERFLOW type specified");
    return false;
}

/* The words of one operation from i on: its name, a type, an offset, and what it takes. */
static bool parse_field(struct exec *x, const struct args *a, uint32_t i, struct field *f)
{
    if (!bitfield_parse_type(x, a->v[i + 1], f) ||
        !bit_offset_parse(x, a->v[i + 2], f->width, &f->offset))
        return false;
    if (f->kind != FIELD_GET && args_int64(a, i + 3, &f->operand) != LK_OK) {
        reply_status(x, LK_ENOTINT);
        return false;
    }
    return true;
}

/* How many words the operation at i takes; 0 if it is none, or not whole. */
static uint32_t field_words(const struct args *a, uint32_t i, uint8_t *kind)
{
    static const struct {
        const char *name;
        uint8_t kind, words;
    } rows[] = {{"get", FIELD_GET, 3}, {"set", FIELD_SET, 4}, {"incrby", FIELD_INCRBY, 4}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        *kind = rows[r].kind;
        if (args_is(a, i, rows[r].name))
            return a->n - i >= rows[r].words ? rows[r].words : 0;
    }
    return 0;
}

/* False: the error is written. */
static bool parse_fields(struct exec *x, const struct args *a, struct fields *all)
{
    struct field f = {.overflow = OVERFLOW_WRAP};
    buf_reserve(x->scratch, a->n * sizeof f);
    for (uint32_t i = 2; i < a->n;) {
        if (args_is(a, i, "overflow") && i + 1 < a->n) {
            if (!parse_overflow(x, a, i + 1, &f.overflow))
                return false;
            i += 2;
            continue;
        }
        const uint32_t words = field_words(a, i, &f.kind);
        if (words == 0) {
            reply_syntax(x);
            return false;
        }
        if (!parse_field(x, a, i, &f))
            return false;
        const size_t size = (f.offset + f.width - 1) / 8 + 1;
        if (f.kind != FIELD_GET && size > all->size)
            all->size = size;
        *field_at(x, all->count++) = f;
        i += words;
    }
    x->scratch->size = all->count * sizeof f;
    return true;
}

/* --- one field ------------------------------------------------------------------------------- */

static int64_t field_value(const struct field *f, uint64_t raw)
{
    const unsigned spare = 64u - f->width;
    return f->is_signed ? (int64_t)(raw << spare) >> spare : (int64_t)raw;
}

/* Where value + add is beyond the field: above 0, below, or 0 if it fits. */
static int beyond_signed(const struct field *f, int64_t value, int64_t add)
{
    int64_t sum;
    if (f->width == 64)
        return !__builtin_add_overflow(value, add, &sum) ? 0 : add > 0 ? 1 : -1;
    const int64_t max = INT64_MAX >> (64 - f->width), min = -max - 1;
    /* A value to be set may be so far below that the difference wraps: it then counts as above. */
    if (value > max || add > (int64_t)((uint64_t)max - (uint64_t)value))
        return 1;
    return value < min || add < (int64_t)((uint64_t)min - (uint64_t)value) ? -1 : 0;
}

/* Negative values to be set are very large ones here. */
static int beyond_unsigned(const struct field *f, uint64_t value, int64_t add)
{
    const uint64_t max = UINT64_MAX >> (64 - f->width);
    if (value > max || (add > 0 && (uint64_t)add > max - value))
        return 1;
    return add < 0 && -(uint64_t)add > value ? -1 : 0;
}

static uint64_t limit_of(const struct field *f, bool upper)
{
    const uint64_t all = UINT64_MAX >> (64 - f->width), top = f->is_signed ? all / 2 + 1 : 0;
    return upper ? all & ~top : top;
}

/* What the field is to hold; false if it is to be left alone. */
static bool field_compute(const struct field *f, uint64_t old, uint64_t *out)
{
    const int64_t add = f->kind == FIELD_INCRBY ? f->operand : 0;
    const int64_t value = f->kind == FIELD_INCRBY ? field_value(f, old) : f->operand;
    const int beyond =
        f->is_signed ? beyond_signed(f, value, add) : beyond_unsigned(f, (uint64_t)value, add);
    *out = ((uint64_t)value + (uint64_t)add) & UINT64_MAX >> (64 - f->width);
    if (beyond != 0 && f->overflow == OVERFLOW_SAT)
        *out = limit_of(f, beyond > 0);
    return beyond == 0 || f->overflow != OVERFLOW_FAIL;
}

/* The bytes around a field. */
struct window {
    size_t offset, size;
    unsigned shift;
    unsigned char bytes[BITS_WINDOW];
};

static uint64_t field_read(const struct value *v, const struct field *f, struct window *w)
{
    w->offset = f->offset / 8;
    w->shift = f->offset % 8;
    w->size = bits_window_size(w->shift, f->width);
    memset(w->bytes, 0, sizeof w->bytes);
    if (value_exists(v))
        (void)str_read(v, w->offset, (char *)w->bytes, w->size);
    return bits_field_get(w->bytes, w->shift, f->width);
}

/* --- the commands ---------------------------------------------------------------------------- */

static enum outcome run_reads(struct exec *x, struct bytes key, const struct fields *all)
{
    struct value v;
    struct window w;
    const int rc = exec_find(x, key, TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_array(x->reply, all->count);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct field *f = field_at(x, i);
        reply_int(x->reply, field_value(f, field_read(&v, f, &w)));
    }
    return RUN_DONE;
}

/* What became of the writes. */
struct written {
    bool done;        /* at least one was not refused */
    bool differs;     /* and changed something */
    uint64_t changes; /* those that changed something, or made the string longer */
};

/* The string has all the bytes, so that nothing fails. */
static void run_field(struct exec *x, struct value_edit *e, const struct field *f, bool grown,
                      struct written *written)
{
    struct window w;
    const uint64_t old = field_read(&e->value, f, &w);
    uint64_t now = old;
    if (f->kind != FIELD_GET) {
        if (!field_compute(f, old, &now)) {
            reply_null(x->reply);
            return;
        }
        written->done = true;
        written->changes += grown || now != old;
    }
    if (now != old) {
        bits_field_put(w.bytes, w.shift, f->width, now);
        const int rc = str_set_range(e, w.offset, bytes_of(w.bytes, w.size));
        LK_ASSERT(rc == LK_OK);
        written->differs = true;
    }
    reply_int(x->reply, field_value(f, f->kind == FIELD_INCRBY ? now : old));
}

/* Makes the string of key raw and at least `size` bytes long; *grown: it was not there, or shorter.
 */
static int open_for_write(struct exec *x, struct bytes key, size_t size, struct value_edit **e,
                          bool *grown)
{
    static const char zero;
    struct value v;
    int rc = exec_find_silently(x, key, TYPE_STRING, &v);
    *grown = rc == LK_OK && (!value_exists(&v) || str_size(&v) < size);
    if (rc == LK_OK && !value_exists(&v)) {
        str_from_range(size - 1, bytes_of(&zero, 1), x->scratch, &v);
        rc = exec_put(x, key, &v, 0);
    }
    if (rc == LK_OK)
        rc = exec_edit(x, key, e);
    if (rc != LK_OK)
        return rc;
    const bool longer = str_size(&(*e)->value) < size;
    rc = str_set_range(*e, longer ? size - 1 : 0, bytes_of(&zero, longer));
    if (rc != LK_OK)
        exec_edit_close(x, *e, false);
    return rc;
}

/* A string that grew for writes that were all refused is logged, but nobody is told of an event. */
static enum outcome run_writes(struct exec *x, struct bytes key, const struct fields *all)
{
    struct value_edit *e;
    struct written written = {0};
    bool grown;
    const uint64_t changes = x->changes;
    const int rc = open_for_write(x, key, all->size, &e, &grown);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_array(x->reply, all->count);
    for (uint32_t i = 0; i < all->count; i++)
        run_field(x, e, field_at(x, i), grown, &written);
    exec_edit_close(x, e, written.differs || grown);
    if (x->changes > changes) /* a key is made and then edited, which is no two changes */
        x->changes = changes + (written.changes ? written.changes : 1);
    if (written.differs || (written.done && grown))
        exec_event(x, EVENT_STRING, "setbit", key);
    return RUN_DONE;
}

/* imm: it may only read. */
static enum outcome bit_field(struct exec *x, const struct args *a)
{
    struct fields all = {0};
    if (!parse_fields(x, a, &all))
        return RUN_DONE;
    if (all.size == 0)
        return run_reads(x, a->v[1], &all);
    if (x->cmd->imm) {
        reply_error(x->reply, "ERR BITFIELD_RO only supports the GET subcommand");
        return RUN_DONE;
    }
    return run_writes(x, a->v[1], &all);
}

const struct command bitfield_commands[] = {
    {"bitfield", .arity = -2, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_BITMAP, .imm = 0,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE | KEY_VARIABLE), .run = bit_field},
    {"bitfield_ro", .arity = -2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_BITMAP,
     .imm = 1, .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = bit_field},
    {0},
};
