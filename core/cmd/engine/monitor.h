/*
 * monitor.h — what every command looked like, for clients that ask with MONITOR.
 *
 * A monitor is a subscriber of a channel of its own kind, on which each unit publishes a line for
 * every command that it ran; so the lines leave in the unit's last lock hold, in the order of the
 * log (rule M11).
 *
 *   +1700000000.123456 [0 127.0.0.1:50000] "set" "k" "a\x00b"
 *
 * Threads  the worker that runs the command
 */
#ifndef LK_CMD_MONITOR_H
#define LK_CMD_MONITOR_H

#include "core/cmd/command/command_index.h"
#include "core/cmd/engine/push.h"

LK_BEGIN

struct dispatcher;
struct session;

/* Does anybody monitor?  One relaxed load. */
static inline bool monitor_any(const struct push_hub *h)
{
    return h && channels_any(h->channels, MESSAGE_MONITOR);
}

/* A command of the session has run, or begins to wait: its line joins the unit's messages. */
void monitor_note(struct dispatcher *d, const struct session *s, const struct command_info *c,
                  const struct args *a);
/* The same now, whatever its row says. */
void monitor_show(struct dispatcher *d, const struct session *s, const struct command_info *c,
                  const struct args *a);

LK_END

#endif
