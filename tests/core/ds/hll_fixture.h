// HyperLogLogs as strings, each in a heap block of its exact size, and a model of their registers.
#ifndef TESTS_CORE_DS_HLL_FIXTURE_H
#define TESTS_CORE_DS_HLL_FIXTURE_H

#include "core/ds/hll_priv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using Bytes = std::vector<unsigned char>;
using Ranks = std::array<unsigned char, HLL_REGISTERS>;

inline bytes of(const Bytes &b)
{
    return bytes_of(b.data(), b.size());
}

inline Bytes empty_hll()
{
    Bytes b(HLL_EMPTY_BYTES);
    hll_write_empty(b.data());
    return b;
}

// A sparse one of these runs.
inline Bytes sparse_of(const Bytes &runs)
{
    Bytes b = empty_hll();
    b.resize(HLL_HEADER_BYTES);
    b.insert(b.end(), runs.begin(), runs.end());
    return b;
}

inline Bytes zeros(uint32_t length)
{
    if (length <= 64)
        return {static_cast<unsigned char>(length - 1)};
    return {static_cast<unsigned char>(0x40 | (length - 1) >> 8),
            static_cast<unsigned char>(length - 1)};
}

inline unsigned char values(uint32_t length, unsigned rank)
{
    return static_cast<unsigned char>(0x80 | (rank - 1) << 2 | (length - 1));
}

inline Bytes dense_of(const Ranks &ranks)
{
    Bytes b = empty_hll();
    b.resize(HLL_DENSE_BYTES);
    hll_sum sum;
    hll_sum_init(&sum);
    for (uint32_t i = 0; i < HLL_REGISTERS; i++)
        if (ranks[i])
            hll_sum_raise(&sum, {static_cast<uint16_t>(i), ranks[i]});
    hll_sum_write(&sum, b.data());
    return b;
}

inline int ranks_of(const Bytes &hll, Ranks *out)
{
    hll_sum sum;
    hll_sum_init(&sum);
    const int rc = hll_sum_add(&sum, of(hll));
    if (rc == LK_OK)
        std::copy_n(hll_sum_ranks(&sum), HLL_REGISTERS, out->begin());
    return rc;
}

inline std::string words_of(const Bytes &hll)
{
    buf out{};
    hll_describe(of(hll), &out);
    std::string s(out.data, out.size);
    buf_release(&out);
    return s;
}

inline void change(Bytes &hll, const hll_patch &p)
{
    const size_t size = hll.size(), patched = hll_patched_size(size, &p);
    hll.resize(std::max(size, patched));
    hll_patch_apply(hll.data(), size, &p);
    if (patched == hll.size())
        return;
    Bytes(hll.begin(), hll.begin() + static_cast<ptrdiff_t>(patched)).swap(hll);
}

// Sets a mark the way a command does.
inline hll_step set(Bytes &hll, hll_mark mark, size_t sparse_max_bytes = 3000)
{
    hll_patch p;
    const hll_step step = hll_plan(of(hll), mark, sparse_max_bytes, &p);
    if (step == HLL_PATCH)
        change(hll, p);
    if (step == HLL_DENSIFY) {
        hll_sum sum;
        hll_sum_init(&sum);
        if (hll_sum_add(&sum, of(hll)) != LK_OK)
            return HLL_BROKEN;
        hll_sum_raise(&sum, mark);
        hll.resize(HLL_DENSE_BYTES);
        hll_sum_write(&sum, hll.data());
        hll_make_stale(hll.data());
    }
    return step;
}

inline hll_mark mark_of(uint64_t element)
{
    return hll_mark_of(bytes_of(&element, sizeof element));
}

#endif
