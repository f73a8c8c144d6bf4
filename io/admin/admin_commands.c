/*
 * admin_commands.c — the rows of all commands that steer the server.
 */
#include "io/admin/admin_priv.h"

void admin_add_commands(struct command_index *ix)
{
    command_index_add(ix, admin_info_commands);
    command_index_add(ix, admin_config_commands);
    command_index_add(ix, admin_memory_commands);
    command_index_add(ix, admin_debug_commands);
    command_index_add(ix, admin_server_commands);
    command_index_add(ix, admin_persist_commands);
    command_index_add(ix, admin_dump_commands);
    command_index_add(ix, admin_function_commands);
    command_index_add(ix, admin_module_commands);
}
