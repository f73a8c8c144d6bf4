/* generate_bits.cc — every bitmap command, on short strings and on some that are cut into chunks.
 */
#include "tests/support/generate.h"

namespace lk
{

namespace
{

/* Longer than a string may be before it is cut, and the same for each seed. */
constexpr size_t kLongBytes = 420'000;

/* The first ones are everybody's and stay short, as other families do more than linear work. */
std::string short_key(Random &random)
{
    static const std::vector<std::string> keys = {"a", "b", "c", "d", "key:1", "{tag}x"};
    return random.pick(keys);
}

std::string long_key(Random &random)
{
    static const std::vector<std::string> keys = {"bits:1", "bits:2", "bits:3", "bits:4"};
    return random.pick(keys);
}

struct Place {
    std::string key;
    size_t bytes; /* how far offsets may reach */
};

Place any_place(Random &random)
{
    if (random.one_in(3))
        return {long_key(random), kLongBytes};
    return {short_key(random), 200};
}

/* Half of the bytes in a string are zeros or ones, so that positions lie far apart. */
std::string any_bytes(Random &random)
{
    static const std::vector<size_t> sizes = {0, 1, 2, 7, 8, 9, 31, 44, 45, 64, 100, 255, 600};
    const size_t size = random.pick(sizes);
    std::string bytes(size, random.one_in(2) ? '\0' : '\xff');
    if (random.one_in(2))
        for (char &c : bytes)
            c = static_cast<char>(random.below(256));
    return bytes;
}

/* Near the borders of chunks as often as anywhere else. */
size_t byte_offset(Random &random, size_t bytes)
{
    constexpr size_t kChunk = 64 * 1024 - 32;
    if (bytes < kChunk || random.one_in(3))
        return random.below(bytes < 1000 || random.one_in(2) ? 200 : bytes);
    const size_t border =
        random.one_in(2) ? 256 * 1024 : kChunk * (1 + random.below(bytes / kChunk));
    return border + random.below(24) - 12;
}

std::string bit_offset(Random &random, size_t bytes)
{
    static const std::vector<std::string> odd = {
        "-1", "x", "", "4294967296", "9223372036854775807", "1.5", " 1", "#1", "01"};
    if (random.one_in(25))
        return random.pick(odd);
    return std::to_string(byte_offset(random, bytes) * 8 + random.below(8));
}

/* Reading may reach as far as a string could. */
std::string read_offset(Random &random, size_t bytes)
{
    return random.one_in(20) ? "4294967295" : bit_offset(random, bytes);
}

std::string bit(Random &random)
{
    static const std::vector<std::string> odd = {"2", "-1", "x", "", "01", "1 "};
    return random.one_in(25) ? random.pick(odd) : std::to_string(random.below(2));
}

std::string range_end(Random &random, size_t bytes)
{
    if (random.one_in(8))
        return any_integer(random);
    const auto at = static_cast<int64_t>(byte_offset(random, bytes) * (random.one_in(2) ? 8 : 1));
    return std::to_string(random.one_in(3) ? -at : at);
}

/* Up to two ends, and a unit behind them; now and then it does not fit together. */
void add_range(Random &random, Args &args, size_t bytes)
{
    static const std::vector<std::string> units = {"BYTE", "BIT", "bit", "byte", "bits"};
    const size_t n = random.below(4);
    for (size_t i = 0; i < n && i < 2; i++)
        args.push_back(range_end(random, bytes));
    if (n == 3)
        args.push_back(random.pick(units));
}

Args bitcount(Random &random)
{
    const Place place = any_place(random);
    Args args = {"BITCOUNT", place.key};
    add_range(random, args, place.bytes);
    return args;
}

Args bitpos(Random &random)
{
    const Place place = any_place(random);
    Args args = {"BITPOS", place.key, bit(random)};
    add_range(random, args, place.bytes);
    return args;
}

Args bitop(Random &random)
{
    static const std::vector<std::string> names = {"AND", "OR", "XOR", "NOT", "and", "nand"};
    Args args = {"BITOP", random.pick(names)};
    const bool far = random.one_in(3);
    const auto key = [&] { return far ? any_place(random).key : short_key(random); };
    args.push_back(far ? long_key(random) : short_key(random));
    const bool one = args[1] == "NOT" && !random.one_in(10);
    for (size_t n = one ? 1 : 1 + random.below(5); n > 0; n--)
        args.push_back(random.one_in(12) ? "none" : key());
    return args;
}

std::string field_type(Random &random)
{
    static const std::vector<std::string> odd = {"u64", "i65", "u0", "i0", "U8",
                                                 "8",   "",    "u",  "ix"};
    static const std::vector<std::string> usual = {"u8",  "i8", "u1",  "i64",
                                                   "u63", "i1", "u16", "i5"};
    if (random.one_in(40))
        return random.pick(odd);
    if (random.one_in(2))
        return random.pick(usual);
    const bool is_signed = random.one_in(2);
    return (is_signed ? "i" : "u") + std::to_string(1 + random.below(is_signed ? 64 : 63));
}

std::string operand(Random &random)
{
    if (random.one_in(3))
        return any_integer(random);
    const int64_t power = int64_t{1} << random.below(63);
    const int64_t around = power + static_cast<int64_t>(random.below(5)) - 2;
    return std::to_string(random.one_in(2) ? -around : around);
}

std::string field_offset(Random &random, size_t bytes, bool write)
{
    if (bytes < 1000 && random.one_in(3))
        return "#" + std::to_string(random.below(20));
    return write ? bit_offset(random, bytes) : read_offset(random, bytes);
}

Args bitfield(Random &random, const char *name)
{
    static const std::vector<std::string> words = {"GET",    "SET",      "INCRBY",   "INCRBY",
                                                   "incrby", "OVERFLOW", "OVERFLOW", "get"};
    static const std::vector<std::string> overflows = {"WRAP", "SAT", "FAIL", "sat", "fail"};
    const Place place = any_place(random);
    const bool reads = name[8] == '_' && !random.one_in(10);
    Args args = {name, place.key};
    for (size_t n = random.below(6); n > 0; n--) {
        const std::string word = reads ? "GET" : random.pick(words);
        const bool write = word == "SET" || word == "INCRBY" || word == "incrby";
        args.push_back(word);
        if (word == "OVERFLOW") {
            args.push_back(random.one_in(30) ? "none" : random.pick(overflows));
            continue;
        }
        args.push_back(field_type(random));
        args.push_back(field_offset(random, place.bytes, write));
        if (write)
            args.push_back(operand(random));
    }
    return args;
}

/* Something for the others to work on. */
Args string_command(Random &random)
{
    const Place place = any_place(random);
    const std::string key = random.one_in(2) ? place.key : short_key(random);
    switch (random.below(10)) {
    case 0:
        return {"SET", key, any_bytes(random)};
    case 1:
        return {"SET", key, any_integer(random)};
    case 2:
        return {"SETRANGE", place.key, std::to_string(byte_offset(random, place.bytes)),
                any_bytes(random)};
    case 3:
        return {"APPEND", place.key, any_bytes(random)};
    case 4:
        return {"GET", short_key(random)};
    case 5:
        return {"GETRANGE", long_key(random), std::to_string(byte_offset(random, kLongBytes)),
                std::to_string(byte_offset(random, kLongBytes))};
    case 6:
        return {"OBJECT", "ENCODING", key};
    case 7:
        return {"COPY", long_key(random), long_key(random), "REPLACE"};
    case 8:
        return random.one_in(2) ? Args{"EXPIRE", key, far_seconds(random)} : Args{"TTL", key};
    default:
        return random.one_in(3) ? Args{"DEL", key} : Args{"STRLEN", key};
    }
}

} // namespace

Args next_bits(Random &random)
{
    const Place place = any_place(random);
    switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
        return {"SETBIT", place.key, bit_offset(random, place.bytes), bit(random)};
    case 3:
    case 4:
        return {"GETBIT", place.key, read_offset(random, place.bytes)};
    case 5:
    case 6:
        return bitcount(random);
    case 7:
    case 8:
        return bitpos(random);
    case 9:
    case 10:
        return bitop(random);
    case 11:
    case 12:
        return bitfield(random, "BITFIELD");
    case 13:
        return bitfield(random, "BITFIELD_RO");
    default:
        return string_command(random);
    }
}

} // namespace lk
