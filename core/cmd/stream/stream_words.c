#include "core/cmd/stream/stream_words.h"

#include <errno.h>
#include <stdlib.h>

/* --- IDs ------------------------------------------------------------------------------------- */

enum { ID_WORD_MAX = 127 };

/* As strtoull reads it where it is no int64: blanks and signs in front are taken, too. */
static LK_COLD bool loose_uint64(struct bytes word, uint64_t *out)
{
    char text[ID_WORD_MAX + 1], *end;
    int64_t negative;
    if (word.size == 0 || bytes_to_int64(word, &negative))
        return false;
    memcpy(text, word.data, word.size);
    text[word.size] = '\0';
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool parse_number(struct bytes word, uint64_t *out)
{
    return bytes_to_uint64(word, out) || loose_uint64(word, out);
}

/* Words end at a NUL.  *star: "-*" is taken as a number of 0, and told. */
static int parse_id(struct bytes word, bool strict, uint64_t missing_seq, struct stream_id *out,
                    bool *star)
{
    if (word.size == 0 || word.size > ID_WORD_MAX)
        return LK_ENOTID;
    const char *nul = memchr(word.data, '\0', word.size);
    if (LK_UNLIKELY(nul != NULL))
        word.size = (size_t)(nul - word.data);
    if (word.size == 1 && !strict && (*word.data == '-' || *word.data == '+')) {
        *out = *word.data == '-' ? stream_id_of(0, 0) : stream_id_max();
        return LK_OK;
    }
    struct bytes ms = word, seq = {0};
    const char *dash = memchr(word.data, '-', word.size);
    if (dash) {
        ms.size = (size_t)(dash - word.data);
        seq = bytes_of(dash + 1, word.size - ms.size - 1);
    }
    if (!parse_number(ms, &out->ms))
        return LK_ENOTID;
    out->seq = missing_seq;
    if (dash && star && seq.size == 1 && *seq.data == '*')
        *star = true;
    else if (dash && !parse_number(seq, &out->seq))
        return LK_ENOTID;
    return LK_OK;
}

int stream_parse_id(struct bytes word, uint64_t missing_seq, struct stream_id *out)
{
    return parse_id(word, false, missing_seq, out, NULL);
}

int stream_parse_strict_id(struct bytes word, struct stream_id *out)
{
    return parse_id(word, true, 0, out, NULL);
}

int stream_parse_new_id(struct bytes word, struct stream_id *out, bool *any_seq)
{
    *any_seq = false;
    return parse_id(word, true, 0, out, any_seq);
}

static int parse_end(struct bytes word, uint64_t missing_seq, struct stream_id *out, bool *open)
{
    *open = word.size > 1 && *word.data == '(';
    if (*open)
        word = bytes_of(word.data + 1, word.size - 1);
    return parse_id(word, *open, missing_seq, out, NULL);
}

int stream_parse_first(struct bytes word, struct stream_id *out)
{
    bool open;
    const int rc = parse_end(word, 0, out, &open);
    return rc == LK_OK && open && !stream_id_increment(out) ? LK_EIDMIN : rc;
}

int stream_parse_last(struct bytes word, struct stream_id *out)
{
    bool open;
    const int rc = parse_end(word, UINT64_MAX, out, &open);
    return rc == LK_OK && open && !stream_id_decrement(out) ? LK_EIDMAX : rc;
}

int stream_check_ids(const struct args *a, uint32_t first, uint32_t count)
{
    struct stream_id id;
    int rc = LK_OK;
    for (uint32_t i = 0; rc == LK_OK && i < count; i++)
        rc = stream_parse_strict_id(a->v[first + i], &id);
    return rc;
}

bool stream_parse_refs(const struct args *a, uint32_t i, enum stream_refs *out)
{
    static const char *const words[] = {
        [STREAM_KEEPREF] = "keepref",
        [STREAM_DELREF] = "delref",
        [STREAM_ACKED] = "acked",
    };
    for (unsigned refs = 0; refs < sizeof words / sizeof *words; refs++) {
        if (args_is(a, i, words[refs])) {
            *out = (enum stream_refs)refs;
            return true;
        }
    }
    return false;
}

/* --- trimming -------------------------------------------------------------------------------- */

static enum stream_word stream_words_wrong(struct exec *x, const char *line)
{
    reply_error(x->reply, "%s", line);
    return STREAM_WORD_WRONG;
}

static enum stream_word stream_words_wrong_status(struct exec *x, int rc)
{
    reply_status(x, rc);
    return STREAM_WORD_WRONG;
}

/* Argument i, a number that is not negative. */
static enum stream_word stream_words_take_count(struct exec *x, const struct args *a, uint32_t i,
                                                const char *negative, uint64_t *out)
{
    int64_t n;
    if (args_int64(a, i, &n) != LK_OK)
        return stream_words_wrong_status(x, LK_ENOTINT);
    if (n < 0)
        return stream_words_wrong(x, negative);
    *out = (uint64_t)n;
    return STREAM_WORD_TAKEN;
}

static bool stream_words_is_sign(struct bytes word, char sign)
{
    return word.size == 1 && *word.data == sign;
}

/* MAXLEN or MINID is argument *i. */
static enum stream_word take_threshold(struct exec *x, const struct args *a, uint32_t *i,
                                       bool by_id, struct stream_trim_words *words)
{
    struct stream_trim_spec *spec = &words->spec;
    if (words->given)
        return stream_words_wrong(
            x, "ERR syntax error, MAXLEN and MINID options at the same time are not "
               "compatible");
    words->given = true;
    spec->by_id = by_id;
    ++*i;
    if (*i + 1 < a->n &&
        (stream_words_is_sign(a->v[*i], '~') || stream_words_is_sign(a->v[*i], '='))) {
        spec->approximate = *a->v[*i].data == '~';
        ++*i;
    }
    if (!by_id)
        return stream_words_take_count(x, a, *i, "ERR The MAXLEN argument must be >= 0.",
                                       &spec->max_length);
    const int rc = stream_parse_strict_id(a->v[*i], &spec->min_id);
    return rc == LK_OK ? STREAM_WORD_TAKEN : stream_words_wrong_status(x, rc);
}

enum stream_word stream_trim_word(struct exec *x, const struct args *a, uint32_t *i,
                                  struct stream_trim_words *words)
{
    const bool more = *i + 1 < a->n, by_id = args_is(a, *i, "minid");
    if (more && (by_id || args_is(a, *i, "maxlen")))
        return take_threshold(x, a, i, by_id, words);
    if (more && args_is(a, *i, "limit")) {
        words->limit_given = true;
        return stream_words_take_count(x, a, ++*i, "ERR The LIMIT argument must be >= 0.",
                                       &words->spec.limit);
    }
    if (!stream_parse_refs(a, *i, &words->spec.refs))
        return STREAM_WORD_OTHER;
    if (words->refs_given)
        return stream_words_wrong_status(x, LK_ESYNTAX);
    words->refs_given = true;
    return STREAM_WORD_TAKEN;
}

/* How many entries a call takes at most that does not say it: so many blocks' worth. */
static uint64_t usual_limit(const struct exec *x)
{
    enum { BLOCKS = 100, WITHOUT = 10000, MOST = 1000000 };
    const uint64_t entries = exec_limits(x)->types.stream_node_max_entries;
    if (entries == 0)
        return WITHOUT;
    return entries < MOST / BLOCKS ? entries * BLOCKS : MOST;
}

bool stream_trim_complete(struct exec *x, struct stream_trim_words *words)
{
    struct stream_trim_spec *spec = &words->spec;
    const char *line = NULL;
    if (words->limit_given && !words->given)
        line = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
    else if (session_has(x->session, SESSION_LOADING | SESSION_MASTER))
        spec->limit = 0; /* what is logged says exactly how much went */
    else if (words->limit_given && !spec->approximate)
        line = "ERR syntax error, LIMIT cannot be used without the special ~ option";
    else if (spec->approximate && !words->limit_given)
        spec->limit = usual_limit(x);
    if (line)
        stream_words_wrong(x, line);
    return !line;
}

/* --- deleting -------------------------------------------------------------------------------- */

/* IDS is argument *i, which is moved to the last ID. */
static bool take_ids(struct exec *x, const struct args *a, uint32_t *i,
                     struct stream_delete_words *out)
{
    int64_t n = 0;
    const char *line = NULL;
    if (*i + 1 >= a->n || out->count > 0) {
        reply_syntax(x);
        return false;
    }
    if (args_int64(a, *i + 1, &n) != LK_OK || n <= 0)
        line = "ERR Number of IDs must be a positive integer";
    else if (n > a->n - *i - 2)
        line = "ERR The `numids` parameter must match the number of arguments";
    if (line) {
        reply_error(x->reply, "%s", line);
        return false;
    }
    out->first = *i + 2;
    out->count = (uint32_t)n;
    *i += 1 + out->count;
    return true;
}

bool stream_parse_delete(struct exec *x, const struct args *a, uint32_t from,
                         struct stream_delete_words *out)
{
    bool refs_given = false;
    *out = (struct stream_delete_words){.refs = STREAM_KEEPREF};
    for (uint32_t i = from; i < a->n; i++) {
        if (args_is(a, i, "ids")) {
            if (!take_ids(x, a, &i, out))
                return false;
        } else if (!refs_given && stream_parse_refs(a, i, &out->refs)) {
            refs_given = true;
        } else {
            reply_syntax(x);
            return false;
        }
    }
    const int rc = out->count > 0 ? stream_check_ids(a, out->first, out->count) : LK_ESYNTAX;
    if (rc != LK_OK)
        reply_status(x, rc);
    return rc == LK_OK;
}
