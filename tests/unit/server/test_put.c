/* A person at the office writes a record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/put.h"
#include "server/record.h"
#include "tests/fault.h"
#include "tests/unit/server/small_office.h"

static const struct user supervisor = {.name = "ruth", .role = "supervisor"};

struct scene {
    struct place place;
    struct device dana;
};

static int setup(void **state)
{
    static struct scene s;
    memset(&s, 0, sizeof s);
    place_open(&s.place);
    place_account(&s.place, "dana", "caseload:east");
    device_enrol(&s.dana, &s.place, "dana");
    small_write(&s.dana, "person", 1, 1, "{\"last_name\":\"Ames\"}", NULL);
    small_write(&s.dana, "good_cause", 2, 1,
                "{\"from\":\"2026-11-16\",\"person\":\"#1\","
                "\"reason\":\"illness\"}",
                NULL);
    device_sync_ok(&s.dana, &s.place);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    device_fini(&s->dana);
    place_close(&s->place);
    return 0;
}

/* All in a transaction of its own; the warning is printed into `said`. */
static enum err put_alone(struct scene *s, const struct put *put, char *said,
                          size_t room, char record[ID_CHARS + 1])
{
    struct put_written written;
    put_written_init(&written);
    enum err err = sql_begin(&s->place.sql, true);
    if (err) {
        put_written_fini(&written);
        return err;
    }
    err = put_write(s->place.office, &s->place.sql, put, &written);
    if (!err) {
        snprintf(said, room, "%s", buffer_text(&written.warning));
        memcpy(record, written.record, ID_CHARS + 1);
        err = sql_commit(&s->place.sql);
    } else {
        sql_rollback(&s->place.sql);
    }
    put_written_fini(&written);
    return err;
}

static void value_is(struct scene *s, const char *id, const char *field,
                     const char *wanted)
{
    struct record record;
    CHECK(sql_begin(&s->place.sql, false));
    CHECK(record_load(&record, s->place.office, &s->place.sql, id));
    struct bytes text = record_text(&record, field);
    assert_true(bytes_is(text, wanted));
    record_fini(&record);
    sql_rollback(&s->place.sql);
}

static void what_only_the_office_decides_takes_effect(void **state)
{
    struct scene *s = *state;
    char cause[SMALL_ID_CHARS], said[256], record[ID_CHARS + 1];
    const struct put put = {.user = &supervisor,
                            .type = "good_cause",
                            .record = small_id(cause, 2),
                            .set = bytes_text("{\"decision\": \"granted\"}")};
    assert_int_equal(put_alone(s, &put, said, sizeof said, record), ERR_OK);
    assert_string_equal(said, "");
    assert_string_equal(record, cause);
    value_is(s, cause, "decision", "granted");
}

static void a_refusal_writes_nothing_and_says_why(void **state)
{
    struct scene *s = *state;
    static const struct user auditor = {.name = "a", .role = "auditor"},
                             kim = {.name = "kim",
                                    .role = "worker",
                                    .scopes = {"caseload:west"},
                                    .scope_count = 1};
    static const struct {
        const struct user *user;
        const char *type, *set, *detail;
        bool revises;
        enum err err;
    } refused[] = {
        {&auditor, "need", "{}", "does not write it", false, ERR_DENIED},
        {&kim, "good_cause", "{\"to\":\"2026-11-20\"}",
         "not in the caseloads or sites of kim", true, ERR_DENIED},
        {&kim, "good_cause", "{\"decision\":\"granted\"}",
         "only the office decides this", true, ERR_DENIED},
        {&supervisor, "good_cause", "{\"decision\":\"perhaps\"}",
         "\"perhaps\" is not one of", true, ERR_INVALID},
        {&supervisor, "good_cause", "{\"colour\":\"red\"}",
         "this record type has no such field", true, ERR_INVALID},
        {&supervisor, "good_cause", "", "there is nothing to write", true,
         ERR_INVALID},
        {&supervisor, "need", "{\"to\":1}", "is a good_cause, not a need", true,
         ERR_INVALID},
        {&supervisor, "need", "{\"domain\":\"housing\"}", "which case?", false,
         ERR_INVALID},
        {&supervisor, "nothing", "{\"a\":1}", "no such record type", false,
         ERR_INVALID},
    };
    int64_t lines = place_int(&s->place, "SELECT count(*) FROM line");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char cause[SMALL_ID_CHARS], said[256], record[ID_CHARS + 1];
        const struct put put = {
            .user = refused[i].user,
            .type = refused[i].type,
            .record = refused[i].revises ? small_id(cause, 2) : NULL,
            .set = bytes_text(refused[i].set)};
        assert_int_equal(put_alone(s, &put, said, sizeof said, record),
                         refused[i].err);
        if (!strstr(s->place.office->detail, refused[i].detail))
            fail_msg("%s, not %s", s->place.office->detail, refused[i].detail);
    }
    assert_int_equal(place_int(&s->place, "SELECT count(*) FROM line"), lines);
}

static void what_is_missing_is_noted_and_stored(void **state)
{
    struct scene *s = *state;
    char person[SMALL_ID_CHARS], set[256], said[1024], record[ID_CHARS + 1];
    snprintf(set, sizeof set,
             "{\"person\":\"%s\",\"kind\":\"terminated\","
             "\"status\":\"approved\"}",
             small_id(person, 1));
    const struct put put = {
        .user = &supervisor, .type = "closure", .set = bytes_text(set)};
    assert_int_equal(put_alone(s, &put, said, sizeof said, record), ERR_OK);
    assert_non_null(strstr(said, "reason: still missing"));
    assert_non_null(strstr(said, "status: nothing says how it went: write the "
                                 "`summary` (MS-A4f); stored all the same"));
    value_is(s, record, "status", "approved");
}

static void a_put_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    char person[SMALL_ID_CHARS], set[256], said[1024], record[ID_CHARS + 1];
    snprintf(set, sizeof set,
             "{\"person\":\"%s\",\"roma_stage\":\"enrolled\","
             "\"program\":\"csbg\"}",
             small_id(person, 1));
    const struct put put = {
        .user = &supervisor, .type = "enrollment", .set = bytes_text(set)};
    int64_t before = place_int(&s->place, "SELECT count(*) FROM line");
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = put_alone(s, &put, said, sizeof said, record);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 20);
            break;
        }
        assert_true(err == ERR_NOMEM || err == ERR_OK);
        if (err == ERR_OK) /* a cache that did not grow */
            before = place_int(&s->place, "SELECT count(*) FROM line");
        else
            assert_int_equal(place_int(&s->place, "SELECT count(*) FROM line"),
                             before);
    }
    value_is(s, record, "program", "csbg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_only_the_office_decides_takes_effect, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_writes_nothing_and_says_why,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_noted_and_stored,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_put_survives_every_allocation_failure,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
