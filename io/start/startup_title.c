/*
 * startup_title.c — what ps shows.
 *
 *   | argv[0] | argv[1] | … | environment … |      one block, as the kernel lays it out
 *   ^ the title is written over all of it
 *
 * Arguments and environment are copied away first, so that everybody may go on using them.
 *
 * Source   proc(5), /proc/pid/cmdline; environ(7)
 */
#include "io/start/startup.h"

#include "core/base/mem.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static struct {
    char *begin;
    size_t size;
    char **argv; /* the copy */
} room;          /* set once, by startup_title_init */

/* A copy of a list of strings that ends with NULL; it lives as long as the process. */
static char **copy_list(char **from)
{
    size_t n = 0;

    while (from[n])
        n++;
    char **to = mem_calloc((n + 1) * sizeof(char *));
    for (size_t i = 0; i < n; i++)
        to[i] = mem_strdup(from[i]);
    return to;
}

/* Where the strings end that follow each other from end on without a gap. */
static char *startup_title_end_of(char **list, char *end)
{
    for (; *list && *list == end; list++)
        end += strlen(*list) + 1;
    return end;
}

char **startup_title_init(char **argv)
{
    if (!argv[0])
        return argv;
    room.begin = argv[0];
    room.size =
        (size_t)(startup_title_end_of(environ, startup_title_end_of(argv, argv[0])) - argv[0]);
    environ = copy_list(environ);
    room.argv = copy_list(argv);
    return room.argv;
}

void startup_title_set(const char *title)
{
    if (room.size == 0)
        return;
    const size_t size = strlen(title), n = size < room.size ? size : room.size - 1;
    memcpy(room.begin, title, n);
    memset(room.begin + n, 0, room.size - n);
}

/* --- the words ------------------------------------------------------------------------------- */

static void add_listen_address(const struct config *c, struct buf *out)
{
    const char *address = c->bind.n > 0 ? c->bind.v[0] : "*";

    if (address[0] == '-')
        address++; /* "-::1": may be missing */
    if (c->port || c->tls_port)
        buf_printf(out, "%s:%" PRId64, address, c->port ? c->port : c->tls_port);
    else if (c->unixsocket)
        buf_append_cstr(out, c->unixsocket);
}

static void startup_title_add_word(const struct config *c, const char *program, struct bytes word,
                                   struct buf *out)
{
    if (bytes_is_word(word, "title"))
        buf_append_cstr(out, program);
    else if (bytes_is_word(word, "listen-addr"))
        add_listen_address(c, out);
    else if (bytes_is_word(word, "server-mode"))
        buf_append_cstr(out, c->cluster_enabled ? "[cluster]"
                             : c->sentinel_mode ? "[sentinel]"
                                                : "");
    else if (bytes_is_word(word, "port"))
        buf_printf(out, "%" PRId64, c->port);
    else if (bytes_is_word(word, "tls-port"))
        buf_printf(out, "%" PRId64, c->tls_port);
    else if (bytes_is_word(word, "unixsocket"))
        buf_append_cstr(out, c->unixsocket ? c->unixsocket : "");
    else if (bytes_is_word(word, "config-file"))
        buf_append_cstr(out, c->config_file ? c->config_file : "");
}

void startup_title_text(const struct config *c, const char *program, struct buf *out)
{
    const char *p = c->proc_title_template ? c->proc_title_template : "{title}";

    while (*p) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            buf_append_char(out, *p++);
            continue;
        }
        startup_title_add_word(c, program, bytes_of(p + 1, (size_t)(end - p - 1)), out);
        p = end + 1;
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
}

void startup_title_apply(const struct config *c, const char *program)
{
    struct buf text = {0};

    if (!c->set_proc_title)
        return;
    startup_title_text(c, program, &text);
    buf_append_char(&text, '\0');
    startup_title_set(text.data);
    buf_release(&text);
}

void startup_title_follow(void *program, const struct config *before, const struct config *after)
{
    LK_ASSERT(before != NULL && after != NULL);
    if (strcmp(before->proc_title_template ? before->proc_title_template : "",
               after->proc_title_template ? after->proc_title_template : "") != 0)
        startup_title_apply(after, program);
}
