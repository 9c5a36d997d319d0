#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/replica/vault_inner.h"
#include "tests/types.h"
#include "tests/unit/replica/far_end.h"

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

static enum err write_err(struct vault *vault, const struct record_write *write)
{
    struct record_written out;
    record_written_init(&out);
    enum err err = record_write(vault, write, &out);
    if (err)
        assert_true(vault_detail(vault)[0]);
    record_written_fini(&out);
    return err;
}

static int64_t head(struct vault *vault)
{
    struct identity self;
    assert_int_equal(identity_load(vault, &self), ERR_OK);
    return self.head;
}

static void wrong_values_are_refused_by_name(void **state)
{
    struct pair *o = *state;
    static const struct {
        const char *type, *set, *add, *says;
    } cases[] = {
        {"contact", "{\"kind\":\"visitt\"}", "", "kind"},
        {"contact", "{\"kind\":7}", "", "kind"},
        {"contact", "{\"duration_min\":\"long\"}", "", "duration_min"},
        {"contact", "{\"kindd\":\"phone\"}", "", "contact.kindd"},
        {"contact", "{\"Kind\":\"phone\"}", "", "field name"},
        {"contact", "{\"kind\":\"phone\"", "", "set: byte"},
        {"contact", "[1]", "", "object"},
        {"contact", "{\"duration_min\":1.5}", "", "set: byte"},
        {"contact", "{\"kind\":\"phone\"}", "", "which case"},
        {"person", "{\"phones\":[\"1\"]}", "", "phones+=MEMBER adds"},
        {"person", "", "{\"preferred_name\":[\"A\"]}", "write FIELD=VALUE"},
        {"person", "", "{\"phones\":\"1\"}", "list of members"},
        {"nonsense", "{}", "", "no such record type"},
        {"person", "", "", "at least one field"},
        {"person", "{}", "{}", "at least one field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record_write write = {.type = cases[i].type,
                                     .set = bytes_text(cases[i].set),
                                     .add = bytes_text(cases[i].add)};
        assert_int_equal(write_err(o->dana.vault, &write), ERR_INVALID);
        if (!strstr(vault_detail(o->dana.vault), cases[i].says))
            fail_msg("%s does not say %s", vault_detail(o->dana.vault),
                     cases[i].says);
    }
    assert_int_equal(head(o->dana.vault), 1); /* and nothing is stored */
}

static void office_records_are_not_written_here(void **state)
{
    struct pair *o = *state;
    struct record_write write = {.type = "revocation"};
    assert_int_equal(write_err(o->dana.vault, &write), ERR_DENIED);
}

static void incomplete_and_unknown_is_stored_with_a_warning(void **state)
{
    struct pair *o = *state;
    struct record_written out;
    struct record_write write = {
        .type = "contact",
        .kase = o->person,
        .set = bytes_text(" { \"place\" : \"moon\", \"mood\" : \"good\" } "),
        .lenient = true};
    record_written_init(&out);
    assert_int_equal(record_write(o->dana.vault, &write, &out), ERR_OK);
    assert_non_null(strstr(buffer_text(&out.warning), "place"));
    assert_non_null(strstr(buffer_text(&out.warning), "mood"));
    assert_non_null(strstr(buffer_text(&out.warning), "kind: still missing"));
    record_written_fini(&out);
}

static void an_unusual_step_is_stored_with_a_warning(void **state)
{
    struct pair *o = *state;
    struct record_written out;
    struct record_write write = {.type = "site_referral",
                                 .kase = o->person,
                                 .set = bytes_text("{\"status\":\"done\"}"),
                                 .lenient = true};
    record_written_init(&out);
    assert_int_equal(record_write(o->dana.vault, &write, &out), ERR_OK);
    assert_non_null(strstr(buffer_text(&out.warning),
                           "status: \"done\" is an unusual step to begin "
                           "with; stored all the same"));
    record_written_fini(&out);
}

static void a_context_is_needed_and_of_this_record(void **state)
{
    struct pair *o = *state;
    char other[ID_CHARS + 1];
    struct buffer text, context;
    write_person(o->dana.vault, "Omar", other);
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    assert_int_equal(record_read(o->dana.vault, other, &text, &context),
                     ERR_OK);
    struct record_write write = {
        .record = o->person, .set = bytes_text("{\"preferred_name\":\"R\"}")};
    assert_int_equal(write_err(o->dana.vault, &write), ERR_CONFLICT);
    write.context = "";
    assert_int_equal(write_err(o->dana.vault, &write), ERR_CONFLICT);
    write.context = "c1.nonsense";
    assert_int_equal(write_err(o->dana.vault, &write), ERR_CONFLICT);
    write.context = buffer_text(&context);
    assert_int_equal(write_err(o->dana.vault, &write), ERR_CONFLICT);
    write.record = "00000000-0000-7000-8000-000000000000";
    assert_int_equal(write_err(o->dana.vault, &write), ERR_NOT_FOUND);
    buffer_fini(&text);
    buffer_fini(&context);
}

static void a_value_that_arrived_after_reading_survives(void **state)
{
    struct pair *o = *state;
    struct buffer text, context;
    struct vault_status status;
    far_sync_up(o->far, o->dana.vault);
    far_pull(o->far, o->eli.vault, o->person);
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    assert_int_equal(record_read(o->dana.vault, o->person, &text, &context),
                     ERR_OK);
    revise(o->eli.vault, o->person, "{\"legal_name\":\"Rosa Dias\"}");
    far_sync_up(o->far, o->eli.vault);
    far_pull(o->far, o->dana.vault, NULL);
    struct record_write write = {
        .record = o->person,
        .context = buffer_text(&context),
        .set = bytes_text("{\"legal_name\":\"Rosa Diaz\"}")};
    assert_int_equal(write_err(o->dana.vault, &write), ERR_OK);
    assert_int_equal(record_status(o->dana.vault, &status), ERR_OK);
    assert_int_equal(status.conflicts, 1);
    buffer_fini(&text);
    buffer_fini(&context);
}

static int64_t stored_state_bytes(struct vault *vault)
{
    int64_t bytes;
    assert_int_equal(db_query_int64(vault->db,
                                    "SELECT sum(length(state)) FROM record",
                                    &bytes),
                     ERR_OK);
    return bytes;
}

/* On the vault that wrote it and on the one that pulled it. */
static void a_state_is_stored_from_the_second_line_on(void **state)
{
    struct pair *o = *state;
    struct vault *both[] = {o->dana.vault, o->eli.vault};
    struct buffer text[2];
    far_sync_up(o->far, o->dana.vault);
    far_pull(o->far, o->eli.vault, o->person);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(stored_state_bytes(both[i]), 0);
        read_state(both[i], o->person, &text[i]);
        assert_non_null(strstr(buffer_text(&text[i]), "\"Rosa"));
    }
    assert_string_equal(buffer_text(&text[0]), buffer_text(&text[1]));
    buffer_fini(&text[0]);
    buffer_fini(&text[1]);
    revise(o->dana.vault, o->person, "{\"legal_name\":\"Rosa Diaz\"}");
    assert_true(stored_state_bytes(o->dana.vault) > 0);
    read_state(o->dana.vault, o->person, &text[0]);
    assert_non_null(strstr(buffer_text(&text[0]), "\"preferred_name\""));
    assert_non_null(strstr(buffer_text(&text[0]), "Rosa Diaz"));
    buffer_fini(&text[0]);
    assert_sound(o->eli.vault);
}

static enum err count_each(void *context, const char *record,
                           struct bytes state)
{
    assert_true(id_valid(bytes_text(record)) && state.size > 0);
    ++*(size_t *)context;
    return ERR_OK;
}

static size_t conflict_count(struct vault *vault)
{
    size_t count = 0;
    assert_int_equal(record_conflicts(vault, count_each, &count), ERR_OK);
    return count;
}

static void a_conflict_is_closed_by_naming_a_dot(void **state)
{
    struct pair *o = *state;
    struct identity eli;
    struct buffer text, context;
    char keep[128];
    far_sync_up(o->far, o->dana.vault);
    far_pull(o->far, o->eli.vault, o->person);
    revise(o->eli.vault, o->person, "{\"legal_name\":\"Rosa Dias\"}");
    revise(o->dana.vault, o->person, "{\"legal_name\":\"Rosa Diaz\"}");
    far_sync_up(o->far, o->eli.vault);
    far_pull(o->far, o->dana.vault, NULL);
    assert_int_equal(conflict_count(o->dana.vault), 1);
    assert_int_equal(identity_load(o->eli.vault, &eli), ERR_OK);
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    assert_int_equal(record_read(o->dana.vault, o->person, &text, &context),
                     ERR_OK);
    snprintf(keep, sizeof keep, "{\"legal_name\":[\"%s:9\"]}", eli.replica);
    struct record_write write = {.record = o->person,
                                 .context = buffer_text(&context),
                                 .keep = bytes_text(keep)};
    assert_int_equal(write_err(o->dana.vault, &write), ERR_INVALID);
    snprintf(keep, sizeof keep, "{\"legal_name\":[\"%s:1\"]}", eli.replica);
    assert_int_equal(write_err(o->dana.vault, &write), ERR_OK);
    assert_int_equal(conflict_count(o->dana.vault), 0);
    buffer_fini(&text);
    read_state(o->dana.vault, o->person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"Rosa Dias\""));
    buffer_fini(&text);
    buffer_fini(&context);
}

static void records_take_the_case_of_what_they_name(void **state)
{
    struct pair *o = *state;
    char contact[ID_CHARS + 1];
    char expected[64];
    struct buffer text;
    write_contact(o->dana.vault, o->person, "Hello.", contact);
    snprintf(expected, sizeof expected, "{\"case\":\"%s\"", o->person);
    read_state(o->dana.vault, contact, &text);
    assert_memory_equal(text.at, expected, strlen(expected));
    buffer_fini(&text);
}

static void a_batch_is_whole_or_not_at_all(void **state)
{
    struct pair *o = *state;
    char id[ID_CHARS + 1];
    struct record_write wrong = {.type = "nonsense"};
    assert_int_equal(record_batch_begin(o->dana.vault), ERR_OK);
    write_person(o->dana.vault, "A", id);
    record_batch_rollback(o->dana.vault);
    assert_int_equal(head(o->dana.vault), 1);
    assert_int_equal(record_batch_begin(o->dana.vault), ERR_OK);
    for (int i = 0; i < 150; i++)
        write_person(o->dana.vault, "B", id);
    /* What is refused does not harm the rest. */
    assert_int_equal(write_err(o->dana.vault, &wrong), ERR_INVALID);
    revise(o->dana.vault, id, "{\"preferred_name\":\"C\"}");
    assert_int_equal(record_batch_commit(o->dana.vault), ERR_OK);
    assert_int_equal(head(o->dana.vault), 152);
    assert_int_equal(far_push(o->far, o->dana.vault), 152);
    size_t count = 0;
    assert_int_equal(record_list(o->dana.vault, "person", count_each, &count),
                     ERR_OK);
    assert_int_equal(count, 151);
    assert_int_equal(record_list(o->dana.vault, "contact", count_each, &count),
                     ERR_OK);
    assert_int_equal(count, 151);
}

static void a_line_over_the_limit_is_refused_whole(void **state)
{
    struct pair *o = *state;
    char *set = malloc(400000);
    assert_non_null(set);
    int at = sprintf(set, "{\"narrative\":\"");
    memset(set + at, 'x', 300000);
    strcpy(set + at + 300000, "\"}");
    struct record_write write = {
        .type = "contact", .kase = o->person, .set = bytes_text(set)};
    assert_int_equal(write_err(o->dana.vault, &write), ERR_TOO_BIG);
    strcpy(set + at + 250000, "\"}");
    write.set = bytes_text(set);
    assert_int_equal(write_err(o->dana.vault, &write), ERR_OK);
    assert_int_equal(head(o->dana.vault), 2);
    free(set);
    /* What is not even taken apart is named by its size. */
    const size_t huge = 3u << 20;
    set = calloc(1, huge);
    assert_non_null(set);
    memset(set, ' ', huge - 1);
    write.set = bytes_text(set);
    assert_int_equal(write_err(o->dana.vault, &write), ERR_TOO_BIG);
    assert_non_null(strstr(vault_detail(o->dana.vault), "(3145727 bytes)"));
    free(set);
}

struct seen_history {
    size_t count, here, held;
};

static enum err history_each(void *context, const struct record_entry *entry)
{
    struct seen_history *h = context;
    h->count++;
    h->here += entry->custody == CUSTODY_HERE;
    h->held += !strcmp(entry->held, "out-of-scope");
    assert_int_equal(strlen(entry->write), WRITE_ID_CHARS);
    return ERR_OK;
}

static struct seen_history history_of(struct vault *vault, const char *record)
{
    struct seen_history h = {0};
    assert_int_equal(record_history(vault, record, history_each, &h), ERR_OK);
    return h;
}

static void holds_are_shown_until_they_are_released(void **state)
{
    struct pair *o = *state;
    struct vault_status status;
    struct identity self;
    struct held_note note = {2, "out-of-scope"};
    char dot[DOT_CHARS + 1], hold[128];
    far_sync_up(o->far, o->dana.vault);
    revise(o->dana.vault, o->person, "{\"preferred_name\":\"Rosie\"}");
    struct seen_history h = history_of(o->dana.vault, o->person);
    assert_int_equal(h.count, 2);
    assert_int_equal(h.here, 1);
    far_sync_up(o->far, o->dana.vault);
    assert_int_equal(outbox_held(o->dana.vault, &note, 1), ERR_OK);
    assert_int_equal(record_status(o->dana.vault, &status), ERR_OK);
    assert_int_equal(status.held, 1);
    assert_int_equal(status.here, 0);
    assert_int_equal(identity_load(o->dana.vault, &self), ERR_OK);
    snprintf(dot, sizeof dot, "%s:2", self.replica);
    snprintf(hold, sizeof hold, "{\"%s\":\"out-of-scope\"}", dot);
    struct revision_draft draft = {.record = o->person,
                                   .hold = bytes_text(hold)};
    far_write(o->far, &draft);
    far_pull(o->far, o->dana.vault, o->person);
    h = history_of(o->dana.vault, o->person);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.held, 1);
    assert_int_equal(record_status(o->dana.vault, &status), ERR_OK);
    assert_int_equal(status.held, 1);
    struct buffer text;
    read_state(o->dana.vault, o->person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"Rosa\""));
    buffer_fini(&text);
    const struct far_line *line = &o->far->lines[1];
    draft = (struct revision_draft){.record = o->person,
                                    .prev = 1,
                                    .release = dot,
                                    .carries = bytes_of(line->at, line->size)};
    far_write(o->far, &draft);
    far_pull(o->far, o->dana.vault, NULL);
    assert_int_equal(record_status(o->dana.vault, &status), ERR_OK);
    assert_int_equal(status.held, 0);
    h = history_of(o->dana.vault, o->person);
    assert_int_equal(h.held, 0);
    read_state(o->dana.vault, o->person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"Rosie\""));
    buffer_fini(&text);
}

static void a_new_type_definition_folds_records_anew(void **state)
{
    struct pair *o = *state;
    char service[ID_CHARS + 1] = "01980000-0000-7000-8000-000000000001";
    char set[1024];
    struct record_write write = {.type = "gadget",
                                 .kase = o->person,
                                 .set = bytes_text("{\"name\":\"lamp\"}"),
                                 .lenient = true};
    struct record_written out;
    struct buffer text;
    record_written_init(&out);
    assert_int_equal(record_write(o->dana.vault, &write, &out), ERR_OK);
    read_state(o->dana.vault, out.record, &text);
    assert_non_null(strstr(buffer_text(&text), "\"schema\":0"));
    buffer_fini(&text);
    snprintf(set, sizeof set,
             "{\"definition\":\"{\\\"fields\\\":{\\\"name\\\":{\\\"kind\\\":"
             "\\\"text\\\",\\\"rule\\\":\\\"latest\\\",\\\"title\\\":"
             "\\\"Name\\\"}},\\\"home\\\":\\\"case\\\",\\\"title\\\":"
             "\\\"Gadget\\\",\\\"type\\\":\\\"gadget\\\",\\\"version\\\":3}\","
             "\"name\":\"gadget\",\"version\":3}");
    struct revision_draft draft = {
        .record = service, .type = "schema", .set = bytes_text(set)};
    far_write(o->far, &draft);
    far_pull(o->far, o->dana.vault, NULL);
    assert_non_null(
        schema_type(vault_schema(o->dana.vault), bytes_text("gadget")));
    read_state(o->dana.vault, out.record, &text);
    assert_non_null(strstr(buffer_text(&text), "\"schema\":3"));
    buffer_fini(&text);
    record_written_fini(&out);
    device_close(&o->dana);
    device_open(&o->dana, "correct horse");
    assert_non_null(
        schema_type(vault_schema(o->dana.vault), bytes_text("gadget")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(wrong_values_are_refused_by_name),
        TEST(office_records_are_not_written_here),
        TEST(incomplete_and_unknown_is_stored_with_a_warning),
        TEST(an_unusual_step_is_stored_with_a_warning),
        TEST(a_context_is_needed_and_of_this_record),
        TEST(a_value_that_arrived_after_reading_survives),
        TEST(a_state_is_stored_from_the_second_line_on),
        TEST(a_conflict_is_closed_by_naming_a_dot),
        TEST(records_take_the_case_of_what_they_name),
        TEST(a_batch_is_whole_or_not_at_all),
        TEST(a_line_over_the_limit_is_refused_whole),
        TEST(holds_are_shown_until_they_are_released),
        TEST(a_new_type_definition_folds_records_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
