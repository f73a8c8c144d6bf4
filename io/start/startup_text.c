/*
 * startup_text.c — what is said at the beginning and at the end.
 *
 * Scripts and supervisors wait for some of these lines, so their words are Redis' where a tool may
 * match on them: "Configuration loaded", "Server initialized", "Ready to accept connections",
 * "PID: n", "bye bye".
 */
#include "io/start/startup.h"

#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/command/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A number that differs between builds that differ: FNV-1a over version and compiler. */
uint64_t startup_build_id(void)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (const char *p = LATCHKEY_VERSION " " REDIS_VERSION " " __VERSION__; *p; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return h;
}

void startup_version_text(struct buf *out)
{
    buf_printf(out,
               "Latchkey server v=%s sha=00000000:0 malloc=%s bits=%zu build=%" PRIx64
               " (Redis %s compatible)\n",
               LATCHKEY_VERSION, mem_allocator_name(), sizeof(void *) * 8, startup_build_id(),
               REDIS_VERSION);
}

void startup_help_text(const char *program, struct buf *out)
{
    static const char *const lines[] = {
        " [file] [--directive value ...] [-]",
        " -                        configuration from standard input",
        " -v, --version",
        " -h, --help",
        NULL,
    };

    for (int i = 0; lines[i]; i++)
        buf_printf(out, "%s%s%s\n", i ? "       " : "Usage: ", program, lines[i]);
    buf_printf(out,
               "\nAny directive of the configuration file may be given as an option; options win"
               " over the file.\n\n"
               "Examples:\n"
               "       %s\n"
               "       %s /etc/redis/redis.conf\n"
               "       %s --port 7000 --io-threads 4 --save \"\"\n"
               "       echo \"maxmemory 1gb\" | %s -\n",
               program, program, program, program);
}

void startup_log_begin(const struct config *c, bool with_arguments, const char *program)
{
    trace_line(TRACE_WARNING, "oO0OoO0OoO0Oo Latchkey is starting oO0OoO0OoO0Oo");
    trace_line(TRACE_WARNING, "Latchkey version=%s, bits=%zu, pid=%d, just started",
               LATCHKEY_VERSION, sizeof(void *) * 8, (int)getpid());
    if (with_arguments)
        trace_line(TRACE_WARNING, "Configuration loaded");
    else
        trace_line(
            TRACE_WARNING,
            "Warning: no config file specified, using the default config. In order to specify "
            "a config file use %s /path/to/%s.conf",
            program, c->sentinel_mode ? "sentinel" : "redis");
}

static const char *mode_of(const struct config *c)
{
    return c->cluster_enabled ? "cluster" : c->sentinel_mode ? "sentinel" : "standalone";
}

static void startup_text_draw(const struct config *c, int64_t port, uint32_t workers,
                              const char *backend, struct buf *out)
{
    buf_printf(out,
               "\n"
               "       .-------.\n"
               "      /  .---.  \\        Latchkey %s (Redis %s compatible) %zu bit\n"
               "     |  /     \\  |\n"
               "     |  |     |  |       Running in %s mode\n"
               "   .-'--'-----'--'-.     Port: %" PRId64 "\n"
               "   |      .-.      |     PID: %d\n"
               "   |      '-'      |     Workers: %u (%s)\n"
               "   |       #       |\n"
               "   '---------------'\n\n",
               LATCHKEY_VERSION, REDIS_VERSION, sizeof(void *) * 8, mode_of(c), port, (int)getpid(),
               workers, backend);
}

/* A picture goes to a terminal that is the log; to a file or the system's log only if asked for. */
static bool wants_picture(const struct config *c)
{
    const bool to_output = !c->logfile || c->logfile[0] == '\0';

    return c->always_show_logo || (to_output && !c->syslog_enabled && isatty(STDOUT_FILENO));
}

void startup_log_banner(const struct config *c, uint32_t workers, const char *backend)
{
    const int64_t port = c->port ? c->port : c->tls_port;

    if (!wants_picture(c)) {
        trace_line(TRACE_NOTICE, "Running mode=%s, port=%" PRId64 ".", mode_of(c), port);
        trace_line(TRACE_NOTICE, "Workers: %u (%s), Port: %" PRId64 ", PID: %d", workers, backend,
                   port, (int)getpid());
        return;
    }
    struct buf picture = {0};
    startup_text_draw(c, port, workers, backend, &picture);
    trace_line(TRACE_NOTICE, "%.*s", (int)picture.size, picture.data);
    buf_release(&picture);
}

/* The kernel marks the chosen mode: "[always] madvise never". */
static bool huge_pages_always(void)
{
    FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
    char text[64] = "";

    if (!f)
        return false;
    const bool read = fgets(text, sizeof text, f) != NULL;
    fclose(f);
    return read && strstr(text, "[always]") != NULL;
}

void startup_log_warnings(const struct config *c)
{
    if (!c->disable_thp && huge_pages_always())
        trace_line(TRACE_WARNING,
                   "WARNING You have Transparent Huge Pages (THP) support enabled in your kernel, "
                   "and disable-thp is no: memory that is given back in small pieces may stay in "
                   "use.");
}

void startup_log_initialized(void)
{
    trace_line(TRACE_NOTICE, "Server initialized");
}

void startup_ready(const struct config *c, int mode)
{
    if (c->port > 0)
        trace_line(TRACE_NOTICE, "Ready to accept connections tcp");
    if (c->tls_port > 0)
        trace_line(TRACE_NOTICE, "Ready to accept connections tls");
    if (c->unixsocket)
        trace_line(TRACE_NOTICE, "Ready to accept connections unix");
    if (mode == CONFIG_SUPERVISED_SYSTEMD)
        startup_notify("STATUS=Ready to accept connections\nREADY=1\n");
}

void startup_log_shutdown(void)
{
    trace_line(TRACE_WARNING, "User requested shutdown...");
}

void startup_goodbye(const char *pidfile, int mode)
{
    if (mode == CONFIG_SUPERVISED_SYSTEMD)
        startup_notify("STOPPING=1\n");
    if (pidfile) {
        trace_line(TRACE_NOTICE, "Removing the pid file.");
        unlink(pidfile);
    }
    trace_line(TRACE_WARNING, "Latchkey is now ready to exit, bye bye...");
}
