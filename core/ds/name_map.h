/*
 * name_map.h — names of any bytes, each with a node of the caller's.
 *
 * For what a server has by name and not as a key: channels, patterns, scripts, users.  The nodes
 * lie inside the caller's structures, so that the map takes no memory for an element but its place
 * among the buckets.
 *
 *   buckets[hash & mask] --> node --> node --> …        at most as many nodes as buckets on average
 *
 * Shapes   names are any bytes; the node's name points into memory that lives as long as the node
 * Threads  one owner at a time, or the lock of whoever owns it
 * Memory   a map of zero bytes is an empty one; it owns its buckets, never the nodes
 * Cost     find, add and remove O(1) expected; growing doubles the buckets at once
 */
#ifndef LK_DS_NAME_MAP_H
#define LK_DS_NAME_MAP_H

#include "core/base/bytes.h"

LK_BEGIN

struct name_node {
    struct name_node *next; /* the map's own */
    uint64_t hash;          /* hash_bytes(name) */
    struct bytes name;
};

struct name_map {
    struct name_node **buckets; /* a power of two of them, or NULL */
    uint32_t capacity, count;
};

/* Frees the buckets.  The map must be empty, or its nodes no longer needed. */
void name_map_release(struct name_map *m);

/* NULL if there is none.  hash is hash_bytes(name). */
struct name_node *name_map_find(const struct name_map *m, struct bytes name, uint64_t hash);

/* node->hash and node->name are set; no node of that name may be in the map. */
void name_map_add(struct name_map *m, struct name_node *node);

/* The node must be in the map.  Its buckets stay as many as they are. */
void name_map_remove(struct name_map *m, struct name_node *node);

/* Gives buckets back when few are in use, all of an empty map; not amid a walk. */
void name_map_trim(struct name_map *m);

/*
 * All nodes, in no order that means anything: first, then next of each.  The node that was given
 * last may be removed before the next one is asked for; nothing may be added meanwhile.
 */
struct name_cursor {
    const struct name_map *map;
    struct name_node *next;
    uint32_t bucket; /* of next */
};
struct name_node *name_map_first(const struct name_map *m, struct name_cursor *c);
struct name_node *name_map_next(struct name_cursor *c); /* NULL at the end */

LK_END

#endif
