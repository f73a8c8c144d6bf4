/*
 * rng.c — xoshiro256**, and the system's own generator.
 */
#include "core/base/rng.h"

#include <errno.h>
#include <sys/random.h>

static uint64_t rng_splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rng_rotate_left(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = rng_splitmix64(&seed);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    const uint64_t result = rng_rotate_left(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotate_left(s[3], 45);
    return result;
}

/*
 * The high half of random × limit is below limit; it is fair once the (2^64 mod limit) lowest
 * products are thrown away.  Source: Lemire, "Fast random integer generation in an interval".
 */
uint64_t rng_below(struct rng *r, uint64_t limit)
{
    LK_ASSERT(limit > 0);
    unsigned __int128 product = (unsigned __int128)rng_next(r) * limit;
    if (LK_UNLIKELY((uint64_t)product < limit)) {
        const uint64_t unfair = -limit % limit;
        while ((uint64_t)product < unfair)
            product = (unsigned __int128)rng_next(r) * limit;
    }
    return (uint64_t)(product >> 64);
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

void rng_system(void *out, size_t size)
{
    char *at = (char *)out;

    while (size > 0) {
        const ssize_t n = getrandom(at, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        LK_ASSERT(n > 0);
        at += n;
        size -= (size_t)n;
    }
}
