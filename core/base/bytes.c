/*
 * bytes.c — comparing runs of bytes.
 */
#include "core/base/bytes.h"

int bytes_compare(struct bytes a, struct bytes b)
{
    const size_t common = a.size < b.size ? a.size : b.size;
    const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

bool bytes_is_word(struct bytes b, const char *lower)
{
    size_t i;

    for (i = 0; i < b.size && lower[i] != '\0'; i++) {
        const unsigned char c = (unsigned char)b.data[i];
        const unsigned char folded = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        if (folded != (unsigned char)lower[i])
            return false;
    }
    return i == b.size && lower[i] == '\0';
}
