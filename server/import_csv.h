/* CSV by RFC 4180, read row by row from memory.
 *
 * Commas, double quotes, quoted line ends; lines end with LF, CRLF or CR; a
 * byte order mark is passed over; a quoted CRLF is given as LF.  A row that is
 * malformed is reported with the offset of what is wrong and the reader goes
 * on behind it; when a quote is misplaced, on the line after the one where the
 * row begins, so that one bad row never hides the next.  Pure. */
#ifndef SERVER_IMPORT_CSV_H
#define SERVER_IMPORT_CSV_H

#include "shared/base/arena.h"

#define IMPORT_CSV_CELLS_MAX 256
#define IMPORT_CSV_CELL_BYTES_MAX 65536

struct import_csv_cell {
    struct bytes text; /* borrowed from the input or the arena */
    size_t offset;     /* of its first byte, the quote included */
};

struct import_csv_row {
    struct import_csv_cell cells[IMPORT_CSV_CELLS_MAX];
    size_t count;
    size_t offset;    /* of the row */
    size_t fault;     /* ERR_INVALID: offset of what is wrong */
    const char *what; /* ERR_INVALID: static text */
    bool torn;        /* where the row ends is in doubt */
};

struct import_csv {
    struct bytes text; /* borrowed */
    size_t at;
};

void import_csv_init(struct import_csv *csv, struct bytes text);

/* The next row that is not an empty line.  ERR_NOT_FOUND at the end;
 * ERR_INVALID with `fault` and `what`, after which the next call goes on;
 * ERR_NOMEM.  Cells with doubled quotes or quoted CRLF are copied into
 * `arena`. */
MUST_CHECK enum err import_csv_next(struct import_csv *csv, struct arena *arena,
                                    struct import_csv_row *row);

#endif
