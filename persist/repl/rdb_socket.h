/*
 * rdb_socket.h — an RDB on its way from one writer to several replicas, through a window.
 *
 *   saver --write--> | chunk | chunk | chunk | --read, send, sent--> each reader at its own pace
 *                     <----- window ------>
 *
 * A chunk goes when all readers have sent it.  The writer waits while the window is full: the
 * slowest reader paces it, until that one leaves.
 *
 * Threads  writer: one; a reader: one owner at a time; all under a lock of the window, for moments
 * Memory   the window is counted: the writer and each reader have it; chunks are at most its size
 *          and one write
 */
#ifndef LK_PERSIST_RDB_SOCKET_H
#define LK_PERSIST_RDB_SOCKET_H

#include "persist/rdb/rdb_out.h"

LK_BEGIN

struct rdb_window;
struct rdb_chunk;

enum { RDB_WINDOW_BYTES = 4 << 20, RDB_READER_RUNS = 16 };

struct rdb_reader {
    struct rdb_reader *next, *prev; /* the window's lock, as all of it but `runs` */
    struct rdb_window *window;      /* NULL: reads nothing */
    struct rdb_chunk *at;           /* the next one to read; NULL: that is yet to come */
    struct rdb_chunk *sending;      /* the first of those that are being sent */
    uint32_t sending_count;
};

/* The writer's. */
struct rdb_window *rdb_window_new(uint64_t bytes_max);
/* Before the first byte. */
void rdb_window_join(struct rdb_window *w, struct rdb_reader *r);
/* LK_EAGAIN once no reader is left.  Waits while the window is full. */
struct rdb_sink rdb_window_sink(struct rdb_window *w);
/* All is written, or will not be; the writer has nothing more to do with it. */
void rdb_window_end(struct rdb_window *w, bool well);

enum rdb_read { RDB_READ_MORE, RDB_READ_WHOLE, RDB_READ_FAILED };

/*
 * Runs to send, at most max (RDB_READER_RUNS), which stay until rdb_reader_sent.  *count 0: what
 * comes is yet to be written, and the worker will be told (shard_tell_retry); or, as the result
 * says, nothing comes.
 */
enum rdb_read rdb_reader_read(struct rdb_reader *r, struct bytes *runs, uint32_t max,
                              uint32_t *count, uint32_t worker);
void rdb_reader_sent(struct rdb_reader *r); /* all of them */
/* It wants no more; what is being sent is sent or never will be. */
void rdb_reader_leave(struct rdb_reader *r);

LK_END

#endif
