/*
 * redirect_test.cc — what a node of a cluster answers for slots in each state.
 */
#include "tests/core/cmd/engine/dispatch_fixture.h"

#include "core/cmd/engine/slots_left.h"
#include "core/peer/slot_map.h"

namespace lk
{
namespace
{

const std::string kElsewhere = "-MOVED 12182 10.0.0.2:7002";

/* Node 1 is this one, node 2 another, node 3 a third; slot of "foo" is 12182. */
class Redirect : public ::testing::Test
{
  protected:
    Redirect()
    {
        map_ = slot_map_new(3);
        map_->self = 1;
        for (uint16_t n = 1; n <= 3; n++) {
            std::snprintf(map_->nodes[n - 1].endpoint, NODE_HOST_CHARS, "10.0.0.%u", n);
            map_->nodes[n - 1].port = static_cast<uint16_t>(7000 + n);
        }
        for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
            map_->owner[slot] = 1;
        server.engine.cluster.slots = map_;
        server.engine.cluster.good_until_ns = INT64_MAX;
    }
    ~Redirect() override
    {
        server.engine.cluster.slots = nullptr; /* the client's end enters the gate once more */
        slot_map_free(map_);
    }

    void slot(slot_state state, uint16_t owner, uint16_t other = 0)
    {
        server.ks->shards[12182].slot = static_cast<uint16_t>(state);
        map_->owner[12182] = owner;
        map_->other[12182] = other;
    }
    std::string ask(const std::string &line)
    {
        return client.run(line);
    }

    Server server{{.slotted = true}};
    Client client{server};
    slot_map *map_;
};

TEST_F(Redirect, OwnSlotsAreServed)
{
    EXPECT_EQ(ask("SET foo 1"), "+OK");
    EXPECT_EQ(ask("GET foo"), "$1 1");
    EXPECT_EQ(ask("MSET {foo}a 1 {foo}b 2"), "+OK");
    EXPECT_EQ(ask("MGET foo bar"), "-CROSSSLOT Keys in request don't hash to the same slot");
}

TEST_F(Redirect, SlotsOfOthersAreElsewhere)
{
    slot(SLOT_FOREIGN, 2);
    EXPECT_EQ(ask("GET foo"), kElsewhere);
    EXPECT_EQ(ask("SET foo 1"), kElsewhere);
    EXPECT_EQ(ask("MGET foo {foo}a"), kElsewhere);
    EXPECT_EQ(ask("GET bar"), "$-1");
    const stats *counted = dispatcher_stats(server.worker(0));
    ASSERT_EQ(counted->error_count, 1u); /* of one kind, refused and not called */
    EXPECT_STREQ(counted->errors[0].code, "MOVED");
    EXPECT_EQ(counted->errors[0].count, 3u);
    EXPECT_EQ(counted->error_replies, 3u);
    slot(SLOT_FOREIGN, 1); /* the word is behind the map */
    EXPECT_EQ(ask("GET foo"), "-TRYAGAIN The slot is being handed over");
    slot(SLOT_FOREIGN, 0);
    EXPECT_EQ(ask("GET foo"), "-CLUSTERDOWN Hash slot not served");
}

TEST_F(Redirect, MigratingSlotServesWhatIsHere)
{
    EXPECT_EQ(ask("SET foo 1"), "+OK");
    slot(SLOT_MIGRATING, 1, 2);
    EXPECT_EQ(ask("GET foo"), "$1 1");
    EXPECT_EQ(ask("GET {foo}b"), "-ASK 12182 10.0.0.2:7002");
    EXPECT_EQ(ask("SET {foo}b 1"), "-ASK 12182 10.0.0.2:7002");
    EXPECT_EQ(ask("MGET foo {foo}b"), "-TRYAGAIN Multiple keys request during rehashing of slot");
    EXPECT_EQ(ask("MGET {foo}a {foo}b"), "-ASK 12182 10.0.0.2:7002");
}

TEST_F(Redirect, ImportingSlotServesWhoAsksOnce)
{
    slot(SLOT_IMPORTING, 2, 2);
    EXPECT_EQ(ask("SET foo 1"), kElsewhere);
    session_set(&client.session, SESSION_ASKING, true);
    EXPECT_EQ(ask("SET foo 1"), "+OK");
    EXPECT_EQ(ask("GET foo"), kElsewhere) << "ASKING holds for one command";
    session_set(&client.session, SESSION_ASKING, true);
    EXPECT_EQ(ask("MGET foo {foo}b"), "-TRYAGAIN Multiple keys request during rehashing of slot");
    session_set(&client.session, SESSION_ASKING, true);
    EXPECT_EQ(ask("MULTI"), "+OK");
    EXPECT_EQ(ask("GET foo"), "+QUEUED");
    EXPECT_EQ(ask("EXEC"), "*1 $1 1") << "and for a transaction";
    EXPECT_EQ(ask("GET foo"), kElsewhere);
}

TEST_F(Redirect, CopiesShareTheMarksOfTheirMaster)
{
    EXPECT_EQ(ask("SET foo 1"), "+OK");
    map_->master = 2;
    slot(SLOT_COPY, 2, 3); /* the master's, on its way to node 3 */
    EXPECT_EQ(ask("GET foo"), kElsewhere);
    session_set(&client.session, SESSION_READONLY, true);
    EXPECT_EQ(ask("GET foo"), "$1 1");
    EXPECT_EQ(ask("GET {foo}b"), "-ASK 12182 10.0.0.3:7003");
    EXPECT_EQ(ask("SET foo 2"), kElsewhere);
    EXPECT_EQ(ask("MGET foo {foo}b"), "-TRYAGAIN Multiple keys request during rehashing of slot");
    slot(SLOT_FOREIGN, 3, 3); /* on its way from node 3 to the master */
    EXPECT_EQ(ask("GET foo"), "-MOVED 12182 10.0.0.3:7003");
    session_set(&client.session, SESSION_ASKING, true);
    EXPECT_EQ(ask("GET foo"), "$1 1");
    session_set(&client.session, SESSION_ASKING, true);
    EXPECT_EQ(ask("MGET foo {foo}b"), "-TRYAGAIN Multiple keys request during rehashing of slot");
    session_set(&client.session, SESSION_ASKING, true);
    EXPECT_EQ(ask("SET foo 2"), "-MOVED 12182 10.0.0.3:7003");
    slot(SLOT_COPY, 2);
    EXPECT_EQ(ask("GET {foo}b"), "$-1");
}

TEST_F(Redirect, TransactionsAreSentElsewhereWhole)
{
    EXPECT_EQ(ask("MULTI"), "+OK");
    EXPECT_EQ(ask("SET foo 1"), "+QUEUED");
    slot(SLOT_FOREIGN, 2); /* it goes between queueing and EXEC */
    EXPECT_EQ(ask("EXEC"), kElsewhere);
    EXPECT_EQ(ask("EXEC"), "-ERR EXEC without MULTI");
    EXPECT_EQ(ask("MULTI"), "+OK");
    EXPECT_EQ(ask("SET foo 1"), kElsewhere);
    EXPECT_EQ(ask("SET bar 1"), "+QUEUED");
    EXPECT_EQ(ask("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    EXPECT_EQ(ask("MULTI"), "+OK");
    EXPECT_EQ(ask("SET bar 1"), "+QUEUED");
    EXPECT_EQ(ask("SET baz 1"), "+QUEUED");
    EXPECT_EQ(ask("EXEC"), "-CROSSSLOT Keys in request don't hash to the same slot");
    EXPECT_EQ(server.effects(), "");
}

TEST_F(Redirect, ReplicaAnswersReadsOfWhoSaidReadonly)
{
    slot(SLOT_COPY, 2);
    map_->master = 2;
    EXPECT_EQ(ask("GET foo"), kElsewhere);
    session_set(&client.session, SESSION_READONLY, true);
    EXPECT_EQ(ask("GET foo"), "$-1");
    EXPECT_EQ(ask("SET foo 1"), kElsewhere);
    map_->master = 3;
    EXPECT_EQ(ask("GET foo"), kElsewhere) << "a replica of another node's";
}

TEST_F(Redirect, ClusterThatIsDownSaysSo)
{
    map_->flags = SLOT_MAP_DOWN;
    EXPECT_EQ(ask("GET foo"), "-CLUSTERDOWN The cluster is down");
    EXPECT_EQ(ask("DBSIZE"), ":0") << "what names no key is not refused";
    map_->flags = SLOT_MAP_DOWN | SLOT_MAP_READS_WHEN_DOWN;
    EXPECT_EQ(ask("GET foo"), "$-1");
    EXPECT_EQ(ask("SET foo 1"), "-CLUSTERDOWN The cluster is down and only accepts read commands");
    map_->flags = 0;
    server.engine.cluster.good_until_ns = 0; /* nobody was heard for too long */
    EXPECT_EQ(ask("SET foo 1"), "-CLUSTERDOWN The cluster is down");
}

TEST_F(Redirect, MastersStreamIsNeverSentAway)
{
    slot(SLOT_COPY, 2);
    session_set(&client.session, SESSION_MASTER, true);
    EXPECT_EQ(ask("SET foo 1"), "+OK");
}

/* The table of a slot grows, is walked over by expiry and shrinks: each key stays where it is. */
TEST_F(Redirect, ManyKeysOfOneSlotAreFound)
{
    for (int i = 0; i < 2000; i++)
        ASSERT_EQ(ask("SET {foo}" + std::to_string(i) + " v"), "+OK");
    table_check(&server.ks->shards[12182].first);
    for (int i = 0; i < 2000; i++)
        ASSERT_EQ(ask("GET {foo}" + std::to_string(i)), "$1 v") << i;
    EXPECT_EQ(ask("DBSIZE"), ":2000");
    server.effects(); /* the log has room for so many, and no more */
    for (int i = 0; i < 2000; i++)
        ASSERT_EQ(ask("DEL {foo}" + std::to_string(i)), ":1") << i;
}

TEST_F(Redirect, OneDatabase)
{
    EXPECT_EQ(ask("MOVE foo 1"), "-ERR MOVE is not allowed in cluster mode");
    EXPECT_EQ(ask("SWAPDB 0 1"), "-ERR SWAPDB is not allowed in cluster mode");
}

TEST_F(Redirect, ChannelsOfShardsAreServedWhereTheirSlotIs)
{
    EXPECT_EQ(ask("SPUBLISH foo m"), ":0");
    EXPECT_EQ(ask("SSUBSCRIBE foo bar"), "-CROSSSLOT Keys in request don't hash to the same slot");
    slot(SLOT_FOREIGN, 2);
    EXPECT_EQ(ask("SPUBLISH foo m"), kElsewhere);
    EXPECT_EQ(ask("SSUBSCRIBE foo"), kElsewhere);
    EXPECT_EQ(ask("PUBLISH foo m"), ":0") << "a message of no shard";
    slot(SLOT_COPY, 2);
    map_->master = 2;
    EXPECT_EQ(ask("SPUBLISH foo m"), ":0") << "a replica hears its shard, and need not be asked to";
    EXPECT_EQ(ask("SSUBSCRIBE foo"), "*3 $10 ssubscribe $3 foo :1");
}

TEST_F(Redirect, MessagesAreToldToOtherNodes)
{
    std::vector<std::string> told;
    server.engine.hooks.published_ctx = &told;
    server.engine.hooks.published = [](void *ctx, bool shard, bytes channel, bytes message) {
        static_cast<std::vector<std::string> *>(ctx)->push_back(
            (shard ? "s:" : "p:") + std::string(channel.data, channel.size) + "=" +
            std::string(message.data, message.size));
    };
    ask("PUBLISH c m");
    ask("SPUBLISH foo n");
    ask("MULTI");
    ask("PUBLISH c o");
    EXPECT_EQ(told.size(), 2u);
    ask("EXEC");
    session_set(&client.session, SESSION_MASTER, true);
    ask("PUBLISH c p");
    EXPECT_EQ(told, (std::vector<std::string>{"p:c=m", "s:foo=n", "p:c=o"}));
    session_set(&client.session, SESSION_MASTER, false);
}

TEST_F(Redirect, SubscribersHearThatTheirSlotHasLeft)
{
    ASSERT_EQ(ask("SSUBSCRIBE foo"), "*3 $10 ssubscribe $3 foo :1");
    ASSERT_EQ(ask("SSUBSCRIBE bar"), "*3 $10 ssubscribe $3 bar :2");
    uint8_t left[SLOTS_LEFT_BYTES] = {0};
    left[12182 / 8] |= 1u << 12182 % 8;
    slots_left_tell(server.engine.fixed.push, left, 1);
    server.deliver();
    EXPECT_EQ(client.take_reply(), "*3 $12 sunsubscribe $3 foo :1");
    slots_left_tell(server.engine.fixed.push, left, 1);
    server.deliver();
    EXPECT_EQ(client.take_reply(), "") << "it is told once";
    EXPECT_EQ(channels_count(server.engine.fixed.push->channels, MESSAGE_SHARD, bytes_cstr("foo")),
              0u);
}

} // namespace
} // namespace lk
