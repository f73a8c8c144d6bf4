#include "io/admin/debug/debug_crash.h"

#include "core/base/mem.h"
#include "core/base/trace.h"

#include <stdlib.h>
#include <sys/mman.h>

/* A write to a page that may only be read: the kernel, not the compiler, must see it. */
void crash_by_segfault(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    LK_ASSERT(page != MAP_FAILED);
    *page = 'x';
}

void crash_by_panic(void)
{
    trace_line(TRACE_WARNING, "=== PANIC === asked for by DEBUG PANIC");
    trace_stack();
    abort();
}

void crash_by_assertion(void)
{
    lk_assert_fail("DEBUG ASSERT", __FILE__, __LINE__);
}

void crash_by_allocation(void)
{
    /* More than an address space holds. */
    char *volatile block = mem_alloc(SIZE_MAX / 4);
    mem_free(block, SIZE_MAX / 4);
}
