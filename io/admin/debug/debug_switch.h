/*
 * debug_switch.h — DEBUG words that switch something on or off, or set a figure for tests.
 *
 * Numbers are read as atoi(3) reads them, as elsewhere: a word is 0.
 *
 * Threads  inside an exclusive command
 */
#ifndef LK_IO_ADMIN_DEBUG_SWITCH_H
#define LK_IO_ADMIN_DEBUG_SWITCH_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

/* Each answers. */
void debug_set_active_expire(struct exec *x, const struct args *a);
void debug_set_scripts_may(struct exec *x, const struct args *a);
void debug_set_skip_checksum(struct exec *x, const struct args *a);
void debug_pause_cron(struct exec *x, const struct args *a);
void debug_aof_flush_sleep(struct exec *x, const struct args *a);
void debug_config_rewrite(struct exec *x, const struct args *a);

/* The words behind REPLICATE are in the replicas' stream; here they are not run. */
void debug_replicate(struct exec *x, const struct args *a);

/* About what this server does not have: the words are checked, and nothing changes. */
void debug_accept(struct exec *x, const struct args *a);
void debug_packed_threshold(struct exec *x, const struct args *a);
void debug_replybuffer(struct exec *x, const struct args *a);

LK_END

#endif
