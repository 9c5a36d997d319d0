/* Tables in CSV and objects in JSON, as the import of a directory reads them,
 * up to what would be written.  The first byte says which; the rest is the
 * file. */
#include <string.h>
#include "server/import_csv.h"
#include "server/import_diff.h"
#include "server/import_map.h"
#include "server/office_inner.h"
#include "tests/fuzz/target.h"
#include "tests/types.h"

/* Rows come in order, never twice from one place, and hold only valid text. */
static void read_rows(struct bytes text)
{
    struct arena arena;
    struct import_csv csv;
    struct import_csv_row row;
    size_t before = 0;
    enum err err;
    arena_init(&arena, 64u << 20);
    import_csv_init(&csv, text);
    while ((err = import_csv_next(&csv, &arena, &row)) != ERR_NOT_FOUND) {
        must(err == ERR_OK || err == ERR_INVALID);
        must(row.offset >= before && csv.at > row.offset);
        must(csv.at <= text.size);
        before = row.offset + 1;
        if (err) {
            must(row.what && row.fault >= row.offset && row.fault < text.size);
            continue;
        }
        must(row.count >= 1 && row.count <= IMPORT_CSV_CELLS_MAX);
        for (size_t i = 0; i < row.count; i++) {
            must(utf8_valid(row.cells[i].text, NULL));
            must(row.cells[i].text.size <= IMPORT_CSV_CELL_BYTES_MAX);
        }
    }
    arena_fini(&arena);
}

static enum err all_known(void *context, const char *type, const char *id,
                          bool *known)
{
    (void)context;
    (void)type;
    *known = id[0] == '0';
    return ERR_OK;
}

static void is_object(struct arena *arena, const struct buffer *text)
{
    const struct canon *root;
    if (text->size)
        must(!canon_parse(arena, buffer_bytes(text), &root, NULL) &&
             root->kind == CANON_OBJECT && root->count);
}

/* A record that is published again as it was is no change. */
static void compare(struct import_publication *p,
                    const struct import_record *record)
{
    static struct schema *schema;
    struct import_published before = {.found = false};
    struct import_diff diff;
    struct arena arena;
    if (!schema)
        must(!office_schema_load(NULL, NULL, &schema));
    const struct schema_type *type =
        schema_type(schema, bytes_text(record->type));
    must(type != NULL);
    arena_init(&arena, 64u << 20);
    import_diff_init(&diff);
    enum err err =
        import_diff_make(&diff, &p->rows, &arena, record, &before, type);
    must(!err || err == ERR_TOO_BIG);
    if (!err) {
        is_object(&arena, &diff.set);
        is_object(&arena, &diff.add);
        must(!diff.drop.size);
        before.found = true;
        before.values = diff.changes;
        must(!import_diff_make(&diff, &p->rows, &arena, record, &before, type));
        must(!diff.count);
    }
    import_diff_fini(&diff);
    arena_fini(&arena);
}

/* Whatever was read can be mapped, and notes have places in the file. */
static void import(enum import_table_id table, struct bytes text)
{
    struct import_publication p;
    struct import_records records;
    struct import_file file = {.name = "service.json", .text = text};
    must(!import_publication_init(&p));
    enum err err =
        table ? import_read_csv(&p, table, &file) : import_read_json(&p, &file);
    must(!err);
    must(!import_rows_check_keys(&p.rows, all_known, NULL));
    must(!import_map(&p, "fuzz", &records));
    for (const struct import_record *r = records.first; r; r = r->next)
        compare(&p, r);
    for (size_t i = 0; i < p.notes.count; i++) {
        must(p.notes.list[i].line <= text.size + 1);
        must(utf8_valid(bytes_text(p.notes.list[i].text), NULL));
    }
    import_publication_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    if (!size)
        return 0;
    struct bytes text = bytes_of(at + 1, size - 1);
    read_rows(text);
    import((enum import_table_id)(at[0] % TABLE_COUNT), text);
    return 0;
}
