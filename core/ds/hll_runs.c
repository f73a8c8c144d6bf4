/*
 * hll_runs.c — the runs of a sparse HyperLogLog by their first byte.
 */
#include "core/ds/hll_priv.h"

/* clang-format off */
#define ZEROS(b)         {(b) + 1, 0, 0}
#define LONG_ZEROS(b)    {((b) & 0x3f) * 256 + 1, 0, 1}
#define VALUES(b)        {((b) & 3) + 1, ((b) >> 2 & 0x1f) + 1, 0}
#define FOUR(RUN, b)     RUN(b), RUN((b) + 1), RUN((b) + 2), RUN((b) + 3)
#define SIXTEEN(RUN, b)  FOUR(RUN, b), FOUR(RUN, (b) + 4), FOUR(RUN, (b) + 8), FOUR(RUN, (b) + 12)
#define SIXTY_FOUR(RUN, b)                                                                         \
    SIXTEEN(RUN, b), SIXTEEN(RUN, (b) + 16), SIXTEEN(RUN, (b) + 32), SIXTEEN(RUN, (b) + 48)

const struct hll_run_row hll_run_rows[256] = {
    SIXTY_FOUR(ZEROS, 0), SIXTY_FOUR(LONG_ZEROS, 64),
    SIXTY_FOUR(VALUES, 128), SIXTY_FOUR(VALUES, 192),
};
/* clang-format on */
