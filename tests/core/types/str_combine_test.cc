// What is combined in turns is what the sources are when the last one ends.
#include "core/types/str_combine.h"
#include "tests/support/seed.h"

#include "core/base/mem.h"
#include "core/ds/bits_priv.h"
#include "core/ds/chunks.h"
#include "tests/core/types/str_fixture.h"

#include <vector>

namespace
{

value made(const std::string &s)
{
    value v;
    str_from_bytes(of(s), &v);
    return v;
}

// Keys of strings; a missing one has no value.
class Sources
{
  public:
    explicit Sources(size_t n) : kept_(n)
    {
    }
    void put(size_t i, const std::string &s)
    {
        const value v = made(s);
        kept_[i] = std::make_unique<KeptString>(v);
    }
    void remove(size_t i)
    {
        kept_[i].reset();
    }
    KeptString *at(size_t i)
    {
        return kept_[i].get();
    }
    size_t size() const
    {
        return kept_.size();
    }

    void show(str_combine *c) const
    {
        for (uint32_t i = 0; i < kept_.size(); i++) {
            value *v = str_combine_source(c, i);
            if (kept_[i])
                *v = kept_[i]->get();
            else
                v->type = TYPE_NONE;
        }
    }

    std::string combined(bits_op op) const
    {
        std::vector<std::string> texts;
        std::vector<bytes> runs;
        size_t size = 0;
        for (const auto &k : kept_)
            texts.push_back(k ? k->text() : "");
        for (const std::string &t : texts) {
            runs.push_back(of(t));
            size = std::max(size, t.size());
        }
        std::string out(size, '?');
        bits_combine_with(&bits_portable, op, out.data(), size, runs.data(),
                          static_cast<uint32_t>(runs.size()));
        return out;
    }

  private:
    std::vector<std::unique_ptr<KeptString>> kept_;
};

const bits_pause kNever{nullptr, nullptr};
const bits_pause kAlways{[](void *) { return true; }, nullptr};

std::string taken(str_combine *c)
{
    if (str_combine_size(c) == 0)
        return "";
    value v;
    str_combine_take(c, &v);
    std::string out(str_size(&v), '?');
    EXPECT_EQ(str_read(&v, 0, out.data(), out.size()), out.size());
    EXPECT_STREQ(str_type_ops.encoding_name(&v), "raw");
    value_release(&v);
    return out;
}

class StrCombine : public ::testing::Test
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

TEST_F(StrCombine, ShortOnesAtOnce)
{
    Sources s(3);
    s.put(0, "12345");
    s.put(2, "hello world");
    str_combine *c = str_combine_new(BITS_XOR, 3);
    s.show(c);
    ASSERT_TRUE(str_combine_run(c, &kAlways));
    EXPECT_EQ(str_combine_size(c), 11u);
    EXPECT_EQ(taken(c), s.combined(BITS_XOR));
    str_combine_free(c);
}

TEST_F(StrCombine, NothingOfNothing)
{
    Sources s(2);
    s.put(1, "");
    str_combine *c = str_combine_new(BITS_OR, 2);
    s.show(c);
    ASSERT_TRUE(str_combine_run(c, &kAlways));
    EXPECT_EQ(str_combine_size(c), 0u);
    str_combine_free(c);
}

TEST_F(StrCombine, HolesMakeHoles)
{
    Sources s(2);
    for (size_t i = 0; i < 2; i++) {
        s.put(i, "");
        ASSERT_EQ(s.at(i)->set_range((size_t{200} << 20) + i, "end"), LK_OK);
    }
    str_combine *c = str_combine_new(BITS_AND, 2);
    s.show(c);
    ASSERT_TRUE(str_combine_run(c, &kNever));
    value v;
    str_combine_take(c, &v);
    EXPECT_EQ(str_size(&v), (size_t{200} << 20) + 4);
    EXPECT_LT(str_type_ops.node_bytes(&v, 0), size_t{1} << 20);
    value_release(&v);
    str_combine_free(c);
}

// A stop behind each piece, and then a round without one.
TEST_F(StrCombine, GoesOnWhereItStopped)
{
    Sources s(2);
    s.put(0, std::string(20 * CHUNK_BYTES, '\x3c'));
    s.put(1, std::string(18 * CHUNK_BYTES + 5, '\x0f'));
    str_combine *c = str_combine_new(BITS_DIFF, 2);
    int turns = 1;
    for (s.show(c); !str_combine_run(c, &kAlways); s.show(c))
        turns++;
    EXPECT_EQ(turns, 21);
    EXPECT_EQ(taken(c), s.combined(BITS_DIFF));
    str_combine_free(c);
}

// A source that is written all the time does not keep it from ending.
TEST_F(StrCombine, EndsUnderWrites)
{
    Sources s(1);
    s.put(0, std::string(30 * CHUNK_BYTES, '\x55'));
    str_combine *c = str_combine_new(BITS_NOT, 1);
    int turns = 1;
    for (s.show(c); !str_combine_run(c, &kAlways); s.show(c), turns++) {
        ASSERT_LT(turns, 1000);
        for (size_t i = 0; i < 30; i++)
            ASSERT_EQ(s.at(0)->set_range(i * CHUNK_BYTES + static_cast<size_t>(turns), "x"), LK_OK);
    }
    EXPECT_EQ(taken(c), s.combined(BITS_NOT));
    str_combine_free(c);
}

TEST_F(StrCombine, MayEndHalfWay)
{
    Sources s(2);
    s.put(0, std::string(9 * CHUNK_BYTES, 'a'));
    s.put(1, std::string(9 * CHUNK_BYTES, 'b'));
    str_combine *c = str_combine_new(BITS_OR, 2);
    for (int turn = 0; turn < 4; turn++) {
        s.show(c);
        ASSERT_FALSE(str_combine_run(c, &kAlways));
    }
    s.put(0, "gone");
    s.remove(1);
    str_combine_free(c);
}

class Changes
{
  public:
    Changes(Sources &s, std::mt19937_64 &rng) : s_(s), rng_(rng)
    {
    }
    void some()
    {
        for (size_t n = below(4); n > 0; n--)
            one(below(s_.size()));
    }
    void one(size_t i)
    {
        KeptString *k = s_.at(i);
        switch (below(8)) {
        case 0:
            s_.put(i, text(below(2) ? 200 : 7 * CHUNK_BYTES));
            break;
        case 1:
            s_.put(i, std::to_string(rng_() % 100'000));
            break;
        case 2:
            s_.remove(i);
            break;
        case 3:
            if (k) {
                EXPECT_EQ(k->append(text(below(3) ? 100 : 2 * CHUNK_BYTES)), LK_OK);
            }
            break;
        default:
            if (k) {
                EXPECT_EQ(k->set_range(below(8 * CHUNK_BYTES), text(20)), LK_OK);
            }
        }
    }

  private:
    size_t below(size_t n)
    {
        return rng_() % n;
    }
    std::string text(size_t most)
    {
        std::string t(1 + below(most), static_cast<char>(rng_()));
        for (size_t i = below(20); i > 0; i--)
            t[below(t.size())] = static_cast<char>(rng_());
        return t;
    }

    Sources &s_;
    std::mt19937_64 &rng_;
};

TEST_F(StrCombine, IsThatOfTheLastMoment)
{
    const uint64_t seed = test_seed();
    for (unsigned round = 0; round < 120; round++) {
        std::mt19937_64 rng(seed + round);
        const auto op = static_cast<bits_op>(round % 8);
        Sources s(op == BITS_NOT ? 1 : 2 + rng() % 4);
        Changes changes(s, rng);
        for (size_t i = 0; i < s.size() * 3; i++)
            changes.one(i % s.size());
        str_combine *c = str_combine_new(op, static_cast<uint32_t>(s.size()));
        struct Sometimes {
            std::mt19937_64 &rng;
            const unsigned one_in;
        } sometimes{rng, 1u << round % 3};
        const bits_pause pause{[](void *ctx) {
                                   const auto *self = static_cast<Sometimes *>(ctx);
                                   return self->rng() % self->one_in == 0;
                               },
                               &sometimes};
        for (s.show(c); !str_combine_run(c, &pause); s.show(c))
            changes.some();
        ASSERT_EQ(taken(c), s.combined(op)) << "round " << round;
        str_combine_free(c);
    }
}

} // namespace
