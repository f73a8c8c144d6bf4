/*
 * patterns.h — the glob patterns that anybody subscribes to, and which workers have their clients.
 *
 * A publisher has to match its channel with all of them, which is too long for a lock: it reads
 * the list without one, and believes what it found only if the version did not change meanwhile.
 *
 *   version   even: the list stands still     odd: somebody changes it
 *
 *   publisher:   match, at version v … lock the stripes … still v?  else match again
 *   subscriber:  change, which makes the version v + 2: messages matched at less are not for it
 *
 * Who unsubscribes passes all stripes behind the change (channels_pass): a publisher that had
 * matched before has pushed its message by then, so that what was counted is delivered (rule M3).
 *
 * Threads  changes: any, under a leaf mutex.  Matching: inside the gate, as lists are retired
 * Cost     a match reads every pattern; a change O(1) expected
 */
#ifndef LK_STORE_PATTERNS_H
#define LK_STORE_PATTERNS_H

#include "core/base/bytes.h"

LK_BEGIN

struct patterns;

struct patterns *patterns_new(void);
void patterns_free(struct patterns *p); /* nobody subscribes any more */

/* How many distinct patterns there are; one relaxed load. */
uint64_t patterns_distinct(const struct patterns *p);

/*
 * One more subscriber in a worker; first: it is that worker's only one of this pattern.  Returns
 * the version from which on messages are for it.
 */
uint64_t patterns_subscribe(struct patterns *p, struct bytes pattern, uint32_t worker, bool first);
/*
 * One less; last: that worker has no other one of this pattern.  Returns the version from which on
 * messages are not for it; behind channels_pass all before are pushed.
 */
uint64_t patterns_unsubscribe(struct patterns *p, struct bytes pattern, uint32_t worker, bool last);

struct pattern_match {
    uint64_t version;
    uint64_t workers;     /* that have subscribers of a pattern that matches */
    uint64_t subscribers; /* of all patterns that match, one a pattern and client */
};

/* Whom a message of this channel reaches by patterns. */
void patterns_match(struct patterns *p, struct bytes channel, struct pattern_match *out);

/* Does what was matched still stand? */
bool patterns_unchanged(const struct patterns *p, const struct pattern_match *m);

/* The same under the leaf mutex: for who would match again and again. */
void patterns_match_locked(struct patterns *p, struct bytes channel, struct pattern_match *out);

LK_END

#endif
