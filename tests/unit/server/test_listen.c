#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "server/invite.h"
#include "server/listen.h"

static void port_0_takes_a_free_one_and_says_which(void **state)
{
    (void)state;
    struct listener listener, other;
    char detail[LISTEN_DETAIL_CHARS];
    assert_int_equal(listen_open(&listener, "127.0.0.1:0", false, detail),
                     ERR_OK);
    assert_int_equal(strncmp(listener.address, "127.0.0.1:", 10), 0);
    assert_string_not_equal(listener.address, "127.0.0.1:0");
    assert_int_equal(listen_open(&other, listener.address, false, detail),
                     ERR_EXISTS);
    assert_non_null(strstr(detail, listener.address));
    close(listener.socket);
}

static void plain_http_stays_on_loopback(void **state)
{
    (void)state;
    struct listener listener;
    char detail[LISTEN_DETAIL_CHARS];
    assert_int_equal(listen_open(&listener, "0.0.0.0:0", false, detail),
                     ERR_DENIED);
    assert_non_null(strstr(detail, "--tls-cert"));
    assert_int_equal(listener.socket, -1);
    assert_int_equal(listen_open(&listener, "0.0.0.0:0", true, detail), ERR_OK);
    close(listener.socket);
}

static void an_address_that_is_none_is_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "8470",    ":8470",
                                      "a:b",        "h:70000", "::1:8470",
                                      "127.0.0.1:", "h:-1"};
    struct listener listener;
    char detail[LISTEN_DETAIL_CHARS];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(listen_open(&listener, bad[i], false, detail),
                         ERR_INVALID);
}

static void a_code_is_read_as_people_write_it(void **state)
{
    (void)state;
    char a[INVITE_CHARS + 1], b[INVITE_CHARS + 1];
    assert_true(invite_read(a, bytes_text("0123-4567-89AB-CDEF")));
    assert_true(invite_read(b, bytes_text(" oi23 4567 89ab-cdef")));
    assert_string_equal(a, b);
    assert_false(invite_read(a, bytes_text("0123-4567-89AB-CDE")));
    assert_false(invite_read(a, bytes_text("0123-4567-89AB-CDEF0")));
    assert_false(invite_read(a, bytes_text("0123-4567-89AB-CDEU")));
    assert_false(invite_read(a, bytes_of("0123-4567-89AB-CDE", 19)));
}

static void a_made_code_can_be_read(void **state)
{
    (void)state;
    struct random_seeded random;
    char code[INVITE_CHARS + 1], read[INVITE_CHARS + 1], last[20] = "";
    random_seeded_init(&random, 7);
    for (int i = 0; i < 100; i++) {
        invite_code(code, &random.random);
        assert_true(invite_read(read, bytes_text(code)));
        assert_string_equal(code, read);
        assert_string_not_equal(code, last);
        strcpy(last, code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_0_takes_a_free_one_and_says_which),
        cmocka_unit_test(plain_http_stays_on_loopback),
        cmocka_unit_test(an_address_that_is_none_is_named),
        cmocka_unit_test(a_code_is_read_as_people_write_it),
        cmocka_unit_test(a_made_code_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
