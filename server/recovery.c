#include "server/recovery.h"

#include <stdio.h>
#include <string.h>
#include "server/store_replica.h"

#define DETAIL_BYTES_MAX (1u << 20)

static const char open_find[] =
    "SELECT began_at FROM recovery WHERE agency = $1 AND closed_at IS NULL "
    "ORDER BY began_at LIMIT 1";
static const char open_add[] =
    "INSERT INTO recovery(agency, began_at) SELECT $1, $2 WHERE NOT EXISTS "
    "(SELECT 1 FROM recovery WHERE agency = $1 AND closed_at IS NULL)";
static const char open_end[] =
    "UPDATE recovery SET closed_at = $2, closed_by = $3 "
    "WHERE agency = $1 AND closed_at IS NULL";
static const char witness_put[] =
    "INSERT INTO witness(agency, replica, n, told_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (agency, replica) DO UPDATE SET n = excluded.n, "
    "told_at = excluded.told_at WHERE excluded.n > witness.n";
/* A vault from before has to introduce itself anew, which closes this. */
static const char devices_away[] =
    "SELECT r.replica, r.account, COALESCE(r.seen_at, 0) FROM replica r "
    "JOIN recovery c ON c.agency = r.agency AND c.closed_at IS NULL "
    "LEFT JOIN account a ON a.agency = r.agency AND a.account = r.account "
    "WHERE r.agency = $1 AND r.kind = 'w' AND r.closed IS NULL "
    "AND r.revoked_at IS NULL AND a.disabled_at IS NULL "
    "AND r.enrolled_at < c.began_at ORDER BY r.account, r.replica";
/* Up to which n each log is known to have gone, where that is above what is
 * here without gaps. */
static const char logs_beyond[] =
    "SELECT w.replica, max(w.n), COALESCE(max(r.head), 0), "
    "COALESCE(max(r.account), '') FROM ("
    "SELECT replica, top AS n FROM replica WHERE agency = $1 AND top > head "
    "UNION ALL SELECT replica, n FROM witness WHERE agency = $1 "
    "UNION ALL SELECT need_replica, need_n FROM waiting WHERE agency = $1 "
    "UNION ALL SELECT replica, max(n) FROM line WHERE agency = $1 "
    "GROUP BY replica) w "
    "LEFT JOIN replica r ON r.agency = $1 AND r.replica = w.replica "
    "GROUP BY w.replica HAVING max(w.n) > COALESCE(max(r.head), 0) "
    "ORDER BY w.replica";
static const char lines_beyond[] =
    "SELECT n, received_at FROM line WHERE agency = $1 AND replica = $2 "
    "AND n >= $3 AND n <= $4 ORDER BY n";

/* --- the state ------------------------------------------------------------ */

enum err recovery_find(struct sql *sql, const char *agency, int64_t *began_at)
{
    return sql_find_int(sql, open_find, SQL_VALUES(sql_text(agency)), began_at);
}

enum err recovery_refuses(struct office *office, struct sql *sql,
                          const char *what)
{
    int64_t began_at;
    enum err err = recovery_find(sql, office->agency, &began_at);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    snprintf(office->detail, sizeof office->detail,
             "the office is in recovery: no %s until what is missing is back "
             "or `recovery close` gives it up",
             what);
    return ERR_DENIED;
}

enum err recovery_begin(struct sql *sql, const char *agency, int64_t now)
{
    return sql_run(sql, open_add, SQL_VALUES(sql_text(agency), sql_int(now)));
}

enum err recovery_witness(struct sql *sql, const char *agency,
                          const char *replica, int64_t n, int64_t now)
{
    return sql_run(sql, witness_put,
                   SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(n),
                              sql_int(now)));
}

/* --- what is missing ------------------------------------------------------ */

struct gap_pass {
    struct sql *sql;
    const char *agency;
    recovery_each_gap *each;
    void *context;
    struct recovery_gap gap; /* under way: `from` is the next n expected */
    int64_t top;
};

static enum err gap_tell(struct gap_pass *pass, int64_t to)
{
    pass->gap.to = to;
    return pass->gap.from > to ? ERR_OK : pass->each(pass->context, &pass->gap);
}

static enum err line_there(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct gap_pass *pass = context;
    (void)columns;
    enum err err = gap_tell(pass, row[0].integer - 1);
    pass->gap.from = row[0].integer + 1;
    pass->gap.after = row[1].integer;
    return err;
}

static enum err log_gaps(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct gap_pass *pass = context;
    (void)columns;
    int64_t head = row[2].integer;
    pass->gap = (struct recovery_gap){.from = head > 0 ? head : 1};
    sql_copy_text(pass->gap.replica, sizeof pass->gap.replica, &row[0]);
    sql_copy_text(pass->gap.account, sizeof pass->gap.account, &row[3]);
    pass->top = row[1].integer;
    enum err err = sql_each_row(
        pass->sql, lines_beyond,
        SQL_VALUES(sql_text(pass->agency), sql_text(pass->gap.replica),
                   sql_int(pass->gap.from), sql_int(pass->top)),
        line_there, pass);
    return err ? err : gap_tell(pass, pass->top);
}

enum err recovery_gaps(struct sql *sql, const char *agency,
                       recovery_each_gap *each, void *context)
{
    struct gap_pass pass = {
        .sql = sql, .agency = agency, .each = each, .context = context};
    return sql_each_row(sql, logs_beyond, SQL_VALUES(sql_text(agency)),
                        log_gaps, &pass);
}

struct device_pass {
    recovery_each_device *each;
    void *context;
};

static enum err device_read(void *context, const struct sql_value *row,
                            size_t columns)
{
    struct device_pass *pass = context;
    struct recovery_device device = {.seen_at = row[2].integer};
    (void)columns;
    sql_copy_text(device.replica, sizeof device.replica, &row[0]);
    sql_copy_text(device.account, sizeof device.account, &row[1]);
    return pass->each(pass->context, &device);
}

enum err recovery_devices(struct sql *sql, const char *agency,
                          recovery_each_device *each, void *context)
{
    struct device_pass pass = {each, context};
    return sql_each_row(sql, devices_away, SQL_VALUES(sql_text(agency)),
                        device_read, &pass);
}

/* --- its end -------------------------------------------------------------- */

static enum err end(struct office *office, struct sql *sql, const char *by,
                    struct bytes detail)
{
    int64_t now = clock_wall_ms(office->clock);
    enum err err = sql_run(
        sql, open_end,
        SQL_VALUES(sql_text(office->agency), sql_int(now), sql_text(by)));
    return err ? err
               : store_act(sql, office->agency, now, by, "recovery-close",
                           detail);
}

static enum err device_counts(void *context,
                              const struct recovery_device *device)
{
    (void)device;
    *(bool *)context = true;
    return ERR_OK;
}

static enum err gap_counts(void *context, const struct recovery_gap *gap)
{
    (void)gap;
    *(bool *)context = true;
    return ERR_OK;
}

enum err recovery_settle(struct office *office, struct sql *sql, bool *ended)
{
    int64_t began_at;
    bool waits = false;
    *ended = false;
    enum err err = recovery_find(sql, office->agency, &began_at);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = recovery_devices(sql, office->agency, device_counts, &waits);
    if (!err && !waits)
        err = recovery_gaps(sql, office->agency, gap_counts, &waits);
    if (err || waits)
        return err;
    *ended = true;
    return end(office, sql, "office", bytes_text("{\"gone\":[]}"));
}

static enum err gap_write(void *context, const struct recovery_gap *gap)
{
    struct buffer *out = context;
    buffer_printf(out, "%s{\"from\":%lld,\"replica\":\"%s\",\"to\":%lld}",
                  out->at[out->size - 1] == '[' ? "" : ",",
                  (long long)gap->from, gap->replica, (long long)gap->to);
    return buffer_err(out);
}

enum err recovery_close(struct office *office, struct sql *sql, const char *by)
{
    int64_t began_at;
    struct buffer detail;
    enum err err = recovery_find(sql, office->agency, &began_at);
    if (err)
        return err;
    buffer_init(&detail, DETAIL_BYTES_MAX);
    err = buffer_add_text(&detail, "{\"gone\":[");
    if (!err)
        err = recovery_gaps(sql, office->agency, gap_write, &detail);
    buffer_add_text(&detail, "]}");
    if (!err)
        err = buffer_err(&detail);
    if (!err)
        err = end(office, sql, by, buffer_bytes(&detail));
    buffer_fini(&detail);
    return err;
}
