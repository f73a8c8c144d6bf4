/*
 * startup_oom.c — how soon the kernel ends this process when memory runs out.
 *
 *   no --> yes, relative, absolute    the score that was there is remembered
 *   ... --> no                        and comes back
 *   master <--> replica               each has a value of its own
 *
 * Source  proc(5), /proc/pid/oom_score_adj
 */
#include "core/base/trace.h"
#include "io/start/startup.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    bool replica, adjusted;
    int64_t before; /* of the process, when it was adjusted first */
} oom = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool startup_oom_read(int64_t *score)
{
    FILE *f = fopen("/proc/self/oom_score_adj", "re");
    const bool read = f && fscanf(f, "%" SCNd64, score) == 1;
    if (f)
        fclose(f);
    return read;
}

static bool startup_oom_write(int64_t score)
{
    FILE *f = fopen("/proc/self/oom_score_adj", "we");
    if (!f)
        return false;
    const bool written = fprintf(f, "%" PRId64, score) > 0;
    return fclose(f) == 0 && written;
}

static int64_t startup_oom_score(const struct config *c)
{
    enum { MASTER, REPLICA, LOWEST = -1000, HIGHEST = 1000 };
    int64_t score = c->oom_score_adj_values[oom.replica ? REPLICA : MASTER];
    if (c->oom_score_adj == CONFIG_OOM_RELATIVE)
        score += oom.before;
    LK_ASSERT(c->oom_score_adj != CONFIG_OOM_NO);
    return score < LOWEST ? LOWEST : score > HIGHEST ? HIGHEST : score;
}

static bool startup_oom_adjust(const struct config *c)
{
    if (c->oom_score_adj == CONFIG_OOM_NO) {
        if (oom.adjusted && !startup_oom_write(oom.before))
            return false;
        oom.adjusted = false;
        return true;
    }
    if (!oom.adjusted && !startup_oom_read(&oom.before))
        return false;
    if (!startup_oom_write(startup_oom_score(c)))
        return false;
    oom.adjusted = true;
    return true;
}

const char *startup_oom_follow(void *ctx, const struct config *before, const struct config *after)
{
    (void)ctx;
    LK_ASSERT(after != NULL);
    if (before && before->oom_score_adj == after->oom_score_adj &&
        memcmp(before->oom_score_adj_values, after->oom_score_adj_values,
               sizeof after->oom_score_adj_values) == 0)
        return NULL;
    pthread_mutex_lock(&oom.lock);
    const bool adjusted = startup_oom_adjust(after);
    pthread_mutex_unlock(&oom.lock);
    if (adjusted)
        return NULL;
    trace_line(TRACE_WARNING, "Unable to write oom_score_adj: %s", strerror(errno));
    return "Failed to set current oom_score_adj. Check server logs.";
}

void startup_oom_follow_role(const struct config *c, bool replica)
{
    pthread_mutex_lock(&oom.lock);
    oom.replica = replica;
    if (c->oom_score_adj != CONFIG_OOM_NO && !startup_oom_adjust(c))
        trace_line(TRACE_WARNING, "Unable to write oom_score_adj: %s", strerror(errno));
    pthread_mutex_unlock(&oom.lock);
}
