#include "core/store/log_copies.h"

static bool log_copies_has(const struct log_copies *c, uint64_t ticket)
{
    return ticket <= __atomic_load_n(&c->ticket, __ATOMIC_SEQ_CST) || !log_copies_is_on(c);
}

bool log_copies_has_or_ask(struct log_copies *c, uint64_t ticket, uint32_t worker)
{
    if (log_copies_has(c, ticket))
        return true;
    /* Partner of the exchanges below: one of the two sees the other. */
    __atomic_fetch_or(&c->waiting, UINT64_C(1) << worker, __ATOMIC_SEQ_CST);
    return log_copies_has(c, ticket);
}

uint64_t log_copies_publish(struct log_copies *c, uint64_t ticket)
{
    const bool more = ticket > __atomic_load_n(&c->ticket, __ATOMIC_RELAXED);
    if (more)
        __atomic_store_n(&c->ticket, ticket, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&c->on, __ATOMIC_RELAXED))
        __atomic_store_n(&c->on, 1, __ATOMIC_SEQ_CST);
    return more ? __atomic_exchange_n(&c->waiting, 0, __ATOMIC_SEQ_CST) : 0;
}

uint64_t log_copies_off(struct log_copies *c)
{
    if (!__atomic_load_n(&c->on, __ATOMIC_RELAXED))
        return 0;
    __atomic_store_n(&c->on, 0, __ATOMIC_SEQ_CST);
    return __atomic_exchange_n(&c->waiting, 0, __ATOMIC_SEQ_CST);
}
