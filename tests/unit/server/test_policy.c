/* Each policy: an office in which it finds something, since when and in which
 * words, and one change after which it does not.  A policy that no scene of
 * this file shows fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/finding.h"
#include "server/ingest.h"
#include "server/record.h"
#include "server/views.h"
#include "tests/unit/server/policy_scene.h"
#include "tests/unit/server/small_office.h"

static const struct scene *const scenes[] = {
    scenes_of_work, scenes_of_referrals, scenes_of_papers};
#define SCENES_COUNT (sizeof scenes / sizeof *scenes)

/* --- writing -------------------------------------------------------------- */

static struct small_office office;

static void office_write(const struct fact *fact)
{
    struct place *place = &office.place;
    struct record record;
    struct seen seen;
    struct dot dot;
    struct buffer set, add;
    char id[SMALL_ID_CHARS], kase[SMALL_ID_CHARS];
    struct revision_draft draft = {.record = small_id(id, fact->record),
                                   .seen = &seen};
    buffer_init(&set, 1u << 16);
    buffer_init(&add, 1u << 16);
    seen_init(&seen);
    small_spell(&set, fact->set);
    small_spell(&add, fact->add ? fact->add : "{}");
    draft.set = set.size > 2 ? buffer_bytes(&set) : bytes_of(NULL, 0);
    draft.add = add.size > 2 ? buffer_bytes(&add) : bytes_of(NULL, 0);
    enum err err = record_load(&record, place->office, &place->sql, id);
    if (err) {
        draft.type = fact->type;
        draft.kase = fact->kase ? small_id(kase, fact->kase) : NULL;
    } else {
        CHECK(fold_context(record.memo, &seen));
    }
    record_fini(&record);
    CHECK(ingest_office(place->office, &place->sql, "boss", &draft, &dot));
    seen_fini(&seen);
    buffer_fini(&add);
    buffer_fini(&set);
}

static void both_write(const struct fact *fact)
{
    char id[SMALL_ID_CHARS], seen[64];
    snprintf(seen, sizeof seen, "{\"%s\":%lld}", office.dana.replica,
             (long long)office.dana.head);
    device_revise(&office.dana, small_id(id, fact->record), seen, fact->set);
    device_revise(&office.lee, id, seen, fact->add);
}

static void device_facts(const struct fact *facts)
{
    for (size_t i = 0; i < FACTS_MAX && facts[i].record; i++) {
        const struct fact *fact = &facts[i];
        if (fact->hand == DANA)
            small_write(&office.dana, fact->type, fact->record, fact->kase,
                        fact->set, NULL);
        if (fact->hand == BOTH)
            both_write(fact);
    }
    if (office.dana.head + office.lee.head > 0) {
        device_sync_ok(&office.dana, &office.place);
        device_sync_ok(&office.lee, &office.place);
    }
}

static void write_all(const struct fact *facts)
{
    struct sql *sql = &office.place.sql;
    device_facts(facts);
    CHECK(sql_begin(sql, true));
    for (size_t i = 0; i < FACTS_MAX && facts[i].record; i++)
        if (facts[i].hand == OFFICE)
            office_write(&facts[i]);
    CHECK(sql_commit(sql));
}

/* Dana is responsible for person 1, who lives in county 28081. */
static void open_office(bool devices)
{
    static const struct fact facts[FACTS_MAX] = {
        {"person", 1, 1,
         .set = "{\"legal_name\":\"Ames\",\"county\":\"28081\"}"},
        {"assignment", 11, 1, .set = "{\"primary\":\"dana\"}"},
    };
    office = (struct small_office){.dana = {.head = 0}};
    place_open(&office.place);
    place_account(&office.place, "dana", "caseload:east");
    place_account(&office.place, "lee", "caseload:east");
    if (devices) {
        device_enrol(&office.dana, &office.place, "dana");
        device_enrol(&office.lee, &office.place, "lee");
    }
    write_all(facts);
    CHECK(views_update(office.place.office));
}

static void close_office(bool devices)
{
    if (devices) {
        device_fini(&office.dana);
        device_fini(&office.lee);
    }
    place_close(&office.place);
}

/* --- finding -------------------------------------------------------------- */

static void find(struct findings *f, const char *policy, const char *as_of)
{
    char detail[REPORT_DETAIL_CHARS];
    struct finding_wanted wanted = {.policy = policy,
                                    .as_of = as_of ? as_of : "2026-11-18"};
    if (findings_load(f, office.place.office, &wanted, detail))
        fail_msg("%s: %s", policy, detail);
}

static const struct finding *of_record(const struct findings *f, int record)
{
    char id[SMALL_ID_CHARS];
    small_id(id, record);
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->at[i]->record, id))
            return f->at[i];
    return NULL;
}

static void check_found(const struct scene *scene, const struct findings *f)
{
    const struct finding *finding = of_record(f, scene->record);
    struct buffer what;
    int64_t since;
    if (!finding || f->count != 1)
        fail_msg("%s: %zu findings, record %d %s", scene->policy, f->count,
                 scene->record, finding ? "is one" : "is none");
    buffer_init(&what, 1u << 12);
    for (const char *at = scene->what; *at; at++) {
        char id[SMALL_ID_CHARS], *end = NULL;
        if (*at == '#')
            buffer_add_text(&what, small_id(id, (int)strtol(at + 1, &end, 10)));
        else
            buffer_add_char(&what, *at);
        at = end ? end - 1 : at;
    }
    assert_string_equal(finding->what, buffer_text(&what));
    buffer_fini(&what);
    CHECK(instant_parse(bytes_text(scene->since), &since));
    if (finding->since != since / 86400000)
        fail_msg("%s: since %+d days of %s", scene->policy,
                 (int)(finding->since - since / 86400000), scene->since);
    assert_int_equal(finding->age, f->as_of_day - finding->since);
    assert_true(id_valid(bytes_text(finding->id)));
    assert_false(finding->resolved);
}

static void play(const struct scene *scene)
{
    struct findings f;
    const struct fact change[FACTS_MAX] = {scene->change};
    bool devices = scene->facts[0].hand == DANA;
    open_office(devices);
    write_all(scene->facts);
    find(&f, scene->policy, scene->as_of);
    check_found(scene, &f);
    findings_fini(&f);
    write_all(change);
    find(&f, scene->policy, scene->as_of);
    if (f.count > 0)
        fail_msg("%s goes on finding: %s", scene->policy, f.at[0]->what);
    findings_fini(&f);
    close_office(devices);
}

static void each_policy_finds_and_a_change_settles_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENES_COUNT; i++)
        for (const struct scene *scene = scenes[i]; scene->policy; scene++)
            play(scene);
}

static void where_only_a_person_is_nothing_is_found(void **state)
{
    (void)state;
    struct findings f;
    open_office(false);
    find(&f, NULL, NULL);
    if (f.count > 0)
        fail_msg("%s finds something", f.at[0]->policy->id);
    assert_true(f.policy_count == policy_count());
    findings_fini(&f);
    close_office(false);
}

static void no_policy_is_without_a_scene(void **state)
{
    (void)state;
    assert_true(policy_count() > 0);
    for (size_t i = 0; i < policy_count(); i++) {
        struct arena arena;
        struct report policy;
        char detail[REPORT_DETAIL_CHARS];
        size_t shown = 0;
        arena_init(&arena, 1u << 20);
        assert_int_equal(policy_at(&policy, &arena, i, detail), ERR_OK);
        for (size_t j = 0; j < SCENES_COUNT; j++)
            for (const struct scene *at = scenes[j]; at->policy; at++)
                shown += !strcmp(policy.id, at->policy);
        if (shown == 0)
            fail_msg("%s has no scene", policy.id);
        assert_true(policy.clauses[0]);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_finds_and_a_change_settles_it),
        cmocka_unit_test(where_only_a_person_is_nothing_is_found),
        cmocka_unit_test(no_policy_is_without_a_scene),
    };
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
