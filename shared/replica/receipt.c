#include "shared/replica/outbox.h"

#include <string.h>

#include "shared/replica/identity_row.h"
#include "shared/replica/line.h"
#include "shared/replica/sums.h"

#define MESSAGE_BYTES_MAX (16u << 10)

static enum err signature_check(struct vault *vault,
                                const struct identity_row *row,
                                const char *domain,
                                const struct receipt *receipt)
{
    uint8_t key[KEY_BYTES];
    struct buffer message;
    struct receipt expected = *receipt;
    if (strcmp(receipt->replica, row->public.replica))
        return ERR_SIGNATURE;
    memcpy(expected.agency, row->public.agency, sizeof expected.agency);
    enum err err = identity_term_key(vault, receipt->term, key);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_SIGNATURE : err;
    buffer_init(&message, MESSAGE_BYTES_MAX);
    err = receipt_message(&message, &expected);
    if (!err)
        err = chain_verify(receipt->signature, key, domain,
                           buffer_bytes(&message));
    buffer_fini(&message);
    return err;
}

static enum err link_check(struct vault *vault, const struct identity_row *row,
                           const struct receipt *receipt)
{
    uint8_t link[LINK_BYTES];
    enum err err = line_link(vault, row->log, row->public.agency, row->key,
                             receipt->n, link);
    if (err == ERR_GAP)
        return ERR_FORK; /* the office has lines that this log has not */
    if (!err && memcmp(link, receipt->link, sizeof link) != 0)
        err = ERR_FORK;
    return err;
}

static enum err received_set(struct vault *vault,
                             const struct identity_row *row,
                             const struct receipt *receipt)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_IDENTITY_RECEIVED, &s);
    if (err)
        return err;
    vault->changed = vault->lines_changed = true;
    db_bind_int64(vault->db, s, 1, row->id);
    db_bind_int64(vault->db, s, 2, receipt->n);
    db_bind_bytes(vault->db, s, 3, bytes_of(receipt->link, LINK_BYTES));
    err = db_step_done(vault->db, s);
    if (vault->tip.valid)
        vault->tip.received = receipt->n;
    return err;
}

/* The signature is kept, so that it can be shown. */
static enum err receipt_keep(struct vault *vault,
                             const struct identity_row *row, const char *kind,
                             const struct receipt *receipt)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECEIPT_PUT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->id);
    db_bind_text(vault->db, s, 2, bytes_text(kind));
    db_bind_int64(vault->db, s, 3, receipt->n);
    db_bind_bytes(vault->db, s, 4, bytes_of(receipt->link, LINK_BYTES));
    db_bind_text(vault->db, s, 5, bytes_text(receipt->lineage));
    db_bind_text(vault->db, s, 6, bytes_text(receipt->term));
    db_bind_bytes(vault->db, s, 7,
                  bytes_of(receipt->signature, SIGNATURE_BYTES));
    db_bind_int64(vault->db, s, 8, clock_wall_ms(vault->clock));
    return db_step_done(vault->db, s);
}

static enum err receipt_check(struct vault *vault, const char *domain,
                              const struct receipt *receipt,
                              struct identity_row *row)
{
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, row);
    if (!err && strcmp(receipt->lineage, row->public.lineage) != 0)
        err = ERR_SIGNATURE;
    if (!err)
        err = signature_check(vault, row, domain, receipt);
    if (!err)
        err = link_check(vault, row, receipt);
    if (err == ERR_SIGNATURE)
        vault_fail(vault, err, "the office's receipt does not verify");
    if (err == ERR_FORK)
        vault_fail(vault, err,
                   "the office has other lines of this log: a copy "
                   "of this vault is at work");
    return err;
}

static enum err received_take(struct vault *vault,
                              const struct identity_row *row,
                              const struct receipt *receipt)
{
    if (receipt->n <= row->public.received)
        return ERR_OK;
    enum err err =
        sums_receipt(vault, row->log, row->public.received, receipt->n);
    if (!err)
        err = received_set(vault, row, receipt);
    return err ? err
               : vault_run_int(vault, SQL_META_SYNCED_SET,
                               clock_wall_ms(vault->clock));
}

static enum err receipt_take(struct vault *vault, const char *domain,
                             const char *kind, const struct receipt *receipt)
{
    struct identity_row row;
    enum err err = receipt_check(vault, domain, receipt, &row);
    if (!err)
        err = receipt_keep(vault, &row, kind, receipt);
    if (!err)
        vault->changed = true;
    return err ? err : received_take(vault, &row, receipt);
}

static enum err backed_set(struct vault *vault, const struct identity_row *row,
                           const struct receipt *receipt)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_IDENTITY_BACKED, &s);
    if (err)
        return err;
    vault->lines_changed = true;
    db_bind_int64(vault->db, s, 1, row->id);
    db_bind_int64(vault->db, s, 2, receipt->n);
    return db_step_done(vault->db, s);
}

static enum err backed_take(struct vault *vault, const struct receipt *receipt)
{
    struct identity_row row;
    enum err err = receipt_take(vault, DOMAIN_BACKED, "backed up", receipt);
    if (!err)
        err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    return err ? err : backed_set(vault, &row, receipt);
}

enum err outbox_receipt(struct vault *vault, const struct receipt *receipt)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err
               : vault_end(vault, receipt_take(vault, DOMAIN_RECEIPT,
                                               "received", receipt));
}

enum err outbox_backed(struct vault *vault, const struct receipt *receipt)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, backed_take(vault, receipt));
}

/* --- predecessors' logs --------------------------------------------------- */

static enum err marks_load(struct vault *vault, enum sql which,
                           struct log_mark out[LOG_MARKS_MAX], size_t *count)
{
    struct sqlite3_stmt *s;
    *count = 0;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, LOG_MARKS_MAX);
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (err || !row)
            continue;
        struct log_mark *mark = &out[(*count)++];
        struct bytes name = db_column_bytes(s, 0);
        if (name.size != REPLICA_CHARS) {
            err = ERR_CORRUPT;
            break;
        }
        memcpy(mark->replica, name.at, name.size);
        mark->replica[name.size] = '\0';
        mark->n = db_column_int64(s, 1);
    }
    db_reset(s);
    return err;
}

enum err outbox_terms(struct vault *vault, struct log_mark out[LOG_MARKS_MAX],
                      size_t *count)
{
    return marks_load(vault, SQL_TERM_BEFORE, out, count);
}

enum err outbox_older(struct vault *vault, struct log_mark out[LOG_MARKS_MAX],
                      size_t *count)
{
    return marks_load(vault, SQL_IDENTITY_OLDER, out, count);
}

static enum err closed_find(struct vault *vault, const char *replica,
                            struct identity_row *out)
{
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, SQL_IDENTITY_CLOSED_NAMED, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(replica));
    err = db_step_row(vault->db, s, &found);
    int64_t id = !err && found ? db_column_int64(s, 0) : 0;
    db_reset(s);
    if (err || !found)
        return err ? err : ERR_NOT_FOUND;
    return identity_row_get(vault, id, out);
}

static enum err older_take(struct vault *vault, const struct receipt *receipt)
{
    struct identity_row current, row;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &current);
    if (!err && strcmp(receipt->lineage, current.public.lineage) != 0)
        err = ERR_SIGNATURE;
    if (!err)
        err = closed_find(vault, receipt->replica, &row);
    if (!err)
        err = signature_check(vault, &row, DOMAIN_BACKED, receipt);
    if (!err)
        err = link_check(vault, &row, receipt);
    if (err == ERR_FORK) /* that log parted: it is of no use to hear it again */
        return vault_run_ints(vault, SQL_IDENTITY_TOLD, row.id, receipt->n);
    if (!err)
        err = receipt_keep(vault, &row, "backed up", receipt);
    vault->changed = vault->changed || !err;
    return err ? err : backed_set(vault, &row, receipt);
}

enum err outbox_older_backed(struct vault *vault, const struct receipt *receipt)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = older_take(vault, receipt);
    return vault_end(vault, err == ERR_NOT_FOUND ? ERR_OK : err);
}

/* --- holds ---------------------------------------------------------------- */

static enum err held_take(struct vault *vault, const struct held_note *notes,
                          size_t count)
{
    struct identity_row row;
    struct sqlite3_stmt *s;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (!err)
        err = vault_sql(vault, SQL_HELD_ADD, &s);
    for (size_t i = 0; !err && i < count; i++) {
        db_bind_int64(vault->db, s, 1, row.log);
        db_bind_int64(vault->db, s, 2, notes[i].n);
        db_bind_text(vault->db, s, 3, bytes_text(notes[i].reason));
        err = db_step_done(vault->db, s);
        vault->changed = true;
    }
    return err;
}

enum err outbox_held(struct vault *vault, const struct held_note *notes,
                     size_t count)
{
    if (!count)
        return ERR_OK;
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, held_take(vault, notes, count));
}
