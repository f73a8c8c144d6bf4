/*
 * rdb_save.c — the frame of an RDB, and the record of a key.
 */
#include "persist/rdb/rdb_save.h"

#include "core/base/crc64.h"
#include "core/ds/le.h"
#include "core/store/lru.h"
#include "persist/rdb/rdb_type.h"

#include <stdio.h>

static void put_opcode(struct rdb_out *o, unsigned opcode)
{
    const struct rdb_code *row = rdb_code_find(RDB_VERSION_REDIS_MAX, opcode);
    LK_ASSERT(row && row->opcode);
    rdb_out_needs(o, row->since);
    rdb_out_byte(o, opcode);
}

static void magic_of(unsigned version, char out[RDB_MAGIC_BYTES + 1])
{
    LK_ASSERT(version >= RDB_VERSION_FIRST && version <= RDB_VERSION_REDIS_MAX);
    snprintf(out, RDB_MAGIC_BYTES + 1, "REDIS%04u", version);
}

static void put_aux_fields(struct rdb_out *o, const struct rdb_save_options *options)
{
    rdb_out_aux(o, "redis-ver", bytes_cstr(options->redis_version));
    rdb_out_aux_integer(o, "redis-bits", 64);
    rdb_out_aux_integer(o, "ctime", options->now_ms / 1000);
    rdb_out_aux_integer(o, "used-mem", (int64_t)options->used_bytes);
    if (options->replication_id) {
        rdb_out_aux_integer(o, "repl-stream-db", options->replication_db);
        rdb_out_aux(o, "repl-id", bytes_cstr(options->replication_id));
        rdb_out_aux_integer(o, "repl-offset", options->replication_offset);
    }
    rdb_out_aux_integer(o, "aof-base", options->aof_base);
    if (options->slot_states.size > 0)
        rdb_out_aux(o, "cluster-slot-states", options->slot_states);
}

void rdb_save_begin(struct rdb_save *s, struct rdb_out *out, const struct rdb_save_options *options)
{
    char magic[RDB_MAGIC_BYTES + 1];
    *s = (struct rdb_save){
        .out = out,
        .options = options,
        .begin = rdb_out_offset(out),
        .promise = options->promise ? options->promise : RDB_VERSION_FLOOR,
    };
    magic_of(s->promise, magic);
    out->newest = options->newest;
    rdb_out_raw(out, magic, RDB_MAGIC_BYTES);
    rdb_out_crc_restart(out);
    put_aux_fields(out, options);
}

void rdb_save_function(struct rdb_save *s, struct bytes code)
{
    LK_ASSERT(!s->in_db);
    put_opcode(s->out, RDB_OP_FUNCTION);
    rdb_out_string(s->out, code);
}

static void rdb_save_select_db(struct rdb_save *s, uint32_t db)
{
    put_opcode(s->out, RDB_OP_SELECTDB);
    rdb_out_length(s->out, db);
    s->in_db = true;
    s->db = db;
}

static void announce_sizes(struct rdb_save *s)
{
    for (size_t i = 0; i < s->options->sizes_count; i++) {
        const struct rdb_db_size *size = &s->options->sizes[i];
        if (size->keys == 0)
            continue;
        rdb_save_select_db(s, size->db);
        put_opcode(s->out, RDB_OP_RESIZEDB);
        rdb_out_length(s->out, size->keys);
        rdb_out_length(s->out, size->deadlines);
    }
}

static void put_use(struct rdb_save *s, uint32_t bits)
{
    const struct rdb_save_options *options = s->options;
    if (options->use == RDB_USE_LRU) {
        put_opcode(s->out, RDB_OP_IDLE);
        rdb_out_length(s->out, lru_idle_seconds(bits, options->now_ms));
    } else if (options->use == RDB_USE_LFU) {
        put_opcode(s->out, RDB_OP_FREQ);
        rdb_out_byte(s->out, lfu_counter(bits, options->now_ms, options->lfu_decay_minutes));
    }
}

void rdb_save_entry(struct rdb_save *s, uint32_t db, const struct entry *e)
{
    struct value v;
    if (!s->in_db)
        announce_sizes(s);
    if (!s->in_db || db != s->db)
        rdb_save_select_db(s, db);
    if (entry_has_deadline(e)) {
        put_opcode(s->out, RDB_OP_EXPIRE_MS);
        rdb_out_ms(s->out, entry_deadline(e));
    }
    put_use(s, entry_lru(e));
    value_of_entry(e, &v);
    rdb_out_value_code(s->out, &v);
    rdb_out_string(s->out, entry_key(e));
    rdb_out_value(s->out, &v);
    s->keys++;
}

/* Puts the version that turned out to be needed where the promise stands. */
static void correct_promise(struct rdb_save *s)
{
    struct rdb_out *o = s->out;
    char magic[RDB_MAGIC_BYTES + 1];
    if (o->version <= s->promise)
        return;
    if (!o->sink.patch) {
        rdb_out_fail(o, LK_EFORMAT);
        return;
    }
    s->promise = o->version;
    magic_of(s->promise, magic);
    if (rdb_out_flush(o) == LK_OK)
        rdb_out_fail(o, o->sink.patch(o->sink.ctx, s->begin, magic, RDB_MAGIC_BYTES));
}

int rdb_save_end(struct rdb_save *s)
{
    struct rdb_out *o = s->out;
    char magic[RDB_MAGIC_BYTES + 1];
    unsigned char crc[8] = {0};

    put_opcode(o, RDB_OP_EOF);
    correct_promise(s);
    magic_of(s->promise, magic);
    if (o->checksum) {
        const uint64_t rest = rdb_out_crc(o), rest_size = rdb_out_offset(o) - o->crc_at;
        le64_put(crc, crc64_combine(crc64(0, magic, RDB_MAGIC_BYTES), rest, rest_size));
    }
    rdb_out_raw(o, crc, sizeof crc);
    return rdb_out_flush(o);
}
