// Directives one by one: what each kind takes and refuses.  The expected texts were recorded from
// Redis 7.0.15.
#include "tests/io/config/config_fixture.h"

#include <set>

namespace
{

class ConfigValue : public ConfigTest
{
};

struct Setting {
    const char *name, *value;
    const char *error; // nullptr if it is taken
    const char *shown; // what CONFIG GET then shows
};

const Setting settings[] = {
    {"rdbcompression", "yes", nullptr, "yes"},
    {"rdbcompression", "NO", nullptr, "no"},
    {"rdbcompression", "Yes", nullptr, "yes"},
    {"rdbcompression", "1", "argument must be 'yes' or 'no'", nullptr},
    {"rdbcompression", "", "argument must be 'yes' or 'no'", nullptr},
    {"rdbcompression", "yes ", "argument must be 'yes' or 'no'", nullptr},
    {"rdbcompression", "true", "argument must be 'yes' or 'no'", nullptr},
    {"timeout", "0", nullptr, "0"},
    {"timeout", "2147483647", nullptr, "2147483647"},
    {"timeout", "2147483648", "argument must be between 0 and 2147483647 inclusive", nullptr},
    {"timeout", "-1", "argument must be between 0 and 2147483647 inclusive", nullptr},
    {"timeout", "", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", "01", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", "+1", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", " 1", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", "1 ", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", "1kb", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", "zz", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", "9223372036854775808", "argument couldn't be parsed into an integer", nullptr},
    {"timeout", "-0", "argument couldn't be parsed into an integer", nullptr},
    {"slowlog-log-slower-than", "-1", nullptr, "-1"},
    {"slowlog-log-slower-than", "-2",
     "argument must be between -1 and 9223372036854775807 inclusive", nullptr},
    {"slowlog-log-slower-than", "9223372036854775807", nullptr, "9223372036854775807"},
    {"list-max-listpack-size", "-5", nullptr, "-5"},
    {"list-max-listpack-size", "0", nullptr, "0"},
    {"list-max-listpack-size", "-2147483649",
     "argument must be between -2147483648 and 2147483647 inclusive", nullptr},
    {"active-expire-effort", "0", "argument must be between 1 and 10 inclusive", nullptr},
    {"active-expire-effort", "1", nullptr, "1"},
    {"active-expire-effort", "10", nullptr, "10"},
    {"active-expire-effort", "11", "argument must be between 1 and 10 inclusive", nullptr},
    {"hz", "0", nullptr, "1"},
    {"hz", "1", nullptr, "1"},
    {"hz", "500", nullptr, "500"},
    {"hz", "501", nullptr, "500"},
    {"hz", "-1", "argument must be between 0 and 2147483647 inclusive", nullptr},
    {"hash-max-listpack-value", "0", nullptr, "0"},
    {"hash-max-listpack-value", "1k", nullptr, "1000"},
    {"hash-max-listpack-value", "1K", nullptr, "1000"},
    {"hash-max-listpack-value", "1kb", nullptr, "1024"},
    {"hash-max-listpack-value", "3Mb", nullptr, "3145728"},
    {"hash-max-listpack-value", "1g", nullptr, "1000000000"},
    {"hash-max-listpack-value", "1GB", nullptr, "1073741824"},
    {"hash-max-listpack-value", "1b", nullptr, "1"},
    {"hash-max-listpack-value", "", nullptr, "0"},
    {"hash-max-listpack-value", "kb", nullptr, "0"},
    {"hash-max-listpack-value", "1t", "argument must be a memory value", nullptr},
    {"hash-max-listpack-value", "1.5mb", "argument must be a memory value", nullptr},
    {"hash-max-listpack-value", "1 mb", "argument must be a memory value", nullptr},
    {"hash-max-listpack-value", "01", nullptr, "1"},
    {"hash-max-listpack-value", "+1", "argument must be a memory value", nullptr},
    {"hash-max-listpack-value", "-1", "argument must be a memory value", nullptr},
    {"hash-max-listpack-value", "10%", "argument must be a memory value", nullptr},
    {"hash-max-listpack-value", "1kbb", "argument must be a memory value", nullptr},
    {"hash-max-listpack-value", "18446744073709551615",
     "argument must be between 0 and 9223372036854775807 inclusive", nullptr},
    {"hash-max-listpack-value", "9223372036854775807", nullptr, "9223372036854775807"},
    {"maxmemory", "18446744073709551615", nullptr, "18446744073709551615"},
    {"maxmemory", "18446744073709551616", nullptr, "18446744073709551615"},
    {"maxmemory", "100mb", nullptr, "104857600"},
    {"maxmemory", "-1", "argument must be a memory value", nullptr},
    {"proto-max-bulk-len", "1048575",
     "argument must be between 1048576 and 9223372036854775807 inclusive", nullptr},
    {"proto-max-bulk-len", "1mb", nullptr, "1048576"},
    {"repl-backlog-size", "0", "argument must be between 1 and 9223372036854775807 inclusive",
     nullptr},
    {"repl-backlog-size", "1", nullptr, "16384"},
    {"repl-backlog-size", "20kb", nullptr, "20480"},
    {"maxmemory-clients", "0%", nullptr, "0"},
    {"maxmemory-clients", "10%", nullptr, "10%"},
    {"maxmemory-clients", "100%", nullptr, "100%"},
    {"maxmemory-clients", "101%", "percentage argument must be less or equal to 100", nullptr},
    {"maxmemory-clients", "-1%", "argument must be a memory or percent value", nullptr},
    {"maxmemory-clients", "1.5%", "argument must be a memory or percent value", nullptr},
    {"maxmemory-clients", "%", "argument must be a memory or percent value", nullptr},
    {"maxmemory-clients", "010%", "argument must be a memory or percent value", nullptr},
    {"maxmemory-clients", "1g", nullptr, "1000000000"},
    {"maxmemory-clients", "-10", "argument must be a memory or percent value", nullptr},
    {"maxmemory-clients", "", nullptr, "0"},
    {"loglevel", "NOTICE", nullptr, "notice"},
    {"loglevel", "debug", nullptr, "debug"},
    {"maxmemory-policy", "ALLKEYS-lru", nullptr, "allkeys-lru"},
    {"maxmemory-policy", "lru",
     "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
     "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction",
     nullptr},
    {"maxmemory-policy", "noeviction ",
     "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
     "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction",
     nullptr},
    {"oom-score-adj", "relative", nullptr, "yes"},
    {"oom-score-adj", "absolute", nullptr, "absolute"},
    {"oom-score-adj", "no", nullptr, "no"},
    {"oom-score-adj", "maybe",
     "argument(s) must be one of the following: no, yes, relative, absolute", nullptr},
    {"shutdown-on-sigterm", "nosave force", nullptr, "nosave force"},
    {"shutdown-on-sigterm", "FORCE now", nullptr, "now force"},
    {"shutdown-on-sigterm", "default", nullptr, "default"},
    {"shutdown-on-sigterm", "default force", nullptr, "force"},
    {"shutdown-on-sigterm", "save nosave",
     "shutdown options SAVE and NOSAVE can't be used simultaneously", nullptr},
    {"shutdown-on-sigterm", "",
     "argument(s) must be one of the following: default, save, nosave, now, force", nullptr},
    {"shutdown-on-sigterm", "nosave bad",
     "argument(s) must be one of the following: default, save, nosave, now, force", nullptr},
    {"shutdown-on-sigterm", "nosave nosave", nullptr, "nosave"},
    {"save", "900 1", nullptr, "900 1"},
    {"save", "900 1 300 10", nullptr, "900 1 300 10"},
    {"save", "", nullptr, ""},
    {"save", "900", "Invalid save parameters", nullptr},
    {"save", "0 1", "Invalid save parameters", nullptr},
    {"save", "1 0", nullptr, "1 0"},
    {"save", "-1 1", "Invalid save parameters", nullptr},
    {"save", "900 -1", "Invalid save parameters", nullptr},
    {"save", "a b", "Invalid save parameters", nullptr},
    {"save", "900  1", "Invalid save parameters", nullptr},
    {"save", " 900 1", "Invalid save parameters", nullptr},
    {"save", "0900 1", nullptr, "900 1"},
    {"save", "\"900 1\"", "Invalid save parameters", nullptr},
    {"save", "\"\"", "Invalid save parameters", nullptr},
    {"client-output-buffer-limit", "normal 1 2 3", nullptr,
     "normal 1 2 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
    {"client-output-buffer-limit", "slave 1mb 2mb 3", nullptr,
     "normal 1 2 3 slave 1048576 2097152 3 pubsub 33554432 8388608 60"},
    {"client-output-buffer-limit", "REPLICA 2kb 3kb 4 pubsub 5 6 7", nullptr,
     "normal 1 2 3 slave 2048 3072 4 pubsub 5 6 7"},
    {"client-output-buffer-limit", "normal 1 1",
     "Wrong number of arguments in buffer limit configuration.", nullptr},
    {"client-output-buffer-limit", "foo 1 1 1",
     "Invalid client class specified in buffer limit configuration.", nullptr},
    {"client-output-buffer-limit", "normal a 1 1",
     "Error in hard, soft or soft_seconds setting in buffer limit configuration.", nullptr},
    {"client-output-buffer-limit", "normal 1 1 c",
     "Error in hard, soft or soft_seconds setting in buffer limit configuration.", nullptr},
    {"client-output-buffer-limit", "normal 1 1 -1",
     "Error in hard, soft or soft_seconds setting in buffer limit configuration.", nullptr},
    {"client-output-buffer-limit", "normal -1 1 1",
     "Error in hard, soft or soft_seconds setting in buffer limit configuration.", nullptr},
    {"client-output-buffer-limit", "normal 7 7 7 normal 8 8 8", nullptr,
     "normal 8 8 8 slave 2048 3072 4 pubsub 5 6 7"},
    {"client-output-buffer-limit", "", nullptr, "normal 8 8 8 slave 2048 3072 4 pubsub 5 6 7"},
    {"oom-score-adj-values", "1 2 3", nullptr, "1 2 3"},
    {"oom-score-adj-values", "-2000 0 2000", nullptr, "-2000 0 2000"},
    {"oom-score-adj-values", "0 200 2001",
     "Invalid oom-score-adj-values, elements must be between -2000 and 2000.", nullptr},
    {"oom-score-adj-values", "1 2", "wrong number of arguments", nullptr},
    {"oom-score-adj-values", "1 2 3 4", "wrong number of arguments", nullptr},
    {"oom-score-adj-values", "a b c",
     "Invalid oom-score-adj-values, elements must be between -2000 and 2000.", nullptr},
    {"oom-score-adj-values", "", "wrong number of arguments", nullptr},
    {"oom-score-adj-values", "1  2 3", "wrong number of arguments", nullptr},
    {"notify-keyspace-events", "", nullptr, ""},
    {"notify-keyspace-events", "A", nullptr, "A"},
    {"notify-keyspace-events", "KEA", nullptr, "AKE"},
    {"notify-keyspace-events", "Elg", nullptr, "glE"},
    {"notify-keyspace-events", "g$lshzxeKEtmd", nullptr, "AKEm"},
    {"notify-keyspace-events", "nKE", nullptr, "nKE"},
    {"notify-keyspace-events", "lshzxetd$KEm", nullptr, "$lshzxetdKEm"},
    {"notify-keyspace-events", "xetmdn", nullptr, "xetdnm"},
    {"notify-keyspace-events", "Z", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
     nullptr},
    {"notify-keyspace-events", "Km", nullptr, "Km"},
    {"latency-tracking-info-percentiles", "", nullptr, ""},
    {"latency-tracking-info-percentiles", "50", nullptr, "50"},
    {"latency-tracking-info-percentiles", "50 60.5 99.999", nullptr, "50 60.5 99.999"},
    {"latency-tracking-info-percentiles", "0 100", nullptr, "0 100"},
    {"latency-tracking-info-percentiles", "100.1",
     "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]", nullptr},
    {"latency-tracking-info-percentiles", "-1",
     "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]", nullptr},
    {"latency-tracking-info-percentiles", "a",
     "Invalid latency-tracking-info-percentiles parameters", nullptr},
    {"latency-tracking-info-percentiles", "50.123456789", nullptr, "50.123457"},
    {"latency-tracking-info-percentiles", "0.00001", nullptr, "0.00001"},
    {"latency-tracking-info-percentiles", "1e1", nullptr, "10"},
    {"latency-tracking-info-percentiles", "nan",
     "Invalid latency-tracking-info-percentiles parameters", nullptr},
    {"latency-tracking-info-percentiles", "99 50", nullptr, "99 50"},
    {"proc-title-template", "", "template format is invalid or contains unknown variables",
     nullptr},
    {"proc-title-template", "{foo}", "template format is invalid or contains unknown variables",
     nullptr},
    {"proc-title-template", "{", "template format is invalid or contains unknown variables",
     nullptr},
    {"proc-title-template", "}", nullptr, "}"},
    {"proc-title-template", "{title", "template format is invalid or contains unknown variables",
     nullptr},
    {"proc-title-template", "abc {config-file} {port}", nullptr, "abc {config-file} {port}"},
    {"proc-title-template", "{title} {bad}",
     "template format is invalid or contains unknown variables", nullptr},
    {"bind", "127.0.0.1", nullptr, "127.0.0.1"},
    {"bind", "127.0.0.1 -::1", nullptr, "127.0.0.1 -::1"},
    {"bind", "", nullptr, ""},
    {"bind", "* -::*", nullptr, "* -::*"},
    {"bind",
     "127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 "
     "127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1",
     "Too many bind addresses specified.", nullptr},
    {"cluster-announce-hostname", "a.b-c", nullptr, "a.b-c"},
    {"cluster-announce-hostname", "a_b",
     "Hostnames may only contain alphanumeric characters, hyphens or dots", nullptr},
    {"cluster-announce-hostname", "", nullptr, ""},
    {"cluster-announce-ip", "any text", nullptr, "any text"},
    {"cluster-announce-ip", "", nullptr, ""},
    {"dbfilename", "x.rdb", nullptr, "x.rdb"},
    {"dbfilename", "a/b", "dbfilename can't be a path, just a filename", nullptr},
    {"dbfilename", "", nullptr, ""},
    {"databases", "5", "can't set immutable config", nullptr},
    {"replicaof", "a 1", "can't set immutable config", nullptr},
    {"aclfile", "x", "can't set immutable config", nullptr},
    {"acl-pubsub-default", "allchannels", nullptr, "allchannels"},
    {"acl-pubsub-default", "none",
     "argument(s) must be one of the following: allchannels, resetchannels", nullptr},
    {"sanitize-dump-payload", "clients", nullptr, "clients"},
    {"sanitize-dump-payload", "maybe", "argument(s) must be one of the following: no, yes, clients",
     nullptr},
    {"masterauth", "pa ss", nullptr, "pa ss"},
    {"masterauth", "", nullptr, ""},
    {"active-defrag-ignore-bytes", "0",
     "argument must be between 1 and 9223372036854775807 inclusive", nullptr},
    {"active-defrag-ignore-bytes", "1", nullptr, "1"},
    {"maxclients", "0", "argument must be between 1 and 4294967295 inclusive", nullptr},
    {"maxclients", "4294967296", "argument must be between 1 and 4294967295 inclusive", nullptr},
    {"slave-priority", "5", nullptr, "5"},
    {"slave-priority", "-1", "argument must be between 0 and 2147483647 inclusive", nullptr},
    {"lua-time-limit", "7", nullptr, "7"},
    {"hash-max-ziplist-entries", "7", nullptr, "7"},
    {"watchdog-period", "1", nullptr, "4"},
    {"watchdog-period", "0", nullptr, "0"},
    {"key-load-delay", "-5", nullptr, "-5"},
    {"key-load-delay", "2147483648",
     "argument must be between -2147483648 and 2147483647 inclusive", nullptr},
    // Redis 7.2 has one level more.
    {"loglevel", "Nothing", nullptr, "nothing"},
    {"loglevel", "loud",
     "argument(s) must be one of the following: debug, verbose, notice, warning, nothing", nullptr},
    // Where Redis 7.0 takes an overflow or a stray blank as a number, it is refused here.
    {"maxmemory-clients", "18446744073709551615",
     "argument must be between 0 and 9223372036854775807 inclusive", nullptr},
    {"save", "1 ", "Invalid save parameters", nullptr},
    {"save", "9223372036854775808 1", "Invalid save parameters", nullptr},
    {"io-backend", "epoll", "can't set immutable config", nullptr},
    {"shards", "2048", "can't set immutable config", nullptr},
    {"set-max-listpack-value", "1kb", nullptr, "1024"},
    {"max-new-connections-per-cycle", "0", "argument must be between 1 and 1000 inclusive",
     nullptr},
};

TEST_F(ConfigValue, TakesAndRefusesAsRedis)
{
    ASSERT_EQ(load("enable-protected-configs yes\n"), "");
    for (const Setting &s : settings) {
        SCOPED_TRACE(std::string(s.name) + " '" + s.value + "'");
        const std::string old = get(s.name);
        const std::string reply = set({{s.name, s.value}});
        if (s.error) {
            EXPECT_EQ(reply, std::string("CONFIG SET failed (possibly related to argument '") +
                                 s.name + "') - " + s.error);
            EXPECT_EQ(get(s.name), old);
        } else {
            EXPECT_EQ(reply, "OK");
            EXPECT_EQ(get(s.name), s.shown);
        }
    }
}

TEST_F(ConfigValue, FieldsHoldWhatTheServerReads)
{
    ASSERT_EQ(load("port 7000\n"
                   "bind 127.0.0.1 -::1\n"
                   "unixsocketperm 770\n"
                   "maxmemory 100mb\n"
                   "maxmemory-clients 5%\n"
                   "maxmemory-policy allkeys-lfu\n"
                   "client-output-buffer-limit replica 1mb 2mb 3\n"
                   "save 60 5\n"
                   "appendfsync always\n"
                   "loglevel warning\n"
                   "syslog-facility local3\n"
                   "requirepass \"a\\x00b\"\n"
                   "notify-keyspace-events KEg\n"
                   "latency-tracking-info-percentiles 50 99.5\n"
                   "replicaof example 6380\n"
                   "io-backend epoll\n"
                   "shutdown-on-sigterm nosave force\n"),
              "");
    const struct config *c = now();
    EXPECT_EQ(c->port, 7000);
    ASSERT_EQ(c->bind.n, 2u);
    EXPECT_STREQ(c->bind.v[1], "-::1");
    EXPECT_EQ(c->unixsocketperm, 0770);
    EXPECT_EQ(c->dispatch.maxmemory, 100u << 20);
    EXPECT_EQ(c->maxmemory_clients, -5);
    EXPECT_EQ(c->maxmemory_policy, CONFIG_ALLKEYS_LFU);
    EXPECT_TRUE(c->dispatch.limits.lfu);
    EXPECT_EQ(c->client_output_buffer_limit[CONFIG_CLIENT_REPLICA].soft, 2u << 20);
    ASSERT_EQ(c->save.n, 1u);
    EXPECT_EQ(c->save.v[0].changes, 5);
    EXPECT_EQ(c->appendfsync, CONFIG_FSYNC_ALWAYS);
    EXPECT_EQ(c->loglevel, 3);
    EXPECT_EQ(c->syslog_facility, 19 << 3);
    EXPECT_EQ(text_of(c->dispatch.requirepass), std::string("a\0b", 3));
    EXPECT_EQ(c->notify_keyspace_events,
              CONFIG_NOTIFY_GENERIC | CONFIG_NOTIFY_KEYSPACE | CONFIG_NOTIFY_KEYEVENT);
    ASSERT_EQ(c->latency_tracking_info_percentiles.n, 2u);
    EXPECT_EQ(c->latency_tracking_info_percentiles.v[1], 99.5);
    EXPECT_STREQ(c->replicaof_host, "example");
    EXPECT_EQ(c->replicaof_port, 6380);
    EXPECT_EQ(c->io_backend, CONFIG_IO_EPOLL);
    EXPECT_EQ(c->shutdown_on_sigterm, CONFIG_SHUTDOWN_NOSAVE | CONFIG_SHUTDOWN_FORCE);
    EXPECT_EQ(c->unixsocket, nullptr);
    EXPECT_STREQ(c->logfile, "");
}

// Workers follow the CPUs unless they are said; shards follow the workers.
TEST_F(ConfigValue, SettlesWorkersAndShards)
{
    const struct {
        const char *text;
        int cpus;
        int64_t workers, shards;
    } cases[] = {
        {"", 4, 4, 1024},
        {"", 16, 16, 1024},
        {"", 17, 17, 2048},
        {"io-threads 3", 64, 3, 1024},
        {"io-threads 32", 2, 32, 2048},
        {"shards 64", 1, 1, 64},
        {"shards 64", 2, 2, 128},
        {"shards 65536", 2, 2, 65536},
        {"io-threads 1024", 2, 1024, 65536},
    };
    for (const auto &k : cases) {
        SCOPED_TRACE(std::string(k.text) + " on " + std::to_string(k.cpus));
        renew();
        ASSERT_EQ(load(k.text), "");
        struct config *draft = config_draft_copy(now());
        config_settle(draft, k.cpus);
        EXPECT_EQ(draft->io_threads, k.workers);
        EXPECT_EQ(draft->shards, k.shards);
        config_draft_free(draft);
        EXPECT_EQ(get("io-threads"), std::to_string(now()->io_threads));
        EXPECT_GE(now()->io_threads, 1);
    }
    EXPECT_NE(load("shards 1000").find("argument must be a power of two"), std::string::npos);
}

TEST_F(ConfigValue, RowsAreFoundByEitherNameInAnyCase)
{
    bool aliased = false;
    std::set<std::string> names;
    for (size_t i = 0; i < config_row_count(); i++) {
        const struct config_row *row = config_row_at(i);
        EXPECT_EQ(config_row_index(row), i);
        EXPECT_EQ(config_row_find(bytes_cstr(row->name), &aliased), row);
        EXPECT_FALSE(aliased);
        EXPECT_TRUE(names.insert(row->name).second) << row->name;
        if (!row->alias)
            continue;
        EXPECT_EQ(config_row_find(bytes_cstr(row->alias), &aliased), row);
        EXPECT_TRUE(aliased);
        EXPECT_TRUE(names.insert(row->alias).second) << row->alias;
    }
    EXPECT_STREQ(config_row_find(bytes_cstr("SLAVE-Priority"), &aliased)->name, "replica-priority");
    EXPECT_EQ(config_row_find(bytes_cstr("nosuch"), &aliased), nullptr);
    EXPECT_TRUE(config_is_secret(bytes_cstr("RequirePass")));
    EXPECT_FALSE(config_is_secret(bytes_cstr("port")));
    EXPECT_FALSE(config_is_secret(bytes_cstr("nosuch")));
}

// A secret that were a C string would be compared, and kept, only up to its first NUL.
TEST_F(ConfigValue, SecretsAreBytes)
{
    size_t secrets = 0;
    for (size_t i = 0; i < config_row_count(); i++) {
        const struct config_row *row = config_row_at(i);
        if (!(row->flags & CONFIG_SECRET))
            continue;
        secrets++;
        EXPECT_EQ(row->kind, CONFIG_KIND_BYTES) << row->name;
        const std::string value("a\0b", 3);
        EXPECT_EQ(set({{row->name, value}}), "OK");
        EXPECT_EQ(get(row->name), value);
        EXPECT_EQ(set({{row->name, ""}}), "OK");
    }
    EXPECT_EQ(secrets, 5u);
}

// What the system reads up to a NUL must not have one.
TEST_F(ConfigValue, NamesHoldNoNul)
{
    ASSERT_EQ(load("enable-protected-configs yes"), "");
    for (const char *name : {"dbfilename", "dir", "bind", "proc-title-template", "tls-cert-file"}) {
        const std::string before = get(name);
        EXPECT_EQ(set({{name, std::string("x\0y", 3)}}),
                  std::string("CONFIG SET failed (possibly related to argument '") + name +
                      "') - argument must not contain a null byte");
        EXPECT_EQ(get(name), before);
    }
}

} // namespace
