#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/model/blob.h"
#include "shared/model/schema.h"
#include "tests/types.h"

#define BLOB "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SALT "AAECAwQFBgcICQoLDA0ODw"
#define REF(bytes, name, type)                                                 \
    "{\"blob\":\"" BLOB "\",\"bytes\":" bytes ",\"name\":\"" name              \
    "\",\"salt\":\"" SALT "\",\"type\":\"" type "\"}"
#define PHOTO REF("70000", "roof.jpg", "image/jpeg")

static bool reads(const char *json, struct blob_ref *out)
{
    static struct arena arena;
    const struct canon *root;
    arena_fini(&arena);
    arena_init(&arena, 1u << 20);
    assert_int_equal(canon_parse(&arena, bytes_text(json), &root, NULL),
                     ERR_OK);
    return blob_ref_read(root, out);
}

static void a_reference_survives_writing_and_reading(void **state)
{
    (void)state;
    struct blob_ref ref;
    struct buffer out;
    assert_true(reads(PHOTO, &ref));
    assert_int_equal(ref.bytes, 70000);
    assert_int_equal(ref.blob[31], 0x1f);
    assert_int_equal(ref.salt[15], 0x0f);
    assert_true(bytes_is(ref.name, "roof.jpg"));
    buffer_init(&out, 4096);
    assert_int_equal(blob_ref_write(&out, &ref), ERR_OK);
    assert_string_equal(buffer_text(&out), PHOTO);
    buffer_fini(&out);
}

static void what_is_no_reference_names_nothing(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{}",
        "{\"blob\":\"" BLOB "\",\"bytes\":1,\"name\":\"a\",\"type\":\"a/b\"}",
        REF("0", "a", "a/b"),
        REF("-1", "a", "a/b"),
        REF("536870913", "a", "a/b"),
        REF("\"1\"", "a", "a/b"),
        REF("1", "", "a/b"),
        REF("1", "../../etc/passwd", "a/b"),
        REF("1", "\\u001b[2J", "a/b"),
        REF("1", "a", "jpeg"),
        REF("1", "a", "a/b/c"),
        REF("1", "a", "image/ jpeg"),
        "{\"blob\":\"ABC\",\"bytes\":1,\"name\":\"a\",\"salt\":\"" SALT
        "\",\"type\":\"a/b\"}",
        "[" PHOTO "]",
        "\"" BLOB "\"",
    };
    struct blob_ref ref;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (reads(others[i], &ref))
            fail_msg("%s", others[i]);
}

static enum err count(void *context, const struct blob_ref *ref,
                      const struct canon *value)
{
    assert_int_equal(ref->bytes, 70000);
    assert_true(bytes_is(value->raw, PHOTO));
    ++*(int *)context;
    return ERR_OK;
}

static void references_are_found_alone_and_in_lists(void **state)
{
    (void)state;
    struct arena arena;
    const struct canon *root;
    int found = 0;
    arena_init(&arena, 1u << 20);
    assert_int_equal(
        canon_parse(&arena,
                    bytes_text("{\"a\":[" PHOTO ",\"x\"," PHOTO "],\"b\":" PHOTO
                               ",\"c\":7,\"d\":{\"e\":" PHOTO "}}"),
                    &root, NULL),
        ERR_OK);
    assert_int_equal(blob_refs(root, count, &found), ERR_OK);
    assert_int_equal(found, 3); /* what stands deeper is none */
    assert_int_equal(blob_refs(NULL, count, &found), ERR_OK);
    arena_fini(&arena);
}

static void name_of(uint8_t out[HASH_BYTES], uint8_t salt, const char *text,
                    size_t piece)
{
    uint8_t key[BLOB_SALT_BYTES] = {salt};
    struct blob_hasher *hasher;
    assert_int_equal(blob_hasher_new(&hasher, key), ERR_OK);
    for (size_t at = 0, size = strlen(text); at < size; at += piece)
        blob_hasher_add(
            hasher, bytes_of(text + at, size - at < piece ? size - at : piece));
    blob_hasher_end(hasher, out);
    blob_hasher_free(hasher);
}

/* Otherwise whoever sees the name can tell of which document it is. */
static void the_name_depends_on_the_salt_and_not_on_the_pieces(void **state)
{
    (void)state;
    static const char text[] = "Authorization of Release of Information";
    uint8_t a[HASH_BYTES], b[HASH_BYTES], c[HASH_BYTES], plain[HASH_BYTES];
    name_of(a, 1, text, 100);
    name_of(b, 1, text, 7);
    name_of(c, 2, text, 100);
    hash_bytes(plain, bytes_text(text));
    assert_memory_equal(a, b, HASH_BYTES);
    assert_memory_not_equal(a, c, HASH_BYTES);
    assert_memory_not_equal(a, plain, HASH_BYTES);
}

static void the_sealed_form_adds_forty_bytes_a_chunk(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {
        {1, 41},        {65535, 65575},   {65536, 65576},
        {65537, 65617}, {131072, 131152}, {BLOB_BYTES_MAX, 537198592},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_int_equal(blob_sealed_bytes(sizes[i][0]), sizes[i][1]);
    uint8_t ad[BLOB_AD_BYTES], salt[BLOB_SALT_BYTES] = {9};
    blob_ad(ad, salt, 258);
    assert_memory_equal(ad, "blob\0\t", 6);
    assert_int_equal(ad[21], 2);
    assert_int_equal(ad[22], 1);
}

static void a_field_for_attachments_takes_nothing_else(void **state)
{
    (void)state;
    struct schema *schema;
    struct arena arena;
    const struct canon *good, *bad;
    char detail[SCHEMA_DETAIL_CHARS];
    assert_int_equal(schema_new(&schema), ERR_OK);
    assert_int_equal(
        schema_add(schema,
                   bytes_text("{\"type\":\"t\",\"version\":1,\"fields\":{\"f\":"
                              "{\"kind\":\"attachment\",\"rule\":\"fixed\"}}}"),
                   detail),
        ERR_OK);
    const struct schema_field *field =
        type_field(schema_type(schema, bytes_text("t")), bytes_text("f"));
    arena_init(&arena, 1u << 20);
    assert_int_equal(canon_parse(&arena, bytes_text(PHOTO), &good, NULL),
                     ERR_OK);
    assert_int_equal(
        canon_parse(&arena, bytes_text("\"roof.jpg\""), &bad, NULL), ERR_OK);
    assert_int_equal(field_check(field, good, detail), ERR_OK);
    assert_int_equal(field_check(field, bad, detail), ERR_INVALID);
    assert_non_null(strstr(detail, "attachment"));
    arena_fini(&arena);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_survives_writing_and_reading),
        cmocka_unit_test(what_is_no_reference_names_nothing),
        cmocka_unit_test(references_are_found_alone_and_in_lists),
        cmocka_unit_test(the_name_depends_on_the_salt_and_not_on_the_pieces),
        cmocka_unit_test(the_sealed_form_adds_forty_bytes_a_chunk),
        cmocka_unit_test(a_field_for_attachments_takes_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
