/*
 * cmd_sentinel.h — what the files of SENTINEL's commands share.
 *
 * Threads  the worker that runs the command; the machine's lock is held from sentinel_lock() to
 *          sentinel_unlock()
 */
#ifndef LK_IO_SENTINEL_CMD_SENTINEL_H
#define LK_IO_SENTINEL_CMD_SENTINEL_H

#include "core/cmd/command/command.h"
#include "io/sentinel/service_priv.h"

LK_BEGIN

/* The service, locked. */
struct sentinel_service *sentinel_lock(const struct exec *x);
/* RUN_DONE. */
enum outcome sentinel_unlock(struct sentinel_service *v);
struct sentinel_master *sentinel_master_named(const struct sentinel_service *v, struct bytes name);
/* The master that a->v[2] names; NULL: the client is told. */
struct sentinel_master *sentinel_master_wanted(struct exec *x, const struct sentinel_service *v,
                                               const struct args *a);
/* Writes the file, and says whether that went well. */
void sentinel_reply_saved(struct exec *x, struct sentinel_service *v);

/* cmd_sentinel_node.c: maps whose fields are counted as they come. */
struct sentinel_fields {
    struct reply *reply;
    uint64_t count;
};
void sentinel_field_text(struct sentinel_fields *f, const char *name, const char *value);
void sentinel_field_number(struct sentinel_fields *f, const char *name, int64_t value);
/* All that is known of a node. */
void sentinel_reply_node(struct reply *r, const struct sentinel *s, const struct sentinel_node *n);

/* cmd_sentinel_show.c: what is asked. */
enum outcome sentinel_cmd_masters(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_master(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_nodes(struct exec *x, const struct args *a); /* imm: the kind */
enum outcome sentinel_cmd_get_addr(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_is_down(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_ckquorum(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_myid(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_info_cache(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_pending(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_role(struct exec *x, const struct args *a);

/* cmd_sentinel_change.c: what is changed of masters. */
enum outcome sentinel_cmd_monitor(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_remove(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_set(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_failover(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_reset(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_flushconfig(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_publish(struct exec *x, const struct args *a);

/* cmd_sentinel_config.c: what is changed of the Sentinel itself. */
enum outcome sentinel_cmd_config(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_debug(struct exec *x, const struct args *a);
enum outcome sentinel_cmd_simulate(struct exec *x, const struct args *a);

LK_END

#endif
