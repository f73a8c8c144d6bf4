#include "persist/repl/backlog.h"

#include "core/base/atomic.h"
#include "core/base/futex.h"
#include "core/base/mem.h"
#include "core/store/shard.h"

#include <pthread.h>
#include <stddef.h>

enum {
    BLOCK_BYTES = 64 * 1024,
    BLOCK_BYTES_MIN = 4 * 1024,
    BLOCKS_MIN = 16, /* that a backlog has at least, so that it is trimmed in small steps */
};

struct backlog_block {
    struct backlog_block *next; /* the lock */
    uint32_t refs;              /* __atomic: the backlog's own, and one for each run being sent */
    uint32_t used;              /* bytes that readers may see: the lock */
    uint32_t capacity;
    int64_t first; /* offset of the first byte */
    char bytes[];
};

struct backlog {
    struct backlog_options options;
    pthread_mutex_t lock;
    pthread_cond_t applied; /* a marker has been */
    struct backlog_block *head, *tail;
    struct backlog_pin *pins;
    struct history history;
    bool on;
    uint64_t held;    /* bytes of all blocks that are linked */
    uint64_t waiting; /* workers to be told of more */
    uint32_t pin_count;
    int64_t end;      /* stored in lock, __atomic */
    uint64_t ticket;  /* __atomic */
    uint64_t markers; /* ticket of the last one; the lock */
    uint64_t size;
};

struct backlog *backlog_new(const struct backlog_options *options)
{
    struct backlog *b = mem_new(struct backlog);
    b->options = *options;
    b->size = options->size;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->applied, NULL);
    history_begin(&b->history);
    return b;
}

/* --- blocks ---------------------------------------------------------------------------------- */

static void backlog_block_drop(struct backlog_block *block)
{
    if (sub_fetch_acq_rel(&block->refs, 1) == 0)
        mem_free(block, sizeof *block + block->capacity);
}

static void drop_chain(struct backlog_block *block)
{
    while (block) {
        struct backlog_block *next = block->next;
        backlog_block_drop(block);
        block = next;
    }
}

static struct backlog_block *backlog_block_new(const struct backlog *b, int64_t first)
{
    uint64_t bytes = b->size / BLOCKS_MIN;
    bytes = bytes < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : bytes > BLOCK_BYTES ? BLOCK_BYTES : bytes;
    struct backlog_block *block = mem_alloc(bytes);
    *block = (struct backlog_block){
        .refs = 1, .capacity = (uint32_t)(bytes - sizeof *block), .first = first};
    return block;
}

/* In lock, behind each change of what is held. */
static void backlog_tell_beyond(const struct backlog *b)
{
    if (b->options.beyond)
        store_relaxed(b->options.beyond, b->pins && b->held > b->size ? b->held - b->size : 0);
}

/* Takes all blocks out, for the caller to drop outside the lock. */
static struct backlog_block *backlog_take_all(struct backlog *b)
{
    struct backlog_block *all = b->head;
    b->head = b->tail = NULL;
    b->held = 0;
    backlog_tell_beyond(b);
    return all;
}

/* The lowest byte of the blocks that pins stand in, also of one that has been read to its end. */
static int64_t lowest_pin(const struct backlog *b)
{
    int64_t lowest = INT64_MAX;
    for (const struct backlog_pin *p = b->pins; p; p = p->next) {
        const int64_t at = p->block ? p->block->first : p->wanted;
        if (at < lowest)
            lowest = at;
    }
    return lowest;
}

static int64_t backlog_first(const struct backlog *b)
{
    return b->head ? b->head->first : b->end + 1;
}

/* In lock: unlinks what is neither wanted nor within the size; the caller drops it. */
static struct backlog_block *backlog_trim(struct backlog *b)
{
    const int64_t needed = lowest_pin(b);
    struct backlog_block *gone = NULL, **last = &gone;
    while (b->head && b->head != b->tail) {
        struct backlog_block *block = b->head;
        const uint64_t rest = (uint64_t)(b->end + 1 - block->next->first);
        if (rest < b->size || needed < block->next->first)
            break;
        b->head = block->next;
        b->held -= sizeof *block + block->capacity;
        block->next = NULL;
        *last = block;
        last = &block->next;
    }
    backlog_tell_beyond(b);
    return gone;
}

/* --- the log thread -------------------------------------------------------------------------- */

struct backlog_filled {
    uint32_t tail_bytes; /* put behind those of the tail, not yet to be seen */
    struct backlog_block *head, *tail;
    uint64_t held;
};

/* Nobody else writes, and nobody reads beyond `used`: so the bytes are copied outside the lock. */
static struct backlog_filled backlog_fill(struct backlog *b, struct bytes bytes)
{
    struct backlog_filled f = {0};
    int64_t at = b->end + 1;
    if (b->tail) {
        const size_t room = b->tail->capacity - b->tail->used;
        const size_t n = bytes.size < room ? bytes.size : room;
        memcpy(b->tail->bytes + b->tail->used, bytes.data, n);
        f.tail_bytes = (uint32_t)n;
        bytes = bytes_of(bytes.data + n, bytes.size - n);
        at += (int64_t)n;
    }
    while (bytes.size > 0) {
        struct backlog_block *block = backlog_block_new(b, at);
        const size_t n = bytes.size < block->capacity ? bytes.size : block->capacity;
        memcpy(block->bytes, bytes.data, n);
        block->used = (uint32_t)n;
        bytes = bytes_of(bytes.data + n, bytes.size - n);
        at += (int64_t)n;
        f.held += sizeof *block + block->capacity;
        if (f.tail)
            f.tail->next = block;
        else
            f.head = block;
        f.tail = block;
    }
    return f;
}

static void backlog_link(struct backlog *b, const struct backlog_filled *f)
{
    if (b->tail)
        b->tail->used += f->tail_bytes;
    if (!f->head)
        return;
    if (b->tail)
        b->tail->next = f->head;
    else
        b->head = f->head;
    b->tail = f->tail;
    b->held += f->held;
}

void backlog_append(struct backlog *b, struct bytes bytes)
{
    if (!b->on || bytes.size == 0) /* only this thread changes `on` */
        return;
    const struct backlog_filled f = backlog_fill(b, bytes);
    pthread_mutex_lock(&b->lock);
    backlog_link(b, &f);
    store_release(&b->end, b->end + (int64_t)bytes.size);
    struct backlog_block *gone = backlog_trim(b);
    const uint64_t tell = b->waiting;
    b->waiting = 0;
    pthread_mutex_unlock(&b->lock);
    drop_chain(gone);
    shard_tell_retry(tell);
}

static void backlog_write(void *ctx, struct bytes bytes, uint64_t offset, uint64_t ticket)
{
    struct backlog *b = ctx;
    (void)offset; /* of the thread's life; a history has its own */
    backlog_append(b, bytes);
    store_release(&b->ticket, ticket);
}

static void backlog_passed(void *ctx, uint64_t ticket)
{
    struct backlog *b = ctx;
    store_release(&b->ticket, ticket);
}

enum backlog_pins_after backlog_step_pins(enum backlog_step step)
{
    static const enum backlog_pins_after after[] = {
        [BACKLOG_START] = PINS_GO_ON, [BACKLOG_PROMOTE] = PINS_END, [BACKLOG_CONTINUE] = PINS_END,
        [BACKLOG_ADOPT] = PINS_BREAK, [BACKLOG_FOLLOW] = PINS_END,  [BACKLOG_FORGET] = PINS_BREAK,
    };
    return after[step];
}

static void break_pins(struct backlog *b)
{
    for (struct backlog_pin *p = b->pins, *next; p; p = next) {
        next = p->next;
        p->broken = true;
        p->on = false;
        p->next = p->prev = NULL;
        p->block = NULL;
    }
    b->pins = NULL;
    b->pin_count = 0;
}

/* One that has ended before stays where it did. */
static void end_pins(struct backlog *b)
{
    for (struct backlog_pin *p = b->pins; p; p = p->next)
        if (!p->ended) {
            p->ended = true;
            p->last = b->end;
        }
}

/* In lock; returns blocks to drop. */
static struct backlog_block *backlog_apply(struct backlog *b, const struct backlog_change *c)
{
    struct backlog_block *gone = NULL;
    const enum backlog_pins_after after = backlog_step_pins(c->step);
    if (after == PINS_BREAK)
        break_pins(b);
    else if (after == PINS_END)
        end_pins(b);
    b->on = c->step != BACKLOG_FORGET;
    switch (c->step) {
    case BACKLOG_FORGET:
        gone = backlog_take_all(b);
        history_begin(&b->history);
        break;
    case BACKLOG_START:
        LK_ASSERT(!b->head);
        history_begin(&b->history);
        break;
    case BACKLOG_PROMOTE:
        history_shift(&b->history, c->id[0] ? c->id : NULL, b->end);
        break;
    case BACKLOG_CONTINUE:
        history_shift(&b->history, c->id, b->end);
        break;
    case BACKLOG_ADOPT:
        gone = backlog_take_all(b);
        history_adopt(&b->history, c->id);
        store_release(&b->end, c->end);
        break;
    case BACKLOG_FOLLOW:
        break;
    }
    return gone;
}

static void backlog_take_change(struct backlog *b, const struct log_record *m)
{
    struct backlog_change *c = m->data;
    pthread_mutex_lock(&b->lock);
    struct backlog_block *gone = backlog_apply(b, c);
    const uint64_t tell = b->waiting;
    b->waiting = 0;
    pthread_mutex_unlock(&b->lock);
    drop_chain(gone);
    mem_delete(c);
    if (b->options.changed)
        b->options.changed(b->options.ctx);
    shard_tell_retry(tell); /* they find their pins ended or broken */
}

static void pin_here(struct backlog *b, struct backlog_pin *p, int64_t wanted)
{
    struct backlog_block *block = wanted > b->end ? b->tail : b->head;
    while (block && block->next && wanted >= block->first + block->used)
        block = block->next;
    *p = (struct backlog_pin){.next = b->pins, .block = block, .wanted = wanted, .on = true};
    if (p->next)
        p->next->prev = p;
    b->pins = p;
    b->pin_count++;
}

static void take_mark(struct backlog *b, struct backlog_mark *mark, uint32_t db)
{
    pthread_mutex_lock(&b->lock);
    mark->history = b->history;
    mark->end = b->end;
    mark->db = db;
    if (mark->wants_pin)
        pin_here(b, &mark->pin, b->end + 1);
    pthread_mutex_unlock(&b->lock);
    /* Once it is done its owner may free it; the address alone is used behind that. */
    store_release(&mark->done, 1);
    futex_wake(&mark->done, 1);
}

static void backlog_take_marker(void *ctx, const struct log_record *m, uint64_t offset)
{
    struct backlog *b = ctx;
    (void)offset;
    if (m->kind == LOG_HISTORY)
        backlog_take_change(b, m);
    else if ((m->kind == LOG_ATTACH || m->kind == LOG_CUT) && m->data)
        take_mark(b, m->data,
                  m->kind == LOG_ATTACH && m->first_db == LOG_NO_DB ? LOG_NO_DB : m->last_db);
    pthread_mutex_lock(&b->lock);
    b->markers = m->ticket;
    store_release(&b->ticket, m->ticket);
    pthread_cond_broadcast(&b->applied);
    pthread_mutex_unlock(&b->lock);
}

static int64_t backlog_tick(void *ctx)
{
    const struct backlog *b = ctx;
    return b->options.round ? b->options.round(b->options.ctx) : -1;
}

static bool backlog_is_eager(void *ctx)
{
    const struct backlog *b = ctx;
    return b->options.eager && b->options.eager(b->options.ctx);
}

struct log_sink backlog_sink(struct backlog *b)
{
    return (struct log_sink){.to = LOG_TO_REPL,
                             .write = backlog_write,
                             .passed = backlog_passed,
                             .marker = backlog_take_marker,
                             .tick = backlog_tick,
                             .eager = backlog_is_eager,
                             .ctx = b};
}

/* --- what it says ---------------------------------------------------------------------------- */

void backlog_begin(struct backlog *b, const struct history *h, int64_t end)
{
    b->history = *h;
    b->on = true;
    store_release(&b->end, end);
}

void backlog_set_size(struct backlog *b, uint64_t size)
{
    pthread_mutex_lock(&b->lock);
    b->size = size;
    struct backlog_block *gone = backlog_trim(b);
    pthread_mutex_unlock(&b->lock);
    drop_chain(gone);
}

void backlog_state_get(struct backlog *b, struct backlog_state *out)
{
    pthread_mutex_lock(&b->lock);
    *out = (struct backlog_state){.history = b->history,
                                  .on = b->on,
                                  .first = backlog_first(b),
                                  .end = b->end,
                                  .size = b->size,
                                  .held = b->held,
                                  .pins = b->pin_count};
    pthread_mutex_unlock(&b->lock);
}

int64_t backlog_end(const struct backlog *b)
{
    return load_acquire(&b->end);
}

uint64_t backlog_ticket(const struct backlog *b)
{
    return load_acquire(&b->ticket);
}

void backlog_wait(struct backlog *b, uint64_t ticket)
{
    pthread_mutex_lock(&b->lock);
    while (b->markers < ticket)
        pthread_cond_wait(&b->applied, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

void backlog_mark_wait(struct backlog_mark *m)
{
    while (!load_acquire(&m->done))
        futex_wait(&m->done, 0, -1);
}

void backlog_free(struct backlog *b)
{
    LK_ASSERT(!b->pins);
    drop_chain(backlog_take_all(b));
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->applied);
    mem_delete(b);
}

/* --- pins and reading ------------------------------------------------------------------------ */

bool backlog_pin_from(struct backlog *b, struct backlog_pin *p, struct bytes id, int64_t wanted)
{
    LK_ASSERT(!p->on);
    pthread_mutex_lock(&b->lock);
    const bool known = b->on && history_knows(&b->history, id, wanted) &&
                       wanted >= backlog_first(b) && wanted <= b->end + 1;
    if (known)
        pin_here(b, p, wanted);
    pthread_mutex_unlock(&b->lock);
    return known;
}

bool backlog_pin_like(struct backlog *b, struct backlog_pin *p, const struct backlog_pin *other)
{
    LK_ASSERT(!p->on);
    pthread_mutex_lock(&b->lock);
    const bool on = other->on && !other->ended;
    if (on)
        pin_here(b, p, other->wanted);
    pthread_mutex_unlock(&b->lock);
    return on;
}

void backlog_unpin(struct backlog *b, struct backlog_pin *p)
{
    struct backlog_block *gone = NULL;
    pthread_mutex_lock(&b->lock);
    if (p->on) {
        if (p->prev)
            p->prev->next = p->next;
        else
            b->pins = p->next;
        if (p->next)
            p->next->prev = p->prev;
        b->pin_count--;
        gone = backlog_trim(b);
    }
    *p = (struct backlog_pin){0};
    pthread_mutex_unlock(&b->lock);
    drop_chain(gone);
}

bool backlog_pin_is_broken(struct backlog *b, const struct backlog_pin *p)
{
    pthread_mutex_lock(&b->lock);
    const bool broken = p->broken;
    pthread_mutex_unlock(&b->lock);
    return broken;
}

/* In lock: the last byte that is there for it. */
static int64_t pin_last(const struct backlog *b, const struct backlog_pin *p)
{
    return p->ended ? p->last : b->end;
}

bool backlog_pin_is_spent(struct backlog *b, const struct backlog_pin *p)
{
    pthread_mutex_lock(&b->lock);
    const bool spent = p->broken || (p->ended && p->wanted > p->last);
    pthread_mutex_unlock(&b->lock);
    return spent;
}

uint64_t backlog_pin_lag(struct backlog *b, const struct backlog_pin *p)
{
    pthread_mutex_lock(&b->lock);
    const uint64_t lag = p->on ? (uint64_t)(pin_last(b, p) + 1 - p->wanted) : 0;
    pthread_mutex_unlock(&b->lock);
    return lag;
}

/* In lock.  Moves the pin to the block with its byte; false: that is yet to come, or never does. */
static bool pin_reach(const struct backlog *b, struct backlog_pin *p)
{
    if (p->wanted > pin_last(b, p))
        return false;
    if (!p->block)
        p->block = b->head;
    while (p->wanted >= p->block->first + p->block->used)
        p->block = p->block->next;
    return true;
}

uint32_t backlog_read(struct backlog *b, struct backlog_pin *p, struct backlog_hold *hold,
                      struct bytes *runs, uint32_t max, uint32_t worker)
{
    LK_ASSERT(max <= BACKLOG_RUNS && hold->count == 0);
    struct backlog_block *gone = NULL;
    uint32_t n = 0;
    pthread_mutex_lock(&b->lock);
    while (p->on && n < max && pin_reach(b, p)) {
        struct backlog_block *block = p->block;
        const uint32_t at = (uint32_t)(p->wanted - block->first);
        const int64_t left = pin_last(b, p) + 1 - p->wanted; /* more may be behind its end */
        const uint32_t there = block->used - at;
        const uint32_t size = left < there ? (uint32_t)left : there;
        fetch_add_relaxed(&block->refs, 1);
        hold->block[n] = block;
        runs[n++] = bytes_of(block->bytes + at, size);
        p->wanted += size;
    }
    if (n == 0)
        b->waiting |= UINT64_C(1) << worker;
    else
        gone = backlog_trim(b);
    hold->count = n;
    pthread_mutex_unlock(&b->lock);
    drop_chain(gone);
    return n;
}

void backlog_drop(struct backlog_hold *hold)
{
    for (uint32_t i = 0; i < hold->count; i++)
        backlog_block_drop(hold->block[i]);
    hold->count = 0;
}
