/*
 * startup_signals.c — a thread that waits for the signals that end the server.
 *
 * A handler could do next to nothing; a thread in sigwait may log, lock and call any part.  The
 * signals are blocked everywhere else, so they reach nobody but it.  SIGUSR2 only wakes
 * it, to see that the server ends anyway, or that the watchdog's period has changed: between
 * signals the thread is the watchdog.
 */
#include "core/base/atomic.h"
#include "io/start/startup.h"

#include "core/base/trace.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    pthread_t thread;
    bool running;
    void (*stop)(void *ctx, unsigned flags);
    void *ctx;
    unsigned int_flags, term_flags; /* __atomic */
    bool ending;                    /* __atomic: the server ends anyway */
    struct startup_watch watch;
    int64_t period_ms; /* __atomic: of the watchdog; 0: it sleeps */
} waiter;              /* all else is fixed while the thread runs */

enum { LOOKS = 4, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

static sigset_t waited_for(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR2);
    return set;
}

/* A save that is under way and will not end; the process stands in `dir`. */
static void drop_half_file(void)
{
    char name[64];
    snprintf(name, sizeof name, "temp-%d.rdb", (int)getpid());
    unlink(name);
}

/* The next signal; the watchdog looks several times a period while there is none. */
static int next_signal(const sigset_t *set)
{
    for (;;) {
        const int64_t period_ms = load_acquire(&waiter.period_ms);
        if (period_ms == 0)
            return sigwaitinfo(set, NULL);
        const int64_t ns = period_ms * NS_PER_MS / LOOKS;
        const struct timespec wait = {ns / NS_PER_S, ns % NS_PER_S};
        const int number = sigtimedwait(set, NULL, &wait);
        if (number > 0 || errno != EAGAIN)
            return number;
        waiter.watch.look(waiter.watch.ctx, (uint64_t)(period_ms * NS_PER_MS));
    }
}

static void *wait_for_signals(void *arg)
{
    const sigset_t set = waited_for();
    bool interrupted = false;

    (void)arg;
    for (;;) {
        const int number = next_signal(&set);
        if (load_acquire(&waiter.ending))
            break;
        if (number != SIGTERM && number != SIGINT)
            continue;
        if (number == SIGINT && interrupted) {
            trace_line(TRACE_WARNING, "You insist... exiting now.");
            drop_half_file();
            _exit(1);
        }
        interrupted |= number == SIGINT;
        trace_line(TRACE_WARNING, "Received %s scheduling shutdown...",
                   number == SIGINT ? "SIGINT" : "SIGTERM");
        waiter.stop(waiter.ctx,
                    load_relaxed(number == SIGINT ? &waiter.int_flags : &waiter.term_flags));
    }
    return NULL;
}

void startup_signals_follow(const struct config *c)
{
    store_relaxed(&waiter.int_flags, (unsigned)c->shutdown_on_sigint);
    store_relaxed(&waiter.term_flags, (unsigned)c->shutdown_on_sigterm);
}

void startup_signals_start(const struct config *c, void (*stop)(void *ctx, unsigned flags),
                           void *ctx)
{
    const sigset_t set = waited_for();

    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    waiter.ending = false;
    waiter.stop = stop;
    waiter.ctx = ctx;
    startup_signals_follow(c);
    waiter.running = pthread_create(&waiter.thread, NULL, wait_for_signals, NULL) == 0;
    LK_ASSERT(waiter.running);
}

void startup_watch_begin(const struct startup_watch *watch)
{
    LK_ASSERT(waiter.running && load_relaxed(&waiter.period_ms) == 0);
    waiter.watch = *watch;
}

void startup_watch_period(int64_t period_ms)
{
    if (!waiter.running || !waiter.watch.look ||
        exchange_acq_rel(&waiter.period_ms, period_ms) == period_ms)
        return;
    pthread_kill(waiter.thread, SIGUSR2);
}

void startup_signals_end(void)
{
    if (!waiter.running)
        return;
    store_release(&waiter.ending, true);
    pthread_kill(waiter.thread, SIGUSR2);
    pthread_join(waiter.thread, NULL);
    waiter.running = false;
}
