// Rows against what a 7.0.15 server answers to COMMAND INFO: arity, flags, categories, and each
// key specification as its flags and "index last step limit", or "index keynum" and where the
// number, the first key and the next ones are.  ZRANK and ZREVRANK take one more word since 7.2.
#include "core/cmd/command/tables.h"

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
                                  "no_multi", "movablekeys",  "allow_busy",    "no_mandatory_keys"};
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

std::string numbers(const std::vector<int> &list)
{
    std::string out;
    for (const int n : list)
        out += " " + std::to_string(n);
    return out;
}

std::string describe(const command &c, const std::string &prefix)
{
    uint32_t categories = c.categories | (c.flags & CMD_FAST ? CAT_FAST : CAT_SLOW);
    categories |= c.flags & CMD_READONLY && !(categories & CAT_SCRIPTING) ? CAT_READ : 0;
    categories |= c.flags & CMD_WRITE ? CAT_WRITE : 0;
    categories |= c.flags & CMD_ADMIN ? CAT_ADMIN | CAT_DANGEROUS : 0;
    categories |= c.flags & CMD_PUBSUB ? CAT_PUBSUB : 0;
    const uint32_t told = c.flags & ~uint32_t{CMD_MAY_REPLICATE};
    std::string out = prefix + c.name + " " + std::to_string(c.arity) + words(flag_names, told) +
                      " |" + words(category_names, categories) + " |";
    for (const key_spec *k = c.keys; k < c.keys + KEY_SPECS_MAX && k->begin; k++) {
        out += " [" + words(key_flag_names, k->flags).substr(1);
        if (k->begin == KEY_BEGIN_UNKNOWN) {
            out += " unknown]";
            continue;
        }
        out += " " + std::to_string(k->index);
        out += k->find == KEY_FIND_KEYNUM
                   ? " keynum" + numbers({k->keynum, k->first_key, k->keynum_step})
                   : numbers({k->last, k->step, k->limit});
        out += "]";
    }
    return out;
}

const std::set<std::string> want = {
    "append 3 write denyoom fast | @write @string @fast | [RW insert 1 0 1 0]",
    "bitcount -2 readonly | @read @bitmap @slow | [RO access 1 0 1 0]",
    "bitfield -2 write denyoom | @write @bitmap @slow | [RW access update variable_flags 1 0 1 0]",
    "bitfield_ro -2 readonly fast | @read @bitmap @fast | [RO access 1 0 1 0]",
    "bitop -4 write denyoom | @write @bitmap @slow | [OW update 2 0 1 0] [RO access 3 -1 1 0]",
    "bitpos -3 readonly | @read @bitmap @slow | [RO access 1 0 1 0]",
    "blmove 6 write denyoom blocking | @write @list @slow @blocking | [RW access delete 1 "
    "0 1 0] [RW insert 2 0 1 0]",
    "blmpop -5 write blocking movablekeys | @write @list @slow @blocking | [RW access delete 2 "
    "keynum 0 1 1]",
    "blpop -3 write blocking | @write @list @slow @blocking | [RW access delete 1 -2 1 0]",
    "brpop -3 write blocking | @write @list @slow @blocking | [RW access delete 1 -2 1 0]",
    "brpoplpush 4 write denyoom blocking | @write @list @slow @blocking | [RW access "
    "delete 1 0 1 0] [RW insert 2 0 1 0]",
    "bzmpop -5 write blocking movablekeys | @write @sortedset @slow @blocking | [RW access delete "
    "2 keynum 0 1 1]",
    "bzpopmax -3 write blocking fast | @write @sortedset @fast @blocking | [RW access "
    "delete 1 -2 1 0]",
    "bzpopmin -3 write blocking fast | @write @sortedset @fast @blocking | [RW access "
    "delete 1 -2 1 0]",
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
    "getbit 3 readonly fast | @read @bitmap @fast | [RO access 1 0 1 0]",
    "getdel 2 write fast | @write @string @fast | [RW access delete 1 0 1 0]",
    "getex -2 write fast | @write @string @fast | [RW access update 1 0 1 0]",
    "getrange 4 readonly | @read @string @slow | [RO access 1 0 1 0]",
    "getset 3 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "hdel -3 write fast | @write @hash @fast | [RW delete 1 0 1 0]",
    "hexists 3 readonly fast | @read @hash @fast | [RO 1 0 1 0]",
    "hexpire -6 write denyoom fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hexpireat -6 write denyoom fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hexpiretime -5 readonly fast | @read @hash @fast | [RO access 1 0 1 0]",
    "hget 3 readonly fast | @read @hash @fast | [RO access 1 0 1 0]",
    "hgetall 2 readonly | @read @hash @slow | [RO access 1 0 1 0]",
    "hgetdel -5 write fast | @write @hash @fast | [RW access delete 1 0 1 0]",
    "hgetex -5 write fast | @write @hash @fast | [RW access update 1 0 1 0]",
    "hincrby 4 write denyoom fast | @write @hash @fast | [RW access update 1 0 1 0]",
    "hincrbyfloat 4 write denyoom fast | @write @hash @fast | [RW access update 1 0 1 0]",
    "hkeys 2 readonly | @read @hash @slow | [RO access 1 0 1 0]",
    "hlen 2 readonly fast | @read @hash @fast | [RO 1 0 1 0]",
    "hmget -3 readonly fast | @read @hash @fast | [RO access 1 0 1 0]",
    "hmset -4 write denyoom fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hpersist -5 write fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hpexpire -6 write denyoom fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hpexpireat -6 write denyoom fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hpexpiretime -5 readonly fast | @read @hash @fast | [RO access 1 0 1 0]",
    "hpttl -5 readonly fast | @read @hash @fast | [RO access 1 0 1 0]",
    "hrandfield -2 readonly | @read @hash @slow | [RO access 1 0 1 0]",
    "hscan -3 readonly | @read @hash @slow | [RO access 1 0 1 0]",
    "hset -4 write denyoom fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hsetex -6 write denyoom fast | @write @hash @fast | [RW update 1 0 1 0]",
    "hsetnx 4 write denyoom fast | @write @hash @fast | [RW insert 1 0 1 0]",
    "hstrlen 3 readonly fast | @read @hash @fast | [RO 1 0 1 0]",
    "httl -5 readonly fast | @read @hash @fast | [RO access 1 0 1 0]",
    "hvals 2 readonly | @read @hash @slow | [RO access 1 0 1 0]",
    "incr 2 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "incrby 3 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "incrbyfloat 3 write denyoom fast | @write @string @fast | [RW access update 1 0 1 0]",
    "keys 2 readonly | @keyspace @read @slow @dangerous |",
    "lcs -3 readonly | @read @string @slow | [RO access 1 1 1 0]",
    "lindex 3 readonly | @read @list @slow | [RO access 1 0 1 0]",
    "linsert 5 write denyoom | @write @list @slow | [RW insert 1 0 1 0]",
    "llen 2 readonly fast | @read @list @fast | [RO 1 0 1 0]",
    "lmove 5 write denyoom | @write @list @slow | [RW access delete 1 0 1 0] [RW insert 2 0 1 0]",
    "lmpop -4 write movablekeys | @write @list @slow | [RW access delete 1 keynum 0 1 1]",
    "lpop -2 write fast | @write @list @fast | [RW access delete 1 0 1 0]",
    "lpos -3 readonly | @read @list @slow | [RO access 1 0 1 0]",
    "lpush -3 write denyoom fast | @write @list @fast | [RW insert 1 0 1 0]",
    "lpushx -3 write denyoom fast | @write @list @fast | [RW insert 1 0 1 0]",
    "lrange 4 readonly | @read @list @slow | [RO access 1 0 1 0]",
    "lrem 4 write | @write @list @slow | [RW delete 1 0 1 0]",
    "lset 4 write denyoom | @write @list @slow | [RW update 1 0 1 0]",
    "ltrim 4 write | @write @list @slow | [RW delete 1 0 1 0]",
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
    "pfadd -2 write denyoom fast | @write @hyperloglog @fast | [RW insert 1 0 1 0]",
    "pfcount -2 readonly | @read @hyperloglog @slow | [RW access 1 -1 1 0]",
    "pfdebug 3 write denyoom admin | @write @hyperloglog @admin @slow @dangerous | "
    "[RW access 2 0 1 0]",
    "pfmerge -2 write denyoom | @write @hyperloglog @slow | [RW access insert 1 0 1 0] "
    "[RO access 2 -1 1 0]",
    "pfselftest 1 admin | @hyperloglog @admin @slow @dangerous |",
    "psetex 4 write denyoom | @write @string @slow | [OW update 1 0 1 0]",
    "pttl 2 readonly fast | @keyspace @read @fast | [RO access 1 0 1 0]",
    "randomkey 1 readonly | @keyspace @read @slow |",
    "rename 3 write | @keyspace @write @slow | [RW access delete 1 0 1 0] [OW update 2 0 1 0]",
    "renamenx 3 write fast | @keyspace @write @fast | [RW access delete 1 0 1 0] [OW insert 2 0 1 "
    "0]",
    "rpop -2 write fast | @write @list @fast | [RW access delete 1 0 1 0]",
    "rpoplpush 3 write denyoom | @write @list @slow | [RW access delete 1 0 1 0] [RW insert 2 0 1 "
    "0]",
    "rpush -3 write denyoom fast | @write @list @fast | [RW insert 1 0 1 0]",
    "rpushx -3 write denyoom fast | @write @list @fast | [RW insert 1 0 1 0]",
    "sadd -3 write denyoom fast | @write @set @fast | [RW insert 1 0 1 0]",
    "scan -2 readonly | @keyspace @read @slow |",
    "scard 2 readonly fast | @read @set @fast | [RO 1 0 1 0]",
    "eval -3 noscript stale skip_monitor movablekeys no_mandatory_keys | @slow @scripting | [RW "
    "access update 2 keynum 0 1 1]",
    "eval_ro -3 readonly noscript stale skip_monitor movablekeys no_mandatory_keys | @slow "
    "@scripting | [RO access 2 keynum 0 1 1]",
    "evalsha -3 noscript stale skip_monitor movablekeys no_mandatory_keys | @slow @scripting | [RW "
    "access update 2 keynum 0 1 1]",
    "evalsha_ro -3 readonly noscript stale skip_monitor movablekeys no_mandatory_keys | @slow "
    "@scripting | [RO access 2 keynum 0 1 1]",
    "fcall -3 noscript stale skip_monitor movablekeys no_mandatory_keys | @slow @scripting | [RW "
    "access update 2 keynum 0 1 1]",
    "fcall_ro -3 readonly noscript stale skip_monitor movablekeys no_mandatory_keys | @slow "
    "@scripting | [RO access 2 keynum 0 1 1]",
    "script -2 | @slow |",
    "script|debug 3 noscript | @slow @scripting |",
    "script|exists -3 noscript | @slow @scripting |",
    "script|flush -2 noscript | @slow @scripting |",
    "script|help 2 loading stale | @slow @scripting |",
    "script|kill 2 noscript allow_busy | @slow @scripting |",
    "script|load 3 noscript stale | @slow @scripting |",
    "script|show 3 noscript | @slow @scripting |", // of Valkey alone
    "sdiff -2 readonly | @read @set @slow | [RO access 1 -1 1 0]",
    "sdiffstore -3 write denyoom | @write @set @slow | [OW update 1 0 1 0] [RO access 2 -1 1 0]",
    "set -3 write denyoom | @write @string @slow | [RW access update variable_flags 1 0 1 0]",
    "setbit 4 write denyoom | @write @bitmap @slow | [RW access update 1 0 1 0]",
    "setex 4 write denyoom | @write @string @slow | [OW update 1 0 1 0]",
    "setnx 3 write denyoom fast | @write @string @fast | [OW insert 1 0 1 0]",
    "setrange 4 write denyoom | @write @string @slow | [RW update 1 0 1 0]",
    "sinter -2 readonly | @read @set @slow | [RO access 1 -1 1 0]",
    "sintercard -3 readonly movablekeys | @read @set @slow | [RO access 1 keynum 0 1 1]",
    "sinterstore -3 write denyoom | @write @set @slow | [OW update 1 0 1 0] [RO access 2 -1 1 0]",
    "sismember 3 readonly fast | @read @set @fast | [RO 1 0 1 0]",
    "smembers 2 readonly | @read @set @slow | [RO access 1 0 1 0]",
    "smismember -3 readonly fast | @read @set @fast | [RO access 1 0 1 0]",
    "smove 4 write fast | @write @set @fast | [RW access delete 1 0 1 0] [RW insert 2 0 1 0]",
    "sort -2 write denyoom movablekeys | @write @set @sortedset @list @slow @dangerous | [RO "
    "access 1 0 1 0] [RO access unknown] [OW update unknown]",
    "sort_ro -2 readonly movablekeys | @read @set @sortedset @list @slow @dangerous | [RO access 1 "
    "0 1 0] [RO access unknown]",
    "spop -2 write fast | @write @set @fast | [RW access delete 1 0 1 0]",
    "srandmember -2 readonly | @read @set @slow | [RO access 1 0 1 0]",
    "srem -3 write fast | @write @set @fast | [RW delete 1 0 1 0]",
    "sscan -3 readonly | @read @set @slow | [RO access 1 0 1 0]",
    "strlen 2 readonly fast | @read @string @fast | [RO 1 0 1 0]",
    "substr 4 readonly | @read @string @slow | [RO access 1 0 1 0]",
    "sunion -2 readonly | @read @set @slow | [RO access 1 -1 1 0]",
    "sunionstore -3 write denyoom | @write @set @slow | [OW update 1 0 1 0] [RO access 2 -1 1 0]",
    "swapdb 3 write fast | @keyspace @write @fast @dangerous |",
    "touch -2 readonly fast | @keyspace @read @fast | [RO 1 -1 1 0]",
    "ttl 2 readonly fast | @keyspace @read @fast | [RO access 1 0 1 0]",
    "type 2 readonly fast | @keyspace @read @fast | [RO 1 0 1 0]",
    "unlink -2 write fast | @keyspace @write @fast | [RM delete 1 -1 1 0]",
    "xadd -5 write denyoom fast | @write @stream @fast | [RW update 1 0 1 0]",
    "xdel -3 write fast | @write @stream @fast | [RW delete 1 0 1 0]",
    "xdelex -5 write fast | @write @stream @fast | [RW delete 1 0 1 0]",
    "xlen 2 readonly fast | @read @stream @fast | [RO 1 0 1 0]",
    "xrange -4 readonly | @read @stream @slow | [RO access 1 0 1 0]",
    "xread -4 readonly blocking movablekeys | @read @stream @slow @blocking | [RO access 0 -1 1 2]",
    "xreadgroup -7 write blocking movablekeys | @write @stream @slow @blocking | [RO access 0 -1 1 "
    "2]",
    "xrevrange -4 readonly | @read @stream @slow | [RO access 1 0 1 0]",
    "xsetid -3 write denyoom fast | @write @stream @fast | [RW update 1 0 1 0]",
    "xtrim -4 write | @write @stream @slow | [RW delete 1 0 1 0]",
    "zadd -4 write denyoom fast | @write @sortedset @fast | [RW update 1 0 1 0]",
    "zcard 2 readonly fast | @read @sortedset @fast | [RO 1 0 1 0]",
    "zcount 4 readonly fast | @read @sortedset @fast | [RO access 1 0 1 0]",
    "zdiff -3 readonly movablekeys | @read @sortedset @slow | [RO access 1 keynum 0 1 1]",
    "zdiffstore -4 write denyoom movablekeys | @write @sortedset @slow | [OW update 1 0 1 0] [RO "
    "access 2 keynum 0 1 1]",
    "zincrby 4 write denyoom fast | @write @sortedset @fast | [RW access update 1 0 1 0]",
    "zinter -3 readonly movablekeys | @read @sortedset @slow | [RO access 1 keynum 0 1 1]",
    "zintercard -3 readonly movablekeys | @read @sortedset @slow | [RO access 1 keynum 0 1 1]",
    "zinterstore -4 write denyoom movablekeys | @write @sortedset @slow | [OW update 1 0 1 0] [RO "
    "access 2 keynum 0 1 1]",
    "zlexcount 4 readonly fast | @read @sortedset @fast | [RO access 1 0 1 0]",
    "zmpop -4 write movablekeys | @write @sortedset @slow | [RW access delete 1 keynum 0 1 1]",
    "zmscore -3 readonly fast | @read @sortedset @fast | [RO access 1 0 1 0]",
    "zpopmax -2 write fast | @write @sortedset @fast | [RW access delete 1 0 1 0]",
    "zpopmin -2 write fast | @write @sortedset @fast | [RW access delete 1 0 1 0]",
    "zrandmember -2 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zrange -4 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zrangebylex -4 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zrangebyscore -4 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zrangestore -5 write denyoom | @write @sortedset @slow | [OW update 1 0 1 0] [RO access 2 0 1 "
    "0]",
    "zrank -3 readonly fast | @read @sortedset @fast | [RO access 1 0 1 0]",
    "zrem -3 write fast | @write @sortedset @fast | [RW delete 1 0 1 0]",
    "zremrangebylex 4 write | @write @sortedset @slow | [RW delete 1 0 1 0]",
    "zremrangebyrank 4 write | @write @sortedset @slow | [RW delete 1 0 1 0]",
    "zremrangebyscore 4 write | @write @sortedset @slow | [RW delete 1 0 1 0]",
    "zrevrange -4 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zrevrangebylex -4 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zrevrangebyscore -4 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zrevrank -3 readonly fast | @read @sortedset @fast | [RO access 1 0 1 0]",
    "zscan -3 readonly | @read @sortedset @slow | [RO access 1 0 1 0]",
    "zscore 3 readonly fast | @read @sortedset @fast | [RO access 1 0 1 0]",
    "zunion -3 readonly movablekeys | @read @sortedset @slow | [RO access 1 keynum 0 1 1]",
    "zunionstore -4 write denyoom movablekeys | @write @sortedset @slow | [OW update 1 0 1 0] [RO "
    "access 2 keynum 0 1 1]",
    "xack -4 write fast | @write @stream @fast | [RW update 1 0 1 0]",
    "xackdel -6 write fast | @write @stream @fast | [RW delete 1 0 1 0]", // not in 7.0
    "xautoclaim -6 write fast | @write @stream @fast | [RW delete 1 0 1 0]",
    "xclaim -6 write fast | @write @stream @fast | [RW update 1 0 1 0]",
    "xgroup -2 | @slow |",
    "xgroup|create -5 write denyoom | @write @stream @slow | [RW insert 2 0 1 0]",
    "xgroup|createconsumer 5 write denyoom | @write @stream @slow | [RW insert 2 0 1 0]",
    "xgroup|delconsumer 5 write | @write @stream @slow | [RW delete 2 0 1 0]",
    "xgroup|destroy 4 write | @write @stream @slow | [RW delete 2 0 1 0]",
    "xgroup|help 2 loading stale | @stream @slow |",
    "xgroup|setid -5 write | @write @stream @slow | [RW update 2 0 1 0]",
    "xinfo -2 | @slow |",
    "xinfo|consumers 4 readonly | @read @stream @slow | [RO access 2 0 1 0]",
    "xinfo|groups 3 readonly | @read @stream @slow | [RO access 2 0 1 0]",
    "xinfo|help 2 loading stale | @stream @slow |",
    "xinfo|stream -3 readonly | @read @stream @slow | [RO access 2 0 1 0]",
    "psubscribe -2 pubsub noscript loading stale | @pubsub @slow |",
    "publish 3 pubsub loading stale fast | @pubsub @fast |",
    "pubsub -2 | @slow |",
    "pubsub|channels -2 pubsub loading stale | @pubsub @slow |",
    "pubsub|help 2 loading stale | @slow |",
    "pubsub|numpat 2 pubsub loading stale | @pubsub @slow |",
    "pubsub|numsub -2 pubsub loading stale | @pubsub @slow |",
    "pubsub|shardchannels -2 pubsub loading stale | @pubsub @slow |",
    "pubsub|shardnumsub -2 pubsub loading stale | @pubsub @slow |",
    "punsubscribe -1 pubsub noscript loading stale | @pubsub @slow |",
    "spublish 3 pubsub loading stale fast | @pubsub @fast | [not_key 1 0 1 0]",
    "ssubscribe -2 pubsub noscript loading stale | @pubsub @slow | [not_key 1 -1 1 0]",
    "subscribe -2 pubsub noscript loading stale | @pubsub @slow |",
    "sunsubscribe -1 pubsub noscript loading stale | @pubsub @slow | [not_key 1 -1 1 0]",
    "unsubscribe -1 pubsub noscript loading stale | @pubsub @slow |",
    "xpending -3 readonly | @read @stream @slow | [RO access 1 0 1 0]",
};

TEST(Tables, RowsSayWhatTheReferenceSays)
{
    std::set<std::string> got;
    uint32_t count;
    const command *const *tables = command_tables(&count);
    for (uint32_t i = 0; i < count; i++) {
        const command *c = tables[i];
        if (c == transaction_commands)
            continue; // the reference's flags of these say nothing of how they run here
        for (; c->name; c++) {
            got.insert(describe(*c, ""));
            EXPECT_TRUE(c->run || c->subcommands) << c->name;
            for (const command *s = c->subcommands; s && s->name; s++) {
                got.insert(describe(*s, std::string(c->name) + "|"));
                EXPECT_TRUE(s->run) << s->name;
            }
        }
    }
    for (const std::string &row : got)
        EXPECT_TRUE(want.count(row)) << "ours: " << row;
    for (const std::string &row : want)
        EXPECT_TRUE(got.count(row)) << "missing: " << row;
}

} // namespace
