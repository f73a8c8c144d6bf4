#include "core/types/str_bits.h"

#include "core/ds/bits.h"
#include "core/types/str_priv.h"

bool str_get_bit(const struct value *v, uint64_t at)
{
    char byte = 0;
    struct bytes b;
    if (LK_LIKELY(str_piece(v, &b)))
        return at / 8 < b.size && bits_get(b.data, at);
    (void)str_read(v, at / 8, &byte, 1);
    return bits_get(&byte, at % 8);
}

bool str_count_bits(const struct value *v, uint64_t first, uint64_t end,
                    const struct bits_pause *pause, uint64_t *ones)
{
    char digits[INT64_CHARS];
    if (v->encoding == ENC_CHUNKS)
        return chunks_bits_count(v->as.root, first, end, pause, ones);
    *ones = bits_count_range(str_inline_bytes(v, digits).data, first, end);
    return true;
}

bool str_find_bit(const struct value *v, bool bit, uint64_t first, uint64_t end,
                  const struct bits_pause *pause, uint64_t *at)
{
    char digits[INT64_CHARS];
    if (v->encoding == ENC_CHUNKS)
        return chunks_bits_find(v->as.root, bit, first, end, pause, at);
    *at = bits_find(str_inline_bytes(v, digits).data, bit, first, end);
    return true;
}
