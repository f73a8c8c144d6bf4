/*
 * client_cell.h — what other threads may know of a client, for as long as they like.
 *
 * A session belongs to its worker and goes when its connection does.  Lists on shards name a client
 * by its cell instead: the session has one reference to it, and so has whoever keeps it.
 *
 * Whoever is about to do something in a client's place (serve its wait) first makes it his, by a
 * sequentially consistent exchange, and then looks at `kill` and `unblock`; CLIENT KILL and CLIENT
 * UNBLOCK store there, as consistently, before they answer.  So nothing that begins after the
 * answer is done for that client.
 *
 * Threads  any
 */
#ifndef LK_STORE_CLIENT_CELL_H
#define LK_STORE_CLIENT_CELL_H

#include "core/base/atomic.h"
#include "core/base/mem.h"

LK_BEGIN

struct client_cell {
    uint64_t id;      /* fixed */
    uint32_t refs;    /* __atomic */
    uint32_t worker;  /* its owner stores it before anybody else can see the cell */
    uint32_t kill;    /* __atomic: nothing more is done for it */
    uint32_t unblock; /* __atomic: how its wait is to end, 0: it goes on */
};

static inline struct client_cell *client_cell_new(uint64_t id)
{
    struct client_cell *c = mem_new(struct client_cell);
    c->id = id;
    c->refs = 1;
    return c;
}

static inline struct client_cell *client_cell_keep(struct client_cell *c)
{
    fetch_add_relaxed(&c->refs, 1);
    return c;
}

static inline void client_cell_drop(struct client_cell *c)
{
    if (c && fetch_sub_acq_rel(&c->refs, 1) == 1)
        mem_delete(c);
}

/* Behind an exchange that made something of this client the caller's. */
static inline bool client_cell_is_called_off(const struct client_cell *c)
{
    return load_seq_cst(&c->kill) != 0 || load_seq_cst(&c->unblock) != 0;
}

LK_END

#endif
