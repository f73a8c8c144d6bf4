/*
 * bits_priv.h — the rows of loops, one for each set of vector instructions.
 */
#ifndef LK_DS_BITS_PRIV_H
#define LK_DS_BITS_PRIV_H

#include "core/ds/bits.h"

LK_BEGIN

enum bits_fold { FOLD_AND, FOLD_OR, FOLD_XOR, FOLD_ANDNOT, FOLD_COUNT };

struct bits_kernels {
    const char *name;
    bool (*supported)(void);
    uint64_t (*count)(const unsigned char *p, size_t n);
    /* How many bytes from p on are this one. */
    size_t (*same)(const unsigned char *p, size_t n, unsigned char byte);
    /* to = a op b; to may be a or b. */
    void (*fold[FOLD_COUNT])(unsigned char *to, const unsigned char *a, const unsigned char *b,
                             size_t n);
    void (*invert)(unsigned char *to, const unsigned char *a, size_t n);
    /* Takes one source more into account: any, in at least one; many, in two or more. */
    void (*once)(unsigned char *any, unsigned char *many, const unsigned char *s, size_t n);
};

extern const struct bits_kernels bits_portable;
#if defined(__x86_64__)
extern const struct bits_kernels bits_avx2, bits_avx512;
#elif defined(__aarch64__)
extern const struct bits_kernels bits_neon;
#endif

/* Best ones first; the last one is the portable one, which every CPU supports. */
const struct bits_kernels *const *bits_rows(uint32_t *count);

/* As bits_combine, with the loops of one row. */
void bits_combine_with(const struct bits_kernels *k, enum bits_op op, void *to, size_t n,
                       const struct bytes *sources, uint32_t count);

LK_END

#endif
