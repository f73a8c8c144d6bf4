/*
 * conf.c — what is kept of a master beside the machine: passwords, scripts, renamed commands.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <strings.h>

struct master_conf *conf_of(struct sentinel_service *v, const char *name)
{
    struct master_conf *c = v->confs;
    while (c && strcmp(c->name, name) != 0)
        c = c->next;
    if (c)
        return c;
    LK_ASSERT(strlen(name) < SENTINEL_NAME_MAX);
    c = mem_new(struct master_conf);
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->next = v->confs;
    v->confs = c;
    return c;
}

void conf_remove(struct sentinel_service *v, const char *name)
{
    struct master_conf **at = &v->confs;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    struct master_conf *c = *at;
    if (!c)
        return;
    *at = c->next;
    while (c->renamed) {
        struct renamed *r = c->renamed;
        c->renamed = r->next;
        buf_release(&r->from);
        buf_release(&r->to);
        mem_delete(r);
    }
    buf_release(&c->auth_user);
    buf_release(&c->auth_pass);
    buf_release(&c->notify);
    buf_release(&c->reconfigure);
    mem_delete(c);
}

struct bytes conf_renamed(const struct master_conf *c, struct bytes command)
{
    for (const struct renamed *r = c->renamed; r; r = r->next)
        if (r->from.size == command.size &&
            strncasecmp(r->from.data, command.data, command.size) == 0)
            return buf_bytes(&r->to);
    return command;
}

void conf_print_word(struct bytes text, struct buf *out)
{
    bool plain = text.size > 0;
    for (size_t i = 0; i < text.size; i++)
        plain &= text.data[i] > ' ' && text.data[i] < 127 && !strchr("\"'\\#", text.data[i]);
    if (plain)
        buf_append_bytes(out, text);
    else
        config_quote(text, out);
}

void conf_print_head(const char *kind, const char *master, struct buf *out)
{
    buf_printf(out, "sentinel %s ", kind);
    conf_print_word(bytes_cstr(master), out);
    buf_append_char(out, ' ');
}
