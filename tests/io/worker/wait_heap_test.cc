#include "io/worker/wait_heap.h"

#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace
{

// The earliest is in front, whoever comes and goes; places know where they are.
TEST(WaitHeap, TheEarliestIsInFront)
{
    std::mt19937_64 dice(test_seed());
    wait_heap h{};
    std::vector<wait_place> places(500);
    std::multiset<int64_t> model;
    for (int step = 0; step < 20000; step++) {
        wait_place *p = &places[dice() % places.size()];
        if (!wait_place_waits(p)) {
            p->deadline_ms = static_cast<int64_t>(dice() % 1000);
            wait_heap_add(&h, p);
            model.insert(p->deadline_ms);
        } else {
            wait_heap_remove(&h, p);
            model.erase(model.find(p->deadline_ms));
        }
        ASSERT_EQ(h.count, model.size());
        const wait_place *first = wait_heap_first(&h);
        ASSERT_EQ(first == nullptr, model.empty());
        if (first) {
            ASSERT_EQ(first->deadline_ms, *model.begin());
        }
        if (step % 100 == 0)
            for (uint32_t i = 0; i < h.count; i++) {
                ASSERT_EQ(h.places[i]->index, i + 1);
                ASSERT_LE(h.places[(i + 1) / 2 - (i > 0)]->deadline_ms, h.places[i]->deadline_ms);
            }
    }
    while (wait_place *first = wait_heap_first(&h)) {
        ASSERT_EQ(first->deadline_ms, *model.begin());
        model.erase(model.begin());
        wait_heap_remove(&h, first);
        ASSERT_FALSE(wait_place_waits(first));
    }
    wait_heap_release(&h);
}

} // namespace
