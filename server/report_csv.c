/* A report as a table that any program reads: RFC 4180, in ASCII. */
#include <inttypes.h>
#include <string.h>
#include "server/report_print.h"
#include "shared/model/prose.h"

#define QUOTED_BYTES_MAX (64u << 20)

/* One character of UTF-8; a byte that begins none stands for itself. */
static uint32_t character(struct bytes text, size_t *at)
{
    uint8_t first = text.at[(*at)++];
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t out = first;
    if (more > 0)
        out = first & (0x3fu >> more);
    for (; more > 0 && *at < text.size; more--)
        out = out << 6 | (text.at[(*at)++] & 0x3fu);
    return out;
}

static void put_character(struct buffer *out, uint32_t c)
{
    if (c >= 0x20 && c < 0x7f && c != '\\') {
        buffer_add_char(out, (char)c);
    } else if (c < 0x10000) {
        buffer_printf(out, "\\u%04" PRIx32, c);
    } else {
        c -= 0x10000;
        buffer_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (c >> 10),
                      0xdc00 + (c & 0x3ff));
    }
}

static void put_text(struct buffer *out, struct bytes text)
{
    for (size_t at = 0; at < text.size;)
        put_character(out, character(text, &at));
}

static void put_quoted(struct buffer *out, struct bytes ascii)
{
    bool plain =
        !memchr(ascii.size ? ascii.at : (const uint8_t *)"", '"', ascii.size);
    for (size_t i = 0; i < ascii.size && plain; i++)
        plain = ascii.at[i] != ',';
    if (plain) {
        buffer_add_bytes(out, ascii);
        return;
    }
    buffer_add_char(out, '"');
    for (size_t i = 0; i < ascii.size; i++) {
        if (ascii.at[i] == '"')
            buffer_add_char(out, '"');
        buffer_add_char(out, (char)ascii.at[i]);
    }
    buffer_add_char(out, '"');
}

static bool is_formula(const struct sql_value *value)
{
    return value->kind == SQL_TEXT && value->bytes.size > 0 &&
           strchr("=+-@", value->bytes.at[0]) && value->bytes.at[0];
}

static void put_cell(struct buffer *out, const struct report_column *column,
                     const struct sql_value *value,
                     const struct report_form *form)
{
    struct buffer raw, ascii;
    buffer_init(&raw, QUOTED_BYTES_MAX);
    buffer_init(&ascii, QUOTED_BYTES_MAX);
    if (is_formula(value))
        buffer_add_char(&raw, '\'');
    report_print_cell(&raw, column, value, form);
    put_text(&ascii, buffer_bytes(&raw));
    put_quoted(out, buffer_bytes(&ascii));
    if (!out->err)
        out->err = raw.err ? raw.err : ascii.err;
    buffer_fini(&ascii);
    buffer_fini(&raw);
}

/* What the table does not say itself, in lines that begin with a number sign.
 */
static void put_head(struct buffer *out, const struct report_run *run)
{
    const struct report *report = run->report;
    struct buffer told, *head = &told;
    buffer_init(head, QUOTED_BYTES_MAX);
    buffer_printf(head, "# %s %s\n# %s\n", report->id, report->title,
                  report->definition);
    for (size_t i = 0; i < report->parameter_count; i++)
        buffer_printf(head, "# %s: %s\n", report->parameters[i].name,
                      run->values[i]);
    report_print_currency(head, run, "# ");
    for (size_t at = 0; at < head->size;) {
        uint32_t c = character(buffer_bytes(head), &at);
        if (c == '\n')
            buffer_add_char(out, '\n');
        else
            put_character(out, c);
    }
    if (!out->err)
        out->err = head->err;
    buffer_fini(head);
}

void report_print_csv(struct buffer *out, const struct report_run *run,
                      const struct report_form *form)
{
    const struct report *report = run->report;
    const char *comma = "";
    if (!form->bare)
        put_head(out, run);
    for (size_t i = 0; i < report->column_count; i++) {
        if (!report_column_shown(&report->columns[i], form))
            continue;
        buffer_printf(out, "%s%s", comma, report->columns[i].name);
        comma = ",";
    }
    buffer_add_char(out, '\n');
    for (const struct report_row *row = run->rows; row; row = row->next) {
        comma = "";
        for (size_t i = 0; i < report->column_count; i++) {
            if (!report_column_shown(&report->columns[i], form))
                continue;
            buffer_add_text(out, comma);
            put_cell(out, &report->columns[i], &row->values[i], form);
            comma = ",";
        }
        buffer_add_char(out, '\n');
    }
}
