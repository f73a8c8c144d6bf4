/*
 * cmd_info.c — INFO [section ...].
 *
 * No section, or "default": the usual ones; "all" and "everything": every one.  Words that name
 * none are passed over.
 */
#include "io/admin/info/info.h"

static uint64_t sections_of(struct bytes word, bool has_tls)
{
    const bool usual = bytes_is_word(word, "default");
    const bool all = bytes_is_word(word, "all") || bytes_is_word(word, "everything");
    uint64_t sections = 0;

    for (uint32_t s = 0; info_sections[s].name; s++) {
        const struct info_section *row = &info_sections[s];
        const bool had = !row->of_tls || has_tls;
        if ((usual && row->by_default && had) || (all && row->in_all && had) ||
            bytes_is_word(word, row->name))
            sections |= UINT64_C(1) << s;
    }
    return sections;
}

static enum outcome info_command(struct exec *x, const struct args *a)
{
    const bool tls = info_has_tls(x->admin);
    uint64_t sections = a->n == 1 ? sections_of(bytes_cstr("default"), tls) : 0;
    struct buf text = {0};

    for (uint32_t i = 1; i < a->n; i++)
        sections |= sections_of(a->v[i], tls);
    const enum outcome outcome = info_write(x, sections, &text);
    if (outcome == RUN_DONE)
        reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
    return outcome;
}

const struct command admin_info_commands[] = {
    {"info", .arity = -1, .flags = CMD_LOADING | CMD_STALE | CMD_EACH_SHARD,
     .categories = CAT_DANGEROUS, .run = info_command},
    {0},
};
