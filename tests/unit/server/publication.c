#include "tests/unit/server/publication.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum err pub_nothing_known(void *context, const char *type, const char *id,
                           bool *known)
{
    (void)context;
    (void)type;
    (void)id;
    *known = false;
    return ERR_OK;
}

static struct import_file *file_of(struct pub *pub, const char *name,
                                   const char *text)
{
    struct import_file *file = arena_take(&pub->p.arena, sizeof *file);
    assert_non_null(file);
    file->name = name;
    file->text = bytes_text(text);
    return file;
}

void pub_init(struct pub *pub)
{
    assert_int_equal(import_publication_init(&pub->p), ERR_OK);
}

void pub_csv(struct pub *pub, enum import_table_id id, const char *text)
{
    const char *name = pub->p.package.tables[id].path;
    assert_int_equal(import_read_csv(&pub->p, id, file_of(pub, name, text)),
                     ERR_OK);
}

void pub_json(struct pub *pub, const char *name, const char *text)
{
    assert_int_equal(import_read_json(&pub->p, file_of(pub, name, text)),
                     ERR_OK);
}

void pub_finish(struct pub *pub)
{
    assert_int_equal(
        import_rows_check_keys(&pub->p.rows, pub_nothing_known, NULL), ERR_OK);
    assert_int_equal(import_map(&pub->p, "test", &pub->records), ERR_OK);
}

size_t pub_rows(const struct pub *pub, enum import_table_id id)
{
    return pub->p.rows.tables[id].count;
}

void pub_notes_are(const struct pub *pub, const char *wanted)
{
    struct buffer out;
    buffer_init(&out, 1u << 20);
    for (size_t i = 0; i < pub->p.notes.count; i++) {
        buffer_add_char(&out, "swr"[pub->p.notes.list[i].kind]);
        buffer_add_char(&out, ' ');
        assert_int_equal(import_note_line(&out, &pub->p.notes.list[i]), ERR_OK);
        buffer_add_char(&out, '\n');
    }
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
}

const struct import_record *pub_record(const struct pub *pub, const char *id)
{
    const struct import_record *record = pub->records.first;
    while (record && strcmp(record->row->id, id) != 0)
        record = record->next;
    assert_non_null(record);
    return record;
}

void pub_field_is(const struct pub *pub, const char *id, const char *name,
                  const char *wanted)
{
    struct buffer out;
    const struct import_field *field = pub_record(pub, id)->fields;
    while (field && strcmp(field->name, name) != 0)
        field = field->next;
    buffer_init(&out, 1u << 20);
    if (field && !field->set)
        buffer_add_bytes(&out, field->value);
    if (field && field->set) {
        buffer_add_text(&out, field->partial ? "+{" : "{");
        for (const struct import_member *m = field->members; m; m = m->next) {
            buffer_add_bytes(&out, m->text);
            buffer_add_text(&out, m->next ? "|" : "");
        }
        buffer_add_char(&out, '}');
    }
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
}
