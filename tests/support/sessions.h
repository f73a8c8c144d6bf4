/*
 * sessions.h — written sessions: the corners that chance would take long to find.
 *
 * They stand in tests/sessions, one file a topic, and are read when the program runs:
 *
 *     # a note, for who reads the file
 *     == SetOptions             a session: a name of letters and digits, once in all files
 *     SET k v EX 100            a command, split as redis-cli does
 *     1> GET k                  on another connection, 0 to kConns - 1
 *
 * What the right replies are, the reference server says.
 *
 * Errors  SessionError, with the file, the line and what is wrong there
 */
#ifndef LK_TEST_SESSIONS_H
#define LK_TEST_SESSIONS_H

#include "tests/support/generate.h"

#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

namespace lk
{

struct NamedSession {
    std::string name;
    std::string at; /* the file and the line where it begins */
    Session steps;
};

class SessionError : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

/* The sessions of one file, whose name is only told in errors. */
std::vector<NamedSession> read_sessions(std::istream &in, const std::string &file);

/* Those of every .txt file in a folder, by the files' names. */
std::vector<NamedSession> load_sessions(const std::string &folder);

/* Those of tests/sessions.  Ends the program, saying why, if they cannot be read. */
const std::vector<NamedSession> &all_sessions();

} // namespace lk

#endif
