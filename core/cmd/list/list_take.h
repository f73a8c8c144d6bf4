/*
 * list_take.h — what the commands that pop have in common.
 */
#ifndef LK_CMD_LIST_TAKE_H
#define LK_CMD_LIST_TAKE_H

#include "core/cmd/engine/exec.h"
#include "core/types/list.h"

LK_BEGIN

/* A number is written as its text. */
static inline void reply_element(struct reply *r, const struct listpack_value *v)
{
    if (v->is_number)
        reply_bulk_int(r, v->number);
    else
        reply_bulk(r, v->s);
}

/* Argument i as LEFT or RIGHT; LK_ESYNTAX */
int list_end_parse(const struct args *a, uint32_t i, enum list_end *end);

/* The events of an end: "lpush" or "rpush", "lpop" or "rpop"; the latter in capitals for logs. */
extern const char *const list_push_events[2], *const list_pop_events[2], *const list_pop_words[2];

/* How what was taken is told. */
enum take_form {
    TAKE_ARRAY = 1, /* the elements as an array, be it of one */
    TAKE_NAMED = 2, /* behind the key, both in an array */
};

/*
 * Takes up to n >= 1 elements from an end of the list of key, which exists, replies with them, and
 * sends the events.  Returns how many there were, or LK_ENOMEM.
 */
int64_t list_take(struct exec *x, struct bytes key, enum list_end end, uint64_t n, unsigned form);

/*
 * As list_take, from the first of several keys that is there and may be taken from; logged as the
 * pop that it came to.  0: from none of them.  LK_ETYPE  a key before it is no list
 */
int64_t list_take_first(struct exec *x, const struct bytes *keys, uint32_t count, enum list_end end,
                        uint64_t n, unsigned form);

LK_END

#endif
