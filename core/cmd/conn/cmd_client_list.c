/*
 * cmd_client_list.c — CLIENT LIST and CLIENT INFO.
 *
 * The registry walks its stripes, so lines are gathered as they come and then put in the order of
 * their ids, which is the order in which the clients connected.
 */
#include "core/base/atomic.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/conn/cmd_client.h"
#include "core/cmd/engine/dispatch.h"

#include <stdlib.h>

struct line {
    uint64_t id;
    size_t at, size; /* in text */
};

struct lines {
    struct buf text;
    struct buf index; /* struct line */
    int type;         /* enum client_type, or -1 for all */
    int64_t now_ms;
};

static bool client_list_gather(void *ctx, struct session *s)
{
    struct lines *l = ctx;
    if (load_relaxed(&s->kill)) /* his worker has not come to it yet */
        return true;
    if (l->type >= 0 && (int)client_type_of(s) != l->type)
        return true;
    struct line line = {.id = s->id, .at = l->text.size};
    client_info_append(&l->text, s, l->now_ms);
    line.size = l->text.size - line.at;
    buf_append(&l->index, &line, sizeof line);
    return true;
}

static int by_id(const void *a, const void *b)
{
    const uint64_t x = ((const struct line *)a)->id, y = ((const struct line *)b)->id;
    return (x > y) - (x < y);
}

static void reply_lines(struct exec *x, struct lines *l, bool sorted)
{
    struct line *v = (struct line *)(void *)l->index.data;
    const size_t n = l->index.size / sizeof *v;
    struct buf out = {0};
    if (sorted && n > 1)
        qsort(v, n, sizeof *v, by_id);
    for (size_t i = 0; i < n; i++)
        buf_append(&out, l->text.data + v[i].at, v[i].size);
    reply_verbatim(x->reply, "txt", buf_bytes(&out));
    buf_release(&out);
}

/* The clients with these ids, in the order in which they are asked for. */
static enum outcome list_ids(struct exec *x, const struct args *a, struct registry *r,
                             struct lines *l)
{
    for (uint32_t i = 3; i < a->n; i++) {
        int64_t id;
        if (args_int64(a, i, &id) != LK_OK) {
            reply_error(x->reply, "ERR Invalid client ID");
            return RUN_DONE;
        }
        registry_find(r, (uint64_t)id, client_list_gather, l);
    }
    reply_lines(x, l, false);
    return RUN_DONE;
}

enum outcome client_list(struct exec *x, const struct args *a)
{
    struct registry *r = dispatcher_engine(x->dispatcher)->fixed.registry;
    struct lines l = {.type = -1, .now_ms = x->now_ms};
    enum outcome done = RUN_DONE;
    enum client_type type;
    if (a->n > 3 && args_is(a, 2, "id")) {
        done = list_ids(x, a, r, &l);
    } else if (a->n == 2) {
        registry_each(r, client_list_gather, &l);
        reply_lines(x, &l, true);
    } else if (a->n != 4 || !args_is(a, 2, "type")) {
        done = reply_syntax(x);
    } else if (client_type_parse(x, a->v[3], &type)) {
        l.type = (int)type;
        registry_each(r, client_list_gather, &l);
        reply_lines(x, &l, true);
    }
    buf_release(&l.text);
    buf_release(&l.index);
    return done;
}

enum outcome client_info(struct exec *x, const struct args *a)
{
    (void)a;
    struct buf line = {0};
    client_info_append(&line, x->session, x->now_ms);
    reply_verbatim(x->reply, "txt", buf_bytes(&line));
    buf_release(&line);
    return RUN_DONE;
}
