/*
 * unit_message.c — a message joins the unit that is running.
 */
#include "core/cmd/engine/unit.h"

uint64_t unit_add_message(struct dispatcher *d, enum message_kind kind, struct bytes channel,
                          struct bytes payload, bool last)
{
    struct publication *p = &d->unit.publication;
    const uint64_t clients = last ? publication_add_last(p, d->push, kind, channel, payload)
                                  : publication_add(p, d->push, kind, channel, payload);
    if (p->count > 0)
        d->unit.work |= UNIT_MESSAGES;
    return clients;
}
