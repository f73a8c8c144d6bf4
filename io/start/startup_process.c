/*
 * startup_process.c — what the process asks of the system before it serves anybody.
 *
 * A server with maxclients connections needs RESERVED_FILES more: log, files of persistence,
 * listeners, and what the workers' nets and wake-ups take.
 */
#include "io/start/startup.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { RESERVED_FILES = 32 };

char *startup_executable(void)
{
    char path[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n <= 0)
        return NULL;
    path[n] = '\0';
    return mem_strdup(path);
}

/* --- open files ------------------------------------------------------------------------------ */

/*
 * The highest soft limit up to wanted that the system grants; *why is the errno if that is less.
 * Only the privileged may pass the hard limit; up to it, everybody may go.
 */
static rlim_t raise_files(rlim_t wanted, rlim_t soft, rlim_t hard, int *why)
{
    const struct rlimit all = {wanted, wanted > hard ? wanted : hard}, some = {hard, hard};

    if (setrlimit(RLIMIT_NOFILE, &all) == 0)
        return wanted;
    *why = errno;
    if (hard > soft && hard < wanted && setrlimit(RLIMIT_NOFILE, &some) == 0)
        return hard;
    return soft;
}

int64_t startup_allow_clients(int64_t maxclients)
{
    struct rlimit l;
    int why = 0;

    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        return maxclients;
    const rlim_t wanted = (rlim_t)maxclients + RESERVED_FILES;
    const rlim_t got =
        l.rlim_cur >= wanted ? wanted : raise_files(wanted, l.rlim_cur, l.rlim_max, &why);
    return (int64_t)got - RESERVED_FILES;
}

int64_t startup_limit_clients(int64_t maxclients)
{
    const unsigned long long wanted = (unsigned long long)maxclients + RESERVED_FILES;
    struct rlimit l;
    int why = 0;

    if (getrlimit(RLIMIT_NOFILE, &l) != 0) {
        trace_line(TRACE_WARNING,
                   "Unable to obtain the current NOFILE limit (%s), trusting that %" PRId64
                   " clients fit",
                   strerror(errno), maxclients);
        return maxclients;
    }
    const unsigned long long soft = l.rlim_cur;
    if (soft >= wanted)
        return maxclients;
    const unsigned long long got = raise_files(wanted, l.rlim_cur, l.rlim_max, &why);
    if (got >= wanted) {
        trace_line(
            TRACE_NOTICE,
            "Increased maximum number of open files to %llu (it was originally set to %llu).",
            wanted, soft);
        return maxclients;
    }
    if (got <= RESERVED_FILES) {
        trace_line(TRACE_WARNING,
                   "Your current 'ulimit -n' of %llu is not enough for the server to start. Please "
                   "increase your open file limit to at least %llu. Exiting.",
                   soft, wanted);
        return 0;
    }
    const int64_t fits = (int64_t)got - RESERVED_FILES;
    trace_line(TRACE_WARNING,
               "You requested maxclients of %" PRId64
               " requiring at least %llu max file descriptors.",
               maxclients, wanted);
    trace_line(TRACE_WARNING,
               "Server can't set maximum open files to %llu because of OS error: %s.", wanted,
               strerror(why));
    trace_line(TRACE_WARNING,
               "Current maximum open files is %llu. maxclients has been reduced to %" PRId64
               " to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.",
               got, fits);
    return fits;
}

/* --- daemon and pid file --------------------------------------------------------------------- */

int startup_daemonize(void)
{
    const pid_t child = fork();

    if (child < 0)
        return LK_EIO;
    if (child > 0)
        _exit(0); /* what is buffered is the child's to write */
    setsid();
    const int null = open("/dev/null", O_RDWR);
    if (null < 0)
        return LK_OK;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
    return LK_OK;
}

const char *startup_pidfile(const struct config *c)
{
    if (c->pidfile && c->pidfile[0])
        return c->pidfile;
    return c->daemonize ? "/var/run/redis.pid" : NULL;
}

void startup_pidfile_write(const char *path)
{
    FILE *f = fopen(path, "we");

    if (f) {
        const bool written = fprintf(f, "%d\n", (int)getpid()) > 0;
        if (fclose(f) == 0 && written)
            return;
    }
    trace_line(TRACE_WARNING, "Failed to write PID file %s: %s", path, strerror(errno));
}

/* --- preferences ----------------------------------------------------------------------------- */

void startup_apply_process(const struct config *c)
{
    if (c->disable_thp && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
        trace_line(TRACE_WARNING, "Unable to disable transparent huge pages: %s", strerror(errno));
    if (!setlocale(LC_COLLATE, c->locale_collate ? c->locale_collate : ""))
        trace_line(TRACE_WARNING, "Failed to set collation locale %s",
                   c->locale_collate ? c->locale_collate : "");
    (void)startup_oom_follow(NULL, NULL, c);
}
