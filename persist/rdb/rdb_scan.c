#include "persist/rdb/rdb_scan.h"

#include "persist/rdb/rdb_codes.h"

struct scan {
    const unsigned char *at, *end;
};

/* Each of these is false if the data ends before, or holds what cannot stand there. */

static bool rdb_scan_step(struct scan *s, uint64_t n)
{
    if ((uint64_t)(s->end - s->at) < n)
        return false;
    s->at += n;
    return true;
}

static bool rdb_scan_be(struct scan *s, unsigned bytes, uint64_t *out)
{
    const unsigned char *p = s->at;
    if (!rdb_scan_step(s, bytes))
        return false;
    for (*out = 0; bytes > 0; bytes--)
        *out = *out << 8 | *p++;
    return true;
}

/* *form is -1, or what the low bits say of a string that is not its bytes. */
static bool length_or_form(struct scan *s, uint64_t *length, int *form)
{
    uint64_t first;
    if (!rdb_scan_be(s, 1, &first))
        return false;
    *form = first >> 6 == 3 ? (int)(first & 0x3f) : -1;
    *length = first & 0x3f;
    if (first >> 6 == 1) {
        const uint64_t high = *length << 8;
        const bool there = rdb_scan_be(s, 1, length);
        *length |= high;
        return there;
    }
    if (first >> 6 == 2)
        return (first == 0x80 && rdb_scan_be(s, 4, length)) ||
               (first == 0x81 && rdb_scan_be(s, 8, length));
    return true;
}

static bool rdb_scan_length(struct scan *s, uint64_t *out)
{
    int form;
    return length_or_form(s, out, &form) && form < 0;
}

static bool rdb_scan_string(struct scan *s)
{
    uint64_t n, unpacked;
    int form;
    if (!length_or_form(s, &n, &form))
        return false;
    if (form < 0)
        return rdb_scan_step(s, n);
    if (form == RDB_STR_LZF)
        return rdb_scan_length(s, &n) && rdb_scan_length(s, &unpacked) && rdb_scan_step(s, n);
    return form <= RDB_STR_INT32 && rdb_scan_step(s, UINT64_C(1) << form);
}

static bool text_double(struct scan *s)
{
    uint64_t n;
    return rdb_scan_be(s, 1, &n) && (n >= RDB_TEXT_NAN || rdb_scan_step(s, n));
}

static bool rdb_scan_item(struct scan *s, char letter)
{
    uint64_t ignored;
    switch (letter) {
    case 's':
        return rdb_scan_string(s);
    case 'l':
        return rdb_scan_length(s, &ignored);
    case 'f':
        return text_double(s);
    case 'w':
        return rdb_scan_step(s, 16);
    default:
        return rdb_scan_step(s, (uint64_t)(letter - '0'));
    }
}

static const char *behind_parenthesis(const char *layout)
{
    for (int open = 1; open > 0; layout++)
        open += (*layout == '(') - (*layout == ')');
    return layout;
}

/* Every round of a repetition takes a byte or more, so no count costs more than the data is long.
 */
static bool by_layout(struct scan *s, const char *layout)
{
    uint64_t n;
    while (*layout && *layout != ')') {
        if (*layout != '(') {
            if (!rdb_scan_item(s, *layout++))
                return false;
            continue;
        }
        if (!rdb_scan_length(s, &n))
            return false;
        for (layout++; n > 0; n--)
            if (!by_layout(s, layout))
                return false;
        layout = behind_parenthesis(layout);
    }
    return true;
}

static bool rdb_scan_record(struct scan *s, unsigned version)
{
    uint64_t code;
    for (;;) {
        if (!rdb_scan_be(s, 1, &code))
            return false;
        const struct rdb_code *row = rdb_code_find(version, (unsigned)code);
        if (!row || !row->layout)
            return false;
        if (!row->opcode)
            return rdb_scan_string(s) && by_layout(s, row->layout);
        if (!by_layout(s, row->layout))
            return false;
    }
}

size_t rdb_scan(unsigned version, struct bytes data)
{
    const unsigned char *begin = (const unsigned char *)data.data, *whole = begin;
    struct scan s = {begin, begin + data.size};
    while (rdb_scan_record(&s, version))
        whole = s.at;
    return (size_t)(whole - begin);
}
