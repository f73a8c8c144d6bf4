#include "core/cmd/engine/exec_report.h"

#include "core/base/mem.h"
#include "core/cmd/engine/dispatch_lock.h"

enum { TTL_BUCKETS = 4 }; /* looked at in each table for its average TTL */

static struct db_report *report_of(struct db_reports *r, uint32_t db)
{
    uint32_t at = 0;

    while (at < r->n && r->v[at].db < db)
        at++;
    if (at < r->n && r->v[at].db == db)
        return &r->v[at];
    if (r->n == r->capacity) {
        const uint32_t more = r->capacity ? r->capacity * 2 : 16;
        r->v = mem_realloc(r->v, r->capacity * sizeof *r->v, more * sizeof *r->v);
        r->capacity = more;
    }
    memmove(&r->v[at + 1], &r->v[at], (r->n - at) * sizeof *r->v);
    r->n++;
    r->v[at] = (struct db_report){.db = db};
    return &r->v[at];
}

/* Hashes are seeded, so any few buckets are a fair sample. */
static void add_ttls(struct db_report *r, const struct table *t, int64_t now_ms)
{
    struct table_step s;
    uint64_t position = 0;

    for (int i = 0; i < TTL_BUCKETS && position < TABLE_POSITIONS; i++, position = s.next)
        for (struct entry *e = table_step_first(&s, t, position); e; e = table_step_next(&s)) {
            const int64_t deadline = entry_deadline(e);
            if (deadline == ENTRY_NO_DEADLINE)
                continue;
            r->ttl_samples++;
            r->ttl_ms += deadline > now_ms ? (uint64_t)(deadline - now_ms) : 0;
        }
}

static void add_shape(struct db_report *r, const struct table *t)
{
    struct table_shape shape;

    table_shape_get(t, &shape);
    r->pages += shape.pages;
    r->buckets += shape.buckets;
    r->overflow_pages += shape.overflow_pages;
    r->guests += shape.guests;
    r->moving += shape.moving;
}

static void exec_report_add_table(struct exec *x, struct db_reports *out, uint32_t db,
                                  const struct table *t, bool shape)
{
    if (t->count == 0)
        return;
    struct db_report *r = report_of(out, db);
    r->keys += t->count;
    r->deadlines += t->own;
    r->inner += t->inner;
    r->due += t->deadlines > 0 && t->next_due <= table_due_unit(x->now_ms);
    r->table_bytes += table_page_bytes(t);
    r->tables++;
    if (shape)
        add_shape(r, t);
    if (t->deadlines > 0)
        add_ttls(r, t, x->now_ms);
}

/* What the session keeps of it. */
struct report_walk {
    struct db_reports reports;
    uint32_t shard; /* where it goes on */
};

static void report_walk_end(void *state)
{
    struct report_walk *w = state;
    mem_free(w->reports.v, w->reports.capacity * sizeof *w->reports.v);
    mem_delete(w);
}

static bool report_add_shard(struct exec *x, struct shard *s, bool shape, struct db_reports *out)
{
    if (!dispatch_visit_try(x->dispatcher, s))
        return false;
    for (uint32_t j = 0; j < shard_db_count(s); j++) {
        const struct shard_db at = shard_db_at(s, j);
        exec_report_add_table(x, out, at.db, at.table, shape);
    }
    dispatch_visit_unlock(x->dispatcher, s);
    return true;
}

enum outcome exec_report_dbs(struct exec *x, bool shape, const struct db_reports **out)
{
    struct keyspace *ks = x->dispatcher->ks;

    if (!exec_slice_state(x))
        exec_slice_keep(x, mem_new(struct report_walk), report_walk_end);
    struct report_walk *w = exec_slice_state(x);
    for (; w->shard < ks->count; w->shard++) {
        if (exec_slice_over(x))
            return RUN_AGAIN;
        if (!report_add_shard(x, &ks->shards[w->shard], shape, &w->reports))
            return RUN_LATER;
    }
    *out = &w->reports;
    return RUN_DONE;
}
