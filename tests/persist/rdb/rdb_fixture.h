// RDB bytes in memory: sinks and sources that can fail, a keyspace without a server around it, and
// what is in a file as plain data.
#ifndef TESTS_PERSIST_RDB_FIXTURE_H
#define TESTS_PERSIST_RDB_FIXTURE_H

#include "core/base/clock.h"
#include "core/base/crc64.h"
#include "core/base/mem.h"
#include "core/store/shard_write.h"
#include "core/types/str.h"
#include "persist/rdb/rdb_load.h"
#include "persist/rdb/rdb_save_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace rdb
{

constexpr int64_t NOW = 1'700'000'000'000;

inline bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

inline std::string text(bytes b)
{
    return std::string(b.data, b.size);
}

inline std::string hex(const std::string &s)
{
    static const char digits[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char c : s) {
        out += digits[c >> 4];
        out += digits[c & 15];
    }
    return out;
}

// "ff 00 41" as three bytes.
inline std::string unhex(const std::string &s)
{
    std::istringstream words(s);
    std::string out, word;
    while (words >> word)
        for (size_t i = 0; i < word.size(); i += 2)
            out += static_cast<char>(std::stoi(word.substr(i, 2), nullptr, 16));
    return out;
}

// Bytes that LZF cannot shorten.
inline std::string noise(size_t size, uint64_t seed = 1)
{
    std::mt19937_64 random(seed);
    std::string s(size, 0);
    for (char &c : s)
        c = static_cast<char>(random());
    return s;
}

inline std::string prose(size_t size)
{
    std::string s;
    for (int i = 0; s.size() < size; i++)
        s += "line " + std::to_string(i * 7919 % 1000) + " of what people keep\n";
    s.resize(size);
    return s;
}

// --- out
// ------------------------------------------------------------------------------------

class Out
{
  public:
    explicit Out(size_t buffer_bytes = 4096, bool can_patch = true)
    {
        const rdb_sink sink{write, can_patch ? patch : nullptr, this};
        rdb_out_init(&o, &sink, buffer_bytes);
    }
    Out(const Out &) = delete;
    ~Out()
    {
        rdb_out_release(&o);
    }
    const std::string &flushed()
    {
        EXPECT_EQ(rdb_out_flush(&o), LK_OK);
        return data;
    }

    rdb_out o;
    std::string data;
    size_t fail_after = SIZE_MAX; // bytes
    int writes = 0;

  private:
    static int write(void *ctx, const void *p, size_t size)
    {
        Out *out = static_cast<Out *>(ctx);
        EXPECT_LE(out->data.size(), out->fail_after) << "written to after an error";
        out->writes++;
        if (size > out->fail_after - out->data.size()) {
            out->fail_after = 0;
            return LK_EIO;
        }
        out->data.append(static_cast<const char *>(p), size);
        return LK_OK;
    }
    static int patch(void *ctx, uint64_t offset, const void *p, size_t size)
    {
        Out *out = static_cast<Out *>(ctx);
        EXPECT_LE(offset + size, out->data.size());
        out->data.replace(offset, size, static_cast<const char *>(p), size);
        return LK_OK;
    }
};

// --- in
// -------------------------------------------------------------------------------------

// Gives the bytes in pieces of at most `step`.
class In
{
  public:
    explicit In(std::string bytes, size_t step = SIZE_MAX, bool size_known = true,
                size_t window_bytes = 1024)
        : data(std::move(bytes)), step_(step)
    {
        const rdb_source source{read, this, size_known ? data.size() : RDB_SIZE_UNKNOWN};
        rdb_in_init(&in, &source, window_bytes);
    }
    In(const In &) = delete;
    ~In()
    {
        rdb_in_release(&in);
    }

    rdb_in in;
    const std::string data;
    size_t given = 0;
    size_t fail_after = SIZE_MAX;

  private:
    static int read(void *ctx, void *out, size_t size, size_t *got)
    {
        In *in = static_cast<In *>(ctx);
        EXPECT_GT(size, 0u);
        if (in->given >= in->fail_after) {
            errno = EIO;
            return LK_EIO;
        }
        *got = std::min({size, in->step_, in->data.size() - in->given, in->fail_after - in->given});
        memcpy(out, in->data.data() + in->given, *got);
        in->given += *got;
        return LK_OK;
    }
    size_t step_;
};

// --- what is in a file
// ----------------------------------------------------------------------

struct Item {
    std::string value;
    int64_t deadline = ENTRY_NO_DEADLINE;
    int64_t idle = -1;
    int freq = -1;
    bool operator==(const Item &) const = default;
};
inline std::ostream &operator<<(std::ostream &out, const Item &i)
{
    return out << i.value.size() << " bytes '" << i.value.substr(0, 40) << "', deadline "
               << i.deadline << ", idle " << i.idle << ", freq " << i.freq;
}
using Place = std::pair<uint32_t, std::string>;
using Items = std::map<Place, Item>;

inline std::string string_of(const value *v)
{
    if (v->type != TYPE_STRING) // of tampered bytes
        return type_ops_get(v->type)->name;
    std::string s(str_size(v), '?');
    EXPECT_EQ(str_read(v, 0, s.data(), s.size()), s.size());
    return s;
}

// Receives all there is to receive, and notes it.
struct Receiver {
    Items items;
    std::map<std::string, std::string> aux;
    std::vector<std::string> functions, modules, empty;
    std::map<uint32_t, std::pair<uint64_t, uint64_t>> sizes;
    size_t used_max = 0;
    int answer = LK_OK; // to entries

    rdb_receiver row()
    {
        rdb_receiver r{};
        r.ctx = this;
        r.entry = [](void *ctx, const rdb_record *record) {
            Receiver *self = static_cast<Receiver *>(ctx);
            self->used_max = std::max(self->used_max, mem_used());
            Item item{string_of(record->value), record->deadline_ms, record->idle_s, record->freq};
            value_release(record->value);
            self->items[{record->db, text(record->key)}] = std::move(item);
            return self->answer;
        };
        r.aux = [](void *ctx, bytes name, bytes value) {
            static_cast<Receiver *>(ctx)->aux[text(name)] = text(value);
            return static_cast<int>(LK_OK);
        };
        r.sizes = [](void *ctx, uint32_t db, uint64_t keys, uint64_t deadlines) {
            static_cast<Receiver *>(ctx)->sizes[db] = {keys, deadlines};
            return static_cast<int>(LK_OK);
        };
        r.function = [](void *ctx, bytes code) {
            static_cast<Receiver *>(ctx)->functions.push_back(text(code));
            return static_cast<int>(LK_OK);
        };
        r.empty = [](void *ctx, bytes key) {
            static_cast<Receiver *>(ctx)->empty.push_back(text(key));
        };
        r.module_skipped = [](void *ctx, const char *name, unsigned version) {
            static_cast<Receiver *>(ctx)->modules.push_back(std::string(name) + " " +
                                                            std::to_string(version));
            return static_cast<int>(LK_OK);
        };
        return r;
    }
};

inline int load(In *in, Receiver *to)
{
    const rdb_receiver row = to->row();
    const int rc = rdb_load(&in->in, &row);
    to->used_max = std::max(to->used_max, mem_used());
    return rc;
}

// --- a keyspace
// -----------------------------------------------------------------------------

class Keys
{
  public:
    explicit Keys(uint32_t shards = 64)
    {
        table_due_base(NOW);
        ks = keyspace_new(shards, 16);
    }
    Keys(const Keys &) = delete;
    ~Keys()
    {
        keyspace_free(ks);
    }

    // Of a key that is not there yet.
    void put(uint32_t db, const std::string &key, const value &v, int64_t deadline, uint32_t lru)
    {
        place at;
        const uint64_t hash = keyspace_hash(ks, of(key));
        shard_lock(keyspace_shard(ks, hash));
        ASSERT_FALSE(shard_find(ks, db, of(key), hash, &at));
        shard_put_entry(&at, shard_new_entry(of(key), &v, deadline, lru), DISPOSE_NOW);
        shard_unlock(keyspace_shard(ks, hash));
    }

    void put(uint32_t db, const std::string &key, const std::string &s,
             int64_t deadline = ENTRY_NO_DEADLINE, uint32_t lru = 0)
    {
        value v;
        str_from_bytes(of(s), &v);
        put(db, key, v, deadline, lru);
        items[{db, key}] = {s, deadline, -1, -1};
    }

    int save(rdb_out *out, rdb_save_options options = {}, const rdb_save_hook *hook = nullptr,
             const std::vector<std::string> &functions = {})
    {
        options.redis_version = "7.4.0";
        options.now_ms = NOW;
        rdb_sizes sizes;
        const int slot = gate_join(&ks->gate);
        rdb_sizes_take(ks, slot, &sizes);
        gate_part(&ks->gate, slot);
        gate_close(&ks->gate);
        view *v = view_cut(ks);
        gate_open(&ks->gate);
        options.sizes = sizes.rows;
        options.sizes_count = sizes.count;
        rdb_save s;
        rdb_save_begin(&s, out, &options);
        for (const std::string &code : functions)
            rdb_save_function(&s, of(code));
        const int rc = rdb_save_view(&s, v, hook);
        written = s.keys;
        view_close(v);
        rdb_sizes_release(&sizes);
        return rc;
    }

    keyspace *ks;
    Items items; // as a load should give them
    uint64_t written = 0;
};

} // namespace rdb

#endif
