// A stream behaves as a std::map of entries with groups of readers, and a view as it was at its
// cut.
#include "core/types/stream.h"
#include "tests/support/seed.h"

#include "core/types/stream_group.h"
#include "core/types/stream_priv.h"
#include "tests/core/types/kept_value.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

namespace
{

using Id = std::pair<uint64_t, uint64_t>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string text_of(bytes b)
{
    return {b.data, b.size};
}

std::string text_of(const listpack_value &v)
{
    return v.is_number ? std::to_string(v.number) : text_of(v.s);
}

stream_id of(Id id)
{
    return stream_id_of(id.first, id.second);
}

Id of(stream_id id)
{
    return {id.ms, id.seq};
}

struct PendingModel {
    std::string consumer;
    int64_t delivered_ms;
    uint64_t deliveries;
    bool operator==(const PendingModel &) const = default;
};

struct ConsumerModel {
    int64_t seen_ms, active_ms;
    bool operator==(const ConsumerModel &) const = default;
};

struct GroupModel {
    Id last_id;
    int64_t entries_read;
    std::map<std::string, ConsumerModel> consumers;
    std::map<Id, PendingModel> pending;
    bool operator==(const GroupModel &) const = default;
};

struct Model {
    std::map<Id, Pairs> entries;
    Id last_id{0, 0}, max_deleted_id{0, 0};
    uint64_t entries_added = 0;
    std::map<std::string, GroupModel> groups;
};

std::pair<Id, Pairs> entry_of(stream_iter *it)
{
    Pairs pairs;
    for (uint64_t i = 0; i < it->fields; i++) {
        listpack_value field, v;
        stream_iter_pair(it, &field, &v);
        pairs.emplace_back(text_of(field), text_of(v));
    }
    return {of(it->id), pairs};
}

void check_entries(const value &v, const Model &model)
{
    stream_iter it;
    stream_iter_begin(&it, &v, stream_id_of(0, 0), stream_id_max(), false);
    for (const auto &want : model.entries) {
        ASSERT_TRUE(stream_iter_next(&it));
        ASSERT_EQ(of(it.id), want.first);
        ASSERT_EQ(it.fields, want.second.size());
        ASSERT_TRUE(entry_of(&it).second == want.second);
    }
    ASSERT_FALSE(stream_iter_next(&it));
    ASSERT_FALSE(stream_iter_next(&it));
    stream_iter_begin(&it, &v, stream_id_of(0, 0), stream_id_max(), true);
    for (auto want = model.entries.rbegin(); want != model.entries.rend(); ++want) {
        ASSERT_TRUE(stream_iter_next(&it));
        ASSERT_TRUE(entry_of(&it) == (std::pair<Id, Pairs>(*want)));
    }
    ASSERT_FALSE(stream_iter_next(&it));
}

// Entries between two IDs, either way, some of them read in part.
void check_range(const value &v, const Model &model, Id first, Id last, std::mt19937_64 &rng)
{
    for (const bool backward : {false, true}) {
        std::vector<Id> want, got;
        for (const auto &entry : model.entries)
            if (entry.first >= first && entry.first <= last)
                want.push_back(entry.first);
        if (backward)
            std::reverse(want.begin(), want.end());
        stream_iter it;
        stream_iter_begin(&it, &v, of(first), of(last), backward);
        while (stream_iter_next(&it)) {
            got.push_back(of(it.id));
            listpack_value field, w;
            for (uint64_t n = rng() % (it.fields + 1); n > 0; n--)
                stream_iter_pair(&it, &field, &w);
        }
        ASSERT_TRUE(got == want);
    }
    ASSERT_EQ(stream_has(&v, of(first)), model.entries.count(first) == 1);
}

// From entry to entry, mostly upwards, some of them read.
void check_seeks(const value &v, const Model &model, std::mt19937_64 &rng)
{
    stream_iter it{};
    Id id{0, 0};
    for (int i = 0; i < 40; i++) {
        const auto near = model.entries.lower_bound(id);
        if (near != model.entries.end() && rng() % 4)
            id = near->first;
        const bool found = stream_iter_seek(&it, &v, of(id));
        const auto want = model.entries.find(id);
        ASSERT_EQ(found, want != model.entries.end());
        if (found && rng() % 2) {
            ASSERT_TRUE(entry_of(&it) == (std::pair<Id, Pairs>(*want)));
        }
        switch (rng() % 8) {
        case 0:
            break; // the same once more
        case 1:
            id = {rng() % (model.last_id.first + 2), rng() % 3};
            break;
        default:
            id.second++;
        }
    }
}

void check_pending(const stream_group *g, const GroupModel &want)
{
    stream_pending_iter it;
    stream_pending p;
    ASSERT_EQ(stream_pending_count(g, nullptr), want.pending.size());
    stream_pending_begin(&it, g, nullptr, stream_id_of(0, 0), stream_id_max());
    for (const auto &[id, pending] : want.pending) {
        ASSERT_TRUE(stream_pending_next(&it, &p));
        ASSERT_EQ(of(p.id), id);
        ASSERT_EQ(text_of(stream_name(&p.consumer->head)), pending.consumer);
        ASSERT_EQ(p.delivered_ms, pending.delivered_ms);
        ASSERT_EQ(p.deliveries, pending.deliveries);
    }
    ASSERT_FALSE(stream_pending_next(&it, &p));
    for (uint64_t i = 0; i < stream_consumer_count(g); i++) {
        const stream_consumer *c = stream_consumer_at(g, i);
        const std::string name = text_of(stream_name(&c->head));
        uint64_t n = 0;
        stream_pending_begin(&it, g, c, stream_id_of(0, 0), stream_id_max());
        for (const auto &[id, pending] : want.pending) {
            if (pending.consumer != name)
                continue;
            n++;
            ASSERT_TRUE(stream_pending_next(&it, &p));
            ASSERT_EQ(of(p.id), id);
            ASSERT_EQ(p.consumer, c);
            ASSERT_EQ(p.deliveries, pending.deliveries);
        }
        ASSERT_FALSE(stream_pending_next(&it, &p));
        ASSERT_EQ(stream_pending_count(g, c), n);
    }
}

void check_groups(const value &v, const Model &model)
{
    ASSERT_EQ(stream_group_count(&v), model.groups.size());
    uint64_t i = 0;
    for (const auto &[name, want] : model.groups) {
        const stream_group *g = stream_group_at(&v, i++);
        ASSERT_EQ(text_of(stream_name(&g->head)), name);
        ASSERT_EQ(stream_group_find(&v, of(name)), g);
        ASSERT_EQ(of(g->last_id), want.last_id);
        ASSERT_EQ(g->entries_read, want.entries_read);
        ASSERT_EQ(stream_consumer_count(g), want.consumers.size());
        uint64_t j = 0;
        for (const auto &[consumer, times] : want.consumers) {
            const stream_consumer *c = stream_consumer_at(g, j++);
            ASSERT_EQ(text_of(stream_name(&c->head)), consumer);
            ASSERT_EQ(stream_consumer_find(g, of(consumer)), c);
            ASSERT_EQ(c->seen_ms, times.seen_ms);
            ASSERT_EQ(c->active_ms, times.active_ms);
        }
        check_pending(g, want);
    }
}

void check_blocks(const value &v)
{
    const char *wrong = blocks_check(stream_blocks(&v));
    ASSERT_EQ(wrong, nullptr) << wrong;
    blocks_iter it;
    for (bool on = blocks_first(&it, stream_blocks(&v)); on; on = blocks_next(&it)) {
        const block_key base = blocks_iter_key(&it);
        stream_id last;
        ASSERT_TRUE(stream_block_check(it.lp, listpack_bytes(it.lp),
                                       stream_id_of(base.high, base.low), &last));
    }
}

void check_all(const value &v, const Model &model)
{
    stream_state state;
    stream_state_get(&v, &state);
    ASSERT_EQ(state.length, model.entries.size());
    ASSERT_EQ(stream_length(&v), model.entries.size());
    ASSERT_EQ(stream_type_ops.length(&v), model.entries.size());
    const Id none{0, 0};
    ASSERT_EQ(of(state.first_id), model.entries.empty() ? none : model.entries.begin()->first);
    ASSERT_EQ(of(state.last_id), model.last_id);
    ASSERT_EQ(of(state.max_deleted_id), model.max_deleted_id);
    ASSERT_EQ(state.entries_added, model.entries_added);
    ASSERT_EQ(state.groups, model.groups.size());
    check_blocks(v);
    check_entries(v, model);
    check_groups(v, model);
}

type_limits limits_of(uint64_t bytes, uint64_t entries)
{
    type_limits limits{};
    limits.stream_node_max_bytes = bytes;
    limits.stream_node_max_entries = entries;
    return limits;
}

class Stream
{
  public:
    Stream(const type_limits *limits, uint64_t seed) : kept(TYPE_STREAM, limits), rng(seed)
    {
    }

    KeptValue kept;
    std::mt19937_64 rng;
    Model model, frozen_model;
    bool viewed = false;

    int append(Id id, const Pairs &pairs)
    {
        std::vector<bytes> words;
        for (const auto &[field, v] : pairs) {
            words.push_back(of(field));
            words.push_back(of(v));
        }
        const int rc = kept.edit(
            [&](value_edit *e) { return stream_append(e, of(id), words.data(), pairs.size()); });
        if (rc == LK_OK) {
            model.entries[id] = pairs;
            model.last_id = id;
            model.entries_added++;
        }
        return rc;
    }
    void append_random()
    {
        Id id = model.last_id;
        if (rng() % 2)
            id.second += 1 + rng() % 3;
        else
            id = {id.first + 1 + rng() % 3, rng() % 3};
        static const std::vector<Pairs> usual = {
            {{"temp", "20"}, {"hum", "50"}}, {{"a", "1"}}, {{"f", ""}, {"1", "-5"}}};
        Pairs pairs = usual[rng() % 20 ? 0 : rng() % usual.size()];
        for (auto &[field, v] : pairs)
            v = rng() % 30 ? std::to_string(rng() % 5000) : std::string(rng() % 300, 'v');
        if (rng() % 30 == 0)
            for (size_t n = rng() % 40; n > 0; n--)
                pairs.emplace_back("field" + std::to_string(n), "x");
        ASSERT_EQ(append(id, pairs), LK_OK);
    }
    void erase(Id id)
    {
        const bool got = kept.edit([&](value_edit *e) { return stream_delete(e, of(id)); });
        ASSERT_EQ(got, model.entries.erase(id) == 1);
        if (got)
            model.max_deleted_id = std::max(model.max_deleted_id, id);
    }
    uint64_t trim(const stream_trim_spec &t)
    {
        return kept.edit([&](value_edit *e) { return stream_trim(e, &t); });
    }
    void trim_random()
    {
        stream_trim_spec t{};
        t.by_id = rng() % 2;
        t.approximate = rng() % 2;
        t.limit = t.approximate && rng() % 2 ? rng() % 30 : 0;
        t.max_length = model.entries.size() - std::min(model.entries.size(), rng() % 40);
        t.min_id = of(pick());
        const uint64_t gone = trim(t);
        uint64_t most = 0;
        if (t.by_id)
            most = static_cast<uint64_t>(
                std::distance(model.entries.begin(), model.entries.lower_bound(of(t.min_id))));
        else if (model.entries.size() > t.max_length)
            most = model.entries.size() - t.max_length;
        if (t.approximate)
            ASSERT_LE(gone, t.limit ? std::min(most, t.limit) : most);
        else
            ASSERT_EQ(gone, most);
        for (uint64_t i = 0; i < gone; i++)
            model.entries.erase(model.entries.begin());
    }
    Id pick()
    {
        if (model.entries.empty() || rng() % 10 == 0)
            return {rng() % (model.last_id.first + 2), rng() % 4};
        const Id near{rng() % (model.last_id.first + 1), 0};
        const auto at = model.entries.lower_bound(near);
        return at == model.entries.end() ? model.entries.begin()->first : at->first;
    }

    // --- groups

    std::string group_name()
    {
        return "group" + std::to_string(rng() % 4);
    }
    std::string consumer_name()
    {
        static const std::vector<std::string> names = {"alice", "bob", "carol", "", "dave", "eve"};
        return names[rng() % names.size()];
    }
    void create_group()
    {
        const std::string name = group_name();
        const Id last = pick();
        const int64_t read = static_cast<int64_t>(rng() % 100) - 1;
        const bool made = kept.edit([&](value_edit *e) {
            return stream_group_create(e, of(name), of(last), read) != nullptr;
        });
        ASSERT_EQ(made, model.groups.emplace(name, GroupModel{last, read, {}, {}}).second);
    }
    void destroy_group()
    {
        const std::string name = group_name();
        const bool gone =
            kept.edit([&](value_edit *e) { return stream_group_destroy(e, of(name)); });
        ASSERT_EQ(gone, model.groups.erase(name) == 1);
    }
    // Reading, acknowledging and claiming, several to an edit as commands do.
    void use_group()
    {
        const std::string name = group_name();
        kept.edit([&](value_edit *e) {
            stream_group *g = stream_group_edit(e, of(name));
            EXPECT_EQ(g != nullptr, model.groups.count(name) == 1);
            if (g) {
                use(e, g, model.groups[name]);
            }
            return 0;
        });
    }

    void cut()
    {
        kept.cut();
        frozen_model = model;
        viewed = true;
    }
    void close_view()
    {
        kept.close_view();
        viewed = false;
    }
    void check()
    {
        check_all(kept.get(), model);
        if (viewed)
            check_all(kept.frozen(), frozen_model);
    }

  private:
    stream_consumer *some_consumer(value_edit *e, stream_group *g, GroupModel &m,
                                   const std::string &name)
    {
        if (stream_consumer *c = stream_consumer_edit(e, g, of(name))) {
            EXPECT_EQ(m.consumers.count(name), 1u);
            EXPECT_EQ(stream_consumer_create(e, g, of(name), 1), nullptr);
            return c;
        }
        const int64_t now = static_cast<int64_t>(rng() % 100000);
        EXPECT_TRUE(m.consumers.emplace(name, ConsumerModel{now, -1}).second);
        return stream_consumer_create(e, g, of(name), now);
    }
    void use(value_edit *e, stream_group *g, GroupModel &m)
    {
        g->last_id = of(m.last_id = pick());
        g->entries_read = m.entries_read = static_cast<int64_t>(rng() % 1000);
        for (size_t n = rng() % 12; n > 0; n--) {
            const std::string name = consumer_name();
            const Id id = pick();
            switch (rng() % 5) {
            case 0: {
                const bool was = stream_pending_remove(e, g, of(id));
                EXPECT_EQ(was, m.pending.erase(id) == 1);
                break;
            }
            case 1:
                if (rng() % 4 == 0) {
                    const auto mine = [&](const auto &p) { return p.second.consumer == name; };
                    const int64_t dropped = static_cast<int64_t>(
                        std::count_if(m.pending.begin(), m.pending.end(), mine));
                    const int64_t got = stream_consumer_delete(e, g, of(name));
                    EXPECT_EQ(got, m.consumers.erase(name) ? dropped : -1);
                    std::erase_if(m.pending, mine);
                }
                break;
            default: {
                stream_consumer *c = some_consumer(e, g, m, name);
                c->active_ms = m.consumers[name].active_ms = static_cast<int64_t>(rng() % 1000);
                const PendingModel p{name, static_cast<int64_t>(rng() >> (rng() % 60 + 1)),
                                     rng() % 200};
                stream_pending_put(e, g, c, of(id), p.delivered_ms, p.deliveries);
                m.pending[id] = p;
                stream_pending got;
                EXPECT_TRUE(stream_pending_find(g, of(id), &got));
                EXPECT_EQ(got.consumer, c);
            }
            }
        }
    }
};

struct Limits {
    const char *name;
    uint64_t bytes, entries;
};

class StreamLimits : public ::testing::TestWithParam<Limits>
{
};
const Limits all_limits[] = {
    {"Usual", 4096, 100}, {"Five", 0, 5}, {"One", 0, 1}, {"ByBytes", 200, 0}, {"Endless", 0, 0}};
INSTANTIATE_TEST_SUITE_P(Nodes, StreamLimits, ::testing::ValuesIn(all_limits),
                         [](const auto &p) { return std::string(p.param.name); });

TEST_P(StreamLimits, MatchesTheModel)
{
    const uint64_t seed = test_seed();
    const type_limits limits = limits_of(GetParam().bytes, GetParam().entries);
    for (uint64_t round = 0; round < 4; round++) {
        Stream s(&limits, seed + round);
        for (int step = 0; step < 900; step++) {
            const uint64_t kind = s.rng() % 100;
            if (kind < 3)
                s.rng() % 3 ? s.cut() : s.close_view();
            else if (kind < (step < 500 ? 50u : 25u))
                s.append_random();
            else if (kind < 62)
                s.erase(s.pick());
            else if (kind < 66)
                s.trim_random();
            else if (kind < 68)
                s.create_group();
            else if (kind < 69)
                s.rng() % 4 ? s.create_group() : s.destroy_group();
            else
                s.use_group();
            check_range(s.kept.get(), s.model, s.pick(), s.pick(), s.rng);
            check_seeks(s.kept.get(), s.model, s.rng);
            if (step % 9 == 0 || s.model.entries.size() < 8)
                s.check();
            ASSERT_FALSE(HasFatalFailure() || HasNonfatalFailure())
                << "round " << round << " step " << step;
        }
        s.check();
    }
}

TEST(Stream, IdsHaveNeighbours)
{
    stream_id id = stream_id_of(5, UINT64_MAX);
    EXPECT_TRUE(stream_id_increment(&id));
    EXPECT_EQ(of(id), (Id{6, 0}));
    EXPECT_TRUE(stream_id_decrement(&id));
    EXPECT_EQ(of(id), (Id{5, UINT64_MAX}));
    id = stream_id_max();
    EXPECT_FALSE(stream_id_increment(&id));
    EXPECT_EQ(of(id), (Id{UINT64_MAX, UINT64_MAX}));
    id = stream_id_of(0, 0);
    EXPECT_FALSE(stream_id_decrement(&id));
    EXPECT_EQ(of(id), (Id{0, 0}));

    char text[STREAM_ID_CHARS];
    EXPECT_EQ(std::string(text, stream_id_to_chars(stream_id_max(), '-', text)),
              "18446744073709551615-18446744073709551615");
    EXPECT_EQ(std::string(text, stream_id_to_chars(stream_id_of(0, INT64_MAX), '.', text)),
              "0.9223372036854775807");
}

TEST(Stream, IdsRise)
{
    const type_limits limits = limits_of(4096, 100);
    Stream s(&limits, 1);
    EXPECT_EQ(s.append({0, 0}, {{"f", "v"}}), LK_ERANGE);
    EXPECT_EQ(s.append({5, 5}, {{"f", "v"}}), LK_OK);
    EXPECT_EQ(s.append({5, 5}, {{"f", "v"}}), LK_ERANGE);
    EXPECT_EQ(s.append({4, 9}, {{"f", "v"}}), LK_ERANGE);
    // Far apart, both halves of the difference wrap.
    EXPECT_EQ(s.append({UINT64_MAX, 0}, {{"f", "v"}}), LK_OK);
    EXPECT_EQ(s.append({UINT64_MAX, UINT64_MAX}, {{"g", "w"}}), LK_OK);
    s.check();
    const bytes huge[2] = {bytes_of("f", 1), bytes_of("", STREAM_BLOCK_MAX + 1)};
    EXPECT_EQ(s.kept.edit([&](value_edit *e) {
        stream_set_ids(e, stream_id_of(5, 5), stream_id_of(0, 0), 3);
        return stream_append(e, stream_id_of(6, 0), huge, 1);
    }),
              LK_ETOOBIG);
}

// What a Redis 7.0 server puts into DUMP after XADD 5-3 f v, 5-4 f w, 6-0 g 1 h -2000, XDEL 5-4.
const unsigned char published[] = {
    0x3e, 0x00, 0x00, 0x00, 0x18, 0x00, 0x02, 0x01, 0x01, 0x01, 0x01, 0x01, 0x81, 0x66, 0x02, 0x00,
    0x01, 0x02, 0x01, 0x00, 0x01, 0x00, 0x01, 0x81, 0x76, 0x02, 0x04, 0x01, 0x03, 0x01, 0x00, 0x01,
    0x01, 0x01, 0x81, 0x77, 0x02, 0x04, 0x01, 0x00, 0x01, 0x01, 0x01, 0xdf, 0xfd, 0x02, 0x02, 0x01,
    0x81, 0x67, 0x02, 0x01, 0x01, 0x81, 0x68, 0x02, 0xd8, 0x30, 0x02, 0x08, 0x01, 0xff};

TEST(Stream, BlocksHaveThePublishedForm)
{
    const type_limits limits = limits_of(4096, 100);
    Stream s(&limits, 1);
    ASSERT_EQ(s.append({5, 3}, {{"f", "v"}}), LK_OK);
    ASSERT_EQ(s.append({5, 4}, {{"f", "w"}}), LK_OK);
    ASSERT_EQ(s.append({6, 0}, {{"g", "1"}, {"h", "-2000"}}), LK_OK);
    s.erase({5, 4});
    const value v = s.kept.get();
    blocks_iter it;
    ASSERT_TRUE(blocks_first(&it, stream_blocks(&v)));
    EXPECT_EQ(blocks_iter_key(&it).high, 5u);
    EXPECT_EQ(blocks_iter_key(&it).low, 3u);
    ASSERT_EQ(listpack_bytes(it.lp), sizeof published);
    EXPECT_EQ(memcmp(it.lp, published, sizeof published), 0);
    EXPECT_FALSE(blocks_next(&it));
}

TEST(Stream, TakesBlocksFromOutside)
{
    const type_limits limits = limits_of(4096, 100);
    Stream s(&limits, 1);
    const auto add = [&](uint64_t ms, const unsigned char *lp, size_t n) {
        return s.kept.edit(
            [&](value_edit *e) { return stream_add_block(e, stream_id_of(ms, 3), lp, n); });
    };
    ASSERT_EQ(add(5, published, sizeof published), LK_OK);
    EXPECT_EQ(add(5, published, sizeof published), LK_EFORMAT) << "it is there already";
    EXPECT_EQ(add(4, published, sizeof published), LK_EFORMAT);
    ASSERT_EQ(add(6, published, sizeof published), LK_OK);
    EXPECT_EQ(add(9, published, sizeof published - 1), LK_EFORMAT);
    s.kept.edit([&](value_edit *e) {
        stream_set_ids(e, stream_id_of(9, 9), stream_id_of(5, 4), 17);
        return 0;
    });
    s.model.entries = {{{5, 3}, {{"f", "v"}}},
                       {{6, 0}, {{"g", "1"}, {"h", "-2000"}}},
                       {{6, 3}, {{"f", "v"}}},
                       {{7, 0}, {{"g", "1"}, {"h", "-2000"}}}};
    s.model.last_id = {9, 9};
    s.model.max_deleted_id = {5, 4};
    s.model.entries_added = 17;
    s.check();
    ASSERT_EQ(s.append({9, 10}, {{"f", "x"}}), LK_OK);
    EXPECT_EQ(stream_blocks(&(const value &)s.kept.get())->count, 2u) << "it has room";
    s.check();
}

// XSETID may set the last ID below one that was deleted and is marked; new entries come behind it.
TEST(Stream, NewIdsMayBeBelowDeletedOnes)
{
    const type_limits limits = limits_of(4096, 100);
    Stream s(&limits, 1);
    ASSERT_EQ(s.append({5, 1}, {{"f", "v"}}), LK_OK);
    ASSERT_EQ(s.append({10, 1}, {{"f", "w"}}), LK_OK);
    s.erase({10, 1});
    s.kept.edit([&](value_edit *e) {
        stream_set_ids(e, stream_id_of(7, 1), stream_id_of(10, 1), 2);
        return 0;
    });
    s.model.last_id = {7, 1};
    ASSERT_EQ(s.append({8, 1}, {{"f", "x"}}), LK_OK);
    ASSERT_EQ(s.append({9, 0}, {{"f", "y"}}), LK_OK);
    s.check();
    std::mt19937_64 rng(test_seed() + 1);
    const value v = s.kept.get();
    check_range(v, s.model, {5, 2}, {9, 0}, rng);
    check_range(v, s.model, {8, 1}, {8, 9}, rng);
    check_range(v, s.model, {9, 1}, {11, 0}, rng);
    s.erase({8, 1});
    s.check();
}

// Whatever bytes come, they are refused or can be walked.
TEST(Stream, SpoiltBlocksAreRefusedOrHarmless)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    const type_limits limits = limits_of(4096, 100);
    int taken = 0;
    for (int i = 0; i < 20000; i++) {
        std::vector<unsigned char> lp(std::begin(published), std::end(published));
        for (size_t n = 1 + rng() % 3; n > 0; n--)
            lp[6 + rng() % (lp.size() - 7)] =
                static_cast<unsigned char>(rng() % 2 ? rng() : lp[6 + rng() % (lp.size() - 7)]);
        stream_id last;
        if (!stream_block_check(lp.data(), lp.size(), stream_id_of(5, 3), &last))
            continue;
        taken++;
        KeptValue kept(TYPE_STREAM, &limits);
        kept.edit([&](value_edit *e) {
            EXPECT_EQ(stream_add_block(e, stream_id_of(5, 3), lp.data(), lp.size()), LK_OK);
            stream_set_ids(e, last, stream_id_of(0, 0), 1);
            return 0;
        });
        const value v = kept.get();
        for (const bool backward : {false, true}) {
            uint64_t n = 0;
            stream_iter it;
            stream_iter_begin(&it, &v, stream_id_of(0, 0), stream_id_max(), backward);
            for (; stream_iter_next(&it); n++)
                entry_of(&it);
            EXPECT_EQ(n, stream_length(&v));
        }
        stream_trim_spec t{};
        kept.edit([&](value_edit *e) { return stream_trim(e, &t); });
        const value emptied = kept.get();
        EXPECT_EQ(stream_length(&emptied), 0u);
    }
    EXPECT_GT(taken, 100);
}

// As a Redis 7.0.15 server trims streams of entries 1-1, 2-1, ... some of which were deleted.
struct TrimCase {
    uint64_t node_entries, added;
    std::vector<uint64_t> deleted;
    bool by_id, approximate;
    uint64_t limit, threshold;
    uint64_t gone, length, first, blocks;
};

const TrimCase trim_cases[] = {
    {5, 23, {1, 2, 4, 6, 8, 12, 15, 16}, false, true, 0, 17, 0, 15, 3, 5},
    {3, 1, {}, true, true, 5, 1, 0, 1, 1, 1},
    {3, 5, {5}, true, false, 0, 2, 1, 3, 2, 2},
    {1, 1, {}, false, false, 0, 1, 0, 1, 1, 1},
    {5, 21, {6, 7, 18}, false, true, 0, 9, 8, 10, 11, 3},
    {5, 27, {5, 9}, false, true, 12, 9, 8, 17, 11, 4},
    {1, 39, {5, 20, 21, 23, 31}, false, true, 0, 30, 4, 30, 6, 30},
    {1, 17, {}, true, true, 12, 0, 0, 17, 1, 17},
    {10, 24, {1, 2, 6, 7, 15, 19}, false, false, 0, 26, 0, 18, 3, 3},
    {10, 23, {2, 4, 9, 10, 12, 15, 17, 23}, true, false, 0, 6, 3, 12, 6, 3},
    {5, 33, {6, 10, 18, 20, 22}, true, true, 0, 11, 8, 20, 11, 5},
    {3, 20, {2, 3, 4, 6, 12, 13, 19}, true, true, 5, 14, 5, 8, 10, 4},
    {3, 4, {}, true, true, 0, 6, 4, 0, 0, 0},
    {3, 37, {7, 27}, false, true, 0, 23, 11, 24, 13, 9},
    {1, 27, {5, 6, 15, 20}, true, true, 0, 22, 17, 6, 22, 6},
    {10, 18, {2, 5, 13, 16}, true, false, 0, 20, 14, 0, 0, 0},
    {10, 22, {3, 16}, true, true, 0, 2, 0, 20, 1, 3},
    {1, 20, {9, 10, 16, 18, 19}, true, false, 0, 18, 14, 1, 20, 1},
    {1, 31, {9, 10, 11, 15, 17, 22, 25, 30}, true, true, 0, 17, 12, 11, 18, 11},
    {10, 23, {15, 23}, true, true, 0, 16, 10, 11, 11, 2},
    {3, 13, {2, 3, 5, 7, 8}, true, true, 0, 8, 3, 5, 9, 3},
    {3, 11, {1, 3, 4, 6, 7, 10, 11}, true, false, 0, 2, 0, 4, 2, 3},
    {1, 9, {6}, false, true, 12, 3, 5, 3, 7, 3},
    {1, 27, {3, 7, 12, 13, 19, 20, 22}, false, true, 0, 0, 20, 0, 0, 0},
    {10, 18, {2, 4, 5, 9, 10, 12}, false, true, 12, 17, 0, 12, 1, 2},
    {5, 38, {9, 23, 27, 37}, true, true, 0, 9, 5, 29, 6, 7},
    {10, 37, {1, 4, 6, 9, 13, 23, 25}, true, false, 0, 20, 14, 16, 20, 3},
    {10, 28, {8, 10, 13, 16, 23, 27}, true, false, 0, 19, 14, 8, 19, 2},
    {5, 20, {1, 5, 8, 9, 10, 11, 14}, false, true, 0, 0, 13, 0, 0, 0},
    {10, 16, {2, 3, 7, 13}, false, true, 12, 17, 0, 12, 1, 2},
    {5, 16, {2, 3, 4, 5, 8, 11, 13}, true, true, 12, 16, 8, 1, 16, 1},
    {5, 34, {}, true, true, 12, 23, 10, 24, 11, 5},
    {3, 1, {1}, true, true, 5, 3, 0, 0, 0, 0},
    {3, 19, {1, 3, 5, 10, 11, 14, 18}, true, true, 0, 4, 1, 11, 4, 6},
    {10, 36, {3, 4, 10, 22, 24, 28, 35}, false, true, 0, 5, 24, 5, 31, 1},
    {1, 22, {2, 3, 4, 13, 16, 18}, false, false, 0, 22, 0, 16, 1, 16},
    {3, 19, {2, 3, 5, 6, 13, 14, 18}, false, false, 0, 17, 0, 12, 1, 7},
    {1, 25, {9}, false, false, 0, 23, 1, 23, 2, 23},
};

TEST(Stream, TrimsAsTheReference)
{
    for (const TrimCase &c : trim_cases) {
        SCOPED_TRACE(::testing::Message() << "case " << &c - trim_cases);
        const type_limits limits = limits_of(4096, c.node_entries);
        Stream s(&limits, 1);
        for (uint64_t i = 1; i <= c.added; i++)
            ASSERT_EQ(s.append({i, 1}, {{"f", std::to_string(i)}}), LK_OK);
        for (const uint64_t i : c.deleted)
            s.erase({i, 1});
        stream_trim_spec t{};
        t.by_id = c.by_id;
        t.approximate = c.approximate;
        t.limit = c.limit;
        (c.by_id ? t.min_id.ms : t.max_length) = c.threshold;
        EXPECT_EQ(s.trim(t), c.gone);
        const value v = s.kept.get();
        stream_state state;
        stream_state_get(&v, &state);
        EXPECT_EQ(state.length, c.length);
        EXPECT_EQ(state.first_id.ms, c.first);
        EXPECT_EQ(state.blocks, c.blocks);
        check_blocks(v);
    }
}

// A stream with all that can hang on one.
void fill(Stream &s, int steps)
{
    for (int i = 0; i < steps; i++) {
        s.append_random();
        if (i % 3 == 0)
            s.create_group();
        s.use_group();
        s.use_group();
    }
}

TEST(Stream, ACopySharesNothing)
{
    const type_limits limits = limits_of(4096, 10);
    auto s = std::make_unique<Stream>(&limits, test_seed());
    fill(*s, 300);
    const value v = s->kept.get();
    value copy;
    ASSERT_EQ(stream_type_ops.copy(&v, &copy), LK_OK);
    KeptValue other(TYPE_STREAM, &limits);
    value gone = other.get();
    value_release(&gone);
    other.put(copy);
    const Model want = s->model;
    fill(*s, 50);
    s->check();
    s.reset();
    check_all(other.get(), want);
}

TEST(Stream, ReapsInTurns)
{
    const size_t used = mem_used();
    {
        const type_limits limits = limits_of(4096, 3);
        Stream s(&limits, test_seed());
        fill(s, 800);
        for (int i = 0; i < 2000; i++)
            s.use_group();
        const value v = s.kept.get();
        EXPECT_GE(stream_type_ops.free_effort(&v), 200u);
        EXPECT_GT(stream_type_ops.node_bytes(&v, 5), 10000u);
        for (const size_t budget : {1, 7, 1000000}) {
            value_reaper r{};
            ASSERT_EQ(stream_type_ops.copy(&v, &r.value), LK_OK);
            size_t turns = 1;
            while (!value_reap(&r, budget))
                turns++;
            EXPECT_GT(turns * budget, 300u);
            if (budget == 1000000) {
                EXPECT_EQ(turns, 1u);
            }
        }
    }
    EXPECT_EQ(mem_used(), used);
}

TEST(Stream, ReleaseUnderAViewLeavesTheViewWhole)
{
    const type_limits limits = limits_of(4096, 10);
    Stream s(&limits, test_seed());
    fill(s, 200);
    s.cut();
    fill(s, 20); // some of it is the live side's own
    s.kept.edit([&](value_edit *e) {
        value_release_cow(&e->value, e->cow);
        stream_type_ops.empty(&e->value);
        return 0;
    });
    check_all(s.kept.frozen(), s.frozen_model);
}

TEST(Stream, DescribesEntriesInOrder)
{
    const type_limits limits = limits_of(4096, 2);
    Stream s(&limits, 1);
    ASSERT_EQ(s.append({5, 3}, {{"f", "v"}}), LK_OK);
    ASSERT_EQ(s.append({5, 4}, {{"f", "12"}, {"g", ""}}), LK_OK);
    ASSERT_EQ(s.append({6, 0}, {{"h", "x"}}), LK_OK);
    s.erase({6, 0});
    std::string told;
    const value v = s.kept.get();
    stream_type_ops.describe(
        &v,
        [](void *ctx, bytes piece, describe_end ends) {
            static const char *const marks[] = {"", ",", ";"};
            *static_cast<std::string *>(ctx) += text_of(piece) + marks[ends];
        },
        &told);
    EXPECT_EQ(told, "5.3,f,v;5.4,f,12,g,;");
    EXPECT_STREQ(stream_type_ops.encoding_name(&v), "stream");
}

} // namespace
