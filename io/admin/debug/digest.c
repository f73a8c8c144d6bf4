#include "io/admin/debug/digest.h"

static void fold_end(struct digest *d, struct sha1 *s)
{
    uint8_t hash[SHA1_BYTES];

    sha1_end(s, hash);
    for (int i = 0; i < SHA1_BYTES; i++)
        d->v[i] ^= hash[i];
}

static void digest_fold_here(struct digest *d, struct bytes b)
{
    struct sha1 s;

    sha1_begin(&s);
    sha1_add(&s, b);
    fold_end(d, &s);
}

static void digest_stir(struct digest *d)
{
    struct sha1 s;

    sha1_begin(&s);
    sha1_add(&s, bytes_of(d->v, sizeof d->v));
    sha1_end(&s, d->v);
}

static void digest_mix(struct digest *d, struct bytes b)
{
    digest_fold_here(d, b);
    digest_stir(d);
}

static void mix_number(struct digest *d, uint32_t n)
{
    const uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                              (uint8_t)n};

    digest_mix(d, bytes_of(bytes, sizeof bytes));
}

struct telling {
    struct digest *d;
    bool unordered;
    struct sha1 part;
    unsigned parts;        /* of the element, so far */
    struct digest element; /* of the element: of its only part, or of all mixed */
};

static void end_element(struct telling *t)
{
    if (t->unordered && t->parts == 1)
        for (int i = 0; i < SHA1_BYTES; i++)
            t->d->v[i] ^= t->element.v[i];
    else if (t->unordered)
        digest_fold_here(t->d, bytes_of(t->element.v, SHA1_BYTES));
    memset(&t->element, 0, sizeof t->element);
    t->parts = 0;
}

/*
 * Ordered values are their parts mixed one after the other.  Unordered ones are the folds of their
 * elements: the only part, or what the parts make when they are mixed.
 */
static void digest_tell(void *ctx, struct bytes piece, enum describe_end ends)
{
    struct telling *t = ctx;
    sha1_add(&t->part, piece);
    if (ends == DESCRIBE_PIECE)
        return;
    struct digest *to = t->unordered ? &t->element : t->d;
    if (t->unordered && t->parts == 1)
        digest_stir(to);
    fold_end(to, &t->part);
    if (!t->unordered || t->parts > 0)
        digest_stir(to);
    t->parts++;
    if (ends == DESCRIBE_ELEMENT)
        end_element(t);
    sha1_begin(&t->part);
}

/* Types have numbers of their own in digests: 5 is that of modules. */
static uint32_t type_number(const struct value *v)
{
    return v->type == TYPE_STREAM ? 6 : v->type;
}

void digest_value(struct digest *d, const struct value *v, bool has_deadline)
{
    const struct type_ops *ops = type_ops_get(v->type);
    struct telling t = {.d = d, .unordered = ops->unordered};

    mix_number(d, type_number(v));
    sha1_begin(&t.part);
    ops->describe(v, digest_tell, &t);
    if (has_deadline)
        digest_fold_here(d, bytes_cstr("!!expire!!"));
}

void digest_key(struct digest *d, struct bytes key, const struct value *v, bool has_deadline)
{
    digest_mix(d, key);
    digest_value(d, v, has_deadline);
}

void digest_begin_database(struct digest *all, uint32_t db)
{
    mix_number(all, db);
}

void digest_fold(struct digest *all, const struct digest *one)
{
    digest_fold_here(all, bytes_of(one->v, sizeof one->v));
}

void digest_print(const struct digest *d, char out[DIGEST_CHARS + 1])
{
    for (int i = 0; i < SHA1_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[d->v[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[d->v[i] & 15];
    }
    out[DIGEST_CHARS] = '\0';
}
