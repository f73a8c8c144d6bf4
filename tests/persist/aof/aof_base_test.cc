// Plain bases: the commands that are written, what they make when they are loaded, and the same
// with a reference server on one of the two sides.
#include "core/types/stream_group.h"
#include "persist/rdb/rdb_file.h"
#include "tests/persist/aof/aof_fixture.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <filesystem>
#include <fstream>
#include <functional>

using namespace aof_test;
using rdb::noise;
using rdb::prose;
using rdb::TIGHT;
using rdb::USUAL;

namespace
{

std::vector<Words> parse(const std::string &base)
{
    std::vector<Words> out;
    for (size_t at = 0; at < base.size();) {
        const size_t end = base.find("\r\n", at);
        const size_t n = std::stoul(base.substr(at + 1, end - at - 1));
        if (base[at] == '*') {
            out.emplace_back();
            at = end + 2;
        } else {
            out.back().push_back(base.substr(end + 2, n));
            at = end + 4 + n;
        }
    }
    return out;
}

// --- the bytes

struct Row {
    const char *name;
    std::vector<Words> make;
    std::vector<Words> want; // nothing: the same
};

Words counted(Words head, int from, int to, const char *tail = nullptr)
{
    for (int i = from; i < to; i++) {
        head.push_back(std::to_string(i));
        if (tail)
            head.push_back(tail + std::to_string(i));
    }
    return head;
}

class AofBaseBytes : public ::testing::TestWithParam<Row>
{
};

TEST_P(AofBaseBytes, AreTheseCommands)
{
    Data data;
    for (const Words &c : GetParam().make)
        data.run(c);
    std::vector<Words> want = GetParam().want.empty() ? GetParam().make : GetParam().want;
    want.insert(want.begin(), {"SELECT", "0"});
    EXPECT_EQ(data.base(), encode(want));
}

INSTANTIATE_TEST_SUITE_P(
    Aof, AofBaseBytes,
    ::testing::Values(
        Row{"string", {{"SET", "k", "hello"}}, {}}, Row{"number", {{"SET", "k", "-123"}}, {}},
        Row{"nothing", {{"SET", "", ""}}, {}},
        Row{"binary", {{"SET", std::string("\0\r\n", 3), std::string("$5\r\n\0\xff", 6)}}, {}},
        Row{"deadline",
            {{"SET", "k", "v", "PXAT", "1999999999999"}},
            {{"SET", "k", "v"}, {"PEXPIREAT", "k", "1999999999999"}}},
        Row{"list", {{"RPUSH", "k", "a", "", "-7"}}, {}},
        Row{"runs",
            {counted({"RPUSH", "k"}, 0, 129)},
            {counted({"RPUSH", "k"}, 0, 64),
             counted({"RPUSH", "k"}, 64, 128),
             {"RPUSH", "k", "128"}}},
        Row{"whole_runs",
            {counted({"SADD", "k"}, 0, 128)},
            {counted({"SADD", "k"}, 0, 64), counted({"SADD", "k"}, 64, 128)}},
        Row{"pairs",
            {counted({"HSET", "k"}, 0, 65, "v")},
            {counted({"HMSET", "k"}, 0, 64, "v"), {"HMSET", "k", "64", "v64"}}},
        Row{"scores",
            {{"ZADD", "k", "inf", "e", "0.1", "f", "-inf", "d", "3", "g", "1e300", "c", "-2.5", "b",
              "12345678901234567", "h", "100000", "i"}},
            {{"ZADD", "k", "-inf", "d", "-2.5", "b", "0.10000000000000001", "f", "3", "g", "100000",
              "i", "12345678901234568", "h", "1.0000000000000001e+300", "c", "inf", "e"}}},
        Row{"fields",
            {{"HSET", "k", "f", "1", "g", "2"},
             {"HPEXPIREAT", "k", "1999999999999", "FIELDS", "1", "g"},
             {"PEXPIREAT", "k", "2999999999999"}},
            {{"HMSET", "k", "g", "2", "f", "1"},
             {"HPEXPIREAT", "k", "1999999999999", "FIELDS", "1", "g"},
             {"PEXPIREAT", "k", "2999999999999"}}}),
    [](const auto &p) { return std::string(p.param.name); });

TEST(AofBase, SelectsWhereTheDatabaseChanges)
{
    Data data;
    for (const char *db : {"0", "3", "15"}) {
        data.run({"SELECT", db});
        for (int i = 0; i < 40; i++)
            data.run({"SET", "k" + std::to_string(i), db});
    }
    std::string selected;
    size_t keys = 0;
    for (const Words &c : parse(data.base())) {
        if (c[0] == "SELECT") {
            EXPECT_NE(c[1], selected);
            selected = c[1];
        } else {
            EXPECT_EQ(c[2], selected);
            keys++;
        }
    }
    EXPECT_EQ(keys, 120u);
}

TEST(AofBase, BeginsWithTheTimeAndWithFunctions)
{
    Data data;
    EXPECT_EQ(data.base(), "");
    EXPECT_EQ(data.base(1700000001), "#TS:1700000001\r\n");
    rdb::Out out;
    aof_base b;
    aof_base_begin(&b, &out.o, -1);
    aof_base_function(&b, bytes_cstr("#!lua name=l\ncode"));
    EXPECT_EQ(aof_base_end(&b), LK_OK);
    EXPECT_EQ(out.data, encode(Words{"FUNCTION", "LOAD", "#!lua name=l\ncode"}));
}

TEST(AofBase, TellsOfErrors)
{
    Data data;
    for (int i = 0; i < 100; i++)
        data.run({"SET", "k" + std::to_string(i), std::string(200, 'v')});
    int rc;
    for (const size_t room : {0, 5000, 20000}) {
        data.base(-1, &rc, nullptr, room);
        EXPECT_EQ(rc, LK_EIO) << room;
    }
    const rdb_save_hook hook = {
        [](void *, uint64_t keys) { return static_cast<int>(keys < 50 ? LK_OK : LK_EBUSY); },
        nullptr};
    const std::string part = data.base(-1, &rc, &hook);
    EXPECT_EQ(rc, LK_EBUSY);
    EXPECT_LT(parse(part).size(), 52u);

    gate_close(&data.ks->gate);
    view *v = view_cut(data.ks);
    gate_open(&data.ks->gate);
    view_abort(v);
    Data::base_of(v, -1, &rc);
    EXPECT_EQ(rc, LK_EAGAIN);
    view_close(v);
}

// --- there and back

// Keys of all types and sizes: as commands, so that a reference server can be given the same.
std::vector<Words> samples(bool field_deadlines)
{
    std::mt19937_64 random(test_seed());
    std::vector<Words> out;
    const auto member = [&random](int kind, int i) {
        const std::string n = std::to_string(i - 50);
        return kind == 0 ? n : kind == 1 ? "m:" + n : noise(random() % 90, random()) + n;
    };
    for (const int count : {1, 64, 65, 127, 129, 513, 2000}) {
        for (const int kind : {0, 1, 2}) {
            const std::string tail = std::to_string(count) + "/" + std::to_string(kind);
            Words list{"RPUSH", "list " + tail}, set{"SADD", "set " + tail},
                zset{"ZADD", "zset " + tail}, hash{"HSET", "hash " + tail};
            for (int i = 0; i < count; i++) {
                const double score = static_cast<double>(random() % 4000) / (i % 3 ? 7 : 1) - 100;
                char text[40];
                snprintf(text, sizeof text, "%.17g", score);
                list.push_back(member(kind, i));
                set.push_back(member(kind, i));
                zset.insert(zset.end(), {text, member(kind, i)});
                hash.insert(hash.end(), {member(kind, i), prose(random() % 60)});
            }
            out.insert(out.end(), {list, set, zset, hash});
            if (field_deadlines && kind == 1)
                for (int i = 0; i < count; i += 3)
                    out.push_back({"HPEXPIREAT", hash[1],
                                   std::to_string(4'102'444'800'000 + static_cast<int64_t>(i)),
                                   "FIELDS", "1", member(1, i)});
            out.push_back({"SET", "string " + tail, noise(random() % 5000, random())});
            out.push_back({"PEXPIREAT", (count % 2 ? "list " : "zset ") + tail, "4102444800123"});
        }
    }
    out.push_back({"SELECT", "9"});
    out.push_back({"SET", "chunks", noise(3'000'000)});
    out.push_back({"SETRANGE", "holes", "1000000", "end"});
    out.push_back({"SET", "number", "-9223372036854775808"});
    out.push_back({"SET", "no number", "0012"});
    out.push_back({"RPUSH", "long elements", noise(9000), "", noise(70'000), prose(200'000)});
    out.push_back({"SADD", "long members", noise(9000), "x", prose(100'000)});
    out.push_back({"HSET", "long values", "f", prose(300'000), "", ""});
    out.push_back({"ZADD", "infinite", "-inf", "a", "inf", "b", "5e-324", "c"});
    out.push_back({"SETBIT", "bits", "77", "1"});
    out.push_back({"PFADD", "hll", "a", "b", "c"});
    return out;
}

TEST(AofBase, MakesWhatItWasMadeOf)
{
    const std::vector<Words> all = samples(true);
    for (const type_limits &limits : {USUAL, TIGHT}) {
        std::map<Place, std::string> want;
        std::string base;
        {
            Data data(limits);
            for (const Words &c : all)
                data.run(c);
            want = data.dump();
            base = data.base(1);
        }
        EXPECT_GT(want.size(), 100u);
        for (const type_limits &others : {USUAL, TIGHT}) {
            FakeDisk disk;
            Data data(others);
            std::string error;
            put_base(&disk, base);
            ASSERT_EQ(data.load(disk, &error), LK_OK) << error;
            EXPECT_EQ(difference(data.dump(), want), "");
        }
    }
}

TEST(AofBase, KeepsWhatIsDueUntilTheLogSaysItWent)
{
    Data data;
    data.run({"SET", "k", "v", "PXAT", "5"});
    data.run({"HSET", "h", "f", "1", "g", "2"});
    data.run({"HPEXPIREAT", "h", "7", "FIELDS", "1", "f"});
    const auto want = data.dump();
    FakeDisk disk;
    put_base(&disk, data.base());
    Data back;
    std::string error;
    ASSERT_EQ(back.load(disk, &error), LK_OK) << error;
    EXPECT_EQ(back.dump(), want);
    EXPECT_EQ(want.size(), 2u);
}

// What is changed, added and deleted behind the cut is not in it.
TEST(AofBase, IsTheStateAtTheCut)
{
    Data data(TIGHT);
    for (const Words &c : samples(true))
        data.run(c);
    data.run({"SELECT", "0"});
    const auto want = data.dump();
    gate_close(&data.ks->gate);
    view *v = view_cut(data.ks);
    gate_open(&data.ks->gate);
    for (const auto &[place, told] : want) {
        const std::string &key = place.second, kind = key.substr(0, key.find(' '));
        if (place.first != 0)
            continue;
        if (kind == "list")
            data.run({"RPUSH", key, "new"});
        else if (kind == "set")
            data.run({"SADD", key, "new"});
        else if (kind == "zset")
            data.run({"ZADD", key, "3", "new"});
        else if (kind == "hash")
            data.run({"HSET", key, "new", "v"});
        else
            data.run({"DEL", key});
        data.run({"SET", "new " + key, "v"});
    }
    data.run({"SWAPDB", "9", "3"});
    const std::string base = Data::base_of(v);
    view_close(v);
    FakeDisk disk;
    put_base(&disk, base);
    Data back;
    std::string error;
    ASSERT_EQ(back.load(disk, &error), LK_OK) << error;
    EXPECT_EQ(difference(back.dump(), want), "");
}

// --- streams

// Changes a stream as commands would.
class Stream
{
  public:
    Stream()
    {
        type_ops_get(TYPE_STREAM)->empty(&edit.value);
        limits.stream_node_max_bytes = 4096;
        limits.stream_node_max_entries = 10;
        edit.limits = &limits;
    }
    void add(uint64_t ms, uint64_t seq, const Words &pairs)
    {
        std::vector<bytes> v;
        for (const std::string &w : pairs)
            v.push_back(rdb::of(w));
        EXPECT_EQ(stream_append(&edit, stream_id_of(ms, seq), v.data(), v.size() / 2), LK_OK);
    }
    stream_group *group(const std::string &name, stream_id last, int64_t read)
    {
        return stream_group_create(&edit, rdb::of(name), last, read);
    }
    value_edit edit{};
    type_limits limits = USUAL;
};

Words entry_words(const std::string &key, int ms)
{
    Words w{"XADD", key, std::to_string(ms) + "-1", "a", std::to_string(ms)};
    if (ms % 4 == 0)
        w.insert(w.end(), {"", noise(30, static_cast<uint64_t>(ms))});
    return w;
}

// The same streams, by the calls of the type and by commands.
void make_streams(Data *data, std::vector<Words> *commands)
{
    Stream plain, fresh, emptied, groups;
    commands->push_back({"XADD", "plain", "0-5", "f", "v"});
    plain.add(0, 5, {"f", "v"});
    for (int ms = 1; ms < 50; ms++) {
        commands->push_back(entry_words("plain", ms));
        plain.add(static_cast<uint64_t>(ms), 1,
                  {commands->back().begin() + 3, commands->back().end()});
    }
    for (const uint64_t ms : {20, 49}) {
        commands->push_back({"XDEL", "plain", std::to_string(ms) + "-1"});
        EXPECT_TRUE(stream_delete(&plain.edit, stream_id_of(ms, 1)));
    }
    stream_set_ids(&plain.edit, stream_id_of(49, 1), stream_id_of(49, 1), 50);

    commands->push_back({"XGROUP", "CREATE", "fresh", "g", "$", "MKSTREAM"});
    fresh.group("g", stream_id_of(0, 0), -1);

    commands->push_back({"XADD", "emptied", "18446744073709551615-1", "f", "v"});
    commands->push_back({"XDEL", "emptied", "18446744073709551615-1"});
    emptied.add(UINT64_MAX, 1, {"f", "v"});
    EXPECT_TRUE(stream_delete(&emptied.edit, stream_id_of(UINT64_MAX, 1)));
    stream_set_ids(&emptied.edit, stream_id_of(UINT64_MAX, 1), stream_id_of(UINT64_MAX, 1), 1);

    for (uint64_t ms = 1; ms <= 9; ms++) {
        commands->push_back({"XADD", "groups", std::to_string(ms), "f", "v"});
        groups.add(ms, 0, {"f", "v"});
    }
    stream_set_ids(&groups.edit, stream_id_of(9, 0), stream_id_of(0, 0), 9);
    const std::string odd("g\0\r\n", 4);
    commands->insert(commands->end(),
                     {{"XGROUP", "CREATE", "groups", odd, "7-0", "ENTRIESREAD", "7"},
                      {"XGROUP", "CREATE", "groups", "z", "0"},
                      {"XGROUP", "CREATECONSUMER", "groups", odd, "idle"}});
    for (const char *id : {"2-0", "5-0"})
        commands->push_back({"XCLAIM", "groups", odd, "bob", "0", id, "TIME", "1690000000123",
                             "RETRYCOUNT", "3", "JUSTID", "FORCE"});
    commands->push_back({"XCLAIM", "groups", odd, "alice", "0", "3-0", "TIME", "1600000000000",
                         "RETRYCOUNT", "0", "JUSTID", "FORCE"});
    stream_group *g = groups.group(odd, stream_id_of(7, 0), 7);
    stream_consumer_create(&groups.edit, g, bytes_cstr("idle"), rdb::NOW);
    stream_consumer *bob = stream_consumer_create(&groups.edit, g, bytes_cstr("bob"), rdb::NOW);
    for (const uint64_t ms : {2, 5})
        stream_pending_put(&groups.edit, g, bob, stream_id_of(ms, 0), 1690000000123, 3);
    stream_consumer *alice = stream_consumer_create(&groups.edit, g, bytes_cstr("alice"), rdb::NOW);
    stream_pending_put(&groups.edit, g, alice, stream_id_of(3, 0), 1600000000000, 0);
    groups.group("z", stream_id_of(0, 0), -1);
    data->put(0, "plain", plain.edit.value);
    data->put(0, "fresh", fresh.edit.value);
    data->put(0, "emptied", emptied.edit.value);
    data->put(0, "groups", groups.edit.value);
}

TEST(AofBase, MakesStreams)
{
    Data data;
    std::vector<Words> commands;
    make_streams(&data, &commands);
    FakeDisk disk;
    put_base(&disk, data.base());
    Data back;
    std::string error;
    ASSERT_EQ(back.load(disk, &error), LK_OK) << error;
    EXPECT_EQ(difference(back.dump(), data.dump()), "");
    EXPECT_EQ(back.base(), data.base());
}

// --- a reference server

using lk::Client;
using lk::Server;

std::string contents(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::unique_ptr<Server> oracle_on(const std::string &directory, Server::Directives more = {})
{
    more.insert(more.end(), {{"dir", directory},
                             {"enable-debug-command", "yes"},
                             {"appendonly", "yes"},
                             {"aof-use-rdb-preamble", "no"}});
    return Server::oracle(more);
}

std::map<Place, std::string> digests_of(Client *c)
{
    std::map<Place, std::string> out;
    for (uint32_t db = 0; db < 16; db++) {
        c->call({"SELECT", std::to_string(db)});
        for (const lk::Reply &key : c->call({"KEYS", "*"}).items)
            out[{db, key.text}] = c->call({"DEBUG", "DIGEST-VALUE", key.text}).items.at(0).text;
    }
    return out;
}

// Runs them, rewrites, and answers the base that was written.
std::string base_of_oracle(const std::string &directory, const std::vector<Words> &commands,
                           const Server::Directives &more, std::map<Place, std::string> *digests)
{
    const auto oracle = oracle_on(directory, more);
    Client c = oracle->connect();
    for (const Words &words : commands) {
        const lk::Reply reply = c.call(words);
        EXPECT_NE(reply.type, '-') << words[0] << " " << words[1] << ": " << reply.text;
    }
    *digests = digests_of(&c);
    c.call({"BGREWRITEAOF"});
    EXPECT_TRUE(oracle->process().wait_output("Background AOF rewrite finished successfully"));
    std::string name;
    for (const auto &file : std::filesystem::directory_iterator(directory + "/appendonlydir")) {
        const std::string path = file.path();
        if (path.find(".base.") != std::string::npos && path > name)
            name = path;
    }
    return contents(name);
}

TEST(AofBaseInterop, AReferenceServerLoadsOurs)
{
    for (const type_limits &limits : {USUAL, TIGHT}) {
        const lk::TempDir directory;
        std::map<Place, std::string> digests;
        std::filesystem::create_directory(directory.path() + "/appendonlydir");
        const std::string prefix = directory.path() + "/appendonlydir/appendonly.aof.";
        {
            Data data(limits);
            std::vector<Words> ignored;
            for (const Words &c : samples(false))
                data.run(c);
            make_streams(&data, &ignored);
            digests = data.digests();
            std::ofstream(prefix + "1.base.aof", std::ios::binary) << data.base(1600000000);
        }
        std::ofstream(prefix + "1.incr.aof");
        std::ofstream(prefix + "manifest") << "file appendonly.aof.1.base.aof seq 1 type b\n"
                                              "file appendonly.aof.1.incr.aof seq 1 type i\n";
        const lk::Outcome check =
            lk::run_program({"/usr/bin/redis-check-aof", prefix + "manifest"});
        EXPECT_EQ(check.exit_code, 0) << check.output;
        const auto oracle = oracle_on(directory.path());
        Client c = oracle->connect();
        EXPECT_EQ(difference(digests_of(&c), digests), "");
    }
}

TEST(AofBaseInterop, WeLoadThatOfAReferenceServer)
{
    const Server::Directives settings[] = {{},
                                           {{"hash-max-listpack-entries", "1"},
                                            {"zset-max-listpack-entries", "1"},
                                            {"set-max-intset-entries", "1"},
                                            {"aof-timestamp-enabled", "yes"}}};
    for (const Server::Directives &more : settings) {
        const lk::TempDir directory;
        FakeDisk disk;
        std::map<Place, std::string> digests;
        std::string error;
        put_base(&disk, base_of_oracle(directory.path(), samples(false), more, &digests));
        Data data;
        ASSERT_EQ(data.load(disk, &error), LK_OK) << error;
        EXPECT_EQ(difference(data.digests(), digests), "");
    }
}

// The commands of each key; sets and hashes that are tables come in an order of their own.
std::map<std::string, std::string> by_key(const std::string &base)
{
    std::map<std::string, std::string> out;
    for (const Words &c : parse(base))
        if (c[0] != "SELECT")
            out[c[0] == "XGROUP" ? c[2] : c[1]] += encode(c);
    return out;
}

TEST(AofBaseInterop, IsByteForByteThatOfAReferenceServer)
{
    const lk::TempDir directory;
    std::map<Place, std::string> digests;
    Data data;
    std::vector<Words> commands = {
        counted({"RPUSH", "list"}, 0, 300),    counted({"SADD", "ints"}, -20, 300),
        counted({"HSET", "hash"}, 0, 90, "v"), {"SET", "number", "12"},
        {"SET", "text", noise(100)},           {"PEXPIREAT", "text", "4102444800123"}};
    Words zset{"ZADD", "zset"};
    for (int i = 0; i < 100; i++)
        zset.insert(zset.end(), {std::to_string(i * 0.1), "m" + std::to_string(i)});
    commands.push_back(zset);
    for (const Words &c : commands)
        data.run(c);
    make_streams(&data, &commands);
    const auto theirs = by_key(base_of_oracle(directory.path(), commands, {}, &digests));
    EXPECT_EQ(by_key(data.base()), theirs);
    EXPECT_EQ(theirs.size(), 10u);
}

} // namespace
