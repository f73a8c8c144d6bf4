/*
 * prefixes.h — the beginnings of keys that clients want to hear of, whether they have read them or
 * not (CLIENT TRACKING ... BCAST).
 *
 * A writer only asks whether a key has any of them, and reads a sorted list without a lock for it.
 * In that list each prefix knows the longest other one that it begins with: of all prefixes up to
 * the key in order, the last one, or one of those that it begins with, is a prefix of the key; no
 * other can be.
 *
 *   "" <-- "user:" <-- "user:1"          "vip:" --> ""          key "user:27": "user:", ""
 *
 * Threads  changes and clients: under the mutex, which prefixes_lock takes; matching: inside the
 *          gate, as lists are retired
 * Cost     a match O(log n) and the prefixes that match; a change copies the list
 */
#ifndef LK_STORE_PREFIXES_H
#define LK_STORE_PREFIXES_H

#include "core/base/bytes.h"

LK_BEGIN

struct prefixes;
struct prefix_list;

struct prefixes *prefixes_new(void);
void prefixes_free(struct prefixes *p); /* nobody has one any more */

/* How many there are; one relaxed load. */
uint32_t prefixes_count(const struct prefixes *p);

/* Adds the client to those of the prefix, or takes it away.  False: it was there, or was not. */
bool prefixes_add(struct prefixes *p, struct bytes prefix, uint64_t who);
bool prefixes_remove(struct prefixes *p, struct bytes prefix, uint64_t who);

/* Has the key any of them? */
bool prefixes_match(const struct prefixes *p, struct bytes key);

/* Nothing changes between the two; prefixes are then numbered, in order. */
void prefixes_lock(struct prefixes *p);
void prefixes_unlock(struct prefixes *p);
/* The number of the longest prefix of the key, and then of the next shorter one; -1: no more. */
int32_t prefixes_longest(const struct prefixes *p, struct bytes key);
int32_t prefixes_shorter(const struct prefixes *p, int32_t number);
/* The clients of one; *count of them. */
const uint64_t *prefixes_clients(const struct prefixes *p, int32_t number, uint32_t *count);

LK_END

#endif
