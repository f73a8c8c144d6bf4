/*
 * futex.h — sleeping on a 32-bit word until another thread changes it.
 *
 * The word is the caller's and is read and written with atomics; the kernel only compares it once
 * more before it lets the thread sleep, so a change between the caller's look and its sleep is
 * never missed.
 *
 * Threads  any of this process; words shared with other processes do not work
 */
#ifndef LK_BASE_FUTEX_H
#define LK_BASE_FUTEX_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

/*
 * Sleeps while *address is expected, at most timeout_ns; a negative timeout_ns is no limit.  False
 * if the time is over.  True says nothing about the word: the thread may have been woken for it,
 * for an earlier use of it, or by a signal, so look again.
 */
bool futex_wait(const uint32_t *address, uint32_t expected, int64_t timeout_ns);

/* Wakes at most count threads that sleep on address; returns how many. */
int futex_wake(const uint32_t *address, int count);

LK_END

#endif
