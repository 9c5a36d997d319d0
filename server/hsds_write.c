/* HSDS tables as files: CSV by RFC 4180, and the package that describes them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/hsds.h"
#include "server/import_read.h"
#include "shared/base/file.h"

struct file {
    const char *folder;
    struct buffer text; /* owned, reused */
};

static enum err file_end(struct file *file, const char *name)
{
    char path[FILE_PATH_CHARS];
    enum err err = buffer_err(&file->text);
    int size = snprintf(path, sizeof path, "%s/%s", file->folder, name);
    if (!err && (size < 0 || (size_t)size >= sizeof path))
        err = ERR_TOO_BIG;
    if (!err)
        err = file_write_new(path, buffer_bytes(&file->text));
    buffer_clear(&file->text);
    return err;
}

/* --- tables --------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    const struct hsds_row *const *one = a, *const *other = b;
    return bytes_compare((*one)->cells[0], (*other)->cells[0]);
}

/* A quoted CRLF is read as LF, and so it is written. */
static void put_cell(struct buffer *out, struct bytes text)
{
    bool plain = true;
    for (size_t i = 0; i < text.size && plain; i++)
        plain = !strchr(",\"\r\n", text.at[i]);
    if (plain) {
        buffer_add_bytes(out, text);
        return;
    }
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\r' && i + 1 < text.size && text.at[i + 1] == '\n')
            continue;
        if (text.at[i] == '"')
            buffer_add_char(out, '"');
        buffer_add_char(out, (char)text.at[i]);
    }
    buffer_add_char(out, '"');
}

static void put_row(struct buffer *out, const struct hsds_row *row,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, i ? "," : "");
        put_cell(out, row->cells[i]);
    }
    buffer_add_char(out, '\n');
}

/* Rows in the order of their ids, each once. */
static enum err put_table(struct hsds *h, enum import_table_id id,
                          struct file *file, size_t *rows)
{
    const struct import_table *table = &h->package.tables[id];
    size_t count = 0;
    const struct hsds_row **list =
        arena_take(&h->arena, (h->tables[id].count + 1) * sizeof(void *));
    if (!list)
        return ERR_NOMEM;
    for (const struct hsds_row *at = h->tables[id].first; at; at = at->next)
        list[count++] = at;
    qsort(list, count, sizeof *list, compare_ids);
    for (size_t i = 0; i < table->count; i++)
        buffer_printf(&file->text, "%s%s", i ? "," : "",
                      table->columns[i].name);
    buffer_add_char(&file->text, '\n');
    for (size_t i = 0; i < count; i++)
        if (!i || compare_ids(&list[i - 1], &list[i]) != 0) {
            put_row(&file->text, list[i], table->count);
            ++*rows;
        }
    return file_end(file, table->path);
}

/* --- the package ---------------------------------------------------------- */

static void put_codes(struct buffer *out, const char *const *codes)
{
    buffer_add_text(out, ", \"enum\": [");
    for (size_t i = 0; codes[i]; i++)
        buffer_printf(out, "%s\"%s\"", i ? ", " : "", codes[i]);
    buffer_add_char(out, ']');
}

static void put_column(struct buffer *out, const struct import_column *column)
{
    static const struct {
        const char *type, *format;
    } kinds[] = {
        [IMPORT_TEXT] = {"string", NULL},      [IMPORT_ID] = {"string", "uuid"},
        [IMPORT_EMAIL] = {"string", "email"},  [IMPORT_URI] = {"string", "uri"},
        [IMPORT_NUMBER] = {"number", NULL},    [IMPORT_DATE] = {"date", NULL},
        [IMPORT_INSTANT] = {"datetime", NULL}, [IMPORT_TIME] = {"time", NULL},
    };
    buffer_printf(out, "\n     {\"name\": \"%s\", \"type\": \"%s\"",
                  column->name, kinds[column->kind].type);
    if (kinds[column->kind].format)
        buffer_printf(out, ", \"format\": \"%s\"", kinds[column->kind].format);
    buffer_printf(out, ", \"constraints\": {\"required\": %s",
                  column->required ? "true" : "false");
    if (column->codes)
        put_codes(out, column->codes);
    buffer_add_text(out, "}}");
}

static void put_keys(struct buffer *out, const struct hsds *h,
                     const struct import_table *table)
{
    bool first = true;
    for (size_t i = 0; i < table->count; i++) {
        if (!table->columns[i].refers)
            continue;
        buffer_printf(out,
                      "%s\n     {\"fields\": \"%s\", \"reference\": "
                      "{\"resource\": \"%s\", \"fields\": \"id\"}}",
                      first ? "" : ",", table->columns[i].name,
                      h->package.tables[table->columns[i].refers].name);
        first = false;
    }
}

static void put_resource(struct buffer *out, const struct hsds *h,
                         const struct import_table *table)
{
    buffer_printf(out,
                  "\n  {\"name\": \"%s\",\n   \"path\": \"%s\",\n"
                  "   \"format\": \"csv\", \"mediatype\": \"text/csv\", "
                  "\"profile\": \"tabular-data-resource\",\n"
                  "   \"schema\": {\n    \"primaryKey\": \"id\",\n"
                  "    \"fields\": [",
                  table->name, table->path);
    for (size_t i = 0; i < table->count; i++) {
        buffer_add_text(out, i ? "," : "");
        put_column(out, &table->columns[i]);
    }
    buffer_add_text(out, "],\n    \"foreignKeys\": [");
    put_keys(out, h, table);
    buffer_add_text(out, "]}}");
}

/* What speaks of the data itself, and what the office does not tell apart, is
 * not published: a table that is absent says nothing. */
static bool is_told(enum import_table_id id)
{
    return id != METADATA && id != META_TABLE_DESCRIPTION && id != TAXONOMY;
}

static enum err put_package(const struct hsds *h, struct file *file)
{
    bool first = true;
    buffer_add_text(&file->text,
                    "{\"name\": \"human_services_data\",\n"
                    " \"title\": \"Human Services Data Specification\",\n"
                    " \"profile\": \"tabular-data-package\",\n"
                    " \"version\": \"3.0.0\",\n \"resources\": [");
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT; id++) {
        if (!is_told((enum import_table_id)id))
            continue;
        buffer_add_text(&file->text, first ? "" : ",");
        put_resource(&file->text, h, &h->package.tables[id]);
        first = false;
    }
    buffer_add_text(&file->text, "]}\n");
    return file_end(file, "datapackage.json");
}

enum err hsds_write(struct hsds *h, const char *folder, size_t *rows)
{
    struct file file = {.folder = folder};
    enum err err = h->err;
    *rows = 0;
    buffer_init(&file.text, IMPORT_FILE_BYTES_MAX);
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT && !err; id++)
        if (is_told((enum import_table_id)id))
            err = put_table(h, (enum import_table_id)id, &file, rows);
    if (!err)
        err = put_package(h, &file);
    buffer_fini(&file.text);
    return err;
}
