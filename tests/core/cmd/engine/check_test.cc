// What is asked of a command before it runs: each reason to refuse it comes before the next one,
// as clients of Redis 7.4 see it; and pauses, of which each has its own purpose.
#include "core/cmd/command/tables_server.h"
#include "tests/core/cmd/engine/dispatch_fixture.h"

namespace lk
{
namespace
{

outcome nothing(exec *x, const args *)
{
    reply_ok(x->reply);
    return RUN_DONE;
}

const command *check_rows()
{
    static const std::vector<command> table = [] {
        std::vector<command> t(2);
        t[0].name = "lone"; // meets every reason
        t[0].arity = 1;
        t[0].flags = CMD_WRITE | CMD_DENYOOM | CMD_NO_MULTI;
        t[0].run = nothing;
        t[1].name = "any"; // and this one all but that of a transaction
        t[1].arity = 1;
        t[1].flags = CMD_WRITE | CMD_DENYOOM;
        t[1].run = nothing;
        for (const command *rows : {connection_commands, client_commands})
            for (; rows->name; rows++)
                if (std::string(rows->name) != "select") // the fixture has its own
                    t.push_back(*rows);
        t.push_back({});
        return t;
    }();
    return table.data();
}

constexpr const char *FAULT = "MISCONF no disk";

class Check : public ::testing::Test
{
  protected:
    // Everything that is the case, in the order of the rows.
    enum Reason { AUTH, MULTI, MEMORY, DISK, LOADING, PAUSE, REASONS };

    void set(Reason reason)
    {
        switch (reason) {
        case AUTH:
            acl_set_default_password(server.engine.fixed.acl, bytes_cstr("secret"));
            break;
        case MULTI:
            session_set(&client.session, SESSION_AUTHENTICATED, true);
            client.run("MULTI");
            session_set(&client.session, SESSION_AUTHENTICATED, false);
            break;
        case MEMORY:
            server.config.maxmemory = 1;
            break;
        case DISK:
            engine_set_write_fault(&server.engine, FAULT);
            break;
        case LOADING:
            engine_set_loading(&server.engine, true);
            break;
        default:
            engine_pause(&server.engine, PAUSE_BY_CLIENT, PAUSE_ALL, NOW + 1000);
        }
    }

    // The reply, or "parked".
    std::string once(const char *line)
    {
        const bool parked = client.batch({split(line)})[0] == PENDING_PARKED;
        client.session.parked = false;
        return parked ? "parked" : client.take_reply();
    }

    Server server{Shape{.rows = check_rows()}};
    Client client{server};
};

TEST_F(Check, EachReasonComesBeforeTheNext)
{
    const char *const want[REASONS] = {
        "-NOAUTH Authentication required.",
        "-ERR Command not allowed inside a transaction",
        "-OOM command not allowed when used memory > 'maxmemory'.",
        "-MISCONF no disk",
        "-LOADING Redis is loading the dataset in memory",
        "parked",
    };
    for (int first = AUTH; first < REASONS; first++)
        for (int second = first + 1; second < REASONS; second++) {
            SCOPED_TRACE(std::to_string(first) + " and " + std::to_string(second));
            // MULTI first: with another reason it might not begin.
            client.run("DISCARD");
            if (first == MULTI || second == MULTI)
                set(MULTI);
            for (const int reason : {first, second})
                if (reason != MULTI)
                    set(static_cast<Reason>(reason));
            // A pause and loading forbid eviction, so memory is no reason as long as one is on.
            const bool held = first == MEMORY && (second == PAUSE || second == LOADING);
            EXPECT_EQ(once("LONE"), want[held ? second : first]);
            // What cannot be: a name, a number of arguments.
            EXPECT_EQ(once("NOSUCH").substr(0, 20), "-ERR unknown command");
            EXPECT_EQ(once("LONE x"), "-ERR wrong number of arguments for 'lone' command");
            acl_set_default_password(server.engine.fixed.acl, {});
            server.config.maxmemory = 0;
            engine_set_write_fault(&server.engine, nullptr);
            engine_set_loading(&server.engine, false);
            engine_pause_end(&server.engine, PAUSE_BY_CLIENT);
            client.run("DISCARD");
            EXPECT_EQ(once("LONE"), "+OK");
        }
}

TEST_F(Check, APauseHoldsBackWhatWouldBeQueued)
{
    client.run("MULTI");
    engine_pause(&server.engine, PAUSE_BY_CLIENT, PAUSE_WRITES, NOW + 1000);
    EXPECT_EQ(once("GET k"), "+QUEUED");
    EXPECT_EQ(once("ANY"), "parked");
    engine_pause_end(&server.engine, PAUSE_BY_CLIENT);
    EXPECT_EQ(once("ANY"), "+QUEUED");
    // EXEC is held back as its queue is.
    engine_pause(&server.engine, PAUSE_BY_CLIENT, PAUSE_WRITES, NOW + 1000);
    EXPECT_EQ(once("EXEC"), "parked");
    engine_pause_end(&server.engine, PAUSE_BY_CLIENT);
    EXPECT_EQ(once("EXEC"), "*2 $-1 +OK");
}

TEST_F(Check, PingTellsOfADiskThatFails)
{
    engine_set_write_fault(&server.engine, FAULT);
    EXPECT_EQ(once("PING"), "-MISCONF no disk");
    EXPECT_EQ(once("GET k"), "$-1");
    client.run("MULTI");
    EXPECT_EQ(once("PING"), "-MISCONF no disk");
    EXPECT_EQ(once("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
}

TEST_F(Check, ExecIsAskedAsItsQueue)
{
    for (const Reason reason : {MEMORY, DISK}) {
        client.run("MULTI");
        client.run("ANY");
        set(reason);
        EXPECT_EQ(once("EXEC").substr(0, 49), "-EXECABORT Transaction discarded because of: " +
                                                  std::string(reason == MEMORY ? "OOM " : "MISC"));
        server.config.maxmemory = 0;
        EXPECT_EQ(once("EXEC"), "-ERR EXEC without MULTI");
    }
}

// --- pauses ----------------------------------------------------------------------------------

// What a read and a write meet.
TEST_F(Check, OfTwoPausesTheStrictestCountsAndEachEndsItsOwn)
{
    const auto state = [&] {
        const bool reads = once("GET k") != "parked", writes = once("ANY") != "parked";
        return reads ? (writes ? PAUSE_NOTHING : PAUSE_WRITES) : PAUSE_ALL;
    };
    engine *e = &server.engine;
    for (int a = 0; a < PAUSE_PURPOSES; a++)
        for (int b = 0; b < PAUSE_PURPOSES; b++)
            for (const pause_what of_a : {PAUSE_WRITES, PAUSE_ALL})
                for (const pause_what of_b : {PAUSE_WRITES, PAUSE_ALL})
                    for (const bool a_ends_first : {false, true}) {
                        if (a == b)
                            continue;
                        const auto by_a = static_cast<pause_purpose>(a);
                        const auto by_b = static_cast<pause_purpose>(b);
                        engine_pause(e, by_a, of_a, INT64_MAX);
                        EXPECT_EQ(state(), of_a);
                        engine_pause(e, by_b, of_b, NOW + 500);
                        EXPECT_EQ(state(), of_a > of_b ? of_a : of_b);
                        EXPECT_EQ(engine_next_pause_end(e, NOW), NOW + 500);
                        engine_pause_end(e, a_ends_first ? by_a : by_b);
                        EXPECT_EQ(state(), a_ends_first ? of_b : of_a);
                        engine_pause_end(e, a_ends_first ? by_b : by_a);
                        EXPECT_EQ(state(), PAUSE_NOTHING);
                    }
}

TEST_F(Check, APauseThatIsOverLeavesTheOtherOn)
{
    engine *e = &server.engine;
    engine_pause(e, PAUSE_BY_CLIENT, PAUSE_ALL, NOW + 100);
    engine_pause(e, PAUSE_BY_FAILOVER, PAUSE_WRITES, NOW + 200);
    EXPECT_EQ(once("GET k"), "parked");
    clock_fake_unix_ms(NOW + 101);
    EXPECT_EQ(once("GET k"), "$-1");
    EXPECT_EQ(once("ANY"), "parked");
    EXPECT_EQ(engine_next_pause_end(e, NOW + 101), NOW + 200);
    clock_fake_unix_ms(NOW + 201);
    EXPECT_EQ(once("ANY"), "+OK");
    EXPECT_EQ(engine_next_pause_end(e, NOW + 201), 0);
}

// CLIENT UNPAUSE is the user's; what others hold back stays so.
TEST_F(Check, ClientUnpauseEndsNobodyElsesPause)
{
    engine_pause(&server.engine, PAUSE_BY_SHUTDOWN, PAUSE_WRITES, INT64_MAX);
    EXPECT_EQ(once("CLIENT PAUSE 1000 ALL"), "+OK");
    engine_pause_end(&server.engine, PAUSE_BY_SHUTDOWN);
    EXPECT_EQ(once("GET k"), "parked");
    engine_pause(&server.engine, PAUSE_BY_SHUTDOWN, PAUSE_WRITES, INT64_MAX);
    engine_pause_end(&server.engine, PAUSE_BY_CLIENT);
    EXPECT_EQ(once("CLIENT PAUSE 1000 WRITE"), "+OK");
    EXPECT_EQ(once("CLIENT UNPAUSE"), "+OK");
    EXPECT_EQ(once("ANY"), "parked");
}

// Every purpose stops expiry, and the end of the last one lets it go on.
TEST_F(Check, NothingExpiresInAPause)
{
    int64_t next;
    const auto expire = [&] {
        dispatch_enter(server.worker(0));
        dispatch_expire(server.worker(0), 0, 1, 1000000, &next);
        dispatch_leave(server.worker(0));
        return dump(server.ks).size();
    };
    for (int purpose = 0; purpose < PAUSE_PURPOSES; purpose++) {
        client.run("SET k v PX 10");
        engine_pause(&server.engine, static_cast<pause_purpose>(purpose), PAUSE_WRITES, INT64_MAX);
        clock_fake_unix_ms(NOW + 10'000);
        EXPECT_EQ(expire(), 1u);
        EXPECT_EQ(client.run("GET k"), "$-1");
        EXPECT_EQ(dump(server.ks).size(), 1u);
        engine_pause_end(&server.engine, static_cast<pause_purpose>(purpose));
        for (int i = 0; i < 50 && expire(); i++) {
        }
        EXPECT_EQ(dump(server.ks).size(), 0u);
        clock_fake_unix_ms(NOW);
    }
}

} // namespace
} // namespace lk
