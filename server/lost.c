#include "server/lost.h"

#include <stdlib.h>
#include <string.h>

#define LOST_BYTES_MAX ((size_t)1 << 28)

static const char family[] =
    "WITH RECURSIVE up(replica) AS (SELECT $2 UNION SELECT r.predecessor "
    "FROM up u JOIN replica r ON r.agency = $1 AND r.replica = u.replica "
    "WHERE r.predecessor IS NOT NULL), "
    "down(replica) AS (SELECT $2 UNION SELECT r.replica FROM down d "
    "JOIN replica r ON r.agency = $1 AND r.predecessor = d.replica), "
    "kin(replica) AS (SELECT replica FROM up UNION SELECT r.replica "
    "FROM kin k JOIN replica r ON r.agency = $1 "
    "AND r.predecessor = k.replica) "
    "SELECT r.replica, r.predecessor, r.account, r.role, r.closed, "
    "r.enrolled_at, r.head, r.seen_at, r.unlocked_at, r.revoked_at, "
    "(SELECT count(*) FROM held h WHERE h.agency = r.agency "
    "AND h.replica = r.replica AND h.released IS NULL), "
    "(SELECT count(*) FROM cursor_seen c WHERE c.agency = r.agency "
    "AND c.replica = r.replica AND c.seq > 0), "
    "CASE WHEN r.replica IN (SELECT replica FROM up UNION "
    "SELECT replica FROM down) THEN 1 ELSE 0 END "
    "FROM replica r WHERE r.agency = $1 AND r.kind = 'w' "
    "AND r.replica IN (SELECT replica FROM kin) "
    "ORDER BY r.enrolled_at, r.replica";
static const char scopes_of[] =
    "SELECT scope, seq, lost_own FROM cursor_seen "
    "WHERE agency = $1 AND replica = $2 AND scope <> 'agency' ORDER BY scope";
/* The last entry that was there then.  A join's time is that of the line which
 * caused it, the last of those that it brings. */
static const char entry_by_then[] =
    "SELECT coalesce(max(f.seq), 0) FROM feed f "
    "LEFT JOIN placed p ON f.kind = 2 AND p.agency = f.agency "
    "AND p.case_id = f.case_id AND p.case_seq = f.upto "
    "JOIN line l ON l.arrival = coalesce(f.arrival, p.arrival) "
    "WHERE f.agency = $1 AND f.scope = $2 AND l.received_at <= $3";
/* Of each case the last join or leave that the cursor ($3) has passed, the last
 * by then ($4), and whether it stands in the middle of the join after it. */
static const char moves[] =
    "SELECT m.case_id, c.kind, t.kind, m.partly FROM "
    "(SELECT f.case_id, max(CASE WHEN f.seq <= $3 THEN f.seq END) AS c, "
    "max(CASE WHEN f.seq <= $4 THEN f.seq END) AS t, "
    "max(CASE WHEN f.kind = 2 AND f.seq = $3 + 1 AND f.seq <= $4 "
    "THEN 1 ELSE 0 END) AS partly "
    "FROM feed f WHERE f.agency = $1 AND f.scope = $2 AND f.kind IN (2, 3) "
    "AND f.case_id <> '' GROUP BY f.case_id) m "
    "LEFT JOIN feed c ON c.agency = $1 AND c.scope = $2 AND c.seq = m.c "
    "LEFT JOIN feed t ON t.agency = $1 AND t.scope = $2 AND t.seq = m.t "
    "ORDER BY m.case_id";
static const char wrote_in[] =
    "SELECT DISTINCT r.case_id FROM line l JOIN record r "
    "ON r.agency = l.agency AND r.record = l.record "
    "WHERE l.agency = $1 AND l.replica = $2 AND r.case_id <> '' "
    "ORDER BY r.case_id";

/* --- who it was and became ------------------------------------------------ */

static int64_t time_of(const struct sql_value *value)
{
    return sql_is_null(value) ? 0 : value->integer;
}

static enum err take_identity(void *context, const struct sql_value *row,
                              size_t columns)
{
    struct lost *lost = context;
    (void)columns;
    if (lost->identity_count == lost->identity_room) {
        size_t room = lost->identity_room ? lost->identity_room * 2 : 8;
        struct lost_identity *grown =
            arena_take(&lost->arena, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        if (lost->identity_count)
            memcpy(grown, lost->identities,
                   lost->identity_count * sizeof *grown);
        lost->identities = grown;
        lost->identity_room = room;
    }
    struct lost_identity *i = &lost->identities[lost->identity_count++];
    sql_copy_text(i->replica, sizeof i->replica, &row[0]);
    sql_copy_text(i->predecessor, sizeof i->predecessor, &row[1]);
    sql_copy_text(i->account, sizeof i->account, &row[2]);
    sql_copy_text(i->role, sizeof i->role, &row[3]);
    sql_copy_text(i->closed, sizeof i->closed, &row[4]);
    i->enrolled_at = row[5].integer;
    i->head = row[6].integer;
    i->seen_at = time_of(&row[7]);
    i->unlocked_at = time_of(&row[8]);
    i->revoked_at = time_of(&row[9]);
    i->held = row[10].integer;
    i->reported = row[11].integer > 0;
    i->line = row[12].integer != 0;
    return ERR_OK;
}

enum err lost_load(struct lost *out, struct office *office, struct sql *sql,
                   const char *replica)
{
    *out = (struct lost){.identities = NULL};
    arena_init(&out->arena, LOST_BYTES_MAX);
    enum err err = map_new(&out->cases);
    if (!err)
        err = sql_each_row(
            sql, family,
            SQL_VALUES(sql_text(office->agency), sql_text(replica)),
            take_identity, out);
    if (!err && !out->identity_count)
        err = ERR_NOT_FOUND;
    if (err)
        lost_fini(out);
    return err;
}

void lost_fini(struct lost *lost)
{
    if (!lost->cases)
        return;
    map_free(lost->cases);
    lost->cases = NULL;
    arena_fini(&lost->arena);
}

struct lost_identity *lost_identity_find(const struct lost *lost,
                                         const char *replica)
{
    for (size_t i = 0; i < lost->identity_count; i++)
        if (!strcmp(lost->identities[i].replica, replica))
            return &lost->identities[i];
    return NULL;
}

/* What follows it has told how far it is: what this one said before is of the
 * same vault, and holds no longer. */
static bool superseded(const struct lost *lost, const struct lost_identity *of)
{
    for (size_t i = 0; i < lost->identity_count; i++) {
        const struct lost_identity *next = &lost->identities[i];
        if (!strcmp(next->predecessor, of->replica) && of->closed[0] &&
            (next->reported || superseded(lost, next)))
            return true;
    }
    return false;
}

/* --- what is on one vault ------------------------------------------------- */

struct scope_seen {
    char name[SCOPE_CHARS_MAX + 1];
    int64_t seq;
    bool let_go;
};

struct vault {
    struct lost *lost;
    struct office *office;
    struct sql *sql;
    const struct lost_identity *identity;
    struct map *gone; /* cases that it said to have let go */
    struct scope_seen *scopes;
    size_t scope_count;
    bool let_go; /* the scope that is being read */
};

static enum err take_scope(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct vault *v = context;
    (void)columns;
    if (v->scope_count == SCOPES_MAX)
        return ERR_TOO_BIG;
    struct scope_seen *scope = &v->scopes[v->scope_count++];
    sql_copy_text(scope->name, sizeof scope->name, &row[0]);
    scope->seq = row[1].integer;
    scope->let_go = !sql_is_null(&row[2]);
    return ERR_OK;
}

static enum err case_put(struct lost *lost, struct bytes kase, bool there)
{
    struct lost_case *found = map_get(lost->cases, kase);
    if (kase.size != ID_CHARS)
        return ERR_OK;
    if (found) {
        found->there = found->there || there;
        return ERR_OK;
    }
    found = arena_take(&lost->arena, sizeof *found);
    if (!found)
        return ERR_NOMEM;
    memcpy(found->kase, kase.at, ID_CHARS);
    found->there = there;
    return map_put(lost->cases, kase, found);
}

static bool joined(const struct sql_value *kind)
{
    return !sql_is_null(kind) && kind->integer == 2;
}

static enum err take_move(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct vault *v = context;
    (void)columns;
    bool passed = !sql_is_null(&row[1]);
    bool there = joined(&row[1]) && !v->let_go;
    enum err err = ERR_OK;
    if (passed && !there)
        err = map_put(v->gone, row[0].bytes, v);
    if (!err && !v->let_go && (there || joined(&row[2]) || row[3].integer != 0))
        err = case_put(v->lost, row[0].bytes, there);
    return err;
}

/* It was written there, and nobody said that it went. */
static enum err take_wrote(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct vault *v = context;
    (void)columns;
    return map_has(v->gone, row[0].bytes)
               ? ERR_OK
               : case_put(v->lost, row[0].bytes, true);
}

/* When it was last answered with anything at the latest; 0: never. */
static int64_t answered_by(const struct lost_identity *i)
{
    int64_t at = i->unlocked_at ? i->unlocked_at : i->seen_at;
    if (!at)
        return 0;
    at += LOST_ANSWER_MS;
    return i->revoked_at && i->revoked_at < at ? i->revoked_at : at;
}

static enum err scope_read(struct vault *v, const struct scope_seen *scope)
{
    const char *agency = v->office->agency;
    int64_t last = 0;
    enum err err =
        sql_find_int(v->sql, entry_by_then,
                     SQL_VALUES(sql_text(agency), sql_text(scope->name),
                                sql_int(answered_by(v->identity))),
                     &last);
    v->let_go = scope->let_go;
    if (last < scope->seq) /* leaves have no time of their own */
        last = scope->seq;
    return err ? err
               : sql_each_row(v->sql, moves,
                              SQL_VALUES(sql_text(agency),
                                         sql_text(scope->name),
                                         sql_int(scope->seq), sql_int(last)),
                              take_move, v);
}

/* One identity of the vault; of those before the one that spoke last only what
 * they let go. */
static enum err identity_read(struct vault *v, const struct lost_identity *i,
                              bool whole)
{
    v->identity = i;
    v->scope_count = 0;
    enum err err = sql_each_row(
        v->sql, scopes_of,
        SQL_VALUES(sql_text(v->office->agency), sql_text(i->replica)),
        take_scope, v);
    for (size_t s = 0; !err && s < v->scope_count; s++)
        if (whole || v->scopes[s].let_go)
            err = scope_read(v, &v->scopes[s]);
    return err;
}

static enum err vault_read(struct vault *v, const struct lost_identity *last)
{
    enum err err = ERR_OK;
    bool told = false;
    map_clear(v->gone);
    for (const struct lost_identity *i = last; i && !err;
         i = lost_identity_find(v->lost, i->predecessor)) {
        err = identity_read(v, i, !told);
        told = told || i->reported;
    }
    for (const struct lost_identity *i = last; i && !err;
         i = lost_identity_find(v->lost, i->predecessor))
        err = sql_each_row(
            v->sql, wrote_in,
            SQL_VALUES(sql_text(v->office->agency), sql_text(i->replica)),
            take_wrote, v);
    return err;
}

enum err lost_cases_load(struct lost *lost, struct office *office,
                         struct sql *sql)
{
    struct vault v = {.lost = lost, .office = office, .sql = sql};
    v.scopes = arena_take(&lost->arena, SCOPES_MAX * sizeof *v.scopes);
    if (!v.scopes)
        return ERR_NOMEM;
    enum err err = map_new(&v.gone);
    for (size_t i = 0; !err && i < lost->identity_count; i++) {
        const struct lost_identity *identity = &lost->identities[i];
        if (!identity->spared && !superseded(lost, identity))
            err = vault_read(&v, identity);
    }
    map_free(v.gone);
    return err;
}
