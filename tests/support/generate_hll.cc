/*
 * generate_hll.cc — HyperLogLogs, and strings that are nearly some.
 *
 * Every few commands a key is read whole, so that the bytes are compared and not only the counts.
 * A run that is cut off by the end of its string is never made: what the reference reads behind
 * the end depends on what lay there before.
 */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

using namespace std::string_literals;

constexpr size_t kRegisters = 16384, kPackedBytes = 12288;

std::string hll_key(Random &random)
{
    static const std::vector<std::string> keys = {"h:1", "h:2", "h:3", "h:4", "h:5", ""};
    return random.pick(keys);
}

std::string hll_header(Random &random, char form)
{
    std::string header = "HYLL"s + form + "\0\0\0"s;
    if (random.one_in(8))
        header[5 + random.below(3)] = 'x';
    header += std::string(1, static_cast<char>(random.below(256))) + std::string(6, '\0');
    return header + (random.one_in(2) ? '\0' : '\x80');
}

/* A run of at most this many registers, and how many it has. */
std::string any_run(Random &random, size_t most, size_t *length)
{
    const auto limit = [&](size_t n) { return *length = std::min(most, 1 + random.below(n)); };
    switch (random.below(4)) {
    case 0:
        return std::string(1, static_cast<char>(limit(64) - 1));
    case 1: {
        static const std::vector<size_t> sizes = {1, 2, 64, 66, 300, 5000};
        const size_t n = limit(random.pick(sizes)) - 1;
        return {static_cast<char>(0x40 | n >> 8), static_cast<char>(n)};
    }
    default: {
        static const std::vector<size_t> ranks = {1, 1, 1, 2, 2, 3, 31, 32};
        const size_t n = limit(4) - 1;
        return std::string(1, static_cast<char>(0x80 | (random.pick(ranks) - 1) << 2 | n));
    }
    }
}

bool is_cut_off(const std::string &runs)
{
    size_t at = 0;
    while (at < runs.size())
        at += (runs[at] & 0xc0) == 0x40 ? 2 : 1;
    return at > runs.size();
}

/* Runs that need not be those that a server would make of these registers; at times broken. */
std::string any_runs(Random &random)
{
    std::string runs;
    for (size_t n = 0, length; n < kRegisters; n += length)
        runs += any_run(random, kRegisters - n, &length);
    std::string spoilt = runs;
    switch (random.below(6)) {
    case 0:
        spoilt.resize(random.below(runs.size() + 1));
        break;
    case 1:
        spoilt[random.below(runs.size())] = static_cast<char>(random.below(256));
        break;
    case 2:
        spoilt.insert(random.below(runs.size() + 1), 1, static_cast<char>(random.below(256)));
        break;
    default:
        break;
    }
    return is_cut_off(spoilt) ? runs : spoilt;
}

std::string any_hll(Random &random)
{
    if (!random.one_in(5))
        return hll_header(random, '\1') + any_runs(random);
    std::string packed;
    if (random.one_in(3))
        packed.assign(kPackedBytes, static_cast<char>(random.one_in(2) ? 0 : 0xff));
    while (packed.size() < kPackedBytes)
        packed += static_cast<char>(random.below(256));
    packed.back() &= 0x3f; /* no long run begins here, should the form be changed */
    return hll_header(random, '\0') + packed;
}

std::string element(Random &random)
{
    static const std::vector<size_t> ranges = {10, 10, 1000, 1'000'000};
    return random.one_in(30) ? any_value(random)
                             : std::to_string(random.below(random.pick(ranges)));
}

Args pfadd(Random &random)
{
    static const std::vector<size_t> counts = {0, 1, 1, 1, 2, 3, 10, 60, 400};
    Args args = {"PFADD", hll_key(random)};
    for (size_t n = random.pick(counts); n > 0; n--)
        args.push_back(element(random));
    return args;
}

Args several(Random &random, const char *name)
{
    Args args = {name};
    for (size_t n = 1 + random.below(4); n > 0; n--)
        args.push_back(hll_key(random));
    return args;
}

/* Only the header is written into: behind it a long run might be cut off. */
Args write_header(Random &random)
{
    const size_t at = random.one_in(2) ? 4 : random.below(16);
    const char byte = static_cast<char>(random.one_in(2) ? random.below(3) : random.below(256));
    return {"SETRANGE", hll_key(random), std::to_string(at), std::string(1, byte)};
}

Args append(Random &random)
{
    static const std::vector<std::string> tails = {"\0"s, "\x80", "\xff\x83\x3f"};
    return {"APPEND", hll_key(random), random.pick(tails)};
}

Args set_limit(Random &random)
{
    static const std::vector<std::string> limits = {"0",   "16",   "18",   "20",   "24",   "40",
                                                    "100", "1000", "3000", "3000", "20000"};
    return {"CONFIG", "SET", "hll-sparse-max-bytes", random.pick(limits)};
}

} // namespace

Args next_hll(Random &random)
{
    static const std::vector<std::string> words = {"GETREG",   "decode",  "DECODE",
                                                   "ENCODING", "todense", "bogus"};
    switch (random.below(24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        return pfadd(random);
    case 7:
    case 8:
        return {"PFCOUNT", hll_key(random)};
    case 9:
        return several(random, "PFCOUNT");
    case 10:
    case 11:
        return several(random, "PFMERGE");
    case 12:
        return {"PFDEBUG", random.pick(words), hll_key(random)};
    case 13:
        return set_limit(random);
    case 14:
        return random.one_in(2) ? write_header(random) : append(random);
    case 15:
        return {"SET", hll_key(random), any_hll(random)};
    case 16:
        return {"OBJECT", "ENCODING", hll_key(random)};
    case 17:
        return random.one_in(2) ? Args{"DEL", hll_key(random)}
                                : Args{"SET", hll_key(random), any_value(random)};
    case 18:
        return random.one_in(2) ? Args{"COPY", hll_key(random), hll_key(random), "REPLACE"}
                                : Args{"EXPIRE", hll_key(random), far_seconds(random)};
    default:
        return {"GET", hll_key(random)};
    }
}

} // namespace lk
