/* Records in the vault: write, read, list, history, conflicts.
 *
 * A write is one transaction: append the signed revision, fold, update state.
 * Reads give a context token; a write that revises must bring one, taken when
 * the form was read (sync-protocol.md section 3). */
#ifndef REPLICA_RECORD_H
#define REPLICA_RECORD_H

#include "shared/model/same.h"
#include "shared/replica/vault.h"

/* What to write; all borrowed.  JSON objects in any spelling. */
struct record_write {
    const char *type;    /* creating: required; revising: NULL */
    const char *record;  /* revising: required; creating: NULL makes one */
    const char *kase;    /* creating: NULL picks it by the type's home and the
                            `person` field's case */
    const char *context; /* revising: required */
    struct bytes set, add, drop, keep; /* objects or empty */
    bool seal;
    bool lenient; /* keep unknown fields and codes (warn only) */
};

struct record_written {
    char record[ID_CHARS + 1];
    struct dot dot;
    struct buffer context; /* owned: token after the write */
    struct buffer warning; /* owned: unknown codes kept, moves skipped; "" */
};
void record_written_init(struct record_written *w);
void record_written_fini(struct record_written *w);

/* ERR_INVALID with a detail naming field, value and expected form; nothing is
 * stored then.  ERR_CONFLICT: context missing or of another record.
 * ERR_TOO_BIG: line over 256 KiB.  ERR_NOT_FOUND, ERR_EXISTS (creating
 * under an id that is here), ERR_LOCKED, ERR_REVOKED, ERR_DENIED (no identity
 * yet, or only the office writes this type). */
MUST_CHECK enum err record_write(struct vault *vault,
                                 const struct record_write *write,
                                 struct record_written *out);

/* Many writes in one durable transaction; nested calls of record_write() join
 * it.  Signed at least every 64 lines. */
MUST_CHECK enum err record_batch_begin(struct vault *vault);
MUST_CHECK enum err record_batch_commit(struct vault *vault);
void record_batch_rollback(struct vault *vault);
bool record_batch_open(const struct vault *vault);

/* State as canonical JSON (shared/model/fold.h) and a context token. */
MUST_CHECK enum err record_read(struct vault *vault, const char *record,
                                struct buffer *state, struct buffer *context);

/* Calls `each` for every record of a type ("" : all), in order of creation;
 * stops on its error.  `state` is borrowed for the call. */
typedef enum err record_each(void *context, const char *record,
                             struct bytes state);
MUST_CHECK enum err record_list(struct vault *vault, const char *type,
                                record_each *each, void *context);

/* What the office has merged of a type ("": of all); the caller frees it.
 * Reads every record of types that merge, and none of others. */
MUST_CHECK enum err record_same(struct vault *vault, struct bytes type,
                                struct same **out);

enum custody { CUSTODY_HERE, CUSTODY_RECEIVED, CUSTODY_BACKED_UP };

/* Every revision of a record that this vault holds, oldest arrival first:
 * verbatim line, dot, custody, and whether it is held (reason, else ""). */
struct record_entry {
    struct bytes line;
    struct dot dot;
    char write[WRITE_ID_CHARS + 1];
    enum custody custody;
    const char *held;
};
typedef enum err record_each_entry(void *context,
                                   const struct record_entry *entry);
MUST_CHECK enum err record_history(struct vault *vault, const char *record,
                                   record_each_entry *each, void *context);

/* Every record with open fields. */
MUST_CHECK enum err record_conflicts(struct vault *vault, record_each *each,
                                     void *context);

struct vault_status {
    int64_t here;      /* own writes without a receipt */
    int64_t oldest_ms; /* age of the oldest of them by the device's clock */
    int64_t received, backed_up; /* own writes so covered */
    int64_t held;                /* own writes that the office holds */
    int64_t conflicts;           /* open fields in all records */
    int64_t last_sync_ms; /* wall time of the last completed sync; 0 never */
    bool enrolled;
    int64_t revoked_ms; /* when the office revoked it; 1: not known; 0: never */
};
/* Works on a locked vault too (conflicts is -1 then). */
MUST_CHECK enum err record_status(struct vault *vault,
                                  struct vault_status *out);

#endif
