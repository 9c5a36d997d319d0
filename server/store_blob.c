#include "server/store_blob.h"

#include <string.h>

#define REFERENCE_ARENA_BYTES (64u << 10)

static const char blob_add[] =
    "INSERT INTO blob(agency, blob, arrival, record, replica, reference, bytes)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (agency, blob) DO "
    "NOTHING";
/* Of an office that was restored, the device may be forgotten. */
#define COLUMNS                                                                \
    "b.blob, b.arrival, b.record, b.reference, b.received_at, p.account, "     \
    "b.backups "                                                               \
    "FROM blob b LEFT JOIN replica p ON p.agency = b.agency "                  \
    "AND p.replica = b.replica "
static const char blob_find[] =
    "SELECT " COLUMNS "WHERE b.agency = $1 AND b.blob = $2";
static const char blob_each[] =
    "SELECT " COLUMNS "WHERE b.agency = $1 ORDER BY b.arrival";
static const char blob_each_missing[] =
    "SELECT " COLUMNS "WHERE b.agency = $1 AND b.received_at IS NULL "
    "ORDER BY b.arrival";
static const char blob_scopes[] =
    "SELECT r.case_id, m.scope FROM record r LEFT JOIN membership m "
    "ON m.agency = r.agency AND m.case_id = r.case_id AND m.left_seq IS NULL "
    "WHERE r.agency = $1 AND r.record = $2";
static const char blob_received[] =
    "UPDATE blob SET received_at = $3, backups = CASE WHEN $3 IS NULL THEN 0 "
    "ELSE backups END WHERE agency = $1 AND blob = $2";
static const char blob_backup[] =
    "UPDATE blob SET backups = CASE WHEN $3 = 0 THEN 0 WHEN backups < 2 "
    "THEN backups + 1 ELSE 2 END WHERE agency = $1 AND blob = $2 "
    "AND received_at IS NOT NULL";
static const char blob_total[] =
    "SELECT coalesce(sum(bytes), 0) FROM blob WHERE agency = $1 "
    "AND received_at IS NOT NULL";

enum err store_blob_add(struct sql *sql, const char *agency,
                        const struct blob_ref *ref, struct bytes reference,
                        int64_t arrival, struct bytes record,
                        const char *replica)
{
    return sql_run(
        sql, blob_add,
        SQL_VALUES(sql_text(agency), sql_blob(bytes_of(ref->blob, HASH_BYTES)),
                   sql_int(arrival), sql_text_bytes(record), sql_text(replica),
                   sql_text_bytes(reference), sql_int(ref->bytes)));
}

static enum err reference_read(struct bytes text, struct blob_row *out)
{
    struct arena arena;
    const struct canon *value;
    struct blob_ref ref;
    arena_init(&arena, REFERENCE_ARENA_BYTES);
    enum err err = canon_parse(&arena, text, &value, NULL);
    if (!err && !blob_ref_read(value, &ref))
        err = ERR_CORRUPT;
    if (!err) {
        out->bytes = ref.bytes;
        memcpy(out->salt, ref.salt, sizeof out->salt);
        memcpy(out->name, ref.name.at, ref.name.size);
        memcpy(out->type, ref.type.at, ref.type.size);
    }
    arena_fini(&arena);
    return err;
}

static enum err row_read(const struct sql_value *row, struct blob_row *out)
{
    memset(out, 0, sizeof *out);
    out->arrival = row[1].integer;
    sql_copy_text(out->record, sizeof out->record, &row[2]);
    out->received_at = sql_is_null(&row[4]) ? 0 : row[4].integer;
    sql_copy_text(out->account, sizeof out->account, &row[5]);
    out->backed_up = row[6].integer >= 2;
    enum err err = sql_copy_fixed(out->blob, HASH_BYTES, &row[0]);
    return err ? err : reference_read(row[3].bytes, out);
}

static enum err find_read(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    return row_read(row, context);
}

enum err store_blob_find(struct sql *sql, const char *agency,
                         const uint8_t blob[HASH_BYTES], struct blob_row *out)
{
    return sql_find(
        sql, blob_find,
        SQL_VALUES(sql_text(agency), sql_blob(bytes_of(blob, HASH_BYTES))),
        find_read, out);
}

struct seeing {
    const struct scope_list *scopes;
    bool visible;
};

static enum err scope_read(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct seeing *seeing = context;
    char scope[SCOPE_CHARS_MAX + 1];
    if (!sql_is_null(&row[0]) && row[0].bytes.size == 0)
        seeing->visible = true; /* a record without a case */
    if (sql_is_null(&row[1]))
        return ERR_OK;
    sql_copy_text(scope, sizeof scope, &row[1]);
    seeing->visible |= scope_list_has(seeing->scopes, scope);
    return ERR_OK;
}

enum err store_blob_visible(struct sql *sql, const char *agency,
                            const char *record, const struct scope_list *scopes,
                            bool *visible)
{
    struct seeing seeing = {.scopes = scopes};
    enum err err = sql_each_row(sql, blob_scopes,
                                SQL_VALUES(sql_text(agency), sql_text(record)),
                                scope_read, &seeing);
    *visible = !err && seeing.visible;
    return err;
}

enum err store_blob_received(struct sql *sql, const char *agency,
                             const uint8_t blob[HASH_BYTES], int64_t at)
{
    return sql_run(sql, blob_received,
                   SQL_VALUES(sql_text(agency),
                              sql_blob(bytes_of(blob, HASH_BYTES)),
                              at ? sql_int(at) : sql_null()));
}

enum err store_blob_backup(struct sql *sql, const char *agency,
                           const uint8_t blob[HASH_BYTES], bool there)
{
    return sql_run(sql, blob_backup,
                   SQL_VALUES(sql_text(agency),
                              sql_blob(bytes_of(blob, HASH_BYTES)),
                              sql_int(there)));
}

enum err store_blob_total(struct sql *sql, const char *agency, int64_t *bytes)
{
    return sql_find_int(sql, blob_total, SQL_VALUES(sql_text(agency)), bytes);
}

struct each_blob {
    store_each_blob *each;
    void *context;
};

static enum err each_read(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    struct each_blob *each = context;
    struct blob_row blob;
    enum err err = row_read(row, &blob);
    return err ? err : each->each(each->context, &blob);
}

enum err store_blob_each(struct sql *sql, const char *agency, bool missing,
                         store_each_blob *each, void *context)
{
    struct each_blob all = {each, context};
    return sql_each_row(sql, missing ? blob_each_missing : blob_each,
                        SQL_VALUES(sql_text(agency)), each_read, &all);
}
