// Commands that wait for keys: who is served, in which order, by whom, and that nothing is lost.
//
// The rows are of this test: a value is a text of words, each ended by a comma.  TAKE answers with
// the first of its keys that exists, and deletes it; PASS appends its source to its target; TELL
// only reads, and hears of deletions.
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"
#include "tests/support/slow_threads.h"

#include "core/cmd/engine/dispatcher.h"
#include "core/cmd/engine/waiter.h"

#include <memory>
#include <mutex>
#include <set>

namespace
{

using namespace lk;

outcome wait_for(exec *x, const args *a, uint32_t count, bool null_array, uint32_t target,
                 bool when_gone)
{
    wait_spec spec{};
    if (!exec_timeout(x, a, a->n - 1, &spec.deadline_ms))
        return RUN_DONE;
    spec.first = 1;
    spec.count = count;
    spec.type = TYPE_STRING;
    spec.null_array = null_array;
    spec.target = target;
    spec.when_gone = when_gone;
    return exec_wait(x, a, &spec);
}

outcome take(exec *x, const args *a)
{
    for (uint32_t i = 1; i + 1 < a->n; i++) {
        value v;
        if (!exec_may_take(x, a->v[i]) ||
            exec_find_silently(x, a->v[i], TYPE_STRING, &v) != LK_OK || !value_exists(&v))
            continue;
        reply_array(x->reply, 2);
        reply_bulk(x->reply, a->v[i]);
        reply_bulk(x->reply, str_bytes(&v, x->scratch));
        exec_delete(x, a->v[i], false);
        exec_effect_format(x, "sb", "DEL", a->v[i]);
        return RUN_DONE;
    }
    return wait_for(x, a, a->n - 2, true, 0, false);
}

outcome pass(exec *x, const args *a)
{
    value v;
    exec_find_silently(x, a->v[1], TYPE_STRING, &v);
    if (!exec_may_take(x, a->v[1]) || !value_exists(&v))
        return wait_for(x, a, 1, false, 2, false);
    std::string text(str_size(&v), '?');
    str_read(&v, 0, text.data(), text.size());
    exec_delete(x, a->v[1], false);
    exec_effect_format(x, "sb", "DEL", a->v[1]);
    exec_find_silently(x, a->v[2], TYPE_STRING, &v);
    std::string sum(value_exists(&v) ? str_size(&v) : 0, '?');
    if (value_exists(&v))
        str_read(&v, 0, sum.data(), sum.size());
    sum += text;
    str_from_bytes(of(sum), &v);
    EXPECT_EQ(exec_put(x, a->v[2], &v, 0), LK_OK);
    exec_effect_format(x, "sbb", "SET", a->v[2], of(sum));
    reply_ok(x->reply); // the words are counted where they lie
    return RUN_DONE;
}

outcome tell(exec *x, const args *a)
{
    value v;
    exec_find_silently(x, a->v[1], TYPE_STRING, &v);
    if (value_exists(&v) && !x->dispatcher->unit.serving)
        return wait_for(x, a, 1, true, 0, true);
    if (value_exists(&v))
        reply_simple(x->reply, "there");
    else
        reply_error(x->reply, "GONE it is");
    return RUN_DONE;
}

const command *wait_rows()
{
    static const std::vector<command> table = [] {
        std::vector<command> t(4);
        const auto row = [&](size_t i, const char *name, int16_t arity, uint32_t flags,
                             int16_t last, command_run *run) {
            t[i].name = name;
            t[i].arity = arity;
            t[i].flags = flags | CMD_BLOCKING;
            t[i].run = run;
            t[i].keys[0].begin = KEY_BEGIN_INDEX;
            t[i].keys[0].index = 1;
            t[i].keys[0].last = last;
            t[i].keys[0].step = 1;
        };
        row(0, "take", -3, CMD_WRITE, -2, take);
        row(1, "pass", 4, CMD_WRITE, 1, pass);
        row(2, "tell", 3, CMD_READONLY, 0, tell);
        return t;
    }();
    return table.data();
}

// The server, and what its workers' loops do for waiters.
class Waiting : public Server
{
  public:
    explicit Waiting(const Shape &shape = {.rows = wait_rows()})
        : Server(shape), inboxes_(shape.workers)
    {
        engine.hooks.served = served;
        engine.hooks.served_ctx = this;
    }

    // Brings back what was served; words of waiters whose client has gone are kept in lost.
    void deliver(uint32_t worker)
    {
        for (inbox_node *n = inbox_drain(&inboxes_[worker]), *next; n; n = next) {
            next = n->next;
            waiter *w = reinterpret_cast<waiter *>(n);
            if (!w->session) {
                const std::scoped_lock lock(lost_lock);
                lost.append(w->stand_in.reply.out.data, w->stand_in.reply.out.size);
            }
            dispatch_enter(Server::worker(worker));
            waiter_finish(Server::worker(worker), n);
            dispatch_leave(Server::worker(worker));
        }
    }

    bool end(uint32_t worker, session *s, session_unblock how)
    {
        dispatch_enter(Server::worker(worker));
        const bool ended = waiter_end(Server::worker(worker), s, how) == WAIT_END_DONE;
        dispatch_leave(Server::worker(worker));
        return ended;
    }

    std::mutex lost_lock;
    std::string lost;

  private:
    static void served(void *ctx, uint32_t worker, inbox_node *message)
    {
        inbox_push(&static_cast<Waiting *>(ctx)->inboxes_[worker], message);
    }

    std::vector<inbox> inboxes_;
};

class Wait : public ::testing::Test
{
  protected:
    void blocks(Client &who, const char *line)
    {
        SCOPED_TRACE(line);
        EXPECT_EQ(who.batch({split(line)})[0], PENDING_BLOCKED);
        EXPECT_EQ(who.take_reply(), "");
    }

    std::string reply(Client &who)
    {
        server.deliver(0);
        return who.take_reply();
    }

    Waiting server;
    Client a{server}, b{server}, c{server}, writer{server};
};

TEST_F(Wait, FirstComeFirstServed)
{
    blocks(a, "TAKE k 0");
    blocks(b, "TAKE k 0");
    blocks(c, "TAKE other k 0");
    EXPECT_EQ(writer.run("SET k x"), "+OK");
    EXPECT_EQ(reply(a), "*2 $1 k $1 x");
    EXPECT_EQ(reply(b), "");
    EXPECT_EQ(writer.run("MSET k y other z"), "+OK");
    EXPECT_EQ(reply(b), "*2 $1 k $1 y");
    EXPECT_EQ(reply(c), "*2 $5 other $1 z");
    EXPECT_EQ(server.effects(), "SELECT 0 | MULTI | SET k x | DEL k | EXEC | "
                                "MULTI | MSET k y other z | DEL k | DEL other | EXEC");
    EXPECT_EQ(writer.run("DBSIZE"), ":0");
}

// However a wait ends, the command is counted when it does, and once.
TEST_F(Wait, IsCountedAtItsEnd)
{
    const stats *s = dispatcher_stats(server.worker(0));
    const uint64_t errors = s->error_replies;
    const auto calls = [&] {
        uint64_t n = 0;
        for (uint32_t i = 0; i < s->command_count; i++)
            n += s->commands[i].calls;
        return n;
    };
    const auto failed = [&] {
        uint64_t n = 0;
        for (uint32_t i = 0; i < s->command_count; i++)
            n += s->commands[i].failed;
        return n;
    };
    const uint64_t before = calls();
    blocks(a, "TAKE k 0");
    EXPECT_EQ(calls(), before);
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_TIMEOUT));
    EXPECT_EQ(a.take_reply(), "*-1");
    EXPECT_EQ(calls(), before + 1);
    EXPECT_EQ(failed(), 0u);
    blocks(a, "TAKE k 0");
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_ERROR));
    EXPECT_EQ(a.take_reply(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    EXPECT_EQ(calls(), before + 2);
    EXPECT_EQ(failed(), 1u);
    EXPECT_EQ(s->error_replies, errors + 1);
    blocks(a, "TAKE k 0");
    writer.run("SET k x");
    EXPECT_EQ(reply(a), "*2 $1 k $1 x");
    EXPECT_EQ(calls(), before + 4);
    EXPECT_EQ(failed(), 1u);
}

TEST_F(Wait, SeesATransactionWhenItIsDone)
{
    blocks(a, "TAKE k 0");
    writer.run("MULTI");
    writer.run("SET k x");
    writer.run("DEL k");
    EXPECT_EQ(writer.run("EXEC"), "*2 +OK :1");
    EXPECT_EQ(reply(a), "");
    writer.run("MULTI");
    writer.run("SET k x");
    writer.run("APPEND k y");
    EXPECT_EQ(writer.run("EXEC"), "*2 +OK :2");
    EXPECT_EQ(reply(a), "*2 $1 k $2 xy");
}

TEST_F(Wait, ServesWhoWaitsForWhatServingWrites)
{
    blocks(a, "PASS 1 2 0");
    blocks(b, "PASS 2 3 0");
    blocks(c, "TAKE 3 0");
    EXPECT_EQ(writer.run("SET 1 x,"), "+OK");
    EXPECT_EQ(reply(a), "+OK");
    EXPECT_EQ(reply(b), "+OK");
    EXPECT_EQ(reply(c), "*2 $1 3 $2 x,");
    EXPECT_EQ(writer.run("DBSIZE"), ":0");
    EXPECT_TRUE(server.unlocked());
}

TEST_F(Wait, KeysComeInManyWays)
{
    for (const char *line : {"RENAME from k", "COPY from k", "MOVE k 1", "SWAPDB 0 1"}) {
        SCOPED_TRACE(line);
        Client far(server);
        const bool elsewhere = line[0] == 'M' || line[0] == 'S';
        if (elsewhere)
            far.run("SELECT 1");
        writer.run(elsewhere ? "SET k x" : "SET from x");
        blocks(far, "TAKE k 0");
        writer.run(line);
        EXPECT_EQ(reply(far), "*2 $1 k $1 x");
        writer.run("FLUSHALL");
    }
}

TEST_F(Wait, NobodyBlocksInATransaction)
{
    a.run("MULTI");
    a.run("TAKE k 0");
    a.run("PASS k l 0");
    EXPECT_EQ(a.run("EXEC"), "*2 *-1 $-1");
}

TEST_F(Wait, EndsByTimeAndByOthers)
{
    blocks(a, "TAKE k 0.1");
    EXPECT_EQ(waiter_deadline(&a.session), NOW + 100);
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_TIMEOUT));
    EXPECT_EQ(a.take_reply(), "*-1");
    blocks(a, "PASS k l 0");
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_ERROR));
    EXPECT_EQ(a.take_reply(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    EXPECT_EQ(writer.run("SET k x"), "+OK");
    EXPECT_EQ(reply(a), "");
    EXPECT_EQ(writer.run("GET k"), "$1 x");
    EXPECT_EQ(a.run("TAKE k x"), "*2 $1 k $1 x") << "a timeout is read when there is need";
    EXPECT_EQ(a.run("TAKE k -1"), "-ERR timeout is negative");
    EXPECT_EQ(a.run("TAKE k x"), "-ERR timeout is not a float or out of range");
    EXPECT_EQ(a.run("TAKE k 1e300"), "-ERR timeout is out of range");
}

TEST_F(Wait, ServedAndEndedAtOnceIsServed)
{
    blocks(a, "TAKE k 0");
    writer.run("SET k x");
    EXPECT_FALSE(server.end(0, &a.session, UNBLOCK_TIMEOUT));
    EXPECT_EQ(a.take_reply(), "");
    EXPECT_EQ(reply(a), "*2 $1 k $1 x");
}

// CLIENT KILL and CLIENT UNBLOCK of a waiter have been answered: nothing is taken for it any more.
TEST_F(Wait, NobodyIsServedWhoseEndWasAnswered)
{
    blocks(a, "TAKE k 0");
    __atomic_store_n(&a.session.client->kill, 1, __ATOMIC_SEQ_CST);
    EXPECT_EQ(writer.run("SET k x"), "+OK");
    EXPECT_EQ(writer.run("GET k"), "$1 x");
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_TIMEOUT));
    __atomic_store_n(&a.session.client->kill, 0, __ATOMIC_SEQ_CST);
    a.take_reply();
    writer.run("DEL k");
    blocks(a, "TAKE k 0");
    __atomic_store_n(&a.session.client->unblock, UNBLOCK_ERROR, __ATOMIC_SEQ_CST);
    writer.run("SET k x");
    EXPECT_EQ(writer.run("GET k"), "$1 x");
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_ERROR));
    EXPECT_EQ(a.take_reply(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    EXPECT_EQ(reply(a), "");
}

// A shard that somebody holds keeps nobody from going on: the nodes follow when it is free.
TEST_F(Wait, EndsWhileItsShardIsBusy)
{
    struct shard *busy = keyspace_shard(server.ks, keyspace_hash(server.ks, of("k")));
    blocks(a, "TAKE k 0");
    BusyShard held(busy);
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_TIMEOUT));
    EXPECT_EQ(a.take_reply(), "*-1");
    EXPECT_EQ(busy->waiting, 1u);
    held.let_go();
    EXPECT_EQ(writer.run("SET k x"), "+OK"); // which begins with tidying up
    EXPECT_EQ(busy->waiting, 0u);
    EXPECT_EQ(writer.run("GET k"), "$1 x");
    EXPECT_EQ(reply(a), "");
}

TEST_F(Wait, WatchesEndWhileTheirShardIsBusy)
{
    struct shard *busy = keyspace_shard(server.ks, keyspace_hash(server.ks, of("k")));
    a.run("WATCH k");
    BusyShard held(busy);
    EXPECT_EQ(a.run("UNWATCH"), "+OK");
    EXPECT_EQ(busy->watched, 1u);
    held.let_go();
    a.run("WATCH " + server.key_in((busy->index + 1) % server.ks->count));
    EXPECT_EQ(busy->watched, 0u);
    EXPECT_EQ(writer.run("SET k x"), "+OK"); // nobody watches it any more
    a.run("MULTI");
    a.run("GET k");
    EXPECT_EQ(a.run("EXEC"), "*1 $1 x");
}

TEST_F(Wait, TheirClientsMayGo)
{
    {
        Client gone(server), served(server);
        blocks(gone, "TAKE k 0");
        blocks(served, "TAKE l 0");
        writer.run("SET l x");
    }
    server.deliver(0);
    writer.run("SET k x");
    EXPECT_EQ(writer.run("GET k"), "$1 x");
    EXPECT_NE(server.lost.find("x"), std::string::npos);
}

TEST_F(Wait, HearsThatAKeyIsGone)
{
    for (const char *line : {"DEL k", "FLUSHALL", "RENAME k l", "SWAPDB 0 1", "SET k x PXAT 1"}) {
        SCOPED_TRACE(line);
        writer.run("SET k x");
        blocks(a, "TELL k 0");
        writer.run("SET other x");
        EXPECT_EQ(reply(a), "");
        writer.run(line);
        EXPECT_EQ(reply(a), "-GONE it is");
        writer.run("FLUSHALL");
    }
}

TEST_F(Wait, AnswersInTheProtocolOfTheWaiter)
{
    session_set_version(&a.session, 3);
    blocks(a, "TAKE k 1");
    EXPECT_TRUE(server.end(0, &a.session, UNBLOCK_TIMEOUT));
    EXPECT_EQ(a.take_reply(), "_");
}

// --- many of them
// ---------------------------------------------------------------------------------------

constexpr uint32_t WORKERS = 3;
constexpr int CLIENTS = 6;

void note_words(const std::string &text, std::multiset<std::string> *out)
{
    std::string word;
    for (const char ch : text) {
        if (ch == ',' && !word.empty())
            out->insert(word);
        word = isdigit(static_cast<unsigned char>(ch)) || ch == 'w' ? word + ch : "";
    }
}

// What each worker's clients were given, and what they gave.
struct Account {
    std::multiset<std::string> given, got;
};

void storm(Waiting &server, uint32_t worker, uint64_t seed, Account *account)
{
    Draw draw(seed + worker, 5, 1);
    std::vector<std::unique_ptr<Client>> clients(CLIENTS);
    uint64_t made = 0;
    const auto word = [&] {
        const std::string w = "w" + std::to_string(worker) + "w" + std::to_string(made++);
        account->given.insert(w);
        return w + ",";
    };
    for (int i = 0; i < scaled(20000); i++) {
        auto &client = clients[draw.below(CLIENTS)];
        if (!client)
            client = std::make_unique<Client>(server, worker);
        server.deliver(worker);
        for (auto &one : clients)
            if (one)
                note_words(one->take_reply(), &account->got);
        if (client->session.waiter) {
            if (draw.below(8) == 0)
                server.end(worker, &client->session,
                           draw.below(2) ? UNBLOCK_TIMEOUT : UNBLOCK_ERROR);
            else if (draw.below(20) == 0)
                client.reset();
            continue;
        }
        switch (draw.below(10)) {
        case 0:
        case 1:
            note_words(client->call({"TAKE", draw.key(), draw.key(), draw.key(), "0"}),
                       &account->got);
            break;
        case 2:
            note_words(client->call({"TAKE", draw.key(), "0"}), &account->got);
            break;
        case 3:
        case 4:
            client->call({"PASS", draw.key(), draw.key(), "0"}); // it lies at its target now
            break;
        case 5:
            client->call({"MULTI"});
            client->call({"APPEND", draw.key(), word()});
            client->call({"APPEND", draw.key(), word()});
            client->call({"EXEC"});
            break;
        default:
            client->call({"APPEND", draw.key(), word()});
        }
    }
    for (auto &client : clients)
        if (client && client->session.waiter)
            server.end(worker, &client->session, UNBLOCK_TIMEOUT);
    server.deliver(worker);
    for (auto &client : clients)
        if (client)
            note_words(client->take_reply(), &account->got);
}

TEST(WaitConcurrent, NothingIsLostOrGivenTwice)
{
    const uint64_t seed = test_seed();
    Shape shape;
    shape.workers = WORKERS;
    shape.shards = 64;
    shape.ring = 1 << 16;
    shape.rows = wait_rows();
    Waiting server(shape);
    Account accounts[WORKERS];
    std::atomic<bool> done{false};
    std::string stream;
    std::thread reader([&] {
        while (!done)
            stream += server.take_stream();
        stream += server.take_stream();
    });
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < WORKERS; i++)
        threads.emplace_back([&, i] { storm(server, i, seed, &accounts[i]); });
    for (std::thread &t : threads)
        t.join();
    for (uint32_t i = 0; i < WORKERS; i++)
        server.deliver(i);
    done = true;
    reader.join();

    std::multiset<std::string> given, got;
    for (const Account &one : accounts) {
        given.insert(one.given.begin(), one.given.end());
        got.insert(one.got.begin(), one.got.end());
    }
    note_words(server.lost, &got);
    for (uint32_t i = 0; i < server.ks->count; i++) {
        table_iter it;
        const table *t = &server.ks->shards[i].first;
        for (entry *e = table_iter_first(&it, t); e; e = table_iter_next(&it)) {
            value v;
            value_of_entry(e, &v);
            std::string text(str_size(&v), '?');
            str_read(&v, 0, text.data(), text.size());
            note_words(text, &got);
        }
        EXPECT_EQ(server.ks->shards[i].waiting, 0u);
        EXPECT_EQ(server.ks->shards[i].wait_targets, 0u);
        EXPECT_EQ(server.ks->shards[i].waits, nullptr);
    }
    EXPECT_GT(given.size(), 100u);
    EXPECT_TRUE(given == got) << given.size() << " given, " << got.size() << " got";

    // What was logged makes the same keys.
    Server other;
    {
        Client loader(other);
        replay(other, loader, stream);
    }
    EXPECT_EQ(difference(dump(other.ks), dump(server.ks)), "");
}

} // namespace
