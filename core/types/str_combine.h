/*
 * str_combine.h — a string made of others bit by bit, in slices if they are long.
 *
 * Half a gigabyte takes a tenth of a second, and nobody else should wait so long.  So the result is
 * made aside, chunk by chunk, and its maker may stop behind any of them, let go of the sources'
 * locks and go on later.  It notes which chunk of each source a piece was made from, and holds a
 * reference, so that whoever writes there meanwhile puts a clone in its place:
 *
 *   source a   | 7 | 8 | 9' |          9' is not the chunk 9 that piece 2 was made from:
 *   source b   | 1 | 2 | 3  |          the piece is made anew
 *   pieces     | * | * | !  |
 *
 * The last call goes through all pieces once more without a stop, and so the result is that of the
 * sources as they are at that moment.
 *
 * Threads  hold the locks of all sources from the first str_combine_source to the end of
 *          str_combine_run; str_combine_free needs none
 * Memory   a source's value dies at unlock: give all of them anew for each run
 */
#ifndef LK_TYPES_STR_COMBINE_H
#define LK_TYPES_STR_COMBINE_H

#include "core/ds/bits.h"
#include "core/ds/chunks_bits.h"
#include "core/types/str.h"

LK_BEGIN

struct str_combine;

/* As many sources as bits_combine asks for. */
struct str_combine *str_combine_new(enum bits_op op, uint32_t sources);
void str_combine_free(struct str_combine *c);

/* To be filled: a string, or TYPE_NONE for one without bytes. */
struct value *str_combine_source(struct str_combine *c, uint32_t i);

/*
 * False: `pause` said to stop; set the sources and call it again.  That is asked behind each piece
 * that had to be made, and no more once the sources have changed under several rounds.
 */
bool str_combine_run(struct str_combine *c, const struct bits_pause *pause);

/* After a run that was true: the longest source's size. */
size_t str_combine_size(const struct str_combine *c);
/* The raw string, of at least one byte; once.  A short one borrows its bytes from c. */
void str_combine_take(struct str_combine *c, struct value *out);

LK_END

#endif
