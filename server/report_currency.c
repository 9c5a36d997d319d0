/* How current the office's records are. */
#include "server/recovery.h"
#include "server/report_run.h"

/* Devices of users who work here; the longest silent one first. */
static const char devices[] =
    "SELECT r.seen_at, r.replica, r.account FROM replica r "
    "LEFT JOIN account a ON a.agency = r.agency AND a.account = r.account "
    "WHERE r.agency = $1 AND r.kind = 'w' AND r.closed IS NULL "
    "AND r.revoked_at IS NULL AND a.disabled_at IS NULL "
    "ORDER BY r.seen_at, r.replica";

static const char held[] = "SELECT count(*), coalesce(min(since), 0) FROM held "
                           "WHERE agency = $1 AND released IS NULL";

static enum err take_device(void *context, const struct sql_value *row,
                            size_t columns)
{
    (void)columns;
    struct report_currency *c = context;
    c->devices++;
    if (sql_is_null(&row[0])) {
        c->never++;
        c->silent++;
        return ERR_OK;
    }
    int64_t seen_at = row[0].integer;
    if (c->now - seen_at > REPORT_SILENT_MS)
        c->silent++;
    if (seen_at > c->last_at)
        c->last_at = seen_at;
    if (c->oldest_at == 0) {
        c->oldest_at = seen_at;
        sql_copy_text(c->oldest, sizeof c->oldest, &row[1]);
        sql_copy_text(c->oldest_user, sizeof c->oldest_user, &row[2]);
    }
    return ERR_OK;
}

static enum err take_held(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    struct report_currency *c = context;
    c->held = row[0].integer;
    c->held_since = row[1].integer;
    return ERR_OK;
}

static enum err count_away(void *context, const struct recovery_device *device)
{
    (void)device;
    ((struct report_currency *)context)->away++;
    return ERR_OK;
}

static enum err count_gap(void *context, const struct recovery_gap *gap)
{
    (void)gap;
    ((struct report_currency *)context)->gone++;
    return ERR_OK;
}

enum err report_currency_load(struct report_currency *out,
                              const struct office *office, struct sql *sql)
{
    const char *agency = office->agency;
    enum err err = sql_each_row(sql, devices, SQL_VALUES(sql_text(agency)),
                                take_device, out);
    if (!err)
        err = sql_each_row(sql, held, SQL_VALUES(sql_text(agency)), take_held,
                           out);
    if (err)
        return err;
    err = recovery_find(sql, agency, &out->recovery_since);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = recovery_devices(sql, agency, count_away, out);
    return err ? err : recovery_gaps(sql, agency, count_gap, out);
}
