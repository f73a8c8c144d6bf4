/* raw_cases.h — bytes that no client library sends. */
#ifndef LK_TEST_RAW_CASES_H
#define LK_TEST_RAW_CASES_H

#include <string>
#include <vector>

namespace lk
{

struct RawCase {
    const char *name;
    std::string bytes;
    bool closes; /* the server ends the connection */
};
const std::vector<RawCase> &raw_cases();

} // namespace lk

#endif
