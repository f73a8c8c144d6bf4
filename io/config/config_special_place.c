/*
 * config_special_place.c — directives that name a place: bind, replicaof, dir.
 */
#include "core/base/mem.h"
#include "io/config/config_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* A word as a line can carry it: quoted if it must be. */
static void append_word(const char *word, struct buf *out)
{
    bool plain = word[0] != '\0';

    for (const char *p = word; *p; p++)
        plain &= *p > ' ' && *p <= '~' && !strchr("\"'\\", *p);
    if (plain)
        buf_append_cstr(out, word);
    else
        config_quote(bytes_cstr(word), out);
}

/* --- bind: one blob holds the pointers and, behind them, the strings -------------------------- */

static bool bind_set(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                     size_t n)
{
    struct config_strings *bind = &e->draft->bind;
    size_t size = n * sizeof(char *);

    (void)row;
    if (n > CONFIG_BIND_MAX)
        return config_refuse(e, "Too many bind addresses specified.");
    if (n == 1 && v[0].size == 0)
        n = 0;
    for (size_t i = 0; i < n; i++)
        size += v[i].size + 1;
    const char **list = n > 0 ? config_blob_new(size) : NULL;
    char *text = (char *)(list + n);
    for (size_t i = 0; i < n; i++) {
        memcpy(text, v[i].data, v[i].size);
        list[i] = text;
        text += v[i].size + 1;
    }
    config_blob_drop(bind->v);
    bind->v = list;
    bind->n = n;
    return true;
}

static void bind_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    (void)row;
    for (size_t i = 0; i < c->bind.n; i++)
        buf_printf(out, "%s%s", i ? " " : "", c->bind.v[i]);
}

static void bind_lines(const struct config *c, const struct config_row *row, struct buf *out)
{
    buf_append_cstr(out, row->name);
    for (size_t i = 0; i < c->bind.n; i++) {
        buf_append_char(out, ' ');
        append_word(c->bind.v[i], out);
    }
    buf_append_cstr(out, c->bind.n == 0 ? " \"\"\n" : "\n");
}

const struct config_special config_special_bind = {bind_set, bind_show, bind_lines};

/* --- replicaof: host port, or no one ---------------------------------------------------------- */

static bool replicaof_set(struct config_edit *e, const struct config_row *row,
                          const struct bytes *v, size_t n)
{
    char *host = NULL;
    int64_t port = 0;

    (void)row;
    if (n != 2)
        return config_refuse(e, "wrong number of arguments");
    if (!bytes_is_word(v[0], "no") || !bytes_is_word(v[1], "one")) {
        if (!config_parse_long(v[1], &port) || port < 0 || port > 65535)
            return config_refuse(e, "Invalid master port");
        host = config_blob_new(v[0].size + 1);
        memcpy(host, v[0].data, v[0].size);
    }
    config_blob_drop(e->draft->replicaof_host);
    e->draft->replicaof_host = host;
    e->draft->replicaof_port = port;
    return true;
}

static void replicaof_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    (void)row;
    if (c->replicaof_host)
        buf_printf(out, "%s %" PRId64, c->replicaof_host, c->replicaof_port);
}

static void replicaof_lines(const struct config *c, const struct config_row *row, struct buf *out)
{
    if (!c->replicaof_host)
        return;
    buf_printf(out, "%s ", row->name);
    append_word(c->replicaof_host, out);
    buf_printf(out, " %" PRId64 "\n", c->replicaof_port);
}

const struct config_special config_special_replicaof = {replicaof_set, replicaof_show,
                                                        replicaof_lines};

/* --- dir: the process goes there at once ------------------------------------------------------ */

static bool dir_set(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                    size_t n)
{
    char path[PATH_MAX];

    (void)row;
    (void)n;
    if (v[0].size >= sizeof path)
        return config_refuse(e, "%s", strerror(ENAMETOOLONG));
    memcpy(path, v[0].data, v[0].size);
    path[v[0].size] = '\0';
    if (chdir(path) != 0 || !getcwd(path, sizeof path))
        return config_refuse(e, "%s", strerror(errno));
    char *copy = config_blob_new(strlen(path) + 1);
    strcpy(copy, path);
    config_blob_drop(e->draft->dir);
    e->draft->dir = copy;
    return true;
}

static void dir_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    (void)row;
    buf_append_cstr(out, c->dir);
}

static void dir_lines(const struct config *c, const struct config_row *row, struct buf *out)
{
    buf_printf(out, "%s ", row->name);
    config_quote(bytes_cstr(c->dir), out);
    buf_append_char(out, '\n');
}

const struct config_special config_special_dir = {dir_set, dir_show, dir_lines};
