#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <sodium.h>
#include <string.h>
#include "shared/replica/blob.h"
#include "shared/replica/vault_inner.h"
#include "tests/fault.h"
#include "tests/unit/replica/far_end.h"

#define PHOTO_BYTES 150000

/* Bytes that differ, given in odd pieces. */
struct photo {
    size_t size, at;
    size_t piece;
};

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static enum err photo_read(void *context, uint8_t *at, size_t room, size_t *got)
{
    struct photo *p = context;
    size_t size = p->size - p->at;
    if (size > room)
        size = room;
    if (p->piece && size > p->piece)
        size = p->piece;
    for (size_t i = 0; i < size; i++)
        at[i] = byte_at(p->at + i);
    p->at += size;
    *got = size;
    return ERR_OK;
}

static enum err compare(void *context, struct bytes piece)
{
    size_t *at = context;
    for (size_t i = 0; i < piece.size; i++)
        assert_int_equal(piece.at[i], byte_at(*at + i));
    *at += piece.size;
    return ERR_OK;
}

static int setup(void **state)
{
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    write_contact(p->dana.vault, p->person, "Roof leaks.", p->contact);
    return 0;
}

static void context_of(struct vault *vault, const char *record,
                       struct buffer *context)
{
    struct buffer text;
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(context, 1u << 20);
    assert_int_equal(record_read(vault, record, &text, context), ERR_OK);
    buffer_fini(&text);
}

static enum err attach_to(struct vault *vault, const char *record,
                          const char *field, size_t size, const char *name,
                          uint8_t blob[HASH_BYTES])
{
    struct photo photo = {.size = size, .piece = 4099};
    struct buffer context;
    struct record_written written;
    context_of(vault, record, &context);
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

static enum err attach(struct pair *p, size_t size, uint8_t blob[HASH_BYTES])
{
    return attach_to(p->dana.vault, p->contact, "attachments", size, "roof.jpg",
                     blob);
}

/* The last reference in the field, as any reader finds it. */
struct found {
    struct blob_ref ref;
    int count;
};

static enum err note(void *context, const struct blob_ref *ref,
                     const struct canon *value)
{
    struct found *found = context;
    (void)value;
    found->ref = *ref;
    found->count++;
    return ERR_OK;
}

static struct found refs_of(struct vault *vault, const char *record)
{
    struct buffer state;
    struct arena arena;
    const struct canon *root;
    struct found found = {.count = 0};
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

static int64_t ask(const struct device *d, const char *sql)
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

static void F16_content_and_revision_are_one_transaction(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES];
    size_t at = 0;
    assert_int_equal(attach(p, PHOTO_BYTES, blob), ERR_OK);
    struct found found = refs_of(p->dana.vault, p->contact);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.ref.blob, blob, HASH_BYTES);
    assert_int_equal(found.ref.bytes, PHOTO_BYTES);
    assert_int_equal(blob_read(p->dana.vault, &found.ref, compare, &at),
                     ERR_OK);
    assert_int_equal(at, PHOTO_BYTES);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 3);
    assert_sound(p->dana.vault);
}

static void a_second_one_joins_a_list(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES];
    assert_int_equal(attach(p, 10, blob), ERR_OK);
    assert_int_equal(attach(p, 10, blob), ERR_OK);
    /* The same bytes twice are two names: nobody sees that they are equal. */
    assert_int_equal(refs_of(p->dana.vault, p->contact).count, 2);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob"), 2);
}

static void what_is_refused_leaves_nothing(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES];
    struct vault *v = p->dana.vault;
    assert_int_equal(attach(p, 0, blob), ERR_INVALID);
    assert_int_equal(attach_to(v, p->contact, "narrative", 9, "a", blob),
                     ERR_INVALID);
    assert_int_equal(attach_to(v, p->contact, "attachments", 9, "a/b", blob),
                     ERR_INVALID);
    v->blob_bytes_max = PHOTO_BYTES - 1;
    assert_int_equal(attach(p, PHOTO_BYTES, blob), ERR_FULL);
    assert_non_null(strstr(vault_detail(v), "MiB on this device"));
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob"), 0);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 0);
    assert_int_equal(refs_of(v, p->contact).count, 0);
    assert_int_equal(attach(p, 1000, blob), ERR_OK);
}

static void attaching_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES];
    int attached = 0;
    for (int nth = 1;; nth++) {
        struct buffer context;
        struct photo photo = {.size = 1000};
        struct record_written written;
        context_of(p->dana.vault, p->contact, &context);
        struct blob_write write = {p->contact, buffer_text(&context),
                                   "attachments", "a.jpg", "image/jpeg"};
        record_written_init(&written);
        fault_at(nth, false);
        enum err err = blob_attach(p->dana.vault, &write, photo_read, &photo,
                                   &written, blob);
        bool hit = fault_hit();
        fault_at(0, false);
        record_written_fini(&written);
        buffer_fini(&context);
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        else
            attached++; /* some things can be done without */
        assert_int_equal(refs_of(p->dana.vault, p->contact).count, attached);
        assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob"), attached);
        if (hit)
            continue;
        assert_int_equal(err, ERR_OK);
        assert_true(nth > 50 && attached < nth / 2);
        break;
    }
    assert_sound(p->dana.vault);
}

/* --- to the office -------------------------------------------------------- */

static void
F16_any_piece_of_the_sealed_form_can_be_had_while_locked(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES], key[SECRET_BYTES];
    struct blob_outgoing out;
    struct buffer whole, pieces;
    assert_int_equal(attach(p, PHOTO_BYTES, blob), ERR_OK);
    struct found found = refs_of(p->dana.vault, p->contact);
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
    assert_int_equal(compare(&at, bytes_of(plain, (size_t)size)), ERR_OK);
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
    assert_int_equal(attach(p, 1000, blob), ERR_OK);
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
    assert_int_equal(attach(p, 1000, kept), ERR_OK);
    far_sync_up(p->far, v);
    far_pull(p->far, v, p->person);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    kept_sign(p, kept, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    assert_int_equal(attach(p, 2000, unsent), ERR_OK);
    struct found found = refs_of(v, p->contact);
    assert_int_equal(blob_going(v, p->far->lineage, &going), ERR_OK);
    assert_int_equal(going.id, 0);
    leave(p);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 2);
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
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    /* Nor does such a word make one received. */
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    assert_memory_equal(out.blob, unsent, HASH_BYTES);
    word_sign(p, DOMAIN_BACKED, unsent, &receipt);
    assert_int_equal(blob_backed(v, out.id, &receipt), ERR_OK);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    kept_sign(p, unsent, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    word_sign(p, DOMAIN_BACKED, unsent, &receipt);
    assert_int_equal(blob_backed(v, out.id, &receipt), ERR_OK);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 0);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob"), 0);
}

static void F16_what_is_let_go_goes_once_it_is_backed_up(void **state)
{
    struct pair *p = *state;
    struct vault *v = p->dana.vault;
    uint8_t blob[HASH_BYTES];
    struct blob_outgoing out;
    struct blob_receipt receipt;
    int64_t count;
    assert_int_equal(attach(p, 1000, blob), ERR_OK);
    far_sync_up(p->far, v);
    assert_int_equal(blob_let_go(v, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    assert_int_equal(out.id, 0); /* the office has to have it first */
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    kept_sign(p, blob, &receipt);
    assert_int_equal(blob_kept(v, out.id, &receipt), ERR_OK);
    struct found found = refs_of(v, p->contact);
    assert_int_equal(blob_read(v, &found.ref, NULL, NULL), ERR_OK);
    assert_int_equal(blob_going(v, p->far->lineage, &out), ERR_OK);
    word_sign(p, DOMAIN_BACKED, blob, &receipt);
    assert_int_equal(blob_backed(v, out.id, &receipt), ERR_OK);
    assert_int_equal(blob_read(v, &found.ref, NULL, NULL), ERR_NOT_FOUND);
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob"), 0);
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
    assert_int_equal(attach(p, 1000, blob), ERR_OK);
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
    assert_int_equal(ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 1);
    assert_int_equal(blob_unsent(v, 0, p->far->lineage, &out), ERR_OK);
    assert_memory_equal(out.blob, blob, HASH_BYTES);
}

/* --- from the office ------------------------------------------------------ */

static enum err fetch(struct pair *p, const struct blob_ref *ref, size_t piece,
                      size_t upto, size_t spoilt)
{
    int64_t offset;
    uint8_t bytes[20000];
    enum err err = blob_fetch_begin(p->eli.vault, p->contact, ref, &offset);
    while (!err && (size_t)offset < upto) {
        size_t size =
            upto - (size_t)offset < piece ? upto - (size_t)offset : piece;
        for (size_t i = 0; i < size; i++)
            bytes[i] = byte_at((size_t)offset + i);
        if (spoilt - (size_t)offset < size)
            bytes[spoilt - (size_t)offset] ^= 1;
        err = blob_fetch_add(p->eli.vault, ref, bytes_of(bytes, size));
        offset += (int64_t)size;
    }
    return err;
}

static struct found elis(struct pair *p)
{
    uint8_t blob[HASH_BYTES];
    assert_int_equal(attach(p, PHOTO_BYTES, blob), ERR_OK);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->eli.vault, p->person);
    return refs_of(p->eli.vault, p->contact);
}

static void F16_a_fetch_goes_on_at_the_byte(void **state)
{
    struct pair *p = *state;
    struct found found = elis(p);
    int64_t offset;
    size_t at = 0;
    assert_int_equal(found.count, 1);
    assert_int_equal(blob_read(p->eli.vault, &found.ref, compare, &at),
                     ERR_NOT_FOUND);
    assert_int_equal(fetch(p, &found.ref, 12345, 100001, SIZE_MAX), ERR_OK);
    device_close(&p->eli);
    device_open(&p->eli, "correct horse");
    assert_int_equal(
        blob_fetch_begin(p->eli.vault, p->contact, &found.ref, &offset),
        ERR_OK);
    assert_int_equal(offset, 100001);
    assert_int_equal(fetch(p, &found.ref, 777, PHOTO_BYTES, SIZE_MAX), ERR_OK);
    assert_int_equal(blob_read(p->eli.vault, &found.ref, compare, &at), ERR_OK);
    assert_int_equal(at, PHOTO_BYTES);
    struct blob_outgoing out; /* it need not be sent back */
    assert_int_equal(blob_unsent(p->eli.vault, 0, p->far->lineage, &out),
                     ERR_OK);
    assert_int_equal(out.id, 0);
}

static void F16_a_wrong_byte_is_found_and_nothing_kept(void **state)
{
    struct pair *p = *state;
    struct found found = elis(p);
    assert_int_equal(fetch(p, &found.ref, 20000, PHOTO_BYTES, 70001),
                     ERR_CORRUPT);
    assert_int_equal(ask(&p->eli, "SELECT count(*) FROM blob_chunk"), 0);
    assert_int_equal(fetch(p, &found.ref, 20000, PHOTO_BYTES, SIZE_MAX),
                     ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F16_content_and_revision_are_one_transaction),
        TEST(a_second_one_joins_a_list),
        TEST(what_is_refused_leaves_nothing),
        TEST(attaching_survives_every_allocation_failure),
        TEST(F16_any_piece_of_the_sealed_form_can_be_had_while_locked),
        TEST(F16_only_a_signed_receipt_makes_it_received),
        TEST(F16_what_has_left_goes_once_it_is_backed_up),
        TEST(F16_what_is_let_go_goes_once_it_is_backed_up),
        TEST(F16_a_receipt_of_another_lineage_is_none),
        TEST(F16_a_fetch_goes_on_at_the_byte),
        TEST(F16_a_wrong_byte_is_found_and_nothing_kept),
    };
    fault_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
