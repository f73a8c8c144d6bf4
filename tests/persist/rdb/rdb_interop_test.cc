// Files that we write and a reference server reads, and the other way round.
#include "core/store/lru.h"
#include "persist/rdb/rdb_file.h"
#include "persist/rdb/rdb_type.h"
#include "persist/rdb/rdb_ziplist.h"
#include "persist/rdb/rdb_zipmap.h"
#include "tests/persist/rdb/rdb_fixture.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <optional>
#include <set>

using namespace rdb;
using lk::Args;
using lk::Client;
using lk::Server;

namespace
{

const uint32_t LAST_USE = lru_clock(NOW - 1'000'000); // 1,000 seconds ago
constexpr int64_t FAR = 4'102'444'800'000; // the year 2100: nothing expires while we look

int save_file(Keys *k, const std::string &directory, const char *name, rdb_save_options options,
              bool compress, const std::vector<std::string> &functions = {})
{
    rdb_file f;
    const rdb_file_options file_options{directory.c_str(), nullptr, true};
    if (rdb_file_create(&f, &file_ops_system, &file_options) != LK_OK)
        return LK_EIO;
    rdb_out o;
    const rdb_sink sink = rdb_file_sink(&f);
    rdb_out_init(&o, &sink, RDB_OUT_BUFFER_BYTES);
    o.compress = compress;
    int rc = k->save(&o, options, nullptr, functions);
    rdb_out_release(&o);
    if (rc == LK_OK)
        rc = rdb_file_commit(&f, name);
    else
        rdb_file_abort(&f);
    EXPECT_EQ(rc, LK_OK) << f.error;
    return rc;
}

int load_file(const std::string &path, Receiver *to, std::string *error)
{
    rdb_file_in f;
    int rc = rdb_file_open(&f, &file_ops_system, path.c_str());
    if (rc != LK_OK)
        return rc;
    const rdb_receiver row = to->row();
    rc = rdb_load(&f.in, &row);
    *error = f.in.error;
    rdb_file_close(&f);
    return rc;
}

std::unique_ptr<Server> oracle_on(const std::string &directory, Server::Directives more = {})
{
    more.push_back({"dir", directory});
    return Server::oracle(more);
}

void fill(Keys *k, bool with_use)
{
    const uint32_t bits = with_use ? LAST_USE : 0;
    k->put(0, "int", "12345", -1, bits);
    k->put(0, "smallest", "-9223372036854775808", -1, bits);
    k->put(0, "not a number", "0012", -1, bits);
    k->put(0, "empty", "", -1, bits);
    k->put(0, "", "of the empty key", FAR, bits);
    k->put(0, std::string("\0key\xff", 5), std::string("\0value\r\n", 8), FAR + 1, bits);
    k->put(0, noise(300), noise(300), -1, bits);
    k->put(0, prose(20'000), prose(20'000), -1, bits);
    k->put(3, "int", "another", -1, bits);
    k->put(3, "edge", noise(STR_INLINE_MAX), -1, bits);
    k->put(15, "chunks", noise(3'000'000), FAR + 5, bits);
    k->put(15, "chunked prose", prose(5'000'000), -1, bits);
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 3000; i++) {
        const int64_t number = static_cast<int64_t>(random()) >> (random() % 64);
        const std::string value = i % 3 ? std::to_string(number) : noise(random() % 100, random());
        k->put(i % 5 ? 7 : 0, "key:" + std::to_string(i), value, i % 4 ? -1 : FAR + i, bits);
    }
}

void expect_all(Client *c, const Items &items)
{
    std::map<uint32_t, size_t> counts;
    uint32_t selected = UINT32_MAX;
    for (const auto &[place, item] : items) {
        if (place.first != selected) {
            EXPECT_EQ(c->call({"SELECT", std::to_string(place.first)}).text, "OK");
        }
        selected = place.first;
        counts[selected]++;
        const std::vector<lk::Reply> replies =
            c->pipeline({{"GET", place.second}, {"PEXPIRETIME", place.second}});
        EXPECT_TRUE(replies[0].text == item.value && !replies[0].null)
            << lk::printable(place.second, 60);
        EXPECT_EQ(replies[1].text, std::to_string(item.deadline));
    }
    for (const auto &[db, count] : counts) {
        c->call({"SELECT", std::to_string(db)});
        EXPECT_EQ(c->call({"DBSIZE"}).text, std::to_string(count));
    }
}

TEST(RdbInterop, AReferenceServerLoadsWhatWeWrite)
{
    for (const bool compress : {false, true}) {
        Keys k;
        fill(&k, false);
        const lk::TempDir directory;
        ASSERT_EQ(save_file(&k, directory.path(), "dump.rdb", {}, compress), LK_OK);
        const lk::Outcome check =
            lk::run_program({"/usr/bin/redis-check-rdb", directory.path() + "/dump.rdb"});
        EXPECT_EQ(check.exit_code, 0) << check.output;
        EXPECT_NE(check.output.find("RDB looks OK"), std::string::npos) << check.output;
        const auto oracle = oracle_on(directory.path(), {{"sanitize-dump-payload", "yes"}});
        Client c = oracle->connect();
        expect_all(&c, k.items);
        EXPECT_EQ(c.call({"SELECT", "0"}).text, "OK");
        EXPECT_EQ(c.call({"OBJECT", "ENCODING", "int"}).text, "int");
        EXPECT_EQ(c.call({"OBJECT", "ENCODING", "not a number"}).text, "embstr");
    }
}

TEST(RdbInterop, AReferenceServerTakesFunctionsAndUse)
{
    const std::string code = "#!lua name=mylib\n"
                             "redis.register_function('f', function(keys, args) return 42 end)\n";
    for (const rdb_use use : {RDB_USE_LRU, RDB_USE_LFU}) {
        Keys k;
        fill(&k, true);
        const lk::TempDir directory;
        rdb_save_options options{};
        options.use = use;
        ASSERT_EQ(save_file(&k, directory.path(), "dump.rdb", options, true, {code}), LK_OK);
        const char *policy = use == RDB_USE_LRU ? "allkeys-lru" : "allkeys-lfu";
        const auto oracle = oracle_on(
            directory.path(),
            {{"maxmemory-policy", policy}, {"maxmemory", "1gb"}, {"lfu-decay-time", "0"}});
        Client c = oracle->connect();
        EXPECT_EQ(c.call({"FCALL", "f", "0"}).text, "42");
        if (use == RDB_USE_LFU) {
            EXPECT_EQ(c.call({"OBJECT", "FREQ", "int"}).text, std::to_string(LAST_USE & 0xff));
        } else {
            EXPECT_NEAR(std::stod(c.call({"OBJECT", "IDLETIME", "int"}).text), 1000, 100);
        }
        expect_all(&c, k.items);
    }
}

// --- the other way round

struct Setting {
    const char *name;
    Server::Directives directives;
};

class RdbFromReference : public ::testing::TestWithParam<Setting>
{
};

TEST_P(RdbFromReference, IsLoaded)
{
    const lk::TempDir directory;
    Server::Directives directives = GetParam().directives;
    directives.push_back({"dir", directory.path()});
    const auto oracle = Server::oracle(directives);
    Client c = oracle->connect();
    Items want;
    const auto set = [&](uint32_t db, const std::string &key, const std::string &value,
                         int64_t deadline) {
        std::vector<Args> commands = {{"SELECT", std::to_string(db)}, {"SET", key, value}};
        if (deadline >= 0)
            commands.push_back({"PEXPIREAT", key, std::to_string(deadline)});
        c.pipeline(commands);
        want[{db, key}] = {value, deadline};
    };
    Keys k;
    fill(&k, false);
    for (const auto &[place, item] : k.items)
        set(place.first, place.second, item.value, item.deadline);
    // A number that was appended to is no number to it any more, but is written as one.
    c.pipeline({{"SELECT", "0"}, {"SET", "appended", "1"}, {"APPEND", "appended", "23"}});
    want[{0, "appended"}] = {"123"};
    const std::string code = "#!lua name=mylib\n"
                             "redis.register_function('f', function(keys, args) return 42 end)\n";
    EXPECT_EQ(c.call({"FUNCTION", "LOAD", code}).text, "mylib");
    ASSERT_EQ(c.call({"SAVE"}).text, "OK");

    Receiver got;
    std::string error;
    ASSERT_EQ(load_file(directory.path() + "/dump.rdb", &got, &error), LK_OK) << error;
    const std::string name = GetParam().name;
    ASSERT_EQ(got.items.size(), want.size());
    for (const auto &[place, item] : want) {
        const Item &mine = got.items[place];
        EXPECT_TRUE(mine.value == item.value) << lk::printable(place.second, 60);
        EXPECT_EQ(mine.deadline, item.deadline);
        EXPECT_EQ(mine.idle >= 0, name == "lru");
        EXPECT_EQ(mine.freq >= 0, name == "lfu");
    }
    EXPECT_EQ(got.functions, std::vector<std::string>{code});
    EXPECT_EQ(got.aux["redis-ver"].substr(0, 2), "7.");
    EXPECT_EQ(got.aux["aof-base"], "0");
    EXPECT_EQ(got.sizes.size(), 4u);
}

INSTANTIATE_TEST_SUITE_P(
    Rdb, RdbFromReference,
    ::testing::Values(Setting{"plain", {}}, Setting{"uncompressed", {{"rdbcompression", "no"}}},
                      Setting{"unchecked", {{"rdbchecksum", "no"}}},
                      Setting{"lru", {{"maxmemory-policy", "allkeys-lru"}, {"maxmemory", "1gb"}}},
                      Setting{"lfu", {{"maxmemory-policy", "volatile-lfu"}, {"maxmemory", "1gb"}}}),
    [](const auto &p) { return std::string(p.param.name); });

// --- packed lists of old versions: what we accept is what a server accepts, and means the same

std::string payload(unsigned code, const std::string &packed)
{
    Out out;
    out.o.compress = false;
    rdb_out_byte(&out.o, code);
    rdb_out_string(&out.o, of(packed));
    rdb_out_raw(&out.o, "\x0a", 2); // version 10
    uint64_t crc = rdb_out_crc(&out.o);
    for (int i = 0; i < 8; i++, crc >>= 8)
        rdb_out_byte(&out.o, crc & 0xff);
    return out.flushed();
}

std::string digits_or_text(const listpack_value &v)
{
    return v.s.data ? text(v.s) : std::to_string(v.number);
}

// The elements; nothing if the list is refused.
std::optional<Args> walk_list(const std::string &zl)
{
    Args out;
    size_t count;
    if (!rdb_ziplist_validate(of(zl), &count))
        return std::nullopt;
    rdb_ziplist_each(
        of(zl),
        [](void *ctx, const listpack_value *v) {
            static_cast<Args *>(ctx)->push_back(digits_or_text(*v));
            return true;
        },
        &out);
    EXPECT_EQ(out.size(), count);
    return out;
}

std::optional<Args> walk_map(const std::string &zm)
{
    Args out;
    size_t count;
    if (!rdb_zipmap_validate(of(zm), &count))
        return std::nullopt;
    rdb_zipmap_each(
        of(zm),
        [](void *ctx, const listpack_value pair[2]) {
            static_cast<Args *>(ctx)->push_back(digits_or_text(pair[0]));
            static_cast<Args *>(ctx)->push_back(digits_or_text(pair[1]));
            return true;
        },
        &out);
    EXPECT_EQ(out.size(), 2 * count);
    return out;
}

std::string mutated(std::string s, std::mt19937_64 *random)
{
    for (uint64_t n = (*random)() % 3; n > 0; n--) {
        const size_t at = (*random)() % s.size();
        if ((*random)() % 2)
            s[at] = static_cast<char>((*random)());
        else
            s[at] = "\xff\xfe\x00\x80\xc0\xf0\x01\x02"[(*random)() % 8];
    }
    return s;
}

// A server refuses empty ones and fields that occur twice, which is for whoever builds the value to
// see; and it takes a map with bytes behind its end, which we do not.
bool excused(const std::string &bytes, const std::optional<Args> &mine, bool is_list)
{
    if (mine && is_list)
        return mine->empty();
    if (is_list)
        return false;
    if (!mine) {
        for (size_t size = 1; size < bytes.size(); size++)
            if (walk_map(bytes.substr(0, size)))
                return true;
        return false;
    }
    std::set<std::string> fields;
    for (size_t i = 0; i < mine->size(); i += 2)
        fields.insert((*mine)[i]);
    return mine->empty() || fields.size() < mine->size() / 2;
}

TEST(RdbInterop, PackedListsMeanWhatTheyMeanToAServer)
{
    const std::string list = unhex("28000000 1d000000 0600 00 03616263 05 fe80 03 c00080 04 f5 02 "
                                   "f0ffff7f 05 e0ffffffffffffff7f ff");
    const std::string fields(253, 'f'), wide(254, 'w');
    const std::string maps[] = {unhex("02 01 61 02 00 6263  01 64 01 02 65 0000 ff"),
                                "\x02\xfd" + fields + unhex("01 00 62") + unhex("fe fe000000") +
                                    wide + unhex("01 02 63 ffff ff")};
    ASSERT_TRUE(walk_list(list).has_value());
    ASSERT_TRUE(walk_map(maps[0]).has_value());
    ASSERT_TRUE(walk_map(maps[1]).has_value());
    const auto oracle = Server::oracle({{"sanitize-dump-payload", "yes"}});
    Client c = oracle->connect();
    std::mt19937_64 random(test_seed());
    int accepted = 0;
    for (int round = 0; round < 3000; round++) {
        const bool is_list = round % 3 == 0;
        const std::string bytes = mutated(is_list ? list : maps[round % 3 - 1], &random);
        const lk::Reply restored =
            c.call({"RESTORE", "k", "0",
                    payload(is_list ? RDB_LIST_ZIPLIST : RDB_HASH_ZIPMAP, bytes), "REPLACE"});
        const std::optional<Args> mine = is_list ? walk_list(bytes) : walk_map(bytes);
        const bool theirs = restored.text == "OK";
        if (mine.has_value() != theirs && excused(bytes, mine, is_list))
            continue;
        ASSERT_EQ(mine.has_value(), theirs) << hex(bytes) << " " << restored.text;
        if (!theirs)
            continue;
        accepted++;
        if (is_list) {
            Args items;
            for (const lk::Reply &r : c.call({"LRANGE", "k", "0", "-1"}).items)
                items.push_back(r.text);
            ASSERT_EQ(*mine, items) << hex(bytes);
        } else {
            EXPECT_EQ(c.call({"HLEN", "k"}).text, std::to_string(mine->size() / 2));
            for (size_t i = 0; i < mine->size(); i += 2)
                ASSERT_EQ(c.call({"HGET", "k", (*mine)[i]}).text, (*mine)[i + 1]) << hex(bytes);
        }
    }
    EXPECT_GT(accepted, 1000);
}

} // namespace
