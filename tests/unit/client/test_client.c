/* The public interface as an application uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/client/bench.h"

static void a_contact_takes_a_handful_of_lines(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES];
    bench_put(b->vault, "person", "{\"legal_name\": \"Ruth Ames\"}", person);
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    contact.person = person;
    contact.kind = "home_visit";
    contact.narrative = "Roof leaks \"again\";\nlandlord called.";
    assert_int_equal(satchel_record_contact(b->vault, &contact, id),
                     SATCHEL_OK);
    json_t *root = bench_shown(b->vault, id);
    assert_string_equal(
        json_string_value(json_object_get(
            json_object_get(json_object_get(root, "fields"), "narrative"),
            "value")),
        contact.narrative);
    assert_string_equal(json_string_value(json_object_get(root, "case")),
                        person);
    assert_int_equal(json_array_size(json_object_get(root, "history")), 1);
    json_decref(root);
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 2);
    assert_int_equal(status.received, 0);
}

static void referrals_and_follow_ups_belong_to_the_persons_case(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES], next[SATCHEL_ID_BYTES];
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    struct satchel_referral referral = SATCHEL_REFERRAL_INIT;
    referral.person = person;
    referral.note = "free tax preparation";
    assert_int_equal(satchel_refer(b->vault, &referral, id), SATCHEL_OK);
    struct satchel_follow_up follow_up = SATCHEL_FOLLOW_UP_INIT;
    follow_up.referral = id;
    follow_up.finding = "She has an appointment.";
    assert_int_equal(satchel_record_follow_up(b->vault, &follow_up, next),
                     SATCHEL_OK);
    json_t *root = bench_shown(b->vault, next);
    assert_string_equal(json_string_value(json_object_get(root, "case")),
                        person);
    json_decref(root);
}

static void a_note_is_of_the_last_write(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES];
    assert_string_equal(satchel_note(b->vault), "");
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    assert_string_equal(satchel_note(b->vault), "");
    struct satchel_referral referral = SATCHEL_REFERRAL_INIT;
    referral.person = person;
    referral.status = "sent";
    assert_int_equal(satchel_refer(b->vault, &referral, id), SATCHEL_OK);
    assert_non_null(strstr(satchel_note(b->vault), "record the consent"));
    referral.person = "";
    assert_int_equal(satchel_refer(b->vault, &referral, id), SATCHEL_INVALID);
    assert_non_null(strstr(satchel_note(b->vault), "record the consent"));
    referral.person = person;
    referral.status = NULL; /* a draft */
    assert_int_equal(satchel_refer(b->vault, &referral, id), SATCHEL_OK);
    assert_string_equal(satchel_note(b->vault), "");
}

static void a_reference_to_another_type_is_refused(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES];
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    struct satchel_follow_up follow_up = SATCHEL_FOLLOW_UP_INIT;
    follow_up.referral = person;
    follow_up.finding = "She has an appointment.";
    assert_int_equal(satchel_record_follow_up(b->vault, &follow_up, id),
                     SATCHEL_INVALID);
    assert_non_null(strstr(satchel_message(b->vault), "name a referral"));
}

static void only_a_vault_that_no_office_knows_is_discarded(void **state)
{
    struct bench *b = *state;
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    char path[2 * DIR_CHARS + 8], keys[2 * DIR_CHARS + 16];
    satchel *made, *other;
    snprintf(path, sizeof path, "%s.other", b->device.path);
    snprintf(keys, sizeof keys, "%s.keys", path);
    options.passphrase = PASSPHRASE;
    options.device_secret = b->device.secret;
    options.kdf_memory_bytes = 8192;
    assert_int_equal(satchel_discard(b->vault), SATCHEL_DENIED);
    assert_int_equal(access(b->device.path, F_OK), 0);

    assert_int_equal(satchel_create(&made, path, &options), SATCHEL_OK);
    assert_int_equal(
        satchel_enrol(made, "http://127.0.0.1:1", "AAAA-BBBB-CCCC-DDDD", NULL),
        SATCHEL_NETWORK);
    assert_int_equal(satchel_open(&other, path, &options), SATCHEL_OK);
    assert_int_equal(satchel_discard(made), SATCHEL_BUSY);
    assert_int_equal(access(path, F_OK), 0);
    satchel_close(made);
    assert_int_equal(satchel_discard(other), SATCHEL_DENIED);
    satchel_close(other);
    /* The vault alone is gone: what its keys open may be elsewhere. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(satchel_create(&made, path, &options), SATCHEL_EXISTS);
    satchel_close(made);
    assert_int_equal(unlink(keys), 0);

    assert_int_equal(satchel_create(&made, path, &options), SATCHEL_OK);
    assert_int_equal(satchel_discard(made), SATCHEL_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(satchel_discard(made), SATCHEL_INVALID);
    satchel_close(made);
}

static void what_is_missing_is_named(void **state)
{
    struct bench *b = *state;
    char id[SATCHEL_ID_BYTES];
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    contact.kind = "phone";
    assert_int_equal(satchel_record_contact(b->vault, &contact, id),
                     SATCHEL_INVALID);
    assert_non_null(strstr(satchel_message(b->vault), "contact.person"));
}

static void a_bad_value_names_field_value_and_form(void **state)
{
    struct bench *b = *state;
    struct satchel_write write = SATCHEL_WRITE_INIT;
    write.type = "person";
    write.set_json = "{\"dob\": \"yesterday\"}";
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_INVALID);
    assert_non_null(strstr(satchel_message(b->vault), "dob"));
    assert_non_null(strstr(satchel_message(b->vault), "yesterday"));
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 0);
}

static void too_much_text_is_refused_before_it_is_logged(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES];
    const size_t huge = 3u * SATCHEL_LINE_BYTES_MAX; /* over any buffer */
    char *text = malloc(huge + 1);
    memset(text, 'x', huge);
    text[huge] = 0;
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    contact.person = person;
    contact.kind = "phone";
    contact.narrative = text;
    assert_int_equal(satchel_record_contact(b->vault, &contact, id),
                     SATCHEL_TOO_BIG);
    assert_non_null(
        strstr(satchel_message(b->vault), "(narrative: 786432 bytes)"));
    text[SATCHEL_LINE_BYTES_MAX] = 0;
    assert_int_equal(satchel_record_contact(b->vault, &contact, id),
                     SATCHEL_TOO_BIG);
    assert_non_null(
        strstr(satchel_message(b->vault), "(narrative: 262144 bytes)"));
    free(text);
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 1);
}

static void revising_needs_the_context_of_a_reading(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], other[SATCHEL_ID_BYTES];
    bench_put(b->vault, "person", "{\"county\": \"28081\"}", person);
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", other);
    struct satchel_write write = SATCHEL_WRITE_INIT;
    write.record = person;
    write.set_json = "{\"county\": \"28003\"}";
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_CONFLICT);
    json_t *root = bench_shown(b->vault, other);
    write.context = json_string_value(json_object_get(root, "context"));
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_CONFLICT);
    json_decref(root);
    root = bench_shown(b->vault, person);
    write.context = json_string_value(json_object_get(root, "context"));
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_OK);
    json_decref(root);
}

/* Two forms, read at one time, saved one after the other. */
static void conflict_of(struct bench *b, char person[SATCHEL_ID_BYTES])
{
    bench_put(b->vault, "person", "{\"county\": \"28081\"}", person);
    json_t *root = bench_shown(b->vault, person);
    struct satchel_write write = SATCHEL_WRITE_INIT;
    write.record = person;
    write.context = json_string_value(json_object_get(root, "context"));
    write.set_json = "{\"county\": \"1\"}";
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_OK);
    write.set_json = "{\"county\": \"2\"}";
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_OK);
    json_decref(root);
}

static void a_conflict_is_listed_and_resolved_by_dot(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES];
    satchel_iterator *iterator;
    const char *text;
    conflict_of(b, person);
    assert_int_equal(satchel_conflicts(b->vault, &iterator), SATCHEL_OK);
    assert_int_equal(satchel_next(iterator, &text), SATCHEL_OK);
    json_t *root = json_loads(text, 0, NULL);
    json_t *values = json_object_get(root, "values");
    assert_int_equal(json_array_size(values), 2);
    assert_string_equal(json_string_value(json_object_get(root, "base")),
                        "28081");
    char dot[64];
    strcpy(dot, json_string_value(
                    json_object_get(json_array_get(values, 0), "dot")));
    json_decref(root);
    assert_int_equal(satchel_next(iterator, &text), SATCHEL_NOT_FOUND);
    satchel_iterator_close(iterator);

    root = bench_shown(b->vault, person);
    const char *keep[] = {dot, NULL};
    const char *context = json_string_value(json_object_get(root, "context"));
    const char *wrong[] = {"w000000000000:9", NULL};
    assert_int_equal(
        satchel_resolve(b->vault, person, "county", context, wrong),
        SATCHEL_NOT_FOUND);
    assert_int_equal(satchel_resolve(b->vault, person, "county", context, keep),
                     SATCHEL_OK);
    json_decref(root);
    assert_int_equal(satchel_conflicts(b->vault, &iterator), SATCHEL_OK);
    assert_int_equal(satchel_next(iterator, &text), SATCHEL_NOT_FOUND);
    satchel_iterator_close(iterator);
}

static void a_list_can_be_narrowed(void **state)
{
    struct bench *b = *state;
    char id[SATCHEL_ID_BYTES];
    satchel_iterator *iterator;
    const char *text;
    bench_put(b->vault, "person", "{\"county\": \"28081\"}", id);
    bench_put(b->vault, "person", "{\"county\": \"28003\"}", id);
    assert_int_equal(
        satchel_list(b->vault, "person", "{\"county\": \"28003\"}", &iterator),
        SATCHEL_OK);
    assert_int_equal(satchel_next(iterator, &text), SATCHEL_OK);
    assert_non_null(strstr(text, id));
    assert_int_equal(satchel_next(iterator, &text), SATCHEL_NOT_FOUND);
    satchel_iterator_close(iterator);
    assert_int_equal(satchel_list(b->vault, "person", "[1", &iterator),
                     SATCHEL_INVALID);
    assert_null(iterator);
}

static void an_older_programs_shorter_struct_is_understood(void **state)
{
    struct bench *b = *state;
    struct satchel_status status = SATCHEL_STATUS_INIT;
    status.size = offsetof(struct satchel_status, held);
    status.held = 77;
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.held, 77);
    assert_int_equal(status.size, offsetof(struct satchel_status, held));
}

static void a_handle_tells_why_it_did_not_open(void **state)
{
    struct bench *b = *state;
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    satchel *vault;
    options.device_secret = b->device.secret;
    assert_int_equal(satchel_open(&vault, "/nowhere/v.vault", &options),
                     SATCHEL_NOT_FOUND);
    assert_non_null(strstr(satchel_message(vault), "/nowhere/v.vault"));
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_not_equal(satchel_status(vault, &status), SATCHEL_OK);
    satchel_close(vault);
    options.passphrase = "wrong";
    assert_int_equal(satchel_open(&vault, b->device.path, &options),
                     SATCHEL_PASSPHRASE);
    assert_true(strlen(satchel_message(vault)) > 0);
    satchel_close(vault);
}

static void a_locked_vault_tells_its_status_and_nothing_else(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], *json;
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    satchel_lock(b->vault);
    assert_int_equal(satchel_locked(b->vault), 1);
    assert_int_equal(satchel_read(b->vault, person, 0, &json), SATCHEL_LOCKED);
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 1);
    assert_int_equal(status.conflicts, -1);
    assert_int_equal(satchel_unlock(b->vault, PASSPHRASE), SATCHEL_OK);
    assert_int_equal(satchel_read(b->vault, person, 0, &json), SATCHEL_OK);
    satchel_free(json);
}

static void a_batch_is_all_or_nothing(void **state)
{
    struct bench *b = *state;
    char id[SATCHEL_ID_BYTES];
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_equal(satchel_begin(b->vault), SATCHEL_OK);
    for (int i = 0; i < 100; i++)
        bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", id);
    satchel_rollback(b->vault);
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 0);
    assert_int_equal(satchel_begin(b->vault), SATCHEL_OK);
    for (int i = 0; i < 100; i++)
        bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", id);
    assert_int_equal(satchel_commit(b->vault), SATCHEL_OK);
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 100);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_contact_takes_a_handful_of_lines),
        TEST(referrals_and_follow_ups_belong_to_the_persons_case),
        TEST(a_note_is_of_the_last_write),
        TEST(a_reference_to_another_type_is_refused),
        TEST(only_a_vault_that_no_office_knows_is_discarded),
        TEST(what_is_missing_is_named),
        TEST(a_bad_value_names_field_value_and_form),
        TEST(too_much_text_is_refused_before_it_is_logged),
        TEST(revising_needs_the_context_of_a_reading),
        TEST(a_conflict_is_listed_and_resolved_by_dot),
        TEST(a_list_can_be_narrowed),
        TEST(an_older_programs_shorter_struct_is_understood),
        TEST(a_handle_tells_why_it_did_not_open),
        TEST(a_locked_vault_tells_its_status_and_nothing_else),
        TEST(a_batch_is_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
