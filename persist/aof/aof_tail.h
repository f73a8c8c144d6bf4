/*
 * aof_tail.h — what lies behind the last sound byte of an append-only file.
 *
 *   sound units | a torn one, zeros, blocks of something else, blocks that came out of order
 *               ^ offset
 *
 * When the power fails a file system keeps what was synced, and of the rest whatever it has come
 * to. So a fault behind all that was synced is how the machine stopped, and may be cut; any other
 * is damage.  Our own files say how much was synced.  Of others it is damage if whole commands
 * follow.
 *
 * Threads  one owner at a time
 */
#ifndef LK_PERSIST_AOF_TAIL_H
#define LK_PERSIST_AOF_TAIL_H

#include "persist/file_ops.h"

LK_BEGIN

struct aof_tail {
    uint64_t size;
    bool zeros;        /* nothing else is in it */
    bool has_command;  /* a whole one follows somewhere */
    bool tells_synced; /* checksum lines in it say how much was synced: this, at least */
    uint64_t synced;
};

/* Reads on to the end of the file.  LK_EIO and errno */
LK_MUST_USE int aof_tail_look(const struct file_ops *ops, int fd, uint64_t offset,
                              struct aof_tail *out);

/* The third number of a "#CRC:" line; false: it has none.  line[size] may be read. */
bool aof_tail_synced_of(const char *line, uint64_t *synced);

LK_END

#endif
