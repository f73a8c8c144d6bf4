#include "io/worker/id_table.h"

#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

namespace
{

// Every id is found as long as it is in the table, however it grows.
TEST(IdTable, FindsWhatAMapFinds)
{
    std::mt19937_64 dice(test_seed());
    id_table t{};
    std::map<uint64_t, std::unique_ptr<id_node>> model;
    for (int step = 0; step < 20000; step++) {
        const uint64_t id = dice() % 3000 * (step % 2 ? 1 : 60) + 1;
        const auto it = model.find(id);
        if (it == model.end()) {
            auto node = std::make_unique<id_node>();
            id_table_add(&t, node.get(), id);
            model.emplace(id, std::move(node));
        } else if (dice() % 2) {
            id_table_remove(&t, it->second.get());
            model.erase(it);
        }
        const uint64_t other = dice() % 3000 + 1;
        const auto want = model.find(other);
        ASSERT_EQ(id_table_find(&t, other), want == model.end() ? nullptr : want->second.get());
        ASSERT_EQ(t.count, model.size());
    }
    for (const auto &[id, node] : model)
        ASSERT_EQ(id_table_find(&t, id), node.get());
    id_table_release(&t);
    EXPECT_EQ(id_table_find(&t, 1), nullptr);
}

} // namespace
