/* What a worker is told when a record moves to where something is missing, and
 * that it is stored all the same.  Which guards there are and what each asks
 * for: tests/unit/model/test_guard.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/fault.h"
#include "shared/replica/vault_inner.h"
#include "tests/unit/replica/far_end.h"

#define NO_RELEASE                                                             \
    "status: no release lets this referral leave: record the consent that "    \
    "the client signed and name it in `consent`, or say in `basis` why none "  \
    "is needed (24-6.7, ME-II-12, ME-144-2-1.9); stored all the same"

static int setup(void **state)
{
    if (pair_setup(state))
        return -1;
    struct pair *o = *state;
    write_person(o->dana.vault, "Rosa", o->person);
    return 0;
}

static int teardown(void **state)
{
    struct pair *o = *state;
    assert_sound(o->dana.vault);
    return pair_teardown(state);
}

struct wrote {
    char record[ID_CHARS + 1];
    char said[4096];
};

static struct wrote put(struct vault *vault, const char *type,
                        const char *record, const char *kase, const char *set)
{
    struct wrote w = {"", ""};
    struct record_written out;
    struct buffer text, context;
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    if (record)
        assert_int_equal(record_read(vault, record, &text, &context), ERR_OK);
    struct record_write write = {.type = type,
                                 .record = record,
                                 .kase = kase,
                                 .context = buffer_text(&context),
                                 .set = bytes_text(set)};
    record_written_init(&out);
    if (record_write(vault, &write, &out))
        fail_msg("%s: %s", set, vault_detail(vault));
    memcpy(w.record, out.record, sizeof w.record);
    snprintf(w.said, sizeof w.said, "%s", buffer_text(&out.warning));
    record_written_fini(&out);
    buffer_fini(&context);
    buffer_fini(&text);
    return w;
}

static struct wrote create(struct pair *o, const char *type, const char *set)
{
    return put(o->dana.vault, type, NULL, o->person, set);
}

static struct wrote change(struct pair *o, const char *record, const char *set)
{
    return put(o->dana.vault, NULL, record, NULL, set);
}

static void assert_shows(struct pair *o, const char *record, const char *value)
{
    struct buffer state;
    read_state(o->dana.vault, record, &state);
    assert_non_null(strstr(buffer_text(&state), value));
    buffer_fini(&state);
}

static void what_is_missing_is_told_and_the_write_stands(void **state)
{
    struct pair *o = *state;
    struct wrote w = create(o, "referral", "{\"status\":\"sent\"}");
    assert_string_equal(w.said, NO_RELEASE);
    assert_shows(o, w.record, "\"value\":\"sent\"");
}

static void a_revision_is_judged_with_what_it_finds(void **state)
{
    struct pair *o = *state;
    char set[128];
    struct wrote w = create(o, "referral", "{\"status\":\"draft\"}");
    assert_string_equal(w.said, "");
    w = change(o, w.record, "{\"note\":\"soon\"}");
    assert_string_equal(w.said, "");
    w = change(o, w.record, "{\"status\":\"ready\"}");
    assert_string_equal(w.said, NO_RELEASE);
    /* What does not move it is not remarked on again. */
    w = change(o, w.record, "{\"note\":\"soon, very soon\"}");
    assert_string_equal(w.said, "");
    struct wrote c = create(o, "consent",
                            "{\"kind\":\"arf_001_release\",\"mark\":\"drawn\","
                            "\"status\":\"given\"}");
    assert_string_equal(c.said, "");
    snprintf(set, sizeof set, "{\"consent\":\"%s\",\"status\":\"sent\"}",
             c.record);
    w = change(o, w.record, set);
    assert_string_equal(w.said, "");
    change(o, c.record, "{\"status\":\"revoked\",\"revoked_how\":\"phone\"}");
    w = change(o, w.record, "{\"status\":\"received\"}");
    assert_non_null(strstr(w.said, "was revoked"));
}

static void only_the_case_of_the_record_is_looked_at(void **state)
{
    struct pair *o = *state;
    char other[ID_CHARS + 1];
    static const char met[] =
        "{\"basis\":\"law\",\"effectiveness\":\"yes\",\"status\":\"met\"}";
    write_person(o->dana.vault, "Omar", other);
    struct wrote w = create(o, "referral", "{\"status\":\"draft\"}");
    char set[160];
    snprintf(set, sizeof set, "{\"finding\":\"went\",\"referral\":\"%s\"}",
             w.record);
    put(o->dana.vault, "referral_followup", NULL, other, set);
    w = change(o, w.record, met);
    assert_non_null(strstr(w.said, "nobody has followed it up"));
    create(o, "referral_followup", set);
    change(o, w.record, "{\"status\":\"in_service\"}");
    w = change(o, w.record, "{\"status\":\"met\"}");
    assert_null(strstr(w.said, "nobody has followed it up"));
    assert_null(strstr(w.said, "whether it helped"));
}

/* Dana is a worker, which this vault has from its certificate. */
static void who_may_not_make_a_move_is_told_so(void **state)
{
    struct pair *o = *state;
    struct wrote w = create(
        o, "closure",
        "{\"kind\":\"terminated\",\"reason\":\"moved\",\"status\":\"approved\","
        "\"summary\":\"moved to Tupelo\"}");
    assert_non_null(strstr(w.said, "a supervisor approves"));
    assert_shows(o, w.record, "\"value\":\"approved\"");
    w = create(o, "plan",
               "{\"client_agreed\":\"yes\",\"agreed_on\":\"2026-11-20\","
               "\"participant_present\":\"yes\",\"kind\":"
               "\"service_delivery_plan\",\"status\":\"agreed\"}");
    assert_null(strstr(w.said, "covering worker"));
    assert_non_null(strstr(w.said, "does not rest on an assessment"));
}

static void clearing_is_a_move_too(void **state)
{
    struct pair *o = *state;
    struct wrote a = create(o, "assignment", "{\"primary\":\"dana\"}");
    assert_string_equal(a.said, "");
    create(o, "enrollment",
           "{\"program\":\"aspire\",\"roma_stage\":\"enrolled\"}");
    a = change(o, a.record, "{\"primary\":null}");
    assert_non_null(strstr(a.said, "must have a case manager"));
}

/* A transaction that another note has begun goes on. */
static void a_batch_sees_what_it_has_written(void **state)
{
    struct pair *o = *state;
    struct vault *vault = o->dana.vault;
    assert_int_equal(record_batch_begin(vault), ERR_OK);
    struct wrote w = create(o, "assessment", "{\"status\":\"open\"}");
    char set[160];
    snprintf(set, sizeof set, "{\"assessment\":\"%s\",\"text\":\"drives\"}",
             w.record);
    create(o, "strength_item", set);
    create(o, "challenge_item", set);
    w = change(o, w.record,
               "{\"none_stated\":[\"needs\"],\"status\":\"done\"}");
    assert_string_equal(w.said, "");
    assert_int_equal(record_batch_commit(vault), ERR_OK);
}

static void a_note_survives_every_allocation_failure(void **state)
{
    struct pair *o = *state;
    struct vault *vault = o->dana.vault;
    struct record_write write = {
        .type = "contract_amendment",
        .kase = o->person,
        .set = bytes_text("{\"status\":\"in_force\",\"text\":\"both\"}")};
    create(o, "signature", "{\"role\":\"department\",\"mark\":\"drawn\"}");
    for (int nth = 1;; nth++) {
        struct record_written out;
        record_written_init(&out);
        fault_at(nth, false);
        enum err err = record_write(vault, &write, &out);
        bool hit = fault_hit();
        fault_at(0, false);
        bool told = strstr(buffer_text(&out.warning), "bind the Department");
        record_written_fini(&out);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(told);
            assert_true(nth > 3);
            return;
        }
        /* What was stored was told, too. */
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        else
            assert_true(told);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_missing_is_told_and_the_write_stands),
        TEST(a_revision_is_judged_with_what_it_finds),
        TEST(only_the_case_of_the_record_is_looked_at),
        TEST(who_may_not_make_a_move_is_told_so),
        TEST(clearing_is_a_move_too),
        TEST(a_batch_sees_what_it_has_written),
        TEST(a_note_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
