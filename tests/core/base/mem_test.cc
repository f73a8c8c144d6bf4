#include "core/base/mem.h"
#include "tests/support/seed.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <pthread.h>
#include <random>
#include <string>
#include <thread>
#include <vector>

// There only if the program is linked with jemalloc.
extern "C" __attribute__((weak)) size_t nallocx(size_t size, int flags);

namespace
{

// What has been taken since this was made; other tests' blocks do not count.
struct Used {
    const size_t before = mem_used();

    int64_t now() const
    {
        return (int64_t)(mem_used() - before);
    }
};

struct Block {
    char *p;
    size_t size;
};

TEST(Mem, ClassesAreTheAllocators)
{
    EXPECT_EQ(mem_class(0), 8u);
    EXPECT_EQ(mem_class(129), 160u);
    EXPECT_EQ(mem_class(4097), 5120u);
    for (size_t size = 0; size < 70000; size++) {
        EXPECT_GE(mem_class(size), size);
        EXPECT_EQ(mem_class(mem_class(size)), mem_class(size));
    }
    if (!nallocx)
        GTEST_SKIP() << "another allocator";
    for (size_t size = 1; size < 70000; size++)
        ASSERT_EQ(mem_class(size), nallocx(size, 0)) << size;
    for (size_t size = 1; size < (size_t)1 << 40; size += size / 7 + 1)
        ASSERT_EQ(mem_class(size), nallocx(size, 0)) << size;
}

TEST(Mem, CountsClassesAndNothingElse)
{
    const Used used;
    void *a = mem_alloc(20);
    EXPECT_EQ(used.now(), 32);
    void *b = mem_calloc(0);
    EXPECT_EQ(used.now(), 40);
    a = mem_realloc(a, 20, 30);
    EXPECT_EQ(used.now(), 40);
    a = mem_realloc(a, 30, 1000);
    EXPECT_EQ(used.now(), 1024 + 8);
    a = mem_realloc(a, 1000, 5);
    EXPECT_EQ(used.now(), 16);
    mem_free(a, 5);
    mem_free(b, 0);
    mem_free(nullptr, 1 << 20);
    char *s = mem_strdup("twelve bytes");
    EXPECT_STREQ(s, "twelve bytes");
    EXPECT_EQ(used.now(), 16);
    mem_strfree(s);
    mem_strfree(nullptr);
    EXPECT_EQ(used.now(), 0);
}

TEST(Mem, ImpossibleSizesAreRefused)
{
    const Used used;
    const volatile size_t impossible = SIZE_MAX;
    EXPECT_EQ(mem_try_alloc(impossible), nullptr);
    EXPECT_EQ(mem_try_alloc(impossible / 2 + 1), nullptr);
    char *p = (char *)mem_alloc(100);
    memset(p, 7, 100);
    EXPECT_EQ(mem_try_realloc(p, 100, impossible), nullptr);
    EXPECT_EQ(p[99], 7) << "a refused block stays as it is";
    mem_free(p, 100);
    EXPECT_EQ(used.now(), 0);
}

TEST(MemDeathTest, OutOfMemoryAborts)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const volatile size_t impossible = SIZE_MAX;
    EXPECT_DEATH(mem_alloc(impossible), "out of memory");
    EXPECT_DEATH(mem_calloc(impossible), "out of memory");
    EXPECT_DEATH(mem_realloc(nullptr, 0, impossible), "out of memory");
    EXPECT_DEATH(mem_alloc_aligned(8192, 8192), "assertion failed");
    EXPECT_DEATH(mem_alloc_aligned(96, 64), "assertion failed");
#ifdef __SANITIZE_ADDRESS__
    EXPECT_DEATH(mem_free(mem_alloc(100), 10), "assertion failed");
#endif
}

TEST(Mem, AlignedBlocksAreFreedAsAny)
{
    const Used used;
    for (size_t alignment = 8; alignment <= 4096; alignment *= 2)
        for (size_t n = 1; n <= 9; n++) {
            void *p = mem_alloc_aligned(alignment * n, alignment);
            EXPECT_EQ((uintptr_t)p % alignment, 0u);
            memset(p, 1, alignment * n);
            EXPECT_EQ(used.now(), (int64_t)mem_class(alignment * n));
            mem_free(p, alignment * n);
        }
    void *huge = mem_alloc_aligned(2 << 20, 2 << 20);
    EXPECT_EQ((uintptr_t)huge % (2 << 20), 0u);
    mem_free(huge, 2 << 20);
    EXPECT_EQ(used.now(), 0);
}

TEST(Mem, CallocIsZeroAfterDirtyBlocks)
{
    for (const size_t size : {1, 40, 500, 5000, 100000}) {
        void *dirty = mem_alloc(size);
        memset(dirty, 0xff, size);
        mem_free(dirty, size);
        char *p = (char *)mem_calloc(size);
        EXPECT_EQ(std::string(p, size), std::string(size, '\0'));
        mem_free(p, size);
    }
}

// Blocks keep their bytes and the count stays right through any mix of calls.
TEST(Mem, RandomCallsAgainstAModel)
{
    const uint64_t seed = test_seed();
    std::mt19937 random(seed);
    const auto size_of = [&] { return (size_t)(random() >> (12 + random() % 20)) % 50000; };
    const Used used;
    std::vector<std::pair<Block, char>> live;
    int64_t want = 0;
    for (int i = 0; i < 20000; i++) {
        const unsigned what = random() % 3;
        if (what == 0 || live.empty()) {
            const size_t size = size_of();
            const char fill = (char)random();
            live.push_back({{(char *)memset(mem_alloc(size), fill, size), size}, fill});
            want += (int64_t)mem_class(size);
        } else {
            const size_t at = random() % live.size();
            auto &[b, fill] = live[at];
            const size_t size = what == 1 ? size_of() : 0, kept = std::min(size, b.size);
            want += (int64_t)mem_class(size) - (int64_t)mem_class(b.size);
            b.p = (char *)mem_realloc(b.p, b.size, size);
            ASSERT_EQ(std::string(b.p, kept), std::string(kept, fill));
            memset(b.p, fill, size);
            b.size = size;
            if (what == 2) {
                mem_free(b.p, 0);
                want -= 8;
                live[at] = live.back();
                live.pop_back();
            }
        }
        ASSERT_EQ(used.now(), want);
    }
    for (auto &[b, fill] : live)
        mem_free(b.p, b.size);
    EXPECT_EQ(used.now(), 0);
}

TEST(Mem, ThreadsLeaveTheirSums)
{
    const Used used;
    std::vector<Block> blocks(64);
    for (size_t i = 0; i < blocks.size(); i++)
        std::thread([&, i] { blocks[i] = {(char *)mem_alloc(100 + i), 100 + i}; }).join();
    int64_t want = 0;
    for (const Block &b : blocks)
        want += (int64_t)mem_class(b.size);
    EXPECT_EQ(used.now(), want);
    // Freed by others: these threads' own sums fall below zero.
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 8; t++)
        threads.emplace_back([&, t] {
            for (size_t i = t; i < blocks.size(); i += 8)
                mem_free(blocks[i].p, blocks[i].size);
        });
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(used.now(), 0);
}

TEST(Mem, ManyThreadsAtOnce)
{
    const Used used;
    std::vector<std::thread> threads;
    const uint64_t seed = test_seed();
    for (unsigned t = 0; t < 8; t++)
        threads.emplace_back([seed, t] {
            std::mt19937 random(seed + t);
            std::vector<Block> live;
            for (int i = 0; i < 20000; i++) {
                const size_t size = random() % 300;
                live.push_back({(char *)mem_alloc(size), size});
                if (i % 3) {
                    std::swap(live[random() % live.size()], live.back());
                    mem_free(live.back().p, live.back().size);
                    live.pop_back();
                }
            }
            for (const Block &b : live)
                mem_free(b.p, b.size);
        });
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(used.now(), 0);
}

// A destructor that runs after the counter's own still counts.
TEST(Mem, DestructorsOfThreadsCount)
{
    const Used used;
    mem_free(mem_alloc(1), 1); // so that the counter's key is the older one
    pthread_key_t key;
    ASSERT_EQ(pthread_key_create(&key, [](void *p) { mem_free(p, 1000); }), 0);
    for (int i = 0; i < 8; i++)
        std::thread([&] { pthread_setspecific(key, mem_alloc(1000)); }).join();
    pthread_key_delete(key);
    EXPECT_EQ(used.now(), 0);
}

TEST(Mem, TheAllocatorsOwnFigures)
{
    const std::string name = mem_allocator_name();
    mem_stats stats;
    void *p = mem_alloc(1 << 20);
    mem_stats_get(&stats);
    if (nallocx) {
        EXPECT_EQ(name.rfind("jemalloc-", 0), 0u) << name;
        EXPECT_GE(stats.allocated, (size_t)1 << 20);
        EXPECT_GE(stats.active, stats.allocated);
        EXPECT_GT(stats.resident, 0u);
    } else {
        EXPECT_EQ(name, "libc");
        EXPECT_EQ(stats.allocated, 0u);
    }
    mem_free(p, 1 << 20);
    mem_purge();
}

} // namespace
