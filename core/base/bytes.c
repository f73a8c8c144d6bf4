/*
 * bytes.c — comparing runs of bytes.
 */
#include "core/base/bytes.h"

bool bytes_equal_secret(struct bytes given, struct bytes secret)
{
    static const char none[1] = "";
    const char *compared = secret.size > 0 ? secret.data : none;
    size_t differ = given.size ^ secret.size, at = 0;

    /* Past its end the secret's last byte is read again and again, by arithmetic, not by a jump. */
    for (size_t i = 0; i < given.size; i++) {
        differ |= (unsigned char)(given.data[i] ^ compared[at]);
        at += (size_t)(at + 1 < secret.size);
    }
    return differ == 0;
}

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
