/* The office as an object: one agency, its keys, its store, this term.
 *
 * Every process start is a term: a fresh writing key, certified by the agency's
 * root key, with a log of its own.  Whatever the office decides is an ordinary
 * revision of the term.  The store may be shared by several processes; each
 * thread uses its own struct sql from office_connect(). */
#ifndef SERVER_OFFICE_H
#define SERVER_OFFICE_H

#include "server/sql.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/random.h"
#include "shared/model/fold.h"
#include "shared/wire/message.h"

#define OFFICE_DETAIL_CHARS 512

struct office_journal;

struct office_keys { /* from DATA.keys, mode 0600 */
    struct keypair root;
    uint8_t box_public[KEY_BYTES], box_secret[32];
    uint8_t page_key[32];
};

struct office {
    char agency[NAME_CHARS_MAX + 1];
    char lineage[LINEAGE_CHARS + 1];
    char data_dir[1024], keys_dir[1024];
    struct office_keys keys;
    struct keypair term_keys;
    char term[REPLICA_CHARS + 1];
    struct buffer term_text; /* the term's certificate, canonical */
    uint8_t term_signature[SIGNATURE_BYTES];
    /* Owned; replaced when `schema` records change.  Earlier ones live as long
     * as the office, since other threads may still read them. */
    struct schema *_Atomic schema;
    struct schema **retired; /* owned */
    size_t retired_count;
    int64_t schema_arrival; /* the last line of a `schema` record in it */
    const struct clock *clock;
    const struct random *random;
    const struct log *log;
    struct office_journal *journal; /* owned; NULL: none is kept */
    uint64_t ledger_bytes;     /* of the ledger of disposals: done up to here */
    char vfs[64];              /* SQLite VFS name or "" */
    char store[1024];          /* address: a path, or postgresql://... */
    int64_t blob_bytes_max;    /* attachments in all; 0: no limit */
    int64_t journal_bytes_min; /* office_options */
    char detail[OFFICE_DETAIL_CHARS]; /* of the last failed office_* call */
};

struct office_options {
    const char *data_dir;
    const char *keys_dir;      /* NULL: DATA.keys beside the data directory */
    const struct clock *clock; /* NULL: the system's */
    const struct random *random;
    const struct log *log;
    const char *vfs;
    const char *store; /* office_init only; NULL: SQLite inside the
                          data directory */
    const char
        *journal; /* office_init, and office_open when serving: a file
                     outside the data directory; "none"; NULL: as it is */
    bool serving; /* brings a journal up to date that is behind, and begins its
                     file anew when it has grown */
    int64_t journal_bytes_min; /* but not below this; 0: 64 MiB */
    bool restoring; /* does nothing of what the ledger of disposals says */
};

/* Makes the data directory, the keys, the store, the first lineage, and writes
 * the shipped record types as `schema` records.  ERR_EXISTS. */
MUST_CHECK enum err office_init(const struct office_options *options,
                                const char *agency, const char *name,
                                char detail[OFFICE_DETAIL_CHARS]);
/* Opens and, when `term` is true, begins a term (needed for all that writes).
 */
MUST_CHECK enum err office_open(struct office **out,
                                const struct office_options *options, bool term,
                                char detail[OFFICE_DETAIL_CHARS]);
/* The same, and what it was read through stays connected, as by
 * office_connect().  *sql is closed on failure. */
MUST_CHECK enum err office_open_connected(struct office **out,
                                          const struct office_options *options,
                                          bool term, struct sql *sql,
                                          char detail[OFFICE_DETAIL_CHARS]);
/* For one that was opened without a term. */
MUST_CHECK enum err office_begin_term(struct office *office, struct sql *sql);
void office_close(struct office *office);
MUST_CHECK enum err office_connect(struct office *office, struct sql *out);

/* Loads the schema again when the store's `schema` records have changed.  Not
 * from two threads at once (the committer does it). */
MUST_CHECK enum err office_schema_refresh(struct office *office,
                                          struct sql *sql);
/* A rollback was found or a backup restored: a new random lineage, unused codes
 * are void, and recovery begins (recovery.h).  Inside the caller's write
 * transaction. */
MUST_CHECK enum err office_new_lineage(struct office *office, struct sql *sql);

#endif
