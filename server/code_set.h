/* One version of a list of codes, as its file says it.
 *
 * The file is CSV in UTF-8 behind lines of "# KEY: TEXT": set, version, title,
 * standing (official, secondary, unverified) and source, each once; where known
 * effective_from and effective_to (the last day; dates as 2026-11-21); any
 * number of notes.  Its columns are code, label and whatever else the
 * publication says of each.  Pure. */
#ifndef SERVER_CODE_SET_H
#define SERVER_CODE_SET_H

#include "server/import_files.h"

#define CODE_SET_FILE_BYTES_MAX (1024u * 1024)
#define CODE_SET_CODES_MAX 5000
/* What one record can carry beside the rest of its line. */
#define CODE_SET_BYTES_MAX (192u * 1024)

enum code_set_key {
    CODE_SET_SET,
    CODE_SET_VERSION,
    CODE_SET_TITLE,
    CODE_SET_FROM,
    CODE_SET_TO,
    CODE_SET_STANDING,
    CODE_SET_SOURCE,
    CODE_SET_KEYS
};

struct code_set {
    struct bytes head[CODE_SET_KEYS]; /* borrowed from the file; empty: none */
    struct bytes notes;               /* canonical: list of texts */
    struct bytes codes;               /* canonical: list of objects of texts */
    size_t count;
};

/* The record's field of each key: "set", "effective_from". */
extern const char *const code_set_fields[CODE_SET_KEYS];

/* Reads a file into `arena`.  A set is right or refused whole: ERR_INVALID
 * with "FILE:LINE:COLUMN: what is wrong" in `detail` (IMPORT_DETAIL_CHARS);
 * ERR_TOO_BIG likewise; ERR_NOMEM. */
MUST_CHECK enum err code_set_read(struct code_set *out, struct arena *arena,
                                  const struct import_file *file, char *detail);

/* What of an older list (canonical, as `codes`) is not in the newer one, is
 * there otherwise, and what only the newer one has. */
struct code_set_change {
    size_t added, changed, gone;
    char first_gone[64]; /* a code, cut where it is longer; "" none */
};

MUST_CHECK enum err code_set_compare(struct code_set_change *out,
                                     struct bytes before, struct bytes after);

#endif
