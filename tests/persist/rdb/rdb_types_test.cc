// Collections in the RDB format: every form that there ever was, in and out again, and nothing that
// is none.
#include "tests/persist/rdb/rdb_values.h"
#include "tests/support/seed.h"

using namespace rdb;

namespace
{

// --- every form

TEST(RdbTypes, EveryFormIsRead)
{
    for (const Form &f : forms()) {
        SCOPED_TRACE(f.name);
        for (const Way &way : WAYS) {
            std::string error;
            Held small, large;
            ASSERT_EQ(read(f.version, f.code, f.bytes, USUAL, &small, &error, way), LK_OK) << error;
            EXPECT_EQ(told(small.v), f.want);
            EXPECT_STREQ(type_ops_get(small.v.type)->encoding_name(&small.v), f.small);
            ASSERT_EQ(read(f.version, f.code, f.bytes, TIGHT, &large, &error, way), LK_OK) << error;
            EXPECT_EQ(told(large.v), f.want);
            EXPECT_STREQ(type_ops_get(large.v.type)->encoding_name(&large.v), f.large);
        }
    }
}

TEST(RdbTypes, WhatIsReadIsWrittenAndReadAgain)
{
    for (const Form &f : forms()) {
        SCOPED_TRACE(f.name);
        for (const type_limits &limits : {USUAL, TIGHT}) {
            Held first, second;
            ASSERT_EQ(read(f.version, f.code, f.bytes, limits, &first), LK_OK);
            const Written w = written(first.v);
            std::string error;
            ASSERT_EQ(read(12, w.code, w.bytes, limits, &second, &error), LK_OK) << error;
            EXPECT_EQ(told(second.v), f.want);
        }
    }
}

TEST(RdbTypes, CutFormsAreRefused)
{
    for (const Form &f : forms()) {
        SCOPED_TRACE(f.name);
        for (size_t cut = 0; cut < f.bytes.size(); cut++) {
            Held v;
            const Way &way = WAYS[cut % 3];
            EXPECT_EQ(read(f.version, f.code, f.bytes.substr(0, cut), cut % 2 ? TIGHT : USUAL, &v,
                           nullptr, way),
                      LK_EFORMAT)
                << cut;
        }
    }
}

TEST(RdbTypes, NoElementsAreNoValue)
{
    const std::string none(1, 0), lp = str(listpack({})), zl = str(ziplist({})), min = le(NOW, 8);
    const struct {
        unsigned code;
        std::string bytes;
    } cases[] = {
        {RDB_LIST, none},
        {RDB_LIST_ZIPLIST, zl},
        {RDB_LIST_QUICKLIST, none},
        {RDB_LIST_QUICKLIST, "\x01" + zl},
        {RDB_LIST_QUICKLIST_2, none},
        {RDB_LIST_QUICKLIST_2, "\x01\x02" + lp},
        {RDB_SET, none},
        {RDB_SET_INTSET, str(intset({}, 2))},
        {RDB_SET_LISTPACK, lp},
        {RDB_ZSET, none},
        {RDB_ZSET_2, none},
        {RDB_ZSET_ZIPLIST, zl},
        {RDB_ZSET_LISTPACK, lp},
        {RDB_HASH, none},
        {RDB_HASH_ZIPMAP, str(zipmap({}))},
        {RDB_HASH_ZIPLIST, zl},
        {RDB_HASH_LISTPACK, lp},
        {RDB_HASH_METADATA, min + none},
        {RDB_HASH_METADATA_PRE_GA, none},
        {RDB_HASH_LISTPACK_EX, min + lp},
        {RDB_HASH_LISTPACK_EX_PRE_GA, lp},
    };
    for (const auto &c : cases) {
        Held v;
        EXPECT_EQ(read(12, c.code, c.bytes, USUAL, &v), LK_OK) << c.code;
        EXPECT_EQ(v.v.type, TYPE_NONE) << c.code;
    }
}

// A file may hold keys without elements; they are passed over.
TEST(RdbTypes, KeysWithoutElementsAreLeftOut)
{
    const std::string file = "REDIS0010" + std::string("\x01") + str("empty") + le(0, 1) +
                             le(0, 1) + str("key") + str("value") + "\xff" + le(0, 8);
    In in(file);
    Receiver got;
    ASSERT_EQ(load(&in, &got), LK_OK) << in.in.error;
    ASSERT_EQ(got.items.size(), 1u);
    EXPECT_EQ(got.items.begin()->second.value, "value");
    EXPECT_EQ(got.empty, std::vector<std::string>{"empty"});
}

TEST(RdbTypes, LiesAreRefused)
{
    const std::string min = le(NOW, 8), nan = real(std::nan(""));
    const std::string stream = "\x01" + stream_block() + "\x02\x09\x09" + le(0, 4),
                      group = str("g") + le(0, 3), alice = str("alice") + le(NOW, 8),
                      pending = raw_id(5, 3) + le(NOW, 8) + "\x01";
    const struct {
        unsigned code;
        std::string bytes, message;
    } cases[] = {
        {RDB_LIST_QUICKLIST_2, std::string("\x01\x01\0", 3), "a part of a list is empty"},
        {RDB_SET, "\x02" + strs({"a", "a"}), "Set integrity check failed"},
        {RDB_SET, "\x02" + strs({"a", "a"}), "comes twice"},
        {RDB_SET, "\x02" + strs({"1", "1"}), "comes twice"},
        {RDB_SET, "\x02" + str("1") + unhex("c0 01"), "comes twice"},
        {RDB_SET_LISTPACK, str(listpack({"a", "b", "a"})), "comes twice"},
        {RDB_SET_INTSET, str(intset({1, 1}, 2)), "no intset"},
        {RDB_SET_INTSET, str(intset({2, 1}, 2)), "no intset"},
        {RDB_SET_INTSET, str(intset({1, 2}, 3)), "no intset"},
        {RDB_ZSET_2, "\x01" + str("a") + nan, "no number"},
        {RDB_ZSET, "\x01" + str("a") + "\xfd", "no number"},
        {RDB_ZSET, "\x01" + str("a") + str("1x"), "no number"},
        {RDB_ZSET_2, "\x02" + str("a") + real(1) + str("a") + real(2), "comes twice"},
        {RDB_ZSET_ZIPLIST, str(ziplist({"a", "b"})), "no number"},
        {RDB_ZSET_ZIPLIST, str(ziplist({"a", "1", "b"})), "no score"},
        {RDB_ZSET_ZIPLIST, str(ziplist({"a", "2", "b", "1"})), "not in order"},
        {RDB_ZSET_ZIPLIST, str(ziplist({"a", "1", "a", "2"})), "comes twice"},
        {RDB_ZSET_LISTPACK, str(listpack({"a", "1", "b"})), "Zset listpack integrity check failed"},
        {RDB_ZSET_LISTPACK, str(listpack({"a", "x"})), "Zset listpack integrity check failed"},
        {RDB_ZSET_LISTPACK, str(listpack({"a", "nan"})), "Zset listpack integrity check failed"},
        {RDB_ZSET_LISTPACK, str(listpack({"a", "2", "b", "1"})),
         "Zset listpack integrity check failed"},
        {RDB_ZSET_LISTPACK, str(listpack({"b", "1", "a", "1"})),
         "Zset listpack integrity check failed"},
        {RDB_ZSET_LISTPACK, str(listpack({"a", "1", "a", "2"})),
         "Zset listpack integrity check failed"},
        {RDB_HASH, "\x02" + strs({"f", "1", "f", "2"}), "comes twice"},
        {RDB_HASH_LISTPACK, str(listpack({"f"})),
         "Hash integrity check failed: listpack with dup "
         "elements or uneven length"},
        {RDB_HASH_ZIPMAP, str(zipmap({"f", "1", "f", "2"})), "comes twice"},
        {RDB_HASH_ZIPLIST, str(ziplist({"f", "1", "f", "2"})), "comes twice"},
        {RDB_HASH_ZIPLIST, str(ziplist({"f", "1", "g"})), "not whole"},
        {RDB_HASH_LISTPACK, str(listpack({"f", "1", "f", "2"})), "comes twice"},
        {RDB_HASH_LISTPACK, str(listpack({"f", "1", "g"})), "not whole"},
        {RDB_HASH_LISTPACK_EX, min + str(listpack({"f", "1"})), "not whole"},
        {RDB_HASH_LISTPACK_EX, min + str(listpack({"f", "1", "x"})), "a deadline is none"},
        {RDB_HASH_LISTPACK_EX, min + str(listpack({"f", "1", "-1"})), "a deadline is none"},
        {RDB_HASH_LISTPACK_EX, min + str(listpack({"f", "1", "0", "f", "2", "0"})), "twice"},
        {RDB_HASH_LISTPACK_EX, min + str(listpack({"f", "1", "140737488355328"})), "is none"},
        {RDB_HASH_LISTPACK_EX, le(UINT64_MAX, 8) + str(listpack({"f", "1", "0"})), "can expire"},
        {RDB_HASH_METADATA, min + "\x01" + unhex("81 ffffffffffffffff") + strs({"f", "v"}),
         "a deadline is none"},
        {RDB_HASH_METADATA, le(1ull << 47, 8) + "\x01\x01" + strs({"f", "v"}), "is none"},
        {RDB_LIST_QUICKLIST_2, "\x01\x03" + str("a"), "has form 3"},
        {RDB_LIST_QUICKLIST_2, "\x01\x02" + str("abcdefg"), "no listpack"},
        {RDB_LIST_QUICKLIST, "\x01" + str("abcdefg"), "no ziplist"},
        {RDB_HASH_ZIPMAP, str("abcdefg"), "no zipmap"},
        {RDB_LIST, unhex("80 7fffffff") + str("a"), "are said to follow"},
        {RDB_STREAM_LISTPACKS, "\x01" + str("short") + str(listpack({"0", "0", "0"})) + le(0, 4),
         "5 bytes"},
        {RDB_STREAM_LISTPACKS, "\x01" + str(raw_id(1, 1)) + str(listpack({})) + le(0, 4),
         "no part"},
        {RDB_STREAM_LISTPACKS, "\x01" + str(raw_id(1, 1)) + str("abcdefg") + le(0, 4), "no part"},
        {RDB_STREAM_LISTPACKS, "\x02" + stream_block() + stream_block() + "\x04\x09\x09" + le(0, 1),
         "not in order"},
        {RDB_STREAM_LISTPACKS, "\x01" + stream_block() + "\x03\x09\x09" + le(0, 1),
         "2 entries is said to have 3"},
        {RDB_STREAM_LISTPACKS, "\x01" + stream_block() + "\x02\x06\x02" + le(0, 1),
         "above its last"},
        {RDB_STREAM_LISTPACKS_2, stream + "\x01" + le(0, 1), "than were ever added"},
        {RDB_STREAM_LISTPACKS_2, stream + "\x05\x02" + group + le(0, 2) + group + le(0, 2),
         "a group comes twice"},
        {RDB_STREAM_LISTPACKS_2,
         stream + "\x05\x01" + str("g") + le(0, 2) + unhex("81 8000000000000000") + le(0, 2),
         "has read"},
        {RDB_STREAM_LISTPACKS_2,
         stream + "\x05\x01" + group + "\x02" + pending + pending + le(0, 1), "is pending twice"},
        {RDB_STREAM_LISTPACKS_2,
         stream + "\x05\x01" + group + le(0, 1) + "\x02" + alice + le(0, 1) + alice + le(0, 1),
         "a consumer comes twice"},
        {RDB_STREAM_LISTPACKS_2, stream + "\x05\x01" + group + "\x01" + pending + le(0, 1),
         "for no consumer"},
        {RDB_STREAM_LISTPACKS_2,
         stream + "\x05\x01" + group + "\x01" + pending + "\x01" + alice + "\x02" + raw_id(5, 3) +
             raw_id(5, 3),
         "two consumers"},
        {RDB_STREAM_LISTPACKS_2,
         stream + "\x05\x01" + group + "\x01" + pending + "\x01" + alice + "\x01" + raw_id(5, 4),
         "the group has not"},
    };
    for (const auto &c : cases) {
        for (const type_limits &limits : {USUAL, TIGHT}) {
            Held v;
            std::string error;
            EXPECT_EQ(read(12, c.code, c.bytes, limits, &v, &error), LK_EFORMAT)
                << c.code << " " << hex(c.bytes);
            EXPECT_NE(error.find(c.message), std::string::npos) << c.code << " " << error;
        }
    }
}

// --- round trips

struct Trip {
    const char *name;
    unsigned type;
    size_t count;
    const char *encoding;
    unsigned code, version;
    bool numbers = false, timed = false;
    size_t value_bytes = 20;
};

Words elements(const Trip &t, std::mt19937_64 *random)
{
    Words w;
    for (size_t i = 0; i < t.count; i++) {
        const std::string n = std::to_string(i);
        const std::string member = t.numbers ? n : "m" + n;
        if (t.type == TYPE_LIST) {
            w.push_back((*random)() % 3 ? noise(t.value_bytes, (*random)()) : n);
        } else if (t.type == TYPE_SET) {
            w.push_back(member);
        } else if (t.type == TYPE_ZSET) {
            w.push_back(member);
            w.push_back(std::to_string(static_cast<int64_t>((*random)() % 1000) - 500) +
                        ((*random)() % 2 ? ".25" : ""));
        } else {
            w.push_back(member);
            w.push_back((*random)() % 2 ? n : prose((*random)() % (t.value_bytes + 1)));
            w.push_back(t.timed && i % 3 == 0 ? std::to_string(NOW + (*random)() % 100000) : "");
        }
    }
    return w;
}

TEST(RdbTypes, EveryEncodingComesBack)
{
    const Trip trips[] = {
        {"one element", TYPE_LIST, 1, "listpack", RDB_LIST_QUICKLIST_2, 10},
        {"small list", TYPE_LIST, 100, "listpack", RDB_LIST_QUICKLIST_2, 10},
        {"large list", TYPE_LIST, 20'000, "quicklist", RDB_LIST_QUICKLIST_2, 10},
        {"list of large elements", TYPE_LIST, 30, "quicklist", RDB_LIST_QUICKLIST_2, 10, false,
         false, 100'000},
        {"numbers", TYPE_SET, 512, "intset", RDB_SET_INTSET, 2, true},
        {"many numbers", TYPE_SET, 513, "hashtable", RDB_SET, 1, true},
        {"small set", TYPE_SET, 128, "listpack", RDB_SET, 1},
        {"large set", TYPE_SET, 129, "hashtable", RDB_SET, 1},
        {"huge set", TYPE_SET, 30'000, "hashtable", RDB_SET, 1},
        {"small sorted set", TYPE_ZSET, 128, "listpack", RDB_ZSET_LISTPACK, 10},
        {"large sorted set", TYPE_ZSET, 129, "skiplist", RDB_ZSET_2, 8},
        {"huge sorted set", TYPE_ZSET, 20'000, "skiplist", RDB_ZSET_2, 8, true},
        {"small hash", TYPE_HASH, 128, "listpack", RDB_HASH_LISTPACK, 10},
        {"large hash", TYPE_HASH, 129, "hashtable", RDB_HASH, 1},
        {"hash of long values", TYPE_HASH, 20, "hashtable", RDB_HASH, 1, false, false, 3000},
        {"huge hash", TYPE_HASH, 30'000, "hashtable", RDB_HASH, 1, true},
        {"small hash with deadlines", TYPE_HASH, 100, "listpackex", RDB_HASH_LISTPACK_EX, 12, false,
         true},
        {"large hash with deadlines", TYPE_HASH, 5000, "hashtable", RDB_HASH_METADATA, 12, false,
         true},
    };
    std::mt19937_64 random(test_seed());
    for (const Trip &t : trips) {
        SCOPED_TRACE(t.name);
        Held v;
        make(t.type, elements(t, &random), USUAL, &v);
        const type_ops *ops = type_ops_get(t.type);
        ASSERT_STREQ(ops->encoding_name(&v.v), t.encoding);
        const std::string want = told(v.v);
        for (const bool compress : {false, true}) {
            const Written w = written(v.v, compress);
            EXPECT_EQ(w.code, t.code);
            EXPECT_EQ(w.version, t.version);
            for (const Way &way : WAYS) {
                if (t.count > 1000 && way.step == 7)
                    continue;
                Held same, tight;
                std::string error;
                ASSERT_EQ(read(12, w.code, w.bytes, USUAL, &same, &error, way), LK_OK) << error;
                EXPECT_TRUE(told(same.v) == want);
                EXPECT_STREQ(ops->encoding_name(&same.v), t.encoding);
                ASSERT_EQ(read(12, w.code, w.bytes, TIGHT, &tight, &error, way), LK_OK) << error;
                EXPECT_TRUE(told(tight.v) == want);
            }
        }
    }
}

// A hash keeps the room for deadlines when it has none any more; that needs no new version.
TEST(RdbTypes, DeadlinesThatWentNeedNoVersion)
{
    Held v;
    buf b{};
    loose l;
    hash_was was;
    loose_begin(&l, TYPE_HASH, &USUAL, &b);
    ASSERT_EQ(hash_set(&l.edit, of("f"), of("v"), NOW, &was), LK_OK);
    ASSERT_EQ(hash_set_deadline(&l.edit, of("f"), ENTRY_NO_DEADLINE), LK_OK);
    v.take(l.edit.value);
    buf_release(&b);
    const Written w = written(v.v);
    EXPECT_EQ(w.code, RDB_HASH);
    EXPECT_EQ(w.version, 1u);
    Held back;
    ASSERT_EQ(read(12, w.code, w.bytes, USUAL, &back), LK_OK);
    EXPECT_EQ(told(back.v), "f=v ");
}

TEST(RdbTypes, LargeElementsStandAlone)
{
    const std::string large = noise(70'000);
    Held v;
    make(TYPE_LIST, {"a", large, "b"}, USUAL, &v);
    const Written w = written(v.v, false);
    EXPECT_NE(w.bytes.find("\x01" + str(large)), std::string::npos);
    Held back;
    ASSERT_EQ(read(12, w.code, w.bytes, USUAL, &back), LK_OK);
    EXPECT_TRUE(told(back.v) == "a " + large + " b ");
}

// More entries than a listpack can count.
TEST(RdbTypes, CrowdedBlocksAreRead)
{
    Words words, pairs, scored;
    for (int i = 0; i < 70'000; i++)
        words.push_back(std::to_string(i % 100));
    for (int i = 0; i < 40'000; i++) {
        pairs.insert(pairs.end(), {std::to_string(i), "v"});
        scored.insert(scored.end(), {"m" + std::to_string(1'000'000 + i), "1"});
    }
    Held list, hash, zset, set;
    ASSERT_EQ(read(12, RDB_LIST_QUICKLIST_2, "\x01\x02" + str(listpack(words)), USUAL, &list),
              LK_OK);
    EXPECT_EQ(list_length(&list.v), words.size());
    ASSERT_EQ(read(12, RDB_HASH_LISTPACK, str(listpack(pairs)), USUAL, &hash), LK_OK);
    EXPECT_EQ(hash_length(&hash.v), 40'000u);
    ASSERT_EQ(read(12, RDB_ZSET_LISTPACK, str(listpack(scored)), USUAL, &zset), LK_OK);
    EXPECT_EQ(zset_length(&zset.v), 40'000u);
    ASSERT_EQ(read(12, RDB_LIST_ZIPLIST, str(ziplist({"1", "2"})), USUAL, &set), LK_OK);
    words.clear();
    for (int i = 0; i < 70'000; i++)
        words.push_back("w" + std::to_string(i));
    Held many;
    ASSERT_EQ(read(12, RDB_SET_LISTPACK, str(listpack(words)), USUAL, &many), LK_OK);
    EXPECT_EQ(set_count(&many.v), 70'000u);
}

// --- bytes that somebody has tampered with

// What was accepted can be used: walked, written, read again, copied, changed.
void use(Held *v, std::mt19937_64 *random)
{
    const type_ops *ops = type_ops_get(v->v.type);
    const std::string all = told(v->v);
    ASSERT_TRUE(ops->length(&v->v) != 0 || ops->stays_when_empty);
    const Written w = written(v->v);
    Held back, copy;
    std::string error;
    ASSERT_EQ(read(12, w.code, w.bytes, (*random)() % 2 ? USUAL : TIGHT, &back, &error), LK_OK)
        << error;
    EXPECT_EQ(told(back.v), all);
    value c;
    ASSERT_EQ(ops->copy(&back.v, &c), LK_OK);
    copy.take(c);
    EXPECT_EQ(told(copy.v), all);
}

TEST(RdbTypes, MutatedFormsAreHarmless)
{
    const std::vector<Form> all = forms();
    std::mt19937_64 random(test_seed());
    int accepted = 0;
    for (int round = 0; round < 60'000; round++) {
        const Form &f = all[round % all.size()];
        std::string bad = f.bytes;
        for (uint64_t n = 1 + random() % 3; n > 0; n--) {
            const size_t at = random() % bad.size();
            switch (random() % 4) {
            case 0:
                bad[at] = static_cast<char>(random());
                break;
            case 1:
                bad[at] = "\xff\xfe\x00\x80\xc0\xf0\x01\x02"[random() % 8];
                break;
            case 2:
                bad[at] = static_cast<char>(bad[at] ^ 1 << random() % 8);
                break;
            default:
                bad.insert(at, bad.substr(random() % bad.size(), random() % 8));
                break;
            }
        }
        Held v;
        const std::vector<char> exact(bad.begin(), bad.end());
        rdb_in in;
        rdb_in_init_bytes(&in, bytes_of(exact.data(), exact.size()));
        in.version = f.version;
        in.limits = random() % 2 ? &USUAL : &TIGHT;
        // Sometimes under another code of the same shape.
        const unsigned code = random() % 8 ? f.code : all[random() % all.size()].code;
        value got;
        const int rc = rdb_in_value(&in, code, &got);
        if (rc == LK_OK)
            v.take(got);
        rdb_in_release(&in);
        if (rc != LK_OK || v.v.type == TYPE_NONE)
            continue;
        accepted++;
        use(&v, &random);
    }
    EXPECT_GT(accepted, 5000);
}

} // namespace
