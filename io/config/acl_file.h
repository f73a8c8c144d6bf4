/*
 * acl_file.h — the file that aclfile names.
 *
 * Threads  any; with writers of the same file one at a time
 */
#ifndef LK_IO_ACL_FILE_H
#define LK_IO_ACL_FILE_H

#include "core/cmd/client/acl_text.h"

LK_BEGIN

/*
 * Reads the file's users into an empty draft, whose names lie in text.  False: error says why, as
 * ACL LOAD and the log tell it.  Release both in any case.
 */
bool acl_file_read(const char *path, const struct acl_basis *basis, struct acl_draft *d,
                   struct buf *text, struct buf *error);

/* Replaces the file by the users as they are, whole or not at all; false: errno says why not. */
bool acl_file_write(const char *path, const struct acl *a);

LK_END

#endif
