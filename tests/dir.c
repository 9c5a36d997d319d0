#define _XOPEN_SOURCE 700 /* nftw */
#include "tests/dir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void dir_make(char *path)
{
    const char *under = getenv("TMPDIR");
    snprintf(path, DIR_CHARS, "%s/satchel-test-XXXXXX", under ? under : "/tmp");
    if (!mkdtemp(path)) {
        perror(path);
        abort();
    }
}

static int entry_remove(const char *path, const struct stat *status, int kind,
                        struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void dir_remove(const char *path)
{
    if (nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS))
        perror(path);
}

const char *dir_file(char *out, const char *path, const char *name)
{
    snprintf(out, 2 * (size_t)DIR_CHARS, "%s/%s", path, name);
    return out;
}
