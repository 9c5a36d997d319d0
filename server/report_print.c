#include "server/report_print.h"

#include <inttypes.h>
#include <string.h>
#include "shared/model/prose.h"

#define WIDTH 78
#define CELL_CHARS 48
#define CELL_BYTES_MAX (1u << 20)

/* --- cells ---------------------------------------------------------------- */

bool report_is_personal(const struct report *report)
{
    for (size_t i = 0; i < report->column_count; i++)
        if (report->columns[i].kind == REPORT_RECORD)
            return true;
    return false;
}

bool report_column_shown(const struct report_column *column,
                         const struct report_form *form)
{
    return column->kind != REPORT_IDS || (form->ids && !form->shared);
}

bool report_cell_small(const struct report_column *column,
                       const struct sql_value *value,
                       const struct report_form *form)
{
    return form->shared && column->kind == REPORT_COUNT &&
           value->kind == SQL_INT && value->integer > 0 &&
           value->integer < REPORT_SMALL_CELL;
}

void report_print_cell(struct buffer *out, const struct report_column *column,
                       const struct sql_value *value,
                       const struct report_form *form)
{
    if (report_cell_small(column, value, form)) {
        buffer_printf(out, "<%d", REPORT_SMALL_CELL);
    } else if (value->kind == SQL_TEXT) {
        buffer_add_bytes(out, value->bytes);
    } else if (value->kind == SQL_INT && column->kind == REPORT_CENTS) {
        int64_t cents = value->integer;
        uint64_t size = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
        buffer_printf(out, "%s%" PRIu64 ".%02" PRIu64, cents < 0 ? "-" : "",
                      size / 100, size % 100);
    } else if (value->kind == SQL_INT) {
        buffer_add_int(out, value->integer);
    }
}

/* --- how current it is ---------------------------------------------------- */

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_devices(struct buffer *out, const struct report_currency *c,
                          const char *before)
{
    buffer_printf(out, "%sAs the office has it on ", before);
    prose_time(out, c->now);
    buffer_printf(out, "; %" PRId64 " device%s may sync", c->devices,
                  plural(c->devices));
    if (c->last_at) {
        buffer_add_text(out, ", heard last on ");
        prose_time(out, c->last_at);
    }
    buffer_add_text(out, ".\n");
    if (c->silent > 0) {
        buffer_printf(out,
                      "%sNot heard from in 3 days: %" PRId64
                      ", of which never: %" PRId64,
                      before, c->silent, c->never);
        if (c->silent > c->never) {
            buffer_printf(out, "; longest %s of %s, since ", c->oldest,
                          c->oldest_user);
            prose_time(out, c->oldest_at);
        }
        buffer_add_text(out, ".  What they have is not counted.\n");
    }
}

void report_print_currency(struct buffer *out, const struct report_run *run,
                           const char *before)
{
    const struct report_currency *c = &run->currency;
    print_devices(out, c, before);
    if (c->held > 0) {
        buffer_printf(out,
                      "%s%" PRId64 " line%s held and not counted (`holds "
                      "list`), since ",
                      before, c->held, c->held == 1 ? " is" : "s are");
        prose_time(out, c->held_since);
        buffer_add_text(out, ".\n");
    }
    if (c->recovery_since) {
        buffer_printf(out, "%sIN RECOVERY since ", before);
        prose_time(out, c->recovery_since);
        buffer_printf(out,
                      ": %" PRId64 " device%s not back, %" PRId64
                      " gap%s in logs; figures may fall short.\n",
                      c->away, plural(c->away), c->gone, plural(c->gone));
    }
    if (run->conflicts == 0)
        buffer_printf(out, "%sNo unresolved conflict touches it.\n", before);
    else
        buffer_printf(out,
                      "%s%" PRId64 " unresolved conflict%s in %" PRId64
                      " record%s may touch it (`conflicts list`).\n",
                      before, run->conflicts, plural(run->conflicts),
                      run->conflict_records, plural(run->conflict_records));
}

/* --- text ----------------------------------------------------------------- */

static void wrap(struct buffer *out, const char *text)
{
    size_t at = 2;
    buffer_add_text(out, "  ");
    while (*text) {
        size_t size = strcspn(text, " ");
        if (at > 2 && at + size + 1 > WIDTH) {
            buffer_add_text(out, "\n  ");
            at = 2;
        } else if (at > 2) {
            buffer_add_char(out, ' ');
            at++;
        }
        buffer_add(out, text, size);
        at += size;
        text += size + strspn(text + size, " ");
    }
    buffer_add_char(out, '\n');
}

static void print_head(struct buffer *out, const struct report_run *run)
{
    const struct report *report = run->report;
    buffer_printf(out, "%s  %s\n", report->id, report->title);
    wrap(out, report->definition);
    for (size_t i = 0; i < report->parameter_count; i++)
        buffer_printf(out, "  %s: %s\n", report->parameters[i].title,
                      run->values[i][0] ? run->values[i] : "all");
    report_print_currency(out, run, "  ");
    buffer_add_char(out, '\n');
}

static size_t characters(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += (text.at[i] & 0xc0) != 0x80;
    return count;
}

static bool is_number(const struct report_column *column)
{
    return column->kind == REPORT_INT || column->kind == REPORT_COUNT ||
           column->kind == REPORT_CENTS;
}

struct table {
    struct buffer *out, *cell;
    const struct report *report;
    const struct report_form *form;
    size_t widths[REPORT_COLUMNS_MAX]; /* of columns that stand in the table */
};

/* The cell in one line that commands no terminal, in t->cell until the next. */
static void cell_text(struct table *t, size_t column,
                      const struct report_row *row)
{
    struct buffer raw;
    buffer_init(&raw, PROSE_BYTES_MAX);
    report_print_cell(&raw, &t->report->columns[column], &row->values[column],
                      t->form);
    buffer_clear(t->cell);
    prose_text(t->cell, buffer_bytes(&raw), CELL_CHARS);
    if (!t->out->err)
        t->out->err = raw.err ? raw.err : t->cell->err;
    buffer_fini(&raw);
}

static void put_padded(struct buffer *out, struct bytes text, size_t width,
                       bool right)
{
    size_t size = characters(text);
    size_t pad = size < width ? width - size : 0;
    for (size_t i = 0; right && i < pad; i++)
        buffer_add_char(out, ' ');
    buffer_add_bytes(out, text);
    for (size_t i = 0; !right && i < pad; i++)
        buffer_add_char(out, ' ');
}

static void end_line(struct buffer *out)
{
    while (out->size > 0 && out->at[out->size - 1] == ' ')
        out->size--;
    buffer_add_char(out, '\n');
}

static void measure(struct table *t, const struct report_run *run)
{
    const struct report *report = t->report;
    for (size_t i = 0; i < report->column_count; i++)
        t->widths[i] = characters(bytes_text(report->columns[i].title));
    for (const struct report_row *row = run->rows; row; row = row->next)
        for (size_t i = 0; i < report->column_count; i++) {
            cell_text(t, i, row);
            size_t width = characters(buffer_bytes(t->cell));
            if (width > t->widths[i])
                t->widths[i] = width;
        }
}

static void print_titles(struct table *t)
{
    for (size_t i = 0; i < t->report->column_count; i++) {
        const struct report_column *column = &t->report->columns[i];
        if (column->kind == REPORT_IDS)
            continue;
        put_padded(t->out, bytes_text(column->title), t->widths[i],
                   is_number(column));
        buffer_add_text(t->out, "  ");
    }
    end_line(t->out);
    for (size_t i = 0; i < t->report->column_count; i++) {
        if (t->report->columns[i].kind == REPORT_IDS)
            continue;
        for (size_t j = 0; j < t->widths[i]; j++)
            buffer_add_char(t->out, '-');
        buffer_add_text(t->out, "  ");
    }
    end_line(t->out);
}

static void print_ids(struct buffer *out, const struct sql_value *value)
{
    if (value->kind != SQL_TEXT)
        return;
    buffer_add_text(out, "    ");
    for (size_t i = 0; i < value->bytes.size; i++) {
        char c = (char)value->bytes.at[i];
        if (c == ',')
            buffer_add_text(out, "\n    ");
        else
            buffer_add_char(out, c);
    }
    buffer_add_char(out, '\n');
}

static void print_row(struct table *t, const struct report_row *row)
{
    const struct report *report = t->report;
    for (size_t i = 0; i < report->column_count; i++) {
        if (report->columns[i].kind == REPORT_IDS)
            continue;
        cell_text(t, i, row);
        put_padded(t->out, buffer_bytes(t->cell), t->widths[i],
                   is_number(&report->columns[i]));
        buffer_add_text(t->out, "  ");
    }
    end_line(t->out);
    for (size_t i = 0; i < report->column_count; i++)
        if (report->columns[i].kind == REPORT_IDS &&
            report_column_shown(&report->columns[i], t->form))
            print_ids(t->out, &row->values[i]);
}

void report_print_text(struct buffer *out, const struct report_run *run,
                       const struct report_form *form)
{
    struct buffer cell;
    struct table table = {
        .out = out, .cell = &cell, .report = run->report, .form = form};
    print_head(out, run);
    if (run->row_count == 0) {
        buffer_add_text(out, "nothing\n");
        return;
    }
    buffer_init(&cell, CELL_BYTES_MAX);
    measure(&table, run);
    print_titles(&table);
    for (const struct report_row *row = run->rows; row; row = row->next)
        print_row(&table, row);
    buffer_fini(&cell);
}
