#include "core/cmd/sort_source.h"

#include "core/types/set_walk.h"
#include "core/types/zset.h"

static void of_set(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                   struct sort_element *out)
{
    struct set_walk w;
    struct set_run run;
    uint64_t at = 0;
    (void)backwards;
    set_walk_begin(&w, v);
    while (at < to && set_walk_next(&w, &run)) {
        set_run_prefetch(&run);
        for (uint32_t i = 0; i < run.count && at < to; i++, at++) {
            if (at < from)
                continue;
            const struct set_member m = set_run_member(&run, i);
            *out = (struct sort_element){.data = m.text.data, .as.size = m.text.size};
            if (!m.text.data)
                out->as.number = m.number;
            out++;
        }
    }
}

static void of_zset(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                    struct sort_element *out)
{
    struct zset_iter it;
    const uint64_t n = zset_length(v);
    if (from == to)
        return;
    bool more = zset_iter_at(&it, v, backwards ? n - 1 - from : from, backwards);
    for (; more && from < to; from++, out++, more = zset_iter_next(&it)) {
        if (!zset_iter_brief(&it)) {
            *out = (struct sort_element){.data = it.member.data, .as.size = it.member.size};
            continue;
        }
        out->data = NULL;
        LK_ASSERT(bytes_to_int64(it.member, &out->as.number));
    }
}

static const struct {
    void (*walk)(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                 struct sort_element *out);
    bool ordered;
} sources[TYPE_COUNT] = {
    [TYPE_SET] = {of_set, false},
    [TYPE_ZSET] = {of_zset, true},
};

bool sort_can(const struct value *v)
{
    return sources[v->type].walk != NULL;
}

bool sort_is_ordered(const struct value *v)
{
    return sources[v->type].ordered;
}

void sort_elements(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                   struct sort_element *out)
{
    sources[v->type].walk(v, from, to, backwards, out);
}
