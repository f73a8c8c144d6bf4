/*
 * bad_disk.c — a library to be preloaded: calls on regular files fail, or take their time, as a
 * control file says at that moment.
 *
 *   LATCHKEY_BAD_DISK=/path/control     lines of it:   write ENOSPC
 *                                                      fdatasync EIO
 *                                                      fdatasync 200000        sleeps so many µs
 *                                                      fdatasync 500 instead   and does nothing
 *                                                      rename ENOSPC
 *                                                      create EROFS            open with O_CREAT
 *
 * Without the file, or with an empty one, the disk is as it is.  Standard streams are left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TEXT = 512 };

static const struct {
    const char *name;
    int number;
} errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EROFS", EROFS}, {"EDQUOT", EDQUOT}};

static bool is_file(int fd)
{
    struct stat st;
    return fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Raw calls: the library's own are what this file replaces. */
static void read_control(char text[TEXT])
{
    const char *path = getenv("LATCHKEY_BAD_DISK");
    text[0] = '\0';
    const long fd = path ? syscall(SYS_open, path, 0, 0) : -1;
    if (fd < 0)
        return;
    const long n = syscall(SYS_read, fd, text, TEXT - 1);
    text[n > 0 ? n : 0] = '\0';
    syscall(SYS_close, fd);
}

/* True: the call is not to be made, and errno is set; 0 for one that is said to have gone well. */
static bool strikes(const char *call, int *error)
{
    char text[TEXT], *save = NULL;
    read_control(text);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char name[32], what[32], more[32] = "";
        if (sscanf(line, "%31s %31s %31s", name, what, more) < 2 || strcmp(name, call) != 0)
            continue;
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
            if (strcmp(what, errors[i].name) == 0) {
                *error = errno = errors[i].number;
                return true;
            }
        usleep((useconds_t)atoi(what));
        *error = 0;
        return strcmp(more, "instead") == 0;
    }
    return false;
}

ssize_t write(int fd, const void *data, size_t size)
{
    int error;
    if (is_file(fd) && strikes("write", &error))
        return error ? -1 : (ssize_t)size;
    return syscall(SYS_write, fd, data, size);
}

int fdatasync(int fd)
{
    int error;
    if (is_file(fd) && strikes("fdatasync", &error))
        return error ? -1 : 0;
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    int error;
    if (is_file(fd) && strikes("fsync", &error))
        return error ? -1 : 0;
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    int error;
    if (strikes("rename", &error))
        return error ? -1 : 0;
    return (int)syscall(SYS_rename, from, to);
}

int open(const char *path, int flags, ...)
{
    int error;
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (flags & O_CREAT && strikes("create", &error) && error)
        return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
