/*
 * mem.c — sized blocks, counted by the thread that takes or gives them.
 *
 * A shared counter would be the busiest cache line of the server, and asking the allocator takes
 * microseconds.  So every thread adds to a counter on a line of its own, which only it writes; a
 * block that another thread frees makes that thread's count fall below zero, and only the sum says
 * something.
 *
 *   counters --> [used | taken | next] --> [used | taken | next] --> ...    never freed
 *                   ^ written by one thread, read by all
 *
 * A thread takes a free counter at its first call, or adds one to the list, and leaves it with its
 * sum at exit for the next thread: the list grows to the most threads that ever lived at once.
 */
#include "core/base/mem.h"
#include "core/base/trace.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef LK_JEMALLOC
#include <dlfcn.h>
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define MEM_EXACT_SIZES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEM_EXACT_SIZES 1
#endif
#endif

enum {
    PAGE_BYTES = 4096,
    LARGE_BYTES = 16384, /* the allocator's first size class without slabs */
};

/* How long pages that nobody uses wait for a user. */
#define FREED_MS 1000
#define KEPT_MS  10000

#define MEM_TEXT(x)   #x
#define MEM_NUMBER(x) MEM_TEXT(x)

/* The allocators know no empty block. */
static inline size_t at_least_one(size_t size)
{
    return size + (size == 0);
}

#ifdef LK_JEMALLOC

/*
 * The allocator reads this at its start.  Pages that a growing table or a mass delete leaves behind
 * go back to the system within a second, by a thread of the allocator's: with the default of ten
 * seconds a million entries of 160 bytes took 192 resident bytes each, so 178.
 *
 * Until then they are taken again: by default, runs of 8 MiB and more are given back at once, and
 * runs of more than 64 times what is asked for are not cut up.  Then each chunk of a long string
 * would lie in pages that the system has yet to hand out, at 2.4 µs each here: setting 16 MiB over
 * and over took 45 ms a time, so 11 to 20.
 */
extern const char *malloc_conf;
__attribute__((used)) const char *malloc_conf =
    "background_thread:true,max_background_threads:1,"
    "dirty_decay_ms:" MEM_NUMBER(FREED_MS) ",muzzy_decay_ms:0,"
                                           "oversize_threshold:0,lg_extent_max_active_fit:14";

/* malloc has a shorter path than mallocx; both are of one library, as raw_check makes sure. */
static inline void *raw_alloc(size_t size)
{
    return malloc(at_least_one(size));
}

/* A malloc of another library, preloaded, would give blocks that sdallocx does not know. */
static void raw_check(void)
{
    Dl_info ours, theirs;

    if (dladdr((void *)(uintptr_t)malloc, &ours) != 0 &&
        dladdr((void *)(uintptr_t)sdallocx, &theirs) != 0)
        LK_ASSERT(ours.dli_fbase == theirs.dli_fbase);
}

static inline void *raw_calloc(size_t size)
{
    return mallocx(at_least_one(size), MALLOCX_ZERO);
}

static inline void *raw_alloc_aligned(size_t size, size_t alignment)
{
    LK_DEBUG_ASSERT(nallocx(size, MALLOCX_ALIGN(alignment)) == mem_class(size));
    return mallocx(size, MALLOCX_ALIGN(alignment));
}

static inline void *raw_realloc(void *p, size_t size)
{
    return rallocx(p, at_least_one(size), 0);
}

static inline void raw_free(void *p, size_t size)
{
    LK_DEBUG_ASSERT(sallocx(p, 0) == mem_class(size));
    sdallocx(p, at_least_one(size), 0);
}

#else

static void raw_check(void)
{
}

static inline void *raw_alloc(size_t size)
{
    return malloc(at_least_one(size));
}

static inline void *raw_calloc(size_t size)
{
    return calloc(1, at_least_one(size));
}

static inline void *raw_alloc_aligned(size_t size, size_t alignment)
{
    return aligned_alloc(alignment, size);
}

static inline void *raw_realloc(void *p, size_t size)
{
    return realloc(p, at_least_one(size));
}

static inline void raw_free(void *p, size_t size)
{
#ifdef MEM_EXACT_SIZES
    /* A wrong size is an error of the caller that only this build can see. */
    LK_ASSERT(mem_class(malloc_usable_size(p)) == mem_class(size));
#endif
    (void)size;
    free(p);
}

#endif

struct counter {
    alignas(LK_CACHE_LINE) _Atomic int64_t used; /* relaxed: a statistic */
    _Atomic bool taken;   /* acquire when taken, release when left: hands used over */
    struct counter *next; /* fixed once the counter is in the list */
};

/* Released by counter_add_new, acquired by all who walk the list. */
static _Atomic(struct counter *) counters;

/* initial-exec: one load instead of a call, also if this code is ever put into a library. */
static __thread struct counter *own_counter __attribute__((tls_model("initial-exec")));

static pthread_key_t exit_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Another destructor may use memory after this one: it takes a counter anew, and comes here again.
 */
static void counter_leave(void *counter)
{
    own_counter = NULL;
    atomic_store_explicit(&((struct counter *)counter)->taken, false, memory_order_release);
}

static void first_use(void)
{
    raw_check();
    const int rc = pthread_key_create(&exit_key, counter_leave);
    LK_ASSERT(rc == 0);
}

static struct counter *counter_add_new(void)
{
    /* Not from mem_alloc: that is what waits for this counter. */
    struct counter *c = (struct counter *)aligned_alloc(LK_CACHE_LINE, sizeof *c);

    LK_ASSERT(c != NULL);
    atomic_init(&c->used, 0);
    atomic_init(&c->taken, true);
    c->next = atomic_load_explicit(&counters, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&counters, &c->next, c, memory_order_release,
                                                  memory_order_relaxed))
        ;
    return c;
}

static LK_COLD struct counter *counter_take(void)
{
    struct counter *c = atomic_load_explicit(&counters, memory_order_acquire);

    pthread_once(&once, first_use);
    for (; c; c = c->next) {
        bool taken = false;
        if (atomic_compare_exchange_strong_explicit(&c->taken, &taken, true, memory_order_acquire,
                                                    memory_order_relaxed))
            break;
    }
    if (!c)
        c = counter_add_new();
    own_counter = c;
    pthread_setspecific(exit_key, c);
    return c;
}

static inline void mem_count_here(int64_t delta)
{
    struct counter *c = own_counter;

    if (LK_UNLIKELY(!c))
        c = counter_take();
    /* One writer: a plain load and store, no locked instruction. */
    atomic_store_explicit(&c->used, atomic_load_explicit(&c->used, memory_order_relaxed) + delta,
                          memory_order_relaxed);
}

size_t mem_used(void)
{
    int64_t sum = 0;

    for (struct counter *c = atomic_load_explicit(&counters, memory_order_acquire); c; c = c->next)
        sum += atomic_load_explicit(&c->used, memory_order_relaxed);
    return sum > 0 ? (size_t)sum : 0;
}

int64_t mem_used_here(void)
{
    const struct counter *c = own_counter;

    return c ? atomic_load_explicit(&c->used, memory_order_relaxed) : 0;
}

LK_NORETURN LK_COLD static void mem_out_of_memory(size_t size)
{
    trace_line(TRACE_WARNING, "Out of memory: %zu bytes could not be had", size);
    fprintf(stderr, "out of memory: %zu bytes could not be had\n", size);
    abort();
}

static inline void *mem_take(size_t size)
{
    /* Past this an allocator must refuse, and the size class would not fit a size_t. */
    if (LK_UNLIKELY(size > PTRDIFF_MAX))
        return NULL;
    void *p = raw_alloc(size);
    if (LK_LIKELY(p != NULL))
        mem_count_here((int64_t)mem_class(size));
    return p;
}

void *mem_try_alloc(size_t size)
{
    return mem_take(size);
}

void *mem_try_alloc_class(size_t class_size)
{
    LK_DEBUG_ASSERT(class_size > 0 && class_size <= PTRDIFF_MAX &&
                    mem_class(class_size) == class_size);
    void *p = raw_alloc(class_size);
    if (LK_LIKELY(p != NULL))
        mem_count_here((int64_t)class_size);
    return p;
}

/* Not by mem_try_alloc: tests take its place and let it fail, and this may not. */
void *mem_alloc(size_t size)
{
    void *p = mem_take(size);

    if (LK_UNLIKELY(!p))
        mem_out_of_memory(size);
    return p;
}

void *mem_calloc(size_t size)
{
    void *p = size > PTRDIFF_MAX ? NULL : raw_calloc(size);

    if (LK_UNLIKELY(!p))
        mem_out_of_memory(size);
    mem_count_here((int64_t)mem_class(size));
    return p;
}

void *mem_alloc_aligned(size_t size, size_t alignment)
{
    LK_ASSERT(alignment != 0 && (alignment & (alignment - 1)) == 0);
    LK_ASSERT(size != 0 && size % alignment == 0);
    /* Else the block's class is not that of its size, and mem_free could not know it. */
    LK_ASSERT(alignment <= PAGE_BYTES || size >= LARGE_BYTES);

    void *p = size > PTRDIFF_MAX ? NULL : raw_alloc_aligned(size, alignment);
    if (LK_UNLIKELY(!p))
        mem_out_of_memory(size);
    mem_count_here((int64_t)mem_class(size));
    return p;
}

void *mem_try_realloc(void *p, size_t old_size, size_t new_size)
{
    if (!p)
        return mem_try_alloc(new_size);
    if (LK_UNLIKELY(new_size > PTRDIFF_MAX))
        return NULL;

    const size_t old_class = mem_class(old_size), new_class = mem_class(new_size);
#ifdef LK_JEMALLOC
    if (old_class == new_class)
        return p;
#endif
    void *moved = raw_realloc(p, new_size);
    if (LK_LIKELY(moved != NULL))
        mem_count_here((int64_t)new_class - (int64_t)old_class);
    return moved;
}

void *mem_realloc(void *p, size_t old_size, size_t new_size)
{
    void *moved = mem_try_realloc(p, old_size, new_size);

    if (LK_UNLIKELY(!moved))
        mem_out_of_memory(new_size);
    return moved;
}

void mem_free(void *p, size_t size)
{
    if (!p)
        return;
    raw_free(p, size);
    mem_count_here(-(int64_t)mem_class(size));
}

void *mem_map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (LK_UNLIKELY(p == MAP_FAILED))
        mem_out_of_memory(size);
    /* A huge page would be touched whole by its first byte. */
    (void)madvise(p, size, MADV_NOHUGEPAGE);
    return p;
}

void mem_unmap(void *p, size_t size)
{
    LK_ASSERT(munmap(p, size) == 0);
}

void mem_count(int64_t bytes)
{
    mem_count_here(bytes);
}

char *mem_strdup(const char *s)
{
    const size_t size = strlen(s) + 1;

    return (char *)memcpy(mem_alloc(size), s, size);
}

void mem_strfree(char *s)
{
    if (s)
        mem_free(s, strlen(s) + 1);
}

#ifdef LK_JEMALLOC

static size_t stat_read(const char *name)
{
    size_t value = 0, size = sizeof value;

    return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

void mem_stats_get(struct mem_stats *out)
{
    uint64_t epoch = 1;

    /* The allocator's figures are those of its last epoch. */
    mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    *out = (struct mem_stats){
        .allocated = stat_read("stats.allocated"),
        .active = stat_read("stats.active"),
        .resident = stat_read("stats.resident"),
        .mapped = stat_read("stats.mapped"),
        .retained = stat_read("stats.retained"),
        .metadata = stat_read("stats.metadata"),
    };
}

void mem_purge(void)
{
    char name[32];

    snprintf(name, sizeof name, "arena.%u.purge", (unsigned)MALLCTL_ARENAS_ALL);
    mallctl(name, NULL, NULL, NULL, 0);
}

void mem_keep_freed(bool keep)
{
    const ssize_t ms = keep ? KEPT_MS : FREED_MS;
    unsigned arenas = 0;
    size_t size = sizeof arenas;
    char name[40];

    mallctl("arenas.dirty_decay_ms", NULL, NULL, (void *)(uintptr_t)&ms, sizeof ms);
    mallctl("arenas.narenas", &arenas, &size, NULL, 0);
    for (unsigned i = 0; i < arenas; i++) { /* those that nobody has used yet take the default */
        snprintf(name, sizeof name, "arena.%u.dirty_decay_ms", i);
        mallctl(name, NULL, NULL, (void *)(uintptr_t)&ms, sizeof ms);
    }
}

const char *mem_allocator_name(void)
{
    return "jemalloc-" /* the header's version is the library's: they come as one package */
#define MEM_VERSION(a, b, c) MEM_TEXT(a) "." MEM_TEXT(b) "." MEM_TEXT(c)
        MEM_VERSION(JEMALLOC_VERSION_MAJOR, JEMALLOC_VERSION_MINOR, JEMALLOC_VERSION_BUGFIX);
}

#else

void mem_stats_get(struct mem_stats *out)
{
    *out = (struct mem_stats){0};
}

void mem_purge(void)
{
    malloc_trim(0);
}

void mem_keep_freed(bool keep)
{
    (void)keep;
}

const char *mem_allocator_name(void)
{
    return "libc";
}

#endif
