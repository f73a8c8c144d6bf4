/*
 * bad_disk.c — a library to be preloaded: calls on regular files fail, or take their time, as a
 * control file says at that moment.
 *
 *   LATCHKEY_BAD_DISK=/path/control     lines of it:   write ENOSPC
 *                                                      fdatasync EIO
 *                                                      fdatasync 200000        sleeps so many µs
 *                                                      fdatasync 500 instead   and does nothing
 *                                                      fdatasync gate          see below
 *                                                      rename ENOSPC
 *                                                      create EROFS            open with O_CREAT
 *
 * At a gate the calls wait, one behind the other.  Each lets the file control.waits grow by a byte,
 * and goes through once control.pass has as many bytes, or once the line is gone.
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

/* Is there a line of these two words? */
static bool has_line(const char *call, const char *word)
{
    char text[TEXT], *save = NULL;
    read_control(text);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char name[32], what[32];
        if (sscanf(line, "%31s %31s", name, what) == 2 && strcmp(name, call) == 0)
            return strcmp(what, word) == 0;
    }
    return false;
}

static void control_path(char path[TEXT], const char *suffix)
{
    (void)snprintf(path, TEXT, "%s%s", getenv("LATCHKEY_BAD_DISK"), suffix);
}

static void grow_by_a_byte(const char *path)
{
    const long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)syscall(SYS_write, fd, ".", 1);
    syscall(SYS_close, fd);
}

static void wait_at_gate(const char *call)
{
    static unsigned long waits;
    char waits_path[TEXT], pass_path[TEXT];
    if (!has_line(call, "gate"))
        return;
    const unsigned long mine = __atomic_add_fetch(&waits, 1, __ATOMIC_SEQ_CST);
    control_path(waits_path, ".waits");
    control_path(pass_path, ".pass");
    grow_by_a_byte(waits_path);
    struct stat pass = {0};
    while (has_line(call, "gate") &&
           (stat(pass_path, &pass) != 0 || (unsigned long)pass.st_size < mine))
        usleep(1000);
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
        if (strcmp(what, "gate") == 0)
            return false;
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
    if (is_file(fd))
        wait_at_gate("fdatasync");
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
