/* generate_keys.cc — commands on keys of any type, deadlines and whole databases. */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

Args several(Random &random, const char *name)
{
    Args args = {name};
    for (size_t n = 1 + random.below(3); n > 0; n--)
        args.push_back(any_key(random));
    return args;
}

Args expire(Random &random)
{
    static const std::vector<std::string> names = {"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"};
    static const std::vector<std::string> flags = {"NX", "XX", "GT", "LT", "gt", "bogus"};
    const size_t which = random.below(4);
    std::string time = which < 2 ? far_seconds(random) : deadline_seconds(random);
    if (which % 2 == 1)
        time += "000";
    /* Far past the year 6000 deadlines may be one, so these are not compared by GT and LT. */
    if (random.one_in(5))
        return {names[which], any_key(random), spoilt_time(random), random.one_in(2) ? "NX" : "XX"};
    Args args = {names[which], any_key(random), time};
    for (size_t n = random.one_in(2) ? random.below(3) : 0; n > 0; n--)
        args.push_back(random.pick(flags));
    return args;
}

std::string any_db(Random &random)
{
    static const std::vector<std::string> odd = {"-1", "16", "abc", "", "99999999999999999999"};
    if (random.one_in(10))
        return random.pick(odd);
    return std::to_string(random.below(3));
}

Args copy(Random &random)
{
    Args args = {"COPY", any_key(random), any_key(random)};
    if (random.one_in(3))
        args.insert(args.end(), {"DB", any_db(random)});
    if (random.one_in(2))
        args.push_back("REPLACE");
    return args;
}

std::string any_pattern(Random &random)
{
    static const std::vector<std::string> patterns = {
        "*",   "?", "key:*", "key:?",  "[ab]", "[^ab]", "[a-c]", "*:1*", "{tag}*",
        "\\a", "",  "[a",    "k*k*k*", "**",   "[]",    "[a-",   "a\\"};
    return random.pick(patterns);
}

Args scan(Random &random)
{
    /* The runner follows the cursor from 0 to 0. */
    Args args = {"SCAN", "@all"};
    if (random.one_in(2))
        args.insert(args.end(), {"MATCH", any_pattern(random)});
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", random.one_in(6) ? any_integer(random) : "3"});
    if (random.one_in(3))
        args.insert(args.end(), {"TYPE", random.one_in(3) ? "list" : "string"});
    if (random.one_in(12))
        args.push_back("bogus");
    return args;
}

} // namespace

Args next_key(Random &random)
{
    const std::string key = any_key(random);
    switch (random.below(34)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return {"SET", key, any_value(random)};
    case 4:
        return {"SET", key, any_value(random), "EX", far_seconds(random)};
    case 5:
        return several(random, "DEL");
    case 6:
        return several(random, "UNLINK");
    case 7:
        return several(random, "EXISTS");
    case 8:
        return several(random, "TOUCH");
    case 9:
        return {"TYPE", key};
    case 10:
    case 11:
    case 12:
        return expire(random);
    case 13:
        return {"TTL", key};
    case 14:
        return {"PTTL", key};
    case 15:
        return {"EXPIRETIME", key};
    case 16:
        return {"PEXPIRETIME", key};
    case 17:
        return {"PERSIST", key};
    case 18:
        return {"RENAME", key, any_key(random)};
    case 19:
        return {"RENAMENX", key, any_key(random)};
    case 20:
    case 21:
        return copy(random);
    case 22:
        return {"MOVE", key, any_db(random)};
    case 23:
        return {"KEYS", any_pattern(random)};
    case 24:
    case 25:
        return scan(random);
    case 26:
        return {"RANDOMKEY"};
    case 27:
        return {"DBSIZE"};
    case 28:
        return {"SELECT", any_db(random)};
    case 29:
        return {"SWAPDB", any_db(random), any_db(random)};
    case 30: {
        static const std::vector<Args> flushes = {
            {"FLUSHDB"},           {"FLUSHDB", "ASYNC"},  {"FLUSHDB", "sync"},         {"FLUSHALL"},
            {"FLUSHALL", "async"}, {"FLUSHALL", "bogus"}, {"FLUSHDB", "ASYNC", "SYNC"}};
        return random.one_in(4) ? random.pick(flushes) : Args{"GET", key};
    }
    case 31:
        return {"OBJECT", "ENCODING", key};
    case 32:
        return {"OBJECT", "REFCOUNT", key};
    default:
        return {"GET", key};
    }
}

} // namespace lk
