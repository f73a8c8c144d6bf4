/*
 * config_file.c — writes a file of the configuration's whole: the new one is there, or the old one.
 */
#include "io/config/config_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_FILE_MODE = 0644 }; /* of one that was not there */

static bool config_file_write(int fd, struct bytes text)
{
    while (text.size > 0) {
        const ssize_t n = write(fd, text.data, text.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text = bytes_of(text.data + n, text.size - (size_t)n);
    }
    return true;
}

/* The directory of path, open; negative and errno if it cannot be. */
static int config_file_directory(const char *path)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');

    if (!slash)
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool config_replace_file(const char *path, struct bytes text)
{
    char temporary[PATH_MAX];
    struct stat old;
    const mode_t mode = stat(path, &old) == 0 ? old.st_mode & 07777 : CONFIG_FILE_MODE;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    const int directory = config_file_directory(path);
    if (directory < 0)
        return false;
    const int fd = mkostemp(temporary, O_CLOEXEC);
    bool ok = fd >= 0 && config_file_write(fd, text) && fchmod(fd, mode) == 0 && fsync(fd) == 0 &&
              rename(temporary, path) == 0;
    const int why = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !ok)
        unlink(temporary);
    if (ok && fsync(directory) != 0) {
        close(directory);
        return false;
    }
    close(directory);
    errno = why;
    return ok;
}
