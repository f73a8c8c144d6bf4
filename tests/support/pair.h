/*
 * pair.h — one session on two servers, and the shortest session on which they differ.
 *
 *   session --> reference --> reply --+
 *     |                              compare --> the first step that differs
 *     +------> tested -----> reply --+
 *
 * A session runs on empty databases and new connections, so it can be run again with steps left
 * out: first ever longer tails that end in the difference, then without any step that it does not
 * need.
 */
#ifndef LK_TEST_PAIR_H
#define LK_TEST_PAIR_H

#include "tests/support/compare.h"
#include "tests/support/ear.h"
#include "tests/support/generate.h"
#include "tests/support/server.h"

#include <memory>
#include <optional>
#include <string>

namespace lk
{

/* How a session is sent. */
struct How {
    int resp = 2;
    size_t batch = 1; /* up to so many commands of one connection before their replies are read */
    bool events = false; /* compare what is told of keys, too, each time so many are behind it */
};

struct Difference {
    size_t step; /* where in the session */
    std::string want;
    std::string got;     /* or what went wrong */
    bool events = false; /* these are what was told of keys, and not replies */
};

class Pair
{
  public:
    Pair();

    std::optional<Difference> run(const Session &session, const How &how);

    /* Fails the running test with the shortest session found, if the servers differ. */
    void expect_same(const Session &session, const How &how, const std::string &title);

    /* The same bytes to both; their answers up to the end of the connection, or to the reply of
     * an ECHO that is added. */
    void expect_same_raw(const std::string &raw, bool closes, const std::string &title);

  private:
    Session shorten(Session session, const How &how);

    std::unique_ptr<Server> oracle_;
    std::unique_ptr<Server> tested_;
    Ear oracle_ear_;
    Ear tested_ear_;
    bool oracle_is_7_0_;
};

} // namespace lk

#endif
