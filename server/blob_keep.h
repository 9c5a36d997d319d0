/* All attachments of the office: what is really here, copies, names again. */
#ifndef SERVER_BLOB_KEEP_H
#define SERVER_BLOB_KEEP_H

#include "server/office.h"

/* Those that the office has receipted and whose file is gone count as missing
 * from now on; *lost says how many.  Their receipts are not true any more: the
 * caller changes the lineage, upon which devices bring them again.  Inside a
 * write transaction. */
MUST_CHECK enum err blob_keep_census(const struct office *office,
                                     struct sql *sql, int64_t *lost);

struct blob_copies {
    int64_t count, fresh; /* all that are there, copied just now */
    int64_t absent;       /* receipted, but not there, or damaged */
    char detail[OFFICE_DETAIL_CHARS];
};
/* Copies every received attachment from one folder of such files to another,
 * which is made if need be; each copy is read back.  What is there stays. */
MUST_CHECK enum err blob_keep_copy(const struct office *office, struct sql *sql,
                                   const char *from, const char *to,
                                   struct blob_copies *out);
/* The folder beside a backup: one for all generations, as contents never
 * change. */
void blob_keep_beside(char *out, size_t room, const char *backup);

#endif
