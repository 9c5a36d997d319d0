/* The input as a file in memory: for readers that take a path.
 *
 * There is one such file a process; it is gone with the process. */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "shared/base/bytes.h"
#include "tests/fuzz/target.h"

/* Its descriptor; *path is where it can be opened again. */
static inline int file_open(const char **path)
{
    static char name[64], link[64];
    static int fd = -1;
    if (fd < 0) {
        snprintf(name, sizeof name, "/satchel-fuzz-%ld", (long)getpid());
        fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        must(fd >= 0 && !shm_unlink(name));
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    }
    *path = link;
    return fd;
}

/* Replaces what it holds; returns its path. */
static inline const char *file_write(struct bytes text)
{
    const char *path;
    int fd = file_open(&path);
    must(!ftruncate(fd, 0));
    must(pwrite(fd, text.at, text.size, 0) == (ssize_t)text.size);
    return path;
}

#endif
