/* DATA.keys/journal: which journal there is, and whether all is in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/office_journal.h"

#define PATH_CHARS 1100
#define LINE_CHARS (GROUP_INSTANCE_BYTES * 2 + 16)

static void line_format(char out[LINE_CHARS],
                        const uint8_t instance[GROUP_INSTANCE_BYTES],
                        bool whole)
{
    char hex[GROUP_INSTANCE_BYTES * 2 + 1];
    hex_encode(hex, instance, GROUP_INSTANCE_BYTES);
    snprintf(out, LINE_CHARS, "%s %s\n", hex, whole ? "whole" : "behind");
}

bool journal_state_whole(const char *keys_dir,
                         const uint8_t instance[GROUP_INSTANCE_BYTES])
{
    char path[PATH_CHARS], wanted[LINE_CHARS], found[LINE_CHARS] = "";
    snprintf(path, sizeof path, "%.1050s/journal", keys_dir);
    line_format(wanted, instance, true);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool got = fgets(found, sizeof found, file) != NULL;
    (void)fclose(file);
    return got && strcmp(found, wanted) == 0;
}

static bool folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return done;
}

enum err journal_state_save(const char *keys_dir,
                            const uint8_t instance[GROUP_INSTANCE_BYTES],
                            bool whole)
{
    char path[PATH_CHARS], fresh[PATH_CHARS + 8], line[LINE_CHARS];
    snprintf(path, sizeof path, "%.1050s/journal", keys_dir);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    line_format(line, instance, whole);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOSPC ? ERR_FULL : ERR_IO;
    bool done = write(fd, line, strlen(line)) == (ssize_t)strlen(line) &&
                fsync(fd) == 0;
    done = close(fd) == 0 && done;
    done = done && rename(fresh, path) == 0 && folder_sync(keys_dir);
    return done ? ERR_OK : ERR_IO;
}
