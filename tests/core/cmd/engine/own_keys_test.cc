/*
 * own_keys_test.cc — names that are remembered, against a set of them.
 */
#include "core/cmd/engine/own_keys.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>
#include <string>

namespace
{

using Name = std::pair<uint32_t, std::string>;

uint64_t hash_of(const Name &n)
{
    return std::hash<std::string>()(n.second) % 97; /* many meet in one bucket */
}

bytes text_of(const Name &n)
{
    return bytes_of(n.second.data(), n.second.size());
}

std::multiset<Name> take(own_keys *o, int times)
{
    std::multiset<Name> all;
    buf some = {};
    for (int i = 0; i < times; i++) {
        own_keys_take(o, &some);
        for (size_t at = 0; at < some.size;) {
            own_key_head h;
            memcpy(&h, some.data + at, sizeof h);
            at += sizeof h;
            all.emplace(h.db, std::string(some.data + at, h.size));
            at += h.size;
        }
    }
    buf_release(&some);
    return all;
}

TEST(OwnKeys, AreThoseThatWereNoted)
{
    std::mt19937_64 random(test_seed());
    own_keys o = {};
    std::set<Name> model;
    for (int i = 0; i < 20000; i++) {
        const Name n(random() % 3, std::to_string(random() % 500));
        if (random() % 2) {
            own_keys_note(&o, n.first, hash_of(n), text_of(n));
            model.insert(n);
        } else {
            own_keys_forget(&o, n.first, hash_of(n), text_of(n));
            model.erase(n);
        }
        ASSERT_EQ(own_keys_count(&o), model.size());
        if (random() % 5000 == 0) {
            own_keys_clear(&o);
            model.clear();
        }
    }
    const std::multiset<Name> once = take(&o, static_cast<int>(o.capacity / 64));
    EXPECT_EQ(std::set<Name>(once.begin(), once.end()), model);
    EXPECT_EQ(once.size(), model.size()) << "each one once a round";
    own_keys_clear(&o);
    EXPECT_EQ(own_keys_count(&o), 0u);
    EXPECT_TRUE(take(&o, 1).empty());
}

} // namespace
