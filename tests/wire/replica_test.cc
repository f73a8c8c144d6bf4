/*
 * replica_test.cc — the server as a replica of a reference server: full syncs in each form, the
 * stream, cuts of the link, changes of role.  At equal offsets the data must be equal.
 */
#include "tests/support/info.h"
#include "tests/support/peer.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <random>

namespace
{

using namespace lk;

const Server::Directives kPrimary = {{"enable-debug-command", "yes"},
                                     {"repl-diskless-sync-delay", "0"},
                                     {"repl-ping-replica-period", "1"}};

std::unique_ptr<Server> replica_of(int port, Server::Directives more = {})
{
    more.push_back({"enable-debug-command", "yes"});
    more.push_back({"replicaof", "127.0.0.1", std::to_string(port)});
    return Server::tested(more);
}

/* The replica has applied all that the primary has written. */
::testing::AssertionResult caught_up(Client *primary, Client *replica)
{
    if (!wait_until([&] {
            return info(replica, "master_link_status") == "up" &&
                   info(primary, "master_repl_offset") == info(replica, "slave_repl_offset");
        }))
        return ::testing::AssertionFailure() << "primary at " << info(primary, "master_repl_offset")
                                             << ", replica " << info(replica, "master_link_status")
                                             << " at " << info(replica, "slave_repl_offset");
    return ::testing::AssertionSuccess();
}

std::string digest(Client *c)
{
    return c->call({"DEBUG", "DIGEST"}).text;
}

/* A key of each type, small or large. */
void fill(Client *c, int size)
{
    std::vector<Args> all = {{"SET", "text", std::string(static_cast<size_t>(size) * 7, 'x')},
                             {"SET", "number", "12345"},
                             {"SET", "mortal", "v", "EX", "10000"},
                             {"SELECT", "3"},
                             {"SET", "elsewhere", "1"},
                             {"SELECT", "0"}};
    Args list = {"RPUSH", "list"}, set = {"SADD", "set"}, hash = {"HSET", "hash"},
         zset = {"ZADD", "zset"}, numbers = {"SADD", "numbers"};
    for (int i = 0; i < size; i++) {
        const std::string n = std::to_string(i);
        list.push_back("element " + n);
        set.push_back("member " + n);
        numbers.push_back(n);
        hash.insert(hash.end(), {"field " + n, n});
        zset.insert(zset.end(), {n + ".5", "m" + n});
    }
    all.insert(all.end(), {list, set, hash, zset, numbers});
    all.push_back({"DEL", "stream"});
    all.push_back({"XADD", "stream", "1-1", "a", "b"});
    all.push_back({"XGROUP", "CREATE", "stream", "g", "0"});
    all.push_back({"XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">"});
    all.push_back({"PFADD", "hll", "a", "b", "c"});
    for (const Reply &r : c->pipeline(all))
        ASSERT_NE(r.type, '-') << r.text;
}

struct Form {
    const char *load, *diskless;
};

class ReplicaForms : public ::testing::TestWithParam<Form>
{
};

TEST_P(ReplicaForms, FullSyncThenStream)
{
    Server::Directives d = kPrimary;
    d.push_back({"repl-diskless-sync", GetParam().diskless});
    const auto primary = Server::oracle(d);
    Client p = primary->connect();
    fill(&p, 2000);
    const auto replica = replica_of(primary->port(), {{"repl-diskless-load", GetParam().load}});
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(digest(&p), digest(&r));

    fill(&p, 10);
    p.pipeline(
        {{"MULTI"}, {"INCR", "a"}, {"SELECT", "5"}, {"INCR", "b"}, {"EXEC"}, {"SELECT", "0"}});
    p.pipeline({{"EVAL", "redis.call('set','s',1) return redis.call('incr','s')", "0"},
                {"SPOP", "set", "5"},
                {"SWAPDB", "0", "3"},
                {"SET", "big", std::string(3'000'000, 'b')},
                {"EXPIRE", "big", "100"}});
    EXPECT_EQ(p.call({"WAIT", "1", "10000"}).text, "1");
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(digest(&p), digest(&r));
    EXPECT_EQ(info(&p, "sync_full"), "1");
    EXPECT_EQ(info(&r, "role"), "slave");
}

INSTANTIATE_TEST_SUITE_P(Replica, ReplicaForms,
                         ::testing::Values(Form{"disabled", "no"}, Form{"disabled", "yes"},
                                           Form{"on-empty-db", "yes"}, Form{"swapdb", "yes"},
                                           Form{"swapdb", "no"}),
                         [](const auto &of) {
                             std::string name =
                                 std::string(of.param.load) + "_" + of.param.diskless;
                             for (char &c : name)
                                 if (c == '-')
                                     c = '_';
                             return name;
                         });

/* While newer data of the same history are loaded beside the old ones, these are served, and what
 * would meet the load in the middle is refused, as the reference does. */
TEST(Replica, ALoadBesideWhatIsServed)
{
    const auto primary = Server::tested({{"repl-diskless-sync-delay", "0"},
                                         {"repl-backlog-size", "16384"},
                                         {"rdbcompression", "no"},
                                         {"enable-debug-command", "yes"}});
    Client p = primary->connect();
    p.call({"SET", "old", "1"});
    const auto replica = replica_of(primary->port(), {{"repl-diskless-load", "swapdb"}});
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(p.call({"DEBUG", "POPULATE", "200", "key", "20000"}).text, "OK");
    p.call({"CONFIG", "SET", "rdb-key-save-delay", "100000"});
    std::vector<Args> beyond = {{"MULTI"}, {"CLIENT", "KILL", "TYPE", "replica"}};
    for (int i = 0; i < 30; i++)
        beyond.push_back({"SET", "more", std::string(16384, 'x')});
    beyond.push_back({"EXEC"});
    /* It may ask again before the transaction is at its end, and has a partial sync then. */
    const auto again = [&] { return info(&p, "sync_full") != "1"; };
    ASSERT_TRUE(wait_until([&] {
        if (!again())
            p.pipeline(beyond);
        return wait_until(again, Milliseconds(2000));
    }));
    ASSERT_TRUE(wait_until([&] { return info(&r, "async_loading") == "1"; }));
    const std::vector<Args> refused = {{"CONFIG", "SET", "appendonly", "yes"},
                                       {"CONFIG", "SET", "repl-diskless-load", "disabled"},
                                       {"REPLICAOF", "NO", "ONE"},
                                       {"SAVE"},
                                       {"BGSAVE"},
                                       {"BGREWRITEAOF"}};
    for (const Args &a : refused)
        EXPECT_EQ(r.call(a).text.substr(0, 8), "LOADING ") << a[0];
    EXPECT_EQ(r.call({"GET", "old"}).text, "1");
    EXPECT_EQ(info(&r, "async_loading"), "1");
    p.call({"CONFIG", "SET", "rdb-key-save-delay", "0"});
    ASSERT_TRUE(caught_up(&p, &r));
    ASSERT_TRUE(wait_until([&] { return info(&r, "async_loading") == "0"; }));
    EXPECT_EQ(r.call({"DBSIZE"}).text, "202");
    EXPECT_EQ(digest(&p), digest(&r));
    EXPECT_EQ(r.call({"CONFIG", "SET", "appendonly", "yes"}).text, "OK");
    EXPECT_EQ(r.call({"REPLICAOF", "NO", "ONE"}).text, "OK");
}

/* The link is cut anywhere in the stream, amid transactions and values: each time it goes on where
 * the last whole unit ended, and no second full sync is asked for. */
TEST(Replica, CutsOfTheLinkAreResumed)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    Proxy proxy(primary->port());
    const auto replica = replica_of(proxy.port());
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    std::mt19937_64 random(test_seed());
    for (int round = 0; round < 12; round++) {
        proxy.cut_after(static_cast<int64_t>(random() % 400));
        for (int i = 0; i < 8; i++)
            p.pipeline({{"SELECT", std::to_string(random() % 4)},
                        {"MULTI"},
                        {"INCR", "n"},
                        {"RPUSH", "l", std::string(random() % 60, 'e')},
                        {"EXEC"},
                        {"INCR", "m"}});
        ASSERT_TRUE(caught_up(&p, &r)) << round;
        ASSERT_EQ(digest(&p), digest(&r)) << round;
    }
    EXPECT_EQ(info(&p, "sync_full"), "1");
}

TEST(Replica, ClientsOfAReplica)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    p.call({"SET", "k", "v"});
    const auto replica = replica_of(primary->port());
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(r.call({"SET", "k", "w"}).raw,
              "-READONLY You can't write against a read only replica.\r\n");
    r.call({"MULTI"});
    EXPECT_EQ(r.call({"SET", "k", "w"}).type, '-');
    EXPECT_EQ(r.call({"EXEC"}).raw,
              "-EXECABORT Transaction discarded because of previous errors.\r\n");
    EXPECT_EQ(r.call({"GET", "k"}).text, "v");
    const Reply role = r.call({"ROLE"});
    EXPECT_EQ(role.items[0].text, "slave");
    EXPECT_EQ(role.items[3].text, "connected");

    /* A writable one: what it writes itself is its own, and the stream goes on. */
    r.call({"CONFIG", "SET", "replica-read-only", "no"});
    EXPECT_EQ(r.call({"SET", "own", "1"}).text, "OK");
    p.call({"SET", "k", "x"});
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(r.call({"GET", "k"}).text, "x");
    EXPECT_EQ(r.call({"GET", "own"}).text, "1");
}

/* Expiry is the primary's to tell; until it does, a key that is due is hidden and not deleted. */
TEST(Replica, DueKeysAreHiddenAndStay)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    const auto replica = replica_of(primary->port());
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    p.call({"DEBUG", "SET-ACTIVE-EXPIRE", "0"});
    p.call({"SET", "k", "v", "PX", "1"});
    ASSERT_TRUE(caught_up(&p, &r));
    ASSERT_TRUE(wait_until([&] { return r.call({"GET", "k"}).null; }));
    EXPECT_EQ(r.call({"EXISTS", "k"}).text, "0");
    EXPECT_EQ(r.call({"DBSIZE"}).text, "1");
    EXPECT_EQ(info(&r, "expired_keys"), "0");
    p.call({"GET", "k"});
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(r.call({"DBSIZE"}).text, "0");
}

/* What clients of a writable replica write expires by itself, and nothing of the primary's does. */
TEST(Replica, ItsOwnKeysExpire)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    const auto replica =
        replica_of(primary->port(), {{"replica-read-only", "no"}, {"appendonly", "yes"}});
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    p.call({"DEBUG", "SET-ACTIVE-EXPIRE", "0"});
    p.pipeline({{"SET", "theirs", "1", "PX", "1"}, {"SET", "count", "5", "PX", "1"}});
    r.pipeline({{"SET", "own", "1", "PX", "300"},
                {"SET", "kept", "1", "EX", "1000"},
                {"SET", "later", "1"},
                {"PEXPIRE", "later", "300"},
                {"SET", "free", "1", "EX", "1000"},
                {"PERSIST", "free"}});
    ASSERT_TRUE(caught_up(&p, &r));
    ASSERT_TRUE(wait_until([&] { return r.call({"DBSIZE"}).text == "4"; }));
    ASSERT_TRUE(wait_until([&] { return info(&r, "slave_expires_tracked_keys") == "1"; }));
    EXPECT_EQ(r.call({"EXISTS", "theirs", "count", "kept", "free"}).text, "2");
    EXPECT_EQ(r.call({"DEBUG", "OBJECT", "theirs"}).type, '+');

    /* Who writes finds no key, and makes it anew; who asks changes nothing. */
    EXPECT_EQ(r.call({"PFCOUNT", "theirs"}).text, "0");
    EXPECT_EQ(r.call({"DBSIZE"}).text, "4");
    EXPECT_EQ(r.call({"INCR", "count"}).text, "1");
    EXPECT_EQ(r.call({"TTL", "count"}).text, "-1");
    EXPECT_EQ(r.call({"DBSIZE"}).text, "4");

    r.call({"REPLICAOF", "NO", "ONE"});
    EXPECT_EQ(info(&r, "slave_expires_tracked_keys"), "0");
    ASSERT_TRUE(wait_until([&] { return r.call({"DBSIZE"}).text == "3"; }));
}

TEST(Replica, ADeadlineOfThePastIsKept)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    const auto replica = replica_of(primary->port());
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    p.call({"DEBUG", "SET-ACTIVE-EXPIRE", "0"});
    p.pipeline({{"SET", "k", "v"}, {"PEXPIRE", "k", "200"}, {"PERSIST", "k"}});
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(r.call({"GET", "k"}).text, "v");
    EXPECT_EQ(r.call({"PTTL", "k"}).text, "-1");
}

TEST(Replica, StaleDataAreServedOrNot)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    p.call({"SET", "k", "v"});
    Proxy proxy(primary->port());
    const auto replica = replica_of(proxy.port());
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    proxy.let_through(false);
    ASSERT_TRUE(wait_until([&] { return info(&r, "master_link_status") == "down"; }));
    EXPECT_EQ(r.call({"GET", "k"}).text, "v");
    r.call({"CONFIG", "SET", "replica-serve-stale-data", "no"});
    EXPECT_EQ(r.call({"GET", "k"}).raw, "-MASTERDOWN Link with MASTER is down and "
                                        "replica-serve-stale-data is set to 'no'.\r\n");
    EXPECT_EQ(r.call({"PING"}).raw.substr(0, 11), "-MASTERDOWN");
    EXPECT_EQ(r.call({"ROLE"}).items[0].text, "slave");
    proxy.let_through(true);
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(r.call({"GET", "k"}).text, "v");
}

TEST(Replica, AChangeOfRoleEndsWhatClientsWaitFor)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    const auto replica = Server::tested();
    Client r = replica->connect(), b = replica->connect(), watcher = replica->connect();
    b.send({"BLPOP", "l", "0"});
    ASSERT_TRUE(wait_until([&] { return info(&r, "blocked_clients") == "1"; }));
    watcher.pipeline({{"SET", "w", "1"}, {"WATCH", "w"}});
    const std::string port = std::to_string(primary->port());
    /* As Sentinel does it. */
    const auto replies = r.pipeline({{"MULTI"},
                                     {"REPLICAOF", "127.0.0.1", port},
                                     {"CLIENT", "KILL", "TYPE", "pubsub"},
                                     {"EXEC"}});
    EXPECT_EQ(replies[3].items[0].text, "OK");
    EXPECT_EQ(b.read().raw, "-UNBLOCKED force unblock from blocking operation, instance state "
                            "changed (master -> replica?)\r\n");
    EXPECT_EQ(b.read_to_end(), "");
    ASSERT_TRUE(caught_up(&p, &r));
    watcher.pipeline({{"MULTI"}, {"GET", "w"}});
    EXPECT_TRUE(watcher.call({"EXEC"}).null);
    EXPECT_EQ(r.call({"REPLICAOF", "127.0.0.1", port}).text,
              "OK Already connected to specified master");
    EXPECT_EQ(r.call({"CONFIG", "GET", "replicaof"}).items[1].text, "127.0.0.1 " + port);

    EXPECT_EQ(r.call({"REPLICAOF", "NO", "ONE"}).text, "OK");
    EXPECT_EQ(r.call({"ROLE"}).items[0].text, "master");
    EXPECT_EQ(r.call({"SET", "own", "1"}).text, "OK");
    p.call({"SET", "theirs", "1"});
    EXPECT_EQ(r.call({"REPLICAOF", "127.0.0.1", port}).text, "OK");
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(r.call({"GET", "own"}).null, true);
    EXPECT_EQ(r.call({"GET", "theirs"}).text, "1");
}

/* The primary is killed and comes back with other data: all of them are asked for. */
TEST(Replica, APrimaryThatWasKilled)
{
    auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    fill(&p, 100);
    Proxy proxy(primary->port());
    const auto replica = replica_of(proxy.port());
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    const std::string before = digest(&r);
    primary->kill();
    ASSERT_TRUE(wait_until([&] { return info(&r, "master_link_status") == "down"; }));
    EXPECT_EQ(digest(&r), before);
    const auto next = Server::oracle(kPrimary);
    Client n = next->connect();
    fill(&n, 10);
    EXPECT_EQ(r.call({"REPLICAOF", "127.0.0.1", std::to_string(next->port())}).text, "OK");
    ASSERT_TRUE(caught_up(&n, &r));
    EXPECT_EQ(digest(&n), digest(&r));
}

TEST(Replica, APasswordIsGiven)
{
    Server::Directives d = kPrimary;
    d.push_back({"requirepass", "sesame"});
    const auto primary = Server::oracle(d);
    Client p = primary->connect();
    p.call({"AUTH", "sesame"});
    p.call({"SET", "k", "v"});
    const auto replica = replica_of(primary->port());
    Client r = replica->connect();
    ASSERT_TRUE(replica->process().wait_output("NOAUTH Authentication required"));
    r.call({"CONFIG", "SET", "masterauth", "wrong"});
    ASSERT_TRUE(replica->process().wait_output("Unable to AUTH to MASTER: -WRONGPASS"));
    r.call({"CONFIG", "SET", "masterauth", "sesame"});
    ASSERT_TRUE(caught_up(&p, &r));
    EXPECT_EQ(r.call({"GET", "k"}).text, "v");
}

/* The file of a replica begins anew with each full sync, and holds what came behind it. */
TEST(Replica, ItsAppendOnlyFile)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    fill(&p, 100);
    const auto replica = replica_of(primary->port(), {{"appendonly", "yes"}});
    Client r = replica->connect();
    ASSERT_TRUE(caught_up(&p, &r));
    p.pipeline({{"MULTI"}, {"INCR", "a"}, {"INCR", "b"}, {"EXEC"}, {"SELECT", "7"}, {"INCR", "c"}});
    ASSERT_TRUE(caught_up(&p, &r));
    ASSERT_TRUE(wait_until([&] {
        return info(&r, "aof_enabled") == "1" && info(&r, "aof_rewrite_in_progress") == "0";
    }));
    p.call({"INCR", "d"});
    ASSERT_TRUE(caught_up(&p, &r));
    const std::string before = digest(&p);
    EXPECT_EQ(r.call({"REPLICAOF", "NO", "ONE"}).text, "OK");
    EXPECT_EQ(r.call({"DEBUG", "LOADAOF"}).text, "OK");
    EXPECT_EQ(digest(&r), before);
}

} // namespace
