/* Vouchers: reserved when issued, every use kept, a second one an alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shared/model/voucher.h"
#include "tests/unit/server/paying.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, paying_setup, paying_teardown)

static int64_t pool_used(struct place *place, const char *pool)
{
    struct money_list list;
    int64_t cents = -1;
    CHECK(money_load_vouchers(&list, place->office, &place->sql));
    CHECK(money_pool_used(&list, place->office, &place->sql, pool, &cents));
    money_list_fini(&list);
    return cents;
}

static void spend(struct device *d, const char *id, const char *voucher,
                  const char *cents)
{
    char set[512];
    snprintf(set, sizeof set,
             "{\"amount_cents\":%s,\"category\":\"transportation\",\"on\":"
             "\"2026-11-22\",\"payee\":\"Esso\",\"person\":\"" PERSON
             "\",\"voucher\":\"%s\"}",
             cents, voucher);
    device_create(d, "voucher_spend", id, PERSON, set);
}

static void F18_a_voucher_counts_from_its_issue(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer bound, answer;
    paying_asked(place, &dana);
    assert_int_equal(paying_issue(place, "dana", 3000, PERSON, NULL, &bound),
                     ERR_OK);
    assert_int_equal(paying_used(place), 3000);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_TOO_BIG);
    assert_int_equal(paying_issue(place, "kim", 100, PERSON, NULL, &answer),
                     ERR_DENIED); /* who does not see the case */
    assert_int_equal(paying_issue(place, "dana", 7001, PERSON, NULL, &answer),
                     ERR_TOO_BIG);
    /* What was not spent of it lapses. */
    spend(&dana, SPEND(1), bound.id, "2000");
    device_sync_ok(&dana, place);
    assert_int_equal(paying_used(place), 2000);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_OK);
    assert_int_equal(paying_used(place), 10000);
    assert_int_equal(paying_void(place, bound.id, MONEY_VOUCHER), ERR_DENIED);
    paying_says(place, "was paid");
    device_fini(&dana);
}

static void F18_a_pool_gives_no_more_than_it_has(void **state)
{
    struct place *place = *state;
    struct device dana, copy;
    struct money_answer one, other;
    paying_asked(place, &dana);
    assert_int_equal(paying_issue(place, "dana", 100, NULL, "gas", &one),
                     ERR_NOT_FOUND);
    CHECK(paying_cap(place, "fay", "gas", true, 10000, -1));
    assert_int_equal(paying_issue(place, "dana", 6000, NULL, "gas", &one),
                     ERR_OK);
    assert_int_equal(paying_issue(place, "dana", 4001, NULL, "gas", &other),
                     ERR_TOO_BIG);
    assert_int_equal(paying_issue(place, "dana", 4000, NULL, "gas", &other),
                     ERR_OK);
    assert_int_equal(pool_used(place, "gas"), 10000);
    device_sync_ok(&dana, place);
    /* Voided, it counts until the device says that it knows. */
    assert_int_equal(paying_void(place, other.id, MONEY_VOUCHER), ERR_OK);
    assert_int_equal(pool_used(place, "gas"), 10000);
    device_clone(&copy, &dana); /* one that will not hear of it */
    device_sync_ok(&dana, place);
    assert_int_equal(pool_used(place, "gas"), 10000);
    device_sync_ok(&dana, place);
    assert_int_equal(pool_used(place, "gas"), 6000);
    device_fini(&copy);
    device_fini(&dana);
}

static size_t alarms(struct place *place, enum money_alarm wanted)
{
    struct money_list list;
    size_t count = 0;
    CHECK(money_load_vouchers(&list, place->office, &place->sql));
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].kind == MONEY_SPEND)
            count += money_alarm(&list, &list.at[i]) == wanted;
    money_list_fini(&list);
    return count;
}

static enum err settle(struct place *place, const char *voucher, size_t *uses)
{
    enum err err = paying_begin(place);
    return err ? err
               : paying_end(place,
                            money_settle(place->office, &place->sql, "sue",
                                         voucher, "looked at", uses));
}

static void F18_every_use_is_kept_and_a_second_is_an_alarm(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct money_answer v;
    size_t uses;
    paying_asked(place, &dana);
    device_enrol(&lee, place, "lee");
    CHECK(paying_cap(place, "fay", "gas", true, 10000, -1));
    assert_int_equal(paying_issue(place, "dana", 5000, NULL, "gas", &v),
                     ERR_OK);
    assert_int_equal(settle(place, v.id, &uses), ERR_DENIED);
    spend(&dana, SPEND(1), v.id, "5000");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_NONE), 1);
    spend(&dana, SPEND(2), v.id, "5000");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_TWICE), 1);
    assert_int_equal(pool_used(place, "gas"), 10000);
    assert_int_equal(settle(place, v.id, &uses), ERR_OK);
    assert_int_equal(uses, 2);
    assert_int_equal(alarms(place, ALARM_NONE), 2);
    /* The next one is an alarm again. */
    spend(&dana, SPEND(3), v.id, "1");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_TWICE), 1);
    assert_int_equal(paying_issue(place, "dana", 1, NULL, "gas", &v),
                     ERR_TOO_BIG);
    /* By somebody else, above its amount, of nothing known. */
    CHECK(paying_cap(place, "fay", "gas", true, 20000, -1));
    assert_int_equal(paying_issue(place, "dana", 100, NULL, "gas", &v), ERR_OK);
    device_sync_ok(&lee, place);
    spend(&lee, SPEND(4), v.id, "100");
    device_sync_ok(&lee, place);
    assert_int_equal(alarms(place, ALARM_OTHER), 1);
    assert_int_equal(paying_issue(place, "dana", 100, NULL, "gas", &v), ERR_OK);
    spend(&dana, SPEND(5), v.id, "101");
    spend(&dana, SPEND(6), REQUEST(7), "5");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_ABOVE), 1);
    assert_int_equal(alarms(place, ALARM_UNKNOWN), 1);
    device_fini(&lee);
    device_fini(&dana);
}

static void a_voucher_that_was_changed_bears_no_signature(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer v;
    struct record record;
    struct voucher voucher;
    paying_asked(place, &dana);
    assert_int_equal(paying_issue(place, "dana", 5000, PERSON, NULL, &v),
                     ERR_OK);
    CHECK(record_load(&record, place->office, &place->sql, v.id));
    CHECK(voucher_of_state(record.root, &voucher));
    const uint8_t *root = place->office->keys.root.public_key;
    assert_int_equal(voucher_verify(&voucher, "north", root), ERR_OK);
    assert_int_equal(voucher_verify(&voucher, "south", root), ERR_SIGNATURE);
    assert_int_equal(
        voucher_verify(&voucher, "north", place->office->term_keys.public_key),
        ERR_SIGNATURE);
    struct voucher changed = voucher;
    changed.amount_cents++;
    assert_int_equal(voucher_verify(&changed, "north", root), ERR_SIGNATURE);
    changed = voucher;
    changed.assigned_to = bytes_text("lee");
    assert_int_equal(voucher_verify(&changed, "north", root), ERR_SIGNATURE);
    changed = voucher;
    changed.signature = bytes_text("AAAA");
    assert_int_equal(voucher_verify(&changed, "north", root), ERR_SIGNATURE);
    record_fini(&record);
    device_fini(&dana);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F18_a_voucher_counts_from_its_issue),
        TEST(F18_a_pool_gives_no_more_than_it_has),
        TEST(F18_every_use_is_kept_and_a_second_is_an_alarm),
        TEST(a_voucher_that_was_changed_bears_no_signature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
