/*
 * generate.h — random commands, one generator a family.
 *
 * A generator makes the next command from a seed alone and looks at no reply, so a stream can be
 * sent to two servers and be cut down when they disagree.  Few keys and many odd values make
 * commands meet; now and then an argument is dropped, doubled or spoilt.
 *
 * Deadlines are either past, and then the command deletes at once, or far away: no stream depends
 * on when it runs.
 */
#ifndef LK_TEST_GENERATE_H
#define LK_TEST_GENERATE_H

#include "tests/support/resp.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace lk
{

class Random
{
  public:
    explicit Random(uint64_t seed) : engine_(seed)
    {
    }
    size_t below(size_t limit)
    {
        return engine_() % limit;
    }
    bool one_in(size_t n)
    {
        return below(n) == 0;
    }
    template <class T> const T &pick(const std::vector<T> &from)
    {
        return from[below(from.size())];
    }

  private:
    std::mt19937_64 engine_;
};

/* One command on one of a stream's connections. */
struct Step {
    int conn = 0;
    Args args;
};
using Session = std::vector<Step>;

/* How many connections a session may name. */
constexpr int kConns = 3;

struct Family {
    const char *name;
    Args (*next)(Random &random);
    int conns; /* how many connections take turns */
};
const std::vector<Family> &families();
Session random_session(const Family &family, uint64_t seed, size_t steps);

Args next_string(Random &random);
Args next_bits(Random &random);
Args next_key(Random &random);
Args next_session(Random &random);
Args next_transaction(Random &random);
Args next_zset(Random &random);
Args next_set(Random &random);
Args next_sort(Random &random);
Args next_hash(Random &random);
Args next_list(Random &random);
Args next_geo(Random &random);
Args next_hll(Random &random);
Args next_stream(Random &random);
Args next_group(Random &random);

/* Shared words of the generators. */
std::string any_key(Random &random);
std::string any_value(Random &random);
std::string any_integer(Random &random);      /* mostly one, at times not quite */
std::string far_seconds(Random &random);      /* a relative time that no stream outlives */
std::string deadline_seconds(Random &random); /* an absolute one */
std::string spoilt_time(Random &random);      /* what no command takes as a time */

} // namespace lk

#endif
