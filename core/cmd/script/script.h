/*
 * script.h — Lua scripts and libraries of functions: what the whole server has of them.
 *
 *   hub: sha1 -> source            one for all workers; immutable, counted by references
 *   worker: one interpreter        made when its first script comes; compiles a source once
 *
 * A worker finds its compiled function only through the source, which says whether it still stands:
 * so +OK of SCRIPT FLUSH holds on every worker at once.
 *
 * Threads  any; the hub's lock is a leaf
 * Memory   a source lives as long as the hub or a worker refers to it
 */
#ifndef LK_CMD_SCRIPT_H
#define LK_CMD_SCRIPT_H

#include "core/cmd/command/command.h"
#include "core/cmd/engine/exec_script.h"

LK_BEGIN

struct script_hub;

struct script_hub *script_hub_new(void);
/* Before the first script: lua-enable-deprecated-api. */
void script_hub_keep_deprecated(struct script_hub *h);
/* All dispatchers are gone. */
void script_hub_free(struct script_hub *h);

/* For engine.hooks.scripts. */
extern const struct script_calls script_engine_calls;

struct script_report {
    uint64_t scripts;      /* cached */
    uint64_t evicted;      /* sources of EVAL that had to go for others */
    uint64_t cache_bytes;  /* of their sources */
    uint64_t vm_bytes;     /* of the interpreters of workers */
    uint64_t vm_all_bytes; /* of the one that all share */
    uint64_t vms;          /* that there are */
    uint64_t functions, libraries;
    uint64_t library_bytes; /* of the sources of libraries */
};
void script_hub_report(struct script_hub *h, struct script_report *out);
void script_hub_reset_stats(struct script_hub *h); /* CONFIG RESETSTAT */

LK_END

#endif
