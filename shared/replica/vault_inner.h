/* What the modules of the vault share; no other layer includes this.
 *
 * A vault handle caches what several transactions need: prepared statements,
 * unwrapped keys, its place in its own log.  Whatever another process may have
 * changed is dropped when SQLite's data_version says that one committed, and
 * whatever this one did is dropped when its transaction is rolled back. */
#ifndef REPLICA_VAULT_INNER_H
#define REPLICA_VAULT_INNER_H

#include "shared/base/map.h"
#include "shared/replica/random_pool.h"
#include "shared/replica/sql.h"
#include "shared/replica/vault.h"
#include "shared/wire/deflate.h"

#define TOKEN_KEYED_BYTES 16 /* keyed hashes that stand for names */
#define SECRET_BYTES 32      /* symmetric keys and Ed25519 seeds */

/* The caches of case keys and of names, each for the length of a scan. */
struct case_cache;

/* A keyed hash that was made lately: a form names the same few records and
 * types over and over. */
#define TOKENS_KEPT 32
struct token_kept {
    char space; /* first character */
    uint8_t size;
    uint8_t name[ID_CHARS];
    uint8_t token[TOKEN_KEYED_BYTES];
};

/* The vault's place in its own log. */
struct own_tip {
    bool valid;
    int64_t replica; /* replica.id */
    char name[REPLICA_CHARS + 1];
    char agency[NAME_CHARS_MAX + 1];
    char user[NAME_CHARS_MAX + 1];
    uint8_t box[KEY_BYTES];
    uint8_t key[KEY_BYTES];
    struct keypair writing; /* zero while locked */
    int64_t received;
    int64_t generation; /* meta.generation */
    int64_t n;
    uint8_t link[LINK_BYTES];
    int64_t signed_n;
    size_t unsigned_bytes;
    int64_t unsigned_at; /* when the oldest unsigned write was written */
};

struct vault {
    struct db *db;                             /* owned */
    struct sqlite3_stmt *statement[SQL_COUNT]; /* owned, NULL until used */
    const struct clock *clock;                 /* borrowed */
    const struct random *random;               /* borrowed */
    struct random_pool pool;                   /* for nonces and record ids */
    char *path;                                /* owned */
    char detail[VAULT_DETAIL_CHARS];

    uint8_t device_key[SECRET_BYTES]; /* from the device secret */
    int64_t kdf_ops, kdf_bytes;       /* as the options say; 0: they do not */
    int tries_max;                    /* the same */
    bool unlocked;
    uint8_t vault_key[SECRET_BYTES];       /* the rest is derived from it */
    uint8_t token_key[SECRET_BYTES];       /* record and type tokens */
    uint8_t case_token_key[SECRET_BYTES];  /* from device_key */
    struct token_kept tokens[TOKENS_KEPT]; /* under token_key */

    bool batch;         /* record_batch_begin() is in force */
    enum err batch_err; /* first failure in it that stored half a write */
    bool changed;       /* this transaction wrote something */
    bool grew;          /* ... lines among it */
    int64_t cases_left; /* made unreadable by leaves since it was opened */
    bool relaxed; /* commits do not wait for the disk: vault_begin_relaxed */
    int64_t data_version;
    struct own_tip tip;
    struct case_cache *cases;     /* owned */
    struct schema *schema;        /* owned, NULL until asked for */
    struct schema *schema_before; /* owned: the one before, still lent out */
    int64_t epoch;                /* of `schema` */
    bool types_changed;           /* this transaction changed a type */
    bool epoch_raised;            /* ... or found other built-in types */
    struct deflate_line *deflate; /* owned */
    struct arena arena;           /* cleared at the start of each call */
    struct buffer plain, sealed;  /* scratch of seal and open */
    struct buffer line;           /* the line being written */
    uint8_t lease_owner[16];

    bool on_disk;                /* files beside the vault can be made */
    struct mirror_pair *mirrors; /* owned, NULL until used: mirror.c */
    bool keys_changed, keys_destroyed, lines_changed; /* since they followed */
    int64_t blob_bytes_max;                           /* attachments in all */
};

/* Remembers a detail text and returns `err`. */
enum err vault_fail(struct vault *vault, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The prepared statement, reset.  Never NULL on success. */
MUST_CHECK enum err vault_sql(struct vault *vault, enum sql which,
                              struct sqlite3_stmt **out);

/* The integer of a query without parameters; 0 when there is no row. */
MUST_CHECK enum err vault_query(struct vault *vault, enum sql which,
                                int64_t *out);
/* Runs a statement without parameters, with one integer, or with several. */
MUST_CHECK enum err vault_run(struct vault *vault, enum sql which);
MUST_CHECK enum err vault_run_int(struct vault *vault, enum sql which,
                                  int64_t value);
#define vault_run_ints(vault, which, ...)                                      \
    vault_run_values((vault), (which), (const int64_t[]){__VA_ARGS__},         \
                     sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
MUST_CHECK enum err vault_run_values(struct vault *vault, enum sql which,
                                     const int64_t *values, size_t count);

/* Write transactions.  vault_commit() raises the change count; its failure
 * has rolled back. vault_rollback() drops every cache. */
#define vault_begin(vault) vault_begin_at((vault), __FILE__, __LINE__)
MUST_CHECK enum err vault_begin_at(struct vault *vault, const char *file,
                                   int line);
/* The same without waiting for the disk at the commit.  A power cut may then
 * take the transaction back, whole; any later one from vault_begin() makes it
 * durable.  Only for what the office will send again. */
#define vault_begin_relaxed(vault)                                             \
    vault_begin_relaxed_at((vault), __FILE__, __LINE__)
MUST_CHECK enum err vault_begin_relaxed_at(struct vault *vault,
                                           const char *file, int line);
MUST_CHECK enum err vault_commit(struct vault *vault);
void vault_rollback(struct vault *vault);
/* Ends a transaction by how it went: commits on ERR_OK, else rolls back. */
MUST_CHECK enum err vault_end(struct vault *vault, enum err err);
/* Before reads outside a transaction: forgets what others changed. */
MUST_CHECK enum err vault_refresh(struct vault *vault);
void vault_forget(struct vault *vault);
/* Moves what was destroyed out of the write-ahead log, as far as readers
 * allow. */
void vault_scrub(struct vault *vault);

/* Gives pages back that a large pull or import has read, so that an idle
 * process stays small. */
void vault_shrink(struct vault *vault);

/* Names this handle as an owner of the lease. */
void vault_lease_init(struct vault *vault);

/* Keyed hashes that stand for names in columns. */
void vault_token(struct vault *vault, const char *space, struct bytes name,
                 uint8_t out[TOKEN_KEYED_BYTES]);
void vault_case_token(const struct vault *vault, struct bytes kase,
                      uint8_t out[TOKEN_KEYED_BYTES]);

#endif
