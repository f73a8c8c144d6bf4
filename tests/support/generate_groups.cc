/*
 * generate_groups.cc — histories of groups of readers: many consumers, entries that come, go, are
 * handed out, claimed and acknowledged in any order.
 *
 * Times are 1970's or now, so that how long ago something was is either far above or far below what
 * is asked for.  What groups count of the stream "counted" is exact: its entries of even numbers
 * are never deleted, and none is trimmed.
 */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

const char *const kCounted = "counted";

std::string stream_key(Random &random)
{
    static const std::vector<std::string> keys = {"s1", "s2", "none"};
    if (random.one_in(40))
        return any_key(random);
    return random.one_in(3) ? kCounted : random.pick(keys);
}

std::string group(Random &random)
{
    static const std::vector<std::string> groups = {"g", "h", "", "a longer name of a group"};
    return random.one_in(40) ? "nobody" : random.pick(groups);
}

std::string consumer(Random &random)
{
    return "c" + std::to_string(random.below(random.one_in(10) ? 60 : 7));
}

std::string number_of(Random &random)
{
    return std::to_string(random.below(24));
}

std::string id(Random &random)
{
    static const std::vector<std::string> odd = {"0",
                                                 "0-0",
                                                 "1-",
                                                 "-1",
                                                 "x",
                                                 "",
                                                 "18446744073709551615",
                                                 "18446744073709551615-18446744073709551615",
                                                 "18446744073709551616",
                                                 "1-x",
                                                 "+1-1",
                                                 "01-1",
                                                 "5-*",
                                                 "*"};
    if (random.one_in(60))
        return random.pick(odd);
    const std::string ms = std::to_string(1 + random.below(5));
    return random.one_in(12) ? ms : ms + "-" + number_of(random);
}

std::string bound(Random &random)
{
    static const std::vector<std::string> ends = {"-", "+", "0", "("};
    if (random.one_in(2))
        return random.one_in(2) ? "-" : "+";
    return random.one_in(12) ? random.pick(ends) : (random.one_in(4) ? "(" : "") + id(random);
}

/* Nothing between 0 and for ever: whether a millisecond has passed would be luck. */
std::string min_idle(Random &random)
{
    static const std::vector<std::string> some = {"0", "0", "0", "1000000000000", "-1"};
    return random.one_in(30) ? spoilt_time(random) : random.pick(some);
}

std::string count(Random &random)
{
    return random.one_in(12) ? any_integer(random) : std::to_string(1 + random.below(8));
}

Args add(Random &random)
{
    static const std::vector<std::string> fields = {"f", "g", "a field"};
    const std::string key = stream_key(random);
    Args args = {"XADD", key};
    if (key != kCounted && random.one_in(6))
        args.insert(args.end(), {"MAXLEN", std::to_string(random.below(20))});
    args.push_back(std::to_string(1 + random.below(random.one_in(4) ? 5 : 2)) + "-*");
    for (size_t n = 1 + random.below(2); n > 0; n--)
        args.insert(args.end(), {random.pick(fields), number_of(random)});
    return args;
}

Args take_away(Random &random)
{
    const std::string key = random.one_in(2) ? "s1" : "s2";
    if (random.one_in(3))
        return {"XTRIM", key, "MAXLEN", std::to_string(random.below(20))};
    if (random.one_in(4))
        return {"XTRIM", key, "MINID", id(random)};
    Args args = {"XDEL", key};
    for (size_t n = 1 + random.below(5); n > 0; n--)
        args.push_back(id(random));
    return args;
}

Args create(Random &random)
{
    const std::string key = stream_key(random);
    Args args = {"XGROUP", "CREATE", key, group(random), random.one_in(3) ? "$" : "0"};
    if (random.one_in(3))
        args[4] = id(random);
    if (random.one_in(2))
        args.push_back("MKSTREAM");
    if (key != kCounted && random.one_in(5))
        args.insert(args.end(), {"ENTRIESREAD", count(random)});
    return args;
}

Args edit_group(Random &random)
{
    const std::string key = stream_key(random);
    switch (random.below(8)) {
    case 0:
        return {"XGROUP", "DESTROY", key, group(random)};
    case 1:
    case 2:
        return {"XGROUP", "DELCONSUMER", key, group(random), consumer(random)};
    case 3:
    case 4:
        return {"XGROUP", "CREATECONSUMER", key, group(random), consumer(random)};
    default:
        break;
    }
    Args args = {"XGROUP", "SETID", key, group(random), random.one_in(3) ? "$" : id(random)};
    if (key != kCounted && random.one_in(4))
        args.insert(args.end(), {"ENTRIESREAD", count(random)});
    return args;
}

Args read(Random &random)
{
    Args args = {"XREADGROUP", "GROUP", group(random), consumer(random)};
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", count(random)});
    if (random.one_in(10))
        args.push_back("NOACK");
    args.push_back("STREAMS");
    const std::string from = random.one_in(4) ? id(random) : ">";
    if (random.one_in(6))
        args.insert(args.end(), {stream_key(random), stream_key(random), from, ">"});
    else
        args.insert(args.end(), {stream_key(random), from});
    return args;
}

Args acknowledge(Random &random)
{
    Args args = {"XACK", stream_key(random), group(random)};
    for (size_t n = 1 + random.below(5); n > 0; n--)
        args.push_back(id(random));
    return args;
}

void claim_option(Random &random, Args &args, bool counted)
{
    static const std::vector<std::string> times = {"1", "1000", "-1", "99999999999999", "x"};
    switch (random.below(7)) {
    case 0:
    case 1:
        args.insert(args.end(), {"TIME", random.pick(times)});
        break;
    case 2:
        args.insert(args.end(), {"IDLE", random.one_in(2) ? "1000000000000" : "-5"});
        break;
    case 3:
        args.insert(args.end(), {"RETRYCOUNT", count(random)});
        break;
    case 4:
        args.push_back("FORCE");
        break;
    case 5:
        args.push_back("JUSTID");
        break;
    default:
        if (!counted)
            args.insert(args.end(), {"LASTID", id(random)});
        break;
    }
}

Args claim(Random &random)
{
    const std::string key = stream_key(random);
    Args args = {"XCLAIM", key, group(random), consumer(random), min_idle(random)};
    for (size_t n = 1 + random.below(6); n > 0; n--)
        args.push_back(id(random));
    for (size_t n = random.below(4); n > 0; n--)
        claim_option(random, args, key == kCounted);
    return args;
}

Args claim_any(Random &random)
{
    Args args = {"XAUTOCLAIM", stream_key(random), group(random), consumer(random),
                 min_idle(random)};
    args.push_back(random.one_in(3) ? "0" : random.one_in(2) ? id(random) : bound(random));
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", count(random)});
    if (random.one_in(3))
        args.push_back("JUSTID");
    return args;
}

Args pending(Random &random)
{
    Args args = {"XPENDING", stream_key(random), group(random)};
    if (random.one_in(3))
        return args;
    if (random.one_in(3))
        args.insert(args.end(), {"IDLE", min_idle(random)});
    args.insert(args.end(), {bound(random), bound(random), count(random)});
    if (random.one_in(3))
        args.push_back(consumer(random));
    return args;
}

Args info(Random &random)
{
    const std::string key = stream_key(random);
    switch (random.below(6)) {
    case 0:
        return {"XINFO", "STREAM", key};
    case 1:
        return {"XINFO", "STREAM", key, "FULL"};
    case 2:
        return {"XINFO", "STREAM", key, "FULL", "COUNT", count(random)};
    case 3:
        return {"XINFO", "CONSUMERS", key, group(random)};
    default:
        return {"XINFO", "GROUPS", key};
    }
}

} // namespace

Args next_group(Random &random)
{
    switch (random.below(26)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        return add(random);
    case 5:
    case 6:
        return take_away(random);
    case 7:
    case 8:
        return create(random);
    case 9:
        return edit_group(random);
    case 10:
    case 11:
    case 12:
    case 13:
        return read(random);
    case 14:
    case 15:
        return acknowledge(random);
    case 16:
    case 17:
    case 18:
        return claim(random);
    case 19:
    case 20:
        return claim_any(random);
    case 21:
    case 22:
        return pending(random);
    case 23:
        if (random.one_in(4))
            return random.one_in(3) ? Args{"SET", stream_key(random), "text"}
                                    : Args{"DEL", stream_key(random)};
        return {"DEBUG", "DIGEST-VALUE", stream_key(random)};
    default:
        return info(random);
    }
}

} // namespace lk
