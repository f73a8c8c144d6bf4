/*
 * cmd_lcs.c — LCS: what two strings have in common, as text, as a length, or as places.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/string/lcs.h"
#include "core/types/str.h"

struct lcs_options {
    bool length, places, with_length;
    int64_t least; /* shorter matches are left out of the places */
};

static int lcs_parse(const struct args *a, struct lcs_options *o)
{
    for (uint32_t i = 3; i < a->n; i++) {
        if (args_is(a, i, "idx")) {
            o->places = true;
        } else if (args_is(a, i, "len")) {
            o->length = true;
        } else if (args_is(a, i, "withmatchlen")) {
            o->with_length = true;
        } else if (args_is(a, i, "minmatchlen") && i + 1 < a->n) {
            const int rc = args_int64(a, ++i, &o->least);
            if (rc != LK_OK)
                return rc;
        } else {
            return LK_ESYNTAX;
        }
    }
    return LK_OK;
}

static void lcs_reply_pair(struct reply *r, size_t first, size_t last)
{
    reply_array(r, 2);
    reply_int(r, (int64_t)first);
    reply_int(r, (int64_t)last);
}

static void reply_places(struct reply *r, const struct lcs *l, const struct lcs_options *o)
{
    uint64_t n = 0;
    reply_map(r, 2);
    reply_bulk_cstr(r, "matches");
    const size_t header = reply_begin_deferred(r);
    for (size_t i = 0; i < l->match_count; i++) {
        const struct lcs_match *m = &l->matches[i];
        const int64_t length = (int64_t)(m->a_last - m->a_first + 1);
        if (length < o->least)
            continue;
        reply_array(r, o->with_length ? 3 : 2);
        lcs_reply_pair(r, m->a_first, m->a_last);
        lcs_reply_pair(r, m->b_first, m->b_last);
        if (o->with_length)
            reply_int(r, length);
        n++;
    }
    reply_end_deferred(r, header, REPLY_ARRAY, n);
    reply_bulk_cstr(r, "len");
    reply_int(r, (int64_t)l->length);
}

/*
 * The limit is of a table of 32-bit numbers, as clients know it; it bounds the time as well, which
 * is some seconds at the default of 512 MiB.
 */
static bool too_large(const struct exec *x, size_t a, size_t b)
{
    const uint64_t cells_max = exec_limits(x)->bulk_max / sizeof(uint32_t);
    return a + 1 > cells_max / (b + 1);
}

static enum outcome lcs_command(struct exec *x, const struct args *a)
{
    static const struct bytes empty = {"", 0};
    struct lcs_options o = {0};
    struct value va, vb;
    struct lcs l;

    const int found = exec_find(x, a->v[1], TYPE_STRING, &va);
    if (exec_find(x, a->v[2], TYPE_STRING, &vb) != LK_OK || found != LK_OK) {
        reply_error(x->reply, "ERR The specified keys must contain string values");
        return RUN_DONE;
    }
    const int rc = lcs_parse(a, &o);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (o.length && o.places) {
        reply_error(x->reply, "ERR If you want both the length and indexes, please just use IDX.");
        return RUN_DONE;
    }
    const size_t na = value_exists(&va) ? str_size(&va) : 0;
    const size_t nb = value_exists(&vb) ? str_size(&vb) : 0;
    if (too_large(x, na, nb)) {
        reply_error(x->reply, "ERR Insufficient memory, transient memory for LCS exceeds "
                              "proto-max-bulk-len");
        return RUN_DONE;
    }
    buf_reserve(x->scratch, na + nb); /* the first string must not move when the second comes */
    if (lcs_init(&l, na ? str_bytes(&va, x->scratch) : empty,
                 nb ? str_bytes(&vb, x->scratch) : empty) != LK_OK) {
        reply_error(x->reply,
                    "ERR Insufficient memory, failed allocating transient memory for LCS");
        return RUN_DONE;
    }
    if (o.places)
        reply_places(x->reply, &l, &o);
    else if (o.length)
        reply_int(x->reply, (int64_t)l.length);
    else
        reply_bulk(x->reply, bytes_of(l.text, l.length));
    lcs_release(&l);
    return RUN_DONE;
}

const struct command lcs_commands[] = {
    {"lcs", .arity = -3, .flags = CMD_READONLY, .categories = CAT_STRING,
     .keys = KEY_RANGE(1, 1, 1, KEY_RO | KEY_ACCESS), .run = lcs_command},
    {0},
};
