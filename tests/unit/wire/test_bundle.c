#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/wire/bundle.h"
#include "tests/fault.h"

static const uint8_t box_seed[32] = {1}, device_seed[32] = {2},
                     term_seed[32] = {3};
static const struct bundle_label label = {
    .kind = BUNDLE_REQUEST, .agency = "north", .replica = "wAbCdEfGhIjKl"};
static const char content[] = "what is inside";

struct keys {
    uint8_t box[KEY_BYTES], secret[32];
};

static struct keys office_keys(void)
{
    struct keys keys;
    crypto_box_seed_keypair(keys.box, keys.secret, box_seed);
    return keys;
}

static void sealed_make(struct buffer *out, const struct bundle_label *of)
{
    struct keys keys = office_keys();
    buffer_init(out, BUNDLE_BYTES_MAX);
    assert_int_equal(bundle_seal(out, of, keys.box, bytes_text(content)),
                     ERR_OK);
}

/* Reads label and content of a file; what came out of it is compared. */
static enum err file_open(struct bytes file, struct bundle_label *got)
{
    struct keys keys = office_keys();
    struct bytes sealed;
    struct buffer plain;
    buffer_init(&plain, BUNDLE_BYTES_MAX);
    enum err err = bundle_label_read(file, got, &sealed);
    if (!err)
        err = bundle_open(&plain, sealed, keys.box, keys.secret);
    if (!err)
        assert_string_equal(buffer_text(&plain), content);
    buffer_fini(&plain);
    return err;
}

static void a_bundle_opens_with_its_key(void **state)
{
    (void)state;
    for (int kind = BUNDLE_REQUEST; kind <= BUNDLE_REPLY; kind++) {
        struct bundle_label of = label, got;
        struct buffer file;
        of.kind = (enum bundle_kind)kind;
        sealed_make(&file, &of);
        assert_int_equal(file_open(buffer_bytes(&file), &got), ERR_OK);
        assert_int_equal(got.kind, of.kind);
        assert_string_equal(got.agency, "north");
        assert_string_equal(got.replica, "wAbCdEfGhIjKl");
        assert_null(strstr(buffer_text(&file), content));
        buffer_fini(&file);
    }
}

static void cut_at_any_byte_it_does_not(void **state)
{
    (void)state;
    struct bundle_label got;
    struct buffer file;
    sealed_make(&file, &label);
    for (size_t size = 0; size < file.size; size++) {
        enum err err = file_open(bytes_of(file.at, size), &got);
        assert_true(err == ERR_FOREIGN || err == ERR_CORRUPT);
    }
    buffer_fini(&file);
}

static void altered_in_any_sealed_byte_it_does_not(void **state)
{
    (void)state;
    struct bundle_label got;
    struct buffer file;
    sealed_make(&file, &label);
    size_t at = (size_t)((uint8_t *)memchr(file.at, '\n', file.size) - file.at);
    for (size_t i = at + 1; i < file.size; i++) {
        file.at[i] ^= 0x40;
        assert_int_equal(file_open(buffer_bytes(&file), &got), ERR_CORRUPT);
        file.at[i] ^= 0x40;
    }
    buffer_fini(&file);
}

static void what_is_no_bundle_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } cases[] = {
        {"", ERR_FOREIGN},
        {"\n", ERR_FOREIGN},
        {"SQLite format 3\n", ERR_FOREIGN},
        {"{\"bundle\":{}}\n", ERR_FOREIGN},
        {"{\"bundle\":{\"version\":2}}\n", ERR_UNSUPPORTED},
        {"{\"bundle\":{\"agency\":\"north\",\"kind\":\"gift\",\"replica\":"
         "\"wAbCdEfGhIjKl\",\"version\":1}}\n",
         ERR_FOREIGN},
        {"{\"bundle\":{\"agency\":\"No\",\"kind\":\"reply\",\"replica\":"
         "\"wAbCdEfGhIjKl\",\"version\":1}}\n",
         ERR_FOREIGN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bundle_label got;
        assert_int_equal(file_open(bytes_text(cases[i].text), &got),
                         cases[i].err);
    }
}

static void a_reply_is_sealed_to_the_transport_key(void **state)
{
    (void)state;
    struct keypair device;
    uint8_t to[KEY_BYTES], box[KEY_BYTES], secret[32];
    struct bytes sealed;
    struct bundle_label got;
    struct buffer file, plain;
    keypair_from_seed(&device, device_seed);
    assert_int_equal(bundle_reply_key(to, device.public_key), ERR_OK);
    assert_int_equal(bundle_reply_secret(box, secret, &device), ERR_OK);
    assert_memory_equal(to, box, sizeof to);
    buffer_init(&file, BUNDLE_BYTES_MAX);
    buffer_init(&plain, BUNDLE_BYTES_MAX);
    assert_int_equal(bundle_seal(&file, &label, to, bytes_text(content)),
                     ERR_OK);
    assert_int_equal(bundle_label_read(buffer_bytes(&file), &got, &sealed),
                     ERR_OK);
    assert_int_equal(bundle_open(&plain, sealed, box, secret), ERR_OK);
    assert_string_equal(buffer_text(&plain), content);
    buffer_fini(&plain);
    buffer_fini(&file);
}

/* --- replies -------------------------------------------------------------- */

static void reply_make(struct buffer *out, const char *body)
{
    struct keypair term;
    struct bundle_reply reply = {.at = 7,
                                 .status = 200,
                                 .header = bytes_text("{\"a\":\"\\n\"}"),
                                 .term = bytes_text("{\"t\":1}"),
                                 .body = bytes_text(body)};
    keypair_from_seed(&term, term_seed);
    memset(reply.term_signature, 9, sizeof reply.term_signature);
    buffer_init(out, BUNDLE_BYTES_MAX);
    assert_int_equal(bundle_reply_write(out, &reply, &term), ERR_OK);
}

static enum err reply_check(struct bytes written)
{
    struct keypair term;
    struct arena arena;
    struct bundle_reply reply;
    struct bundle_signed proof;
    keypair_from_seed(&term, term_seed);
    arena_init(&arena, 1u << 20);
    enum err err = bundle_reply_read(&arena, written, &reply, &proof);
    if (!err)
        err = bundle_reply_verify(&proof, term.public_key);
    if (!err) {
        assert_int_equal(reply.at, 7);
        assert_int_equal(reply.status, 200);
        assert_true(bytes_is(reply.header, "{\"a\":\"\\n\"}"));
        assert_true(bytes_is(reply.term, "{\"t\":1}"));
        assert_int_equal(reply.term_signature[63], 9);
        assert_true(bytes_is(reply.body, "one\ntwo\n"));
    }
    arena_fini(&arena);
    return err;
}

static void a_reply_says_what_was_written(void **state)
{
    (void)state;
    struct buffer reply;
    reply_make(&reply, "one\ntwo\n");
    assert_int_equal(reply_check(buffer_bytes(&reply)), ERR_OK);
    buffer_fini(&reply);
}

static void no_byte_of_a_reply_can_be_altered_or_left_out(void **state)
{
    (void)state;
    struct buffer reply;
    reply_make(&reply, "one\ntwo\n");
    for (size_t i = 0; i < reply.size; i++) {
        assert_int_not_equal(reply_check(bytes_of(reply.at, i)), ERR_OK);
        reply.at[i] ^= 1;
        assert_int_not_equal(reply_check(buffer_bytes(&reply)), ERR_OK);
        reply.at[i] ^= 1;
    }
    assert_int_equal(reply_check(buffer_bytes(&reply)), ERR_OK);
    buffer_fini(&reply);
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    struct buffer reply, file;
    struct bundle_label got;
    reply_make(&reply, "one\ntwo\n");
    sealed_make(&file, &label);
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = reply_check(buffer_bytes(&reply));
        if (!err)
            err = file_open(buffer_bytes(&file), &got);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        if (!hit) {
            assert_true(nth > 3);
            break;
        }
    }
    buffer_fini(&file);
    buffer_fini(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_opens_with_its_key),
        cmocka_unit_test(cut_at_any_byte_it_does_not),
        cmocka_unit_test(altered_in_any_sealed_byte_it_does_not),
        cmocka_unit_test(what_is_no_bundle_is_told_apart),
        cmocka_unit_test(a_reply_is_sealed_to_the_transport_key),
        cmocka_unit_test(a_reply_says_what_was_written),
        cmocka_unit_test(no_byte_of_a_reply_can_be_altered_or_left_out),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
