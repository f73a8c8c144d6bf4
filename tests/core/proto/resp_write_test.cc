// Replies: every form in both versions, byte for byte as in the published specification.
#include "core/proto/resp_write.h"

#include "core/proto/resp_segment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace
{

using namespace std::string_literals;

bytes View(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

// What would be sent, gathered through at most max segments.
std::string Gather(const reply &r, size_t max = 1000)
{
    std::vector<bytes> v(max);
    std::string all;
    const size_t n = reply_segments(&r, v.data(), max);
    for (size_t i = 0; i < n; i++) {
        EXPECT_GT(v[i].size, 0u);
        all.append(v[i].data, v[i].size);
    }
    return all;
}

class Reply
{
  public:
    explicit Reply(int version = 3)
    {
        reply_init(&r, version);
    }
    ~Reply()
    {
        reply_release(&r);
    }
    Reply(const Reply &) = delete;
    Reply &operator=(const Reply &) = delete;

    reply r;
};

struct Form {
    const char *name;
    std::function<void(reply *)> write;
    std::string resp2, resp3;
};

std::vector<Form> Forms()
{
    const double inf = std::numeric_limits<double>::infinity();
    return {
        {"ok", [](reply *r) { reply_ok(r); }, "+OK\r\n", "+OK\r\n"},
        {"simple", [](reply *r) { reply_simple(r, "QUEUED"); }, "+QUEUED\r\n", "+QUEUED\r\n"},
        {"simple_lines", [](reply *r) { reply_simple_bytes(r, bytes_cstr("fi\r\nne\n")); },
         "+fi  ne \r\n", "+fi  ne \r\n"},
        {"error", [](reply *r) { reply_error(r, "ERR bad %s '%d'", "thing", 7); },
         "-ERR bad thing '7'\r\n", "-ERR bad thing '7'\r\n"},
        {"error_own_code", [](reply *r) { reply_error(r, "-WRONGTYPE no"); }, "-WRONGTYPE no\r\n",
         "-WRONGTYPE no\r\n"},
        {"error_lines", [](reply *r) { reply_error(r, "\r\nERR foo\r\nbar\n\r\n"); },
         "-ERR foo  bar\r\n", "-ERR foo  bar\r\n"},
        {"error_bytes", [](reply *r) { reply_error_bytes(r, bytes_of("ERR a\0b", 7)); },
         "-ERR a\0b\r\n"s, "-ERR a\0b\r\n"s},
        {"error_empty", [](reply *r) { reply_error_bytes(r, bytes_of("", 0)); }, "-\r\n", "-\r\n"},
        {"int_zero", [](reply *r) { reply_int(r, 0); }, ":0\r\n", ":0\r\n"},
        {"int_ten", [](reply *r) { reply_int(r, 10); }, ":10\r\n", ":10\r\n"},
        {"int_least", [](reply *r) { reply_int(r, INT64_MIN); }, ":-9223372036854775808\r\n",
         ":-9223372036854775808\r\n"},
        {"int_most", [](reply *r) { reply_int(r, INT64_MAX); }, ":9223372036854775807\r\n",
         ":9223372036854775807\r\n"},
        {"bulk", [](reply *r) { reply_bulk(r, bytes_cstr("hello")); }, "$5\r\nhello\r\n",
         "$5\r\nhello\r\n"},
        {"bulk_empty", [](reply *r) { reply_bulk(r, bytes_of(nullptr, 0)); }, "$0\r\n\r\n",
         "$0\r\n\r\n"},
        {"bulk_any", [](reply *r) { reply_bulk(r, bytes_of("\r\n\0", 3)); }, "$3\r\n\r\n\0\r\n"s,
         "$3\r\n\r\n\0\r\n"s},
        {"bulk_space", [](reply *r) { memcpy(reply_bulk_space(r, 3), "abc", 3); }, "$3\r\nabc\r\n",
         "$3\r\nabc\r\n"},
        {"bulk_cstr", [](reply *r) { reply_bulk_cstr(r, "abc"); }, "$3\r\nabc\r\n",
         "$3\r\nabc\r\n"},
        {"bulk_printf", [](reply *r) { reply_bulk_printf(r, "%d-%d", 12, 3); }, "$4\r\n12-3\r\n",
         "$4\r\n12-3\r\n"},
        {"bulk_int", [](reply *r) { reply_bulk_int(r, -42); }, "$3\r\n-42\r\n", "$3\r\n-42\r\n"},
        {"bulk_double", [](reply *r) { reply_bulk_double(r, 1.5); }, "$3\r\n1.5\r\n",
         "$3\r\n1.5\r\n"},
        {"bulk_long_double", [](reply *r) { reply_bulk_long_double(r, 3.25L); }, "$4\r\n3.25\r\n",
         "$4\r\n3.25\r\n"},
        {"long_double", [](reply *r) { reply_long_double(r, 10.5L); }, "$4\r\n10.5\r\n",
         ",10.5\r\n"},
        {"double", [](reply *r) { reply_double(r, 3.141); }, "$5\r\n3.141\r\n", ",3.141\r\n"},
        {"double_int", [](reply *r) { reply_double(r, 10); }, "$2\r\n10\r\n", ",10\r\n"},
        {"double_inf", [inf](reply *r) { reply_double(r, inf); }, "$3\r\ninf\r\n", ",inf\r\n"},
        {"double_minus_inf", [inf](reply *r) { reply_double(r, -inf); }, "$4\r\n-inf\r\n",
         ",-inf\r\n"},
        {"double_nan", [](reply *r) { reply_double(r, NAN); }, "$3\r\nnan\r\n", ",nan\r\n"},
        {"true", [](reply *r) { reply_bool(r, true); }, ":1\r\n", "#t\r\n"},
        {"false", [](reply *r) { reply_bool(r, false); }, ":0\r\n", "#f\r\n"},
        {"null", [](reply *r) { reply_null(r); }, "$-1\r\n", "_\r\n"},
        {"null_array", [](reply *r) { reply_null_array(r); }, "*-1\r\n", "_\r\n"},
        {"big_number",
         [](reply *r) { reply_big_number(r, bytes_cstr("1234567999999999999999999999999999999")); },
         "$37\r\n1234567999999999999999999999999999999\r\n",
         "(1234567999999999999999999999999999999\r\n"},
        {"verbatim",
         [](reply *r) { reply_verbatim(r, "txt", bytes_cstr("This is a verbatim\nstring")); },
         "$25\r\nThis is a verbatim\nstring\r\n", "=29\r\ntxt:This is a verbatim\nstring\r\n"},
        {"array", [](reply *r) { reply_array(r, 3); }, "*3\r\n", "*3\r\n"},
        {"array_long", [](reply *r) { reply_array(r, 100); }, "*100\r\n", "*100\r\n"},
        {"map", [](reply *r) { reply_map(r, 50); }, "*100\r\n", "%50\r\n"},
        {"set", [](reply *r) { reply_set(r, 99); }, "*99\r\n", "~99\r\n"},
        {"push", [](reply *r) { reply_push(r, 2); }, "*2\r\n", ">2\r\n"},
        {"raw", [](reply *r) { reply_raw(r, bytes_cstr(":1\r\n")); }, ":1\r\n", ":1\r\n"},
    };
}

TEST(ReplyForms, AreTheSpecifications)
{
    for (const Form &f : Forms()) {
        Reply two(2), three(3);
        // Something in front and behind, so that a form is not right only at the start.
        for (Reply *reply : {&two, &three}) {
            reply_int(&reply->r, 1);
            f.write(&reply->r);
            reply_int(&reply->r, 2);
        }
        EXPECT_EQ(Gather(two.r), ":1\r\n" + f.resp2 + ":2\r\n") << f.name;
        EXPECT_EQ(Gather(three.r), ":1\r\n" + f.resp3 + ":2\r\n") << f.name;
    }
}

TEST(ReplyForms, AttributeIsForResp3)
{
    Reply three(3);
    reply_attribute(&three.r, 1);
    EXPECT_EQ(Gather(three.r), "|1\r\n");
    Reply two(2);
    EXPECT_DEATH(reply_attribute(&two.r, 1), "");
}

TEST(ReplyForms, NumbersOfEveryLength)
{
    for (int64_t v = 1; v > 0 && v < INT64_MAX / 10; v *= 10)
        for (int64_t n : {v - 1, v, v + 1}) {
            Reply reply;
            reply_int(&reply.r, n);
            reply_int(&reply.r, -n);
            reply_array(&reply.r, (uint64_t)n);
            const std::string s = std::to_string(n);
            const std::string minus = n == 0 ? s : "-" + s;
            EXPECT_EQ(Gather(reply.r), ":" + s + "\r\n:" + minus + "\r\n*" + s + "\r\n");
        }
}

TEST(ReplyErrors, AreCounted)
{
    Reply reply;
    reply_ok(&reply.r);
    const reply_place mark = reply_mark(&reply.r);
    reply_error(&reply.r, "ERR no");
    EXPECT_EQ(reply.r.errors, 1u);
    EXPECT_EQ(reply.r.error_at, 5u);
    reply_error(&reply.r, "ERR %s", std::string(10000, 'x').c_str());
    EXPECT_EQ(reply.r.errors, 2u);
    EXPECT_EQ(Gather(reply.r).size(), 5 + 9 + 1 + 4 + 10000 + 2u);
    reply_rewind(&reply.r, mark);
    EXPECT_EQ(reply.r.errors, 0u);
    EXPECT_EQ(Gather(reply.r), "+OK\r\n");
}

TEST(ReplyDeferred, EveryLengthAndKind)
{
    struct {
        reply_kind kind;
        const char *sign2, *sign3;
        uint64_t times2;
    } kinds[] = {{REPLY_ARRAY, "*", "*", 1},
                 {REPLY_MAP, "*", "%", 2},
                 {REPLY_SET, "*", "~", 1},
                 {REPLY_PUSH, "*", ">", 1}};
    for (const auto &k : kinds)
        for (uint64_t n : {0ul, 7ul, 50ul, 123ul, 4567ul, 4294967296ul})
            for (size_t body : {0, 1, 4096, 4097, 100000})
                for (int version : {2, 3}) {
                    Reply reply(version);
                    const std::string filler(body, 'b');
                    reply_ok(&reply.r);
                    const size_t at = reply_begin_deferred(&reply.r);
                    reply_raw(&reply.r, View(filler));
                    reply_end_deferred(&reply.r, at, k.kind, n);
                    reply_ok(&reply.r);
                    const std::string header = version == 2 ? k.sign2 + std::to_string(n * k.times2)
                                                            : k.sign3 + std::to_string(n);
                    const std::string want = "+OK\r\n" + header + "\r\n" + filler + "+OK\r\n";
                    ASSERT_EQ(Gather(reply.r), want);
                    ASSERT_EQ(reply_size(&reply.r), want.size());
                }
}

TEST(ReplyDeferred, ErrorPlaceMovesAlong)
{
    Reply reply;
    const size_t at = reply_begin_deferred(&reply.r);
    reply_ok(&reply.r);
    reply_error(&reply.r, "ERR x");
    reply_end_deferred(&reply.r, at, REPLY_ARRAY, 2);
    EXPECT_EQ(reply.r.out.data[reply.r.error_at], '-');
    EXPECT_EQ(Gather(reply.r), "*2\r\n+OK\r\n-ERR x\r\n");
}

void CountRelease(void *arg)
{
    ++*static_cast<int *>(arg);
}

TEST(ReplyRefs, StandAtTheirPlace)
{
    const std::string one = "first chunk", two = "second";
    int released = 0;
    Reply reply;
    reply_bulk_begin(&reply.r, one.size() + two.size());
    reply_refer(&reply.r, View(one), CountRelease, &released);
    reply_refer(&reply.r, View(two), CountRelease, &released);
    reply_bulk_end(&reply.r);
    reply_bulk_ref(&reply.r, View(two), nullptr, nullptr);
    reply_int(&reply.r, 1);
    EXPECT_EQ(Gather(reply.r), "$17\r\nfirst chunksecond\r\n$6\r\nsecond\r\n:1\r\n");
    EXPECT_EQ(Gather(reply.r, 2), "$17\r\nfirst chunk");
    EXPECT_EQ(Gather(reply.r, 1), "$17\r\n");

    bytes v[2];
    ASSERT_EQ(reply_segments(&reply.r, v, 2), 2u);
    EXPECT_EQ(v[1].data, one.data()) << "a reference is not a copy";

    reply_sent(&reply.r, 5 + 3);
    EXPECT_EQ(released, 0);
    EXPECT_EQ(Gather(reply.r), "st chunksecond\r\n$6\r\nsecond\r\n:1\r\n");
    reply_sent(&reply.r, 8);
    EXPECT_EQ(released, 1);
    reply_sent(&reply.r, 6 + 1);
    EXPECT_EQ(released, 2);
    EXPECT_EQ(Gather(reply.r), "\n$6\r\nsecond\r\n:1\r\n");
    reply_sent(&reply.r, reply_size(&reply.r));
    EXPECT_EQ(reply_size(&reply.r), 0u);
    EXPECT_EQ(reply.r.out.size, 0u);
    reply_ok(&reply.r);
    EXPECT_EQ(Gather(reply.r), "+OK\r\n");
}

TEST(ReplyRefs, AreReleasedOnceWhateverHappens)
{
    const std::string s(100, 's');
    int released = 0;
    {
        Reply reply;
        reply_bulk_ref(&reply.r, View(s), CountRelease, &released);
        const reply_place mark = reply_mark(&reply.r);
        reply_bulk_ref(&reply.r, View(s), CountRelease, &released);
        reply_rewind(&reply.r, mark);
        EXPECT_EQ(released, 1);
        EXPECT_EQ(Gather(reply.r), "$100\r\n" + s + "\r\n");
        reply_clear(&reply.r);
        EXPECT_EQ(released, 2);
        reply_bulk_ref(&reply.r, View(s), CountRelease, &released);
        reply_sent(&reply.r, 50);
        reply_bulk_ref(&reply.r, View(s), CountRelease, &released);
    }
    EXPECT_EQ(released, 4);
}

// Two replies become one: references stand at their new places and are released once.
TEST(ReplyRefs, Appended)
{
    int released = 0;
    const std::string one(3000, 'a'), two(2000, 'b');
    reply to, from;
    reply_init(&to, 2);
    reply_init(&from, 3);
    reply_error(&to, "ERR first");
    reply_bulk_ref(&to, View(one), CountRelease, &released);
    reply_simple(&from, "x");
    reply_error(&from, "ERR second");
    reply_bulk_ref(&from, View(two), CountRelease, &released);
    const std::string want = Gather(to) + Gather(from);
    reply_append(&to, &from);
    EXPECT_EQ(Gather(to), want);
    EXPECT_EQ(reply_size(&to), want.size());
    EXPECT_EQ(reply_size(&from), 0u);
    EXPECT_EQ(to.version, 3);
    EXPECT_EQ(to.errors, 2u);
    EXPECT_EQ(std::string(to.out.data + to.error_at, 11), "-ERR second");
    reply_release(&from);
    EXPECT_EQ(released, 0);
    reply_sent(&to, want.size());
    EXPECT_EQ(released, 2);
    reply_release(&to);
}

TEST(ReplyRefs, CutBehindAMark)
{
    int released = 0;
    const auto release = [](void *arg) { ++*static_cast<int *>(arg); };
    const std::string large(100, 'x');
    for (int before = 0; before < 2; before++)
        for (int behind = 0; behind < 2; behind++) {
            reply r, tail;
            reply_init(&r, 3);
            reply_int(&r, 1);
            if (before)
                reply_bulk_ref(&r, bytes_of(large.data(), large.size()), release, &released);
            const std::string head = Gather(r);
            const reply_place mark = reply_mark(&r);
            reply_error(&r, "ERR no");
            if (behind)
                reply_bulk_ref(&r, bytes_of(large.data(), large.size()), release, &released);
            const std::string whole = Gather(r);
            reply_init(&tail, 2);
            reply_cut(&r, mark, &tail);
            EXPECT_EQ(Gather(r), head);
            EXPECT_EQ(head + Gather(tail), whole);
            EXPECT_EQ(reply_size(&r) + reply_size(&tail), whole.size());
            EXPECT_EQ(r.errors, 0u);
            EXPECT_EQ(tail.errors, 1u);
            EXPECT_EQ(tail.out.data[tail.error_at], '-');
            EXPECT_EQ(tail.version, 3);
            reply_append(&r, &tail);
            EXPECT_EQ(Gather(r), whole);
            reply_release(&tail);
            reply_release(&r);
        }
    EXPECT_EQ(released, 4);
}

TEST(ReplyRefs, MovedAside)
{
    const std::string s(10, 's');
    int released = 0;
    reply r;
    reply_init(&r, 3);
    reply_bulk_ref(&r, View(s), CountRelease, &released);
    reply sending = r;
    reply_init(&r, 3);
    reply_ok(&r);
    EXPECT_EQ(Gather(sending), "$10\r\n" + s + "\r\n");
    EXPECT_EQ(Gather(r), "+OK\r\n");
    reply_release(&sending);
    EXPECT_EQ(released, 1);
    reply_release(&r);
}

} // namespace
