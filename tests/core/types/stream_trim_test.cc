// Trimming of streams of many blocks, against the rule block by block, and with regard to groups.
#include "core/types/stream_priv.h"
#include "core/types/stream_refs.h"
#include "tests/core/types/kept_value.h"
#include "tests/support/seed.h"

#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace
{

stream_id id_of(uint64_t ms)
{
    return stream_id_of(ms, 1);
}

// Entries 1-1, 2-1 ... of a stream, a few in each block.
class Trim : public ::testing::Test
{
  protected:
    Trim()
    {
        limits_.stream_node_max_entries = 5;
        kept_ = std::make_unique<KeptValue>(TYPE_STREAM, &limits_);
    }

    template <class F> auto edit(F f)
    {
        return kept_->edit(f);
    }

    void append(uint64_t n)
    {
        const bytes pair[2] = {bytes_of("f", 1), bytes_of("v", 1)};
        for (; n > 0; n--) {
            last_++;
            edit([&](value_edit *e) { return stream_append(e, id_of(last_), pair, 1); });
        }
    }

    void erase(uint64_t ms)
    {
        edit([&](value_edit *e) { return stream_delete(e, id_of(ms)); });
    }

    uint64_t trim(const stream_trim_spec &t)
    {
        return edit([&](value_edit *e) { return stream_trim(e, &t); });
    }

    std::set<uint64_t> entries() const
    {
        const value v = kept_->get();
        return entries(v);
    }
    static std::set<uint64_t> entries(const value &v)
    {
        std::set<uint64_t> out;
        stream_iter it;
        stream_iter_begin(&it, &v, stream_id_of(0, 0), stream_id_max(), false);
        while (stream_iter_next(&it))
            out.insert(it.id.ms);
        EXPECT_EQ(out.size(), stream_length(&v));
        const char *wrong = blocks_check(stream_blocks(&v));
        EXPECT_EQ(wrong, nullptr) << wrong;
        return out;
    }

    // How many entries go when one block after the other is looked at.
    uint64_t expected(const stream_trim_spec &t) const
    {
        const value v = kept_->get();
        uint64_t gone = 0, length = stream_length(&v);
        blocks_iter it;
        for (bool on = blocks_first(&it, stream_blocks(&v)); on; on = blocks_next(&it)) {
            stream_master m;
            if (!t.by_id && length <= t.max_length)
                break;
            stream_master_read(it.lp, &m);
            if (t.limit && gone + m.count > t.limit)
                break;
            const uint64_t end = stream_block_last(&it, &m).ms;
            const bool whole = t.by_id ? end < t.min_id.ms : length - m.count >= t.max_length;
            if (whole) {
                gone += m.count;
                length -= m.count;
                continue;
            }
            if (t.approximate)
                break;
            if (!t.by_id)
                return gone + (length - t.max_length);
            const std::set<uint64_t> all = entries();
            return static_cast<uint64_t>(std::distance(all.begin(), all.lower_bound(t.min_id.ms)));
        }
        return gone;
    }

    // --- groups: the entries up to last are read, those in pending are pending

    void group(const char *name, uint64_t last, const std::vector<uint64_t> &pending)
    {
        edit([&](value_edit *e) {
            stream_group *g = stream_group_create(e, bytes_cstr(name), id_of(last), -1);
            stream_consumer *c = stream_consumer_create(e, g, bytes_cstr("c"), 0);
            for (const uint64_t ms : pending)
                stream_pending_put(e, g, c, id_of(ms), 0, 1);
            return true;
        });
    }

    std::set<uint64_t> pending(const char *name) const
    {
        const value v = kept_->get();
        std::set<uint64_t> out;
        stream_pending_iter it;
        stream_pending p;
        const stream_group *g = stream_group_find(&v, bytes_cstr(name));
        stream_pending_begin(&it, g, nullptr, stream_id_of(0, 0), stream_id_max());
        while (stream_pending_next(&it, &p))
            out.insert(p.id.ms);
        EXPECT_EQ(out.size(), stream_pending_count(g, stream_consumer_at(g, 0)));
        return out;
    }

    std::unique_ptr<KeptValue> kept_;
    uint64_t last_ = 0;

  private:
    type_limits limits_{};
};

TEST_F(Trim, ManyBlocksAtOnceAsOneByOne)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (int step = 0; step < 250; step++) {
        append(rng() % 600);
        for (uint64_t n = rng() % 40; n > 0; n--)
            erase(last_ - rng() % (last_ + 1));
        std::set<uint64_t> want = entries(), frozen;
        const bool view = rng() % 3 == 0;
        if (view) {
            kept_->cut();
            frozen = want;
        }
        stream_trim_spec t{};
        t.by_id = rng() % 2;
        t.approximate = rng() % 2;
        t.limit = t.approximate && rng() % 3 == 0 ? 1 + rng() % 300 : 0;
        t.max_length = rng() % 8 == 0 ? 0 : rng() % (want.size() + 5);
        t.min_id.ms = want.empty() || rng() % 10 == 0 ? rng() % (last_ + 10)
                                                      : *want.begin() + rng() % want.size();
        const uint64_t gone = expected(t);
        ASSERT_EQ(trim(t), gone) << "step " << step;
        for (uint64_t i = 0; i < gone; i++)
            want.erase(want.begin());
        ASSERT_TRUE(entries() == want) << "step " << step;
        if (view) {
            const value v = kept_->frozen();
            ASSERT_TRUE(entries(v) == frozen) << "step " << step;
            kept_->close_view();
        }
    }
}

// What goes in one piece may be freed by others, later.
TEST_F(Trim, ManyBlocksAreHandedOver)
{
    static value taken;
    append(5000);
    stream_trim_spec t{};
    const size_t used = mem_used();
    edit([&](value_edit *e) {
        e->discard = [](value_edit *, value *nodes) { taken = *nodes; };
        return stream_trim(e, &t);
    });
    EXPECT_TRUE(entries().empty());
    EXPECT_GT(mem_used() + 1000, used);
    EXPECT_GT(stream_type_ops.free_effort(&taken), 900u);
    value_reaper r = {.value = taken, .cursor = 0, .tree = {}};
    int turns = 1;
    while (!value_reap(&r, 100))
        turns++;
    EXPECT_GT(turns, 9);
    EXPECT_LT(mem_used(), used / 10);
}

TEST_F(Trim, WithoutReferences)
{
    append(400);
    erase(3);
    group("g", 300, {1, 3, 7, 150, 200, 201, 290});
    group("h", 10, {7, 8});
    stream_trim_spec t{};
    t.refs = STREAM_DELREF;
    t.by_id = true;
    t.min_id = id_of(201);
    EXPECT_EQ(trim(t), 199u);
    EXPECT_EQ(*entries().begin(), 201u);
    EXPECT_EQ(pending("g"), (std::set<uint64_t>{201, 290}));
    EXPECT_EQ(pending("h"), (std::set<uint64_t>{}));
    t.by_id = false; // all of them
    EXPECT_EQ(trim(t), 200u);
    EXPECT_EQ(pending("g"), (std::set<uint64_t>{}));
}

TEST_F(Trim, KeepsReferences)
{
    append(400);
    group("g", 300, {1, 290});
    stream_trim_spec t{};
    EXPECT_EQ(trim(t), 400u);
    EXPECT_EQ(pending("g"), (std::set<uint64_t>{1, 290}));
}

TEST_F(Trim, OnlyWhatAllHaveAcknowledged)
{
    append(400);
    group("g", 350, {2, 150, 320});
    group("h", 300, {4, 150});
    stream_trim_spec t{};
    t.refs = STREAM_ACKED;
    t.max_length = 395;
    EXPECT_EQ(trim(t), 5u); // 1 3 5 6 7
    std::set<uint64_t> left = entries();
    EXPECT_EQ(std::vector<uint64_t>(left.begin(), std::next(left.begin(), 4)),
              (std::vector<uint64_t>{2, 4, 8, 9}));
    t.by_id = true;
    t.min_id = id_of(200);
    EXPECT_EQ(trim(t), 191u); // 8 ... 199 less 150
    left = entries();
    EXPECT_EQ(std::vector<uint64_t>(left.begin(), std::next(left.begin(), 4)),
              (std::vector<uint64_t>{2, 4, 150, 200}));
    t.by_id = false;
    t.max_length = 0;
    EXPECT_EQ(trim(t), 101u); // 200 ... 300
    EXPECT_EQ(entries().size(), 3u + 100u);
    EXPECT_EQ(trim(t), 0u);
    EXPECT_EQ(pending("g"), (std::set<uint64_t>{2, 150, 320}));
    const value v = kept_->get();
    stream_state state;
    stream_state_get(&v, &state);
    EXPECT_EQ(state.max_deleted_id.ms, 0u) << "trimmed entries leave no holes";
}

// Of blocks that may go as a whole, those that are acknowledged.
TEST_F(Trim, OnlyWhatAllHaveAcknowledgedBlockByBlock)
{
    append(400);
    group("g", 400, {2, 12});
    stream_trim_spec t{};
    t.refs = STREAM_ACKED;
    t.approximate = true;
    t.by_id = true;
    t.min_id = id_of(23);
    EXPECT_EQ(trim(t), 18u); // of 1 ... 20
    EXPECT_EQ(*std::next(entries().begin(), 2), 21u);
    t.by_id = false;
    t.max_length = 0;
    t.limit = 12;
    EXPECT_EQ(trim(t), 10u);
}

TEST_F(Trim, OneEntryWithItsReferences)
{
    append(5);
    group("g", 3, {1, 2});
    const auto remove = [&](uint64_t ms, stream_refs refs) {
        return static_cast<int>(
            edit([&](value_edit *e) { return stream_delete_with(e, id_of(ms), refs); }));
    };
    EXPECT_EQ(remove(9, STREAM_KEEPREF), STREAM_NO_ENTRY);
    EXPECT_EQ(remove(9, STREAM_ACKED), STREAM_NO_ENTRY);
    EXPECT_EQ(remove(1, STREAM_ACKED), STREAM_REFERRED); // pending
    EXPECT_EQ(remove(5, STREAM_ACKED), STREAM_REFERRED); // not read
    EXPECT_EQ(remove(3, STREAM_ACKED), STREAM_DELETED);
    EXPECT_EQ(remove(1, STREAM_KEEPREF), STREAM_DELETED);
    EXPECT_EQ(pending("g"), (std::set<uint64_t>{1, 2}));
    EXPECT_EQ(remove(1, STREAM_ACKED), STREAM_NO_ENTRY);
    EXPECT_EQ(remove(1, STREAM_DELREF), STREAM_NO_ENTRY);
    EXPECT_EQ(pending("g"), (std::set<uint64_t>{2}));
    EXPECT_EQ(remove(2, STREAM_DELREF), STREAM_DELETED);
    EXPECT_EQ(pending("g"), (std::set<uint64_t>{}));
    EXPECT_EQ(entries(), (std::set<uint64_t>{4, 5}));
}

} // namespace
