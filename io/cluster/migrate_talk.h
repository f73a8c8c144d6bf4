/*
 * migrate_talk.h — what MIGRATE says to the other server, and what it hears.
 *
 * Threads  the owner of the connection
 */
#ifndef LK_IO_MIGRATE_TALK_H
#define LK_IO_MIGRATE_TALK_H

#include "io/cluster/migrate.h"
#include "io/cluster/migrate_peer.h"

LK_BEGIN

/* AUTH and SELECT, where they are needed: how many answers come before those of the keys. */
uint32_t migrate_write_greeting(struct buf *out, const struct migrate_spec *s,
                                const struct migrate_peer *p);

/* RESTORE; ttl_ms < 0: the key lives for ever; asking: the other one is a node of a cluster. */
void migrate_write_key(struct buf *out, struct bytes key, int64_t ttl_ms, struct bytes payload,
                       bool replace, bool asking);

/*
 * Reads all answers; good[i] says of each key whether it has arrived, zeroed by the caller.  False:
 * there was an error, of which the first is the line, with a NUL behind it; the connection is
 * closed.
 */
bool migrate_read_answers(struct migrate_peer *p, const struct migrate_spec *s, uint32_t greetings,
                          uint32_t keys, bool *good, struct buf *error);

LK_END

#endif
