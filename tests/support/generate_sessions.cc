/* generate_sessions.cc — what belongs to a connection: its protocol, name and transaction. */
#include "tests/support/generate.h"

namespace lk
{

Args next_session(Random &random)
{
    static const std::vector<std::string> names = {
        "worker-1", "", "has space", "line\nbreak", "\x7f", "x", std::string(100, 'n')};
    static const std::vector<Args> fixed = {
        {"PING"},
        {"ECHO", ""},
        {"CLIENT", "GETNAME"},
        {"CLIENT", "ID"},
        {"CLIENT", "INFO"},
        {"CLIENT", "GETREDIR"},
        {"CLIENT", "TRACKINGINFO"},
        {"CLIENT", "NO-EVICT", "off"},
        {"CLIENT", "NO-EVICT", "bogus"},
        {"CLIENT", "REPLY", "on"},
        {"CLIENT", "REPLY", "bogus"},
        {"CLIENT", "UNBLOCK", "999999999"},
        {"CLIENT", "UNBLOCK", "abc"},
        {"CLIENT", "UNBLOCK", "999999999", "bogus"},
        {"CLIENT", "KILL", "ID", "999999999"},
        {"CLIENT", "KILL", "1.2.3.4:5"},
        {"CLIENT", "KILL", "bogus", "x"},
        {"CLIENT", "KILL", "ID", "abc"},
        {"CLIENT", "PAUSE", "abc"},
        {"CLIENT", "PAUSE", "-1"},
        {"CLIENT", "UNPAUSE"},
        {"CLIENT", "LIST", "TYPE", "bogus"},
        {"CLIENT", "LIST", "ID", "abc"},
        {"CLIENT", "LIST", "bogus"},
        {"CLIENT", "nosuch"},
        {"CLIENT"},
        {"RESET"},
        {"SELECT", "0"},
        {"SELECT", "1"},
        {"SELECT", "16"},
        {"SELECT", "-1"},
        {"SELECT", "abc"},
        {"SELECT", ""},
        {"AUTH", "pw"},
        {"AUTH", "default", "pw"},
        {"AUTH", "nobody", "pw"},
        {"AUTH", "a", "b", "c"},
        {"HELLO"},
        {"HELLO", "2"},
        {"HELLO", "3"},
        {"HELLO", "1"},
        {"HELLO", "4"},
        {"HELLO", "abc"},
        {"HELLO", "3", "bogus"},
        {"HELLO", "2", "SETNAME"},
        {"nosuchcommand"},
        {"nosuchcommand", "a", "b"},
        {"nosuchcommand", std::string(200, 'a'), std::string(200, 'b')},
        {std::string(300, 'c'), "x"},
        {"no\r\nsuch", "line\r\nbreak"},
        {"OBJECT", "nosuch", "key"},
        {"OBJECT"},
        {"OBJECT", "ENCODING"},
        {"LASTSAVE", "extra"},
        {"TIME", "extra"},
        {"GET"},
        {"get", "a", "b"},
        {"EXEC", "extra"},
    };
    switch (random.below(8)) {
    case 0:
        return {"PING", any_value(random)};
    case 1:
        return {"ECHO", any_value(random)};
    case 2:
        return {"CLIENT", "SETNAME", random.pick(names)};
    case 3:
        return {"CLIENT", "GETNAME"};
    default:
        return random.pick(fixed);
    }
}

Args next_transaction(Random &random)
{
    switch (random.below(20)) {
    case 0:
    case 1:
        return {"MULTI"};
    case 2:
    case 3:
    case 4:
        return {"EXEC"};
    case 5:
        return random.one_in(3) ? Args{"DISCARD"} : Args{"PING"};
    case 6:
    case 7: {
        Args args = {"WATCH"};
        for (size_t n = 1 + random.below(3); n > 0; n--)
            args.push_back(any_key(random));
        return args;
    }
    case 8:
        return random.one_in(2) ? Args{"UNWATCH"} : Args{"DBSIZE"};
    case 9:
        return random.one_in(3) ? Args{"nosuchcommand", "x"} : Args{"GET", any_key(random)};
    case 10:
    case 11:
    case 12:
        return next_key(random);
    default:
        return next_string(random);
    }
}

} // namespace lk
