// Blocks behave as a std::map of lists of strings, and a frozen struct as the map it was.
#include "core/ds/blocks.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace
{

using Key = std::pair<uint64_t, uint64_t>;
using Block = std::vector<std::string>;
using Model = std::map<Key, Block>;

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

Block block_of(const unsigned char *lp)
{
    Block out;
    for (const unsigned char *p = listpack_first(lp); p; p = listpack_next(lp, p)) {
        char digits[INT64_CHARS];
        const bytes b = listpack_text(p, digits);
        out.emplace_back(b.data, b.size);
    }
    return out;
}

Key key_of(const blocks_iter *it)
{
    const block_key k = blocks_iter_key(it);
    return {k.high, k.low};
}

Model all(const blocks &b)
{
    Model out;
    blocks_iter it;
    for (bool on = blocks_first(&it, &b); on; on = blocks_next(&it)) {
        const bool fresh = out.emplace(key_of(&it), block_of(it.lp)).second;
        EXPECT_TRUE(fresh);
    }
    EXPECT_EQ(it.lp, nullptr);
    EXPECT_FALSE(blocks_next(&it));
    return out;
}

std::vector<Key> keys_backward(const blocks &b)
{
    std::vector<Key> out;
    blocks_iter it;
    for (bool on = blocks_last(&it, &b); on; on = blocks_prev(&it))
        out.push_back(key_of(&it));
    EXPECT_FALSE(blocks_prev(&it));
    return out;
}

class Blocks : public ::testing::Test
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

// Blocks with their model, and both as they were when the view was opened.
class Index
{
  public:
    explicit Index(uint64_t seed) : rng(seed)
    {
    }
    ~Index()
    {
        check();
        blocks_free(&b, view.cow());
        EXPECT_EQ(b.count, 0u);
        if (viewed) {
            EXPECT_TRUE(all(frozen) == frozen_model);
        }
    }

    std::mt19937_64 rng;
    View view;
    blocks b{}, frozen{};
    Model model, frozen_model;
    bool viewed = false;
    Key last{0, 0};

    void toggle_view()
    {
        if (viewed) {
            EXPECT_TRUE(all(frozen) == frozen_model);
        }
        view.is_open() ? view.close() : view.open();
        viewed = view.is_open();
        frozen = b;
        frozen_model = model;
    }
    void append()
    {
        if (rng() % 3)
            last.second += 1 + rng() % 5;
        else
            last = {last.first + 1 + rng() % 3, rng() % 3};
        unsigned char *lp = listpack_new();
        for (size_t n = rng() % 4; n > 0; n--)
            listpack_append(&lp, of(text()));
        blocks_iter it;
        blocks_append(&b, view.cow(), {last.first, last.second}, lp, &it);
        EXPECT_TRUE(key_of(&it) == last);
        model[last] = block_of(lp);
        listpack_free(lp);
        EXPECT_TRUE(block_of(it.lp) == model[last]);
    }
    // Stands on a random block; there must be one.
    Key pick(blocks_iter *it)
    {
        auto at = model.lower_bound({rng() % (last.first + 1), rng() % 40});
        if (at == model.end() || rng() % 4 == 0)
            at = rng() % 2 ? model.begin() : std::prev(model.end());
        EXPECT_TRUE(blocks_find(it, &b, {at->first.first, at->first.second}));
        EXPECT_TRUE(key_of(it) == at->first);
        return at->first;
    }
    // Some entries out and some in, several times with one iterator.
    void splice()
    {
        blocks_iter it;
        Block &want = model[pick(&it)];
        for (size_t times = 1 + rng() % 3; times > 0; times--) {
            const size_t at = rng() % (want.size() + 1), cut = rng() % (want.size() - at + 1);
            const unsigned char *p = it.lp + LISTPACK_HEADER_BYTES;
            for (size_t i = 0; i < at; i++)
                p += listpack_entry_bytes(p);
            const unsigned char *end = p;
            for (size_t i = 0; i < cut; i++)
                end += listpack_entry_bytes(end);
            std::vector<std::string> texts;
            for (size_t n = rng() % 4; n > 0; n--)
                texts.push_back(text());
            std::vector<listpack_value> v;
            for (const std::string &s : texts)
                v.push_back(listpack_from_bytes(of(s)));
            blocks_splice(&b, view.cow(), &it, static_cast<size_t>(p - it.lp),
                          static_cast<size_t>(end - p), cut, v.data(), v.size());
            const auto from = want.begin() + static_cast<long>(at);
            want.erase(from, from + static_cast<long>(cut));
            want.insert(want.begin() + static_cast<long>(at), texts.begin(), texts.end());
            ASSERT_TRUE(block_of(it.lp) == want);
        }
    }
    void remove()
    {
        blocks_iter it;
        model.erase(pick(&it));
        blocks_remove(&b, view.cow(), &it);
    }
    void remove_first()
    {
        blocks_iter it;
        ASSERT_TRUE(blocks_first(&it, &b));
        ASSERT_TRUE(key_of(&it) == model.begin()->first);
        model.erase(model.begin());
        blocks_remove(&b, view.cow(), &it);
    }
    // All before a random block, which mostly is one of the first.
    void cut()
    {
        blocks_iter it;
        blocks_side side;
        blocks gone;
        Key at = pick(&it);
        if (rng() % 4 > 0 && std::distance(model.begin(), model.find(at)) > 50) {
            at = std::next(model.begin(), static_cast<long>(rng() % 50))->first;
            ASSERT_TRUE(blocks_find(&it, &b, {at.first, at.second}));
        }
        const Model before(model.begin(), model.find(at));
        blocks_weigh(&it, weigh, &side);
        uint64_t weight = 0;
        for (const auto &[key, block] : side.before ? before : Model(model.find(at), model.end()))
            weight += block.size();
        ASSERT_EQ(side.weight, weight);
        ASSERT_EQ(side.count, side.before ? before.size() : model.size() - before.size());
        ASSERT_LE(side.count, model.size() / 2 + 1);
        blocks_cut(&b, view.cow(), &it, &side, &gone);
        model.erase(model.begin(), model.find(at));
        ASSERT_EQ(gone.count, before.size());
        ASSERT_EQ(gone.top == nullptr, before.empty());
        ASSERT_TRUE(all(gone) == before);
        blocks_free(&gone, view.cow()); // in debug builds checks the sums
    }
    void check_find()
    {
        const Key k = {rng() % (last.first + 2), rng() % 30};
        auto want = model.upper_bound(k);
        blocks_iter it;
        ASSERT_EQ(blocks_find(&it, &b, {k.first, k.second}), want != model.begin());
        if (want != model.begin()) {
            ASSERT_TRUE(key_of(&it) == std::prev(want)->first);
            ASSERT_EQ(blocks_iter_is_last(&it), want == model.end());
            ASSERT_EQ(blocks_next(&it), want != model.end());
        }
    }
    void check()
    {
        const char *wrong = blocks_check(&b);
        ASSERT_EQ(wrong, nullptr) << wrong;
        ASSERT_EQ(b.count, model.size());
        ASSERT_TRUE(all(b) == model);
        std::vector<Key> keys;
        for (auto at = model.rbegin(); at != model.rend(); ++at)
            keys.push_back(at->first);
        ASSERT_TRUE(keys_backward(b) == keys);
        if (viewed) {
            ASSERT_EQ(blocks_check(&frozen), nullptr);
            ASSERT_TRUE(all(frozen) == frozen_model);
        }
    }

  private:
    static uint64_t weigh(const unsigned char *lp)
    {
        return listpack_count(lp);
    }
    std::string text()
    {
        if (rng() % 20 == 0)
            return std::string(rng() % 3000, 'L');
        return rng() % 2 ? std::to_string(rng() % 1000) : std::string(rng() % 30, 's');
    }
};

TEST_F(Blocks, MatchStdMap)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < 12; round++) {
        Index x(seed + round);
        // Grows, stays, shrinks; some rounds from the front, as streams are trimmed.
        for (int step = 0; step < 1500; step++) {
            const uint64_t kind = x.rng() % 100;
            const uint64_t grow = step < 600 ? 60 : step < 1000 ? 35 : 12;
            if (kind < 3)
                x.toggle_view();
            else if (kind < 3 + grow || x.model.empty())
                x.append();
            else if (kind < 75)
                x.splice();
            else if (round % 3 == 0)
                x.remove_first();
            else
                x.remove();
            x.check_find();
            if (step % 11 == 0 || x.model.size() < 40)
                x.check();
            ASSERT_FALSE(HasFatalFailure()) << "round " << round << " step " << step;
        }
    }
}

// Deep enough for nodes to join and vanish on several levels.
TEST_F(Blocks, Deep)
{
    const uint64_t seed = test_seed();
    for (int mode = 0; mode < 2; mode++) {
        Index x(seed);
        for (int i = 0; i < 4000; i++)
            x.append();
        x.check();
        EXPECT_EQ(x.b.height, 3u);
        for (int i = 0; !x.model.empty(); i++) {
            mode == 0 ? x.remove_first() : x.remove();
            if (i % 250 == 0) {
                x.check();
                x.toggle_view();
            }
            if (i % 900 == 0)
                x.append();
            ASSERT_FALSE(HasFatalFailure()) << "mode " << mode << " step " << i;
        }
    }
}

TEST_F(Blocks, TheFrontIsCutOff)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < 6; round++) {
        Index x(seed + round);
        for (int step = 0; step < 40; step++) {
            const uint64_t appended = x.rng() % (round % 6 == 0 ? 900 : 60);
            for (uint64_t n = std::max<uint64_t>(appended, x.model.empty()); n > 0; n--)
                x.append();
            for (uint64_t n = x.rng() % 20; n > 0 && !x.model.empty(); n--)
                x.remove();
            if (x.rng() % 5 == 0)
                x.toggle_view();
            if (!x.model.empty())
                x.cut();
            x.check();
            ASSERT_FALSE(HasFatalFailure()) << "round " << round << " step " << step;
        }
    }
}

TEST_F(Blocks, AWriteUnderAViewCostsThePath)
{
    Index x(test_seed());
    for (int i = 0; i < 3000; i++)
        x.append();
    x.toggle_view();
    const size_t used = mem_used(), own = x.b.used_bytes;
    blocks_iter it;
    ASSERT_TRUE(blocks_find(&it, &x.b, {x.last.first / 2, 0}));
    const listpack_value v = listpack_from_number(7);
    x.model[key_of(&it)].insert(x.model[key_of(&it)].begin(), "7");
    blocks_splice(&x.b, x.view.cow(), &it, LISTPACK_HEADER_BYTES, 0, 0, &v, 1);
    EXPECT_LT(mem_used(), used + 3 * 1024 + 10 * 1024);
    EXPECT_EQ(x.b.used_bytes, own + 2);
    const size_t now = mem_used();
    x.model[key_of(&it)].insert(x.model[key_of(&it)].begin(), "7");
    blocks_splice(&x.b, x.view.cow(), &it, LISTPACK_HEADER_BYTES, 0, 0, &v, 1);
    EXPECT_LT(mem_used(), now + 3 * 1024);
}

TEST_F(Blocks, NodesAreFull)
{
    blocks b{};
    unsigned char *lp = listpack_new();
    blocks_iter it;
    for (uint64_t i = 0; i < 10000; i++)
        blocks_append(&b, nullptr, {i, 0}, lp, &it);
    EXPECT_EQ(b.nodes, 278u + 8 + 1); // 10000 / 36, and again
    EXPECT_LT(b.used_bytes, 10000u * (LISTPACK_EMPTY_BYTES + 30));
    listpack_free(lp);
    blocks_free(&b, nullptr);
}

TEST_F(Blocks, CloneSharesNothing)
{
    Index x(test_seed());
    for (int i = 0; i < 2000; i++)
        x.append();
    x.toggle_view();
    blocks copy;
    blocks_clone(&x.b, x.view.cow(), &copy);
    const Model want = x.model;
    while (!x.model.empty())
        x.remove_first();
    EXPECT_EQ(blocks_check(&copy), nullptr);
    EXPECT_TRUE(all(copy) == want);
    blocks_free(&copy, nullptr);
    blocks_clone(&x.b, nullptr, &copy);
    EXPECT_EQ(blocks_check(&copy), nullptr);
    EXPECT_EQ(copy.count, 0u);
}

TEST_F(Blocks, ReapInSteps)
{
    Index x(test_seed());
    for (int i = 0; i < 3000; i++)
        x.append();
    blocks copy;
    blocks_clone(&x.b, nullptr, &copy);
    int steps = 0;
    for (size_t budget = 20; !blocks_reap(&copy, &budget); budget = 20) {
        EXPECT_EQ(budget, 0u);
        steps++;
    }
    EXPECT_EQ(steps, 3088 / 20); // blocks, and nodes above them
    size_t budget = 1;
    EXPECT_TRUE(blocks_reap(&copy, &budget)) << "nothing is left";
}

// The view's reader takes no lock: the thread sanitizer watches this one.
TEST_F(Blocks, FrozenAreReadWhileLiveAreWritten)
{
    Index x(test_seed());
    for (int i = 0; i < 1000; i++)
        x.append();
    x.toggle_view();
    const blocks frozen = x.frozen;
    const Model want = x.model;
    std::thread reader([&frozen, &want] {
        for (int i = 0; i < 5; i++)
            EXPECT_TRUE(all(frozen) == want);
    });
    for (int i = 0; i < 2000; i++) {
        if (i % 3 == 0)
            x.append();
        else if (i % 3 == 1)
            x.splice();
        else
            x.remove();
    }
    reader.join();
}

} // namespace
