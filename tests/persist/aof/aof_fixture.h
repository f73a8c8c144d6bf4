// A keyspace that commands are run on, as the loader of an AOF does; what is in it as plain data,
// and as the commands of a plain base.
#ifndef TESTS_PERSIST_AOF_FIXTURE_H
#define TESTS_PERSIST_AOF_FIXTURE_H

#include "core/cmd/command/tables.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/session_end.h"
#include "core/store/bulk_load.h"
#include "io/admin/debug/digest.h"
#include "persist/aof/aof_base.h"
#include "persist/aof/aof_load.h"
#include "tests/persist/fake_disk.h"
#include "tests/persist/rdb/rdb_values.h"

namespace aof_test
{

using rdb::Place;
using rdb::Words;

inline std::string encode(const Words &words)
{
    std::string out = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string &w : words)
        out += "$" + std::to_string(w.size()) + "\r\n" + w + "\r\n";
    return out;
}

inline std::string encode(const std::vector<Words> &commands)
{
    std::string out;
    for (const Words &c : commands)
        out += encode(c);
    return out;
}

class Data
{
  public:
    explicit Data(const type_limits &limits = rdb::USUAL)
    {
        clock_fake_unix_ms(rdb::NOW);
        table_due_base(rdb::NOW);
        config_.limits.bulk_max = size_t{512} << 20;
        config_.limits.databases = 16;
        config_.limits.types = limits;
        config_.limits.types.stream_node_max_bytes = 4096;
        config_.limits.types.stream_node_max_entries = 100;
        config_.slowlog_us = -1;
        index_ = command_index_new();
        uint32_t count;
        const command *const *tables = command_tables(&count);
        for (uint32_t i = 0; i < count; i++)
            command_index_add(index_, tables[i]);
        command_index_add(index_, connection_commands);
        ks = engine_.fixed.keyspace = keyspace_new(64, 16);
        engine_.fixed.commands = index_;
        engine_.config = &config_;
        token_init(&engine_.token);
        dispatcher_ = dispatcher_new(&engine_, 0);
        session_init(&session_, 0);
        session_set(&session_, SESSION_AUTHENTICATED, true);
    }
    Data(const Data &) = delete;
    ~Data()
    {
        dispatch_enter(dispatcher_);
        dispatch_forget(dispatcher_, &session_);
        dispatch_leave(dispatcher_);
        session_release(&session_);
        dispatcher_free(dispatcher_);
        keyspace_free(ks);
        token_release(&engine_.token);
        command_index_free(index_);
        clock_fake_unix_ms(-1);
    }

    int apply(const bytes *argv, uint32_t n, buf *error)
    {
        const args a{argv, n};
        dispatch_enter(dispatcher_);
        uint32_t done = 0;
        const int rc = dispatch_apply(dispatcher_, &session_, &a, 1, &done);
        dispatch_leave(dispatcher_);
        if (rc != LK_OK)
            buf_append_bytes(error, buf_bytes(&session_.reply.out));
        reply_clear(&session_.reply);
        return rc;
    }

    // Runs it and puts it into the log, at one moment for whoever cuts.  Returns the ticket.
    uint64_t run_logged(const Words &words, log_ring *log)
    {
        std::vector<bytes> v;
        for (const std::string &w : words)
            v.push_back(rdb::of(w));
        const args a{v.data(), static_cast<uint32_t>(v.size())};
        const std::string text = encode(words);
        void *block = mem_alloc(text.size());
        memcpy(block, text.data(), text.size());
        uint32_t done = 0;
        dispatch_enter(dispatcher_);
        EXPECT_EQ(dispatch_apply(dispatcher_, &session_, &a, 1, &done), LK_OK);
        const uint64_t ticket = log_ring_put(log, LOG_EFFECTS, block, text.size(), 0, 0);
        dispatch_leave(dispatcher_);
        reply_clear(&session_.reply);
        log_ring_poke(log);
        return ticket;
    }

    void run(const Words &words)
    {
        std::vector<bytes> v;
        buf error{};
        for (const std::string &w : words)
            v.push_back(rdb::of(w));
        EXPECT_EQ(apply(v.data(), static_cast<uint32_t>(v.size()), &error), LK_OK)
            << words[0] << ": " << std::string(error.data, error.size);
        buf_release(&error);
    }

    // A value that no command makes.
    void put(uint32_t db, const std::string &key, const value &v,
             int64_t deadline = ENTRY_NO_DEADLINE)
    {
        value own = v;
        EXPECT_EQ(load_one(db, rdb::of(key), &own, deadline), LK_OK);
    }

    // All that the files of d/a.manifest hold; RDB bases too.
    int load(const FakeDisk &disk, std::string *error, const file_ops *ops = nullptr,
             bool truncated_ok = false, aof_load_result *out = nullptr)
    {
        aof_manifest m{};
        buf why{};
        const std::string text = disk.contents("d/a.manifest");
        int rc = aof_manifest_parse(rdb::of(text), &m, &why);
        rdb_receiver entries{};
        entries.entry = take_key;
        entries.limits = &config_.limits.types;
        entries.ctx = this;
        const aof_receiver receiver = {take_commands, &entries, nullptr, this};
        aof_load_options options{};
        options.ops = ops ? ops : disk.ops();
        options.directory = "d";
        options.truncated_ok = truncated_ok;
        aof_load_result result{};
        if (rc == LK_OK)
            rc = aof_load(&m, &options, &receiver, &result, &why);
        error->assign(why.data, why.size);
        result.file = nullptr; // it is the manifest's
        if (out)
            *out = result;
        aof_manifest_release(&m);
        buf_release(&why);
        return rc;
    }

    // A plain base of what is there, or the error that ended it.
    std::string base(int64_t stamp_s = -1, int *rc = nullptr, const rdb_save_hook *hook = nullptr,
                     size_t fail_after = SIZE_MAX)
    {
        gate_close(&ks->gate);
        view *v = view_cut(ks);
        gate_open(&ks->gate);
        const std::string out = base_of(v, stamp_s, rc, hook, fail_after);
        view_close(v);
        return out;
    }

    static std::string base_of(view *v, int64_t stamp_s = -1, int *rc = nullptr,
                               const rdb_save_hook *hook = nullptr, size_t fail_after = SIZE_MAX)
    {
        rdb::Out out(4096, false);
        aof_base b;
        out.fail_after = fail_after;
        aof_base_begin(&b, &out.o, stamp_s);
        const int got = aof_base_view(&b, v, hook);
        if (rc)
            *rc = got;
        else
            EXPECT_EQ(got, LK_OK);
        return out.data;
    }

    // The same as an RDB.
    std::string rdb_base()
    {
        rdb::Out out;
        rdb_save_options options{};
        options.redis_version = "7.4.0";
        options.now_ms = rdb::NOW;
        options.aof_base = true;
        rdb_save s;
        gate_close(&ks->gate);
        view *v = view_cut(ks);
        gate_open(&ks->gate);
        rdb_save_begin(&s, &out.o, &options);
        EXPECT_EQ(rdb_save_view(&s, v, nullptr), LK_OK);
        view_close(v);
        return out.data;
    }

    // Nobody else may run.  Each value as told, its digest, and its deadline.
    std::map<Place, std::string> dump() const
    {
        std::map<Place, std::string> out;
        each([&out](uint32_t db, const entry *e, const value &v) {
            out[{db, rdb::text(entry_key(e))}] =
                (v.type == TYPE_STRING ? rdb::string_of(&v) : rdb::told(v)) + digest_of(v) + "@" +
                std::to_string(entry_deadline(e));
        });
        return out;
    }

    // As DEBUG DIGEST-VALUE tells them.
    std::map<Place, std::string> digests() const
    {
        std::map<Place, std::string> out;
        each([&out](uint32_t db, const entry *e, const value &v) {
            out[{db, rdb::text(entry_key(e))}] = digest_of(v, entry_has_deadline(e));
        });
        return out;
    }

    static std::string digest_of(const value &v, bool has_deadline = false)
    {
        struct digest d {
        };
        char text[DIGEST_CHARS + 1];
        digest_value(&d, &v, has_deadline);
        digest_print(&d, text);
        return text;
    }

    keyspace *ks;

  private:
    template <class Visit> void each(Visit visit) const
    {
        for (uint32_t i = 0; i < ks->count; i++)
            for (uint32_t j = 0; j < shard_db_count(&ks->shards[i]); j++) {
                const shard_db at = shard_db_at(&ks->shards[i], j);
                table_iter it;
                for (entry *e = table_iter_first(&it, at.table); e; e = table_iter_next(&it)) {
                    value v;
                    value_of_entry(e, &v);
                    visit(at.db, e, v);
                }
            }
    }

    static int take_commands(void *ctx, const aof_command *v, uint32_t n, uint32_t *done,
                             buf *error)
    {
        int rc = LK_OK;
        for (*done = 0; *done < n && rc == LK_OK; *done += rc == LK_OK)
            rc = static_cast<Data *>(ctx)->apply(v[*done].argv, v[*done].n, error);
        return rc;
    }
    int load_one(uint32_t db, bytes key, value *v, int64_t deadline_ms) const
    {
        bulk_load bulk;
        bulk_load_begin(&bulk, ks, false);
        dispatch_enter(dispatcher_);
        int rc = bulk_load_add(&bulk, db, key, v, deadline_ms, 0);
        if (rc == LK_OK)
            rc = bulk_load_flush(&bulk);
        dispatch_leave(dispatcher_);
        bulk_load_end(&bulk);
        return rc;
    }
    static int take_key(void *ctx, const rdb_record *r)
    {
        const Data *d = static_cast<Data *>(ctx);
        if (r->db >= d->ks->databases) {
            value_release(r->value);
            return LK_EDBINDEX;
        }
        return d->load_one(r->db, r->key, r->value, r->deadline_ms);
    }

    command_index *index_;
    dispatch_config config_{};
    struct engine engine_ {
    };
    dispatcher *dispatcher_;
    session session_;
};

// The places that differ, for a message; none if the two are the same.
inline std::string difference(const std::map<Place, std::string> &got,
                              const std::map<Place, std::string> &want)
{
    std::string out;
    const auto note = [&out](const char *what, const Place &p, const std::string &told) {
        out += std::string(what) + " " + std::to_string(p.first) + ":" +
               rdb::hex(p.second.substr(0, 40)) + "=" + told.substr(0, 200) + "\n";
    };
    for (const auto &[place, told] : want)
        if (const auto at = got.find(place); at == got.end() || at->second != told)
            note(at == got.end() ? "missing" : "wanted", place, told);
    for (const auto &[place, told] : got)
        if (const auto at = want.find(place); at == want.end() || at->second != told)
            note("got", place, told);
    return out.substr(0, 4000);
}

// The files of an AOF: a base, and nothing since.
inline void put_base(FakeDisk *disk, const std::string &base)
{
    disk->put("d/a.manifest", "file a.1.base.aof seq 1 type b\nfile a.1.incr.aof seq 1 type i\n");
    disk->put("d/a.1.base.aof", base);
    disk->put("d/a.1.incr.aof", "");
}

} // namespace aof_test

#endif
