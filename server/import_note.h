/* What an import has to say: rows it left out, doubts, remarks.
 *
 * Each note names file, line and column (from 1, in characters) and says what
 * is wrong and what was done.  All are counted, the first IMPORT_NOTES_MAX are
 * kept.  Not thread-safe. */
#ifndef SERVER_IMPORT_NOTE_H
#define SERVER_IMPORT_NOTE_H

#include "shared/base/arena.h"
#include "shared/base/buffer.h"

#define IMPORT_NOTES_MAX 1000
#define IMPORT_NOTE_CHARS 512

enum import_note_kind {
    IMPORT_SKIPPED, /* a row or file is left out */
    IMPORT_WARNING, /* imported, but somebody should look */
    IMPORT_REMARK,  /* nothing is wrong */
    IMPORT_NOTE_KINDS
};

/* A file as it was read; places in it are byte offsets. */
struct import_file {
    const char *name;  /* as notes call it; borrowed */
    struct bytes text; /* borrowed */
};

struct import_note {
    enum import_note_kind kind;
    const char *file;    /* owned by the notes' arena; "" none */
    size_t line, column; /* 0: the file as a whole */
    const char *text;    /* owned by the notes' arena */
};

struct import_notes {
    struct arena arena;
    struct import_note *list; /* owned */
    size_t count, room;
    size_t totals[IMPORT_NOTE_KINDS]; /* those not kept included */
};

#define IMPORT_NOWHERE SIZE_MAX /* an offset: the file as a whole */

void import_notes_init(struct import_notes *notes);
void import_notes_fini(struct import_notes *notes);

/* `file` NULL: no file is concerned.  ERR_NOMEM. */
MUST_CHECK enum err import_notes_add(struct import_notes *notes,
                                     enum import_note_kind kind,
                                     const struct import_file *file,
                                     size_t offset, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Line and column of a byte, both from 1; columns count characters. */
void import_place(struct bytes text, size_t offset, size_t *line,
                  size_t *column);

/* The text in quotes on one line, cut to a readable length; borrowed from
 * `out`. */
#define IMPORT_QUOTE_CHARS 96
const char *import_quote(char out[IMPORT_QUOTE_CHARS], struct bytes text);

/* "FILE:LINE:COLUMN: text", without a newline. */
MUST_CHECK enum err import_note_line(struct buffer *out,
                                     const struct import_note *note);

#endif
