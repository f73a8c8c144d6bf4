/*
 * generate_sets.cc — the commands of sets, and SORT of what is in them.
 *
 * What chance takes out of a set differs from server to server, so SPOP takes all members or none.
 */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

using namespace std::string_literals;

std::string set_key(Random &random)
{
    static const std::vector<std::string> keys = {"s1", "s2", "s3", "{tag}s4", "s5", "big"};
    return random.one_in(12) ? any_key(random) : random.pick(keys);
}

std::string any_member(Random &random)
{
    static const std::vector<std::string> odd = {"",
                                                 "007",
                                                 "-0",
                                                 " 1",
                                                 "1.5",
                                                 "bin\0\r\n\xff"s,
                                                 std::string(64, 'm'),
                                                 std::string(65, 'm'),
                                                 std::string(300, 'm'),
                                                 "9223372036854775807",
                                                 "-9223372036854775808",
                                                 "9223372036854775808"};
    if (random.one_in(10))
        return random.pick(odd);
    const std::string n = std::to_string(random.below(30));
    switch (random.below(4)) {
    case 0:
        return "member:" + n;
    case 1:
        return std::to_string(static_cast<int64_t>(random.below(1'000'000)) * 1'000'003);
    default:
        return n;
    }
}

/* As many members as make a set leave one encoding for another, now and then. */
Args with_members(Random &random, Args args)
{
    if (random.one_in(40)) {
        const std::string prefix = random.one_in(2) ? "" : "many:";
        for (size_t n = random.one_in(4) ? 520 : 100 + random.below(100); n > 0; n--)
            args.push_back(prefix + std::to_string(n));
        return args;
    }
    for (size_t n = 1 + random.below(random.one_in(4) ? 12 : 3); n > 0; n--)
        args.push_back(any_member(random));
    return args;
}

Args with_keys(Random &random, Args args)
{
    for (size_t n = 1 + random.below(random.one_in(6) ? 6 : 3); n > 0; n--)
        args.push_back(set_key(random));
    return args;
}

Args algebra(Random &random)
{
    static const std::vector<std::string> names = {"SINTER", "SUNION", "SDIFF"};
    Args args = {random.pick(names)};
    if (random.one_in(2)) {
        args[0] += "STORE";
        args.push_back(set_key(random));
    }
    return with_keys(random, args);
}

Args sintercard(Random &random)
{
    Args args = with_keys(random, {"SINTERCARD", ""});
    args[1] = random.one_in(12) ? any_integer(random) : std::to_string(args.size() - 2);
    if (random.one_in(2))
        args.insert(args.end(), {"LIMIT", random.one_in(6) ? any_integer(random)
                                                           : std::to_string(random.below(5))});
    return args;
}

Args spop(Random &random)
{
    static const std::vector<std::string> counts = {"100000", "100000", "0", "-1", "x", ""};
    return {"SPOP", set_key(random), random.pick(counts)};
}

Args srandmember(Random &random)
{
    static const std::vector<std::string> odd = {"x", "", "9223372036854775808",
                                                 "-9223372036854775808", "9223372036854775807"};
    Args args = {"SRANDMEMBER", set_key(random)};
    if (random.one_in(8))
        args.push_back(random.pick(odd));
    else if (random.one_in(2))
        args.push_back(std::to_string(static_cast<int64_t>(random.below(40)) - 20));
    return args;
}

Args sscan(Random &random)
{
    static const std::vector<std::string> patterns = {"*", "member:*", "1*", "?", "[0-9]", "none"};
    Args args = {"SSCAN", set_key(random), random.one_in(8) ? any_integer(random) : "@all"};
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", random.one_in(6) ? any_integer(random) : "7"});
    if (random.one_in(2))
        args.insert(args.end(), {"MATCH", random.pick(patterns)});
    if (args[2] != "@all" && args[2] != "0")
        args[2] =
            random.one_in(2) ? "0" : "x"; /* what a made-up cursor gives is nobody's promise */
    return args;
}

Args sort(Random &random, const std::string &key)
{
    static const std::vector<std::string> by = {"w_*", "{tag}w_*", "w_*x", "*", "h_*->f"};
    static const std::vector<std::string> get = {"#", "w_*", "none_*", "*", "h_*->f", "nostar"};
    Args args = {random.one_in(4) ? "SORT_RO" : "SORT", key};
    const bool alpha = random.one_in(2), unsorted = random.one_in(6);
    if (unsorted)
        args.insert(args.end(), {"BY", "nosort"});
    else if (!alpha && random.one_in(2))
        args.insert(args.end(), {"BY", random.pick(by)});
    if (alpha)
        args.push_back("ALPHA");
    for (size_t n = random.one_in(3) ? 1 + random.below(3) : 0; n > 0; n--)
        args.insert(args.end(), {"GET", random.pick(get)});
    /* The spoiler takes the last word: that must not be the one the comparison goes by. */
    if (args.size() > 2 || random.one_in(2))
        args.push_back(random.one_in(2) ? "DESC" : "asc");
    if (!unsorted && random.one_in(3))
        args.insert(args.end(),
                    {"LIMIT", std::to_string(static_cast<int64_t>(random.below(8)) - 2),
                     random.one_in(6) ? any_integer(random) : std::to_string(random.below(8))});
    return args;
}

} // namespace

Args next_set(Random &random)
{
    const std::string key = set_key(random);
    switch (random.below(32)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        return with_members(random, {"SADD", key});
    case 7:
    case 8:
    case 9:
        return with_members(random, {"SREM", key});
    case 10:
        return {"SISMEMBER", key, any_member(random)};
    case 11:
        return with_members(random, {"SMISMEMBER", key});
    case 12:
        return {"SCARD", key};
    case 13:
    case 14:
        return {"SMEMBERS", key};
    case 15:
    case 16:
        return {"SMOVE", key, set_key(random), any_member(random)};
    case 17:
        return spop(random);
    case 18:
        return srandmember(random);
    case 19:
        return sscan(random);
    case 20:
        return sintercard(random);
    case 21:
        return {"OBJECT", "ENCODING", key};
    case 22:
        return {"COPY", key, set_key(random), "REPLACE"};
    case 23:
        return {"RENAME", key, set_key(random)};
    case 24:
        return random.one_in(2) ? Args{"DEL", key} : Args{"SET", key, any_value(random)};
    case 25:
        return {"CONFIG", "SET", "set-max-intset-entries", random.one_in(2) ? "512" : "9"};
    default:
        return algebra(random);
    }
}

/* Weights are numbers and sometimes none; never one that overflows a double. */
Args next_sort(Random &random)
{
    static const std::vector<std::string> numbers = {
        "1", "2", "-1", "10", "0.5", "1e3", "0x10", " 7", "inf", "-inf", "-0", "", "01", "x"};
    static const std::vector<std::string> keys = {"s1", "s2", "s3"};
    const std::string key = random.one_in(15) ? any_key(random) : random.pick(keys);
    const std::string member =
        random.one_in(8) ? random.pick(numbers) : std::to_string(random.below(25));
    switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
        return {"SADD", key, member, std::to_string(random.below(25))};
    case 3:
        return {"SREM", key, member, "x", ""};
    case 4:
    case 5:
        return {"SET", (random.one_in(4) ? "{tag}w_" : "w_") + member,
                random.one_in(4) ? random.pick(numbers) : std::to_string(random.below(9))};
    case 6:
        return {"DEL", random.one_in(3) ? key : "w_" + member};
    case 7:
        return {"SMEMBERS", key};
    default:
        return sort(random, key);
    }
}

} // namespace lk
