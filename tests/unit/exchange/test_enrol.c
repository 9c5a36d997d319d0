/* What is wrong with an enrolment is known before any office is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "shared/base/file.h"
#include "tests/dir.h"
#include "tests/unit/exchange/desk.h"

#define CODE "AAAA-BBBB-CCCC-DDDD"

static enum err check(const char *server, const char *ca_file, const char *code,
                      const char *word)
{
    char detail[SESSION_DETAIL_CHARS];
    enum err err = session_enrol_check(server, ca_file, code, detail);
    if (err && !strstr(detail, word))
        fail_msg("\"%s\" does not say \"%s\"", detail, word);
    return err;
}

static void an_address_is_understood_first(void **state)
{
    (void)state;
    char longer[400] = "https://office.example/";
    memset(longer + strlen(longer), 'a', sizeof longer - strlen(longer) - 1);
    assert_int_equal(check("https://office.example", NULL, CODE, ""), ERR_OK);
    assert_int_equal(check("office.example", NULL, CODE, "not understood"),
                     ERR_INVALID);
    assert_int_equal(check("http://office.example", NULL, CODE, "in the clear"),
                     ERR_INVALID);
    assert_int_equal(check(longer, NULL, CODE, "too long"), ERR_INVALID);
}

static void a_code_has_sixteen_letters_and_digits(void **state)
{
    (void)state;
    static const char *const good[] = {CODE, "aaaabbbbccccdddd",
                                       " 0O1I-L234 5678 9abc"};
    static const char *const bad[] = {"", "AAAA", CODE "E",
                                      "AAAA-BBBB-CCCC-DD!D"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(check("https://a.example", NULL, good[i], ""), ERR_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(check("https://a.example", NULL, bad[i], "16 letters"),
                         ERR_INVALID);
}

static void a_certificate_file_is_looked_at_even_for_plain_http(void **state)
{
    (void)state;
    static const char *const server = "http://127.0.0.1:8470";
    char dir[DIR_CHARS], good[2 * DIR_CHARS], bad[2 * DIR_CHARS],
        none[2 * DIR_CHARS];
    dir_make(dir);
    dir_file(good, dir, "ca.pem");
    dir_file(bad, dir, "notes.txt");
    dir_file(none, dir, "none.pem");
    assert_int_equal(
        file_write_new(good, bytes_text("-----BEGIN CERTIFICATE-----\n")),
        ERR_OK);
    assert_int_equal(file_write_new(bad, bytes_text("roof leaks\n")), ERR_OK);
    assert_int_equal(check(server, good, CODE, ""), ERR_OK);
    assert_int_equal(check(server, none, CODE, "is not there"), ERR_INVALID);
    assert_int_equal(check(server, bad, CODE, "no certificate"), ERR_INVALID);
    assert_int_equal(check(server, dir, CODE, "cannot be read"), ERR_INVALID);
    dir_remove(dir);
}

/* A transport that would fail any test that used it. */
static enum err never(void *context, const struct transport_request *request)
{
    (void)context;
    (void)request;
    fail_msg("an office was asked");
    return ERR_IO;
}

static void nothing_is_sent_that_is_known_to_be_wrong(void **state)
{
    (void)state;
    struct device d;
    struct transport transport = {.start = never};
    char detail[SESSION_DETAIL_CHARS];
    bool sent = true;
    device_create(&d);
    assert_int_equal(
        session_enrol(d.vault, &transport, "office", NULL, CODE, &sent, detail),
        ERR_INVALID);
    assert_false(sent);
    device_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_understood_first),
        cmocka_unit_test(a_code_has_sixteen_letters_and_digits),
        cmocka_unit_test(a_certificate_file_is_looked_at_even_for_plain_http),
        cmocka_unit_test(nothing_is_sent_that_is_known_to_be_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
