#include "core/cmd/sort_source.h"

#include "core/types/set_walk.h"

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

static const struct {
    void (*walk)(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                 struct sort_element *out);
    bool ordered;
} sources[TYPE_COUNT] = {
    [TYPE_SET] = {of_set, false},
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
