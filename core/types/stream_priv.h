/*
 * stream_priv.h — the root of a stream, its blocks' form, and named things, for stream*.c.
 */
#ifndef LK_TYPES_STREAM_PRIV_H
#define LK_TYPES_STREAM_PRIV_H

#include "core/types/stream_group.h"

LK_BEGIN

struct stream {
    uint32_t epoch;
    struct blocks entries;
    uint64_t length;
    struct stream_id last_id, max_deleted_id;
    uint64_t entries_added;
    struct stream_roster *groups; /* NULL: never any */
};

static inline struct stream *stream_of(const struct value *v)
{
    LK_DEBUG_ASSERT(v->type == TYPE_STREAM && v->encoding == ENC_TREE);
    return (struct stream *)v->as.root;
}

/* --- stream_root.c --------------------------------------------------------------------------- */

/* The root, private to the live side. */
struct stream *stream_own(struct value_edit *e);

/* Lets go of a block of memory, which a view may see. */
void stream_drop(struct cow *cow, void *p, size_t size, uint32_t epoch);

/* --- blocks: stream_block.c ------------------------------------------------------------------ */

enum { STREAM_ITEM_DELETED = 1, STREAM_ITEM_SAME_FIELDS = 2 };

/* Beyond this a block takes no more, whatever its limits are. */
#define STREAM_BLOCK_MAX ((size_t)1 << 30)

/* What a block says at its beginning. */
struct stream_master {
    uint64_t count, deleted, fields;
    const unsigned char *first_field, *first_item; /* items end at the listpack's end */
};
void stream_master_read(const unsigned char *lp, struct stream_master *out);

struct stream_item {
    unsigned flags;
    struct stream_id id;
    uint64_t fields;
    const unsigned char *first; /* field, or value with the block's fields */
};
/* The item at p, of a block with that master ID and number of fields. */
void stream_item_read(const unsigned char *p, struct block_key base, uint64_t fields,
                      struct stream_item *out);
/* The one that follows; it may be the listpack's end. */
const unsigned char *stream_item_end(const struct stream_item *item);
/* The last item before p, NULL if there is none. */
const unsigned char *stream_item_before(const unsigned char *lp, const unsigned char *p);

/*
 * Is it what its form says, the IDs of its entries rising?  *last is then the highest of them, base
 * if there are none.  Those of deleted ones need not rise: XSETID may set a stream's last ID below
 * them, and new entries follow that.
 */
bool stream_block_check(const unsigned char *lp, size_t bytes, struct stream_id base,
                        struct stream_id *last);

/* --- taking entries away: stream.c ----------------------------------------------------------- */

/*
 * Takes the item at that offset out, or marks it where its place still matters: in the last block,
 * which is full when enough entries have been put there, and at the end of any, whose last ID says
 * what may be trimmed with it.  Returns whether it was marked.
 */
bool stream_take_item(struct stream *s, struct cow *cow, struct blocks_iter *it, size_t at,
                      const struct stream_item *item);
/* n entries of the block go, of which some were marked: it goes as well if they are all. */
void stream_settle_block(struct stream *s, struct cow *cow, struct blocks_iter *it,
                         const struct stream_master *m, uint64_t n, uint64_t marked);

/* --- trimming: stream_trim.c ----------------------------------------------------------------- */

/* The last item of a block: its ID, deleted or not. */
struct stream_id stream_block_last(const struct blocks_iter *it, const struct stream_master *m);
/* stream_trim that neither asks nor tells groups, whatever t->refs says. */
uint64_t stream_trim_plain(struct value_edit *e, const struct stream_trim_spec *t);

/* --- named things: stream_roster.c ------------------------------------------------------------ */

struct stream_roster {
    uint32_t epoch;
    uint32_t n;     /* names */
    uint32_t slots; /* numbers given so far; those free again have no item */
    uint32_t capacity;
    /* capacity items by their number, then their n numbers (32 bits) in the order of names */
    struct stream_named *items[];
};

/* A new item, zero but for its head; size is without the name. */
struct stream_named *stream_named_new(const struct cow *cow, size_t size, struct bytes name);

/* r may be NULL in these: nothing is there.  i counts in the order of names. */
uint32_t stream_roster_count(const struct stream_roster *r);
struct stream_named *stream_roster_at(const struct stream_roster *r, uint32_t i);
struct stream_named *stream_roster_find(const struct stream_roster *r, struct bytes name);

/* Adds an item whose name is new. */
void stream_roster_add(struct stream_roster **r, struct cow *cow, struct stream_named *item);
/* The item of that name, private; NULL if there is none. */
struct stream_named *stream_roster_edit(struct stream_roster **r, struct cow *cow,
                                        struct bytes name);
/* The same by number, which must have one. */
struct stream_named *stream_roster_edit_number(struct stream_roster **r, struct cow *cow,
                                               uint32_t number);
/* Takes the item out and returns it, to be freed by the caller; it may be shared. */
struct stream_named *stream_roster_take(struct stream_roster **r, struct cow *cow,
                                        struct bytes name);
/* Lets go of the roster's own block. */
void stream_roster_drop(struct stream_roster *r, struct cow *cow);
size_t stream_roster_bytes(const struct stream_roster *r);

/* --- groups as a whole: stream_group.c -------------------------------------------------------- */

struct stream_roster *stream_groups_clone(const struct stream_roster *groups);
void stream_groups_free(struct stream_roster *groups, struct cow *cow);
/* Frees about *budget blocks of groups that no view sees; true when all are freed. */
bool stream_groups_reap(struct stream_roster **groups, struct value_reaper *r, size_t *budget);
size_t stream_groups_bytes(const struct stream_roster *groups);

/* --- pending entries: stream_pending.c ------------------------------------------------------- */

/* Takes all that is pending for a consumer out of its group. */
void stream_pending_forget(struct value_edit *e, struct stream_group *g,
                           const struct stream_consumer *c);

LK_END

#endif
