#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "shared/exchange/endpoint.h"

static void a_path_joins_with_or_without_a_final_slash(void **state)
{
    (void)state;
    char url[ENDPOINT_CHARS];
    assert_int_equal(endpoint_url(url, "https://a.example", "/v1/sync"),
                     ERR_OK);
    assert_string_equal(url, "https://a.example/v1/sync");
    assert_int_equal(endpoint_url(url, "https://a.example:1//", "/v1/enrol"),
                     ERR_OK);
    assert_string_equal(url, "https://a.example:1/v1/enrol");
    char longer[ENDPOINT_CHARS];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(endpoint_url(url, longer, "/v1/sync"), ERR_TOO_BIG);
}

static void only_this_machine_is_reached_in_the_clear(void **state)
{
    (void)state;
    static const char *const allowed[] = {
        "http://127.0.0.1:8470/v1/sync",
        "http://127.9.8.7/",
        "http://localhost",
        "HTTP://LOCALHOST:1/",
        "http://[::1]:8470",
        "https://a.example",
        "https://10.0.0.1:8470/v1/sync",
    };
    static const char *const refused[] = {
        "http://office.example/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example/",
        "http://localhost.example/",
        "http://128.0.0.1/",
        "http://0.0.0.0/",
        "http://[::2]/",
        "http://127.0.0.1@office.example/",
        "https://u:p@office.example",
        "ftp://127.0.0.1/",
        "office.example",
        "",
        "https://",
        "http://[::1",
        "file:///etc/passwd",
        "http://127.0.0.1:port",
        "http://127.0.0.1:",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536/",
        "http://[::1]8470",
        "https://a.example?x",
        "https://a.example/#x",
        "https://a .example",
    };
    char detail[ENDPOINT_DETAIL_CHARS];
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        assert_int_equal(endpoint_check(allowed[i], detail), ERR_OK);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        detail[0] = '\0';
        assert_int_equal(endpoint_check(refused[i], detail), ERR_INVALID);
        assert_non_null(strstr(detail, "https://"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_joins_with_or_without_a_final_slash),
        cmocka_unit_test(only_this_machine_is_reached_in_the_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
