/*
 * cut_test.cc — a file is the state at one moment, whatever is written meanwhile.
 *
 * Each writer has keys of its own and applies a series of changes that follows from the seed; with
 * each it writes its number into a counter, in the same transaction.  So a file tells by its
 * counters which moment it is of, and must equal what the first so many changes of each writer make
 * on a server that does nothing else.
 *
 *   writers --> server --> snapshot, base, plain base, ...      each is loaded by a server
 *      \------> the same changes again, up to the counters ---> must be the same
 *
 * Environment  LATCHKEY_TEST_SEED    seed of all choices
 *              LATCHKEY_TEST_CUTS    files of each kind
 */
#include "tests/support/generate.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"
#include "tests/support/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

namespace
{

using namespace lk;
namespace fs = std::filesystem;

constexpr int kWriters = 4;
const char *const kDatabases[] = {"0", "3"};

uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, nullptr, 10) : otherwise;
}

/* --- the changes ----------------------------------------------------------------------------- */

/* What one writer asks for in one step; errors are as good as successes, if they come again. */
class Change
{
  public:
    Change(uint64_t seed, int writer, int64_t step)
        : random_(seed * 1'000'003 + static_cast<uint64_t>(step) * 64 +
                  static_cast<uint64_t>(writer)),
          name_("w" + std::to_string(writer)), step_(std::to_string(step))
    {
    }

    std::vector<Args> commands()
    {
        std::vector<Args> out = {{"SELECT", kDatabases[random_.below(2)]}, {"MULTI"}};
        for (size_t n = 1 + random_.below(3); n > 0; n--)
            out.push_back(next());
        out.insert(out.end(), {{"SELECT", "0"}, {"SET", name_ + ":count", step_}, {"EXEC"}});
        return out;
    }

  private:
    std::string key(const char *kind)
    {
        large_ = random_.one_in(2);
        return name_ + ":" + kind + ":" + (large_ ? "large" : "small") +
               std::to_string(random_.below(2));
    }
    /* Large collections have a few thousand, small ones stay in one block. */
    std::string member()
    {
        return "m" + std::to_string(random_.below(large_ ? 4000 : 12));
    }
    std::string integer(size_t limit)
    {
        return std::to_string(random_.below(limit));
    }
    std::string text(size_t limit)
    {
        return std::string(1 + random_.below(limit), static_cast<char>('a' + random_.below(26)));
    }
    std::string far()
    {
        return std::to_string(4'102'444'800'000 + static_cast<int64_t>(random_.below(1000)));
    }
    Args many(Args command, const std::vector<std::string (Change::*)()> &words)
    {
        for (size_t n = 1 + random_.below(large_ ? 60 : 3); n > 0; n--)
            for (const auto &word : words)
                command.push_back((this->*word)());
        return command;
    }
    std::string score()
    {
        return integer(100000) + ".5";
    }
    std::string value()
    {
        return text(large_ ? 40 : 8);
    }

    Args next()
    {
        switch (random_.below(8)) {
        case 0:
            return string();
        case 1:
            return list();
        case 2:
            return set();
        case 3:
            return zset();
        case 4:
            return hash();
        case 5:
            return any(kinds[random_.below(6)]);
        case 6:
            return stream();
        default:
            return group();
        }
    }

    Args string()
    {
        const std::string k = key("string");
        switch (random_.below(9)) {
        case 0:
            return {"SET", k, text(60)};
        case 1:
            return {"SET", k, std::string(large_ ? 300'000 : 20, 'x')};
        case 2:
            return {"APPEND", k, text(large_ ? 30'000 : 10)};
        case 3:
            return {"SETRANGE", k, integer(large_ ? 500'000 : 50), text(90)};
        case 4:
            return {"SETBIT", k, integer(large_ ? 4'000'000 : 400), "1"};
        case 5:
            return {"INCRBY", name_ + ":number", integer(1000)};
        case 6:
            return {"PFADD", name_ + ":hll", integer(5000), integer(5000)};
        default: { /* keys that are many */
            Args a{"MSET"};
            for (int i = 0; i < 15; i++)
                a.insert(a.end(), {name_ + ":of many:" + integer(500), text(60)});
            return a;
        }
        }
    }
    Args list()
    {
        const std::string k = key("list");
        switch (random_.below(7)) {
        case 0:
        case 1:
            return many({"RPUSH", k}, {&Change::value});
        case 2:
            return many({"LPUSH", k}, {&Change::member});
        case 3:
            return {"LSET", k, integer(large_ ? 2000 : 5), value()};
        case 4:
            return {"LREM", k, integer(3), member()};
        case 5:
            return {"LINSERT", k, "BEFORE", member(), value()};
        default:
            return {"LTRIM", k, integer(3), large_ ? "3000" : "10"};
        }
    }
    Args set()
    {
        const std::string k = key("set");
        switch (random_.below(6)) {
        case 0:
        case 1:
            return many({"SADD", k}, {&Change::member});
        case 2:
            return many({"SREM", k}, {&Change::member});
        case 3:
            return {"SADD", name_ + ":ints", integer(300), integer(70000)};
        case 4:
            return {"SREM", name_ + ":ints", integer(300)};
        default:
            return {random_.one_in(2) ? "SUNIONSTORE" : "SINTERSTORE", k, key("set"), key("set")};
        }
    }
    Args zset()
    {
        const std::string k = key("zset");
        switch (random_.below(6)) {
        case 0:
        case 1:
            return many({"ZADD", k}, {&Change::score, &Change::member});
        case 2:
            return many({"ZREM", k}, {&Change::member});
        case 3:
            return {"ZINCRBY", k, score(), member()};
        case 4:
            return {"ZREMRANGEBYRANK", k, integer(20), integer(40)};
        default:
            return {"ZPOPMIN", k, integer(large_ ? 30 : 3)};
        }
    }
    Args hash()
    {
        const std::string k = key("hash");
        switch (random_.below(6)) {
        case 0:
        case 1:
            return many({"HSET", k}, {&Change::member, &Change::value});
        case 2:
            return many({"HDEL", k}, {&Change::member});
        case 3:
            return {"HINCRBY", k, "n" + integer(30), integer(100)};
        case 4:
            return {"HPERSIST", k, "FIELDS", "1", member()};
        default:
            return {"HPEXPIREAT", k, far(), "FIELDS", "2", member(), member()};
        }
    }
    Args stream()
    {
        const std::string k = key("stream");
        switch (random_.below(5)) {
        case 0:
            return {"XDEL", k, integer(400) + "-0"};
        case 1:
            return {"XTRIM", k, "MAXLEN", integer(large_ ? 400 : 5)};
        default:
            return {"XADD", k, step_ + "-" + integer(9), member(), value(), "f", value()};
        }
    }
    /* Of a stream that only grows: a plain base does not say what is pending and was deleted. */
    Args group()
    {
        const std::string k = name_ + ":groups", g = "g" + integer(2), c = "c" + integer(3);
        switch (random_.below(9)) {
        case 0:
            return {"XGROUP", "CREATE", k, g, "0", "MKSTREAM"};
        case 1:
            return {"XAUTOCLAIM", k, g, c, "0", integer(200), "COUNT", "5", "JUSTID"};
        case 2:
            return {"XACK", k, g, integer(300) + "-0", integer(300) + "-1", integer(300) + "-0"};
        case 3:
            return {"XGROUP", random_.one_in(2) ? "CREATECONSUMER" : "DELCONSUMER", k, g, c};
        case 4:
        case 5:
            return {"XREADGROUP", "GROUP", g, c, "COUNT", "4", "STREAMS", k, ">"};
        default:
            return {"XADD", k, step_ + "-" + integer(2), "f", value()};
        }
    }
    /* Whole values: some keep their nodes and go elsewhere, some are copied. */
    Args any(const char *kind)
    {
        const std::string k = key(kind);
        switch (random_.below(8)) {
        case 0:
            return {"RENAME", k, key(kind)};
        case 1:
            return {"MOVE", k, kDatabases[random_.below(2)]};
        case 2:
            return {"COPY", k, key(kind), "DB", kDatabases[random_.below(2)], "REPLACE"};
        case 3:
            return {"PEXPIREAT", k, far()};
        case 4:
            return {"PERSIST", k};
        case 5:
            return random_.one_in(4) ? Args{"DEL", k, key(kind)} : Args{"UNLINK", k};
        default:
            return {"DEL", name_ + ":of many:" + integer(500)};
        }
    }

    static constexpr const char *kinds[] = {"string", "list", "set", "zset", "hash", "stream"};
    Random random_;
    const std::string name_, step_;
    bool large_ = false;
};

struct Series {
    uint64_t seed;

    void apply(Client &c, int writer, int64_t from, int64_t to) const
    {
        constexpr int64_t kAtOnce = 20;
        for (int64_t step = from; step <= to;) {
            std::vector<Args> batch;
            for (const int64_t end = std::min(to, step + kAtOnce - 1); step <= end; step++)
                for (Args &args : Change(seed, writer, step).commands())
                    batch.push_back(std::move(args));
            for (const Reply &reply : c.pipeline(batch))
                ASSERT_NE(reply.type, '-') << printable(reply.raw);
        }
    }
};

/* --- what is in a server --------------------------------------------------------------------- */

std::string field_deadlines(Client &c, const std::string &key)
{
    std::string out;
    Args names;
    for (const Reply &field : c.call({"HKEYS", key}).items)
        names.push_back(field.text);
    std::sort(names.begin(), names.end());
    Args ask = {"HPEXPIRETIME", key, "FIELDS", std::to_string(names.size())};
    ask.insert(ask.end(), names.begin(), names.end());
    for (const Reply &deadline : c.call(ask).items)
        out += deadline.text + " ";
    return out;
}

std::string groups(Client &c, const std::string &key)
{
    std::string out = c.call_raw({"XINFO", "GROUPS", key});
    for (const char *group : {"g0", "g1"})
        out += c.call_raw({"XPENDING", key, group});
    return out;
}

/* Database and key: type, digest, deadline, those of fields, groups. */
std::map<std::string, std::string> contents(Client &c)
{
    std::map<std::string, std::string> out;
    for (const char *db : kDatabases) {
        c.call({"SELECT", db});
        const std::vector<Reply> keys = c.call({"KEYS", "*"}).items;
        std::vector<Args> ask;
        for (const Reply &key : keys)
            ask.insert(ask.end(), {{"TYPE", key.text},
                                   {"DEBUG", "DIGEST-VALUE", key.text},
                                   {"PEXPIRETIME", key.text}});
        const std::vector<Reply> told = c.pipeline(ask);
        for (size_t i = 0; i < keys.size(); i++) {
            std::string &item = out[std::string(db) + "/" + keys[i].text];
            item = told[3 * i].text + " " + told[3 * i + 1].raw + told[3 * i + 2].text;
            if (told[3 * i].text == "hash")
                item += " " + field_deadlines(c, keys[i].text);
            else if (told[3 * i].text == "stream")
                item += " " + groups(c, keys[i].text);
        }
    }
    c.call({"SELECT", "0"});
    return out;
}

void expect_same(Client &got, Client &want, const std::string &what)
{
    const auto mine = contents(got), right = contents(want);
    int shown = 0;
    for (const auto &[key, item] : right)
        if (const auto at = mine.find(key); at == mine.end() || at->second != item)
            if (++shown <= 5)
                ADD_FAILURE() << what << ": " << key << " should be " << printable(item)
                              << " and is "
                              << (at == mine.end() ? "missing" : printable(at->second));
    for (const auto &[key, item] : mine)
        if (!right.count(key) && ++shown <= 5)
            ADD_FAILURE() << what << ": " << key << " should not be there";
    EXPECT_GT(right.size(), 100u) << what;
}

int64_t count_of(Client &c, int writer)
{
    const Reply reply = c.call({"GET", "w" + std::to_string(writer) + ":count"});
    return reply.null ? 0 : std::stoll(reply.text);
}

/* --- files ----------------------------------------------------------------------------------- */

enum class Kind { rdb, base, plain_base };

const char *name_of(Kind kind)
{
    return kind == Kind::rdb ? "snapshot" : kind == Kind::base ? "base" : "plain base";
}

struct File {
    Kind kind;
    TempDir directory;      /* where a server finds it */
    int64_t written_beside; /* the writers' last step before or beside it */
};

const Server::Directives kCommon = {{"enable-debug-command", "yes"},
                                    {"auto-aof-rewrite-percentage", "0"},
                                    {"hash-max-listpack-entries", "64"},
                                    {"zset-max-listpack-entries", "64"}};

Server::Directives with(Server::Directives more)
{
    more.insert(more.end(), kCommon.begin(), kCommon.end());
    return more;
}

void wait_idle(Client &c)
{
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    std::string info;
    do {
        ASSERT_LT(std::chrono::steady_clock::now(), limit) << info;
        info = c.call({"INFO", "persistence"}).text;
    } while (info.find("in_progress:1") != std::string::npos ||
             info.find("scheduled:1") != std::string::npos);
    ASSERT_NE(info.find("rdb_last_bgsave_status:ok"), std::string::npos) << info;
    ASSERT_NE(info.find("aof_last_bgrewrite_status:ok"), std::string::npos) << info;
}

/* Lets the server write one, and keeps it. */
std::unique_ptr<File> write_file(const std::string &directory, Client &c, Kind kind)
{
    auto file = std::make_unique<File>();
    file->kind = kind;
    if (kind == Kind::rdb) {
        EXPECT_EQ(c.call({"BGSAVE"}).type, '+');
        wait_idle(c);
        fs::copy(directory + "/dump.rdb", file->directory.path() + "/dump.rdb");
        return file;
    }
    c.call({"CONFIG", "SET", "aof-use-rdb-preamble", kind == Kind::base ? "yes" : "no"});
    EXPECT_EQ(c.call({"BGREWRITEAOF"}).type, '+');
    wait_idle(c);
    const std::string to = file->directory.path() + "/appendonlydir/";
    fs::create_directory(to);
    for (const auto &entry : fs::directory_iterator(directory + "/appendonlydir")) {
        const std::string name = entry.path().filename();
        if (name.find(".base.") == std::string::npos)
            continue;
        EXPECT_EQ(entry.path().extension(), kind == Kind::base ? ".rdb" : ".aof");
        fs::copy(entry.path(), to + name);
        std::ofstream(to + "appendonly.aof.manifest") << "file " + name + " seq 1 type b\n";
    }
    return file;
}

/*
 * How far the writers may go.  They get a stretch with each file, so that they write while it is
 * written, and all that they have written can be written again in a few seconds.
 */
class Pace
{
  public:
    int64_t extend(int64_t steps)
    {
        const int64_t limit = limit_ += steps;
        limit_.notify_all();
        return limit;
    }
    void end()
    {
        limit_ = -1;
        limit_.notify_all();
    }
    /* Waits until it may; false at the end. */
    bool may_pass(int64_t step) const
    {
        for (;;) {
            const int64_t limit = limit_;
            if (limit < 0 || step < limit)
                return limit >= 0;
            limit_.wait(limit);
        }
    }

  private:
    std::atomic<int64_t> limit_{0};
};

constexpr int64_t kSteps = 5, kBefore = 150, kMeanwhile = 120;

class Cut : public testing::Test
{
  protected:
    static void write_files(const std::string &directory, Client &c, Pace *pace,
                            std::vector<std::unique_ptr<File>> *files)
    {
        try {
            pace->extend(kBefore);
            for (int i = 0; i < kWriters; i++)
                while (count_of(c, i) < kBefore)
                    std::this_thread::yield();
            for (uint64_t n = number("LATCHKEY_TEST_CUTS", 2); n > 0 && !HasFailure(); n--)
                for (const Kind kind : {Kind::rdb, Kind::base, Kind::plain_base}) {
                    const int64_t last = pace->extend(kMeanwhile);
                    files->push_back(write_file(directory, c, kind));
                    files->back()->written_beside = last;
                }
        } catch (...) {
            pace->end();
            throw;
        }
        pace->end();
    }

    /* The changes are applied up to the counters of a file, ever further. */
    void expect_is_moment(File &file, Client &model, std::vector<int64_t> &at)
    {
        const auto server =
            Server::tested(with({{"dir", file.directory.path()},
                                 {"appendonly", file.kind == Kind::rdb ? "no" : "yes"}}));
        Client c = server->connect();
        for (int i = 0; i < kWriters; i++) {
            const int64_t count = count_of(c, i);
            ASSERT_GE(count, at[static_cast<size_t>(i)]) << "older than the file before";
            series_.apply(model, i, at[static_cast<size_t>(i)] + 1, count);
            at[static_cast<size_t>(i)] = count;
        }
        expect_same(c, model, name_of(file.kind));
    }

    Series series_{test_seed()};
};

TEST_F(Cut, AFileIsTheStateAtOneMoment)
{
    const TempDir directory;
    const Server::Directives directives = with({{"dir", directory.path()},
                                                {"appendonly", "yes"},
                                                {"io-threads", "4"},
                                                {"rdb-key-save-delay", "1"}});
    std::vector<std::unique_ptr<File>> files;
    std::vector<int64_t> done(kWriters), at(kWriters);
    int overtaken = 0;
    {
        const auto server = Server::tested(directives);
        Pace pace;
        Client c = server->connect();
        run_threads(kWriters + 1, [&](int me) {
            Client mine = server->connect();
            if (me == kWriters) {
                write_files(directory.path(), mine, &pace, &files);
                return;
            }
            int64_t &step = done[static_cast<size_t>(me)];
            for (; pace.may_pass(step); step += kSteps)
                series_.apply(mine, me, step + 1, step + kSteps);
        });
    }
    const auto fresh = Server::tested(kCommon);
    Client model = fresh->connect();
    for (const auto &file : files) {
        expect_is_moment(*file, model, at);
        if (HasFailure())
            return;
        for (const int64_t step : at)
            overtaken += step < file->written_beside;
    }
    EXPECT_GT(overtaken, 0) << "nothing was written meanwhile";
    /* All that came behind the last base is in the log. */
    const auto restarted = Server::tested(directives);
    Client c = restarted->connect();
    for (int i = 0; i < kWriters; i++) {
        const size_t n = static_cast<size_t>(i);
        EXPECT_EQ(count_of(c, i), done[n]);
        series_.apply(model, i, at[n] + 1, done[n]);
    }
    expect_same(c, model, "all of the AOF");
}

} // namespace
