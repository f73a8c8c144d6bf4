/*
 * generate_streams.cc — commands on streams, most of which have several blocks.
 *
 * Most entries are added as "1-*", so that they go behind what is there whatever that is; now and
 * then a higher time comes, and then a stream takes nothing until it is deleted or set back.
 */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

std::string stream_key(Random &random)
{
    static const std::vector<std::string> keys = {"x:1", "x:2", "{tag}x"};
    return random.one_in(20) ? any_key(random) : random.pick(keys);
}

std::string odd_id(Random &random)
{
    static const std::vector<std::string> odd = {"0",
                                                 "0-0",
                                                 "0-1",
                                                 "x",
                                                 "",
                                                 "5-",
                                                 "-5",
                                                 " 1-5",
                                                 "+1",
                                                 "1--1",
                                                 "01-007",
                                                 "1-*",
                                                 "(1-5",
                                                 "18446744073709551615",
                                                 "18446744073709551616",
                                                 "18446744073709551615-18446744073709551615"};
    return random.pick(odd);
}

std::string id(Random &random)
{
    if (random.one_in(12))
        return odd_id(random);
    const std::string ms = random.one_in(8) ? std::to_string(random.below(4)) : "1";
    return random.one_in(15) ? ms : ms + "-" + std::to_string(random.below(80));
}

std::string end(Random &random, const char *all)
{
    if (random.one_in(3))
        return all;
    return (random.one_in(4) ? "(" : "") + id(random);
}

std::string new_id(Random &random)
{
    if (random.one_in(25))
        return id(random);
    if (random.one_in(40))
        return std::to_string(2 + random.below(3)) + "-*";
    return "1-*";
}

void add_trimming(Random &random, Args &args)
{
    const bool by_id = random.one_in(2);
    args.emplace_back(by_id ? "MINID" : "maxlen");
    const size_t sign = random.below(4);
    if (sign < 3)
        args.emplace_back(sign == 0 ? "=" : "~");
    if (random.one_in(12))
        args.push_back(any_integer(random));
    else
        args.push_back(by_id ? id(random) : std::to_string(random.below(40)));
    if (random.one_in(sign == 1 || sign == 2 ? 3 : 30))
        args.insert(args.end(), {"LIMIT", random.one_in(10) ? any_integer(random)
                                                            : std::to_string(random.below(20))});
}

/* Mostly the same fields in the same order, as streams have them. */
void add_pairs(Random &random, Args &args)
{
    static const std::vector<std::string> fields = {"f", "temp", "7", "-1", ""};
    const size_t n = random.one_in(4) ? 1 + random.below(6) : 2;
    for (size_t i = 0; i < n; i++) {
        args.push_back(random.one_in(6) ? random.pick(fields) : fields[i % fields.size()]);
        args.push_back(random.one_in(4) ? any_value(random) : std::to_string(random.below(500)));
    }
}

Args add(Random &random)
{
    Args args = {"XADD", stream_key(random)};
    if (random.one_in(15))
        args.emplace_back("NOMKSTREAM");
    if (random.one_in(8))
        add_trimming(random, args);
    args.push_back(new_id(random));
    add_pairs(random, args);
    return args;
}

Args trim(Random &random)
{
    Args args = {"XTRIM", stream_key(random)};
    add_trimming(random, args);
    return args;
}

Args range(Random &random)
{
    const bool backward = random.one_in(2);
    Args args = {backward ? "XREVRANGE" : "XRANGE", stream_key(random),
                 end(random, backward ? "+" : "-"), end(random, backward ? "-" : "+")};
    if (random.one_in(3))
        args.insert(args.end(), {"COUNT", random.one_in(6) ? any_integer(random)
                                                           : std::to_string(1 + random.below(9))});
    return args;
}

/* Waits are short: nobody comes to add. */
Args read(Random &random)
{
    static const std::vector<std::string> timeouts = {"1", "5", "1", "-1", "x", "0.5"};
    Args args = {"XREAD"};
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", random.one_in(8) ? any_integer(random)
                                                           : std::to_string(1 + random.below(9))});
    if (random.one_in(6))
        args.insert(args.end(), {"BLOCK", random.pick(timeouts)});
    args.emplace_back("STREAMS");
    const size_t n = 1 + random.below(3);
    for (size_t i = 0; i < n; i++)
        args.push_back(stream_key(random));
    for (size_t i = 0; i < n; i++)
        args.push_back(random.one_in(8) ? "$" : id(random));
    return args;
}

Args erase(Random &random)
{
    Args args = {"XDEL", stream_key(random)};
    for (size_t n = 1 + random.below(4); n > 0; n--)
        args.push_back(id(random));
    return args;
}

/*
 * Mostly back to where "1-*" is above, which only a stream without entries allows.  Its stream is
 * one that nothing is deleted from: since 7.2 that sets a limit to how far back.
 */
Args set_id(Random &random)
{
    if (random.one_in(4))
        return {"XADD", "setid", "MAXLEN", random.one_in(2) ? "0" : "2", "1-*", "f", "v"};
    Args args = {"XSETID", "setid", random.one_in(3) ? id(random) : "1-0"};
    if (random.one_in(4))
        args.insert(args.end(), {"ENTRIESADDED", any_integer(random)});
    return args;
}

/* A group that reads while entries come and go. */
Args group(Random &random)
{
    const std::string key = stream_key(random), name = random.one_in(3) ? "h" : "g";
    if (random.one_in(4))
        return {"XGROUP", "CREATE", key, name, random.one_in(2) ? "0" : id(random)};
    Args args = {"XREADGROUP", "GROUP", name, random.one_in(2) ? "alice" : "bob"};
    if (random.one_in(2))
        args.insert(args.end(), {"COUNT", std::to_string(1 + random.below(9))});
    if (random.one_in(6))
        args.emplace_back("NOACK");
    args.insert(args.end(), {"STREAMS", key, random.one_in(2) ? ">" : id(random)});
    return args;
}

Args limits(Random &random)
{
    static const std::vector<std::string> entries = {"1", "2", "3", "5", "5", "100", "0"};
    static const std::vector<std::string> bytes = {"4096", "4096", "60", "200", "0"};
    if (random.one_in(2))
        return {"CONFIG", "SET", "stream-node-max-entries", random.pick(entries)};
    return {"CONFIG", "SET", "stream-node-max-bytes", random.pick(bytes)};
}

} // namespace

Args next_stream(Random &random)
{
    const std::string key = stream_key(random);
    switch (random.below(42)) {
    case 0:
    case 1:
    case 2:
        return trim(random);
    case 3:
    case 4:
    case 5:
        return range(random);
    case 6:
        return {"XRANGE", key, "-", "+"};
    case 7:
        return {"XLEN", key};
    case 8:
    case 9:
    case 10:
        return erase(random);
    case 11:
    case 12:
    case 13:
        return read(random);
    case 14:
        return set_id(random);
    case 15:
        return limits(random);
    case 20:
    case 21:
        return group(random);
    case 16:
        return {"DEBUG", "DIGEST-VALUE", key, stream_key(random)};
    case 17:
        return {"COPY", key, stream_key(random), "REPLACE"};
    case 18:
        return random.one_in(2) ? Args{"TYPE", key} : Args{"OBJECT", "ENCODING", key};
    case 19:
        return random.one_in(3) ? Args{"DEL", key} : Args{"XLEN", key};
    default:
        return add(random);
    }
}

} // namespace lk
