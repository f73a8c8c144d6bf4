/*
 * startup_crash.c — the report of a process that is about to die.
 *
 * Only what POSIX calls async-signal-safe is used: lines are put together by hand and go out by
 * write; backtrace is called once beforehand, so that its library is loaded.  The handler is reset
 * when it is entered: what fails in here ends the process at once.  At the end the signal is raised
 * again, so that exit status and core dump are as always.
 */
#include "core/base/atomic.h"
#include "io/start/startup.h"

#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/command/version.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { FRAMES_MAX = 100, LINE_MAX_BYTES = 512, STACK_BYTES = 64 * 1024 };

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static char log_path[PATH_MAX]; /* fixed at install; empty is standard output */
static uint32_t reporting;      /* __atomic: one thread reports */

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

static void startup_crash_add(struct line *l, const char *s)
{
    for (; *s && l->size < sizeof l->text; s++)
        l->text[l->size++] = *s;
}

static void add_number(struct line *l, uint64_t v, unsigned base)
{
    char digits[24];
    size_t n = sizeof digits;

    digits[--n] = '\0';
    do {
        digits[--n] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v > 0);
    startup_crash_add(l, digits + n);
}

static void add_signed(struct line *l, int64_t v)
{
    if (v < 0)
        startup_crash_add(l, "-");
    add_number(l, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
}

/* "pid:signal-handler (seconds) ", as lines from a handler begin. */
static void startup_crash_begin(struct line *l)
{
    l->size = 0;
    add_number(l, (uint64_t)getpid(), 10);
    startup_crash_add(l, ":signal-handler (");
    add_number(l, (uint64_t)time(NULL), 10);
    startup_crash_add(l, ") ");
}

static void startup_crash_put(int fd, struct line *l)
{
    if (l->size == sizeof l->text)
        l->size--;
    l->text[l->size++] = '\n';
    for (size_t at = 0; at < l->size;) {
        const ssize_t n = write(fd, l->text + at, l->size - at);
        if (n <= 0)
            return;
        at += (size_t)n;
    }
}

static void put_text(int fd, const char *text)
{
    struct line l;

    l.size = 0;
    startup_crash_add(&l, text);
    startup_crash_put(fd, &l);
}

static void put_cause(int fd, int number, const siginfo_t *info)
{
    struct line l;

    startup_crash_begin(&l);
    startup_crash_add(&l, "Latchkey " LATCHKEY_VERSION " (Redis " REDIS_VERSION
                          " compatible) crashed by signal: ");
    add_signed(&l, number);
    startup_crash_add(&l, ", si_code: ");
    add_signed(&l, info->si_code);
    startup_crash_put(fd, &l);
    if (info->si_code == SI_USER || info->si_code == SI_TKILL || info->si_code == SI_QUEUE) {
        startup_crash_begin(&l);
        startup_crash_add(&l, "Sent by PID: ");
        add_signed(&l, info->si_pid);
        startup_crash_add(&l, ", UID: ");
        add_number(&l, info->si_uid, 10);
        startup_crash_put(fd, &l);
        return;
    }
    startup_crash_begin(&l);
    startup_crash_add(&l, "Accessing address: 0x");
    add_number(&l, (uint64_t)(uintptr_t)info->si_addr, 16);
    startup_crash_put(fd, &l);
}

static void put_registers(int fd, const ucontext_t *u)
{
    struct line l;
    uint64_t pc = 0, sp = 0;
    const uint64_t *rest = NULL;
    size_t count = 0;

#if defined(__x86_64__)
    _Static_assert(sizeof(greg_t) == sizeof(uint64_t), "registers are words");
    pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
    sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
    rest = (const uint64_t *)u->uc_mcontext.gregs;
    count = REG_RIP;
#elif defined(__aarch64__)
    pc = u->uc_mcontext.pc;
    sp = u->uc_mcontext.sp;
    rest = (const uint64_t *)u->uc_mcontext.regs;
    count = 31;
#else
    (void)u;
#endif
    startup_crash_begin(&l);
    startup_crash_add(&l, "Instruction: 0x");
    add_number(&l, pc, 16);
    startup_crash_add(&l, ", stack: 0x");
    add_number(&l, sp, 16);
    startup_crash_put(fd, &l);
    for (size_t i = 0; i < count; i += 4) {
        l.size = 0;
        for (size_t j = i; j < i + 4 && j < count; j++) {
            startup_crash_add(&l, j > i ? " r" : "r");
            add_number(&l, j, 10);
            startup_crash_add(&l, ":");
            add_number(&l, rest[j], 16);
        }
        startup_crash_put(fd, &l);
    }
}

static void put_stack(int fd)
{
    void *frames[FRAMES_MAX];

    put_text(fd, "\n------ STACK TRACE ------");
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), fd);
}

static int report_target(void)
{
    if (log_path[0] == '\0')
        return STDOUT_FILENO;
    const int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? STDERR_FILENO : fd;
}

static void startup_crash_report(int number, siginfo_t *info, void *context)
{
    if (exchange_relaxed(&reporting, 1) == 0) {
        const int fd = report_target();
        put_text(fd, "\n\n=== LATCHKEY BUG REPORT START: Cut & paste starting from here ===");
        put_cause(fd, number, info);
        put_stack(fd);
        put_text(fd, "\n------ REGISTERS ------");
        put_registers(fd, context);
        put_text(fd,
                 "\n=== LATCHKEY BUG REPORT END. Please send all of it, and the version. ===\n");
        fsync(fd);
    }
    raise(number); /* SA_RESETHAND: the default again; pending until we return */
}

/*
 * SIGALRM ends nothing: the stack of whoever has it is shown.  The watchdog sends it to a thread
 * that does not come to an end of what it does, and a user to any.
 */
static void startup_crash_alarm(int number, siginfo_t *info, void *context)
{
    const int error = errno, fd = report_target();
    (void)number;
    (void)context;
    put_text(fd,
             info->si_code == SI_TKILL ? "\n--- WATCHDOG TIMER EXPIRED ---" : "\nReceived SIGALRM");
    put_stack(fd);
    put_text(fd, "--------\n");
    if (fd > STDERR_FILENO)
        close(fd);
    errno = error;
}

void startup_crash_install(const char *logfile)
{
    void *frame[1];
    struct sigaction act = {.sa_sigaction = startup_crash_report,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
    const size_t size = strlen(logfile) + 1;

    LK_ASSERT(size <= sizeof log_path);
    memcpy(log_path, logfile, size);
    (void)backtrace(frame, 1);
    sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &act, NULL);
    act.sa_sigaction = startup_crash_alarm;
    act.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(SIGALRM, &act, NULL);
    startup_crash_thread();
}

/* --- a stack for each thread ----------------------------------------------------------------- */

static pthread_key_t stack_key;
static pthread_once_t stack_once = PTHREAD_ONCE_INIT;

static void free_stack(void *stack)
{
    const stack_t none = {.ss_flags = SS_DISABLE};

    sigaltstack(&none, NULL);
    mem_free(stack, STACK_BYTES);
}

static void make_key(void)
{
    LK_ASSERT(pthread_key_create(&stack_key, free_stack) == 0);
}

void startup_crash_thread(void)
{
    sigset_t set;

    /* The kernel ends a process at once if a fault's signal is blocked. */
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaddset(&set, fatal[i]);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    pthread_once(&stack_once, make_key);
    if (pthread_getspecific(stack_key))
        return;
    const stack_t s = {.ss_sp = mem_alloc(STACK_BYTES), .ss_size = STACK_BYTES};
    sigaltstack(&s, NULL);
    pthread_setspecific(stack_key, s.ss_sp);
}
