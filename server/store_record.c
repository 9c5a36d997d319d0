#include "server/store_record.h"

static const char record_find[] =
    "SELECT type, case_id, open_count, state, memo FROM record "
    "WHERE agency = $1 AND record = $2";
static const char record_add[] =
    "INSERT INTO record(agency, record, type, case_id, open_count, state, "
    "memo) VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char record_set[] =
    "UPDATE record SET type = $3, case_id = $4, open_count = $5, state = $6, "
    "memo = $7 WHERE agency = $1 AND record = $2";
/* From the case's lines, since it has few of them and a type may have many
 * records: the index by type is not to be used. */
static const char record_each_of_case[] =
    "SELECT state FROM record WHERE agency = $1 AND type || '' = $2 "
    "AND case_id = $3 AND record IN (SELECT l.record FROM placed p "
    "JOIN line l ON l.arrival = p.arrival "
    "WHERE p.agency = $1 AND p.case_id = $3) ORDER BY record";
static const char record_each_of_none[] =
    "SELECT state FROM record WHERE agency = $1 AND type = $2 "
    "AND case_id = '' ORDER BY record";
static const char conflict_each[] =
    "SELECT field FROM conflict WHERE agency = $1 AND record = $2 "
    "ORDER BY field";
static const char conflict_drop[] =
    "DELETE FROM conflict WHERE agency = $1 AND record = $2 AND field = $3";
static const char conflict_add[] =
    "INSERT INTO conflict(agency, record, field, since) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
static const char held_put[] =
    "INSERT INTO held(agency, replica, n, record, reason, owner, since) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (agency, replica, n) "
    "DO UPDATE SET reason = excluded.reason, owner = excluded.owner";
static const char held_release[] =
    "UPDATE held SET released = $4 "
    "WHERE agency = $1 AND replica = $2 AND n = $3";
#define HELD_COLUMNS                                                           \
    "SELECT replica, n, record, reason, owner, since, released FROM held "
static const char held_find[] =
    HELD_COLUMNS "WHERE agency = $1 AND replica = $2 AND n = $3";
static const char held_above[] =
    HELD_COLUMNS "WHERE agency = $1 AND replica = $2 AND n > $3 "
                 "AND released IS NULL ORDER BY n";
static const char held_open[] =
    HELD_COLUMNS "WHERE agency = $1 AND released IS NULL "
                 "ORDER BY since, replica, n";
static const char waiting_add[] =
    "INSERT INTO waiting(agency, need_replica, need_n, replica, n) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
static const char waiting_needs[] =
    "SELECT DISTINCT need_replica, need_n FROM waiting "
    "WHERE agency = $1 AND need_replica = $2 ORDER BY need_n";
static const char waiting_lines[] =
    "SELECT replica, n FROM waiting WHERE agency = $1 AND need_replica = $2 "
    "AND need_n = $3 ORDER BY replica, n";
static const char waiting_met[] =
    "DELETE FROM waiting WHERE agency = $1 AND need_replica = $2 "
    "AND need_n = $3";
static const char waiting_any[] =
    "SELECT 1 FROM waiting WHERE agency = $1 AND replica = $2 AND n = $3 "
    "LIMIT 1";
static const char site_link_add[] =
    "INSERT INTO site_link(agency, case_id, record) VALUES ($1, $2, $3) "
    "ON CONFLICT DO NOTHING";
static const char site_link_each[] =
    "SELECT record FROM site_link WHERE agency = $1 AND case_id = $2 "
    "ORDER BY record";

struct record_reading {
    struct record_row *row;
    struct buffer *bytes;
};

static enum err record_row_read(void *context, const struct sql_value *row,
                                size_t columns)
{
    (void)columns;
    struct record_reading *reading = context;
    struct record_row *out = reading->row;
    struct buffer *bytes = reading->bytes;
    sql_copy_text(out->type, sizeof out->type, &row[0]);
    out->has_case = !sql_is_null(&row[1]);
    sql_copy_text(out->kase, sizeof out->kase, &row[1]);
    out->open_count = row[2].integer;
    size_t at = bytes->size;
    buffer_add_bytes(bytes, row[3].bytes);
    buffer_add_bytes(bytes, row[4].bytes);
    enum err err = buffer_err(bytes);
    if (err)
        return err;
    size_t state_size = row[3].bytes.size;
    out->state = bytes_of(bytes->at + at, state_size);
    out->memo = bytes_of(bytes->at + at + state_size, row[4].bytes.size);
    return ERR_OK;
}

enum err store_record_find(struct sql *sql, const char *agency,
                           struct bytes record, struct record_row *out,
                           struct buffer *bytes)
{
    *out = (struct record_row){0};
    struct record_reading reading = {out, bytes};
    return sql_find(sql, record_find,
                    SQL_VALUES(sql_text(agency), sql_text_bytes(record)),
                    record_row_read, &reading);
}

enum err store_record_put(struct sql *sql, const char *agency,
                          struct bytes record, bool fresh,
                          const struct record_row *row)
{
    return sql_run(sql, fresh ? record_add : record_set,
                   SQL_VALUES(sql_text(agency), sql_text_bytes(record),
                              sql_text(row->type[0] ? row->type : NULL),
                              sql_text(row->has_case ? row->kase : NULL),
                              sql_int(row->open_count),
                              sql_text_bytes(row->state), sql_blob(row->memo)));
}

struct each_state {
    store_each_state *each;
    void *context;
};

static enum err state_row_read(void *context, const struct sql_value *row,
                               size_t columns)
{
    (void)columns;
    struct each_state *each = context;
    return each->each(each->context, row[0].bytes);
}

enum err store_record_each(struct sql *sql, const char *agency,
                           const char *kase, struct bytes type,
                           store_each_state *each, void *context)
{
    struct each_state all = {each, context};
    if (!kase[0])
        return sql_each_row(sql, record_each_of_none,
                            SQL_VALUES(sql_text(agency), sql_text_bytes(type)),
                            state_row_read, &all);
    return sql_each_row(
        sql, record_each_of_case,
        SQL_VALUES(sql_text(agency), sql_text_bytes(type), sql_text(kase)),
        state_row_read, &all);
}

struct each_field {
    store_each_field *each;
    void *context;
};

static enum err field_row_read(void *context, const struct sql_value *row,
                               size_t columns)
{
    (void)columns;
    struct each_field *each = context;
    return each->each(each->context, row[0].bytes);
}

enum err store_conflict_each(struct sql *sql, const char *agency,
                             struct bytes record, store_each_field *each,
                             void *context)
{
    struct each_field all = {each, context};
    return sql_each_row(sql, conflict_each,
                        SQL_VALUES(sql_text(agency), sql_text_bytes(record)),
                        field_row_read, &all);
}

enum err store_conflict_drop(struct sql *sql, const char *agency,
                             struct bytes record, struct bytes field)
{
    return sql_run(sql, conflict_drop,
                   SQL_VALUES(sql_text(agency), sql_text_bytes(record),
                              sql_text_bytes(field)));
}

enum err store_conflict_add(struct sql *sql, const char *agency,
                            struct bytes record, struct bytes field,
                            int64_t since)
{
    return sql_run(sql, conflict_add,
                   SQL_VALUES(sql_text(agency), sql_text_bytes(record),
                              sql_text_bytes(field), sql_int(since)));
}

/* --- holds ---------------------------------------------------------------- */

enum err store_held_put(struct sql *sql, const char *agency,
                        const struct held_row *row)
{
    return sql_run(sql, held_put,
                   SQL_VALUES(sql_text(agency), sql_text(row->dot.replica),
                              sql_int(row->dot.n), sql_text(row->record),
                              sql_text(row->reason), sql_text(row->owner),
                              sql_int(row->since)));
}

static void held_copy(struct held_row *out, const struct sql_value *row)
{
    *out = (struct held_row){.since = row[5].integer};
    sql_copy_text(out->dot.replica, sizeof out->dot.replica, &row[0]);
    out->dot.n = row[1].integer;
    sql_copy_text(out->record, sizeof out->record, &row[2]);
    sql_copy_text(out->reason, sizeof out->reason, &row[3]);
    sql_copy_text(out->owner, sizeof out->owner, &row[4]);
    sql_copy_text(out->released, sizeof out->released, &row[6]);
}

static enum err held_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    held_copy(context, row);
    return ERR_OK;
}

enum err store_held_find(struct sql *sql, const char *agency,
                         const struct dot *dot, struct held_row *out)
{
    return sql_find(
        sql, held_find,
        SQL_VALUES(sql_text(agency), sql_text(dot->replica), sql_int(dot->n)),
        held_row_read, out);
}

enum err store_held_release(struct sql *sql, const char *agency,
                            const struct dot *held, const char *released)
{
    return sql_run(sql, held_release,
                   SQL_VALUES(sql_text(agency), sql_text(held->replica),
                              sql_int(held->n), sql_text(released)));
}

struct each_held {
    store_each_held *each;
    void *context;
};

static enum err each_held_read(void *context, const struct sql_value *row,
                               size_t columns)
{
    (void)columns;
    struct each_held *each = context;
    struct held_row held;
    held_copy(&held, row);
    return each->each(each->context, &held);
}

enum err store_held_above(struct sql *sql, const char *agency,
                          const char *replica, int64_t n, store_each_held *each,
                          void *context)
{
    struct each_held all = {each, context};
    return sql_each_row(
        sql, held_above,
        SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(n)),
        each_held_read, &all);
}

enum err store_held_open(struct sql *sql, const char *agency,
                         store_each_held *each, void *context)
{
    struct each_held all = {each, context};
    return sql_each_row(sql, held_open, SQL_VALUES(sql_text(agency)),
                        each_held_read, &all);
}

/* --- waiting -------------------------------------------------------------- */

enum err store_waiting_add(struct sql *sql, const char *agency,
                           const struct dot *need, const struct dot *line)
{
    return sql_run(sql, waiting_add,
                   SQL_VALUES(sql_text(agency), sql_text(need->replica),
                              sql_int(need->n), sql_text(line->replica),
                              sql_int(line->n)));
}

struct each_dot {
    store_each_dot *each;
    void *context;
};

static enum err dot_row_read(void *context, const struct sql_value *row,
                             size_t columns)
{
    (void)columns;
    struct each_dot *each = context;
    struct dot dot = {.n = row[1].integer};
    sql_copy_text(dot.replica, sizeof dot.replica, &row[0]);
    return each->each(each->context, &dot);
}

enum err store_waiting_needs(struct sql *sql, const char *agency,
                             const char *replica, store_each_dot *each,
                             void *context)
{
    struct each_dot all = {each, context};
    return sql_each_row(sql, waiting_needs,
                        SQL_VALUES(sql_text(agency), sql_text(replica)),
                        dot_row_read, &all);
}

enum err store_waiting_lines(struct sql *sql, const char *agency,
                             const struct dot *need, store_each_dot *each,
                             void *context)
{
    struct each_dot all = {each, context};
    return sql_each_row(
        sql, waiting_lines,
        SQL_VALUES(sql_text(agency), sql_text(need->replica), sql_int(need->n)),
        dot_row_read, &all);
}

enum err store_waiting_met(struct sql *sql, const char *agency,
                           const struct dot *need)
{
    return sql_run(sql, waiting_met,
                   SQL_VALUES(sql_text(agency), sql_text(need->replica),
                              sql_int(need->n)));
}

enum err store_waiting_any(struct sql *sql, const char *agency,
                           const struct dot *line)
{
    return sql_find(
        sql, waiting_any,
        SQL_VALUES(sql_text(agency), sql_text(line->replica), sql_int(line->n)),
        NULL, NULL);
}

struct each_record {
    store_each_record *each;
    void *context;
};

static enum err site_link_read(void *context, const struct sql_value *row,
                               size_t columns)
{
    (void)columns;
    struct each_record *each = context;
    char record[ID_CHARS + 1];
    sql_copy_text(record, sizeof record, &row[0]);
    return each->each(each->context, record);
}

enum err store_site_link_add(struct sql *sql, const char *agency,
                             const char *kase, const char *record)
{
    return sql_run(
        sql, site_link_add,
        SQL_VALUES(sql_text(agency), sql_text(kase), sql_text(record)));
}

enum err store_site_link_each(struct sql *sql, const char *agency,
                              const char *kase, store_each_record *each,
                              void *context)
{
    struct each_record all = {each, context};
    return sql_each_row(sql, site_link_each,
                        SQL_VALUES(sql_text(agency), sql_text(kase)),
                        site_link_read, &all);
}
