/*
 * cmd_client.h — what the commands about clients share.
 */
#ifndef LK_CMD_CMD_CLIENT_H
#define LK_CMD_CMD_CLIENT_H

#include "core/cmd/engine/client_info.h"
#include "core/cmd/engine/exec.h"

LK_BEGIN

struct engine;

/*
 * May text be a name in CLIENT LIST's lines?  Writes "ERR <what> cannot contain …" and returns
 * false if it may not.
 */
bool client_check_word(struct exec *x, struct bytes text, const char *what);

/* registry_set_text for this session. */
void client_set_text(struct exec *x, char **field, struct bytes text);

/* Writes the error line and returns false if no type has that name. */
bool client_type_parse(struct exec *x, struct bytes name, enum client_type *out);

/* cmd_client_list.c */
command_run client_info, client_list;
/* cmd_client_kill.c */
command_run client_kill;
/* cmd_tracking.c */
command_run client_tracking, client_caching, client_getredir, client_trackinginfo;
/* cmd_client_pause.c */
command_run client_pause, client_unpause;

LK_END

#endif
