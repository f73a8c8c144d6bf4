// String values in every encoding: out, in, and never whole in between when they are long.
#include "core/ds/chunks.h"
#include "persist/rdb/rdb_type.h"
#include "tests/persist/rdb/rdb_fixture.h"

using namespace rdb;

namespace
{

std::string written(const value &v, bool compress)
{
    Out out(1024);
    out.o.compress = compress;
    rdb_out_value_code(&out.o, &v);
    rdb_out_value(&out.o, &v);
    EXPECT_EQ(out.o.version, 1u);
    EXPECT_EQ(out.flushed()[0], RDB_STRING);
    return out.data.substr(1);
}

value read_back(In *in)
{
    value v;
    EXPECT_EQ(rdb_in_value(&in->in, RDB_STRING, &v), LK_OK) << in->in.error;
    return v;
}

TEST(RdbStringValue, ComesBackInItsBestEncoding)
{
    const std::string texts[] = {"",
                                 "0",
                                 "-32769",
                                 "2147483648",
                                 "9223372036854775807",
                                 "9223372036854775808",
                                 "007",
                                 std::string(44, 'e'),
                                 std::string(45, 'r'),
                                 prose(10'000),
                                 noise(STR_INLINE_MAX),
                                 noise(STR_INLINE_MAX + 1),
                                 prose(size_t{STR_INLINE_MAX} + CHUNK_BYTES),
                                 noise(CHUNK_BYTES * 5 + 1)};
    for (const std::string &s : texts)
        for (const bool compress : {false, true}) {
            value v, plain;
            str_from_bytes(of(s), &v);
            const std::string data = written(v, compress);
            for (const size_t step : {size_t{100}, SIZE_MAX}) {
                In in(data, step);
                value back = read_back(&in);
                EXPECT_EQ(value_kind(&back), value_kind(&v));
                EXPECT_TRUE(str_equal(&back, of(s)));
                EXPECT_EQ(rdb_in_left(&in.in), 0u);
                value_release(&back);
            }
            // What APPEND leaves behind is written as what it says.
            str_raw_from_bytes(of(s), &plain);
            EXPECT_EQ(written(plain, compress).size(), data.size());
            value_release(&plain);
            value_release(&v);
        }
}

TEST(RdbStringValue, HolesAreZeros)
{
    value v;
    buf scratch{};
    str_from_range(1'000'000, of("end"), &scratch, &v);
    for (const bool compress : {false, true}) {
        const std::string data = written(v, compress);
        EXPECT_EQ(data.size() < 50'000, compress);
        In in(data);
        value back = read_back(&in);
        EXPECT_TRUE(str_equal(&back, of(std::string(1'000'000, '\0') + "end")));
        value_release(&back);
    }
    value_release(&v);
    buf_release(&scratch);
}

// Largest use of memory while a sink or a source is being asked.
struct Peak {
    size_t before = mem_used(), most = 0;
    void look()
    {
        most = std::max(most, mem_used() - before);
    }
};

TEST(RdbStringValue, LongOnesAreNeverWholeOutsideTheirChunks)
{
    const std::string s = noise(20'000'000);
    value v;
    str_from_bytes(of(s), &v);
    for (const bool compress : {false, true}) {
        Peak peak;
        const rdb_sink sink{[](void *ctx, const void *, size_t) {
                                static_cast<Peak *>(ctx)->look();
                                return static_cast<int>(LK_OK);
                            },
                            nullptr, &peak};
        rdb_out o;
        rdb_out_init(&o, &sink, 4096);
        o.compress = compress;
        rdb_out_value(&o, &v);
        ASSERT_EQ(rdb_out_flush(&o), LK_OK);
        EXPECT_GT(rdb_out_offset(&o), s.size());
        EXPECT_LT(peak.most, 4u << 20); // the first megabyte shows that packing is in vain
        rdb_out_release(&o);
    }
    value_release(&v);

    // On the way in there is the value so far, and no more than a megabyte beside it.
    Out out;
    rdb_out_length(&out.o, s.size());
    struct Arriving {
        const std::string *head, *body;
        size_t given = 0, before = mem_used(), most = 0;
    } arriving{&out.flushed(), &s};
    const rdb_source source{[](void *ctx, void *data, size_t size, size_t *got) {
                                Arriving *a = static_cast<Arriving *>(ctx);
                                const bool in_head = a->given < a->head->size();
                                const std::string &from = in_head ? *a->head : *a->body;
                                const size_t at = in_head ? a->given : a->given - a->head->size();
                                *got = std::min(size, from.size() - at);
                                memcpy(data, from.data() + at, *got);
                                a->most = std::max(a->most, mem_used() - a->before - a->given);
                                a->given += *got;
                                return static_cast<int>(LK_OK);
                            },
                            &arriving, RDB_SIZE_UNKNOWN};
    rdb_in in;
    rdb_in_init(&in, &source, RDB_IN_WINDOW_BYTES);
    value back;
    ASSERT_EQ(rdb_in_value(&in, RDB_STRING, &back), LK_OK) << in.error;
    EXPECT_TRUE(str_equal(&back, of(s)));
    EXPECT_LT(arriving.most, 2u << 20);
    value_release(&back);
    rdb_in_release(&in);
}

TEST(RdbStringValue, ALongOneThatBreaksOffLeavesNothing)
{
    value v;
    const std::string s = noise(CHUNK_BYTES * 8);
    str_from_bytes(of(s), &v);
    const std::string data = written(v, false);
    value_release(&v);
    for (const size_t cut : {size_t{5}, size_t{STR_INLINE_MAX} + 4, size_t{STR_INLINE_MAX} + 6,
                             s.size() / 2 * 2, data.size() - 1}) {
        In in(data.substr(0, cut), 50'000, false);
        EXPECT_EQ(rdb_in_value(&in.in, RDB_STRING, &v), LK_EFORMAT) << cut;
    }
    for (size_t fail_after = 0; fail_after < data.size(); fail_after += 70'001) {
        In in(data);
        in.fail_after = fail_after;
        EXPECT_EQ(rdb_in_value(&in.in, RDB_STRING, &v), LK_EIO);
    }
}

} // namespace
