/*
 * cmd_stream_read.c — XREAD and XREADGROUP: from several streams, and waiting for entries.
 *
 * Each stream has a word that says from where on:
 *
 *   ID     the entries above it; of a group, those that are pending for the consumer
 *   $      what comes from now on
 *   +      the last entry
 *   >      of a group, what it has not read yet
 *
 * All words are checked before anything is read.  A reader that waits is run again with what "$"
 * meant when it came.
 */
#include "core/base/mem.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_deliver.h"
#include "core/cmd/stream/stream_groups.h"
#include "core/cmd/stream/stream_reply.h"
#include "core/cmd/stream/stream_words.h"

struct read_words {
    bool grouped; /* XREADGROUP */
    bool group_given, no_ack, waits;
    struct bytes group, consumer;
    int64_t deadline_ms; /* 0: none */
    uint64_t count;
    uint32_t first, keys; /* of as many words behind the keys */
};

static enum stream_word stream_read_wrong(struct exec *x, const char *line)
{
    reply_error(x->reply, "%s", line);
    return STREAM_WORD_WRONG;
}

static enum stream_word take_block(struct exec *x, const struct args *a, uint32_t i,
                                   struct read_words *w)
{
    int64_t ms;
    if (args_int64(a, i, &ms) != LK_OK)
        return stream_read_wrong(x, "ERR timeout is not an integer or out of range");
    if (ms < 0)
        return stream_read_wrong(x, "ERR timeout is negative");
    w->waits = true;
    if (__builtin_add_overflow(x->now_ms, ms, &w->deadline_ms))
        return stream_read_wrong(x, "ERR timeout is out of range");
    if (ms == 0)
        w->deadline_ms = 0;
    return STREAM_WORD_TAKEN;
}

static enum stream_word stream_read_take_count(struct exec *x, const struct args *a, uint32_t i,
                                               struct read_words *w)
{
    int64_t count;
    if (args_int64(a, i, &count) != LK_OK) {
        reply_status(x, LK_ENOTINT);
        return STREAM_WORD_WRONG;
    }
    w->count = count > 0 ? (uint64_t)count : UINT64_MAX;
    return STREAM_WORD_TAKEN;
}

static enum stream_word take_streams(struct exec *x, const struct args *a, uint32_t i,
                                     struct read_words *w)
{
    const uint32_t rest = a->n - i;
    if (rest % 2 == 1)
        return stream_read_wrong(
            x, w->grouped ? "ERR Unbalanced 'xreadgroup' list of streams: for each stream "
                            "key an ID or '>' must be specified."
                          : "ERR Unbalanced 'xread' list of streams: for each stream key "
                            "an ID or '$' must be specified.");
    w->first = i;
    w->keys = rest / 2;
    return STREAM_WORD_TAKEN;
}

/* The option at argument *i, which is moved to its last word. */
static enum stream_word stream_read_take_option(struct exec *x, const struct args *a, uint32_t *i,
                                                struct read_words *w)
{
    const uint32_t at = *i, more = a->n - at - 1;
    if (more > 0 && args_is(a, at, "streams")) {
        *i = a->n;
        return take_streams(x, a, at + 1, w);
    }
    if (more > 0 && args_is(a, at, "block"))
        return take_block(x, a, ++*i, w);
    if (more > 0 && args_is(a, at, "count"))
        return stream_read_take_count(x, a, ++*i, w);
    if (more > 1 && args_is(a, at, "group")) {
        if (!w->grouped)
            return stream_read_wrong(
                x, "ERR The GROUP option is only supported by XREADGROUP. You called "
                   "XREAD instead.");
        w->group_given = true;
        w->group = a->v[at + 1];
        w->consumer = a->v[at + 2];
        *i += 2;
        return STREAM_WORD_TAKEN;
    }
    if (!args_is(a, at, "noack"))
        return STREAM_WORD_OTHER;
    if (!w->grouped)
        return stream_read_wrong(
            x, "ERR The NOACK option is only supported by XREADGROUP. You called XREAD "
               "instead.");
    w->no_ack = true;
    return STREAM_WORD_TAKEN;
}

/* False: the error line is written. */
static bool parse_read(struct exec *x, const struct args *a, struct read_words *w)
{
    enum stream_word word = STREAM_WORD_TAKEN;
    for (uint32_t i = 1; word == STREAM_WORD_TAKEN && i < a->n; i++)
        word = stream_read_take_option(x, a, &i, w);
    if (word == STREAM_WORD_WRONG)
        return false;
    if (word == STREAM_WORD_OTHER || w->keys == 0) {
        reply_syntax(x);
        return false;
    }
    if (w->grouped && !w->group_given)
        stream_read_wrong(x, "ERR Missing GROUP option for XREADGROUP");
    return !w->grouped || w->group_given;
}

/* --- checks ---------------------------------------------------------------------------------- */

static bool stream_read_is_sign(struct bytes word, char sign)
{
    return word.size == 1 && *word.data == sign;
}

/*
 * Is there the group to be read for?  rc is what looking for the stream said.  Who waited hears the
 * same of a stream that has gone as who comes now.
 */
static bool check_group(struct exec *x, const struct read_words *w, struct bytes key, int rc,
                        const struct value *v)
{
    if (rc == LK_OK && value_exists(v) && stream_group_find(v, w->group))
        return true;
    if (rc == LK_OK)
        reply_no_key_or_group(x, key, w->group, " in XREADGROUP with GROUP option");
    else
        reply_status(x, rc);
    return false;
}

/* Has the word a meaning?  NULL, or the error line. */
static const char *check_word(const struct read_words *w, struct bytes word)
{
    if (stream_read_is_sign(word, '$') && w->grouped)
        return "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the "
               "history of this consumer by specifying a proper ID, or use the > ID to get new "
               "messages. The $ ID would just return an empty result set.";
    if (stream_read_is_sign(word, '+') && w->grouped)
        return "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the "
               "history of this consumer by specifying a proper ID, or use the > ID to get new "
               "messages. The + ID would just return an empty result set.";
    if (stream_read_is_sign(word, '>') && !w->grouped)
        return "ERR The > ID can be specified only when calling XREADGROUP using the GROUP "
               "<group> <consumer> option.";
    return NULL;
}

/* False: the error line is written. */
static bool check_streams(struct exec *x, const struct args *a, const struct read_words *w)
{
    for (uint32_t i = w->first; i < w->first + w->keys; i++) {
        const struct bytes word = a->v[i + w->keys];
        struct stream_id id;
        struct value v;
        if (!exec_may_take(x, a->v[i]))
            continue;
        int rc = exec_find(x, a->v[i], TYPE_STREAM, &v);
        if (w->grouped && !check_group(x, w, a->v[i], rc, &v))
            return false;
        const char *line = rc == LK_OK ? check_word(w, word) : NULL;
        if (line) {
            stream_read_wrong(x, line);
            return false;
        }
        if (rc == LK_OK && !stream_read_is_sign(word, '$') && !stream_read_is_sign(word, '+') &&
            !stream_read_is_sign(word, '>'))
            rc = stream_parse_strict_id(word, &id);
        if (rc != LK_OK) {
            reply_status(x, rc);
            return false;
        }
    }
    return true;
}

/* --- reading --------------------------------------------------------------------------------- */

static void put_key(struct reply *r, struct bytes key)
{
    if (r->version < 3)
        reply_array(r, 2);
    reply_bulk(r, key);
}

/* From where on the stream is to be read, and how much of it; false: nothing. */
static bool first_wanted(const struct value *v, struct bytes word, uint64_t *count,
                         struct stream_id *id)
{
    struct stream_id first;
    if (stream_read_is_sign(word, '$'))
        return false;
    if (stream_read_is_sign(word, '+')) {
        *count = 1;
        return stream_ends(v, &first, id);
    }
    LK_ASSERT(stream_parse_strict_id(word, id) == LK_OK);
    return stream_id_compare(*id, stream_last_id(v)) < 0 && stream_id_increment(id);
}

/* Replies with the key and the entries behind what the word says; false, and nothing: none. */
static bool read_stream(struct exec *x, const struct value *v, struct bytes key, struct bytes word,
                        uint64_t count)
{
    struct stream_id from;
    struct stream_iter it;
    if (!value_exists(v) || !first_wanted(v, word, &count, &from))
        return false;
    stream_iter_begin(&it, v, from, stream_id_max(), false);
    if (!stream_iter_next(&it))
        return false;
    put_key(x->reply, key);
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t n = 0;
    do
        reply_stream_entry(x->reply, &it);
    while (++n < count && stream_iter_next(&it));
    reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
    return true;
}

/* The same for a group.  Negative: LK_ENOMEM */
static int stream_read_group(struct exec *x, const struct read_words *w, struct bytes key,
                             struct bytes word)
{
    const struct stream_reader reader = {key, w->group, w->consumer, w->count, w->no_ack};
    const struct reply_place before = reply_mark(x->reply);
    struct stream_id above = stream_id_max();
    put_key(x->reply, key);
    if (!stream_read_is_sign(word, '>'))
        LK_ASSERT(stream_parse_strict_id(word, &above) == LK_OK);
    if (stream_id_compare(above, stream_id_max()) < 0) /* there is nothing above that one */
        return stream_deliver_pending(x, &reader, above);
    const int some = stream_deliver_new(x, &reader);
    if (some <= 0)
        reply_rewind(x->reply, before);
    return some;
}

/* How many streams had something; negative: a status. */
static int64_t read_streams(struct exec *x, const struct args *a, const struct read_words *w)
{
    const struct reply_place before = reply_mark(x->reply);
    const size_t head = reply_begin_deferred(x->reply);
    int64_t n = 0;
    int rc = LK_OK;
    for (uint32_t i = w->first; rc >= 0 && i < w->first + w->keys; i++) {
        const struct bytes key = a->v[i], word = a->v[i + w->keys];
        struct value v;
        if (!exec_may_take(x, key))
            continue;
        /* A look-up of its own, beside that of the checks. */
        LK_ASSERT(exec_find(x, key, TYPE_STREAM, &v) == LK_OK);
        rc = w->grouped ? stream_read_group(x, w, key, word)
                        : read_stream(x, &v, key, word, w->count);
        n += rc > 0;
    }
    const enum reply_kind kind = x->reply->version < 3 ? REPLY_ARRAY : REPLY_MAP;
    reply_end_deferred(x->reply, head, kind, (uint64_t)n);
    if (n == 0 || rc < 0)
        reply_rewind(x->reply, before);
    return rc < 0 ? rc : n;
}

/* --- waiting --------------------------------------------------------------------------------- */

/* Waits with "$" as the IDs that are the last ones now. */
static enum outcome wait_for_entries(struct exec *x, const struct args *a,
                                     const struct read_words *w)
{
    const struct wait_spec spec = {.first = w->first,
                                   .count = w->keys,
                                   .type = TYPE_STREAM,
                                   .deadline_ms = w->deadline_ms,
                                   .null_array = true,
                                   .when_gone = w->grouped};
    const size_t bytes = a->n * sizeof(struct bytes) + w->keys * (size_t)STREAM_ID_CHARS;
    struct bytes *v = mem_alloc(bytes);
    char *text = (char *)(v + a->n);
    memcpy(v, a->v, a->n * sizeof *v);
    for (uint32_t i = w->first; i < w->first + w->keys; i++) {
        struct value value;
        if (!stream_read_is_sign(v[i + w->keys], '$'))
            continue;
        LK_ASSERT(exec_find_silently(x, v[i], TYPE_STREAM, &value) == LK_OK);
        const struct stream_id last =
            value_exists(&value) ? stream_last_id(&value) : stream_id_of(0, 0);
        v[i + w->keys] = bytes_of(text, stream_id_to_chars(last, '-', text));
        text += v[i + w->keys].size;
    }
    const struct args resolved = {v, a->n};
    const enum outcome out = exec_wait(x, &resolved, &spec);
    mem_free(v, bytes);
    return out;
}

static enum outcome stream_read_xread(struct exec *x, const struct args *a)
{
    struct read_words w = {.grouped = x->cmd->imm, .count = UINT64_MAX};
    if (!parse_read(x, a, &w) || !check_streams(x, a, &w))
        return RUN_DONE;
    const int64_t n = read_streams(x, a, &w);
    if (n < 0)
        return reply_status(x, (int)n);
    if (n > 0)
        return RUN_DONE;
    if (w.waits)
        return exec_has_waited(x) ? RUN_BLOCK : wait_for_entries(x, a, &w);
    reply_null_array(x->reply);
    return RUN_DONE;
}

/* The word STREAMS may be a group's name or a count as well: options are read as they run. */
static int stream_read_find_keys(const struct args *a, struct key_ref *refs, uint32_t max)
{
    uint32_t i = 1;
    while (i < a->n && !args_is(a, i, "streams"))
        i += args_is(a, i, "group") ? 3 : args_is(a, i, "noack") ? 1 : 2;
    const uint32_t keys = i < a->n ? (a->n - i - 1) / 2 : 0;
    for (uint32_t k = 0; k < keys && k < max; k++)
        refs[k] = (struct key_ref){i + 1 + k, KEY_RO | KEY_ACCESS};
    return (int)keys;
}

#define READS(at)                                                                                  \
    .categories = CAT_STREAM | CAT_BLOCKING,                                                       \
    .keys = {{.flags = KEY_RO | KEY_ACCESS,                                                        \
              .begin = KEY_BEGIN_KEYWORD,                                                          \
              .keyword = "STREAMS",                                                                \
              .start_from = (at),                                                                  \
              .last = -1,                                                                          \
              .step = 1,                                                                           \
              .limit = 2}},                                                                        \
    .find_keys = stream_read_find_keys, .run = stream_read_xread

const struct command stream_read_commands[] = {
    {"xread", .arity = -4, .imm = false, .flags = CMD_READONLY | CMD_BLOCKING | CMD_MOVABLE_KEYS,
     READS(1)},
    {"xreadgroup", .arity = -7, .imm = true, .flags = CMD_WRITE | CMD_BLOCKING | CMD_MOVABLE_KEYS,
     READS(4)},
    {0},
};
