#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/revision.h"

#define RECORD "01890a5d-ac96-774b-bcce-b302099a8057"
#define OTHER "01890a5d-ac96-774b-bcce-b302099a8058"
#define WORKER "wAAAAAAAAAAAA"
#define OFFICE "oBBBBBBBBBBBB"

/* A line from what stands before `n`, between n and record, before and after
 * replica: the usual members around the ones under test. */
#define LINE(before, n, middle, replica, after)                                \
    "{" before "\"n\":" n "," middle "\"record\":\"" RECORD                    \
    "\",\"replica\":\"" replica "\"" after "}"
#define HEAD "\"at\":1,\"author\":\"dana\","
#define W(after) LINE(HEAD, "7", "", WORKER, after)

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

/* Writes `original` again under another dot and parses the carrier. */
static void carry(struct parsed *p, struct buffer *line, struct bytes original,
                  const char *record)
{
    struct revision_draft draft = draft_of(OFFICE, 3);
    draft.record = record;
    draft.carries = original;
    buffer_init(line, LINE_BYTES_MAX);
    assert_int_equal(revision_write(line, &draft), ERR_OK);
    parse(p, buffer_bytes(line));
}

static void a_carrier_is_the_write_that_it_carries(void **state)
{
    (void)state;
    static const char original[] = W(",\"set\":{\"text\":\"a \\\"b\\\"\\n\"}");
    struct parsed p;
    struct buffer line;
    carry(&p, &line, bytes_text(original), RECORD);
    assert_int_equal(p.err, ERR_OK);
    assert_true(bytes_is(p.revision->carries, original));
    const struct revision *inner = p.revision->inner;
    assert_non_null(inner);
    assert_ptr_equal(revision_original(p.revision), inner);
    assert_string_equal(inner->dot.replica, WORKER);
    assert_string_equal(p.revision->dot.replica, OFFICE);
    char write[WRITE_ID_CHARS + 1];
    write_id(write, bytes_text(original));
    assert_string_equal(p.revision->write, write);
    assert_string_equal(inner->write, write);
    parsed_fini(&p);
    buffer_fini(&line);
}

static void what_cannot_be_parsed_can_be_carried(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "x", "{\"at\":1,", "{}", "[1,2]", W(",\"seal\":false"), "\x01\x02\x7f"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed p;
        struct buffer line;
        carry(&p, &line, bytes_text(lines[i]), OTHER);
        assert_int_equal(p.err, ERR_OK);
        assert_null(p.revision->inner);
        assert_ptr_equal(revision_original(p.revision), p.revision);
        assert_true(bytes_is(p.revision->carries, lines[i]));
        char write[WRITE_ID_CHARS + 1];
        write_id(write, bytes_text(lines[i]));
        assert_string_equal(p.revision->write, write);
        parsed_fini(&p);
        buffer_fini(&line);
    }
}

static void a_carrier_is_not_carried(void **state)
{
    (void)state;
    struct parsed p;
    struct buffer line, outer;
    carry(&p, &line, bytes_text(W("")), RECORD);
    assert_int_equal(p.err, ERR_OK);
    parsed_fini(&p);
    carry(&p, &outer, buffer_bytes(&line), RECORD);
    assert_int_equal(p.err, ERR_INVALID);
    assert_string_equal(p.fault.what, "a carrier is carried");
    assert_null(p.revision->inner);
    assert_int_equal(p.revision->dot.n, 3);
    parsed_fini(&p);
    buffer_fini(&line);
    buffer_fini(&outer);
}

static void a_carrier_stands_on_the_record_of_what_it_carries(void **state)
{
    (void)state;
    struct parsed p;
    struct buffer line;
    carry(&p, &line, bytes_text(W("")), OTHER);
    assert_int_equal(p.err, ERR_INVALID);
    assert_string_equal(p.fault.what, "the carried record is another");
    parsed_fini(&p);
    buffer_fini(&line);
}

/* The longest original that is all backslashes, the worst text to escape. */
static void every_line_that_can_be_written_can_be_carried(void **state)
{
    (void)state;
    static const char start[] =
        "{" HEAD "\"n\":7,\"record\":\"" RECORD "\",\"replica\":\"" WORKER
        "\",\"set\":{\"text\":\"";
    struct buffer original;
    buffer_init(&original, LINE_BYTES_MAX);
    buffer_add_text(&original, start);
    while (original.size + 5 <= ORIGINAL_BYTES_MAX)
        buffer_add_text(&original, "\\\\");
    buffer_add_text(&original, "\"}}");
    assert_true(original.size > ORIGINAL_BYTES_MAX - 2);

    struct seen seen;
    seen_init(&seen);
    char id[32];
    for (int i = 0; i < SEEN_REPLICAS_MAX; i++) {
        snprintf(id, sizeof id, "wAAAAAAAA%04d", i);
        assert_int_equal(seen_raise(&seen, bytes_text(id), CANON_INT_MAX),
                         ERR_OK);
    }
    struct revision_draft draft = draft_of(OFFICE, 3);
    draft.carries = buffer_bytes(&original);
    draft.seen = &seen;
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    assert_int_equal(revision_write(&line, &draft), ERR_OK);
    struct parsed p;
    parse(&p, buffer_bytes(&line));
    assert_int_equal(p.err, ERR_OK);
    assert_non_null(p.revision->inner);
    assert_true(bytes_equal(p.revision->carries, buffer_bytes(&original)));
    parsed_fini(&p);
    buffer_fini(&line);
    buffer_fini(&original);
    seen_fini(&seen);
}

/* The tree of the worst line: a value in every second byte, twice. */
static void the_arena_has_room_for_any_line(void **state)
{
    (void)state;
    struct buffer inner, outer;
    buffer_init(&inner, LINE_BYTES_MAX);
    buffer_init(&outer, LINE_BYTES_MAX);
    buffer_add_text(&inner, "{" HEAD "\"n\":7,\"record\":\"" RECORD
                            "\",\"replica\":\"" WORKER "\",\"x\":[0");
    while (inner.size + 4 <= ORIGINAL_BYTES_MAX)
        buffer_add_text(&inner, ",0");
    buffer_add_text(&inner, "]}");
    buffer_add_text(&outer, "{" HEAD "\"carries\":");
    canon_put_text(&outer, buffer_bytes(&inner));
    buffer_add_text(&outer, ",\"n\":7,\"record\":\"" RECORD
                            "\",\"replica\":\"" WORKER "\",\"x\":[0");
    while (outer.size + 4 <= LINE_BYTES_MAX)
        buffer_add_text(&outer, ",0");
    buffer_add_text(&outer, "]}");
    struct parsed p;
    parse(&p, buffer_bytes(&outer));
    assert_int_equal(p.err, ERR_OK);
    assert_non_null(p.revision->inner);
    parsed_fini(&p);
    buffer_fini(&inner);
    buffer_fini(&outer);
}

/* The arena's ceiling stands in for memory that ends at any point. */
static void every_ceiling_is_either_enough_or_reported(void **state)
{
    (void)state;
    struct buffer line;
    struct parsed p;
    carry(&p, &line,
          bytes_text(W(",\"seen\":{\"" OFFICE "\":1},\"set\":{\"f\":\"\\n\"}")),
          RECORD);
    size_t enough = p.arena.used;
    assert_int_equal(p.err, ERR_OK);
    parsed_fini(&p);
    for (size_t ceiling = 0; ceiling <= enough; ceiling += 8) {
        arena_init(&p.arena, ceiling);
        p.err =
            revision_parse(&p.arena, buffer_bytes(&line), &p.revision, NULL);
        assert_int_equal(p.err, ceiling < enough ? ERR_NOMEM : ERR_OK);
        assert_int_equal(p.revision == NULL, ceiling < enough);
        parsed_fini(&p);
    }
    buffer_fini(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_carrier_is_the_write_that_it_carries),
        cmocka_unit_test(what_cannot_be_parsed_can_be_carried),
        cmocka_unit_test(a_carrier_is_not_carried),
        cmocka_unit_test(a_carrier_stands_on_the_record_of_what_it_carries),
        cmocka_unit_test(every_line_that_can_be_written_can_be_carried),
        cmocka_unit_test(the_arena_has_room_for_any_line),
        cmocka_unit_test(every_ceiling_is_either_enough_or_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
