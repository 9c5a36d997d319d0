#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/proof.h"
#include "tests/fault.h"

#define LINEAGE "AAAAAAAAAAAAAAAAAAAAAA"

struct scene {
    struct keypair root, term, writer;
    struct buffer term_text, writer_text, json;
    struct proof_receipt receipt;
};

static void certify(struct scene *s)
{
    char scopes[1][SCOPE_CHARS_MAX + 1] = {"caseload:east"};
    struct term_certificate term = {.agency = "north", .at = 7};
    struct certificate writer = {.agency = "north",
                                 .user = "dana",
                                 .role = "worker",
                                 .at = 8,
                                 .scopes = scopes,
                                 .scope_count = 1};
    memcpy(term.key, s->term.public_key, KEY_BYTES);
    replica_id(term.replica, 'o', "north", term.key);
    memcpy(writer.key, s->writer.public_key, KEY_BYTES);
    replica_id(writer.replica, 'w', "north", writer.key);
    assert_int_equal(term_certificate_write(&s->term_text, &term), ERR_OK);
    assert_int_equal(certificate_write(&s->writer_text, &writer), ERR_OK);
    struct proof_receipt *p = &s->receipt;
    p->term = buffer_bytes(&s->term_text);
    p->writer = buffer_bytes(&s->writer_text);
    chain_sign(p->term_sig, &s->root, DOMAIN_TERM, p->term);
    chain_sign(p->writer_sig, &s->root, DOMAIN_CERT, p->writer);
    memcpy(p->receipt.replica, writer.replica, sizeof writer.replica);
}

static void receipt_make(struct scene *s, bool backed, int64_t n)
{
    struct buffer said;
    struct receipt *r = &s->receipt.receipt;
    buffer_init(&said, 4096);
    memcpy(r->agency, "north", 6);
    memcpy(r->lineage, LINEAGE, sizeof LINEAGE);
    r->n = n;
    memset(r->link, (int)n, sizeof r->link);
    s->receipt.backed = backed;
    s->receipt.taken_at = 9;
    assert_int_equal(receipt_message(&said, r), ERR_OK);
    chain_sign(r->signature, &s->term, backed ? DOMAIN_BACKED : DOMAIN_RECEIPT,
               buffer_bytes(&said));
    buffer_fini(&said);
}

static int scene_open(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    uint8_t seed[32] = {1};
    keypair_from_seed(&s->root, seed);
    seed[0] = 2;
    keypair_from_seed(&s->term, seed);
    seed[0] = 3;
    keypair_from_seed(&s->writer, seed);
    buffer_init(&s->term_text, 4096);
    buffer_init(&s->writer_text, 4096);
    buffer_init(&s->json, PROOF_BYTES_MAX);
    certify(s);
    proof_begin(&s->json, "north");
    receipt_make(s, false, 5);
    proof_add(&s->json, &s->receipt, true);
    receipt_make(s, true, 3);
    proof_add(&s->json, &s->receipt, false);
    assert_int_equal(proof_end(&s->json, s->root.public_key), ERR_OK);
    *state = s;
    return 0;
}

static int scene_close(void **state)
{
    struct scene *s = *state;
    buffer_fini(&s->term_text);
    buffer_fini(&s->writer_text);
    buffer_fini(&s->json);
    free(s);
    return 0;
}

static enum err tell(void *context, const struct proof_receipt *p,
                     const struct certificate *writer)
{
    char *told = context;
    assert_string_equal(writer->user, "dana");
    strcat(told, p->backed ? "backed " : "received ");
    strcat(told, p->receipt.n == 5 ? "5 " : "3 ");
    return ERR_OK;
}

static enum err check(struct bytes json, const uint8_t root[KEY_BYTES],
                      char told[64])
{
    struct arena arena;
    told[0] = '\0';
    arena_init(&arena, 1u << 20);
    enum err err = proof_check(&arena, json, root, tell, told);
    arena_fini(&arena);
    return err;
}

static void a_proof_verifies_with_the_root_key_alone(void **state)
{
    struct scene *s = *state;
    char told[64];
    struct bytes json = buffer_bytes(&s->json);
    assert_int_equal(check(json, s->root.public_key, told), ERR_OK);
    assert_string_equal(told, "received 5 backed 3 ");
    assert_int_equal(check(json, s->term.public_key, told), ERR_SIGNATURE);
    assert_string_equal(told, "");
}

static void no_changed_byte_goes_unnoticed(void **state)
{
    struct scene *s = *state;
    char told[64];
    struct bytes json = buffer_bytes(&s->json);
    uint8_t *copy = malloc(json.size);
    size_t passed = 0;
    for (size_t i = 0; i < json.size; i++) {
        memcpy(copy, json.at, json.size);
        copy[i] ^= 1;
        if (!check(bytes_of(copy, json.size), s->root.public_key, told)) {
            passed++; /* taken_at, proof and root are not signed */
            assert_string_equal(told, "received 5 backed 3 ");
        }
    }
    free(copy);
    assert_in_range(passed, 1, 64);
}

static void an_empty_proof_proves_nothing(void **state)
{
    struct scene *s = *state;
    char told[64];
    struct buffer json;
    buffer_init(&json, 4096);
    proof_begin(&json, "north");
    assert_int_equal(proof_end(&json, s->root.public_key), ERR_OK);
    assert_int_equal(check(buffer_bytes(&json), s->root.public_key, told),
                     ERR_INVALID);
    buffer_fini(&json);
    assert_int_equal(check(bytes_text("{}"), s->root.public_key, told),
                     ERR_INVALID);
    assert_int_equal(check(bytes_text(""), s->root.public_key, told),
                     ERR_INVALID);
}

static void checking_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    for (int nth = 1;; nth++) {
        char told[64];
        fault_at(nth, false);
        enum err err = check(buffer_bytes(&s->json), s->root.public_key, told);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        if (!hit) {
            assert_true(nth > 1);
            return;
        }
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_proof_verifies_with_the_root_key_alone),
        TEST(no_changed_byte_goes_unnoticed),
        TEST(an_empty_proof_proves_nothing),
        TEST(checking_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
