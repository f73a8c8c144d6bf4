// Collections for tests of their codecs: made by the types' own calls, told as text, written and
// read as values of an RDB.
#ifndef TESTS_PERSIST_RDB_VALUES_H
#define TESTS_PERSIST_RDB_VALUES_H

#include "core/types/hash.h"
#include "core/types/list.h"
#include "core/types/set.h"
#include "core/types/stream_group.h"
#include "core/types/zset.h"
#include "persist/rdb/rdb_type.h"
#include "tests/persist/rdb/rdb_fixture.h"

namespace rdb
{

using Words = std::vector<std::string>;

inline type_limits limits_of(uint64_t entries, uint64_t value, uint64_t ints, int64_t list)
{
    type_limits l{};
    l.hash_max_listpack_entries = l.set_max_listpack_entries = l.zset_max_listpack_entries =
        entries;
    l.hash_max_listpack_value = l.set_max_listpack_value = l.zset_max_listpack_value = value;
    l.set_max_intset_entries = ints;
    l.list_max_listpack_size = list;
    return l;
}
inline const type_limits USUAL = limits_of(128, 64, 512, -2);
inline const type_limits TIGHT = limits_of(1, 64, 1, 1); // nearly nothing is small

// A value whose payload, if it is inline, it holds.
class Held
{
  public:
    Held() = default;
    explicit Held(const value &from)
    {
        take(from);
    }
    Held(const Held &) = delete;
    ~Held()
    {
        value_release(&v);
    }
    void take(const value &from)
    {
        v = from;
        if (v.type != TYPE_NONE && value_is_inline(v.encoding)) {
            payload.assign(v.as.bytes.data, v.as.bytes.size);
            v.as.bytes = of(payload);
        }
    }

    value v{TYPE_NONE, 0, {}};
    std::string payload;
};

// Elements in words: of hashes name, value and a deadline or "", of sorted sets member and score.
inline void make(unsigned type, const Words &w, const type_limits &limits, Held *out)
{
    buf b{};
    loose l;
    loose_begin(&l, type, &limits, &b);
    for (size_t i = 0; i < w.size();) {
        bool added;
        zset_added z;
        hash_was was;
        const bytes first = of(w[i]);
        switch (type) {
        case TYPE_LIST:
            ASSERT_EQ(list_push(&l.edit, LIST_TAIL, &first, 1), LK_OK);
            i++;
            break;
        case TYPE_SET:
            ASSERT_EQ(set_add(&l.edit, first, &added), LK_OK);
            i++;
            break;
        case TYPE_ZSET:
            ASSERT_EQ(zset_add(&l.edit, first, std::stod(w[i + 1]), 0, &z), LK_OK);
            i += 2;
            break;
        default:
            ASSERT_EQ(hash_set(&l.edit, first, of(w[i + 1]),
                               w[i + 2].empty() ? ENTRY_NO_DEADLINE : std::stoll(w[i + 2]), &was),
                      LK_OK);
            i += 3;
            break;
        }
    }
    out->take(l.edit.value);
    buf_release(&b);
}

inline std::string told(stream_id id)
{
    char s[STREAM_ID_CHARS];
    return std::string(s, stream_id_to_chars(id, '-', s));
}

// What a stream has beside its entries; but not when consumers were active, which most forms lack.
inline std::string told_state(const value &v)
{
    stream_state s;
    stream_pending_iter it;
    stream_pending p;
    stream_state_get(&v, &s);
    std::string out = "last " + told(s.last_id) + " deleted " + told(s.max_deleted_id) + " added " +
                      std::to_string(s.entries_added);
    for (uint64_t i = 0; i < s.groups; i++) {
        const stream_group *g = stream_group_at(&v, i);
        out += "; group " + text(stream_name(&g->head)) + " " + told(g->last_id) + " " +
               std::to_string(g->entries_read);
        stream_pending_begin(&it, g, nullptr, stream_id_of(0, 0), stream_id_max());
        while (stream_pending_next(&it, &p))
            out += " " + told(p.id) + "@" + std::to_string(p.delivered_ms) + "*" +
                   std::to_string(p.deliveries);
        for (uint64_t j = 0; j < stream_consumer_count(g); j++) {
            const stream_consumer *c = stream_consumer_at(g, j);
            out += ", " + text(stream_name(&c->head)) + "@" + std::to_string(c->seen_ms);
            stream_pending_begin(&it, g, c, stream_id_of(0, 0), stream_id_max());
            while (stream_pending_next(&it, &p))
                out += " " + told(p.id);
        }
    }
    return out;
}

// All that is in it, sorted if it has no order.
inline std::string told(const value &v)
{
    struct Told {
        Words elements{""};
        bool open = false;
    } t;
    if (v.type == TYPE_NONE)
        return "nothing";
    const type_ops *ops = type_ops_get(v.type);
    if (v.type == TYPE_HASH) {
        hash_each(
            &v, -1,
            [](void *ctx, const hash_field *f) {
                Words &e = static_cast<Told *>(ctx)->elements;
                e.back() = text(f->name) + "=" + text(f->value);
                if (f->deadline_ms >= 0)
                    e.back() += "@" + std::to_string(f->deadline_ms);
                e.push_back("");
            },
            &t);
    } else {
        ops->describe(
            &v,
            [](void *ctx, bytes piece, describe_end ends) {
                Words &e = static_cast<Told *>(ctx)->elements;
                e.back() += text(piece);
                if (ends == DESCRIBE_PART)
                    e.back() += "=";
                else if (ends == DESCRIBE_ELEMENT)
                    e.push_back("");
            },
            &t);
    }
    t.elements.pop_back();
    EXPECT_EQ(t.elements.size(), ops->length(&v));
    if (ops->unordered)
        std::sort(t.elements.begin(), t.elements.end());
    std::string out;
    for (const std::string &e : t.elements)
        // Packed scores have no negative zero, as in Redis; those of a tree do.
        out +=
            (v.type == TYPE_ZSET && e.ends_with("=-0") ? e.substr(0, e.size() - 2) + "0" : e) + " ";
    return v.type == TYPE_STREAM ? out + told_state(v) : out;
}

struct Written {
    unsigned code, version;
    std::string bytes; // without the code
};

inline Written written(const value &v, bool compress = true)
{
    Out out;
    out.o.compress = compress;
    rdb_out_value_code(&out.o, &v);
    rdb_out_value(&out.o, &v);
    const unsigned version = out.o.version;
    const std::string &all = out.flushed();
    return {static_cast<unsigned char>(all[0]), version, all.substr(1)};
}

// Where the bytes come from: at once, or through a small window, a few at a time.
struct Way {
    bool window;
    size_t step;
    bool size_known;
};
inline const Way WAYS[] = {{false, 0, true}, {true, 7, true}, {true, 511, false}};

inline int read(unsigned version, unsigned code, const std::string &bytes,
                const type_limits &limits, Held *out, std::string *error = nullptr,
                const Way &way = WAYS[0])
{
    const auto go = [&](rdb_in *in) {
        value v;
        in->version = version;
        in->limits = &limits;
        const int rc = rdb_in_value(in, code, &v);
        if (rc == LK_OK) {
            out->take(v);
            EXPECT_EQ(rdb_in_offset(in), bytes.size());
        }
        if (error)
            *error = in->error;
        return rc;
    };
    if (way.window) {
        In in(bytes, way.step, way.size_known);
        return go(&in.in);
    }
    const std::vector<char> exact(bytes.begin(), bytes.end()); // so that reads beyond it are seen
    rdb_in in;
    rdb_in_init_bytes(&in, bytes_of(exact.data(), exact.size()));
    const int rc = go(&in);
    rdb_in_release(&in);
    return rc;
}

// --- forms by hand
// --------------------------------------------------------------------------

inline std::string le(uint64_t n, int size)
{
    std::string s;
    for (int i = 0; i < size; i++)
        s += static_cast<char>(n >> (8 * i));
    return s;
}

// A string as it is, behind its length.
inline std::string str(const std::string &s)
{
    const std::string n = s.size() < 64
                              ? std::string(1, static_cast<char>(s.size()))
                              : std::string("\x80") + static_cast<char>(s.size() >> 24) +
                                    static_cast<char>(s.size() >> 16) +
                                    static_cast<char>(s.size() >> 8) + static_cast<char>(s.size());
    return n + s;
}

inline std::string strs(const Words &words)
{
    std::string out;
    for (const std::string &w : words)
        out += str(w);
    return out;
}

inline std::string listpack(const Words &words)
{
    unsigned char *lp = listpack_new();
    std::vector<listpack_value> values;
    for (const std::string &w : words)
        values.push_back(listpack_from_bytes(of(w)));
    listpack_insert(&lp, nullptr, values.data(), values.size());
    std::string s(reinterpret_cast<char *>(lp), listpack_bytes(lp));
    listpack_free(lp);
    return s;
}

// Short strings, and numbers from 0 to 12 as such.
inline std::string ziplist(const Words &words)
{
    std::string out;
    size_t previous = 0, last = 10;
    for (const std::string &w : words) {
        int64_t n;
        const bool is_small = bytes_to_int64(of(w), &n) && n >= 0 && n <= 12;
        const std::string body = is_small ? std::string(1, static_cast<char>(0xf1 + n))
                                          : std::string(1, static_cast<char>(w.size())) + w;
        last = 10 + out.size();
        out += (previous < 254 ? le(previous, 1) : "\xfe" + le(previous, 4)) + body;
        previous = body.size() + (previous < 254 ? 1 : 5);
    }
    return le(out.size() + 11, 4) + le(last, 4) + le(words.size(), 2) + out + "\xff";
}

inline std::string zipmap(const Words &words)
{
    std::string out(1, static_cast<char>(words.size() / 2));
    for (size_t i = 0; i < words.size(); i += 2)
        out += le(words[i].size(), 1) + words[i] + le(words[i + 1].size(), 1) + le(0, 1) +
               words[i + 1];
    return out + "\xff";
}

inline std::string intset(const std::vector<int64_t> &numbers, int width)
{
    std::string out = le(width, 4) + le(numbers.size(), 4);
    for (const int64_t n : numbers)
        out += le(static_cast<uint64_t>(n), width);
    return out;
}

inline std::string real(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return le(bits, 8);
}

// The 16 bytes of a stream's ID.
inline std::string raw_id(uint64_t ms, uint64_t seq)
{
    std::string s;
    for (const uint64_t n : {ms, seq})
        for (int shift = 56; shift >= 0; shift -= 8)
            s += static_cast<char>(n >> shift);
    return s;
}

// Entries 5-3 and 6-3; 5-4 was deleted.
inline std::string stream_block()
{
    return str(raw_id(5, 3)) +
           str(listpack({"2", "1", "1", "f", "0", "2", "0", "0", "v", "4", "3",     "0",
                         "1", "x", "4", "0", "1", "0", "2", "g", "1", "h", "-2000", "8"}));
}

// Two groups; the first has two consumers and two pending entries, one of which was deleted.
inline std::string stream_groups(unsigned form)
{
    const std::string now = le(NOW, 8), seen = form == 3 ? now + now : now;
    return "\x02" + str("g") + "\x06\x03" + (form > 1 ? "\x03" : "") + "\x02" + raw_id(5, 3) +
           le(NOW - 9, 8) + "\x01" + raw_id(5, 4) + le(NOW - 8, 8) + "\x07\x02" + str("alice") +
           seen + "\x01" + raw_id(5, 4) + str("bob") + seen + "\x01" + raw_id(5, 3) + str("h") +
           le(0, 2) + (form > 1 ? unhex("81 ffffffffffffffff") : "") + le(0, 2);
}

// As DUMP gives it.
inline std::string payload(unsigned code, const std::string &bytes, unsigned version)
{
    const std::string body = static_cast<char>(code) + bytes + le(version, 2);
    return body + le(crc64(0, body.data(), body.size()), 8);
}

struct Form {
    const char *name;
    unsigned version, code;
    std::string bytes;
    const char *small, *large; // encodings under usual and under tight limits
    std::string want;
};

inline std::vector<Form> forms()
{
    const std::string wide(300, 'w'), noisy = noise(70), now = std::to_string(NOW);
    const std::string entries = "5.3=f=v 6.3=g=1=h=-2000 ";
    const std::string readers = " 5-3@" + std::to_string(NOW - 9) + "*1 5-4@" +
                                std::to_string(NOW - 8) + "*7, alice@" + now + " 5-4, bob@" + now +
                                " 5-3; group h 0-0";
    return {
        {"list", 1, RDB_LIST, "\x04" + strs({"a", "5", wide}) + unhex("c1 0102"), "listpack",
         "quicklist", "a 5 " + wide + " 513 "},
        {"list-ziplist", 9, RDB_LIST_ZIPLIST, str(ziplist({"abc", "4", "", "x"})), "listpack",
         "quicklist", "abc 4  x "},
        {"quicklist", 9, RDB_LIST_QUICKLIST,
         "\x03" + str(ziplist({"a", "b"})) + str(ziplist({})) + str(ziplist({"3"})), "listpack",
         "quicklist", "a b 3 "},
        {"quicklist-2", 10, RDB_LIST_QUICKLIST_2,
         "\x03\x02" + str(listpack({"a", "77", "b"})) + "\x01" + str(noisy) + "\x02" +
             str(listpack({"c"})),
         "listpack", "quicklist", "a 77 b " + noisy + " c "},
        {"set", 1, RDB_SET, "\x03" + strs({"b", "a", "7"}), "listpack", "hashtable", "7 a b "},
        {"set of numbers", 1, RDB_SET, "\x03" + strs({"3", "-1", "7"}), "intset", "hashtable",
         "-1 3 7 "},
        {"intset", 9, RDB_SET_INTSET, str(intset({-5, 3, 70000}, 4)), "intset", "hashtable",
         "-5 3 70000 "},
        {"set-listpack", 11, RDB_SET_LISTPACK, str(listpack({"x", "12", "y"})), "listpack",
         "hashtable", "12 x y "},
        {"zset", 1, RDB_ZSET,
         "\x04" + str("b") + str("1.5") + str("a") + "\xff" + str("c") + "\xfe" + str("d") +
             str("-3"),
         "listpack", "skiplist", "a=-inf b=1.5 c=inf d=-3 "},
        {"zset-2", 8, RDB_ZSET_2,
         "\x03" + str("b") + real(2.25) + str("") + real(0.5) + str("9") + real(-7), "listpack",
         "skiplist", "9=-7 =0.5 b=2.25 "},
        {"zset-ziplist", 9, RDB_ZSET_ZIPLIST, str(ziplist({"a", "-1.5", "4", "1", "b", "1"})),
         "listpack", "skiplist", "4=1 a=-1.5 b=1 "},
        {"zset-listpack", 10, RDB_ZSET_LISTPACK,
         str(listpack({"m", "-inf", "17", "3", "a", "3.5"})), "listpack", "skiplist",
         "17=3 a=3.5 m=-inf "},
        {"hash", 1, RDB_HASH, "\x03" + strs({"f", "v", "", "", "1", wide.substr(0, 60)}),
         "listpack", "hashtable", "1=" + wide.substr(0, 60) + " = f=v "},
        {"hash with a long value", 1, RDB_HASH, "\x01" + strs({"f", wide}), "hashtable",
         "hashtable", "f=" + wide + " "},
        {"zipmap", 2, RDB_HASH_ZIPMAP, str(zipmap({"f", "v", "12", "013"})), "listpack",
         "hashtable", "12=013 f=v "},
        {"hash-ziplist", 9, RDB_HASH_ZIPLIST, str(ziplist({"f", "1", "2", "w"})), "listpack",
         "hashtable", "2=w f=1 "},
        {"hash-listpack", 10, RDB_HASH_LISTPACK, str(listpack({"f", "1", "-200", "w"})), "listpack",
         "hashtable", "-200=w f=1 "},
        {"hash-metadata", 12, RDB_HASH_METADATA,
         le(NOW, 8) + "\x03" + "\x01" + strs({"f", "v"}) + str("").substr(0, 1) + strs({"g", "w"}) +
             unhex("43e9") + strs({"h", "x"}),
         "listpackex", "hashtable",
         "f=v@" + std::to_string(NOW) + " g=w h=x@" + std::to_string(NOW + 1000) + " "},
        {"hash-metadata of a candidate", 12, RDB_HASH_METADATA_PRE_GA,
         "\x02" + unhex("81 0000018bcfe56800") + strs({"f", "v"}) + le(0, 1) + strs({"g", "w"}),
         "listpackex", "hashtable", "f=v@" + std::to_string(NOW) + " g=w "},
        {"hash-listpack-ex", 12, RDB_HASH_LISTPACK_EX,
         le(NOW, 8) + str(listpack({"f", "v", std::to_string(NOW), "h", "x",
                                    std::to_string(NOW + 1), "g", "w", "0"})),
         "listpackex", "hashtable",
         "f=v@" + std::to_string(NOW) + " g=w h=x@" + std::to_string(NOW + 1) + " "},
        {"hash-listpack-ex in another order", 12, RDB_HASH_LISTPACK_EX,
         le(NOW, 8) + str(listpack({"g", "w", "0", "f", "v", std::to_string(NOW)})), "listpackex",
         "hashtable", "f=v@" + std::to_string(NOW) + " g=w "},
        {"hash-listpack-ex of a candidate", 12, RDB_HASH_LISTPACK_EX_PRE_GA,
         str(listpack({"f", "v", std::to_string(NOW), "g", "w", "0"})), "listpackex", "hashtable",
         "f=v@" + std::to_string(NOW) + " g=w "},
        {"hash-2", RDB_VERSION_VALKEY, RDB_HASH_2,
         "\x03" + strs({"f", "v"}) + le(NOW, 8) + strs({"", ""}) + le(UINT64_MAX, 8) +
             strs({"g", wide.substr(0, 60)}) + le(NOW + 5, 8),
         "listpackex", "hashtable",
         "= f=v@" + std::to_string(NOW) + " g=" + wide.substr(0, 60) + "@" +
             std::to_string(NOW + 5) + " "},
        {"stream", 9, RDB_STREAM_LISTPACKS,
         "\x01" + stream_block() + "\x02\x06\x03" + stream_groups(1), "stream", "stream",
         entries + "last 6-3 deleted 0-0 added 2; group g 6-3 2" + readers + " 0"},
        {"stream-2", 10, RDB_STREAM_LISTPACKS_2,
         "\x01" + stream_block() + "\x02\x09\x09\x05\x03\x05\x04\x11" + stream_groups(2), "stream",
         "stream", entries + "last 9-9 deleted 5-4 added 17; group g 6-3 3" + readers + " -1"},
        {"stream-3", 11, RDB_STREAM_LISTPACKS_3,
         "\x01" + stream_block() + "\x02\x09\x09\x05\x03\x05\x04\x11" + stream_groups(3), "stream",
         "stream", entries + "last 9-9 deleted 5-4 added 17; group g 6-3 3" + readers + " -1"},
        {"stream without entries", 10, RDB_STREAM_LISTPACKS_2,
         le(0, 2) + "\x07\x08" + le(0, 2) + "\x07\x08\x03" + le(0, 1), "stream", "stream",
         "last 7-8 deleted 7-8 added 3"},
    };
}

} // namespace rdb

#endif
