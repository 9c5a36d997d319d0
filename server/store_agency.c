#include "server/store_agency.h"

static const char agency_find[] =
    "SELECT agency, lineage FROM agency ORDER BY agency LIMIT 1";
static const char agency_add[] =
    "INSERT INTO agency(agency, name, lineage, lineages, made_at) "
    "VALUES ($1, $2, $3, 0, $4)";
static const char agency_case[] =
    "INSERT INTO case_row(agency, case_id, count, sum, ever_left, creator) "
    "VALUES ($1, '', 0, 0, 0, '')";
static const char agency_member[] =
    "INSERT INTO membership(agency, case_id, scope, joined_seq) "
    "VALUES ($1, '', 'agency', 0)";
static const char lineage_find[] =
    "SELECT lineage FROM agency WHERE agency = $1";
static const char lineage_set[] =
    "UPDATE agency SET lineage = $2, lineages = lineages + 1, "
    "lineage_at = $3 WHERE agency = $1";
static const char lineage_at[] =
    "SELECT lineage_at FROM agency WHERE agency = $1";
static const char lineages[] = "SELECT lineages FROM agency WHERE agency = $1";
static const char invite_find[] =
    "SELECT account, expires_at, used_by FROM invite "
    "WHERE agency = $1 AND code_hash = $2";
static const char invite_use[] =
    "UPDATE invite SET used_by = $3, used_at = $4 "
    "WHERE agency = $1 AND code_hash = $2 AND used_by IS NULL";
static const char invite_void[] =
    "UPDATE invite SET expires_at = $2 WHERE agency = $1 AND expires_at > $2 "
    "AND used_by IS NULL";
static const char account_role[] = "SELECT role, disabled_at FROM account "
                                   "WHERE agency = $1 AND account = $2";

struct agency_row {
    char *agency, *lineage;
};

static enum err agency_row_read(void *context, const struct sql_value *row,
                                size_t columns)
{
    (void)columns;
    struct agency_row *out = context;
    sql_copy_text(out->agency, NAME_CHARS_MAX + 1, &row[0]);
    sql_copy_text(out->lineage, LINEAGE_CHARS + 1, &row[1]);
    return ERR_OK;
}

enum err store_agency_find(struct sql *sql, char agency[NAME_CHARS_MAX + 1],
                           char lineage[LINEAGE_CHARS + 1])
{
    struct agency_row out = {agency, lineage};
    return sql_find(sql, agency_find, NULL, 0, agency_row_read, &out);
}

enum err store_agency_add(struct sql *sql, const char *agency, const char *name,
                          const char *lineage, int64_t now)
{
    enum err err = sql_run(sql, agency_add,
                           SQL_VALUES(sql_text(agency), sql_text(name),
                                      sql_text(lineage), sql_int(now)));
    if (!err)
        err = sql_run(sql, agency_case, SQL_VALUES(sql_text(agency)));
    if (!err)
        err = sql_run(sql, agency_member, SQL_VALUES(sql_text(agency)));
    return err;
}

static enum err lineage_row_read(void *context, const struct sql_value *row,
                                 size_t columns)
{
    (void)columns;
    sql_copy_text(context, LINEAGE_CHARS + 1, &row[0]);
    return ERR_OK;
}

enum err store_lineage(struct sql *sql, const char *agency,
                       char lineage[LINEAGE_CHARS + 1])
{
    return sql_find(sql, lineage_find, SQL_VALUES(sql_text(agency)),
                    lineage_row_read, lineage);
}

enum err store_lineage_set(struct sql *sql, const char *agency,
                           const char *lineage, int64_t now)
{
    return sql_run(
        sql, lineage_set,
        SQL_VALUES(sql_text(agency), sql_text(lineage), sql_int(now)));
}

enum err store_lineage_at(struct sql *sql, const char *agency, int64_t *at)
{
    return sql_find_int(sql, lineage_at, SQL_VALUES(sql_text(agency)), at);
}

enum err store_lineages(struct sql *sql, const char *agency, int64_t *count)
{
    return sql_find_int(sql, lineages, SQL_VALUES(sql_text(agency)), count);
}

static enum err invite_row_read(void *context, const struct sql_value *row,
                                size_t columns)
{
    (void)columns;
    struct invite_row *out = context;
    sql_copy_text(out->account, sizeof out->account, &row[0]);
    out->expires_at = row[1].integer;
    sql_copy_text(out->used_by, sizeof out->used_by, &row[2]);
    return ERR_OK;
}

enum err store_invite_find(struct sql *sql, const char *agency,
                           const uint8_t hash[HASH_BYTES],
                           struct invite_row *out)
{
    *out = (struct invite_row){.expires_at = 0};
    return sql_find(
        sql, invite_find,
        SQL_VALUES(sql_text(agency), sql_blob(bytes_of(hash, HASH_BYTES))),
        invite_row_read, out);
}

enum err store_invite_use(struct sql *sql, const char *agency,
                          const uint8_t hash[HASH_BYTES], const char *replica,
                          int64_t now)
{
    return sql_run(sql, invite_use,
                   SQL_VALUES(sql_text(agency),
                              sql_blob(bytes_of(hash, HASH_BYTES)),
                              sql_text(replica), sql_int(now)));
}

enum err store_invite_void(struct sql *sql, const char *agency, int64_t now)
{
    return sql_run(sql, invite_void,
                   SQL_VALUES(sql_text(agency), sql_int(now)));
}

struct role_row {
    char *role;
    bool *disabled;
};

static enum err role_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct role_row *out = context;
    sql_copy_text(out->role, NAME_CHARS_MAX + 1, &row[0]);
    *out->disabled = !sql_is_null(&row[1]);
    return ERR_OK;
}

enum err store_account_role(struct sql *sql, const char *agency,
                            const char *account, char role[NAME_CHARS_MAX + 1],
                            bool *disabled)
{
    struct role_row out = {role, disabled};
    return sql_find(sql, account_role,
                    SQL_VALUES(sql_text(agency), sql_text(account)),
                    role_row_read, &out);
}
