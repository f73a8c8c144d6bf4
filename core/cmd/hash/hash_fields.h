/*
 * hash_fields.h — FIELDS n field …, and the fields that a command has changed.
 *
 * The commands on fields' deadlines name their fields in this way, and log by their outcome: the
 * deadline that came out, and the fields that got it.
 */
#ifndef LK_CMD_HASH_FIELDS_H
#define LK_CMD_HASH_FIELDS_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

/* The year 4199: as far as others that read our files can follow. */
#define HASH_DEADLINE_MAX ((INT64_C(1) << 46) - 1)

struct field_args {
    uint32_t first, count; /* arguments, of `each` words a field */
};

/*
 * FIELDS at argument `at`, a number, and up to the end so many fields of `each` words.  False: the
 * error line is written.
 */
bool fields_parse(struct exec *x, const struct args *a, uint32_t at, uint32_t each,
                  struct field_args *out);

/*
 * The deadline that n means; it has passed, or lies between 1 and HASH_DEADLINE_MAX.  LK_EEXPIRE
 */
int fields_deadline(struct exec *x, int64_t n, unsigned form, int64_t *out_ms);

/* Names, or for HSET pairs, as they were changed; they lie in x->scratch, which is then taken. */
struct changed_fields {
    struct bytes *argv; /* with room for the words of an effect in front */
    uint32_t n;
};

void changed_begin(struct exec *x, struct changed_fields *c, uint32_t max);
void changed_add(struct changed_fields *c, struct bytes name);

/* These log nothing when nothing was changed. */
void changed_log_set(struct exec *x, const struct changed_fields *c, struct bytes key);
void changed_log_delete(struct exec *x, const struct changed_fields *c, struct bytes key);
void changed_log_persist(struct exec *x, const struct changed_fields *c, struct bytes key);
void changed_log_deadline(struct exec *x, const struct changed_fields *c, struct bytes key,
                          int64_t deadline_ms);

LK_END

#endif
