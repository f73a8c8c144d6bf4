/*
 * acl_text.h — users as lines of text: the ACL file, ACL LIST, the configuration file.
 *
 *   user alice on #2bd806c9… ~a:* resetchannels -@all +get
 *
 * A file is taken whole or not at all: it is read into a draft, which may then be applied.
 *
 * Memory   a draft's names lie in the text
 */
#ifndef LK_CMD_ACL_TEXT_H
#define LK_CMD_ACL_TEXT_H

#include "core/cmd/client/acl_user.h"

LK_BEGIN

struct acl_draft_user {
    struct bytes name;
    struct acl_rules *rules; /* NULL once somebody has taken them */
};

struct acl_draft {
    struct acl_draft_user *v;
    uint32_t count, capacity;
};

/*
 * Adds the users of a file's text to an empty draft.  False: some line is no user; errors is then
 * what the client or the log is told, with the file's name.  Release the draft in any case.
 */
bool acl_draft_read(struct acl_draft *d, const struct acl_basis *basis, struct bytes text,
                    const char *file, struct buf *errors);
void acl_draft_release(struct acl_draft *d);

struct acl_draft_user *acl_draft_find(const struct acl_draft *d, struct bytes name);

/* "user NAME RULES", without a line end. */
void acl_append_user(struct buf *out, const struct acl_user *u);

LK_END

#endif
