#include "server/import_csv.h"

#include <string.h>

void import_csv_init(struct import_csv *csv, struct bytes text)
{
    *csv = (struct import_csv){.text = text};
    if (text.size >= 3 && !memcmp(text.at, "\xef\xbb\xbf", 3))
        csv->at = 3;
}

static bool at_end(const struct import_csv *csv)
{
    return csv->at >= csv->text.size;
}

static bool ends_line(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

/* Passes over one line end. */
static void pass_line_end(struct import_csv *csv)
{
    const uint8_t *text = csv->text.at;
    if (text[csv->at] == '\r' && csv->at + 1 < csv->text.size &&
        text[csv->at + 1] == '\n')
        csv->at++;
    csv->at++;
}

static void go_to_next_line(struct import_csv *csv, size_t from)
{
    csv->at = from;
    while (!at_end(csv) && !ends_line(csv->text.at[csv->at]))
        csv->at++;
    if (!at_end(csv))
        pass_line_end(csv);
}

static enum err fault(struct import_csv_row *row, size_t offset,
                      const char *what)
{
    row->fault = offset;
    row->what = what;
    return ERR_INVALID;
}

static bool spans_lines(struct bytes text)
{
    return text.size && (memchr(text.at, '\n', text.size) ||
                         memchr(text.at, '\r', text.size));
}

/* Checks what every cell must be. */
static enum err check_cell(struct import_csv_row *row, struct bytes raw,
                           size_t offset)
{
    size_t bad;
    if (raw.size > IMPORT_CSV_CELL_BYTES_MAX) {
        row->torn = true;
        return fault(row, offset, "the cell is longer than 65536 bytes");
    }
    if (!utf8_valid(raw, &bad))
        return fault(row, offset + bad, "the text is not UTF-8");
    const uint8_t *nul = raw.size ? memchr(raw.at, 0, raw.size) : NULL;
    if (nul)
        return fault(row, offset + (size_t)(nul - raw.at),
                     "the text contains a NUL character");
    return ERR_OK;
}

/* Undoubles quotes and turns CRLF into LF. */
static enum err unquote(struct arena *arena, struct bytes raw,
                        struct bytes *out)
{
    uint8_t *copy = arena_take(arena, raw.size ? raw.size : 1);
    if (!copy)
        return ERR_NOMEM;
    size_t used = 0;
    for (size_t i = 0; i < raw.size; i++) {
        bool more = i + 1 < raw.size;
        if (raw.at[i] == '\r' && more && raw.at[i + 1] == '\n')
            continue;
        copy[used++] = raw.at[i];
        if (raw.at[i] == '"')
            i++;
    }
    *out = bytes_of(copy, used);
    return ERR_OK;
}

/* When the cell spans lines, the closing quote is more likely the opening one
 * of another cell and its own is missing. */
static enum err misplaced_quote(struct import_csv *csv,
                                struct import_csv_row *row,
                                const struct import_csv_cell *cell)
{
    row->torn = true;
    if (spans_lines(cell->text))
        return fault(row, cell->offset,
                     "the quote that opens here is not closed before a comma "
                     "or the end of a line");
    return fault(row, csv->at, "text stands behind the closing quote");
}

static enum err quoted_cell(struct import_csv *csv, struct arena *arena,
                            struct import_csv_row *row,
                            struct import_csv_cell *cell)
{
    const uint8_t *text = csv->text.at;
    size_t from = cell->offset + 1, at = from, size = csv->text.size;
    bool copy = false;
    for (; at < size; at++) {
        copy = copy || text[at] == '\r';
        if (text[at] != '"')
            continue;
        if (at + 1 >= size || text[at + 1] != '"')
            break;
        copy = true;
        at++;
    }
    if (at >= size) {
        row->torn = true;
        return fault(row, cell->offset, "the quote is never closed");
    }
    csv->at = at + 1;
    cell->text = bytes_of(text + from, at - from);
    enum err err = check_cell(row, cell->text, from);
    if (err)
        return err;
    if (!at_end(csv) && text[csv->at] != ',' && !ends_line(text[csv->at]))
        return misplaced_quote(csv, row, cell);
    return copy ? unquote(arena, cell->text, &cell->text) : ERR_OK;
}

static enum err plain_cell(struct import_csv *csv, struct import_csv_row *row,
                           struct import_csv_cell *cell)
{
    const uint8_t *text = csv->text.at;
    while (!at_end(csv) && text[csv->at] != ',' && !ends_line(text[csv->at])) {
        if (text[csv->at] == '"') {
            row->torn = true;
            return fault(row, csv->at, "a quote stands inside plain text");
        }
        csv->at++;
    }
    cell->text = bytes_of(text + cell->offset, csv->at - cell->offset);
    return check_cell(row, cell->text, cell->offset);
}

static enum err read_row(struct import_csv *csv, struct arena *arena,
                         struct import_csv_row *row)
{
    for (;;) {
        if (row->count == IMPORT_CSV_CELLS_MAX)
            return fault(row, csv->at, "the row has more than 256 cells");
        struct import_csv_cell *cell = &row->cells[row->count++];
        *cell = (struct import_csv_cell){.offset = csv->at};
        bool quoted = !at_end(csv) && csv->text.at[csv->at] == '"';
        enum err err = quoted ? quoted_cell(csv, arena, row, cell)
                              : plain_cell(csv, row, cell);
        if (err)
            return err;
        if (at_end(csv))
            return ERR_OK;
        if (csv->text.at[csv->at] != ',') {
            pass_line_end(csv);
            return ERR_OK;
        }
        csv->at++;
    }
}

enum err import_csv_next(struct import_csv *csv, struct arena *arena,
                         struct import_csv_row *row)
{
    row->count = 0;
    row->fault = 0;
    row->what = NULL;
    row->torn = false;
    while (!at_end(csv) && ends_line(csv->text.at[csv->at]))
        pass_line_end(csv);
    row->offset = csv->at;
    if (at_end(csv))
        return ERR_NOT_FOUND;
    enum err err = read_row(csv, arena, row);
    if (err == ERR_INVALID)
        go_to_next_line(csv, row->torn ? row->offset : csv->at);
    return err;
}
