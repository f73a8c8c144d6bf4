#include "core/types/stream_refs.h"

#include "core/types/stream_priv.h"

bool stream_is_referred(const struct value *v, struct stream_id id)
{
    struct stream_pending p;
    for (uint64_t i = 0; i < stream_group_count(v); i++) {
        const struct stream_group *g = stream_group_at(v, i);
        if (stream_id_compare(id, g->last_id) > 0 || stream_pending_find(g, id, &p))
            return true;
    }
    return false;
}

void stream_forget_pending(struct value_edit *e, struct stream_id id)
{
    struct stream_pending p;
    for (uint64_t i = 0; i < stream_group_count(&e->value); i++) {
        const struct stream_group *g = stream_group_at(&e->value, i);
        if (stream_pending_find(g, id, &p))
            (void)stream_pending_remove(e, stream_group_edit(e, stream_name(&g->head)), id);
    }
}

enum stream_delete_result stream_delete_with(struct value_edit *e, struct stream_id id,
                                             enum stream_refs refs)
{
    if (refs == STREAM_ACKED && stream_is_referred(&e->value, id))
        return stream_has(&e->value, id) ? STREAM_REFERRED : STREAM_NO_ENTRY;
    if (refs == STREAM_DELREF)
        stream_forget_pending(e, id);
    return stream_delete(e, id) ? STREAM_DELETED : STREAM_NO_ENTRY;
}
