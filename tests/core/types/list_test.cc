// A list of either encoding behaves as std::deque does, and a view as the list it was at its cut.
#include "core/types/list.h"
#include "tests/support/seed.h"

#include "tests/core/types/kept_value.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <random>
#include <string>

namespace
{

using Model = std::deque<std::string>;

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string text(const listpack_value &v)
{
    return v.is_number ? std::to_string(v.number) : std::string(v.s.data, v.s.size);
}

Model all(const value &v)
{
    Model out;
    list_iter it;
    for (bool on = list_iter_at(&it, &v, 0); on; on = list_iter_next(&it))
        out.push_back(text(list_iter_get(&it)));
    return out;
}

Model all_backward(const value &v)
{
    Model out;
    list_iter it;
    bool on = list_length(&v) > 0 && list_iter_at(&it, &v, list_length(&v) - 1);
    for (; on; on = list_iter_prev(&it))
        out.push_front(text(list_iter_get(&it)));
    return out;
}

Model all_at_once(const value &v)
{
    Model out;
    list_iter it;
    listpack_value some[7];
    (void)list_iter_at(&it, &v, 0);
    while (const size_t n = list_iter_read(&it, some, 7))
        for (size_t i = 0; i < n; i++)
            out.push_back(text(some[i]));
    return out;
}

Model all_blocks(const value &v)
{
    Model out;
    list_iter it;
    for (bool on = list_iter_at(&it, &v, 0); on; on = list_iter_next_block(&it)) {
        const unsigned char *lp = list_iter_block(&it);
        EXPECT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
        EXPECT_EQ(it.p, listpack_first(lp));
        for (const unsigned char *p = listpack_first(lp); p; p = listpack_next(lp, p))
            out.push_back(text(listpack_get(p)));
    }
    return out;
}

Model all_described(const value &v)
{
    struct Telling {
        Model out;
        std::string part;
    } t;
    list_type_ops.describe(
        &v,
        [](void *ctx, bytes piece, describe_end ends) {
            auto *telling = static_cast<Telling *>(ctx);
            telling->part.append(piece.data, piece.size);
            if (ends == DESCRIBE_PIECE)
                return;
            EXPECT_EQ(ends, DESCRIBE_ELEMENT);
            telling->out.push_back(std::move(telling->part));
            telling->part.clear();
        },
        &t);
    return t.out;
}

type_limits limits_of(int64_t size)
{
    type_limits limits{};
    limits.list_max_listpack_size = size;
    return limits;
}

class List
{
  public:
    explicit List(const type_limits *limits) : kept(TYPE_LIST, limits)
    {
    }

    KeptValue kept;
    Model model, frozen_model;

    int push(list_end end, const std::vector<std::string> &texts)
    {
        std::vector<bytes> v;
        for (const std::string &s : texts)
            v.push_back(of(s));
        const int rc =
            kept.edit([&](value_edit *e) { return list_push(e, end, v.data(), v.size()); });
        for (const std::string &s : texts)
            if (rc == LK_OK)
                end == LIST_HEAD ? model.push_front(s) : model.push_back(s);
        return rc;
    }
    int insert(size_t at, const std::string &s)
    {
        const int rc = kept.edit([&](value_edit *e) { return list_insert(e, at, of(s)); });
        if (rc == LK_OK)
            model.insert(model.begin() + static_cast<long>(at), s);
        return rc;
    }
    int replace(size_t at, const std::string &s)
    {
        const int rc = kept.edit([&](value_edit *e) { return list_replace(e, at, of(s)); });
        if (rc == LK_OK)
            model[at] = s;
        return rc;
    }
    void erase(size_t at, size_t n)
    {
        kept.edit([&](value_edit *e) {
            list_delete(e, at, n);
            return 0;
        });
        const auto from = model.begin() + static_cast<long>(at);
        model.erase(from, from + static_cast<long>(n));
    }
    void remove(const std::string &s, int64_t count)
    {
        const uint64_t got = kept.edit([&](value_edit *e) { return list_remove(e, of(s), count); });
        uint64_t want = 0, most = count ? static_cast<uint64_t>(std::abs(count)) : UINT64_MAX;
        if (count < 0)
            std::reverse(model.begin(), model.end());
        for (auto at = model.begin(); at != model.end();) {
            const bool out = *at == s && want < most;
            want += out;
            at = out ? model.erase(at) : at + 1;
        }
        if (count < 0)
            std::reverse(model.begin(), model.end());
        EXPECT_EQ(got, want);
    }
    void rotate(list_end from)
    {
        kept.edit([&](value_edit *e) {
            list_rotate(e, from);
            return 0;
        });
        if (from == LIST_HEAD)
            std::rotate(model.begin(), model.begin() + 1, model.end());
        else
            std::rotate(model.begin(), model.end() - 1, model.end());
    }
    void cut()
    {
        if (viewed)
            check_frozen();
        kept.cut();
        frozen_model = model;
        viewed = true;
    }
    void close_view()
    {
        kept.close_view();
        viewed = false;
    }
    void check_frozen() const
    {
        const value v = kept.frozen();
        ASSERT_TRUE(all(v) == frozen_model);
    }
    bool small() const
    {
        return kept.get().encoding == ENC_LISTPACK;
    }
    void check() const
    {
        const value v = kept.get();
        ASSERT_EQ(list_length(&v), model.size());
        ASSERT_EQ(list_type_ops.length(&v), model.size());
        ASSERT_TRUE(all(v) == model);
        ASSERT_TRUE(all_backward(v) == model);
        ASSERT_TRUE(all_at_once(v) == model);
        ASSERT_TRUE(all_blocks(v) == model);
        ASSERT_TRUE(all_described(v) == model);
        list_iter it;
        ASSERT_FALSE(list_iter_at(&it, &v, model.size()));
        ASSERT_FALSE(list_iter_at(&it, &v, UINT64_MAX));
        if (v.encoding == ENC_TREE) {
            const char *wrong = tree_check(static_cast<tree *>(v.as.root), nullptr);
            ASSERT_EQ(wrong, nullptr) << wrong;
            ASSERT_STREQ(list_type_ops.encoding_name(&v), "quicklist");
        } else {
            ASSERT_TRUE(listpack_validate(reinterpret_cast<const unsigned char *>(v.as.bytes.data),
                                          v.as.bytes.size));
            ASSERT_STREQ(list_type_ops.encoding_name(&v), "listpack");
        }
        if (viewed)
            check_frozen();
    }

  private:
    bool viewed = false;
};

std::string random_text(std::mt19937_64 &rng)
{
    switch (rng() % 30) {
    case 0:
        return std::string(rng() % 6000, 'L');
    case 1:
        return std::string(rng() % 200, 'm');
    case 2:
        return "";
    case 3:
        return "007";
    default:
        return std::to_string(static_cast<int64_t>(rng()) >> (rng() % 64));
    }
}

class ListSizes : public ::testing::TestWithParam<int64_t>
{
};
INSTANTIATE_TEST_SUITE_P(MaxListpackSize, ListSizes,
                         ::testing::Values(-1000, -5, -2, -1, 0, 1, 2, 7, 64, 100000),
                         [](const auto &p) {
                             return (p.param < 0 ? "Minus" : "") +
                                    std::to_string(p.param < 0 ? -p.param : p.param);
                         });

TEST_P(ListSizes, MatchesStdDeque)
{
    const uint64_t seed = test_seed();
    const type_limits limits = limits_of(GetParam());
    for (uint64_t round = 0; round < 4; round++) {
        std::mt19937_64 rng(seed + round);
        List l(&limits);
        for (int step = 0; step < 1200; step++) {
            const size_t n = l.model.size(), at = rng() % (n + 1);
            const bool grow = rng() % 100 < (step < 500 ? 75u : step < 800 ? 50u : 25u);
            const list_end end = rng() % 2 ? LIST_HEAD : LIST_TAIL;
            if (rng() % 25 == 0) {
                l.cut();
            } else if (rng() % 40 == 0) {
                l.close_view();
            } else if (grow && rng() % 3) {
                std::vector<std::string> texts;
                for (size_t i = rng() % 40 ? 1 + rng() % 3 : rng() % 60 + 1; i > 0; i--)
                    texts.push_back(random_text(rng));
                ASSERT_EQ(l.push(end, texts), LK_OK);
            } else if (grow) {
                ASSERT_EQ(l.insert(at, random_text(rng)), LK_OK);
            } else if (n == 0) {
                continue;
            } else if (rng() % 5 == 0) {
                ASSERT_EQ(l.replace(rng() % n, random_text(rng)), LK_OK);
            } else if (rng() % 5 == 0) {
                l.rotate(end);
            } else if (rng() % 4 == 0) {
                const int64_t most = static_cast<int64_t>(rng() % 5) - 2;
                l.remove(rng() % 8 ? l.model[rng() % n] : "nobody", most);
            } else if (rng() % 10 == 0) {
                l.erase(at, rng() % (n - at + 1));
            } else {
                l.erase(end == LIST_HEAD ? 0 : n - 1, 1);
            }
            if (step % 7 == 0 || n < 20)
                l.check();
            ASSERT_FALSE(HasFatalFailure()) << "round " << round << " step " << step;
        }
        l.check();
    }
}

// More entries than the limit make a tree; half of it, when some are taken away, a listpack.
TEST(List, CountsDecideTheEncoding)
{
    const struct {
        int64_t size;
        size_t most, least;
    } rows[] = {{1, 1, 0}, {0, 1, 0}, {2, 2, 1}, {5, 5, 2}, {128, 128, 64}};
    for (const auto &row : rows) {
        SCOPED_TRACE(row.size);
        const type_limits limits = limits_of(row.size);
        List l(&limits);
        for (size_t i = 0; i < row.most; i++) {
            ASSERT_EQ(l.push(LIST_TAIL, {"x"}), LK_OK);
            EXPECT_TRUE(l.small());
        }
        l.rotate(LIST_TAIL);
        EXPECT_TRUE(l.small()) << "it is no longer than it was";
        ASSERT_EQ(l.replace(0, "y"), LK_OK);
        EXPECT_FALSE(l.small()) << "what replaces another counts before that one is gone";
        ASSERT_EQ(l.insert(row.most, "z"), LK_OK);
        EXPECT_FALSE(l.small());
        while (l.model.size() > row.least + 1) {
            l.erase(0, 1);
            EXPECT_FALSE(l.small()) << l.model.size();
        }
        l.erase(0, 1);
        EXPECT_TRUE(l.small());
        l.check();
    }
}

TEST(List, BytesDecideTheEncoding)
{
    const struct {
        int64_t size;
        size_t bytes;
    } rows[] = {{-1, 4096},  {-2, 8192},  {-3, 16384}, {-4, 32768},
                {-5, 65536}, {-6, 65536}, {1000, 8192}};
    for (const auto &row : rows) {
        SCOPED_TRACE(row.size);
        const type_limits limits = limits_of(row.size);
        {
            List l(&limits);
            ASSERT_EQ(l.push(LIST_TAIL, {std::string(row.bytes - LISTPACK_EMPTY_BYTES, 'x')}),
                      LK_OK);
            EXPECT_TRUE(l.small());
            ASSERT_EQ(l.replace(0, std::string(row.bytes, 'x')), LK_OK);
            EXPECT_FALSE(l.small());
            ASSERT_EQ(l.replace(0, "x"), LK_OK);
            EXPECT_TRUE(l.small());
            l.check();
        }
        List l(&limits);
        const std::vector<std::string> texts(row.bytes / 64, std::string(63, 'x'));
        ASSERT_EQ(l.push(LIST_HEAD, texts), LK_OK);
        EXPECT_TRUE(l.small()) << "their own bytes count, not the headers";
        ASSERT_EQ(l.push(LIST_HEAD, texts), LK_OK);
        EXPECT_FALSE(l.small());
        const size_t most = row.size > 0 ? row.bytes : row.bytes / 2;
        while (!l.small())
            l.erase(l.model.size() - 1, 1);
        const value v = l.kept.get();
        EXPECT_LE(v.as.bytes.size, most);
        EXPECT_GT(v.as.bytes.size + 65, most);
        l.check();
    }
}

TEST(List, WithoutMemoryNothingChanges)
{
    const type_limits limits = limits_of(4);
    List l(&limits);
    ASSERT_EQ(l.push(LIST_TAIL, {"a", "b", "c"}), LK_OK);
    l.kept.fail = true;
    EXPECT_EQ(l.push(LIST_TAIL, {"d"}), LK_ENOMEM);
    EXPECT_EQ(l.push(LIST_HEAD, {"d", "e", "f"}), LK_ENOMEM) << "on the way to a tree";
    EXPECT_EQ(l.push(LIST_HEAD, std::vector<std::string>(100, "x")), LK_ENOMEM);
    EXPECT_EQ(l.insert(1, "d"), LK_ENOMEM);
    EXPECT_EQ(l.insert(1, std::string(10000, 'd')), LK_ENOMEM);
    EXPECT_EQ(l.replace(1, "longer than it was"), LK_ENOMEM);
    EXPECT_EQ(l.replace(1, std::string(10000, 'd')), LK_ENOMEM);
    l.rotate(LIST_TAIL); // needs none
    l.check();
    l.kept.fail = false;
    ASSERT_EQ(l.push(LIST_TAIL, {"d", "e"}), LK_OK);
    EXPECT_FALSE(l.small());
    l.kept.fail = true;
    l.erase(0, 4);
    EXPECT_FALSE(l.small()) << "it stays as it is, and works";
    ASSERT_EQ(l.push(LIST_TAIL, {"f"}), LK_OK);
    l.check();
    l.kept.fail = false;
    l.erase(0, 1);
    EXPECT_TRUE(l.small());
    l.check();
}

TEST(List, RefusesWhatNoNodeHolds)
{
    const type_limits limits = limits_of(-2);
    for (const bool large : {false, true}) {
        List l(&limits);
        ASSERT_EQ(l.push(LIST_TAIL, {"a", large ? std::string(9000, 'b') : "b"}), LK_OK);
        const bytes huge = bytes_of("", LIST_ELEMENT_MAX + 1);
        const bytes pair[2] = {bytes_of("c", 1), huge};
        const auto refused = [&](auto f) { EXPECT_EQ(l.kept.edit(f), LK_ETOOBIG); };
        refused([&](value_edit *e) { return list_push(e, LIST_HEAD, pair, 2); });
        refused([&](value_edit *e) { return list_insert(e, 1, huge); });
        refused([&](value_edit *e) { return list_replace(e, 1, huge); });
        l.check();
    }
}

TEST(List, ACopySharesNothing)
{
    const type_limits limits = limits_of(8);
    for (const size_t n : {3, 3000}) {
        auto l = std::make_unique<List>(&limits);
        for (size_t i = 0; i < n; i++)
            ASSERT_EQ(l->push(LIST_TAIL, {std::to_string(i)}), LK_OK);
        const value v = l->kept.get();
        value copy;
        ASSERT_EQ(list_type_ops.copy(&v, &copy), LK_OK);
        KeptValue other(TYPE_LIST, &limits);
        other.put(copy);
        const Model want = l->model;
        l->erase(0, n / 2);
        l.reset();
        EXPECT_TRUE(all(other.get()) == want);
    }
}

TEST(List, ReapsInTurns)
{
    const size_t used = mem_used();
    const type_limits limits = limits_of(8);
    List l(&limits);
    for (int i = 0; i < 5000; i++)
        ASSERT_EQ(l.push(LIST_TAIL, {std::to_string(i)}), LK_OK);
    const value v = l.kept.get();
    EXPECT_GE(list_type_ops.free_effort(&v), 10u);
    EXPECT_GT(list_type_ops.node_bytes(&v, 5), 5000u * 4);
    value_reaper r{};
    ASSERT_EQ(list_type_ops.copy(&v, &r.value), LK_OK);
    int turns = 1;
    while (!value_reap(&r, 20))
        turns++;
    EXPECT_GT(turns, 20);
    value gone = l.kept.get();
    value_release(&gone);
    list_type_ops.empty(&gone);
    l.kept.put(gone);
    EXPECT_EQ(mem_used(), used);
}

TEST(List, ReleaseUnderAViewLeavesTheViewWhole)
{
    const type_limits limits = limits_of(8);
    List l(&limits);
    for (int i = 0; i < 1000; i++)
        ASSERT_EQ(l.push(LIST_HEAD, {std::to_string(i)}), LK_OK);
    l.cut();
    l.kept.edit([&](value_edit *e) {
        e->resize(e, LISTPACK_EMPTY_BYTES);
        value old = e->value;
        old.as.root = l.kept.frozen().as.root;
        value_release_cow(&old, e->cow);
        list_type_ops.empty(&e->value);
        return 0;
    });
    l.check_frozen();
}

TEST(List, BuildsWhatThePushesMake)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (const int64_t size : {-1, -2, 1, 3, 128}) {
        const type_limits limits = limits_of(size);
        for (const size_t n : {1, 2, 3, 4, 100, 3000}) {
            Model model;
            list_builder b;
            list_build_begin(&b, &limits);
            while (model.size() < n) {
                unsigned char *lp = listpack_new();
                for (size_t i = rng() % 3 ? 1 : rng() % 300; i > 0 && model.size() < n; i--) {
                    model.push_back(random_text(rng));
                    listpack_append(&lp, of(model.back()));
                }
                if (listpack_count(lp) == 1) {
                    const listpack_value v = listpack_get(listpack_first(lp));
                    list_build_add(&b, &v);
                } else {
                    list_build_add_packed(&b, lp);
                }
                listpack_free(lp);
            }
            KeptValue kept(TYPE_LIST, &limits);
            value v;
            list_build_finish(&b, &v);
            kept.put(v);
            list_build_release(&b);
            v = kept.get();
            EXPECT_TRUE(all(v) == model);
            if (size > 0 && n <= 4) {
                EXPECT_EQ(v.encoding == ENC_LISTPACK, static_cast<int64_t>(n) <= size);
            }
            if (n == 3000) {
                EXPECT_EQ(v.encoding, ENC_TREE);
            }
            if (v.encoding == ENC_TREE) {
                EXPECT_EQ(tree_check(static_cast<tree *>(v.as.root), nullptr), nullptr);
            }
        }
    }
}

TEST(List, ABuilderMayBeGivenUp)
{
    const type_limits limits = limits_of(3);
    list_builder b;
    list_build_begin(&b, &limits);
    const listpack_value v = listpack_from_number(7);
    for (int i = 0; i < 10; i++)
        list_build_add(&b, &v);
    list_build_release(&b);
}

} // namespace
