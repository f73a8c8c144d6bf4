// Several threads read one file: all that is in it, once, and whatever is wrong as one thread says
// it.
#include "persist/rdb/rdb_crew.h"
#include "persist/rdb/rdb_scan.h"
#include "tests/persist/rdb/rdb_values.h"
#include "tests/support/seed.h"

using namespace rdb;

namespace
{

// --- where records end

TEST(RdbScan, EveryFormIsSteppedOver)
{
    const std::string fronts[] = {"", "\xfc" + le(NOW, 8), "\xfd" + le(5, 4),
                                  unhex("f8 4100") + "\xfc" + le(1, 8), unhex("f9 ff")};
    for (const Form &f : forms())
        for (const std::string &front : fronts) {
            SCOPED_TRACE(f.name);
            const std::string record = front + static_cast<char>(f.code) + str("key") + f.bytes;
            for (const std::string &next : {unhex("ff"), unhex("fe 00"), unhex("fa"), record})
                EXPECT_EQ(rdb_scan(f.version, of(record + next)),
                          next == record ? 2 * record.size() : record.size());
            for (size_t cut = 0; cut < record.size(); cut++) {
                const std::vector<char> exact(record.begin(), record.begin() + cut);
                EXPECT_EQ(rdb_scan(f.version, bytes_of(exact.data(), cut)), 0u) << cut;
            }
        }
}

TEST(RdbScan, ValuesOfModulesAloneHaveNoLayout)
{
    for (const unsigned version : {RDB_VERSION_REDIS_MAX, RDB_VERSION_VALKEY})
        for (unsigned code = 0; code < 256; code++) {
            const rdb_code *row = rdb_code_find(version, code);
            if (row && !row->opcode) {
                EXPECT_EQ(row->layout == nullptr, row->type == TYPE_NONE) << row->name;
            }
        }
}

TEST(RdbScan, ClaimsAreNotBelieved)
{
    for (const std::string &value :
         {unhex("00 81 ffffffffffffffff"), unhex("01 81 ffffffffffffffff"),
          unhex("01 80 ffffffff 00"), unhex("00 c3 01 81 ffffffffffffffff"), unhex("00 82"),
          unhex("00 c4"), unhex("05 81 2000000000000000 00"), unhex("03 01 00 fc")}) {
        const std::string record = value.substr(0, 1) + str("key") + value.substr(1);
        EXPECT_EQ(rdb_scan(12, of(record)), 0u) << hex(value);
    }
}

// --- a crew

// What one thread was given.  Values are told whole.
struct Taker {
    Items items;
    int refusals = 0;

    rdb_receiver row(rdb_crew *crew = nullptr)
    {
        rdb_receiver r{};
        r.ctx = this;
        r.crew = crew;
        r.limits = &USUAL;
        r.entry = [](void *ctx, const rdb_record *record) {
            Taker *self = static_cast<Taker *>(ctx);
            const value &v = *record->value;
            self->items[{record->db, text(record->key)}] = {
                v.type == TYPE_STRING ? string_of(&v) : told(v), record->deadline_ms,
                record->idle_s, record->freq};
            value_release(record->value);
            return static_cast<int>(LK_OK);
        };
        return r;
    }
};

struct Loaded {
    int rc;
    std::string error;
    Items items;
    size_t by_members = 0; // keys
};

Loaded load_alone(const std::string &file, bool checksum)
{
    In in(file);
    in.in.checksum = checksum;
    Taker t;
    const rdb_receiver row = t.row();
    const int rc = rdb_load(&in.in, &row);
    return {rc, in.in.error, t.items, 0};
}

class Crew
{
  public:
    explicit Crew(uint32_t n) : takers(n)
    {
        gate_init(&gate_);
        for (Taker &t : takers)
            rows.push_back(t.row());
        const rdb_crew_parts parts{&gate_,
                                   n,
                                   rdb_load_run,
                                   rows.data(),
                                   [](void *ctx, bool out) {
                                       Crew *c = static_cast<Crew *>(ctx);
                                       EXPECT_NE(c->is_outside, out);
                                       c->is_outside = out;
                                   },
                                   this};
        crew = rdb_crew_new(&parts);
    }
    Crew(const Crew &) = delete;
    ~Crew()
    {
        rdb_crew_free(crew);
        gate_release(&gate_);
    }

    std::vector<Taker> takers;
    std::vector<rdb_receiver> rows;
    bool is_outside = false;
    rdb_crew *crew;

  private:
    gate gate_;
};

Loaded load_together(const std::string &file, bool checksum, uint32_t members)
{
    In in(file, 700);
    in.in.checksum = checksum;
    Crew crew(members);
    Taker own;
    const rdb_receiver row = own.row(crew.crew);
    const int rc = rdb_load(&in.in, &row);
    EXPECT_FALSE(crew.is_outside);
    Loaded l{rc, in.in.error, own.items, 0};
    for (const Taker &t : crew.takers) {
        l.by_members += t.items.size();
        for (const auto &[place, item] : t.items)
            EXPECT_TRUE(l.items.insert({place, item}).second) << place.second;
    }
    return l;
}

// Records of every form in any order; some are longer than the window of the reader.
std::string random_file(std::mt19937_64 *random, size_t records)
{
    std::string s = "REDIS0012" + unhex("fa") + str("redis-ver") + str("7.4.0");
    std::vector<Form> all;
    for (const Form &f : forms())
        if (f.version <= RDB_VERSION_REDIS_MAX)
            all.push_back(f);
    const auto pick = [&](size_t n) { return (*random)() % n; };
    for (size_t i = 0; i < records; i++) {
        if (pick(20) == 0)
            s += unhex("fe") + static_cast<char>(pick(16));
        if (pick(40) == 0)
            s += unhex("fb 0a 05");
        if (pick(40) == 0)
            s += unhex("f4 01 02 03");
        if (pick(3) == 0)
            s += unhex("fc") + le(NOW + pick(1000), 8);
        if (pick(5) == 0)
            s += unhex("f8") + static_cast<char>(pick(64));
        else if (pick(5) == 0)
            s += unhex("f9") + static_cast<char>(pick(256));
        const std::string key = str("key " + std::to_string(i));
        if (pick(50) == 0) {
            s += '\0' + key + str(noise(500 + pick(3000), i));
        } else {
            const Form &f = all[pick(all.size())];
            s += static_cast<char>(f.code) + key + f.bytes;
        }
    }
    s += "\xff";
    return s + le(crc64(0, s.data(), s.size()), 8);
}

TEST(RdbCrew, AllThreadsLoadWhatOneDoes)
{
    std::mt19937_64 random(test_seed());
    for (const uint32_t members : {1, 2, 5})
        for (const size_t records : {0, 1, 10, 2000}) {
            const std::string file = random_file(&random, records);
            const Loaded alone = load_alone(file, true);
            const Loaded together = load_together(file, true, members);
            ASSERT_EQ(alone.rc, LK_OK) << alone.error;
            EXPECT_EQ(alone.items.size(), records);
            EXPECT_EQ(together.rc, LK_OK) << together.error;
            EXPECT_TRUE(alone.items == together.items);
            if (records == 0) {
                EXPECT_EQ(together.by_members, 0u);
            }
        }
}

// The number of bytes that are left is that of the run.
std::string without_rest(const std::string &error)
{
    return error.substr(0, error.find(", but only"));
}

TEST(RdbCrew, WhatIsWrongIsSaidAsOneThreadSaysIt)
{
    std::mt19937_64 random(test_seed() + 1);
    const std::string file = random_file(&random, 300);
    int refused = 0;
    for (int i = 0; i < 160; i++) {
        std::string spoiled = file;
        if (i % 8 == 0)
            spoiled.resize(random() % file.size());
        else
            for (size_t n = 1 + random() % 2; n > 0; n--)
                spoiled[random() % file.size()] = static_cast<char>(random());
        const bool checksum = i % 2;
        const Loaded alone = load_alone(spoiled, checksum);
        const Loaded together = load_together(spoiled, checksum, 3);
        EXPECT_EQ(alone.rc, together.rc);
        EXPECT_EQ(without_rest(alone.error), without_rest(together.error));
        if (alone.rc == LK_OK) {
            EXPECT_TRUE(alone.items == together.items);
        }
        refused += alone.rc != LK_OK;
    }
    EXPECT_GT(refused, 80);
}

TEST(RdbCrew, OneThreadThatIsRefusedEndsTheLoad)
{
    std::mt19937_64 random(test_seed() + 2);
    const std::string file = random_file(&random, 3000);
    In in(file);
    Crew crew(3);
    for (rdb_receiver &row : crew.rows)
        row.run_end = [](void *ctx) {
            EXPECT_EQ(static_cast<Taker *>(ctx)->refusals++, 0) << "called again";
            return static_cast<int>(LK_ENOMEM);
        };
    Taker own;
    const rdb_receiver row = own.row(crew.crew);
    EXPECT_EQ(rdb_load(&in.in, &row), LK_ENOMEM);
    EXPECT_NE(std::string(in.in.error).find("was refused"), std::string::npos) << in.in.error;
}

} // namespace
