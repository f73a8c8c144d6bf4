#include "io/admin/info/human.h"

#include <inttypes.h>
#include <stdio.h>

const char *human_bytes(uint64_t bytes, char out[HUMAN_CHARS])
{
    static const char letters[] = "KMGTPE";
    double size = (double)bytes / 1024;
    int power = 0;

    if (bytes < 1024) {
        snprintf(out, HUMAN_CHARS, "%" PRIu64 "B", bytes);
        return out;
    }
    for (; size >= 1024 && letters[power + 1]; power++)
        size /= 1024;
    snprintf(out, HUMAN_CHARS, "%.2f%c", size, letters[power]);
    return out;
}
