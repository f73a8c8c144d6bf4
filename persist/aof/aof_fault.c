/*
 * aof_fault.c — what is told of a disk that does not take the log.
 *
 *   a call fails --> writes are refused from then on; what was acknowledged stays as it was
 *   half a second later it still does --> who waits for an answer is told why there is none
 */
#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/store/shard.h"
#include "persist/aof/aof_priv.h"

#include <string.h>

enum { PATIENCE_NS = 500000000 };

struct fault_lines {
    char *refused; /* for writes that have not begun */
    char *kept;    /* for what is done, and not on the disk */
};

static char *fault_text(int error, const char *more)
{
    struct buf b = {0};
    buf_printf(&b, "MISCONF Errors writing to the AOF file: %s%s", strerror(error), more);
    buf_append_char(&b, '\0');
    return b.data;
}

/*
 * Whoever is refused may still read the line when the next one comes, so lines stay: there are as
 * many as errors that a disk can have.
 */
static const struct fault_lines *fault_lines_of(int error)
{
    enum { ERRORS = 256 };
    static struct fault_lines all[ERRORS];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct fault_lines *lines = &all[error > 0 && error < ERRORS ? error : 0];
    pthread_mutex_lock(&lock);
    if (!lines->refused) {
        lines->refused = fault_text(error, "");
        lines->kept = fault_text(error, ". What this reply rests on is in memory, and will be "
                                        "written when the disk takes it again.");
    }
    pthread_mutex_unlock(&lock);
    return lines;
}

void aof_set_fault(struct aof *a, int error)
{
    const char *line = error ? fault_lines_of(error)->refused : NULL;
    if (error && a->locked.fault_error == 0)
        a->locked.fault_since_ns = clock_mono_ns();
    a->locked.fault_error = error;
    store_release(&a->fault, line);
    if (!error)
        shard_tell_retry(log_ring_set_refusal(a->ring, NULL));
    else if (a->faulted)
        a->faulted(a->ctx, line);
}

const char *aof_fault_line(const struct aof *a)
{
    return load_acquire(&a->fault);
}

void aof_tell_waiting(struct aof *a)
{
    if (!aof_fault_line(a))
        return;
    pthread_mutex_lock(&a->lock);
    const int error = a->locked.fault_error;
    if (error && clock_mono_ns() - a->locked.fault_since_ns >= PATIENCE_NS)
        shard_tell_retry(log_ring_set_refusal(a->ring, fault_lines_of(error)->kept));
    pthread_mutex_unlock(&a->lock);
}
