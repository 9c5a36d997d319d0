#include "shared/replica/identity_row.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "shared/replica/line.h"

/* Columns of SQL_IDENTITY_GET. */
enum {
    COLUMN_LOG,
    COLUMN_NAME,
    COLUMN_KEY,
    COLUMN_SECRET,
    COLUMN_TRANSPORT_KEY,
    COLUMN_TRANSPORT_SECRET,
    COLUMN_SUCCEEDS,
    COLUMN_REASON,
    COLUMN_CERTIFICATE,
    COLUMN_CERTIFICATE_SIG,
    COLUMN_AGENCY,
    COLUMN_USER,
    COLUMN_ROLE,
    COLUMN_SERVER,
    COLUMN_CA_FILE,
    COLUMN_ROOT,
    COLUMN_BOX,
    COLUMN_DICTIONARY,
    COLUMN_LINEAGE,
    COLUMN_TOKEN,
    COLUMN_TERM,
    COLUMN_RECEIVED,
    COLUMN_RECEIVED_LINK,
    COLUMN_REVOKED,
    COLUMN_GENERATION
};

static enum err text_column(struct sqlite3_stmt *s, int column, char *out,
                            size_t room)
{
    struct bytes text = db_column_bytes(s, column);
    if (text.size >= room)
        return ERR_CORRUPT;
    if (text.size)
        memcpy(out, text.at, text.size);
    out[text.size] = '\0';
    return ERR_OK;
}

static enum err fixed_or_zero(struct sqlite3_stmt *s, int column, void *out,
                              size_t size)
{
    memset(out, 0, size);
    return db_column_is_null(s, column) ? ERR_OK
                                        : db_column_fixed(s, column, out, size);
}

static enum err texts_read(struct sqlite3_stmt *s, struct identity_row *row)
{
    struct identity *p = &row->public;
    const struct {
        int column;
        char *out;
        size_t room;
    } texts[] = {
        {COLUMN_NAME, p->replica, sizeof p->replica},
        {COLUMN_REASON, row->reason, sizeof row->reason},
        {COLUMN_AGENCY, p->agency, sizeof p->agency},
        {COLUMN_USER, p->user, sizeof p->user},
        {COLUMN_ROLE, p->role, sizeof p->role},
        {COLUMN_SERVER, p->server, sizeof p->server},
        {COLUMN_CA_FILE, p->ca_file, sizeof p->ca_file},
        {COLUMN_LINEAGE, p->lineage, sizeof p->lineage},
        {COLUMN_TOKEN, p->token, sizeof p->token},
        {COLUMN_TERM, p->term, sizeof p->term},
    };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof texts / sizeof texts[0]; i++)
        err = text_column(s, texts[i].column, texts[i].out, texts[i].room);
    return err;
}

static enum err keys_read(struct sqlite3_stmt *s, struct identity_row *row)
{
    struct identity *p = &row->public;
    const struct {
        int column;
        void *out;
        size_t size;
    } fixed[] = {
        {COLUMN_KEY, row->key, sizeof row->key},
        {COLUMN_SECRET, row->secret, sizeof row->secret},
        {COLUMN_TRANSPORT_KEY, row->transport_key, sizeof row->transport_key},
        {COLUMN_TRANSPORT_SECRET, row->transport_secret,
         sizeof row->transport_secret},
        {COLUMN_CERTIFICATE_SIG, row->certificate_sig,
         sizeof row->certificate_sig},
        {COLUMN_ROOT, p->root, sizeof p->root},
        {COLUMN_BOX, p->box, sizeof p->box},
        {COLUMN_RECEIVED_LINK, p->received_link, sizeof p->received_link},
    };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof fixed / sizeof fixed[0]; i++)
        err = fixed_or_zero(s, fixed[i].column, fixed[i].out, fixed[i].size);
    return err;
}

static enum err row_read(struct vault *vault, struct sqlite3_stmt *s,
                         struct identity_row *row)
{
    row->log = db_column_int64(s, COLUMN_LOG);
    row->succeeds = db_column_int64(s, COLUMN_SUCCEEDS);
    row->revoked = db_column_int64(s, COLUMN_REVOKED);
    row->generation = db_column_int64(s, COLUMN_GENERATION);
    row->public.dictionary = db_column_int64(s, COLUMN_DICTIONARY) != 0;
    row->public.received = db_column_int64(s, COLUMN_RECEIVED);
    enum err err = texts_read(s, row);
    if (!err)
        err = keys_read(s, row);
    if (err)
        return err;
    struct bytes certificate = db_column_bytes(s, COLUMN_CERTIFICATE);
    char *copy = arena_copy(&vault->arena, certificate);
    if (!copy)
        return ERR_NOMEM;
    row->certificate = bytes_of(copy, certificate.size);
    return ERR_OK;
}

enum err identity_row_get(struct vault *vault, int64_t id,
                          struct identity_row *out)
{
    struct sqlite3_stmt *s;
    bool found;
    memset(out, 0, sizeof *out);
    out->id = id;
    enum err err = vault_sql(vault, SQL_IDENTITY_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    err = db_step_row(vault->db, s, &found);
    if (err || !found)
        return err ? err : ERR_NOT_FOUND;
    err = row_read(vault, s, out);
    db_reset(s);
    return err;
}

enum err identity_row_find(struct vault *vault, enum identity_state state,
                           struct identity_row *out)
{
    static const char *const names[] = {"pending", "current", "closed"};
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, SQL_IDENTITY_FIND, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(names[state]));
    err = db_step_row(vault->db, s, &found);
    if (err || !found)
        return err ? err : ERR_NOT_FOUND;
    int64_t id = db_column_int64(s, 0);
    db_reset(s);
    return identity_row_get(vault, id, out);
}

/* --- key pairs ------------------------------------------------------------ */

/* A secret is bound to its public key, so that rows cannot be mixed. */
static enum err secret_seal(struct vault *vault, const uint8_t wrapping[32],
                            const uint8_t seed[SECRET_BYTES],
                            const uint8_t key[KEY_BYTES],
                            uint8_t out[SEALED_SECRET_BYTES])
{
    enum err err =
        seal_close(&vault->sealed, vault->random, wrapping,
                   bytes_of(key, KEY_BYTES), bytes_of(seed, SECRET_BYTES));
    if (!err)
        memcpy(out, vault->sealed.at, SEALED_SECRET_BYTES);
    return err;
}

static enum err secret_open(struct vault *vault, const uint8_t wrapping[32],
                            const uint8_t key[KEY_BYTES],
                            const uint8_t sealed[SEALED_SECRET_BYTES],
                            struct keypair *out)
{
    buffer_clear(&vault->plain);
    enum err err = seal_open(&vault->plain, wrapping, bytes_of(key, KEY_BYTES),
                             bytes_of(sealed, SEALED_SECRET_BYTES));
    if (err)
        return err;
    keypair_from_seed(out, vault->plain.at);
    sodium_memzero(vault->plain.at, vault->plain.size);
    return ERR_OK;
}

enum err identity_row_writing(struct vault *vault,
                              const struct identity_row *row,
                              struct keypair *out)
{
    if (!vault->unlocked)
        return ERR_LOCKED;
    return secret_open(vault, vault->vault_key, row->key, row->secret, out);
}

enum err identity_row_transport(struct vault *vault,
                                const struct identity_row *row,
                                struct keypair *out)
{
    return secret_open(vault, vault->device_key, row->transport_key,
                       row->transport_secret, out);
}

static enum err pair_make(struct vault *vault, const uint8_t wrapping[32],
                          uint8_t key[KEY_BYTES],
                          uint8_t sealed[SEALED_SECRET_BYTES])
{
    uint8_t seed[SECRET_BYTES];
    struct keypair pair;
    random_fill(vault->random, seed, sizeof seed);
    keypair_from_seed(&pair, seed);
    memcpy(key, pair.public_key, KEY_BYTES);
    enum err err = secret_seal(vault, wrapping, seed, key, sealed);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(&pair, sizeof pair);
    return err;
}

static enum err pending_add(struct vault *vault, int64_t succeeds,
                            const char *reason)
{
    struct identity_row fresh = {0};
    struct sqlite3_stmt *s;
    enum err err = pair_make(vault, vault->vault_key, fresh.key, fresh.secret);
    if (!err)
        err = pair_make(vault, vault->device_key, fresh.transport_key,
                        fresh.transport_secret);
    if (!err)
        err = vault_run(vault, SQL_IDENTITY_DROP_PENDING);
    if (!err)
        err = vault_sql(vault, SQL_IDENTITY_ADD, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(fresh.key, KEY_BYTES));
    db_bind_bytes(vault->db, s, 2, bytes_of(fresh.secret, sizeof fresh.secret));
    db_bind_bytes(vault->db, s, 3, bytes_of(fresh.transport_key, KEY_BYTES));
    db_bind_bytes(
        vault->db, s, 4,
        bytes_of(fresh.transport_secret, sizeof fresh.transport_secret));
    if (succeeds)
        db_bind_int64(vault->db, s, 5, succeeds);
    if (reason)
        db_bind_text(vault->db, s, 6, bytes_text(reason));
    vault->changed = true;
    return db_step_done(vault->db, s);
}

enum err identity_row_pend(struct vault *vault, int64_t succeeds,
                           const char *reason, struct identity_row *out)
{
    if (!vault->unlocked)
        return ERR_LOCKED;
    enum err err = identity_row_find(vault, IDENTITY_PENDING, out);
    if (!err && out->succeeds == succeeds &&
        !strcmp(out->reason, reason ? reason : ""))
        return ERR_OK;
    if (err && err != ERR_NOT_FOUND)
        return err;
    err = pending_add(vault, succeeds, reason);
    return err ? err : identity_row_find(vault, IDENTITY_PENDING, out);
}

/* --- adoption ------------------------------------------------------------- */

static enum err certificate_check(struct vault *vault,
                                  const struct identity_row *pending,
                                  const struct enrol_reply *reply,
                                  struct certificate *out)
{
    char expected[REPLICA_CHARS + 1];
    enum err err = chain_verify(reply->certificate_sig, reply->root,
                                DOMAIN_CERT, reply->certificate);
    if (err)
        return vault_fail(vault, err,
                          "the office's certificate is not signed by its root");
    err = certificate_read(&vault->arena, reply->certificate, out);
    if (err)
        return err;
    replica_id(expected, 'w', out->agency, pending->key);
    if (memcmp(out->key, pending->key, KEY_BYTES) ||
        memcmp(out->transport, pending->transport_key, KEY_BYTES) ||
        strcmp(out->agency, reply->agency) || strcmp(out->replica, expected) ||
        strcmp(reply->replica, expected))
        return vault_fail(vault, ERR_SIGNATURE,
                          "the office certified other keys than ours");
    return ERR_OK;
}

static enum err row_finish(struct vault *vault, int64_t id, int64_t log,
                           const struct certificate *certificate,
                           const char *server, const char *ca_file,
                           const struct enrol_reply *reply)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_IDENTITY_FINISH, &s);
    if (err)
        return err;
    struct db *db = vault->db;
    db_bind_int64(db, s, 1, id);
    db_bind_int64(db, s, 2, log);
    db_bind_text(db, s, 3, reply->certificate);
    db_bind_bytes(db, s, 4, bytes_of(reply->certificate_sig, SIGNATURE_BYTES));
    db_bind_text(db, s, 5, bytes_text(certificate->agency));
    db_bind_text(db, s, 6, bytes_text(certificate->user));
    db_bind_text(db, s, 7, bytes_text(certificate->role));
    db_bind_text(db, s, 8, bytes_text(server));
    db_bind_text(db, s, 9, bytes_text(ca_file));
    db_bind_bytes(db, s, 10, bytes_of(reply->root, KEY_BYTES));
    db_bind_bytes(db, s, 11, bytes_of(reply->box, KEY_BYTES));
    db_bind_int64(db, s, 12, !strcmp(reply->dictionary, dictionary_1_id()));
    db_bind_text(db, s, 13, bytes_text(reply->lineage));
    vault->changed = true;
    return db_step_done(db, s);
}

enum err identity_row_adopt(struct vault *vault,
                            const struct identity_row *pending,
                            const char *server, const char *ca_file,
                            const struct enrol_reply *reply)
{
    struct certificate certificate = {.scope_count = 0};
    int64_t log;
    enum err err = certificate_check(vault, pending, reply, &certificate);
    if (!err)
        err = line_replica(vault, bytes_text(certificate.replica), 0, &log);
    if (!err)
        err = row_finish(vault, pending->id, log, &certificate, server,
                         ca_file ? ca_file : "", reply);
    vault->keys_changed = true;
    struct sqlite3_stmt *s;
    if (!err)
        err = vault_sql(vault, SQL_CURSOR_ADD, &s);
    for (size_t i = 0; !err && i < certificate.scope_count; i++) {
        db_bind_text(vault->db, s, 1, bytes_text(certificate.scopes[i]));
        err = db_step_done(vault->db, s);
    }
    return err;
}
