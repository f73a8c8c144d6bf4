// A server without sockets: a keyspace, any number of dispatchers, and sessions on them.
//
// Each Client belongs to one worker and is used by that worker's thread only.  A parked command
// waits for the retry that the shard's unlock owes it, so a lost wake-up hangs the test.  dump()
// reads the keyspace by a path of its own, straight from the tables.
#ifndef TESTS_CORE_CMD_DISPATCH_FIXTURE_H
#define TESTS_CORE_CMD_DISPATCH_FIXTURE_H

#include "core/base/clock.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/push.h"
#include "core/cmd/engine/session_end.h"
#include "core/cmd/engine/session_user.h"
#include "core/proto/resp_segment.h"
#include "core/store/reclaim.h"
#include "core/store/view.h"
#include "core/types/str.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace lk
{

constexpr int64_t NOW = 1'700'000'000'000;

// Sanitized code is several times slower: the same test does fewer rounds there.
constexpr int scaled(int rounds)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return rounds / 5 > 0 ? rounds / 5 : 1;
#else
    return rounds;
#endif
}

using Words = std::vector<std::string>;

inline bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

inline Words split(const std::string &line)
{
    Words words(1);
    for (const char c : line)
        if (c == ' ')
            words.emplace_back();
        else
            words.back() += c;
    return words;
}

// --- the keyspace as plain data
// -------------------------------------------------------------------

struct Item {
    uint64_t size, digest; // of the value
    int64_t deadline;
    bool operator==(const Item &) const = default;
};
using Place = std::pair<uint32_t, std::string>; // database, key
using Copy = std::map<Place, Item>;

inline std::ostream &operator<<(std::ostream &out, const Item &i)
{
    return out << i.size << " bytes, digest " << i.digest << ", deadline " << i.deadline;
}

inline Item item_of(const entry *e)
{
    value v;
    value_of_entry(e, &v);
    buf scratch{};
    const bytes b = str_bytes(&v, &scratch);
    const Item i{b.size, siphash13({1, 2}, b.data, b.size), entry_deadline(e)};
    buf_release(&scratch);
    return i;
}

inline void note(Copy *copy, uint32_t db, const entry *e)
{
    const bytes key = entry_key(e);
    const bool fresh = copy->emplace(Place{db, std::string(key.data, key.size)}, item_of(e)).second;
    EXPECT_TRUE(fresh) << "seen twice: " << db << ":" << std::string(key.data, key.size);
}

// Nobody may run: a closed gate, or one thread.
inline Copy dump(const keyspace *ks)
{
    Copy copy;
    for (uint32_t i = 0; i < ks->count; i++)
        for (uint32_t j = 0; j < shard_db_count(&ks->shards[i]); j++) {
            const shard_db at = shard_db_at(&ks->shards[i], j);
            table_iter it;
            table_check(at.table);
            for (entry *e = table_iter_first(&it, at.table); e; e = table_iter_next(&it))
                note(&copy, at.db, e);
        }
    return copy;
}

// What differs, for a message; two equal copies give "".
inline std::string difference(const Copy &got, const Copy &want)
{
    std::ostringstream out;
    int shown = 0;
    const auto name = [](const Place &p) { return std::to_string(p.first) + ":" + p.second; };
    for (const auto &[place, item] : want) {
        const auto at = got.find(place);
        if (at != got.end() && at->second == item)
            continue;
        if (++shown > 8)
            break;
        out << name(place) << " should be " << item;
        if (at == got.end())
            out << " and is missing\n";
        else
            out << " and is " << at->second << "\n";
    }
    for (const auto &[place, item] : got)
        if (!want.count(place) && ++shown <= 8)
            out << name(place) << " should not be there: " << item << "\n";
    return out.str();
}

// --- rows that only tests have
// -----------------------------------------------------------------------

namespace rows
{

inline outcome select(exec *x, const args *a)
{
    int64_t db = 0;
    if (args_int64(a, 1, &db) != LK_OK || db < 0 || db >= exec_limits(x)->databases)
        return reply_status(x, LK_EDBINDEX);
    x->session->db = static_cast<uint32_t>(db);
    reply_ok(x->reply);
    return RUN_DONE;
}

// ALONE key value: a SET that has the gate to itself.
inline outcome alone(exec *x, const args *a)
{
    value v;
    str_from_bytes(a->v[2], &v);
    if (exec_put(x, a->v[1], &v, 0) != LK_OK)
        return reply_status(x, LK_ENOMEM);
    exec_effect_format(x, "sbb", "SET", a->v[1], a->v[2]);
    reply_ok(x->reply);
    return RUN_DONE;
}

inline outcome block(exec *, const args *)
{
    return RUN_BLOCK;
}

inline outcome close(exec *x, const args *)
{
    reply_ok(x->reply);
    return RUN_CLOSE;
}

// SAY word: names no key and changes none, but has to reach the log.
inline outcome say(exec *x, const args *a)
{
    exec_effect_format(x, "sb", "SAY", a->v[1]);
    reply_ok(x->reply);
    return RUN_DONE;
}

inline const command *all()
{
    static const std::vector<command> table = [] {
        std::vector<command> t(6);
        const auto row = [&](size_t i, const char *name, int16_t arity, uint32_t flags,
                             command_run *run) {
            t[i].name = name;
            t[i].arity = arity;
            t[i].flags = flags;
            t[i].run = run;
        };
        row(0, "select", 2, CMD_LOADING | CMD_FAST, select);
        row(1, "alone", 3, CMD_WRITE | CMD_EXCLUSIVE, alone);
        row(2, "block", 1, CMD_BLOCKING, block);
        row(3, "close", 1, CMD_FAST, close);
        row(4, "say", 2, CMD_MAY_REPLICATE, say);
        return t;
    }();
    return table.data();
}

} // namespace rows

// --- the server
// -----------------------------------------------------------------------------------------

struct Shape {
    uint32_t shards = 64;
    uint32_t workers = 1;
    uint32_t ring = 1 << 12;
    uint32_t slack = 512;
    bool logging = true;
    bool slotted = false;          // a node of a cluster: 16384 shards, one database
    const command *rows = nullptr; // more of them
};

class Server
{
  public:
    explicit Server(const Shape &shape = {}) : retry_(shape.workers)
    {
        clock_fake_unix_ms(NOW);
        table_due_base(NOW);
        config.limits.bulk_max = size_t{512} << 20;
        config.limits.databases = 16;
        config.limits.types.hash_max_listpack_entries = 512;
        config.limits.types.hash_max_listpack_value = 64;
        config.limits.types.set_max_intset_entries = 512;
        config.limits.types.set_max_listpack_entries = 128;
        config.limits.types.set_max_listpack_value = 64;
        config.slowlog_us = -1;
        index_ = command_index_new();
        uint32_t count;
        const command *const *tables = command_tables(&count);
        for (uint32_t i = 0; i < count; i++)
            command_index_add(index_, tables[i]);
        command_index_add(index_, rows::all());
        if (shape.rows)
            command_index_add(index_, shape.rows);
        if (shape.slotted) {
            config.limits.databases = 1;
            engine_set_clustered(&engine);
        }
        ks = engine.fixed.keyspace = shape.slotted
                                         ? keyspace_new_slotted(config.limits.databases)
                                         : keyspace_new(shape.shards, config.limits.databases);
        engine.fixed.commands = index_;
        engine.fixed.log = log_ring_new(shape.ring, shape.slack, size_t{64} << 20);
        engine.saving.log_active = shape.logging;
        engine.config = &config;
        engine.fixed.acl = acl_new(index_);
        token_init(&engine.token);
        engine.fixed.push = push_hub_new();
        for (uint32_t i = 0; i < shape.workers; i++)
            workers_.push_back(dispatcher_new(&engine, i));
        for (dispatcher *d : workers_)
            dispatch_on_output(
                d, [](void *, session *) {}, find_session, this);
        hooked_ = shape.workers > 1;
        if (hooked_)
            shard_set_retry_hook(retry_hook, this);
    }
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    ~Server()
    {
        if (hooked_)
            shard_set_retry_hook(nullptr, nullptr);
        for (dispatcher *d : workers_)
            dispatcher_free(d);
        EXPECT_TRUE(unlocked());
        EXPECT_EQ(view_held_bytes(ks), 0u);
        push_hub_free(engine.fixed.push);
        acl_free(engine.fixed.acl);
        keyspace_free(ks);
        token_release(&engine.token);
        log_ring_free(engine.fixed.log);
        command_index_free(index_);
        clock_fake_unix_ms(-1);
    }

    dispatcher *worker(uint32_t i)
    {
        return workers_[i];
    }

    // What a worker does between two batches: what was published goes to its sessions.
    void deliver(uint32_t worker = 0)
    {
        dispatch_enter(workers_[worker]);
        dispatch_deliver(workers_[worker]);
        dispatch_leave(workers_[worker]);
    }

    // No shard is locked and no bit of a waiter is left over a free one that nobody will unlock.
    ::testing::AssertionResult unlocked() const
    {
        for (uint32_t i = 0; i < ks->count; i++)
            if (__atomic_load_n(&ks->shards[i].lock, __ATOMIC_SEQ_CST) != 0)
                return ::testing::AssertionFailure() << "shard " << i << " is locked";
        return ::testing::AssertionSuccess();
    }

    uint32_t shard_of(const std::string &key) const
    {
        return keyspace_shard(ks, keyspace_hash(ks, of(key)))->index;
    }

    // The n-th key of its own making that lies in that shard.
    std::string key_in(uint32_t shard, int n = 0) const
    {
        for (int i = 0;; i++) {
            const std::string key = "k" + std::to_string(i);
            if (shard_of(key) == shard && n-- == 0)
                return key;
        }
    }

    // Do workers tell one another?  A lone one comes again by itself.
    bool is_hooked() const
    {
        return hooked_;
    }

    void wait_retry(uint32_t worker)
    {
        retry_[worker].wait(0);
        retry_[worker].store(0);
    }

    // What was logged since the last call, as it goes over the wire.
    std::string take_stream()
    {
        std::string out;
        log_record r;
        while (log_ring_take(engine.fixed.log, &r)) {
            if (r.first_db != stream_db_)
                out += resp({"SELECT", std::to_string(r.first_db)});
            out.append(static_cast<const char *>(r.data), r.size);
            stream_db_ = r.last_db;
            log_record_done(&r);
        }
        return out;
    }

    // The same in words: "SET a 1 | DEL b".
    std::string effects()
    {
        std::string out;
        for (const Words &command : parse(take_stream())) {
            out += out.empty() ? "" : " | ";
            for (size_t i = 0; i < command.size(); i++)
                out += (i ? " " : "") + command[i];
        }
        return out;
    }

    static std::string resp(const Words &words)
    {
        std::string out = "*" + std::to_string(words.size()) + "\r\n";
        for (const std::string &w : words)
            out += "$" + std::to_string(w.size()) + "\r\n" + w + "\r\n";
        return out;
    }

    static std::vector<Words> parse(const std::string &stream)
    {
        std::vector<Words> out;
        for (size_t at = 0; at < stream.size();) {
            const bool header = stream[at] == '*';
            const size_t end = stream.find("\r\n", at);
            const size_t n = std::stoul(stream.substr(at + 1, end - at - 1));
            at = end + 2;
            if (header) {
                out.emplace_back();
                continue;
            }
            out.back().push_back(stream.substr(at, n));
            at += n + 2;
        }
        return out;
    }

    keyspace *ks = nullptr;
    dispatch_config config{};
    struct engine engine {
    };

    // What is sent to a session finds it by its id.  Clients come and go while no worker runs.
    std::mutex sessions_lock; // clients of several workers come and go
    std::map<uint64_t, session *> sessions;

  private:
    static session *find_session(void *ctx, uint64_t id)
    {
        auto *server = static_cast<Server *>(ctx);
        const std::lock_guard<std::mutex> lock(server->sessions_lock);
        const auto &all = server->sessions;
        const auto at = all.find(id);
        return at == all.end() ? nullptr : at->second;
    }

    static void retry_hook(void *ctx, uint64_t workers)
    {
        Server *s = static_cast<Server *>(ctx);
        for (uint32_t i = 0; i < s->retry_.size(); i++)
            if (workers >> i & 1) {
                s->retry_[i].store(1);
                s->retry_[i].notify_one();
            }
    }

    command_index *index_ = nullptr;
    std::vector<dispatcher *> workers_;
    std::vector<std::atomic<uint32_t>> retry_;
    bool hooked_ = false;
    uint32_t stream_db_ = UINT32_MAX;
};

/* Whoever ran commands leaves what it has retired to others as it ends, as workers do. */
class Leaving
{
  public:
    ~Leaving()
    {
        reclaim_flush();
    }
    void note()
    {
    }
};
inline thread_local Leaving leaving;

class Client
{
  public:
    explicit Client(Server &server, uint32_t worker = 0)
        : server_(server), d_(server.worker(worker)), worker_(worker)
    {
        static std::atomic<uint64_t> ids;
        session_init(&session, ++ids);
        session_set_worker(&session, worker);
        const std::lock_guard<std::mutex> lock(server.sessions_lock);
        server.sessions[session.id] = &session;
        session_begin_user(&server.engine, &session);
    }
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client()
    {
        dispatch_enter(d_);
        dispatch_forget(d_, &session);
        dispatch_leave(d_);
        {
            const std::lock_guard<std::mutex> lock(server_.sessions_lock);
            server_.sessions.erase(session.id);
        }
        session_release(&session);
    }

    // Hands the commands over together, once.
    std::vector<pending_state> batch(const std::vector<Words> &commands)
    {
        leaving.note();
        std::vector<std::vector<bytes>> v;
        std::vector<pending> p(commands.size());
        for (size_t i = 0; i < commands.size(); i++) {
            v.emplace_back();
            for (const std::string &w : commands[i])
                v.back().push_back(of(w));
            p[i].session = &session;
        }
        for (size_t i = 0; i < commands.size(); i++)
            p[i].args = {v[i].data(), static_cast<uint32_t>(v[i].size())};
        dispatch_enter(d_);
        dispatch_run(d_, p.data(), static_cast<uint32_t>(p.size()));
        dispatch_leave(d_);
        std::vector<pending_state> states;
        for (const pending &one : p)
            states.push_back(one.state);
        return states;
    }

    // As a worker does: parked ones are handed over again when the worker is told to.
    std::string call(const Words &words)
    {
        while (batch({words})[0] == PENDING_PARKED) {
            if (!server_.is_hooked() || dispatch_gate_again_ms(d_))
                std::this_thread::yield(); // nobody tells it; the clock of a timer may be a fake
            else
                server_.wait_retry(worker_);
            session.parked = false;
        }
        return take_reply();
    }

    std::string run(const std::string &line)
    {
        return call(split(line));
    }

    // With line ends as spaces: "*2 $1 a :1".
    std::string take_reply()
    {
        std::string out;
        bytes run;
        while (reply_segments(&session.reply, &run, 1) == 1) {
            out.append(run.data, run.size);
            reply_sent(&session.reply, run.size);
        }
        for (size_t at; (at = out.find("\r\n")) != std::string::npos;)
            out.replace(at, 2, at + 2 == out.size() ? "" : " ");
        return out;
    }

    struct session session;

  private:
    Server &server_;
    dispatcher *d_;
    uint32_t worker_;
};

// Applies a stream as a replica or the loader does, some commands at a time.
inline void replay(Server &to, Client &loader, const std::string &stream)
{
    const std::vector<Words> commands = Server::parse(stream);
    dispatch_enter(to.worker(0));
    for (size_t at = 0; at < commands.size(); at += DISPATCH_BATCH) {
        const size_t n = std::min<size_t>(DISPATCH_BATCH, commands.size() - at);
        std::vector<std::vector<bytes>> words(n);
        std::vector<args> a;
        for (size_t i = 0; i < n; i++) {
            for (const std::string &w : commands[at + i])
                words[i].push_back(of(w));
            a.push_back({words[i].data(), static_cast<uint32_t>(words[i].size())});
        }
        uint32_t done = 0;
        EXPECT_EQ(dispatch_apply(to.worker(0), &loader.session, a.data(), static_cast<uint32_t>(n),
                                 &done),
                  LK_OK)
            << commands[at + done][0];
    }
    dispatch_leave(to.worker(0));
    loader.take_reply();
}

// --- random commands
// ---------------------------------------------------------------------------------------

// Draws commands over few keys, so that they meet; everything follows from the seed.
class Draw
{
  public:
    Draw(uint64_t seed, int keys, int databases) : rng_(seed), keys_(keys), databases_(databases)
    {
    }

    uint64_t below(uint64_t n)
    {
        return rng_() % n;
    }
    std::string key()
    {
        return "key:" + std::to_string(below(static_cast<uint64_t>(keys_)));
    }
    std::string number(uint64_t n)
    {
        return std::to_string(below(n));
    }
    std::string text(size_t size)
    {
        return std::string(size, static_cast<char>('a' + below(26)));
    }

    // One command that changes something; long strings are chunked.
    Words write()
    {
        switch (below(24)) {
        case 0:
        case 1:
        case 2:
        case 3:
            return {"SET", key(), text(1 + below(60))};
        case 4:
            return {"SET", key(), text(300 * 1024 + below(100000))};
        case 5:
            return {"SET", key(), text(20), "PX", std::to_string(1 + below(400))};
        case 6:
        case 7:
            return {"DEL", key(), key()};
        case 8:
        case 9:
            return {"APPEND", key(), text(1 + below(3000))};
        case 10:
            return {"APPEND", key(), text(70000)};
        case 11:
        case 12:
            return {"SETRANGE", key(), number(400000), text(1 + below(200))};
        case 13:
        case 14:
            return {"RENAME", key(), key()};
        case 15:
            return {"MOVE", key(), number(static_cast<uint64_t>(databases_))};
        case 16:
            return {"COPY",   key(), key(), "DB", number(static_cast<uint64_t>(databases_)),
                    "REPLACE"};
        case 17:
            return {"PEXPIRE", key(), std::to_string(1 + below(600))};
        case 18:
            return {"PERSIST", key()};
        case 19:
            return {"MSET", key(), text(9), key(), text(9), key(), text(9)};
        case 20:
            return {"UNLINK", key()};
        case 21:
            return {"GETEX", key(), "PX", std::to_string(1 + below(300))};
        case 22:
            return {"SETNX", key(), text(30)};
        default:
            return {"GET", key()};
        }
    }

    // Whole databases, seldom.
    Words wide()
    {
        switch (below(3)) {
        case 0:
            return {"FLUSHDB"};
        case 1:
            return {"SWAPDB", number(static_cast<uint64_t>(databases_)),
                    number(static_cast<uint64_t>(databases_))};
        default:
            return {"DBSIZE"};
        }
    }

    // A step of one client: a command, or a whole transaction, in some database.
    void step(Client &c, int wide_in)
    {
        if (below(4) == 0)
            c.call({"SELECT", number(static_cast<uint64_t>(databases_))});
        if (below(static_cast<uint64_t>(wide_in)) == 0) {
            c.call(wide());
        } else if (below(12) == 0) {
            if (below(2))
                c.call({"WATCH", key(), key()});
            c.call({"MULTI"});
            for (uint64_t n = below(5); n > 0; n--)
                c.call(below(8) ? write()
                                : Words{"SELECT", number(static_cast<uint64_t>(databases_))});
            c.call({below(8) ? "EXEC" : "DISCARD"});
        } else {
            c.call(write());
        }
    }

  private:
    std::mt19937_64 rng_;
    int keys_, databases_;
};

} // namespace lk

#endif
