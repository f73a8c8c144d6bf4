// Streams in the RDB format: of any history, from views, beside a reference server byte by byte,
// and in memory that does not grow with them.
#include "persist/rdb/rdb_file.h"
#include "tests/core/types/kept_value.h"
#include "tests/persist/rdb/rdb_values.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

using namespace rdb;
using lk::Args;
using lk::Client;
using lk::Server;

namespace
{

type_limits blocks_of(uint64_t entries)
{
    type_limits l = USUAL;
    l.stream_node_max_bytes = 4096;
    l.stream_node_max_entries = entries;
    return l;
}

// Changes a stream by the type's own calls.
class Writer
{
  public:
    Writer(uint64_t seed, size_t block_entries, bool idlers = true)
        : limits(blocks_of(block_entries)), kept(TYPE_STREAM, &limits), random(seed), idle(idlers)
    {
    }

    void step()
    {
        kept.edit([&](value_edit *e) {
            switch (random() % 10) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4:
                return add(e);
            case 5:
                return remove(e);
            case 6:
                stream_group_create(e, of("group " + std::to_string(random() % 5)), some_id(),
                                    static_cast<int64_t>(random() % 9) - 1);
                return 0;
            case 7:
                return trim(e);
            default:
                return read(e);
            }
        });
    }

    type_limits limits;
    KeptValue kept;

  private:
    stream_id some_id()
    {
        return stream_id_of(1 + random() % (last.ms + 1), random() % 3);
    }

    int add(value_edit *e)
    {
        std::vector<std::string> w;
        for (uint64_t n = random() % 4; n > 0; n--) {
            w.push_back(random() % 2 ? "field" : "f" + std::to_string(random() % 5));
            w.push_back(random() % 2 ? std::to_string(random()) : noise(random() % 90, random()));
        }
        std::vector<bytes> pairs;
        for (const std::string &s : w)
            pairs.push_back(of(s));
        last.ms += random() % 3;
        last.seq += 1 + random() % 3;
        return stream_append(e, last, pairs.data(), pairs.size() / 2);
    }

    int remove(value_edit *e)
    {
        stream_iter it;
        stream_iter_begin(&it, &e->value, some_id(), stream_id_max(), random() % 2 != 0);
        if (stream_iter_next(&it))
            stream_delete(e, it.id);
        return 0;
    }

    int trim(value_edit *e)
    {
        stream_trim_spec t{};
        t.max_length =
            stream_length(&e->value) - std::min<uint64_t>(stream_length(&e->value), random() % 3);
        stream_trim(e, &t);
        return 0;
    }

    int read(value_edit *e)
    {
        const std::string name = "group " + std::to_string(random() % 5);
        const std::string reader = "consumer " + std::to_string(random() % 7);
        stream_group *g = stream_group_edit(e, of(name));
        if (!g)
            return 0;
        stream_consumer_create(e, g, of(reader), NOW);
        stream_consumer *c = stream_consumer_edit(e, g, of(reader));
        c->seen_ms = NOW + static_cast<int64_t>(random() % 1000);
        c->active_ms = !idle ? c->seen_ms : random() % 2 ? -1 : c->seen_ms - 3;
        for (uint64_t n = random() % 5; n > 0; n--)
            stream_pending_put(e, g, c, some_id(), NOW - static_cast<int64_t>(random() % 5000),
                               random() % 300);
        stream_pending_remove(e, g, some_id());
        if (random() % 20 == 0)
            stream_consumer_delete(e, g, of(reader));
        return 0;
    }

    std::mt19937_64 random;
    bool idle; // consumers come and get nothing
    stream_id last{1, 0};
};

bool somebody_idled(const value &v)
{
    stream_state s;
    stream_state_get(&v, &s);
    for (uint64_t i = 0; i < s.groups; i++) {
        const stream_group *g = stream_group_at(&v, i);
        for (uint64_t j = 0; j < stream_consumer_count(g); j++)
            if (stream_consumer_at(g, j)->active_ms != stream_consumer_at(g, j)->seen_ms)
                return true;
    }
    return false;
}

TEST(RdbStream, AnyStreamComesBack)
{
    const uint64_t seed = test_seed();
    for (int round = 0; round < 30; round++) {
        SCOPED_TRACE(round);
        Writer w(seed + round, round % 3 ? 100 : 3, round % 2 != 0);
        for (int i = 0; i < 400; i++)
            w.step();
        const value v = w.kept.get();
        const bool third = somebody_idled(v);
        const std::string want = told(v);
        for (const bool compress : {false, true}) {
            const Written out = written(v, compress);
            EXPECT_EQ(out.code, third ? RDB_STREAM_LISTPACKS_3 : RDB_STREAM_LISTPACKS_2);
            EXPECT_EQ(out.version, third ? 11u : 10u);
            for (const Way &way : WAYS) {
                Held back;
                std::string error;
                ASSERT_EQ(read(out.version, out.code, out.bytes, USUAL, &back, &error, way), LK_OK)
                    << error;
                EXPECT_TRUE(told(back.v) == want);
                EXPECT_TRUE(written(back.v, compress).bytes == out.bytes);
            }
        }
    }
}

TEST(RdbStream, AViewIsWrittenAsItWas)
{
    const uint64_t seed = test_seed();
    for (int round = 0; round < 20; round++) {
        SCOPED_TRACE(round);
        Writer w(seed + round, 5);
        for (int i = 0; i < 200; i++)
            w.step();
        const std::string before = written(w.kept.get(), false).bytes;
        w.kept.cut();
        for (int i = 0; i < 200; i++)
            w.step();
        EXPECT_TRUE(written(w.kept.frozen(), false).bytes == before);
        const Written after = written(w.kept.get());
        Held back;
        ASSERT_EQ(read(after.version, after.code, after.bytes, USUAL, &back), LK_OK);
        EXPECT_TRUE(told(back.v) == told(w.kept.get()));
    }
}

// The third form alone tells it; in the others a consumer was active when it was seen.
TEST(RdbStream, WhenConsumersWereActive)
{
    const std::string head = le(0, 2) + "\x07\x08" + le(0, 4) + "\x03\x01" + str("g") + le(0, 4) +
                             "\x01" + str("c") + le(NOW, 8);
    for (const unsigned form : {RDB_STREAM_LISTPACKS_2, RDB_STREAM_LISTPACKS_3}) {
        Held v;
        std::string error;
        const bool third = form == RDB_STREAM_LISTPACKS_3;
        ASSERT_EQ(
            read(11, form, head + (third ? le(UINT64_MAX, 8) : "") + le(0, 1), USUAL, &v, &error),
            LK_OK)
            << error;
        const stream_group *g = stream_group_find(&v.v, of("g"));
        ASSERT_NE(g, nullptr);
        const stream_consumer *c = stream_consumer_find(g, of("c"));
        ASSERT_NE(c, nullptr);
        EXPECT_EQ(c->seen_ms, NOW);
        EXPECT_EQ(c->active_ms, third ? -1 : NOW);
    }
}

// An ID that was deleted may be above those behind it: XSETID goes back below it.
TEST(RdbStream, DeletedIdsMayBeHigher)
{
    const std::string block =
        str(raw_id(5, 0)) + str(listpack({"2", "1", "1", "f", "0", "2", "0", "0", "v", "4",
                                          "3", "5", "0", "x", "4", "2", "3", "0", "w", "4"}));
    Held v;
    std::string error;
    ASSERT_EQ(read(10, RDB_STREAM_LISTPACKS_2,
                   "\x01" + block + "\x02\x08" + le(0, 1) + "\x05" + le(0, 1) + "\x0a" + le(0, 1) +
                       "\x03" + le(0, 1),
                   USUAL, &v, &error),
              LK_OK)
        << error;
    EXPECT_EQ(told(v.v), "5.0=f=v 8.0=f=w last 8-0 deleted 10-0 added 3");
    EXPECT_TRUE(stream_has(&v.v, stream_id_of(8, 0)));
    EXPECT_FALSE(stream_has(&v.v, stream_id_of(10, 0)));
}

// --- beside a reference server

class Beside : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        oracle = Server::oracle({{"enable-debug-command", "yes"},
                                 {"dir", directory.path()},
                                 {"sanitize-dump-payload", "yes"},
                                 {"rdbcompression", "no"},
                                 {"stream-node-max-entries", "7"}});
        c = std::make_unique<Client>(oracle->connect());
    }

    // What DUMP gives, without type, version and checksum.
    std::string dump(const std::string &key)
    {
        const std::string d = c->call({"DUMP", key}).text;
        EXPECT_EQ(d.at(0), RDB_STREAM_LISTPACKS_2);
        return d.substr(1, d.size() - 11);
    }

    void some_history(const std::string &key, uint64_t seed)
    {
        std::mt19937_64 random(seed);
        const auto pick = [&](const char *name, int n) {
            return name + std::to_string(random() % n);
        };
        const auto id = [&] {
            return std::to_string(1 + random() % 200) + "-" + std::to_string(random() % 2);
        };
        uint64_t last = 0;
        c->call({"XGROUP", "CREATE", key, "g0", "0", "MKSTREAM"});
        for (int i = 0; i < 300; i++) {
            switch (random() % 12) {
            case 0:
                c->call({"XGROUP", "CREATE", key, pick("g", 4), id()});
                break;
            case 1:
                c->call({"XDEL", key, id(), id()});
                break;
            case 2:
                c->call({"XTRIM", key, "MAXLEN", std::to_string(10 + random() % 60)});
                break;
            case 3:
                c->call({"XSETID", key, id()});
                break;
            case 4:
                c->call({"XACK", key, pick("g", 4), id(), id()});
                break;
            case 5:
                c->call({"XCLAIM", key, pick("g", 4), pick("c", 6), "0", id(), id(), "FORCE",
                         "TIME", std::to_string(NOW), "RETRYCOUNT", std::to_string(random() % 99)});
                break;
            case 6:
                c->call({"XGROUP", "DELCONSUMER", key, pick("g", 4), pick("c", 6)});
                break;
            case 7:
            case 8:
                c->call({"XREADGROUP", "GROUP", pick("g", 4), pick("c", 6), "COUNT", "5", "STREAMS",
                         key, ">"});
                break;
            default:
                last += 1 + random() % 2;
                c->call({"XADD", key, std::to_string(last) + "-" + std::to_string(random() % 2),
                         pick("f", 2), noise(random() % 40, random()), "same", pick("", 100)});
                break;
            }
        }
    }

    const lk::TempDir directory;
    std::unique_ptr<Server> oracle;
    std::unique_ptr<Client> c;
};

TEST_F(Beside, ItsStreamsAreOurs)
{
    const uint64_t seed = test_seed();
    for (int round = 0; round < 25; round++) {
        SCOPED_TRACE(round);
        some_history("k", seed + round);
        const std::string body = dump("k");
        Held v;
        std::string error;
        ASSERT_EQ(read(10, RDB_STREAM_LISTPACKS_2, body, USUAL, &v, &error), LK_OK) << error;
        const Written w = written(v.v, false);
        ASSERT_TRUE(w.bytes == body) << hex(w.bytes) << "\n" << hex(body);
        const Written packed = written(v.v, true);
        ASSERT_EQ(
            c->call({"RESTORE", "back", "0", payload(w.code, packed.bytes, 10), "REPLACE"}).text,
            "OK");
        EXPECT_TRUE(dump("back") == body);
        EXPECT_EQ(c->call({"DEBUG", "DIGEST-VALUE", "back"}).raw,
                  c->call({"DEBUG", "DIGEST-VALUE", "k"}).raw);
        c->call({"DEL", "k"});
    }
}

TEST_F(Beside, OurStreamsAreIts)
{
    const uint64_t seed = test_seed();
    for (int round = 0; round < 25; round++) {
        SCOPED_TRACE(round);
        Writer s(seed + round, round % 2 ? 100 : 4, false); // it reads no third form
        for (int i = 0; i < 400; i++)
            s.step();
        const Written w = written(s.kept.get());
        ASSERT_EQ(c->call({"RESTORE", "k", "0", payload(w.code, w.bytes, 10), "REPLACE"}).text,
                  "OK");
        Held v;
        std::string error;
        ASSERT_EQ(read(10, w.code, dump("k"), USUAL, &v, &error), LK_OK) << error;
        EXPECT_TRUE(told(v.v) == told(s.kept.get()));
    }
}

// What the first form does not tell is to us what it is to a reference server.
TEST_F(Beside, TheFirstFormMeansTheSame)
{
    const std::string groups[] = {
        "\x01" + str("g") + le(0, 4), "\x01" + str("g") + "\x05\x03" + le(0, 2),
        "\x01" + str("g") + "\x06\x02" + le(0, 2), "\x01" + str("g") + "\x06\x03" + le(0, 2),
        "\x01" + str("g") + "\x0a\x03" + le(0, 2)};
    for (const std::string &g : groups) {
        for (const char *last : {"\x06\x03", "\x08\x08"}) {
            const std::string body = "\x01" + stream_block() + "\x02" + last + g;
            ASSERT_EQ(
                c->call({"RESTORE", "k", "0", payload(RDB_STREAM_LISTPACKS, body, 9), "REPLACE"})
                    .text,
                "OK");
            Held v;
            std::string error;
            ASSERT_EQ(read(9, RDB_STREAM_LISTPACKS, body, USUAL, &v, &error), LK_OK) << error;
            EXPECT_EQ(hex(written(v.v, false).bytes), hex(dump("k")));
        }
    }
}

TEST_F(Beside, FilesGoBothWays)
{
    const uint64_t seed = test_seed();
    std::map<std::string, std::string> want;
    for (int i = 0; i < 8; i++) {
        const std::string key = "s" + std::to_string(i);
        some_history(key, seed + 100 + i);
        want[key] = dump(key);
    }
    c->call({"XGROUP", "CREATE", "empty", "g", "$", "MKSTREAM"});
    want["empty"] = dump("empty");
    ASSERT_EQ(c->call({"SAVE"}).text, "OK");
    Keys k;
    struct Check {
        Keys *keys;
        std::map<std::string, std::string> *want;
    } check{&k, &want};
    rdb_receiver receiver{};
    receiver.ctx = &check;
    receiver.entry = [](void *ctx, const rdb_record *r) {
        const Check *self = static_cast<Check *>(ctx);
        EXPECT_TRUE(written(*r->value, false).bytes == (*self->want)[text(r->key)]) << text(r->key);
        self->keys->put(0, text(r->key), *r->value, ENTRY_NO_DEADLINE, 0);
        return static_cast<int>(LK_OK);
    };
    const std::string path = directory.path();
    {
        rdb_file_in f;
        ASSERT_EQ(rdb_file_open(&f, &file_ops_system, (path + "/dump.rdb").c_str()), LK_OK);
        EXPECT_EQ(rdb_load(&f.in, &receiver), LK_OK) << f.in.error;
        rdb_file_close(&f);
    }
    rdb_file f;
    const rdb_file_options file_options{path.c_str(), nullptr, true};
    ASSERT_EQ(rdb_file_create(&f, &file_ops_system, &file_options), LK_OK);
    rdb_out o;
    const rdb_sink sink = rdb_file_sink(&f);
    rdb_out_init(&o, &sink, RDB_OUT_BUFFER_BYTES);
    ASSERT_EQ(k.save(&o), LK_OK);
    EXPECT_EQ(o.version, 10u);
    rdb_out_release(&o);
    ASSERT_EQ(k.written, want.size());
    ASSERT_EQ(rdb_file_commit(&f, "dump.rdb"), LK_OK);
    const lk::Outcome seen = lk::run_program({"/usr/bin/redis-check-rdb", path + "/dump.rdb"});
    EXPECT_EQ(seen.exit_code, 0) << seen.output;
    ASSERT_EQ(c->call({"DEBUG", "RELOAD", "NOSAVE"}).text, "OK");
    for (const auto &[key, body] : want)
        EXPECT_TRUE(dump(key) == body) << key;
}

// --- much

TEST(RdbStream, MemoryDoesNotGrowWithIt)
{
    const type_limits limits = blocks_of(100);
    constexpr uint64_t ENTRIES = 100'000;
    constexpr size_t SLACK = 1024 * 1024; // a window, a block, a buffer
    KeptValue kept(TYPE_STREAM, &limits);
    kept.edit([&](value_edit *e) {
        stream_group *g = stream_group_create(e, of("g"), stream_id_of(9, 9), 0);
        stream_consumer *c[2] = {stream_consumer_create(e, g, of("a"), NOW),
                                 stream_consumer_create(e, g, of("b"), NOW)};
        for (uint64_t i = 1; i <= ENTRIES; i++) {
            const std::string field = "field", n = std::to_string(i);
            const bytes pair[2] = {of(field), of(n)};
            EXPECT_EQ(stream_append(e, stream_id_of(i, 0), pair, 1), LK_OK);
            stream_pending_put(e, g, c[i % 2], stream_id_of(i, 0), NOW, 1);
        }
        return 0;
    });
    struct Peak {
        size_t peak = 0;
        std::string data;
        size_t at = 0;
        void look()
        {
            peak = std::max(peak, mem_used());
        }
    } file;
    const value v = kept.get();
    const rdb_sink sink{[](void *ctx, const void *p, size_t n) {
                            Peak *f = static_cast<Peak *>(ctx);
                            f->look();
                            f->data.append(static_cast<const char *>(p), n);
                            return static_cast<int>(LK_OK);
                        },
                        nullptr, &file};
    const size_t before = mem_used();
    rdb_out o;
    rdb_out_init(&o, &sink, RDB_OUT_BUFFER_BYTES);
    rdb_out_value(&o, &v);
    ASSERT_EQ(rdb_out_flush(&o), LK_OK);
    rdb_out_release(&o);
    EXPECT_LT(file.peak, before + SLACK);

    file.peak = 0;
    const rdb_source source{[](void *ctx, void *p, size_t n, size_t *got) {
                                Peak *f = static_cast<Peak *>(ctx);
                                f->look();
                                *got = std::min(n, f->data.size() - f->at);
                                memcpy(p, f->data.data() + f->at, *got);
                                f->at += *got;
                                return static_cast<int>(LK_OK);
                            },
                            &file, file.data.size()};
    rdb_in in;
    rdb_in_init(&in, &source, RDB_IN_WINDOW_BYTES);
    in.version = 11;
    const unsigned form = somebody_idled(v) ? RDB_STREAM_LISTPACKS_3 : RDB_STREAM_LISTPACKS_2;
    Held back;
    value got;
    ASSERT_EQ(rdb_in_value(&in, form, &got), LK_OK) << in.error;
    back.take(got);
    rdb_in_release(&in);
    EXPECT_LT(file.peak, before + stream_type_ops.node_bytes(&back.v, 0) * 5 / 4 + SLACK);
    EXPECT_EQ(stream_length(&back.v), ENTRIES);
    EXPECT_EQ(stream_pending_count(stream_group_at(&back.v, 0), nullptr), ENTRIES);
    EXPECT_TRUE(told_state(back.v) == told_state(v));
}

} // namespace
