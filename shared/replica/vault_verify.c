#include "shared/replica/vault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/replica/draft.h"
#include "shared/replica/identity_row.h"
#include "shared/replica/inbox.h"
#include "shared/replica/line.h"
#include "shared/replica/log_scan.h"
#include "shared/replica/state.h"
#include "shared/replica/vault_rebuild.h"
#include "shared/replica/vault_schema.h"

struct verifying {
    struct vault *vault;
    void (*report)(void *context, const char *text);
    void *context;
    size_t problems;
    struct own_logs own;
    int64_t expected; /* lines that belong to records */
};

__attribute__((format(printf, 2, 3))) static void
problem(struct verifying *v, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    v->problems++;
    if (v->report)
        v->report(v->context, text);
}

/* --- the file and the chains ---------------------------------------------- */

static enum err file_check(struct verifying *v)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(v->vault, SQL_INTEGRITY, &s);
    if (err)
        return err;
    for (bool row = true; !err && row;) {
        err = db_step_row(v->vault->db, s, &row);
        if (err || !row || bytes_is(db_column_bytes(s, 0), "ok"))
            continue;
        struct bytes text = db_column_bytes(s, 0);
        problem(v, "file: %.*s", (int)text.size, (const char *)text.at);
    }
    db_reset(s);
    return err;
}

/* One signed place: its stored link and signature against the lines. */
static enum err link_check(struct verifying *v, const struct identity_row *row,
                           int64_t n, const uint8_t link[LINK_BYTES])
{
    struct vault *vault = v->vault;
    struct sqlite3_stmt *s;
    uint8_t signature[SIGNATURE_BYTES], stored[LINK_BYTES];
    bool found;
    enum err err = vault_sql(vault, SQL_LINK_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->log);
    db_bind_int64(vault->db, s, 2, n - 1);
    err = db_step_row(vault->db, s, &found);
    if (err || !found || db_column_int64(s, 0) != n) {
        db_reset(s);
        return err;
    }
    err = db_column_fixed(s, 2, stored, sizeof stored);
    if (!err)
        err = db_column_fixed(s, 3, signature, sizeof signature);
    db_reset(s);
    if (err)
        return err;
    if (memcmp(stored, link, LINK_BYTES) != 0)
        problem(v, "log %s: the chain breaks before line %" PRId64,
                row->public.replica, n);
    else if (chain_verify(signature, row->key, DOMAIN_LINK,
                          bytes_of(link, LINK_BYTES)))
        problem(v, "log %s: the signature at line %" PRId64 " does not verify",
                row->public.replica, n);
    return ERR_OK;
}

static enum err chain_check(struct verifying *v, int64_t identity)
{
    struct identity_row row;
    uint8_t link[LINK_BYTES], hash[HASH_BYTES];
    int64_t head;
    arena_clear(&v->vault->arena);
    enum err err = identity_row_get(v->vault, identity, &row);
    if (!err)
        err = line_head(v->vault, row.log, &head);
    if (err)
        return err;
    link_zero(link, row.public.agency, row.key);
    for (int64_t n = 1; !err && n <= head; n++) {
        err = line_hash(v->vault, row.log, n, hash);
        if (err == ERR_NOT_FOUND) {
            problem(v, "log %s: line %" PRId64 " is missing",
                    row.public.replica, n);
            return ERR_OK;
        }
        link_next(link, hash);
        if (!err)
            err = link_check(v, &row, n, link);
        if (!err && n == row.public.received &&
            memcmp(link, row.public.received_link, LINK_BYTES) != 0)
            problem(
                v, "log %s: the receipt at line %" PRId64 " is for other lines",
                row.public.replica, n);
    }
    return err;
}

/* --- lines ---------------------------------------------------------------- */

static enum err record_has(struct verifying *v, const struct log_scan *scan)
{
    struct vault *vault = v->vault;
    struct state_row row;
    struct sqlite3_stmt *s;
    bool found = false;
    state_row_init(&row);
    enum err err = state_find(vault, scan->revision->record, &row);
    if (!err)
        err = vault_sql(vault, SQL_RECORD_LINE_HAS, &s);
    if (!err) {
        db_bind_int64(vault->db, s, 1, row.id);
        db_bind_int64(vault->db, s, 2, scan->id);
        err = db_step_row(vault->db, s, &found);
        db_reset(s);
    }
    state_row_fini(&row);
    if (!err && !found)
        problem(v, "line %s:%" PRId64 " is missing from its record", scan->name,
                scan->n);
    return err;
}

static enum err line_check(struct verifying *v, const struct log_scan *scan)
{
    uint8_t hash[HASH_BYTES];
    bool replaced;
    if (!scan->readable)
        return ERR_OK;
    if (scan->opened) {
        problem(v, "line %s:%" PRId64 " does not open", scan->name, scan->n);
        return ERR_OK;
    }
    hash_bytes(hash, buffer_bytes(&scan->text));
    if (memcmp(hash, scan->hash, sizeof hash) != 0)
        problem(v, "line %s:%" PRId64 " is not what its hash says", scan->name,
                scan->n);
    if (!scan->revision)
        return ERR_OK;
    if (strcmp(scan->revision->dot.replica, scan->name) ||
        scan->revision->dot.n != scan->n)
        problem(v, "line %s:%" PRId64 " stands in the wrong place", scan->name,
                scan->n);
    enum err err = log_scan_replaced(v->vault, scan, &replaced);
    if (err || replaced)
        return err;
    v->expected++;
    return record_has(v, scan);
}

static enum err lines_check(struct verifying *v)
{
    struct log_scan scan;
    int64_t count;
    log_scan_init(&scan);
    enum err err = ERR_OK;
    while (!err) {
        err = log_scan_next(v->vault, &scan);
        if (!err)
            err = line_check(v, &scan);
    }
    log_scan_fini(&scan);
    if (err != ERR_NOT_FOUND)
        return err;
    err = vault_query(v->vault, SQL_RECORD_LINE_COUNT, &count);
    if (!err && count != v->expected)
        problem(v, "records count %" PRId64 " lines, the log has %" PRId64,
                count, v->expected);
    return err;
}

/* --- states and sums ------------------------------------------------------ */

static enum err states_check(struct verifying *v)
{
    struct state_row row;
    state_row_init(&row);
    enum err err = vault_schema_load(v->vault);
    while (!err) {
        bool same;
        err = state_next(v->vault, SQL_RECORD_NEXT, bytes_of(NULL, 0), &row);
        if (!err)
            err = state_same(v->vault, &row, &same);
        if (!err && !same)
            problem(v, "record %s is not the fold of its lines", row.record);
        if (err == ERR_CORRUPT) {
            problem(v, "record %s: its state does not open", row.record);
            err = ERR_OK;
        }
    }
    state_row_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err sums_check(struct verifying *v)
{
    struct sums *sums;
    int64_t id = 0;
    enum err err = sums_new(&sums);
    if (err)
        return err;
    err = vault_sums_compute(v->vault, &v->own, sums);
    if (!err)
        err = case_key_next(v->vault, id, &id);
    while (!err && id) {
        uint64_t stored;
        bool counted;
        err = sums_case(v->vault, id, &stored, &counted);
        if (!err && stored != sums_get(sums, id))
            problem(v, "the sum of case %" PRId64 " is wrong", id);
        if (!err)
            err = case_key_next(v->vault, id, &id);
    }
    sums_free(sums);
    return err;
}

static enum err draft_check(void *context, const struct draft *draft)
{
    struct verifying *v = context;
    struct draft again;
    struct buffer about, text;
    buffer_init(&about, DRAFT_ABOUT_BYTES_MAX);
    buffer_init(&text, DRAFT_BYTES_MAX);
    enum err err = draft_read(v->vault, draft->id, &again, &about, &text);
    buffer_wipe(&about);
    buffer_wipe(&text);
    if (err != ERR_CORRUPT)
        return err;
    problem(v, "draft %" PRId64 " is damaged", draft->id);
    return ERR_OK;
}

static enum err verify(struct verifying *v)
{
    enum err err = own_logs_load(v->vault, &v->own);
    if (!err)
        err = file_check(v);
    for (size_t i = 0; !err && i < v->own.count; i++)
        err = chain_check(v, v->own.logs[i].identity);
    if (!err)
        err = lines_check(v);
    if (!err)
        err = states_check(v);
    if (!err)
        err = sums_check(v);
    if (!err)
        err = draft_each(v->vault, draft_check, v);
    own_logs_fini(&v->own);
    return err;
}

enum err vault_verify(struct vault *vault,
                      void (*report)(void *context, const char *text),
                      void *context, size_t *problems)
{
    struct verifying v = {.vault = vault, .report = report, .context = context};
    *problems = 0;
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    /* The write lock keeps everything in step while it is compared. */
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = vault_end(vault, verify(&v));
    *problems = v.problems;
    return err;
}

enum err inbox_scope_sum(struct vault *vault, const char *scope, uint64_t *sum)
{
    struct own_logs own;
    struct sums *sums = NULL;
    *sum = 0;
    enum err err = own_logs_load(vault, &own);
    if (!err)
        err = sums_new(&sums);
    if (!err)
        err = vault_sums_compute(vault, &own, sums);
    if (!err)
        err = sums_scope_of(vault, scope, sums, sum);
    sums_free(sums);
    own_logs_fini(&own);
    return err;
}
