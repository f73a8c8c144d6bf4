/*
 * value.c — payloads, and the row of operations of each type.
 *
 * A payload is one of three shapes, and the encoding says which:
 *
 *   ENC_INT            | int64, 8 bytes |
 *   with a root        | pointer, 8 bytes |
 *   all else           | the bytes |
 *
 * Payloads follow keys of any length, so nothing in them is aligned.
 */
#include "core/types/value.h"

#include "core/types/hash.h"
#include "core/types/list.h"
#include "core/types/set.h"
#include "core/types/str.h"
#include "core/types/stream.h"
#include "core/types/zset.h"

static const struct type_ops *const rows[TYPE_COUNT] = {
    [TYPE_STRING] = &str_type_ops, [TYPE_LIST] = &list_type_ops, [TYPE_SET] = &set_type_ops,
    [TYPE_ZSET] = &zset_type_ops,  [TYPE_HASH] = &hash_type_ops, [TYPE_STREAM] = &stream_type_ops,
};

const struct type_ops *type_ops_get(unsigned type)
{
    LK_ASSERT(type < TYPE_COUNT);
    LK_ASSERT(rows[type]);
    return rows[type];
}

int64_t value_next_deadline(const struct value *v)
{
    if (LK_LIKELY(!(VALUE_INNER_TYPES >> v->type & 1)))
        return -1;
    const struct type_ops *ops = type_ops_get(v->type);
    return ops->next_deadline ? ops->next_deadline(v) : -1;
}

size_t value_payload_size(const struct value *v)
{
    if (value_is_inline(v->encoding))
        return v->as.bytes.size;
    return v->encoding == ENC_INT ? sizeof v->as.integer : sizeof v->as.root;
}

void value_payload_write(const struct value *v, char *payload)
{
    if (!value_is_inline(v->encoding)) {
        if (v->encoding == ENC_INT)
            memcpy(payload, &v->as.integer, sizeof v->as.integer);
        else
            memcpy(payload, &v->as.root, sizeof v->as.root);
    } else if (v->as.bytes.size > 0) {
        memmove(payload, v->as.bytes.data, v->as.bytes.size);
    }
}

void value_payload_read(uint8_t kind, const char *payload, size_t size, struct value *out)
{
    out->type = (uint8_t)value_kind_type(kind);
    out->encoding = value_kind_encoding(kind);
    if (value_is_inline(out->encoding)) {
        out->as.bytes = bytes_of(payload, size);
    } else if (out->encoding == ENC_INT) {
        LK_DEBUG_ASSERT(size == sizeof out->as.integer);
        memcpy(&out->as.integer, payload, sizeof out->as.integer);
    } else {
        LK_DEBUG_ASSERT(size == sizeof out->as.root);
        memcpy(&out->as.root, payload, sizeof out->as.root);
    }
}
