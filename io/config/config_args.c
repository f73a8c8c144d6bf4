/*
 * config_args.c — the command line as lines of configuration.
 *
 *   latchkey-server my.conf --save 900 1 --port 7000 -
 *                   |       |                        |
 *                   file  + options, quoted          standard input, between the two
 *
 * An option's first word is its value even if it begins with "--"; from the second on, "--" begins
 * the next option.  An option that brings its value in the same argument ("--port 7000" in quotes)
 * has had its first word.  --save alone means --save "", and --sentinel takes no value.
 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "io/config/config_priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum config_request config_request_of(int argc, char *const *argv)
{
    static const struct {
        const char *word;
        enum config_request request;
    } known[] = {
        {"-v", CONFIG_REQUEST_VERSION},
        {"--version", CONFIG_REQUEST_VERSION},
        {"-h", CONFIG_REQUEST_HELP},
        {"--help", CONFIG_REQUEST_HELP},
        {"--test-memory", CONFIG_REQUEST_TEST_MEMORY},
        {"--check-system", CONFIG_REQUEST_CHECK_SYSTEM},
    };

    for (size_t i = 0; argc > 1 && i < sizeof known / sizeof *known; i++) {
        if (strcmp(argv[1], known[i].word) == 0)
            return known[i].request;
    }
    return CONFIG_REQUEST_RUN;
}

static bool begins_option(const char *arg)
{
    return strncmp(arg, "--", 2) == 0;
}

/* How many words the option's own argument holds. */
static size_t words_in(const char *arg)
{
    struct config_words w = {0};
    const size_t n = config_words_split(&w, bytes_cstr(arg)) ? w.n : 2;

    config_words_release(&w);
    return n;
}

/* Options as lines; each but the first ends the line before. */
static void append_options(int argc, char *const *argv, struct buf *text)
{
    const size_t begin = text->size;
    bool wants_value = false;

    for (int i = 0; i < argc; i++) {
        const bool option = begins_option(argv[i]) && !wants_value;
        if (!option) {
            config_quote(bytes_cstr(argv[i]), text);
            buf_append_char(text, ' ');
            wants_value = false;
            continue;
        }
        const struct bytes name = bytes_cstr(argv[i] + 2);
        const bool last = i + 1 == argc;
        if (bytes_is_word(name, "sentinel"))
            continue;
        if (text->size > begin)
            buf_append_char(text, '\n');
        buf_append_bytes(text, name);
        buf_append_char(text, ' ');
        wants_value = words_in(argv[i] + 2) == 1;
        if (bytes_is_word(name, "save") && (last || begins_option(argv[i + 1]))) {
            buf_append_cstr(text, "\"\"");
            wants_value = false;
        }
    }
    buf_append_char(text, '\n');
}

/* The path from the root, as `dir` may leave the directory in which we stand. */
static const char *config_args_absolute(struct config_holder *h, const char *path, const char *dir)
{
    struct buf whole = {0};

    if (path[0] != '/')
        buf_printf(&whole, "%s/", strcmp(dir, "/") == 0 ? "" : dir);
    buf_append_cstr(&whole, path);
    const char *kept = config_holder_keep_string(h, buf_bytes(&whole));
    buf_release(&whole);
    return kept;
}

static bool asks_for_sentinel(int argc, char *const *argv)
{
    static const char suffix[] = "-sentinel";
    const size_t size = argc > 0 ? strlen(argv[0]) : 0;
    bool found =
        size >= sizeof suffix - 1 && strcmp(argv[0] + size - (sizeof suffix - 1), suffix) == 0;

    for (int i = 1; i < argc; i++)
        found |= strcmp(argv[i], "--sentinel") == 0;
    return found;
}

int config_load_args(struct config_holder *h, int argc, char *const *argv, int stdin_fd,
                     struct buf *error)
{
    struct config *draft = config_draft_copy(config_current(h));
    struct buf text = {0};
    int first = 1, rc = LK_OK;

    draft->sentinel_mode = asks_for_sentinel(argc, argv);
    if (draft->sentinel_mode) {
        draft->port = 26379;
        draft->protected_mode = false;
    }
    if (draft->sentinel_mode && !config_has(h, CONFIG_NEEDS_SENTINEL)) {
        buf_append_cstr(error, "Fatal error, this server does not support Sentinel mode");
        config_draft_free(draft);
        return LK_EIO;
    }
    if (argc > 1 && argv[1][0] != '-') {
        draft->config_file = config_args_absolute(h, argv[1], draft->dir);
        rc = config_read_file(draft->config_file, &text, error);
        first = 2;
    }
    const bool dash_first = argc > 1 && strcmp(argv[1], "-") == 0;
    const bool dash_last = argc > 1 && strcmp(argv[argc - 1], "-") == 0;
    if (rc == LK_OK && (dash_first || dash_last)) {
        rc = config_read_fd(stdin_fd, &text);
        if (rc != LK_OK)
            buf_printf(error, "Fatal error, can't read standard input: %s", strerror(errno));
        first += dash_first;
        argc -= dash_last;
    }
    if (argc > first) {
        /* The file's last line may lack its newline; the options begin below it either way. */
        buf_append_char(&text, '\n');
        append_options(argc - first, argv + first, &text);
    }
    if (rc == LK_OK)
        rc = config_load_whole(h, draft, buf_bytes(&text), error);
    else
        config_draft_free(draft);
    buf_release(&text);
    return rc;
}
