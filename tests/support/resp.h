/*
 * resp.h — the test's own idea of RESP.
 *
 * Written apart from core/proto on purpose: a mistake there must not hide itself here.  A reply
 * keeps its exact bytes beside its parts, so that tests compare bytes first and look inside only
 * where two servers may differ.
 *
 *   "*2\r\n:1\r\n$-1\r\n"  ->  type '*', items { ':' text "1", '$' null }
 */
#ifndef LK_TEST_RESP_H
#define LK_TEST_RESP_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lk
{

using Args = std::vector<std::string>;

struct Reply {
    char type = 0; /* the first byte of the reply */
    bool null = false;
    std::string text;         /* a simple reply's line, a bulk's bytes */
    std::vector<Reply> items; /* maps count keys and values */
    std::string raw;          /* the exact bytes */
};

/* One command as a client library sends it. */
std::string encode(const Args &args);

/* An inline command line, split as redis-cli does: quotes, \n \r \t \xHH inside double quotes. */
Args split_line(std::string_view line);

/* Where the reply that begins at `from` ends; nothing while bytes are missing; throws on nonsense.
 * Nothing is remembered between calls, so only small replies may arrive in many pieces. */
std::optional<size_t> reply_end(std::string_view bytes, size_t from);

Reply parse_reply(std::string_view bytes);

/* Printable form for messages: \r\n and bytes outside ASCII escaped, long ones cut. */
std::string printable(std::string_view bytes, size_t limit = 400);
std::string printable(const Args &args);

} // namespace lk

#endif
