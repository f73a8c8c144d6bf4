/*
 * listpack.h — a packed list of strings and integers in one block.
 *
 *   total bytes u32 | entries u16 | entry ... | 0xFF        numbers are little-endian
 *   entry = encoding and data | length of these, to be read from the right
 *
 * Small collections are one listpack, the leaves of trees hold one each, and RDB files and DUMP
 * carry them unchanged, so the bytes are exactly those of the published format.  A string that is
 * the canonical text of an int64 is kept as a number and reads back as the same text.
 *
 * An entry is named by a pointer to its first byte; NULL is "no entry".  A change ends the life of
 * every such pointer into the list, except the one it returns.
 *
 * Source   "Listpack specification", Salvatore Sanfilippo; the widths of the backward length are
 *          those that servers in the field write and check (see backlen_width)
 * Shapes   up to 4 GiB in all; the entry count is exact below 65535, beyond it is counted
 * Threads  the owner's
 * Memory   *lp is a block of mem_alloc, listpack_bytes(*lp) long: whoever frees or moves it by
 *          other means uses that size.  The _in_place calls work inside any bytes that have room.
 *          A value handed in must not point into the list it goes to.
 */
#ifndef LK_DS_LISTPACK_H
#define LK_DS_LISTPACK_H

#include "core/base/bytes.h"

LK_BEGIN

enum { LISTPACK_EMPTY_BYTES = 7, LISTPACK_HEADER_BYTES = 6, LISTPACK_COUNT_UNKNOWN = 65535 };

/* A string, or a number: both when the string is the number's text and came from a caller. */
struct listpack_value {
    struct bytes s; /* data is NULL when only the number is known */
    int64_t number;
    bool is_number;
};

/* Values to put in or to look for. */
struct listpack_value listpack_from_bytes(struct bytes s);
static inline struct listpack_value listpack_from_number(int64_t number)
{
    struct listpack_value v;
    v.s = bytes_of(NULL, 0);
    v.number = number;
    v.is_number = true;
    return v;
}

unsigned char *listpack_new(void);
void listpack_free(unsigned char *lp); /* lp may be NULL */
unsigned char *listpack_clone(const unsigned char *lp);

/* The block's size. */
size_t listpack_bytes(const unsigned char *lp);
/* Entries.  Cost O(1) below 65535, else O(n). */
size_t listpack_count(const unsigned char *lp);

/* Where to begin; NULL if empty. */
const unsigned char *listpack_first(const unsigned char *lp);
const unsigned char *listpack_last(const unsigned char *lp);
/* NULL at either end. */
const unsigned char *listpack_next(const unsigned char *lp, const unsigned char *p);
const unsigned char *listpack_prev(const unsigned char *lp, const unsigned char *p);
/* Entry by index; -1 is the last.  NULL if there is none.  Walks from the nearer end. */
const unsigned char *listpack_seek(const unsigned char *lp, int64_t index);

/* What p holds.  The string is borrowed from the list; a number comes without text. */
struct listpack_value listpack_get(const unsigned char *p);
/* Of a string: its bytes.  Of a number: any. */
static inline struct bytes listpack_string(const unsigned char *p)
{
    if (LK_LIKELY((p[0] & 0xC0) == 0x80))
        return bytes_of(p + 1, p[0] & 0x3Fu);
    return listpack_get(p).s;
}
/* The same of n entries from p on, which the list must have; returns what follows them. */
const unsigned char *listpack_read(const unsigned char *p, struct listpack_value *out, size_t n);
/* What p holds as text; numbers are written into digits. */
struct bytes listpack_text(const unsigned char *p, char digits[INT64_CHARS]);
/* Whole size of the entry, backward length included. */
size_t listpack_entry_bytes_slow(const unsigned char *p);
static inline size_t listpack_entry_bytes(const unsigned char *p)
{
    /* 0xxxxxxx, or 10 and the length of a string: one byte before the data, one behind. */
    if (LK_LIKELY(p[0] < 0xC0))
        return 2 + (p[0] & 0x80 ? p[0] & 0x3Fu : 0);
    return listpack_entry_bytes_slow(p);
}

bool listpack_equal(const unsigned char *p, const struct listpack_value *v);
/* Order of the texts, as bytes_compare(text of p, s). */
int listpack_compare(const unsigned char *p, struct bytes s);
/*
 * The first of p, the entry skip + 1 after it, the one skip + 1 after that, ... that equals v;
 * NULL if none.  p may be NULL.
 */
const unsigned char *listpack_find(const unsigned char *lp, const unsigned char *p,
                                   const struct listpack_value *v, size_t skip);

/* Bytes that n values take as entries, and whether the list stays within 4 GiB with them. */
size_t listpack_encoded_bytes(const struct listpack_value *v, size_t n);
bool listpack_fits(const unsigned char *lp, const struct listpack_value *v, size_t n);

/*
 * Puts n values before p (NULL: at the end); returns the first of them (with n 0: p, as it is
 * now).  Asserts listpack_fits.
 */
const unsigned char *listpack_insert(unsigned char **lp, const unsigned char *p,
                                     const struct listpack_value *v, size_t n);
void listpack_append(unsigned char **lp, struct bytes s);
void listpack_append_number(unsigned char **lp, int64_t number);
void listpack_prepend(unsigned char **lp, struct bytes s);
/* Returns the entry, which may have moved. */
const unsigned char *listpack_replace(unsigned char **lp, const unsigned char *p,
                                      const struct listpack_value *v);
/* Deletes up to n entries from p on; returns the one that follows, or NULL. */
const unsigned char *listpack_delete(unsigned char **lp, const unsigned char *p, size_t n);

/* Appends all of b. */
void listpack_merge(unsigned char **lp, const unsigned char *b);
/* Takes the entries from p on out into a list of their own. */
unsigned char *listpack_split(unsigned char **lp, const unsigned char *p);

/*
 * May these bytes, which come from outside, be walked?  Checks the header, every encoding and
 * every backward length.  Nothing else here may be called on bytes that were not checked.
 */
LK_MUST_USE bool listpack_validate(const unsigned char *lp, size_t size);

/*
 * For lists inside a larger block.  init writes the empty list.  splice replaces cut_entries
 * entries, cut_bytes long in all, at offset `at` by n values; the block has room.  append_packed
 * appends entries as they lie in another list.  rotate makes the last entry of a list that is not
 * empty the first one, or the first the last.  remove takes n of the entries that are equal to v,
 * after the first `skip` of them, and returns how many there were.  insert_short is the splice of
 * one string of less than LISTPACK_SHORT bytes, for which it needs LISTPACK_SHORT_BYTES more.
 */
enum { LISTPACK_SHORT = 64, LISTPACK_SHORT_BYTES = 2 };
void listpack_init_in_place(unsigned char *lp);
void listpack_splice_in_place(unsigned char *lp, size_t at, size_t cut_bytes, size_t cut_entries,
                              const struct listpack_value *v, size_t n);
void listpack_insert_short_in_place(unsigned char *lp, size_t at, struct bytes s);
void listpack_append_packed_in_place(unsigned char *lp, const unsigned char *from, size_t bytes,
                                     size_t entries);
void listpack_rotate_in_place(unsigned char *lp, bool last_to_front);
size_t listpack_remove_in_place(unsigned char *lp, const struct listpack_value *v, size_t skip,
                                size_t n);

LK_END

#endif
