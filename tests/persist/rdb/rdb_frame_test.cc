// Whole files: what is saved is loaded, what is broken is refused, and the header states the
// oldest version that will do.
#include "tests/persist/rdb/rdb_fixture.h"
#include "tests/support/seed.h"

#include "core/ds/chunks.h"
#include "core/store/lru.h"

using namespace rdb;

namespace
{

std::string with_crc(std::string s)
{
    const uint64_t crc = crc64(0, s.data(), s.size());
    for (int i = 0; i < 8; i++)
        s += static_cast<char>(crc >> (8 * i));
    return s;
}

std::string file(const std::string &version, const std::string &records)
{
    return with_crc(version + records + "\xff");
}

void fill(Keys *k)
{
    k->put(0, "int", "12345");
    k->put(0, "negative", "-9223372036854775808");
    k->put(0, "empty", "");
    k->put(0, "", "of the empty key");
    k->put(0, std::string("\0key\xff", 5), std::string("\0value", 6));
    k->put(0, "text", "hello", NOW + 1000);
    k->put(0, "past", "gone", 1);
    k->put(0, "prose", prose(5000));
    k->put(0, noise(300), noise(300));
    k->put(0, prose(2000), "12");
    k->put(3, "text", "another");
    k->put(3, "edge", noise(STR_INLINE_MAX));
    k->put(15, "chunks", noise(STR_INLINE_MAX + 1), NOW + 5);
    k->put(15, "chunked prose", prose(3 * CHUNK_BYTES + STR_INLINE_MAX));
    k->put(15, "seven", "7");
    for (int i = 0; i < 200; i++)
        k->put(7, "key:" + std::to_string(i), std::to_string(i * i * i), i % 3 ? -1 : NOW + i);
}

TEST(RdbFrame, WhatIsSavedIsLoaded)
{
    Keys k;
    fill(&k);
    for (const bool compress : {false, true})
        for (const bool checksum : {false, true}) {
            Out out;
            out.o.compress = compress;
            out.o.checksum = checksum;
            ASSERT_EQ(k.save(&out.o), LK_OK);
            EXPECT_EQ(k.written, k.items.size());
            EXPECT_EQ(out.data.substr(0, 9), "REDIS0009");
            if (!checksum) {
                EXPECT_EQ(out.data.substr(out.data.size() - 8), std::string(8, '\0'));
            }
            for (const size_t step : {size_t{13}, SIZE_MAX})
                for (const bool known : {false, true}) {
                    In in(out.data, step, known);
                    Receiver got;
                    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
                    EXPECT_EQ(got.items, k.items);
                    EXPECT_EQ(rdb_in_offset(&in.in), out.data.size());
                    EXPECT_EQ(in.in.version, 9u);
                    EXPECT_EQ(got.aux["redis-ver"], "7.4.0");
                    EXPECT_EQ(got.aux["redis-bits"], "64");
                    EXPECT_EQ(got.aux["ctime"], std::to_string(NOW / 1000));
                    EXPECT_EQ(got.aux["aof-base"], "0");
                    EXPECT_EQ(got.aux.count("repl-id"), 0u);
                    const decltype(got.sizes) sizes{
                        {0, {10, 2}}, {3, {2, 0}}, {7, {200, 67}}, {15, {3, 1}}};
                    EXPECT_EQ(got.sizes, sizes);
                }
        }
}

TEST(RdbFrame, AnEmptyKeyspaceIsAFileToo)
{
    Keys k;
    Out out;
    ASSERT_EQ(k.save(&out.o), LK_OK);
    In in(out.data);
    Receiver got;
    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
    EXPECT_TRUE(got.items.empty());
    EXPECT_TRUE(got.sizes.empty());
}

TEST(RdbFrame, UseIsSavedByThePolicy)
{
    Keys k;
    k.put(0, "lru", "a", -1, lru_clock(NOW - 500'000));
    for (const rdb_use use : {RDB_USE_LRU, RDB_USE_LFU}) {
        Out out;
        rdb_save_options options{};
        options.use = use;
        ASSERT_EQ(k.save(&out.o, options), LK_OK);
        In in(out.data);
        Receiver got;
        ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
        const Item item = got.items[{0, "lru"}];
        EXPECT_EQ(item.idle, use == RDB_USE_LRU ? 500 : -1);
        EXPECT_EQ(item.freq,
                  use == RDB_USE_LFU ? static_cast<int>(lru_clock(NOW - 500'000) & 0xff) : -1);
    }
}

TEST(RdbFrame, ReplicationStateIsSaved)
{
    Keys k;
    Out out;
    rdb_save_options options{};
    options.replication_id = "0123456789abcdef0123456789abcdef01234567";
    options.replication_offset = 98765432101;
    options.replication_db = 3;
    options.aof_base = true;
    options.used_bytes = 4096;
    ASSERT_EQ(k.save(&out.o, options), LK_OK);
    In in(out.data);
    Receiver got;
    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
    EXPECT_EQ(got.aux["repl-id"], options.replication_id);
    EXPECT_EQ(got.aux["repl-offset"], "98765432101");
    EXPECT_EQ(got.aux["repl-stream-db"], "3");
    EXPECT_EQ(got.aux["aof-base"], "1");
    EXPECT_EQ(got.aux["used-mem"], "4096");
}

// --- the version in the header

TEST(RdbFrame, TheHeaderStatesTheOldestVersionThatWillDo)
{
    Keys k;
    fill(&k);
    for (const size_t buffer : {64, 300'000, 8'000'000}) { // the header has left it or has not
        Out out(buffer);
        ASSERT_EQ(k.save(&out.o, {}, nullptr, {"#!lua name=f\n"}), LK_OK);
        EXPECT_EQ(out.data.substr(0, 9), "REDIS0010");
        EXPECT_EQ(with_crc(out.data.substr(0, out.data.size() - 8)), out.data);
        In in(out.data);
        Receiver got;
        ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
        EXPECT_EQ(got.functions, std::vector<std::string>{"#!lua name=f\n"});
        EXPECT_EQ(got.items, k.items);
    }
}

TEST(RdbFrame, APromiseIsKeptOrTheSaveFails)
{
    Keys k;
    rdb_save_options options{};
    Out stream(64, false);
    EXPECT_EQ(k.save(&stream.o, options, nullptr, {"code"}), LK_EFORMAT);
    EXPECT_EQ(stream.o.version, 10u); // what to promise
    options.promise = 10;
    Out again(64, false);
    ASSERT_EQ(k.save(&again.o, options, nullptr, {"code"}), LK_OK);
    EXPECT_EQ(again.data.substr(0, 9), "REDIS0010");
    options.promise = 12;
    Out high(64, false);
    ASSERT_EQ(k.save(&high.o, options), LK_OK);
    EXPECT_EQ(high.data.substr(0, 9), "REDIS0012");
    In in(high.data);
    Receiver got;
    EXPECT_EQ(load(&in, &got), LK_OK) << in.in.error;
}

TEST(RdbFrame, AFileMayBeginAnywhereInItsStream)
{
    Keys k;
    k.put(0, "a", "b");
    Out out;
    rdb_out_raw(&out.o, "$EOF:prefix\r\n", 13);
    ASSERT_EQ(k.save(&out.o, {}, nullptr, {"code"}), LK_OK);
    In in(out.data.substr(13) + "tail");
    Receiver got;
    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
    EXPECT_EQ(got.items, k.items);
    EXPECT_EQ(text(rdb_in_rest(&in.in)), "tail");
    EXPECT_EQ(rdb_in_offset(&in.in), out.data.size() - 13);
}

// --- the end of a save

TEST(RdbFrame, ASaveEndsWithItsSink)
{
    Keys k;
    fill(&k);
    Out whole;
    ASSERT_EQ(k.save(&whole.o), LK_OK);
    for (size_t at = 0; at < whole.data.size(); at += whole.data.size() / 50) {
        Out out;
        out.fail_after = at;
        EXPECT_EQ(k.save(&out.o), LK_EIO);
    }
}

TEST(RdbFrame, ASaveHoldsWhatThereWasAtTheCut)
{
    Keys k;
    fill(&k);
    const Items want = k.items;
    const rdb_save_hook hook{[](void *ctx, uint64_t keys) {
                                 Keys *self = static_cast<Keys *>(ctx);
                                 for (uint32_t db = 0; db < 5; db++)
                                     self->put(db, "new:" + std::to_string(keys), "text");
                                 return static_cast<int>(LK_OK);
                             },
                             &k};
    Out out;
    ASSERT_EQ(k.save(&out.o, {}, &hook), LK_OK);
    In in(out.data);
    Receiver got;
    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
    EXPECT_EQ(got.items, want);
    EXPECT_GT(k.items.size(), 2 * want.size());
}

TEST(RdbFrame, AHookMayEndASave)
{
    Keys k;
    fill(&k);
    const rdb_save_hook hook{[](void *ctx, uint64_t keys) {
                                 *static_cast<uint64_t *>(ctx) = keys;
                                 return static_cast<int>(keys == 5 ? LK_EBUSY : LK_OK);
                             },
                             &k.written};
    Out out;
    EXPECT_EQ(k.save(&out.o, {}, &hook), LK_EBUSY);
    EXPECT_EQ(k.written, 5u);
}

TEST(RdbFrame, AnAbortedViewIsNoFile)
{
    Keys k;
    fill(&k);
    struct Aborter {
        Keys *k;
    } aborter{&k};
    const rdb_save_hook hook{[](void *ctx, uint64_t) {
                                 view_abort(static_cast<Aborter *>(ctx)->k->ks->view);
                                 return static_cast<int>(LK_OK);
                             },
                             &aborter};
    Out out;
    EXPECT_EQ(k.save(&out.o, {}, &hook), LK_EAGAIN);
}

// --- what others write

struct ForeignCase {
    const char *name;
    std::string bytes;
    Items items;
};

const ForeignCase foreign_cases[] = {
    {"oldest",
     "REDIS0001" + unhex("fe00") + std::string("\0\3one\1a", 7) + unhex("ff"),
     {{{0, "one"}, {"a"}}}},
    {"seconds",
     "REDIS0002" + unhex("fe02 fd 15cd5b07") + std::string("\0\1k\xc0\x05", 5) + unhex("ff"),
     {{{2, "k"}, {"5", 123456789000}}}},
    {"seconds_before_time",
     "REDIS0002" + unhex("fe02 fd fbffffff") + std::string("\0\1k\xc0\x05", 5) + unhex("ff"),
     {{{2, "k"}, {"5", 0}}}},
    {"milliseconds_before_time",
     "REDIS0004" + unhex("fe02 fc feffffffffffffff") + std::string("\0\1k\xc0\x05", 5) +
         unhex("ff"),
     {{{2, "k"}, {"5", 0}}}},
    {"beyond_what_an_entry_holds",
     "REDIS0004" + unhex("fe02 fc ffffffffffffff7f") + std::string("\0\1k\xc0\x05", 5) +
         unhex("ff"),
     {{{2, "k"}, {"5", ENTRY_DEADLINE_MAX}}}},
    {"checksum_off",
     "REDIS0006" + unhex("fe00") + std::string("\0\1k\1v", 5) + unhex("ff 0000000000000000"),
     {{{0, "k"}, {"v"}}}},
    {"everything_before_a_key",
     file("REDIS0012", unhex("fe00 fb0201 fc 0100000000000000 f9 07 f8 4100") +
                           std::string("\0\1k\1v", 5) + std::string("\0\1l\1w", 5)),
     {{{0, "k"}, {"v", 1, 256, 7}}, {{0, "l"}, {"w"}}}},
    {"deadline_that_is_none",
     file("REDIS0009", unhex("fc ffffffffffffffff") + std::string("\0\1k\1v", 5)),
     {{{0, "k"}, {"v", -1}}}},
    {"slots",
     file("REDIS0012", unhex("fe00 f4 4fff 05 00") + std::string("\0\1k\1v", 5)),
     {{{0, "k"}, {"v"}}}},
    {"valkey",
     file("VALKEY080", unhex("fe00 f4 05 01 00") + std::string("\0\1k\1v", 5)),
     {{{0, "k"}, {"v"}}}},
    {"wide_lengths",
     file("REDIS0009", unhex("fe 8000000009 fb 810000000000000001 8000000000") +
                           std::string("\0", 1) + unhex("800000000161 4001 62")),
     {{{9, "a"}, {"b"}}}},
};

class RdbForeign : public ::testing::TestWithParam<ForeignCase>
{
};

TEST_P(RdbForeign, IsLoadedAndNoPrefixIs)
{
    const ForeignCase &c = GetParam();
    In in(c.bytes);
    Receiver got;
    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
    EXPECT_EQ(got.items, c.items);
    EXPECT_EQ(rdb_in_left(&in.in), 0u);
    for (size_t cut = 0; cut < c.bytes.size(); cut++)
        for (const bool known : {false, true}) {
            In part(c.bytes.substr(0, cut), SIZE_MAX, known);
            Receiver some;
            EXPECT_EQ(load(&part, &some), LK_EFORMAT) << cut;
            EXPECT_NE(std::string(part.in.error), "");
        }
}

INSTANTIATE_TEST_SUITE_P(Rdb, RdbForeign, ::testing::ValuesIn(foreign_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(RdbFrame, DataOfModulesThatBelongsToNoKeyIsPassedOver)
{
    // "ReJSON-RL" in six bits a character, version 3; then an unsigned, a float, a double, a
    // string, a signed, and the end.
    static const std::string letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint64_t id = 0;
    for (const char c : std::string("ReJSON-RL"))
        id = id << 6 | letters.find(c);
    id = id << 10 | 3;
    Out out;
    rdb_out_byte(&out.o, RDB_OP_MODULE_AUX);
    rdb_out_length(&out.o, id);
    rdb_out_raw(&out.o,
                "\x02\x01\x03"
                "ffff"
                "\x04"
                "dddddddd"
                "\x05\x03"
                "abc"
                "\x01\x05\x00",
                24);
    const std::string module = out.flushed();
    In in(file("REDIS0009", module + std::string("\0\1k\1v", 5)));
    Receiver got;
    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
    EXPECT_EQ(got.modules, std::vector<std::string>{"ReJSON-RL 3"});
    EXPECT_EQ(got.items.size(), 1u);
    // A key of a module is another matter.
    Out key;
    rdb_out_raw(&key.o,
                "\x07\x03"
                "doc",
                5);
    rdb_out_length(&key.o, id);
    In with_key(file("REDIS0009", key.flushed() + std::string(1, '\0')));
    EXPECT_EQ(load(&with_key, &got), LK_EFORMAT);
    EXPECT_STREQ(with_key.in.error,
                 "at byte 23: a value of the module type ReJSON-RL, version 3, cannot be loaded: "
                 "there are no modules here, key 'doc' of database 0");
    In odd(file("REDIS0009", module.substr(0, 10) + "\x06"));
    EXPECT_EQ(load(&odd, &got), LK_EFORMAT);
}

struct BrokenCase {
    const char *name;
    std::string bytes, message;
};

const BrokenCase broken_cases[] = {
    {"no_rdb", "*3\r\n$3\r\nSET\r\n",
     "at byte 9: this is no RDB: it begins with neither REDIS nor VALKEY and a version"},
    {"no_version", "REDIS00x9",
     "at byte 9: this is no RDB: it begins with neither REDIS nor VALKEY and a version"},
    {"newer", "REDIS0013",
     "at byte 9: RDB version 13 of Redis is not known here: up to 12 of Redis, and 80 of Valkey"},
    {"version_zero", "REDIS0000",
     "at byte 9: RDB version 0 of Redis is not known here: up to 12 of Redis, and 80 of Valkey"},
    {"newer_valkey", "VALKEY081",
     "at byte 9: RDB version 81 of Valkey is not known here: up to 12 of Redis, and 80 of Valkey"},
    {"valkey_by_the_other_name", "REDIS0080",
     "at byte 9: RDB version 80 of Redis is not known here: up to 12 of Redis, and 80 of Valkey"},
    {"no_record", file("REDIS0009", "\x64"), "at byte 10: 100 begins no record of RDB version 9"},
    {"no_record_of_redis", file("REDIS0012", "\xf3"),
     "at byte 10: 243 begins no record of RDB version 12"},
    {"slot_import", file("VALKEY080", "\xf3"), "at byte 10: slot-import records cannot be loaded"},
    {"early_functions", file("REDIS0010", "\xf6"),
     "at byte 10: function-pre-release records cannot be loaded"},
    {"checksum", "REDIS0009" + unhex("ff 0100000000000000"),
     "at byte 18: RDB CRC error: the checksum is "},
    {"database", file("REDIS0009", unhex("fe 8080000000")),
     "at byte 15: there is no database 2147483648"},
    {"value", file("REDIS0009", std::string("\0\4key\1", 6) + unhex("c4")),
     "at byte 16: no string has form 4, key 'key?' of database 0"},
};

class RdbBroken : public ::testing::TestWithParam<BrokenCase>
{
};

TEST_P(RdbBroken, IsRefusedAndSaysWhere)
{
    In in(GetParam().bytes);
    Receiver got;
    EXPECT_EQ(load(&in, &got), LK_EFORMAT);
    EXPECT_EQ(std::string(in.in.error).substr(0, GetParam().message.size()), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(Rdb, RdbBroken, ::testing::ValuesIn(broken_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(RdbFrame, AReceiverMayRefuse)
{
    Keys k;
    k.put(4, "big", noise(STR_INLINE_MAX + 1)); // its nodes are the receiver's, also then
    Out out;
    ASSERT_EQ(k.save(&out.o), LK_OK);
    In in(out.data);
    Receiver got;
    got.answer = LK_ENOMEM;
    EXPECT_EQ(load(&in, &got), LK_ENOMEM);
    EXPECT_NE(std::string(in.in.error).find(": an entry was refused, key 'big' of database 4"),
              std::string::npos)
        << in.in.error;
    // Without functions of its own, it cannot be given any.
    In functions(file("REDIS0010", unhex("f5 01 61")));
    rdb_receiver row = got.row();
    row.function = nullptr;
    EXPECT_EQ(rdb_load(&functions.in, &row), LK_EFORMAT);
    EXPECT_STREQ(functions.in.error, "at byte 12: functions cannot be loaded");
}

TEST(RdbFrame, ChecksumsMayBeIgnored)
{
    In in("REDIS0009" + unhex("ff 0100000000000000"));
    in.in.checksum = false;
    Receiver got;
    EXPECT_EQ(load(&in, &got), LK_OK) << in.in.error;
}

// --- hostile files

std::string sample()
{
    Keys k;
    k.put(0, "int", "12345");
    k.put(0, "text", "hello", NOW + 1000);
    k.put(0, "prose", prose(700));
    k.put(0, "noise", noise(300));
    k.put(3, "zeros", std::string(3000, '\0'));
    for (int i = 0; i < 30; i++)
        k.put(7, "key:" + std::to_string(i), std::to_string(i * i * i), i % 3 ? -1 : NOW + i);
    Out out;
    rdb_save_options options{};
    options.use = RDB_USE_LRU;
    EXPECT_EQ(k.save(&out.o, options, nullptr, {"#!lua name=f\nredis.register_function"}), LK_OK);
    return out.data;
}

TEST(RdbHostile, EveryPrefixIsRefused)
{
    const std::string good = sample();
    for (size_t cut = 0; cut < good.size(); cut++) {
        In in(good.substr(0, cut), SIZE_MAX, cut % 2);
        Receiver got;
        EXPECT_EQ(load(&in, &got), LK_EFORMAT) << cut;
    }
}

// Whatever comes in: no crash, no more memory than the bytes are worth, and an error that says
// where.  The checksum is left out, as it would refuse everything.
TEST(RdbHostile, MutatedFilesAreHarmless)
{
    const std::string good = sample();
    std::mt19937_64 random(test_seed());
    const char *edges[] = {"ff",         "fe", "c3",   "81ffffffffffffffff",
                           "80ffffffff", "00", "7fff", "8000000000",
                           "c2ffffffff", "f7", "fa",   "fb"};
    const int rounds = 20'000;
    int loaded = 0;
    for (int round = 0; round < rounds; round++) {
        std::string bad = good;
        for (uint64_t n = 1 + random() % 4; n > 0; n--) {
            const size_t at = 9 + random() % (bad.size() - 9);
            switch (random() % 5) {
            case 0:
                bad[at] = static_cast<char>(random());
                break;
            case 1:
                bad[at] = static_cast<char>(bad[at] ^ 1 << random() % 8);
                break;
            case 2:
                bad.insert(at, unhex(edges[random() % std::size(edges)]));
                break;
            case 3:
                bad.erase(at, 1 + random() % 5);
                break;
            case 4:
                bad.replace(at, 1, unhex(edges[random() % std::size(edges)]));
                break;
            }
        }
        In in(bad, random() % 2 ? SIZE_MAX : 1 + random() % 50, random() % 2);
        in.in.checksum = false;
        Receiver got;
        const size_t used = mem_used();
        const int rc = load(&in, &got);
        ASSERT_TRUE(rc == LK_OK || rc == LK_EFORMAT) << rc;
        ASSERT_EQ(rc == LK_OK, std::string(in.in.error).empty()) << in.in.error;
        // What LZF unpacks to is at most 88 times its size, and buffers double.
        ASSERT_LT(got.used_max, used + 2 * 88 * bad.size() + 100'000) << "round " << round;
        loaded += rc == LK_OK;
    }
    // A test that refuses everything, or nothing, does not test much.
    EXPECT_GT(loaded, rounds / 100);
    EXPECT_LT(loaded, rounds / 2);
}

TEST(RdbHostile, NoiseIsHarmless)
{
    std::mt19937_64 random(test_seed());
    for (int round = 0; round < 20'000; round++) {
        In in("REDIS0012" + noise(1 + random() % 200, random()), SIZE_MAX, random() % 2);
        Receiver got;
        const size_t used = mem_used();
        EXPECT_EQ(load(&in, &got), LK_EFORMAT);
        ASSERT_LT(got.used_max, used + 200'000);
    }
}

} // namespace
