#include "core/store/lru.h"

static uint32_t lru_minutes(int64_t now_ms)
{
    return (uint32_t)(now_ms / 60000) & 0xffff;
}

uint32_t lfu_counter(uint32_t bits, int64_t now_ms, uint32_t decay_minutes)
{
    const uint32_t counter = bits & 0xff;
    if (decay_minutes == 0)
        return counter;
    const uint32_t elapsed = (lru_minutes(now_ms) - (bits >> 8)) & 0xffff;
    const uint32_t lost = elapsed / decay_minutes;
    return lost > counter ? 0 : counter - lost;
}

uint32_t lfu_touch(uint32_t bits, int64_t now_ms, uint32_t decay_minutes, uint32_t log_factor,
                   struct rng *rng)
{
    uint32_t counter = lfu_counter(bits, now_ms, decay_minutes);
    const uint32_t base = counter > LFU_START ? counter - LFU_START : 0;
    if (counter < 255 && rng_unit(rng) * ((double)base * log_factor + 1) < 1)
        counter++;
    return lru_minutes(now_ms) << 8 | counter;
}

uint32_t lfu_new(int64_t now_ms)
{
    return lfu_of(now_ms, LFU_START);
}

uint32_t lfu_of(int64_t now_ms, uint32_t counter)
{
    return lru_minutes(now_ms) << 8 | (counter & 0xff);
}
