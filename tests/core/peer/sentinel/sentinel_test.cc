// A Sentinel's machine, alone and among others.
#include "tests/core/peer/sentinel/sentinel_world.h"
#include "tests/support/seed.h"

#include <algorithm>

namespace
{

using World = SentinelWorld;

std::unique_ptr<World> settled(uint64_t seed)
{
    auto w = std::make_unique<World>(seed);
    w->run_until(w->now + 15'000);
    for (auto &p : w->processes) {
        EXPECT_EQ(p->machine.masters->peer_count, 4u) << "each has found the others";
        EXPECT_EQ(p->machine.masters->replica_count, 2u);
    }
    return w;
}

TEST(Sentinel, AKilledMasterIsReplaced)
{
    std::vector<int64_t> took;
    for (uint64_t i = 0; i < 7; i++) {
        auto w = settled(test_seed() + i);
        EXPECT_TRUE(w->agreed());
        EXPECT_EQ(w->events["+sdown"], 0);
        w->trace = std::getenv("TRACE") != nullptr;
        w->servers[1].offset = 100; /* it has more than the other */
        w->servers[0].alive = false;
        const int64_t killed = w->now;
        while (!w->servers[1].master && w->now < killed + 60'000)
            w->run_until(w->now + 100);
        EXPECT_TRUE(w->servers[1].master);
        EXPECT_FALSE(w->servers[2].master);
        took.push_back(w->now - killed);
        const auto all_know = [&] {
            for (auto &p : w->processes)
                if (World::text(*sentinel_master_addr(p->machine.masters)) !=
                    World::text(w->servers[1].addr))
                    return false;
            return World::text(w->servers[2].of) == World::text(w->servers[1].addr);
        };
        for (int k = 0; k < 600 && !all_know(); k++)
            w->run_until(w->now + 100);
        for (auto &p : w->processes)
            EXPECT_EQ(World::text(*sentinel_master_addr(p->machine.masters)),
                      World::text(w->servers[1].addr));
        EXPECT_EQ(World::text(w->servers[2].of), World::text(w->servers[1].addr));
        /* The old one comes back as a master, and is made a replica. */
        w->servers[0].alive = true;
        w->servers[0].boots++;
        w->run_until(w->now + 60'000);
        EXPECT_TRUE(w->agreed()) << w->state();
    }
    std::sort(took.begin(), took.end());
    printf("a new master after %lld ms (median), %lld (longest)\n",
           static_cast<long long>(took[took.size() / 2]), static_cast<long long>(took.back()));
    EXPECT_LT(took[took.size() / 2], World::DOWN_AFTER + 3'000);
}

TEST(Sentinel, AMinorityDoesNothing)
{
    auto w = settled(test_seed());
    /* Two Sentinels with the replicas: they agree that it is down, and cannot elect. */
    w->group = {1, 1, 0, 0, 0, 0, 1, 1};
    w->run_until(w->now + 120'000);
    EXPECT_GT(w->events["+odown"], 0);
    EXPECT_GT(w->events["-failover-abort-not-elected"], 0);
    EXPECT_EQ(w->events["+elected-leader"], 0);
    EXPECT_FALSE(w->servers[1].master || w->servers[2].master);
    w->heal();
    w->run_until(w->now + 60'000);
    EXPECT_TRUE(w->agreed()) << w->state();
}

TEST(Sentinel, AForcedFailover)
{
    auto w = settled(test_seed());
    World::Process &p = *w->processes[3];
    w->in(p, [&] { EXPECT_TRUE(sentinel_force_failover(&p.machine, p.machine.masters)); });
    w->in(p, [&] { EXPECT_FALSE(sentinel_force_failover(&p.machine, p.machine.masters)); });
    while (!w->servers[1].master && !w->servers[2].master)
        w->run_until(w->now + 10);
    const int64_t promoted = w->now;
    while (w->servers[0].master && w->now < promoted + 60'000)
        w->run_until(w->now + 10);
    EXPECT_LT(w->now - promoted, 3'000) << "two masters take writes";
    w->run_until(w->now + 60'000);
    EXPECT_EQ(w->events["paused"], 1);
    EXPECT_TRUE(w->agreed()) << w->state();
    EXPECT_FALSE(w->servers[0].master);
}

TEST(Sentinel, NoReplicaIsGoodEnough)
{
    auto w = settled(test_seed());
    w->servers[1].alive = w->servers[2].alive = false;
    w->run_until(w->now + 5'000);
    w->servers[0].alive = false;
    w->run_until(w->now + 60'000);
    EXPECT_GT(w->events["-failover-abort-no-good-slave"], 0);
    w->heal();
    w->run_until(w->now + 60'000);
    EXPECT_TRUE(w->agreed()) << w->state();
}

TEST(Sentinel, AStaleOneDoesNotTurnTheWheelBack)
{
    auto w = settled(test_seed());
    w->group = {0, 0, 0, 0, 1, 0, 0, 0}; /* S4 is cut off, and the master is replaced */
    w->servers[0].alive = false;
    w->run_until(w->now + 40'000);
    const size_t now_master = w->servers[1].master ? 1 : 2;
    ASSERT_TRUE(w->servers[now_master].master);
    w->servers[0].alive = true; /* as a master, and S4 is back with its old configuration */
    w->group.assign(World::NODES, 0);
    for (int i = 0; i < 300; i++) {
        w->run_until(w->now + 100);
        ASSERT_TRUE(w->servers[now_master].master) << "turned back";
    }
    w->run_until(w->now + 30'000);
    EXPECT_TRUE(w->agreed()) << w->state();
}

/* It is down for a moment, just as the others are told: it must not wait for failover-timeout. */
TEST(Sentinel, WhoWasAwayIsToldWhenHeIsBack)
{
    auto w = settled(test_seed());
    for (auto &p : w->processes)
        p->machine.masters->failover_timeout_ms = 600'000;
    w->servers[1].offset = 100;
    w->servers[0].alive = false;
    while (!w->servers[1].master)
        w->run_until(w->now + 10);
    w->servers[2].alive = false;
    const int64_t promoted = w->now;
    while (w->events["+switch-master"] < World::SENTINELS && w->now < promoted + 60'000)
        w->run_until(w->now + 100);
    w->run_until(w->now + 5'000);
    EXPECT_NE(World::text(w->servers[2].of), World::text(w->servers[1].addr));
    w->servers[2].alive = true;
    w->run_until(w->now + 20'000);
    EXPECT_EQ(World::text(w->servers[2].of), World::text(w->servers[1].addr)) << w->state();
    EXPECT_EQ(w->events["moved, leader"], 1);
    EXPECT_EQ(w->events["moved, observer"], World::SENTINELS - 1);
}

TEST(Sentinel, AMasterThatIsBackStays)
{
    auto w = settled(test_seed());
    /* Two can agree that it is down, and not elect: it is back while they wait for votes. */
    w->group = {1, 1, 0, 0, 0, 0, 1, 1};
    while (w->events["+try-failover"] == 0)
        w->run_until(w->now + 10);
    w->heal();
    w->run_until(w->now + 60'000);
    EXPECT_GT(w->events["-failover-abort-master-is-back"], 0);
    EXPECT_TRUE(w->servers[0].master) << w->state();
    EXPECT_TRUE(w->agreed()) << w->state();
}

TEST(Sentinel, TwoOfOneId)
{
    auto w = settled(test_seed());
    World::Process &p = *w->processes[0];
    const std::string hello = "10.9.9.9,26379," + p.id + ",0,mymaster,10.0.1.1,6379,0";
    bool down;
    char leader[SENTINEL_ID_CHARS + 1];
    int64_t epoch;
    w->in(p, [&] {
        sentinel_hello(&p.machine, bytes_of(hello.data(), hello.size()));
        sentinel_is_master_down(&p.machine, &w->servers[0].addr, 5, w->processes[1]->id.c_str(),
                                &down, leader, &epoch);
    });
    EXPECT_EQ(w->events["+duplicate-id"], 1);
    EXPECT_STREQ(leader, "*") << "no vote until it is cured";
    w->run_until(w->now + 11'000);
    w->in(p, [&] {
        sentinel_is_master_down(&p.machine, &w->servers[0].addr, 5, w->processes[1]->id.c_str(),
                                &down, leader, &epoch);
    });
    EXPECT_EQ(leader, w->processes[1]->id);
    EXPECT_EQ(epoch, 5);
    EXPECT_FALSE(down);
}

TEST(Sentinel, TiltActsOnNothing)
{
    auto w = settled(test_seed());
    World::Process &p = *w->processes[0];
    w->in(p, [&] { sentinel_tick(&p.machine, w->now + 5000, 0); });
    EXPECT_EQ(w->events["+tilt"], 1);
    w->in(p, [&] { sentinel_tick(&p.machine, w->now + 5100, 0); });
    EXPECT_NE(p.machine.tilt_since_ms, 0);
    /* A slow disk is no jump of the clock. */
    World::Process &q = *w->processes[1];
    w->in(q, [&] { sentinel_tick(&q.machine, w->now + 5000, 4000); });
    EXPECT_EQ(q.machine.tilt_since_ms, 0);
    EXPECT_EQ(w->events["+tilt"], 1);
}

/* Its replicas lost it before anybody looked. */
TEST(Sentinel, AMasterThatDiesInTiltIsReplaced)
{
    auto w = settled(test_seed());
    for (auto &p : w->processes)
        w->in(*p, [&] { sentinel_tick(&p->machine, w->now + 5000, 0); });
    EXPECT_EQ(w->events["+tilt"], static_cast<int>(w->processes.size()));
    w->servers[0].alive = false;
    w->run_until(w->now + 120'000);
    EXPECT_GT(w->events["-tilt"], 0);
    EXPECT_TRUE(w->servers[1].master || w->servers[2].master) << w->state();
}

TEST(Sentinel, WordsThatMakeNoSense)
{
    auto w = settled(test_seed());
    World::Process &p = *w->processes[0];
    sentinel_master *m = p.machine.masters;
    const std::string id(40, 'z');
    const std::string hellos[] = {
        "",
        ",,,,,,,",
        "1.2.3.4,26379," + id + ",0,mymaster,10.0.1.1,6379",
        "1.2.3.4,0," + id + ",0,mymaster,10.0.1.1,6379,0",
        "1.2.3.4,26379,short,0,mymaster,10.0.1.1,6379,0",
        "1.2.3.4,26379," + id + ",-1,mymaster,10.0.1.1,6379,0",
        "1.2.3.4,26379," + id + ",0,other,10.0.1.1,6379,0",
        "1.2.3.4,26379," + id + ",0,mymaster,10.0.1.1,70000,0",
        "1.2.3.4,26379," + id + ",99999999999999999999,mymaster,10.0.1.1,6379,0",
    };
    for (const std::string &h : hellos)
        w->in(p, [&] { sentinel_hello(&p.machine, bytes_of(h.data(), h.size())); });
    EXPECT_EQ(m->peer_count, 4u);
    EXPECT_EQ(m->config_epoch, 0);
    std::mt19937_64 random(test_seed());
    const std::string good = w->info_of(0);
    for (int i = 0; i < 2000; i++) {
        std::string text = good;
        for (int c = 0; c < 5; c++)
            text[random() % text.size()] = char(random());
        text.resize(random() % (text.size() + 1));
        const std::vector<char> exact(text.begin(), text.end());
        w->in(p,
              [&] { sentinel_info(&p.machine, &m->node, bytes_of(exact.data(), exact.size())); });
    }
    EXPECT_LE(m->replica_count, uint32_t{SENTINEL_PEERS_MAX});
}

// Lossy nets, parts cut off, clocks that jump, crashes at each save: never two leaders in an epoch
// and never two votes; and when all is well again, all come to one mind.
/* One machine, whose master is asked by hand. */
class SentinelAlone : public testing::Test
{
  protected:
    SentinelAlone()
    {
        const sentinel_calls calls = {this,
                                      [](void *) { return true; },
                                      ask,
                                      tell,
                                      [](void *, const sentinel_master *, bool,
                                         const sentinel_addr *, const sentinel_addr *) {},
                                      resolve,
                                      [](void *, sentinel_node *) {}};
        sentinel_init(&s, &calls, std::string(40, 'a').c_str(), 7, now);
        m = sentinel_add_master(&s, "mymaster", "10.0.0.1", 6379, 1);
        m->down_after_ms = 1000;
    }
    ~SentinelAlone() override
    {
        sentinel_release(&s);
    }
    static void ask(void *ctx, sentinel_node *to, const sentinel_call *call)
    {
        auto &asked = static_cast<SentinelAlone *>(ctx)->asked;
        asked[{to->kind, call->what}]++;
    }
    static void tell(void *ctx, const sentinel_master *, const char *event, const char *words)
    {
        static_cast<SentinelAlone *>(ctx)->told[event] = words;
    }
    /* "one" is 10.0.0.9; other names are nobody's. */
    static bool resolve(void *, sentinel_addr *a)
    {
        if (a->host[0] >= '0' && a->host[0] <= '9')
            return true;
        memcpy(a->name, a->host, sizeof a->name);
        snprintf(a->host, sizeof a->host, "10.0.0.9");
        return strcmp(a->name, "one") == 0;
    }
    void pass(int64_t ms)
    {
        for (int64_t until = now + ms; now < until; now += 100)
            sentinel_tick(&s, now + 100, 0);
    }
    void info(sentinel_node *n, const std::string &text)
    {
        sentinel_info(&s, n, bytes_of(text.data(), text.size()));
    }

    int64_t now = 1'000'000;
    sentinel s;
    sentinel_master *m;
    std::map<std::string, std::string> told;
    std::map<std::pair<int, int>, int> asked; /* kind, what */
};

/* One that watches three masters with us is asked once, and his word is for all three. */
TEST_F(SentinelAlone, APeerOfSeveralMasters)
{
    sentinel_master *all[3] = {m, sentinel_add_master(&s, "second", "10.0.0.2", 6379, 1),
                               sentinel_add_master(&s, "third", "10.0.0.3", 6379, 1)};
    all[1]->down_after_ms = 500;
    all[2]->down_after_ms = 5000;
    sentinel_addr at{};
    SentinelWorld::set_addr(at, "10.0.2.1", 26379);
    const std::string id(40, 'b');
    for (sentinel_master *each : all)
        sentinel_add_peer(&s, each, &at, id.c_str());
    sentinel_node *second = all[1]->peers;
    sentinel_link(&s, second, true);
    const std::pair<int, int> ping{SENTINEL_PEER, SENTINEL_ASK_PING},
        hello{SENTINEL_PEER, SENTINEL_ASK_HELLO};
    pass(100);
    EXPECT_EQ(asked[ping], 1);
    EXPECT_EQ(asked[hello], 3);
    for (int i = 0; i < 20; i++, pass(100))
        sentinel_pong(&s, second, true, true);
    EXPECT_EQ(asked[ping], 1 + 4) << "as the most impatient of them wants it";
    /* He is silent: each master finds that in its own time. */
    for (sentinel_master *each : all)
        EXPECT_EQ(each->peers->flags, uint32_t{SENTINEL_CONNECTED});
    pass(2500);
    EXPECT_NE(all[0]->peers->flags & SENTINEL_S_DOWN, 0u);
    EXPECT_NE(all[1]->peers->flags & SENTINEL_S_DOWN, 0u);
    EXPECT_EQ(all[2]->peers->flags & SENTINEL_S_DOWN, 0u);
    /* Two go; who is left is asked on. */
    sentinel_remove_master(&s, all[1]);
    sentinel_reset_master(&s, all[0]);
    ASSERT_NE(all[2]->peers, nullptr);
    EXPECT_EQ(all[2]->peers->twin, all[2]->peers);
    asked.clear();
    pass(3000);
    EXPECT_GE(asked[ping], 2);
    EXPECT_NE(all[2]->peers->flags & SENTINEL_S_DOWN, 0u);
    sentinel_pong(&s, all[2]->peers, true, true);
    pass(100);
    EXPECT_EQ(all[2]->peers->flags & SENTINEL_S_DOWN, 0u);
    /* The same id elsewhere, and another one there, are somebody else. */
    sentinel_addr other{};
    SentinelWorld::set_addr(other, "10.0.2.2", 26379);
    sentinel_node *moved = sentinel_add_peer(&s, m, &other, id.c_str());
    EXPECT_EQ(moved->twin, moved);
    sentinel_node *one = sentinel_add_peer(&s, m, &at, std::string(40, 'c').c_str());
    EXPECT_EQ(one->twin, one);
}

/* Four Sentinels, and nobody has three votes: no need to wait for what cannot come. */
TEST_F(SentinelAlone, VotesThatAreSplit)
{
    sentinel_node *peers[3];
    for (int i = 0; i < 3; i++) {
        sentinel_addr at{};
        SentinelWorld::set_addr(at, "10.0.2." + std::to_string(i + 1), 26379);
        peers[i] = sentinel_add_peer(&s, m, &at, std::string(40, char('b' + i)).c_str());
        sentinel_link(&s, peers[i], true);
    }
    const auto epoch_after = [&](int64_t most_ms) {
        const int64_t before = s.current_epoch, until = now + most_ms;
        while (s.current_epoch == before && now < until)
            pass(100);
        return s.current_epoch;
    };
    const auto hear = [&](const std::string &whoms) {
        for (size_t i = 0; i < whoms.size(); i++)
            sentinel_down_said(&s, peers[i], true, std::string(40, whoms[i]).c_str(),
                               s.current_epoch);
        pass(100);
    };
    EXPECT_EQ(epoch_after(10'000), 1) << "the master is down, and it wants to lead";
    hear("b");
    EXPECT_EQ(m->state, SENTINEL_WAIT_START) << "two are for b or for us, and two can come";
    hear("bc");
    EXPECT_EQ(m->state, SENTINEL_NONE) << "a, b, c: the fourth helps nobody";
    EXPECT_TRUE(told.count("-failover-abort-not-elected"));
    EXPECT_EQ(epoch_after(5'000), 2) << "again, and soon";
    hear("bb");
    EXPECT_EQ(m->state, SENTINEL_WAIT_START) << "b may have the fourth, too";
    hear("bbc");
    EXPECT_EQ(m->state, SENTINEL_NONE);
    EXPECT_EQ(epoch_after(5'000), 3);
    hear("bbb");
    EXPECT_EQ(epoch_after(60'000), 3) << "b leads: his failover is not to be disturbed";
    EXPECT_EQ(m->state, SENTINEL_NONE);
}

/* A port that accepts and says nothing: each link is new, and the silence is old. */
TEST_F(SentinelAlone, WhoAcceptsAndAnswersNothingIsDown)
{
    for (int i = 0; i < 10; i++) {
        sentinel_link(&s, &m->node, true);
        pass(300);
        sentinel_link(&s, &m->node, false);
    }
    EXPECT_TRUE(told.count("+sdown"));
}

TEST_F(SentinelAlone, AMasterThatLoadsForLongAfterAStart)
{
    const std::string role = "\r\nrole:master\r\n";
    m->reboot_down_after_ms = 2000;
    sentinel_link(&s, &m->node, true);
    for (char who : {'1', '2'}) {
        info(&m->node, "run_id:" + std::string(40, who) + role);
        sentinel_pong(&s, &m->node, true, who == '1');
    }
    EXPECT_TRUE(told.count("+reboot"));
    for (int i = 0; i < 28; i++) {
        pass(100);
        sentinel_pong(&s, &m->node, true, false);
    }
    EXPECT_FALSE(told.count("+sdown"));
    for (int i = 0; i < 4; i++) {
        pass(100);
        sentinel_pong(&s, &m->node, true, false);
    }
    EXPECT_TRUE(told.count("+sdown"));
    sentinel_pong(&s, &m->node, true, true);
    pass(100);
    EXPECT_TRUE(told.count("-sdown"));
}

TEST_F(SentinelAlone, Names)
{
    sentinel_link(&s, &m->node, true);
    info(&m->node, "role:master\r\nslave0:ip=one,port=6380,state=online\r\n"
                   "slave1:ip=two,port=6380,state=online\r\n");
    ASSERT_EQ(m->replica_count, 1u) << "a name that is nobody's is none";
    const sentinel_node *r = m->replicas;
    EXPECT_STREQ(r->addr.host, "10.0.0.9");
    EXPECT_STREQ(r->addr.name, "one");
    EXPECT_EQ(told["+slave"].find("slave 10.0.0.9:6380 "), 0u);
    EXPECT_STREQ(sentinel_shown_host(&s, &r->addr), "10.0.0.9");
    s.announce_names = true;
    EXPECT_STREQ(sentinel_shown_host(&s, &r->addr), "one");
    EXPECT_STREQ(sentinel_shown_host(&s, &m->node.addr), "10.0.0.1");
    info(&m->node, "role:master\r\nslave0:ip=10.0.0.9,port=6380,state=online\r\n");
    EXPECT_EQ(m->replica_count, 1u) << "the same by its digits";
    sentinel_renumber(&s, "ONE", "10.0.0.8");
    EXPECT_STREQ(r->addr.host, "10.0.0.8");
}

TEST(Sentinel, AnyHistory)
{
    const char *more = std::getenv("LATCHKEY_TEST_STEPS");
    const uint64_t seeds = more ? std::strtoull(more, nullptr, 10) : 40;
    int elections = 0;
    for (uint64_t i = 0; i < seeds && !testing::Test::HasFailure(); i++) {
        const uint64_t seed = test_seed() + i;
        auto w = settled(seed);
        w->trace = std::getenv("TRACE") != nullptr;
        w->faults = true;
        for (int d = 0; d < 25; d++) {
            w->disturb();
            w->run_until(w->now + int64_t(w->below(8000)));
        }
        w->heal();
        for (int waited = 0; waited < 300 && !w->agreed(); waited++)
            w->run_until(w->now + 1000);
        EXPECT_TRUE(w->agreed()) << "seed " << seed << "\n" << w->state();
        elections += w->events["+elected-leader"];
    }
    EXPECT_GT(elections, 0);
    printf("%d elections\n", elections);
}

} // namespace
