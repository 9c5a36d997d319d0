/* Brings a database to this build's schema: numbered files, forward only.
 *
 * File "0003_notes.sql" takes user_version from 2 to 3 in one transaction, so a
 * crash or a second process leaves whole steps.  A newer file is refused, never
 * guessed at. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "shared/db/db.h"
#include "tools/embed.h"

/* `files` end with a NULL path, are numbered 1, 2, ... without a gap (assert)
 * and stay as they are once released.  `application_id` marks our files and is
 * not 0.  ERR_NEWER when the file was written by a later build; ERR_FOREIGN
 * when it is another program's database; otherwise the errors of db.h, with the
 * database at the last step that was completed.  Call outside transactions. */
MUST_CHECK enum err migrate(struct db *db, int32_t application_id,
                            const struct embed *files);

#endif
