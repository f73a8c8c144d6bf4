/*
 * stream_trimming.h — trimming, and how it is told to the log.
 *
 * How much goes with "~" and LIMIT depends on where blocks begin, which is another matter
 * elsewhere; so the log has what is left, as an exact threshold.
 */
#ifndef LK_CMD_STREAM_TRIMMING_H
#define LK_CMD_STREAM_TRIMMING_H

#include "core/cmd/stream/stream_words.h"

LK_BEGIN

/* Trims; returns how many entries went.  *spec is then what leaves the same, wherever blocks are.
 */
uint64_t stream_trim_told(struct value_edit *e, struct stream_trim_spec *spec);

/* The words of a spec that is exact: MAXLEN = n DELREF.  Writes them and returns their number. */
enum { STREAM_TRIM_WORDS_MAX = 4 };
struct stream_trim_text {
    char threshold[STREAM_ID_CHARS];
};
uint32_t stream_trim_effect(const struct stream_trim_spec *spec, struct bytes *words,
                            struct stream_trim_text *text);

LK_END

#endif
