#include "core/cmd/bit/bit_offset.h"

bool bit_offset_parse(struct exec *x, struct bytes word, unsigned width, uint64_t *out)
{
    const bool counted = width > 0 && word.size > 0 && word.data[0] == '#';
    /* The log and the master have had theirs checked, against a limit of that day. */
    const bool limited = !session_has(x->session, SESSION_LOADING | SESSION_MASTER);
    int64_t n = 0;
    if (counted)
        word = bytes_of(word.data + 1, word.size - 1);
    bool ok = bytes_to_int64(word, &n);
    if (counted) /* a product of more than 64 bits is cut, as clients can see */
        n = (int64_t)((uint64_t)n * width);
    ok = ok && n >= 0 && (!limited || (uint64_t)n / 8 < exec_limits(x)->bulk_max);
    if (!ok)
        reply_error(x->reply, "ERR bit offset is not an integer or out of range");
    *out = (uint64_t)n;
    return ok;
}
