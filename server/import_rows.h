/* The rows of a publication, whatever form they came in.
 *
 * A CSV line and a JSON object become the same: a row of a table with a cell
 * for each column, of which some were not said at all.  Rows are checked
 * against the package as they are added; a bad one is noted and left out.
 * Ids are UUIDs in lower case, or derived from table and publisher's id.
 * Everything lives in the arena.  Not thread-safe. */
#ifndef SERVER_IMPORT_ROWS_H
#define SERVER_IMPORT_ROWS_H

#include "server/import_table.h"
#include "shared/base/map.h"
#include "shared/model/id.h"

#define IMPORT_CELL_BYTES_MAX 65536

struct import_cell {
    struct bytes text; /* borrowed; size 0: said to be empty */
    size_t offset;
    bool said;
};

struct import_row {
    enum import_table_id table;
    const struct import_file *file;
    size_t offset;
    char id[ID_CHARS + 1];
    bool nested;             /* of a JSON shape that implies foreign keys */
    struct import_row *next; /* of the same table */
    struct import_cell cells[IMPORT_COLUMNS_MAX];
};

struct import_rows {
    struct arena *arena;            /* borrowed */
    struct import_package *package; /* borrowed */
    struct import_notes *notes;     /* borrowed */
    struct {
        struct import_row *first, *last;
        size_t count;
        struct map *by_id; /* owned */
    } tables[TABLE_COUNT];
    struct map *said;  /* owned: import_rows_say */
    struct map *noted; /* owned: what is noted once */
    size_t skipped;    /* rows left out */
};

MUST_CHECK enum err import_rows_init(struct import_rows *rows,
                                     struct arena *arena,
                                     struct import_package *package,
                                     struct import_notes *notes);
void import_rows_fini(struct import_rows *rows);

/* The publisher's id of a row of this table as a record id: a UUID in lower
 * case, else one derived from the table's name and the id, since publishers who
 * count from 1 do so in every table. */
void import_id(char out[ID_CHARS + 1], const char *table, struct bytes text);

/* A row without cells that is not in any table yet; NULL: ERR_NOMEM. */
struct import_row *import_row_new(struct import_rows *rows,
                                  enum import_table_id table,
                                  const struct import_file *file,
                                  size_t offset);
/* Checks the row and adds it, or notes why not (*added is then false).  Of two
 * rows with one id the second is left out when it stands in the same table of
 * the same file; another appearance of the same object is merged. */
MUST_CHECK enum err import_rows_add(struct import_rows *rows,
                                    struct import_row *row, bool *added);
/* Notes that a row is left out; `what` ends before "; the row is skipped". */
MUST_CHECK enum err import_rows_skip(struct import_rows *rows,
                                     const struct import_file *file,
                                     size_t offset, const char *what);
/* True the first time that `key` is asked for. */
MUST_CHECK enum err import_rows_once(struct import_rows *rows, const char *key,
                                     bool *first);

/* The cell's text; empty when it is empty or was not said. */
struct bytes import_row_text(const struct import_rows *rows,
                             const struct import_row *row, const char *column);
const struct import_cell *import_row_cell(const struct import_rows *rows,
                                          const struct import_row *row,
                                          const char *column);
/* The id that a key column holds; false when it is empty or of no table. */
bool import_row_key(const struct import_rows *rows,
                    const struct import_row *row, const char *column,
                    char out[ID_CHARS + 1]);
struct import_row *import_rows_find(const struct import_rows *rows,
                                    enum import_table_id table, const char *id);

/* Remembers that an object listed all of its rows in `child`. */
MUST_CHECK enum err import_rows_say(struct import_rows *rows, const char *id,
                                    enum import_table_id child);
/* All rows of `child` that belong to this id are known. */
bool import_rows_said(const struct import_rows *rows, const char *id,
                      enum import_table_id child);

/* Is a record of this type and id in the office's store? */
typedef enum err import_known(void *context, const char *type, const char *id,
                              bool *known);
/* Notes foreign keys that point nowhere, neither here nor at the office. */
MUST_CHECK enum err import_rows_check_keys(struct import_rows *rows,
                                           import_known *known, void *context);

#endif
