/* Rows of a vault's tables found in raw bytes, whatever the file around them.
 *
 * Looks at every byte for the beginning of a table row of SQLite's file format
 * (sqlite.org/fileformat.html, sections 1.6 and 2.1) with the columns that the
 * vault's tables have: in pages, in a write-ahead log, in free space.  What is
 * found may still be anything; only its seals tell the truth.  Pure. */
#ifndef REPLICA_SALVAGE_CELLS_H
#define REPLICA_SALVAGE_CELLS_H

#include "shared/base/buffer.h"
#include "shared/replica/vault_keys.h"

enum cell_kind { CELL_META, CELL_REPLICA, CELL_CASE, CELL_LOG };

#define CELL_COLUMNS 7

struct cell {
    enum cell_kind kind;
    int64_t rowid;
    struct { /* of the first columns; `bytes` for text and blobs */
        bool null;
        int64_t number;
        struct bytes bytes;
    } column[CELL_COLUMNS];
};

/* `database` is the file's bytes, `wal` those of its write-ahead log or empty:
 * long rows go on in pages of either.  The cell is borrowed for the call; any
 * error stops. */
typedef enum err cell_each(void *context, const struct cell *cell);
MUST_CHECK enum err salvage_cells(struct bytes database, struct bytes wal,
                                  cell_each *each, void *context);

#endif
