// The commands that steer the server, run through dispatch.
#include "core/cmd/client/latency.h"
#include "core/cmd/client/slowlog.h"
#include "io/config/config_priv.h"
#include "tests/io/admin/admin_fixture.h"

#include "io/admin/info/info.h"

namespace
{

/* --- INFO ------------------------------------------------------------------------------------- */

TEST_F(Admin, InfoShowsTheSectionsThatWereAskedFor)
{
    start();
    const auto headings = [this](const std::string &line) {
        std::istringstream in(text_of(run(line)));
        std::string all;
        for (std::string l; std::getline(in, l);)
            if (l[0] == '#')
                all += l.substr(2, l.size() - 3) + " ";
        return all;
    };
    const std::string usual = "Server Clients Memory Persistence Stats Replication CPU Modules "
                              "Errorstats Cluster Keyspace ";
    const std::string all = "Server Clients Memory Persistence Stats Replication CPU Modules "
                            "Commandstats Errorstats Latencystats Cluster Keyspace ";
    EXPECT_EQ(headings("INFO"), usual);
    EXPECT_EQ(headings("INFO DEFAULT"), usual);
    EXPECT_EQ(headings("INFO all"), all);
    EXPECT_EQ(headings("INFO everything server"), all);
    EXPECT_EQ(headings("INFO keyspace Server server nosuch"), "Server Keyspace ");
    EXPECT_EQ(headings("INFO default commandstats"),
              "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats "
              "Errorstats Cluster Keyspace ");
    EXPECT_EQ(run("INFO nosuch"), "$0\r\n\r\n");
}

TEST_F(Admin, InfoIsVerbatimInResp3)
{
    start();
    session.reply.version = 3;
    EXPECT_EQ(run("INFO cluster"), "=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n");
}

// Fields of INFO everything of a redis-server 7.0, as they come when it has done nothing.
TEST_F(Admin, InfoHasEveryFieldOfRedis)
{
    static const char *const names =
        "redis_version redis_git_sha1 redis_git_dirty redis_build_id redis_mode os arch_bits "
        "monotonic_clock multiplexing_api atomicvar_api process_id process_supervised run_id "
        "tcp_port server_time_usec uptime_in_seconds uptime_in_days hz configured_hz lru_clock "
        "executable config_file io_threads_active connected_clients cluster_connections maxclients "
        "client_recent_max_input_buffer client_recent_max_output_buffer blocked_clients "
        "tracking_clients clients_in_timeout_table used_memory used_memory_human used_memory_rss "
        "used_memory_rss_human used_memory_peak used_memory_peak_human used_memory_peak_perc "
        "used_memory_overhead used_memory_startup used_memory_dataset used_memory_dataset_perc "
        "allocator_allocated allocator_active allocator_resident total_system_memory "
        "total_system_memory_human used_memory_lua used_memory_vm_eval used_memory_lua_human "
        "used_memory_scripts_eval number_of_cached_scripts number_of_functions "
        "number_of_libraries used_memory_vm_functions used_memory_vm_total "
        "used_memory_vm_total_human used_memory_functions used_memory_scripts "
        "used_memory_scripts_human maxmemory maxmemory_human maxmemory_policy allocator_frag_ratio "
        "allocator_frag_bytes allocator_rss_ratio allocator_rss_bytes rss_overhead_ratio "
        "rss_overhead_bytes mem_fragmentation_ratio mem_fragmentation_bytes "
        "mem_not_counted_for_evict mem_replication_backlog mem_total_replication_buffers "
        "mem_clients_slaves mem_clients_normal mem_cluster_links mem_aof_buffer mem_allocator "
        "active_defrag_running lazyfree_pending_objects lazyfreed_objects loading async_loading "
        "current_cow_peak current_cow_size current_cow_size_age current_fork_perc "
        "current_save_keys_processed current_save_keys_total rdb_changes_since_last_save "
        "rdb_bgsave_in_progress rdb_last_save_time rdb_last_bgsave_status rdb_last_bgsave_time_sec "
        "rdb_current_bgsave_time_sec rdb_saves rdb_last_cow_size rdb_last_load_keys_expired "
        "rdb_last_load_keys_loaded aof_enabled aof_rewrite_in_progress aof_rewrite_scheduled "
        "aof_last_rewrite_time_sec aof_current_rewrite_time_sec aof_last_bgrewrite_status "
        "aof_rewrites aof_rewrites_consecutive_failures aof_last_write_status aof_last_cow_size "
        "module_fork_in_progress module_fork_last_cow_size total_connections_received "
        "total_commands_processed instantaneous_ops_per_sec total_net_input_bytes "
        "total_net_output_bytes total_net_repl_input_bytes total_net_repl_output_bytes "
        "instantaneous_input_kbps instantaneous_output_kbps instantaneous_input_repl_kbps "
        "instantaneous_output_repl_kbps rejected_connections sync_full sync_partial_ok "
        "sync_partial_err expired_keys expired_stale_perc expired_time_cap_reached_count "
        "expire_cycle_cpu_milliseconds evicted_keys evicted_clients total_eviction_exceeded_time "
        "current_eviction_exceeded_time keyspace_hits keyspace_misses pubsub_channels "
        "pubsub_patterns pubsubshard_channels latest_fork_usec total_forks migrate_cached_sockets "
        "slave_expires_tracked_keys active_defrag_hits active_defrag_misses active_defrag_key_hits "
        "active_defrag_key_misses total_active_defrag_time current_active_defrag_time "
        "tracking_total_keys tracking_total_items tracking_total_prefixes unexpected_error_replies "
        "total_error_replies dump_payload_sanitizations total_reads_processed "
        "total_writes_processed io_threaded_reads_processed io_threaded_writes_processed "
        "reply_buffer_shrinks reply_buffer_expands role connected_slaves master_failover_state "
        "master_replid master_replid2 master_repl_offset second_repl_offset repl_backlog_active "
        "repl_backlog_size repl_backlog_first_byte_offset repl_backlog_histlen used_cpu_sys "
        "used_cpu_user used_cpu_sys_children used_cpu_user_children used_cpu_sys_main_thread "
        "used_cpu_user_main_thread cluster_enabled";
    start();
    const auto fields = info("everything");
    std::istringstream in(names);
    for (std::string name; in >> name;)
        EXPECT_EQ(fields.count(name), 1U) << name;
}

TEST_F(Admin, InfoCountsKeysAndDeadlines)
{
    start();
    EXPECT_EQ(text_of(run("INFO keyspace")), "# Keyspace\r\n");
    for (int i = 0; i < 100; i++)
        run("SET k" + std::to_string(i) + (i % 4 ? " v" : " v PX 5000"));
    session.db = 3;
    run("SET other v");
    EXPECT_EQ(text_of(run("INFO keyspace")),
              "# Keyspace\r\ndb0:keys=100,expires=25,avg_ttl=5000,subexpiry=0\r\n"
              "db3:keys=1,expires=0,avg_ttl=0,subexpiry=0\r\n");
}

TEST_F(Admin, InfoTellsWhatHappened)
{
    start();
    run("SET k v");
    run("GET k");
    run("GET none");
    run("INCR k");
    run("LPUSHX");
    auto fields = info("everything");
    EXPECT_EQ(fields["keyspace_hits"], "1");
    EXPECT_EQ(fields["keyspace_misses"], "1");
    EXPECT_EQ(fields["total_error_replies"], "2");
    EXPECT_EQ(fields["errorstat_ERR"], "count=2");
    EXPECT_EQ(fields["total_commands_processed"], "4");
    EXPECT_EQ(fields["rdb_changes_since_last_save"], "1");
    EXPECT_EQ(fields["cmdstat_get"].substr(0, 8), "calls=2,");
    EXPECT_NE(fields["cmdstat_incr"].find("failed_calls=1"), std::string::npos);
    EXPECT_EQ(fields["latency_percentiles_usec_get"].substr(0, 4), "p50=");
    EXPECT_EQ(run("CONFIG RESETSTAT"), "+OK\r\n");
    fields = info("everything");
    EXPECT_EQ(fields["keyspace_hits"], "0");
    EXPECT_EQ(fields["total_error_replies"], "0");
    EXPECT_EQ(fields.count("errorstat_ERR"), 0U);
    EXPECT_EQ(fields.count("cmdstat_get"), 0U);
    EXPECT_EQ(fields["rdb_changes_since_last_save"], "1");
}

// Turns of all workers' loops; the rest of them only where it is asked for.
TEST_F(Admin, InfoShowsTurns)
{
    parts.worker = [](void *, uint32_t, admin_worker *out) {
        out->cycles = 10;
        out->cycles_us = 500;
        out->commands_us = 300;
        out->cron_us = 100;
        out->cycle_us_max = 70;
        out->cycle_commands_max = 3;
    };
    start("");
    auto fields = info("everything");
    EXPECT_EQ(fields["eventloop_cycles"], "10");
    EXPECT_EQ(fields["eventloop_duration_sum"], "500");
    EXPECT_EQ(fields["eventloop_duration_cmd_sum"], "300");
    EXPECT_EQ(fields.count("eventloop_duration_cron_sum"), 0U);
    fields = info("debug");
    EXPECT_EQ(fields["eventloop_duration_cron_sum"], "100");
    EXPECT_EQ(fields["eventloop_duration_max"], "70");
    EXPECT_EQ(fields["eventloop_cmd_per_cycle_max"], "3");
}

TEST_F(Admin, InfoAsksTheParts)
{
    parts.worker = [](void *, uint32_t, admin_worker *out) {
        out->backend = "uring";
        out->connections = 7;
    };
    parts.persistence = [](void *, admin_persistence *out) {
        out->aof_enabled = true;
        out->last_save_s = 77;
        out->save_failed = true;
    };
    start("port 7777\nmaxmemory-policy allkeys-lfu\n");
    auto fields = info("all");
    EXPECT_EQ(fields["connected_clients"], "7");
    EXPECT_EQ(fields["multiplexing_api"], "io_uring");
    EXPECT_EQ(fields["aof_enabled"], "1");
    EXPECT_EQ(fields.count("aof_current_size"), 1U);
    EXPECT_EQ(fields["rdb_last_bgsave_status"], "err");
    EXPECT_EQ(run("LASTSAVE"), ":77\r\n");
    EXPECT_EQ(fields["tcp_port"], "7777");
    EXPECT_EQ(fields["maxmemory_policy"], "allkeys-lfu");
    EXPECT_EQ(fields["executable"], "/bin/latchkey-server");
    EXPECT_EQ(fields["run_id"], admin_run_id(admin));
    EXPECT_EQ(fields["run_id"].size(), 40U);
}

TEST_F(Admin, CronMeasuresRates)
{
    start();
    admin_cron(admin, NOW);
    for (int i = 0; i < 160; i++)
        run("SET k v");
    admin_cron(admin, NOW + 100);
    EXPECT_EQ(info("stats")["instantaneous_ops_per_sec"], "100"); // 1600 a second in 1 of 16
    run("DEBUG PAUSE-CRON 1");                                    // not allowed
    EXPECT_FALSE(admin_cron_paused(admin));
}

/* --- CONFIG ----------------------------------------------------------------------------------- */

TEST_F(Admin, ConfigGetTakesPatterns)
{
    start();
    EXPECT_EQ(run("CONFIG GET maxmemory"), "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n");
    EXPECT_EQ(run("CONFIG GET nosuch"), "*0\r\n");
    EXPECT_EQ(run("CONFIG GET lfu-* databases"),
              "*6\r\n$14\r\nlfu-log-factor\r\n$2\r\n10\r\n$14\r\nlfu-decay-time\r\n$1\r\n1\r\n"
              "$9\r\ndatabases\r\n$2\r\n16\r\n");
    session.reply.version = 3;
    EXPECT_EQ(run("CONFIG GET maxmemory"), "%1\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n");
}

TEST_F(Admin, ConfigSetTakesEffectAtOnce)
{
    start();
    EXPECT_EQ(engine.config->slowlog_us, 10000);
    EXPECT_EQ(run("CONFIG SET slowlog-log-slower-than -1 requirepass sesame maxmemory-policy "
                  "allkeys-lfu proto-max-bulk-len 2mb latency-tracking no"),
              "+OK\r\n");
    EXPECT_EQ(engine.config->slowlog_us, -1);
    EXPECT_TRUE(bytes_equal(engine.config->requirepass, bytes_cstr("sesame")));
    EXPECT_TRUE(engine.config->limits.lfu);
    EXPECT_EQ(engine.config->limits.bulk_max, size_t{2} << 20);
    EXPECT_FALSE(engine.config->latency_tracking);
    EXPECT_EQ(run("GET k"), "$-1\r\n"); // who is in stays in
    session_begin_user(&engine, &session);
    EXPECT_EQ(run("GET k"), "-NOAUTH Authentication required.\r\n");
}

TEST_F(Admin, ConfigSetChangesAllOrNothing)
{
    start();
    const dispatch_config *before = engine.config;
    EXPECT_EQ(run("CONFIG SET maxmemory 5mb hz nonsense"),
              "-ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be "
              "parsed into an integer\r\n");
    EXPECT_EQ(engine.config, before);
    EXPECT_EQ(run("CONFIG SET databases 3"),
              "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set "
              "immutable config\r\n");
    EXPECT_EQ(run("CONFIG SET maxmemory 1 b"), "-ERR syntax error\r\n");
    EXPECT_EQ(run("CONFIG SET a"), "-ERR wrong number of arguments for 'config|set' command\r\n");
    EXPECT_EQ(run("CONFIG FOO"), "-ERR unknown subcommand 'FOO'. Try CONFIG HELP.\r\n");
}

TEST_F(Admin, ReplacedSnapshotsLiveUntilReclaim)
{
    static int told;
    told = 0;
    parts.config_replaced = [](void *) { told++; };
    start("requirepass first");
    session_set(&session, SESSION_AUTHENTICATED, true);
    const dispatch_config *first = engine.config;
    const auto set = [this](int i) { run("CONFIG SET requirepass word" + std::to_string(i)); };
    const size_t before = config_replaced(holder);
    for (size_t i = before; i < ADMIN_REPLACED_MAX - 1; i++) {
        set(static_cast<int>(i));
        admin_reclaim(admin); // not worth closing the gate yet
    }
    EXPECT_TRUE(bytes_equal(first->requirepass, bytes_cstr("first")));
    EXPECT_EQ(config_replaced(holder), size_t{ADMIN_REPLACED_MAX - 1});
    set(ADMIN_REPLACED_MAX);
    admin_reclaim(admin);
    EXPECT_EQ(config_replaced(holder), 0U);
    EXPECT_TRUE(bytes_equal(engine.config->requirepass, bytes_cstr("word32")));
    EXPECT_EQ(static_cast<size_t>(told), ADMIN_REPLACED_MAX - before);
}

// Every row that is secret, and no other, whatever CONFIG is called here.
TEST_F(Admin, SlowlogHidesEverySecretRow)
{
    engine.fixed.slowlog = slowlog_new(1);
    ASSERT_EQ(
        command_index_rename(engine.fixed.commands, bytes_cstr("config"), bytes_cstr("steer")),
        LK_OK);
    start("slowlog-log-slower-than 0");
    session_set(&session, SESSION_AUTHENTICATED, true);
    size_t secrets = 0;
    for (size_t i = 0; i < config_row_count(); i++) {
        const config_row *row = config_row_at(i);
        for (const char *name : {row->name, row->alias}) {
            if (!name)
                continue;
            call({"steer", "SET", name, "hush-hush"});
            std::string shown;
            slowlog_each(
                engine.fixed.slowlog, 1,
                [](void *ctx, const slowlog_entry *e) {
                    for (uint32_t n = 0; n < e->argc; n++)
                        *static_cast<std::string *>(ctx) +=
                            std::string(e->argv[n].data, e->argv[n].size) + " ";
                },
                &shown);
            const bool secret = row->flags & CONFIG_SECRET;
            secrets += secret;
            EXPECT_EQ(shown,
                      std::string("steer SET ") + name + (secret ? " (redacted) " : " hush-hush "));
        }
    }
    EXPECT_GE(secrets, 5U);
    slowlog_free(engine.fixed.slowlog);
    engine.fixed.slowlog = nullptr;
}

TEST_F(Admin, WhatNobodyAppliesIsRefused)
{
    start();
    EXPECT_EQ(run("CONFIG SET maxmemory 5mb bind 127.0.0.1"),
              "-ERR CONFIG SET failed (possibly related to argument 'bind') - this server cannot "
              "change it while it runs\r\n");
    EXPECT_EQ(engine.config->maxmemory, 0U);
    EXPECT_EQ(run("CONFIG SET port 6379"), "+OK\r\n"); // no change
}

TEST_F(Admin, NotifyLettersBecomeClasses)
{
    start("notify-keyspace-events KEg$n\n");
    EXPECT_EQ(engine.hooks.events,
              unsigned{EVENT_GENERIC | EVENT_STRING | EVENT_NEW | EVENT_KEYSPACE | EVENT_KEYEVENT});
    run("CONFIG SET notify-keyspace-events Em");
    EXPECT_EQ(engine.hooks.events, unsigned{EVENT_MISS | EVENT_KEYEVENT});
    run("CONFIG SET notify-keyspace-events A"); // neither K nor E: nobody is told
    EXPECT_EQ(engine.hooks.events, 0U);
}

TEST_F(Admin, ConfigRewriteNeedsAFile)
{
    start();
    EXPECT_EQ(run("CONFIG REWRITE"), "-ERR The server is running without a config file\r\n");
}

/* --- LATENCY ---------------------------------------------------------------------------------- */

TEST_F(Admin, SlowCommandsAreLatencyEvents)
{
    engine.fixed.latency = latency_new();
    start("enable-debug-command yes");
    latency_history h;
    run("DEBUG SLEEP 0.003");
    EXPECT_FALSE(latency_get(engine.fixed.latency, LATENCY_COMMAND, &h)) << "not watched yet";
    run("CONFIG SET latency-monitor-threshold 2");
    run("DEBUG SLEEP 0.003");
    ASSERT_TRUE(latency_get(engine.fixed.latency, LATENCY_COMMAND, &h));
    EXPECT_EQ(h.count, 1U);
    EXPECT_GE(h.max_ms, 3U);
    EXPECT_EQ(h.samples[0].unix_s, NOW / 1000);
    run("CONFIG SET latency-monitor-threshold 1000000");
    latency_reset(engine.fixed.latency, LATENCY_COMMAND);
    run("DEBUG SLEEP 0.003");
    EXPECT_FALSE(latency_get(engine.fixed.latency, LATENCY_COMMAND, &h));
    latency_free(engine.fixed.latency);
    engine.fixed.latency = nullptr;
}

/* --- MODULE ----------------------------------------------------------------------------------- */

TEST_F(Admin, ThereAreNoModules)
{
    start();
    EXPECT_EQ(run("MODULE LIST"), "*0\r\n");
    EXPECT_EQ(run("MODULE LOAD /x.so").substr(0, 31), "-ERR MODULE command not allowed");
    EXPECT_EQ(run("MODULE FOO"), "-ERR unknown subcommand 'FOO'. Try MODULE HELP.\r\n");
}

TEST_F(Admin, ModulesAreRefusedWithAReason)
{
    start("enable-module-command yes");
    for (const char *line : {"MODULE LOAD /x.so a", "MODULE LOADEX /x.so CONFIG a b"})
        EXPECT_EQ(run(line), "-ERR Error loading the extension. This server does not support "
                             "modules.\r\n");
    EXPECT_EQ(run("MODULE UNLOAD x"),
              "-ERR Error unloading module: no such module with that name\r\n");
}

/* --- MEMORY ----------------------------------------------------------------------------------- */

TEST_F(Admin, MemoryAnswers)
{
    start();
    run("SET k v");
    const std::string stats = run("MEMORY STATS");
    for (const char *field : {"peak.allocated", "total.allocated", "startup.allocated", "db.0",
                              "overhead.hashtable.main", "keys.count", "dataset.percentage",
                              "allocator-fragmentation.ratio", "fragmentation.bytes"})
        EXPECT_NE(stats.find(field), std::string::npos) << field;
    EXPECT_EQ(run("MEMORY PURGE"), "+OK\r\n");
    EXPECT_EQ(run("MEMORY USAGE k")[0], ':');
    EXPECT_EQ(run("MEMORY USAGE none"), "$-1\r\n");
    EXPECT_EQ(run("MEMORY DOCTOR")[0], '$');
    EXPECT_EQ(run("MEMORY MALLOC-STATS")[0], '$');
    EXPECT_EQ(run("MEMORY FOO"), "-ERR unknown subcommand 'FOO'. Try MEMORY HELP.\r\n");
}

/* --- TIME, LOLWUT, SHUTDOWN ------------------------------------------------------------------- */

TEST_F(Admin, TimeIsSecondsAndMicroseconds)
{
    start();
    clock_fake_unix_ms(NOW + 25);
    EXPECT_EQ(run("TIME"), "*2\r\n$10\r\n1700000000\r\n$5\r\n25000\r\n");
    EXPECT_EQ(run("LASTSAVE"), ":1700000000\r\n");
}

TEST_F(Admin, LolwutEndsWithTheVersion)
{
    start();
    for (const char *line : {"LOLWUT", "LOLWUT VERSION 5 3 3 3", "LOLWUT 40 2", "LOLWUT x"}) {
        const std::string text = text_of(run(line));
        EXPECT_NE(text.find("Redis ver. 7.4.0\n"), std::string::npos) << line;
    }
    EXPECT_EQ(run("LOLWUT VERSION x"), "-ERR value is not an integer or out of range\r\n");
}

TEST_F(Admin, ShutdownChecksItsWords)
{
    static unsigned got;
    got = 0;
    parts.shutdown = [](void *, unsigned flags, uint32_t, uint64_t) { got = flags; };
    start();
    EXPECT_EQ(run("SHUTDOWN foo"), "-ERR syntax error\r\n");
    EXPECT_EQ(run("SHUTDOWN SAVE NOSAVE"), "-ERR syntax error\r\n");
    EXPECT_EQ(run("SHUTDOWN ABORT NOW"), "-ERR syntax error\r\n");
    EXPECT_EQ(run("SHUTDOWN ABORT"), "-ERR No shutdown in progress.\r\n");
    EXPECT_EQ(got, 0U);
    EXPECT_EQ(call({"SHUTDOWN", "nosave", "NOW", "force"}, PENDING_BLOCKED), "");
    EXPECT_EQ(got, unsigned{ADMIN_SHUTDOWN_NOSAVE | ADMIN_SHUTDOWN_NOW | ADMIN_SHUTDOWN_FORCE});
}

/* --- DEBUG ------------------------------------------------------------------------------------ */

TEST_F(Admin, DebugIsForThoseWhoMay)
{
    start();
    EXPECT_EQ(run("DEBUG SLEEP 0").substr(0, 30), "-ERR DEBUG command not allowed");
}

TEST_F(Admin, DebugLocalLooksAtTheAddress)
{
    start("enable-debug-command local");
    for (const auto &[peer, may] :
         std::vector<std::pair<const char *, bool>>{{"127.0.0.1:4000", true},
                                                    {"[::1]:4000", true},
                                                    {"10.0.0.1:4000", false},
                                                    {"127.0.0.10:4000", false},
                                                    {"[2001:db8::1]:1", false}}) {
        session.registry.peer = mem_strdup(peer);
        EXPECT_EQ(run("DEBUG PAUSE-CRON 0") == "+OK\r\n", may) << peer;
        mem_strfree(session.registry.peer);
        session.registry.peer = nullptr;
    }
    session_set(&session, SESSION_UNIX, true);
    EXPECT_EQ(run("DEBUG PAUSE-CRON 1"), "+OK\r\n");
    EXPECT_TRUE(admin_cron_paused(admin));
}

// Answers of a redis-server 7.0 with the same data.
TEST_F(Admin, DigestEqualsRedis)
{
    start("enable-debug-command yes");
    EXPECT_EQ(run("DEBUG DIGEST"), "+0000000000000000000000000000000000000000\r\n");
    run("SET a 1");
    EXPECT_EQ(run("DEBUG DIGEST"), "+943d800368fb9c0e951138f1bc0e313ac769d91f\r\n");
    run("SET b hello PX 100000000");
    session.db = 3;
    std::string text;
    for (int i = 0; i < 100; i++)
        text += "long";
    run("SET x " + text);
    EXPECT_EQ(run("DEBUG DIGEST"), "+c44fab64238639208149e52b65ee45a8f5454306\r\n");
    session.db = 0;
    EXPECT_EQ(run("DEBUG DIGEST-VALUE a none"),
              "*2\r\n+b4fc66738120fba0b5aa500ab5c2bf89cea1c5da"
              "\r\n+0000000000000000000000000000000000000000\r\n");
}

TEST_F(Admin, TheAllocatorIsAskedByName)
{
    start("enable-debug-command yes");
    if (std::string(mem_allocator_name()).rfind("jemalloc", 0) != 0)
        GTEST_SKIP() << "another allocator";
    EXPECT_EQ(run("DEBUG MALLCTL arenas.page"), ":4096\r\n");
    EXPECT_EQ(run("DEBUG MALLCTL background_thread"), ":1\r\n");
    EXPECT_EQ(run("DEBUG MALLCTL version"), "-ERR Invalid argument\r\n") << "no number";
}

TEST_F(Admin, DebugAnswersAsRedis)
{
    start("enable-debug-command yes");
    const std::pair<const char *, const char *> rows[] = {
        {"DEBUG FOO", "-ERR unknown subcommand or wrong number of arguments for 'FOO'. Try DEBUG "
                      "HELP.\r\n"},
        {"DEBUG object", "-ERR unknown subcommand or wrong number of arguments for 'object'. Try "
                         "DEBUG HELP.\r\n"},
        {"DEBUG", "-ERR wrong number of arguments for 'debug' command\r\n"},
        {"DEBUG OBJECT none", "-ERR no such key\r\n"},
        {"DEBUG HTSTATS x", "-ERR value is not an integer or out of range\r\n"},
        {"DEBUG HTSTATS 99", "-ERR Out of range database\r\n"},
        {"DEBUG ERROR lol", "-lol\r\n"},
        {"DEBUG ERROR -FOO", "--FOO\r\n"},
        {"DEBUG MALLCTL none", "-ERR No such file or directory\r\n"},
        {"DEBUG STRINGMATCH-LEN 1000 x*", ":1\r\n"},
        {"DEBUG STRINGMATCH-LEN 3 xx", ":0\r\n"},
        {"DEBUG SET-ACTIVE-EXPIRE 0", "+OK\r\n"},
        {"DEBUG SLEEP 0", "+OK\r\n"},
        {"DEBUG SLEEP x", "+OK\r\n"},
        {"DEBUG LOG words", "+OK\r\n"},
        {"DEBUG QUICKLIST-PACKED-THRESHOLD 1b", "+OK\r\n"},
        {"DEBUG QUICKLIST-PACKED-THRESHOLD 0", "+OK\r\n"},
        {"DEBUG QUICKLIST-PACKED-THRESHOLD 4gb", "-ERR argument must be a memory value bigger than "
                                                 "1 and smaller than 4gb\r\n"},
        {"DEBUG QUICKLIST-PACKED-THRESHOLD x", "-ERR argument must be a memory value bigger than 1 "
                                               "and smaller than 4gb\r\n"},
        {"DEBUG REPLYBUFFER PEAK-RESET-TIME never", "+OK\r\n"},
        {"DEBUG REPLYBUFFER PEAK-RESET-TIME 100", "+OK\r\n"},
        {"DEBUG REPLYBUFFER PEAK-RESET-TIME x", "-ERR value is not an integer or out of range\r\n"},
        {"DEBUG REPLYBUFFER RESIZING 0", "+OK\r\n"},
        {"DEBUG REPLYBUFFER other 0", "-ERR unknown subcommand or wrong number of arguments for "
                                      "'REPLYBUFFER'. Try DEBUG HELP.\r\n"},
        {"DEBUG DICT-RESIZING 1", "+OK\r\n"},
        {"DEBUG PAUSE-AFTER-FORK 1", "+OK\r\n"},
        {"DEBUG AOF-FLUSH-SLEEP 0", "+OK\r\n"},
        {"DEBUG CONFIG-REWRITE-FORCE-ALL", "-ERR CONFIG-REWRITE-FORCE-ALL failed: The server is "
                                           "running without a config file\r\n"},
        {"DEBUG LISTPACK none", "-ERR no such key\r\n"},
        {"DEBUG QUICKLIST none 1", "-ERR no such key\r\n"},
        {"DEBUG SDSLEN none", "-ERR no such key\r\n"},
        {"DEBUG HTSTATS-KEY none", "-ERR no such key\r\n"},
    };
    for (const auto &[line, reply] : rows)
        EXPECT_EQ(run(line), reply) << line;
    EXPECT_EQ(engine.no_active_expire, 1U);
    run("SET k v");
    EXPECT_NE(run("DEBUG OBJECT k").find(" refcount:1 encoding:embstr serializedlength:"),
              std::string::npos);
    EXPECT_EQ(run("DEBUG OBJECT k fast").find("serializedlength"), std::string::npos);
    EXPECT_NE(run("DEBUG HTSTATS 0").find(" number of elements: 1\n[Expires HT]\n\r\n"),
              std::string::npos);
    EXPECT_NE(run("DEBUG HTSTATS 0 full").find(" fill: "), std::string::npos);
    EXPECT_NE(run("DEBUG STRUCTSIZE").find("bits:64"), std::string::npos);
}

TEST_F(Admin, DebugTellsHowValuesAreKept)
{
    start("enable-debug-command yes\nset-max-listpack-entries 4");
    run("RPUSH list a b");
    run("SADD set a b c d e");
    run("SET text words");
    run("SET number 12");
    EXPECT_EQ(run("DEBUG LISTPACK list"), "+Listpack structure printed on stdout\r\n");
    EXPECT_EQ(run("DEBUG LISTPACK set"), "-ERR Not a listpack encoded object.\r\n");
    EXPECT_EQ(run("DEBUG QUICKLIST list"), "-ERR Not a quicklist encoded object.\r\n");
    EXPECT_NE(run("DEBUG HTSTATS-KEY set")
                  .find("Hash table 0 stats (main hash table):\n table "
                        "size: 5\n number of elements: 5\n"),
              std::string::npos);
    EXPECT_EQ(run("DEBUG HTSTATS-KEY list"), "-ERR The value stored at the specified key is not "
                                             "represented using an hash table\r\n");
    EXPECT_NE(run("DEBUG SDSLEN text").find("val_sds_len:5,"), std::string::npos);
    for (const char *key : {"number", "list"})
        EXPECT_EQ(run(std::string("DEBUG SDSLEN ") + key), "-ERR Not an sds encoded string.\r\n");
}

TEST_F(Admin, DebugPopulateMakesKeys)
{
    start("enable-debug-command yes");
    run("SET key:1 mine");
    EXPECT_EQ(run("DEBUG POPULATE 100"), "+OK\r\n");
    EXPECT_NE(run("INFO keyspace").find("db0:keys=100,"), std::string::npos);
    EXPECT_EQ(run("GET key:1"), "$4\r\nmine\r\n");
    EXPECT_EQ(run("GET key:99"), "$8\r\nvalue:99\r\n");
    EXPECT_EQ(run("OBJECT IDLETIME key:99"), ":0\r\n");
    EXPECT_EQ(run("DEBUG POPULATE 2 p 10"), "+OK\r\n");
    EXPECT_EQ(run("GET p:1"), std::string("$10\r\nvalue:1\0\0\0\r\n", 17));
    EXPECT_EQ(run("DEBUG POPULATE 2 q 3"), "+OK\r\n");
    EXPECT_EQ(run("GET q:0"), "$3\r\nval\r\n");
    for (const char *line : {"DEBUG POPULATE x", "DEBUG POPULATE -1", "DEBUG POPULATE 1 a -1"})
        EXPECT_EQ(run(line), "-ERR value is out of range, must be positive\r\n");
}

TEST_F(Admin, DebugSkipsChecksums)
{
    start("enable-debug-command yes");
    const std::vector<std::string> spoiled = {"RESTORE", "k", "0",
                                              std::string("\0\x01v\x0b\0garbage!", 13)};
    EXPECT_EQ(call(spoiled), "-ERR DUMP payload version or checksum are wrong\r\n");
    EXPECT_EQ(run("DEBUG SET-SKIP-CHECKSUM-VALIDATION 1"), "+OK\r\n");
    EXPECT_EQ(call(spoiled), "+OK\r\n");
    EXPECT_EQ(run("GET k"), "$1\r\nv\r\n");
    EXPECT_EQ(run("DEBUG SET-SKIP-CHECKSUM-VALIDATION 0"), "+OK\r\n");
}

TEST_F(Admin, DebugProtocolHasEveryKind)
{
    start("enable-debug-command yes");
    const struct {
        const char *kind, *resp2, *resp3;
    } rows[] = {
        {"string", "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"},
        {"integer", ":12345\r\n", ":12345\r\n"},
        {"double", "$5\r\n3.141\r\n", ",3.141\r\n"},
        {"bignum", "$37\r\n1234567999999999999999999999999999999\r\n",
         "(1234567999999999999999999999999999999\r\n"},
        {"null", "$-1\r\n", "_\r\n"},
        {"array", "*3\r\n:0\r\n:1\r\n:2\r\n", "*3\r\n:0\r\n:1\r\n:2\r\n"},
        {"set", "*3\r\n:0\r\n:1\r\n:2\r\n", "~3\r\n:0\r\n:1\r\n:2\r\n"},
        {"map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n",
         "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n"},
        {"attrib", "$39\r\nSome real reply following the attribute\r\n",
         "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$39\r\nSome real reply "
         "following the attribute\r\n"},
        {"push", "-ERR RESP2 is not supported by this command\r\n",
         ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n$40\r\nSome real reply following the push "
         "reply\r\n"},
        {"verbatim", "$25\r\nThis is a verbatim\nstring\r\n",
         "=29\r\ntxt:This is a verbatim\nstring\r\n"},
        {"true", ":1\r\n", "#t\r\n"},
        {"false", ":0\r\n", "#f\r\n"},
    };
    for (const auto &row : rows) {
        session.reply.version = 2;
        EXPECT_EQ(run(std::string("DEBUG PROTOCOL ") + row.kind), row.resp2);
        session.reply.version = 3;
        EXPECT_EQ(run(std::string("DEBUG PROTOCOL ") + row.kind), row.resp3);
    }
    EXPECT_EQ(run("DEBUG PROTOCOL foo").substr(0, 34), "-ERR Wrong protocol type name. Ple");
}

} // namespace
