#include "core/store/token.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/rank.h"
#include "core/base/sched.h"

#include <string.h>

void token_init(struct token *t)
{
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
}

void token_release(struct token *t)
{
    LK_ASSERT(t->head == NULL);
    pthread_mutex_destroy(&t->lock);
}

/* --- the queue, under the lock --------------------------------------------------------------- */

static void token_set_head(struct token *t, struct token_node *node)
{
    store_release(&t->head, node);
}

static void token_append(struct token *t, struct token_node *node, uint32_t worker)
{
    *node = (struct token_node){.worker = worker, .queued = true};
    if (t->tail)
        t->tail->next = node;
    else
        token_set_head(t, node);
    t->tail = node;
}

static void token_unlink(struct token *t, struct token_node *node)
{
    struct token_node *before = NULL, *n = t->head;
    while (n != node) {
        LK_ASSERT(n);
        before = n;
        n = n->next;
    }
    if (before)
        before->next = node->next;
    else
        token_set_head(t, node->next);
    if (t->tail == node)
        t->tail = before;
}

static void token_put_first(struct token *t, struct token_node *node)
{
    token_unlink(t, node);
    node->next = t->head;
    token_set_head(t, node);
}

static void token_begin(struct token *t, struct token_node *node)
{
    node->told = node->came = false;
    if (t->taken)
        return;
    t->taken = true;
    if (t->last == node)
        return; /* nobody was there meanwhile */
    t->last = node;
    t->since = clock_ticks();
    store_relaxed(&t->urged, node->next != NULL);
}

/* It has come too early, or too late. */
static void token_refuse(struct token *t, struct token_node *node)
{
    if (node->told)
        node->came = true;
    node->told = false;
    store_relaxed(&t->urged, 1);
}

static bool token_older(uint64_t ticks, int64_t ns)
{
    return (int64_t)clock_ticks_to_ns(clock_ticks() - ticks) >= ns;
}

static bool token_may_pass(const struct token *t)
{
    LK_ASSERT(t->head);
    return !t->taken && t->head->told &&
           (!t->head->came || token_older(t->told_at, TOKEN_WAITED_NS));
}

/* --- what its users call --------------------------------------------------------------------- */

bool token_take(struct token *t, struct token_node *node, uint32_t worker)
{
    leaf_lock(&t->lock);
    if (!node->queued)
        token_append(t, node, worker);
    const bool mine = t->head == node;
    if (mine)
        token_begin(t, node);
    else
        token_refuse(t, node);
    leaf_unlock(&t->lock);
    return mine;
}

uint64_t token_leave(struct token *t, struct token_node *node)
{
    uint64_t tell = 0;
    leaf_lock(&t->lock);
    if (node->queued) {
        const bool first = t->head == node;
        token_unlink(t, node);
        node->queued = false;
        if (first) {
            t->taken = false;
            store_relaxed(&t->urged, 0);
        }
        if (!t->head)
            t->last = NULL;
        if (first && t->head)
            t->told_at = clock_ticks();
        if (first && t->head && !t->head->told) {
            t->head->told = true;
            tell = UINT64_C(1) << t->head->worker;
        }
    }
    leaf_unlock(&t->lock);
    return tell;
}

/* It will not be told while it waits awake. */
static enum token_answer token_spin(struct token *t, struct token_node *node)
{
    const uint64_t begun = clock_ticks();
    while (!token_is_at(t, node) && !token_older(begun, TOKEN_SPIN_NS))
        for (int i = 0; i < 16; i++)
            sched_pause_cpu();
    leaf_lock(&t->lock);
    const bool mine = t->head == node;
    if (mine)
        token_begin(t, node);
    else
        node->told = false;
    leaf_unlock(&t->lock);
    return mine ? TOKEN_MINE : TOKEN_TAKEN;
}

enum token_answer token_take_turn(struct token *t, struct token_node *node, uint32_t worker)
{
    bool soon = false;
    leaf_lock(&t->lock);
    if (!node->queued)
        token_append(t, node, worker);
    if (t->head != node && token_may_pass(t)) {
        t->head->came = false; /* it is not there in spite of that */
        token_put_first(t, node);
    }
    enum token_answer answer = t->head == node ? TOKEN_MINE : t->taken ? TOKEN_TAKEN : TOKEN_KEPT;
    if (answer == TOKEN_MINE) {
        token_begin(t, node);
    } else {
        token_refuse(t, node);
        soon = answer == TOKEN_TAKEN && t->head->next == node &&
               token_older(t->since, TOKEN_TURN_NS - TOKEN_SPIN_NS);
        if (soon)
            node->told = node->came = true;
    }
    leaf_unlock(&t->lock);
    return soon ? token_spin(t, node) : answer;
}

bool token_turn_is_over(const struct token *t)
{
    return load_relaxed(&t->urged) && token_older(t->since, TOKEN_TURN_NS);
}
