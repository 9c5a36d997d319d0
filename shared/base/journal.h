/* An append-only file of checksummed records, for a second volume.
 *
 * What journal_commit() has said is kept survives a power cut; what was being
 * written then is cut off by the next writer.  Damage anywhere loses only the
 * records it touches: a reader goes on at the next intact one and counts, by
 * the records' numbers, what is missing.  Several processes may append to one
 * file; a handle belongs to one thread.
 *
 * A record: FF 'S' 'J' 01, kind (1), payload length (4), number (8), check
 * (16), payload; integers are little endian.  Numbers count from 1.  The check
 * is BLAKE2b-128 over kind, length, number and payload, keyed if the writer has
 * a key: then nobody without it can add a record.  The first record has kind 0
 * and names what the journal is of. */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include "shared/base/bytes.h"

#define JOURNAL_HEAD_BYTES 33u
#define JOURNAL_KEY_BYTES 32u
#define JOURNAL_PAYLOAD_BYTES_MAX (4u << 20)

enum { JOURNAL_NAME = 0 }; /* the first record's kind; others are yours */

struct journal_record {
    uint8_t kind;
    uint64_t number;
    struct bytes payload; /* borrowed until the next call on its reader */
    uint64_t at, end;     /* bytes of the file that it takes */
};

/* What a journal is; all borrowed while it is open. */
struct journal_of {
    const char *path;
    const char *name;   /* "office of ACME"; the file must say the same */
    const uint8_t *key; /* JOURNAL_KEY_BYTES; NULL: checks are not keyed */
    /* Where reading may begin, as journal_end() told it earlier; zeros: at the
     * start.  A file that has no end or record there is read from its start. */
    uint64_t at, number;
    bool existing; /* makes no file: ERR_NOT_FOUND where there is none */
    /* Called for every record that this handle did not write itself, at
     * journal_open() and journal_begin(); NULL: not wanted. */
    void (*seen)(void *context, const struct journal_record *record);
    void *context;
};

/* --- writing ---------------------------------------------------------------
 */

struct journal;

/* Opens or makes the file (mode 0600; see `existing`), reads it through and
 * cuts off a torn end.  ERR_FOREIGN when it is something else, has another name
 * or key. */
MUST_CHECK enum err journal_open(struct journal **out,
                                 const struct journal_of *of);
void journal_close(struct journal *journal); /* NULL is allowed */
/* Where the last record known to this handle ends, and its number. */
uint64_t journal_end(const struct journal *journal, uint64_t *number);

/* Locks the file against other writers and reads what they appended.
 * ERR_NOT_FOUND when the path leads to another file or none: close, and open
 * again. */
MUST_CHECK enum err journal_begin(struct journal *journal);
/* Adds a record to the group; kind is not JOURNAL_NAME.  ERR_TOO_BIG beyond
 * the limit above; the group is then unchanged.  A long group is written as it
 * grows: a reader, or who comes after a crash, may find its first records
 * alone. */
MUST_CHECK enum err journal_add(struct journal *journal, uint8_t kind,
                                struct bytes payload);
/* One write (unless the group is long) and one fdatasync; unlocks.  On failure
 * nothing of the group is in the file: begin again, or give up. */
MUST_CHECK enum err journal_commit(struct journal *journal);
/* Forgets the group; unlocks. */
void journal_cancel(struct journal *journal);

/* --- reading ---------------------------------------------------------------
 */

struct journal_reader;

/* Never writes; the file may be damaged, and a writer at work.  `key` as in
 * journal_of, borrowed until close. */
MUST_CHECK enum err journal_reader_open(struct journal_reader **out,
                                        const char *path, const uint8_t *key);
void journal_reader_close(struct journal_reader *reader); /* NULL is allowed */
/* The next intact record; ERR_NOT_FOUND after the last. */
MUST_CHECK enum err journal_reader_next(struct journal_reader *reader,
                                        struct journal_record *record);
/* Records that are missing before the last one read, and bytes passed over
 * that belong to no intact record. */
uint64_t journal_reader_lost(const struct journal_reader *reader);
uint64_t journal_reader_skipped(const struct journal_reader *reader);

#endif
