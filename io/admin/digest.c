#include "io/admin/digest.h"

/* A message fed in parts. */
static void add_part(void *ctx, struct bytes part)
{
    sha1_add(ctx, part);
}

static void fold_end(struct digest *d, struct sha1 *s)
{
    uint8_t hash[SHA1_BYTES];

    sha1_end(s, hash);
    for (int i = 0; i < SHA1_BYTES; i++)
        d->v[i] ^= hash[i];
}

static void fold(struct digest *d, struct bytes b)
{
    struct sha1 s;

    sha1_begin(&s);
    sha1_add(&s, b);
    fold_end(d, &s);
}

static void stir(struct digest *d)
{
    struct sha1 s;

    sha1_begin(&s);
    sha1_add(&s, bytes_of(d->v, sizeof d->v));
    sha1_end(&s, d->v);
}

static void mix(struct digest *d, struct bytes b)
{
    fold(d, b);
    stir(d);
}

static void mix_number(struct digest *d, uint32_t n)
{
    const uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                              (uint8_t)n};

    mix(d, bytes_of(bytes, sizeof bytes));
}

void digest_value(struct digest *d, const struct value *v, bool has_deadline)
{
    struct sha1 s;

    mix_number(d, v->type);
    sha1_begin(&s);
    type_ops_get(v->type)->describe(v, add_part, &s);
    fold_end(d, &s);
    stir(d);
    if (has_deadline)
        fold(d, bytes_cstr("!!expire!!"));
}

void digest_key(struct digest *d, struct bytes key, const struct value *v, bool has_deadline)
{
    mix(d, key);
    digest_value(d, v, has_deadline);
}

void digest_begin_database(struct digest *all, uint32_t db)
{
    mix_number(all, db);
}

void digest_fold(struct digest *all, const struct digest *one)
{
    fold(all, bytes_of(one->v, sizeof one->v));
}

void digest_print(const struct digest *d, char out[DIGEST_CHARS + 1])
{
    for (int i = 0; i < SHA1_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[d->v[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[d->v[i] & 15];
    }
    out[DIGEST_CHARS] = '\0';
}
