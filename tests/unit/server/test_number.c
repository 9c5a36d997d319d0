/* Numbers that the office gives (`numbered`): one each, whatever was written
 * offline, given again, folded anew or lost meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/ingest.h"
#include "server/record.h"
#include "server/recovery.h"
#include "server/verify.h"
#include "tests/fault.h"
#include "tests/unit/server/small_office.h"

#define OF(contract)                                                           \
    "{\"contract\":\"#" contract "\",\"person\":\"#1\",\"text\":\"We both.\"}"
#define PERIOD(program) "{\"person\":\"#1\",\"program\":\"" program "\"}"
#define NUMBER_NONE 0

struct scene {
    struct place place;
    struct device dana, lee, kim;
};

static int setup(void **state)
{
    static struct scene s;
    memset(&s, 0, sizeof s);
    place_open(&s.place);
    place_account(&s.place, "dana", "caseload:east");
    place_account(&s.place, "lee", "caseload:east");
    place_account(&s.place, "kim", "caseload:west");
    device_enrol(&s.dana, &s.place, "dana");
    device_enrol(&s.lee, &s.place, "lee");
    device_enrol(&s.kim, &s.place, "kim");
    small_write(&s.dana, "person", 1, 1, "{\"last_name\":\"Ames\"}", NULL);
    small_write(&s.dana, "family_contract", 2, 1, "{\"person\":\"#1\"}", NULL);
    small_write(&s.dana, "family_contract", 3, 1, "{\"person\":\"#1\"}", NULL);
    device_sync_ok(&s.dana, &s.place);
    device_sync_ok(&s.lee, &s.place);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    device_fini(&s->kim);
    device_fini(&s->lee);
    device_fini(&s->dana);
    place_close(&s->place);
    return 0;
}

static int64_t number_of(struct scene *s, const char *field, int record)
{
    struct record found;
    char id[SMALL_ID_CHARS];
    CHECK(sql_begin(&s->place.sql, false));
    CHECK(record_load(&found, s->place.office, &s->place.sql,
                      small_id(id, record)));
    const struct canon *value = record_value(&found, field);
    int64_t number = value ? value->integer : NUMBER_NONE;
    record_fini(&found);
    sql_rollback(&s->place.sql);
    return number;
}

static int64_t amendment(struct scene *s, int record)
{
    return number_of(s, "number", record);
}

static int64_t lines(struct scene *s)
{
    return place_int(&s->place, "SELECT count(*) FROM line");
}

static void office_sets(struct scene *s, int record, const char *set)
{
    char id[SMALL_ID_CHARS];
    CHECK(sql_begin(&s->place.sql, true));
    CHECK(record_put(s->place.office, &s->place.sql, "boss",
                     small_id(id, record), NULL, NULL, bytes_text(set)));
    CHECK(sql_commit(&s->place.sql));
}

static void recovery(struct scene *s, bool begins)
{
    struct place *p = &s->place;
    p->now += 60000;
    CHECK(sql_begin(&p->sql, true));
    if (begins) {
        CHECK(office_new_lineage(p->office, &p->sql));
    } else {
        CHECK(recovery_close(p->office, &p->sql, "sue"));
        CHECK(ingest_numbers(p->office, &p->sql));
    }
    CHECK(sql_commit(&p->sql));
}

static void two_made_offline_have_a_number_each(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "contract_amendment", 11, 1, OF("2"), NULL);
    small_write(&s->lee, "contract_amendment", 12, 1, OF("2"), NULL);
    device_sync_ok(&s->lee, &s->place);
    device_sync_ok(&s->dana, &s->place);
    assert_int_equal(amendment(s, 12), 1);
    assert_int_equal(amendment(s, 11), 2);
}

static void each_contract_counts_for_itself(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "contract_amendment", 11, 1, OF("2"), NULL);
    small_write(&s->dana, "contract_amendment", 12, 1, OF("3"), NULL);
    small_write(&s->dana, "contract_amendment", 13, 1, OF("2"), NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_int_equal(amendment(s, 11), 1);
    assert_int_equal(amendment(s, 12), 1);
    assert_int_equal(amendment(s, 13), 2);
}

static void what_a_device_asks_for_is_no_number(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "contract_amendment", 11, 1,
                "{\"contract\":\"#2\",\"number\":7,\"person\":\"#1\","
                "\"text\":\"We both.\"}",
                NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_int_equal(amendment(s, 11), 1);
}

static void what_comes_twice_is_numbered_once(void **state)
{
    struct scene *s = *state;
    struct buffer request;
    struct reply reply;
    small_write(&s->dana, "contract_amendment", 11, 1, OF("2"), NULL);
    buffer_init(&request, 1u << 20);
    device_request(&s->dana, 0, NULL, "", &request);
    for (int i = 0; i < 2; i++) {
        device_send(&s->dana, &s->place, buffer_bytes(&request), &reply);
        assert_int_equal(reply.status, 200);
        reply_fini(&reply);
        assert_int_equal(amendment(s, 11), 1);
    }
    buffer_fini(&request);
    int64_t before = lines(s);
    device_sync_ok(&s->dana, &s->place);
    device_sync_ok(&s->lee, &s->place);
    assert_int_equal(lines(s), before);
}

static void a_number_that_another_has_gives_way(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "contract_amendment", 11, 1, OF("2"), NULL);
    small_write(&s->dana, "contract_amendment", 12, 1, OF("2"), NULL);
    device_sync_ok(&s->dana, &s->place);
    office_sets(s, 12, "{\"number\":1}");
    assert_int_equal(amendment(s, 11), 1);
    assert_int_equal(amendment(s, 12), 2);
    office_sets(s, 12, "{\"number\":9}");
    assert_int_equal(amendment(s, 12), 9);
    office_sets(s, 11, "{\"number\":null}");
    assert_int_equal(amendment(s, 11), 10);
}

static void the_greatest_number_stops_nobody(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "contract_amendment", 11, 1, OF("2"), NULL);
    device_sync_ok(&s->dana, &s->place);
    office_sets(s, 11, "{\"number\":9007199254740991}");
    small_write(&s->dana, "contract_amendment", 12, 1, OF("2"), NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_int_equal(amendment(s, 12), NUMBER_NONE);
}

static void a_period_is_numbered_once_the_office_opens_it(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "enrollment", 11, 1, PERIOD("aspire"), NULL);
    small_write(&s->dana, "enrollment", 12, 1, PERIOD("csbg"), NULL);
    small_write(&s->dana, "enrollment", 13, 1, PERIOD("aspire"), NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_int_equal(number_of(s, "period_no", 11), NUMBER_NONE);
    office_sets(s, 13, "{\"opened_on\":\"2026-11-02\"}");
    office_sets(s, 12, "{\"opened_on\":\"2026-11-03\"}");
    assert_int_equal(number_of(s, "period_no", 11), NUMBER_NONE);
    office_sets(s, 11, "{\"opened_on\":\"2026-11-04\"}");
    assert_int_equal(number_of(s, "period_no", 13), 1);
    assert_int_equal(number_of(s, "period_no", 12), 1);
    assert_int_equal(number_of(s, "period_no", 11), 2);
    office_sets(s, 11, "{\"closed_on\":\"2026-11-20\"}");
    assert_int_equal(number_of(s, "period_no", 11), 2);
}

static void what_is_held_is_numbered_when_it_is_released(void **state)
{
    struct scene *s = *state;
    struct dot held = {.n = 1};
    small_write(&s->kim, "contract_amendment", 11, 1, OF("2"), NULL);
    device_sync_ok(&s->kim, &s->place);
    small_write(&s->dana, "contract_amendment", 12, 1, OF("2"), NULL);
    device_sync_ok(&s->dana, &s->place);
    assert_int_equal(amendment(s, 12), 1);
    memcpy(held.replica, s->kim.replica, sizeof held.replica);
    CHECK(sql_begin(&s->place.sql, true));
    CHECK(ingest_release(s->place.office, &s->place.sql, "boss", &held));
    CHECK(sql_commit(&s->place.sql));
    assert_int_equal(amendment(s, 11), 2);
}

static void folding_anew_and_a_new_process_change_no_number(void **state)
{
    struct scene *s = *state;
    small_write(&s->dana, "contract_amendment", 11, 1, OF("2"), NULL);
    small_write(&s->dana, "contract_amendment", 12, 1, OF("2"), NULL);
    device_sync_ok(&s->dana, &s->place);
    int64_t before = lines(s);
    CHECK(office_rebuild(s->place.office, &s->place.sql));
    place_reopen(&s->place);
    device_sync_ok(&s->lee, &s->place);
    assert_int_equal(lines(s), before);
    assert_int_equal(amendment(s, 11), 1);
    assert_int_equal(amendment(s, 12), 2);
}

/* What was numbered may still come back: nothing is, until it is over. */
static void in_recovery_nothing_is_numbered_and_all_is_behind_it(void **state)
{
    struct scene *s = *state;
    recovery(s, true);
    device_stopped(&s->lee, &s->place, "lineage");
    small_office_write(&s->place, "contract_amendment", 11, 1, OF("2"));
    small_office_write(&s->place, "contract_amendment", 12, 1, OF("2"));
    small_office_write(&s->place, "contract_amendment", 13, 1, OF("2"));
    office_sets(s, 12, "{\"number\":1}");
    office_sets(s, 13, "{\"number\":1}");
    assert_int_equal(amendment(s, 11), NUMBER_NONE);
    recovery(s, false);
    assert_int_equal(amendment(s, 11), 2);
    assert_int_equal(amendment(s, 12), 1);
    assert_int_equal(amendment(s, 13), 3);
    int64_t before = lines(s);
    recovery(s, true);
    recovery(s, false);
    assert_int_equal(lines(s), before);
}

static enum err write_once(struct scene *s, int record)
{
    char id[SMALL_ID_CHARS], kase[SMALL_ID_CHARS];
    struct buffer set;
    struct dot dot;
    struct revision_draft draft = {.record = small_id(id, record),
                                   .type = "contract_amendment",
                                   .kase = small_id(kase, 1)};
    enum err err = sql_begin(&s->place.sql, true);
    if (err)
        return err;
    buffer_init(&set, 1u << 10);
    fault_at(0, false);
    small_spell(&set, OF("2"));
    draft.set = buffer_bytes(&set);
    fault_at(record - 100, false);
    err = ingest_office(s->place.office, &s->place.sql, "boss", &draft, &dot);
    buffer_fini(&set);
    if (err)
        sql_rollback(&s->place.sql);
    return err ? err : sql_commit(&s->place.sql);
}

/* A record is there with its number or not at all. */
static void numbering_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    int64_t next = 1;
    for (int nth = 1;; nth++) {
        fault_at(0, false);
        enum err err = write_once(s, 100 + nth);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!err)
            assert_int_equal(amendment(s, 100 + nth), next++);
        else
            assert_int_equal(err, ERR_NOMEM);
        assert_int_equal(place_int(&s->place,
                                   "SELECT count(*) FROM record "
                                   "WHERE type = 'contract_amendment'"),
                         next - 1);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 20);
            return;
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(two_made_offline_have_a_number_each),
        TEST(each_contract_counts_for_itself),
        TEST(what_a_device_asks_for_is_no_number),
        TEST(what_comes_twice_is_numbered_once),
        TEST(a_number_that_another_has_gives_way),
        TEST(the_greatest_number_stops_nobody),
        TEST(a_period_is_numbered_once_the_office_opens_it),
        TEST(what_is_held_is_numbered_when_it_is_released),
        TEST(folding_anew_and_a_new_process_change_no_number),
        TEST(in_recovery_nothing_is_numbered_and_all_is_behind_it),
        TEST(numbering_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
