// A server without sockets: store, one dispatcher, a configuration and admin.
//
// Replies are read as they go over the wire.  The clock stands still.
#ifndef TESTS_IO_ADMIN_FIXTURE_H
#define TESTS_IO_ADMIN_FIXTURE_H

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/session_end.h"
#include "core/cmd/engine/session_user.h"
#include "core/proto/resp_segment.h"
#include "io/admin/admin_priv.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

class Admin : public ::testing::Test
{
  protected:
    static constexpr int64_t NOW = 1'700'000'000'000;

    Admin()
    {
        clock_fake_unix_ms(NOW);
        index_ = command_index_new();
        for (const command *rows :
             {string_commands, string_set_commands, key_commands, expire_commands, counter_commands,
              list_commands, set_commands, object_commands})
            command_index_add(index_, rows);
        admin_add_commands(index_);
        engine.fixed.keyspace = keyspace_new(64, 16);
        engine.fixed.commands = index_;
        engine.fixed.log = log_ring_new(1024, 64, size_t{1} << 20);
        engine.fixed.acl = acl_new(index_);
        session_init(&session, 1);
        holder = config_holder_new();
    }

    ~Admin() override
    {
        if (dispatcher_) {
            dispatch_enter(dispatcher_);
            dispatch_forget(dispatcher_, &session);
            dispatch_leave(dispatcher_);
        }
        session_release(&session);
        if (admin)
            admin_free(admin);
        if (dispatcher_)
            dispatcher_free(dispatcher_);
        acl_free(engine.fixed.acl);
        keyspace_free(engine.fixed.keyspace);
        log_ring_free(engine.fixed.log);
        command_index_free(index_);
        config_holder_free(holder);
        clock_fake_unix_ms(-1);
    }

    // What the composition root does, with this text as the configuration file.
    void start(const std::string &text = "")
    {
        buf error{};
        ASSERT_EQ(config_load_text(holder, bytes_of(text.data(), text.size()), &error), LK_OK);
        parts.config = holder;
        parts.engine = &engine;
        parts.executable = "/bin/latchkey-server";
        admin = admin_new(&parts);
        session_begin_user(&engine, &session);
        dispatcher_ = dispatcher_new(&engine, 0);
        stats_[0] = dispatcher_stats(dispatcher_);
        engine.fixed.all_stats = stats_;
        engine.fixed.worker_count = engine.fixed.stats_count = 1;
    }

    std::string call(const std::vector<std::string> &words, pending_state want = PENDING_DONE)
    {
        std::vector<bytes> v;
        for (const std::string &w : words)
            v.push_back(bytes_of(w.data(), w.size()));
        pending p{};
        p.session = &session;
        p.args = {v.data(), static_cast<uint32_t>(v.size())};
        do { // a walk over all keys may take several turns
            session.parked = false;
            dispatch_enter(dispatcher_);
            dispatch_run(dispatcher_, &p, 1);
            dispatch_leave(dispatcher_);
        } while (p.state == PENDING_PARKED && want != PENDING_PARKED);
        EXPECT_EQ(p.state, want) << words[0];
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
        std::istringstream in(line);
        std::vector<std::string> words;
        for (std::string w; in >> w;)
            words.push_back(w);
        return call(words);
    }

    // The text of a bulk.
    static std::string text_of(const std::string &reply)
    {
        const size_t begin = reply.find("\r\n") + 2;
        return reply[0] == '$' ? reply.substr(begin, reply.size() - begin - 2) : reply;
    }

    // INFO's fields by name.
    std::map<std::string, std::string> info(const std::string &sections)
    {
        std::istringstream in(text_of(run("INFO " + sections)));
        std::map<std::string, std::string> fields;
        for (std::string l; std::getline(in, l);) {
            const size_t colon = l.find(':');
            if (l[0] != '#' && colon != std::string::npos) {
                EXPECT_EQ(fields.count(l.substr(0, colon)), 0U) << l;
                fields[l.substr(0, colon)] = l.substr(colon + 1, l.size() - colon - 2);
            }
        }
        return fields;
    }

    struct engine engine {
    };
    admin_parts parts{};
    config_holder *holder = nullptr;
    struct admin *admin = nullptr;
    struct session session {
    };

  private:
    command_index *index_ = nullptr;
    dispatcher *dispatcher_ = nullptr;
    stats *stats_[1] = {};
};

#endif
