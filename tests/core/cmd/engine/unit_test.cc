// A command that runs others: what is its own, and what the unit commits.
#include "core/cmd/engine/dispatch_priv.h"
#include "tests/core/cmd/engine/dispatch_fixture.h"

namespace lk
{
namespace
{

const command_info *info_of(dispatcher *d, const char *name)
{
    const bytes word = bytes_cstr(name);
    const args a = {&word, 1};
    return command_index_resolve(d->engine->fixed.commands, &a);
}

// NEST command words …: runs the command from inside its handler, which is then as it was.
outcome nest(exec *x, const args *a)
{
    dispatcher *d = x->dispatcher;
    const exec before = *x;
    const args inner = {a->v + 1, a->n - 1};
    const command_info *c = command_index_resolve(d->engine->fixed.commands, &inner);
    EXPECT_EQ(dispatch_call(d, x->session, c, &inner), RUN_DONE);
    EXPECT_EQ(x->cmd, before.cmd);
    EXPECT_EQ(x->session, before.session);
    EXPECT_EQ(x->reply, before.reply);
    EXPECT_EQ(x->now_ms, before.now_ms);
    EXPECT_EQ(x->changes, before.changes);
    return RUN_DONE;
}

// BOTH key value other: sets the key itself, and runs SET other between that and its end.
outcome both(exec *x, const args *a)
{
    value v, seen;
    str_from_bytes(a->v[2], &v);
    EXPECT_EQ(exec_put(x, a->v[1], &v, 0), LK_OK);
    const bytes words[] = {bytes_cstr("SET"), a->v[3], a->v[2]};
    const args inner = {words, 3};
    dispatch_call(x->dispatcher, x->session, info_of(x->dispatcher, "set"), &inner);
    EXPECT_EQ(exec_find(x, a->v[1], TYPE_STRING, &seen), LK_OK);
    EXPECT_EQ(seen.type, TYPE_STRING);
    return RUN_DONE;
}

const command *unit_rows()
{
    static const std::vector<command> table = [] {
        std::vector<command> t(3);
        const auto at = [](key_spec &keys, int16_t first, int16_t last) {
            keys.begin = KEY_BEGIN_INDEX;
            keys.index = first;
            keys.last = last;
            keys.step = last ? 2 : 1;
        };
        t[0].name = "nest";
        t[0].arity = -2;
        t[0].flags = CMD_WRITE;
        at(t[0].keys[0], 2, 0);
        t[0].run = nest;
        t[1].name = "both";
        t[1].arity = 4;
        t[1].flags = CMD_WRITE;
        at(t[1].keys[0], 1, -1);
        t[1].run = both;
        return t;
    }();
    return table.data();
}

class Unit : public ::testing::Test
{
  protected:
    uint64_t changes()
    {
        return stats_read(&dispatcher_stats(server.worker(0))->changes);
    }
    const command_stats &stats_of(const char *name)
    {
        return dispatcher_stats(server.worker(0))->commands[info_of(server.worker(0), name)->id];
    }

    Server server{Shape{.rows = unit_rows()}};
    Client client{server}, other{server};
};

TEST_F(Unit, ANestedCommandOfATransactionIsLoggedAndCountedOnce)
{
    other.run("WATCH b");
    other.run("MULTI");
    other.run("SET d 1");
    client.run("MULTI");
    client.run("SET a 1");
    client.run("NEST SET b 1");
    client.run("SET c 1");
    EXPECT_EQ(client.run("EXEC"), "*3 +OK +OK +OK");
    EXPECT_EQ(server.effects(), "SELECT 0 | MULTI | SET a 1 | SET b 1 | SET c 1 | EXEC");
    EXPECT_EQ(changes(), 3u);
    EXPECT_EQ(other.run("EXEC"), "*-1");
}

TEST_F(Unit, TheOuterCommandKeepsItsOwnChanges)
{
    EXPECT_EQ(client.run("BOTH a 1 b"), "+OK");
    EXPECT_EQ(server.effects(), "SELECT 0 | MULTI | SET b 1 | BOTH a 1 b | EXEC");
    EXPECT_EQ(changes(), 2u);
}

TEST_F(Unit, AnErrorIsThatOfTheCommandWhichMadeIt)
{
    client.run("SET k word");
    client.run("NEST INCR k");
    client.run("MULTI");
    client.run("NEST INCR k");
    client.run("INCR k");
    client.run("EXEC");
    EXPECT_EQ(stats_of("incr").failed, 3u);
    EXPECT_EQ(stats_of("nest").failed, 0u);
    EXPECT_EQ(stats_of("exec").failed, 0u);
    EXPECT_EQ(dispatcher_stats(server.worker(0))->error_replies, 3u);
}

// The time of what a command runs is its own as well.
TEST_F(Unit, ExecTakesAsLongAsItsCommands)
{
    client.run("MULTI");
    for (int i = 0; i < 20; i++)
        client.run("SET k v");
    client.run("EXEC");
    EXPECT_GE(stats_of("exec").ticks, stats_of("set").ticks);
}

TEST_F(Unit, TheSessionWaitsForWhatNoShardWasTouchedBy)
{
    EXPECT_EQ(client.run("SAY word"), "+OK");
    EXPECT_EQ(client.session.ticket, log_ring_last_ticket(server.engine.fixed.log));
    EXPECT_NE(client.session.ticket, 0u);
}

} // namespace
} // namespace lk
