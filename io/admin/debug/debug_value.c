#include "io/admin/debug/debug_value.h"

#include "core/cmd/engine/exec_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* False: it is answered that there is no such key. */
static bool debug_value_find(struct exec *x, struct bytes key, struct value *out)
{
    exec_find_stored(x, key, TYPE_ANY, out);
    if (!value_exists(out))
        reply_status(x, LK_ENOKEY);
    return value_exists(out);
}

static bool has_encoding(const struct value *v, const char *name)
{
    return strcmp(type_ops_get(v->type)->encoding_name(v), name) == 0;
}

void debug_object(struct exec *x, const struct args *a)
{
    struct value v;
    const struct bytes key = a->v[2];

    if (!debug_value_find(x, key, &v))
        return;
    const struct type_ops *ops = type_ops_get(v.type);
    const uint32_t idle_s = exec_idle_seconds(x, key);
    struct buf line = {0};
    buf_printf(&line, "Value at:%p refcount:1 encoding:%s",
               value_has_root(v.encoding) ? v.as.root : (const void *)v.as.bytes.data,
               ops->encoding_name(&v));
    if (a->n < 4 || !args_is(a, 3, "fast"))
        buf_printf(&line, " serializedlength:%zu",
                   exec_entry_bytes(x, key) + ops->node_bytes(&v, SIZE_MAX));
    buf_printf(&line, " lru:%u lru_seconds_idle:%u",
               (unsigned)(x->now_ms / 1000 - idle_s) & 0xffffff, idle_s);
    reply_simple_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
}

void debug_sdslen(struct exec *x, const struct args *a)
{
    struct value v;

    if (!debug_value_find(x, a->v[2], &v))
        return;
    if (v.type != TYPE_STRING || has_encoding(&v, "int")) {
        reply_error(x->reply, "ERR Not an sds encoded string.");
        return;
    }
    const struct type_ops *ops = type_ops_get(v.type);
    struct buf line = {0};
    buf_printf(&line,
               "key_sds_len:%zu, key_sds_avail:0, key_zmalloc: %zu, val_sds_len:%" PRIu64
               ", val_sds_avail:0, val_zmalloc: %zu",
               a->v[2].size, exec_entry_bytes(x, a->v[2]), ops->length(&v),
               ops->node_bytes(&v, SIZE_MAX));
    reply_simple_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
}

/* --- elements, one a line -------------------------------------------------------------------- */

struct debug_print {
    uint64_t index;
    bool begun;
};

static void print_piece(void *ctx, struct bytes piece, enum describe_end ends)
{
    struct debug_print *p = ctx;

    if (!p->begun)
        printf("%" PRIu64 ") ", p->index);
    fwrite(piece.data, 1, piece.size, stdout);
    p->begun = ends != DESCRIBE_ELEMENT;
    p->index += !p->begun;
    if (ends != DESCRIBE_PIECE)
        putchar(p->begun ? ' ' : '\n');
}

static void print_value(const struct value *v)
{
    const struct type_ops *ops = type_ops_get(v->type);
    struct debug_print p = {0};

    printf("{encoding %s} {bytes %zu} {elements %" PRIu64 "}\n", ops->encoding_name(v),
           ops->node_bytes(v, SIZE_MAX), ops->length(v));
    ops->describe(v, print_piece, &p);
    fflush(stdout);
}

static void print_encoded(struct exec *x, const struct args *a, const char *encoding,
                          const char *not_it, const char *done)
{
    struct value v;

    if (!debug_value_find(x, a->v[2], &v))
        return;
    if (!has_encoding(&v, encoding)) {
        reply_error(x->reply, not_it);
        return;
    }
    print_value(&v);
    reply_simple(x->reply, done);
}

void debug_listpack(struct exec *x, const struct args *a)
{
    print_encoded(x, a, "listpack", "ERR Not a listpack encoded object.",
                  "Listpack structure printed on stdout");
}

void debug_quicklist(struct exec *x, const struct args *a)
{
    print_encoded(x, a, "quicklist", "ERR Not a quicklist encoded object.",
                  "Quicklist structure printed on stdout");
}

/* --- tables ---------------------------------------------------------------------------------- */

/* The lines that tools look for. */
static void write_table(struct buf *out, uint64_t places, uint64_t elements)
{
    buf_printf(out,
               "Hash table 0 stats (main hash table):\n table size: %" PRIu64
               "\n number of elements: %" PRIu64 "\n",
               places, elements);
}

static void write_shape(const struct db_report *r, bool full, struct buf *out)
{
    const uint64_t places = r->buckets * TABLE_BUCKET_SLOTS;

    write_table(out, places, r->keys);
    if (full)
        buf_printf(out,
                   " tables: %" PRIu64 " (%" PRIu64 " being moved)\n pages: %" PRIu64 " (%" PRIu64
                   " overflow)\n buckets: %" PRIu64 "\n guests: %" PRIu64 "\n bytes: %" PRIu64
                   "\n fill: %.2f%%\n",
                   r->tables, r->moving, r->pages, r->overflow_pages, r->buckets, r->guests,
                   r->table_bytes, places ? 100.0 * (double)r->keys / (double)places : 0.0);
    buf_append_cstr(out, "[Expires HT]\n");
    if (r->deadlines > 0) /* they lie in the entries */
        write_table(out, places, r->deadlines);
}

void debug_htstats(struct exec *x, const struct args *a)
{
    int64_t db;
    const struct db_reports *dbs;
    struct buf text = {0};

    if (args_int64(a, 2, &db) != LK_OK) {
        reply_status(x, LK_ENOTINT);
        return;
    }
    if (db < 0 || db >= exec_limits(x)->databases) {
        reply_error(x->reply, "ERR Out of range database");
        return;
    }
    LK_ASSERT(exec_report_dbs(x, true, &dbs) == RUN_DONE); /* alone in the gate */
    const struct db_report *found = NULL;
    for (uint32_t i = 0; i < dbs->n; i++)
        if (dbs->v[i].db == db)
            found = &dbs->v[i];
    buf_append_cstr(&text, "[Dictionary HT]\n");
    if (found)
        write_shape(found, a->n == 4 && args_is(a, 3, "full"), &text);
    else
        buf_append_cstr(&text, "[Expires HT]\n");
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
}

/* Large collections are trees: each element has a place of its own, and no other one is free. */
void debug_htstats_key(struct exec *x, const struct args *a)
{
    struct value v;
    struct buf text = {0};

    if (!debug_value_find(x, a->v[2], &v))
        return;
    if (!has_encoding(&v, "hashtable") && !has_encoding(&v, "skiplist")) {
        reply_error(x->reply, "ERR The value stored at the specified key is not represented using "
                              "an hash table");
        return;
    }
    const uint64_t elements = type_ops_get(v.type)->length(&v);
    write_table(&text, elements, elements);
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
}
