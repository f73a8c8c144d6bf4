// Rows against what a 7.0.15 server answers to COMMAND INFO: arity, flags, categories, and each
// key specification as its flags and "index last step limit".
#include "core/cmd/tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace
{

const char *const flag_names[] = {"write",    "readonly",     "denyoom",       "admin",
                                  "pubsub",   "noscript",     "blocking",      "loading",
                                  "stale",    "skip_monitor", "skip_slowlog",  "asking",
                                  "fast",     "no_auth",      "may_replicate", "no_async_loading",
                                  "no_multi", "movablekeys",  "allow_busy"};
const char *const category_names[] = {
    "@keyspace",   "@read",        "@write",    "@set",         "@sortedset", "@list",
    "@hash",       "@string",      "@bitmap",   "@hyperloglog", "@geo",       "@stream",
    "@pubsub",     "@admin",       "@fast",     "@slow",        "@blocking",  "@dangerous",
    "@connection", "@transaction", "@scripting"};
const char *const key_flag_names[] = {
    "RO",     "RW",     "OW",      "RM",         "access",        "update",
    "insert", "delete", "not_key", "incomplete", "variable_flags"};

template <size_t N> std::string words(const char *const (&names)[N], uint32_t bits)
{
    std::string out;
    for (size_t i = 0; i < N; i++)
        if (bits >> i & 1)
            out += std::string(" ") + names[i];
    return out;
}

std::string describe(const command &c, const std::string &prefix)
{
    uint32_t categories = c.categories | (c.flags & CMD_FAST ? CAT_FAST : CAT_SLOW);
    categories |= c.flags & CMD_READONLY ? CAT_READ : 0;
    categories |= c.flags & CMD_WRITE ? CAT_WRITE : 0;
    std::string out = prefix + c.name + " " + std::to_string(c.arity) + words(flag_names, c.flags) +
                      " |" + words(category_names, categories) + " |";
    for (const key_spec *k = c.keys; k < c.keys + KEY_SPECS_MAX && k->begin; k++)
        out += " [" + words(key_flag_names, k->flags).substr(1) + " " + std::to_string(k->index) +
               " " + std::to_string(k->last) + " " + std::to_string(k->step) + " " +
               std::to_string(k->limit) + "]";
    return out;
}

const std::set<std::string> want = {
    "append 3 write denyoom fast | @write @string @fast | [RW insert 1 0 1 0]",
    "copy -3 write denyoom | @keyspace @write @slow | [RO access 1 0 1 0] [OW update 2 0 1 0]",
    "dbsize 1 readonly fast | @keyspace @read @fast |",
    "decr 2 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "decrby 3 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "del -2 write | @keyspace @write @slow | [RM delete 1 -1 1 0]",
    "exists -2 readonly fast | @keyspace @read @fast | [RO 1 -1 1 0]",
    "expire -3 write fast | @keyspace @write @fast | [RW update 1 0 1 0]",
    "expireat -3 write fast | @keyspace @write @fast | [RW update 1 0 1 0]",
    "expiretime 2 readonly fast | @keyspace @read @fast | [RO access 1 0 1 0]",
    "flushall -1 write | @keyspace @write @slow @dangerous |",
    "flushdb -1 write | @keyspace @write @slow @dangerous |",
    "geoadd -5 write denyoom | @write @geo @slow | [RW update 1 0 1 0]",
    "geodist -4 readonly | @read @geo @slow | [RO access 1 0 1 0]",
    "geohash -2 readonly | @read @geo @slow | [RO access 1 0 1 0]",
    "geopos -2 readonly | @read @geo @slow | [RO access 1 0 1 0]",
    "georadius -6 write denyoom movablekeys | @write @geo @slow | [RO access 1 0 1 0] [OW update 0 "
    "0 1 0] [OW update 0 0 1 0]",
    "georadius_ro -6 readonly | @read @geo @slow | [RO access 1 0 1 0]",
    "georadiusbymember -5 write denyoom movablekeys | @write @geo @slow | [RO access 1 0 1 0] [OW "
    "update 0 0 1 0] [OW update 0 0 1 0]",
    "georadiusbymember_ro -5 readonly | @read @geo @slow | [RO access 1 0 1 0]",
    "geosearch -7 readonly | @read @geo @slow | [RO access 1 0 1 0]",
    "geosearchstore -8 write denyoom | @write @geo @slow | [OW update 1 0 1 0] [RO access 2 0 1 0]",
    "get 2 readonly fast | @read @string @fast | [RO access 1 0 1 0]",
    "getdel 2 write fast | @write @string @fast | [RW access delete 1 0 1 0]",
    "getex -2 write fast | @write @string @fast | [RW access update 1 0 1 0]",
    "getrange 4 readonly | @read @string @slow | [RO access 1 0 1 0]",
    "getset 3 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "incr 2 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "incrby 3 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "incrbyfloat 3 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "keys 2 readonly | @keyspace @read @slow @dangerous |",
    "lcs -3 readonly | @read @string @slow | [RO access 1 1 1 0]",
    "mget -2 readonly fast | @read @string @fast | [RO access 1 -1 1 0]",
    "move 3 write fast | @keyspace @write @fast | [RW access update 1 0 1 0]",
    "mset -3 write denyoom | @write @string @slow | [OW update 1 -1 2 0]",
    "msetnx -3 write denyoom | @write @string @slow | [OW insert 1 -1 2 0]",
    "object -2 | @slow |",
    "object|encoding 3 readonly | @keyspace @read @slow | [RO 2 0 1 0]",
    "object|freq 3 readonly | @keyspace @read @slow | [RO 2 0 1 0]",
    "object|help 2 loading stale | @keyspace @slow |",
    "object|idletime 3 readonly | @keyspace @read @slow | [RO 2 0 1 0]",
    "object|refcount 3 readonly | @keyspace @read @slow | [RO 2 0 1 0]",
    "persist 2 write fast | @keyspace @write @fast | [RW update 1 0 1 0]",
    "pexpire -3 write fast | @keyspace @write @fast | [RW update 1 0 1 0]",
    "pexpireat -3 write fast | @keyspace @write @fast | [RW update 1 0 1 0]",
    "pexpiretime 2 readonly fast | @keyspace @read @fast | [RO access 1 0 1 0]",
    "psetex 4 write denyoom | @write @string @slow | [OW update 1 0 1 0]",
    "pttl 2 readonly fast | @keyspace @read @fast | [RO access 1 0 1 0]",
    "randomkey 1 readonly | @keyspace @read @slow |",
    "rename 3 write | @keyspace @write @slow | [RW access delete 1 0 1 0] [OW update 2 0 1 0]",
    "renamenx 3 write fast | @keyspace @write @fast | [RW access delete 1 0 1 0] [OW insert 2 0 1 "
    "0]",
    "scan -2 readonly | @keyspace @read @slow |",
    "set -3 write denyoom | @write @string @slow | [RW access update variable_flags 1 0 1 0]",
    "setex 4 write denyoom | @write @string @slow | [OW update 1 0 1 0]",
    "setnx 3 write denyoom fast | @write @string @fast | [OW insert 1 0 1 0]",
    "setrange 4 write denyoom | @write @string @slow | [RW update 1 0 1 0]",
    "strlen 2 readonly fast | @read @string @fast | [RO 1 0 1 0]",
    "substr 4 readonly | @read @string @slow | [RO access 1 0 1 0]",
    "swapdb 3 write fast | @keyspace @write @fast @dangerous |",
    "touch -2 readonly fast | @keyspace @read @fast | [RO 1 -1 1 0]",
    "ttl 2 readonly fast | @keyspace @read @fast | [RO access 1 0 1 0]",
    "type 2 readonly fast | @keyspace @read @fast | [RO 1 0 1 0]",
    "unlink -2 write fast | @keyspace @write @fast | [RM delete 1 -1 1 0]",
};

TEST(Tables, RowsSayWhatTheReferenceSays)
{
    std::set<std::string> got;
    for (const command *c :
         {string_commands, string_set_commands, string_range_commands, string_multi_commands,
          counter_commands, lcs_commands, key_commands, expire_commands, ttl_commands,
          rename_commands, copy_commands, scan_commands, object_commands, flush_commands,
          geo_commands, geo_search_commands})
        for (; c->name; c++) {
            got.insert(describe(*c, ""));
            EXPECT_TRUE(c->run || c->subcommands) << c->name;
            for (const command *s = c->subcommands; s && s->name; s++) {
                got.insert(describe(*s, std::string(c->name) + "|"));
                EXPECT_TRUE(s->run) << s->name;
            }
        }
    for (const std::string &row : got)
        EXPECT_TRUE(want.count(row)) << "ours: " << row;
    for (const std::string &row : want)
        EXPECT_TRUE(got.count(row)) << "missing: " << row;
}

} // namespace
