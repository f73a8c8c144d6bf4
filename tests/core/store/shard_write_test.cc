// The one write call against a map, with and without a view, and with allocations that fail.
#include "core/base/clock.h"
#include "core/base/rng.h"
#include "core/store/lazy_free.h"
#include "core/store/view.h"
#include "tests/core/store/store_model.h"

#include <functional>
#include <memory>

using namespace store_model;

// The program is linked with --wrap=mem_try_alloc: the n-th allocation that may fail does so.
static int64_t fail_at = -1;
extern "C" void *__real_mem_try_alloc(size_t size);
extern "C" void *__wrap_mem_try_alloc(size_t size)
{
    if (fail_at >= 0 && fail_at-- == 0)
        return nullptr;
    return __real_mem_try_alloc(size);
}

namespace
{

// Fails the n-th allocation from here to the end of the scope.
struct Failing {
    explicit Failing(int64_t n)
    {
        fail_at = n;
    }
    ~Failing()
    {
        fail_at = -1;
    }
};

// --- what a place is -------------------------------------------------------------------------

TEST(ShardWrite, APlaceIsGoodUntilSomethingMoves)
{
    Keys keys(2);
    keys.at(0, "k", [&](place *p) {
        EXPECT_EQ(p->entry, nullptr);
        value v;
        const std::string text = "1";
        str_from_bytes(of(text), &v);
        ASSERT_EQ(shard_put(p, &v, ENTRY_NO_DEADLINE, 0), LK_OK);
        EXPECT_EQ(p->shard, nullptr); // void: the table may have grown
    });
    keys.at(0, "k", [&](place *p) {
        value v;
        const std::string text(100, 'x');
        str_from_bytes(of(text), &v);
        ASSERT_EQ(shard_put(p, &v, NOW + 1, 7), LK_OK); // replaced: the place stays
        ASSERT_EQ(shard_set_deadline(p, NOW + 2), LK_OK);
        EXPECT_EQ(item_of(p->entry).show(), (Item{text, {}, NOW + 2, 7}).show());
        shard_remove(p, DISPOSE_NOW);
        EXPECT_EQ(p->shard, nullptr);
    });
    EXPECT_TRUE(keys.dump().empty());
}

TEST(ShardWrite, OverwritesInPlaceWhereItCan)
{
    Keys keys(2);
    ASSERT_EQ(keys.put(0, "k", "aaaa"), LK_OK);
    const entry *first = keys.find(0, "k").entry;
    ASSERT_EQ(keys.put(0, "k", "bbb", ENTRY_NO_DEADLINE, 5), LK_OK);
    EXPECT_EQ(keys.find(0, "k").entry, first); // the same form and size class
    EXPECT_EQ(entry_lru(first), 5u);
    ASSERT_EQ(keys.put(0, "k", "bbb", NOW), LK_OK); // a deadline needs room
    EXPECT_NE(keys.find(0, "k").entry, first);
    first = keys.find(0, "k").entry;
    ASSERT_EQ(keys.put(0, "k", "ccc", NOW + 9), LK_OK);
    EXPECT_EQ(keys.find(0, "k").entry, first);
    ASSERT_EQ(keys.put(0, "k", std::string(300, 'x'), NOW), LK_OK);
    EXPECT_NE(keys.find(0, "k").entry->narrow_payload_size, 3);
    EXPECT_EQ(keys.dump().size(), 1u);
}

// Whoever sets a deadline tells the worker that looks after the shard.
TEST(ShardWrite, DeadlinesAreTold)
{
    Keys keys(2);
    uint64_t *timed = &keys.ks->timed;
    ASSERT_EQ(keys.put(0, "k", "v"), LK_OK);
    EXPECT_EQ(*timed, 0u);
    ASSERT_EQ(keys.put(0, "k", "v", NOW), LK_OK);
    EXPECT_EQ(*timed, UINT64_MAX);
    *timed = 0;
    ASSERT_EQ(keys.put(0, "k", "w", NOW + 1), LK_OK); // in place
    EXPECT_EQ(*timed, UINT64_MAX);
    *timed = 0;
    keys.at(0, "k", [](place *p) { ASSERT_EQ(shard_set_deadline(p, NOW + 2), LK_OK); });
    EXPECT_EQ(*timed, UINT64_MAX);
    *timed = 0;
    ASSERT_EQ(keys.move(0, "k", 1, "l"), LK_OK);
    EXPECT_EQ(*timed, UINT64_MAX);
    *timed = 0;
    keys.at(1, "l", [](place *p) { ASSERT_EQ(shard_set_deadline(p, ENTRY_NO_DEADLINE), LK_OK); });
    EXPECT_EQ(*timed, 0u);
    ASSERT_EQ(keys.put_hash(0, "h"), LK_OK);
    ASSERT_EQ(keys.set_field(0, "h", "f", "v"), LK_OK);
    EXPECT_EQ(*timed, 0u);
    ASSERT_EQ(keys.set_field(0, "h", "f", "v", NOW), LK_OK);
    EXPECT_EQ(*timed, UINT64_MAX);
    *timed = 0;
    ASSERT_EQ(keys.move(0, "h", 0, "i"), LK_OK);
    EXPECT_EQ(*timed, UINT64_MAX);
}

TEST(ShardWrite, LargeValuesAreFreedInTheBackground)
{
    Keys keys(2);
    const auto make = [&](int fields) {
        ASSERT_EQ(keys.put_hash(0, "h"), LK_OK);
        for (int i = 0; i < fields; i++)
            ASSERT_EQ(keys.set_field(0, "h", "f" + std::to_string(i), "v"), LK_OK);
    };
    const auto done = [&] {
        lazy_free_wait(keys.ks->lazy);
        return lazy_free_done(keys.ks->lazy);
    };
    make(2); // packed: nothing to hand over
    keys.remove(0, "h", DISPOSE_LAZY);
    EXPECT_EQ(done(), 0u);
    make(20);
    keys.remove(0, "h", DISPOSE_NOW);
    EXPECT_EQ(done(), 0u);
    make(20);
    keys.remove(0, "h", DISPOSE_LAZY);
    EXPECT_EQ(done(), 1u);
    make(500); // too many for whoever asks
    keys.remove(0, "h", DISPOSE_NOW);
    EXPECT_EQ(done(), 2u);
    make(500);
    ASSERT_EQ(keys.put(0, "h", "v"), LK_OK);
    EXPECT_EQ(done(), 3u);
}

// A table that was made for keys to come does not shrink before they come.
TEST(ShardWrite, SettleGrowDoesNotShrink)
{
    Keys keys(2);
    const std::string key = "k", text = "1";
    shard *s = keys.shard_of(key);
    shard_lock(s);
    shard_reserve(keys.ks, s, 0, 10000);
    shard_reserve(keys.ks, s, 0, 10); // it is no longer empty of pages
    shard_unlock(s);
    const size_t bytes = table_page_bytes(&s->first);
    keys.at(0, key, [&](place *p) {
        value v;
        str_from_bytes(of(text), &v);
        p->settle = SETTLE_GROW;
        ASSERT_EQ(shard_put(p, &v, ENTRY_NO_DEADLINE, 0), LK_OK);
    });
    EXPECT_GE(table_page_bytes(&s->first), bytes);
    ASSERT_EQ(keys.put(0, key, "2"), LK_OK);
    keys.remove(0, key);
    EXPECT_LT(table_page_bytes(&s->first), bytes);
}

TEST(ShardWrite, ExpireMeetsKeysAndHashesThatAreDue)
{
    Keys keys(2);
    shard *s = keys.shard_of("k");
    int n = 0;
    for (int i = 0; n < 40; i++) {
        const std::string key = "k" + std::to_string(i);
        if (keys.shard_of(key) != s)
            continue;
        ASSERT_EQ(keys.put(1, key, "v", NOW + (n % 2 ? 100000 : 10)), LK_OK);
        n++;
    }
    struct Met {
        int n = 0;
        Keys *keys;
    } met;
    const auto remove = [](void *ctx, place *p) {
        static_cast<Met *>(ctx)->n++;
        EXPECT_EQ(entry_deadline(p->entry), NOW + 10);
        shard_remove(p, DISPOSE_LAZY);
    };
    const shard_db db{1, shard_table(s, 1)};
    shard_lock(s);
    EXPECT_EQ(shard_expire(keys.ks, s, db, NOW + 9, 64, remove, &met), 0u);
    EXPECT_EQ(shard_expire(keys.ks, s, db, NOW + 50, 5, remove, &met), 5u);
    EXPECT_EQ(shard_expire(keys.ks, s, db, NOW + 50, 64, remove, &met), 15u);
    EXPECT_EQ(shard_expire(keys.ks, s, db, NOW + 50, 64, remove, &met), 0u);
    shard_unlock(s);
    EXPECT_EQ(met.n, 20);
    EXPECT_EQ(keys.dump().size(), 20u);
}

// An edit under expiry: the place's key lies in the entry, which a view makes it leave.
TEST(ShardWrite, AKeyInTheEntryFollowsIt)
{
    Keys keys(2);
    ASSERT_EQ(keys.put_hash(0, "h"), LK_OK);
    ASSERT_EQ(keys.set_field(0, "h", "f", "v", NOW + 10), LK_OK);
    ASSERT_EQ(keys.set_field(0, "h", "g", std::string(50, 'w')), LK_OK);
    gate_close(&keys.ks->gate);
    view *v = view_cut(keys.ks);
    gate_open(&keys.ks->gate);
    shard *s = keys.shard_of("h");
    shard_lock(s);
    struct Ctx {
        type_limits *limits;
    } ctx{&keys.limits};
    const auto drop = [](void *c, place *p) {
        place_edit e{};
        e.edit.limits = static_cast<Ctx *>(c)->limits;
        ASSERT_EQ(shard_edit(p, &e), LK_OK);
        EXPECT_EQ(p->key.data, entry_key(p->entry).data);
        EXPECT_EQ(hash_drop_due(
                      &e.edit, NOW + 50, 10, [](void *, bytes) {}, nullptr),
                  1u);
        shard_edit_end(&e, true);
        EXPECT_EQ(str(p->key), "h");
    };
    EXPECT_EQ(shard_expire(keys.ks, s, {0, &s->first}, NOW + 50, 64, drop, &ctx), 1u);
    shard_unlock(s);
    view_close(v);
    EXPECT_EQ(item_of(keys.find(0, "h").entry).fields.size(), 1u);
    keys.dump();
}

// Nodes that leave their position under a view are pinned, and nothing else is (S6).
TEST(ShardWrite, MovedNodesArePinnedUnderAView)
{
    Keys keys(4);
    const std::string large(300000, 'a');
    ASSERT_EQ(keys.put(0, "large", large), LK_OK);
    ASSERT_EQ(keys.put(0, "small", "s"), LK_OK);
    ASSERT_EQ(keys.move(0, "large", 0, "moved"), LK_OK);
    EXPECT_FALSE(entry_meta(keys.find(0, "moved").entry) & ENTRY_PINNED);
    gate_close(&keys.ks->gate);
    view *v = view_cut(keys.ks);
    gate_open(&keys.ks->gate);
    ASSERT_EQ(keys.move(0, "moved", 2, "again"), LK_OK);
    ASSERT_EQ(keys.move(0, "small", 2, "tiny"), LK_OK);
    EXPECT_TRUE(entry_meta(keys.find(2, "again").entry) & ENTRY_PINNED);
    EXPECT_FALSE(entry_meta(keys.find(2, "tiny").entry) & ENTRY_PINNED);
    view_close(v);
    EXPECT_EQ(view_held_bytes(keys.ks), 0u);
}

TEST(ShardWriteDeathTest, AVoidPlaceIsRefused)
{
    Keys keys(2);
    ASSERT_EQ(keys.put(0, "k", "v"), LK_OK);
    const std::string k = "k"; // a place borrows its name
    shard_lock(keys.shard_of(k));
    place p = keys.find(0, k);
    shard_remove(&p, DISPOSE_NOW);
    EXPECT_DEATH(shard_remove(&p, DISPOSE_NOW), "at->shard");
    place none = keys.find(0, k);
    EXPECT_DEATH(EXPECT_EQ(shard_set_deadline(&none, NOW), LK_OK), "at->entry");
    shard_unlock(keys.shard_of("k"));
}

// --- against a model -------------------------------------------------------------------------

class Play
{
  public:
    Play(uint64_t seed, uint32_t shards, bool failing) : keys(shards), failing_(failing)
    {
        rng_seed(&rng_, seed);
    }

    uint64_t below(uint64_t n)
    {
        return rng_below(&rng_, n);
    }

    void step()
    {
        const Place at = pick();
        const bool there = model.count(at);
        const Failing fail(failing_ && below(3) == 0 ? static_cast<int64_t>(below(3)) : -1);
        switch (below(12)) {
        case 0:
        case 1:
        case 2:
            put(at);
            break;
        case 3:
            if (!there)
                put_hash(at);
            else
                remove(at);
            break;
        case 4:
            if (there)
                set_deadline(at);
            break;
        case 5:
            if (there)
                move(at, pick());
            break;
        case 6:
        case 7:
            if (there)
                change(at);
            break;
        case 8:
            if (below(20) == 0)
                expire();
            break;
        default:
            if (there)
                look(at);
            break;
        }
    }

    void check()
    {
        EXPECT_EQ(difference(keys.dump(), show(model)), "");
    }

    Keys keys;
    Model model;

  private:
    Place pick()
    {
        return {static_cast<uint32_t>(below(3)), "key" + std::to_string(below(60))};
    }
    std::string text()
    {
        const uint64_t kind = below(40);
        const size_t size = kind == 0 ? 300000 : kind < 4 ? 200 + below(200) : below(60);
        return below(8) == 0 ? std::to_string(below(1000000))
                             : std::string(size, static_cast<char>('a' + below(26)));
    }
    int64_t deadline()
    {
        return below(3) ? ENTRY_NO_DEADLINE : now_ + static_cast<int64_t>(below(5000));
    }

    void put(const Place &at)
    {
        Item item{text(), {}, deadline(), static_cast<uint32_t>(below(1 << 24))};
        const int rc = keys.put(at.first, at.second, item.text, item.deadline, item.lru);
        done(rc, [&] { model[at] = item; });
    }
    void put_hash(const Place &at)
    {
        if (keys.put_hash(at.first, at.second) != LK_OK) {
            EXPECT_LT(fail_at, 0);
            return;
        }
        model[at] = {};
        fail_at = -1;
        for (uint64_t n = 1 + below(8); n > 0; n--)
            set_field(at);
    }
    void set_field(const Place &at)
    {
        const std::string name = "f" + std::to_string(below(12)), v = std::string(below(30), 'v');
        const int64_t when = deadline();
        if (model[at].fields.count(name))
            fail_at = -1; // a listpack that becomes smaller must have its new block
        done(keys.set_field(at.first, at.second, name, v, when), [&] {
            model[at].fields[name] = {v, when};
        });
    }
    void remove(const Place &at)
    {
        keys.remove(at.first, at.second, below(2) ? DISPOSE_NOW : DISPOSE_LAZY);
        model.erase(at);
    }
    void set_deadline(const Place &at)
    {
        const int64_t when = deadline();
        const int rc =
            keys.at(at.first, at.second, [&](place *p) { return shard_set_deadline(p, when); });
        done(rc, [&] { model[at].deadline = when; });
    }
    void move(const Place &from, const Place &to)
    {
        if (from == to)
            return;
        done(keys.move(from.first, from.second, to.first, to.second), [&] {
            model[to] = model[from];
            model.erase(from);
        });
    }
    void change(const Place &at)
    {
        if (!model[at].fields.empty()) {
            set_field(at);
            return;
        }
        const std::string tail = text().substr(0, 3000);
        const int rc =
            keys.edit(at.first, at.second, [&](value_edit *e) { return str_append(e, of(tail)); });
        done(rc, [&] { model[at].text += tail; });
    }
    void look(const Place &at)
    {
        keys.at(at.first, at.second, [&](place *p) {
            ASSERT_NE(p->entry, nullptr);
            EXPECT_EQ(item_of(p->entry).show(), model[at].show());
        });
    }

    // Keys that are due go, and fields that are due.
    void expire()
    {
        fail_at = -1;
        now_ += 44 * TABLE_DUE_MS; // to the end of a due unit, as fields go by these
        for (uint32_t i = 0; i < keys.ks->count; i++) {
            shard *s = &keys.ks->shards[i];
            shard_lock(s);
            for (uint32_t j = 0; j < shard_db_count(s); j++)
                while (shard_expire(keys.ks, s, shard_db_at(s, j), now_, 16, expire_one, this) > 0)
                    ;
            shard_unlock(s);
        }
        for (auto at = model.begin(); at != model.end();) {
            const auto next = std::next(at);
            Item &item = at->second;
            const bool hash = !item.fields.empty();
            for (auto f = item.fields.begin(); f != item.fields.end();)
                f = f->second.deadline >= 0 && clock_passed(f->second.deadline, now_)
                        ? item.fields.erase(f)
                        : std::next(f);
            if ((item.deadline >= 0 && clock_passed(item.deadline, now_)) ||
                (hash && item.fields.empty()))
                model.erase(at);
            at = next;
        }
    }
    static void expire_one(void *ctx, place *p)
    {
        Play *play = static_cast<Play *>(ctx);
        const int64_t own = entry_deadline(p->entry);
        if (own >= 0 && clock_passed(own, play->now_)) {
            shard_remove(p, DISPOSE_LAZY);
            return;
        }
        place_edit e{};
        e.edit.limits = &play->keys.limits;
        ASSERT_EQ(shard_edit(p, &e), LK_OK);
        hash_drop_due(
            &e.edit, play->now_, 64, [](void *, bytes) {}, nullptr);
        const bool empty = hash_length(&e.edit.value) == 0;
        shard_edit_end(&e, !empty);
        if (empty)
            shard_remove(p, DISPOSE_NOW);
    }

    // What fails has changed nothing, and fails only if an allocation did.
    void done(int rc, const std::function<void()> &apply)
    {
        if (rc == LK_OK)
            apply();
        else
            EXPECT_TRUE(rc == LK_ENOMEM && fail_at < 0 && failing_) << rc;
    }

    const bool failing_;
    rng rng_;
    int64_t now_ = NOW;
};

int rounds()
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return 4;
#else
    return 20;
#endif
}

class ShardWriteModel : public ::testing::TestWithParam<bool>
{
};

TEST_P(ShardWriteModel, EqualsAMap)
{
    const uint64_t seed = test_seed();
    for (int round = 0; round < rounds(); round++) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
        Play play(seed + static_cast<uint64_t>(round), round % 2 ? 2 : 8, GetParam());
        for (int i = 0; i < 2000; i++) {
            play.step();
            if (i % 200 == 0)
                play.check();
            ASSERT_FALSE(HasFailure());
        }
        play.check();
    }
}

// A view reads what was there at its cut, whatever comes between two of its entries.
TEST_P(ShardWriteModel, AViewEqualsTheMapAtItsCut)
{
    const uint64_t seed = test_seed();
    for (int round = 0; round < rounds(); round++) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
        Play play(seed + static_cast<uint64_t>(round), round % 2 ? 2 : 8, GetParam());
        for (int i = 0; i < 400; i++)
            play.step();
        for (int views = 0; views < 3; views++) {
            gate_close(&play.keys.ks->gate);
            view *v = view_cut(play.keys.ks);
            gate_open(&play.keys.ks->gate);
            const Shown want = show(play.model);
            for (uint64_t n = play.below(60); n > 0; n--)
                play.step();
            Shown got;
            uint32_t db;
            while (const entry *e = view_next(v, &db)) {
                EXPECT_TRUE(got.emplace(Place{db, str(entry_key(e))}, item_of(e).show()).second);
                for (uint64_t n = play.below(12); n > 0; n--)
                    play.step();
            }
            EXPECT_TRUE(view_is_whole(v));
            play.check();
            view_close(v);
            EXPECT_EQ(view_held_bytes(play.keys.ks), 0u);
            EXPECT_EQ(difference(got, want), "");
            ASSERT_FALSE(HasFailure());
            play.check();
        }
    }
}

INSTANTIATE_TEST_SUITE_P(AllocationsFail, ShardWriteModel, ::testing::Bool());

} // namespace
