/* The records of an open journal file, one after another (journal.h).
 *
 * Caller's storage; the file descriptor is borrowed and its offset unused. */
#ifndef BASE_JOURNAL_SCAN_H
#define BASE_JOURNAL_SCAN_H

#include "shared/base/buffer.h"
#include "shared/base/journal.h"

struct journal_scan {
    int fd;             /* borrowed */
    const uint8_t *key; /* borrowed; NULL: not keyed */
    uint64_t at;        /* where the next record is looked for */
    uint64_t number;    /* of the last record read */
    uint64_t lost, skipped;
    struct buffer window; /* owned: bytes of the file from `window_at` */
    uint64_t window_at;
};

void journal_scan_init(struct journal_scan *scan, int fd, const uint8_t *key,
                       uint64_t at, uint64_t number);
void journal_scan_fini(struct journal_scan *scan);
/* As journal_reader_next(). */
MUST_CHECK enum err journal_scan_next(struct journal_scan *scan,
                                      struct journal_record *record);

/* Writes the head of a record; `payload` follows it in the file. */
void journal_head(uint8_t head[JOURNAL_HEAD_BYTES], const uint8_t *key,
                  uint8_t kind, uint64_t number, struct bytes payload);

enum err journal_err_of_errno(int number);

#endif
