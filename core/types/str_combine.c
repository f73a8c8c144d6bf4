#include "core/types/str_combine.h"

#include "core/base/mem.h"
#include "core/ds/chunks.h"
#include "core/types/str_priv.h"

/* Rounds that may be stopped; the sources change in part only, so each is shorter. */
enum { ROUNDS_MAX = 8 };

/* CHUNK_BYTES of the result, or less at its end. */
struct piece {
    struct chunk *chunk; /* NULL: zeros */
    uint32_t size;       /* 0: not made yet */
    bool of_inline;      /* made from bytes that no reference keeps */
};

struct source {
    struct value value;
    bool is_long;             /* it was chunks when the pieces were begun */
    char digits[INT64_CHARS]; /* of a number */
};

struct str_combine {
    enum bits_op op;
    uint32_t rounds;
    uint32_t count; /* of sources */
    uint32_t long_count;
    size_t size; /* of the result */
    struct piece *pieces;
    struct chunk **seen; /* long_count of them a piece: what it was made from, with a reference */
    size_t piece_count;
    size_t next;            /* the piece where the round goes on */
    char *small;            /* a result of at most STR_INLINE_MAX, in place of pieces */
    size_t small_size;      /* of its block */
    struct bytes *runs;     /* one a source */
    uint32_t *long_sources; /* which they are */
    struct source sources[];
};

static size_t str_combine_block_size(uint32_t count)
{
    const size_t one = sizeof(struct source) + sizeof(struct bytes) + sizeof(uint32_t);
    return sizeof(struct str_combine) + count * one;
}

struct str_combine *str_combine_new(enum bits_op op, uint32_t sources)
{
    struct str_combine *c = (struct str_combine *)mem_calloc(str_combine_block_size(sources));
    c->op = op;
    c->count = sources;
    c->runs = (struct bytes *)(c->sources + sources);
    c->long_sources = (uint32_t *)(c->runs + sources);
    return c;
}

struct value *str_combine_source(struct str_combine *c, uint32_t i)
{
    return &c->sources[i].value;
}

size_t str_combine_size(const struct str_combine *c)
{
    return c->size;
}

/* --- the result ------------------------------------------------------------------------------ */

static struct chunk **seen_at(const struct str_combine *c, size_t piece)
{
    return c->seen + piece * c->long_count;
}

static void forget_seen(struct str_combine *c, size_t from, size_t to)
{
    enum { AHEAD = 8 };
    const size_t end = to * c->long_count;
    for (size_t i = from * c->long_count; i < end; i++) {
        if (i + AHEAD < end)
            LK_PREFETCH(c->seen[i + AHEAD]);
        chunk_unref(c->seen[i]);
    }
}

/* Makes room for `count` pieces; those beyond are let go. */
static void str_combine_resize(struct str_combine *c, size_t count)
{
    const size_t old = c->piece_count;
    if (count == old)
        return;
    for (size_t i = count; i < old; i++)
        chunk_unref(c->pieces[i].chunk);
    if (count < old)
        forget_seen(c, count, old);
    const size_t row = c->long_count * sizeof *c->seen;
    c->pieces =
        (struct piece *)mem_realloc(c->pieces, old * sizeof *c->pieces, count * sizeof *c->pieces);
    c->seen = (struct chunk **)mem_realloc(c->seen, old * row, count * row);
    if (count > old) {
        memset(c->pieces + old, 0, (count - old) * sizeof *c->pieces);
        memset(seen_at(c, old), 0, (count - old) * row);
    }
    c->piece_count = count;
}

static void drop_pieces(struct str_combine *c)
{
    for (size_t i = 0; i < c->piece_count; i++)
        chunk_unref(c->pieces[i].chunk);
    forget_seen(c, 0, c->piece_count);
    mem_free(c->pieces, c->piece_count * sizeof *c->pieces);
    mem_free(c->seen, c->piece_count * c->long_count * sizeof *c->seen);
    c->pieces = NULL;
    c->seen = NULL;
    c->piece_count = c->next = 0;
}

void str_combine_free(struct str_combine *c)
{
    drop_pieces(c);
    mem_free(c->small, c->small_size);
    mem_free(c, str_combine_block_size(c->count));
}

/* --- one piece ------------------------------------------------------------------------------- */

/* Of a short source, what it has from there on. */
static struct bytes inline_from(struct source *s, size_t offset)
{
    if (!value_exists(&s->value) || s->is_long)
        return bytes_of(NULL, 0);
    const struct bytes b = str_inline_bytes(&s->value, s->digits);
    return b.size > offset ? bytes_of(b.data + offset, b.size - offset) : bytes_of(NULL, 0);
}

static bool reached_by_inline(size_t piece)
{
    return piece * CHUNK_BYTES < STR_INLINE_MAX;
}

static bool has_inline(struct str_combine *c, size_t piece)
{
    for (uint32_t i = 0; reached_by_inline(piece) && i < c->count; i++)
        if (inline_from(&c->sources[i], piece * CHUNK_BYTES).size > 0)
            return true;
    return false;
}

static size_t piece_size(const struct str_combine *c, size_t piece)
{
    const size_t rest = c->size - piece * CHUNK_BYTES;
    return rest < CHUNK_BYTES ? rest : CHUNK_BYTES;
}

/*
 * Notes what the sources have there now.  Is the piece made from the same?  That cannot be told of
 * inline bytes, neither of those it was made from nor of those that are there now.
 */
static bool is_fresh(struct str_combine *c, size_t piece)
{
    const struct piece *p = &c->pieces[piece];
    struct chunk **seen = seen_at(c, piece);
    bool fresh = p->size == piece_size(c, piece) && !p->of_inline && !has_inline(c, piece);
    for (uint32_t i = 0; i < c->long_count; i++) {
        const struct chunks *root = c->sources[c->long_sources[i]].value.as.root;
        struct chunk *now = chunks_chunk(root, piece);
        if (now == seen[i])
            continue;
        chunk_ref(now);
        chunk_unref(seen[i]);
        seen[i] = now;
        fresh = false;
    }
    return fresh;
}

/* Can it be told without looking at bytes that nothing is set? */
static bool is_zero(const struct str_combine *c)
{
    uint32_t empty = 0;
    for (uint32_t i = 0; i < c->count; i++)
        empty += c->runs[i].size == 0;
    switch (c->op) {
    case BITS_NOT:
        return false;
    case BITS_AND:
        return empty > 0;
    case BITS_DIFF:
    case BITS_ANDOR:
        return c->runs[0].size == 0;
    default:
        return empty == c->count;
    }
}

static void make_piece(struct str_combine *c, size_t piece)
{
    struct piece *p = &c->pieces[piece];
    const size_t size = piece_size(c, piece);
    chunk_unref(p->chunk);
    *p = (struct piece){.size = (uint32_t)size};
    for (uint32_t i = 0; i < c->count; i++) {
        c->runs[i] = bytes_of(NULL, 0);
        if (reached_by_inline(piece))
            c->runs[i] = inline_from(&c->sources[i], piece * CHUNK_BYTES);
        p->of_inline |= c->runs[i].size > 0;
    }
    for (uint32_t i = 0; i < c->long_count; i++)
        c->runs[c->long_sources[i]] = chunk_bytes(seen_at(c, piece)[i]);
    if (is_zero(c))
        return;
    char *to;
    p->chunk = chunk_new(size, &to);
    bits_combine(c->op, to, size, c->runs, c->count);
}

/* --- all of them ----------------------------------------------------------------------------- */

static void str_combine_measure(struct str_combine *c)
{
    c->size = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct value *v = &c->sources[i].value;
        const size_t size = value_exists(v) ? str_size(v) : 0;
        if (size > c->size)
            c->size = size;
    }
}

static bool is_long(const struct value *v)
{
    return value_exists(v) && v->encoding == ENC_CHUNKS;
}

/* Which sources are long says what the rows of `seen` are: if others are, all begins anew. */
static void find_long(struct str_combine *c)
{
    uint32_t i = 0;
    while (i < c->count && c->sources[i].is_long == is_long(&c->sources[i].value))
        i++;
    if (i == c->count)
        return;
    drop_pieces(c);
    c->rounds++;
    c->long_count = 0;
    for (i = 0; i < c->count; i++) {
        c->sources[i].is_long = is_long(&c->sources[i].value);
        if (c->sources[i].is_long)
            c->long_sources[c->long_count++] = i;
    }
}

/* Short results are made of short sources, and at once. */
static void run_small(struct str_combine *c)
{
    mem_free(c->small, c->small_size);
    c->small_size = c->size;
    c->small = c->size > 0 ? (char *)mem_alloc(c->size) : NULL;
    for (uint32_t i = 0; i < c->count; i++)
        c->runs[i] = inline_from(&c->sources[i], 0);
    bits_combine(c->op, c->small, c->size, c->runs, c->count);
}

static bool is_over(const struct str_combine *c, const struct bits_pause *pause)
{
    return c->rounds < ROUNDS_MAX && bits_pause_over(pause);
}

/* Goes on with the round until it is stopped; true if it came to the round's end. */
static bool run_round(struct str_combine *c, const struct bits_pause *pause, bool *stopped)
{
    *stopped = false;
    while (c->next < c->piece_count && !*stopped) {
        const size_t piece = c->next++;
        if (is_fresh(c, piece))
            continue;
        make_piece(c, piece);
        *stopped = is_over(c, pause);
    }
    if (c->next < c->piece_count)
        return false;
    c->next = 0;
    c->rounds++;
    return true;
}

bool str_combine_run(struct str_combine *c, const struct bits_pause *pause)
{
    str_combine_measure(c);
    find_long(c);
    if (c->size <= STR_INLINE_MAX) {
        run_small(c);
        return true;
    }
    str_combine_resize(c, (c->size + CHUNK_BYTES - 1) / CHUNK_BYTES);
    for (;;) {
        const bool all = c->next == 0;
        bool stopped;
        if (run_round(c, pause, &stopped) && all)
            return true;
        /* A round that has to be whole begins with a whole slice. */
        if (stopped || is_over(c, pause))
            return false;
    }
}

void str_combine_take(struct str_combine *c, struct value *out)
{
    if (c->size <= STR_INLINE_MAX) {
        str_raw_from_bytes(bytes_of(c->small, c->size), out);
        return;
    }
    struct chunk **chunks = (struct chunk **)mem_alloc(c->piece_count * sizeof(struct chunk *));
    for (size_t i = 0; i < c->piece_count; i++) {
        chunks[i] = c->pieces[i].chunk;
        c->pieces[i].chunk = NULL;
    }
    out->type = TYPE_STRING;
    out->encoding = ENC_CHUNKS;
    out->as.root = chunks_from_chunks(chunks, c->piece_count, c->size);
    mem_free(chunks, c->piece_count * sizeof(struct chunk *));
}
