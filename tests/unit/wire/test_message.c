#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/wire/deflate.h"
#include "shared/wire/message.h"

struct scratch {
    struct arena arena;
    struct buffer out;
};

static int scratch_open(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);
    arena_init(&s->arena, 4 << 20);
    buffer_init(&s->out, 1 << 20);
    *state = s;
    return s ? 0 : -1;
}

static int scratch_close(void **state)
{
    struct scratch *s = *state;
    arena_fini(&s->arena);
    buffer_fini(&s->out);
    free(s);
    return 0;
}

static void a_request_header_comes_back(void **state)
{
    struct scratch *s = *state;
    struct cursor cursors[] = {
        {.scope = "caseload:north", .seq = 12, .off = 3, .own = 5},
        {.scope = "agency", .seq = 4, .has_sum = true, .sum = 77},
    };
    struct request_header header = {
        .agency = "cap",
        .replica = "wAbCdEfGhIjKl",
        .protocol = 1,
        .head = 9,
        .base_n = 7,
        .mode = MODE_FIX,
        .room = 5000,
        .wait = 25,
        .locked = true,
        .cursors = cursors,
        .cursor_count = 2,
        .clock_json = bytes_text("[[1,\"b\",20,1764000000000]]"),
    };
    memset(header.base_link, 3, LINK_BYTES);
    assert_int_equal(request_header_write(&s->out, &header), ERR_OK);
    struct request_header read;
    struct canon_fault fault;
    assert_int_equal(
        request_header_read(&s->arena, buffer_bytes(&s->out), &read, &fault),
        ERR_OK);
    assert_string_equal(read.agency, "cap");
    assert_string_equal(read.replica, "wAbCdEfGhIjKl");
    assert_int_equal(read.head, 9);
    assert_int_equal(read.base_n, 7);
    assert_memory_equal(read.base_link, header.base_link, LINK_BYTES);
    assert_int_equal(read.mode, MODE_FIX);
    assert_int_equal(read.room, 5000);
    assert_int_equal(read.wait, 25);
    assert_true(read.locked);
    assert_string_equal(read.lineage, "");
    assert_int_equal(read.cursor_count, 2);
    assert_string_equal(read.cursors[0].scope, "agency");
    assert_true(read.cursors[0].has_sum);
    assert_int_equal(read.cursors[0].sum, 77);
    assert_string_equal(read.cursors[1].scope, "caseload:north");
    assert_int_equal(read.cursors[1].off, 3);
    assert_int_equal(read.cursors[1].own, 5);
    assert_false(read.cursors[1].has_sum);
    assert_int_equal(read.clock->count, 1);
}

static void a_header_without_room_asks_for_the_default(void **state)
{
    struct scratch *s = *state;
    static const char line[] = "{\"agency\":\"cap\",\"protocol\":1,"
                               "\"replica\":\"wAbCdEfGhIjKl\"}";
    struct request_header read;
    assert_int_equal(
        request_header_read(&s->arena, bytes_text(line), &read, NULL), ERR_OK);
    assert_int_equal(read.room, ROOM_BYTES_DEFAULT);
    assert_int_equal(read.head, 0);
    assert_int_equal(read.mode, MODE_SYNC);
}

static void more_than_the_most_is_the_most(void **state)
{
    struct scratch *s = *state;
    static const char line[] =
        "{\"agency\":\"cap\",\"protocol\":1,\"replica\":\"wAbCdEfGhIjKl\","
        "\"room\":99999999,\"wait\":3600}";
    struct request_header read;
    assert_int_equal(
        request_header_read(&s->arena, bytes_text(line), &read, NULL), ERR_OK);
    assert_int_equal(read.room, ROOM_BYTES_MAX);
    assert_int_equal(read.wait, WAIT_S_MAX);
}

static void another_version_is_unsupported_whatever_else_it_has(void **state)
{
    struct scratch *s = *state;
    struct request_header read;
    assert_int_equal(request_header_read(&s->arena,
                                         bytes_text("{\"protocol\":99}"), &read,
                                         NULL),
                     ERR_UNSUPPORTED);
    assert_int_equal(read.protocol, 99);
}

static void a_fault_stands_at_its_offset(void **state)
{
    struct scratch *s = *state;
    static const char line[] = "{\"agency\":\"cap\",\"head\":\"x\","
                               "\"protocol\":1,\"replica\":\"wAbCdEfGhIjKl\"}";
    struct request_header read;
    struct canon_fault fault;
    assert_int_equal(
        request_header_read(&s->arena, bytes_text(line), &read, &fault),
        ERR_INVALID);
    assert_int_equal(fault.offset, strstr(line, "\"x\"") - line);
    assert_string_equal(fault.what, "must be an integer");
}

static void a_reply_header_comes_back(void **state)
{
    struct scratch *s = *state;
    struct held_note held[] = {{2, "waiting"}, {5, "out-of-scope"}};
    static const char scopes[2][SCOPE_CHARS_MAX + 1] = {"agency",
                                                        "caseload:north"};
    struct reply_header header = {
        .at = 1764000000000,
        .head = 9,
        .more = true,
        .state = REPLY_RECONCILE,
        .lineage = "AAAAAAAAAAAAAAAAAAAAAA",
        .token = "AAAAAAAAAAA",
        .held = held,
        .held_count = 2,
        .scopes = scopes,
        .scope_count = 2,
        .has_receipt = true,
        .receipt = {.n = 9, .term = "oAbCdEfGhIjKl"},
        .term_text = bytes_text("{\"agency\":\"cap\"}"),
        .wants_from = 4,
        .wants_to = 6,
    };
    assert_int_equal(reply_header_write(&s->out, &header), ERR_OK);
    struct reply_header read;
    assert_int_equal(reply_header_read(&s->arena, buffer_bytes(&s->out), &read),
                     ERR_OK);
    assert_int_equal(read.held_count, 2);
    assert_string_equal(read.held[1].reason, "out-of-scope");
    assert_string_equal(read.scopes[1], "caseload:north");
    assert_int_equal(read.state, REPLY_RECONCILE);
    assert_true(read.more);
    assert_true(read.has_receipt);
    assert_string_equal(read.receipt.lineage, header.lineage);
    assert_true(bytes_is(read.term_text, "{\"agency\":\"cap\"}"));
    assert_int_equal(read.wants_from, 4);
    assert_int_equal(read.wants_to, 6);
}

static void control_lines_are_told_from_revisions(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum line_kind kind;
    } cases[] = {
        {"{\"auth\":\"x\"}", LINE_AUTH},
        {"{\"sign\":{}}", LINE_SIGN},
        {"{\"key\":{}}", LINE_KEY},
        {"{\"sealed\":{}}", LINE_SEALED},
        {"{\"log\":{}}", LINE_LOG},
        {"{\"cases\":[]}", LINE_CASES},
        {"{\"page\":{}}", LINE_PAGE},
        {"{\"need\":{}}", LINE_NEED},
        {"{\"join\":{}}", LINE_JOIN},
        {"{\"leave\":{}}", LINE_LEAVE},
        {"{\"cursor\":{}}", LINE_CURSOR},
        {"{\"diff\":{}}", LINE_DIFF},
        {"{\"given\":{}}", LINE_GIVEN},
        {"{\"at\":1}", LINE_REVISION},
        {"{\"author\":1}", LINE_REVISION},
        {"{\"auth\"", LINE_REVISION},
        {"{\"auth\" :1}", LINE_REVISION},
        {"", LINE_REVISION},
        {"{\"", LINE_REVISION},
        {"{\"join", LINE_REVISION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(line_kind(bytes_text(cases[i].line)), cases[i].kind);
}

static void enrolment_reads_json_of_any_spelling(void **state)
{
    struct scratch *s = *state;
    struct enrol_request request = {.code = "ABCD-EFGH-JKMN-PQRS",
                                    .user = "dana",
                                    .has_root = true,
                                    .root = {7},
                                    .protocol = 1};
    assert_int_equal(enrol_request_write(&s->out, &request), ERR_OK);
    struct buffer loose;
    buffer_init(&loose, 1 << 16);
    for (size_t i = 0; i < s->out.size; i++) {
        buffer_add_char(&loose, (char)s->out.at[i]);
        if (s->out.at[i] == ',' || s->out.at[i] == ':')
            buffer_add_text(&loose, "\r\n  ");
    }
    struct enrol_request read;
    assert_int_equal(enrol_request_read(&s->arena, buffer_bytes(&loose), &read),
                     ERR_OK);
    assert_string_equal(read.code, request.code);
    assert_string_equal(read.user, request.user);
    assert_true(read.has_root);
    assert_memory_equal(read.root, request.root, KEY_BYTES);
    buffer_fini(&loose);
}

static void only_the_dictionary_that_is_known_is_taken(void **state)
{
    struct scratch *s = *state;
    struct enrol_reply reply = {.agency = "cap",
                                .replica = "wAbCdEfGhIjKl",
                                .protocol = 1,
                                .lineage = "AAAAAAAAAAAAAAAAAAAAAA",
                                .dictionary = "00000001"};
    struct enrol_reply read;
    assert_int_equal(enrol_reply_write(&s->out, &reply), ERR_OK);
    assert_int_equal(enrol_reply_read(&s->arena, buffer_bytes(&s->out), &read),
                     ERR_OK);
    assert_string_equal(read.dictionary, "");
    buffer_clear(&s->out);
    memcpy(reply.dictionary, dictionary_1_id(), 9);
    assert_int_equal(enrol_reply_write(&s->out, &reply), ERR_OK);
    assert_int_equal(enrol_reply_read(&s->arena, buffer_bytes(&s->out), &read),
                     ERR_OK);
    assert_string_equal(read.dictionary, dictionary_1_id());
}

static void a_page_receipt_covers_agency_and_order(void **state)
{
    (void)state;
    uint8_t key[32] = {1}, hashes[64] = {2}, swapped[64] = {0};
    swapped[32] = 2;
    uint8_t mac[MAC_BYTES], other[MAC_BYTES];
    page_mac(mac, key, "cap", bytes_of(hashes, 64));
    page_mac(other, key, "cap", bytes_of(hashes, 64));
    assert_memory_equal(mac, other, MAC_BYTES);
    page_mac(other, key, "cat", bytes_of(hashes, 64));
    assert_memory_not_equal(mac, other, MAC_BYTES);
    page_mac(other, key, "cap", bytes_of(swapped, 64));
    assert_memory_not_equal(mac, other, MAC_BYTES);
    page_mac(other, key, "cap", bytes_of(hashes, 32));
    assert_memory_not_equal(mac, other, MAC_BYTES);
}

static void a_long_detail_ends_at_a_whole_character(void **state)
{
    struct scratch *s = *state;
    buffer_add_text(&s->out, "{\"error\":\"busy\",\"detail\":\"x");
    for (int i = 0; i < 200; i++)
        buffer_add_text(&s->out, "\xc3\xa9");
    buffer_add_text(&s->out, "\"}");
    struct error_body read;
    assert_int_equal(error_body_read(&s->arena, buffer_bytes(&s->out), &read),
                     ERR_OK);
    assert_int_equal(strlen(read.detail), 255);
    assert_true(utf8_valid(bytes_text(read.detail), NULL));
    assert_string_equal(read.error, "busy");
    assert_int_equal(read.retry_after_s, -1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scratch_open, scratch_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_header_comes_back),
        TEST(a_header_without_room_asks_for_the_default),
        TEST(more_than_the_most_is_the_most),
        TEST(another_version_is_unsupported_whatever_else_it_has),
        TEST(a_fault_stands_at_its_offset),
        TEST(a_reply_header_comes_back),
        TEST(control_lines_are_told_from_revisions),
        TEST(enrolment_reads_json_of_any_spelling),
        TEST(only_the_dictionary_that_is_known_is_taken),
        TEST(a_page_receipt_covers_agency_and_order),
        TEST(a_long_detail_ends_at_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
