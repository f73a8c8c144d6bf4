/*
 * aof_base.h — the keyspace as the commands that make it: a base of the AOF in its plain form.
 *
 *   [#TS:<unix time>] | functions … | { SELECT, where the database changes
 *                                     | what makes the value, in commands of up to 64 elements
 *                                     | PEXPIREAT, where there is a deadline } …
 *
 *   string  SET                      sorted set  ZADD …
 *   list    RPUSH …                  hash        HMSET … | HPEXPIREAT of each field that expires
 *   set     SADD …                   stream      XADD … | XSETID | groups: aof_base_stream.c
 *
 * Every server that reads AOFs reads this form, and so do tools that know text.  Deadlines of
 * fields are known to Redis 7.4 and later only.
 *
 * Errors   kept by rdb_out: ask aof_base_end
 * Threads  one owner at a time
 * Memory   out's buffer: values are written as they are walked over, of whatever size
 * Source   files that a reference server wrote
 */
#ifndef LK_PERSIST_AOF_BASE_H
#define LK_PERSIST_AOF_BASE_H

#include "persist/rdb/rdb_save_view.h"

LK_BEGIN

struct aof_base {
    struct rdb_out *out;
    bool in_db;
    uint32_t db;   /* of the last SELECT */
    uint64_t keys; /* written so far */
};

/* stamp_s: Unix time of the annotation in front; negative: none. */
void aof_base_begin(struct aof_base *b, struct rdb_out *out, int64_t stamp_s);
/* Before any entry. */
void aof_base_function(struct aof_base *b, struct bytes code);
/* Databases may come in any order and again. */
void aof_base_entry(struct aof_base *b, uint32_t db, const struct entry *e);
/* All is given to the sink. */
LK_MUST_USE int aof_base_end(struct aof_base *b);

/*
 * Runs the view (which must be open and unread) into out and ends the file.  hook may be NULL.
 *
 * LK_EAGAIN  somebody aborted the view
 */
LK_MUST_USE int aof_base_view(struct aof_base *b, struct view *view,
                              const struct rdb_save_hook *hook);

LK_END

#endif
