/*
 * crc64.c — the choice between the two ways, and one crc of two.
 */
#include "core/base/crc64.h"

#include "core/base/crc64_priv.h"

/* Written before main, read-only from then on. */
static bool folding;

__attribute__((constructor)) static void crc64_prepare(void)
{
    crc64_tables_prepare();
    folding = crc64_folding_init();
}

uint64_t crc64(uint64_t crc, const void *data, size_t size)
{
    if (folding && size >= CRC64_FOLD_MIN)
        return crc64_by_folding(crc, data, size);
    return crc64_by_tables(crc, data, size);
}

uint64_t crc64_combine(uint64_t first, uint64_t second, uint64_t second_size)
{
    LK_ASSERT(second_size <= UINT64_MAX / 8);
    return crc64_multiply(first, crc64_power(second_size * 8)) ^ second;
}
