/* The resource directory as HSDS 3.0 tables: what `import hsds` reads, written.
 *
 * Rows are held in memory, as the import holds them, and written in the order
 * of their ids.  A row that has no id of its own gets one from its cells, so
 * that the same directory always gives the same files.  Errors of memory stick
 * until hsds_write().  Not thread-safe. */
#ifndef SERVER_HSDS_H
#define SERVER_HSDS_H

#include "server/import_map.h"
#include "shared/model/canon.h"

struct hsds_row {
    struct bytes cells[IMPORT_COLUMNS_MAX]; /* in the arena */
    struct hsds_row *next;
};

struct hsds {
    struct arena arena; /* owns everything below */
    struct import_package package;
    struct {
        struct hsds_row *first;
        size_t count;
    } tables[TABLE_COUNT];
    enum import_table_id table; /* of the row that is being built */
    struct hsds_row *row;
    struct hsds_row nowhere; /* what is put there is lost */
    size_t left_out;         /* rows and cells that the specification refuses */
    char first[200];         /* the first of them, and why */
    enum err err;
};

void hsds_init(struct hsds *hsds);
void hsds_fini(struct hsds *hsds);

/* A row: begun, filled, ended.  A value that is not what its column asks for
 * stays out of the row; a row without a required cell stays out altogether.
 * `id` NULL: derived from the other cells. */
void hsds_row_begin(struct hsds *hsds, enum import_table_id table);
void hsds_row_put(struct hsds *hsds, const char *column, struct bytes text);
/* The same where the cell has nothing yet. */
void hsds_row_preset(struct hsds *hsds, const char *column, struct bytes text);
void hsds_row_end(struct hsds *hsds, const char *id);

/* The rows of one organization, location or service.  Services come last: they
 * name what the others made. */
void hsds_record(struct hsds *hsds, const struct canon *state);

/* Writes a file for each table, and datapackage.json, into this folder, where
 * none of them may be yet. */
MUST_CHECK enum err hsds_write(struct hsds *hsds, const char *folder,
                               size_t *rows);

#endif
