#include "core/store/log_copies.h"

#include "core/base/atomic.h"

static bool log_copies_has(const struct log_copies *c, uint64_t ticket)
{
    return ticket <= load_seq_cst(&c->ticket) || !log_copies_is_on(c);
}

bool log_copies_has_or_ask(struct log_copies *c, uint64_t ticket, uint32_t worker)
{
    if (log_copies_has(c, ticket))
        return true;
    /* Partner of the exchanges below: one of the two sees the other. */
    fetch_or_seq_cst(&c->waiting, UINT64_C(1) << worker);
    return log_copies_has(c, ticket);
}

uint64_t log_copies_publish(struct log_copies *c, uint64_t ticket)
{
    const bool more = ticket > load_relaxed(&c->ticket);
    if (more)
        store_seq_cst(&c->ticket, ticket);
    if (!load_relaxed(&c->on))
        store_seq_cst(&c->on, 1);
    return more ? exchange_seq_cst(&c->waiting, 0) : 0;
}

uint64_t log_copies_off(struct log_copies *c)
{
    if (!load_relaxed(&c->on))
        return 0;
    store_seq_cst(&c->on, 0);
    return exchange_seq_cst(&c->waiting, 0);
}
