/*
 * rdb_load.c — the frame of an RDB.
 */
#include "persist/rdb/rdb_load.h"

#include "core/ds/le.h"
#include "persist/rdb/rdb_crew.h"
#include "persist/rdb/rdb_module.h"
#include "persist/rdb/rdb_scan.h"
#include "persist/rdb/rdb_type.h"

enum { KEEP_BYTES = 1024 * 1024 }; /* scratch that waits for the next key */

struct load {
    struct rdb_in *in;
    const struct rdb_receiver *receiver;
    struct rdb_record next; /* what is known of the key to come */
    struct buf key, text;
};

static void forget_record(struct load *l)
{
    l->next.deadline_ms = ENTRY_NO_DEADLINE;
    l->next.idle_s = -1;
    l->next.freq = -1;
}

static bool digits_to(const char *digits, unsigned n, unsigned *out)
{
    *out = 0;
    for (unsigned i = 0; i < n; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        *out = *out * 10 + (unsigned)(digits[i] - '0');
    }
    return true;
}

static int read_magic(struct rdb_in *in)
{
    char magic[RDB_MAGIC_BYTES];
    unsigned version = 0;
    const int rc = rdb_in_raw(in, magic, sizeof magic);
    if (rc != LK_OK)
        return rc;
    const bool redis = memcmp(magic, "REDIS", 5) == 0 && digits_to(magic + 5, 4, &version);
    const bool valkey =
        !redis && memcmp(magic, "VALKEY", 6) == 0 && digits_to(magic + 6, 3, &version);
    if (!redis && !valkey)
        return rdb_in_fail(in, "this is no RDB: it begins with neither REDIS nor VALKEY and a "
                               "version");
    if (version < RDB_VERSION_FIRST || (redis && version > RDB_VERSION_REDIS_MAX) ||
        (valkey && version != RDB_VERSION_VALKEY))
        return rdb_in_fail(in,
                           "RDB version %u of %s is not known here: up to %u of Redis, and %u "
                           "of Valkey",
                           version, redis ? "Redis" : "Valkey", RDB_VERSION_REDIS_MAX,
                           RDB_VERSION_VALKEY);
    in->version = version;
    return LK_OK;
}

/* A string that stays while others are read. */
static int read_kept(struct load *l, struct buf *buf, struct bytes *out)
{
    buf->size = 0;
    const int rc = rdb_in_string(l->in, buf, out);
    if (rc == LK_OK && buf->size == 0) {
        buf_append_bytes(buf, *out); /* it lies in the window */
        *out = buf_bytes(buf);
    }
    return rc;
}

/* What a receiver answered; its refusal is an error here too. */
static int rdb_load_answered(struct load *l, int rc, const char *what)
{
    return rc == LK_OK ? LK_OK : rdb_in_fail_with(l->in, rc, "%s was refused", what);
}

static int read_aux(struct load *l)
{
    struct bytes name, value;
    int rc = read_kept(l, &l->key, &name);
    if (rc == LK_OK)
        rc = read_kept(l, &l->text, &value);
    if (rc != LK_OK || !l->receiver->aux)
        return rc;
    return rdb_load_answered(l, l->receiver->aux(l->receiver->ctx, name, value),
                             "an auxiliary field");
}

static int read_function(struct load *l)
{
    struct bytes code;
    const int rc = read_kept(l, &l->text, &code);
    if (rc != LK_OK)
        return rc;
    if (!l->receiver->function)
        return rdb_in_fail(l->in, "functions cannot be loaded");
    return rdb_load_answered(l, l->receiver->function(l->receiver->ctx, code), "a function");
}

static int read_module(struct load *l)
{
    char name[RDB_MODULE_NAME_CHARS];
    uint64_t id;
    const int rc = rdb_module_skip(l->in, &id);
    if (rc != LK_OK || !l->receiver->module_skipped)
        return rc;
    const unsigned version = rdb_module_name(id, name);
    return rdb_load_answered(l, l->receiver->module_skipped(l->receiver->ctx, name, version),
                             "a module");
}

static int read_db(struct load *l)
{
    uint64_t db;
    const int rc = rdb_in_length(l->in, &db);
    if (rc != LK_OK)
        return rc;
    if (db > INT32_MAX)
        return rdb_in_fail(l->in, "there is no database %llu", (unsigned long long)db);
    l->next.db = (uint32_t)db;
    return LK_OK;
}

static int read_sizes(struct load *l)
{
    uint64_t keys, deadlines;
    int rc = rdb_in_length(l->in, &keys);
    if (rc == LK_OK)
        rc = rdb_in_length(l->in, &deadlines);
    if (rc != LK_OK || !l->receiver->sizes)
        return rc;
    rc = l->receiver->sizes(l->receiver->ctx, l->next.db, keys, deadlines);
    return rdb_load_answered(l, rc, "a database");
}

/* Which slots the next keys are in: everybody can tell from the keys. */
static int skip_slot_info(struct load *l)
{
    uint64_t ignored;
    int rc = LK_OK;
    for (int i = 0; i < 3 && rc == LK_OK; i++)
        rc = rdb_in_length(l->in, &ignored);
    return rc;
}

/* What no entry can hold is held as the nearest that it can: long past, or far off. */
static void hold_deadline(struct load *l, int64_t ms)
{
    if (ms != ENTRY_NO_DEADLINE)
        ms = ms < 0 ? 0 : ms > ENTRY_DEADLINE_MAX ? ENTRY_DEADLINE_MAX : ms;
    l->next.deadline_ms = ms;
}

static int read_expire_ms(struct load *l)
{
    int64_t ms = ENTRY_NO_DEADLINE;
    const int rc = rdb_in_ms(l->in, &ms);
    hold_deadline(l, ms);
    return rc;
}

static int read_expire_s(struct load *l)
{
    int32_t s = 0;
    const int rc = rdb_in_seconds(l->in, &s);
    hold_deadline(l, (int64_t)s * 1000);
    return rc;
}

static int read_idle(struct load *l)
{
    uint64_t s = 0;
    const int rc = rdb_in_length(l->in, &s);
    l->next.idle_s = s > INT32_MAX ? INT32_MAX : (int64_t)s;
    return rc;
}

static int read_freq(struct load *l)
{
    unsigned freq = 0;
    const int rc = rdb_in_byte(l->in, &freq);
    l->next.freq = (int)freq;
    return rc;
}

/* The key in a message: its beginning, as far as it can be printed. */
static void say_key(struct load *l)
{
    enum { SHOWN = 64 };
    char shown[SHOWN + 1];
    const struct bytes key = l->next.key;
    const size_t n = key.size < SHOWN ? key.size : SHOWN;
    for (size_t i = 0; i < n; i++)
        shown[i] = key.data[i] >= ' ' && key.data[i] <= '~' ? key.data[i] : '?';
    shown[n] = '\0';
    rdb_in_fail_while(l->in, ", key '%s%s' of database %u", shown, key.size > n ? "..." : "",
                      l->next.db);
}

static void rdb_load_trim(struct buf *buf)
{
    if (buf->capacity > KEEP_BYTES)
        buf_release(buf);
}

static int read_entry(struct load *l, unsigned code)
{
    struct rdb_in *in = l->in;
    struct value v;
    int rc = read_kept(l, &l->key, &l->next.key);
    if (rc != LK_OK)
        return rc;
    rc = rdb_in_value(in, code, &v);
    if (rc == LK_OK && value_exists(&v)) {
        l->next.value = &v;
        rc = rdb_load_answered(l, l->receiver->entry(l->receiver->ctx, &l->next), "an entry");
    } else if (rc == LK_OK && l->receiver->empty) {
        l->receiver->empty(l->receiver->ctx, l->next.key);
    }
    if (rc != LK_OK)
        say_key(l);
    forget_record(l);
    rdb_load_trim(&l->key);
    rdb_load_trim(&l->text);
    rdb_load_trim(&in->scratch);
    rdb_load_trim(&in->packed);
    rdb_load_trim(&in->element);
    return rc;
}

static int read_crc(struct rdb_in *in)
{
    unsigned char b[8];
    if (in->version < RDB_VERSION_CHECKSUM)
        return LK_OK;
    const uint64_t computed = rdb_in_crc(in);
    const int rc = rdb_in_raw(in, b, sizeof b);
    if (rc != LK_OK)
        return rc;
    const uint64_t stated = le64_get(b);
    if (in->checksum && stated != 0 && stated != computed)
        return rdb_in_fail(in, "RDB CRC error: the checksum is %016llx, but the file says %016llx",
                           (unsigned long long)computed, (unsigned long long)stated);
    return LK_OK;
}

static int read_opcode(struct load *l, unsigned opcode)
{
    switch (opcode) {
    case RDB_OP_EXPIRE_MS:
        return read_expire_ms(l);
    case RDB_OP_EXPIRE_S:
        return read_expire_s(l);
    case RDB_OP_IDLE:
        return read_idle(l);
    case RDB_OP_FREQ:
        return read_freq(l);
    case RDB_OP_SELECTDB:
        return read_db(l);
    case RDB_OP_RESIZEDB:
        return read_sizes(l);
    case RDB_OP_AUX:
        return read_aux(l);
    case RDB_OP_FUNCTION:
        return read_function(l);
    case RDB_OP_MODULE_AUX:
        return read_module(l);
    case RDB_OP_SLOT_INFO:
        return skip_slot_info(l);
    case RDB_OP_EOF:
        return read_crc(l->in);
    default:
        return rdb_in_fail(l->in, "%s records cannot be loaded",
                           rdb_code_find(l->in->version, opcode)->name);
    }
}

static int read_record(struct load *l, unsigned *first)
{
    const int rc = rdb_in_byte(l->in, first);
    if (rc != LK_OK)
        return rc;
    const struct rdb_code *row = rdb_code_find(l->in->version, *first);
    if (!row)
        return rdb_in_fail(l->in, "%u begins no record of RDB version %u", *first, l->in->version);
    return row->opcode ? read_opcode(l, *first) : read_entry(l, *first);
}

/* --- with a crew ----------------------------------------------------------------------------- */

static void rdb_load_say_progress(struct load *l)
{
    if (l->receiver->progress)
        l->receiver->progress(l->receiver->ctx, rdb_in_offset(l->in));
}

/* Keys as far as they can be told apart; what is next is something else, or a very long one. */
static int give_runs(struct load *l)
{
    struct rdb_in *in = l->in;
    int rc = LK_OK;
    bool filled = false;
    while (rc == LK_OK) {
        const size_t n = rdb_scan(in->version, rdb_in_rest(in));
        if (n == 0 && filled)
            return LK_OK;
        filled = n == 0;
        if (n == 0) {
            rc = rdb_in_fill_window(in);
            continue;
        }
        const struct rdb_run run = {bytes_of(in->data + in->at, n), rdb_in_offset(in), in->version,
                                    l->next.db};
        in->at += n;
        rc = rdb_load_answered(l, rdb_crew_give(l->receiver->crew, &run, l->receiver),
                               "a run of keys");
        rdb_load_say_progress(l);
    }
    return rc;
}

/* What a member found wrong stands before whatever was found here. */
static int wait_for_crew(struct load *l, int rc)
{
    char error[RDB_IN_ERROR_CHARS];
    const int crew_rc = rdb_crew_wait(l->receiver->crew, error);
    if (crew_rc == LK_OK)
        return rc;
    memcpy(l->in->error, error, sizeof error);
    return l->in->status = crew_rc;
}

/* --- the frame ------------------------------------------------------------------------------- */

static bool record_has_begun(const struct load *l)
{
    return l->next.deadline_ms != ENTRY_NO_DEADLINE || l->next.idle_s >= 0 || l->next.freq >= 0;
}

static int read_records(struct load *l)
{
    enum { PROGRESS_RECORDS = 1024 };
    unsigned first = 0;
    int rc = LK_OK;
    for (uint64_t i = 0; rc == LK_OK && first != RDB_OP_EOF; i++) {
        if (l->receiver->crew && !record_has_begun(l))
            rc = give_runs(l);
        if (rc == LK_OK)
            rc = read_record(l, &first);
        if (i % PROGRESS_RECORDS == 0)
            rdb_load_say_progress(l);
    }
    return rc;
}

static int rdb_load_end_run(struct load *l)
{
    return l->receiver->run_end ? l->receiver->run_end(l->receiver->ctx) : LK_OK;
}

static void rdb_load_release(struct load *l)
{
    buf_release(&l->key);
    buf_release(&l->text);
}

int rdb_load(struct rdb_in *in, const struct rdb_receiver *receiver)
{
    struct load l = {.in = in, .receiver = receiver};
    forget_record(&l);
    in->limits = receiver->limits;
    int rc = read_magic(in);
    if (rc == LK_OK)
        rc = read_records(&l);
    if (rc == LK_OK)
        rc = rdb_load_answered(&l, rdb_load_end_run(&l), "an entry");
    if (receiver->crew)
        rc = wait_for_crew(&l, rc);
    rdb_load_release(&l);
    return rc;
}

int rdb_load_run(struct rdb_in *in, const struct rdb_run *run, const struct rdb_receiver *receiver)
{
    struct load l = {.in = in, .receiver = receiver};
    unsigned first;
    int rc = LK_OK;
    rdb_in_init_bytes(in, run->data);
    in->base = run->offset;
    in->version = run->version;
    in->checksum = false; /* whoever reads the file computes it */
    in->limits = receiver->limits;
    forget_record(&l);
    l.next.db = run->db;
    while (rc == LK_OK && rdb_in_left(in) > 0)
        rc = read_record(&l, &first);
    if (rc == LK_OK)
        rc = rdb_load_answered(&l, rdb_load_end_run(&l), "an entry");
    rdb_load_release(&l);
    return rc;
}
