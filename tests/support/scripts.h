/*
 * scripts.h — written command streams: the corners that chance would take long to find.
 *
 * One command a line, split as redis-cli does; "1> " in front chooses another connection.  What
 * the right replies are, the reference server says.
 */
#ifndef LK_TEST_SCRIPTS_H
#define LK_TEST_SCRIPTS_H

#include "tests/support/generate.h"

#include <vector>

namespace lk
{

struct TextScript {
    const char *name;
    const char *needs; /* a command without which the script says nothing, or NULL */
    const char *lines;
};
const std::vector<TextScript> &text_scripts();
const std::vector<TextScript> &list_scripts();
const std::vector<TextScript> &group_scripts();
const std::vector<TextScript> &stream_scripts();

Script script_of(const char *lines);

/* Bytes that no client library sends. */
struct RawCase {
    const char *name;
    std::string bytes;
    bool closes; /* the server ends the connection */
};
const std::vector<RawCase> &raw_cases();

} // namespace lk

#endif
