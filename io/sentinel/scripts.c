/*
 * scripts.c — notification-script and client-reconfig-script: a queue, and what runs of it.
 *
 * A script that exits with 1, or by a signal, is tried again after a while that doubles, ten times
 * in all; with 2 or more it is done.  One that runs for too long is killed, and tried again.
 *
 *   scripts_add --> waits --due, and few run--> runs --> done, or waits again
 *
 * Programs are made by posix_spawn, which copies no memory; they get no file of ours.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/mem.h"
#include "core/base/trace.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool script_is_runnable(struct bytes path)
{
    char text[4096];
    if (path.size == 0 || path.size >= sizeof text || memchr(path.data, '\0', path.size))
        return false;
    memcpy(text, path.data, path.size);
    text[path.size] = '\0';
    return access(text, X_OK) == 0;
}

static void script_free(struct script *s)
{
    for (int i = 0; s->argv[i]; i++)
        mem_strfree(s->argv[i]);
    mem_delete(s);
}

/* Takes it out of the list. */
static void script_remove(struct sentinel_service *v, struct script *s)
{
    struct script **at = &v->scripts;
    while (*at != s) {
        LK_ASSERT(*at);
        at = &(*at)->next;
    }
    *at = s->next;
    v->script_count--;
    script_free(s);
}

void scripts_add(struct sentinel_service *v, const char *const *words)
{
    struct script *s = mem_new(struct script);
    for (int i = 0; words[i]; i++) {
        LK_ASSERT(i < SCRIPT_ARGS);
        s->argv[i] = mem_strdup(words[i]);
    }
    struct script **at = &v->scripts, *oldest = NULL;
    for (; *at; at = &(*at)->next)
        if (!oldest && (*at)->pid == 0)
            oldest = *at;
    *at = s;
    if (++v->script_count > SCRIPTS_MAX && oldest)
        script_remove(v, oldest);
}

static void script_tell(struct sentinel_service *v, const char *event, const struct script *s,
                        int a, int b)
{
    struct buf text = {0};
    buf_printf(&text, "%s %d %d", s->argv[0], a, b);
    buf_append_char(&text, '\0');
    v->machine.calls.tell(v->machine.calls.ctx, NULL, event, text.data);
    buf_release(&text);
}

static void script_again(struct sentinel_service *v, struct script *s, int64_t now_ms)
{
    if (s->tries >= SCRIPT_TRIES) {
        script_remove(v, s);
        return;
    }
    s->begin_ms = now_ms + (v->machine.periods.script_retry_ms << (s->tries - 1));
}

/* Signals are as at the start of a program, and files beyond the first three are closed. */
static int script_spawn(struct script *s, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    LK_ASSERT(posix_spawn_file_actions_init(&files) == 0);
    LK_ASSERT(posix_spawnattr_init(&attributes) == 0);
    (void)posix_spawn_file_actions_addclosefrom_np(&files, 3);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int rc = posix_spawn(pid, s->argv[0], &files, &attributes, s->argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

static void script_begin(struct sentinel_service *v, struct script *s, int64_t now_ms)
{
    pid_t pid = 0;
    s->tries++;
    if (script_spawn(s, &pid) != 0) { /* it is gone, or no program: as if it had exited with 2 */
        script_tell(v, "-script-error", s, 0, 2);
        script_remove(v, s);
        return;
    }
    s->pid = pid;
    s->begin_ms = now_ms;
    v->scripts_running++;
    trace_line(TRACE_DEBUG, "+script-child %d", (int)pid);
}

static void script_ended(struct sentinel_service *v, struct script *s, int status, int64_t now_ms)
{
    const int by_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    LK_ASSERT(v->scripts_running > 0);
    v->scripts_running--;
    s->pid = 0;
    if (by_signal != 0 || code == 1) {
        script_again(v, s, now_ms);
        return;
    }
    if (code != 0) {
        script_tell(v, "-script-error", s, by_signal, code);
    }
    script_remove(v, s);
}

static void script_watch(struct sentinel_service *v, struct script *s, int64_t now_ms)
{
    int status = 0;
    const pid_t got = waitpid(s->pid, &status, WNOHANG);
    if (got == s->pid) {
        script_ended(v, s, status, now_ms);
    } else if (got < 0 && errno == ECHILD) { /* somebody else has taken its status */
        script_ended(v, s, 0, now_ms);
    } else if (now_ms - s->begin_ms > v->machine.periods.script_max_ms) {
        script_tell(v, "-script-timeout", s, s->pid, s->tries);
        (void)kill(s->pid, SIGKILL);
        s->begin_ms = now_ms; /* told again only if it does not die */
    }
}

void scripts_drive(struct sentinel_service *v, int64_t now_ms)
{
    for (struct script *s = v->scripts, *next; s; s = next) {
        next = s->next;
        if (s->pid != 0)
            script_watch(v, s, now_ms);
    }
    for (struct script *s = v->scripts, *next; s; s = next) {
        next = s->next;
        if (v->scripts_running < SCRIPTS_RUNNING_MAX && s->pid == 0 && s->begin_ms <= now_ms)
            script_begin(v, s, now_ms);
    }
}

/* Those that run go on without us. */
void scripts_free(struct sentinel_service *v)
{
    while (v->scripts)
        script_remove(v, v->scripts);
}
