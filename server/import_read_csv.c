/* Tables in CSV: the header maps columns, each further row becomes a row. */
#include <stdio.h>

#include "server/import_csv.h"
#include "server/import_read.h"

struct table_reader {
    struct import_publication *publication;
    enum import_table_id id;
    struct import_table *table;
    const struct import_file *file;
    size_t cells;                      /* in the header */
    int columns[IMPORT_CSV_CELLS_MAX]; /* of the table; -1: not imported */
    bool found[IMPORT_COLUMNS_MAX];
};

static enum err remark(struct table_reader *reader, size_t offset,
                       const char *format, struct bytes name)
{
    char quoted[IMPORT_QUOTE_CHARS];
    return import_notes_add(&reader->publication->notes, IMPORT_REMARK,
                            reader->file, offset, "%s %s",
                            import_quote(quoted, name), format);
}

static enum err read_header(struct table_reader *reader,
                            const struct import_csv_row *row)
{
    reader->cells = row->count;
    for (size_t i = 0; i < row->count; i++) {
        const struct import_csv_cell *cell = &row->cells[i];
        int at = import_table_column(reader->table, cell->text);
        reader->columns[i] = -1;
        enum err err = ERR_OK;
        if (at < 0)
            err = remark(reader, cell->offset,
                         "is no column of this table in HSDS 3.0; not imported",
                         cell->text);
        else if (reader->found[at])
            err = remark(reader, cell->offset,
                         "stands twice in the header; the first is imported",
                         cell->text);
        else {
            reader->columns[i] = at;
            reader->found[at] = true;
        }
        if (err)
            return err;
    }
    return ERR_OK;
}

/* Without ids nothing can be imported; other columns may be missing. */
static enum err check_header(struct table_reader *reader, bool *usable)
{
    struct import_notes *notes = &reader->publication->notes;
    *usable = reader->found[0];
    if (!*usable)
        return import_notes_add(notes, IMPORT_SKIPPED, reader->file,
                                IMPORT_NOWHERE,
                                "the header has no column id; the table is "
                                "left out");
    for (size_t i = 1; i < reader->table->count; i++) {
        struct import_column *column = &reader->table->columns[i];
        if (reader->found[i] || !column->required)
            continue;
        column->required = false;
        enum err err = import_notes_add(
            notes, IMPORT_WARNING, reader->file, IMPORT_NOWHERE,
            "the header has no column %s; imported without it", column->name);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err read_row(struct table_reader *reader,
                         const struct import_csv_row *from)
{
    struct import_rows *rows = &reader->publication->rows;
    char what[128];
    bool added;
    if (from->count != reader->cells) {
        (void)snprintf(what, sizeof what,
                       "the row has %zu cells, the header %zu", from->count,
                       reader->cells);
        return import_rows_skip(rows, reader->file, from->offset, what);
    }
    struct import_row *row =
        import_row_new(rows, reader->id, reader->file, from->offset);
    if (!row)
        return ERR_NOMEM;
    for (size_t i = 0; i < from->count; i++) {
        if (reader->columns[i] < 0)
            continue;
        row->cells[reader->columns[i]] =
            (struct import_cell){.text = from->cells[i].text,
                                 .offset = from->cells[i].offset,
                                 .said = true};
    }
    return import_rows_add(rows, row, &added);
}

static enum err read_rows(struct table_reader *reader, struct import_csv *csv,
                          struct import_csv_row *row)
{
    struct import_rows *rows = &reader->publication->rows;
    for (;;) {
        enum err err = import_csv_next(csv, rows->arena, row);
        if (err == ERR_NOT_FOUND)
            return ERR_OK;
        if (err == ERR_INVALID)
            err = import_rows_skip(rows, reader->file, row->fault, row->what);
        else if (!err)
            err = read_row(reader, row);
        if (err)
            return err;
    }
}

enum err import_read_csv(struct import_publication *publication,
                         enum import_table_id id,
                         const struct import_file *file)
{
    struct table_reader reader = {.publication = publication,
                                  .id = id,
                                  .table = &publication->package.tables[id],
                                  .file = file};
    struct import_notes *notes = &publication->notes;
    struct import_csv csv;
    struct import_csv_row row;
    bool usable = false;
    import_csv_init(&csv, file->text);
    enum err err = import_csv_next(&csv, &publication->arena, &row);
    if (err == ERR_NOT_FOUND)
        return import_notes_add(notes, IMPORT_SKIPPED, file, IMPORT_NOWHERE,
                                "the file is empty; it is left out");
    if (err == ERR_INVALID)
        return import_notes_add(notes, IMPORT_SKIPPED, file, row.fault,
                                "%s; the file is left out", row.what);
    if (!err)
        err = read_header(&reader, &row);
    if (!err)
        err = check_header(&reader, &usable);
    if (err || !usable)
        return err;
    reader.table->present = true;
    return read_rows(&reader, &csv, &row);
}
