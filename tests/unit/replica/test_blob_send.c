/* Attachments on their way to the office, and when they may go from here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "shared/replica/leave.h"
#include "shared/replica/vault_inner.h"
#include "tests/unit/replica/photo.h"

static void
F16_any_piece_of_the_sealed_form_can_be_had_while_locked(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES], key[SECRET_BYTES];
    struct blob_outgoing out;
    struct buffer whole, pieces;
    assert_int_equal(photo_attach(p, PHOTO_BYTES, blob), ERR_OK);
    struct photo_found found = photo_refs(p->dana.vault, p->contact);
    vault_lock(p->dana.vault);
    assert_int_equal(blob_unsent(p->dana.vault, 0, p->far->lineage, &out),
                     ERR_OK);
    assert_true(out.id > 0);
    assert_memory_equal(out.blob, blob, HASH_BYTES);
    assert_int_equal(out.sealed_bytes, PHOTO_BYTES + 3 * BLOB_SEAL_BYTES);
    buffer_init(&whole, 1u << 20);
    buffer_init(&pieces, 1u << 20);
    assert_int_equal(blob_sealed(p->dana.vault, out.id, 0, 1u << 20, &whole),
                     ERR_OK);
    assert_int_equal(whole.size, out.sealed_bytes);
    while (pieces.size < whole.size)
        assert_int_equal(blob_sealed(p->dana.vault, out.id,
                                     (int64_t)pieces.size, 9973, &pieces),
                         ERR_OK);
    assert_true(bytes_equal(buffer_bytes(&whole), buffer_bytes(&pieces)));
    /* The office's wrapping opens it. */
    assert_int_equal(crypto_box_seal_open(key, out.wrap, out.wrap_bytes,
                                          p->far->box, p->far->box_secret),
                     0);
    uint8_t ad[BLOB_AD_BYTES], plain[BLOB_CHUNK_BYTES];
    unsigned long long size;
    blob_ad(ad, found.ref.salt, 0);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         plain, &size, NULL, whole.at + 24,
                         BLOB_CHUNK_BYTES + BLOB_SEAL_BYTES - 24, ad, sizeof ad,
                         whole.at, key),
                     0);
    size_t at = 0;
    assert_int_equal(photo_compare(&at, bytes_of(plain, (size_t)size)), ERR_OK);
    buffer_fini(&whole);
    buffer_fini(&pieces);
}

static void word_sign(struct pair *p, const char *domain,
                      const uint8_t blob[HASH_BYTES],
                      struct blob_receipt *receipt)
{
    struct buffer message;
    struct identity identity;
    assert_int_equal(identity_load(p->dana.vault, &identity), ERR_OK);
    memset(receipt, 0, sizeof *receipt);
    memcpy(receipt->agency, p->far->agency, sizeof receipt->agency);
    memcpy(receipt->blob, blob, HASH_BYTES);
    memcpy(receipt->lineage, p->far->lineage, sizeof receipt->lineage);
    memcpy(receipt->replica, identity.replica, sizeof receipt->replica);
    memcpy(receipt->term, p->far->term_name, sizeof receipt->term);
    buffer_init(&message, 4096);
    assert_int_equal(blob_receipt_message(&message, receipt), ERR_OK);
    chain_sign(receipt->signature, &p->far->term, domain,
               buffer_bytes(&message));
    buffer_fini(&message);
}

static void kept_sign(struct pair *p, const uint8_t blob[HASH_BYTES],
                      struct blob_receipt *receipt)
{
    word_sign(p, DOMAIN_KEPT, blob, receipt);
}

static void F16_only_a_signed_receipt_makes_it_received(void **state)
{
    struct pair *p = *state;
    struct vault *v = p->dana.vault;
    uint8_t blob[HASH_BYTES];
    struct blob_outgoing out;
    struct blob_receipt receipt;
    int64_t count, bytes;
    assert_int_equal(photo_attach(p, 1000, blob), ERR_OK);
    far_sync_up(p->far, v);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    int64_t id = out.id;
    kept_sign(p, blob, &receipt);
    receipt.blob[0] ^= 1;
    assert_int_equal(blob_kept(v, id, &receipt), ERR_SIGNATURE);
    assert_int_equal(blob_waiting(v, &count, &bytes), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(bytes, 1000);
    receipt.blob[0] ^= 1;
    assert_int_equal(blob_kept(v, id, &receipt), ERR_OK);
    assert_int_equal(blob_waiting(v, &count, &bytes), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    assert_int_equal(out.id, 0);
    /* An office that was rolled back is asked again. */
    assert_int_equal(blob_unsent(v, 0, "another", &out), ERR_OK);
    assert_int_equal(out.id, id);
}

static void leave(struct pair *p)
{
    struct leave_line line;
    struct inbox *inbox;
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &line);
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    assert_int_equal(inbox_leave(inbox, &line), ERR_OK);
    assert_int_equal(far_page(p->far, inbox, 0, 0, "caseload:north", 9, true),
                     ERR_OK);
    inbox_close(inbox);
}

static void F16_what_has_left_goes_once_it_is_backed_up(void **state)
{
    struct pair *p = *state;
    struct vault *v = p->dana.vault;
    uint8_t kept[HASH_BYTES], unsent[HASH_BYTES];
    struct blob_outgoing out, going;
    struct blob_receipt receipt;
    assert_int_equal(photo_attach(p, 1000, kept), ERR_OK);
    far_sync_up(p->far, v);
    far_pull(p->far, v, p->person);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    kept_sign(p, kept, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    assert_int_equal(photo_attach(p, 2000, unsent), ERR_OK);
    struct photo_found found = photo_refs(v, p->contact);
    assert_int_equal(blob_going(v, p->far->lineage, &going), ERR_OK);
    assert_int_equal(going.id, 0);
    leave(p);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 2);
    /* Nobody here can read them, and yet they go. */
    assert_int_not_equal(blob_read(v, &found.ref, NULL, NULL), ERR_OK);
    assert_int_equal(blob_going(v, p->far->lineage, &going), ERR_OK);
    assert_memory_equal(going.blob, kept, HASH_BYTES);
    /* Only once a day is it asked after. */
    assert_int_equal(blob_asked(v, going.id), ERR_OK);
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    assert_int_equal(out.id, 0);
    p->dana.now += BLOB_ASK_MS;
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    assert_int_equal(out.id, going.id);
    assert_int_equal(blob_going(v, "another", &out), ERR_OK);
    assert_int_equal(out.id, 0);
    /* A receipt is no word that it is backed up. */
    assert_int_equal(blob_backed(v, going.id, &receipt), ERR_SIGNATURE);
    word_sign(p, DOMAIN_BACKED, kept, &receipt);
    assert_int_equal(blob_backed(v, going.id, &receipt), ERR_OK);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    /* Nor does such a word make one received. */
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    assert_memory_equal(out.blob, unsent, HASH_BYTES);
    word_sign(p, DOMAIN_BACKED, unsent, &receipt);
    assert_int_equal(blob_backed(v, out.id, &receipt), ERR_OK);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    kept_sign(p, unsent, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    word_sign(p, DOMAIN_BACKED, unsent, &receipt);
    assert_int_equal(blob_backed(v, out.id, &receipt), ERR_OK);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 0);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob"), 0);
}

static void F16_what_is_let_go_goes_once_it_is_backed_up(void **state)
{
    struct pair *p = *state;
    struct vault *v = p->dana.vault;
    uint8_t blob[HASH_BYTES];
    struct blob_outgoing out;
    struct blob_receipt receipt;
    int64_t count;
    assert_int_equal(photo_attach(p, 1000, blob), ERR_OK);
    far_sync_up(p->far, v);
    assert_int_equal(blob_let_go(v, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    assert_int_equal(out.id, 0); /* the office has to have it first */
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    kept_sign(p, blob, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    struct photo_found found = photo_refs(v, p->contact);
    assert_int_equal(blob_read(v, &found.ref, NULL, NULL), ERR_OK);
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    word_sign(p, DOMAIN_BACKED, blob, &receipt);
    assert_int_equal(blob_backed(v, out.id, &receipt), ERR_OK);
    assert_int_equal(blob_read(v, &found.ref, NULL, NULL), ERR_NOT_FOUND);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob"), 0);
}

static void leave_everything(struct vault *vault)
{
    assert_int_equal(vault_begin(vault), ERR_OK);
    assert_int_equal(vault_end(vault, leave_all(vault)), ERR_OK);
}

/* The office says so with every sync. */
static void F16_one_that_is_revoked_again_asks_no_sooner(void **state)
{
    struct pair *p = *state;
    struct vault *v = p->dana.vault;
    uint8_t blob[HASH_BYTES];
    struct blob_outgoing out;
    struct blob_receipt receipt;
    int64_t count;
    assert_int_equal(photo_attach(p, 1000, blob), ERR_OK);
    far_sync_up(p->far, v);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    kept_sign(p, blob, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    leave_everything(v);
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    assert_memory_equal(out.blob, blob, HASH_BYTES);
    assert_int_equal(blob_asked(v, out.id), ERR_OK);
    leave_everything(v);
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    assert_int_equal(out.id, 0);
    assert_int_equal(blob_let_go(v, &count), ERR_OK); /* a person asks */
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    assert_memory_equal(out.blob, blob, HASH_BYTES);
}

/* The office that has taken another lineage may have lost it. */
static void F16_a_receipt_of_another_lineage_is_none(void **state)
{
    struct pair *p = *state;
    struct vault *v = p->dana.vault;
    uint8_t blob[HASH_BYTES];
    struct blob_outgoing out;
    struct blob_receipt receipt;
    struct blob_held held;
    int64_t count, bytes;
    assert_int_equal(photo_attach(p, 1000, blob), ERR_OK);
    far_sync_up(p->far, v);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    kept_sign(p, blob, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    far_rollback(p->far, receipt.replica, 3);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(blob_find(v, blob, &held), ERR_OK);
    assert_string_equal(held.kept, "");
    assert_int_equal(blob_waiting(v, &count, &bytes), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(bytes, 1000);
    /* Nor does a leave that comes before it was asked for again take it. */
    far_pull(p->far, v, p->person);
    leave(p);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    assert_memory_equal(out.blob, blob, HASH_BYTES);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, photo_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F16_any_piece_of_the_sealed_form_can_be_had_while_locked),
        TEST(F16_only_a_signed_receipt_makes_it_received),
        TEST(F16_what_has_left_goes_once_it_is_backed_up),
        TEST(F16_what_is_let_go_goes_once_it_is_backed_up),
        TEST(F16_one_that_is_revoked_again_asks_no_sooner),
        TEST(F16_a_receipt_of_another_lineage_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
