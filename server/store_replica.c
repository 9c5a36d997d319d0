#include "server/store_replica.h"

#include <string.h>

#define REPLICA_COLUMNS                                                        \
    "r.replica, r.kind, r.key, r.transport, r.account, r.role, "               \
    "r.enrolled_at, r.predecessor, r.head, r.link, r.top, r.closed, "          \
    "r.revoked_at, r.token_latest, r.token_confirmed, a.account, "             \
    "a.disabled_at, r.backed, r.backed_told "

static const char replica_find[] =
    "SELECT " REPLICA_COLUMNS "FROM replica r LEFT JOIN account a "
    "ON a.agency = r.agency AND a.account = r.account "
    "WHERE r.agency = $1 AND r.replica = $2";
static const char replica_add[] =
    "INSERT INTO replica(agency, replica, kind, key, transport, account, role, "
    "certificate, certificate_sig, enrolled_at, predecessor, head, link, top, "
    "token_latest, token_confirmed) VALUES "
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, COALESCE((SELECT "
    "max(n) FROM line WHERE agency = $1 AND replica = $2), 0), '', '')";
static const char replica_certificate[] =
    "SELECT certificate, certificate_sig FROM replica "
    "WHERE agency = $1 AND replica = $2";
/* Ids of office terms begin with 'o'. */
static const char term_certificate[] =
    "SELECT certificate, certificate_sig FROM replica "
    "WHERE agency = $1 AND replica >= 'o' AND replica < 'p' LIMIT 1";
static const char replica_head[] =
    "UPDATE replica SET head = $3, link = $4, top = $5 "
    "WHERE agency = $1 AND replica = $2";
static const char replica_heard[] =
    "UPDATE replica SET seen_at = $3 WHERE agency = $1 AND replica = $2";
static const char replica_tokens[] =
    "UPDATE replica SET token_latest = $3, token_confirmed = $4, seen_at = $5, "
    "unlocked_at = CASE WHEN $6 = 1 THEN $5 ELSE unlocked_at END "
    "WHERE agency = $1 AND replica = $2";
static const char replica_unlocked[] =
    "UPDATE replica SET unlocked_at = $3 WHERE agency = $1 AND replica = $2";
static const char replica_told[] =
    "UPDATE replica SET backed_told = $3 WHERE agency = $1 AND replica = $2";
static const char replica_backup[] =
#ifdef MUTANT_BACKED_EARLY
    "UPDATE replica SET backed = $3, backup_head = $3 "
    "WHERE agency = $1 AND replica = $2 AND head >= $3";
#else
    "UPDATE replica SET backed = CASE WHEN backup_head > backed "
    "AND backup_head <= $3 THEN backup_head ELSE backed END, "
    "backup_head = $3 WHERE agency = $1 AND replica = $2 AND head >= $3 "
    "AND (backup_head <> $3 OR backed < $3)";
#endif
static const char replica_backed_all[] =
    "UPDATE replica SET backed = head WHERE agency = $1 AND backed < head";
static const char replica_close[] =
    "UPDATE replica SET closed = $3, closed_at = $4 "
    "WHERE agency = $1 AND replica = $2 AND closed IS NULL";
static const char replica_revoke[] =
    "WITH RECURSIVE line_of(replica) AS (SELECT $2 UNION SELECT r.replica "
    "FROM line_of o JOIN replica r ON r.agency = $1 "
    "AND r.predecessor = o.replica AND r.enrolled_at > $4) "
    "UPDATE replica SET revoked_at = $3 WHERE agency = $1 "
    "AND replica IN (SELECT replica FROM line_of) AND revoked_at IS NULL";
static const char replica_unrevoked[] =
    "WITH RECURSIVE before(replica) AS (SELECT $2 UNION SELECT r.predecessor "
    "FROM before b JOIN replica r ON r.agency = $1 AND r.replica = b.replica "
    "WHERE r.predecessor IS NOT NULL), "
    "after(replica) AS (SELECT $2 UNION SELECT r.replica "
    "FROM after a JOIN replica r ON r.agency = $1 "
    "AND r.predecessor = a.replica) "
    "SELECT replica FROM replica WHERE agency = $1 AND revoked_at IS NULL "
    "AND replica IN (SELECT replica FROM before UNION "
    "SELECT replica FROM after) ORDER BY replica LIMIT 1";
static const char account_scopes[] =
    "SELECT s.scope FROM account a JOIN account_scope s "
    "ON s.agency = a.agency AND s.account = a.account "
    "WHERE a.agency = $1 AND a.account = $2 AND a.disabled_at IS NULL "
    "ORDER BY s.place";
static const char account_active[] =
    "SELECT 1 FROM account "
    "WHERE agency = $1 AND account = $2 AND disabled_at IS NULL";
static const char cursor_find[] =
    "SELECT seq, lost_own FROM cursor_seen "
    "WHERE agency = $1 AND replica = $2 AND scope = $3";
static const char cursor_put[] =
    "INSERT INTO cursor_seen(agency, replica, scope, seq, own) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (agency, replica, scope) "
    "DO UPDATE SET seq = excluded.seq, own = excluded.own, lost_own = NULL";
static const char cursor_granted[] =
    "INSERT INTO cursor_seen(agency, replica, scope, seq, own) "
    "VALUES ($1, $2, $3, 0, 0) ON CONFLICT (agency, replica, scope) "
    "DO UPDATE SET lost_own = NULL, clung = 0";
/* The first may have been written before it was told, the second may have
 * heard a reply that was cut before the leave. */
static const char cursor_clung[] =
    "UPDATE cursor_seen SET clung = clung + 1, "
    "lost_own = CASE WHEN clung >= 2 THEN $4 END "
    "WHERE agency = $1 AND replica = $2 AND scope = $3 AND lost_own IS NULL";
static const char cursor_lost[] =
    "UPDATE cursor_seen SET lost_own = $4 "
    "WHERE agency = $1 AND replica = $2 AND scope = $3 AND lost_own IS NULL";
static const char cursor_scopes[] =
    "SELECT scope FROM cursor_seen "
    "WHERE agency = $1 AND replica = $2 AND lost_own IS NULL ORDER BY scope";
/* A leave lies between what it reported last and now. */
static const char leave_between[] =
    "SELECT 1 FROM feed WHERE agency = $1 AND scope = $2 AND seq > $3 "
    "AND seq <= $4 AND kind = 3 LIMIT 1";
static const char leave_add[] =
    "INSERT INTO leave_seen(agency, replica, scope, seq, own) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
static const char leave_own[] =
    "SELECT own FROM leave_seen WHERE agency = $1 AND replica = $2 "
    "AND scope = $3 AND seq >= $4 ORDER BY seq LIMIT 1";
static const char clock_add[] =
    "INSERT INTO clock_sample(agency, replica, received_at, samples) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
static const char act_add[] =
    "INSERT INTO act(agency, at, by, what, detail) VALUES ($1, $2, $3, $4, $5)";

bool scope_list_has(const struct scope_list *list, const char *scope)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->name[i], scope))
            return true;
    return false;
}

enum err scope_list_add(struct scope_list *list, const char *scope)
{
    if (scope_list_has(list, scope))
        return ERR_OK;
    if (list->count == SCOPES_MAX || strlen(scope) > SCOPE_CHARS_MAX)
        return ERR_TOO_BIG;
    memcpy(list->name[list->count++], scope, strlen(scope) + 1);
    return ERR_OK;
}

const char *scope_list_caseload(const struct scope_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strncmp(list->name[i], "caseload:", 9))
            return list->name[i];
    return NULL;
}

static enum err replica_row_read(void *context, const struct sql_value *row,
                                 size_t columns)
{
    (void)columns;
    struct replica_row *r = context;
    *r = (struct replica_row){0};
    sql_copy_text(r->replica, sizeof r->replica, &row[0]);
    r->kind = row[1].bytes.size ? (char)row[1].bytes.at[0] : '\0';
    enum err err = sql_copy_fixed(r->key, sizeof r->key, &row[2]);
    if (!err && !sql_is_null(&row[3]))
        err = sql_copy_fixed(r->transport, sizeof r->transport, &row[3]);
    sql_copy_text(r->account, sizeof r->account, &row[4]);
    sql_copy_text(r->role, sizeof r->role, &row[5]);
    r->enrolled_at = row[6].integer;
    sql_copy_text(r->predecessor, sizeof r->predecessor, &row[7]);
    r->head = row[8].integer;
    if (!err)
        err = sql_copy_fixed(r->link, sizeof r->link, &row[9]);
    r->top = row[10].integer;
    sql_copy_text(r->closed, sizeof r->closed, &row[11]);
    r->revoked_at = row[12].integer;
    sql_copy_text(r->token_latest, sizeof r->token_latest, &row[13]);
    sql_copy_text(r->token_confirmed, sizeof r->token_confirmed, &row[14]);
    r->account_here = !sql_is_null(&row[15]);
    r->disabled = !sql_is_null(&row[16]);
    r->backed = row[17].integer;
    r->backed_told = row[18].integer;
    return err;
}

enum err store_replica_find(struct sql *sql, const char *agency,
                            const char *replica, struct replica_row *out)
{
    return sql_find(sql, replica_find,
                    SQL_VALUES(sql_text(agency), sql_text(replica)),
                    replica_row_read, out);
}

enum err store_replica_add(struct sql *sql, const char *agency,
                           const struct replica_row *row,
                           struct bytes certificate,
                           const uint8_t sig[SIGNATURE_BYTES])
{
    uint8_t link[LINK_BYTES];
    link_zero(link, agency, row->key);
    const char kind[2] = {row->kind, '\0'};
    struct sql_value transport =
        row->kind == 'w' ? sql_blob(bytes_of(row->transport, KEY_BYTES))
                         : sql_null();
    return sql_run(
        sql, replica_add,
        SQL_VALUES(sql_text(agency), sql_text(row->replica), sql_text(kind),
                   sql_blob(bytes_of(row->key, KEY_BYTES)), transport,
                   sql_text(row->account), sql_text(row->role),
                   sql_text_bytes(certificate),
                   sql_blob(bytes_of(sig, SIGNATURE_BYTES)),
                   sql_int(row->enrolled_at),
                   sql_text(row->predecessor[0] ? row->predecessor : NULL),
                   sql_blob(bytes_of(link, LINK_BYTES))));
}

struct certificate_row {
    struct buffer *text;
    uint8_t *sig;
};

static enum err certificate_row_read(void *context, const struct sql_value *row,
                                     size_t columns)
{
    (void)columns;
    struct certificate_row *c = context;
    enum err err = buffer_add_bytes(c->text, row[0].bytes);
    return err ? err : sql_copy_fixed(c->sig, SIGNATURE_BYTES, &row[1]);
}

enum err store_replica_certificate(struct sql *sql, const char *agency,
                                   const char *replica,
                                   struct buffer *certificate,
                                   uint8_t sig[SIGNATURE_BYTES])
{
    struct certificate_row row = {certificate, sig};
    return sql_find(sql, replica_certificate,
                    SQL_VALUES(sql_text(agency), sql_text(replica)),
                    certificate_row_read, &row);
}

enum err store_term_certificate(struct sql *sql, const char *agency,
                                struct buffer *certificate,
                                uint8_t sig[SIGNATURE_BYTES])
{
    struct certificate_row row = {certificate, sig};
    return sql_find(sql, term_certificate, SQL_VALUES(sql_text(agency)),
                    certificate_row_read, &row);
}

enum err store_replica_head(struct sql *sql, const char *agency,
                            const char *replica, int64_t head,
                            const uint8_t link[LINK_BYTES], int64_t top)
{
    return sql_run(
        sql, replica_head,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(head),
                   sql_blob(bytes_of(link, LINK_BYTES)), sql_int(top)));
}

enum err store_replica_heard(struct sql *sql, const char *agency,
                             const char *replica, int64_t at)
{
    return sql_run(
        sql, replica_heard,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(at)));
}

enum err store_replica_tokens(struct sql *sql, const char *agency,
                              const char *replica, const char *latest,
                              const char *confirmed, bool unlocked, int64_t now)
{
    return sql_run(sql, replica_tokens,
                   SQL_VALUES(sql_text(agency), sql_text(replica),
                              sql_text(latest), sql_text(confirmed),
                              sql_int(now), sql_int(unlocked)));
}

enum err store_replica_unlocked(struct sql *sql, const char *agency,
                                const char *replica, int64_t at)
{
    return sql_run(
        sql, replica_unlocked,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(at)));
}

enum err store_replica_told(struct sql *sql, const char *agency,
                            const char *replica, int64_t backed)
{
    return sql_run(
        sql, replica_told,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(backed)));
}

enum err store_replica_backup(struct sql *sql, const char *agency,
                              const char *replica, int64_t head)
{
    return sql_run(
        sql, replica_backup,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(head)));
}

enum err store_replica_backed_all(struct sql *sql, const char *agency)
{
    return sql_run(sql, replica_backed_all, SQL_VALUES(sql_text(agency)));
}

enum err store_replica_close(struct sql *sql, const char *agency,
                             const char *replica, const char *reason,
                             int64_t now)
{
    return sql_run(sql, replica_close,
                   SQL_VALUES(sql_text(agency), sql_text(replica),
                              sql_text(reason), sql_int(now)));
}

enum err store_replica_revoke(struct sql *sql, const char *agency,
                              const char *replica, int64_t since, int64_t now)
{
    return sql_run(sql, replica_revoke,
                   SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(now),
                              sql_int(since)));
}

static enum err replica_id_read(void *context, const struct sql_value *row,
                                size_t columns)
{
    (void)columns;
    sql_copy_text(context, REPLICA_CHARS + 1, &row[0]);
    return ERR_OK;
}

enum err store_replica_unrevoked(struct sql *sql, const char *agency,
                                 const char *replica,
                                 char out[REPLICA_CHARS + 1])
{
    return sql_find(sql, replica_unrevoked,
                    SQL_VALUES(sql_text(agency), sql_text(replica)),
                    replica_id_read, out);
}

static enum err scope_row_read(void *context, const struct sql_value *row,
                               size_t columns)
{
    (void)columns;
    char scope[SCOPE_CHARS_MAX + 1];
    sql_copy_text(scope, sizeof scope, &row[0]);
    return scope_list_add(context, scope);
}

enum err store_account_scopes(struct sql *sql, const char *agency,
                              const char *account, struct scope_list *out)
{
    out->count = 0;
    enum err err =
        sql_find(sql, account_active,
                 SQL_VALUES(sql_text(agency), sql_text(account)), NULL, NULL);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = scope_list_add(out, "agency");
    if (err)
        return err;
    return sql_each_row(sql, account_scopes,
                        SQL_VALUES(sql_text(agency), sql_text(account)),
                        scope_row_read, out);
}

/* --- cursors -------------------------------------------------------------- */

struct cursor_row {
    int64_t seq, lost_own;
};

static enum err cursor_row_read(void *context, const struct sql_value *row,
                                size_t columns)
{
    (void)columns;
    struct cursor_row *c = context;
    c->seq = row[0].integer;
    c->lost_own = sql_is_null(&row[1]) ? -1 : row[1].integer;
    return ERR_OK;
}

static enum err cursor_load(struct sql *sql, const char *agency,
                            const char *replica, const char *scope,
                            struct cursor_row *out)
{
    return sql_find(
        sql, cursor_find,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_text(scope)),
        cursor_row_read, out);
}

enum err store_cursor_report(struct sql *sql, const char *agency,
                             const char *replica, const struct cursor *cursor)
{
    struct cursor_row last = {0, -1};
    enum err err = cursor_load(sql, agency, replica, cursor->scope, &last);
    bool known = err == ERR_OK;
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (known && last.seq == cursor->seq && last.lost_own < 0)
        return ERR_OK;
    err = sql_find(sql, leave_between,
                   SQL_VALUES(sql_text(agency), sql_text(cursor->scope),
                              sql_int(last.seq), sql_int(cursor->seq)),
                   NULL, NULL);
    if (!err)
        err = sql_run(sql, leave_add,
                      SQL_VALUES(sql_text(agency), sql_text(replica),
                                 sql_text(cursor->scope), sql_int(cursor->seq),
                                 sql_int(cursor->own)));
    if (err && err != ERR_NOT_FOUND)
        return err;
    return sql_run(sql, cursor_put,
                   SQL_VALUES(sql_text(agency), sql_text(replica),
                              sql_text(cursor->scope), sql_int(cursor->seq),
                              sql_int(cursor->own)));
}

enum err store_cursor_granted(struct sql *sql, const char *agency,
                              const char *replica, const char *scope)
{
    return sql_run(
        sql, cursor_granted,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_text(scope)));
}

enum err store_cursor_lost(struct sql *sql, const char *agency,
                           const char *replica, const char *scope, int64_t own)
{
    return sql_run(sql, cursor_lost,
                   SQL_VALUES(sql_text(agency), sql_text(replica),
                              sql_text(scope), sql_int(own)));
}

enum err store_cursor_clung(struct sql *sql, const char *agency,
                            const char *replica, const char *scope,
                            int64_t head)
{
    return sql_run(sql, cursor_clung,
                   SQL_VALUES(sql_text(agency), sql_text(replica),
                              sql_text(scope), sql_int(head)));
}

enum err store_cursor_find(struct sql *sql, const char *agency,
                           const char *replica, const char *scope, bool *known,
                           int64_t *lost_own)
{
    struct cursor_row row = {0, -1};
    enum err err = cursor_load(sql, agency, replica, scope, &row);
    *known = err == ERR_OK;
    *lost_own = row.lost_own;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err store_cursor_scopes(struct sql *sql, const char *agency,
                             const char *replica, struct scope_list *out)
{
    out->count = 0;
    return sql_each_row(sql, cursor_scopes,
                        SQL_VALUES(sql_text(agency), sql_text(replica)),
                        scope_row_read, out);
}

enum err store_leave_own(struct sql *sql, const char *agency,
                         const char *replica, const char *scope, int64_t seq,
                         int64_t *own)
{
    return sql_find_int(sql, leave_own,
                        SQL_VALUES(sql_text(agency), sql_text(replica),
                                   sql_text(scope), sql_int(seq)),
                        own);
}

enum err store_clock_samples(struct sql *sql, const char *agency,
                             const char *replica, int64_t now,
                             struct bytes samples)
{
    return sql_run(sql, clock_add,
                   SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(now),
                              sql_text_bytes(samples)));
}

enum err store_act(struct sql *sql, const char *agency, int64_t now,
                   const char *by, const char *what, struct bytes detail)
{
    return sql_run(sql, act_add,
                   SQL_VALUES(sql_text(agency), sql_int(now), sql_text(by),
                              sql_text(what), sql_text_bytes(detail)));
}
