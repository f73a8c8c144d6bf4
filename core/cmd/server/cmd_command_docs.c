/*
 * cmd_command_docs.c — COMMAND DOCS: what commands are for and what they take.
 *
 * redis-cli asks for all of it when it starts, for its hints and its help.
 */
#include "core/cmd/command/command_syntax.h"
#include "core/cmd/command/docs/command_docs.h"
#include "core/cmd/server/cmd_command.h"

static uint64_t reply_text(struct reply *r, const char *name, const char *text)
{
    if (!text)
        return 0;
    reply_bulk_cstr(r, name);
    reply_bulk_cstr(r, text);
    return 1;
}

static uint64_t reply_doc_flags(struct reply *r, const struct command_doc *doc)
{
    if (!doc->deprecated && !doc->system)
        return 0;
    reply_bulk_cstr(r, "doc_flags");
    reply_set(r, (uint64_t)(doc->deprecated != NULL) + doc->system);
    if (doc->deprecated)
        reply_simple(r, "deprecated");
    if (doc->system)
        reply_simple(r, "syscmd");
    return 1;
}

static void reply_doc(struct reply *r, const struct command_info *c)
{
    static const struct command_doc unknown = {.summary = ""};
    const char *group = "generic";
    const struct command_doc *doc = command_doc_find(c->full_name, &group);
    if (!doc)
        doc = &unknown;
    reply_bulk_cstr(r, c->full_name);
    const size_t head = reply_begin_deferred(r);
    uint64_t n = 0;
    n += reply_text(r, "summary", doc->summary);
    n += reply_text(r, "since", doc->since);
    n += reply_text(r, "group", group);
    n += reply_text(r, "complexity", doc->complexity);
    n += reply_doc_flags(r, doc);
    n += reply_text(r, "deprecated_since", doc->deprecated);
    n += reply_text(r, "replaced_by", doc->instead);
    if (doc->arguments) {
        reply_bulk_cstr(r, "arguments");
        reply_command_syntax(r, doc->arguments);
        n++;
    }
    if (c->subcommand_count > 0) {
        reply_bulk_cstr(r, "subcommands");
        reply_map(r, c->subcommand_count);
        for (uint32_t i = 0; i < c->subcommand_count; i++)
            reply_doc(r, &c->subcommands[i]);
        n++;
    }
    reply_end_deferred(r, head, REPLY_MAP, n);
}

enum outcome command_docs(struct exec *x, const struct args *a)
{
    const struct command_index *ix = commands_of(x);
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t n = 0;
    for (uint32_t i = 0; a->n == 2 && i < command_index_top_count(ix); i++) {
        const struct command_info *c = command_index_top(ix, i);
        if (c->name[0] == '\0')
            continue; /* hidden by rename-command */
        reply_doc(x->reply, c);
        n++;
    }
    for (uint32_t i = 2; i < a->n; i++) {
        const struct command_info *c = command_index_lookup(ix, a->v[i]);
        if (!c)
            continue;
        reply_doc(x->reply, c);
        n++;
    }
    reply_end_deferred(x->reply, head, REPLY_MAP, n);
    return RUN_DONE;
}
