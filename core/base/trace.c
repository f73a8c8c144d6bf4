/*
 * trace.c — one line, one write.
 *
 * A line is put together on the stack and handed to the kernel with a single append, so threads
 * need no lock to keep their lines apart, and none waits for another's disk.  LINE_BYTES is
 * PIPE_BUF, up to which this holds for pipes as well; a longer line is cut.
 */
#include "core/base/trace.h"
#include "core/base/clock.h"
#include "core/base/trace_priv.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = PIPE_BUF, STACK_FRAMES = 64 };

/* Relaxed: a change may be seen a line late. */
static _Atomic int min_level = TRACE_NOTICE;
static _Atomic char role = 'M';
static _Atomic bool to_syslog;

static pthread_mutex_t path_mutex = PTHREAD_MUTEX_INITIALIZER;
static char path[PATH_MAX]; /* hold path_mutex; empty is standard output */

/* Opens where the line goes; *close_it says whether it was opened for it.  -1 if it cannot be. */
static int target_open(bool *close_it)
{
    char copy[PATH_MAX];

    pthread_mutex_lock(&path_mutex);
    memcpy(copy, path, strlen(path) + 1);
    pthread_mutex_unlock(&path_mutex);

    *close_it = copy[0] != '\0';
    if (!*close_it)
        return STDOUT_FILENO;
    return open(copy, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

static void target_write(const char *line, size_t size)
{
    bool close_it;
    const int fd = target_open(&close_it);

    if (fd < 0)
        return;
    while (size > 0) {
        const ssize_t n = write(fd, line, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* there is nowhere to say that nothing can be said */
        line += n;
        size -= (size_t)n;
    }
    if (close_it)
        close(fd);
}

/* "PID:ROLE DAY MON YEAR HH:MM:SS.mmm LEVEL "; the month is English whatever the locale. */
static int prefix_print(char *out, size_t size, enum trace_level level)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int64_t now_ms = clock_unix_ms();
    const time_t seconds = (time_t)(now_ms / 1000);
    struct tm t;

    localtime_r(&seconds, &t);
    return snprintf(out, size, "%d:%c %02d %s %d %02d:%02d:%02d.%03d %c ", (int)getpid(),
                    atomic_load_explicit(&role, memory_order_relaxed), t.tm_mday, months[t.tm_mon],
                    t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec, (int)(now_ms % 1000),
                    ".-*#"[level]);
}

void trace_line(enum trace_level level, const char *format, ...)
{
    char line[LINE_BYTES];
    const int saved_errno = errno;
    va_list args;

    if ((int)level < atomic_load_explicit(&min_level, memory_order_relaxed) ||
        level >= TRACE_NOTHING)
        return;

    size_t size = (size_t)prefix_print(line, sizeof line, level);
    const size_t prefix = size;
    errno = saved_errno; /* for %m */
    va_start(args, format);
    const int n = vsnprintf(line + size, sizeof line - size, format, args);
    va_end(args);
    if (n > 0)
        size += (size_t)n < sizeof line - size ? (size_t)n : sizeof line - size - 1;
    if (atomic_load_explicit(&to_syslog, memory_order_relaxed))
        trace_syslog_write((int)level, line + prefix);
    line[size++] = '\n'; /* in the terminator's place */
    target_write(line, size);
    errno = saved_errno;
}

void trace_stack(void)
{
    void *frames[STACK_FRAMES];
    const int n = backtrace(frames, STACK_FRAMES);

    for (int i = 1; i < n; i++) {
        Dl_info at;
        if (dladdr(frames[i], &at) == 0) {
            trace_line(TRACE_WARNING, "  %p", frames[i]);
            continue;
        }
        const char *symbol = at.dli_sname ? at.dli_sname : "";
        const void *base = at.dli_sname ? at.dli_saddr : at.dli_fbase;
        trace_line(TRACE_WARNING, "  %s(%s+0x%zx)", at.dli_fname ? at.dli_fname : "?", symbol,
                   (size_t)((const char *)frames[i] - (const char *)base));
    }
}

void trace_set_level(enum trace_level level)
{
    atomic_store_explicit(&min_level, (int)level, memory_order_relaxed);
}

void trace_set_file(const char *new_path)
{
    const size_t size = strlen(new_path) + 1;

    LK_ASSERT(size <= sizeof path);
    pthread_mutex_lock(&path_mutex);
    memcpy(path, new_path, size);
    pthread_mutex_unlock(&path_mutex);
}

void trace_set_syslog(bool on, const char *ident, int facility)
{
    if (on)
        trace_syslog_open(ident, facility);
    atomic_store_explicit(&to_syslog, on, memory_order_relaxed);
}

void trace_set_role(char new_role)
{
    atomic_store_explicit(&role, new_role, memory_order_relaxed);
}
