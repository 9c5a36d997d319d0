#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/id.h"

static void a_new_id_tells_its_time_and_version(void **state)
{
    (void)state;
    struct random_seeded random;
    random_seeded_init(&random, 7);
    char id[ID_CHARS + 1], other[ID_CHARS + 1];
    id_new(id, INT64_C(0x0193abcdef12), &random.random);
    assert_true(id_valid(bytes_text(id)));
    assert_memory_equal(id, "0193abcd-ef12-7", 15);
    assert_non_null(strchr("89ab", id[19]));
    id_new(other, INT64_C(0x0193abcdef12), &random.random);
    assert_string_not_equal(id, other);
}

static void later_ids_sort_later(void **state)
{
    (void)state;
    struct random_seeded random;
    random_seeded_init(&random, 8);
    char before[ID_CHARS + 1], after[ID_CHARS + 1];
    id_new(before, 0, &random.random);
    for (int64_t ms = 1; ms < INT64_C(1) << 48; ms = ms * 3 + 1) {
        id_new(after, ms, &random.random);
        assert_true(strcmp(before, after) < 0);
        memcpy(before, after, sizeof before);
    }
}

static void a_clock_before_1970_makes_a_valid_id(void **state)
{
    (void)state;
    struct random_seeded random;
    random_seeded_init(&random, 9);
    char id[ID_CHARS + 1];
    id_new(id, -1, &random.random);
    assert_true(id_valid(bytes_text(id)));
    assert_memory_equal(id, "00000000-0000-7", 15);
}

static void only_lower_case_uuids_are_ids(void **state)
{
    (void)state;
    static const char *const good[] = {"01935b1e-8c00-7abc-8def-0123456789ab",
                                       "00000000-0000-0000-0000-000000000000",
                                       "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
                                       "ffffffff-ffff-ffff-ffff-ffffffffffff"};
    static const char *const bad[] = {"",
                                      "01935b1e-8c00-7abc-8def-0123456789a",
                                      "01935b1e-8c00-7abc-8def-0123456789abc",
                                      "01935B1E-8c00-7abc-8def-0123456789ab",
                                      "01935b1e08c00-7abc-8def-0123456789ab",
                                      "01935b1e-8c00-7abc-8def-01234567-9ab",
                                      "g1935b1e-8c00-7abc-8def-0123456789ab"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(id_valid(bytes_text(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(id_valid(bytes_text(bad[i])));
}

static void a_replica_id_names_agency_kind_and_key(void **state)
{
    (void)state;
    uint8_t key[KEY_BYTES] = {1}, other_key[KEY_BYTES] = {2};
    char worker[REPLICA_CHARS + 1], office[REPLICA_CHARS + 1];
    char other[REPLICA_CHARS + 1];
    replica_id(worker, 'w', "agency", key);
    replica_id(office, 'o', "agency", key);
    assert_true(replica_valid(bytes_text(worker)));
    assert_false(replica_is_office(bytes_text(worker)));
    assert_true(replica_is_office(bytes_text(office)));
    assert_string_equal(worker + 1, office + 1);
    replica_id(other, 'w', "agency2", key);
    assert_string_not_equal(worker, other);
    replica_id(other, 'w', "agency", other_key);
    assert_string_not_equal(worker, other);
}

static void other_texts_are_no_replica_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "w",
                                      "wAAAAAAAAAAA",
                                      "wAAAAAAAAAAAAA",
                                      "xAAAAAAAAAAAA",
                                      "wAAAAAAAAAAA=",
                                      "wAAAAAAAAAAA+",
                                      "wAAAAAAAAAA\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(replica_valid(bytes_text(bad[i])));
        assert_false(replica_is_office(bytes_text(bad[i])));
    }
    assert_true(replica_valid(bytes_text("o-_09azAZAAAA")));
}

static void names_have_one_spelling(void **state)
{
    (void)state;
    char longest[NAME_CHARS_MAX + 2];
    memset(longest, 'a', sizeof longest);
    assert_true(name_valid(bytes_of(longest, NAME_CHARS_MAX)));
    assert_false(name_valid(bytes_of(longest, NAME_CHARS_MAX + 1)));
    static const char *const good[] = {"a", "0", "home_visit", "a.b-c_d"};
    static const char *const bad[] = {"",  "_a",  "-a",        ".a",
                                      "A", "a b", "a\xc3\xa9", "a:b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(name_valid(bytes_text(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(name_valid(bytes_text(bad[i])));
}

static void scopes_are_agency_caseload_or_site(void **state)
{
    (void)state;
    static const char *const good[] = {"agency", "caseload:north",
                                       "site:vita-3"};
    static const char *const bad[] = {
        "",       "Agency", "caseload:", "caseload",
        "site:A", "team:x", "agency:x",  "caseload:a:b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(scope_valid(bytes_text(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(scope_valid(bytes_text(bad[i])));
    char longest[SCOPE_CHARS_MAX + 1] = "site:";
    memset(longest + 5, 'a', sizeof longest - 5);
    assert_true(scope_valid(bytes_of(longest, SCOPE_CHARS_MAX)));
    assert_false(scope_valid(bytes_of(longest, SCOPE_CHARS_MAX + 1)));
}

static void a_share_is_the_first_eight_bytes(void **state)
{
    (void)state;
    uint8_t hash[HASH_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    assert_true(hash_share(hash) == UINT64_C(0x0807060504030201));
}

static void a_write_id_is_the_start_of_the_hash(void **state)
{
    (void)state;
    uint8_t hash[HASH_BYTES];
    char id[WRITE_ID_CHARS + 1], whole[BASE64_CHARS(HASH_BYTES) + 1];
    hash_bytes(hash, bytes_text("{}"));
    base64_encode(whole, hash, sizeof hash);
    write_id(id, bytes_text("{}"));
    assert_int_equal(strlen(id), WRITE_ID_CHARS);
    assert_memory_equal(id, whole, WRITE_ID_CHARS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_id_tells_its_time_and_version),
        cmocka_unit_test(later_ids_sort_later),
        cmocka_unit_test(a_clock_before_1970_makes_a_valid_id),
        cmocka_unit_test(only_lower_case_uuids_are_ids),
        cmocka_unit_test(a_replica_id_names_agency_kind_and_key),
        cmocka_unit_test(other_texts_are_no_replica_ids),
        cmocka_unit_test(names_have_one_spelling),
        cmocka_unit_test(scopes_are_agency_caseload_or_site),
        cmocka_unit_test(a_share_is_the_first_eight_bytes),
        cmocka_unit_test(a_write_id_is_the_start_of_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
