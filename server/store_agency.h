/* Store: the agency itself, its lineage, and one-time codes. */
#ifndef SERVER_STORE_AGENCY_H
#define SERVER_STORE_AGENCY_H

#include "server/sql.h"
#include "shared/wire/message.h"

/* Two terms of one agency share a store, never two agencies. */
MUST_CHECK enum err store_agency_find(struct sql *sql,
                                      char agency[NAME_CHARS_MAX + 1],
                                      char lineage[LINEAGE_CHARS + 1]);
/* With the membership of records without a case. */
MUST_CHECK enum err store_agency_add(struct sql *sql, const char *agency,
                                     const char *name, const char *lineage,
                                     int64_t now);
MUST_CHECK enum err store_lineage(struct sql *sql, const char *agency,
                                  char lineage[LINEAGE_CHARS + 1]);
MUST_CHECK enum err store_lineage_set(struct sql *sql, const char *agency,
                                      const char *lineage, int64_t now);
/* When the present one began; 0: with the office. */
MUST_CHECK enum err store_lineage_at(struct sql *sql, const char *agency,
                                     int64_t *at);

/* How often it has changed: 0 where nothing was ever rolled back. */
MUST_CHECK enum err store_lineages(struct sql *sql, const char *agency,
                                   int64_t *count);

struct invite_row {
    char account[NAME_CHARS_MAX + 1];
    int64_t expires_at;
    char used_by[REPLICA_CHARS + 1]; /* "" not used */
};
MUST_CHECK enum err store_invite_find(struct sql *sql, const char *agency,
                                      const uint8_t hash[HASH_BYTES],
                                      struct invite_row *out);
MUST_CHECK enum err store_invite_use(struct sql *sql, const char *agency,
                                     const uint8_t hash[HASH_BYTES],
                                     const char *replica, int64_t now);
/* After a rollback: codes that were not used are void. */
MUST_CHECK enum err store_invite_void(struct sql *sql, const char *agency,
                                      int64_t now);
MUST_CHECK enum err store_account_role(struct sql *sql, const char *agency,
                                       const char *account,
                                       char role[NAME_CHARS_MAX + 1],
                                       bool *disabled);

#endif
