/*
 * library_batch.h — libraries of functions for files and for FUNCTION RESTORE: many at once.
 *
 * Threads  whoever changes libraries: alone in the gate, or while data is loaded
 */
#ifndef LK_CMD_LIBRARY_BATCH_H
#define LK_CMD_LIBRARY_BATCH_H

#include "core/base/buf.h"

LK_BEGIN

struct script_hub;
struct library_batch;

/* What becomes of those that are there: all go; a collision is an error; the new one stays. */
enum library_policy { LIBRARY_FLUSH, LIBRARY_APPEND, LIBRARY_REPLACE };

struct library_batch *library_batch_new(struct script_hub *h);
void library_batch_free(struct library_batch *b);
/* Runs a source; false: it makes no library, and the error line is in error. */
bool library_batch_add(struct library_batch *b, struct bytes source, struct buf *error);
/* All or none; false: the error line is in error. */
bool library_batch_publish(struct library_batch *b, enum library_policy policy, struct buf *error);

void library_batch_clear(struct script_hub *h); /* no library is left */

/* The libraries as they are now, for whoever writes them later; each reference is kept. */
struct library_batch *library_batch_of_all(struct script_hub *h);
void library_batch_each(const struct library_batch *b,
                        void (*visit)(void *ctx, struct bytes source), void *ctx);

LK_END

#endif
