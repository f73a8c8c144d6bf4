// A tree behaves as std::deque by rank and as std::set by order, a frozen root as the tree it was.
#include "core/ds/tree.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <thread>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string text(const unsigned char *p)
{
    char digits[INT64_CHARS];
    const bytes b = listpack_text(p, digits);
    return {b.data, b.size};
}

std::vector<std::string> all(const tree *t)
{
    std::vector<std::string> out;
    tree_iter it;
    uint64_t rank = 0;
    for (bool on = tree_iter_first(&it, t); on; on = tree_iter_next(&it)) {
        EXPECT_EQ(it.rank, rank++);
        out.push_back(text(it.p));
    }
    EXPECT_EQ(it.rank, tree_count(t));
    return out;
}

std::vector<std::string> all_backward(const tree *t)
{
    std::vector<std::string> out;
    tree_iter it;
    for (bool on = tree_iter_last(&it, t); on; on = tree_iter_prev(&it))
        out.push_back(text(it.p));
    return out;
}

class Tree : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        used_ = mem_used();
    }
    void TearDown() override
    {
        EXPECT_EQ(mem_used(), used_) << "leaked";
    }

  private:
    size_t used_ = 0;
};

struct Limits {
    const char *name;
    uint32_t leaf_bytes, leaf_elements;
};

const Limits all_limits[] = {
    {"Tiny", 48, 4},       {"OneElement", 1000, 1}, {"ByBytes", 200, 1000},
    {"ByCount", 8192, 10}, {"Usual", 1024, 128},    {"NoBytes", 1, 64},
};

class TreeLimits : public Tree, public ::testing::WithParamInterface<Limits>
{
};

INSTANTIATE_TEST_SUITE_P(Leaves, TreeLimits, ::testing::ValuesIn(all_limits),
                         [](const auto &param) { return param.param.name; });

std::string random_value(std::mt19937_64 &rng)
{
    switch (rng() % 40) {
    case 0:
        return std::string(rng() % 3000, 'L');
    case 1:
    case 2:
        return std::string(rng() % 150, 'm');
    default:
        return std::to_string(static_cast<int64_t>(rng()) >> (rng() % 64));
    }
}

// A sequence, its model, and the same two as they were when the view was opened.
class Sequence
{
  public:
    Sequence(const Limits &limits, uint64_t seed) : rng(seed)
    {
        const tree_params params = {1, limits.leaf_bytes, limits.leaf_elements, nullptr};
        root = tree_new(&params, nullptr);
    }
    ~Sequence()
    {
        check();
        tree_free(root, view.cow());
        if (frozen) {
            EXPECT_TRUE(all(frozen) == frozen_model);
        }
    }

    std::mt19937_64 rng;
    View view;
    tree *root = nullptr;
    std::deque<std::string> model;
    const tree *frozen = nullptr;
    std::vector<std::string> frozen_model;

    void toggle_view()
    {
        if (frozen) {
            EXPECT_TRUE(all(frozen) == frozen_model);
        }
        view.is_open() ? view.close() : view.open();
        frozen = view.is_open() ? root : nullptr;
        frozen_model.assign(model.begin(), model.end());
    }
    void insert(uint64_t rank, const std::string &s)
    {
        const listpack_value v = listpack_from_bytes(of(s));
        tree_insert_at(&root, view.cow(), rank, &v);
        model.insert(model.begin() + static_cast<long>(rank), s);
    }
    void replace(uint64_t rank, const std::string &s)
    {
        const listpack_value v = listpack_from_bytes(of(s));
        tree_replace_at(&root, view.cow(), rank, &v);
        model[rank] = s;
    }
    void erase(uint64_t rank, uint64_t n)
    {
        tree_delete_range(&root, view.cow(), rank, n);
        model.erase(model.begin() + static_cast<long>(rank),
                    model.begin() + static_cast<long>(rank + n));
    }
    void append_packed(size_t n)
    {
        unsigned char *lp = listpack_new();
        while (n-- > 0) {
            model.push_back(random_value(rng));
            listpack_append(&lp, of(model.back()));
        }
        tree_append_packed(&root, view.cow(), lp);
        listpack_free(lp);
    }
    void push(bool at_end, size_t n)
    {
        std::vector<std::string> texts;
        for (size_t i = 0; i < n; i++)
            texts.push_back(random_value(rng));
        std::vector<listpack_value> v;
        for (const std::string &s : texts)
            v.push_back(listpack_from_bytes(of(s)));
        tree_push(&root, view.cow(), at_end, v.data(), n);
        model.insert(at_end ? model.end() : model.begin(), texts.begin(), texts.end());
    }
    // Reads from a place on, in two goes.
    void check_read(uint64_t rank)
    {
        const size_t n = rng() % 40;
        std::vector<listpack_value> v(2 * n);
        tree_iter it;
        (void)tree_iter_at(&it, root, rank);
        size_t got = tree_iter_read(&it, v.data(), n);
        got += tree_iter_read(&it, v.data() + got, n);
        ASSERT_EQ(got, std::min<uint64_t>(2 * n, model.size() - rank));
        ASSERT_EQ(it.rank, rank + got);
        ASSERT_EQ(it.p != nullptr, rank + got < model.size());
        for (size_t i = 0; i < got; i++)
            ASSERT_TRUE((v[i].is_number
                             ? std::to_string(v[i].number)
                             : std::string(v[i].s.data, v[i].s.size)) == model[rank + i]);
        if (it.p) {
            ASSERT_TRUE(text(it.p) == model[it.rank]);
            ASSERT_EQ(tree_iter_prev(&it), rank + got > 0);
        }
    }
    void check()
    {
        const char *wrong = tree_check(root, nullptr);
        ASSERT_EQ(wrong, nullptr) << wrong;
        ASSERT_EQ(tree_count(root), model.size());
        const std::vector<std::string> want(model.begin(), model.end());
        ASSERT_TRUE(all(root) == want);
        std::vector<std::string> backward = all_backward(root);
        std::reverse(backward.begin(), backward.end());
        ASSERT_TRUE(backward == want);
        if (frozen) {
            ASSERT_EQ(tree_check(frozen, nullptr), nullptr);
            ASSERT_TRUE(all(frozen) == frozen_model);
        }
    }
    void check_rank(uint64_t rank)
    {
        tree_iter it;
        ASSERT_EQ(tree_iter_at(&it, root, rank), rank < model.size());
        if (rank < model.size()) {
            ASSERT_TRUE(text(it.p) == model[rank]);
        }
    }
};

TEST_P(TreeLimits, SequenceMatchesStdDeque)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < 6; round++) {
        Sequence s(GetParam(), seed + round);
        // Grows, stays, shrinks: the balance of the operations moves with the step.
        for (int step = 0; step < 1500; step++) {
            const uint64_t n = s.model.size();
            const uint64_t at = s.rng() % (n + 1);
            const uint64_t kind = s.rng() % 100;
            const uint64_t grow = step < 700 ? 70 : step < 1100 ? 45 : 20;
            if (kind < 4)
                s.toggle_view();
            else if (kind < 6)
                s.append_packed(s.rng() % 30);
            else if (kind < 8)
                s.push(s.rng() % 2, s.rng() % 30);
            else if (kind < 16 && at < n)
                s.replace(at, random_value(s.rng));
            else if (kind < 18)
                s.erase(at, s.rng() % (n - at + 1) / (s.rng() % 8 ? 16 : 1));
            else if (s.rng() % 100 < grow)
                s.insert(s.rng() % 4 ? at : s.rng() % 2 ? 0 : n, random_value(s.rng));
            else if (at < n)
                s.erase(at, 1);
            s.check_rank(s.rng() % (s.model.size() + 1));
            s.check_read(s.rng() % (s.model.size() + 1));
            if (step % 10 == 0 || s.model.size() < 50)
                s.check();
            if (HasFatalFailure()) {
                FAIL() << "round " << round << " step " << step;
            }
        }
    }
}

// Deep enough for inner nodes to split, merge and vanish on several levels.
TEST_F(Tree, DeepSequence)
{
    const uint64_t seed = test_seed();
    const Limits limits = {"Deep", 64, 2};
    for (int mode = 0; mode < 3; mode++) {
        Sequence s(limits, seed);
        for (uint64_t i = 0; i < 12000; i++) {
            const uint64_t n = s.model.size();
            s.insert(mode == 0 ? n : mode == 1 ? 0 : s.rng() % (n + 1), std::to_string(i));
            if (i % 3000 == 2999) {
                s.check();
                s.toggle_view();
            }
        }
        while (!s.model.empty()) {
            const uint64_t n = s.model.size();
            const uint64_t at = s.rng() % n;
            if (s.rng() % 200 == 0)
                s.erase(at, s.rng() % std::min<uint64_t>(n - at + 1, 3000));
            else
                s.erase(at, 1);
            if (s.rng() % 400 == 0) {
                s.check();
                s.toggle_view();
            }
        }
        s.check();
        ASSERT_FALSE(HasFatalFailure()) << "mode " << mode;
    }
}

TEST_F(Tree, GrowingAtTheEndsFillsLeaves)
{
    for (bool at_end : {true, false}) {
        const tree_params params = {1, 1024 - TREE_LEAF_OVERHEAD, 10000, nullptr};
        tree *t = tree_new(&params, nullptr);
        const listpack_value v = listpack_from_bytes(bytes_cstr("sixteen bytes ok"));
        for (int i = 0; i < 20000; i++)
            tree_insert_at(&t, nullptr, at_end ? tree_count(t) : 0, &v);
        // 18 bytes an element, 56 of them in a block of 1 KiB.
        EXPECT_LT(tree_used_bytes(t), 20000u * 18 * 107 / 100);
        EXPECT_EQ(tree_check(t, nullptr), nullptr);
        tree_free(t, nullptr);
    }
}

// Blocks of any size, as files have them, come to lie in full leaves.
TEST_F(Tree, AppendingBlocksFillsLeaves)
{
    const tree_params params = {1, 1024 - TREE_LEAF_OVERHEAD, 10000, nullptr};
    tree *t = tree_new(&params, nullptr);
    unsigned char *lp = listpack_new();
    for (int i = 0; i < 150; i++)
        listpack_append(&lp, bytes_cstr("sixteen bytes ok"));
    for (int i = 0; i < 200; i++)
        tree_append_packed(&t, nullptr, lp);
    EXPECT_EQ(tree_count(t), 30000u);
    EXPECT_LT(tree_used_bytes(t), 30000u * 18 * 107 / 100);
    EXPECT_EQ(tree_check(t, nullptr), nullptr);
    listpack_free(lp);
    tree_free(t, nullptr);
}

TEST_F(Tree, WriteUnderViewCostsThePath)
{
    const tree_params params = {1, 1024, 128, nullptr};
    tree *t = tree_new(&params, nullptr);
    for (int i = 0; i < 100000; i++) {
        const listpack_value v = listpack_from_number(i);
        tree_insert_at(&t, nullptr, tree_count(t), &v);
    }
    const size_t used = mem_used(), own = tree_used_bytes(t);
    View view;
    view.open();
    const listpack_value v = listpack_from_bytes(bytes_cstr("new"));
    const tree *frozen = t;
    tree_replace_at(&t, view.cow(), 50000, &v);
    EXPECT_NE(t, frozen);
    EXPECT_LT(mem_used(), used + 6 * 1024);
    EXPECT_EQ(tree_used_bytes(t), own);
    tree_replace_at(&t, view.cow(), 50001, &v);
    EXPECT_LT(mem_used(), used + 6 * 1024);
    // Dropping nearly all of it while the view reads it copies next to nothing.
    tree_delete_range(&t, view.cow(), 10, 99980);
    EXPECT_LT(mem_used(), used + 32 * 1024);
    EXPECT_EQ(tree_count(frozen), 100000u);
    EXPECT_EQ(tree_check(frozen, nullptr), nullptr);
    EXPECT_EQ(tree_check(t, nullptr), nullptr);
    tree_free(t, view.cow());
    view.close();
}

// The view's reader takes no lock: the thread sanitizer watches this one.
TEST_F(Tree, FrozenIsReadWhileLiveIsWritten)
{
    Sequence s({"", 100, 8}, test_seed());
    for (int i = 0; i < 1000; i++)
        s.insert(s.rng() % (s.model.size() + 1), random_value(s.rng));
    s.toggle_view();
    const tree *frozen = s.frozen;
    const std::vector<std::string> want(s.model.begin(), s.model.end());
    std::thread reader([frozen, &want] {
        for (int i = 0; i < 5; i++)
            EXPECT_TRUE(all(frozen) == want);
    });
    for (int i = 0; i < 3000; i++) {
        const uint64_t n = s.model.size();
        if (s.rng() % 2 && n > 0)
            s.erase(s.rng() % n, 1);
        else
            s.insert(s.rng() % (n + 1), random_value(s.rng));
    }
    s.erase(0, s.model.size());
    reader.join();
}

TEST_F(Tree, ReapsInSteps)
{
    const tree_params params = {1, 64, 4, nullptr};
    tree *t = tree_new(&params, nullptr);
    for (int i = 0; i < 5000; i++) {
        const listpack_value v = listpack_from_number(i);
        tree_insert_at(&t, nullptr, tree_count(t), &v);
    }
    View view;
    view.open();
    const tree *frozen = t;
    const listpack_value v = listpack_from_number(-1);
    tree_replace_at(&t, view.cow(), 2500, &v);
    tree_reaper reaper;
    tree_reap_begin(&reaper, t);
    struct cow *cow = view.cow();
    int steps = 0;
    while (!tree_reap(&reaper, cow, 10)) {
        if (++steps == 50) {
            EXPECT_EQ(all(frozen).size(), 5000u);
            EXPECT_EQ(tree_check(frozen, nullptr), nullptr);
            view.close();
            cow = nullptr;
        }
    }
    EXPECT_GT(steps, 100);

    tree *empty = tree_new(&params, nullptr);
    tree_reap_begin(&reaper, empty);
    EXPECT_TRUE(tree_reap(&reaper, nullptr, 0));
}

TEST_F(Tree, CloneSharesNothing)
{
    Sequence s({"", 100, 8}, test_seed());
    for (int i = 0; i < 2000; i++)
        s.insert(s.rng() % (s.model.size() + 1), random_value(s.rng));
    s.toggle_view();
    tree *copy = tree_clone(s.root, s.view.cow());
    const std::vector<std::string> want(s.model.begin(), s.model.end());
    s.erase(0, s.model.size());
    EXPECT_EQ(tree_check(copy, nullptr), nullptr);
    EXPECT_TRUE(all(copy) == want);
    tree_free(copy, nullptr);
}

TEST_F(Tree, LeavesAreWholeListpacks)
{
    Sequence s({"", 300, 50}, test_seed());
    s.append_packed(1000);
    s.check();
    std::vector<std::string> got;
    tree_iter it;
    uint64_t rank = 0;
    for (bool on = tree_iter_first(&it, s.root); on; on = tree_iter_next_leaf(&it)) {
        const unsigned char *lp = tree_iter_leaf(&it);
        EXPECT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
        EXPECT_EQ(it.rank, rank);
        rank += listpack_count(lp);
        for (const unsigned char *p = listpack_first(lp); p; p = listpack_next(lp, p))
            got.push_back(text(p));
    }
    EXPECT_TRUE(got == std::vector<std::string>(s.model.begin(), s.model.end()));
}

// Members with scores: an element is {member, score}, ordered by score, then member.
using Scored = std::pair<int64_t, std::string>;

int64_t score_of(const unsigned char *element)
{
    return listpack_get(element + listpack_entry_bytes(element)).number;
}

Scored scored(const unsigned char *element)
{
    return {score_of(element), text(element)};
}

int compare_scored(const void *key, const unsigned char *element)
{
    const Scored &k = *static_cast<const Scored *>(key);
    const int64_t score = score_of(element);
    if (k.first != score)
        return k.first < score ? -1 : 1;
    return -listpack_compare(element, of(k.second));
}

int compare_score(const void *key, const unsigned char *element)
{
    const int64_t k = static_cast<const Scored *>(key)->first, score = score_of(element);
    return k < score ? -1 : k > score;
}

// The whole order, a leaf at once.
unsigned skip_scored(const void *key, const unsigned char **p, unsigned n, bool upper)
{
    for (unsigned i = 0; i < n; i++) {
        const int c = compare_scored(key, *p);
        if (c < 0 || (c == 0 && !upper))
            return i;
        *p += listpack_entry_bytes(*p);
        *p += listpack_entry_bytes(*p);
    }
    return n;
}

uint64_t hint_of_score(int64_t score)
{
    return static_cast<uint64_t>(score) ^ (uint64_t{1} << 63);
}

uint64_t hint_scored(const unsigned char *element)
{
    return hint_of_score(score_of(element));
}

int order_scored(const unsigned char *a, const unsigned char *b)
{
    const Scored x = scored(a), y = scored(b);
    return x < y ? -1 : y < x;
}

class Ordered
{
  public:
    Ordered(const Limits &limits, bool with_hints) : hints(with_hints)
    {
        const tree_params params = {2, limits.leaf_bytes, limits.leaf_elements,
                                    with_hints ? hint_scored : nullptr};
        root = tree_new(&params, nullptr);
    }
    ~Ordered()
    {
        tree_free(root, view.cow());
        check_frozen();
    }

    const bool hints;
    View view;
    tree *root = nullptr;
    std::set<Scored> model;
    const tree *frozen = nullptr;
    std::set<Scored> frozen_model;

    tree_probe probe(const Scored *key, bool by_score = false) const
    {
        // Hints and skipping come and go together: each is also tried without.
        return {key, by_score ? compare_score : compare_scored, hint_of_score(key->first), hints,
                hints && !by_score ? skip_scored : nullptr};
    }
    static void expect_same(const tree *t, const std::set<Scored> &want)
    {
        const char *wrong = tree_check(t, order_scored);
        ASSERT_EQ(wrong, nullptr) << wrong;
        ASSERT_EQ(tree_count(t), want.size());
        tree_iter it;
        bool on = tree_iter_first(&it, t);
        for (const Scored &s : want) {
            ASSERT_TRUE(on);
            ASSERT_TRUE(scored(it.p) == s);
            on = tree_iter_next(&it);
        }
        ASSERT_FALSE(on);
    }
    void check_frozen() const
    {
        if (frozen)
            expect_same(frozen, frozen_model);
    }
    void toggle_view()
    {
        check_frozen();
        view.is_open() ? view.close() : view.open();
        frozen = view.is_open() ? root : nullptr;
        frozen_model = model;
    }
    void insert(const Scored &s)
    {
        const listpack_value v[2] = {listpack_from_bytes(of(s.second)),
                                     listpack_from_number(s.first)};
        const tree_probe p = probe(&s);
        uint64_t rank = 0;
        ASSERT_EQ(tree_insert(&root, view.cow(), &p, v, &rank), model.insert(s).second);
        if (model.size() < 400) {
            ASSERT_EQ(rank, static_cast<uint64_t>(std::distance(model.begin(), model.find(s))));
        }
        tree_iter it;
        ASSERT_TRUE(tree_find(&it, root, &p));
        ASSERT_EQ(it.rank, rank);
        listpack_value got[2];
        tree_iter_get(&it, got);
        ASSERT_EQ(got[1].number, s.first);
    }
    void erase(const Scored &s)
    {
        const tree_probe p = probe(&s);
        ASSERT_EQ(tree_delete(&root, view.cow(), &p), model.erase(s) == 1);
        tree_iter it;
        ASSERT_FALSE(tree_find(&it, root, &p));
    }
    // An element takes another place, unless one is there.
    void move(const Scored &from, const Scored &to)
    {
        if (model.count(to))
            return;
        const listpack_value v[2] = {listpack_from_bytes(of(to.second)),
                                     listpack_from_number(to.first)};
        const tree_probe p = probe(&from), q = probe(&to);
        tree_iter near;
        tree_approach(&near, root, &q);
        tree_move_near(&root, view.cow(), &p, &near, &q, v);
        model.erase(from);
        model.insert(to);
        ASSERT_TRUE(tree_find(&near, root, &q));
        if (model.size() < 400) {
            ASSERT_EQ(near.rank,
                      static_cast<uint64_t>(std::distance(model.begin(), model.find(to))));
        }
    }
    void check_bounds(const Scored &s) const
    {
        const tree_probe exact = probe(&s), by_score = probe(&s, true);
        const Scored low = {s.first, ""}, high = {s.first + 1, ""};
        tree_iter it;
        expect_at(tree_lower_bound(&it, root, &exact), it, model.lower_bound(s));
        expect_at(tree_upper_bound(&it, root, &exact), it, model.upper_bound(s));
        expect_at(tree_lower_bound(&it, root, &by_score), it, model.lower_bound(low));
        const uint64_t from = it.rank;
        expect_at(tree_upper_bound(&it, root, &by_score), it, model.lower_bound(high));
        const uint64_t count =
            static_cast<uint64_t>(std::distance(model.lower_bound(low), model.lower_bound(high)));
        ASSERT_EQ(it.rank - from, count);
    }

  private:
    void expect_at(bool on, const tree_iter &it, std::set<Scored>::const_iterator want) const
    {
        ASSERT_EQ(on, want != model.end());
        if (on) {
            ASSERT_TRUE(scored(it.p) == *want);
        } else {
            ASSERT_EQ(it.rank, model.size());
        }
    }
};

TEST_P(TreeLimits, OrderMatchesStdSet)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < 6; round++) {
        std::mt19937_64 rng(seed + round);
        Ordered o(GetParam(), round % 2 == 0);
        // Few scores make long runs of equal hints.
        const int64_t scores = round < 2 ? 1 : round < 4 ? 20 : 100000;
        for (int step = 0; step < 1500; step++) {
            const Scored s = {static_cast<int64_t>(rng()) % scores,
                              rng() % 50 ? std::to_string(rng() % 2000)
                                         : std::string(rng() % 300, 'm')};
            const uint64_t n = o.model.size();
            if (rng() % 25 == 0) {
                o.toggle_view();
            } else if (rng() % 3 == 0 && n > 0) {
                tree_iter it;
                ASSERT_TRUE(tree_iter_at(&it, o.root, rng() % n));
                o.erase(rng() % 4 ? scored(it.p) : s);
            } else if (rng() % 3 == 0 && n > 0) {
                tree_iter it;
                ASSERT_TRUE(tree_iter_at(&it, o.root, rng() % n));
                const Scored from = scored(it.p);
                // Near by, mostly: within its leaf, or to the next.
                o.move(from, rng() % 3 ? Scored{from.first + rng() % 3 - 1, s.second} : s);
            } else if (rng() % 200 == 0 && n > 0) {
                const uint64_t at = rng() % n, k = rng() % (n - at + 1);
                tree_delete_range(&o.root, o.view.cow(), at, k);
                const auto from = std::next(o.model.begin(), static_cast<long>(at));
                o.model.erase(from, std::next(from, static_cast<long>(k)));
            } else {
                o.insert(s);
            }
            o.check_bounds(s);
            if (step % 20 == 0) {
                Ordered::expect_same(o.root, o.model);
                o.check_frozen();
            }
            if (HasFatalFailure()) {
                FAIL() << "round " << round << " step " << step;
            }
        }
    }
}

TEST_F(Tree, DeepOrder)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    Ordered o({"Deep", 64, 2}, true);
    for (int i = 0; i < 15000; i++) {
        o.insert({static_cast<int64_t>(rng() % 3000), std::to_string(rng() % 1000)});
        if (i % 2500 == 0) {
            o.toggle_view();
            Ordered::expect_same(o.root, o.model);
        }
        ASSERT_FALSE(HasFatalFailure());
    }
    while (!o.model.empty()) {
        tree_iter it;
        ASSERT_TRUE(tree_iter_at(&it, o.root, rng() % o.model.size()));
        const Scored s = scored(it.p);
        if (rng() % 4 == 0)
            o.move(s, {static_cast<int64_t>(rng() % 3000), std::to_string(rng() % 1000)});
        else
            o.erase(s);
        if (rng() % 50 == 0)
            o.check_bounds(s);
        if (rng() % 1500 == 0) {
            o.toggle_view();
            Ordered::expect_same(o.root, o.model);
        }
        ASSERT_FALSE(HasFatalFailure());
    }
    Ordered::expect_same(o.root, o.model);
}

} // namespace
