#include "core/cmd/command/tables.h"

static const struct command *const tables[] = {
    string_commands,      string_set_commands, string_range_commands, string_multi_commands,
    counter_commands,     lcs_commands,        hash_commands,         hash_read_commands,
    hash_ttl_commands,    hash_ex_commands,    set_commands,          set_random_commands,
    set_algebra_commands, zset_add_commands,   zset_read_commands,    zset_range_commands,
    zset_remove_commands, zset_pop_commands,   zset_random_commands,  zset_algebra_commands,
    sort_commands,        bit_commands,        bitop_commands,        bitfield_commands,
    geo_commands,         geo_search_commands, hll_commands,          key_commands,
    expire_commands,      ttl_commands,        rename_commands,       copy_commands,
    scan_commands,        object_commands,     flush_commands,        transaction_commands,
    list_commands,        list_read_commands,  list_edit_commands,    list_move_commands,
    list_block_commands,  stream_commands,     stream_trim_commands,  stream_read_commands,
    xgroup_commands,      xack_commands,       xpending_commands,     xclaim_commands,
    xinfo_commands,       subscribe_commands,  publish_commands,      pubsub_commands,
    eval_commands,        script_commands,     fcall_commands,
};

const struct command *const *command_tables(uint32_t *count)
{
    *count = sizeof tables / sizeof *tables;
    return tables;
}
