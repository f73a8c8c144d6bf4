// Commands about clients and the server: several sessions of one dispatcher, with a registry and a
// slow log.
#ifndef TESTS_CORE_CMD_SERVER_FIXTURE_H
#define TESTS_CORE_CMD_SERVER_FIXTURE_H

#include "core/cmd/client/registry.h"
#include "core/cmd/client/slowlog.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/session_end.h"
#include "tests/core/cmd/cmd_fixture.h"

#include <memory>

class Server : public Commands
{
  protected:
    Server()
    {
        // The dispatcher counts by command, so it is made anew when the table is whole.
        dispatcher_free(dispatcher_);
        for (const command *rows :
             {connection_commands, auth_commands, acl_commands, client_commands, slowlog_commands,
              monitor_commands, latency_commands, command_commands})
            command_index_add(engine_.fixed.commands, rows);
        config_.latency_tracking = true;
        dispatcher_ = dispatcher_new(&engine_, 0);
        stats_[0] = dispatcher_stats(dispatcher_);
        engine_.fixed.all_stats = stats_;
        engine_.fixed.worker_count = engine_.fixed.stats_count = 1;
        engine_.fixed.registry = registry_new(2, note_wake, &wakes);
        engine_.fixed.slowlog = slowlog_new(4);
        token_init(&engine_.token);
        join(session, "127.0.0.1:1001", 0);
    }

    ~Server() override
    {
        for (auto &s : others) {
            registry_remove(engine_.fixed.registry, s.get());
            session_release(s.get());
        }
        registry_remove(engine_.fixed.registry, &session);
        registry_free(engine_.fixed.registry);
        slowlog_free(engine_.fixed.slowlog);
        token_release(&engine_.token);
    }

    void join(struct session &s, const char *peer, uint32_t worker)
    {
        s.registry.peer = mem_strdup(peer);
        s.registry.local = mem_strdup("127.0.0.1:6379");
        session_set_worker(&s, worker);
        registry_add(engine_.fixed.registry, &s);
        session_begin_user(&engine_, &s);
    }

    // Another client, of worker 1.
    struct session &connect(uint64_t id, const char *peer)
    {
        others.push_back(std::make_unique<struct session>());
        session_init(others.back().get(), id);
        join(*others.back(), peer, 1);
        return *others.back();
    }

    // As run(), for any client and any outcome.
    std::string as(struct session &s, const std::string &line, pending_state want = PENDING_DONE)
    {
        std::vector<std::string> words;
        std::string word;
        for (const char c : line + " ") {
            if (c != ' ')
                word += c;
            else if (!word.empty())
                words.push_back(std::exchange(word, ""));
        }
        std::vector<bytes> v;
        for (const std::string &w : words)
            v.push_back(of(w));
        pending p{};
        p.session = &s;
        p.args = {v.data(), static_cast<uint32_t>(v.size())};
        do { // a walk over all keys may take several turns
            s.parked = false;
            dispatch_enter(dispatcher_);
            dispatch_run(dispatcher_, &p, 1);
            dispatch_leave(dispatcher_);
        } while (p.state == PENDING_PARKED && want != PENDING_PARKED);
        EXPECT_EQ(p.state, want) << line;
        std::string reply(s.reply.out.data ? s.reply.out.data : "", s.reply.out.size);
        reply_clear(&s.reply);
        for (size_t at; (at = reply.find("\r\n")) != std::string::npos;)
            reply.replace(at, 2, at + 2 == reply.size() ? "" : " ");
        return reply;
    }

    std::vector<uint32_t> wakes;
    std::vector<std::unique_ptr<struct session>> others;

  private:
    static void note_wake(void *ctx, uint32_t worker)
    {
        static_cast<std::vector<uint32_t> *>(ctx)->push_back(worker);
    }

    struct stats *stats_[1] = {nullptr};
};

#endif
