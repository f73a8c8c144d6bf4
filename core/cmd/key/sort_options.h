/*
 * sort_options.h — what SORT is asked for, and which keys that takes.
 */
#ifndef LK_CMD_SORT_OPTIONS_H
#define LK_CMD_SORT_OPTIONS_H

#include "core/cmd/command/command.h"

LK_BEGIN

struct sort_options {
    struct bytes by;         /* without `by_given`: elements are their own weights */
    bool by_given, unsorted; /* unsorted: BY a pattern that names no key */
    bool descending, alpha;
    int64_t offset, count; /* LIMIT; count -1: all */
    uint32_t store;        /* the argument behind STORE; 0: none */
    uint32_t gets;         /* how many GET there are: sort_next_get finds them */
    /* The user may not read what follows from the elements, … */
    bool confined;
    const char *denied; /* … and this option would have: LK_ESYNTAX, at its place */
    /* In a cluster all keys must lie in the slot of the sorted one, … */
    bool one_slot;
    const char *astray; /* … and this option's might not: likewise */
};

/* out->confined and one_slot are set.  with_store: SORT, not SORT_RO.  LK_ESYNTAX, LK_ENOTINT */
int sort_parse(const struct args *a, bool with_store, struct sort_options *out);

/* The argument with the pattern of the first GET from argument i on; i is moved behind it. */
struct bytes sort_next_get(const struct args *a, uint32_t *i);

/* Does it look up keys that follow from the elements?  Then no lock is known beforehand. */
bool sort_looks_up(const struct args *a);

/* command.find_keys of SORT. */
int sort_keys(const struct args *a, struct key_ref *refs, uint32_t max);

LK_END

#endif
