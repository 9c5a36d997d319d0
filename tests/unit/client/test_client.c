/* The public interface as an application uses it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "client/satchel.h"
#include "tests/unit/replica/far_end.h"

#define PASSPHRASE "ninety seconds"

struct bench {
    struct far_end *far;
    struct device device;
    satchel *vault;
};

static satchel *open_vault(const struct bench *b)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    satchel *vault;
    options.passphrase = PASSPHRASE;
    options.device_secret = b->device.secret;
    assert_int_equal(satchel_open(&vault, b->device.path, &options),
                     SATCHEL_OK);
    return vault;
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->far = far_end_new();
    device_make(&b->device);
    b->device.options.passphrase = PASSPHRASE;
    assert_int_equal(vault_create(&b->device.vault, b->device.path,
                                  &b->device.options, b->device.detail),
                     ERR_OK);
    far_enrol(b->far, &b->device, "dana");
    device_close(&b->device);
    b->vault = open_vault(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    satchel_close(b->vault);
    device_remove(&b->device);
    far_end_free(b->far);
    free(b);
    return 0;
}

static void put(satchel *vault, const char *type, const char *set,
                char id[SATCHEL_ID_BYTES])
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    char *result;
    write.type = type;
    write.set_json = set;
    if (satchel_write(vault, &write, &result))
        fail_msg("%s", satchel_message(vault));
    json_t *root = json_loads(result, 0, NULL);
    strcpy(id, json_string_value(json_object_get(root, "record")));
    json_decref(root);
    satchel_free(result);
}

static json_t *shown(satchel *vault, const char *id)
{
    char *json;
    assert_int_equal(satchel_read(vault, id, 1, &json), SATCHEL_OK);
    json_t *root = json_loads(json, 0, NULL);
    assert_non_null(root);
    satchel_free(json);
    return root;
}

static void a_contact_takes_a_handful_of_lines(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES];
    put(b->vault, "person", "{\"legal_name\": \"Ruth Ames\"}", person);
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    contact.person = person;
    contact.kind = "home_visit";
    contact.narrative = "Roof leaks \"again\";\nlandlord called.";
    assert_int_equal(satchel_record_contact(b->vault, &contact, id),
                     SATCHEL_OK);
    json_t *root = shown(b->vault, id);
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
    put(b->vault, "person", "{}", person);
    struct satchel_referral referral = SATCHEL_REFERRAL_INIT;
    referral.person = person;
    referral.note = "free tax preparation";
    assert_int_equal(satchel_refer(b->vault, &referral, id), SATCHEL_OK);
    struct satchel_follow_up follow_up = SATCHEL_FOLLOW_UP_INIT;
    follow_up.referral = id;
    follow_up.finding = "She has an appointment.";
    assert_int_equal(satchel_record_follow_up(b->vault, &follow_up, next),
                     SATCHEL_OK);
    json_t *root = shown(b->vault, next);
    assert_string_equal(json_string_value(json_object_get(root, "case")),
                        person);
    json_decref(root);
}

static void a_reference_to_another_type_is_refused(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES];
    put(b->vault, "person", "{}", person);
    struct satchel_follow_up follow_up = SATCHEL_FOLLOW_UP_INIT;
    follow_up.referral = person;
    follow_up.finding = "She has an appointment.";
    assert_int_equal(satchel_record_follow_up(b->vault, &follow_up, id),
                     SATCHEL_INVALID);
    assert_non_null(strstr(satchel_message(b->vault), "name a referral"));
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
    char *text = malloc(SATCHEL_LINE_BYTES_MAX + 1u);
    memset(text, 'x', SATCHEL_LINE_BYTES_MAX);
    text[SATCHEL_LINE_BYTES_MAX] = 0;
    put(b->vault, "person", "{}", person);
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    contact.person = person;
    contact.kind = "phone";
    contact.narrative = text;
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
    put(b->vault, "person", "{\"county\": \"28081\"}", person);
    put(b->vault, "person", "{}", other);
    struct satchel_write write = SATCHEL_WRITE_INIT;
    write.record = person;
    write.set_json = "{\"county\": \"28003\"}";
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_CONFLICT);
    json_t *root = shown(b->vault, other);
    write.context = json_string_value(json_object_get(root, "context"));
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_CONFLICT);
    json_decref(root);
    root = shown(b->vault, person);
    write.context = json_string_value(json_object_get(root, "context"));
    assert_int_equal(satchel_write(b->vault, &write, NULL), SATCHEL_OK);
    json_decref(root);
}

/* Two forms, read at one time, saved one after the other. */
static void conflict_of(struct bench *b, char person[SATCHEL_ID_BYTES])
{
    put(b->vault, "person", "{\"county\": \"28081\"}", person);
    json_t *root = shown(b->vault, person);
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

    root = shown(b->vault, person);
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
    put(b->vault, "person", "{\"county\": \"28081\"}", id);
    put(b->vault, "person", "{\"county\": \"28003\"}", id);
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
    put(b->vault, "person", "{}", person);
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
        put(b->vault, "person", "{}", id);
    satchel_rollback(b->vault);
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 0);
    assert_int_equal(satchel_begin(b->vault), SATCHEL_OK);
    for (int i = 0; i < 100; i++)
        put(b->vault, "person", "{}", id);
    assert_int_equal(satchel_commit(b->vault), SATCHEL_OK);
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, 100);
}

/* --- threads -------------------------------------------------------------- */

#define THREADS 4
#define WRITES 50

struct worker {
    satchel *vault;
    char person[SATCHEL_ID_BYTES];
    int failures;
};

static void *work(void *context)
{
    struct worker *w = context;
    for (int i = 0; i < WRITES; i++) {
        char id[SATCHEL_ID_BYTES], *json;
        struct satchel_contact contact = SATCHEL_CONTACT_INIT;
        struct satchel_status status = SATCHEL_STATUS_INIT;
        contact.person = w->person;
        contact.kind = "phone";
        w->failures += satchel_record_contact(w->vault, &contact, id) != 0;
        w->failures += satchel_status(w->vault, &status) != 0;
        if (satchel_read(w->vault, id, 1, &json) == SATCHEL_OK)
            satchel_free(json);
        else
            w->failures++;
    }
    return NULL;
}

static void run_workers(satchel *const vaults[THREADS], const char *person)
{
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i].vault = vaults[i];
        workers[i].failures = 0;
        strcpy(workers[i].person, person);
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]),
                         0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
    }
}

static void expect_sound(satchel *vault, int64_t here)
{
    struct satchel_status status = SATCHEL_STATUS_INIT;
    int64_t problems = -1;
    char *report;
    assert_int_equal(satchel_status(vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, here);
    assert_int_equal(satchel_verify(vault, &problems, &report), SATCHEL_OK);
    assert_int_equal(problems, 0);
    satchel_free(report);
}

static void threads_share_a_handle(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES];
    put(b->vault, "person", "{}", person);
    satchel *const vaults[THREADS] = {b->vault, b->vault, b->vault, b->vault};
    run_workers(vaults, person);
    expect_sound(b->vault, 1 + THREADS * WRITES);
}

static void threads_with_handles_of_their_own_share_a_vault(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES];
    satchel *vaults[THREADS];
    put(b->vault, "person", "{}", person);
    for (int i = 0; i < THREADS; i++)
        vaults[i] = open_vault(b);
    run_workers(vaults, person);
    for (int i = 0; i < THREADS; i++)
        satchel_close(vaults[i]);
    expect_sound(b->vault, 1 + THREADS * WRITES);
}

static void *write_later(void *context)
{
    struct bench *b = context;
    char id[SATCHEL_ID_BYTES];
    satchel *other = open_vault(b);
    put(other, "person", "{}", id);
    satchel_close(other);
    return NULL;
}

static void a_change_elsewhere_wakes_a_watcher(void **state)
{
    struct bench *b = *state;
    int64_t before, after;
    pthread_t thread;
    assert_int_equal(satchel_change_count(b->vault, &before), SATCHEL_OK);
    assert_int_equal(satchel_wait_change(b->vault, before, 10, &after),
                     SATCHEL_TIMEOUT);
    assert_int_equal(pthread_create(&thread, NULL, write_later, b), 0);
    assert_int_equal(satchel_wait_change(b->vault, before, 20000, &after),
                     SATCHEL_OK);
    assert_true(after != before);
    pthread_join(thread, NULL);
}

static int64_t drafts_of(satchel *vault)
{
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_equal(satchel_status(vault, &status), SATCHEL_OK);
    return status.drafts;
}

static void a_draft_is_kept_listed_read_and_dropped(void **state)
{
    struct bench *b = *state;
    satchel_iterator *iterator;
    const char *row;
    char *json, *text;
    size_t bytes;
    int64_t draft = 0;
    assert_int_equal(satchel_draft_keep(b->vault, "{\"for\": \"a note\"}",
                                        "a\0b", 3, &draft),
                     SATCHEL_OK);
    assert_int_equal(drafts_of(b->vault), 1);
    assert_int_equal(satchel_drafts(b->vault, &iterator), SATCHEL_OK);
    assert_int_equal(satchel_next(iterator, &row), SATCHEL_OK);
    json_t *root = json_loads(row, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(root, "draft")), draft);
    assert_int_equal(json_integer_value(json_object_get(root, "bytes")), 3);
    assert_non_null(json_string_value(json_object_get(root, "at")));
    json_decref(root);
    assert_int_equal(satchel_draft_read(b->vault, draft, &json, &text, &bytes),
                     SATCHEL_OK);
    assert_string_equal(json, row);
    assert_non_null(strstr(json, "{\"for\":\"a note\"}"));
    assert_int_equal(bytes, 3);
    assert_memory_equal(text, "a\0b", 4);
    satchel_free(json);
    satchel_free(text);
    assert_int_equal(satchel_next(iterator, &row), SATCHEL_NOT_FOUND);
    satchel_iterator_close(iterator);
    assert_int_equal(satchel_draft_drop(b->vault, draft), SATCHEL_OK);
    assert_int_equal(satchel_draft_read(b->vault, draft, NULL, &text, &bytes),
                     SATCHEL_NOT_FOUND);
    assert_null(text);
    assert_int_equal(drafts_of(b->vault), 0);
}

static void a_draft_goes_when_its_text_is_recorded_and_not_before(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES];
    int64_t draft = 0;
    assert_int_equal(satchel_draft_keep(b->vault, "{}", "Roof", 4, &draft),
                     SATCHEL_OK);
    assert_int_equal(satchel_begin(b->vault), SATCHEL_OK);
    put(b->vault, "person", "{}", person);
    assert_int_equal(satchel_draft_drop(b->vault, draft), SATCHEL_OK);
    satchel_rollback(b->vault);
    assert_int_equal(drafts_of(b->vault), 1);
    assert_int_equal(satchel_begin(b->vault), SATCHEL_OK);
    put(b->vault, "person", "{}", person);
    assert_int_equal(satchel_draft_drop(b->vault, draft), SATCHEL_OK);
    assert_int_equal(satchel_commit(b->vault), SATCHEL_OK);
    assert_int_equal(drafts_of(b->vault), 0);
    expect_sound(b->vault, 1);
}

static void a_locked_vault_counts_drafts_and_says_what_they_need(void **state)
{
    struct bench *b = *state;
    satchel_iterator *iterator;
    char *json, *text;
    size_t bytes;
    int64_t draft = 0;
    assert_int_equal(satchel_draft_keep(b->vault, "{}", "Roof", 4, &draft),
                     SATCHEL_OK);
    satchel_lock(b->vault);
    assert_int_equal(drafts_of(b->vault), 1);
    assert_int_equal(satchel_drafts(b->vault, &iterator), SATCHEL_LOCKED);
    assert_null(iterator);
    assert_int_equal(satchel_draft_read(b->vault, draft, &json, &text, &bytes),
                     SATCHEL_LOCKED);
    assert_null(json);
    assert_null(text);
    assert_non_null(strstr(satchel_message(b->vault), "passphrase"));
    assert_int_equal(satchel_draft_drop(b->vault, draft), SATCHEL_LOCKED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_contact_takes_a_handful_of_lines),
        TEST(referrals_and_follow_ups_belong_to_the_persons_case),
        TEST(a_reference_to_another_type_is_refused),
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
        TEST(threads_share_a_handle),
        TEST(threads_with_handles_of_their_own_share_a_vault),
        TEST(a_change_elsewhere_wakes_a_watcher),
        TEST(a_draft_is_kept_listed_read_and_dropped),
        TEST(a_draft_goes_when_its_text_is_recorded_and_not_before),
        TEST(a_locked_vault_counts_drafts_and_says_what_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
