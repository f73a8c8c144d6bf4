/* generate_strings.cc — every string command, with all of its options. */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

/* A time option and its value, as SET and GETEX take them. */
void add_time(Random &random, Args &args)
{
    switch (random.below(6)) {
    case 0:
        args.insert(args.end(), {"EX", far_seconds(random)});
        break;
    case 1:
        args.insert(args.end(), {"px", far_seconds(random) + "000"});
        break;
    case 2:
        args.insert(args.end(), {"EXAT", deadline_seconds(random)});
        break;
    case 3:
        args.insert(args.end(), {"PXAT", deadline_seconds(random) + "123"});
        break;
    case 4: {
        /* A moment that is past and positive is a race with the cycle that deletes. */
        static const std::vector<std::string> words = {"EX", "PX"};
        args.insert(args.end(), {random.pick(words), spoilt_time(random)});
        break;
    }
    default:
        args.push_back("PX");
        break;
    }
}

Args set(Random &random)
{
    Args args = {"SET", any_key(random), any_value(random)};
    static const std::vector<std::string> flags = {"NX", "XX", "GET", "KEEPTTL", "nx", "get"};
    for (size_t n = random.below(3); n > 0; n--) {
        if (random.one_in(2))
            args.push_back(random.pick(flags));
        else
            add_time(random, args);
    }
    return args;
}

Args getex(Random &random)
{
    Args args = {"GETEX", any_key(random)};
    if (random.one_in(4))
        args.push_back("PERSIST");
    if (random.one_in(2))
        add_time(random, args);
    return args;
}

Args pairs(Random &random, const char *name)
{
    Args args = {name};
    for (size_t n = 1 + random.below(4); n > 0; n--)
        args.insert(args.end(), {any_key(random), any_value(random)});
    return args;
}

Args lcs(Random &random)
{
    static const std::vector<std::string> options = {"LEN", "IDX", "WITHMATCHLEN", "idx"};
    Args args = {"LCS", any_key(random), any_key(random)};
    for (size_t n = random.below(3); n > 0; n--)
        args.push_back(random.pick(options));
    if (random.one_in(3))
        args.insert(args.end(), {"MINMATCHLEN", any_integer(random)});
    return args;
}

/* An offset that cannot make a value of more than a few KiB, or is refused. */
std::string offset(Random &random)
{
    static const std::vector<std::string> odd = {"-1", "536870911",  "536870912",           "x",
                                                 "",   "4294967296", "-9223372036854775808"};
    if (random.one_in(6))
        return random.pick(odd);
    return std::to_string(random.below(random.one_in(4) ? 3000 : 60));
}

Args setrange(Random &random)
{
    Args args = {"SETRANGE", any_key(random), offset(random), any_value(random)};
    if (args[2] == "536870911" && !args[3].empty())
        args[3] += "past the limit"; /* never a real half gigabyte */
    return args;
}

} // namespace

Args next_string(Random &random)
{
    const std::string key = any_key(random);
    switch (random.below(30)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return set(random);
    case 4:
    case 5:
        return {"GET", key};
    case 6:
        return {"GETSET", key, any_value(random)};
    case 7:
        return {"SETNX", key, any_value(random)};
    case 8:
        return {"SETEX", key, random.one_in(4) ? spoilt_time(random) : far_seconds(random),
                any_value(random)};
    case 9:
        return {"PSETEX", key, random.one_in(4) ? spoilt_time(random) : far_seconds(random) + "000",
                any_value(random)};
    case 10:
        return {"MGET", key, any_key(random), any_key(random)};
    case 11:
        return pairs(random, "MSET");
    case 12:
        return pairs(random, "MSETNX");
    case 13:
        return {"APPEND", key, any_value(random)};
    case 14:
        return {"STRLEN", key};
    case 15:
        return setrange(random);
    case 16:
        return {"GETRANGE", key, any_integer(random), any_integer(random)};
    case 17:
        return {"SUBSTR", key, any_integer(random), any_integer(random)};
    case 18:
        return {"INCR", key};
    case 19:
        return {"DECR", key};
    case 20:
        return {"INCRBY", key, any_integer(random)};
    case 21:
        return {"DECRBY", key, any_integer(random)};
    case 22:
    case 23:
        return {"INCRBYFLOAT", key, any_value(random)};
    case 24:
        return {"GETDEL", key};
    case 25:
        return getex(random);
    case 26:
        return lcs(random);
    case 27:
        return {"OBJECT", "ENCODING", key};
    case 28:
        return {"PTTL", key};
    default:
        return {"DEL", key};
    }
}

} // namespace lk
