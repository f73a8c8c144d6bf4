#include "core/cmd/hash/hash_fields.h"

#include "core/cmd/engine/deadline.h"

bool fields_parse(struct exec *x, const struct args *a, uint32_t at, uint32_t each,
                  struct field_args *out)
{
    int64_t n;
    if (!args_is(a, at, "fields")) {
        reply_error(x->reply,
                    "ERR Mandatory argument FIELDS is missing or not at the right position");
        return false;
    }
    if (at + 1 >= a->n || args_int64(a, at + 1, &n) != LK_OK || n < 1) {
        reply_error(x->reply, "ERR Parameter `numFields` should be greater than 0");
        return false;
    }
    const uint32_t words = a->n - at - 2;
    if (words % each != 0 || n != words / each) {
        reply_error(x->reply, "ERR The `numfields` parameter must match the number of arguments");
        return false;
    }
    *out = (struct field_args){at + 2, (uint32_t)n};
    return true;
}

int fields_deadline(struct exec *x, int64_t n, unsigned form, int64_t *out_ms)
{
    const int rc = deadline_from_number(n, form, x->now_ms, out_ms);
    if (rc != LK_OK || *out_ms > HASH_DEADLINE_MAX)
        return LK_EEXPIRE;
    if (*out_ms < 1)
        *out_ms = 1; /* 0 is written for fields that have none */
    return LK_OK;
}

enum { HEAD_WORDS = 5 };

void changed_begin(struct exec *x, struct changed_fields *c, uint32_t max)
{
    const size_t size = (HEAD_WORDS + (size_t)max) * sizeof *c->argv;
    c->argv = (struct bytes *)(void *)buf_reserve(x->scratch, size);
    c->n = 0;
}

void changed_add(struct changed_fields *c, struct bytes name)
{
    c->argv[HEAD_WORDS + c->n++] = name;
}

/* Puts n words before the names. */
static void log_with(struct exec *x, const struct changed_fields *c, const struct bytes *words,
                     uint32_t n)
{
    struct bytes *argv = c->argv + HEAD_WORDS - n;
    if (c->n == 0)
        return;
    memcpy(argv, words, n * sizeof *words);
    exec_effect(x, argv, n + c->n);
}

void changed_log_set(struct exec *x, const struct changed_fields *c, struct bytes key)
{
    const struct bytes words[] = {bytes_cstr("HSET"), key};
    log_with(x, c, words, 2);
}

void changed_log_delete(struct exec *x, const struct changed_fields *c, struct bytes key)
{
    const struct bytes words[] = {bytes_cstr("HDEL"), key};
    log_with(x, c, words, 2);
}

void changed_log_persist(struct exec *x, const struct changed_fields *c, struct bytes key)
{
    char count[INT64_CHARS];
    const struct bytes words[] = {bytes_cstr("HPERSIST"), key, bytes_cstr("FIELDS"),
                                  bytes_of(count, int64_to_chars(c->n, count))};
    log_with(x, c, words, 4);
}

void changed_log_deadline(struct exec *x, const struct changed_fields *c, struct bytes key,
                          int64_t deadline_ms)
{
    char count[INT64_CHARS], when[INT64_CHARS];
    const struct bytes words[] = {
        bytes_cstr("HPEXPIREAT"), key, bytes_of(when, int64_to_chars(deadline_ms, when)),
        bytes_cstr("FIELDS"), bytes_of(count, int64_to_chars(c->n, count))};
    log_with(x, c, words, 5);
}
