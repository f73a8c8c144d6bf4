/*
 * stream_groups.h — what the commands on groups of readers share: errors, and what is logged.
 *
 * Whatever made an entry pending or took it from somebody is logged as a claim that says all: for
 * whom, since when and how often, and how far the group has read.  Such a line of an entry that is
 * not there any more ends its being pending, whoever applies it.
 */
#ifndef LK_CMD_STREAM_GROUPS_H
#define LK_CMD_STREAM_GROUPS_H

#include "core/cmd/engine/exec.h"
#include "core/types/stream_group.h"

LK_BEGIN

/* "NOGROUP No such consumer group 'group' for key name 'key'" */
enum outcome reply_no_group(struct exec *x, struct bytes key, struct bytes group);
/* "NOGROUP No such key 'key' or consumer group 'group'", and the tail */
enum outcome reply_no_key_or_group(struct exec *x, struct bytes key, struct bytes group,
                                   const char *tail);

/* XCLAIM: the group's entry is pending as p says. */
void stream_effect_claim(struct exec *x, struct bytes key, const struct stream_group *g,
                         const struct stream_pending *p);
/* XGROUP SETID: how far the group has read. */
void stream_effect_group(struct exec *x, struct bytes key, const struct stream_group *g);
/* XGROUP CREATECONSUMER */
void stream_effect_consumer(struct exec *x, struct bytes key, const struct stream_group *g,
                            const struct stream_consumer *c);

/*
 * Ends an edit of what groups know, which changed in so many places.  To those who watch the key or
 * wait for it nothing has changed.
 */
void stream_close_groups(struct exec *x, struct value_edit *e, uint64_t changes);

LK_END

#endif
