/*
 * cmd_zset_read.c — ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZCOUNT, ZLEXCOUNT, ZSCAN.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/scan_options.h"
#include "core/cmd/zset/zset_ranges.h"

static enum outcome zset_read_zcard(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) ? (int64_t)zset_length(&v) : 0);
    return RUN_DONE;
}

static enum outcome zset_read_zscore(struct exec *x, const struct args *a)
{
    struct value v;
    double score;
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v) && zset_score(&v, a->v[2], &score))
        reply_double(x->reply, score);
    else
        reply_null(x->reply);
    return RUN_DONE;
}

enum { BATCH = 16 }; /* members that are looked for at the same time */

static void reply_scores(struct reply *r, const struct value *v, const struct bytes *members,
                         uint32_t n)
{
    uint64_t hashes[BATCH];
    double score;
    for (uint32_t i = 0; i < n; i++) {
        hashes[i] = hash_bytes(members[i]);
        zset_prefetch(v, hashes[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (zset_score_hashed(v, members[i], hashes[i], &score))
            reply_double(r, score);
        else
            reply_null(r);
    }
}

static enum outcome zset_read_zmscore(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_array(x->reply, a->n - 2);
    for (uint32_t i = 2; i < a->n; i += BATCH) {
        const uint32_t n = a->n - i < BATCH ? a->n - i : BATCH;
        if (value_exists(&v))
            reply_scores(x->reply, &v, &a->v[i], n);
        else
            for (uint32_t k = 0; k < n; k++)
                reply_null(x->reply);
    }
    return RUN_DONE;
}

/* imm: from the highest score down. */
static enum outcome zset_read_zrank(struct exec *x, const struct args *a)
{
    const bool with_score = a->n > 3;
    struct value v;
    uint64_t rank;
    double score;
    if (a->n > 4)
        return reply_arity(x);
    if (with_score && !args_is(a, 3, "withscore"))
        return reply_syntax(x);
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!value_exists(&v) || !zset_rank(&v, a->v[2], &rank, &score)) {
        if (with_score)
            reply_null_array(x->reply);
        else
            reply_null(x->reply);
        return RUN_DONE;
    }
    if (x->cmd->imm)
        rank = zset_length(&v) - 1 - rank;
    if (with_score)
        reply_array(x->reply, 2);
    reply_int(x->reply, (int64_t)rank);
    if (with_score)
        reply_double(x->reply, score);
    return RUN_DONE;
}

/* imm: by member. */
static enum outcome zset_read_zcount(struct exec *x, const struct args *a)
{
    struct zset_range r;
    struct value v;
    uint64_t first, n = 0;
    int rc = x->cmd->imm ? zset_parse_members(a->v[2], a->v[3], &r)
                         : zset_parse_scores(a->v[2], a->v[3], &r);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v))
        zset_range_ranks(&v, &r, &first, &n);
    reply_int(x->reply, (int64_t)n);
    return RUN_DONE;
}

/* --- ZSCAN ----------------------------------------------------------------------------------- */

struct scan {
    struct scan_options options;
    struct buf *out;
    uint64_t n; /* bulks */
};

static void scan_element(void *ctx, struct bytes member, struct bytes score)
{
    struct scan *s = ctx;
    if (!s->options.all && !bytes_match_glob(s->options.pattern, member, false))
        return;
    reply_buf_bulk(s->out, member);
    s->n++;
    if (s->options.bare)
        return;
    reply_buf_bulk(s->out, score);
    s->n++;
}

/* The next cursor comes first, so the elements wait in scratch. */
static enum outcome zset_read_zscan(struct exec *x, const struct args *a)
{
    struct scan s = {.out = x->scratch};
    struct value v = {.type = TYPE_NONE};
    uint64_t cursor;
    int rc = scan_cursor(a->v[2], &cursor);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = scan_parse(a, 3, SCAN_OF_SCORES, &s.options);
    if (rc != LK_OK)
        return reply_status(x, rc);
    uint64_t next = 0;
    if (value_exists(&v))
        next = zset_scan(&v, cursor, s.options.count, scan_element, &s);
    reply_array(x->reply, 2);
    reply_bulk_int(x->reply, (int64_t)next);
    reply_array(x->reply, s.n);
    reply_raw(x->reply, buf_bytes(x->scratch));
    return RUN_DONE;
}

#define READ(how)                                                                                  \
    .flags = CMD_READONLY | CMD_FAST, .categories = CAT_SORTEDSET, .keys = KEY_AT(1, KEY_RO | (how))

const struct command zset_read_commands[] = {
    {"zcard", .arity = 2, .run = zset_read_zcard, READ(0)},
    {"zcount", .arity = 4, .run = zset_read_zcount, READ(KEY_ACCESS)},
    {"zlexcount", .arity = 4, .imm = true, .run = zset_read_zcount, READ(KEY_ACCESS)},
    {"zmscore", .arity = -3, .run = zset_read_zmscore, READ(KEY_ACCESS)},
    {"zrank", .arity = -3, .run = zset_read_zrank, READ(KEY_ACCESS)},
    {"zrevrank", .arity = -3, .imm = true, .run = zset_read_zrank, READ(KEY_ACCESS)},
    {"zscan", .arity = -3, .flags = CMD_READONLY, .categories = CAT_SORTEDSET,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = zset_read_zscan},
    {"zscore", .arity = 3, .run = zset_read_zscore, READ(KEY_ACCESS)},
    {0},
};
