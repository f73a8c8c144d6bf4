/*
 * hll_estimate.c — from ranks to a number of elements.
 *
 * Ertl's improved raw estimator: the harmonic mean of the registers, with the two ends of the
 * scale put right by series.  It needs no table and no switch between ranges; the error is
 * 1.04 / sqrt(HLL_REGISTERS), 0.81 %, wherever one looks.
 *
 * The order of the operations matters: servers compare their counts, and doubles do not associate.
 *
 * Source  O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches (2017),
 *         algorithms 4 to 6
 */
#include "core/ds/hll_priv.h"

#include <math.h>

enum { REGISTER_BITS = 14, RANK_FULL = 64 - REGISTER_BITS + 1 };
_Static_assert(HLL_REGISTERS == 1 << REGISTER_BITS, "the hash is 64 bits");

/* 1 / (2 ln 2): the bias of infinitely many registers. */
static const double alpha = 0.721347520444481703680;

/* x + sum of x^(2^k) 2^(k-1): for the share of registers that met nothing. */
static double hll_estimate_sigma(double x)
{
    double power = x, weight = 1, sum = x, last;
    if (x == 1)
        return INFINITY;
    do {
        power *= power;
        last = sum;
        sum += power * weight;
        weight += weight;
    } while (sum != last);
    return sum;
}

/* (1 - x - sum of (1 - x^(2^-k))^2 2^-k) / 3: for the share of registers that are not full. */
static double hll_estimate_tau(double x)
{
    double root = x, weight = 1, sum = 1 - x, last;
    if (x == 0 || x == 1)
        return 0;
    do {
        root = sqrt(root);
        last = sum;
        weight *= 0.5;
        sum -= (1 - root) * (1 - root) * weight;
    } while (sum != last);
    return sum / 3;
}

uint64_t hll_estimate(const uint32_t histogram[HLL_RANKS])
{
    const double m = HLL_REGISTERS;
    double z = m * hll_estimate_tau((m - histogram[RANK_FULL]) / m);
    for (int rank = RANK_FULL - 1; rank >= 1; rank--) {
        z += histogram[rank];
        z *= 0.5;
    }
    z += m * hll_estimate_sigma(histogram[0] / m);
    const double count = round(alpha * m * m / z);
    /* Only registers that no element has written can claim more: all full, or beyond full. */
    return count < 0x1p63 ? (uint64_t)count : UINT64_C(1) << 63;
}
