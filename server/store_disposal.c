#include "server/store_disposal.h"

static const char disposal_add[] =
    "INSERT INTO disposal(agency, case_id, decision, at, proposed_by, "
    "approved_by, reason) VALUES ($1, $2, $3, $4, $5, $6, $7) "
    "ON CONFLICT DO NOTHING";
static const char disposal_each[] =
    "SELECT case_id, decision, at, proposed_by, approved_by, reason "
    "FROM disposal WHERE agency = $1 ORDER BY at, decision, case_id";
static const char disposal_any[] =
    "SELECT 1 FROM disposal WHERE agency = $1 LIMIT 1";
static const char disposal_of_case[] =
    "SELECT 1 FROM disposal WHERE agency = $1 AND case_id = $2 LIMIT 1";
static const char disposal_decided[] =
    "SELECT 1 FROM disposal WHERE agency = $1 AND decision = $2 LIMIT 1";
static const char record_add[] =
    "INSERT INTO disposed_record(agency, record, case_id) "
    "SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM record r "
    "WHERE r.agency = $1 AND r.record = $2 AND r.case_id <> $3) "
    "ON CONFLICT DO NOTHING";
static const char record_find[] =
    "SELECT case_id FROM disposed_record WHERE agency = $1 AND record = $2";
static const char records_of[] = "SELECT record FROM disposed_record "
                                 "WHERE agency = $1 AND case_id = $2";
static const char write_add[] =
    "INSERT INTO disposed_write(agency, write, case_id) "
    "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
static const char write_find[] =
    "SELECT case_id FROM disposed_write WHERE agency = $1 AND write = $2";
static const char writes_of[] = "SELECT write FROM disposed_write "
                                "WHERE agency = $1 AND case_id = $2";
static const char line_erase[] = "UPDATE line SET line = $2 WHERE arrival = $1";
static const char line_whole[] =
    "SELECT 1 FROM line WHERE agency = $1 AND record = $2 "
    "AND length(line) > 0 LIMIT 1";
static const char conflict_forget[] =
    "DELETE FROM conflict WHERE agency = $1 AND record = $2";
static const char record_forget[] =
    "DELETE FROM record WHERE agency = $1 AND record = $2";
static const char link_forget[] =
    "DELETE FROM site_link WHERE agency = $1 AND case_id = $2";
static const char held_forget[] =
    "DELETE FROM held WHERE agency = $1 AND EXISTS (SELECT 1 FROM line l "
    "WHERE l.agency = held.agency AND l.replica = held.replica "
    "AND l.n = held.n AND length(l.line) = 0)";
static const char waiting_forget[] =
    "DELETE FROM waiting WHERE agency = $1 AND EXISTS (SELECT 1 FROM line l "
    "WHERE l.agency = waiting.agency AND l.replica = waiting.replica "
    "AND l.n = waiting.n AND length(l.line) = 0)";
static const char blob_note[] =
    "INSERT INTO disposed_blob(agency, blob) SELECT b.agency, b.blob "
    "FROM blob b JOIN line l ON l.arrival = b.arrival "
    "WHERE b.agency = $1 AND length(l.line) = 0 ON CONFLICT DO NOTHING";
static const char blob_forget[] =
    "DELETE FROM blob WHERE agency = $1 AND EXISTS (SELECT 1 FROM line l "
    "WHERE l.arrival = blob.arrival AND length(l.line) = 0)";
static const char journal_note[] =
    "UPDATE journal SET disposals = disposals + 1 WHERE agency = $1";
/* One that was named again, in what came since, has a right to be here. */
static const char blobs[] =
    "SELECT d.blob FROM disposed_blob d WHERE d.agency = $1 AND NOT EXISTS "
    "(SELECT 1 FROM blob b WHERE b.agency = d.agency AND b.blob = d.blob)";
static const char proposal_put[] =
    "INSERT INTO disposal_proposal(agency, case_id, at, by, reason) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (agency, case_id) DO UPDATE "
    "SET at = excluded.at, by = excluded.by, reason = excluded.reason";
static const char proposal_find[] =
    "SELECT case_id, at, by, reason FROM disposal_proposal "
    "WHERE agency = $1 AND case_id = $2";
static const char proposal_drop[] =
    "DELETE FROM disposal_proposal WHERE agency = $1 AND case_id = $2";
static const char proposal_each[] =
    "SELECT case_id, at, by, reason FROM disposal_proposal "
    "WHERE agency = $1 ORDER BY at, case_id";

/* --- decisions ------------------------------------------------------------ */

enum err store_disposal_add(struct sql *sql, const char *agency,
                            const struct disposal_row *row)
{
    return sql_run(sql, disposal_add,
                   SQL_VALUES(sql_text(agency), sql_text(row->kase),
                              sql_text(row->decision), sql_int(row->at),
                              sql_text(row->proposed_by),
                              sql_text(row->approved_by),
                              sql_text(row->reason)));
}

struct each_disposal {
    store_each_disposal *each;
    void *context;
};

static enum err disposal_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct each_disposal *each = context;
    struct disposal_row out = {.at = row[2].integer};
    sql_copy_text(out.kase, sizeof out.kase, &row[0]);
    sql_copy_text(out.decision, sizeof out.decision, &row[1]);
    sql_copy_text(out.proposed_by, sizeof out.proposed_by, &row[3]);
    sql_copy_text(out.approved_by, sizeof out.approved_by, &row[4]);
    sql_copy_text(out.reason, sizeof out.reason, &row[5]);
    return each->each(each->context, &out);
}

enum err store_disposal_each(struct sql *sql, const char *agency,
                             store_each_disposal *each, void *context)
{
    struct each_disposal all = {each, context};
    return sql_each_row(sql, disposal_each, SQL_VALUES(sql_text(agency)),
                        disposal_read, &all);
}

enum err store_disposal_any(struct sql *sql, const char *agency)
{
    return sql_find(sql, disposal_any, SQL_VALUES(sql_text(agency)), NULL,
                    NULL);
}

enum err store_disposal_of_case(struct sql *sql, const char *agency,
                                const char *kase)
{
    return sql_find(sql, disposal_of_case,
                    SQL_VALUES(sql_text(agency), sql_text(kase)), NULL, NULL);
}

enum err store_disposal_decided(struct sql *sql, const char *agency,
                                const char *decision)
{
    return sql_find(sql, disposal_decided,
                    SQL_VALUES(sql_text(agency), sql_text(decision)), NULL,
                    NULL);
}

/* --- what is known for ever ----------------------------------------------- */

enum err store_disposed_record_add(struct sql *sql, const char *agency,
                                   struct bytes record, const char *kase)
{
    return sql_run(
        sql, record_add,
        SQL_VALUES(sql_text(agency), sql_text_bytes(record), sql_text(kase)));
}

enum err store_disposed_write_add(struct sql *sql, const char *agency,
                                  struct bytes write, const char *kase)
{
    return sql_run(
        sql, write_add,
        SQL_VALUES(sql_text(agency), sql_text_bytes(write), sql_text(kase)));
}

static enum err case_read(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    sql_copy_text(context, ID_CHARS + 1, &row[0]);
    return ERR_OK;
}

enum err store_disposed_record_find(struct sql *sql, const char *agency,
                                    struct bytes record,
                                    char kase[ID_CHARS + 1])
{
    return sql_find(sql, record_find,
                    SQL_VALUES(sql_text(agency), sql_text_bytes(record)),
                    case_read, kase);
}

enum err store_disposed_write_find(struct sql *sql, const char *agency,
                                   struct bytes write, char kase[ID_CHARS + 1])
{
    return sql_find(sql, write_find,
                    SQL_VALUES(sql_text(agency), sql_text_bytes(write)),
                    case_read, kase);
}

static enum err name_gather(void *context, const struct sql_value *row,
                            size_t columns)
{
    (void)columns;
    return buffer_add_bytes(context, row[0].bytes);
}

enum err store_disposed_records(struct sql *sql, const char *agency,
                                const char *kase, struct buffer *out)
{
    return sql_each_row(sql, records_of,
                        SQL_VALUES(sql_text(agency), sql_text(kase)),
                        name_gather, out);
}

enum err store_disposed_writes(struct sql *sql, const char *agency,
                               const char *kase, struct buffer *out)
{
    return sql_each_row(sql, writes_of,
                        SQL_VALUES(sql_text(agency), sql_text(kase)),
                        name_gather, out);
}

struct each_name {
    store_each_name *each;
    void *context;
};

static enum err name_read(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    struct each_name *each = context;
    return each->each(each->context, row[0].bytes);
}

enum err store_disposed_blobs(struct sql *sql, const char *agency,
                              store_each_name *each, void *context)
{
    struct each_name all = {each, context};
    return sql_each_row(sql, blobs, SQL_VALUES(sql_text(agency)), name_read,
                        &all);
}

/* --- what goes ------------------------------------------------------------ */

enum err store_line_erase(struct sql *sql, int64_t arrival)
{
    return sql_run(sql, line_erase,
                   SQL_VALUES(sql_int(arrival), sql_blob(bytes_of("", 0))));
}

enum err store_line_whole(struct sql *sql, const char *agency,
                          const char *record)
{
    return sql_find(sql, line_whole,
                    SQL_VALUES(sql_text(agency), sql_text(record)), NULL, NULL);
}

enum err store_record_forget(struct sql *sql, const char *agency,
                             const char *record)
{
    enum err err = sql_run(sql, conflict_forget,
                           SQL_VALUES(sql_text(agency), sql_text(record)));
    return err ? err
               : sql_run(sql, record_forget,
                         SQL_VALUES(sql_text(agency), sql_text(record)));
}

enum err store_case_forget(struct sql *sql, const char *agency,
                           const char *kase)
{
    return sql_run(sql, link_forget,
                   SQL_VALUES(sql_text(agency), sql_text(kase)));
}

enum err store_erased_forget(struct sql *sql, const char *agency)
{
    static const char *const all[] = {held_forget, waiting_forget, blob_note,
                                      blob_forget, journal_note};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof all / sizeof *all; i++)
        err = sql_run(sql, all[i], SQL_VALUES(sql_text(agency)));
    return err;
}

/* --- proposals ------------------------------------------------------------ */

enum err store_proposal_put(struct sql *sql, const char *agency,
                            const struct proposal_row *row)
{
    return sql_run(sql, proposal_put,
                   SQL_VALUES(sql_text(agency), sql_text(row->kase),
                              sql_int(row->at), sql_text(row->by),
                              sql_text(row->reason)));
}

static void proposal_take(const struct sql_value *row, struct proposal_row *out)
{
    out->at = row[1].integer;
    sql_copy_text(out->kase, sizeof out->kase, &row[0]);
    sql_copy_text(out->by, sizeof out->by, &row[2]);
    sql_copy_text(out->reason, sizeof out->reason, &row[3]);
}

static enum err proposal_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    proposal_take(row, context);
    return ERR_OK;
}

enum err store_proposal_find(struct sql *sql, const char *agency,
                             const char *kase, struct proposal_row *out)
{
    return sql_find(sql, proposal_find,
                    SQL_VALUES(sql_text(agency), sql_text(kase)), proposal_read,
                    out);
}

enum err store_proposal_drop(struct sql *sql, const char *agency,
                             const char *kase)
{
    return sql_run(sql, proposal_drop,
                   SQL_VALUES(sql_text(agency), sql_text(kase)));
}

struct each_proposal {
    store_each_proposal *each;
    void *context;
};

static enum err each_proposal_read(void *context, const struct sql_value *row,
                                   size_t columns)
{
    (void)columns;
    struct each_proposal *each = context;
    struct proposal_row out;
    proposal_take(row, &out);
    return each->each(each->context, &out);
}

enum err store_proposal_each(struct sql *sql, const char *agency,
                             store_each_proposal *each, void *context)
{
    struct each_proposal all = {each, context};
    return sql_each_row(sql, proposal_each, SQL_VALUES(sql_text(agency)),
                        each_proposal_read, &all);
}
