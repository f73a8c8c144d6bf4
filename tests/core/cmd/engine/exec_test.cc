// What handlers get from exec: one moment, statistics, LRU bits, deadlines that travel.
#include "tests/core/cmd/engine/dispatch_fixture.h"

#include "core/store/lazy_free.h"
#include "core/store/lru.h"

using namespace lk;

namespace
{

const entry *find(const Server &s, const std::string &key, uint32_t db = 0)
{
    const uint64_t hash = hash_bytes(of(key));
    const table *t = shard_table(keyspace_shard(s.ks, hash), db);
    table_loc loc;
    return t ? table_find(t, hash, of(key), &loc) : nullptr;
}

TEST(Exec, CountsHitsAndMissesOfReadersOnly)
{
    Server server;
    Client c(server);
    const stats *s = dispatcher_stats(server.worker(0));
    c.run("SET k v");
    c.run("APPEND k x");
    EXPECT_EQ(s->keyspace_hits + s->keyspace_misses, 0u);
    c.run("GET k");
    c.run("MGET k nothing k");
    c.run("EXISTS nothing");
    EXPECT_EQ(s->keyspace_hits, 3u);
    EXPECT_EQ(s->keyspace_misses, 2u);
}

TEST(Exec, TouchesWhatIsReadAndNotWhatIsLookedAt)
{
    Server server;
    Client c(server);
    c.run("SET k v");
    const uint32_t written = lru_clock(NOW);
    EXPECT_EQ(entry_lru(find(server, "k")), written);
    clock_fake_unix_ms(NOW + 50000);
    c.run("TTL k");
    c.run("TYPE k");
    EXPECT_EQ(entry_lru(find(server, "k")), written);
    session_set(&c.session, SESSION_NO_TOUCH, true);
    c.run("GET k");
    EXPECT_EQ(entry_lru(find(server, "k")), written);
    session_set(&c.session, SESSION_NO_TOUCH, false);
    c.run("GET k");
    EXPECT_EQ(entry_lru(find(server, "k")), lru_clock(NOW + 50000));
    server.config.limits.lfu = true;
    server.config.limits.lfu_log_factor = 0;
    c.run("SET k w");
    EXPECT_EQ(entry_lru(find(server, "k")) & 0xff, 5u);
    c.run("GET k");
    EXPECT_EQ(entry_lru(find(server, "k")) & 0xff, 6u);
}

TEST(Exec, DeadlinesTravelWithTheirKeys)
{
    Server server;
    Client c(server);
    c.run("SET k v PX 500");
    c.run("RENAME k l");
    EXPECT_EQ(entry_deadline(find(server, "l")), NOW + 500);
    c.run("MOVE l 4");
    EXPECT_EQ(entry_deadline(find(server, "l", 4)), NOW + 500);
    c.run("SELECT 4");
    c.run("COPY l m");
    c.run("APPEND m " + std::string(400000, 'x'));
    EXPECT_EQ(entry_deadline(find(server, "m", 4)), NOW + 500);
    c.run("SET l w KEEPTTL");
    EXPECT_EQ(entry_deadline(find(server, "l", 4)), NOW + 500);
    c.run("SET l w");
    EXPECT_EQ(entry_deadline(find(server, "l", 4)), ENTRY_NO_DEADLINE);
}

// The empty key and keys that begin alike are keys like others, also twice in one command.
TEST(Exec, SameWordTwiceInOneCommand)
{
    Server server;
    Client c(server);
    EXPECT_EQ(c.call({"MSET", "", "1", "a", "2", "", "3"}), "+OK");
    EXPECT_EQ(c.call({"MGET", "", "a", ""}), "*3 $1 3 $1 2 $1 3");
    EXPECT_EQ(c.call({"DEL", "", "", "a"}), ":2");
    EXPECT_TRUE(dump(server.ks).empty());
}

// Big values and whole databases go in the background, with all their memory.
TEST(Exec, LazyFreeGivesEverythingBack)
{
    Server server({.shards = 4, .logging = false});
    Client c(server);
    c.run("SET k v");
    c.run("FLUSHALL");
    lazy_free_wait(server.ks->lazy);
    const size_t before = mem_used();
    for (int i = 0; i < 20; i++)
        c.call({"SET", "k" + std::to_string(i), std::string(6 << 20, 'x')});
    EXPECT_GT(mem_used(), before + (size_t{120} << 20));
    c.run("UNLINK k0");
    c.run("DEL k1"); // so many blocks that it goes the same way
    c.run("FLUSHALL");
    lazy_free_wait(server.ks->lazy);
    EXPECT_EQ(lazy_free_pending(server.ks->lazy), 0u);
    EXPECT_GE(lazy_free_done(server.ks->lazy), 20u);
    EXPECT_LT(mem_used(), before + (8 << 20)); // a client's buffers
}

} // namespace
