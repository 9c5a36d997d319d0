/* What the vectors cannot say: the fast path, scale, damage, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fault.h"
#include "tests/unit/model/fold_case.h"

#define RECORD "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"
#define MANY 1000

/* A growing history: lines are written by hand and parsed. */
struct history {
    json_t *json;
    struct fold_case c;
};

static void history_open(struct history *h)
{
    h->json = json_pack(
        "{s:[{s:s,s:i,s:{s:{s:s,s:s},s:{s:s,s:s},s:{s:s,s:s},s:{s:s,s:s},"
        "s:{s:s,s:s,s:s}}}],s:[]}",
        "definitions", "type", "sample", "version", 3, "fields", "phone",
        "kind", "text", "rule", "latest", "income", "kind", "any", "rule",
        "both", "note", "kind", "text", "rule", "fixed", "langs", "kind",
        "text", "rule", "set", "level", "kind", "text", "rule", "latest",
        "writer", "office", "lines");
    assert_non_null(h->json);
}

static void history_line(struct history *h, const char *line)
{
    json_t *lines = json_object_get(h->json, "lines");
    assert_int_equal(json_array_append_new(lines, json_string(line)), 0);
}

static void history_parse(struct history *h)
{
    fold_case_open(&h->c, h->json);
}

static void history_close(struct history *h)
{
    fold_case_close(&h->c);
    json_decref(h->json);
}

#define BORN                                                                   \
    "{\"at\":1,\"author\":\"dana\",\"n\":1,\"record\":\"" RECORD               \
    "\",\"replica\":\"wAAAAAAAAAAAA\",\"set\":{\"note\":\"a\",\"phone\":"      \
    "\"1\"},\"type\":\"sample\"}"

static void history_edit(struct history *h, int n, const char *more_seen,
                         const char *set)
{
    char line[512];
    snprintf(line, sizeof line,
             "{\"at\":1,\"author\":\"dana\",\"n\":%d,\"prev\":%d,\"record\":"
             "\"" RECORD "\",\"replica\":\"wAAAAAAAAAAAA\",\"seen\":{"
             "\"wAAAAAAAAAAAA\":%d%s},\"set\":%s}",
             n, n - 1, n - 1, more_seen, set);
    history_line(h, line);
}

/* One line of another replica that has seen only the creation. */
static void history_other(struct history *h, int replica, const char *set)
{
    char line[512];
    snprintf(line, sizeof line,
             "{\"at\":%d,\"author\":\"lee\",\"n\":1,\"record\":\"" RECORD
             "\",\"replica\":\"wB%011d\",\"seen\":{\"wAAAAAAAAAAAA\":1},"
             "\"set\":%s}",
             replica, replica, set);
    history_line(h, line);
}

static size_t fast_steps(struct history *h)
{
    struct fold fold;
    history_parse(h);
    size_t fast = fold_stepwise(&h->c, h->c.revisions, h->c.count, &fold);
    fold_fini(&fold);
    history_close(h);
    return fast;
}

static void plain_edits_are_never_folded_from_scratch(void **state)
{
    (void)state;
    struct history h;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"phone\":\"2\"}");
    history_edit(&h, 3, "", "{\"aaa\":1,\"note\":\"b\",\"zzz\":{\"b\":[]}}");
    history_edit(&h, 4, "", "{\"income\":null,\"zzz\":\"}]\\\"\\\\\"}");
    history_edit(&h, 5, "", "{\"phone\":null,\"zzz\":0,\"zzzz\":0}");
    assert_int_equal(fast_steps(&h), 5);
}

static void an_edit_that_settles_a_conflict_is_fast(void **state)
{
    (void)state;
    struct history h;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"phone\":\"2\"}");
    history_other(&h, 1, "{\"phone\":\"3\"}"); /* conflict: from scratch */
    history_edit(&h, 3, ",\"wB00000000001\":1", "{\"phone\":\"4\"}");
    history_edit(&h, 4, ",\"wB00000000001\":1", "{\"phone\":\"5\"}");
    assert_int_equal(fast_steps(&h), 4);
}

static void a_device_writing_for_the_office_is_not_fast(void **state)
{
    (void)state;
    struct history h;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"level\":\"high\"}");
    assert_int_equal(fast_steps(&h), 1);
}

static void another_schema_version_is_folded_from_scratch(void **state)
{
    (void)state;
    char detail[SCHEMA_DETAIL_CHARS];
    struct history h;
    struct fold before, after;
    bool scratch;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"phone\":\"2\"}");
    history_parse(&h);
    fold_some(&h.c, h.c.revisions, 1, &before);
    assert_int_equal(schema_add(h.c.schema,
                                bytes_text("{\"type\":\"sample\",\"version\":"
                                           "4,\"fields\":{}}"),
                                detail),
                     ERR_OK);
    fold_init(&after);
    assert_int_equal(fold_step(h.c.schema, buffer_bytes(&before.state),
                               buffer_bytes(&before.memo), h.c.revisions[1],
                               &after, &scratch),
                     ERR_OK);
    assert_true(scratch);
    fold_fini(&after);
    fold_fini(&before);
    history_close(&h);
}

/* What that costs is measured by bench/fold.c. */
static void thousands_of_conflicts_are_all_shown(void **state)
{
    (void)state;
    struct history h;
    struct fold fold;
    size_t open;
    char text[32];
    history_open(&h);
    history_line(&h, BORN);
    for (int i = 0; i < 8 * MANY; i++) {
        snprintf(text, sizeof text, "{\"income\":%d}", i);
        history_other(&h, i, text);
    }
    history_parse(&h);
    fold_some(&h.c, h.c.revisions, h.c.count, &fold);
    assert_int_equal(fold_open_count(buffer_bytes(&fold.state), &open), 0);
    assert_int_equal(open, 1);
    for (int i = 0; i < 8 * MANY; i++) {
        snprintf(text, sizeof text, "\"value\":%d,", i);
        assert_non_null(strstr(buffer_text(&fold.state), text));
    }
    fold_fini(&fold);
    history_close(&h);
}

static void a_keep_closes_a_thousand_conflicts(void **state)
{
    (void)state;
    struct history h;
    struct fold fold;
    size_t open;
    char set[64];
    history_open(&h);
    history_line(&h, BORN);
    for (int i = 0; i < MANY; i++) {
        snprintf(set, sizeof set, "{\"income\":%d}", i);
        history_other(&h, i, set);
    }
    history_parse(&h);
    struct buffer keep;
    buffer_init(&keep, LINE_BYTES_MAX);
    buffer_add_text(&keep, "{\"at\":9,\"author\":\"kim\",\"keep\":{"
                           "\"income\":[");
    for (int i = 1; i <= MANY; i++)
        buffer_printf(&keep, "%s\"%s\"", i == 1 ? "" : ",",
                      h.c.revisions[i]->write);
    buffer_add_text(&keep, "]},\"n\":1,\"record\":\"" RECORD
                           "\",\"replica\":\"oAAAAAAAAAAAA\",\"seen\":{"
                           "\"wAAAAAAAAAAAA\":1");
    for (int i = 0; i < MANY; i++)
        buffer_printf(&keep, ",\"wB%011d\":1", i);
    buffer_add_text(&keep, "}}");
    assert_int_equal(buffer_err(&keep), ERR_OK);
    fold_case_close(&h.c);
    history_line(&h, buffer_text(&keep));
    buffer_fini(&keep);
    history_parse(&h);
    fold_some(&h.c, h.c.revisions, h.c.count, &fold);
    assert_int_equal(fold_open_count(buffer_bytes(&fold.state), &open), 0);
    assert_int_equal(open, 0);
    fold_fini(&fold);
    history_close(&h);
}

/* A ceiling of its own shows in small what 16 MiB show in large. */
static void a_state_too_large_is_shown_without_fields(void **state)
{
    (void)state;
    struct history h;
    struct fold fold, after;
    bool scratch;
    history_open(&h);
    history_line(&h, BORN);
    for (int i = 0; i < 40; i++)
        history_other(&h, i, "{\"income\":\"a value of some length\"}");
    history_edit(&h, 2, "", "{\"phone\":\"2\"}");
    history_parse(&h);
    fold_init(&fold);
    fold.state.ceiling = 4000;
    assert_int_equal(fold_all(h.c.schema, h.c.revisions, 41, &fold), ERR_OK);
    assert_state(&fold, "{\"fields\":{},\"oversize\":true,\"record\":\"" RECORD
                        "\",\"schema\":3,\"type\":\"sample\"}");
    fold_init(&after);
    assert_int_equal(fold_step(h.c.schema, buffer_bytes(&fold.state),
                               buffer_bytes(&fold.memo), h.c.revisions[41],
                               &after, &scratch),
                     ERR_OK);
    assert_true(scratch);
    fold_fini(&after);
    fold_fini(&fold);
    history_close(&h);
}

static void a_step_that_grows_too_large_is_left_to_scratch(void **state)
{
    (void)state;
    struct history h;
    struct fold before, after;
    bool scratch;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"income\":\"2\"}");
    history_parse(&h);
    fold_some(&h.c, h.c.revisions, 1, &before);
    fold_init(&after);
    after.state.ceiling = before.state.size + 10;
    assert_int_equal(fold_step(h.c.schema, buffer_bytes(&before.state),
                               buffer_bytes(&before.memo), h.c.revisions[1],
                               &after, &scratch),
                     ERR_OK);
    assert_true(scratch && after.state.size == 0 && after.memo.size == 0);
    fold_fini(&after);
    fold_fini(&before);
    history_close(&h);
}

static void contexts_of_a_new_record_are_empty(void **state)
{
    (void)state;
    struct seen seen;
    seen_init(&seen);
    assert_int_equal(fold_context(bytes_of(NULL, 0), &seen), ERR_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(fold_context(bytes_text("xx"), &seen), ERR_CORRUPT);
    seen_fini(&seen);
}

/* Whatever a damaged disk gives, a step stays within its bytes. */
static void a_damaged_state_is_survived(void **state)
{
    (void)state;
    struct history h;
    struct fold before;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"income\":{\"a\":\"\\\"\"},\"phone\":\"2\"}");
    history_edit(&h, 3, "", "{\"income\":1,\"phone\":\"3\"}");
    history_parse(&h);
    fold_some(&h.c, h.c.revisions, 2, &before);
    for (size_t i = 0; i < before.state.size; i++)
        for (int cut = 0; cut < 2; cut++) {
            struct fold after;
            bool scratch;
            size_t open, size = cut ? i : before.state.size;
            uint8_t *damaged = malloc(size ? size : 1);
            assert_non_null(damaged);
            memcpy(damaged, before.state.at, size);
            if (!cut)
                damaged[i] ^= 0x20;
            struct bytes bytes = bytes_of(damaged, size);
            fold_init(&after);
            assert_int_equal(fold_step(h.c.schema, bytes,
                                       buffer_bytes(&before.memo),
                                       h.c.revisions[2], &after, &scratch),
                             ERR_OK);
            assert_true(scratch || !cut);
            if (cut)
                assert_int_equal(fold_open_count(bytes, &open), ERR_CORRUPT);
            fold_fini(&after);
            free(damaged);
        }
    fold_fini(&before);
    history_close(&h);
}

static void folding_survives_every_allocation_failure(void **state)
{
    (void)state;
    size_t i;
    json_t *item, *file = tree_json("tests/vectors/fold.json");
    json_array_foreach(json_object_get(file, "vectors"), i, item)
    {
        struct fold_case c;
        fold_case_open(&c, item);
        for (int nth = 1;; nth++) {
            struct fold fold;
            fold_init(&fold);
            fault_at(nth, false);
            enum err err = fold_all(c.schema, c.revisions, c.count, &fold);
            bool hit = fault_hit();
            fault_at(0, false);
            if (!hit)
                assert_state(&fold,
                             json_string_value(json_object_get(item, "state")));
            fold_fini(&fold);
            assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
            if (!hit) {
                assert_true(nth > 3);
                break;
            }
        }
        fold_case_close(&c);
    }
    json_decref(file);
}

static void a_step_survives_every_allocation_failure(void **state)
{
    (void)state;
    struct history h;
    struct fold before;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"phone\":\"2\"}");
    history_parse(&h);
    fold_some(&h.c, h.c.revisions, 1, &before);
    for (int nth = 1;; nth++) {
        struct fold fold;
        bool scratch;
        fold_init(&fold);
        fault_at(nth, false);
        enum err err = fold_step(h.c.schema, buffer_bytes(&before.state),
                                 buffer_bytes(&before.memo), h.c.revisions[1],
                                 &fold, &scratch);
        bool hit = fault_hit();
        fault_at(0, false);
        fold_fini(&fold);
        assert_false(scratch);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        if (!hit) {
            assert_true(nth > 1);
            break;
        }
    }
    fold_fini(&before);
    history_close(&h);
}

/* Budget of the hot path: no more than the two buffers it returns. */
static void a_step_allocates_only_what_it_returns(void **state)
{
    (void)state;
    struct history h;
    struct fold before, after;
    bool scratch;
    history_open(&h);
    history_line(&h, BORN);
    history_edit(&h, 2, "", "{\"phone\":\"2\"}");
    history_parse(&h);
    fold_some(&h.c, h.c.revisions, 1, &before);
    fold_init(&after);
    assert_int_equal(buffer_reserve(&after.state, 4096), ERR_OK);
    assert_int_equal(buffer_reserve(&after.memo, 4096), ERR_OK);
    fault_at(0, false);
    assert_int_equal(fold_step(h.c.schema, buffer_bytes(&before.state),
                               buffer_bytes(&before.memo), h.c.revisions[1],
                               &after, &scratch),
                     ERR_OK);
    assert_false(scratch);
    assert_int_equal(fault_count(), 0);
    fold_fini(&after);
    fold_fini(&before);
    history_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_edits_are_never_folded_from_scratch),
        cmocka_unit_test(an_edit_that_settles_a_conflict_is_fast),
        cmocka_unit_test(a_device_writing_for_the_office_is_not_fast),
        cmocka_unit_test(another_schema_version_is_folded_from_scratch),
        cmocka_unit_test(thousands_of_conflicts_are_all_shown),
        cmocka_unit_test(a_keep_closes_a_thousand_conflicts),
        cmocka_unit_test(a_state_too_large_is_shown_without_fields),
        cmocka_unit_test(a_step_that_grows_too_large_is_left_to_scratch),
        cmocka_unit_test(contexts_of_a_new_record_are_empty),
        cmocka_unit_test(a_damaged_state_is_survived),
        cmocka_unit_test(folding_survives_every_allocation_failure),
        cmocka_unit_test(a_step_survives_every_allocation_failure),
        cmocka_unit_test(a_step_allocates_only_what_it_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
