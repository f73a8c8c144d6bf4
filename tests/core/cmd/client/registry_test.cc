// The registry against a std::map, and under threads.
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/engine/session_end.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace
{

bool collect(void *ctx, struct session *s)
{
    static_cast<std::multiset<uint64_t> *>(ctx)->insert(s->id);
    return true;
}

bool note(void *ctx, struct session *s)
{
    *static_cast<struct session **>(ctx) = s;
    return true;
}

TEST(Registry, AgreesWithAMapWhateverComesAndGoes)
{
    const uint64_t seed = 42;
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    rng r;
    rng_seed(&r, seed);
    registry *reg = registry_new(1, nullptr, nullptr);
    std::map<uint64_t, std::unique_ptr<struct session>> model;
    uint64_t next = 1;
    for (int step = 0; step < 3000; step++) {
        if (model.empty() || rng_below(&r, 5) < 3) {
            auto s = std::make_unique<struct session>();
            session_init(s.get(), next);
            registry_add(reg, s.get());
            model[next++] = std::move(s);
        } else {
            auto it = model.lower_bound(rng_below(&r, next));
            if (it == model.end())
                it = model.begin();
            registry_remove(reg, it->second.get());
            session_release(it->second.get());
            model.erase(it);
        }
        ASSERT_EQ(registry_count(reg), model.size());
        const uint64_t id = rng_below(&r, next + 1);
        struct session *found = nullptr;
        ASSERT_EQ(registry_find(reg, id, note, &found), model.count(id) == 1);
        ASSERT_EQ(found, model.count(id) ? model[id].get() : nullptr);
        if (step % 100 == 0) {
            std::multiset<uint64_t> ids;
            registry_each(reg, collect, &ids);
            ASSERT_EQ(ids.size(), model.size());
            for (const auto &[key, s] : model)
                ASSERT_EQ(ids.count(key), 1u);
        }
    }
    for (auto &[id, s] : model) {
        registry_remove(reg, s.get());
        session_release(s.get());
    }
    registry_free(reg);
}

struct Wakes {
    std::vector<uint32_t> workers;
    static void wake(void *ctx, uint32_t worker)
    {
        static_cast<Wakes *>(ctx)->workers.push_back(worker);
    }
};

TEST(Registry, KillWakesTheOwnerOnce)
{
    Wakes w;
    registry *reg = registry_new(4, Wakes::wake, &w);
    struct session s;
    session_init(&s, 7);
    session_set_worker(&s, 3);
    registry_add(reg, &s);
    registry_kill(reg, &s);
    registry_kill(reg, &s);
    EXPECT_EQ(s.kill, 1u);
    EXPECT_EQ(w.workers, std::vector<uint32_t>{3});

    EXPECT_FALSE(registry_unblock(reg, &s, UNBLOCK_ERROR)); // it waits for nothing
    session_set(&s, SESSION_BLOCKED, true);
    EXPECT_TRUE(registry_unblock(reg, &s, UNBLOCK_ERROR));
    EXPECT_FALSE(registry_unblock(reg, &s, UNBLOCK_TIMEOUT)); // the first one stands
    EXPECT_EQ(s.client->unblock, static_cast<uint32_t>(UNBLOCK_ERROR));
    EXPECT_EQ(w.workers, (std::vector<uint32_t>{3, 3}));

    w.workers.clear(); // an answer is on its way: only a change of role is heard
    s.client->unblock = UNBLOCK_BY_ANSWER;
    EXPECT_FALSE(registry_unblock(reg, &s, UNBLOCK_ERROR));
    EXPECT_FALSE(registry_unblock(reg, &s, UNBLOCK_TIMEOUT));
    EXPECT_TRUE(w.workers.empty());
    EXPECT_TRUE(registry_unblock(reg, &s, UNBLOCK_ROLE));
    EXPECT_EQ(s.client->unblock, static_cast<uint32_t>(UNBLOCK_ROLE));

    w.workers.clear();
    registry_wake_all(reg);
    EXPECT_EQ(w.workers, (std::vector<uint32_t>{0, 1, 2, 3}));
    registry_remove(reg, &s);
    session_release(&s);
    registry_free(reg);
}

bool read_name(void *ctx, struct session *s)
{
    if (s->registry.name)
        *static_cast<size_t *>(ctx) += strlen(s->registry.name);
    return true;
}

// Owners come, rename themselves and go, while others read every name.
TEST(Registry, NamesMayBeReadWhileTheyChange)
{
    registry *reg = registry_new(4, nullptr, nullptr);
    uint32_t stop = 0;
    std::vector<std::thread> owners;
    for (uint64_t t = 0; t < 2; t++)
        owners.emplace_back([&, t] {
            for (uint64_t round = 0; round < 2000; round++) {
                struct session s;
                session_init(&s, 1 + t + 2 * round);
                registry_add(reg, &s);
                for (const char *name : {"a", "a much longer name than that", ""})
                    registry_set_text(reg, &s, &s.registry.name, bytes_cstr(name));
                registry_set_text(reg, &s, &s.registry.name, bytes_cstr("last"));
                registry_remove(reg, &s);
                session_release(&s);
            }
        });
    size_t total = 0;
    std::thread reader([&] {
        while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
            registry_each(reg, read_name, &total);
    });
    for (std::thread &t : owners)
        t.join();
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    reader.join();
    EXPECT_EQ(registry_count(reg), 0u);
    registry_free(reg);
}

} // namespace
