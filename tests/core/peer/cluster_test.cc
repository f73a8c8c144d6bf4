/*
 * cluster_test.cc — clusters in one process: found, fail over, cut, crash, heal.
 */
#include "tests/support/cluster_world.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace
{

const char *env_or(const char *name, const char *fallback)
{
    const char *value = std::getenv(name);
    return value && *value ? value : fallback;
}

uint32_t owner_index(ClusterWorld &w, uint32_t seen_by, uint32_t slot)
{
    const cluster_node *n = w.at(seen_by)->owner[slot];
    for (uint32_t i = 0; n && i < w.size(); i++)
        if (w.alive(i) && std::string(w.at(i)->self->id) == n->id)
            return i;
    return UINT32_MAX;
}

TEST(Cluster, NodesMeetAndAgree)
{
    ClusterWorld w(test_seed(), 6);
    w.found(3);
    EXPECT_EQ(w.broken(), "");
    EXPECT_EQ(w.disagreement(), "");
    for (uint32_t i = 0; i < 6; i++) {
        EXPECT_EQ(w.at(i)->node_count, 6u);
        EXPECT_EQ(w.at(i)->size, 3u);
        EXPECT_EQ(cluster_is_master(w.at(i)->self), i < 3);
    }
}

TEST(Cluster, ReplicaWithTheMostDataTakesOver)
{
    /* Of one history: a rank is a head start, and with others the votes may go elsewhere. */
    ClusterWorld w(7, 7);
    w.found(3);
    w.set_offset(3, 100); /* 3 and 6 replicate 0 */
    w.set_offset(6, 200);
    w.run(3000);
    w.crash(0);
    w.run(12000);
    EXPECT_EQ(w.broken(), "");
    EXPECT_EQ(w.disagreement(), "");
    EXPECT_EQ(owner_index(w, 1, 0), 6u);
    EXPECT_EQ(w.at(3)->self->master ? std::string(w.at(3)->self->master->id) : "",
              w.at(6)->self->id);
    w.restart(0);
    w.run(15000);
    EXPECT_EQ(w.disagreement(), "");
    EXPECT_FALSE(cluster_is_master(w.at(0)->self)) << "the old master follows the new one";
}

/* A slot on the move goes on with whoever takes over at its other end. */
TEST(Cluster, MarksOfMovingSlotsFollowAFailover)
{
    ClusterWorld world(test_seed(), 6);
    world.found(3);
    const uint32_t slot = 0; /* node 0's; 3 and 4 replicate 0 and 1 */
    ASSERT_EQ(world.at(0)->owner[slot], world.at(0)->self);
    ASSERT_STREQ(world.at(4)->self->master->id, world.at(1)->self->id);
    world.at(0)->migrating[slot] = cluster_find(world.at(0), bytes_cstr(world.at(1)->self->id));
    world.at(1)->importing[slot] = cluster_find(world.at(1), bytes_cstr(world.at(0)->self->id));
    world.crash(1);
    world.run(30000);
    ASSERT_TRUE(cluster_is_master(world.at(4)->self));
    ASSERT_NE(world.at(0)->migrating[slot], nullptr);
    EXPECT_STREQ(world.at(0)->migrating[slot]->id, world.at(4)->self->id);
    world.at(4)->importing[slot] = cluster_find(world.at(4), bytes_cstr(world.at(0)->self->id));
    world.crash(0);
    world.run(30000);
    ASSERT_TRUE(cluster_is_master(world.at(3)->self));
    ASSERT_NE(world.at(4)->importing[slot], nullptr);
    EXPECT_STREQ(world.at(4)->importing[slot]->id, world.at(3)->self->id);
    EXPECT_STREQ(world.at(4)->owner[slot]->id, world.at(3)->self->id);
    EXPECT_EQ(world.broken(), "");
}

/* Whoever takes over, and whoever he takes over from, go on with the slots that are on the move. */
TEST(Cluster, MarksStayWithTheShardThroughAFailover)
{
    ClusterWorld world(test_seed(), 6);
    world.found(3);
    const uint32_t slot = 0; /* node 0's; 3 and 4 replicate 0 and 1 */
    const auto find = [&](uint32_t by, uint32_t node) {
        return cluster_find(world.at(by), bytes_cstr(world.at(node)->self->id));
    };
    for (const uint32_t node : {0u, 3u})
        world.at(node)->migrating[slot] = find(node, 1);
    for (const uint32_t node : {1u, 4u})
        world.at(node)->importing[slot] = find(node, 0);
    /* Both ask for votes of one epoch: one of them may get too few, and is told to try again. */
    for (int i = 0; i < 20; i++) {
        for (const uint32_t node : {3u, 4u})
            if (!cluster_is_master(world.at(node)->self))
                cluster_failover(world.at(node), FAILOVER_FORCE);
        world.run(20000);
    }
    ASSERT_TRUE(cluster_is_master(world.at(3)->self) && cluster_is_master(world.at(4)->self));
    EXPECT_FALSE(cluster_is_master(world.at(0)->self) || cluster_is_master(world.at(1)->self));
    for (const uint32_t node : {0u, 3u})
        EXPECT_EQ(world.at(node)->migrating[slot], find(node, 4)) << node;
    for (const uint32_t node : {1u, 4u})
        EXPECT_EQ(world.at(node)->importing[slot], find(node, 3)) << node;
    EXPECT_EQ(world.at(2)->owner[slot], find(2, 3));
    EXPECT_EQ(world.broken(), "");
}

/* The source is told first that the slot is the target's; nobody tells the target. */
TEST(Cluster, SlotThatItsSourceGivesUpIsTheTargets)
{
    ClusterWorld world(test_seed(), 6);
    world.found(3);
    const uint32_t slot = 0;
    const auto find = [&](uint32_t by, uint32_t node) {
        return cluster_find(world.at(by), bytes_cstr(world.at(node)->self->id));
    };
    for (const uint32_t node : {1u, 4u}) /* the target, and its replica */
        world.at(node)->importing[slot] = find(node, 0);
    cluster_add_slot(world.at(0), find(0, 1), slot);
    world.run(10000);
    for (uint32_t node = 0; node < 6; node++) {
        EXPECT_EQ(world.at(node)->owner[slot], find(node, 1)) << node;
        EXPECT_EQ(world.at(node)->importing[slot], nullptr) << node;
    }
    EXPECT_EQ(world.broken(), "");
}

/* A mark that was forgotten takes nothing from a third node, to which the slot goes. */
TEST(Cluster, SlotThatGoesToAThirdStaysHis)
{
    ClusterWorld world(test_seed(), 3);
    world.found(3);
    const uint32_t slot = 0;
    const auto find = [&](uint32_t by, uint32_t node) {
        return cluster_find(world.at(by), bytes_cstr(world.at(node)->self->id));
    };
    world.at(1)->importing[slot] = find(1, 0);
    cluster_add_slot(world.at(2), world.at(2)->self, slot);
    cluster_bump(world.at(2));
    cluster_tell_all(world.at(2));
    cluster_add_slot(world.at(0), find(0, 2), slot);
    world.run(10000);
    EXPECT_EQ(world.at(0)->owner[slot], find(0, 2));
    EXPECT_EQ(world.at(2)->owner[slot], world.at(2)->self);
    EXPECT_FALSE(slot_bit(world.at(1)->self->slots, slot));
    EXPECT_EQ(world.broken(), "");
}

/* A failover elsewhere has given the source a greater epoch than the target ever took. */
TEST(Cluster, SlotThatItsOwnerDoesNotClaimIsWhoeverClaimsIt)
{
    ClusterWorld world(test_seed(), 6);
    world.found(3);
    const uint32_t slot = 0;
    const auto find = [&](uint32_t by, uint32_t node) {
        return cluster_find(world.at(by), bytes_cstr(world.at(node)->self->id));
    };
    cluster_bump(world.at(0));
    cluster_tell_all(world.at(0));
    world.run(5000);
    ASSERT_GT(world.at(0)->self->config_epoch, world.at(1)->self->config_epoch);
    cluster_add_slot(world.at(1), world.at(1)->self, slot);
    cluster_tell_all(world.at(1));
    world.run(5000);
    EXPECT_EQ(world.at(1)->owner[slot], find(1, 0)) << "who claims it has the greater epoch";
    cluster_add_slot(world.at(1), world.at(1)->self, slot);
    cluster_add_slot(world.at(0), find(0, 1), slot);
    world.run(5000);
    if (world.at(1)->owner[slot] != world.at(1)->self) /* what was under way has taken it again */
        cluster_add_slot(world.at(1), world.at(1)->self, slot);
    world.run(10000);
    for (uint32_t node = 0; node < 6; node++)
        EXPECT_EQ(world.at(node)->owner[slot], find(node, 1)) << node;
    EXPECT_EQ(world.broken(), "");
}

/* A message of a channel says nothing of slots: it may come before the frame that does. */
TEST(Cluster, MessageOfTheThirdIsNoWordOfHisSlots)
{
    ClusterWorld world(test_seed(), 3);
    world.found(3);
    const uint32_t slot = 0;
    const auto find = [&](uint32_t by, uint32_t node) {
        return cluster_find(world.at(by), bytes_cstr(world.at(node)->self->id));
    };
    world.at(1)->importing[slot] = find(1, 0);
    world.at(1)->lost.type = FRAME_PONG;
    cluster_add_slot(world.at(2), world.at(2)->self, slot);
    cluster_bump(world.at(2));
    cluster_tell_all(world.at(2));
    cluster_add_slot(world.at(0), find(0, 2), slot);
    for (int i = 0; i < 200; i++) {
        cluster_publish(world.at(2), false, bytes_cstr("c"), bytes_cstr("m"));
        world.run(50);
        ASSERT_FALSE(slot_bit(world.at(1)->self->slots, slot)) << i;
    }
    EXPECT_EQ(world.at(0)->owner[slot], find(0, 2));
    EXPECT_EQ(world.broken(), "");
}

/* A master without slots has no vote, and so its word about others has no weight. */
TEST(Cluster, OnlyMastersWithSlotsMarkNodesAsFailed)
{
    ClusterWorld world(test_seed(), 5);
    world.found(1);
    /* Two more masters, who serve nothing. */
    for (uint32_t n : {3u, 4u})
        cluster_reset(world.at(n), false);
    world.run(100);
    for (uint32_t n : {3u, 4u})
        cluster_meet(world.at(n), bytes_cstr(world.at(0)->self->ip), world.at(0)->self->port,
                     world.at(0)->self->bus_port);
    world.run(20000);
    world.isolate(0, true);
    world.crash(1);
    world.run(15000);
    for (uint32_t n : {3u, 4u}) {
        const cluster_node *gone = nullptr;
        for (uint32_t i = 0; i < world.at(n)->node_count; i++)
            if (world.at(n)->nodes[i]->flags & NODE_REPLICA &&
                world.at(n)->nodes[i]->flags & (NODE_PFAIL | NODE_FAIL))
                gone = world.at(n)->nodes[i];
        ASSERT_NE(gone, nullptr);
        EXPECT_FALSE(gone->flags & NODE_FAIL);
    }
}

TEST(Cluster, MinoritySaysDownAndComesBack)
{
    ClusterWorld w(test_seed() + 2, 3);
    w.found(3);
    w.isolate(0, true);
    w.run(8000);
    EXPECT_TRUE(w.at(0)->down);
    EXPECT_TRUE(w.at(1)->down) << "a third of the slots is nobody's";
    w.isolate(0, false);
    w.run(20000);
    EXPECT_EQ(w.disagreement(), "");
}

TEST(Cluster, ManualFailoverWaitsForThePausedMastersOffset)
{
    ClusterWorld w(test_seed() + 3, 6);
    w.found(3);
    w.set_offset(0, 500);
    w.set_offset(3, 400);
    w.run(2000);
    EXPECT_EQ(cluster_failover(w.at(3), FAILOVER_PLAIN), nullptr);
    w.run(2000);
    EXPECT_FALSE(cluster_is_master(w.at(3)->self)) << "it does not have all yet";
    w.set_offset(3, 500);
    w.run(4000);
    EXPECT_TRUE(cluster_is_master(w.at(3)->self));
    EXPECT_EQ(w.disagreement(), "");
    EXPECT_EQ(w.broken(), "");
}

TEST(Cluster, EqualEpochsPart)
{
    ClusterWorld w(test_seed() + 4, 3);
    for (uint32_t i = 0; i < 3; i++)
        cluster_add_slot(w.at(i), w.at(i)->self, i); /* all of epoch 0 */
    w.found(3);
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t j = 0; j < i; j++)
            EXPECT_NE(w.at(i)->self->config_epoch, w.at(j)->self->config_epoch);
}

TEST(Cluster, ForgottenNodeIsNotHeardOfAgain)
{
    ClusterWorld w(test_seed() + 5, 4);
    w.found(3);
    const std::string id = w.at(3)->self->id;
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_EQ(cluster_forget(w.at(i), bytes_cstr(id.c_str())), nullptr);
    w.crash(3);
    w.run(10000);
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_EQ(cluster_find(w.at(i), bytes_cstr(id.c_str())), nullptr);
}

TEST(Cluster, FileOfTwoKindsOfServerIsReadAndWrittenBack)
{
    const std::string me(40, 'a'), other(40, 'b'), replica(40, 'c'), shard(40, 'd');
    const std::string text =
        me + " 10.0.0.1:7000@17000,,tls-port=0,shard-id=" + shard +
        " myself,master - 0 0 3 connected 0-5 7 [7->-" + other + "] [9-<-" + other + "]\n" + other +
        " ::1:7001@17001,host.example master,fail - 1 1700000000000 2 disconnected 8-10\n" +
        replica + " 10.0.0.3:7002@17002 slave " + me + " 0 0 3 connected\n" +
        "vars currentEpoch 6 lastVoteEpoch 5\n";
    ClusterWorld w(test_seed(), 1);
    uint32_t line;
    ASSERT_TRUE(cluster_load_text(w.at(0), bytes_of(text.data(), text.size()), &line)) << line;
    const cluster *c = w.at(0);
    EXPECT_EQ(c->self->id, me);
    EXPECT_EQ(c->self->slot_count, 7u);
    EXPECT_EQ(c->current_epoch, 6u);
    EXPECT_EQ(c->last_vote_epoch, 5u);
    ASSERT_NE(c->migrating[7], nullptr);
    EXPECT_EQ(c->migrating[7]->id, other);
    EXPECT_EQ(c->importing[9]->id, other);
    EXPECT_STREQ(c->importing[9]->ip, "::1");
    EXPECT_STREQ(c->importing[9]->hostname, "host.example");
    EXPECT_EQ(cluster_find(c, bytes_cstr(replica.c_str()))->master, c->self);
    buf out = {};
    cluster_save_text(c, &out);
    const std::string saved(out.data, out.size);
    buf_release(&out);
    EXPECT_NE(saved.find("0-5 7 [7->-" + other + "] [9-<-" + other + "]"), std::string::npos);
    EXPECT_NE(saved.find(",shard-id=" + shard), std::string::npos);
    EXPECT_NE(saved.find("vars currentEpoch 6 lastVoteEpoch 5"), std::string::npos);
}

/* Addresses for clients go to all nodes and into their files; what is no address is passed over. */
TEST(Cluster, AddressesForClientsAreKnownToAll)
{
    ClusterWorld world(test_seed(), 3);
    world.found(3);
    const auto announce = [&](const char *v4, const char *v6) {
        cluster_options o = world.at(0)->options;
        std::snprintf(o.client_ip[CLIENT_IPV4], NODE_IP_CHARS, "%s", v4);
        std::snprintf(o.client_ip[CLIENT_IPV6], NODE_IP_CHARS, "%s", v6);
        cluster_set_options(world.at(0), &o);
        world.run(5000);
    };
    const auto told = [&](client_family family) -> std::string {
        return cluster_client_ip(cluster_find(world.at(1), bytes_cstr(world.at(0)->self->id)),
                                 family);
    };
    announce("192.0.2.7", "2001:db8::7");
    EXPECT_EQ(told(CLIENT_IPV4), "192.0.2.7");
    EXPECT_EQ(told(CLIENT_IPV6), "2001:db8::7");
    world.crash(1);
    world.restart(1);
    EXPECT_EQ(told(CLIENT_IPV4), "192.0.2.7") << "the file has it";
    announce("2001:db8::7", "a secret of forty characters");
    EXPECT_EQ(told(CLIENT_IPV4), "192.0.2.7");
    EXPECT_EQ(told(CLIENT_IPV6), "2001:db8::7");
    announce("", "2001:db8::8");
    EXPECT_EQ(told(CLIENT_IPV4), "10.0.0.1");
    EXPECT_EQ(told(CLIENT_IPV6), "2001:db8::8");
    slot_map *map = cluster_map(world.at(1));
    buf line = {};
    slot_map_redirect(map, "MOVED", 0, map->owner[0], {false, false}, &line);
    buf_append_cstr(&line, " ");
    slot_map_redirect(map, "MOVED", 0, map->owner[0], {false, true}, &line);
    EXPECT_EQ(std::string(line.data, line.size), "MOVED 0 10.0.0.1:7000 MOVED 0 2001:db8::8:7000");
    buf_release(&line);
    slot_map_free(map);
}

TEST(Cluster, DamagedFilesAreRefused)
{
    ClusterWorld good(test_seed() + 6, 4);
    good.found(2);
    buf out = {};
    cluster_save_text(good.at(0), &out);
    const std::string text(out.data, out.size);
    buf_release(&out);
    std::mt19937_64 rng(test_seed());
    for (int i = 0; i < 300; i++) {
        std::string bad = text;
        for (uint64_t n = 1 + rng() % 3; n > 0; n--)
            bad[rng() % bad.size()] = static_cast<char>(rng());
        if (rng() % 4 == 0)
            bad.resize(rng() % bad.size());
        ClusterWorld w(i, 1);
        uint32_t line;
        cluster_load_text(w.at(0), bytes_of(bad.data(), bad.size()), &line); /* and no crash */
    }
    for (const std::string bad : {"x", "vars currentEpoch -1 lastVoteEpoch 0\n", "\n"}) {
        ClusterWorld w(1, 1);
        uint32_t line;
        EXPECT_FALSE(cluster_load_text(w.at(0), bytes_of(bad.data(), bad.size()), &line)) << bad;
    }
}

/* Everything at once, and then peace: nothing was broken meanwhile, and all agree in the end. */
/* What an operator does to move a slot, one step at a time, whoever hears of it or ends meanwhile.
 */
class Move
{
  public:
    explicit Move(ClusterWorld *w) : w_(w)
    {
    }
    void step()
    {
        switch (step_++) {
        case 0:
            begin();
            break;
        case 1:
            give(to_);
            break;
        case 2:
            if (accepted())
                give(from_);
            break;
        default:
            for (uint32_t i = 0; accepted() && i < w_->size(); i++)
                give(i);
            step_ = 0;
        }
    }

  private:
    bool serves(uint32_t node) const
    {
        return w_->alive(node) && cluster_is_master(w_->at(node)->self);
    }
    /* Did the target say OK?  Who ended before he had saved it did not. */
    bool accepted()
    {
        return serves(to_) && w_->at(to_)->owner[slot_] == w_->at(to_)->self;
    }
    cluster_node *find(uint32_t by, uint32_t node)
    {
        return cluster_find(w_->at(by), bytes_cstr(w_->at(node)->self->id));
    }
    void begin()
    {
        from_ = static_cast<uint32_t>(w_->rng()() % w_->size());
        to_ = static_cast<uint32_t>(w_->rng()() % w_->size());
        step_ = 0;
        if (from_ == to_ || !serves(from_) || !serves(to_) || !find(from_, to_) ||
            !find(to_, from_))
            return;
        std::vector<uint32_t> slots;
        for (uint32_t slot = 0; slot < HASH_SLOTS; slot += 64)
            if (w_->at(from_)->owner[slot] == w_->at(from_)->self &&
                w_->at(to_)->owner[slot] == find(to_, from_))
                slots.push_back(slot);
        if (slots.empty())
            return;
        slot_ = slots[w_->rng()() % slots.size()];
        w_->moves();
        mark(w_->at(to_)->importing, to_, from_);
        mark(w_->at(from_)->migrating, from_, to_);
        step_ = 1;
    }
    void mark(cluster_node **marks, uint32_t by, uint32_t node)
    {
        marks[slot_] = find(by, node);
        w_->at(by)->todo |= CLUSTER_SAVE | CLUSTER_MAP;
    }
    void give(uint32_t by)
    {
        if (!serves(by) || !w_->alive(to_))
            return;
        cluster_node *to = find(by, to_);
        if (!to || !cluster_is_master(to))
            return;
        cluster_move_slot(w_->at(by), to, slot_);
        w_->at(by)->todo |= CLUSTER_SAVE | CLUSTER_MAP;
    }

    ClusterWorld *w_;
    int step_ = 0;
    uint32_t from_ = 0, to_ = 0, slot_ = 0;
};

/*
 * A frame of the source that was under way may take a slot from the target after the source has
 * given it: both say that it is the other's.  An operator sees that nobody serves it, and gives it.
 */
void cover_slots(ClusterWorld *w)
{
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot += 64) {
        cluster *first = nullptr;
        bool served = false;
        for (uint32_t i = 0; i < w->size(); i++) {
            cluster *c = w->at(i);
            served = served || c->owner[slot] == c->self;
            if (!first && cluster_is_master(c->self))
                first = c;
        }
        if (served || !first)
            continue;
        cluster_add_slot(first, first->self, slot);
        cluster_bump(first);
        cluster_tell_all(first);
    }
}

/* Who has a slot does not import it, and who has not has no mark that it goes. */
std::string wrong_mark(ClusterWorld *w)
{
    for (uint32_t i = 0; i < w->size(); i++) {
        const cluster *c = w->at(i);
        for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
            if ((c->importing[slot] && c->owner[slot] == cluster_subject(c)) ||
                (c->migrating[slot] && c->owner[slot] != cluster_subject(c)))
                return "node " + std::to_string(i) + " has a mark of slot " + std::to_string(slot);
    }
    return "";
}

void storm(uint64_t seed, bool moving)
{
    ClusterWorld w(seed, 8);
    Move move(&w);
    w.found(4);
    ASSERT_EQ(w.broken(), "") << seed;
    w.faults.break_in_1000 = 5;
    w.faults.delay_ms = 200;
    w.faults.crash_in_1000 = 2;
    for (int step = 0; step < 12 && w.broken().empty(); step++) {
        const auto node = static_cast<uint32_t>(w.rng()() % w.size());
        const auto other = static_cast<uint32_t>(w.rng()() % w.size());
        switch (w.rng()() % 6) {
        case 0:
            w.crash(node);
            break;
        case 1:
            w.restart(node);
            break;
        case 2:
            w.isolate(node, true);
            break;
        case 3:
            w.isolate(node, false);
            break;
        case 4:
            w.cut(node, other, w.rng()() % 2);
            break;
        default:
            if (w.alive(node))
                cluster_failover(w.at(node), static_cast<failover_kind>(w.rng()() % 2));
            break;
        }
        for (int i = 0; i < 4; i++) {
            if (moving && w.rng()() % 3 != 0)
                move.step();
            w.run(static_cast<int64_t>(w.rng()() % 1000));
        }
    }
    w.faults = {};
    for (uint32_t i = 0; i < w.size(); i++) {
        w.restart(i);
        w.isolate(i, false);
    }
    w.run(60000);
    if (moving && w.broken().empty()) {
        cover_slots(&w);
        w.run(20000);
    }
    EXPECT_EQ(w.broken(), "") << "seed " << seed;
    EXPECT_EQ(w.disagreement(), "") << "seed " << seed;
    EXPECT_EQ(wrong_mark(&w), "") << "seed " << seed;
}

void storms(uint64_t first, bool moving)
{
    const int rounds = std::atoi(env_or("LATCHKEY_TEST_STORMS", "6"));
    for (int i = 0; i < rounds && !testing::Test::HasFailure(); i++)
        storm(first + static_cast<uint64_t>(i), moving);
}

TEST(Cluster, StormsBreakNoRule)
{
    storms(test_seed(), false);
}

TEST(Cluster, StormsWithSlotsOnTheMoveBreakNoRule)
{
    /* The same few, unless many are asked for. */
    storms(std::getenv("LATCHKEY_TEST_STORMS") ? test_seed() : 1, true);
}

} // namespace
