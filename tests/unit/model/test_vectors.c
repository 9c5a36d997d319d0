#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "shared/model/chain.h"
#include "shared/model/revision.h"

#define ARENA_BYTES (1u << 20)

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return root;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    return text;
}

/* The input of a case: text, or bytes that no text can hold. */
static struct bytes input_of(const json_t *object, const char *name,
                             uint8_t *room, size_t room_size)
{
    const char *hex = json_string_value(json_object_get(object, "hex"));
    if (!hex)
        return bytes_text(text_of(object, name));
    size_t size = strlen(hex) / 2;
    assert_true(size <= room_size);
    assert_int_equal(hex_decode(room, size, bytes_text(hex)), ERR_OK);
    return bytes_of(room, size);
}

static void assert_fault(const json_t *test, const struct canon_fault *fault)
{
    assert_string_equal(fault->what, text_of(test, "reason"));
    assert_int_equal(fault->offset,
                     json_integer_value(json_object_get(test, "offset")));
}

static void valid_lines_are_accepted(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/canonical.json"), *test;
    size_t i;
    json_array_foreach(json_object_get(root, "valid"), i, test)
    {
        struct arena arena;
        arena_init(&arena, ARENA_BYTES);
        const struct canon *value;
        struct bytes line = bytes_text(json_string_value(test));
        assert_int_equal(canon_parse(&arena, line, &value, NULL), ERR_OK);
        assert_true(bytes_equal(value->raw, line));
        arena_fini(&arena);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void invalid_lines_are_refused_at_their_offset(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/canonical.json"), *test;
    size_t i;
    json_array_foreach(json_object_get(root, "invalid"), i, test)
    {
        struct arena arena;
        arena_init(&arena, ARENA_BYTES);
        const struct canon *value;
        struct canon_fault fault;
        uint8_t room[256];
        struct bytes line = input_of(test, "line", room, sizeof room);
        assert_int_equal(canon_parse(&arena, line, &value, &fault),
                         ERR_INVALID);
        assert_null(value);
        assert_fault(test, &fault);
        arena_fini(&arena);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void loose_json_becomes_its_canonical_form(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/canonical.json"), *test;
    size_t i;
    json_array_foreach(json_object_get(root, "pairs"), i, test)
    {
        struct buffer out;
        buffer_init(&out, ARENA_BYTES);
        struct bytes loose = bytes_text(text_of(test, "loose"));
        assert_int_equal(canon_normalise(&out, loose, NULL), ERR_OK);
        assert_string_equal(buffer_text(&out), text_of(test, "canonical"));
        buffer_fini(&out);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void what_is_no_json_becomes_nothing(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/canonical.json"), *test;
    size_t i;
    json_array_foreach(json_object_get(root, "refused"), i, test)
    {
        struct buffer out;
        buffer_init(&out, ARENA_BYTES);
        struct canon_fault fault;
        uint8_t room[256];
        struct bytes loose = input_of(test, "loose", room, sizeof room);
        assert_int_equal(canon_normalise(&out, loose, &fault), ERR_INVALID);
        assert_int_equal(out.size, 0);
        assert_fault(test, &fault);
        buffer_fini(&out);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void decode(const json_t *object, const char *name, void *out,
                   size_t size)
{
    struct bytes text = bytes_text(text_of(object, name));
    assert_int_equal(base64_decode(out, size, text), ERR_OK);
}

static void assert_bytes(const json_t *object, const char *name,
                         const uint8_t *at, size_t size)
{
    uint8_t expected[64];
    assert_true(size <= sizeof expected);
    decode(object, name, expected, size);
    assert_memory_equal(at, expected, size);
}

/* One line of a log: hash, link, signature and what it says of itself. */
static void check_line(const json_t *test, const char *replica, int64_t n,
                       const struct keypair *keys, uint8_t link[LINK_BYTES])
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct bytes line = bytes_text(text_of(test, "line"));
    const struct revision *revision;
    assert_int_equal(revision_parse(&arena, line, &revision, NULL), ERR_OK);
    assert_string_equal(revision->dot.replica, replica);
    assert_int_equal(revision->dot.n, n);
    assert_string_equal(revision->write, text_of(test, "write"));
    assert_bytes(test, "hash", revision->hash, HASH_BYTES);
    uint8_t share[8];
    store_le64(share, hash_share(revision->hash));
    assert_bytes(test, "share", share, sizeof share);
    link_next(link, revision->hash);
    assert_bytes(test, "link", link, LINK_BYTES);
    uint8_t signature[SIGNATURE_BYTES];
    chain_sign(signature, keys, DOMAIN_LINK, bytes_of(link, LINK_BYTES));
    assert_bytes(test, "signature", signature, sizeof signature);
    arena_fini(&arena);
}

static void logs_have_these_names_hashes_and_links(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/chain.json"), *test, *line;
    const char *agency = text_of(root, "agency");
    size_t i, n;
    json_array_foreach(json_object_get(root, "replicas"), i, test)
    {
        uint8_t seed[32], link[LINK_BYTES];
        struct keypair keys;
        char replica[REPLICA_CHARS + 1];
        decode(test, "seed", seed, sizeof seed);
        keypair_from_seed(&keys, seed);
        assert_bytes(test, "key", keys.public_key, KEY_BYTES);
        replica_id(replica, text_of(test, "kind")[0], agency, keys.public_key);
        assert_string_equal(replica, text_of(test, "replica"));
        link_zero(link, agency, keys.public_key);
        assert_bytes(test, "link_zero", link, LINK_BYTES);
        json_array_foreach(json_object_get(test, "lines"), n, line)
            check_line(line, replica, (int64_t)n + 1, &keys, link);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void statements_have_these_signatures(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/chain.json"), *test;
    const json_t *signer = json_array_get(json_object_get(root, "replicas"), 0);
    uint8_t seed[32];
    struct keypair keys;
    decode(signer, "seed", seed, sizeof seed);
    keypair_from_seed(&keys, seed);
    size_t i;
    json_array_foreach(json_object_get(root, "signatures"), i, test)
    {
        uint8_t message[1024], signature[SIGNATURE_BYTES];
        size_t size;
        assert_int_equal(base64_decode_any(message, sizeof message,
                                           bytes_text(text_of(test, "message")),
                                           &size),
                         ERR_OK);
        chain_sign(signature, &keys, text_of(test, "domain"),
                   bytes_of(message, size));
        assert_bytes(test, "signature", signature, sizeof signature);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void contexts_have_these_tokens(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/chain.json"), *test, *n;
    size_t i;
    json_array_foreach(json_object_get(root, "contexts"), i, test)
    {
        struct seen seen, read;
        struct buffer token;
        const char *record = text_of(test, "record"), *replica;
        seen_init(&seen);
        seen_init(&read);
        buffer_init(&token, 4096);
        json_object_foreach(json_object_get(test, "seen"), replica, n)
            assert_int_equal(
                seen_raise(&seen, bytes_text(replica), json_integer_value(n)),
                ERR_OK);
        assert_int_equal(context_write(&token, record, 0, &seen), ERR_OK);
        assert_string_equal(buffer_text(&token), text_of(test, "token"));
        assert_int_equal(
            context_read(&read, NULL, record, buffer_bytes(&token)), ERR_OK);
        assert_true(seen_covers(&seen, &read) && seen_covers(&read, &seen));
        seen_fini(&seen);
        seen_fini(&read);
        buffer_fini(&token);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void derived_ids_are_these(void **state)
{
    (void)state;
    json_t *root = load("tests/vectors/chain.json"), *test;
    size_t i;
    json_array_foreach(json_object_get(root, "derived"), i, test)
    {
        char id[ID_CHARS + 1];
        id_derive(id, text_of(test, "space"),
                  bytes_text(text_of(test, "name")));
        assert_string_equal(id, text_of(test, "id"));
        assert_true(id_valid(bytes_text(id)));
    }
    assert_true(i > 0);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_lines_are_accepted),
        cmocka_unit_test(invalid_lines_are_refused_at_their_offset),
        cmocka_unit_test(loose_json_becomes_its_canonical_form),
        cmocka_unit_test(what_is_no_json_becomes_nothing),
        cmocka_unit_test(logs_have_these_names_hashes_and_links),
        cmocka_unit_test(statements_have_these_signatures),
        cmocka_unit_test(contexts_have_these_tokens),
        cmocka_unit_test(derived_ids_are_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
