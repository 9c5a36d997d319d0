/* A disk that fails, for a program that is started with this preloaded.
 *
 * FAIL_AT=N FAIL_HOW=full|io|kill [FAIL_ONCE=1] FAIL_PATH=TEXT: the N-th time
 * that something is written to, or synced to, a file whose name contains TEXT,
 * and from then on (or once), there is no space, or the disk reports an error,
 * or the process dies before it is done.  FAIL_COUNT=FILE is given the number
 * of times when the program ends.  FAIL_HOW=sector: the 4 KiB from byte N on
 * cannot be read, ever. */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long count, fail_at;
static bool once;
static const char *how, *path;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_AT");
    fail_at = at ? atol(at) : 0;
    how = getenv("FAIL_HOW");
    path = getenv("FAIL_PATH");
    once = getenv("FAIL_ONCE") != NULL;
}

__attribute__((destructor)) static void end(void)
{
    const char *file = getenv("FAIL_COUNT");
    FILE *out = file ? fopen(file, "w") : NULL;
    if (out) {
        fprintf(out, "%ld\n", count);
        fclose(out);
    }
}

/* `last`: the name ends there. */
static bool watched(int fd, bool last)
{
    char link[64], name[PATH_MAX];
    if (!path)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, sizeof name - 1);
    if (size <= 0)
        return false;
    name[size] = '\0';
    const char *found = strstr(name, path);
    return found && (!last || !found[strlen(path)]);
}

static bool fails(int fd)
{
    if (!watched(fd, false))
        return false;
    count++;
    if (!fail_at || !how || !strcmp(how, "sector") || count < fail_at ||
        (once && count > fail_at))
        return false;
    if (!strcmp(how, "kill"))
        (void)kill(getpid(), SIGKILL);
    errno = strcmp(how, "full") ? EIO : ENOSPC;
    return true;
}

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

#define REAL(type, name)                                                       \
    static type name##_real;                                                   \
    if (!name##_real)                                                          \
    *(void **)&name##_real = real(#name)

typedef ssize_t pwrite_call(int, const void *, size_t, off_t);
typedef ssize_t pread_call(int, void *, size_t, off_t);
typedef ssize_t write_call(int, const void *, size_t);
typedef int sync_call(int);
typedef int truncate_call(int, off_t);

static bool unreadable(int fd, size_t size, off_t at)
{
    if (!how || strcmp(how, "sector") != 0 || at >= fail_at + 4096 ||
        at + (off_t)size <= fail_at || !watched(fd, true))
        return false;
    errno = EIO;
    return true;
}

ssize_t pread(int fd, void *into, size_t size, off_t at)
{
    REAL(pread_call *, pread);
    return unreadable(fd, size, at) ? -1 : pread_real(fd, into, size, at);
}

ssize_t pread64(int fd, void *into, size_t size, off_t at)
{
    REAL(pread_call *, pread64);
    return unreadable(fd, size, at) ? -1 : pread64_real(fd, into, size, at);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
    REAL(pwrite_call *, pwrite);
    return fails(fd) ? -1 : pwrite_real(fd, from, size, at);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off_t at)
{
    REAL(pwrite_call *, pwrite64);
    return fails(fd) ? -1 : pwrite64_real(fd, from, size, at);
}

ssize_t write(int fd, const void *from, size_t size)
{
    REAL(write_call *, write);
    return fails(fd) ? -1 : write_real(fd, from, size);
}

int fsync(int fd)
{
    REAL(sync_call *, fsync);
    return fails(fd) ? -1 : fsync_real(fd);
}

int fdatasync(int fd)
{
    REAL(sync_call *, fdatasync);
    return fails(fd) ? -1 : fdatasync_real(fd);
}

int ftruncate(int fd, off_t size)
{
    REAL(truncate_call *, ftruncate);
    return fails(fd) ? -1 : ftruncate_real(fd, size);
}

int ftruncate64(int fd, off_t size)
{
    REAL(truncate_call *, ftruncate64);
    return fails(fd) ? -1 : ftruncate64_real(fd, size);
}
