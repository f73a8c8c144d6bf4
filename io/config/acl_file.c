#include "io/config/acl_file.h"

#include "io/config/config_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool acl_file_read(const char *path, const struct acl_basis *basis, struct acl_draft *d,
                   struct buf *text, struct buf *error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        buf_printf(error, "Error loading ACLs, opening file '%s': %s", path, strerror(errno));
        return false;
    }
    const int rc = config_read_fd(fd, text);
    const int why = errno;
    close(fd);
    if (rc != LK_OK) {
        buf_printf(error, "Error loading ACLs, reading file '%s': %s", path, strerror(why));
        return false;
    }
    return acl_draft_read(d, basis, buf_bytes(text), path, error);
}

bool acl_file_write(const char *path, const struct acl *a)
{
    struct buf text = {0};

    for (uint32_t i = 0; i < a->count; i++) {
        acl_append_user(&text, a->v[i]);
        buf_append_char(&text, '\n');
    }
    const bool ok = config_replace_file(path, buf_bytes(&text));
    buf_release(&text);
    return ok;
}
