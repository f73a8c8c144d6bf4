/*
 * acl_pattern.h — a list of globs for keys or channels.
 *
 * A user may have hundreds of them and each command asks all, so a glob is taken apart once: the
 * bytes before its first special one are compared as two words of eight, and whoever passes is
 * asked the rest.  So patterns may have much of their beginning in common: "tenant:17:user:*".
 *
 * Memory   a list owns its texts
 * Cost     of a glob that differs in its first sixteen bytes: about 1 ns
 */
#ifndef LK_CMD_ACL_PATTERN_H
#define LK_CMD_ACL_PATTERN_H

#include "core/base/bytes.h"

LK_BEGIN

/* What a key pattern is for; both for channels. */
enum acl_use { ACL_READ = 1 << 0, ACL_WRITE = 1 << 1, ACL_READ_WRITE = ACL_READ | ACL_WRITE };

enum acl_pattern_kind { ACL_PATTERN_EXACT, ACL_PATTERN_PREFIX, ACL_PATTERN_GLOB };

struct acl_pattern {
    struct bytes text; /* its own block */
    uint64_t head[2];  /* the first bytes of the literal beginning, at most sixteen … */
    uint64_t mask[2];  /* … and where they are */
    uint32_t literal;  /* bytes of that beginning */
    uint8_t kind;      /* enum acl_pattern_kind */
    uint8_t use;       /* enum acl_use */
};

struct acl_patterns {
    struct acl_pattern *v; /* in the order in which they were added */
    uint32_t count;
};

/* use is added to that of an equal text. */
void acl_patterns_add(struct acl_patterns *all, struct bytes text, uint8_t use);
void acl_patterns_copy(struct acl_patterns *to, const struct acl_patterns *from);
void acl_patterns_clear(struct acl_patterns *all);

/* Does a pattern that has every bit of use match text? */
bool acl_patterns_match(const struct acl_patterns *all, struct bytes text, uint8_t use);
/* Is there a pattern with this very text, and every bit of use? */
bool acl_patterns_have(const struct acl_patterns *all, struct bytes text, uint8_t use);

LK_END

#endif
