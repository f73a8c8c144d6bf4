#include "io/admin/debug/debug_populate.h"

#include "core/base/mem.h"
#include "core/store/bulk_load.h"
#include "core/store/lru.h"
#include "core/store/shard_write.h"
#include "core/types/str.h"
#include "io/admin/admin_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct populate {
    struct bulk_load bulk;
    int64_t count, size; /* 0: as long as it is */
    struct bytes prefix;
    char *value;  /* of size bytes */
    uint32_t use; /* of new keys */
};

static bool populate_read(struct exec *x, const struct args *a, struct populate *p)
{
    p->prefix = a->n > 3 ? a->v[3] : bytes_cstr("key");
    if (args_int64(a, 2, &p->count) == LK_OK && p->count >= 0 &&
        (a->n < 5 || (args_int64(a, 4, &p->size) == LK_OK && p->size >= 0)))
        return true;
    reply_error(x->reply, "ERR value is out of range, must be positive");
    return false;
}

static int populate_put(struct exec *x, struct populate *p, struct bytes key, int64_t n)
{
    char text[64];
    struct value v;
    const int chars = snprintf(text, sizeof text, "value:%" PRId64, n);
    struct bytes content = bytes_of(text, (size_t)chars);

    if (p->size > 0) {
        const size_t kept = (size_t)chars < (size_t)p->size ? (size_t)chars : (size_t)p->size;
        memcpy(p->value, text, kept);
        content = bytes_of(p->value, (size_t)p->size);
    }
    str_from_bytes(content, &v);
    return bulk_load_add(&p->bulk, x->db, key, &v, ENTRY_NO_DEADLINE, p->use);
}

static bool populate_is_there(const struct populate *p, uint32_t db, struct bytes key)
{
    struct keyspace *ks = p->bulk.ks;
    const uint64_t hash = keyspace_hash(ks, key);
    struct shard *s = keyspace_shard(ks, hash);
    struct place at;

    shard_lock(s);
    const bool there = shard_find(ks, db, key, hash, &at);
    shard_unlock(s);
    return there;
}

static int populate_all(struct exec *x, struct populate *p)
{
    struct buf key = {0};
    int rc = LK_OK;

    bulk_load_begin(&p->bulk, x->admin->parts.engine->fixed.keyspace, false);
    bulk_load_expect(&p->bulk, x->db, (uint64_t)p->count);
    for (int64_t n = 0; n < p->count && rc == LK_OK; n++) {
        key.size = 0;
        buf_append_bytes(&key, p->prefix);
        buf_printf(&key, ":%" PRId64, n);
        if (!populate_is_there(p, x->db, buf_bytes(&key)))
            rc = populate_put(x, p, buf_bytes(&key), n);
    }
    if (rc == LK_OK)
        rc = bulk_load_flush(&p->bulk);
    bulk_load_end(&p->bulk);
    buf_release(&key);
    return rc;
}

void debug_populate(struct exec *x, const struct args *a)
{
    struct populate p = {0};
    int rc = LK_OK;

    if (!populate_read(x, a, &p))
        return;
    p.use = exec_limits(x)->lfu ? lfu_of(x->now_ms, LFU_START) : lru_clock(x->now_ms);
    if (p.size > 0) {
        p.value = mem_try_alloc((size_t)p.size);
        rc = p.value ? LK_OK : LK_ENOMEM;
    }
    if (p.value && p.size > 0)
        memset(p.value, 0, (size_t)p.size);
    if (rc == LK_OK)
        rc = populate_all(x, &p);
    mem_free(p.value, (size_t)p.size);
    if (rc == LK_OK)
        reply_ok(x->reply);
    else
        reply_status(x, rc);
}
