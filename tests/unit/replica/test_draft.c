#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/replica/draft.h"
#include "tests/fault.h"
#include "tests/unit/replica/far_end.h"

#define SECRET "Mother says the landlord threatened her."

static int setup(void **state)
{
    struct device *d = calloc(1, sizeof *d);
    if (!d)
        return -1;
    device_create(d);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    device_remove(*state);
    free(*state);
    return 0;
}

static int64_t keep(struct vault *vault, const char *about, struct bytes text)
{
    int64_t id = 0;
    enum err err = draft_keep(vault, bytes_text(about), text, &id);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(vault));
    return id;
}

static enum err read_err(struct vault *vault, int64_t id)
{
    struct draft draft;
    struct buffer about, text;
    buffer_init(&about, DRAFT_ABOUT_BYTES_MAX);
    buffer_init(&text, DRAFT_BYTES_MAX);
    enum err err = draft_read(vault, id, &draft, &about, &text);
    buffer_fini(&about);
    buffer_fini(&text);
    return err;
}

static void expect(struct vault *vault, int64_t id, const char *about,
                   struct bytes text)
{
    struct draft draft;
    struct buffer got_about, got;
    buffer_init(&got_about, DRAFT_ABOUT_BYTES_MAX);
    buffer_init(&got, DRAFT_BYTES_MAX);
    assert_int_equal(draft_read(vault, id, &draft, &got_about, &got), ERR_OK);
    assert_int_equal(draft.id, id);
    assert_true(bytes_is(draft.about, about));
    assert_int_equal(draft.text_bytes, text.size);
    assert_true(bytes_equal(buffer_bytes(&got), text));
    buffer_fini(&got_about);
    buffer_fini(&got);
}

static int64_t count(struct vault *vault)
{
    int64_t n = -1;
    assert_int_equal(draft_count(vault, &n), ERR_OK);
    return n;
}

static void a_draft_is_kept_byte_for_byte(void **state)
{
    struct device *d = *state;
    static const uint8_t odd[] = {'a', 0, 0xff, '\n', 'b', 0};
    int64_t first = keep(d->vault, "{ \"b\": 1, \"a\": [\"x\"] }",
                         bytes_of(odd, sizeof odd));
    int64_t empty = keep(d->vault, "{}", bytes_of(NULL, 0));
    assert_true(empty > first);
    device_close(d);
    device_open(d, "correct horse");
    expect(d->vault, first, "{\"a\":[\"x\"],\"b\":1}",
           bytes_of(odd, sizeof odd));
    expect(d->vault, empty, "{}", bytes_of(NULL, 0));
    assert_int_equal(count(d->vault), 2);
    assert_sound(d->vault);
}

static void a_text_far_over_a_lines_limit_is_kept(void **state)
{
    struct device *d = *state;
    size_t size = 5u << 20;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 23);
    int64_t id = keep(d->vault, "{}", bytes_of(text, size));
    expect(d->vault, id, "{}", bytes_of(text, size));
    free(text);
}

static void what_is_too_big_or_no_object_is_refused(void **state)
{
    struct device *d = *state;
    int64_t id = 77;
    char *text = calloc(1, DRAFT_BYTES_MAX + 1u);
    assert_non_null(text);
    assert_int_equal(draft_keep(d->vault, bytes_text("{}"),
                                bytes_of(text, DRAFT_BYTES_MAX + 1u), &id),
                     ERR_TOO_BIG);
    assert_non_null(strstr(vault_detail(d->vault), "64 MiB"));
    free(text);
    assert_int_equal(
        draft_keep(d->vault, bytes_text("[]"), bytes_text("x"), &id),
        ERR_INVALID);
    assert_non_null(strstr(vault_detail(d->vault), "object"));
    assert_int_equal(
        draft_keep(d->vault, bytes_text("{\"a\""), bytes_text("x"), &id),
        ERR_INVALID);
    assert_non_null(strstr(vault_detail(d->vault), "byte 4"));
    assert_int_equal(id, 77);
    assert_int_equal(count(d->vault), 0);
}

struct listing {
    int64_t ids[8];
    size_t count, bytes;
    char about[64];
};

static enum err list_one(void *context, const struct draft *draft)
{
    struct listing *l = context;
    assert_true(l->count < 8);
    l->ids[l->count++] = draft->id;
    l->bytes += draft->text_bytes;
    snprintf(l->about, sizeof l->about, "%.*s", (int)draft->about.size,
             (const char *)draft->about.at);
    assert_true(draft->at_ms > INT64_C(1795200000000));
    return l->count == 8 ? ERR_AGAIN : ERR_OK;
}

static void
drafts_are_listed_oldest_first_and_numbers_never_come_back(void **state)
{
    struct device *d = *state;
    struct listing l = {.count = 0};
    int64_t first = keep(d->vault, "{\"n\":1}", bytes_text("one"));
    int64_t second = keep(d->vault, "{\"n\":2}", bytes_text("three"));
    assert_int_equal(draft_each(d->vault, list_one, &l), ERR_OK);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.ids[0], first);
    assert_int_equal(l.ids[1], second);
    assert_int_equal(l.bytes, 8);
    assert_string_equal(l.about, "{\"n\":2}");
    assert_int_equal(draft_drop(d->vault, second), ERR_OK);
    assert_int_equal(read_err(d->vault, second), ERR_NOT_FOUND);
    assert_non_null(strstr(vault_detail(d->vault), "draft list"));
    assert_int_equal(draft_drop(d->vault, second), ERR_NOT_FOUND);
    assert_true(keep(d->vault, "{}", bytes_text("four")) > second);
    expect(d->vault, first, "{\"n\":1}", bytes_text("one"));
}

static void a_locked_vault_counts_drafts_and_says_how_to_read_them(void **state)
{
    struct device *d = *state;
    struct listing l = {.count = 0};
    int64_t id = keep(d->vault, "{}", bytes_text(SECRET)), none = 77;
    vault_lock(d->vault);
    assert_int_equal(count(d->vault), 1);
    assert_int_equal(read_err(d->vault, id), ERR_LOCKED);
    assert_non_null(strstr(vault_detail(d->vault), "unlock"));
    assert_non_null(strstr(vault_detail(d->vault), "passphrase"));
    assert_int_equal(draft_each(d->vault, list_one, &l), ERR_LOCKED);
    assert_int_equal(draft_drop(d->vault, id), ERR_LOCKED);
    assert_int_equal(
        draft_keep(d->vault, bytes_text("{}"), bytes_text("x"), &none),
        ERR_LOCKED);
    assert_int_equal(none, 77);
    assert_int_equal(vault_unlock(d->vault, "correct horse"), ERR_OK);
    expect(d->vault, id, "{}", bytes_text(SECRET));
}

/* How often a text stands in a file; the file may be missing. */
static int found_in(const char *path, const char *suffix, const char *text)
{
    char name[3 * DIR_CHARS];
    int found = 0;
    size_t at = 0, size = strlen(text);
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *file = fopen(name, "rb");
    for (int c; file && (c = getc(file)) != EOF;) {
        at = c == text[at] ? at + 1 : c == text[0];
        found += at == size;
        at = at == size ? 0 : at;
    }
    if (file)
        fclose(file);
    return found;
}

static void no_plain_text_stands_in_the_file(void **state)
{
    struct device *d = *state;
    keep(d->vault, "{\"about\":\"" SECRET "\"}", bytes_text(SECRET));
    /* The search would find what is there. */
    assert_true(found_in(d->path, "", "CREATE TABLE draft") +
                    found_in(d->path, "-wal", "CREATE TABLE draft") >
                0);
    assert_int_equal(found_in(d->path, "", "landlord"), 0);
    assert_int_equal(found_in(d->path, "-wal", "landlord"), 0);
    device_close(d);
    assert_int_equal(found_in(d->path, "", "landlord"), 0);
}

static void run_sql(const char *path, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void
texts_cannot_change_places_and_a_damaged_draft_hides_no_other(void **state)
{
    struct device *d = *state;
    struct listing l = {.count = 0};
    size_t problems;
    int64_t first = keep(d->vault, "{\"n\":1}", bytes_text("one"));
    int64_t second = keep(d->vault, "{\"n\":2}", bytes_text("two"));
    run_sql(d->path, "UPDATE draft SET text = (SELECT text FROM draft"
                     " WHERE id = 2) WHERE id = 1");
    assert_int_equal(read_err(d->vault, first), ERR_CORRUPT);
    assert_non_null(strstr(vault_detail(d->vault), "draft 1 is damaged"));
    run_sql(d->path, "UPDATE draft SET about = zeroblob(50) WHERE id = 1");
    assert_int_equal(draft_each(d->vault, list_one, &l), ERR_OK);
    assert_int_equal(l.count, 2);
    expect(d->vault, second, "{\"n\":2}", bytes_text("two"));
    assert_int_equal(vault_verify(d->vault, NULL, NULL, &problems), ERR_OK);
    assert_int_equal(problems, 1);
    assert_int_equal(draft_drop(d->vault, first), ERR_OK);
    assert_sound(d->vault);
}

static void a_draft_outlives_its_case_and_the_loss_of_access(void **state)
{
    struct device *d = *state;
    struct far_end *far = far_end_new();
    struct leave_line leave;
    struct inbox *inbox;
    char person[ID_CHARS + 1], about[80];
    far_enrol(far, d, "dana");
    write_person(d->vault, "Rosa", person);
    far_sync_up(far, d->vault);
    far_pull(far, d->vault, person);
    snprintf(about, sizeof about, "{\"person\":\"%s\"}", person);
    int64_t id = keep(d->vault, about, bytes_text(SECRET));
    far_leave(far, d->vault, person, "caseload:north", &leave);
    assert_int_equal(inbox_open(&inbox, d->vault), ERR_OK);
    assert_int_equal(inbox_leave(inbox, &leave), ERR_OK);
    assert_int_equal(far_page(far, inbox, 0, 0, "caseload:north", 9, true),
                     ERR_OK);
    inbox_close(inbox);
    struct buffer state_text;
    buffer_init(&state_text, STATE_BYTES_MAX);
    assert_int_equal(record_read(d->vault, person, &state_text, &state_text),
                     ERR_NOT_FOUND);
    buffer_fini(&state_text);
    expect(d->vault, id, about, bytes_text(SECRET));
    assert_int_equal(vault_rebuild(d->vault), ERR_OK);
    expect(d->vault, id, about, bytes_text(SECRET));
    assert_sound(d->vault);
    far_end_free(far);
}

static void in_a_batch_a_draft_goes_with_the_write_that_took_it(void **state)
{
    struct device *d = *state;
    struct far_end *far = far_end_new();
    char person[ID_CHARS + 1];
    far_enrol(far, d, "dana");
    int64_t id = keep(d->vault, "{}", bytes_text(SECRET));
    assert_int_equal(record_batch_begin(d->vault), ERR_OK);
    write_person(d->vault, "Rosa", person);
    assert_int_equal(draft_drop(d->vault, id), ERR_OK);
    record_batch_rollback(d->vault);
    expect(d->vault, id, "{}", bytes_text(SECRET));
    assert_int_equal(record_batch_begin(d->vault), ERR_OK);
    write_person(d->vault, "Rosa", person);
    assert_int_equal(draft_drop(d->vault, id), ERR_OK);
    assert_int_equal(record_batch_commit(d->vault), ERR_OK);
    assert_int_equal(read_err(d->vault, id), ERR_NOT_FOUND);
    assert_sound(d->vault);
    far_end_free(far);
}

static enum err keep_read_and_drop(struct vault *vault)
{
    int64_t id = 0;
    enum err err =
        draft_keep(vault, bytes_text("{\"n\":1}"), bytes_text(SECRET), &id);
    if (err)
        return err;
    err = read_err(vault, id);
    if (!err) {
        struct listing l = {.count = 0};
        err = draft_each(vault, list_one, &l);
    }
    return err ? err : draft_drop(vault, id);
}

static void every_call_survives_every_allocation_failure(void **state)
{
    struct device *d = *state;
    int hits = 0;
    for (int nth = 1;; nth++) {
        int64_t before = count(d->vault);
        device_close(d);
        device_open(d, "correct horse"); /* statements are prepared anew */
        fault_at(nth, false);
        enum err err = keep_read_and_drop(d->vault);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_int_equal(count(d->vault), before);
            break;
        }
        hits++;
        if (err) /* else a cache did without */
            assert_int_equal(err, ERR_NOMEM);
        /* What was kept before the failure stays, and only that. */
        assert_in_range(count(d->vault), (uintmax_t)before,
                        (uintmax_t)before + 1);
        if (count(d->vault) > before)
            run_sql(d->path, "DELETE FROM draft");
    }
    assert_true(hits > 10);
    assert_sound(d->vault);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    fault_sqlite();
    const struct CMUnitTest tests[] = {
        TEST(a_draft_is_kept_byte_for_byte),
        TEST(a_text_far_over_a_lines_limit_is_kept),
        TEST(what_is_too_big_or_no_object_is_refused),
        TEST(drafts_are_listed_oldest_first_and_numbers_never_come_back),
        TEST(a_locked_vault_counts_drafts_and_says_how_to_read_them),
        TEST(no_plain_text_stands_in_the_file),
        TEST(texts_cannot_change_places_and_a_damaged_draft_hides_no_other),
        TEST(a_draft_outlives_its_case_and_the_loss_of_access),
        TEST(in_a_batch_a_draft_goes_with_the_write_that_took_it),
        TEST(every_call_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
