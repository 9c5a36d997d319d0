/* Store and ledger agree: what one knows and the other does not is done or
 * written. */
#include <stdlib.h>
#include <string.h>
#include "server/blob_file.h"
#include "server/disposal_inner.h"
#include "server/ingest_batch.h"

/* --- from the ledger ------------------------------------------------------ */

struct catching {
    struct batch *batch;
    struct map *known; /* decisions of the ledger; NULL: not wanted */
    size_t done;
};

static enum err decided(void *context, const struct disposal *disposal)
{
    struct catching *c = context;
    struct batch *b = c->batch;
    const char *decision = disposal->row.decision;
    enum err err = store_disposal_decided(b->sql, b->agency, decision);
    if (err == ERR_NOT_FOUND) {
        c->done++;
        err = disposal_run(b, disposal);
    }
    return err || !c->known ? err : map_put(c->known, bytes_text(decision), c);
}

/* *done counts what the store did not know; all go into `known` unless NULL. */
static enum err ledger_run(struct office *office, struct sql *sql,
                           struct map *known, size_t *done)
{
    struct batch b;
    struct catching c = {.batch = &b, .known = known};
    char ledger[LEDGER_PATH_CHARS];
    uint64_t lost;
    ledger_path(ledger, office);
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = ledger_each(office, ledger, decided, &c, &lost);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    *done = c.done;
    if (!err && lost)
        log_event(office->log, LOG_ERROR, "disposals_damaged", "lost", "%llu",
                  (unsigned long long)lost, NULL);
    if (!err && c.done)
        log_event(office->log, LOG_INFO, "disposals_repeated", "count", "%zu",
                  c.done, NULL);
    return err;
}

enum err disposal_catch_up(struct office *office, struct sql *sql,
                           uint64_t *bytes)
{
    size_t done;
    *bytes = ledger_bytes(office);
    return *bytes == office->ledger_bytes
               ? ERR_OK
               : ledger_run(office, sql, NULL, &done);
}

/* --- from the store ------------------------------------------------------- */

struct writing {
    struct office *office;
    struct sql *sql;
    const struct map *known;
    struct disposal now;
};

static enum err decision_write(struct writing *w)
{
    char ledger[LEDGER_PATH_CHARS];
    ledger_path(ledger, w->office);
    enum err err =
        w->now.count ? ledger_append(w->office, ledger, &w->now) : ERR_OK;
    disposal_fini(&w->now);
    return err;
}

/* Rows of a decision stand together. */
static enum err missing_write(void *context, const struct disposal_row *row)
{
    struct writing *w = context;
    struct disposed_case *kase;
    enum err err = ERR_OK;
    if (map_has(w->known, bytes_text(row->decision)))
        return ERR_OK;
    if (strcmp(w->now.row.decision, row->decision) != 0)
        err = decision_write(w);
    w->now.row = *row;
    if (!err)
        err = disposal_case_add(&w->now, bytes_text(row->kase), &kase);
    if (!err)
        err = store_disposed_records(w->sql, w->office->agency, row->kase,
                                     &kase->records);
    if (!err)
        err = store_disposed_writes(w->sql, w->office->agency, row->kase,
                                    &kase->writes);
    return err;
}

static enum err store_write(struct office *office, struct sql *sql,
                            const struct map *known)
{
    struct writing w = {.office = office, .sql = sql, .known = known};
    disposal_init(&w.now);
    enum err err = store_disposal_each(sql, office->agency, missing_write, &w);
    if (!err)
        err = decision_write(&w);
    disposal_fini(&w.now);
    return err;
}

/* Looks without writing, since every command opens the office. */
struct looking {
    struct sql *sql;
    const char *agency;
    struct map *known; /* decisions of the ledger */
    bool behind;       /* the store does not know one */
};

static enum err decision_look(void *context, const struct disposal *disposal)
{
    struct looking *l = context;
    const char *decision = disposal->row.decision;
    enum err err = store_disposal_decided(l->sql, l->agency, decision);
    l->behind = l->behind || err == ERR_NOT_FOUND;
    if (err && err != ERR_NOT_FOUND)
        return err;
    return map_put(l->known, bytes_text(decision), l);
}

static enum err store_look(void *context, const struct disposal_row *row)
{
    struct looking *l = context;
    l->behind = l->behind || !map_has(l->known, bytes_text(row->decision));
    return ERR_OK;
}

static enum err look(struct looking *l, const struct office *office)
{
    char ledger[LEDGER_PATH_CHARS];
    uint64_t lost;
    ledger_path(ledger, office);
    enum err err = ledger_each(office, ledger, decision_look, l, &lost);
    return err ? err : store_disposal_each(l->sql, l->agency, store_look, l);
}

static enum err settle(struct office *office, struct sql *sql, size_t *done)
{
    struct map *known = NULL;
    enum err err = map_new(&known);
    if (!err)
        err = ledger_run(office, sql, known, done);
    if (!err)
        err = store_write(office, sql, known);
    map_free(known);
    return err;
}

static enum err settle_both(struct office *office, struct sql *sql)
{
    size_t done = 0;
    enum err err = sql_begin(sql, true);
    if (err)
        return err;
    err = settle(office, sql, &done);
    if (err) {
        sql_rollback(sql);
        return err;
    }
    err = sql_commit(sql);
    if (!err && done)
        err = disposal_clean(office, sql);
    return err == ERR_BUSY ? ERR_OK : err; /* `dispose clean` does it later */
}

enum err disposal_settle(struct office *office, struct sql *sql)
{
    struct looking l = {.sql = sql, .agency = office->agency};
    uint64_t bytes = ledger_bytes(office);
    enum err err = bytes ? ERR_OK : store_disposal_any(sql, office->agency);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = map_new(&l.known);
    if (!err)
        err = look(&l, office);
    map_free(l.known);
    if (!err && l.behind)
        err = settle_both(office, sql);
    if (!err)
        office->ledger_bytes = bytes;
    return err;
}

/* --- what remains in files ------------------------------------------------ */

static const char rewrite[] = "VACUUM";
static const char log_empty[] = "PRAGMA wal_checkpoint(TRUNCATE)";

static enum err blob_remove(void *context, struct bytes blob)
{
    return blob.size == HASH_BYTES ? blob_file_remove(context, blob.at)
                                   : ERR_CORRUPT;
}

enum err disposal_clean_blobs(struct office *office, struct sql *sql,
                              char *folder)
{
    return store_disposed_blobs(sql, office->agency, blob_remove, folder);
}

enum err disposal_clean(struct office *office, struct sql *sql)
{
    char folder[BLOB_PATH_CHARS];
    int64_t others = 0;
    blob_file_folder(folder, office);
    enum err err = disposal_clean_blobs(office, sql, folder);
    if (!err)
        err = sql_run(sql, rewrite, NULL, 0);
    if (!err)
        err = sql_find_int(sql, log_empty, NULL, 0, &others);
    return !err && others ? ERR_BUSY : err;
}
