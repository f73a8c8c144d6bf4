/*
 * hll_registers.c — the registers of a dense HyperLogLog, eight at a time on any machine.
 *
 *   packed   aaaaaabb bbbbcccc ccdddddd …       six bits each, the first in the lowest bits
 *   ranks    00aaaaaa 00bbbbbb 00cccccc …       one byte each
 */
#include "core/ds/hll_priv.h"
#include "core/ds/le.h"

enum { GROUP = 8, GROUP_PACKED = 6, BLOCK = 64, BLOCK_PACKED = BLOCK * GROUP_PACKED / GROUP };

static inline uint64_t le48_get(const unsigned char *p)
{
    return le32_get(p) | (uint64_t)le16_get(p + 4) << 32;
}

static inline void le48_put(unsigned char *p, uint64_t v)
{
    le32_put(p, (uint32_t)v);
    le16_put(p + 4, (uint16_t)(v >> 32));
}

/* 48 bits to 2 * 24, 4 * 12, 8 * 6, each in the low bits of its lane. */
static inline uint64_t hll_registers_spread(uint64_t v)
{
    v = (v & 0x0000000000ffffff) | (v & 0x0000ffffff000000) << 8;
    v = (v & 0x00000fff00000fff) | (v & 0x00fff00000fff000) << 4;
    return (v & 0x003f003f003f003f) | (v & 0x0fc00fc00fc00fc0) << 2;
}

static inline uint64_t hll_registers_gather(uint64_t v)
{
    v = (v & 0x003f003f003f003f) | (v & 0x3f003f003f003f00) >> 2;
    v = (v & 0x00000fff00000fff) | (v & 0x0fff00000fff0000) >> 4;
    return (v & 0x0000000000ffffff) | (v & 0x00ffffff00000000) >> 8;
}

static void unpack_block(const unsigned char *packed, unsigned char *ranks)
{
    for (int i = 0; i < BLOCK / GROUP; i++)
        le64_put(ranks + i * GROUP, hll_registers_spread(le48_get(packed + i * GROUP_PACKED)));
}

static void hll_registers_unpack(const unsigned char *packed, unsigned char *ranks)
{
    for (size_t i = 0; i < HLL_REGISTERS / BLOCK; i++)
        unpack_block(packed + i * BLOCK_PACKED, ranks + i * BLOCK);
}

static void hll_registers_raise_all(const unsigned char *packed, unsigned char *ranks)
{
    unsigned char block[BLOCK];
    for (size_t i = 0; i < HLL_REGISTERS / BLOCK; i++, ranks += BLOCK) {
        unpack_block(packed + i * BLOCK_PACKED, block);
        for (int j = 0; j < BLOCK; j++)
            ranks[j] = ranks[j] > block[j] ? ranks[j] : block[j];
    }
}

static void hll_registers_pack(const unsigned char *ranks, unsigned char *packed)
{
    for (size_t i = 0; i < HLL_REGISTERS / GROUP; i++)
        le48_put(packed + i * GROUP_PACKED, hll_registers_gather(le64_get(ranks + i * GROUP)));
}

/* Neighbours often have the same rank, and a counter cannot be raised twice at once: so four. */
static void hll_registers_count(const unsigned char *ranks, uint32_t histogram[HLL_RANKS])
{
    uint32_t part[4][HLL_RANKS] = {{0}};
    for (size_t i = 0; i < HLL_REGISTERS; i += 4)
        for (size_t j = 0; j < 4; j++)
            part[j][ranks[i + j]]++;
    for (int r = 0; r < HLL_RANKS; r++)
        histogram[r] = part[0][r] + part[1][r] + part[2][r] + part[3][r];
}

const struct hll_kernels hll_kernels_portable = {
    "portable",         hll_registers_unpack, hll_registers_raise_all,
    hll_registers_pack, hll_registers_count,  hll_pass_portable};
