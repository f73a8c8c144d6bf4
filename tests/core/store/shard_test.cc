// shard_test.cc — who is told when a shard is free.
#include "core/store/shard.h"

#include "core/store/keyspace.h"

#include <gtest/gtest.h>

#include <thread>

namespace
{

struct Heard {
    uint64_t mask = 0;
    Heard()
    {
        shard_set_retry_hook(
            [](void *ctx, uint64_t workers) { static_cast<Heard *>(ctx)->mask |= workers; }, this);
    }
    ~Heard()
    {
        shard_set_retry_hook(nullptr, nullptr);
    }
};

// The hook hears of workers alone: it indexes an array of them by these bits.
TEST(Shard, TellsWorkersByTheHookAndServicesByTheirWord)
{
    Heard heard;
    keyspace *ks = keyspace_new(2, 1);
    shard *s = &ks->shards[0];
    ASSERT_TRUE(shard_lock_or_ask(s, 0, 0));
    EXPECT_FALSE(shard_lock_or_ask(s, 1, 0));
    EXPECT_FALSE(shard_lock_or_ask(s, SHARD_LOADER, 0));
    EXPECT_FALSE(shard_lock_or_ask(s, SHARD_ASKERS - 1, 0));
    const uint32_t loader = shard_service_word(SHARD_LOADER);
    const uint32_t last = shard_service_word(SHARD_ASKERS - 1);
    const uint32_t other = shard_service_word(SHARD_LOADER + 1);
    shard_unlock(s);
    EXPECT_EQ(heard.mask, UINT64_C(2));
    EXPECT_NE(shard_service_word(SHARD_LOADER), loader);
    EXPECT_NE(shard_service_word(SHARD_ASKERS - 1), last);
    EXPECT_EQ(shard_service_word(SHARD_LOADER + 1), other);
    shard_service_wait(SHARD_LOADER, loader, -1); // it has changed: there is no waiting
    keyspace_free(ks);
}

// A service asleep without an end is woken by every unlock that it asked for.
TEST(Shard, AServiceMissesNoUnlock)
{
    keyspace *ks = keyspace_new(2, 1);
    shard *s = &ks->shards[0];
    uint64_t sum = 0; // under s
    constexpr int ROUNDS = 20000;
    std::thread service([&] {
        for (int i = 0; i < ROUNDS; i++) {
            for (;;) {
                const uint32_t seen = shard_service_word(SHARD_LOADER);
                if (shard_lock_or_ask(s, SHARD_LOADER, 0))
                    break;
                shard_service_wait(SHARD_LOADER, seen, -1);
            }
            sum++;
            shard_unlock(s);
        }
    });
    for (int i = 0; i < ROUNDS; i++) {
        shard_lock(s);
        sum++;
        shard_unlock(s);
    }
    service.join();
    EXPECT_EQ(sum, 2u * ROUNDS);
    keyspace_free(ks);
}

} // namespace
