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
    char digits[INT64_CHARS]; /* of a number */
};

struct str_combine {
    enum bits_op op;
    uint32_t rounds;
    uint32_t count; /* of sources */
    size_t size;    /* of the result */
    struct piece *pieces;
    struct chunk **seen; /* count of them a piece: what it was made from, with a reference */
    size_t piece_count;
    size_t next;       /* the piece where the round goes on */
    char *small;       /* a result of at most STR_INLINE_MAX, in place of pieces */
    size_t small_size; /* of its block */
    struct bytes *runs;
    struct source sources[];
};

static size_t block_size(uint32_t count)
{
    return sizeof(struct str_combine) + count * (sizeof(struct source) + sizeof(struct bytes));
}

struct str_combine *str_combine_new(enum bits_op op, uint32_t sources)
{
    struct str_combine *c = (struct str_combine *)mem_alloc(block_size(sources));
    memset(c, 0, sizeof *c);
    c->op = op;
    c->count = sources;
    c->runs = (struct bytes *)(c->sources + sources);
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
    return c->seen + piece * c->count;
}

static void forget_seen(struct str_combine *c, size_t from, size_t to)
{
    enum { AHEAD = 8 };
    for (size_t i = from * c->count; i < to * c->count; i++) {
        if (i + AHEAD < to * c->count)
            LK_PREFETCH(c->seen[i + AHEAD]);
        chunk_unref(c->seen[i]);
    }
}

/* Makes room for `count` pieces; those beyond are let go. */
static void resize(struct str_combine *c, size_t count)
{
    const size_t old = c->piece_count;
    if (count == old)
        return;
    for (size_t i = count; i < old; i++)
        chunk_unref(c->pieces[i].chunk);
    if (count < old)
        forget_seen(c, count, old);
    const size_t row = c->count * sizeof *c->seen;
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
    mem_free(c->seen, c->piece_count * c->count * sizeof *c->seen);
    c->pieces = NULL;
    c->seen = NULL;
    c->piece_count = c->next = 0;
}

void str_combine_free(struct str_combine *c)
{
    drop_pieces(c);
    mem_free(c->small, c->small_size);
    mem_free(c, block_size(c->count));
}

/* --- one piece ------------------------------------------------------------------------------- */

static struct bytes inline_from(struct source *s, size_t offset)
{
    if (!value_exists(&s->value) || s->value.encoding == ENC_CHUNKS)
        return bytes_of(NULL, 0);
    const struct bytes b = str_inline_bytes(&s->value, s->digits);
    return b.size > offset ? bytes_of(b.data + offset, b.size - offset) : bytes_of(NULL, 0);
}

static struct chunk *chunk_of(const struct value *v, size_t piece)
{
    const bool chunks = value_exists(v) && v->encoding == ENC_CHUNKS;
    return chunks ? chunks_chunk(v->as.root, piece) : NULL;
}

static size_t piece_size(const struct str_combine *c, size_t piece)
{
    const size_t rest = c->size - piece * CHUNK_BYTES;
    return rest < CHUNK_BYTES ? rest : CHUNK_BYTES;
}

static struct bytes inline_piece(struct str_combine *c, uint32_t i, size_t piece)
{
    const size_t offset = piece * CHUNK_BYTES;
    return offset < STR_INLINE_MAX ? inline_from(&c->sources[i], offset) : bytes_of(NULL, 0);
}

/*
 * Notes what the sources have there now.  Is the piece made from the same?  That cannot be told of
 * inline bytes, neither of those it was made from nor of those that are there now.
 */
static bool is_fresh(struct str_combine *c, size_t piece)
{
    const struct piece *p = &c->pieces[piece];
    struct chunk **seen = seen_at(c, piece);
    bool fresh = p->size == piece_size(c, piece) && !p->of_inline;
    for (uint32_t i = 0; i < c->count; i++) {
        struct chunk *now = chunk_of(&c->sources[i].value, piece);
        if (now != seen[i]) {
            chunk_ref(now);
            chunk_unref(seen[i]);
            seen[i] = now;
            fresh = false;
        } else if (!now && inline_piece(c, i, piece).size > 0) {
            fresh = false;
        }
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
        const struct chunk *chunk = seen_at(c, piece)[i];
        c->runs[i] = chunk ? chunk_bytes(chunk) : inline_piece(c, i, piece);
        p->of_inline |= !chunk && c->runs[i].size > 0;
    }
    if (is_zero(c))
        return;
    char *to;
    p->chunk = chunk_new(size, &to);
    bits_combine(c->op, to, size, c->runs, c->count);
}

/* --- all of them ----------------------------------------------------------------------------- */

static void measure(struct str_combine *c)
{
    c->size = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct value *v = &c->sources[i].value;
        const size_t size = value_exists(v) ? str_size(v) : 0;
        if (size > c->size)
            c->size = size;
    }
}

/* Short results are made of short sources, and at once. */
static void run_small(struct str_combine *c)
{
    drop_pieces(c);
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
    measure(c);
    if (c->size <= STR_INLINE_MAX) {
        run_small(c);
        return true;
    }
    resize(c, (c->size + CHUNK_BYTES - 1) / CHUNK_BYTES);
    for (;;) {
        const bool all = c->next == 0;
        bool stopped;
        if (run_round(c, pause, &stopped) && all)
            return true;
        /* A round that has to be whole begins with a whole turn. */
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
