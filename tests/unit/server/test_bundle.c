#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shared/wire/bundle.h"
#include "tests/unit/server/device.h"

/* A file that this device would write now. */
static void file_make(const struct device *d, struct place *place,
                      unsigned flags, struct buffer *out)
{
    struct bundle_label label = {.kind = BUNDLE_REQUEST};
    struct buffer request;
    memcpy(label.agency, place->office->agency, sizeof label.agency);
    memcpy(label.replica, d->replica, sizeof label.replica);
    buffer_init(&request, 1u << 26);
    buffer_init(out, BUNDLE_BYTES_MAX);
    device_request(d, flags | DEVICE_BUNDLE, NULL, "", &request);
    CHECK(bundle_seal(out, &label, place->office->keys.box_public,
                      buffer_bytes(&request)));
    buffer_fini(&request);
}

static void file_take(struct place *place, const struct buffer *file,
                      enum err wanted, struct sync_bundle *out)
{
    struct buffer reply;
    buffer_init(&reply, BUNDLE_BYTES_MAX);
    enum err err = sync_bundle(place->office, &place->sql, buffer_bytes(file),
                               &reply, out);
    if (err != wanted)
        fail_msg("%s: %s", err_text(err), out->detail);
    assert_int_equal(reply.size > 0, wanted == ERR_OK);
    buffer_fini(&reply);
}

static void take_expect(struct place *place, const struct buffer *file,
                        int status, int64_t taken)
{
    struct sync_bundle outcome;
    file_take(place, file, ERR_OK, &outcome);
    assert_int_equal(outcome.status, status);
    assert_int_equal(outcome.taken, taken);
}

static int64_t closed_count(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM replica WHERE closed <> ''");
}

static void an_old_bundle_after_a_new_one_is_no_fork(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct buffer old, new;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    file_make(&dana, place, 0, &old);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    file_make(&dana, place, 0, &new);
    take_expect(place, &new, 200, 2);
    take_expect(place, &old, 200, 0);
    take_expect(place, &new, 200, 0);
    device_sync_ok(&dana, place);
    take_expect(place, &old, 200, 0);
    assert_int_equal(closed_count(place), 0);
    buffer_fini(&old);
    buffer_fini(&new);
    device_fini(&dana);
}

static void bundles_use_up_no_token(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct buffer file;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    file_make(&dana, place, 0, &file);
    for (int i = 0; i < 2; i++) {
        device_create(&lee, "person", i ? NOTE : PERSON_2, i ? NOTE : PERSON_2,
                      NAMED);
        device_sync_ok(&lee, place);
        device_sync_ok(&dana, place); /* each reply brings a new token */
        take_expect(place, &file, 200, 0);
    }
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    reply_fini(&reply);
    buffer_fini(&file);
    device_fini(&dana);
    device_fini(&lee);
}

static void lines_that_differ_are_a_fork_by_file_too(void **state)
{
    struct place *place = *state;
    struct device dana, copy;
    struct buffer file;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_clone(&copy, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_create(&copy, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&dana, place);
    file_make(&copy, place, 0, &file);
    take_expect(place, &file, 409, 0);
    assert_int_equal(closed_count(place), 1);
    buffer_fini(&file);
    device_fini(&dana);
    device_fini(&copy);
}

static void a_strangers_bundle_is_not_answered(void **state)
{
    struct place *place = *state;
    struct device dana, stranger;
    struct buffer file;
    struct sync_bundle outcome;
    device_enrol(&dana, place, "dana");
    device_clone(&stranger, &dana);
    memset(&stranger.keys, 7, sizeof stranger.keys);
    device_create(&stranger, "person", PERSON, PERSON, NAMED);
    file_make(&stranger, place, 0, &file);
    file_take(place, &file, ERR_DENIED, &outcome);
    assert_non_null(strstr(outcome.detail, "nothing of it was taken"));
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 0);
    buffer_fini(&file);
    device_fini(&dana);
    device_fini(&stranger);
}

static void what_is_unsigned_is_not_taken(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct buffer file;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    file_make(&dana, place, DEVICE_UNSIGNED, &file);
    take_expect(place, &file, 422, 0);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 0);
    buffer_fini(&file);
    device_fini(&dana);
}

static void the_two_ways_are_told_apart(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    struct buffer request, file;
    struct bundle_label label = {.kind = BUNDLE_REQUEST};
    struct sync_bundle outcome;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_expect(&dana, place, DEVICE_BUNDLE | DEVICE_KEEP, 400, &reply);
    assert_string_equal(reply.error.error, "bad-header");
    reply_fini(&reply);
    buffer_init(&request, 1u << 26);
    buffer_init(&file, BUNDLE_BYTES_MAX);
    device_request(&dana, 0, NULL, "", &request);
    memcpy(label.agency, place->office->agency, sizeof label.agency);
    memcpy(label.replica, dana.replica, sizeof label.replica);
    CHECK(bundle_seal(&file, &label, place->office->keys.box_public,
                      buffer_bytes(&request)));
    file_take(place, &file, ERR_DENIED, &outcome);
    buffer_fini(&file);
    buffer_fini(&request);
    device_fini(&dana);
}

#define BUNDLE_TEST(test)                                                      \
    cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUNDLE_TEST(an_old_bundle_after_a_new_one_is_no_fork),
        BUNDLE_TEST(bundles_use_up_no_token),
        BUNDLE_TEST(lines_that_differ_are_a_fork_by_file_too),
        BUNDLE_TEST(a_strangers_bundle_is_not_answered),
        BUNDLE_TEST(what_is_unsigned_is_not_taken),
        BUNDLE_TEST(the_two_ways_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
