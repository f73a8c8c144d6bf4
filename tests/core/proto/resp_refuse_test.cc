// Replies that may not be told: one error for each, whatever it was, and pushes go through.
#include "core/proto/resp_refuse.h"

#include "core/proto/resp_segment.h"

#include <gtest/gtest.h>

#include <string>

namespace
{

std::string taken(reply *r)
{
    std::string out;
    bytes run;
    while (reply_segments(r, &run, 1) == 1) {
        out.append(run.data, run.size);
        reply_sent(r, run.size);
    }
    return out;
}

TEST(RespRefuse, OneErrorForEachReply)
{
    static const std::string large(100000, '\n');
    struct Case {
        const char *what;
        int version;
        void (*write)(reply *r);
        std::string want;
    };
    const std::string no = "-MISCONF no\r\n", push = ">2\r\n$1\r\na\r\n$2\r\n\r\n\r\n";
    for (const Case &c : {
             Case{"nothing", 2, [](reply *) {}, ""},
             Case{"lines", 2,
                  [](reply *r) {
                      reply_ok(r);
                      reply_int(r, -5);
                      reply_null(r);
                      reply_null_array(r);
                  },
                  no + no + no + no},
             Case{"errors and what is queued stay", 2,
                  [](reply *r) {
                      reply_error(r, "ERR other");
                      reply_simple(r, "QUEUED");
                      reply_bulk(r, bytes_cstr("+QUEUED"));
                  },
                  "-ERR other\r\n+QUEUED\r\n" + no},
             Case{"nested", 3,
                  [](reply *r) {
                      reply_array(r, 2);
                      reply_map(r, 2);
                      for (int i = 0; i < 4; i++)
                          reply_bulk(r, bytes_cstr("\r\n"));
                      reply_set(r, 1);
                      reply_double(r, 0.5);
                      reply_array(r, 0);
                  },
                  no + no},
             Case{"pushes between replies", 3,
                  [](reply *r) {
                      reply_bool(r, true);
                      reply_push(r, 2);
                      reply_bulk(r, bytes_cstr("a"));
                      reply_bulk(r, bytes_cstr("\r\n"));
                      reply_null(r);
                  },
                  no + push + no},
             Case{"what is described by an attribute", 3,
                  [](reply *r) {
                      reply_attribute(r, 1);
                      reply_bulk(r, bytes_cstr("k"));
                      reply_int(r, 1);
                      reply_bulk(r, bytes_cstr("v"));
                      reply_ok(r);
                  },
                  no + no},
             Case{"references", 2,
                  [](reply *r) {
                      reply_bulk_ref(r, bytes_of(large.data(), large.size()), nullptr, nullptr);
                      reply_ok(r);
                  },
                  no + no},
             Case{"holes", 2,
                  [](reply *r) {
                      const size_t at = reply_begin_deferred(r);
                      for (int i = 0; i < 3000; i++)
                          reply_int(r, i);
                      reply_end_deferred(r, at, REPLY_ARRAY, 3000);
                      reply_ok(r);
                  },
                  no + no},
         }) {
        SCOPED_TRACE(c.what);
        reply r;
        reply_init(&r, c.version);
        c.write(&r);
        reply_refuse(&r, "MISCONF no");
        EXPECT_EQ(taken(&r), c.want);
        reply_release(&r);
    }
}

} // namespace
