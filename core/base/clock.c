/*
 * clock.c — the system's clocks, a fake one for tests, and the CPU's counter.
 *
 * The CPU's time-stamp counter is used only where the kernel itself keeps time by it: the kernel
 * has then found that it runs at one rate and alike on all CPUs.  Its rate is measured against the
 * monotonic clock before main(); each end of that stretch is read three times and the tightest
 * pair taken, so that an interrupt does not spoil the rate.  Elsewhere a tick is a nanosecond of
 * the monotonic clock.
 */
#include "core/base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

enum {
    CALIBRATION_NS = 1000 * 1000, /* two ends of ~30 ns in 1 ms: within 0.01 % */
    NO_FAKE = -1,
};

/* Relaxed: a test that sets it while other threads run orders them itself. */
static _Atomic int64_t fake_unix_ms = NO_FAKE;

static int64_t system_ns(clockid_t id)
{
    struct timespec t;

    const int rc = clock_gettime(id, &t);
    LK_ASSERT(rc == 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_unix_us(void)
{
    const int64_t fake = atomic_load_explicit(&fake_unix_ms, memory_order_relaxed);
    if (LK_UNLIKELY(fake >= 0))
        return fake * 1000;
    return system_ns(CLOCK_REALTIME) / 1000;
}

int64_t clock_unix_ms(void)
{
    return clock_unix_us() / 1000;
}

int64_t clock_mono_ns(void)
{
    return system_ns(CLOCK_MONOTONIC);
}

void clock_fake_unix_ms(int64_t ms)
{
    atomic_store_explicit(&fake_unix_ms, ms < 0 ? NO_FAKE : ms, memory_order_relaxed);
}

#if defined(__x86_64__)

/* ns = ticks * scale / 2^32; 0 while the counter is not to be used.  Written before main() only. */
static uint64_t tick_scale;

struct instant {
    uint64_t ticks;
    int64_t ns;
};

static struct instant instant_now(void)
{
    struct instant best = {0, 0};
    uint64_t best_width = UINT64_MAX;

    for (int i = 0; i < 3; i++) {
        const uint64_t before = __rdtsc();
        const int64_t ns = clock_mono_ns();
        const uint64_t width = __rdtsc() - before;
        if (width < best_width) {
            best_width = width;
            best = (struct instant){before + width / 2, ns};
        }
    }
    return best;
}

static bool kernel_keeps_time_by_tsc(void)
{
    char name[16] = "";
    FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");

    if (!f)
        return false;
    const bool tsc = fgets(name, sizeof name, f) && strcmp(name, "tsc\n") == 0;
    fclose(f);
    return tsc;
}

__attribute__((constructor)) static void clock_calibrate(void)
{
    if (!kernel_keeps_time_by_tsc())
        return;
    const struct instant from = instant_now();
    while (clock_mono_ns() - from.ns < CALIBRATION_NS)
        _mm_pause();
    const struct instant to = instant_now();
    if (to.ticks > from.ticks)
        tick_scale = ((uint64_t)(to.ns - from.ns) << 32) / (to.ticks - from.ticks);
}

uint64_t clock_ticks(void)
{
    return LK_LIKELY(tick_scale != 0) ? __rdtsc() : (uint64_t)clock_mono_ns();
}

uint64_t clock_ticks_to_ns(uint64_t ticks)
{
    if (LK_UNLIKELY(tick_scale == 0))
        return ticks;
    return (uint64_t)(((unsigned __int128)ticks * tick_scale) >> 32);
}

#else

uint64_t clock_ticks(void)
{
    return (uint64_t)clock_mono_ns();
}

uint64_t clock_ticks_to_ns(uint64_t ticks)
{
    return ticks;
}

#endif
