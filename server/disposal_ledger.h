/* The ledger of disposals: DATA.keys/disposals, in no backup of the store.
 *
 * What two persons decided stays decided when the store is taken back: the
 * ledger says which cases went, with the ids of their records and writes, so
 * that what comes back of them is known.  Append-only and synced; each record
 * is numbered and checked under a key that only the agency has
 * (shared/base/journal.h), so that one that is missing, damaged or added by
 * somebody else shows.  Several processes may write.  `backup` leaves a copy
 * beside the backups, so that whoever has lost the keys' folder and has an
 * older copy of it does not bring a case back either. */
#ifndef SERVER_DISPOSAL_LEDGER_H
#define SERVER_DISPOSAL_LEDGER_H

#include "server/office.h"
#include "server/store_disposal.h"

#define LEDGER_PATH_CHARS 1100
#define LEDGER_CASES_MAX 256 /* that can go together */
#define LEDGER_NAMES_BYTES_MAX (256u << 20)

struct disposed_case {
    char kase[ID_CHARS + 1];
    struct buffer records; /* owned: ids, one after another */
    struct buffer writes;  /* owned: the same of writes */
};

struct disposal {
    struct disposal_row row;     /* its `kase` is of no meaning */
    struct disposed_case *cases; /* owned */
    size_t count;
};
void disposal_init(struct disposal *disposal);
void disposal_fini(struct disposal *disposal);
/* One more case, empty.  ERR_TOO_BIG. */
MUST_CHECK enum err disposal_case_add(struct disposal *disposal,
                                      struct bytes kase,
                                      struct disposed_case **out);

void ledger_path(char out[LEDGER_PATH_CHARS], const struct office *office);
/* The copy in the folder of a backup. */
void ledger_beside(char out[LEDGER_PATH_CHARS], const struct office *office,
                   const char *backup);
/* Bytes of the office's own; 0: there is none. */
uint64_t ledger_bytes(const struct office *office);
/* Durable when it returns. */
MUST_CHECK enum err ledger_append(const struct office *office, const char *path,
                                  const struct disposal *disposal);

typedef enum err ledger_each_disposal(void *context,
                                      const struct disposal *disposal);
/* Every whole decision, oldest first; none where there is no ledger.  *lost
 * says how many records are missing or damaged. */
MUST_CHECK enum err ledger_each(const struct office *office, const char *path,
                                ledger_each_disposal *each, void *context,
                                uint64_t *lost);
/* What only the one knows the other learns. */
MUST_CHECK enum err ledger_merge(const struct office *office, const char *from,
                                 const char *to);

#endif
