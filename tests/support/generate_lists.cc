/* generate_lists.cc — commands on lists, small ones and such as have left one listpack behind. */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

/* Few keys hold lists and few values are many, so that commands meet and find something. */
std::string list_key(Random &random)
{
    static const std::vector<std::string> keys = {"l:1", "l:2", "l:3", "{tag}l"};
    return random.one_in(12) ? any_key(random) : random.pick(keys);
}

std::string element(Random &random)
{
    static const std::vector<std::string> common = {"a", "b", "c", "1", "2", "-7", "", "007"};
    if (random.one_in(60))
        return std::string(1000 + random.below(9000), 'L');
    return random.one_in(3) ? any_value(random) : random.pick(common);
}

std::string end(Random &random)
{
    static const std::vector<std::string> words = {"LEFT", "RIGHT", "left", "right"};
    return random.one_in(40) ? "MIDDLE" : random.pick(words);
}

/* Short: the reference does wait, and nobody comes to push. */
std::string timeout(Random &random)
{
    static const std::vector<std::string> odd = {"-1", "x", "", "nan", "-0.5"};
    return random.one_in(4) ? random.pick(odd) : "0.01";
}

Args push(Random &random)
{
    static const std::vector<std::string> names = {"LPUSH", "RPUSH",  "LPUSH",
                                                   "RPUSH", "LPUSHX", "RPUSHX"};
    Args args = {random.pick(names), list_key(random)};
    size_t n = random.one_in(2) ? 1 : 1 + random.below(5);
    if (random.one_in(15))
        n = random.below(150);
    for (; n > 0; n--)
        args.push_back(element(random));
    return args;
}

Args pop(Random &random)
{
    Args args = {random.one_in(2) ? "LPOP" : "RPOP", list_key(random)};
    if (random.one_in(3))
        args.push_back(random.one_in(4) ? any_integer(random) : std::to_string(random.below(5)));
    return args;
}

/* numkeys key ... LEFT|RIGHT [COUNT n] */
void add_several(Random &random, Args &args)
{
    const size_t keys = 1 + random.below(3);
    args.push_back(random.one_in(15) ? any_integer(random) : std::to_string(keys));
    for (size_t i = 0; i < keys; i++)
        args.push_back(list_key(random));
    args.push_back(end(random));
    if (random.one_in(2))
        args.insert(args.end(),
                    {"COUNT", random.one_in(5) ? any_integer(random) : std::to_string(keys)});
}

Args position(Random &random)
{
    static const std::vector<std::string> options = {"RANK", "COUNT", "MAXLEN", "rank", "BOGUS"};
    Args args = {"LPOS", list_key(random), element(random)};
    for (size_t n = random.below(3); n > 0; n--)
        args.insert(args.end(),
                    {random.pick(options),
                     random.one_in(3) ? any_integer(random) : std::to_string(random.below(7))});
    return args;
}

std::string index(Random &random)
{
    if (random.one_in(10))
        return any_integer(random);
    return std::to_string(static_cast<int>(random.below(12)) - 5);
}

Args trim(Random &random)
{
    /* Mostly little: a stream that trims all away has nothing left to do. */
    const std::string first = std::to_string(random.below(3));
    const std::string last = std::to_string(-1 - static_cast<int>(random.below(3)));
    if (random.one_in(4))
        return {"LTRIM", list_key(random), index(random), index(random)};
    return {"LTRIM", list_key(random), first, last};
}

Args blocking(Random &random)
{
    switch (random.below(4)) {
    case 0:
        return {random.one_in(2) ? "BLPOP" : "BRPOP", list_key(random), list_key(random),
                timeout(random)};
    case 1: {
        Args args = {"BLMPOP", timeout(random)};
        add_several(random, args);
        return args;
    }
    case 2:
        return {"BLMOVE",    list_key(random), list_key(random),
                end(random), end(random),      timeout(random)};
    default:
        return {"BRPOPLPUSH", list_key(random), list_key(random), timeout(random)};
    }
}

Args limits(Random &random)
{
    static const std::vector<std::string> sizes = {"-2", "-1", "1", "2", "5", "20"};
    return {"CONFIG", "SET", "list-max-listpack-size", random.pick(sizes)};
}

} // namespace

Args next_list(Random &random)
{
    const std::string key = list_key(random);
    switch (random.below(40)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return pop(random);
    case 4:
    case 5:
        return {"LRANGE", key, index(random), index(random)};
    case 6:
        return {"LRANGE", key, "0", "-1"};
    case 7:
        return {"LLEN", key};
    case 8:
        return {"LINDEX", key, index(random)};
    case 9:
    case 10:
        return {"LSET", key, index(random), element(random)};
    case 11:
    case 12:
        return {"LINSERT", key, random.one_in(2) ? "BEFORE" : "after", element(random),
                element(random)};
    case 13:
        return {"LREM", key, index(random), element(random)};
    case 14:
    case 15:
        return trim(random);
    case 16:
    case 17:
        return position(random);
    case 18:
    case 19:
    case 20:
        return {"LMOVE", key, list_key(random), end(random), end(random)};
    case 21:
        return {"RPOPLPUSH", key, list_key(random)};
    case 22:
    case 23: {
        Args args = {"LMPOP"};
        add_several(random, args);
        return args;
    }
    case 24:
        return random.one_in(2) ? blocking(random) : push(random);
    case 25:
        return {"OBJECT", "ENCODING", key};
    case 26:
        return {"DEBUG", "DIGEST-VALUE", key, list_key(random)};
    case 27:
        return {"COPY", key, list_key(random), "REPLACE"};
    case 28:
        return random.one_in(3) ? limits(random) : Args{"TYPE", key};
    case 29:
        return random.one_in(4) ? Args{"DEL", key} : Args{"RENAME", key, list_key(random)};
    default:
        return push(random);
    }
}

} // namespace lk
