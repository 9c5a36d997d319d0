#include "server/finding.h"

#include <inttypes.h>
#include <string.h>
#include "shared/model/prose.h"

#define DATE_CHARS 10
#define WHAT_CHARS 4096
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct sql_value text_or_null(const char *text)
{
    return *text ? sql_text(text) : sql_null();
}

static struct sql_value date(struct findings *f, int64_t day)
{
    char text[INSTANT_CHARS];
    instant_format(text, day * DAY_MS);
    const char *copy = arena_copy(&f->arena, bytes_of(text, DATE_CHARS));
    return copy ? sql_text(copy) : sql_null();
}

static enum err row_add(struct findings *f, const struct finding *finding,
                        struct report_row ***end)
{
    struct report_row *row = arena_take(&f->arena, sizeof *row);
    struct sql_value *values =
        arena_take(&f->arena, f->head.column_count * sizeof *values);
    if (!row || !values)
        return ERR_NOMEM;
    const struct sql_value all[] = {
        sql_text(finding->id),
        sql_text(finding->policy->id),
        text_or_null(finding->owner),
        sql_text(finding->role),
        date(f, finding->since),
        sql_int(finding->age),
        text_or_null(finding->kase),
        sql_text(finding->record),
        sql_text(finding->what),
        sql_text(finding->policy->remedy),
        text_or_null(finding->why),
        text_or_null(finding->by),
        finding->resolved_at ? sql_int(finding->resolved_at) : sql_null(),
        text_or_null(finding->until),
    };
    memcpy(values, all, sizeof all);
    row->values = values;
    **end = row;
    *end = &row->next;
    f->run.row_count++;
    return ERR_OK;
}

enum err findings_rows(struct findings *f, const bool *shown)
{
    struct report_row **end = &f->run.rows;
    enum err err = ERR_OK;
    for (size_t i = 0; i < f->count && !err; i++)
        if (shown[i])
            err = row_add(f, f->at[i], &end);
    return err;
}

/* --- for people ----------------------------------------------------------- */

static void print_resolution(struct buffer *out, const struct finding *finding)
{
    if (!finding->resolved_at)
        return;
    buffer_printf(out, "  resolved by %s on ", finding->by);
    prose_time(out, finding->resolved_at);
    if (*finding->until)
        buffer_printf(out, ", until %s", finding->until);
    buffer_add_text(out, ": ");
    prose_text(out, bytes_text(finding->why), WHAT_CHARS);
    buffer_add_char(out, '\n');
}

static void print_one(struct buffer *out, const struct finding *finding)
{
    buffer_printf(out, "\n%" PRId64 " day%s  ", finding->age,
                  finding->age == 1 ? "" : "s");
    if (*finding->owner)
        buffer_add_text(out, finding->owner);
    else
        buffer_printf(out, "any %s", finding->role);
    buffer_printf(out, "  %s\n  ", finding->policy->id);
    prose_text(out, bytes_text(finding->what), WHAT_CHARS);
    buffer_printf(out, "\n  record %s", finding->record);
    if (*finding->kase)
        buffer_printf(out, " of case %s", finding->kase);
    buffer_printf(out, "\n  to do: %s\n  finding %s\n", finding->policy->remedy,
                  finding->id);
    print_resolution(out, finding);
}

void findings_print(struct buffer *out, const struct findings *f,
                    const bool *shown)
{
    size_t count = 0, hidden = 0;
    for (size_t i = 0; i < f->count; i++) {
        count += shown[i];
        hidden += !shown[i] && f->at[i]->resolved;
    }
    buffer_printf(out, "%zu finding%s on %s", count, count == 1 ? "" : "s",
                  f->run.values[0]);
    if (hidden)
        buffer_printf(out, "; %zu resolved (--all shows them)", hidden);
    buffer_add_char(out, '\n');
    report_print_currency(out, &f->run, "  ");
    for (size_t i = 0; i < f->count; i++)
        if (shown[i])
            print_one(out, f->at[i]);
}
