/* The connection as the sources of shared/db see it. */
#ifndef DB_DB_INTERNAL_H
#define DB_DB_INTERNAL_H

#include <sqlite3.h>
#include "shared/db/db.h"

enum db_statement {
    DB_BEGIN_IMMEDIATE,
    DB_BEGIN_READ,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_STATEMENT_COUNT
};

struct db {
    sqlite3 *handle;                             /* owned */
    sqlite3_stmt *statement[DB_STATEMENT_COUNT]; /* owned */
    enum err bind_err;                           /* first since the last step */
    char detail[DB_DETAIL_CHARS];
    char holder[64];
};

#endif
