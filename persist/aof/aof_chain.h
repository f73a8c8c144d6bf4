/*
 * aof_chain.h — what the files of an AOF say of one another.
 *
 *   INCR 4: … 812 bytes            INCR 5: "#AFTER:4 812 <crc of what stands before>" …
 *
 * A rotation does not wait until the file that is full is synced, so a power cut may take its end
 * and leave what was written to the next one.  Nothing in the next one is durable before all of the
 * file before it is.  So each file begins with the size of the one before it, and where that is
 * shorter the log ends there: whatever stands behind it is left out.  Unless a file behind it says
 * that some of itself was synced: then the one before it was synced whole, and what is missing now
 * is damage.
 *
 * Redis skips lines with '#'.  Files of other servers say nothing, and nothing is concluded.
 *
 * Threads  one owner at a time
 * Memory   a row a file; the manifest must outlive the chain
 */
#ifndef LK_PERSIST_AOF_CHAIN_H
#define LK_PERSIST_AOF_CHAIN_H

#include "persist/aof/aof_manifest.h"
#include "persist/file_ops.h"

LK_BEGIN

/* ROTTEN: its first bytes are none that anybody writes, so nothing in it can be loaded. */
enum aof_chain_start { AOF_START_EMPTY, AOF_START_AFTER, AOF_START_ROTTEN, AOF_START_OTHER };

struct aof_chain_file {
    char *path;
    int error;     /* errno, if it cannot be opened */
    uint64_t size; /* 0 also if it cannot be read */
    enum aof_chain_start start;
    int64_t after_seq; /* AFTER: of the file before it, which has so many bytes */
    uint64_t after_bytes;
};

struct aof_chain {
    const struct aof_manifest *manifest;
    const struct file_ops *ops;
    struct aof_chain_file *files; /* one for each of the manifest's */
};

/* Looks at the beginning of every file that is not history. */
void aof_chain_init(struct aof_chain *c, const struct aof_manifest *m, const struct file_ops *ops,
                    const char *directory);
void aof_chain_release(struct aof_chain *c);

/* How long the i-th file was when the log went on in another; UINT64_MAX: nobody says. */
uint64_t aof_chain_bytes_of(const struct aof_chain *c, size_t i);
/* Nothing was written behind the i-th file. */
bool aof_chain_is_last(const struct aof_chain *c, size_t i);
/*
 * The log may end in the i-th file, whatever stands behind it: that is ours, and nothing of it was
 * ever durable.  Reads the files behind it.
 */
bool aof_chain_may_end(const struct aof_chain *c, size_t i);
/* Empties all files behind the i-th, the last one first.  LK_EIO and errno; *at is the file. */
LK_MUST_USE int aof_chain_end_behind(const struct aof_chain *c, size_t i, const char **at);

enum { AOF_AFTER_CHARS = 96 };

/* The line for a file that goes on behind that one, with its end; returns its size. */
size_t aof_chain_print(char out[AOF_AFTER_CHARS], int64_t seq, uint64_t bytes);
/* b.data[b.size] may be read.  False: it is no such line, or not as it was written. */
bool aof_chain_parse(struct bytes line, int64_t *seq, uint64_t *bytes);

LK_END

#endif
