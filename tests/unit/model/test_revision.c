#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/revision.h"
#include "tests/fault.h"

#define RECORD "01890a5d-ac96-774b-bcce-b302099a8057"
#define WORKER "wAAAAAAAAAAAA"
#define OFFICE "oBBBBBBBBBBBB"
#define WRITE "AAAAAAAAAAAAAAAAAAAAAAAA"

/* A line from what stands before `n`, between n and record, before and after
 * replica: the usual members around the ones under test. */
#define LINE(before, n, middle, replica, after)                                \
    "{" before "\"n\":" n "," middle "\"record\":\"" RECORD                    \
    "\",\"replica\":\"" replica "\"" after "}"
#define HEAD "\"at\":1,\"author\":\"dana\","
#define W(after) LINE(HEAD, "7", "", WORKER, after)
#define W_MIDDLE(middle) LINE(HEAD middle, "7", "", WORKER, "")

struct parsed {
    struct arena arena;
    const struct revision *revision;
    struct canon_fault fault;
    enum err err;
};

static void parse(struct parsed *p, struct bytes line)
{
    arena_init(&p->arena, REVISION_ARENA_BYTES);
    p->err = revision_parse(&p->arena, line, &p->revision, &p->fault);
}

static void parsed_fini(struct parsed *p)
{
    arena_fini(&p->arena);
}

static struct revision_draft draft_of(const char *replica, int64_t n)
{
    struct revision_draft draft = {
        .dot = {.n = n}, .at = 1, .author = "dana", .record = RECORD};
    memcpy(draft.dot.replica, replica, REPLICA_CHARS + 1);
    return draft;
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    struct seen seen;
    seen_init(&seen);
    assert_int_equal(seen_raise(&seen, bytes_text(WORKER), 4), ERR_OK);
    struct revision_draft draft = draft_of(WORKER, 7);
    draft.at = 1700000000123;
    draft.type = "contact";
    draft.kase = RECORD;
    draft.prev = 4;
    draft.schema = 2;
    draft.seen = &seen;
    draft.set = bytes_text("{\"kind\":\"home_visit\"}");
    draft.add = bytes_text("{\"team\":[\"lee\"]}");
    draft.drop = bytes_text("{\"team\":{\"kim\":\"moved\"}}");
    draft.keep = bytes_text("{}");
    draft.seal = true;
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    assert_int_equal(revision_write(&line, &draft), ERR_OK);
    assert_string_equal(
        buffer_text(&line),
        "{\"add\":{\"team\":[\"lee\"]},\"at\":1700000000123,"
        "\"author\":\"dana\",\"case\":\"" RECORD "\","
        "\"drop\":{\"team\":{\"kim\":\"moved\"}},\"n\":7,\"prev\":4,"
        "\"record\":\"" RECORD "\",\"replica\":\"" WORKER "\",\"schema\":2,"
        "\"seal\":true,\"seen\":{\"" WORKER "\":4},"
        "\"set\":{\"kind\":\"home_visit\"},\"type\":\"contact\"}");
    struct parsed p;
    parse(&p, buffer_bytes(&line));
    const struct revision *r = p.revision;
    assert_int_equal(p.err, ERR_OK);
    assert_true(r->creates && r->seal && !r->keep && !r->inner);
    assert_int_equal(r->dot.n, 7);
    assert_string_equal(r->dot.replica, WORKER);
    assert_true(r->at == 1700000000123);
    assert_int_equal(r->prev, 4);
    assert_int_equal(r->schema, 2);
    assert_int_equal(seen_get(&r->seen, bytes_text(WORKER)), 4);
    assert_true(bytes_is(r->author, "dana"));
    assert_true(bytes_is(r->kase, RECORD) && bytes_is(r->type, "contact"));
    assert_true(bytes_is(r->set->raw, "{\"kind\":\"home_visit\"}"));
    assert_ptr_equal(revision_original(r), r);
    assert_false(revision_is_statement(r));
    char write[WRITE_ID_CHARS + 1];
    write_id(write, buffer_bytes(&line));
    assert_string_equal(r->write, write);
    parsed_fini(&p);
    buffer_fini(&line);
    seen_fini(&seen);
}

static void these_lines_are_revisions(void **state)
{
    (void)state;
    static const char *const lines[] = {
        W(""),
        LINE("\"at\":-5,\"author\":\"d.ana-2\",", "1", "", WORKER, ""),
        LINE("\"aaa\":{},\"at\":1,\"author\":\"dana\",\"future\":[1],", "7", "",
             WORKER, ",\"zz\":null"),
        W(",\"set\":{\"f\":null,\"g\":[1,{\"a\":true}],\"h\":\"\"}"),
        W(",\"type\":\"contact\""),
        LINE(HEAD, "7", "\"prev\":6,", WORKER, ""),
        W(",\"seen\":{\"" OFFICE "\":999,\"" WORKER "\":6}"),
        W_MIDDLE("\"keep\":{\"f\":[\"" WRITE "\",\"" WRITE "\"]},"),
        W_MIDDLE("\"drop\":{\"f\":{\"\":\"\"}},"),
        LINE(HEAD "\"hold\":{\"" WORKER ":3\":\"waiting\"},", "7", "", OFFICE,
             ""),
        LINE(HEAD "\"clock\":{\"" WORKER ":3\":-1},", "7", "", OFFICE, ""),
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed p;
        parse(&p, bytes_text(lines[i]));
        if (p.err)
            fail_msg("%s: %zu: %s", lines[i], p.fault.offset, p.fault.what);
        parsed_fini(&p);
    }
}

struct refused {
    const char *line;
    const char *at; /* what stands where the fault is, NULL: offset 0 */
    const char *what;
};

static const struct refused refused[] = {
    {"[]", "[]", "an object is expected"},
    {"{}", NULL, "a member is missing"},
    {"{\"author\":\"dana\",\"n\":1,\"record\":\"" RECORD
     "\",\"replica\":\"" WORKER "\"}",
     NULL, "a member is missing"},
    {LINE("\"at\":\"1\",\"author\":\"dana\",", "7", "", WORKER, ""), "\"1\"",
     "an integer is expected"},
    {LINE("\"at\":1,\"author\":\"Dana\",", "7", "", WORKER, ""), "\"Dana\"",
     "a user name is expected"},
    {LINE(HEAD, "0", "", WORKER, ""), "0,", "the number is too small"},
    {LINE(HEAD, "7", "\"prev\":0,", WORKER, ""), "0,\"rec",
     "the number is too small"},
    {LINE(HEAD, "7", "\"prev\":7,", WORKER, ""), "7,\"rec",
     "prev is not below n"},
    {"{" HEAD "\"n\":7,\"record\":\"x\",\"replica\":\"" WORKER "\"}", "\"x\"",
     "a record id is expected"},
    {LINE(HEAD, "7", "", "xAAAAAAAAAAAA", ""), "\"xAA",
     "a replica id is expected"},
    {W(",\"schema\":0"), "0}", "the number is too small"},
    {W(",\"seal\":false"), "false", "only true is written"},
    {W(",\"seal\":1"), "1}", "only true is written"},
    {W(",\"seen\":{}"), "{}", "a non-empty object is expected"},
    {W(",\"seen\":{\"x\":1}"), "{\"x\"",
     "replica ids with numbers are expected"},
    {W(",\"seen\":{\"" WORKER "\":7}"), "{\"" WORKER "\":7",
     "seen is not below n"},
    {W(",\"set\":{}"), "{}", "a non-empty object is expected"},
    {W(",\"set\":[]"), "[]", "a non-empty object is expected"},
    {W(",\"set\":{\"F\":12345}"), "12345", "the member's name is not valid"},
    {W(",\"type\":\"\""), "\"\"", "a type name is expected"},
    {W_MIDDLE("\"case\":\"" RECORD "\","), "\"" RECORD "\",\"n\"",
     "case stands without type"},
    {"{\"add\":{\"f\":[]},\"at\":1}", "[]", "a non-empty array is expected"},
    {"{\"add\":{\"f\":\"m\"},\"at\":1}", "\"m\"",
     "a non-empty array is expected"},
    {"{\"add\":{\"f\":[\"m\",22]},\"at\":1}", "22", "text is expected"},
    {W_MIDDLE("\"drop\":{\"f\":{}},"), "{}}", "a non-empty object is expected"},
    {W_MIDDLE("\"drop\":{\"f\":{\"m\":33}},"), "33", "text is expected"},
    {W_MIDDLE("\"keep\":{\"f\":[\"abc\"]},"), "\"abc\"",
     "a write id is expected"},
    {W_MIDDLE("\"hold\":{\"" WORKER ":3\":\"waiting\"},"), "{\"" WORKER,
     "only the office may state"},
    {W_MIDDLE("\"clock\":{\"" WORKER ":3\":1},"), "{\"" WORKER,
     "only the office may state"},
    {LINE(HEAD "\"hold\":{\"" WORKER ":0\":\"waiting\"},", "7", "", OFFICE, ""),
     "\"waiting\"", "the member's name is not valid"},
    {LINE(HEAD "\"hold\":{\"" WORKER ":3\":true},", "7", "", OFFICE, ""),
     "true", "text is expected"},
    {LINE(HEAD "\"clock\":{\"" WORKER ":3\":null},", "7", "", OFFICE, ""),
     "null", "an integer is expected"},
    {"{" HEAD "\"n\":7,\"record\":\"" RECORD "\",\"release\":\"" WORKER
     ":3\",\"replica\":\"" OFFICE "\"}",
     "\"" WORKER ":3", "a release carries a line"},
    {"{" HEAD "\"carries\":\"x\",\"n\":7,\"record\":\"" RECORD
     "\",\"release\":\"" WORKER ":3\",\"replica\":\"" WORKER "\"}",
     "\"" WORKER ":3", "only the office may state"},
    {W_MIDDLE("\"carries\":\"\","), "\"\",", "a line is expected"},
    {LINE(HEAD "\"carries\":\"x\",", "7", "", WORKER, ",\"set\":{\"f\":1}"),
     "{\"f\":1}", "a carrier has no content"},
    {LINE(HEAD "\"carries\":\"x\",", "7", "", WORKER, ",\"seal\":true"), "true",
     "a carrier has no content"},
    {LINE(HEAD "\"carries\":\"x\",", "7", "", WORKER, ",\"type\":\"t\""),
     "\"t\"", "a carrier has no content"},
    {LINE(HEAD "\"carries\":\"x\",", "7", "", WORKER, ",\"schema\":1"), "1}",
     "a carrier has no content"},
    {W(",\"was\":{\"" WORKER ":3\":0}"), "{\"" WORKER,
     "only a carrier was elsewhere"},
    {"{" HEAD "\"carries\":\"x\",\"n\":7,\"record\":\"" RECORD
     "\",\"release\":\"" WORKER ":3\",\"replica\":\"" OFFICE
     "\",\"was\":{\"" WORKER ":5\":0}}",
     "{\"" WORKER ":5", "only a carrier was elsewhere"},
    {LINE(HEAD "\"carries\":\"x\",", "7", "", WORKER, ",\"was\":{}"), "{}}",
     "a non-empty object is expected"},
    {LINE(HEAD "\"carries\":\"x\",", "7", "", WORKER, ",\"was\":{\"w\":44}"),
     "44", "the member's name is not valid"},
    {LINE(HEAD "\"carries\":\"x\",", "7", "", WORKER,
          ",\"was\":{\"" WORKER ":3\":-1}"),
     "-1", "the number is too small"},
};

static void these_lines_are_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct refused *test = &refused[i];
        struct parsed p;
        parse(&p, bytes_text(test->line));
        assert_int_equal(p.err, ERR_INVALID);
        if (strcmp(p.fault.what, test->what) != 0)
            fail_msg("%s: %s, not %s", test->line, p.fault.what, test->what);
        if (!test->at)
            assert_int_equal(p.fault.offset, 0);
        else if (strncmp(test->line + p.fault.offset, test->at,
                         strlen(test->at)) != 0)
            fail_msg("%s: %s: stands at %zu", test->line, test->what,
                     p.fault.offset);
        parsed_fini(&p);
    }
}

static void a_refused_line_still_tells_dot_and_record(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, bytes_text(LINE("\"at\":null,\"author\":\"dana\",", "7", "",
                              WORKER, ",\"set\":[]")));
    assert_int_equal(p.err, ERR_INVALID);
    assert_string_equal(p.fault.what, "an integer is expected");
    assert_int_equal(p.revision->dot.n, 7);
    assert_string_equal(p.revision->dot.replica, WORKER);
    assert_true(bytes_is(p.revision->record, RECORD));
    parsed_fini(&p);

    parse(&p, bytes_text("{\"n\": 7}"));
    assert_int_equal(p.err, ERR_INVALID);
    assert_int_equal(p.revision->dot.n, 0);
    assert_int_equal(p.revision->record.size, 0);
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, bytes_text("{\"n\": 7}"));
    assert_memory_equal(p.revision->hash, hash, sizeof hash);
    parsed_fini(&p);
}

static void fields_are_limited(void **state)
{
    (void)state;
    for (int count = REVISION_FIELDS_MAX; count <= REVISION_FIELDS_MAX + 1;
         count++) {
        struct buffer set, line;
        buffer_init(&set, LINE_BYTES_MAX);
        buffer_init(&line, LINE_BYTES_MAX);
        for (int i = 0; i < count; i++)
            buffer_printf(&set, "%s\"f%04d\":%d", i ? "," : "{", i, i);
        buffer_add_char(&set, '}');
        struct revision_draft draft = draft_of(WORKER, 7);
        draft.set = buffer_bytes(&set);
        assert_int_equal(revision_write(&line, &draft), ERR_OK);
        struct parsed p;
        parse(&p, buffer_bytes(&line));
        bool fits = count == REVISION_FIELDS_MAX;
        assert_int_equal(p.err, fits ? ERR_OK : ERR_INVALID);
        if (!fits)
            assert_string_equal(p.fault.what, "too many members");
        parsed_fini(&p);
        buffer_fini(&line);
        buffer_fini(&set);
    }
}

static void a_line_above_its_limit_is_too_big(void **state)
{
    (void)state;
    size_t most = LINE_BYTES_MAX;
    char *text = malloc(most + 4);
    assert_non_null(text);
    memset(text, 'x', most);
    static const char begin[] = "{\"f\":\"";
    memcpy(text, begin, strlen(begin));
    memcpy(text + most, "\"}", 3);

    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    struct revision_draft draft = draft_of(WORKER, 7);
    draft.set = bytes_text(text);
    buffer_add_text(&line, "before");
    assert_int_equal(revision_write(&line, &draft), ERR_TOO_BIG);
    assert_string_equal(buffer_text(&line), "before");

    struct parsed p;
    parse(&p, bytes_text(text));
    assert_int_equal(p.err, ERR_TOO_BIG);
    assert_null(p.revision);
    parsed_fini(&p);
    free(text);
    buffer_fini(&line);
}

static void a_line_that_carries_nothing_has_the_lower_limit(void **state)
{
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        struct buffer line;
        buffer_init(&line, LINE_BYTES_MAX);
        buffer_add_text(&line,
                        "{" HEAD "\"n\":7,\"record\":\"" RECORD
                        "\",\"replica\":\"" WORKER "\",\"set\":{\"text\":\"");
        while (line.size < ORIGINAL_BYTES_MAX + over - 3)
            buffer_add_char(&line, 'x');
        buffer_add_text(&line, "\"}}");
        assert_int_equal(line.size, ORIGINAL_BYTES_MAX + over);
        struct parsed p;
        parse(&p, buffer_bytes(&line));
        assert_int_equal(p.err, over ? ERR_TOO_BIG : ERR_OK);
        parsed_fini(&p);
        buffer_fini(&line);
    }
}

static void only_hold_and_clock_make_a_statement(void **state)
{
    (void)state;
    static const char hold[] = "{\"" WORKER ":3\":\"waiting\"}";
    struct revision_draft draft = draft_of(OFFICE, 3);
    draft.hold = bytes_text(hold);
    for (int i = 0; i < 2; i++) {
        struct buffer line;
        buffer_init(&line, LINE_BYTES_MAX);
        assert_int_equal(revision_write(&line, &draft), ERR_OK);
        struct parsed p;
        parse(&p, buffer_bytes(&line));
        assert_int_equal(p.err, ERR_OK);
        assert_int_equal(revision_is_statement(p.revision), i == 0);
        parsed_fini(&p);
        buffer_fini(&line);
        draft.set = bytes_text("{\"f\":1}");
    }
}

static void every_allocation_failure_is_reported(void **state)
{
    (void)state;
    struct seen seen;
    seen_init(&seen);
    assert_int_equal(seen_raise(&seen, bytes_text(WORKER), 4), ERR_OK);
    struct revision_draft draft = draft_of(OFFICE, 3);
    draft.carries = bytes_text(W(",\"seen\":{\"" OFFICE "\":1}"));
    draft.seen = &seen;
    for (int nth = 1;; nth++) {
        struct buffer line;
        struct parsed p;
        buffer_init(&line, LINE_BYTES_MAX);
        arena_init(&p.arena, REVISION_ARENA_BYTES);
        p.revision = NULL;
        fault_at(nth, false);
        enum err err = revision_write(&line, &draft);
        if (!err)
            err = revision_parse(&p.arena, buffer_bytes(&line), &p.revision,
                                 NULL);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        assert_int_equal(p.revision != NULL, !hit);
        parsed_fini(&p);
        buffer_fini(&line);
        if (!hit) {
            assert_true(nth > 2);
            break;
        }
    }
    seen_fini(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(these_lines_are_revisions),
        cmocka_unit_test(these_lines_are_not),
        cmocka_unit_test(a_refused_line_still_tells_dot_and_record),
        cmocka_unit_test(fields_are_limited),
        cmocka_unit_test(a_line_above_its_limit_is_too_big),
        cmocka_unit_test(a_line_that_carries_nothing_has_the_lower_limit),
        cmocka_unit_test(only_hold_and_clock_make_a_statement),
        cmocka_unit_test(every_allocation_failure_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
