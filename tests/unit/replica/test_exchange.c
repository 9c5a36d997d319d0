#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/replica/far_end.h"

static void what_was_written_is_read_back(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1], contact[ID_CHARS + 1];
    struct buffer text;
    write_person(p->dana.vault, "Rosa", person);
    write_contact(p->dana.vault, person, "Roof leaks.", contact);
    read_state(p->dana.vault, contact, &text);
    assert_non_null(strstr(buffer_text(&text), "Roof leaks."));
    assert_non_null(strstr(buffer_text(&text), person));
    buffer_fini(&text);
}

static void two_vaults_show_the_same_bytes(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1], contact[ID_CHARS + 1];
    struct buffer text;
    write_person(p->dana.vault, "Rosa", person);
    write_contact(p->dana.vault, person, "Roof leaks.", contact);
    revise(p->dana.vault, person, "{\"preferred_name\":\"Rosie\"}");
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->eli.vault, person);
    assert_same_state(p->dana.vault, p->eli.vault, person);
    revise(p->eli.vault, contact, "{\"narrative\":\"Fixed.\"}");
    far_sync_up(p->far, p->eli.vault);
    far_pull(p->far, p->dana.vault, NULL);
    assert_same_state(p->dana.vault, p->eli.vault, contact);
    read_state(p->dana.vault, contact, &text);
    assert_non_null(strstr(buffer_text(&text), "Fixed."));
    buffer_fini(&text);
    assert_sound(p->dana.vault);
    assert_sound(p->eli.vault);
}

static void nothing_counts_as_received_without_a_receipt(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1];
    struct vault_status status;
    struct receipt receipt;
    write_person(p->dana.vault, "Rosa", person);
    p->dana.now += 5000;
    assert_int_equal(record_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.here, 1);
    assert_int_equal(status.oldest_ms, 5000);
    assert_int_equal(status.received, 0);
    assert_int_equal(far_push(p->far, p->dana.vault), 1);
    far_receipt(p->far, p->dana.vault, &receipt);
    receipt.signature[3] ^= 1;
    assert_int_equal(outbox_receipt(p->dana.vault, &receipt), ERR_SIGNATURE);
    receipt.signature[3] ^= 1;
    assert_int_equal(record_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.here, 1);
    assert_int_equal(outbox_receipt(p->dana.vault, &receipt), ERR_OK);
    assert_int_equal(record_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.here, 0);
    assert_int_equal(status.oldest_ms, 0);
    assert_int_equal(status.received, 1);
}

static void concurrent_values_become_a_conflict_on_both(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1];
    struct vault_status status;
    write_person(p->dana.vault, "Rosa", person);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->eli.vault, person);
    revise(p->dana.vault, person, "{\"legal_name\":\"Rosa Diaz\"}");
    revise(p->eli.vault, person, "{\"legal_name\":\"Rosa Dias\"}");
    far_sync_up(p->far, p->dana.vault);
    far_sync_up(p->far, p->eli.vault);
    far_pull(p->far, p->eli.vault, NULL);
    far_pull(p->far, p->dana.vault, NULL);
    assert_int_equal(record_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.conflicts, 1);
    assert_int_equal(record_status(p->eli.vault, &status), ERR_OK);
    assert_int_equal(status.conflicts, 1);
}

static void a_locked_vault_pushes_envelopes(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1], contact[ID_CHARS + 1];
    write_person(p->dana.vault, "Rosa", person);
    write_contact(p->dana.vault, person, "Roof leaks.", contact);
    device_close(&p->dana);
    device_open(&p->dana, NULL);
    assert_true(vault_locked(p->dana.vault));
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(p->far->sealed, 2);
    far_pull(p->far, p->eli.vault, person);
    struct buffer text;
    read_state(p->eli.vault, contact, &text);
    assert_non_null(strstr(buffer_text(&text), "Roof leaks."));
    buffer_fini(&text);
}

static uint64_t far_sum(const struct far_end *far)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < far->count; i++) {
        uint8_t hash[HASH_BYTES];
        hash_bytes(hash, bytes_of(far->lines[i].at, far->lines[i].size));
        sum += hash_share(hash);
    }
    return sum;
}

static void sums_count_what_is_held_and_receipted(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1];
    write_person(p->dana.vault, "Rosa", person);
    assert_false(cursor_of(p->dana.vault, "caseload:north")->has_sum);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, person);
    const struct cursor *c = cursor_of(p->dana.vault, "caseload:north");
    assert_true(c->has_sum);
    assert_true(c->sum == far_sum(p->far));
    assert_int_equal(c->own, 1);
    revise(p->dana.vault, person, "{\"preferred_name\":\"Rosie\"}");
    c = cursor_of(p->dana.vault, "caseload:north");
    assert_true(c->has_sum);
    assert_true(c->sum == far_sum(p->far)); /* what is unsent is not counted */
    far_sync_up(p->far, p->dana.vault);
    assert_false(cursor_of(p->dana.vault, "caseload:north")->has_sum);
    far_pull(p->far, p->dana.vault, NULL);
    far_pull(p->far, p->eli.vault, person);
    assert_true(cursor_of(p->dana.vault, "caseload:north")->sum ==
                far_sum(p->far));
    assert_sound(p->dana.vault);
    assert_sound(p->eli.vault);
    assert_true(cursor_of(p->eli.vault, "caseload:north")->sum ==
                far_sum(p->far));
}

/* The office need not end again a scope in which nothing has moved. */
static void a_receipt_leaves_the_sums_of_other_scopes_alone(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1], other[ID_CHARS + 1];
    write_person(p->dana.vault, "Rosa", person);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, person);
    uint64_t sum = cursor_of(p->dana.vault, "caseload:north")->sum;
    write_person(p->dana.vault, "Ines", other); /* in no scope so far */
    far_sync_up(p->far, p->dana.vault);
    const struct cursor *c = cursor_of(p->dana.vault, "caseload:north");
    assert_true(c->has_sum);
    assert_true(c->sum == sum);
    far_pull(p->far, p->dana.vault, other);
    assert_true(cursor_of(p->dana.vault, "caseload:north")->sum ==
                far_sum(p->far));
}

static void a_replayed_page_changes_nothing(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1];
    struct buffer a, b;
    write_person(p->dana.vault, "Rosa", person);
    revise(p->dana.vault, person, "{\"preferred_name\":\"Rosie\"}");
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->eli.vault, person);
    uint64_t sum = cursor_of(p->eli.vault, "caseload:north")->sum;
    read_state(p->eli.vault, person, &a);
    far_pull(p->far, p->eli.vault, person);
    read_state(p->eli.vault, person, &b);
    assert_string_equal(buffer_text(&a), buffer_text(&b));
    assert_true(cursor_of(p->eli.vault, "caseload:north")->sum == sum);
    buffer_fini(&a);
    buffer_fini(&b);
}

static enum err entry_count(void *context, const struct record_entry *entry)
{
    (void)entry;
    ++*(size_t *)context;
    return ERR_OK;
}

static size_t history_size(struct vault *vault, const char *record)
{
    size_t count = 0;
    assert_int_equal(record_history(vault, record, entry_count, &count),
                     ERR_OK);
    return count;
}

/* It says which record it is of, and nothing else that is understood here. */
static void a_line_of_a_later_version_stays_with_its_record(void **state)
{
    struct pair *p = *state;
    char person[ID_CHARS + 1], line[256];
    write_person(p->dana.vault, "Rosa", person);
    far_sync_up(p->far, p->dana.vault);
    snprintf(line, sizeof line,
             "{\"at\":1,\"author\":\"olga\",\"n\":1,\"record\":\"%s\","
             "\"replica\":\"wAAAAAAAAAAAA\",\"seal\":\"sketched\"}",
             person);
    struct far_line *later = &p->far->lines[p->far->count++];
    *later = (struct far_line){"wAAAAAAAAAAAA", 1, NULL, strlen(line)};
    later->at = malloc(later->size);
    memcpy(later->at, line, later->size);
    far_pull(p->far, p->eli.vault, person);
    assert_int_equal(history_size(p->eli.vault, person), 2);
    assert_sound(p->eli.vault);
    assert_same_state(p->dana.vault, p->eli.vault, person);
    assert_int_equal(vault_rebuild(p->eli.vault), ERR_OK);
    assert_int_equal(history_size(p->eli.vault, person), 2);
    assert_sound(p->eli.vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
        TEST(what_was_written_is_read_back),
        TEST(two_vaults_show_the_same_bytes),
        TEST(nothing_counts_as_received_without_a_receipt),
        TEST(concurrent_values_become_a_conflict_on_both),
        TEST(a_locked_vault_pushes_envelopes),
        TEST(sums_count_what_is_held_and_receipted),
        TEST(a_receipt_leaves_the_sums_of_other_scopes_alone),
        TEST(a_replayed_page_changes_nothing),
        TEST(a_line_of_a_later_version_stays_with_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
