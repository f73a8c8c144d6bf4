/*
 * repl_state.h — whose stream of changes this is, and from where on: the history.
 *
 *   id2 |------------------| second_offset
 *   id                     |------------------------------> end
 *
 * Two servers with the same id at the same offset have the same data.  When a server goes on under
 * a new id, from its promotion on, the old one stays good for what came before: replicas of the old
 * primary may go on here.
 *
 * Units    offsets are bytes of the replication stream, and count from 1: the end is that of the
 *          last byte, a replica asks for the first that it wants
 * Threads  a plain value: one owner
 */
#ifndef LK_PERSIST_REPL_STATE_H
#define LK_PERSIST_REPL_STATE_H

#include "core/base/bytes.h"

LK_BEGIN

enum { REPL_ID_CHARS = 40 };

struct history {
    char id[REPL_ID_CHARS + 1];
    char id2[REPL_ID_CHARS + 1]; /* zeros: none */
    int64_t second_offset;       /* the first byte that id2 does not know; -1: none */
};

/* A new id, which nobody has. */
void repl_state_new_id(char id[REPL_ID_CHARS + 1]);

/* A new id and no second one. */
void history_begin(struct history *h);
/* Goes on under another id (a new one, if NULL) behind end: the one so far becomes the second. */
void history_shift(struct history *h, const char *id, int64_t end);
/* Takes over that of a primary whose data were loaded, or of a file: no second one. */
void history_adopt(struct history *h, const char *id);
/* An id that is good up to end, from an earlier life; the first one is new. */
void history_after(struct history *h, const char *id, int64_t end);

/*
 * May a replica that asks for id and the first byte it wants be given the bytes from there on,
 * as far as the ids go?  Whether they are kept is another question.
 */
bool history_knows(const struct history *h, struct bytes id, int64_t wanted);

bool history_is_id(struct bytes id); /* 40 characters */

LK_END

#endif
