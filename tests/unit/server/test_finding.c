/* Findings of the small office: whose they are, how they are told apart, and
 * what a resolution does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/finding.h"
#include "server/record.h"
#include "server/views.h"
#include "tests/fault.h"
#include "tests/unit/server/small_office.h"

static enum err load(struct findings *f, struct small_office *s,
                     const char *as_of, const char *set)
{
    char detail[REPORT_DETAIL_CHARS];
    struct finding_wanted wanted = {
        .as_of = as_of, .set = &set, .set_count = set ? 1 : 0};
    return findings_load(f, s->place.office, &wanted, detail);
}

static const struct finding *find(const struct findings *f, const char *policy,
                                  int record)
{
    char id[SMALL_ID_CHARS];
    small_id(id, record);
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->at[i]->policy->id, policy) &&
            !strcmp(f->at[i]->record, id))
            return f->at[i];
    return NULL;
}

static void each_has_an_id_of_its_own_the_oldest_first(void **state)
{
    struct findings f;
    CHECK(load(&f, *state, "2026-11-18", NULL));
    assert_true(f.count > 10);
    for (size_t i = 0; i < f.count; i++) {
        assert_true(id_valid(bytes_text(f.at[i]->id)));
        assert_ptr_equal(findings_find(&f, f.at[i]->id), f.at[i]);
        /* Logic models and the like are of no case. */
        assert_true(f.at[i]->what[0]);
        assert_true(f.at[i]->kase[0] || !strcmp(f.at[i]->role, "planner"));
        if (i > 0)
            assert_true(f.at[i - 1]->since <= f.at[i]->since);
    }
    assert_true(f.run.conflicts > 0);
    findings_fini(&f);
}

static void the_day_changes_its_age_and_not_its_id(void **state)
{
    struct findings f, later;
    CHECK(load(&f, *state, "2026-11-18", NULL));
    CHECK(load(&later, *state, "2026-11-20", NULL));
    const struct finding *a = find(&f, "followup_overdue", 52);
    const struct finding *b = find(&later, "followup_overdue", 52);
    assert_non_null(a);
    assert_non_null(b);
    assert_string_equal(a->id, b->id);
    assert_int_equal(b->age, a->age + 2);
    findings_fini(&later);
    findings_fini(&f);
}

static void whoever_is_responsible_owns_it_while_they_work_here(void **state)
{
    struct findings f;
    CHECK(load(&f, *state, "2026-11-25", NULL));
    const struct finding *of_dana = find(&f, "followup_overdue", 51);
    const struct finding *of_lee = find(&f, "followup_overdue", 53);
    const struct finding *of_all = find(&f, "must_refer", 34);
    const struct finding *two = find(&f, "two_managers", 16);
    assert_string_equal(of_dana->owner, "dana");
    assert_true(finding_is_of(of_dana, "dana", "worker"));
    assert_false(finding_is_of(of_dana, "ruth", "supervisor"));
    /* Lee works here no longer; nobody is named for the other. */
    assert_string_equal(of_lee->owner, "");
    assert_string_equal(of_lee->role, "supervisor");
    assert_string_equal(of_all->owner, "");
    assert_true(finding_is_of(of_all, "ruth", "supervisor"));
    assert_false(finding_is_of(of_all, "dana", "worker"));
    assert_string_equal(two->owner, "");
    findings_fini(&f);
}

static void a_parameter_belongs_to_whichever_policy_has_it(void **state)
{
    struct findings f;
    CHECK(load(&f, *state, "2026-11-18", "intensive_days=5"));
    assert_non_null(find(&f, "contact_gap", 1));
    findings_fini(&f);
    CHECK(load(&f, *state, "2026-11-18", NULL));
    assert_null(find(&f, "contact_gap", 1));
    findings_fini(&f);
    assert_int_equal(load(&f, *state, NULL, "cadenz=1"), ERR_INVALID);
    findings_fini(&f);
    assert_int_equal(load(&f, *state, NULL, "cadence_days=soon"), ERR_INVALID);
    findings_fini(&f);
    assert_int_equal(load(&f, *state, "2026-02-30", NULL), ERR_INVALID);
    findings_fini(&f);
}

static void resolve(struct small_office *s, const struct finding *finding,
                    const char *set)
{
    struct place *place = &s->place;
    struct buffer text;
    buffer_init(&text, 1u << 16);
    small_spell(&text, set);
    CHECK(sql_begin(&place->sql, true));
    CHECK(record_put(place->office, &place->sql, "boss", finding->id,
                     FINDING_RESOLUTION_TYPE, finding->kase,
                     buffer_bytes(&text)));
    CHECK(sql_commit(&place->sql));
    buffer_fini(&text);
}

static void what_was_resolved_stays_so_until_the_facts_are_others(void **state)
{
    struct small_office *s = *state;
    struct findings f;
    char id[ID_CHARS + 1];
    CHECK(load(&f, s, "2026-11-25", NULL));
    const struct finding *finding = find(&f, "must_refer", 34);
    memcpy(id, finding->id, sizeof id);
    resolve(s, finding,
            "{\"about\":\"#34\",\"policy\":\"must_refer\",\"what\":\"W\","
            "\"why\":\"Her church brings food.\"}");
    findings_fini(&f);
    CHECK(load(&f, s, "2026-11-25", NULL));
    finding = find(&f, "must_refer", 34);
    assert_string_equal(finding->id, id);
    assert_true(finding->resolved);
    assert_string_equal(finding->why, "Her church brings food.");
    assert_string_equal(finding->by, "boss");
    assert_int_equal(finding->resolved_at, s->place.now);
    findings_fini(&f);
    small_office_write(&s->place, NULL, 34, 0, "{\"csbg_can_meet\":\"no\"}");
    CHECK(load(&f, s, "2026-11-25", NULL));
    finding = find(&f, "must_refer", 34);
    assert_string_not_equal(finding->id, id);
    assert_false(finding->resolved);
    findings_fini(&f);
}

static void what_was_put_off_comes_back_after_its_day(void **state)
{
    struct small_office *s = *state;
    struct findings f;
    CHECK(load(&f, s, "2026-11-18", NULL));
    resolve(s, find(&f, "followup_overdue", 52),
            "{\"about\":\"#52\",\"policy\":\"followup_overdue\",\"what\":"
            "\"W\",\"why\":\"On leave.\",\"until\":\"2026-11-20\"}");
    findings_fini(&f);
    CHECK(load(&f, s, "2026-11-20", NULL));
    assert_true(find(&f, "followup_overdue", 52)->resolved);
    findings_fini(&f);
    CHECK(load(&f, s, "2026-11-21", NULL));
    assert_false(find(&f, "followup_overdue", 52)->resolved);
    assert_string_equal(find(&f, "followup_overdue", 52)->why, "On leave.");
    findings_fini(&f);
}

static void programs_read_the_queue_as_a_report(void **state)
{
    struct findings f;
    struct arena arena;
    const struct canon *root;
    struct buffer out;
    struct report_form form = {.bare = false};
    CHECK(load(&f, *state, "2026-11-18", NULL));
    bool *shown = calloc(f.count, sizeof *shown);
    assert_non_null(shown);
    shown[0] = shown[f.count - 1] = true;
    CHECK(findings_rows(&f, shown));
    buffer_init(&out, 1u << 20);
    arena_init(&arena, 1u << 22);
    report_print_json(&out, &f.run, &form);
    CHECK(canon_parse(&arena, buffer_bytes(&out), &root, NULL));
    const struct canon *rows = canon_member(root, "rows");
    struct bytes id;
    assert_non_null(rows->first);
    assert_non_null(rows->first->next);
    assert_null(rows->first->next->next);
    assert_true(canon_text(rows->first, "finding", &id));
    assert_true(bytes_is(id, f.at[0]->id));
    buffer_clear(&out);
    findings_print(&out, &f, shown);
    assert_non_null(strstr(buffer_text(&out), f.at[0]->id));
    assert_non_null(strstr(buffer_text(&out), "2 findings on 2026-11-18"));
    arena_fini(&arena);
    buffer_fini(&out);
    free(shown);
    findings_fini(&f);
}

static void survive(struct small_office *s, const char *as_of)
{
    int hits = 0;
    /* Every step that grows: there are thousands. */
    for (int nth = 1;; nth += 1 + nth / 8) {
        struct findings f;
        fault_at(nth, false);
        enum err err = load(&f, s, as_of, NULL);
        bool hit = fault_hit();
        fault_at(0, false);
        findings_fini(&f);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            break;
        }
        assert_int_equal(err, ERR_NOMEM);
        hits++;
    }
    assert_true(hits > 10);
}

static void loading_survives_allocation_failures(void **state)
{
    survive(*state, "2026-11-18");
}

/* Having seen what is there. */
static void settle(struct small_office *s, int record, const char *set)
{
    struct place *place = &s->place;
    char id[SMALL_ID_CHARS];
    CHECK(sql_begin(&place->sql, true));
    CHECK(record_put(place->office, &place->sql, "boss", small_id(id, record),
                     NULL, NULL, bytes_text(set)));
    CHECK(sql_commit(&place->sql));
}

/* Three days later, when much has been done about what was found. */
static void a_day_that_is_over_is_judged_by_what_was_there(void **state)
{
    struct small_office *s = *state;
    struct findings then, now, over;
    CHECK(load(&then, s, "2026-11-18", NULL));
    s->place.now += INT64_C(3) * 86400000;
    settle(s, 52, "{\"status\":\"cancelled\"}");
    small_office_write(&s->place, NULL, 34, 0, "{\"csbg_can_meet\":\"yes\"}");
    small_office_write(&s->place, "person", 240, 240,
                       "{\"legal_name\":\"Vale\"}");
    CHECK(views_update(s->place.office));
    CHECK(load(&now, s, "2026-11-21", NULL));
    assert_non_null(find(&then, "followup_overdue", 52));
    assert_null(find(&now, "followup_overdue", 52));
    assert_non_null(find(&now, "no_manager", 240));
    CHECK(load(&over, s, "2026-11-18", NULL));
    assert_int_equal(over.count, then.count);
    for (size_t i = 0; i < then.count; i++) {
        assert_string_equal(over.at[i]->id, then.at[i]->id);
        assert_int_equal(over.at[i]->since, then.at[i]->since);
        assert_string_equal(over.at[i]->owner, then.at[i]->owner);
        assert_int_equal(over.at[i]->resolved, then.at[i]->resolved);
    }
    assert_int_equal(over.run.conflicts, then.run.conflicts);
    findings_fini(&over);
    CHECK(load(&over, s, "2026-11-17", NULL));
    assert_int_equal(over.count, 0);
    findings_fini(&over);
    findings_fini(&now);
    findings_fini(&then);
    survive(s, "2026-11-18");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_an_id_of_its_own_the_oldest_first),
        cmocka_unit_test(the_day_changes_its_age_and_not_its_id),
        cmocka_unit_test(whoever_is_responsible_owns_it_while_they_work_here),
        cmocka_unit_test(a_parameter_belongs_to_whichever_policy_has_it),
        cmocka_unit_test(programs_read_the_queue_as_a_report),
        cmocka_unit_test(loading_survives_allocation_failures),
        cmocka_unit_test(what_was_put_off_comes_back_after_its_day),
        cmocka_unit_test(what_was_resolved_stays_so_until_the_facts_are_others),
        cmocka_unit_test(a_day_that_is_over_is_judged_by_what_was_there),
    };
    return cmocka_run_group_tests(tests, small_setup, small_teardown);
}
