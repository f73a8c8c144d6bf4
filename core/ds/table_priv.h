/*
 * table_priv.h — pages and buckets, for table*.c and their test.
 */
#ifndef LK_DS_TABLE_PRIV_H
#define LK_DS_TABLE_PRIV_H

#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/ds/table.h"

LK_BEGIN

struct table_bucket {
    uint64_t tags;        /* a byte a slot; 0 is an empty slot */
    uint8_t pointers[48]; /* 6 bytes a slot, little-endian */
    uint8_t shared; /* a bit a slot: the view that cloned or froze this page reads the entry */
    uint8_t timed;  /* the entry has a deadline */
    uint8_t guest;  /* the entry's home is another bucket */
    uint8_t away;   /* entries that probed past this bucket; 255 sticks */
    uint32_t due;   /* earliest deadline in the bucket, or earlier; due units */
};

struct table_page {
    uint32_t epoch;
    uint16_t buckets;
    uint16_t used; /* entries in this page without its overflow */
    struct table_page *overflow;
    uint8_t pad[48];
    struct table_bucket bucket[];
};

struct table_dir {
    uint32_t buckets;
    uint32_t pages;
    uint32_t *due; /* behind the pointers: earliest deadline a page, due units */
    struct table_page *page[];
};

/* The earlier of the entry's own deadline and those of the elements of its value. */
static inline int64_t table_deadline(const struct table *t, const struct entry *e)
{
    const int64_t own = entry_deadline(e);
    if (LK_LIKELY(!(entry_meta(e) & ENTRY_INNER)))
        return own;
    const int64_t inner = t->inner_deadline(e);
    return own == ENTRY_NO_DEADLINE || (inner != ENTRY_NO_DEADLINE && inner < own) ? inner : own;
}

/* Prefetching must not be instrumented, nor what it calls: see table.c. */
#define TABLE_INLINE static inline __attribute__((always_inline))

enum { AWAY_STUCK = 255, OVERFLOW_BUCKETS = 3 };

TABLE_INLINE uint32_t table_position(const struct table *t, uint64_t hash)
{
    return (uint32_t)((hash << t->skip_bits) >> 32);
}

/* The hash under which the owner has put e: what place and tag are bits of. */
static inline uint64_t table_hash_of(const struct table *t, const struct entry *e)
{
    const uint64_t hash = hash_bytes(entry_key(e));
    if (LK_LIKELY(t->hash_shift == 0))
        return hash;
    return (uint64_t)t->hash_high << (64 - t->hash_shift) | hash >> t->hash_shift;
}

/* Tags are never 0, as 0 is an empty slot. */
TABLE_INLINE uint8_t table_tag(uint64_t hash)
{
    const uint8_t tag = (uint8_t)hash;
    return tag ? tag : 1;
}

TABLE_INLINE uint32_t dir_bucket(const struct table_dir *d, uint32_t position)
{
    return (uint32_t)((uint64_t)position * d->buckets >> 32);
}

/* The first position that belongs to bucket b, or to one behind it. */
static inline uint64_t dir_bucket_start(const struct table_dir *d, uint64_t b)
{
    return ((b << 32) + d->buckets - 1) / d->buckets;
}

static inline uint64_t dir_page_start(const struct table_dir *d, uint32_t page)
{
    const uint64_t b = (uint64_t)page * TABLE_PAGE_BUCKETS;
    return b >= d->buckets ? TABLE_POSITIONS : dir_bucket_start(d, b);
}

static inline uint32_t dir_page_buckets(const struct table_dir *d, uint32_t page)
{
    const uint32_t left = d->buckets - page * TABLE_PAGE_BUCKETS;
    return left < TABLE_PAGE_BUCKETS ? left : (uint32_t)TABLE_PAGE_BUCKETS;
}

TABLE_INLINE struct entry *bucket_entry(const struct table_bucket *b, unsigned slot)
{
    uint64_t v;
    /* Eight bytes from the line; slot 7 also reads shared and timed. */
    memcpy(&v, (const char *)b + offsetof(struct table_bucket, pointers) + slot * 6, sizeof v);
    return (struct entry *)(uintptr_t)(v & UINT64_C(0xffffffffffff));
}

static inline void bucket_set_entry(struct table_bucket *b, unsigned slot, const struct entry *e)
{
    const uint64_t v = (uint64_t)(uintptr_t)e;
    memcpy(b->pointers + slot * 6, &v, 6);
}

static inline uint8_t bucket_tag(const struct table_bucket *b, unsigned slot)
{
    return (uint8_t)(b->tags >> slot * 8);
}

static inline void bucket_set_tag(struct table_bucket *b, unsigned slot, uint8_t tag)
{
    const uint64_t cleared = b->tags & ~(UINT64_C(0xff) << slot * 8);
    store_relaxed(&b->tags, cleared | (uint64_t)tag << slot * 8);
}

/* 0x80 in each byte of tags that equals tag; exact, no borrow between bytes. */
TABLE_INLINE uint64_t bucket_match(uint64_t tags, uint8_t tag)
{
    const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f);
    const uint64_t x = tags ^ (uint64_t)tag * UINT64_C(0x0101010101010101);
    return ~(((x & low7) + low7) | x | low7);
}

/* 0x80 in each byte of an occupied slot. */
TABLE_INLINE uint64_t bucket_occupied(const struct table_bucket *b)
{
    return ~bucket_match(b->tags, 0) & UINT64_C(0x8080808080808080);
}

TABLE_INLINE unsigned match_slot(uint64_t match)
{
    return (unsigned)__builtin_ctzll(match) >> 3;
}

static inline void bucket_set_bit(uint8_t *bits, unsigned slot, bool on)
{
    *bits = (uint8_t)(on ? *bits | 1u << slot : *bits & ~(1u << slot));
}

static inline size_t page_size(uint32_t buckets)
{
    return sizeof(struct table_page) + (size_t)buckets * sizeof(struct table_bucket);
}

static inline size_t dir_size(uint32_t pages)
{
    return sizeof(struct table_dir) + pages * (sizeof(struct table_page *) + sizeof(uint32_t));
}

/* --- table_page.c ---------------------------------------------------------------------------- */

struct table_page *page_new(uint32_t buckets, uint32_t epoch);
void page_free(struct table_page *p, void (*retire)(void *, size_t)); /* with its overflow */
struct table_dir *dir_new(uint32_t buckets);
void dir_free(struct table_dir *d, void (*retire)(void *, size_t)); /* not its pages */

/* Puts e into the first free slot from home on, in overflow if the page is full. */
void page_insert(struct table_page *p, uint32_t home, uint8_t tag, struct entry *e, bool shared,
                 uint32_t due);
/* Empties a slot and takes the entry out of the away counts. */
void page_remove(struct table_page *p, struct table_page *node, uint32_t home, uint32_t bucket,
                 uint32_t slot);

/*
 * The page at index of dir, ready to be changed: cloned if the view may still read it.  Creates
 * the page where there is none.
 */
struct table_page *dir_own_page(struct table *t, struct table_dir *d, uint32_t index,
                                struct cow *cow);
struct table_page *page_at_depth(struct table_page *p, uint32_t depth);

/* Does the view still have to read some of this page? */
static inline bool page_ahead(const struct cow *cow, const struct table_dir *d, uint32_t index)
{
    return cow && dir_page_start(d, index + 1) > cow->passed;
}

/* The directory in which a position is to be found. */
static inline struct table_dir *table_dir_of(const struct table *t, uint32_t position)
{
    if (LK_UNLIKELY(t->old != NULL) &&
        dir_bucket(t->old, position) / TABLE_PAGE_BUCKETS >= t->moved)
        return t->old;
    return t->live;
}

void dir_note_due(struct table *t, struct table_dir *d, uint32_t page, uint32_t due);

/* Thresholds of the table for its live directory. */
void table_set_thresholds(struct table *t);

LK_END

#endif
