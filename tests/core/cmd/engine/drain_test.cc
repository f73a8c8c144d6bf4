/*
 * drain_test.cc — keys of a slot that is another node's are deleted, and nobody else's.
 */
#include "tests/core/cmd/engine/dispatch_fixture.h"

#include "core/cmd/engine/dispatch_drain.h"
#include "core/peer/slot_map.h"

namespace lk
{
namespace
{

class Drain : public ::testing::Test
{
  protected:
    Drain()
    {
        map_ = slot_map_new(2);
        map_->self = 1;
        for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
            map_->owner[slot] = 1;
        server.engine.cluster.slots = map_;
        server.engine.cluster.good_until_ns = INT64_MAX;
        helper_ = dispatcher_new(&server.engine, SHARD_HELPER);
        for (int i = 0; i < 100; i++)
            client.run("SET {foo}" + std::to_string(i) + " v");
        client.run("SET bar v");
        server.effects();
    }
    ~Drain() override
    {
        dispatcher_free(helper_);
        server.engine.cluster.slots = nullptr;
        slot_map_free(map_);
    }

    void leave()
    {
        server.ks->shards[12182].slot = SLOT_FOREIGN;
        map_->owner[12182] = 2;
    }
    drained some(uint32_t most)
    {
        dispatch_enter(helper_);
        const drained how = dispatch_drain(helper_, 12182, most, &count_);
        dispatch_leave(helper_);
        return how;
    }

    Server server{{.slotted = true}};
    Client client{server};
    slot_map *map_;
    dispatcher *helper_;
    uint32_t count_ = 0;
};

TEST_F(Drain, GoesInTurnsAndIsLogged)
{
    leave();
    EXPECT_EQ(some(30), DRAINED_SOME);
    EXPECT_EQ(count_, 30u);
    EXPECT_EQ(server.ks->shards[12182].first.count, 70u);
    EXPECT_EQ(some(70), DRAINED);
    EXPECT_EQ(some(70), DRAINED);
    EXPECT_EQ(count_, 0u);
    const std::string log = server.effects();
    EXPECT_EQ(std::count(log.begin(), log.end(), 'D'), 100) << log;
    EXPECT_EQ(client.run("GET bar"), "$1 v");
}

TEST_F(Drain, StopsWhereTheSlotIsServedOrCopied)
{
    EXPECT_EQ(some(10), DRAINED);
    EXPECT_EQ(count_, 0u);
    leave();
    engine_set_replica(&server.engine, true);
    EXPECT_EQ(some(10), DRAINED) << "its master says what goes";
    EXPECT_EQ(count_, 0u);
    engine_set_replica(&server.engine, false);
    EXPECT_EQ(server.ks->shards[12182].first.count, 100u);
}

TEST_F(Drain, WaitsForTheShard)
{
    leave();
    uint32_t *lock = &server.ks->shards[12182].lock; /* as if another thread had it */
    __atomic_store_n(lock, 1, __ATOMIC_SEQ_CST);
    EXPECT_EQ(some(10), DRAINED_LATER);
    __atomic_store_n(lock, 0, __ATOMIC_SEQ_CST);
    EXPECT_EQ(some(1000), DRAINED);
}

} // namespace
} // namespace lk
