#include "server/hsds.h"

#include <stdio.h>
#include <string.h>
#include "server/import_check.h"

void hsds_init(struct hsds *h)
{
    *h = (struct hsds){.err = ERR_OK};
    arena_init(&h->arena, IMPORT_BYTES_MAX);
    import_package_init(&h->package);
}

void hsds_fini(struct hsds *h)
{
    arena_fini(&h->arena);
}

static void leave_out(struct hsds *h, const char *column, const char *what)
{
    struct bytes id = h->row->cells[0];
    if (!h->left_out++)
        snprintf(h->first, sizeof h->first, "%s %.*s: %s: %s",
                 h->package.tables[h->table].name, (int)id.size,
                 id.size ? (const char *)id.at : "", column, what);
}

void hsds_row_begin(struct hsds *h, enum import_table_id table)
{
    h->table = table;
    h->row = h->err ? NULL : arena_take(&h->arena, sizeof *h->row);
    if (!h->row) {
        h->err = ERR_NOMEM;
        h->row = &h->nowhere;
    }
    *h->row = (struct hsds_row){.next = NULL};
}

void hsds_row_put(struct hsds *h, const char *column, struct bytes text)
{
    const struct import_table *table = &h->package.tables[h->table];
    char what[IMPORT_CHECK_CHARS];
    int at = import_table_column(table, bytes_text(column));
    if (at < 0 || !text.size || h->err)
        return;
    if (text.size > IMPORT_CELL_BYTES_MAX) {
        leave_out(h, column, "longer than a cell may be");
        return;
    }
    if (import_check(&table->columns[at], text, what)) {
        leave_out(h, column, what);
        return;
    }
    const char *copy = arena_copy(&h->arena, text);
    if (copy)
        h->row->cells[at] = bytes_of(copy, text.size);
    else
        h->err = ERR_NOMEM;
}

void hsds_row_preset(struct hsds *h, const char *column, struct bytes text)
{
    int at =
        import_table_column(&h->package.tables[h->table], bytes_text(column));
    if (at >= 0 && !h->row->cells[at].size)
        hsds_row_put(h, column, text);
}

static enum err derive(struct hsds *h, char id[ID_CHARS + 1])
{
    const struct import_table *table = &h->package.tables[h->table];
    struct buffer all;
    buffer_init(&all, IMPORT_COLUMNS_MAX * (IMPORT_CELL_BYTES_MAX + 1u));
    for (size_t i = 1; i < table->count; i++) {
        buffer_add_bytes(&all, h->row->cells[i]);
        buffer_add_char(&all, '\x1f');
    }
    enum err err = buffer_err(&all);
    if (!err)
        import_id(id, table->name, buffer_bytes(&all));
    buffer_fini(&all);
    return err;
}

void hsds_row_end(struct hsds *h, const char *id)
{
    const struct import_table *table = &h->package.tables[h->table];
    char derived[ID_CHARS + 1];
    if (!h->err && !id)
        h->err = derive(h, derived);
    if (h->err)
        return;
    hsds_row_put(h, "id", bytes_text(id ? id : derived));
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].required && !h->row->cells[i].size) {
            leave_out(h, table->columns[i].name,
                      "is empty, and must be there; the row is left out");
            return;
        }
    h->row->next = h->tables[h->table].first;
    h->tables[h->table].first = h->row;
    h->tables[h->table].count++;
}
