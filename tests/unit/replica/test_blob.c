#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/replica/vault_inner.h"
#include "tests/fault.h"
#include "tests/unit/replica/photo.h"

static void F16_content_and_revision_are_one_transaction(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES];
    size_t at = 0;
    assert_int_equal(photo_attach(p, PHOTO_BYTES, blob), ERR_OK);
    struct photo_found found = photo_refs(p->dana.vault, p->contact);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.ref.blob, blob, HASH_BYTES);
    assert_int_equal(found.ref.bytes, PHOTO_BYTES);
    assert_int_equal(blob_read(p->dana.vault, &found.ref, photo_compare, &at),
                     ERR_OK);
    assert_int_equal(at, PHOTO_BYTES);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 3);
    assert_sound(p->dana.vault);
}

static void a_second_one_joins_a_list(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES];
    assert_int_equal(photo_attach(p, 10, blob), ERR_OK);
    assert_int_equal(photo_attach(p, 10, blob), ERR_OK);
    /* The same bytes twice are two names: nobody sees that they are equal. */
    assert_int_equal(photo_refs(p->dana.vault, p->contact).count, 2);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob"), 2);
}

static void what_is_refused_leaves_nothing(void **state)
{
    struct pair *p = *state;
    uint8_t blob[HASH_BYTES];
    struct vault *v = p->dana.vault;
    assert_int_equal(photo_attach(p, 0, blob), ERR_INVALID);
    assert_int_equal(photo_attach_to(v, p->contact, "narrative", 9, "a", blob),
                     ERR_INVALID);
    assert_int_equal(
        photo_attach_to(v, p->contact, "attachments", 9, "a/b", blob),
        ERR_INVALID);
    v->blob_bytes_max = PHOTO_BYTES - 1;
    assert_int_equal(photo_attach(p, PHOTO_BYTES, blob), ERR_FULL);
    assert_non_null(strstr(vault_detail(v), "MiB on this device"));
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob"), 0);
    assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob_chunk"), 0);
    assert_int_equal(photo_refs(v, p->contact).count, 0);
    assert_int_equal(photo_attach(p, 1000, blob), ERR_OK);
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
        photo_context(p->dana.vault, p->contact, &context);
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
        assert_int_equal(photo_refs(p->dana.vault, p->contact).count, attached);
        assert_int_equal(photo_ask(&p->dana, "SELECT count(*) FROM blob"),
                         attached);
        if (hit)
            continue;
        assert_int_equal(err, ERR_OK);
        assert_true(nth > 50 && attached < nth / 2);
        break;
    }
    assert_sound(p->dana.vault);
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
            bytes[i] = photo_byte((size_t)offset + i);
        if (spoilt - (size_t)offset < size)
            bytes[spoilt - (size_t)offset] ^= 1;
        err = blob_fetch_add(p->eli.vault, ref, bytes_of(bytes, size));
        offset += (int64_t)size;
    }
    return err;
}

static struct photo_found elis(struct pair *p)
{
    uint8_t blob[HASH_BYTES];
    assert_int_equal(photo_attach(p, PHOTO_BYTES, blob), ERR_OK);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->eli.vault, p->person);
    return photo_refs(p->eli.vault, p->contact);
}

static void F16_a_fetch_goes_on_at_the_byte(void **state)
{
    struct pair *p = *state;
    struct photo_found found = elis(p);
    int64_t offset;
    size_t at = 0;
    assert_int_equal(found.count, 1);
    assert_int_equal(blob_read(p->eli.vault, &found.ref, photo_compare, &at),
                     ERR_NOT_FOUND);
    assert_int_equal(fetch(p, &found.ref, 12345, 100001, SIZE_MAX), ERR_OK);
    device_close(&p->eli);
    device_open(&p->eli, "correct horse");
    assert_int_equal(
        blob_fetch_begin(p->eli.vault, p->contact, &found.ref, &offset),
        ERR_OK);
    assert_int_equal(offset, 100001);
    assert_int_equal(fetch(p, &found.ref, 777, PHOTO_BYTES, SIZE_MAX), ERR_OK);
    assert_int_equal(blob_read(p->eli.vault, &found.ref, photo_compare, &at),
                     ERR_OK);
    assert_int_equal(at, PHOTO_BYTES);
    struct blob_outgoing out; /* it need not be sent back */
    assert_int_equal(blob_unsent(p->eli.vault, 0, p->far->lineage, &out),
                     ERR_OK);
    assert_int_equal(out.id, 0);
}

static void F16_a_wrong_byte_is_found_and_nothing_kept(void **state)
{
    struct pair *p = *state;
    struct photo_found found = elis(p);
    assert_int_equal(fetch(p, &found.ref, 20000, PHOTO_BYTES, 70001),
                     ERR_CORRUPT);
    assert_int_equal(photo_ask(&p->eli, "SELECT count(*) FROM blob_chunk"), 0);
    assert_int_equal(fetch(p, &found.ref, 20000, PHOTO_BYTES, SIZE_MAX),
                     ERR_OK);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, photo_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F16_content_and_revision_are_one_transaction),
        TEST(a_second_one_joins_a_list),
        TEST(what_is_refused_leaves_nothing),
        TEST(attaching_survives_every_allocation_failure),
        TEST(F16_a_fetch_goes_on_at_the_byte),
        TEST(F16_a_wrong_byte_is_found_and_nothing_kept),
    };
    fault_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
