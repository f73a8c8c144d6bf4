// Collections that we write and a reference server reads, and the other way round.  Both sides are
// compared by the digest that DEBUG DIGEST-VALUE prints.
#include "io/admin/debug/digest.h"
#include "persist/rdb/rdb_file.h"
#include "tests/persist/rdb/rdb_values.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

using namespace rdb;
using lk::Args;
using lk::Client;
using lk::Server;

namespace
{

std::string digest_of(const value &v)
{
    struct digest d {
    };
    char out[DIGEST_CHARS + 1];
    digest_value(&d, &v, false);
    digest_print(&d, out);
    return out;
}

std::string digest_at(Client *c, const std::string &key)
{
    return c->call({"DEBUG", "DIGEST-VALUE", key}).items.at(0).text;
}

std::unique_ptr<Server> oracle_on(const std::string &directory, Server::Directives more = {})
{
    more.push_back({"dir", directory});
    more.push_back({"enable-debug-command", "yes"});
    return Server::oracle(more);
}

struct Sample {
    std::string name;
    unsigned type;
    Words words; // as for make()
};

// Sizes on both sides of every threshold, members of every kind.
std::vector<Sample> samples()
{
    std::vector<Sample> out;
    std::mt19937_64 random(test_seed());
    for (const size_t count : {1, 2, 127, 128, 129, 512, 513, 3000}) {
        for (const int kind : {0, 1, 2}) {
            Words list, set, zset, hash;
            for (size_t i = 0; i < count; i++) {
                const std::string n = std::to_string(static_cast<int64_t>(i) - 50),
                                  member = kind == 0   ? n
                                           : kind == 1 ? "m:" + n
                                                       : noise(3 + random() % 80, random()) + n;
                const double score = static_cast<double>(static_cast<int64_t>(random() % 4000)) / 8;
                list.push_back(member);
                set.push_back(member);
                zset.insert(zset.end(), {member, std::to_string(score - 100)});
                hash.insert(hash.end(), {member, prose(random() % 60), ""});
            }
            const std::string tail = std::to_string(count) + "/" + std::to_string(kind);
            out.push_back({"list " + tail, TYPE_LIST, list});
            out.push_back({"set " + tail, TYPE_SET, set});
            out.push_back({"zset " + tail, TYPE_ZSET, zset});
            out.push_back({"hash " + tail, TYPE_HASH, hash});
        }
    }
    out.push_back({"infinite", TYPE_ZSET, {"a", "-inf", "b", "inf", "c", "0.1", "d", "1e300"}});
    out.push_back({"long elements", TYPE_LIST, {noise(9000), "x", noise(70'000), prose(200'000)}});
    out.push_back({"long members", TYPE_SET, {noise(9000), "x", prose(100'000)}});
    out.push_back({"long values", TYPE_HASH, {"f", prose(100'000), "", prose(999), "", ""}});
    out.push_back({"of nothing", TYPE_HASH, {"", "", ""}});
    return out;
}

Args command_for(const Sample &s)
{
    Args a = {s.type == TYPE_LIST   ? "RPUSH"
              : s.type == TYPE_SET  ? "SADD"
              : s.type == TYPE_ZSET ? "ZADD"
                                    : "HSET",
              s.name};
    for (size_t i = 0; i < s.words.size();) {
        if (s.type == TYPE_ZSET) {
            a.insert(a.end(), {s.words[i + 1], s.words[i]});
            i += 2;
        } else if (s.type == TYPE_HASH) {
            a.insert(a.end(), {s.words[i], s.words[i + 1]});
            i += 3;
        } else {
            a.push_back(s.words[i++]);
        }
    }
    return a;
}

TEST(RdbTypesInterop, AReferenceServerLoadsOurFile)
{
    const std::vector<Sample> all = samples();
    for (const type_limits &limits : {USUAL, TIGHT}) {
        const lk::TempDir directory;
        std::map<std::string, std::string> digests;
        {
            Keys k;
            for (const Sample &s : all) {
                Held v;
                make(s.type, s.words, limits, &v);
                digests[s.name] = digest_of(v.v);
                k.put(0, s.name, v.v, ENTRY_NO_DEADLINE, 0);
                v.v.type = TYPE_NONE; // the keyspace has its nodes
            }
            rdb_file f;
            const std::string path = directory.path();
            const rdb_file_options file_options{path.c_str(), nullptr, true};
            ASSERT_EQ(rdb_file_create(&f, &file_ops_system, &file_options), LK_OK);
            rdb_out o;
            const rdb_sink sink = rdb_file_sink(&f);
            rdb_out_init(&o, &sink, RDB_OUT_BUFFER_BYTES);
            ASSERT_EQ(k.save(&o), LK_OK);
            EXPECT_EQ(o.version, 10u);
            rdb_out_release(&o);
            ASSERT_EQ(rdb_file_commit(&f, "dump.rdb"), LK_OK);
        }
        const lk::Outcome check =
            lk::run_program({"/usr/bin/redis-check-rdb", directory.path() + "/dump.rdb"});
        EXPECT_EQ(check.exit_code, 0) << check.output;
        const auto oracle = oracle_on(directory.path(), {{"sanitize-dump-payload", "yes"}});
        Client c = oracle->connect();
        EXPECT_EQ(c.call({"DBSIZE"}).text, std::to_string(all.size()));
        for (const auto &[name, digest] : digests)
            EXPECT_EQ(digest_at(&c, name), digest) << name;
    }
}

// What a reference server keeps, by its file and by DUMP; and given back by RESTORE.
TEST(RdbTypesInterop, WeLoadWhatAReferenceServerKeeps)
{
    const std::vector<Sample> all = samples();
    const Server::Directives settings[] = {
        {},
        {{"hash-max-listpack-entries", "1"},
         {"zset-max-listpack-entries", "1"},
         {"set-max-intset-entries", "1"},
         {"list-max-listpack-size", "3"},
         {"rdbcompression", "no"}},
    };
    for (const Server::Directives &directives : settings) {
        const lk::TempDir directory;
        const auto oracle = oracle_on(directory.path(), directives);
        Client c = oracle->connect();
        std::map<std::string, std::string> digests;
        for (const Sample &s : all) {
            ASSERT_EQ(c.call(command_for(s)).type, ':') << s.name;
            digests[s.name] = digest_at(&c, s.name);
            const std::string dump = c.call({"DUMP", s.name}).text;
            ASSERT_GT(dump.size(), 11u);
            for (const type_limits &limits : {USUAL, TIGHT}) {
                Held v;
                std::string error;
                ASSERT_EQ(read(10, static_cast<unsigned char>(dump[0]),
                               dump.substr(1, dump.size() - 11), limits, &v, &error),
                          LK_OK)
                    << s.name << " " << error;
                EXPECT_EQ(digest_of(v.v), digests[s.name]) << s.name;
                const Written w = written(v.v);
                ASSERT_EQ(
                    c.call({"RESTORE", "back", "0", payload(w.code, w.bytes, 10), "REPLACE"}).text,
                    "OK")
                    << s.name;
                EXPECT_EQ(digest_at(&c, "back"), digests[s.name]) << s.name;
            }
        }
        c.call({"DEL", "back"});
        ASSERT_EQ(c.call({"SAVE"}).text, "OK");

        struct Check {
            std::map<std::string, std::string> *digests;
            size_t seen = 0;
        } check{&digests};
        rdb_receiver receiver{};
        receiver.ctx = &check;
        receiver.entry = [](void *ctx, const rdb_record *r) {
            Check *self = static_cast<Check *>(ctx);
            EXPECT_EQ(digest_of(*r->value), (*self->digests)[text(r->key)]) << text(r->key);
            value_release(r->value);
            self->seen++;
            return static_cast<int>(LK_OK);
        };
        rdb_file_in f;
        const std::string path = directory.path() + "/dump.rdb";
        ASSERT_EQ(rdb_file_open(&f, &file_ops_system, path.c_str()), LK_OK);
        EXPECT_EQ(rdb_load(&f.in, &receiver), LK_OK) << f.in.error;
        rdb_file_close(&f);
        EXPECT_EQ(check.seen, all.size());
    }
}

// Old forms mean to us what they mean to a reference server, as far as that knows them.
TEST(RdbTypesInterop, FormsByHandMeanWhatTheyMeanToAServer)
{
    const lk::TempDir directory;
    const auto oracle = oracle_on(directory.path(), {{"sanitize-dump-payload", "yes"}});
    Client c = oracle->connect();
    for (const Form &f : forms()) {
        if (f.version > 10)
            continue;
        const lk::Reply r =
            c.call({"RESTORE", "k", "0", payload(f.code, f.bytes, f.version), "REPLACE"});
        ASSERT_EQ(r.text, "OK") << f.name;
        Held v;
        ASSERT_EQ(read(f.version, f.code, f.bytes, USUAL, &v), LK_OK);
        EXPECT_EQ(digest_of(v.v), digest_at(&c, "k")) << f.name;
    }
}

// Of tampered bytes: what both take is the same value to both, and what we write of it is taken.
TEST(RdbTypesInterop, WhatBothAcceptIsTheSame)
{
    const lk::TempDir directory;
    const auto oracle = oracle_on(directory.path(), {{"sanitize-dump-payload", "yes"}});
    Client c = oracle->connect();
    const std::vector<Form> all = forms();
    std::mt19937_64 random(test_seed());
    int both = 0;
    for (int round = 0; round < 4000; round++) {
        const Form &f = all[round % all.size()];
        if (f.version > 10)
            continue;
        std::string bad = f.bytes;
        bad[random() % bad.size()] = static_cast<char>(random());
        const lk::Reply theirs = c.call({"RESTORE", "k", "0", payload(f.code, bad, 10), "REPLACE"});
        Held v;
        const std::vector<char> exact(bad.begin(), bad.end());
        rdb_in in;
        rdb_in_init_bytes(&in, bytes_of(exact.data(), exact.size()));
        in.version = 10;
        in.limits = &USUAL;
        value got;
        const int rc = rdb_in_value(&in, f.code, &got);
        if (rc == LK_OK)
            v.take(got);
        rdb_in_release(&in);
        if (rc != LK_OK || v.v.type == TYPE_NONE)
            continue;
        const Written w = written(v.v);
        EXPECT_EQ(c.call({"RESTORE", "mine", "0", payload(w.code, w.bytes, 10), "REPLACE"}).text,
                  "OK")
            << f.name << " " << hex(bad);
        EXPECT_EQ(digest_at(&c, "mine"), digest_of(v.v)) << f.name << " " << hex(bad);
        if (theirs.text != "OK")
            continue;
        both++;
        EXPECT_EQ(digest_at(&c, "k"), digest_of(v.v)) << f.name << " " << hex(bad);
    }
    EXPECT_GT(both, 500);
}

} // namespace
