/* mix.c — templates become images, images become requests. */
#include "bench/load/mix.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Word i of the value that belongs to a key (SplitMix64's finisher). */
static uint64_t mix_value_word(uint64_t key, uint64_t i)
{
    uint64_t x = (key + 1) * 0x9e3779b97f4a7c15u + (i + 1) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return htole64(x ^ (x >> 31));
}

/* A shorter value of the same key is a prefix of a longer one, so sizes may differ. */
static void mix_value_fill(char *out, size_t size, uint64_t key)
{
    size_t at = 0;
    for (uint64_t i = 0; at < size; i++, at += 8) {
        const uint64_t word = mix_value_word(key, i);
        memcpy(out + at, &word, size - at < 8 ? size - at : 8);
    }
}

bool mix_value_matches(struct bytes value, uint64_t key)
{
    size_t at = 0;
    for (uint64_t i = 0; at < value.size; i++, at += 8) {
        const uint64_t word = mix_value_word(key, i);
        if (memcmp(value.data + at, &word, value.size - at < 8 ? value.size - at : 8) != 0)
            return false;
    }
    return true;
}

uint64_t mix_eight_digits(uint32_t v)
{
    const uint64_t fours = (v / 10000) | (uint64_t)(v % 10000) << 32;
    const uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007fu;
    const uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
    const uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000fu;
    const uint64_t digits = tens | (pairs - 10 * tens) << 8;
    return htole64(digits + 0x3030303030303030u);
}

void mix_put_digits(char *end, uint32_t width, uint64_t v)
{
    while (width >= 8 && v > 0) {
        const uint64_t eight = mix_eight_digits((uint32_t)(v % 100000000));
        end -= 8;
        memcpy(end, &eight, 8);
        v /= 100000000;
        width -= 8;
    }
    for (; width > 0 && v > 0; width--, v /= 10)
        *--end = (char)('0' + v % 10);
}

uint64_t mix_render(const struct image *image, char *out, struct keys *keys)
{
    uint64_t key = 0;
    memcpy(out, image->data, image->size);
    for (uint32_t i = 0; i < image->patch_count; i++) {
        const struct patch *p = &image->patches[i];
        char *at = out + p->offset;
        if (LK_LIKELY(p->kind == PATCH_KEY)) {
            key = keys_next(keys);
            mix_put_digits(at + p->size, p->size, key);
        } else if (p->kind == PATCH_RAND) {
            mix_put_digits(at + p->size, p->size, p->low + rng_below(&keys->rng, p->span));
        } else {
            mix_value_fill(at, p->size, key);
        }
    }
    return key;
}

/* What one image is built with. */
struct image_maker {
    const struct mix_shape *shape;
    struct rng *rng;
    uint64_t value_size;
    struct buf arg;
    struct buf out;
    struct patch patches[MIX_ARGS];
    uint32_t patch_count;
};

static bool image_add_patch(struct image_maker *k, struct patch patch)
{
    if (k->patch_count == MIX_ARGS)
        return false;
    patch.offset = k->arg.size;
    k->patches[k->patch_count++] = patch;
    return true;
}

/* Digits are written over zeros. */
static bool image_add_digits(struct image_maker *k, struct patch patch)
{
    const bool ok = image_add_patch(k, patch);
    memset(buf_reserve(&k->arg, patch.size), '0', patch.size);
    k->arg.size += patch.size;
    return ok;
}

static void image_letters(struct buf *b, size_t n, struct rng *rng)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *out = buf_reserve(b, n);
    for (size_t i = 0; i < n; i++)
        out[i] = letters[rng_next(rng) >> 58];
    b->size += n;
}

/* The size of the __rand...__ that text begins with, and its patch; 0 if it makes no sense. */
static size_t image_rand(const char *text, uint64_t rand_max, struct patch *out)
{
    unsigned long long low = 0, high = rand_max - 1;
    int size = 8, digits = MIX_RAND_DIGITS;
    if (strncmp(text, "__rand__", 8) != 0) {
        size = 0;
        sscanf(text, "__rand:%llu:%llu__%n", &low, &high, &size);
        digits = snprintf(NULL, 0, "%llu", high);
    }
    *out = (struct patch){PATCH_RAND, (uint32_t)digits, 0, low, high - low + 1};
    return low <= high && high < MIX_RAND_END ? (size_t)size : 0;
}

/* Appends one argument's text to k->arg; offsets of its patches count from the argument's start. */
static bool image_argument(struct image_maker *k, struct bytes text)
{
    bool ok = true;
    for (size_t i = 0; i < text.size && ok;) {
        const char *p = text.data + i;
        const size_t left = text.size - i;
        struct patch patch = {0};
        if (left >= 7 && memcmp(p, "__key__", 7) == 0) {
            patch.kind = PATCH_KEY;
            patch.size = k->shape->key_size - (uint32_t)strlen(k->shape->key_prefix);
            buf_append_cstr(&k->arg, k->shape->key_prefix);
            ok = image_add_digits(k, patch);
            i += 7;
        } else if (left >= 6 && memcmp(p, "__rand", 6) == 0) {
            const size_t size = image_rand(p, k->shape->rand_max, &patch);
            ok = size > 0 && size <= left && image_add_digits(k, patch);
            i += size;
        } else if (left >= 9 && memcmp(p, "__value__", 9) == 0) {
            patch.kind = PATCH_VALUE;
            patch.size = (uint32_t)k->value_size;
            if (k->shape->verify)
                ok = image_add_patch(k, patch);
            image_letters(&k->arg, k->value_size, k->rng);
            i += 9;
        } else {
            buf_append_char(&k->arg, *p);
            i++;
        }
    }
    return ok;
}

/* The words of a template: spaces part them; "..." and '...' keep spaces. */
static int mix_split(const char *text, struct bytes words[MIX_ARGS])
{
    int n = 0;
    for (const char *p = text;;) {
        while (*p == ' ')
            p++;
        if (*p == '\0')
            return n;
        if (n == MIX_ARGS)
            return -1;
        const char quote = *p == '"' || *p == '\'' ? *p++ : ' ';
        const char *start = p;
        while (*p && *p != quote)
            p++;
        if (quote != ' ' && *p == '\0')
            return -1;
        words[n++] = bytes_of(start, (size_t)(p - start));
        p += *p != '\0';
    }
}

static bool image_make(struct image_maker *k, const struct bytes *words, int count,
                       struct image *out)
{
    k->out.size = 0;
    k->patch_count = 0;
    buf_printf(&k->out, "*%d\r\n", count);
    for (int i = 0; i < count; i++) {
        const uint32_t first = k->patch_count;
        k->arg.size = 0;
        if (!image_argument(k, words[i]))
            return false;
        buf_printf(&k->out, "$%zu\r\n", k->arg.size);
        for (uint32_t j = first; j < k->patch_count; j++)
            k->patches[j].offset += k->out.size;
        buf_append(&k->out, k->arg.data, k->arg.size);
        buf_append(&k->out, "\r\n", 2);
    }
    out->size = k->out.size;
    out->patch_count = k->patch_count;
    out->data = malloc(k->out.size);
    out->patches = malloc((k->patch_count + 1) * sizeof *out->patches);
    LK_ASSERT(out->data && out->patches);
    memcpy(out->data, k->out.data, k->out.size);
    memcpy(out->patches, k->patches, k->patch_count * sizeof *out->patches);
    return true;
}

static bool mix_is_read_of_value(const char *name)
{
    return strcasecmp(name, "GET") == 0 || strcasecmp(name, "GETEX") == 0 ||
           strcasecmp(name, "GETDEL") == 0;
}

static uint32_t mix_image_count(const struct mix_shape *shape, const char *text)
{
    if (!strstr(text, "__value__"))
        return 1;
    const uint64_t fit = MIX_IMAGE_BYTES / (shape->value_max + 1);
    const uint64_t least = shape->value_min == shape->value_max ? 1 : 4;
    return (uint32_t)(fit > MIX_IMAGES ? MIX_IMAGES : fit < least ? least : fit);
}

/* Renders the images of one template; false if it is not a command. */
static bool mix_prepare(struct mix *m, uint32_t index, struct rng *rng)
{
    struct mix_command *c = &m->commands[index];
    struct bytes words[MIX_ARGS];
    const int count = mix_split(c->text, words);
    if (count <= 0 || words[0].size == 0)
        return false;
    snprintf(c->name, sizeof c->name, "%.*s", (int)words[0].size, words[0].data);
    c->image_count = mix_image_count(&m->shape, c->text);
    c->images = calloc(c->image_count, sizeof *c->images);
    LK_ASSERT(c->images);
    struct image_maker maker = {.shape = &m->shape, .rng = rng};
    const uint64_t span = m->shape.value_max - m->shape.value_min;
    bool ok = true;
    for (uint32_t i = 0; i < c->image_count && ok; i++) {
        struct image *image = &c->images[i];
        /* Sizes are spread evenly, so that even a few images reach both ends of the range. */
        maker.value_size =
            m->shape.value_min + (c->image_count > 1 ? span * i / (c->image_count - 1) : 0);
        ok = image_make(&maker, words, count, image);
        image->command = index;
        if (image->size > m->largest)
            m->largest = image->size;
    }
    if (ok)
        c->verify = m->shape.verify && mix_is_read_of_value(c->name) &&
                    c->images[0].patch_count == 1 && c->images[0].patches[0].kind == PATCH_KEY;
    buf_release(&maker.arg);
    buf_release(&maker.out);
    return ok;
}

bool mix_add(struct mix *m, const char *text, uint32_t weight)
{
    if (m->command_count == MIX_COMMANDS)
        return false;
    m->commands[m->command_count++] = (struct mix_command){.text = text, .weight = weight};
    return true;
}

bool mix_build(struct mix *m, const struct mix_shape *shape, const char **bad)
{
    struct rng rng;
    rng_seed(&rng, shape->seed);
    m->shape = *shape;
    uint64_t total = 0, sum = 0;
    for (uint32_t i = 0; i < m->command_count; i++) {
        *bad = m->commands[i].text;
        if (!mix_prepare(m, i, &rng))
            return false;
        total += m->commands[i].weight;
    }
    if (total == 0)
        return false;
    m->sequence = malloc(MIX_SEQUENCE * sizeof *m->sequence);
    LK_ASSERT(m->sequence);
    uint32_t at = 0;
    for (uint32_t i = 0; i < m->command_count; i++) {
        const struct mix_command *c = &m->commands[i];
        sum += c->weight;
        const uint32_t end = (uint32_t)(MIX_SEQUENCE * sum / total);
        for (uint32_t n = 0; at < end; n++)
            m->sequence[at++] = &c->images[n % c->image_count];
    }
    for (uint32_t i = MIX_SEQUENCE - 1; i > 0; i--) {
        const uint32_t j = (uint32_t)rng_below(&rng, i + 1);
        const struct image *swap = m->sequence[i];
        m->sequence[i] = m->sequence[j];
        m->sequence[j] = swap;
    }
    return true;
}

uint64_t mix_keys_of(const struct mix_command *c)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < c->images[0].patch_count; i++)
        keys += c->images[0].patches[i].kind == PATCH_KEY;
    return keys;
}

void mix_release(struct mix *m)
{
    for (uint32_t i = 0; i < m->command_count; i++) {
        for (uint32_t j = 0; j < m->commands[i].image_count; j++) {
            free(m->commands[i].images[j].data);
            free(m->commands[i].images[j].patches);
        }
        free(m->commands[i].images);
    }
    free(m->sequence);
    memset(m, 0, sizeof *m);
}
