/*
 * config_load.c — the configuration as text: lines, includes, and orders to other parts.
 *
 *   line --words--> include           the lines of other files, here and now
 *               --> rename-command .. kept for the part that they are for
 *               --> a row             the draft's member
 *
 * All goes into one draft; it is settled and published when the last line is good.
 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "io/config/config_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

enum { INCLUDE_DEPTH_MAX = 32 };
enum { READ_BYTES = 16 * 1024 };

static const char bad_directive[] = "Bad directive or wrong number of arguments";

static int config_load_fatal(struct buf *out, struct bytes line, int number, const char *why)
{
    buf_printf(out, "\n*** FATAL CONFIG FILE ERROR (Latchkey %s) ***\n", LATCHKEY_VERSION);
    buf_printf(out, "Reading the configuration file, at line %d\n>>> '", number);
    buf_append_bytes(out, line);
    buf_printf(out, "'\n%s\n", why);
    return LK_EFORMAT;
}

void config_directive_fatal(const struct config_directive *d, const char *why, struct buf *out)
{
    (void)config_load_fatal(out, bytes_cstr(d->text), d->line, why);
}

int config_read_fd(int fd, struct buf *out)
{
    for (;;) {
        const ssize_t n = read(fd, buf_reserve(out, READ_BYTES), READ_BYTES);
        if (n == 0)
            return LK_OK;
        if (n > 0)
            out->size += (size_t)n;
        else if (errno != EINTR)
            return LK_EIO;
    }
}

int config_read_file(const char *path, struct buf *out, struct buf *error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const int rc = fd < 0 ? LK_EIO : config_read_fd(fd, out);

    if (rc != LK_OK)
        buf_printf(error, "Fatal error, can't open config file '%s': %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}

static int include_one(struct config_loader *l, const char *path, int depth)
{
    struct buf text = {0};

    int rc = config_read_file(path, &text, l->error);
    if (rc == LK_OK)
        rc = config_load_lines(l, buf_bytes(&text), depth + 1);
    buf_release(&text);
    return rc;
}

/* A pattern that matches nothing includes nothing; a plain name must exist. */
static int config_load_include(struct config_loader *l, const char *path, int depth)
{
    glob_t found = {0};
    int rc = LK_OK;

    if (!strpbrk(path, "*?["))
        return include_one(l, path, depth);
    if (glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && rc == LK_OK; i++)
            rc = include_one(l, found.gl_pathv[i], depth);
    }
    globfree(&found);
    return rc;
}

/* A server whose log goes nowhere must not start: nobody would see why it ends. */
static int try_logfile(const struct config *draft, struct buf *error)
{
    const char *path = draft->logfile;
    if (path[0] == '\0')
        return LK_OK;
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0)
        close(fd);
    else
        buf_printf(error,
                   "\n*** FATAL CONFIG FILE ERROR (Latchkey %s) ***\n"
                   "Can't open the log file: %s\n",
                   LATCHKEY_VERSION, strerror(errno));
    return fd >= 0 ? LK_OK : LK_EFORMAT;
}

/* A directive for another part: how many words it takes, in all. */
struct order {
    const char *name;
    size_t least, most;
    enum config_feature needs;
};
enum { ORDER_RENAME, ORDER_USER, ORDER_MODULE, ORDER_SENTINEL, ORDERS };
static const struct order orders[ORDERS] = {
    [ORDER_RENAME] = {"rename-command", 3, 3, CONFIG_NEEDS_NOTHING},
    [ORDER_USER] = {"user", 2, SIZE_MAX, CONFIG_NEEDS_NOTHING},
    [ORDER_MODULE] = {"loadmodule", 2, SIZE_MAX, CONFIG_NEEDS_MODULES},
    [ORDER_SENTINEL] = {"sentinel", 1, SIZE_MAX, CONFIG_NEEDS_SENTINEL},
};

static const char *keep_order(struct config_loader *l, size_t which, struct bytes line, int number,
                              const struct config_words *w)
{
    if (w->n < orders[which].least || w->n > orders[which].most)
        return bad_directive;
    if (which == ORDER_SENTINEL && !l->edit.draft->sentinel_mode)
        return "sentinel directive while not in sentinel mode";
    const char *why = config_need_unmet_order(l->holder, orders[which].needs);
    if (why)
        return why;
    struct config_directive *d = config_holder_keep(l->holder, line, number, w->v, w->n);
    *l->tail[which] = d;
    l->tail[which] = &d->next;
    return NULL;
}

/* Settings of Redis 2.x that no version reads any more, but that old files still carry. */
static bool is_obsolete(const struct config_words *w)
{
    return w->n == 2 && (bytes_is_word(w->v[0], "list-max-ziplist-entries") ||
                         bytes_is_word(w->v[0], "list-max-ziplist-value"));
}

static const char *load_words(struct config_loader *l, const struct config_words *w,
                              struct bytes line, int number)
{
    bool aliased = false;

    for (size_t i = 0; i < ORDERS; i++) {
        if (bytes_is_word(w->v[0], orders[i].name))
            return keep_order(l, i, line, number, w);
    }
    const struct config_row *row = config_row_find(w->v[0], &aliased);
    if (!row)
        return is_obsolete(w) ? NULL : bad_directive;
    if (!config_edit_set(&l->edit, row, w->v + 1, w->n - 1))
        return l->edit.error;
    return config_need_unmet(l->holder, l->edit.draft, row);
}

static int load_line(struct config_loader *l, struct bytes line, int number, int depth)
{
    struct config_words w = {0};
    const char *why = NULL;
    int rc = LK_OK;

    if (!config_words_split(&w, line))
        why = "Unbalanced quotes in configuration line";
    else if (w.n == 2 && bytes_is_word(w.v[0], "include"))
        rc = depth < INCLUDE_DEPTH_MAX
                 ? config_load_include(l, w.v[1].data, depth)
                 : config_load_fatal(l->error, line, number, "include nested too deeply");
    else if (w.n > 0)
        why = load_words(l, &w, line, number);
    config_words_release(&w);
    return why ? config_load_fatal(l->error, line, number, why) : rc;
}

int config_load_lines(struct config_loader *l, struct bytes text, int depth)
{
    int rc = LK_OK;

    for (int number = 1; rc == LK_OK && text.size > 0; number++) {
        const char *newline = memchr(text.data, '\n', text.size);
        const size_t size = newline ? (size_t)(newline - text.data) : text.size;
        const struct bytes line = config_trim(bytes_of(text.data, size));
        const size_t used = newline ? size + 1 : size;
        text = bytes_of(text.data + used, text.size - used);
        if (line.size > 0 && line.data[0] != '#')
            rc = load_line(l, line, number, depth);
    }
    return rc;
}

int config_load_whole(struct config_holder *h, struct config *draft, struct bytes text,
                      struct buf *error)
{
    struct config_loader l = {
        .holder = h,
        .edit = {.draft = draft, .loading = true},
        .error = error,
        .tail = {[ORDER_RENAME] = &draft->rename_commands,
                 [ORDER_USER] = &draft->users,
                 [ORDER_MODULE] = &draft->modules,
                 [ORDER_SENTINEL] = &draft->sentinel_lines},
    };

    int rc = config_load_lines(&l, text, 0);
    if (rc == LK_OK)
        rc = try_logfile(draft, error);
    if (rc != LK_OK) {
        config_draft_free(draft);
        return rc;
    }
    config_settle(draft, config_holder_cpus(h));
    config_holder_lock(h);
    config_holder_publish(h, draft);
    config_holder_unlock(h);
    return LK_OK;
}

int config_load_text(struct config_holder *h, struct bytes text, struct buf *error)
{
    return config_load_whole(h, config_draft_copy(config_current(h)), text, error);
}
