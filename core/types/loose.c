#include "core/types/loose.h"

static char *loose_resize(struct value_edit *edit, size_t new_size)
{
    struct loose *l = (struct loose *)edit;
    if (new_size > l->payload->size)
        buf_reserve(l->payload, new_size - l->payload->size);
    l->payload->size = new_size;
    edit->value.as.bytes = buf_bytes(l->payload);
    return l->payload->data;
}

void loose_begin(struct loose *l, unsigned type, const struct type_limits *limits,
                 struct buf *payload)
{
    struct value v;
    type_ops_get(type)->empty(&v);
    *l = (struct loose){.edit = {.value = v, .limits = limits, .resize = loose_resize},
                        .payload = payload};
    payload->size = 0;
    if (value_is_inline(v.encoding)) {
        buf_append_bytes(payload, v.as.bytes);
        l->edit.value.as.bytes = buf_bytes(payload);
    }
}

void loose_adopt(struct loose *l, unsigned encoding, struct bytes b)
{
    l->edit.value.encoding = (uint8_t)encoding;
    l->edit.value.as.bytes = b;
}
