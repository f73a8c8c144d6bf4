/*
 * cmd_bitop.c — BITOP: a string made of others bit by bit.
 *
 * Long ones are made in slices (core/types/str_combine.h).  The last slice sees to it that the
 * result is that of the sources as they are then, and puts it, all under the same locks: so it is
 * one moment for every observer, and the log may have the command as it came.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/types/str_combine.h"

struct operation {
    const char *name;
    enum bits_op op;
    uint32_t least, most;    /* sources; most is 0 for any number */
    const char *wrong_count; /* what is said otherwise */
};

static const struct operation operations[] = {
    {"and", BITS_AND, 1, 0, NULL},
    {"or", BITS_OR, 1, 0, NULL},
    {"xor", BITS_XOR, 1, 0, NULL},
    {"not", BITS_NOT, 1, 1, "ERR BITOP NOT must be called with a single source key."},
    {"diff", BITS_DIFF, 2, 0, "ERR BITOP DIFF must be called with at least two source keys."},
    {"diff1", BITS_DIFF1, 2, 0, "ERR BITOP DIFF1 must be called with at least two source keys."},
    {"andor", BITS_ANDOR, 2, 0, "ERR BITOP ANDOR must be called with at least two source keys."},
    {"one", BITS_ONE, 1, 0, NULL},
};

enum { FIRST_SOURCE = 3 };

static const struct operation *find_operation(struct bytes word)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (bytes_is_word(word, operations[i].name))
            return &operations[i];
    return NULL;
}

static void end_combine(void *c)
{
    str_combine_free(c);
}

/* Begun with the first slice; the session keeps it to the last. */
static struct str_combine *combine_of(struct exec *x, const struct operation *o, uint32_t sources)
{
    struct str_combine *c = exec_slice_state(x);
    if (!c) {
        c = str_combine_new(o->op, sources);
        exec_slice_keep(x, c, end_combine);
    }
    return c;
}

static int find_sources(struct exec *x, const struct args *a, struct str_combine *c)
{
    int rc = LK_OK;
    for (uint32_t i = FIRST_SOURCE; rc == LK_OK && i < a->n; i++)
        rc = exec_find_in_slices(x, a->v[i], TYPE_STRING, str_combine_source(c, i - FIRST_SOURCE));
    return rc;
}

static int put_result(struct exec *x, struct bytes key, struct str_combine *c)
{
    struct value v;
    if (str_combine_size(c) == 0) {
        if (exec_delete(x, key, false))
            exec_event(x, EVENT_GENERIC, "del", key);
        return LK_OK;
    }
    str_combine_take(c, &v);
    const int rc = exec_put(x, key, &v, 0);
    if (rc == LK_OK)
        exec_event(x, EVENT_STRING, "set", key);
    return rc;
}

static enum outcome bitop_combine(struct exec *x, const struct args *a)
{
    const struct operation *o = find_operation(a->v[1]);
    const struct bits_pause pause = {exec_slice_over, x};
    const uint32_t sources = a->n - FIRST_SOURCE;

    if (!o)
        return reply_syntax(x);
    if (sources < o->least || (o->most && sources > o->most)) {
        reply_error_bytes(x->reply, bytes_cstr(o->wrong_count));
        return RUN_DONE;
    }
    struct str_combine *c = combine_of(x, o, sources);
    int rc = find_sources(x, a, c);
    if (rc == LK_OK) {
        if (!str_combine_run(c, &pause))
            return RUN_AGAIN;
        rc = put_result(x, a->v[2], c);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, (int64_t)str_combine_size(c));
    return RUN_DONE;
}

const struct command bitop_commands[] = {
    {"bitop", .arity = -4, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_BITMAP,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS,
               .begin = KEY_BEGIN_INDEX,
               .index = FIRST_SOURCE,
               .last = -1,
               .step = 1}},
     .run = bitop_combine},
    {0},
};
