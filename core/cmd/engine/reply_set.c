/*
 * reply_set.c — members of sets as bulks.
 */
#include "core/cmd/engine/reply_set.h"

void reply_run(struct reply *r, const struct set_run *run)
{
    set_run_prefetch(run);
    for (uint32_t i = 0; i < run->count; i++) {
        const struct set_member m = set_run_member(run, i);
        reply_member(r, &m);
    }
}

void reply_members(struct reply *r, const struct value *v)
{
    struct set_walk w;
    struct set_run run;
    set_walk_begin(&w, v);
    while (set_walk_next(&w, &run))
        reply_run(r, &run);
}

void reply_visited(void *ctx, const struct set_member *m)
{
    reply_member(ctx, m);
}
