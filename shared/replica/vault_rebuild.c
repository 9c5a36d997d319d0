#include "shared/replica/vault_rebuild.h"

#include <string.h>

#include "shared/replica/log_scan.h"
#include "shared/replica/own_logs.h"
#include "shared/replica/state.h"
#include "shared/replica/sums.h"
#include "shared/replica/vault_schema.h"

/* Puts one line back into its record.  The creating line names the case. */
static enum err line_place_again(struct vault *vault,
                                 const struct log_scan *scan,
                                 const struct own_log *own)
{
    const struct revision *revision = scan->revision;
    struct state_row row;
    state_row_init(&row);
    enum err err = state_find(vault, revision->record, &row);
    if (!err && !row.id)
        err = state_add_empty(vault, &row, scan->key);
    else if (!err && (!row.key || revision_original(revision)->creates))
        err = vault_run_ints(vault, SQL_RECORD_KEY, row.id, scan->key);
    if (!err && own && own->current && row.own_n < scan->n)
        err = vault_run_ints(vault, SQL_RECORD_OWN, row.id, scan->n);
    if (!err)
        err = vault_run_ints(vault, SQL_RECORD_LINE_ADD, row.id, scan->id);
    state_row_fini(&row);
    return err;
}

static enum err lines_place(struct vault *vault, const struct own_logs *own)
{
    struct log_scan scan;
    log_scan_init(&scan);
    enum err err = ERR_OK;
    while (!err) {
        bool replaced;
        err = log_scan_next(vault, &scan);
        if (err || !scan.revision)
            continue;
        err = log_scan_replaced(vault, &scan, &replaced);
        if (!err && !replaced)
            err = line_place_again(vault, &scan, own_logs_find(own, scan.log));
    }
    log_scan_fini(&scan);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err states_fold(struct vault *vault)
{
    struct state_row row;
    state_row_init(&row);
    enum err err = ERR_OK;
    while (!err) {
        const struct case_key *key;
        err = state_next_blank(vault, &row);
        if (!err)
            err = case_key_get(vault, row.key, &key);
        if (!err)
            err = state_refold(vault, &row, key);
    }
    state_row_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err vault_sums_compute(struct vault *vault, const struct own_logs *own,
                            struct sums *sums)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_LOG_SUM, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, 0);
    for (bool row = true; !err && row;) {
        uint8_t hash[HASH_BYTES];
        err = db_step_row(vault->db, s, &row);
        if (err || !row ||
            !own_logs_counts(own, db_column_int64(s, 2), db_column_int64(s, 3)))
            continue;
        err = db_column_fixed(s, 1, hash, sizeof hash);
        if (!err)
            err = sums_add(sums, db_column_int64(s, 0), hash_share(hash));
    }
    db_reset(s);
    return err;
}

static enum err sums_make(struct vault *vault, const struct own_logs *own)
{
    struct sums *sums;
    enum err err = sums_new(&sums);
    if (err)
        return err;
    err = vault_run(vault, SQL_SUM_DROP_ALL);
    if (!err)
        err = vault_sums_compute(vault, own, sums);
    if (!err)
        err = sums_store(vault, sums);
    sums_free(sums);
    return err;
}

static enum err rebuild(struct vault *vault)
{
    struct own_logs own;
    enum err err = own_logs_load(vault, &own);
    if (err)
        return err;
    /* own_n outlives this: it may count lines that cannot be read any more. */
    err = vault_run(vault, SQL_RECORD_LINE_LEAVE_ALL);
    if (!err)
        err = vault_run(vault, SQL_RECORD_LEAVE_ALL);
    vault->changed = true;
    vault_schema_drop(vault);
    if (!err)
        err = lines_place(vault, &own);
    /* Twice where types were received: the first pass brings them back. */
    if (!err)
        err = vault_schema_load(vault);
    if (!err)
        err = states_fold(vault);
    if (!err && vault->types_changed) {
        err = vault_schema_changed(vault);
        if (!err)
            err = state_renew(vault);
    }
    if (!err)
        err = sums_make(vault, &own);
    own_logs_fini(&own);
    return err;
}

enum err vault_rebuild(struct vault *vault)
{
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, rebuild(vault));
}
