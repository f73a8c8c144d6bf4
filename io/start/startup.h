/*
 * startup.h — how the process comes up, is stopped from outside, and dies.
 *
 *   read configuration --> startup_supervise --> startup_daemonize --> startup_pidfile_write
 *   --> startup_crash_install --> startup_signals_start --> … threads, sockets …
 *   --> startup_ready --> … --> startup_stopping
 *
 * Threads  main's, before there are others, unless a call says any
 */
#ifndef LK_IO_STARTUP_H
#define LK_IO_STARTUP_H

#include "core/base/buf.h"
#include "io/config/config.h"

LK_BEGIN

/* --- words (startup_text.c) ------------------------------------------------------------------ */

/* "Latchkey server v=0.1.0 sha=…" and a line end, as --version prints it. */
void startup_version_text(struct buf *out);
/* The hexadecimal word behind "build=". */
uint64_t startup_build_id(void);
void startup_help_text(const char *program, struct buf *out);

/* The first lines of the log; with_arguments: there was a file or an option. */
void startup_log_begin(const struct config *c, bool with_arguments, const char *program);
/* Version, mode, port and PID: a picture on a terminal or if asked for, else a line. */
void startup_log_banner(const struct config *c, uint32_t workers, const char *backend);
/* What the operator may want to change about the machine; the backlog is listen_check_backlog's. */
void startup_log_warnings(const struct config *c);
/* "Server initialized" */
void startup_log_initialized(void);
/* "Ready to accept connections", and tells the supervisor; mode as startup_supervise gave it. */
void startup_ready(const struct config *c, int mode);
/* "User requested shutdown..." */
void startup_log_shutdown(void);
/* Takes the pid file away (NULL: there is none), says goodbye to log and supervisor. */
void startup_goodbye(const char *pidfile, int mode);

/* --- the process (startup_process.c) --------------------------------------------------------- */

/* Absolute path of the running program, mem_strdup; NULL if the system does not say. */
char *startup_executable(void);

/*
 * Raises the limit of open files so that there is room for maxclients, or as far as the system
 * lets it.  Returns how many clients there is room for; any thread.  Logs nothing.
 */
int64_t startup_allow_clients(int64_t maxclients);
/* The same with the log lines; less than 1: not enough to run at all. */
int64_t startup_limit_clients(int64_t maxclients);

/* Parent exits at once; the child leaves the terminal.  LK_EIO */
LK_MUST_USE int startup_daemonize(void);

/* Where the PID goes, NULL if nowhere: pidfile, or a default for a daemon. */
const char *startup_pidfile(const struct config *c);
void startup_pidfile_write(const char *path); /* failure is logged and else ignored */

/* Scheduling and memory preferences: transparent huge pages, oom-score-adj, locale. */
void startup_apply_process(const struct config *c);

/*
 * Makes the kernel's score what `after` says, and gives it back where that says no: at the start
 * (before is NULL), and as a hook of the configuration.  NULL, or why it cannot; the log says more.
 */
const char *startup_oom_follow(void *ctx, const struct config *before, const struct config *after);

/* The server has become a replica, or is none any more; any thread. */
void startup_oom_follow_role(const struct config *c, bool replica);

/* --- what ps shows (startup_title.c) --------------------------------------------------------- */

/*
 * Makes the room of argv and environment free for a title; the first call of main.  Returns the
 * arguments to use instead.
 */
char **startup_title_init(char **argv);
void startup_title_set(const char *title); /* cut to the room there is */
/* proc-title-template with its {words} filled in. */
void startup_title_text(const struct config *c, const char *program, struct buf *out);
/* Both, if set-proc-title says so. */
void startup_title_apply(const struct config *c, const char *program);
/* A hook of the configuration; ctx is the program's name. */
void startup_title_follow(void *program, const struct config *before, const struct config *after);

/* --- supervisors (startup_supervise.c) ------------------------------------------------------- */

/* enum config_supervised as found out: upstart, systemd or no. */
int startup_supervise(const struct config *c);
const char *startup_supervised_name(int mode);
/* A datagram to $NOTIFY_SOCKET; false if there is none or it does not listen.  Any thread. */
bool startup_notify(const char *state);

/* --- signals (startup_signals.c) ------------------------------------------------------------- */

/*
 * Ignores SIGHUP and SIGPIPE and starts a thread that waits for SIGTERM and SIGINT, which are
 * blocked in the caller and in all threads that it makes from now on.  stop is called on that
 * thread, with the flags of shutdown-on-sigterm or -sigint; a second SIGINT ends the process at
 * once, with exit code 1.
 */
void startup_signals_start(const struct config *c, void (*stop)(void *ctx, unsigned flags),
                           void *ctx);
/* shutdown-on-sigint and -sigterm are what they are now; any thread. */
void startup_signals_follow(const struct config *c);
void startup_signals_end(void); /* stops the thread, and so the watchdog */

/*
 * The watchdog: look is called on the signals' thread, several times a period, with the period; it
 * raises SIGALRM in whoever has been at one thing for longer, which startup_crash.c shows.
 */
struct startup_watch {
    void (*look)(void *ctx, uint64_t most_ns);
    void *ctx;
};
void startup_watch_begin(const struct startup_watch *watch); /* behind startup_signals_start */
void startup_watch_period(int64_t period_ms);                /* 0: none; any thread, cheap */

/* --- crash report (startup_crash.c) ---------------------------------------------------------- */

/*
 * From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write a report to the log (an empty path:
 * standard output) before they end the process as they always do.
 */
void startup_crash_install(const char *logfile);
/*
 * For each thread that blocks signals or recurses: lets these signals through, and gives the report
 * a stack of its own, so that it can tell of an overflow.
 */
void startup_crash_thread(void);

LK_END

#endif
