/*
 * stream_words.h — what clients write in commands on streams.
 *
 *   IDs       5  5-1  -  +
 *   ends      5  (5-1  -  +
 *   new IDs   5-1  5-*
 *   trimming  MAXLEN|MINID [=|~] threshold [LIMIT count], KEEPREF|DELREF|ACKED
 *   deleting  KEEPREF|DELREF|ACKED, IDS n id ...
 */
#ifndef LK_CMD_STREAM_WORDS_H
#define LK_CMD_STREAM_WORDS_H

#include "core/cmd/engine/exec.h"
#include "core/types/stream_refs.h"

LK_BEGIN

/* --- IDs: LK_ENOTID --------------------------------------------------------------------------- */

/* One whose number is left out has missing_seq; "-" and "+" are the lowest and the highest. */
int stream_parse_id(struct bytes word, uint64_t missing_seq, struct stream_id *out);
/* As stream_parse_id without "-" and "+"; the number that is left out is 0. */
int stream_parse_strict_id(struct bytes word, struct stream_id *out);
/* A strict one, or "ms-*": *any_seq is then true, and the number 0. */
int stream_parse_new_id(struct bytes word, struct stream_id *out, bool *any_seq);

/*
 * The ends of a range, both to be included; "(" before an ID leaves it out.
 * LK_EIDMIN, LK_EIDMAX  there is nothing beyond the ID that is left out
 */
int stream_parse_first(struct bytes word, struct stream_id *out);
int stream_parse_last(struct bytes word, struct stream_id *out);

/* Are arguments first … first + count - 1 strict IDs? */
int stream_check_ids(const struct args *a, uint32_t first, uint32_t count);

/* Is argument i KEEPREF, DELREF or ACKED? */
bool stream_parse_refs(const struct args *a, uint32_t i, enum stream_refs *out);

/* --- trimming --------------------------------------------------------------------------------- */

struct stream_trim_words {
    bool given;       /* MAXLEN or MINID */
    bool limit_given; /* LIMIT */
    bool refs_given;
    struct stream_trim_spec spec;
};

enum stream_word { STREAM_WORD_OTHER, STREAM_WORD_TAKEN, STREAM_WORD_WRONG };

/*
 * Takes an option that begins at argument *i, to whose last word *i is moved; words are all zero
 * before the first.  WRONG: the error line is written.
 */
enum stream_word stream_trim_word(struct exec *x, const struct args *a, uint32_t *i,
                                  struct stream_trim_words *words);
/* Do the options fit together?  Fills in the limit.  False: the error line is written. */
bool stream_trim_complete(struct exec *x, struct stream_trim_words *words);

/* --- deleting --------------------------------------------------------------------------------- */

struct stream_delete_words {
    enum stream_refs refs;
    uint32_t first, count; /* of the IDs, which are strict ones */
};

/* All arguments from `from` on.  False: the error line is written. */
bool stream_parse_delete(struct exec *x, const struct args *a, uint32_t from,
                         struct stream_delete_words *out);

LK_END

#endif
