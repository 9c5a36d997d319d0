/* Text that was refused, and is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/client/bench.h"

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
    assert_true(json_integer_value(json_object_get(root, "at")) > 0);
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
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    assert_int_equal(satchel_draft_drop(b->vault, draft), SATCHEL_OK);
    satchel_rollback(b->vault);
    assert_int_equal(drafts_of(b->vault), 1);
    assert_int_equal(satchel_begin(b->vault), SATCHEL_OK);
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    assert_int_equal(satchel_draft_drop(b->vault, draft), SATCHEL_OK);
    assert_int_equal(satchel_commit(b->vault), SATCHEL_OK);
    assert_int_equal(drafts_of(b->vault), 0);
    bench_sound(b->vault, 1);
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

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_draft_is_kept_listed_read_and_dropped),
        TEST(a_draft_goes_when_its_text_is_recorded_and_not_before),
        TEST(a_locked_vault_counts_drafts_and_says_what_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
