/* generate_zsets.cc — every command of sorted sets, in both encodings. */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

/* Sets of any scores; in "lex…" all scores are 0, so that ranges of members mean something. */
std::string scored_key(Random &random)
{
    static const std::vector<std::string> keys = {"z1", "z2", "z3", "z4", "z:many", "none"};
    return random.one_in(30) ? any_key(random) : random.pick(keys);
}

std::string lex_key(Random &random)
{
    return random.one_in(2) ? "lex1" : "lex2";
}

std::string zset_key(Random &random)
{
    return random.one_in(5) ? lex_key(random) : scored_key(random);
}

std::string member(Random &random)
{
    static const std::vector<std::string> odd = {"",  "007",  "-0",   "1.5", "inf",
                                                 "A", "\xff", "a\0b", "+12", "é"};
    static const std::vector<std::string> long_ones = {std::string(63, 'x'), std::string(64, 'x'),
                                                       std::string(65, 'x'), std::string(300, 'y')};
    switch (random.below(12)) {
    case 0:
        return random.pick(odd);
    case 1:
        return random.one_in(6) ? random.pick(long_ones) : "b";
    case 2:
    case 3:
    case 4:
        return std::to_string(random.below(random.one_in(4) ? 5000 : 20));
    default:
        return std::string(1, static_cast<char>('a' + random.below(20)));
    }
}

std::string score(Random &random)
{
    static const std::vector<std::string> odd = {
        "inf",  "-inf", "+inf",  "0.1",    "-0.1",   "3.3333333333333335", "1e10",   "1e20", "1e-7",
        "5e-3", "-0",   "0x10",  "1e308",  "1e16",   "9007199254740993",   "123456", "2.50", "nan",
        "abc",  "",     "1e400", " 1",     "1 ",     "infinity",           "-1e300", "1e17", "+5",
        ".5",   "5.",   "1e",    "4.5e15", "-1e-320"};
    if (random.one_in(6))
        return random.pick(odd);
    const int64_t n = static_cast<int64_t>(random.below(20)) - 6;
    return random.one_in(5) ? std::to_string(n) + ".5" : std::to_string(n);
}

Args add(Random &random)
{
    static const std::vector<std::string> flags = {"NX", "XX",   "GT", "LT",
                                                   "CH", "INCR", "nx", "ch"};
    if (random.one_in(4)) {
        Args args = {"ZADD", lex_key(random)};
        for (size_t n = 1 + random.below(5); n > 0; n--)
            args.insert(args.end(), {"0", member(random)});
        return args;
    }
    Args args = {"ZADD", scored_key(random)};
    for (size_t n = random.one_in(3) ? random.below(3) : 0; n > 0; n--)
        args.push_back(random.pick(flags));
    for (size_t n = random.one_in(10) ? random.below(60) : 1 + random.below(4); n > 0; n--)
        args.insert(args.end(), {score(random), member(random)});
    return args;
}

std::string score_bound(Random &random)
{
    return random.one_in(3) ? "(" + score(random) : score(random);
}

std::string member_bound(Random &random)
{
    static const std::vector<std::string> odd = {"-", "+", "-", "+", "[", "(", "a", "", "-x", "+x"};
    if (random.one_in(4))
        return random.pick(odd);
    return (random.one_in(2) ? "[" : "(") + member(random);
}

std::string rank(Random &random)
{
    if (random.one_in(12))
        return any_integer(random);
    return std::to_string(static_cast<int64_t>(random.below(12)) - 5);
}

void limit(Random &random, Args &args)
{
    if (random.one_in(3))
        args.insert(args.end(), {"LIMIT", rank(random), rank(random)});
}

/* Key and ends of one kind: 0 by rank, 1 by score, 2 by member. */
Args ends(Random &random, size_t kind)
{
    switch (kind) {
    case 0:
        return {zset_key(random), rank(random), rank(random)};
    case 1:
        return {zset_key(random), score_bound(random), score_bound(random)};
    default:
        return {lex_key(random), member_bound(random), member_bound(random)};
    }
}

Args named(const char *name, const Args &rest)
{
    Args args = {name};
    args.insert(args.end(), rest.begin(), rest.end());
    return args;
}

Args range(Random &random)
{
    const size_t kind = random.below(3);
    Args args = ends(random, kind);
    if (random.one_in(4))
        args.insert(args.begin(), {"ZRANGESTORE", kind == 2 ? lex_key(random) : "z4"});
    else
        args.insert(args.begin(), "ZRANGE");
    if (kind == 1)
        args.push_back("BYSCORE");
    if (kind == 2)
        args.push_back("bylex");
    if (random.one_in(2))
        args.push_back("REV");
    limit(random, args);
    if (random.one_in(3))
        args.push_back("WITHSCORES");
    return args;
}

Args old_range(Random &random)
{
    static const char *const names[3][2] = {{"ZREVRANGE", "ZREVRANGE"},
                                            {"ZRANGEBYSCORE", "ZREVRANGEBYSCORE"},
                                            {"ZRANGEBYLEX", "ZREVRANGEBYLEX"}};
    const size_t kind = random.below(3);
    Args args = named(names[kind][random.below(2)], ends(random, kind));
    if (random.one_in(2))
        args.push_back("withscores");
    limit(random, args);
    return args;
}

void keys(Random &random, Args &args)
{
    const size_t n = 1 + random.below(4);
    args.push_back(random.one_in(20) ? any_integer(random) : std::to_string(n));
    for (size_t i = 0; i < n; i++)
        args.push_back(zset_key(random));
}

Args algebra(Random &random)
{
    static const std::vector<std::string> ops = {"UNION", "INTER", "DIFF"};
    static const std::vector<std::string> weights = {"1", "2", "0", "-1", "0.5", "inf", "nan", "x"};
    static const std::vector<std::string> how = {"SUM", "MIN", "MAX", "min", "bogus"};
    const std::string op = random.pick(ops);
    const bool store = random.one_in(3);
    Args args = {"Z" + op + (store ? "STORE" : "")};
    if (store)
        args.push_back(random.one_in(4) ? "z4" : "out");
    const size_t before = args.size();
    keys(random, args);
    const size_t n = args.size() - before - 1;
    if (random.one_in(op == "DIFF" ? 20 : 3)) {
        args.push_back("WEIGHTS");
        for (size_t i = 0; i < n; i++)
            args.push_back(random.pick(weights));
    }
    if (random.one_in(op == "DIFF" ? 20 : 3))
        args.insert(args.end(), {"AGGREGATE", random.pick(how)});
    if (!store && random.one_in(2))
        args.push_back("WITHSCORES");
    return args;
}

Args count_common(Random &random)
{
    Args args = {"ZINTERCARD"};
    keys(random, args);
    if (random.one_in(2))
        args.insert(args.end(), {"LIMIT", rank(random)});
    return args;
}

Args pop(Random &random)
{
    static const std::vector<std::string> ends = {"MIN", "MAX", "min", "bogus"};
    static const std::vector<std::string> names = {"ZPOPMIN", "ZPOPMAX"};
    Args args;
    switch (random.below(4)) {
    case 0:
        args = {"ZMPOP"};
        break;
    case 1:
        args = {"BZMPOP", "0.001"};
        break;
    case 2:
        args = {"B" + random.pick(names), zset_key(random), zset_key(random), "0.001"};
        return args;
    default:
        args = {random.pick(names), zset_key(random)};
        if (random.one_in(2))
            args.push_back(rank(random));
        return args;
    }
    keys(random, args);
    args.push_back(random.pick(ends));
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", rank(random)});
    return args;
}

Args remove_range(Random &random)
{
    static const char *const names[] = {"ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX"};
    const size_t kind = random.below(3);
    return named(names[kind], ends(random, kind));
}

/* Sizes at which sets leave their listpack, now small, now as usual. */
Args thresholds(Random &random)
{
    static const std::vector<std::string> entries = {"0", "1", "5", "20", "128"};
    return {"CONFIG",
            "SET",
            "zset-max-listpack-entries",
            random.pick(entries),
            "zset-max-listpack-value",
            random.one_in(3) ? "8" : "64"};
}

Args look(Random &random)
{
    const std::string key = zset_key(random);
    switch (random.below(9)) {
    case 0:
        return {"ZCARD", key};
    case 1:
        return {"ZSCORE", key, member(random)};
    case 2:
        return {"ZMSCORE", key, member(random), member(random), member(random)};
    case 3:
        return {"ZRANK", key, member(random)};
    case 4:
        return {"ZREVRANK", key, member(random)};
    case 5:
        return named("ZCOUNT", ends(random, 1));
    case 6:
        return named("ZLEXCOUNT", ends(random, 2));
    case 7:
        return {"ZSCAN", key, "@all", "MATCH", random.one_in(2) ? "*" : "[a-f]*", "COUNT", "7"};
    default:
        return {"OBJECT", "ENCODING", key};
    }
}

Args draw(Random &random)
{
    Args args = {"ZRANDMEMBER", zset_key(random)};
    if (random.one_in(4))
        return args;
    args.push_back(random.one_in(20) ? "x" : rank(random));
    if (random.one_in(2))
        args.push_back("WITHSCORES");
    return args;
}

} // namespace

Args next_zset(Random &random)
{
    switch (random.below(28)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        return add(random);
    case 7:
        return {"ZINCRBY", scored_key(random), score(random), member(random)};
    case 8:
        return {"ZREM", zset_key(random), member(random), member(random), member(random)};
    case 9:
    case 10:
        return range(random);
    case 11:
    case 12:
        return old_range(random);
    case 13:
        return random.one_in(3) ? remove_range(random) : pop(random);
    case 14:
    case 15:
    case 16:
        return algebra(random);
    case 17:
        return count_common(random);
    case 18:
        return draw(random);
    case 19:
        return random.one_in(4) ? thresholds(random) : Args{"COPY", zset_key(random), "z3"};
    case 20:
        return random.one_in(3) ? Args{"DEL", zset_key(random)}
                                : Args{"SET", any_key(random), "text"};
    default:
        return look(random);
    }
}

} // namespace lk
