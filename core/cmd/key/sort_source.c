#include "core/cmd/key/sort_source.h"

#include "core/types/list.h"
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

static void of_list(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                    struct sort_element *out)
{
    struct list_iter it;
    const uint64_t last = list_length(v) - 1;
    bool on = from < to && list_iter_at(&it, v, backwards ? last - from : from);
    for (uint64_t at = from; on && at < to; at++, out++) {
        const struct listpack_value e = list_iter_get(&it);
        *out = (struct sort_element){.data = e.s.data, .as.size = e.s.size};
        if (!e.s.data)
            out->as.number = e.number;
        on = backwards ? list_iter_prev(&it) : list_iter_next(&it);
    }
}

static void of_zset(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                    struct sort_element *out)
{
    struct zset_iter it;
    bool on =
        from < to && zset_iter_at(&it, v, backwards ? zset_length(v) - 1 - from : from, backwards);
    for (uint64_t at = from; on && at < to; at++, out++) {
        *out = (struct sort_element){.data = it.member.data, .as.size = it.member.size};
        if (zset_iter_brief(&it)) {
            out->data = NULL; /* a number, whose digits end with the step */
            bytes_to_int64(it.member, &out->as.number);
        }
        on = zset_iter_next(&it);
    }
}

static const struct {
    void (*walk)(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                 struct sort_element *out);
    bool ordered;
} sources[TYPE_COUNT] = {
    [TYPE_LIST] = {of_list, true},
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
