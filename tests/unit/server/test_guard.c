/* What the office finds standing without what it needs.  Which guards there are
 * and what each asks for: tests/unit/model/test_guard.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/guard.h"
#include "tests/fault.h"
#include "tests/unit/server/small_office.h"

#define FOUND_CHARS 8192

struct found {
    char text[FOUND_CHARS]; /* a line each: number of case and record, guard */
    size_t used;
    int count;
};

/* -1 for what the office itself has made. */
static long number_of(struct bytes id)
{
    if (!id.size)
        return 0;
    if (memcmp(id.at, "0192b5a0", 8) != 0)
        return -1;
    return strtol((const char *)id.at + ID_CHARS - 12, NULL, 10);
}

static enum err note(void *context, const struct guard_finding *f)
{
    struct found *out = context;
    struct bytes name = guard_name(f->guard);
    out->used += (size_t)snprintf(
        out->text + out->used, FOUND_CHARS - out->used,
        "%ld %ld %.*s.%.*s.%.*s %.*s\n", number_of(f->kase),
        number_of(f->record), (int)f->type.size, (const char *)f->type.at,
        (int)f->field.size, (const char *)f->field.at, (int)name.size,
        (const char *)name.at, (int)f->value.size, (const char *)f->value.at);
    out->count++;
    return ERR_OK;
}

static const char *find_all(struct place *place, struct found *out)
{
    *out = (struct found){.used = 0};
    CHECK(sql_begin(&place->sql, false));
    CHECK(guard_each(place->office, &place->sql, note, out));
    sql_rollback(&place->sql);
    return out->text;
}

struct scene {
    struct place place;
    struct device dana, lee;
    struct found found;
};

static int setup(void **state)
{
    static struct scene s;
    memset(&s, 0, sizeof s);
    place_open(&s.place);
    place_account(&s.place, "dana", "caseload:east");
    place_account(&s.place, "lee", "caseload:east");
    device_enrol(&s.dana, &s.place, "dana");
    device_enrol(&s.lee, &s.place, "lee");
    small_write(&s.dana, "person", 1, 1, "{\"last_name\":\"Ames\"}", NULL);
    small_write(&s.dana, "person", 2, 2, "{\"last_name\":\"Cole\"}", NULL);
    device_sync_ok(&s.dana, &s.place);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    device_fini(&s->lee);
    device_fini(&s->dana);
    place_close(&s->place);
    return 0;
}

static void seen_revise(struct scene *s, int record, const char *set)
{
    char id[SMALL_ID_CHARS], seen[64];
    snprintf(seen, sizeof seen, "{\"%s\":%lld}", s->dana.replica,
             (long long)s->dana.head);
    device_revise(&s->dana, small_id(id, record), seen, set);
    device_sync_ok(&s->dana, &s->place);
}

static void an_office_in_which_nothing_is_misses_nothing(void **state)
{
    struct scene *s = *state;
    assert_string_equal(find_all(&s->place, &s->found), "");
}

static void what_is_missing_is_found_until_it_is_there(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "referral", 10, 1, "{\"status\":\"sent\"}", NULL);
    small_write(&s->dana, "referral", 11, 2,
                "{\"basis\":\"law\",\"status\":\"sent\"}", NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_string_equal(find_all(&s->place, &s->found),
                        "1 10 referral.status.consent \"sent\"\n");
    small_write(&s->dana, "consent", 12, 1,
                "{\"kind\":\"arf_001_release\",\"mark\":\"drawn\","
                "\"status\":\"given\"}",
                NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_int_equal((find_all(&s->place, &s->found), s->found.count), 1);
    seen_revise(s, 10,
                "{\"consent\":\"0192b5a0-0000-7000-8000-000000000012\"}");
    assert_string_equal(find_all(&s->place, &s->found), "");
    seen_revise(s, 12, "{\"revoked_how\":\"by phone\",\"status\":\"revoked\"}");
    assert_string_equal(find_all(&s->place, &s->found),
                        "1 10 referral.status.consent_stands \"sent\"\n");
}

/* A release of one client is none of another's. */
static void each_case_is_judged_by_itself(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "referral", 10, 1,
                "{\"basis\":\"law\",\"effectiveness\":\"yes\",\"status\":"
                "\"met\"}",
                NULL);
    small_write(&s->dana, "referral_followup", 11, 2,
                "{\"finding\":\"went\",\"referral\":\"#10\"}", NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_string_equal(find_all(&s->place, &s->found),
                        "1 10 referral.status.follow_up \"met\"\n");
}

static void the_agencys_own_records_are_judged_too(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "needs_assessment", 10, 0,
                "{\"entity\":\"delta\",\"status\":\"approved\",\"year\":2026}",
                NULL);
    for (int i = 0; i < 2; i++)
        small_write(&s->dana, "community_need", 11 + i, 0,
                    "{\"assessment\":\"#10\",\"level\":\"family\",\"name\":"
                    "\"food\",\"rank\":1}",
                    NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_string_equal(find_all(&s->place, &s->found),
                        "0 10 needs_assessment.status.top_three "
                        "\"approved\"\n");
    small_write(&s->dana, "community_need", 13, 0,
                "{\"assessment\":\"#10\",\"level\":\"family\",\"name\":"
                "\"work\",\"rank\":3}",
                NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_string_equal(find_all(&s->place, &s->found), "");
}

/* By the role of the account, now. */
static void who_made_a_move_is_known_here(void **state)
{
    struct scene *s = *state;
    small_write(&s->lee, "assignment", 10, 1, "{\"primary\":\"lee\"}", NULL);
    device_sync_ok(&s->lee, &s->place);
    assert_string_equal(find_all(&s->place, &s->found), "");
    place_exec(&s->place, "UPDATE account SET role = 'covering' "
                          "WHERE account = 'lee'");
    assert_string_equal(find_all(&s->place, &s->found),
                        "1 10 assignment.primary.who \"lee\"\n");
    place_exec(&s->place, "UPDATE account SET role = 'supervisor' "
                          "WHERE account = 'lee'");
    assert_string_equal(find_all(&s->place, &s->found), "");
}

static void there_are_never_no_managers(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "enrollment", 10, 1,
                "{\"program\":\"aspire\",\"roma_stage\":\"enrolled\"}", NULL);
    small_write(&s->dana, "assignment", 11, 1, "{\"reason\":\"leaves\"}", NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_string_equal(find_all(&s->place, &s->found),
                        "1 10 enrollment.roma_stage.manager \"enrolled\"\n"
                        "1 11 assignment.primary.never_nobody null\n"
                        "1 -1 assignment.primary.never_nobody null\n");
}

static void one_manager_is_enough(void **state)
{
    struct scene *s = *state;
    there_are_never_no_managers(state);
    small_write(&s->dana, "assignment", 12, 1, "{\"primary\":\"lee\"}", NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_string_equal(find_all(&s->place, &s->found), "");
}

static enum err stop(void *context, const struct guard_finding *f)
{
    (void)f;
    ++*(int *)context;
    return ERR_BUSY;
}

static void an_error_stops_it(void **state)
{
    struct scene *s = *state;
    int count = 0;
    there_are_never_no_managers(state);
    CHECK(sql_begin(&s->place.sql, false));
    assert_int_equal(guard_each(s->place.office, &s->place.sql, stop, &count),
                     ERR_BUSY);
    sql_rollback(&s->place.sql);
    assert_int_equal(count, 1);
}

static void it_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    there_are_never_no_managers(state);
    for (int nth = 1;; nth++) {
        s->found = (struct found){.used = 0};
        CHECK(sql_begin(&s->place.sql, false));
        fault_at(nth, false);
        enum err err =
            guard_each(s->place.office, &s->place.sql, note, &s->found);
        bool hit = fault_hit();
        fault_at(0, false);
        sql_rollback(&s->place.sql);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_int_equal(s->found.count, 3);
            assert_true(nth > 3);
            return;
        }
        assert_true(err == ERR_NOMEM || (!err && s->found.count == 3));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_office_in_which_nothing_is_misses_nothing),
        TEST(what_is_missing_is_found_until_it_is_there),
        TEST(each_case_is_judged_by_itself),
        TEST(the_agencys_own_records_are_judged_too),
        TEST(who_made_a_move_is_known_here),
        TEST(there_are_never_no_managers),
        TEST(one_manager_is_enough),
        TEST(an_error_stops_it),
        TEST(it_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
