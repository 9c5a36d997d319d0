#include "server/import_rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/import_check.h"

#define IMPORT_ID_BYTES_MAX 256

enum err import_rows_init(struct import_rows *rows, struct arena *arena,
                          struct import_package *package,
                          struct import_notes *notes)
{
    *rows = (struct import_rows){
        .arena = arena, .package = package, .notes = notes};
    enum err err = map_new(&rows->said);
    if (!err)
        err = map_new(&rows->noted);
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT && !err; id++)
        err = map_new(&rows->tables[id].by_id);
    if (err)
        import_rows_fini(rows);
    return err;
}

void import_rows_fini(struct import_rows *rows)
{
    for (int id = TABLE_NONE; id < TABLE_COUNT; id++)
        map_free(rows->tables[id].by_id);
    map_free(rows->said);
    map_free(rows->noted);
    *rows = (struct import_rows){0};
}

void import_id(char out[ID_CHARS + 1], const char *table, struct bytes text)
{
    char name[512];
    if (text.size == ID_CHARS) {
        for (size_t i = 0; i < ID_CHARS; i++) {
            uint8_t byte = text.at[i];
            bool capital = byte >= 'A' && byte <= 'F';
            out[i] = (char)(capital ? byte | 0x20 : byte);
        }
        out[ID_CHARS] = 0;
        if (id_valid(bytes_of(out, ID_CHARS)))
            return;
    }
    if (text.size > IMPORT_ID_BYTES_MAX) {
        id_derive(out, "hsds", text);
        text = bytes_of(out, ID_CHARS);
    }
    (void)snprintf(name, sizeof name, "%s/%.*s", table, (int)text.size,
                   (const char *)text.at);
    id_derive(out, "hsds", bytes_text(name));
}

struct import_row *import_row_new(struct import_rows *rows,
                                  enum import_table_id table,
                                  const struct import_file *file, size_t offset)
{
    struct import_row *row = arena_take(rows->arena, sizeof *row);
    if (row) {
        row->table = table;
        row->file = file;
        row->offset = offset;
    }
    return row;
}

enum err import_rows_skip(struct import_rows *rows,
                          const struct import_file *file, size_t offset,
                          const char *what)
{
    rows->skipped++;
    return import_notes_add(rows->notes, IMPORT_SKIPPED, file, offset,
                            "%s; the row is skipped", what);
}

enum err import_rows_once(struct import_rows *rows, const char *key,
                          bool *first)
{
    struct bytes name = bytes_text(key);
    *first = !map_has(rows->noted, name);
    return *first ? map_put(rows->noted, name, rows) : ERR_OK;
}

static size_t cell_place(const struct import_row *row,
                         const struct import_cell *cell)
{
    return cell->said ? cell->offset : row->offset;
}

/* Sets *bad when the row was noted and cannot be used. */
static enum err check_cell(struct import_rows *rows, struct import_row *row,
                           const struct import_column *column,
                           struct import_cell *cell, bool *bad)
{
    char what[IMPORT_CHECK_CHARS];
    size_t place = cell_place(row, cell);
    bool implied = row->nested && column->refers != TABLE_NONE;
    if (column->required && !cell->text.size && !implied) {
        (void)snprintf(what, sizeof what, "%s: is required", column->name);
        *bad = true;
        return import_rows_skip(rows, row->file, place, what);
    }
    if (cell->text.size > IMPORT_CELL_BYTES_MAX) {
        (void)snprintf(what, sizeof what, "%s: is longer than 65536 bytes",
                       column->name);
        *bad = true;
        return import_rows_skip(rows, row->file, place, what);
    }
    enum err err = import_check(column, cell->text, what);
    if (err == ERR_INVALID) {
        *bad = true;
        return import_rows_skip(rows, row->file, place, what);
    }
    if (!err && what[0])
        err = import_notes_add(rows->notes, IMPORT_WARNING, row->file, place,
                               "%s; kept as it is", what);
    return err;
}

/* Ids that are no UUIDs are legal; said once a table. */
static enum err note_derived(struct import_rows *rows,
                             const struct import_row *row)
{
    char quoted[IMPORT_QUOTE_CHARS], key[64];
    const struct import_table *table = &rows->package->tables[row->table];
    struct bytes id = row->cells[0].text;
    bool first;
    if (id.size == ID_CHARS &&
        (id_valid(id) || !strncasecmp((const char *)id.at, row->id, ID_CHARS)))
        return ERR_OK;
    (void)snprintf(key, sizeof key, "derived/%s", table->name);
    enum err err = import_rows_once(rows, key, &first);
    if (err || !first)
        return err;
    return import_notes_add(rows->notes, IMPORT_REMARK, row->file,
                            row->cells[0].offset,
                            "id: %s is no UUID; record ids are derived from "
                            "such ids",
                            import_quote(quoted, id));
}

static bool is_record(enum import_table_id table)
{
    return table == ORGANIZATION || table == SERVICE || table == LOCATION;
}

/* Differing keys of a child row mean that it belongs to both. */
static bool belongs_elsewhere(const struct import_table *table,
                              const struct import_row *old,
                              const struct import_row *row)
{
    if (is_record(row->table))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].refers != TABLE_NONE && old->cells[i].text.size &&
            row->cells[i].text.size &&
            !bytes_equal(old->cells[i].text, row->cells[i].text))
            return true;
    }
    return false;
}

/* Takes over what the first appearance of the row did not say. */
static enum err merge(struct import_rows *rows, struct import_row *old,
                      const struct import_row *row)
{
    const struct import_table *table = &rows->package->tables[row->table];
    for (size_t i = 1; i < table->count; i++) {
        struct import_cell *mine = &old->cells[i];
        const struct import_cell *other = &row->cells[i];
        if (!mine->text.size && other->said)
            *mine = *other;
        if (!other->text.size || bytes_equal(mine->text, other->text))
            continue;
        char first[IMPORT_QUOTE_CHARS], second[IMPORT_QUOTE_CHARS], key[128];
        bool new;
        (void)snprintf(key, sizeof key, "differs/%s/%s/%s", table->name,
                       old->id, table->columns[i].name);
        enum err err = import_rows_once(rows, key, &new);
        if (err)
            return err;
        if (!new)
            continue;
        err = import_notes_add(
            rows->notes, IMPORT_WARNING, row->file, other->offset,
            "%s: %s of this %s was %s before; the first is kept",
            table->columns[i].name, import_quote(second, other->text),
            table->name, import_quote(first, mine->text));
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err append(struct import_rows *rows, struct import_row *row)
{
    struct bytes id = bytes_text(row->id);
    if (!map_has(rows->tables[row->table].by_id, id)) {
        enum err err = map_put(rows->tables[row->table].by_id, id, row);
        if (err)
            return err;
    }
    if (rows->tables[row->table].last)
        rows->tables[row->table].last->next = row;
    else
        rows->tables[row->table].first = row;
    rows->tables[row->table].last = row;
    rows->tables[row->table].count++;
    return ERR_OK;
}

enum err import_rows_add(struct import_rows *rows, struct import_row *row,
                         bool *added)
{
    const struct import_table *table = &rows->package->tables[row->table];
    bool bad = false;
    *added = false;
    for (size_t i = 0; i < table->count && !bad; i++) {
        enum err err =
            check_cell(rows, row, &table->columns[i], &row->cells[i], &bad);
        if (err)
            return err;
    }
    if (bad)
        return ERR_OK;
    if (!row->cells[0].text.size)
        return import_rows_skip(rows, row->file,
                                cell_place(row, &row->cells[0]),
                                "id: is required");
    import_id(row->id, table->name, row->cells[0].text);
    struct import_row *old = import_rows_find(rows, row->table, row->id);
    if (old && !row->nested && old->file == row->file) {
        char what[128];
        size_t line, column;
        import_place(old->file->text, old->offset, &line, &column);
        (void)snprintf(what, sizeof what, "id: stands already in %s, line %zu",
                       old->file->name, line);
        return import_rows_skip(rows, row->file, row->cells[0].offset, what);
    }
    *added = true;
    if (old && !belongs_elsewhere(table, old, row))
        return merge(rows, old, row);
    enum err err = note_derived(rows, row);
    return err ? err : append(rows, row);
}

const struct import_cell *import_row_cell(const struct import_rows *rows,
                                          const struct import_row *row,
                                          const char *column)
{
    static const struct import_cell none;
    int at = import_table_column(&rows->package->tables[row->table],
                                 bytes_text(column));
    return at < 0 ? &none : &row->cells[at];
}

struct bytes import_row_text(const struct import_rows *rows,
                             const struct import_row *row, const char *column)
{
    return import_row_cell(rows, row, column)->text;
}

/* The table that a key points to, whether it is declared so or not. */
static enum import_table_id key_target(const struct import_rows *rows,
                                       const struct import_row *row,
                                       const char *column)
{
    struct bytes name = bytes_text(column);
    if (!strcmp(column, "link_id")) {
        struct bytes entity = import_row_text(rows, row, "link_entity");
        enum import_table_id id = import_package_name(rows->package, entity);
        return id ? id : import_package_path(rows->package, entity);
    }
    if (!strcmp(column, "parent_organization_id"))
        return ORGANIZATION;
    if (name.size > 3)
        name.size -= 3; /* "_id" */
    return import_package_name(rows->package, name);
}

bool import_row_key(const struct import_rows *rows,
                    const struct import_row *row, const char *column,
                    char out[ID_CHARS + 1])
{
    struct bytes text = import_row_text(rows, row, column);
    enum import_table_id target = key_target(rows, row, column);
    if (!text.size || target == TABLE_NONE)
        return false;
    import_id(out, rows->package->tables[target].name, text);
    return true;
}

struct import_row *import_rows_find(const struct import_rows *rows,
                                    enum import_table_id table, const char *id)
{
    return map_get(rows->tables[table].by_id, bytes_text(id));
}

static void say_key(char out[64], const char *id, enum import_table_id child)
{
    (void)snprintf(out, 64, "%s/%d", id, (int)child);
}

enum err import_rows_say(struct import_rows *rows, const char *id,
                         enum import_table_id child)
{
    char key[64];
    say_key(key, id, child);
    return map_put(rows->said, bytes_text(key), rows);
}

bool import_rows_said(const struct import_rows *rows, const char *id,
                      enum import_table_id child)
{
    char key[64];
    if (rows->package->tables[child].present)
        return true;
    say_key(key, id, child);
    return map_has(rows->said, bytes_text(key));
}

static enum err check_key(struct import_rows *rows,
                          const struct import_row *row,
                          const struct import_column *column,
                          const struct import_cell *cell, import_known *known,
                          void *context)
{
    char id[ID_CHARS + 1], quoted[IMPORT_QUOTE_CHARS];
    const char *target = rows->package->tables[column->refers].name;
    bool found = false;
    import_id(id, target, cell->text);
    if (import_rows_find(rows, column->refers, id))
        return ERR_OK;
    if (is_record(row->table) && is_record(column->refers)) {
        enum err err = known(context, target, id, &found);
        if (err || found)
            return err;
    }
    return import_notes_add(
        rows->notes, IMPORT_WARNING, row->file, cell->offset,
        "%s: there is no %s %s; %s", column->name, target,
        import_quote(quoted, cell->text),
        is_record(row->table) ? "kept as it is" : "imported without it");
}

static enum err check_keys_of(struct import_rows *rows,
                              const struct import_row *row, import_known *known,
                              void *context)
{
    const struct import_table *table = &rows->package->tables[row->table];
    enum err err = ERR_OK;
    for (size_t i = 0; i < table->count && !err; i++) {
        if (table->columns[i].refers != TABLE_NONE && row->cells[i].text.size)
            err = check_key(rows, row, &table->columns[i], &row->cells[i],
                            known, context);
    }
    return err;
}

/* Does a child row belong to anything that is here? */
static bool attached(const struct import_rows *rows,
                     const struct import_row *row)
{
    static const char *const keys[] = {
        "organization_id", "service_id",
        "location_id",     "service_at_location_id",
        "contact_id",      "phone_id",
        "link_id",
    };
    char id[ID_CHARS + 1];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        enum import_table_id target = key_target(rows, row, keys[i]);
        if (import_row_key(rows, row, keys[i], id) &&
            import_rows_find(rows, target, id))
            return true;
    }
    return false;
}

static bool stands_alone(enum import_table_id table)
{
    return is_record(table) || table == PROGRAM || table == TAXONOMY ||
           table == TAXONOMY_TERM || table == METADATA ||
           table == META_TABLE_DESCRIPTION;
}

/* An attribute of something that HSDS does not have is not the row's fault. */
static enum err note_loose(struct import_rows *rows,
                           const struct import_row *row)
{
    char quoted[IMPORT_QUOTE_CHARS];
    const struct import_cell *entity =
        import_row_cell(rows, row, "link_entity");
    if (row->table != ATTRIBUTE ||
        key_target(rows, row, "link_id") != TABLE_NONE)
        return import_rows_skip(rows, row->file, row->offset,
                                "belongs to nothing that is here");
    return import_notes_add(rows->notes, IMPORT_REMARK, row->file,
                            entity->offset,
                            "link_entity: %s is no table; not imported",
                            import_quote(quoted, entity->text));
}

enum err import_rows_check_keys(struct import_rows *rows, import_known *known,
                                void *context)
{
    enum err err = ERR_OK;
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT; id++) {
        const struct import_row *row = rows->tables[id].first;
        for (; row && !err; row = row->next) {
            bool loose =
                !stands_alone((enum import_table_id)id) && !attached(rows, row);
            err = loose ? note_loose(rows, row)
                        : check_keys_of(rows, row, known, context);
        }
    }
    return err;
}
