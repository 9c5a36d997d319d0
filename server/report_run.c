#include "server/report_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/views.h"

static const char conflicts_open[] =
    "SELECT c.field, r.type, c.record FROM conflict c JOIN record r "
    "ON r.agency = c.agency AND r.record = c.record WHERE c.agency = $1 "
    "ORDER BY c.record";

/* --- the rows ------------------------------------------------------------- */

struct taking {
    struct report_run *run;
    struct report_row **end;
    char *detail;
};

static enum err value_copy(struct arena *arena, struct sql_value *out,
                           const struct sql_value *value)
{
    *out = *value;
    if (value->kind != SQL_TEXT && value->kind != SQL_BLOB)
        return ERR_OK;
    const char *text = arena_copy(arena, value->bytes);
    out->bytes = bytes_of(text, value->bytes.size);
    return text ? ERR_OK : ERR_NOMEM;
}

static int compare_ids(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Ids come in the order in which the rows were read, which is anybody's. */
static enum err ids_sort(struct arena *arena, struct sql_value *value)
{
    size_t count = 1, at = 0, size = value->bytes.size;
    if (value->kind != SQL_TEXT)
        return ERR_OK;
    for (size_t i = 0; i < size; i++)
        count += value->bytes.at[i] == ',';
    struct bytes *ids = arena_take(arena, count * sizeof *ids);
    char *sorted = arena_take(arena, size + 1);
    if (!ids || !sorted)
        return ERR_NOMEM;
    for (size_t i = 0, from = 0, n = 0; i <= size; i++)
        if (i == size || value->bytes.at[i] == ',') {
            ids[n++] = bytes_of(value->bytes.at + from, i - from);
            from = i + 1;
        }
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t n = 0; n < count; n++) {
        if (n > 0)
            sorted[at++] = ',';
        if (ids[n].size > 0)
            memcpy(sorted + at, ids[n].at, ids[n].size);
        at += ids[n].size;
    }
    value->bytes = bytes_of(sorted, size);
    return ERR_OK;
}

static enum err take_row(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct taking *t = context;
    struct report_run *run = t->run;
    if (columns != run->report->column_count) {
        snprintf(t->detail, REPORT_DETAIL_CHARS,
                 "the statement gives %zu columns, its head names %zu", columns,
                 run->report->column_count);
        return ERR_INVALID;
    }
    struct report_row *new = arena_take(&run->arena, sizeof *new);
    if (!new)
        return ERR_NOMEM;
    new->values = arena_take(&run->arena, columns * sizeof *new->values);
    enum err err = new->values ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; i < columns && !err; i++) {
        err = value_copy(&run->arena, &new->values[i], &row[i]);
        if (!err && run->report->columns[i].kind == REPORT_IDS)
            err = ids_sort(&run->arena, &new->values[i]);
    }
    *t->end = new;
    t->end = &new->next;
    run->row_count++;
    return err;
}

static struct sql_value value_of(const struct report_run *run,
                                 const struct report_value *value)
{
    if (value->parameter == REPORT_ZONE)
        return sql_int(run->zone_ms);
    const char *text = run->values[value->parameter];
    enum report_kind kind = run->report->parameters[value->parameter].kind;
    int64_t number;
    if (value->day)
        return instant_parse(bytes_text(text), &number)
                   ? sql_null()
                   : sql_int(number / (INT64_C(24) * 3600 * 1000));
    if (kind == REPORT_INT && !int64_parse(bytes_text(text), &number))
        return sql_int(number);
    return sql_text(text);
}

static enum err types_check(const struct report *report,
                            const struct office *office, char *detail)
{
    for (size_t i = 0; i < report->type_count; i++) {
        const char *name = report->types[i];
        const struct schema_type *type;
        enum err err = schema_find(office->schema, bytes_text(name), &type);
        if (err)
            return err;
        if (!type) {
            snprintf(detail, REPORT_DETAIL_CHARS, "%s", name);
            return ERR_NOT_FOUND;
        }
    }
    return ERR_OK;
}

enum err report_rows_load(struct report_run *run, struct office *office,
                          struct sql *sql, char *detail)
{
    struct sql_value values[2 * REPORT_PARAMETERS_MAX];
    struct taking taking = {run, &run->rows, detail};
    const struct report *report = run->report;
    enum err err = types_check(report, office, detail);
    if (err || !report->statement[0])
        return err;
    for (size_t i = 0; i < report->value_count; i++)
        values[i] = value_of(run, &report->values[i]);
    return sql_each_row(sql, report->statement, values, report->value_count,
                        take_row, &taking);
}

/* --- conflicts ------------------------------------------------------------ */

struct counting {
    struct report_run *run;
    const struct report *reports;
    size_t count;
    char last[ID_CHARS + 1];
};

/* Through one of the views of several types. */
static bool reads_through(const struct report *report, struct bytes type,
                          struct bytes field)
{
    char view[NAME_CHARS_MAX + 3];
    (void)snprintf(view, sizeof view, "v_%.*s", (int)type.size,
                   (const char *)type.at);
    for (size_t i = 0; i < views_fixed_count(); i++) {
        const char *query = views_fixed_query(i);
        if (report_mentions(report, views_fixed_name(i)) &&
            report_speaks(query, bytes_text(view)) &&
            report_speaks(query, field))
            return true;
    }
    return false;
}

static bool reads(const struct report *report, struct bytes type,
                  struct bytes field)
{
    if (reads_through(report, type, field))
        return true;
    for (size_t i = 0; i < report->type_count; i++)
        if (bytes_is(type, report->types[i]))
            return report_mentions(report, field);
    return false;
}

static enum err count_conflict(void *context, const struct sql_value *row,
                               size_t columns)
{
    (void)columns;
    struct counting *c = context;
    char record[ID_CHARS + 1];
    size_t i = 0;
    while (i < c->count && !reads(&c->reports[i], row[1].bytes, row[0].bytes))
        i++;
    if (i == c->count)
        return ERR_OK;
    sql_copy_text(record, sizeof record, &row[2]);
    c->run->conflicts++;
    if (strcmp(record, c->last) != 0)
        c->run->conflict_records++;
    memcpy(c->last, record, sizeof record);
    return ERR_OK;
}

enum err report_conflicts_load(struct report_run *run,
                               const struct office *office, struct sql *sql,
                               const struct report *reports, size_t count)
{
    struct counting counting = {.run = run, .reports = reports, .count = count};
    return sql_each_row(sql, conflicts_open,
                        SQL_VALUES(sql_text(office->agency)), count_conflict,
                        &counting);
}

/* --- all of it, of one moment --------------------------------------------- */

static enum err load(struct report_run *run, struct office *office,
                     struct sql *sql, char *detail)
{
    enum err err = sql_begin(sql, false);
    if (err)
        return err;
    err = report_rows_load(run, office, sql, detail);
    if (!err)
        err = report_conflicts_load(run, office, sql, run->report, 1);
    if (!err)
        err = report_currency_load(&run->currency, office, sql);
    sql_rollback(sql);
    return err;
}

enum err report_rows(struct report_run *run, struct office *office,
                     char *detail)
{
    struct sql sql = {0};
    detail[0] = '\0';
    enum err err = views_connect(office, &sql);
    if (!err)
        err = load(run, office, &sql, detail);
    if (err && !detail[0] && sql.detail)
        snprintf(detail, REPORT_DETAIL_CHARS, "%s", sql.detail(sql.context));
    sql_close(&sql);
    return err;
}

void report_run_fini(struct report_run *run)
{
    arena_fini(&run->arena);
}
