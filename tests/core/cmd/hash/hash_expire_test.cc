// Fields of hashes go when their time has come, whether anybody looks or not: once each, in the log
// too, beside an open view, and never in vain for ever.
#include "core/store/view.h"
#include "core/types/hash.h"
#include "tests/core/cmd/cmd_fixture.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace
{

using Fields = std::map<std::string, std::string>;
using Content = std::map<std::string, Fields>; // key, field, value

std::string text(bytes b)
{
    return std::string(b.data, b.size);
}

class HashExpire : public Commands, public ::testing::WithParamInterface<bool>
{
  protected:
    HashExpire()
    {
        table_due_base(NOW);
        if (GetParam())
            config_.limits.types.hash_max_listpack_entries = 0;
    }

    // A command of the preparation: what it logs is of no interest.
    std::string quiet(const std::string &line)
    {
        const std::string reply = run(line);
        effects();
        return reply;
    }

    void at(int64_t ms_from_now)
    {
        clock_fake_unix_ms(NOW + ms_from_now);
    }

    // Turns of the worker's expiry until nothing more is due; how many there were.
    int expire()
    {
        int turns = 0;
        bool more = true;
        while (more && turns < 10000) {
            int64_t next;
            dispatch_enter(dispatcher_);
            more = dispatch_expire(dispatcher_, 0, 1, 1000000, &next);
            dispatch_leave(dispatcher_);
            turns++;
        }
        EXPECT_LT(turns, 10000) << "it does not end";
        return turns;
    }

    // What the log says: fields by key, each once.
    std::map<std::string, std::set<std::string>> deleted()
    {
        std::map<std::string, std::set<std::string>> out;
        std::istringstream words(effects());
        std::string word, key;
        for (bool command = true; words >> word;) {
            if (word == "|") {
                command = true;
            } else if (command && word == "SELECT") {
                words >> word;
            } else if (command) {
                EXPECT_EQ(word, "HDEL");
                command = false;
                words >> key;
            } else {
                EXPECT_TRUE(out[key].insert(word).second) << "twice: " << key << " " << word;
            }
        }
        return out;
    }

    // Nothing is due in any table, so expiry has no reason to look again.
    void nothing_due()
    {
        for (uint32_t i = 0; i < engine_.fixed.keyspace->count; i++) {
            const table *t = &engine_.fixed.keyspace->shards[i].first;
            table_check(t);
            EXPECT_GT(t->next_due, table_due_unit(clock_unix_ms())) << "shard " << i;
        }
    }

    static void note(Content *content, const entry *e)
    {
        value v;
        value_of_entry(e, &v);
        ASSERT_EQ(v.type, TYPE_HASH);
        Fields *fields = &(*content)[text(entry_key(e))];
        hash_each(
            &v, -1,
            [](void *ctx, const hash_field *f) {
                (*static_cast<Fields *>(ctx))[text(f->name)] = text(f->value);
            },
            fields);
    }

    Content content()
    {
        Content out;
        for (uint32_t i = 0; i < engine_.fixed.keyspace->count; i++) {
            table_iter it;
            const table *t = &engine_.fixed.keyspace->shards[i].first;
            for (entry *e = table_iter_first(&it, t); e; e = table_iter_next(&it))
                note(&out, e);
        }
        return out;
    }

    void cut()
    {
        gate_close(&engine_.fixed.keyspace->gate);
        view_ = view_cut(engine_.fixed.keyspace);
        gate_open(&engine_.fixed.keyspace->gate);
    }

    Content read_view()
    {
        Content out;
        uint32_t db;
        while (const entry *e = view_next(view_, &db))
            note(&out, e);
        EXPECT_TRUE(view_is_whole(view_));
        view_close(view_);
        return out;
    }

    view *view_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Cmd, HashExpire, ::testing::Bool(), [](const auto &row) {
    return std::string(row.param ? "Table" : "Packed");
});

// Many hashes; field i of each goes after i * 100 ms, and the last one never.
TEST_P(HashExpire, EveryFieldGoesOnceInTime)
{
    constexpr int HASHES = 300;
    Content want;
    for (int h = 0; h < HASHES; h++) {
        const std::string key = "h" + std::to_string(h);
        quiet("hset " + key + " f1 1 f2 2 f3 3 f4 4 keep x");
        want[key] = {{"f1", "1"}, {"f2", "2"}, {"f3", "3"}, {"f4", "4"}, {"keep", "x"}};
        for (int f = 1; f <= 4; f++)
            quiet("hpexpire " + key + " " + std::to_string(100 * f) + " fields 1 f" +
                  std::to_string(f));
    }
    expire();
    EXPECT_EQ(effects(), "");
    for (int f = 1; f <= 4; f++) {
        const std::string name = "f" + std::to_string(f);
        at(100 * f + TABLE_DUE_MS);
        expire();
        const auto gone = deleted();
        EXPECT_EQ(gone.size(), static_cast<size_t>(HASHES));
        for (auto &[key, fields] : want) {
            fields.erase(name);
            EXPECT_EQ(gone.at(key), std::set<std::string>{name});
        }
        EXPECT_EQ(content(), want);
        nothing_due();
    }
    EXPECT_EQ(dispatcher_stats(dispatcher_)->expired_elements, 4u * HASHES);
    EXPECT_EQ(dispatcher_stats(dispatcher_)->expired_keys, 0u);
    at(1000000);
    expire();
    EXPECT_EQ(effects(), "");
}

TEST_P(HashExpire, AHashGoesWithItsLastField)
{
    listen();
    quiet("hset h a 1 b 2");
    quiet("hpexpire h 100 fields 2 a b");
    events.clear();
    at(200);
    expire();
    const auto gone = deleted();
    EXPECT_EQ(gone.at("h"), (std::set<std::string>{"a", "b"}));
    EXPECT_EQ(events, (std::vector<std::string>{"0:hexpired h", "0:del h"}));
    EXPECT_EQ(run("exists h"), ":0");
    EXPECT_EQ(run("dbsize"), ":0");
    nothing_due();
}

TEST_P(HashExpire, ManyAtOnceTakeTurns)
{
    constexpr int FIELDS = 3000;
    std::vector<std::string> set = {"hset", "h"}, due = {"hpexpire", "h", "50", "fields", "2900"};
    config_.limits.types.hash_max_listpack_entries *= 10;
    for (int i = 0; i < FIELDS; i++) {
        set.push_back("f" + std::to_string(i));
        set.push_back(std::to_string(i));
        if (i >= 100)
            due.push_back("f" + std::to_string(i));
    }
    call(set);
    call(due);
    effects();
    EXPECT_EQ(run("object encoding h"), GetParam() ? "$9 hashtable" : "$10 listpackex");
    at(100);
    EXPECT_GT(expire(), 2900 / 64);
    const auto gone = deleted();
    EXPECT_EQ(gone.at("h").size(), 2900u);
    EXPECT_EQ(run("hlen h"), ":100");
    nothing_due();
}

TEST_P(HashExpire, AViewKeepsWhatGoes)
{
    Content before;
    for (int h = 0; h < 200; h++) {
        const std::string key = "h" + std::to_string(h), n = std::to_string(h % 10 * 20);
        std::string line = "hset " + key;
        for (int f = 0; f < 20; f++) {
            const std::string name = "f" + std::to_string(f);
            line += " " + name + " v" + n;
            before[key][name] = "v" + n;
        }
        run(line);
        quiet("hpexpire " + key + " 50 fields 3 f1 f2 f3");
        if (h % 3 == 0)
            quiet("hpexpire " + key +
                  " 60 fields 17 f0 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15 "
                  "f16 f17 f18 f19");
    }
    cut();
    at(100);
    for (int h = 0; h < 200; h += 7)
        quiet("hset h" + std::to_string(h) + " f1 again f9 again");
    expire();
    size_t fields = 0;
    for (const auto &[key, names] : deleted())
        fields += names.size();
    size_t kept = 0;
    for (const auto &[key, f] : content())
        kept += f.size();
    EXPECT_EQ(fields + kept, 200u * 20);
    EXPECT_EQ(read_view(), before);
    nothing_due();
}

TEST_P(HashExpire, WhoWatchesIsUndone)
{
    quiet("hset h a 1 b 2");
    quiet("hpexpire h 50 fields 1 a");
    run("watch h");
    run("multi");
    run("set k v");
    at(100);
    expire();
    EXPECT_EQ(run("exec"), "*-1");
    run("watch h");
    run("multi");
    run("set k v");
    expire();
    EXPECT_EQ(run("exec"), "*1 +OK");
}

// What had a deadline and has none any more is looked at once, if at all.
TEST_P(HashExpire, ALookInVainIsNotRepeated)
{
    for (int h = 0; h < 50; h++) {
        const std::string key = "h" + std::to_string(h);
        quiet("hset " + key + " a 1 b 2 c 3");
        quiet("hpexpire " + key + " 50 fields 2 a b");
        quiet("hpexpire " + key + " 5000 fields 1 c");
        quiet("hpersist " + key + " fields 1 a");
        quiet("hset " + key + " b 5");
    }
    at(100);
    expire();
    EXPECT_EQ(effects(), "");
    nothing_due();
    EXPECT_EQ(dispatcher_stats(dispatcher_)->expired_elements, 0u);
    at(6000);
    expire();
    EXPECT_EQ(deleted().size(), 50u);
}

TEST_P(HashExpire, KeyAndFieldsHaveTheirOwnDeadlines)
{
    quiet("hset h a 1 b 2");
    quiet("hpexpire h 100 fields 1 a");
    quiet("pexpire h 200");
    quiet("hset i a 1 b 2");
    quiet("pexpire i 100");
    quiet("hpexpire i 200 fields 1 a");
    at(150);
    expire();
    const std::string first = effects();
    EXPECT_TRUE(first == "HDEL h a | DEL i" || first == "DEL i | HDEL h a") << first;
    EXPECT_EQ(run("pttl h"), ":50");
    at(250);
    expire();
    EXPECT_EQ(effects(), "DEL h");
    nothing_due();
}

// Wherever the value goes, its deadlines go with it.
TEST_P(HashExpire, DeadlinesTravel)
{
    for (int i = 0; i < 20; i++) {
        const std::string n = std::to_string(i);
        quiet("hset h" + n + " a 1 b 2");
        quiet("hpexpire h" + n + " 50 fields 1 a");
        quiet("copy h" + n + " c" + n);
        quiet("rename h" + n + " r" + n);
        quiet("copy c" + n + " d" + n + " db 3");
        quiet("hset m" + n + " a 1 b 2");
        quiet("hpexpire m" + n + " 50 fields 1 a");
        quiet("move m" + n + " 3");
    }
    at(100);
    expire();
    size_t fields = 0;
    for (const auto &[key, names] : deleted()) {
        EXPECT_EQ(names, std::set<std::string>{"a"}) << key;
        fields++;
    }
    EXPECT_EQ(fields, 80u);
    session.db = 3;
    EXPECT_EQ(run("hlen m1"), ":1");
    EXPECT_EQ(run("hlen d1"), ":1");
}

// Who applies a log does not judge deadlines, and what it left behind goes later.
TEST_P(HashExpire, ALoadedPastGoesAfterwards)
{
    session_set(&session, SESSION_MASTER, true);
    EXPECT_EQ(quiet("hset h a 1 b 2"), ":2");
    EXPECT_EQ(quiet("hpexpireat h 1000 fields 1 a"), "*1 :1");
    EXPECT_EQ(run("hget h a"), "$1 1");
    session_set(&session, SESSION_MASTER, false);
    EXPECT_EQ(run("hget h a"), "$-1");
    at(TABLE_DUE_MS);
    expire();
    EXPECT_EQ(deleted().at("h"), std::set<std::string>{"a"});
    nothing_due();
}

} // namespace
