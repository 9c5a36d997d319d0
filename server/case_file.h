/* One case as the office had it at some moment: its records, folded from the
 * lines that had arrived by then, and those lines.
 *
 * What a restored office received anew counts from when it did.  Not
 * thread-safe. */
#ifndef SERVER_CASE_FILE_H
#define SERVER_CASE_FILE_H

#include "server/office.h"
#include "shared/model/canon.h"
#include "shared/model/revision.h"

struct case_record {
    char id[ID_CHARS + 1];
    struct bytes state;       /* borrowed from the file */
    const struct canon *root; /* of it */
    struct bytes type;        /* "" while its creation is missing */
    struct bytes name;        /* what people call it; may be empty */
};

struct case_line {
    int64_t arrival, received_at;
    uint8_t hash[HASH_BYTES];
    struct bytes line;                /* empty: it was disposed of */
    const struct revision *revision;  /* NULL: disposed of, or none */
    const char *held;                 /* why it is held; NULL: it is not */
    const struct case_record *record; /* NULL: of none that can be read */
};

struct case_file {
    struct arena arena;          /* owns everything below */
    struct case_record *records; /* by id */
    size_t record_count, record_room;
    struct case_line *lines; /* as they arrived */
    size_t line_count, line_room;
};

/* Reads the case up to and including `until` (INT64_MAX: all), within the
 * transaction of `sql`.  A case without any line by then is empty. */
MUST_CHECK enum err case_file_load(struct case_file *out, struct office *office,
                                   struct sql *sql, const char *kase,
                                   int64_t until);
void case_file_fini(struct case_file *file);

/* The record of that id, or NULL. */
const struct case_record *case_file_record(const struct case_file *file,
                                           struct bytes id);

#endif
