/*
 * aof_words.h — commands in RESP, word by word, into an rdb_out.
 *
 *   *3\r\n   $3\r\nSET\r\n   $1\r\nk\r\n   $5\r\nvalue\r\n
 *
 * A command says first how many words it has; nothing counts them afterwards.
 *
 * Threads  as rdb_out
 */
#ifndef LK_PERSIST_AOF_WORDS_H
#define LK_PERSIST_AOF_WORDS_H

#include "core/ds/listpack.h"
#include "persist/rdb/rdb_out.h"

LK_BEGIN

/* A command of so many words, of which these two are the first. */
void aof_command(struct rdb_out *o, uint64_t words, const char *name, struct bytes key);

/* A word of which the caller writes the bytes, and then the line end. */
void aof_word_begin(struct rdb_out *o, uint64_t size);
void aof_word_end(struct rdb_out *o);

void aof_word(struct rdb_out *o, struct bytes word);
static inline void aof_word_text(struct rdb_out *o, const char *word)
{
    aof_word(o, bytes_cstr(word));
}
void aof_word_integer(struct rdb_out *o, int64_t n);
/* What no reader takes as a number becomes the highest that it does. */
void aof_word_count(struct rdb_out *o, uint64_t n);
/* As %.17g: enough to read the same double back. */
void aof_word_double(struct rdb_out *o, double d);
void aof_word_value(struct rdb_out *o, const struct listpack_value *v);

LK_END

#endif
