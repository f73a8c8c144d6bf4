// A keyspace with a dispatcher, one session and a reader of the log.
//
// Commands are written as in a shell, "" quoting; replies are read with their line ends as spaces:
// "*2 $1 a :1".  The clock stands still unless a test moves it.
#ifndef TESTS_CORE_CMD_CMD_FIXTURE_H
#define TESTS_CORE_CMD_CMD_FIXTURE_H

#include "core/base/clock.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/session_end.h"
#include "core/cmd/engine/session_user.h"
#include "core/cmd/script/script.h"
#include "core/proto/resp_segment.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

inline bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

struct Step {
    const char *command, *reply;
    const char *effects =
        nullptr; // what is logged, commands parted by " | "; nullptr: not looked at
};

class Commands : public ::testing::Test
{
  protected:
    static constexpr int64_t NOW = 1'700'000'000'000;

    Commands()
    {
        clock_fake_unix_ms(NOW);
        config_.limits.bulk_max = size_t{512} << 20;
        config_.limits.databases = 16;
        config_.limits.types.hash_max_listpack_entries = 512;
        config_.limits.types.hash_max_listpack_value = 64;
        config_.limits.hll_sparse_max_bytes = 3000;
        config_.limits.types.set_max_intset_entries = 512;
        config_.limits.types.set_max_listpack_entries = 128;
        config_.limits.types.set_max_listpack_value = 64;
        config_.slowlog_us = -1;
        memory_rows_[0].name = "memory-usage";
        memory_rows_[0].arity = -3;
        memory_rows_[0].flags = CMD_READONLY;
        memory_rows_[0].run = memory_usage;
        memory_rows_[0].keys[0].begin = KEY_BEGIN_INDEX;
        memory_rows_[0].keys[0].index = 2;
        memory_rows_[0].keys[0].step = 1;
        alone_rows_[0].name = "switch-on";
        alone_rows_[0].arity = 1;
        alone_rows_[0].flags = CMD_EXCLUSIVE;
        alone_rows_[0].run = switch_on;
        index_ = command_index_new();
        uint32_t count;
        const command *const *tables = command_tables(&count);
        for (uint32_t i = 0; i < count; i++)
            command_index_add(index_, tables[i]);
        command_index_add(index_, alone_rows_);
        command_index_add(index_, memory_rows_);
        engine_.fixed.keyspace = keyspace_new(64, config_.limits.databases);
        engine_.fixed.commands = index_;
        engine_.fixed.log = log_ring_new(1024, 64, size_t{1} << 30);
        engine_.saving.log_active = 1;
        engine_.config = &config_;
        engine_.fixed.scripts = script_hub_new();
        engine_.hooks.scripts = &script_engine_calls;
        engine_.hooks.event = note_event;
        engine_.hooks.event_ctx = &events;
        engine_.fixed.acl = acl_new(index_);
        dispatcher_ = dispatcher_new(&engine_, 0);
        session_init(&session, 1);
        session_begin_user(&engine_, &session);
    }

    ~Commands() override
    {
        session_release(&session);
        dispatcher_free(dispatcher_);
        acl_free(engine_.fixed.acl);
        script_hub_free(engine_.fixed.scripts);
        keyspace_free(engine_.fixed.keyspace);
        log_ring_free(engine_.fixed.log);
        command_index_free(index_);
        clock_fake_unix_ms(-1);
    }

    // The reply as it goes over the wire.
    std::string call(const std::vector<std::string> &words)
    {
        std::vector<bytes> v;
        for (const std::string &w : words)
            v.push_back(of(w));
        pending p{};
        p.session = &session;
        p.args = {v.data(), static_cast<uint32_t>(v.size())};
        do { // a walk over all keys may take several turns
            session.parked = false;
            dispatch_enter(dispatcher_);
            dispatch_run(dispatcher_, &p, 1);
            dispatch_leave(dispatcher_);
        } while (p.state == PENDING_PARKED);
        EXPECT_EQ(p.state, PENDING_DONE);
        std::string out;
        bytes run;
        while (reply_segments(&session.reply, &run, 1) == 1) {
            out.append(run.data, run.size);
            reply_sent(&session.reply, run.size);
        }
        return out;
    }

    std::string run(const std::string &line)
    {
        std::string reply = call(split(line));
        for (size_t at; (at = reply.find("\r\n")) != std::string::npos;)
            reply.replace(at, 2, at + 2 == reply.size() ? "" : " ");
        return reply;
    }

    // What was logged since the last call, in words.
    std::string effects()
    {
        std::string out;
        log_record r;
        while (log_ring_take(engine_.fixed.log, &r)) {
            const std::string block(static_cast<const char *>(r.data), r.size);
            log_record_done(&r);
            for (size_t at = 0; at < block.size();) {
                const bool header = block[at] == '*';
                const size_t end = block.find("\r\n", at);
                const size_t n = std::stoul(block.substr(at + 1, end - at - 1));
                at = end + 2;
                if (header) {
                    out += out.empty() ? "" : " |";
                    continue;
                }
                out += out.empty() ? "" : " ";
                out += block.substr(at, n);
                at += n + 2;
            }
        }
        return out;
    }

    void play(const std::vector<Step> &steps)
    {
        for (const Step &s : steps) {
            SCOPED_TRACE(s.command);
            EXPECT_EQ(run(s.command), s.reply);
            const std::string logged = effects();
            if (s.effects) {
                EXPECT_EQ(logged, s.effects);
            }
        }
    }

    void listen()
    {
        engine_.hooks.events = EVENT_PUBLISHED & ~static_cast<uint32_t>(EVENT_NEW | EVENT_MISS);
    }

    std::vector<std::string> events; // "0:set k"
    dispatch_config config_{};
    struct engine engine_ {
    };
    dispatcher *dispatcher_ = nullptr;
    struct session session;

    static std::vector<std::string> split(const std::string &line)
    {
        std::vector<std::string> words;
        bool quoted = false, begun = false;
        for (const char c : line) {
            if (!begun && (c != ' ' || quoted)) {
                words.emplace_back();
                begun = true;
            }
            if (c == '"')
                quoted = !quoted;
            else if (c == ' ' && !quoted)
                begun = false;
            else
                words.back() += c;
        }
        return words;
    }

  private:
    static enum outcome switch_on(exec *x, const args *)
    {
        dispatcher_engine(x->dispatcher)->saving.log_active = 1;
        reply_ok(x->reply);
        return RUN_DONE;
    }

    static void note_event(void *ctx, uint32_t db, uint32_t, const char *name, bytes key)
    {
        static_cast<std::vector<std::string> *>(ctx)->push_back(
            std::to_string(db) + ":" + name + " " + std::string(key.data, key.size));
    }

    command alone_rows_[2] = {};  // runs alone in the gate, and switches the log on
    command memory_rows_[2] = {}; // MEMORY USAGE as a command of its own
    command_index *index_ = nullptr;
};

#endif
