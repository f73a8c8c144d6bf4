// What is asked of a server that does not have it: refused if it is safety or a role, else named.
#include "core/base/trace.h"
#include "tests/io/config/config_fixture.h"

namespace
{

// A server that has the parts, and none of the features.
class ConfigNeed : public ConfigTest
{
  protected:
    ConfigNeed()
    {
        renew_bare();
    }

    void renew_bare()
    {
        config_holder_free(holder);
        holder = config_holder_new();
        for (int id = CONFIG_HOOK_NONE + 1; id < CONFIG_HOOKS; id++) {
            const struct config_hook hook = {nullptr, nullptr, nullptr};
            config_register(holder, static_cast<config_hook_id>(id), &hook);
        }
    }

    static std::string fatal(int line, const std::string &text, const std::string &why)
    {
        return std::string("\n*** FATAL CONFIG FILE ERROR (Latchkey ") + LATCHKEY_VERSION +
               ") ***\nReading the configuration file, at line " + std::to_string(line) +
               "\n>>> '" + text + "'\n" + why + "\n";
    }

    std::string logged()
    {
        trace_set_file((dir + "/log").c_str());
        config_log_unmet(holder);
        trace_set_file("");
        std::string lines, text = read("log");
        for (size_t at; (at = text.find('\n')) != std::string::npos; text.erase(0, at + 1))
            lines += text.substr(text.find(" * ") + 3, at - text.find(" * ") - 2);
        return lines;
    }
};

const char no_tls[] = "this server does not support TLS";
const char no_replication[] = "this server does not support replication";
const char no_replica[] = "this server does not support being a replica";
const char no_cluster[] = "this server does not support cluster mode";
const char no_modules[] = "this server does not support modules";

TEST_F(ConfigNeed, DemandsStopTheStart)
{
    const struct {
        const char *line, *why;
    } rows[] = {
        {"tls-port 6380", no_tls},
        {"tls-replication yes", no_tls},
        {"tls-cluster yes", no_tls},
        {"replicaof 10.0.0.1 6379", no_replica},
        {"slaveof 10.0.0.1 6379", no_replica},
        {"cluster-enabled yes", no_cluster},
        {"loadmodule /x.so a", no_modules},
    };
    for (const auto &r : rows) {
        renew_bare();
        EXPECT_EQ(load(std::string("hz 20\n") + r.line + "\n"), fatal(2, r.line, r.why));
        EXPECT_EQ(get("hz"), "10") << "nothing of the file is in force";
    }
    EXPECT_EQ(load_args({"--sentinel"}), "Fatal error, this server does not support Sentinel mode");
}

TEST_F(ConfigNeed, WhatAsksForNothingIsTaken)
{
    EXPECT_EQ(load("tls-port 0\ntls-replication no\nreplicaof no one\nmin-replicas-to-write 0\n"
                   "cluster-enabled no\n"),
              "");
    EXPECT_EQ(logged(), "");
}

TEST_F(ConfigNeed, ConfigSetRefusesDemands)
{
    const struct {
        const char *name, *value, *why;
    } rows[] = {
        {"tls-port", "6380", no_tls},
        {"tls-replication", "yes", no_tls},
    };
    for (const auto &r : rows) {
        EXPECT_EQ(set({{"hz", "20"}, {r.name, r.value}}),
                  std::string("CONFIG SET failed (possibly related to argument '") + r.name +
                      "') - " + r.why);
        EXPECT_EQ(get("hz"), "10");
        EXPECT_EQ(set({{r.name, get(r.name)}}), "OK");
    }
}

TEST_F(ConfigNeed, WhatTunesIsKeptAndNamedOnce)
{
    ASSERT_EQ(load("replica-priority 9\ntls-cert-file a.crt\nrepl-backlog-ttl 3600\nmasterauth p\n"
                   "cluster-node-timeout 1\nactivedefrag yes\ntls-key-file a.key\n"),
              "");
    EXPECT_EQ(get("replica-priority"), "9");
    EXPECT_EQ(set({{"replica-priority", "10"}}), "OK");
    EXPECT_EQ(
        logged(),
        "Kept without effect, since nothing here depends on it: activedefrag\n"
        "Kept without effect, since this server does not support TLS: tls-cert-file, "
        "tls-key-file\n"
        "Kept without effect, since this server does not support cluster mode: "
        "cluster-node-timeout\n"
        "Kept without effect, since this server does not support being a replica: masterauth, "
        "replica-priority\n");
}

// A part that comes says so, and all its rows are taken.
TEST_F(ConfigNeed, AFeatureThatIsThereIsNotRefused)
{
    config_provide(holder, CONFIG_NEEDS_TLS);
    EXPECT_EQ(load("tls-port 6380\ntls-cert-file x\n"), "");
    EXPECT_EQ(logged(), "");
    EXPECT_EQ(load("replicaof h 1\n"), fatal(1, "replicaof h 1", no_replica));
}

// Every demand has a feature, and its first value demands nothing.
TEST_F(ConfigNeed, RowsAreWhole)
{
    size_t demands = 0;
    for (size_t i = 0; i < config_row_count(); i++) {
        const struct config_row *row = config_row_at(i);
        EXPECT_LT(row->needs, CONFIG_FEATURES) << row->name;
        EXPECT_LT(row->hook, CONFIG_HOOKS) << row->name;
        if (!(row->flags & CONFIG_DEMANDS))
            continue;
        demands++;
        EXPECT_NE(row->needs, CONFIG_NEEDS_NOTHING) << row->name;
        EXPECT_EQ(config_need_unmet(holder, now(), row), nullptr) << row->name;
    }
    EXPECT_GE(demands, 5u);
}

TEST_F(ConfigNeed, ALogFileThatCannotBeOpenedIsFatal)
{
    EXPECT_EQ(load("logfile none/log\nhz 20\n"),
              std::string("\n*** FATAL CONFIG FILE ERROR (Latchkey ") + LATCHKEY_VERSION +
                  ") ***\nCan't open the log file: No such file or directory\n");
    EXPECT_NE(load("logfile " + std::string(5000, 'x') + "\n").find("File name too long"),
              std::string::npos);
    EXPECT_EQ(get("hz"), "10");
    EXPECT_EQ(load("logfile log\n"), "");
}

} // namespace
