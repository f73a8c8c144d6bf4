// Who hears a channel: counts, masks, and what was published before or behind a subscription.
#include "core/store/channels.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/gate.h"
#include "core/store/patterns.h"
#include "core/store/reclaim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace
{

bytes b(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

struct Channels {
    channels *c = channels_new();
    ~Channels()
    {
        channels_free(c);
    }

    // The workers that a message of this name would be pushed to, and its sequence.
    std::pair<uint64_t, uint64_t> publish(const std::string &name)
    {
        message *m = message_new(MESSAGE_PLAIN, b(name), b("payload"));
        stripe_set set;
        stripe_set_clear(&set);
        stripe_set_add(&set, m);
        channels_lock(c, &set);
        const uint64_t workers = channels_publish(c, m);
        channels_unlock(c, &set);
        const uint64_t sequence = m->sequence;
        message_drop(m);
        return {workers, sequence};
    }
};

TEST(Message, BodyIsTwoBulks)
{
    const std::string channel("c\0d", 3);
    message *m = message_new(MESSAGE_SHARD, b(channel), b(""));
    EXPECT_EQ(std::string(message_body(m).data, message_body(m).size),
              std::string("$3\r\nc\0d\r\n$0\r\n\r\n", 15));
    EXPECT_EQ(std::string(message_channel(m).data, message_channel(m).size), channel);
    EXPECT_EQ(m->kind, MESSAGE_SHARD);
    EXPECT_EQ(m->hash, hash_bytes(b(channel)));
    const size_t used = mem_used();
    message_hold(m, 2);
    message_drop(m);
    message_drop(m);
    EXPECT_EQ(mem_used(), used);
    message_drop(m);
    EXPECT_LT(mem_used(), used);
}

// Random subscriptions of four workers, against a model that counts them.
TEST(Channels, CountsAndMasksAreThoseOfAModel)
{
    Channels all;
    std::mt19937_64 rng(11);
    std::map<std::string, std::map<uint32_t, int>> model;
    for (int step = 0; step < 20000; step++) {
        const std::string name = "ch" + std::to_string(rng() % 500);
        const uint32_t worker = rng() % 4;
        int &n = model[name][worker];
        if (rng() % 2) {
            channels_subscribe(all.c, MESSAGE_PLAIN, b(name), worker, n == 0);
            n++;
        } else if (n > 0) {
            channels_unsubscribe(all.c, MESSAGE_PLAIN, b(name), worker, n == 1);
            n--;
        }
        uint64_t mask = 0, count = 0;
        for (auto &[w, k] : model[name]) {
            mask |= k > 0 ? UINT64_C(1) << w : 0;
            count += static_cast<uint64_t>(k);
        }
        EXPECT_EQ(all.publish(name).first, mask);
        EXPECT_EQ(channels_count(all.c, MESSAGE_PLAIN, b(name)), count);
        EXPECT_EQ(channels_count(all.c, MESSAGE_SHARD, b(name)), 0u); // a name of its own
    }
    uint64_t distinct = 0;
    for (auto &[name, workers] : model) {
        bool any = false;
        for (auto &[w, n] : workers)
            any |= n > 0;
        distinct += any;
    }
    EXPECT_EQ(channels_distinct(all.c, MESSAGE_PLAIN), distinct);
    uint64_t visited = 0;
    channels_each(
        all.c, MESSAGE_PLAIN,
        [](void *ctx, bytes, uint64_t subscribers) {
            EXPECT_GT(subscribers, 0u);
            ++*static_cast<uint64_t *>(ctx);
        },
        &visited);
    EXPECT_EQ(visited, distinct);
    for (auto &[name, workers] : model)
        for (auto &[w, n] : workers)
            for (; n > 0; n--)
                channels_unsubscribe(all.c, MESSAGE_PLAIN, b(name), w, n == 1);
    EXPECT_FALSE(channels_any(all.c, MESSAGE_PLAIN));
}

TEST(Channels, ASubscriptionBeginsBehindWhatWasPublished)
{
    Channels all;
    const uint64_t before = all.publish("c").second;
    const uint64_t since = channels_subscribe(all.c, MESSAGE_PLAIN, b("c"), 3, true);
    EXPECT_GE(since, before);
    const auto [workers, sequence] = all.publish("c");
    EXPECT_EQ(workers, UINT64_C(1) << 3);
    EXPECT_GT(sequence, since);
    channels_unsubscribe(all.c, MESSAGE_PLAIN, b("c"), 3, true);
}

// Units of two channels each, in opposite orders, from many threads: no deadlock, one order.
TEST(Channels, ConcurrentUnitsHaveOneOrderAChannel)
{
    Channels all;
    for (const char *name : {"x", "y"})
        channels_subscribe(all.c, MESSAGE_PLAIN, b(name), 0, true);
    std::vector<uint64_t> seen[2]; // under the stripes' locks
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 2000; i++) {
                const char *names[2] = {t % 2 ? "x" : "y", t % 2 ? "y" : "x"};
                message *m[2];
                stripe_set set;
                stripe_set_clear(&set);
                for (int k = 0; k < 2; k++) {
                    m[k] = message_new(MESSAGE_PLAIN, b(names[k]), b("p"));
                    stripe_set_add(&set, m[k]);
                }
                channels_lock(all.c, &set);
                for (auto &one : m) {
                    channels_publish(all.c, one);
                    seen[*message_channel(one).data == 'y'].push_back(one->sequence);
                }
                channels_unlock(all.c, &set);
                for (auto &one : m)
                    message_drop(one);
            }
        });
    for (auto &t : threads)
        t.join();
    for (auto &v : seen) {
        ASSERT_EQ(v.size(), 8000u);
        EXPECT_TRUE(std::is_sorted(v.begin(), v.end()));
    }
    for (const char *name : {"x", "y"})
        channels_unsubscribe(all.c, MESSAGE_PLAIN, b(name), 0, true);
}

TEST(Patterns, MatchIsThatOfAModel)
{
    patterns *p = patterns_new();
    std::mt19937_64 rng(5);
    std::map<std::string, std::map<uint32_t, int>> model;
    uint64_t version = 0;
    for (int step = 0; step < 5000; step++) {
        const std::string name = "p" + std::to_string(rng() % 60) + "*";
        const uint32_t worker = rng() % 5;
        int &n = model[name][worker];
        if (rng() % 2) {
            const uint64_t since = patterns_subscribe(p, b(name), worker, n == 0);
            EXPECT_GT(since, version);
            n++;
        } else if (n > 0) {
            patterns_unsubscribe(p, b(name), worker, n == 1);
            n--;
        }
        const std::string channel = "p" + std::to_string(rng() % 60) + "x";
        pattern_match m;
        patterns_match(p, b(channel), &m);
        version = m.version;
        EXPECT_TRUE(patterns_unchanged(p, &m));
        uint64_t workers = 0, subscribers = 0, distinct = 0;
        for (auto &[text, who] : model) {
            int all = 0;
            for (auto &[w, k] : who) {
                all += k;
                if (k > 0 && bytes_match_glob(b(text), b(channel), false)) {
                    workers |= UINT64_C(1) << w;
                    subscribers += static_cast<uint64_t>(k);
                }
            }
            distinct += all > 0;
        }
        EXPECT_EQ(m.workers, workers);
        EXPECT_EQ(m.subscribers, subscribers);
        EXPECT_EQ(patterns_distinct(p), distinct);
    }
    for (auto &[name, who] : model)
        for (auto &[w, n] : who)
            for (; n > 0; n--)
                patterns_unsubscribe(p, b(name), w, n == 1);
    patterns_free(p);
}

// "fixed" stays subscribed while others come and go: no match that stands misses it or counts it
// twice.
TEST(Patterns, ConcurrentMatchesSeeAWholeList)
{
    gate g;
    gate_init(&g);
    patterns *p = patterns_new();
    patterns_subscribe(p, b("fixed*"), 7, true);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> stood{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; t++)
        threads.emplace_back([&] {
            const int slot = gate_join(&g);
            while (!stop.load()) {
                gate_enter(&g, slot);
                pattern_match m;
                patterns_match(p, b("fixed1"), &m);
                EXPECT_EQ(m.version % 2, 0u);
                EXPECT_EQ(m.subscribers, 1u);
                EXPECT_EQ(m.workers, UINT64_C(1) << 7);
                gate_leave(&g, slot);
                stood++;
            }
            gate_part(&g, slot);
        });
    std::mt19937_64 rng(3);
    for (int i = 0; i < 4000 || stood < 100; i++) {
        std::vector<std::string> names;
        for (uint64_t n = rng() % 40; n > 0; n--)
            names.push_back("other" + std::to_string(n));
        for (auto &name : names)
            patterns_subscribe(p, b(name), 1, true);
        for (auto &name : names)
            patterns_unsubscribe(p, b(name), 1, true);
    }
    stop = true;
    for (auto &t : threads)
        t.join();
    patterns_unsubscribe(p, b("fixed*"), 7, true);
    patterns_free(p);
    reclaim_flush();
}

} // namespace
