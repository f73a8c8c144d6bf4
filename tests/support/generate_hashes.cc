/* generate_hashes.cc — every hash command that the reference server knows, small and large. */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

std::string hash_key(Random &random)
{
    static const std::vector<std::string> keys = {"h1", "h2", "h3", "h4"};
    return random.one_in(8) ? any_key(random) : random.pick(keys);
}

/* Few names for commands to meet on; at times one of many, so that hashes grow. */
std::string field(Random &random)
{
    static const std::vector<std::string> odd = {
        "", "7", "-12", "007", "12345678901", "f", "F1", std::string(65, 'n')};
    if (random.one_in(6))
        return random.pick(odd);
    if (random.one_in(4))
        return "m" + std::to_string(random.below(700));
    return "f" + std::to_string(random.below(12));
}

Args pairs(Random &random, const char *name)
{
    Args args = {name, hash_key(random)};
    const size_t most = random.one_in(10) ? 40 : 4;
    for (size_t n = 1 + random.below(most); n > 0; n--)
        args.insert(args.end(), {field(random), any_value(random)});
    if (random.one_in(30))
        args.push_back(field(random));
    return args;
}

Args several(Random &random, const char *name)
{
    Args args = {name, hash_key(random)};
    const size_t most = random.one_in(6) ? 30 : 3;
    for (size_t n = 1 + random.below(most); n > 0; n--)
        args.push_back(field(random));
    return args;
}

Args random_fields(Random &random)
{
    static const std::vector<std::string> counts = {"0",
                                                    "1",
                                                    "-1",
                                                    "2",
                                                    "5",
                                                    "-7",
                                                    "1000",
                                                    "-40",
                                                    "9223372036854775807",
                                                    "4611686018427387904",
                                                    "-9223372036854775808",
                                                    "x",
                                                    "",
                                                    "1.5"};
    Args args = {"HRANDFIELD", hash_key(random)};
    if (random.one_in(4))
        return args;
    args.push_back(random.pick(counts));
    if (random.one_in(2))
        args.push_back(random.one_in(5) ? "bogus" : "WITHVALUES");
    return args;
}

Args scan(Random &random)
{
    static const std::vector<std::string> patterns = {"*", "f*", "m?", "", "[fm]1*", "**", "7"};
    /* The runner follows the cursor from 0 to 0. */
    Args args = {"HSCAN", hash_key(random), "@all"};
    if (random.one_in(2))
        args.insert(args.end(), {"MATCH", random.pick(patterns)});
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", random.one_in(6) ? any_integer(random) : "5"});
    if (random.one_in(12))
        args.push_back("bogus");
    return args;
}

Args wrong_cursor(Random &random)
{
    static const std::vector<std::string> cursors = {"x", "-1", "", " 0", "18446744073709551616"};
    return {"HSCAN", hash_key(random), random.pick(cursors)};
}

/* Hashes leave their listpack at these sizes. */
Args threshold(Random &random)
{
    static const std::vector<std::string> entries = {"0", "1", "8", "64", "512"};
    static const std::vector<std::string> values = {"0", "4", "44", "64", "1000"};
    if (random.one_in(2))
        return {"CONFIG", "SET", "hash-max-listpack-entries", random.pick(entries)};
    return {"CONFIG", "SET", "hash-max-listpack-value", random.pick(values)};
}

Args whole(Random &random)
{
    const std::string key = hash_key(random);
    switch (random.below(9)) {
    case 0:
        return {"OBJECT", "ENCODING", key};
    case 1:
        return {"DEBUG", "DIGEST-VALUE", key};
    case 2:
        return {"DEL", key};
    case 3:
        return {"COPY", key, hash_key(random), "REPLACE"};
    case 4:
        return {"RENAME", key, hash_key(random)};
    case 5:
        return {"EXPIRE", key, far_seconds(random)};
    case 6:
        return {"TYPE", key};
    case 7:
        return random.one_in(4) ? Args{"SET", key, any_value(random)} : Args{"EXISTS", key};
    default:
        return random.one_in(2) ? threshold(random) : Args{"DEBUG", "DIGEST"};
    }
}

} // namespace

Args next_hash(Random &random)
{
    const std::string key = hash_key(random);
    switch (random.below(28)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        return pairs(random, "HSET");
    case 5:
        return pairs(random, "HMSET");
    case 6:
        return {"HSETNX", key, field(random), any_value(random)};
    case 7:
    case 8:
        return {"HGET", key, field(random)};
    case 9:
        return several(random, "HMGET");
    case 10:
    case 11:
        return {"HGETALL", key};
    case 12:
        return {"HKEYS", key};
    case 13:
        return {"HVALS", key};
    case 14:
    case 15:
        return several(random, "HDEL");
    case 16:
        return {"HLEN", key};
    case 17:
        return {"HSTRLEN", key, field(random)};
    case 18:
        return {"HEXISTS", key, field(random)};
    case 19:
    case 20:
        return {"HINCRBY", key, field(random), any_integer(random)};
    case 21:
    case 22:
        return {"HINCRBYFLOAT", key, field(random), any_value(random)};
    case 23:
        return random_fields(random);
    case 24:
        return random.one_in(10) ? wrong_cursor(random) : scan(random);
    default:
        return whole(random);
    }
}

} // namespace lk
