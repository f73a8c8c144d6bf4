/*
 * admin_priv.h — the inside of struct admin, for io/admin and its tests.
 */
#ifndef LK_IO_ADMIN_PRIV_H
#define LK_IO_ADMIN_PRIV_H

#include "io/admin/admin.h"
#include "io/admin/info/rate.h"

LK_BEGIN

enum { RUN_ID_CHARS = 40, ADMIN_REPLACED_MAX = 32 };

struct admin {
    struct admin_parts parts;
    char run_id[RUN_ID_CHARS + 1];
    size_t startup_bytes; /* __atomic: mem_used once it had started */
    uint64_t cron_paused; /* __atomic */
    struct {
        uint64_t peak_bytes, rss_bytes, held_peak_bytes, held_since_ms;
        struct rate commands, input, output, cycles, cycles_us;
    } sampled; /* admin_cron writes, others read: relaxed __atomic */
};

/* Peak of used bytes; looks at them now, too. */
uint64_t admin_peak_bytes(struct admin *a);

/* Is the client on this machine, by address? */
bool admin_is_local(const struct session *s);

/* admin_users.c: what the configuration says of users is theirs from now on. */
void admin_begin_users(struct admin *a);
/* CONFIG REWRITE: the users as lines, in text; none if they have a file of their own. */
void admin_append_user_lines(struct admin *a, struct buf *text, struct buf *lines);

/* Families; each ends with a row without name. */
extern const struct command admin_info_commands[];     /* cmd_info.c */
extern const struct command admin_config_commands[];   /* cmd_config.c */
extern const struct command admin_memory_commands[];   /* cmd_memory.c */
extern const struct command admin_debug_commands[];    /* cmd_debug.c */
extern const struct command admin_server_commands[];   /* cmd_server.c */
extern const struct command admin_persist_commands[];  /* cmd_persist.c */
extern const struct command admin_dump_commands[];     /* cmd_dump.c */
extern const struct command admin_function_commands[]; /* cmd_function.c */
extern const struct command admin_module_commands[];   /* cmd_module.c */

LK_END

#endif
