// Names with nodes of the caller's, against std::map.
#include "core/ds/name_map.h"

#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

namespace
{

struct Node {
    name_node node{};
    std::string name;
};

struct Map {
    name_map map{};
    std::map<std::string, std::unique_ptr<Node>> model;

    ~Map()
    {
        name_map_release(&map);
    }

    static bytes name_of(const std::string &s)
    {
        return bytes_of(s.data(), s.size());
    }

    name_node *find(const std::string &s)
    {
        return name_map_find(&map, name_of(s), hash_bytes(name_of(s)));
    }

    void add(const std::string &s)
    {
        auto n = std::make_unique<Node>();
        n->name = s;
        n->node.name = name_of(n->name);
        n->node.hash = hash_bytes(n->node.name);
        name_map_add(&map, &n->node);
        model[s] = std::move(n);
    }

    void remove(const std::string &s)
    {
        name_map_remove(&map, &model[s]->node);
        model.erase(s);
    }

    void expect_equal()
    {
        ASSERT_EQ(map.count, model.size());
        std::set<std::string> seen;
        name_cursor c;
        for (name_node *n = name_map_first(&map, &c); n; n = name_map_next(&c))
            EXPECT_TRUE(seen.insert(std::string(n->name.data, n->name.size)).second);
        EXPECT_EQ(seen.size(), model.size());
        for (auto &[name, node] : model)
            EXPECT_EQ(find(name), &node->node) << name;
    }
};

TEST(NameMap, IsAModelOfAMap)
{
    std::mt19937_64 rng(7);
    Map m;
    for (int round = 0; round < 20; round++) {
        const bool grows = round % 2 == 0;
        for (int i = 0; i < 400; i++) {
            const std::string name = "n" + std::to_string(rng() % 900);
            const bool there = m.model.count(name) != 0;
            EXPECT_EQ(m.find(name) != nullptr, there);
            if (!there && (grows || rng() % 8 == 0))
                m.add(name);
            else if (there && (!grows || rng() % 8 == 0))
                m.remove(name);
        }
        if (round % 3 == 0)
            name_map_trim(&m.map);
        m.expect_equal();
    }
    while (!m.model.empty())
        m.remove(m.model.begin()->first);
    name_map_trim(&m.map);
    EXPECT_EQ(m.map.buckets, nullptr); // an empty map keeps nothing
}

TEST(NameMap, WalksWhileWhatItGaveIsRemoved)
{
    Map m;
    for (int i = 0; i < 300; i++)
        m.add(std::to_string(i));
    name_cursor c;
    size_t seen = 0;
    for (name_node *n = name_map_first(&m.map, &c); n; n = name_map_next(&c), seen++)
        m.remove(std::string(n->name.data, n->name.size));
    EXPECT_EQ(seen, 300u);
    EXPECT_EQ(m.map.count, 0u);
}

TEST(NameMap, NamesAreAnyBytes)
{
    Map m;
    const std::string empty, nul("a\0b", 3), shorter("a\0", 2);
    m.add(empty);
    m.add(nul);
    m.add(shorter);
    m.expect_equal();
    m.remove(nul);
    EXPECT_EQ(m.find(nul), nullptr);
    EXPECT_NE(m.find(shorter), nullptr);
    EXPECT_NE(m.find(empty), nullptr);
}

} // namespace
