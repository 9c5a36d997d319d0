/* A report as programs read it; members stand in alphabetical order. */
#include <inttypes.h>
#include <string.h>
#include "server/report_print.h"
#include "shared/model/canon.h"

static void put_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "\"%s\":", name);
    canon_put_text(out, bytes_text(text));
}

static void put_int(struct buffer *out, const char *name, int64_t value)
{
    buffer_printf(out, ",\"%s\":%" PRId64, name, value);
}

static void put_time(struct buffer *out, const char *name, int64_t ms)
{
    if (ms)
        put_int(out, name, ms);
    else
        buffer_printf(out, ",\"%s\":null", name);
}

static void put_currency(struct buffer *out, const struct report_currency *c)
{
    buffer_printf(out, ",\"currency\":{\"devices\":%" PRId64, c->devices);
    put_int(out, "devices_never", c->never);
    put_int(out, "devices_silent", c->silent);
    put_int(out, "held", c->held);
    put_time(out, "held_since", c->held_since);
    put_time(out, "last_sync", c->last_at);
    put_int(out, "now", c->now);
    put_time(out, "oldest_sync", c->oldest_at);
    if (c->recovery_since)
        buffer_printf(out,
                      ",\"recovery\":{\"away\":%" PRId64
                      ",\"began_at\":%" PRId64 ",\"gone\":%" PRId64 "}}",
                      c->away, c->recovery_since, c->gone);
    else
        buffer_add_text(out, ",\"recovery\":null}");
}

static void put_columns(struct buffer *out, const struct report *report,
                        const struct report_form *form)
{
    static const char *const kinds[] = {"text",  "date",   "int", "count",
                                        "cents", "record", "ids"};
    const char *comma = "";
    buffer_add_text(out, ",\"columns\":[");
    for (size_t i = 0; i < report->column_count; i++) {
        const struct report_column *column = &report->columns[i];
        if (!report_column_shown(column, form))
            continue;
        buffer_printf(out, "%s{\"kind\":\"%s\",", comma, kinds[column->kind]);
        put_text(out, "name", column->name);
        buffer_add_char(out, ',');
        put_text(out, "title", column->title);
        buffer_add_char(out, '}');
        comma = ",";
    }
    buffer_add_char(out, ']');
}

/* "a,b" as ["a","b"] */
static void put_ids(struct buffer *out, struct bytes ids)
{
    size_t from = 0;
    buffer_add_char(out, '[');
    for (size_t i = 0; i <= ids.size; i++) {
        if (i < ids.size && ids.at[i] != ',')
            continue;
        if (i > from) {
            buffer_add_text(out, from ? "," : "");
            canon_put_text(out, bytes_of(ids.at + from, i - from));
        }
        from = i + 1;
    }
    buffer_add_char(out, ']');
}

static void put_cell(struct buffer *out, const struct report_column *column,
                     const struct sql_value *value,
                     const struct report_form *form)
{
    if (column->kind == REPORT_IDS)
        put_ids(out, value->kind == SQL_TEXT ? value->bytes : bytes_text(""));
    else if (report_cell_small(column, value, form))
        buffer_printf(out, "\"<%d\"", REPORT_SMALL_CELL);
    else if (value->kind == SQL_TEXT)
        canon_put_text(out, value->bytes);
    else if (value->kind == SQL_INT)
        buffer_add_int(out, value->integer);
    else
        buffer_add_text(out, "null");
}

/* The places of `count` names in the order of these. */
static void sort(size_t order[], size_t count,
                 const char *(*name)(const struct report *, size_t),
                 const struct report *report)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0; at--) {
            if (strcmp(name(report, order[at - 1]), name(report, i)) <= 0)
                break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

static const char *column_name(const struct report *report, size_t index)
{
    return report->columns[index].name;
}

static const char *parameter_name(const struct report *report, size_t index)
{
    return report->parameters[index].name;
}

static void put_rows(struct buffer *out, const struct report_run *run,
                     const struct report_form *form)
{
    const struct report *report = run->report;
    size_t order[REPORT_COLUMNS_MAX];
    sort(order, report->column_count, column_name, report);
    buffer_add_text(out, ",\"rows\":[");
    for (const struct report_row *row = run->rows; row; row = row->next) {
        const char *comma = "{";
        buffer_add_text(out, row == run->rows ? "" : ",");
        for (size_t i = 0; i < report->column_count; i++) {
            const struct report_column *column = &report->columns[order[i]];
            if (!report_column_shown(column, form))
                continue;
            buffer_printf(out, "%s\"%s\":", comma, column->name);
            put_cell(out, column, &row->values[order[i]], form);
            comma = ",";
        }
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
}

void report_print_json(struct buffer *out, const struct report_run *run,
                       const struct report_form *form)
{
    const struct report *report = run->report;
    size_t order[REPORT_PARAMETERS_MAX];
    buffer_add_char(out, '{');
    put_text(out, "clauses", report->clauses);
    put_columns(out, report, form);
    buffer_printf(
        out, ",\"conflicts\":{\"fields\":%" PRId64 ",\"records\":%" PRId64 "}",
        run->conflicts, run->conflict_records);
    put_currency(out, &run->currency);
    buffer_add_char(out, ',');
    put_text(out, "definition", report->definition);
    buffer_add_text(out, ",\"parameters\":{");
    sort(order, report->parameter_count, parameter_name, report);
    for (size_t i = 0; i < report->parameter_count; i++) {
        buffer_add_text(out, i ? "," : "");
        put_text(out, report->parameters[order[i]].name, run->values[order[i]]);
    }
    buffer_add_text(out, "},");
    put_text(out, "report", report->id);
    put_rows(out, run, form);
    buffer_add_char(out, ',');
    put_text(out, "title", report->title);
    buffer_add_char(out, '}');
}
