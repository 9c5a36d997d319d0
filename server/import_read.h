/* A publication from the disk: a folder of CSV tables (with datapackage.json),
 * a folder of JSON files, or one JSON file.
 *
 * All of it is read into memory, within limits.  A file that cannot be read is
 * noted and left out; reading fails only when nothing of PATH is usable.  Not
 * thread-safe. */
#ifndef SERVER_IMPORT_READ_H
#define SERVER_IMPORT_READ_H

#include "server/import_files.h"
#include "server/import_rows.h"

#define IMPORT_FILE_BYTES_MAX (64u * 1024u * 1024u)
#define IMPORT_FILES_MAX 1000
#define IMPORT_BYTES_MAX (1024u * 1024u * 1024u) /* all that it takes */

struct import_publication {
    struct arena arena;
    struct import_package package;
    struct import_notes notes;
    struct import_rows rows;
    bool whole; /* tables, not pages or single objects: what is missing in them
                   is no longer published */
};

/* ERR_NOT_FOUND, ERR_FOREIGN (nothing of HSDS), ERR_IO, ERR_DENIED,
 * ERR_TOO_BIG, each with one line in `detail`; ERR_NOMEM.  The publication
 * holds nothing on failure. */
MUST_CHECK enum err import_read(struct import_publication *out,
                                const char *path,
                                char detail[IMPORT_DETAIL_CHARS]);
void import_publication_fini(struct import_publication *publication);

/* One table in CSV, and one file in JSON, from memory. */
MUST_CHECK enum err import_read_csv(struct import_publication *publication,
                                    enum import_table_id table,
                                    const struct import_file *file);
MUST_CHECK enum err import_read_json(struct import_publication *publication,
                                     const struct import_file *file);
MUST_CHECK enum err import_publication_init(struct import_publication *out);

#endif
