/* keys.c — zipf and gaussian numbers are drawn beforehand, others on the spot. */
#include "bench/load/keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct zipf {
    double theta, integral_first, integral_last, s;
    uint64_t count;
};

/* log1p(x) / x and expm1(x) / x, whole through 0. */
static double zipf_log_ratio(double x)
{
    return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x * (0.5 - x / 3);
}

static double zipf_exp_ratio(double x)
{
    return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x * (0.5 + x / 6);
}

static double zipf_density(const struct zipf *z, double x)
{
    return exp(-z->theta * log(x));
}

static double zipf_integral(const struct zipf *z, double x)
{
    const double l = log(x);
    return zipf_exp_ratio((1 - z->theta) * l) * l;
}

static double zipf_integral_inverse(const struct zipf *z, double x)
{
    const double t = fmax(x * (1 - z->theta), -1);
    return exp(zipf_log_ratio(t) * x);
}

static void zipf_init(struct zipf *z, uint64_t count, double theta)
{
    z->theta = theta;
    z->count = count;
    z->integral_first = zipf_integral(z, 1.5) - 1;
    z->integral_last = zipf_integral(z, (double)count + 0.5);
    z->s = 2 - zipf_integral_inverse(z, zipf_integral(z, 2.5) - zipf_density(z, 2));
}

/* A number 0 .. count-1; k is drawn with a weight of (k + 1)^-theta. */
static uint64_t zipf_draw(const struct zipf *z, struct rng *rng)
{
    for (;;) {
        const double u = z->integral_last + rng_unit(rng) * (z->integral_first - z->integral_last);
        const double x = zipf_integral_inverse(z, u);
        double k = floor(x + 0.5);
        k = k < 1 ? 1 : k > (double)z->count ? (double)z->count : k;
        if (k - x <= z->s || u >= zipf_integral(z, k + 0.5) - zipf_density(z, k))
            return (uint64_t)k - 1;
    }
}

/* Numbers outside 0 .. count-1 are drawn again. */
static uint64_t gaussian_draw(const struct key_shape *shape, struct rng *rng)
{
    const double n = (double)shape->count;
    for (;;) {
        const double radius = sqrt(-2 * log(1 - rng_unit(rng)));
        const double x = n / 2 + radius * cos(2 * M_PI * rng_unit(rng)) * shape->deviation * n;
        if (x >= 0 && x < n)
            return (uint64_t)x;
    }
}

void keys_init(struct keys *k, const struct key_shape *shape, uint64_t seed, uint32_t part,
               uint32_t parts)
{
    memset(k, 0, sizeof *k);
    k->shape = *shape;
    rng_seed(&k->rng, seed);
    k->begin = shape->count * part / parts;
    k->end = shape->count * (part + 1) / parts;
    if (k->begin == k->end) {
        k->begin = 0;
        k->end = shape->count;
    }
    k->next = k->begin;
    if (shape->dist != KEYS_ZIPF && shape->dist != KEYS_GAUSSIAN)
        return;
    struct zipf zipf;
    zipf_init(&zipf, shape->count, shape->theta);
    k->samples = malloc(KEY_SAMPLES * sizeof *k->samples);
    LK_ASSERT(k->samples);
    for (uint32_t i = 0; i < KEY_SAMPLES; i++)
        k->samples[i] =
            shape->dist == KEYS_ZIPF ? zipf_draw(&zipf, &k->rng) : gaussian_draw(shape, &k->rng);
}

void keys_release(struct keys *k)
{
    free(k->samples);
    k->samples = NULL;
}

uint64_t keys_next(struct keys *k)
{
    if (k->samples)
        return k->samples[k->cursor++ & (KEY_SAMPLES - 1)];
    if (k->shape.dist == KEYS_UNIFORM)
        return rng_below(&k->rng, k->shape.count);
    const uint64_t key = k->next++;
    if (k->next == k->end)
        k->next = k->begin;
    return key;
}
