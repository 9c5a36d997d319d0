#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "shared/wire/deflate.h"
#include "tests/unit/server/device.h"

#define NONCE_BYTES 24

/* A locked device's push: lines as they are stored. */
struct parcel {
    uint8_t key[32];
    struct buffer text;
};

static void put_key(struct parcel *push, const struct place *place,
                    const char *token)
{
    uint8_t wrap[32 + crypto_box_SEALBYTES];
    struct key_line line = {.kase = bytes_text(token),
                            .wrap = bytes_of(wrap, sizeof wrap)};
    randombytes_buf(push->key, sizeof push->key);
    crypto_box_seal(wrap, push->key, sizeof push->key,
                    place->office->keys.box_public);
    assert_int_equal(key_line_write(&push->text, &line), ERR_OK);
    buffer_add_char(&push->text, '\n');
}

static void plain_of(struct buffer *plain, const char *line, bool packed)
{
    struct deflate_line *deflate;
    buffer_add_char(plain, packed ? 1 : 0);
    if (!packed) {
        buffer_add_text(plain, line);
        return;
    }
    assert_int_equal(deflate_line_new(&deflate, 6), ERR_OK);
    assert_int_equal(deflate_line_pack(deflate, bytes_text(line), plain),
                     ERR_OK);
    deflate_line_free(deflate);
}

static void put_sealed(struct parcel *push, const struct device *d, int64_t n,
                       const char *token, bool packed)
{
    struct buffer plain, body;
    char ad[64];
    buffer_init(&plain, 1u << 20);
    buffer_init(&body, 1u << 20);
    plain_of(&plain, d->lines[n], packed);
    int ad_size = snprintf(ad, sizeof ad, "log%c%s%c%lld", 0, d->replica, 0,
                           (long long)n);
    assert_int_equal(buffer_reserve(&body, plain.size + 64), ERR_OK);
    randombytes_buf(body.at, NONCE_BYTES);
    unsigned long long size;
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        body.at + NONCE_BYTES, &size, plain.at, plain.size, (const uint8_t *)ad,
        (unsigned long long)ad_size, NULL, body.at, push->key);
    struct sealed_line line = {
        .n = n,
        .kase = bytes_text(token),
        .body = bytes_of(body.at, NONCE_BYTES + (size_t)size)};
    assert_int_equal(sealed_line_write(&push->text, &line), ERR_OK);
    buffer_add_char(&push->text, '\n');
    buffer_fini(&plain);
    buffer_fini(&body);
}

static void put_sign(struct parcel *push, const struct device *d, int64_t n)
{
    struct sign_line sign = {.n = n};
    chain_sign(sign.signature, &d->keys, DOMAIN_LINK,
               bytes_of(d->links[n], LINK_BYTES));
    assert_int_equal(sign_line_write(&push->text, &sign), ERR_OK);
    buffer_add_char(&push->text, '\n');
}

static void send(struct parcel *push, struct device *d, struct place *place,
                 struct reply *reply)
{
    struct buffer request;
    buffer_init(&request, 1u << 20);
    device_request(d, DEVICE_LOCKED | DEVICE_NO_LINES, NULL,
                   buffer_text(&push->text), &request);
    device_send(d, place, buffer_bytes(&request), reply);
    buffer_fini(&request);
    buffer_fini(&push->text);
}

static void begin(struct parcel *push, struct device *d, struct place *place)
{
    buffer_init(&push->text, 1u << 20);
    device_enrol(d, place, "dana");
    device_create(d, "person", PERSON, PERSON, NAMED);
    device_create(d, "contact", NOTE, PERSON, TOLD);
}

static void a_locked_device_brings_its_work_to_safety(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct parcel push;
    struct reply reply;
    begin(&push, &dana, place);
    put_key(&push, place, "1");
    put_sealed(&push, &dana, 1, "1", false);
    put_sealed(&push, &dana, 2, "1", true);
    put_sign(&push, &dana, 2);
    send(&push, &dana, place, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.header.state, REPLY_LOCKED);
    assert_int_equal(reply.header.receipt.n, 2);
    assert_int_equal(reply.header.wants_from, 0);
    reply_fini(&reply);
    device_enrol(&lee, place, "lee");
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

static void what_does_not_open_is_asked_for_in_plain(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct parcel push;
    struct reply reply;
    begin(&push, &dana, place);
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    put_key(&push, place, "1");
    put_sealed(&push, &dana, 1, "1", true);
    put_sign(&push, &dana, 1);
    put_sealed(&push, &dana, 2, "2", true); /* no such key */
    put_sealed(&push, &dana, 3, "1", true);
    put_sign(&push, &dana, 3);
    send(&push, &dana, place, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.header.receipt.n, 1);
    assert_int_equal(reply.header.wants_from, 2);
    assert_int_equal(reply.header.wants_to, 3);
    reply_fini(&reply);
    /* Unlocked, it sends all of it again. */
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.head, 3);
    reply_fini(&reply);
    device_fini(&dana);
}

static void a_seal_belongs_to_its_place(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct parcel push;
    struct reply reply;
    begin(&push, &dana, place);
    put_key(&push, place, "1");
    char *first = dana.lines[1];
    dana.lines[1] = dana.lines[2]; /* sealed as 1, sent as 2 */
    put_sealed(&push, &dana, 1, "1", false);
    dana.lines[1] = first;
    char *found = strstr(buffer_text(&push.text), "\"n\":1");
    found[4] = '2';
    put_sign(&push, &dana, 2);
    send(&push, &dana, place, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.header.head, 0);
    assert_int_equal(reply.header.wants_from, 2);
    reply_fini(&reply);
    device_fini(&dana);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_locked_device_brings_its_work_to_safety),
        TEST(what_does_not_open_is_asked_for_in_plain),
        TEST(a_seal_belongs_to_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
