// COMMAND and its subcommands, SLOWLOG and LATENCY.
#include "core/cmd/client/latency.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/command/command_syntax.h"
#include "core/cmd/command/docs/command_docs.h"
#include "tests/core/cmd/server_fixture.h"

namespace
{

using About = Server;

TEST_F(About, InfoTellsTheWholeRow)
{
    play({{"command info get",
           "*1 *10 $3 get :2 *2 +readonly +fast :1 :1 :1 *3 +@read +@string +@fast *0 *1 *6 $5 "
           "flags *2 +RO +access $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 $9 "
           "find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 $7 keystep :1 $5 limit :0 *0"},
          {"command info nothing CLIENT|ID client|nothing",
           "*3 $-1 *10 $9 client|id :2 *3 +noscript +loading +stale :0 :0 :0 *2 +@slow "
           "+@connection *0 *0 *0 $-1"}});
    run("hello 3");
    EXPECT_EQ(run("command info ping"),
              "*1 *10 $4 ping :-1 ~1 +fast :0 :0 :0 ~2 +@fast +@connection ~2 $25 "
              "request_policy:all_shards $29 response_policy:all_succeeded ~0 ~0");
}

TEST_F(About, OldRangeJoinsSpecifications)
{
    const auto range = [&](const char *name) {
        const std::string reply = run(std::string("command info ") + name);
        // arity, flags, then three integers in a row
        for (size_t at = reply.find(" :"); at != std::string::npos; at = reply.find(" :", at + 1)) {
            int first, last, step;
            if (sscanf(reply.c_str() + at, " :%d :%d :%d", &first, &last, &step) == 3)
                return std::to_string(first) + "," + std::to_string(last) + "," +
                       std::to_string(step);
        }
        return std::string();
    };
    EXPECT_EQ(range("get"), "1,1,1");
    EXPECT_EQ(range("mset"), "1,-1,2");
    EXPECT_EQ(range("del"), "1,-1,1");
    EXPECT_EQ(range("rename"), "1,2,1"); // two specifications
    EXPECT_EQ(range("object|encoding"), "2,2,1");
    EXPECT_EQ(range("ping"), "0,0,0");
}

TEST_F(About, CountsAndLists)
{
    const uint32_t top = command_index_top_count(engine_.fixed.commands);
    EXPECT_EQ(run("command count"), ":" + std::to_string(top));
    EXPECT_EQ(run("command").substr(0, 10),
              ("*" + std::to_string(top) + " *10 $3 get").substr(0, 10));
    play({{"command list filterby pattern ECH*", "*1 $4 echo"},
          {"command list filterby pattern client|set*", "*2 $14 client|setinfo $14 client|setname"},
          {"command list filterby aclcat transaction",
           "*5 $5 multi $4 exec $7 discard $5 watch $7 unwatch"},
          {"command list filterby aclcat nothing", "*0"},
          {"command list filterby module x", "*0"},
          {"command list filterby", "-ERR syntax error"},
          {"command list filterby what x", "-ERR syntax error"},
          {"command list x", "-ERR syntax error"},
          {"command nothing", "-ERR unknown subcommand 'nothing'. Try COMMAND HELP."}});
    EXPECT_EQ(run("command list").substr(0, 6),
              "*" + std::to_string(command_index_count(engine_.fixed.commands)) + " $");
}

TEST_F(About, HiddenAndRenamedCommands)
{
    ASSERT_EQ(command_index_rename(engine_.fixed.commands, bytes_cstr("echo"), bytes_cstr("")),
              LK_OK);
    ASSERT_EQ(command_index_rename(engine_.fixed.commands, bytes_cstr("ping"), bytes_cstr("pong")),
              LK_OK);
    const uint32_t top = command_index_top_count(engine_.fixed.commands);
    play({{"pong", "+PONG"},
          {"command count", (":" + std::to_string(top - 1)).c_str()},
          {"command list filterby pattern echo", "*0"},
          {"command info echo ping", "*2 $-1 $-1"},
          {"command docs echo", "*0"}});
    EXPECT_EQ(run("command info pong").substr(0, 15), "*1 *10 $4 ping ");
}

TEST_F(About, GetKeys)
{
    play({{"command getkeys get a", "*1 $1 a"},
          {"command getkeys mset a b c d", "*2 $1 a $1 c"},
          {"command getkeys object encoding x", "*1 $1 x"},
          {"command getkeys nothing a", "-ERR Invalid command specified"},
          {"command getkeys client setname a", "-ERR The command has no key arguments"},
          {"command getkeys get a b", "-ERR Invalid number of arguments specified for command"},
          {"command getkeys get", "-ERR Invalid number of arguments specified for command"},
          {"command getkeys", "-ERR wrong number of arguments for 'command|getkeys' command"},
          {"command getkeysandflags set a b", "*1 *2 $1 a *2 +OW +update"},
          {"command getkeysandflags set a b GET", "*1 *2 $1 a *3 +RW +access +update"},
          {"command getkeysandflags rename a b",
           "*2 *2 $1 a *3 +RW +access +delete *2 $1 b *2 +OW +update"}});
}

TEST_F(About, Docs)
{
    play({{"command docs nothing", "*0"},
          {"command docs echo nothing",
           "*2 $4 echo *10 $7 summary $30 Answers with what it was sent. $5 since $5 1.0.0 $5 "
           "group $10 connection $10 complexity $4 O(1) $9 arguments *1 *6 $4 name $7 message $4 "
           "type $6 string $12 display_text $7 message"}});
    EXPECT_NE(run("command docs client|reply").find("$12 client|reply"), std::string::npos);
    EXPECT_NE(run("command docs getset").find("$9 doc_flags *1 +deprecated"), std::string::npos);
    EXPECT_NE(run("command docs client").find("$11 subcommands *36 "), std::string::npos);
    EXPECT_EQ(run("command docs").substr(0, 4),
              "*" +
                  std::to_string(2 * command_index_top_count(engine_.fixed.commands)).substr(0, 3));
}

// All that is announced is there, in both versions: a reader takes the reply whole.
TEST_F(About, DocsAreWellFormed)
{
    for (const char *hello : {"hello 2", "hello 3"}) {
        run(hello);
        for (const char *words : {"docs", "info", "list"}) {
            const std::string reply = call({"command", words});
            // Elements still to come at each depth; bulks are skipped by their length.
            std::vector<uint64_t> open = {1};
            size_t at = 0;
            while (!open.empty() && at < reply.size()) {
                const char kind = reply[at];
                const size_t end = reply.find("\r\n", at);
                ASSERT_NE(end, std::string::npos);
                const long n = strchr("*~%$", kind) ? std::stol(reply.substr(at + 1)) : 0;
                at = end + 2 + (kind == '$' && n >= 0 ? static_cast<size_t>(n) + 2 : 0);
                open.back()--;
                if (strchr("*~%", kind))
                    open.push_back(static_cast<uint64_t>(n) * (kind == '%' ? 2 : 1));
                while (!open.empty() && open.back() == 0)
                    open.pop_back();
            }
            EXPECT_TRUE(open.empty()) << hello << " " << words;
            EXPECT_EQ(at, reply.size()) << hello << " " << words;
        }
    }
}

TEST_F(About, EveryCommandHasDocs)
{
    for (uint32_t i = 0; i < command_index_count(engine_.fixed.commands); i++) {
        const char *name = command_index_at(engine_.fixed.commands, i)->full_name;
        if (strcmp(name, "memory-usage") == 0 || strcmp(name, "switch-on") == 0)
            continue; // the fixture's own
        const command_doc *doc = command_doc_find(name, nullptr);
        ASSERT_NE(doc, nullptr) << name;
        EXPECT_STRNE(doc->summary, "") << name;
    }
}

TEST(CommandDocs, AreSortedAndReadable)
{
    uint32_t count;
    const command_docs *const *groups = command_docs_groups(&count);
    for (uint32_t g = 0; g < count; g++)
        for (uint32_t i = 0; i < groups[g]->count; i++) {
            const command_doc *doc = &groups[g]->rows[i];
            if (i > 0) {
                EXPECT_LT(strcmp(doc[-1].name, doc->name), 0) << doc->name;
            }
            const char *group;
            EXPECT_EQ(command_doc_find(doc->name, &group), doc);
            EXPECT_STREQ(group, groups[g]->group);
            if (!doc->arguments)
                continue;
            reply r; // a line that is no syntax aborts
            reply_init(&r, 3);
            reply_command_syntax(&r, doc->arguments);
            reply_release(&r);
        }
}

TEST(CommandSyntax, IsATree)
{
    const struct {
        const char *line, *want;
    } cases[] = {
        {"key:k0", "*1 %4 $4 name $3 key $4 type $3 key $12 display_text $3 key $14 "
                   "key_spec_index :0 "},
        {"get@GET?^6.2.0", "*1 %6 $4 name $3 get $4 type $10 pure-token $12 display_text $3 get $5 "
                           "token $3 GET $5 since $5 6.2.0 $5 flags ~1 +optional "},
        {"n:i@N+", "*1 %5 $4 name $1 n $4 type $7 integer $12 display_text $1 n $5 token $1 N $5 "
                   "flags ~2 +multiple +multiple_token "},
        {"old:d~2.8.12*", "*1 %5 $4 name $3 old $4 type $6 double $12 display_text $3 old $16 "
                          "deprecated_since $6 2.8.12 $5 flags ~1 +multiple "},
        {"b{x:s c<y@Y z:u@Z>}@B",
         "*1 %4 $4 name $1 b $4 type $5 block $5 token $1 B $9 arguments *2 %3 $4 name $1 x $4 "
         "type $6 string $12 display_text $1 x %3 $4 name $1 c $4 type $5 oneof $9 arguments *2 %4 "
         "$4 name $1 y $4 type $10 pure-token $12 display_text $1 y $5 token $1 Y %4 $4 name $1 z "
         "$4 type $9 unix-time $12 display_text $1 z $5 token $1 Z "},
    };
    for (const auto &c : cases) {
        reply r;
        reply_init(&r, 3);
        reply_command_syntax(&r, c.line);
        std::string got(r.out.data, r.out.size);
        for (size_t at; (at = got.find("\r\n")) != std::string::npos;)
            got.replace(at, 2, " ");
        EXPECT_EQ(got, c.want) << c.line;
        reply_release(&r);
    }
}

TEST_F(About, Slowlog)
{
    config_.slowlog_us = 1'000'000'000; // nothing is that slow
    const std::vector<bytes> v = {bytes_cstr("get"), bytes_cstr("k")};
    const args a = {v.data(), 2};
    run("client setname me");
    const secret_rule rule = {command_index_find(engine_.fixed.commands, bytes_cstr("get")),
                              nullptr};
    for (int i = 0; i < 3; i++)
        slowlog_add(engine_.fixed.slowlog, &session, &rule, &a, 1700000000, 12345);
    const std::string entry = ":1700000000 :12345 *2 $3 get $1 k $14 127.0.0.1:1001 $2 me";
    play({{"slowlog len", ":3"},
          {"slowlog get 2", ("*2 *6 :2 " + entry + " *6 :1 " + entry).c_str()},
          {"slowlog get 0", "*0"},
          {"slowlog get -2", "-ERR count should be greater than or equal to -1"},
          {"slowlog get x", "-ERR count should be greater than or equal to -1"},
          {"slowlog get 1 2", "-ERR unknown subcommand or wrong number of arguments for 'get'. Try "
                              "SLOWLOG HELP."},
          {"slowlog reset", "+OK"},
          {"slowlog len", ":0"},
          {"slowlog get", "*0"},
          {"slowlog", "-ERR wrong number of arguments for 'slowlog' command"}});
    EXPECT_EQ(run("slowlog get -1"), "*0");
    config_.slowlog_us = 0; // everything is
    run("echo x");
    EXPECT_EQ(slowlog_count(engine_.fixed.slowlog), 1u);
}

TEST_F(About, LatencyHistogramAddsUpTheWorkers)
{
    struct stats other;
    stats_init(&other, command_index_count(engine_.fixed.commands));
    struct stats *all[] = {dispatcher_stats(dispatcher_), &other};
    engine_.fixed.all_stats = all;
    engine_.fixed.worker_count = engine_.fixed.stats_count = 2;
    const uint32_t get = command_index_lookup(engine_.fixed.commands, bytes_cstr("get"))->id;
    const uint32_t id = command_index_lookup(engine_.fixed.commands, bytes_cstr("client|id"))->id;
    for (struct stats *s : all) {
        s->commands[get].histogram =
            static_cast<uint64_t *>(mem_calloc(HISTOGRAM_BUCKETS * sizeof(uint64_t)));
        s->commands[get].histogram[histogram_bucket(900)] = 5;
        s->commands[get].histogram[histogram_bucket(7000)] = 2;
    }
    other.commands[id].histogram =
        static_cast<uint64_t *>(mem_calloc(HISTOGRAM_BUCKETS * sizeof(uint64_t)));
    other.commands[id].histogram[histogram_bucket(1500)] = 1;
    play(
        {{"latency histogram get", "*2 $3 get *4 $5 calls :14 $14 histogram_usec *4 :1 :10 :8 :14"},
         {"latency histogram set nothing", "*0"},
         {"latency histogram client client|id",
          "*4 $9 client|id *4 $5 calls :1 $14 histogram_usec *2 :2 :1 $9 client|id *4 $5 calls "
          ":1 $14 histogram_usec *2 :2 :1"}});
    EXPECT_EQ(run("latency histogram").substr(0, 2), "*6"); // and itself
    engine_.fixed.worker_count = engine_.fixed.stats_count = 1;
    stats_release(&other);
}

TEST_F(About, LatencyHasNoEvents)
{
    play({{"latency latest", "*0"},
          {"latency history x", "*0"},
          {"latency reset", ":0"},
          {"latency reset a b", ":0"},
          {"latency graph x", "-ERR No samples available for event 'x'"},
          {"latency what", "-ERR unknown subcommand 'what'. Try LATENCY HELP."}});
}

// The clock of the fixture stands still: samples are put in as dispatch would.
TEST_F(About, LatencyShowsItsEvents)
{
    latency_monitor *m = engine_.fixed.latency = latency_new();
    const int64_t now = NOW / 1000;
    for (const uint64_t ms : {300, 400, 500})
        latency_add(m, LATENCY_COMMAND, now - static_cast<int64_t>(515 - ms), ms);
    latency_add(m, LATENCY_EXPIRE_CYCLE, 7, 25);
    const std::string t = std::to_string(now - 15);
    play({{"latency latest",
           ("*2 *4 $7 command :" + t + " :500 :500 *4 $12 expire-cycle :7 :25 :25").c_str()},
          {"latency history expire-cycle", "*1 *2 :7 :25"},
          {"latency history nosuch", "*0"},
          {"latency reset nosuch expire-cycle", ":1"},
          {"latency history expire-cycle", "*0"}});
    const std::string graph = run("latency graph COMMAND");
    EXPECT_NE(graph.find("command - high 500 ms, low 300 ms (all time high 500 ms)"),
              std::string::npos)
        << graph;
    EXPECT_NE(run("latency doctor").find("command: 3 samples"), std::string::npos);
    EXPECT_EQ(run("latency reset"), ":1");
    EXPECT_EQ(run("latency latest"), "*0");
    engine_.fixed.latency = nullptr;
    latency_free(m);
}

TEST_F(About, LookupByFullName)
{
    const auto name = [&](const char *s) {
        const command_info *c = command_index_lookup(engine_.fixed.commands, bytes_cstr(s));
        return c ? std::string(c->full_name) : std::string();
    };
    EXPECT_EQ(name("client"), "client");
    EXPECT_EQ(name("CLIENT|list"), "client|list");
    for (const char *none : {"", "|", "client|", "|list", "client|list|", "get|x", "nothing|x"})
        EXPECT_EQ(name(none), "") << none;
}

} // namespace
