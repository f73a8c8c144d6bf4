/*
 * stream_group.h — groups of a stream's readers, their consumers, and what is pending.
 *
 * An entry that a group has handed to a consumer is pending until it is acknowledged.
 *
 *   stream --> groups, by name
 *                group {last ID, pending: ID --> consumer, time, count}
 *                  --> consumers, by name
 *                        consumer {times, pending: IDs}
 *
 * The pending entries of a group are a tree in the order of IDs; those of a consumer are one of IDs
 * alone, as the group's tree has the rest.  It names consumers by their numbers, and times by how
 * long after the ID's own they were, which takes a few bytes where a Unix time takes ten.
 *
 * Reading  any fields, of what find and at give
 * Writing  groups and consumers that the calls with an edit give are private until it ends: times,
 *          last_id and entries_read may be set in place
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_STREAM_GROUP_H
#define LK_TYPES_STREAM_GROUP_H

#include "core/types/stream.h"

LK_BEGIN

/* The head of whatever has a name: it lies at the end of the same block. */
struct stream_named {
    uint32_t epoch;
    uint32_t size; /* of the block */
    uint32_t name_size;
    uint32_t number; /* among its like, stays while it lives */
};

struct stream_roster; /* named things; stream_priv.h */

struct stream_consumer {
    struct stream_named head;
    int64_t seen_ms;      /* when it last asked */
    int64_t active_ms;    /* when it last got something; -1: never */
    struct tree *pending; /* NULL: it never had any */
};

struct stream_group {
    struct stream_named head;
    struct stream_id last_id;        /* up to which entries were handed out */
    int64_t entries_read;            /* -1: not known */
    struct tree *pending;            /* NULL: never any */
    struct stream_roster *consumers; /* NULL: never any */
};

static inline struct bytes stream_name(const struct stream_named *head)
{
    return bytes_of((const char *)head + head->size - head->name_size, head->name_size);
}

/* --- groups --------------------------------------------------------------------------------- */

uint64_t stream_group_count(const struct value *v);
/* In the order of their names; i is below the count. */
const struct stream_group *stream_group_at(const struct value *v, uint64_t i);
const struct stream_group *stream_group_find(const struct value *v, struct bytes name);

/* NULL if there is one of that name already. */
struct stream_group *stream_group_create(struct value_edit *e, struct bytes name,
                                         struct stream_id last_id, int64_t entries_read);
/* NULL if there is none. */
struct stream_group *stream_group_edit(struct value_edit *e, struct bytes name);
bool stream_group_destroy(struct value_edit *e, struct bytes name);

/* --- consumers -------------------------------------------------------------------------------- */

uint64_t stream_consumer_count(const struct stream_group *g);
const struct stream_consumer *stream_consumer_at(const struct stream_group *g, uint64_t i);
const struct stream_consumer *stream_consumer_find(const struct stream_group *g, struct bytes name);

/* NULL if there is one already.  It is seen at that time, and was never active. */
struct stream_consumer *stream_consumer_create(struct value_edit *e, struct stream_group *g,
                                               struct bytes name, int64_t seen_ms);
/* NULL if there is none. */
struct stream_consumer *stream_consumer_edit(struct value_edit *e, struct stream_group *g,
                                             struct bytes name);
/* With all that is pending for it; returns how many those were, -1 if there is no such consumer. */
int64_t stream_consumer_delete(struct value_edit *e, struct stream_group *g, struct bytes name);

/* --- pending entries -------------------------------------------------------------------------- */

struct stream_pending {
    struct stream_id id;
    const struct stream_consumer *consumer;
    int64_t delivered_ms; /* the last time */
    uint64_t deliveries;
};

/* Of a whole group, or of one of its consumers. */
uint64_t stream_pending_count(const struct stream_group *g, const struct stream_consumer *c);
bool stream_pending_find(const struct stream_group *g, struct stream_id id,
                         struct stream_pending *out);

/* Those of the lowest and the highest ID; false if there are none. */
bool stream_pending_ends(const struct stream_group *g, struct stream_pending *first,
                         struct stream_pending *last);

struct stream_pending_iter {
    const struct stream_group *group;
    struct stream_id last;
    bool of_group; /* the tree is the group's, and has all there is to tell */
    struct tree_iter tree;
};

/* From first to last; c may be NULL: all consumers. */
void stream_pending_begin(struct stream_pending_iter *it, const struct stream_group *g,
                          const struct stream_consumer *c, struct stream_id first,
                          struct stream_id last);
bool stream_pending_next(struct stream_pending_iter *it, struct stream_pending *out);

/* As stream_pending_next, but no more than the ID: of a consumer that is cheaper. */
bool stream_pending_next_id(struct stream_pending_iter *it, struct stream_id *id);

/* Makes the entry pending for c, whoever had it and whatever was known of it. */
void stream_pending_put(struct value_edit *e, struct stream_group *g, struct stream_consumer *c,
                        struct stream_id id, int64_t delivered_ms, uint64_t deliveries);
/* Acknowledged.  False if it was not pending. */
bool stream_pending_remove(struct value_edit *e, struct stream_group *g, struct stream_id id);

/*
 * For files, which tell first what is pending in a group and then for whom: an entry is noted, and
 * until it is assigned nothing else may look at the group.  False if it was so before, or was not
 * noted.
 */
bool stream_pending_note(struct value_edit *e, struct stream_group *g, struct stream_id id,
                         int64_t delivered_ms, uint64_t deliveries);
bool stream_pending_assign(struct value_edit *e, struct stream_group *g, struct stream_consumer *c,
                           struct stream_id id);

LK_END

#endif
