/*
 * compare.h — when two servers' replies count as the same.
 *
 * Exact bytes, unless a rule of the table in compare.cc says why a command may differ, and by how
 * much.  EXEC is compared element by element under the rules of the commands that were queued.
 */
#ifndef LK_TEST_COMPARE_H
#define LK_TEST_COMPARE_H

#include "tests/support/generate.h"
#include "tests/support/resp.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lk
{

class Comparer
{
  public:
    /* slack_ms: how far apart the two servers may have run one command of this stream. */
    bool same(const Step &step, const std::string &want, const std::string &got, int64_t slack_ms);

  private:
    std::vector<Args> queued_[kConns];
};

} // namespace lk

#endif
