#include "shared/base/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "shared/base/journal_scan.h"

struct journal_reader {
    struct journal_scan scan;
};

enum err journal_reader_open(struct journal_reader **out, const char *path,
                             const uint8_t *key)
{
    *out = NULL;
    struct journal_reader *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        free(r);
        return journal_err_of_errno(errno);
    }
    journal_scan_init(&r->scan, fd, key, 0, 0);
    *out = r;
    return ERR_OK;
}

void journal_reader_close(struct journal_reader *r)
{
    if (!r)
        return;
    close(r->scan.fd);
    journal_scan_fini(&r->scan);
    free(r);
}

enum err journal_reader_next(struct journal_reader *r,
                             struct journal_record *record)
{
    return journal_scan_next(&r->scan, record);
}

uint64_t journal_reader_lost(const struct journal_reader *r)
{
    return r->scan.lost;
}

uint64_t journal_reader_skipped(const struct journal_reader *r)
{
    return r->scan.skipped;
}
