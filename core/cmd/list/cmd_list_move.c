/*
 * cmd_list_move.c — LMOVE, RPOPLPUSH, BLMOVE, BRPOPLPUSH: from one end of a list to one of another.
 *
 * The element enters its new list before it leaves the old one: then only the first half can fail,
 * and events come in the order that clients know.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/list/list_take.h"

struct move {
    struct bytes from, to;
    enum list_end from_end, to_end;
};

static void list_move_tell(struct exec *x, const struct move *m)
{
    exec_event(x, EVENT_LIST, list_push_events[m->to_end], m->to);
    exec_event(x, EVENT_LIST, list_pop_events[m->from_end], m->from);
}

static struct listpack_value list_move_outermost(const struct value *v, enum list_end end)
{
    struct list_iter it;
    (void)list_iter_at(&it, v, end == LIST_HEAD ? 0 : list_length(v) - 1);
    return list_iter_get(&it);
}

static int move_within(struct exec *x, const struct move *m)
{
    struct value_edit *e;
    const int rc = exec_open(x, m->from, TYPE_LIST, &e);
    if (rc != LK_OK)
        return rc;
    const struct listpack_value element = list_move_outermost(&e->value, m->from_end);
    reply_element(x->reply, &element);
    if (m->from_end != m->to_end)
        list_rotate(e, m->from_end);
    list_move_tell(x, m);
    return exec_close(x, e, true);
}

static int list_move_push(struct exec *x, const struct move *m, struct bytes element)
{
    struct value_edit *e;
    int rc = exec_open(x, m->to, TYPE_LIST, &e);
    if (rc != LK_OK)
        return rc;
    rc = list_push(e, m->to_end, &element, 1);
    const int closed = exec_close(x, e, rc == LK_OK);
    return rc == LK_OK ? closed : rc;
}

/* The source exists, and is a list. */
static int move_across(struct exec *x, const struct move *m, const struct value *source)
{
    char digits[INT64_CHARS];
    struct value_edit *e;
    struct value target;

    struct listpack_value element = list_move_outermost(source, m->from_end);
    if (element.is_number)
        buf_append(x->scratch, digits, int64_to_chars(element.number, digits));
    else
        buf_append_bytes(x->scratch, element.s);
    int rc = exec_find_silently(x, m->to, TYPE_LIST, &target);
    /* Once the source was open it is private, and opening it again cannot fail. */
    if (rc == LK_OK)
        rc = exec_open(x, m->from, TYPE_LIST, &e);
    if (rc == LK_OK)
        rc = exec_close(x, e, false);
    if (rc == LK_OK)
        rc = list_move_push(x, m, buf_bytes(x->scratch));
    if (rc != LK_OK)
        return rc;
    reply_bulk(x->reply, buf_bytes(x->scratch));
    LK_ASSERT(exec_open(x, m->from, TYPE_LIST, &e) == LK_OK);
    list_delete(e, m->from_end == LIST_HEAD ? 0 : list_length(&e->value) - 1, 1);
    list_move_tell(x, m);
    rc = exec_close(x, e, true);
    exec_counts_as(x, 0); /* one element has moved */
    return rc;
}

/* Replies with the element that moved; *moved is false, and nothing written, without a source. */
static int list_move_one(struct exec *x, const struct move *m, bool *moved)
{
    struct value source;
    const int rc = exec_find_silently(x, m->from, TYPE_LIST, &source);
    *moved = rc == LK_OK && value_exists(&source);
    if (!*moved)
        return rc;
    return bytes_equal(m->from, m->to) ? move_within(x, m) : move_across(x, m, &source);
}

/* LMOVE and BLMOVE say the ends in words; the older ones always go from the tail to the head. */
static int list_move_parse(const struct exec *x, const struct args *a, struct move *m)
{
    *m = (struct move){a->v[1], a->v[2], LIST_TAIL, LIST_HEAD};
    if (!x->cmd->imm)
        return LK_OK;
    const int rc = list_end_parse(a, 3, &m->from_end);
    return rc == LK_OK ? list_end_parse(a, 4, &m->to_end) : rc;
}

static enum outcome move_now(struct exec *x, const struct args *a)
{
    struct move m;
    bool moved = false;
    int rc = list_move_parse(x, a, &m);
    if (rc == LK_OK)
        rc = list_move_one(x, &m, &moved);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!moved)
        reply_null(x->reply);
    return RUN_DONE;
}

static void log_move(struct exec *x, const struct args *a, const struct move *m)
{
    if (x->cmd->imm)
        exec_effect_format(x, "sbbbb", "LMOVE", m->from, m->to, a->v[3], a->v[4]);
    else
        exec_effect_format(x, "sbb", "RPOPLPUSH", m->from, m->to);
}

static enum outcome move_or_wait(struct exec *x, const struct args *a)
{
    struct move m;
    struct wait_spec wait = {.first = 1, .count = 1, .type = TYPE_LIST, .target = 2};
    bool moved = false;

    int rc = list_move_parse(x, a, &m);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!exec_timeout(x, a, a->n - 1, &wait.deadline_ms))
        return RUN_DONE;
    if (exec_may_take(x, m.from))
        rc = list_move_one(x, &m, &moved);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (moved) {
        log_move(x, a, &m);
        return RUN_DONE;
    }
    /* Time that has run out is told as if an array had been waited for; not so where none runs. */
    wait.null_array = !session_has(x->session, SESSION_IN_EXEC);
    return exec_wait(x, a, &wait);
}

enum { ENDS_IN_WORDS = 1 };

#define FROM                                                                                       \
    {                                                                                              \
        .flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1 \
    }
#define TO                                                                                         \
    {                                                                                              \
        .flags = KEY_RW | KEY_INSERT, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1              \
    }
#define NOW                                                                                        \
    .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_LIST, .keys = {FROM, TO}, .run = move_now
#define WAIT                                                                                       \
    .flags = CMD_WRITE | CMD_DENYOOM | CMD_BLOCKING, .categories = CAT_LIST | CAT_BLOCKING,        \
    .keys = {FROM, TO}, .run = move_or_wait

const struct command list_move_commands[] = {
    {"blmove", .arity = 6, .imm = ENDS_IN_WORDS, WAIT},
    {"brpoplpush", .arity = 4, WAIT},
    {"lmove", .arity = 5, .imm = ENDS_IN_WORDS, NOW},
    {"rpoplpush", .arity = 3, NOW},
    {0},
};
