/*
 * micro_ring_wide.c — micro_ring with log slots that have a line of their own.
 */
#define LOG_SLOT_BYTES 64
#include "core/store/log_ring.c"

#include "bench/micro_ring.c"
