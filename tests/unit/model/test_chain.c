#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/chain.h"

static void setup_keys(struct keypair *keys, uint8_t first)
{
    uint8_t seed[32] = {first};
    keypair_from_seed(keys, seed);
}

static void a_signature_verifies_under_its_own_domain_only(void **state)
{
    (void)state;
    static const char *const domains[] = {
        DOMAIN_LINK, DOMAIN_REQUEST, DOMAIN_RECEIPT,   DOMAIN_LEAVE,
        DOMAIN_CERT, DOMAIN_TERM,    DOMAIN_SUCCESSOR, DOMAIN_STATEMENT};
    size_t count = sizeof domains / sizeof *domains;
    struct keypair keys;
    setup_keys(&keys, 1);
    struct bytes message = bytes_text("{\"n\":1}");
    for (size_t i = 0; i < count; i++) {
        uint8_t signature[SIGNATURE_BYTES];
        chain_sign(signature, &keys, domains[i], message);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(
                chain_verify(signature, keys.public_key, domains[j], message),
                i == j ? ERR_OK : ERR_SIGNATURE);
    }
}

static void a_changed_bit_anywhere_is_noticed(void **state)
{
    (void)state;
    struct keypair keys, other;
    setup_keys(&keys, 1);
    setup_keys(&other, 2);
    uint8_t message[40] = "the bytes that are signed";
    uint8_t signature[SIGNATURE_BYTES];
    struct bytes signed_bytes = bytes_of(message, sizeof message);
    chain_sign(signature, &keys, DOMAIN_LINK, signed_bytes);
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            chain_verify(signature, keys.public_key, DOMAIN_LINK, signed_bytes),
            ERR_SIGNATURE);
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            chain_verify(signature, keys.public_key, DOMAIN_LINK, signed_bytes),
            ERR_SIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(
        chain_verify(signature, other.public_key, DOMAIN_LINK, signed_bytes),
        ERR_SIGNATURE);
    assert_int_equal(
        chain_verify(signature, keys.public_key, DOMAIN_LINK, signed_bytes),
        ERR_OK);
}

static void the_longest_message_is_signed_and_longer_ones_refused(void **state)
{
    (void)state;
    struct keypair keys;
    setup_keys(&keys, 3);
    uint8_t *message = calloc(1, SIGN_BYTES_MAX + 1);
    assert_non_null(message);
    uint8_t signature[SIGNATURE_BYTES];
    chain_sign(signature, &keys, DOMAIN_REQUEST,
               bytes_of(message, SIGN_BYTES_MAX));
    assert_int_equal(chain_verify(signature, keys.public_key, DOMAIN_REQUEST,
                                  bytes_of(message, SIGN_BYTES_MAX)),
                     ERR_OK);
    assert_int_equal(chain_verify(signature, keys.public_key, DOMAIN_REQUEST,
                                  bytes_of(message, SIGN_BYTES_MAX + 1)),
                     ERR_TOO_BIG);
    free(message);
}

static void a_chain_depends_on_agency_key_and_every_line(void **state)
{
    (void)state;
    uint8_t key[KEY_BYTES] = {1}, other_key[KEY_BYTES] = {2};
    uint8_t a[LINK_BYTES], b[LINK_BYTES];
    link_zero(a, "north", key);
    link_zero(b, "north", key);
    assert_memory_equal(a, b, sizeof a);
    link_zero(b, "south", key);
    assert_memory_not_equal(a, b, sizeof a);
    link_zero(b, "north", other_key);
    assert_memory_not_equal(a, b, sizeof a);

    uint8_t one[HASH_BYTES] = {1}, two[HASH_BYTES] = {2};
    memcpy(b, a, sizeof b);
    link_next(a, one);
    link_next(a, two);
    link_next(b, two);
    link_next(b, one);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_verifies_under_its_own_domain_only),
        cmocka_unit_test(a_changed_bit_anywhere_is_noticed),
        cmocka_unit_test(the_longest_message_is_signed_and_longer_ones_refused),
        cmocka_unit_test(a_chain_depends_on_agency_key_and_every_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
