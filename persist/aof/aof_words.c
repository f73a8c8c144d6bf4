#include "persist/aof/aof_words.h"

#include "core/proto/resp_write.h"

#include <math.h>
#include <stdio.h>

static void aof_words_put_header(struct rdb_out *o, char sign, uint64_t n)
{
    char header[REPLY_HEADER_MAX];
    rdb_out_raw(o, header, (size_t)(reply_put_number(header, sign, (int64_t)n) - header));
}

void aof_word_begin(struct rdb_out *o, uint64_t size)
{
    aof_words_put_header(o, '$', size);
}

void aof_word_end(struct rdb_out *o)
{
    rdb_out_raw(o, "\r\n", 2);
}

void aof_word(struct rdb_out *o, struct bytes word)
{
    aof_word_begin(o, word.size);
    rdb_out_raw(o, word.data, word.size);
    aof_word_end(o);
}

void aof_command(struct rdb_out *o, uint64_t words, const char *name, struct bytes key)
{
    aof_words_put_header(o, '*', words);
    aof_word_text(o, name);
    aof_word(o, key);
}

void aof_word_integer(struct rdb_out *o, int64_t n)
{
    char digits[INT64_CHARS];
    aof_word(o, bytes_of(digits, int64_to_chars(n, digits)));
}

void aof_word_count(struct rdb_out *o, uint64_t n)
{
    aof_word_integer(o, n < INT64_MAX ? (int64_t)n : INT64_MAX);
}

/* Whole numbers of up to 15 digits, which scores mostly are, look the same as integers. */
void aof_word_double(struct rdb_out *o, double d)
{
    char text[32];
    if (fabs(d) < 1e15 && d == (double)(int64_t)d && !(d == 0 && signbit(d))) {
        aof_word_integer(o, (int64_t)d);
        return;
    }
    const int n = snprintf(text, sizeof text, "%.17g", d);
    aof_word(o, bytes_of(text, (size_t)n));
}

void aof_word_value(struct rdb_out *o, const struct listpack_value *v)
{
    if (v->s.data)
        aof_word(o, v->s);
    else
        aof_word_integer(o, v->number);
}
