/* compare.cc — the table of allowed differences. */
#include "tests/support/compare.h"

#include "core/base/bytes.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

namespace lk
{

namespace
{

using Same = bool (*)(const Reply &want, const Reply &got, int64_t slack_ms);

/* Both past `far` count as the same: a record keeps 48 bits of deadline, up to the year 6429. */
bool near(const Reply &want, const Reply &got, int64_t tolerance, int64_t far)
{
    if (want.type != ':' || got.type != ':')
        return want.raw == got.raw;
    const int64_t a = strtoll(want.text.c_str(), nullptr, 10);
    const int64_t b = strtoll(got.text.c_str(), nullptr, 10);
    if (a < 0 || b < 0)
        return a == b;
    if (a > far && b > far)
        return true;
    return (a < b ? b - a : a - b) <= tolerance;
}

bool near_seconds(const Reply &want, const Reply &got, int64_t slack_ms)
{
    return near(want, got, 1 + slack_ms / 1000, 100'000'000'000);
}

bool near_milliseconds(const Reply &want, const Reply &got, int64_t slack_ms)
{
    return near(want, got, 50 + slack_ms, 100'000'000'000'000);
}

bool same_members(const Reply &want, const Reply &got, int64_t)
{
    /* A SCAN inside EXEC: its cursor cannot be followed. */
    if (want.items.size() == 2 && want.items[1].type == '*')
        return got.items.size() == 2 && got.items[1].type == '*';
    if (want.type != got.type || want.items.size() != got.items.size() || want.null != got.null)
        return false;
    if (want.items.empty())
        return want.raw == got.raw;
    std::vector<std::string> a, b;
    for (const Reply &item : want.items)
        a.push_back(item.raw);
    for (const Reply &item : got.items)
        b.push_back(item.raw);
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
}

/* Where 17 digits are printed, the fewest that mean the same double, as since 7.2. */
std::string shortest(const std::string &text)
{
    char *end = nullptr;
    const double value = strtod(text.c_str(), &end);
    char digits[DOUBLE_CHARS];
    snprintf(digits, sizeof digits, "%.17g", value);
    if (text.empty() || *end || text != digits)
        return text;
    return std::string(digits, double_to_chars(value, digits));
}

/* The reply's bytes with every double in its shortest form. */
std::string with_short_doubles(const Reply &r)
{
    if (r.type == ',')
        return "," + shortest(r.text) + "\r\n";
    if (r.type == '$' && !r.null) {
        const std::string text = shortest(r.text);
        return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
    if (r.items.empty())
        return r.raw;
    std::string out = r.raw.substr(0, r.raw.find('\n') + 1);
    for (const Reply &item : r.items)
        out += with_short_doubles(item);
    return out;
}

bool same_scores(const Reply &want, const Reply &got, int64_t)
{
    return with_short_doubles(want) == got.raw;
}

bool same_scored_members(const Reply &want, const Reply &got, int64_t)
{
    if (want.items.size() == 2 && want.items[1].type == '*')
        return got.items.size() == 2 && got.items[1].type == '*';
    std::vector<std::string> a, b;
    for (const Reply &item : want.items)
        a.push_back(with_short_doubles(item));
    for (const Reply &item : got.items)
        b.push_back(with_short_doubles(item));
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return want.type == got.type && a == b;
}

/* Fields with their values, in any order. */
bool same_pairs(const Reply &want, const Reply &got, int64_t)
{
    if (want.type != got.type || want.items.size() != got.items.size() || want.items.empty())
        return want.raw == got.raw;
    std::vector<std::string> a, b;
    for (size_t i = 0; i + 1 < want.items.size(); i += 2) {
        a.push_back(want.items[i].raw + want.items[i + 1].raw);
        b.push_back(got.items[i].raw + got.items[i + 1].raw);
    }
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
}

bool same_shape(const Reply &want, const Reply &got, int64_t slack_ms)
{
    if (want.type != got.type || want.null != got.null || want.items.size() != got.items.size())
        return false;
    for (size_t i = 0; i < want.items.size(); i++)
        if (!same_shape(want.items[i], got.items[i], slack_ms))
            return false;
    return want.type != '-' || want.raw == got.raw;
}

bool same_or_both_refused(const Reply &want, const Reply &got, int64_t)
{
    return want.raw == got.raw || (want.type == '-' && got.type == '-');
}

bool same_or_one_refused(const Reply &want, const Reply &got, int64_t)
{
    return want.type == '-' || got.type == '-' || same_members(want, got, 0);
}

bool same_presence(const Reply &want, const Reply &got, int64_t)
{
    return want.null ? want.raw == got.raw : want.type == got.type && !got.null;
}

bool same_type(const Reply &want, const Reply &got, int64_t)
{
    return want.type == '-' ? want.raw == got.raw : want.type == got.type && want.null == got.null;
}

bool same_hello(const Reply &want, const Reply &got, int64_t)
{
    if (want.type != got.type || want.items.size() != got.items.size() || want.items.empty())
        return want.raw == got.raw;
    for (size_t i = 0; i + 1 < want.items.size(); i += 2) {
        const std::string &field = want.items[i].text;
        const bool own = field == "server" || field == "version" || field == "id";
        if (want.items[i].raw != got.items[i].raw ||
            (own ? want.items[i + 1].type != got.items[i + 1].type
                 : want.items[i + 1].raw != got.items[i + 1].raw))
            return false;
    }
    return true;
}

std::map<std::string, std::string> client_fields(const std::string &line)
{
    std::map<std::string, std::string> fields;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
        const size_t at = word.find('=');
        fields[word.substr(0, at)] = at == std::string::npos ? "" : word.substr(at + 1);
    }
    return fields;
}

bool same_client(const Reply &want, const Reply &got, int64_t)
{
    if (want.type != got.type || want.type == '-')
        return want.raw == got.raw;
    std::map<std::string, std::string> a = client_fields(want.text), b = client_fields(got.text);
    for (const char *field : {"name", "db", "multi", "flags", "cmd", "user", "resp", "sub", "psub"})
        if (a[field] != b[field])
            return false;
    return true;
}

bool same_encoding(const Reply &want, const Reply &got, int64_t)
{
    const bool compact = got.text == "listpack" || got.text == "intset";
    return want.raw == got.raw || (want.text == "hashtable" && compact) ||
           (want.text == "quicklist" && got.text == "listpack");
}

/*
 * Rows whose second field is a distance, nearest or farthest first: those of one distance may come
 * in any order, and of the last distance any may have been cut off.
 */
bool same_distances(const Reply &want, const Reply &got, int64_t)
{
    if (want.raw == got.raw)
        return true;
    if (want.type != '*' || got.type != '*' || want.items.size() != got.items.size())
        return false;
    std::multiset<std::string> a, b;
    for (size_t i = 0; i < want.items.size(); i++) {
        const std::vector<Reply> &row = want.items[i].items, &other = got.items[i].items;
        if (row.size() < 2 || other.size() != row.size() || row[1].raw != other[1].raw)
            return false;
        if (row[1].raw == want.items.back().items[1].raw)
            continue;
        a.insert(want.items[i].raw);
        b.insert(got.items[i].raw);
    }
    return a == b;
}

/* A row of what is pending: how long ago it was delivered, or when, is one of its numbers. */
bool same_pending_row(const Reply &want, const Reply &got, size_t time, int64_t slack_ms)
{
    if (want.items.size() != got.items.size() || want.type != got.type)
        return false;
    for (size_t i = 0; i < want.items.size(); i++) {
        const Reply &a = want.items[i], &b = got.items[i];
        if (i == time ? !near_milliseconds(a, b, slack_ms) : a.raw != b.raw)
            return false;
    }
    return true;
}

bool same_pending(const Reply &want, const Reply &got, size_t fields, size_t time, int64_t slack_ms)
{
    if (want.type != got.type || want.items.size() != got.items.size())
        return false;
    for (size_t i = 0; i < want.items.size(); i++)
        if (want.items[i].items.size() != fields ||
            !same_pending_row(want.items[i], got.items[i], time, slack_ms))
            return false;
    return true;
}

bool same_xpending(const Reply &want, const Reply &got, int64_t slack_ms)
{
    return want.raw == got.raw || same_pending(want, got, 4, 2, slack_ms);
}

/* The value of a field in a map, or in an array that is one; NULL: it has no such field. */
const Reply *field_of(const Reply &map, const std::string &name)
{
    for (size_t i = 0; i + 1 < map.items.size(); i += 2)
        if (map.items[i].text == name)
            return &map.items[i + 1];
    return nullptr;
}

bool same_info(const Reply &want, const Reply &got, int64_t slack_ms, bool counted);

/* By their names; consumers that got nothing exist since 7.2, and not before. */
bool same_consumers(const Reply &want, const Reply &got, int64_t slack_ms, bool counted)
{
    size_t i = 0;
    for (const Reply &b : got.items) {
        const Reply *name = field_of(b, "name"), *pending = field_of(b, "pending");
        const bool idle = pending && (pending->text == "0" || pending->raw == "*0\r\n");
        if (!name)
            return false;
        if (i < want.items.size() && field_of(want.items[i], "name")->raw == name->raw) {
            if (!same_info(want.items[i++], b, slack_ms, counted))
                return false;
        } else if (!idle) {
            return false;
        }
    }
    return i == want.items.size();
}

bool same_items(const Reply &want, const Reply &got, int64_t slack_ms, bool counted)
{
    if (want.items.size() != got.items.size())
        return false;
    for (size_t i = 0; i < want.items.size(); i++)
        if (!same_info(want.items[i], got.items[i], slack_ms, counted))
            return false;
    return true;
}

bool same_info_field(const std::string &name, const Reply &a, const Reply &b, int64_t slack_ms,
                     bool counted)
{
    if (name == "radix-tree-nodes" || name == "radix-tree-keys" || name == "idle" ||
        name == "seen-time" || name == "inactive" || name == "active-time" ||
        (name == "consumers" && a.type == ':'))
        return a.type == b.type;
    if (name == "lag" || name == "entries-read")
        return !counted || a.raw == b.raw;
    if (name == "consumers")
        return same_consumers(a, b, slack_ms, counted);
    if (name == "groups" && a.type == '*')
        return same_items(a, b, slack_ms, counted);
    if (name == "pending" && a.type == '*')
        return a.raw == b.raw || same_pending(a, b, 4, 2, slack_ms) ||
               same_pending(a, b, 3, 1, slack_ms);
    return a.raw == b.raw;
}

/* Every field of the one must be in the other, which may have more. */
bool same_info(const Reply &want, const Reply &got, int64_t slack_ms, bool counted)
{
    if (want.type != got.type)
        return false;
    for (size_t i = 0; i + 1 < want.items.size(); i += 2) {
        const Reply *b = field_of(got, want.items[i].text);
        if (!b || !same_info_field(want.items[i].text, want.items[i + 1], *b, slack_ms, counted))
            return false;
    }
    return true;
}

bool same_xinfo(const Reply &want, const Reply &got, int64_t slack_ms, bool counted)
{
    if (want.raw == got.raw || want.type == '-' || want.items.empty())
        return want.raw == got.raw || (want.type == got.type && want.type == '*' &&
                                       same_consumers(want, got, slack_ms, counted));
    if (want.items[0].type == '$')
        return same_info(want, got, slack_ms, counted);
    return want.type == got.type &&
           (field_of(want.items[0], "idle") ? same_consumers(want, got, slack_ms, counted)
                                            : same_items(want, got, slack_ms, counted));
}

bool same_counted_xinfo(const Reply &want, const Reply &got, int64_t slack_ms)
{
    return same_xinfo(want, got, slack_ms, true);
}

bool same_uncounted_xinfo(const Reply &want, const Reply &got, int64_t slack_ms)
{
    return same_xinfo(want, got, slack_ms, false);
}

bool same_or_either(const Reply &want, const Reply &got, int64_t)
{
    return want.raw == got.raw || (want.raw == ":1\r\n" && got.raw == ":0\r\n");
}

struct Rule {
    const char *command; /* with its subcommand */
    Same same;
    const char *reason;
    const char *word = nullptr; /* only where this is among its arguments */
};

const Rule rules[] = {
    {"bitcount", same_or_one_refused, "since 7.4 words come before the key, and an end may lack"},
    {"bitpos", same_or_one_refused, "since 7.4 words are looked at before the key"},
    {"lpos", same_or_one_refused, "since 7.2 what has no opposite is refused",
     "-9223372036854775808"},
    {"lrem", same_or_one_refused, "since 7.2 what has no opposite is refused",
     "-9223372036854775808"},
    {"scan", same_or_one_refused, "since 7.4 a cursor has digits", ""},
    {"hscan", same_or_one_refused, "since 7.4 a cursor has digits", ""},
    {"sscan", same_or_one_refused, "since 7.4 a cursor has digits", ""},
    {"zscan", same_or_one_refused, "since 7.4 a cursor has digits", ""},
    {"scan", same_or_one_refused, "since 7.4 a space may stand before a cursor", " 0"},
    {"hscan", same_or_one_refused, "since 7.4 a space may stand before a cursor", " 0"},
    {"sscan", same_or_one_refused, "since 7.4 a space may stand before a cursor", " 0"},
    {"zscan", same_or_one_refused, "since 7.4 a space may stand before a cursor", " 0"},
    {"scan", same_or_one_refused, "since 7.4 cursors are not below 0", "-1"},
    {"hscan", same_or_one_refused, "since 7.4 cursors are not below 0", "-1"},
    {"zscan", same_or_one_refused, "since 7.4 cursors are not below 0", "-1"},
    {"xsetid", same_or_both_refused, "since 7.2 it is told that something above was deleted"},
    {"xread", same_or_both_refused, "since 7.4 it says whose list of streams is unbalanced"},
    {"xreadgroup", same_or_both_refused, "since 7.4 it says whose list of streams is unbalanced"},
    {"sscan", same_or_one_refused, "since 7.4 cursors are not below 0", "-1"},
    {"sscan", same_or_both_refused, "since 7.4 it is told where the word belongs", "novalues"},
    {"ttl", near_seconds, "the two servers read their clocks one after the other"},
    {"expiretime", near_seconds, "a relative deadline starts when the command runs"},
    {"pttl", near_milliseconds, "the two servers read their clocks one after the other"},
    {"pexpiretime", near_milliseconds, "a relative deadline starts when the command runs"},
    {"keys", same_members, "the order of a hash table is nobody's promise"},
    {"scan", same_members, "found keys have no order, and cursors are the server's own"},
    {"hgetall", same_pairs, "the order of a hash table is nobody's promise"},
    {"hkeys", same_members, "the order of a hash table is nobody's promise"},
    {"hvals", same_members, "the order of a hash table is nobody's promise"},
    {"hscan", same_members, "found fields have no order, and cursors are the server's own"},
    {"hrandfield", same_shape, "any field is right"},
    {"randomkey", same_presence, "any key is right, none is not"},
    {"hello", same_hello, "the version and the connection's number are the server's own"},
    {"client id", same_type, "connections are numbered as they come to each worker"},
    {"client list", same_type, "it shows every connection of each server"},
    {"client info", same_client, "addresses, ages and buffer sizes are the server's own"},
    {"object refcount", same_type, "values are not shared between keys here, so it is always 1"},
    {"object idletime", same_type, "idle time runs on each server's clock"},
    {"time", same_type, "the two servers read their clocks one after the other"},
    {"geosearch", same_distances, "members at the same distance have no order before a limit"},
    {"georadius", same_distances, "members at the same distance have no order before a limit"},
    {"georadius_ro", same_distances, "members at the same distance have no order before a limit"},
    {"georadiusbymember", same_distances, "members at the same distance have no order"},
    {"georadiusbymember_ro", same_distances, "members at the same distance have no order"},
    {"lastsave", same_type, "each server began at its own second"},
    {"zscan", same_scored_members, "elements have no order, and some scores 17 digits before 7.2"},
    {"zrandmember", same_shape, "any members are right"},
    {"zrank", same_or_both_refused, "it may have a third argument since 7.2"},
    {"zrevrank", same_or_both_refused, "it may have a third argument since 7.2"},
    {"smembers", same_members, "members have no order"},
    {"sinter", same_members, "members have no order"},
    {"sunion", same_members, "members have no order"},
    {"sdiff", same_members, "members have no order"},
    {"sscan", same_members, "members have no order, and cursors are the server's own"},
    {"spop", same_members, "members have no order; streams take all of them or none"},
    {"srandmember", same_shape, "any members are right"},
    {"object encoding", same_encoding,
     "since 7.2 small sets are listpacks, and results are in their best encoding here"},
    {"xpending", same_xpending, "the two servers read their clocks one after the other"},
    {"xinfo", same_counted_xinfo,
     "since 7.2 consumers are seen, and made, when they get nothing as well", "counted"},
    {"xinfo", same_uncounted_xinfo,
     "since 7.4 lags leave out what was trimmed, and are not told behind what was deleted"},
    {"xgroup createconsumer", same_or_either,
     "since 7.2 a consumer exists once it has asked for something"},
    {"sort", same_members, "members have no order, nor elements of the same weight", "nosort"},
    {"sort_ro", same_members, "members have no order, nor elements of the same weight", "nosort"},
};

std::string lower(std::string text)
{
    for (char &c : text)
        c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
    return text;
}

bool has_word(const Args &args, const char *word)
{
    return !word || std::any_of(args.begin(), args.end(),
                                [&](const std::string &a) { return lower(a) == word; });
}

bool same_reply(const Args &args, const Reply &want, const Reply &got, int64_t slack_ms)
{
    const std::string name = lower(args[0]);
    const std::string whole = args.size() > 1 ? name + " " + lower(args[1]) : name;
    for (const Rule &rule : rules)
        if ((name == rule.command || whole == rule.command) && has_word(args, rule.word))
            return rule.same(want, got, slack_ms);
    /* Scores have 17 digits in 7.0, and since 7.2 as few as will do. */
    if (name[0] == 'z' || name.compare(0, 2, "bz") == 0)
        return same_scores(want, got, slack_ms);
    return want.raw == got.raw;
}

} // namespace

bool Comparer::same(const Step &step, const std::string &want, const std::string &got,
                    int64_t slack_ms)
{
    std::vector<Args> &queued = queued_[step.conn];
    const std::string name = lower(step.args[0]);
    if (want == "+QUEUED\r\n") {
        queued.push_back(step.args);
        return want == got;
    }
    const Reply a = parse_reply(want), b = parse_reply(got);
    if (name == "multi" && a.type == '+')
        queued.clear();
    if (name != "exec" || a.items.empty())
        return a.raw == b.raw || (name != "exec" && same_reply(step.args, a, b, slack_ms));
    const std::vector<Args> ran = std::move(queued);
    queued.clear();
    if (a.type != b.type || a.items.size() != b.items.size() || ran.size() != a.items.size())
        return want == got;
    for (size_t i = 0; i < ran.size(); i++)
        if (!same_reply(ran[i], a.items[i], b.items[i], slack_ms))
            return false;
    return true;
}

} // namespace lk
