/*
 * cmd_memory_usage.c — MEMORY USAGE: what a key takes, entry and nodes.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"

enum { SAMPLES_DEFAULT = 5 };

static int parse_samples(const struct args *a, size_t *samples)
{
    for (uint32_t i = 3; i < a->n; i += 2) {
        int64_t n;
        if (!args_is(a, i, "samples") || i + 1 == a->n)
            return LK_ESYNTAX;
        if (args_int64(a, i + 1, &n) != LK_OK)
            return LK_ENOTINT;
        if (n < 0)
            return LK_ESYNTAX;
        *samples = n == 0 ? SIZE_MAX : (size_t)n; /* 0: look at every element */
    }
    return LK_OK;
}

enum outcome memory_usage(struct exec *x, const struct args *a)
{
    struct value v = {.type = TYPE_NONE};
    size_t samples = SAMPLES_DEFAULT;

    int rc = parse_samples(a, &samples);
    if (rc == LK_OK)
        rc = exec_find_silently(x, a->v[2], TYPE_ANY, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v))
        reply_int(x->reply, (int64_t)(exec_entry_bytes(x, a->v[2]) +
                                      type_ops_get(v.type)->node_bytes(&v, samples)));
    else
        reply_null(x->reply);
    return RUN_DONE;
}
