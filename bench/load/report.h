/*
 * report.h — the result, for people and for programs.
 *
 * The text has one row a command and one for all; the JSON holds the same figures, the latency
 * curve and the time series.  Times are microseconds in both.
 */
#ifndef LK_BENCH_LOAD_REPORT_H
#define LK_BENCH_LOAD_REPORT_H

#include "bench/load/phase.h"

#include <stdio.h>

/* For people, to standard output. */
void report_text(const struct mix *mix, const struct stats *s, const struct hist *all);

/* For programs, one object. */
void report_json(FILE *f, const struct mix *mix, const struct stats *s, const struct hist *all,
                 const struct samples *series);

#endif
