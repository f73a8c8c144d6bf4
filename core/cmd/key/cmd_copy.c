/*
 * cmd_copy.c — COPY, MOVE: values cross to another key or database.
 *
 * A key has its shard by its name alone, so that the same key of another database lies under the
 * same lock.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/ds/entry.h"

/* Reads argument i as a database; returns false when the error is written. */
static bool copy_parse_db(struct exec *x, const struct args *a, uint32_t i, uint32_t *db)
{
    int64_t n = 0;
    const int rc = args_int64(a, i, &n);
    if (rc != LK_OK) {
        reply_status(x, rc);
        return false;
    }
    if (n < INT32_MIN || n > INT32_MAX) {
        reply_not_between(x, INT32_MIN, INT32_MAX);
        return false;
    }
    if (n < 0 || n >= exec_limits(x)->databases) {
        reply_status(x, LK_EDBINDEX);
        return false;
    }
    *db = (uint32_t)n;
    return true;
}

/* Is there such a key in that database? */
static int exists_in(struct exec *x, struct bytes key, uint32_t db, bool *exists)
{
    struct value v = {.type = TYPE_NONE};
    int rc = exec_use_db(x, db);
    if (rc == LK_OK)
        rc = exec_find_silently(x, key, TYPE_ANY, &v);
    *exists = value_exists(&v);
    return rc;
}

/* taken: there is a value which goes; the key is told of as a new one all the same. */
static int put_copy(struct exec *x, struct bytes to, const struct value *v, int64_t deadline_ms,
                    bool taken)
{
    struct value copy;
    int rc = type_ops_get(v->type)->copy(v, &copy);
    if (rc != LK_OK)
        return rc;
    if (deadline_ms == ENTRY_NO_DEADLINE)
        rc = exec_put(x, to, &copy, 0);
    else
        rc = exec_put_until(x, to, &copy, deadline_ms);
    if (rc != LK_OK)
        return rc;
    if (taken)
        exec_event(x, EVENT_NEW, "new", to);
    exec_event(x, EVENT_GENERIC, "copy_to", to);
    return LK_OK;
}

static enum outcome copy_run_command(struct exec *x, const struct args *a)
{
    const struct bytes from = a->v[1], to = a->v[2];
    struct value v = {.type = TYPE_NONE};
    uint32_t db = x->db;
    bool replace = false, taken = false;

    for (uint32_t i = 3; i < a->n; i++) {
        if (args_is(a, i, "replace"))
            replace = true;
        else if (!args_is(a, i, "db") || i + 1 == a->n)
            return reply_syntax(x);
        else if (!copy_parse_db(x, a, ++i, &db))
            return RUN_DONE;
    }
    if (db == x->db && bytes_equal(from, to))
        return reply_status(x, LK_ESAME);

    int rc = exec_find(x, from, TYPE_ANY, &v);
    const bool found = rc == LK_OK && value_exists(&v);
    if (found) {
        const int64_t deadline_ms = exec_deadline(x, from);
        rc = exists_in(x, to, db, &taken);
        if (rc == LK_OK && (replace || !taken))
            rc = put_copy(x, to, &v, deadline_ms, taken);
        exec_use_db(x, x->db);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, found && (replace || !taken));
    return RUN_DONE;
}

static int move_to(struct exec *x, struct bytes key, uint32_t db)
{
    int rc = exec_move(x, key, db);
    if (rc != LK_OK)
        return rc;
    exec_counts_as(x, 0); /* two keys, one change */
    exec_event(x, EVENT_GENERIC, "move_from", key);
    rc = exec_use_db(x, db);
    exec_event(x, EVENT_GENERIC, "move_to", key);
    exec_use_db(x, x->db);
    return rc;
}

static enum outcome move_run(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    uint32_t db = 0;
    bool taken = false;

    if (exec_in_cluster(x)) {
        reply_error(x->reply, "ERR MOVE is not allowed in cluster mode");
        return RUN_DONE;
    }
    if (!copy_parse_db(x, a, 2, &db))
        return RUN_DONE;
    if (db == x->db)
        return reply_status(x, LK_ESAME);
    int rc = exec_find_silently(x, key, TYPE_ANY, &v);
    const bool found = rc == LK_OK && value_exists(&v);
    if (found) {
        rc = exists_in(x, key, db, &taken);
        exec_use_db(x, x->db);
    }
    if (rc == LK_OK && found && !taken)
        rc = move_to(x, key, db);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, found && !taken);
    return RUN_DONE;
}

const struct command copy_commands[] = {
    {"copy", .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_KEYSPACE,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1}},
     .run = copy_run_command},
    {"move", .arity = 3, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_KEYSPACE,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE), .run = move_run},
    {0},
};
