#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include "tests/unit/replica/photo.h"

uint8_t photo_byte(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

enum err photo_read(void *context, uint8_t *at, size_t room, size_t *got)
{
    struct photo *p = context;
    size_t size = p->size - p->at;
    if (size > room)
        size = room;
    if (p->piece && size > p->piece)
        size = p->piece;
    for (size_t i = 0; i < size; i++)
        at[i] = photo_byte(p->at + i);
    p->at += size;
    *got = size;
    return ERR_OK;
}

enum err photo_compare(void *context, struct bytes piece)
{
    size_t *at = context;
    for (size_t i = 0; i < piece.size; i++)
        assert_int_equal(piece.at[i], photo_byte(*at + i));
    *at += piece.size;
    return ERR_OK;
}

int photo_setup(void **state)
{
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    write_contact(p->dana.vault, p->person, "Roof leaks.", p->contact);
    return 0;
}

void photo_context(struct vault *vault, const char *record,
                   struct buffer *context)
{
    struct buffer text;
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(context, 1u << 20);
    assert_int_equal(record_read(vault, record, &text, context), ERR_OK);
    buffer_fini(&text);
}

enum err photo_attach_to(struct vault *vault, const char *record,
                         const char *field, size_t size, const char *name,
                         uint8_t blob[HASH_BYTES])
{
    struct photo photo = {.size = size, .piece = 4099};
    struct buffer context;
    struct record_written written;
    photo_context(vault, record, &context);
    struct blob_write write = {.record = record,
                               .context = buffer_text(&context),
                               .field = field,
                               .name = name,
                               .type = "image/jpeg"};
    record_written_init(&written);
    enum err err =
        blob_attach(vault, &write, photo_read, &photo, &written, blob);
    record_written_fini(&written);
    buffer_fini(&context);
    return err;
}

enum err photo_attach(struct pair *p, size_t size, uint8_t blob[HASH_BYTES])
{
    return photo_attach_to(p->dana.vault, p->contact, "attachments", size,
                           "roof.jpg", blob);
}

static enum err note(void *context, const struct blob_ref *ref,
                     const struct canon *value)
{
    struct photo_found *found = context;
    (void)value;
    found->ref = *ref;
    found->count++;
    return ERR_OK;
}

struct photo_found photo_refs(struct vault *vault, const char *record)
{
    struct buffer state;
    struct arena arena;
    const struct canon *root;
    struct photo_found found = {.count = 0};
    read_state(vault, record, &state);
    arena_init(&arena, 1u << 20);
    assert_int_equal(canon_parse(&arena, buffer_bytes(&state), &root, NULL),
                     ERR_OK);
    const struct canon *field =
        canon_member(canon_member(root, "fields"), "attachments");
    if (field)
        assert_int_equal(blob_refs(field, note, &found), ERR_OK);
    arena_fini(&arena);
    buffer_fini(&state);
    return found;
}

int64_t photo_ask(const struct device *d, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(d->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return answer;
}
