// Mutated requests and replies: whatever the bytes and however they are cut, one parser that sees
// them grow and one that sees them whole agree, and neither reads outside of its block.
#include "core/base/rng.h"
#include "core/proto/resp_parse.h"
#include "core/proto/resp_read.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace
{

using namespace std::string_literals;

constexpr int ROUNDS = 12000;

class Mutator
{
  public:
    Mutator(uint64_t seed, std::vector<std::string> corpus, std::vector<std::string> tokens)
        : corpus_(std::move(corpus)), tokens_(std::move(tokens))
    {
        rng_seed(&rng_, seed);
    }

    std::string Next()
    {
        std::string s;
        for (uint64_t i = Below(4) + 1; i > 0; i--)
            s += corpus_[Below(corpus_.size())];
        for (uint64_t i = Below(6); i > 0; i--)
            Mutate(&s);
        return s;
    }

    uint64_t Below(uint64_t n)
    {
        return rng_below(&rng_, n);
    }

  private:
    void Mutate(std::string *s)
    {
        const size_t at = Below(s->size() + 1);
        switch (Below(5)) {
        case 0:
            s->insert(at, tokens_[Below(tokens_.size())]);
            break;
        case 1:
            s->insert(at, 1, (char)Below(256));
            break;
        case 2:
            s->erase(at, 1 + Below(4));
            break;
        case 3:
            if (at < s->size())
                (*s)[at] = (char)((*s)[at] ^ (1 << Below(8)));
            break;
        default:
            *s = s->substr(0, at) + corpus_[Below(corpus_.size())] + s->substr(at);
        }
    }

    std::vector<std::string> corpus_, tokens_;
    rng rng_;
};

std::unique_ptr<char[]> Block(const std::string &s, size_t from, size_t size)
{
    std::unique_ptr<char[]> block(new char[size]);
    memcpy(block.get(), s.data() + from, size);
    return block;
}

// All that comes of a stream: commands, empty lines, the error and the bytes left waiting.
std::string RunRequests(const std::string &s, uint32_t capacity, bool authenticated,
                        const std::vector<size_t> &cuts)
{
    std::vector<bytes> storage(capacity);
    resp_args args;
    resp_args_init(&args, storage.data(), capacity);
    const resp_limits limits = {100, authenticated};
    resp_progress p = {};
    std::string log;
    size_t at = 0;
    bool failed = false;
    for (size_t shown : cuts) {
        resp_outcome o = RESP_EMPTY;
        while (!failed && o != RESP_PARTIAL) {
            const auto block = Block(s, at, shown - at);
            size_t consumed = 0;
            const char *error = nullptr;
            o = resp_parse(&p, block.get(), shown - at, &limits, &args, &consumed, &error);
            if (o == RESP_COMMAND) {
                EXPECT_GE(args.n, 1u);
                for (uint32_t i = 0; i < args.n; i++)
                    log += "<" + std::string(args.v[i].data, args.v[i].size) + ">";
            }
            if (o == RESP_PARTIAL) {
                EXPECT_GE(p.missing, 1u);
            } else {
                EXPECT_EQ(p.pos + p.line_seen + p.missing, 0u);
            }
            if (o == RESP_ERROR)
                log += error;
            EXPECT_LE(consumed, shown - at);
            failed = o == RESP_ERROR;
            log += failed || o == RESP_PARTIAL ? "" : " @" + std::to_string(at += consumed) + "\n";
        }
    }
    resp_args_release(&args);
    return log;
}

std::vector<size_t> RandomCuts(Mutator *m, size_t size)
{
    std::vector<size_t> cuts;
    for (size_t shown = 0; shown < size; shown += 1 + m->Below(m->Below(4) ? 5 : 60))
        cuts.push_back(shown);
    cuts.push_back(size);
    return cuts;
}

TEST(RespFuzz, Requests)
{
    Mutator m(test_seed(),
              {"*1\r\n$4\r\nPING\r\n", "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", "PING\r\n",
               "SET \"a b\" 'c\\'d' \"\\x41\\n\"\r\n", "*0\r\n", "\r\n",
               "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$12\r\nabcdefghijkl\r\n",
               "*12\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n"
               "$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n"},
              {"\r\n",
               "\r",
               "\n",
               "*",
               "$",
               "-1",
               "0",
               "00",
               "9",
               "\0"s,
               "\"",
               "'",
               "\\",
               "\\x",
               " ",
               "\v",
               "$100\r\n",
               "$101\r\n",
               "*2147483647\r\n",
               "2147483648",
               "9223372036854775807",
               "99999999999999999999"});
    for (int i = 0; i < ROUNDS && !testing::Test::HasFailure(); i++) {
        const std::string s = m.Next();
        const bool authenticated = m.Below(4) > 0;
        const std::string whole = RunRequests(s, 64, authenticated, {s.size()});
        EXPECT_EQ(RunRequests(s, 2, authenticated, {s.size()}), whole);
        EXPECT_EQ(RunRequests(s, 2, authenticated, RandomCuts(&m, s.size())), whole);
        EXPECT_EQ(RunRequests(s, 64, authenticated, RandomCuts(&m, s.size())), whole);
    }
}

std::string RunReplies(const std::string &s, const std::vector<size_t> &cuts)
{
    resp_reader reader = {};
    buf log = {};
    size_t at = 0;
    int rc = LK_OK;
    for (size_t shown : cuts) {
        rc = rc == LK_EAGAIN ? LK_OK : rc;
        while (rc == LK_OK) {
            const auto block = Block(s, at, shown - at);
            resp_value v = {};
            size_t consumed = 0;
            rc = resp_read(&reader, block.get(), shown - at, &v, &consumed);
            if (rc != LK_OK)
                continue;
            EXPECT_GE(consumed, 1u);
            EXPECT_LE(consumed, shown - at);
            at += consumed;
            resp_value_print(&v, &log);
            buf_printf(&log, " @%zu\n", at);
            resp_value_release(&v);
        }
    }
    resp_reader_release(&reader);
    buf_printf(&log, "%d", rc);
    const std::string text(log.data, log.size);
    buf_release(&log);
    return text;
}

TEST(RespFuzz, Replies)
{
    Mutator m(test_seed(),
              {"+OK\r\n", "-ERR x\r\n", ":12\r\n", "$3\r\nabc\r\n", "$-1\r\n", "*-1\r\n", "_\r\n",
               ",1.5\r\n", "#t\r\n", "(123\r\n", "!3\r\nERR\r\n", "=7\r\ntxt:abc\r\n",
               "*2\r\n:1\r\n*1\r\n+a\r\n", "%1\r\n+k\r\n~1\r\n:1\r\n", ">1\r\n+m\r\n",
               "|1\r\n+t\r\n:1\r\n", "$?\r\n;2\r\nab\r\n;0\r\n", "*?\r\n:1\r\n.\r\n",
               "%?\r\n+a\r\n:1\r\n.\r\n"},
              {"\r\n", "\r", "\n", "*2\r\n", "*?\r\n", "|1\r\n", "%1\r\n", "$?\r\n", ".\r\n",
               ";1\r\n", "-1", "?", "9223372036854775807", "\0"s, "nan", "inf", "1e999"});
    for (int i = 0; i < ROUNDS && !testing::Test::HasFailure(); i++) {
        const std::string s = m.Next();
        const std::string whole = RunReplies(s, {s.size()});
        EXPECT_EQ(RunReplies(s, RandomCuts(&m, s.size())), whole) << s;
    }
}

} // namespace
