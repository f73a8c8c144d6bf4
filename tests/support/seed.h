/*
 * seed.h — the seed of everything random in a test program.
 *
 * A run has one seed: that of LATCHKEY_TEST_SEED, or a fresh one.  Each test that asks for it says
 * so in its output before it makes a choice, so that a run that failed, crashed or hung can be had
 * again:
 *
 *     [   SEED   ] LATCHKEY_TEST_SEED=1234567890
 *     LATCHKEY_TEST_SEED=1234567890 build/debug/ds-tests --gtest_filter=Tree.RandomOperations
 *
 * A test that draws from more than one source adds a number of its own to each.
 *
 * Threads  any
 */
#ifndef LK_TEST_SEED_H
#define LK_TEST_SEED_H

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <mutex>
#include <optional>
#include <random>

/* The seed that whoever started the program asked for. */
inline std::optional<uint64_t> given_seed()
{
    const char *text = std::getenv("LATCHKEY_TEST_SEED");
    if (!text || !*text)
        return std::nullopt;
    char *end = nullptr;
    const uint64_t seed = std::strtoull(text, &end, 10);
    if (*end) {
        std::fprintf(stderr, "LATCHKEY_TEST_SEED is no number: %s\n", text);
        std::exit(2);
    }
    return seed;
}

/* The seed of this run.  Says so once a test. */
inline uint64_t test_seed()
{
    static const uint64_t seed = given_seed().value_or(std::random_device{}());
    static std::mutex mutex;
    static const testing::TestInfo *last;
    const testing::TestInfo *test = testing::UnitTest::GetInstance()->current_test_info();
    const std::lock_guard<std::mutex> lock(mutex);
    if (test != last) {
        std::printf("[   SEED   ] LATCHKEY_TEST_SEED=%" PRIu64 "\n", seed);
        std::fflush(stdout);
        last = test;
    }
    return seed;
}

#endif
