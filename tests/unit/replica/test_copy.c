/* Two copies of one vault: what each wrote stands, once, in both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/replica/far_end.h"

struct copies {
    struct far_end *far;
    struct device dana, copy, eli;
    char person[ID_CHARS + 1];
};

static void file_copy(const char *from, const char *to)
{
    char chunk[4096];
    size_t size;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    while ((size = fread(chunk, 1, sizeof chunk, in)) > 0)
        assert_int_equal(fwrite(chunk, 1, size, out), size);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* Both have three received lines; then each goes its own way. */
static int setup(void **state)
{
    struct copies *c = calloc(1, sizeof *c);
    if (!c)
        return -1;
    *state = c;
    c->far = far_end_new();
    device_create(&c->dana);
    device_create(&c->eli);
    far_enrol(c->far, &c->dana, "dana");
    far_enrol(c->far, &c->eli, "eli");
    write_person(c->dana.vault, "Rosa", c->person);
    revise(c->dana.vault, c->person, "{\"legal_name\":\"Rosa Diaz\"}");
    revise(c->dana.vault, c->person, "{\"preferred_name\":\"Rosie\"}");
    far_sync_up(c->far, c->dana.vault);
    far_pull(c->far, c->dana.vault, c->person);
    device_close(&c->dana);
    device_make(&c->copy);
    file_copy(c->dana.path, c->copy.path);
    file_copy(c->dana.secret, c->copy.secret);
    device_open(&c->dana, c->dana.options.passphrase);
    device_open(&c->copy, c->copy.options.passphrase);
    return 0;
}

static int teardown(void **state)
{
    struct copies *c = *state;
    device_remove(&c->dana);
    device_remove(&c->copy);
    device_remove(&c->eli);
    far_end_free(c->far);
    free(c);
    return 0;
}

static void assert_settled(struct copies *c, struct vault *vault)
{
    struct vault_status status;
    far_pull(c->far, vault, c->person);
    assert_int_equal(record_status(vault, &status), ERR_OK);
    assert_int_equal(status.here, 0);
    assert_same_state(vault, c->eli.vault, c->person);
    assert_sound(vault);
    assert_true(cursor_of(vault, "caseload:north")->sum ==
                cursor_of(c->eli.vault, "caseload:north")->sum);
    assert_int_equal(vault_rebuild(vault), ERR_OK);
    assert_same_state(vault, c->eli.vault, c->person);
    assert_sound(vault);
}

static void both_stories_stand_though_the_places_are_the_same(void **state)
{
    struct copies *c = *state;
    struct buffer text;
    revise(c->dana.vault, c->person, "{\"preferred_name\":\"Rosa D.\"}");
    revise(c->copy.vault, c->person, "{\"legal_name\":\"Rosa Diaz Ruiz\"}");
    far_sync_up(c->far, c->copy.vault);
    far_succeed(c->far, &c->dana, "fork");
    far_sync_up(c->far, c->dana.vault);
    far_pull(c->far, c->eli.vault, c->person);
    assert_settled(c, c->dana.vault);
    assert_settled(c, c->copy.vault);
    read_state(c->dana.vault, c->person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"Rosa D.\""));
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"Rosa Diaz Ruiz\""));
    assert_null(strstr(buffer_text(&text), "\"open\""));
    buffer_fini(&text);
}

static void what_only_the_copy_wrote_is_not_unsent_here(void **state)
{
    struct copies *c = *state;
    revise(c->copy.vault, c->person, "{\"legal_name\":\"Rosa Diaz Ruiz\"}");
    revise(c->copy.vault, c->person, "{\"preferred_name\":\"Rosa\"}");
    far_sync_up(c->far, c->copy.vault);
    far_succeed(c->far, &c->dana, "fork");
    far_pull(c->far, c->eli.vault, c->person);
    assert_settled(c, c->dana.vault);
}

/* A form that was read before the copy's line came cannot replace it, though
 * its place is one that the form names. */
static void an_old_form_does_not_replace_the_copys_line(void **state)
{
    struct copies *c = *state;
    struct buffer text, context;
    struct record_written out;
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    record_written_init(&out);
    revise(c->dana.vault, c->person, "{\"preferred_name\":\"Rosa D.\"}");
    assert_int_equal(record_read(c->dana.vault, c->person, &text, &context),
                     ERR_OK);
    revise(c->copy.vault, c->person, "{\"preferred_name\":\"The copy's\"}");
    far_sync_up(c->far, c->copy.vault);
    far_succeed(c->far, &c->dana, "fork");
    far_pull(c->far, c->dana.vault, c->person);
    struct record_write write = {
        .record = c->person,
        .context = buffer_text(&context),
        .set = bytes_text("{\"preferred_name\":\"Mrs. Diaz\"}")};
    assert_int_equal(record_write(c->dana.vault, &write, &out), ERR_OK);
    buffer_fini(&text);
    read_state(c->dana.vault, c->person, &text);
    assert_non_null(strstr(buffer_text(&text), "The copy's"));
    assert_non_null(strstr(buffer_text(&text), "\"open\":true"));
    assert_null(strstr(buffer_text(&text), "Rosa D.\""));
    /* The same person reads again, and settles it. */
    revise(c->dana.vault, c->person, "{\"preferred_name\":\"Rosa\"}");
    buffer_fini(&text);
    read_state(c->dana.vault, c->person, &text);
    assert_null(strstr(buffer_text(&text), "\"open\":true"));
    far_sync_up(c->far, c->dana.vault);
    far_pull(c->far, c->eli.vault, c->person);
    assert_settled(c, c->dana.vault);
    record_written_fini(&out);
    buffer_fini(&context);
    buffer_fini(&text);
}

/* --- a line of another, whose dot is given away ----------------------------
 */

struct given {
    size_t lines;
    struct bytes only; /* the last of them; borrowed */
    char text[4096];
};

static enum err give(void *context, const struct page_line *page,
                     const struct bytes *lines, size_t count)
{
    struct given *g = context;
    (void)page;
    g->lines += count;
    assert_true(lines[count - 1].size < sizeof g->text);
    memcpy(g->text, lines[count - 1].at, lines[count - 1].size);
    g->only = bytes_of(g->text, lines[count - 1].size);
    return ERR_OK;
}

/* What Eli contributes when the office says all that it has. */
static void compare(struct copies *c, struct given *out)
{
    struct inbox *inbox;
    uint8_t have[64 * 8];
    size_t count = 0;
    *out = (struct given){.lines = 0};
    for (; count < c->far->count; count++) {
        uint8_t hash[HASH_BYTES];
        const struct far_line *line = &c->far->lines[count];
        hash_bytes(hash, bytes_of(line->at, line->size));
        memcpy(have + count * 8, hash, 8);
    }
    assert_int_equal(inbox_open(&inbox, c->eli.vault), ERR_OK);
    assert_int_equal(inbox_diff(inbox, c->person, "caseload:north",
                                bytes_of(have, count * 8)),
                     ERR_OK);
    assert_int_equal(inbox_contribute(inbox, give, out), ERR_OK);
    inbox_close(inbox);
}

/* The office has that write under a dot of its own, and Eli pulls it. */
static void carry_at_office(struct copies *c, const struct given *given)
{
    const struct revision *lost;
    struct arena arena;
    arena_init(&arena, REVISION_ARENA_BYTES);
    assert_int_equal(revision_parse(&arena, given->only, &lost, NULL), ERR_OK);
    struct seen seen = lost->seen;
    struct revision_draft draft = {
        .record = c->person, .seen = &seen, .carries = given->only};
    far_write(c->far, &draft);
    far_pull(c->far, c->eli.vault, c->person);
    arena_fini(&arena);
}

static bool shows(struct copies *c, const char *text)
{
    struct buffer state;
    read_state(c->eli.vault, c->person, &state);
    bool found = strstr(buffer_text(&state), text) != NULL;
    buffer_fini(&state);
    return found;
}

static void what_lost_its_place_stands_until_the_office_has_it(void **state)
{
    struct copies *c = *state;
    struct given given;
    struct identity identity;
    struct buffer text, context;
    struct record_written out;
    record_written_init(&out);
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    assert_int_equal(identity_load(c->dana.vault, &identity), ERR_OK);
    revise(c->dana.vault, c->person, "{\"preferred_name\":\"Lost\"}");
    far_sync_up(c->far, c->dana.vault);
    far_pull(c->far, c->eli.vault, c->person);
    assert_int_equal(record_read(c->eli.vault, c->person, &text, &context),
                     ERR_OK);
    /* The office is taken back, Dana's tablet is gone, the copy comes. */
    far_rollback(c->far, identity.replica, 3);
    revise(c->copy.vault, c->person, "{\"preferred_name\":\"The copy's\"}");
    far_push(c->far, c->copy.vault);
    far_pull(c->far, c->eli.vault, c->person);
    assert_true(shows(c, "Lost") && shows(c, "The copy's"));
    assert_sound(c->eli.vault);
    /* A form of the time before does not mean the copy's line. */
    struct record_write write = {
        .record = c->person,
        .context = buffer_text(&context),
        .set = bytes_text("{\"preferred_name\":\"Of the old form\"}")};
    assert_int_equal(record_write(c->eli.vault, &write, &out), ERR_OK);
    assert_true(shows(c, "The copy's"));
    /* The office lacks it, again and again, until it has carried it. */
    for (int i = 0; i < 2; i++) {
        compare(c, &given);
        assert_int_equal(given.lines, 1);
        assert_true(shows(c, "Lost"));
    }
    carry_at_office(c, &given);
    compare(c, &given);
    assert_int_equal(given.lines, 0);
    assert_true(shows(c, "Lost") && shows(c, "The copy's"));
    assert_sound(c->eli.vault);
    struct buffer before;
    read_state(c->eli.vault, c->person, &before);
    assert_int_equal(vault_rebuild(c->eli.vault), ERR_OK);
    assert_sound(c->eli.vault);
    assert_true(shows(c, buffer_text(&before)));
    buffer_fini(&before);
    record_written_fini(&out);
    buffer_fini(&context);
    buffer_fini(&text);
}

/* What took the place is about somebody else: a branch holds one line at a
 * place, whatever case it is of. */
static void what_lost_its_place_to_another_case_leaves_alone(void **state)
{
    struct copies *c = *state;
    struct given given;
    struct identity identity;
    struct buffer text;
    char other[ID_CHARS + 1];
    assert_int_equal(identity_load(c->dana.vault, &identity), ERR_OK);
    revise(c->dana.vault, c->person, "{\"preferred_name\":\"Lost\"}");
    far_sync_up(c->far, c->dana.vault);
    far_pull(c->far, c->eli.vault, c->person);
    far_rollback(c->far, identity.replica, 3);
    write_person(c->copy.vault, "Ana", other);
    far_push(c->far, c->copy.vault);
    far_pull(c->far, c->eli.vault, c->person);
    compare(c, &given);
    assert_int_equal(given.lines, 1);
    assert_true(shows(c, "Lost"));
    carry_at_office(c, &given);
    compare(c, &given);
    assert_int_equal(given.lines, 0);
    for (int i = 0; i < 2; i++) {
        assert_sound(c->eli.vault);
        assert_true(shows(c, "Lost"));
        read_state(c->eli.vault, other, &text);
        assert_non_null(strstr(buffer_text(&text), "\"value\":\"Ana\""));
        buffer_fini(&text);
        assert_int_equal(vault_rebuild(c->eli.vault), ERR_OK);
    }
}

/* --- a line that yielded, and comes back --------------------------------- */

/* The office has that line of Dana's now. */
static void far_take(struct copies *c, const char *replica, int64_t n,
                     struct bytes line)
{
    struct far_line *to = &c->far->lines[c->far->count++];
    memcpy(to->replica, replica, sizeof to->replica);
    to->n = n;
    to->size = line.size;
    to->at = malloc(line.size);
    assert_non_null(to->at);
    memcpy(to->at, line.at, line.size);
}

static void what_yielded_stands_again_when_its_case_comes_back(void **state)
{
    struct copies *c = *state;
    struct given given, none;
    struct identity identity;
    struct leave_line leave;
    struct inbox *inbox;
    char lineage[LINEAGE_CHARS + 1];
    assert_int_equal(identity_load(c->dana.vault, &identity), ERR_OK);
    revise(c->dana.vault, c->person, "{\"preferred_name\":\"Lost\"}");
    far_sync_up(c->far, c->dana.vault);
    far_pull(c->far, c->eli.vault, c->person);
    /* By hand: in its lineage. */
    memcpy(lineage, c->far->lineage, sizeof lineage);
    far_rollback(c->far, identity.replica, 3);
    memcpy(c->far->lineage, lineage, sizeof lineage);
    compare(c, &given);
    assert_int_equal(given.lines, 1);
    /* The office has its write under another dot: here it yields. */
    carry_at_office(c, &given);
    compare(c, &none);
    assert_int_equal(none.lines, 0);
    assert_sound(c->eli.vault);
    /* Another vault has given it the line after all; the case leaves here. */
    far_take(c, identity.replica, 4, given.only);
    far_leave(c->far, c->eli.vault, c->person, "*", &leave);
    assert_int_equal(inbox_open(&inbox, c->eli.vault), ERR_OK);
    assert_int_equal(inbox_leave(inbox, &leave), ERR_OK);
    assert_int_equal(far_page(c->far, inbox, 0, 0, "caseload:north", 99, true),
                     ERR_OK);
    inbox_close(inbox);
    far_pull(c->far, c->eli.vault, c->person);
    assert_true(shows(c, "Lost"));
    assert_sound(c->eli.vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(both_stories_stand_though_the_places_are_the_same),
        TEST(what_only_the_copy_wrote_is_not_unsent_here),
        TEST(an_old_form_does_not_replace_the_copys_line),
        TEST(what_lost_its_place_stands_until_the_office_has_it),
        TEST(what_lost_its_place_to_another_case_leaves_alone),
        TEST(what_yielded_stands_again_when_its_case_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
