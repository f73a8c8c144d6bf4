/* generate.cc — the words that all families share, and the spoiling of commands. */
#include "tests/support/generate.h"

#include <algorithm>
#include <cctype>
#include <strings.h>

namespace lk
{

using namespace std::string_literals;

std::string any_key(Random &random)
{
    static const std::vector<std::string> keys = {
        "a",      "b",      "c",      "d", "key:1",          "key:2",
        "key:10", "{tag}x", "{tag}y", "",  "bin\0\r\n\xff"s, std::string(300, 'k')};
    return random.pick(keys);
}

std::string any_integer(Random &random)
{
    static const std::vector<std::string> numbers = {"0",
                                                     "1",
                                                     "-1",
                                                     "2",
                                                     "10",
                                                     "-10",
                                                     "100",
                                                     "12345",
                                                     "9999",
                                                     "10000",
                                                     "2147483648",
                                                     "9223372036854775807",
                                                     "-9223372036854775808",
                                                     "9223372036854775808",
                                                     "-9223372036854775809",
                                                     "",
                                                     " 1",
                                                     "1 ",
                                                     "+1",
                                                     "01",
                                                     "-0",
                                                     "1.0",
                                                     "0x10",
                                                     "abc",
                                                     "1e3"};
    if (random.one_in(3))
        return random.pick(numbers);
    return std::to_string(static_cast<int64_t>(random.below(40)) - 20);
}

std::string any_value(Random &random)
{
    static const std::vector<std::string> values = {"",
                                                    "v",
                                                    "hello world",
                                                    "3.0",
                                                    "1.5",
                                                    "-2.25",
                                                    "1e10",
                                                    "5e-3",
                                                    "inf",
                                                    "-inf",
                                                    "nan",
                                                    "0.1",
                                                    "1.7976931348623157e308",
                                                    "3.141592653589793238462643",
                                                    " 1.5",
                                                    "1.5 ",
                                                    "\0\x01\xfe\r\n"s,
                                                    std::string(43, 'x'),
                                                    std::string(44, 'x'),
                                                    std::string(45, 'x'),
                                                    std::string(64, 'y'),
                                                    std::string(1000, 'z'),
                                                    "ohmytext",
                                                    "mynewtext",
                                                    std::string(20, '7'),
                                                    "00000000000000000001"};
    if (random.one_in(2))
        return any_integer(random);
    return random.pick(values);
}

std::string far_seconds(Random &random)
{
    return std::to_string(1000 + random.below(100'000'000));
}

std::string deadline_seconds(Random &random)
{
    return std::to_string(10'000'000'000 + random.below(1'000'000));
}

std::string spoilt_time(Random &random)
{
    static const std::vector<std::string> times = {"0",
                                                   "-1",
                                                   "-100",
                                                   "abc",
                                                   "",
                                                   "1.5",
                                                   "9223372036854775807",
                                                   "-9223372036854775808",
                                                   "9223372036854775808",
                                                   "9223372036854775",
                                                   "9223372036854776",
                                                   "-9223372036854775"};
    return random.pick(times);
}

namespace
{

/*
 * What 7.0 does otherwise and later commands would show: LREM takes a count that has no opposite,
 * and a score of -0 is one of 0 or not by how the set is kept.
 */
void leave_out_other_states(Args &args)
{
    if (args[0] == "LREM" && args.size() > 2 && args[2] == "-9223372036854775808")
        args[2] = "-1";
    if (args[0][0] == 'Z')
        std::replace(args.begin(), args.end(), std::string("-0"), std::string("0"));
}

/* A client's mistakes: a letter's case, an argument too few, too many, or wrong. */
void spoil(Random &random, Args &args)
{
    const bool pops = args[0] == "SPOP";
    /* Since 7.2 these may have one argument more, so MULTI takes what 7.0 refuses. */
    const bool ranks = args[0] == "ZRANK" || args[0] == "ZREVRANK";
    if (random.one_in(8)) {
        for (char &c : args[0])
            c = random.one_in(2) ? static_cast<char>(toupper(static_cast<unsigned char>(c))) : c;
    }
    /* SCAN from a made-up cursor, and SPOP of less than all, may rightly answer anything. */
    const bool follows_cursor = std::find(args.begin(), args.end(), "@all") != args.end();
    if (!random.one_in(25) || follows_cursor || pops)
        return;
    switch (random.below(3)) {
    case 0:
        args.pop_back();
        break;
    case 1:
        args.push_back(random.one_in(2) ? "bogus" : any_key(random));
        if (ranks)
            args.pop_back();
        break;
    default:
        if (args.size() > 1)
            args.pop_back();
        args.push_back("");
        break;
    }
    if (args.empty())
        args.push_back("nosuchcommand");
}

Args next_mixed(Random &random)
{
    using Next = Args (*)(Random &);
    static const std::vector<Next> all = {next_key,  next_session, next_transaction, next_list,
                                          next_hash, next_set,     next_zset,        next_bits,
                                          next_geo,  next_string,  next_stream};
    Args args = random.pick(all)(random);
    /* The reference makes a key for a field that then fails, and who watches it is not told. */
    if (args[0] == "BITFIELD")
        for (std::string &word : args)
            if (strcasecmp(word.c_str(), "fail") == 0)
                word = "SAT";
    return args;
}

} // namespace

const std::vector<Family> &families()
{
    static const std::vector<Family> all = {
        // clang-format off
        {"Strings", next_string, 1},
        {"Keys", next_key, 1},
        {"Sessions", next_session, 1},
        {"Transactions", next_transaction, 3},
        {"Lists", next_list, 1},
        {"Hashes", next_hash, 1},
        {"Sets", next_set, 1},
        {"SortedSets", next_zset, 1},
        {"Sorting", next_sort, 1},
        {"Bitmaps", next_bits, 1},
        {"Geo", next_geo, 1},
        {"HyperLogLogs", next_hll, 1},
        {"Streams", next_stream, 1},
        {"Groups", next_group, 1},
        {"Mixed", next_mixed, 3},
        // clang-format on
    };
    return all;
}

namespace
{

/*
 * Servers differ in what becomes of a transaction with MULTI or WATCH inside, by version: so EXEC
 * comes instead.  in_multi is of the connection.
 */
void end_before_nesting(Args &args, bool &in_multi)
{
    const auto is = [&](const char *word) {
        return !args.empty() && strcasecmp(args[0].c_str(), word) == 0;
    };
    if (in_multi && (is("multi") || is("watch")))
        args = {"EXEC"};
    if (is("multi"))
        in_multi = args.size() == 1;
    else if (is("exec") || is("reset") || (is("discard") && args.size() == 1))
        in_multi = false;
}

} // namespace

Session random_session(const Family &family, uint64_t seed, size_t steps)
{
    Random random(seed);
    Session session;
    bool in_multi[kConns] = {};
    for (size_t i = 0; i < steps; i++) {
        Step step;
        step.conn = static_cast<int>(random.below(static_cast<size_t>(family.conns)));
        step.args = family.next(random);
        leave_out_other_states(step.args);
        spoil(random, step.args);
        end_before_nesting(step.args, in_multi[step.conn]);
        session.push_back(std::move(step));
    }
    return session;
}

} // namespace lk
