#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/wire/message.h"

#define BLOB "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LINEAGE "AAAAAAAAAAAAAAAAAAAAAA"
#define TAIL                                                                   \
    "\"protocol\":1,\"replica\":\"wAbCdEfGhIjKl\",\"size\":41,"                \
    "\"token\":\"AAAAAAAAAAA\""

static void the_header_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"agency\":\"north\",\"blob\":\"" BLOB "\",\"lineage\":\"" LINEAGE
        "\",\"method\":\"GET\"," TAIL "}",
        "{\"agency\":\"north\",\"blob\":\"" BLOB "\",\"body\":\"" HASH
        "\",\"lineage\":\"" LINEAGE
        "\",\"locked\":true,\"method\":\"PUT\",\"offset\":65576," TAIL
        ",\"wrap\":\"AAAA\"}",
        "{\"agency\":\"north\",\"blob\":\"" BLOB "\",\"lineage\":\"" LINEAGE
        "\",\"method\":\"PUT\",\"protocol\":1,"
        "\"replica\":\"wAbCdEfGhIjKl\",\"size\":41}", /* no reply was heard yet
                                                       */
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct arena arena;
        struct blob_request request;
        struct buffer out;
        arena_init(&arena, 1u << 20);
        buffer_init(&out, BLOB_HEADER_BYTES_MAX);
        assert_int_equal(
            blob_request_read(&arena, bytes_text(lines[i]), &request), ERR_OK);
        assert_int_equal(blob_request_write(&out, &request), ERR_OK);
        assert_string_equal(buffer_text(&out), lines[i]);
        assert_int_equal(request.locked, i == 1);
        buffer_fini(&out);
        arena_fini(&arena);
    }
}

static void a_malformed_header_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{}",
        "[]",
        "{\"agency\":\"north\",\"blob\":\"" BLOB "\",\"lineage\":\"" LINEAGE
        "\",\"method\":\"DELETE\"," TAIL "}",
        "{\"agency\":\"north\",\"blob\":\"short\",\"lineage\":\"" LINEAGE
        "\",\"method\":\"GET\"," TAIL "}",
        "{\"agency\":\"north\",\"blob\":\"" BLOB "\",\"lineage\":\"" LINEAGE
        "\",\"method\":\"GET\",\"offset\":-1," TAIL "}",
        "{\"agency\":\"north\",\"blob\":\"" BLOB "\",\"lineage\":\"" LINEAGE
        "\",\"method\":\"GET\" ," TAIL "}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct arena arena;
        struct blob_request request;
        arena_init(&arena, 1u << 20);
        if (!blob_request_read(&arena, bytes_text(lines[i]), &request))
            fail_msg("%s", lines[i]);
        arena_fini(&arena);
    }
}

static void answer_check(bool backed)
{
    struct arena arena;
    struct buffer out;
    struct blob_reply back,
        reply = {.offset = 77, .has_receipt = true, .term = "oAbCdEfGhIjKl"};
    memset(reply.signature, 5, sizeof reply.signature);
    reply.term_text = bytes_text("{\"a\":1}");
    memset(reply.term_signature, 6, sizeof reply.term_signature);
    reply.has_backed = backed;
    memset(reply.backed_signature, 7, sizeof reply.backed_signature);
    arena_init(&arena, 1u << 20);
    buffer_init(&out, 4096);
    assert_int_equal(blob_reply_write(&out, &reply), ERR_OK);
    assert_int_equal(blob_reply_read(&arena, buffer_bytes(&out), &back),
                     ERR_OK);
    assert_int_equal(back.offset, 77);
    assert_true(back.has_receipt);
    assert_string_equal(back.term, reply.term);
    assert_memory_equal(back.signature, reply.signature, SIGNATURE_BYTES);
    assert_true(bytes_is(back.term_text, "{\"a\":1}"));
    assert_int_equal(back.has_backed, backed);
    if (backed)
        assert_memory_equal(back.backed_signature, reply.backed_signature,
                            SIGNATURE_BYTES);
    buffer_fini(&out);
    arena_fini(&arena);
}

static void the_answer_survives_the_wire(void **state)
{
    (void)state;
    answer_check(false);
    answer_check(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_written_as_it_was_read),
        cmocka_unit_test(a_malformed_header_is_refused),
        cmocka_unit_test(the_answer_survives_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
