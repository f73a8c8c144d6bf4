/*
 * stream.h — streams: entries of fields under IDs that only rise, and groups of their readers.
 *
 * Entries lie in listpacks in the published form, so that files take them as they are: each begins
 * with a master entry that has the fields of its first one, and entries with just these fields keep
 * the values alone.
 *
 *   block = count | deleted | fields n | field * n | 0 | item ...
 *   item  = flags | ID less the block's: ms | seq | value * n               | entries before this
 *           flags | ms | seq | fields n | (field | value) * n               | entries before this
 *
 * Some deleted entries stay, marked, until their whole block goes.  A stream may be empty and stay.
 *
 * Units    IDs are {Unix time in ms, a number within it}; both are any 64 bits
 * Errors   negative enum status; a call that fails has changed nothing
 * Threads  hold the lock of the key
 * Memory   bytes handed in must not lie in the stream; a change ends iterators and what was
 * borrowed
 */
#ifndef LK_TYPES_STREAM_H
#define LK_TYPES_STREAM_H

#include "core/ds/blocks.h"
#include "core/types/value.h"

LK_BEGIN

struct stream_id {
    uint64_t ms, seq;
};

static inline struct stream_id stream_id_of(uint64_t ms, uint64_t seq)
{
    struct stream_id id;
    id.ms = ms;
    id.seq = seq;
    return id;
}
static inline struct stream_id stream_id_max(void)
{
    return stream_id_of(UINT64_MAX, UINT64_MAX);
}
static inline int stream_id_compare(struct stream_id a, struct stream_id b)
{
    if (a.ms != b.ms)
        return a.ms < b.ms ? -1 : 1;
    return a.seq < b.seq ? -1 : a.seq > b.seq;
}

/* To the ID right after or before; false, and nothing changed, where there is none. */
bool stream_id_increment(struct stream_id *id);
bool stream_id_decrement(struct stream_id *id);

/* The ID as text, with '-' between as clients write it, or another mark; returns its length. */
enum { STREAM_ID_CHARS = 2 * 20 + 1 };
size_t stream_id_to_chars(struct stream_id id, char between, char out[STREAM_ID_CHARS]);

/* --- reading ------------------------------------------------------------------------------- */

struct stream_state {
    uint64_t length;
    struct stream_id first_id; /* 0-0 without entries */
    struct stream_id last_id;  /* the highest that was ever given; new ones are above it */
    struct stream_id max_deleted_id;
    uint64_t entries_added; /* ever */
    uint64_t groups, blocks, nodes;
};

uint64_t stream_length(const struct value *v);
struct stream_id stream_last_id(const struct value *v); /* the highest that was ever given */
/* The first entry's and the last entry's; false without entries. */
bool stream_ends(const struct value *v, struct stream_id *first, struct stream_id *last);
void stream_state_get(const struct value *v, struct stream_state *out);
bool stream_has(const struct value *v, struct stream_id id);

/* An entry, and the way on; only the first two fields are the reader's. */
struct stream_iter {
    struct stream_id id;
    uint64_t fields; /* pairs, to be had from stream_iter_pair */
    struct stream_id first, last;
    bool backward;
    struct blocks_iter block;
    uint64_t block_fields; /* those at its beginning, which entries may have */
    const unsigned char *block_field;
    const unsigned char *item; /* where the entry begins; NULL: none of the block's yet */
    uint64_t left;             /* pairs that were not read */
    const unsigned char *next; /* of these, the field, or the value when the block has the fields */
    const unsigned char *next_field; /* then: the field; else NULL */
};

/* Entries from first to last, both included; backward begins with the last. */
void stream_iter_begin(struct stream_iter *it, const struct value *v, struct stream_id first,
                       struct stream_id last, bool backward);
/* To the next entry; false at the end. */
bool stream_iter_next(struct stream_iter *it);
/*
 * To that entry, on which the iterator then stands as after _next; false if there is none.  All
 * zero is an iterator to begin with.  IDs that rise are looked for from where it stands.
 */
bool stream_iter_seek(struct stream_iter *it, const struct value *v, struct stream_id id);
/* Each call gives the next of the entry's pairs; at most `fields` calls. */
void stream_iter_pair(struct stream_iter *it, struct listpack_value *field,
                      struct listpack_value *value);

/* --- changing, on an open edit --------------------------------------------------------------- */

/*
 * Adds an entry of n pairs: a field, its value, the next field ...
 * LK_ERANGE   the ID is not above the last one
 * LK_ETOOBIG  a block cannot hold it
 * LK_ENOMEM
 */
int stream_append(struct value_edit *e, struct stream_id id, const struct bytes *pairs, size_t n);

/* False if there is no such entry. */
bool stream_delete(struct value_edit *e, struct stream_id id);

/* What becomes of what groups know of entries that go: core/types/stream_refs.h. */
enum stream_refs { STREAM_KEEPREF, STREAM_DELREF, STREAM_ACKED };

struct stream_trim_spec {
    enum stream_refs refs;
    bool by_id;       /* keep the entries from min_id on, else the last max_length */
    bool approximate; /* take whole blocks only */
    uint64_t limit;   /* of entries that may be taken, in whole blocks; 0: none */
    uint64_t max_length;
    struct stream_id min_id;
};
/* Takes the oldest entries away; returns how many. */
uint64_t stream_trim(struct value_edit *e, const struct stream_trim_spec *t);

/* What XSETID and files say about a stream. */
void stream_set_ids(struct value_edit *e, struct stream_id last_id, struct stream_id max_deleted_id,
                    uint64_t entries_added);

/* --- files ------------------------------------------------------------------------------------ */

/* The blocks as they lie, each under the ID that its items' IDs are told from: high is ms. */
const struct blocks *stream_blocks(const struct value *v);

/*
 * Adds a copy of a block that comes from outside, of `bytes` bytes; those of IDs and entries_added
 * are to be set behind the last.
 * LK_EFORMAT  it is not what its form says, or not above what is there
 */
int stream_add_block(struct value_edit *e, struct stream_id id, const unsigned char *lp,
                     size_t bytes);

/* As stream_set_ids.  LK_EFORMAT  with what is there it cannot be */
int stream_set_ids_of_file(struct value_edit *e, struct stream_id last_id,
                           struct stream_id max_deleted_id, uint64_t entries_added);

extern const struct type_ops stream_type_ops;

LK_END

#endif
