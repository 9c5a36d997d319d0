#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/duplicates.h"
#include "tests/fault.h"

struct found {
    int count, score;
    char first[40], second[40], reasons[200];
};

static enum err note(void *context, const struct duplicates_pair *pair)
{
    struct found *f = context;
    if (f->count++)
        return ERR_OK;
    f->score = pair->score;
    snprintf(f->first, sizeof f->first, "%s", pair->id[0]);
    snprintf(f->second, sizeof f->second, "%s", pair->id[1]);
    snprintf(f->reasons, sizeof f->reasons, "%s", pair->reasons);
    return ERR_OK;
}

/* A person's state of "field=value" pairs; a field that ends in s is a set. */
static enum err person(struct duplicates *d, const char *id, const char *fields)
{
    char state[2048], copy[1024], *rest = copy;
    int size = snprintf(state, sizeof state, "{\"fields\":{");
    snprintf(copy, sizeof copy, "%s", fields);
    for (char *f = strtok_r(copy, "|", &rest); f;
         f = strtok_r(NULL, "|", &rest)) {
        char *value = strchr(f, '=');
        *value++ = '\0';
        bool set = f[strlen(f) - 1] == 's';
        size += snprintf(state + size, sizeof state - (size_t)size,
                         set ? "%s\"%s\":{\"value\":[\"%s\"]}"
                             : "%s\"%s\":{\"value\":\"%s\"}",
                         state[size - 1] == '{' ? "" : ",", f, value);
    }
    snprintf(state + size, sizeof state - (size_t)size,
             "},\"record\":\"%s\",\"type\":\"person\"}", id);
    return duplicates_take(d, bytes_text(state));
}

static struct found compare(const char *one, const char *other)
{
    struct duplicates *d;
    struct found found = {0};
    assert_int_equal(duplicates_new(&d), ERR_OK);
    assert_int_equal(person(d, "one", one), ERR_OK);
    assert_int_equal(person(d, "two", other), ERR_OK);
    assert_int_equal(duplicates_find(d, note, &found), ERR_OK);
    duplicates_free(d);
    return found;
}

static void what_makes_two_persons_alike_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        int score;
        const char *reasons;
    } cases[] = {
        {"dob=1984-03-02|legal_name=Ruth Ames|phone=(662) 555-0142",
         "dob=1984-03-02|legal_name=AMES, Ruth|phones=+1 662-555-0142", 110,
         "same names; same date of birth; same telephone"},
        {"dob=1984-03-02|legal_name=Ruth Ann Ames",
         "dob=1984-02-03|first_name=Ruth|households=h|legal_name=Ames|"
         "phone=5550142",
         0, ""},
        {"dob=1984-03-02|households=h|legal_name=Ruth Ann Ames",
         "dob=1984-02-03|households=h|legal_name=Ruth Ames", 70,
         "one has the other's names and more; dates of birth alike but for a "
         "digit; same household"},
        {"dob=1970-01-05|legal_name=José Núñez",
         "dob=1970-01-05|legal_name=JOSÉ NUÑEZ", 70,
         "names alike but for a letter; same date of birth"},
        {"dob=1970-01-05|legal_name=Mary O'Brien-Smith",
         "dob=1970-01-05|legal_name=Mary OBrein Smith", 70,
         "names alike but for a letter; same date of birth"},
        {"dob=1970-01-05|legal_name=Ann Lee|phone=6625550142",
         "dob=1991-07-19|legal_name=Ann Lee|phone=6625550142", 0, ""},
        {"legal_name=Ann Lee", "legal_name=Ann Lee", 0, ""},
        {"dob=1970-01-05", "dob=1970-01-05", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct found found = compare(cases[i].one, cases[i].other);
        assert_string_equal(found.reasons, cases[i].reasons);
        assert_int_equal(found.score, cases[i].score);
        assert_int_equal(found.count, cases[i].score ? 1 : 0);
    }
}

static void who_is_merged_is_offered_no_more(void **state)
{
    (void)state;
    struct found found =
        compare("dob=1984-03-02|legal_name=Ruth Ames",
                "dob=1984-03-02|duplicate_of=one|legal_name=Ruth Ames");
    assert_int_equal(found.count, 0);
}

/* A telephone that a whole shelter shares says nothing; what else two have in
 * common is still found. */
static void a_key_that_very_many_share_says_nothing(void **state)
{
    (void)state;
    struct duplicates *d;
    struct found found = {0};
    char id[16], fields[128];
    assert_int_equal(duplicates_new(&d), ERR_OK);
    for (int i = 0; i < 500; i++) {
        snprintf(id, sizeof id, "p%03d", i);
        snprintf(fields, sizeof fields,
                 "dob=19%02d-%02d-10|legal_name=%c%c%c Common|phone=6625550142",
                 i % 90 + 10, i / 90 + 1, 'a' + i % 26, 'a' + i / 26, 'k');
        assert_int_equal(person(d, id, fields), ERR_OK);
    }
    assert_int_equal(person(d, "x1", "dob=2001-01-01|legal_name=Una Stein"),
                     ERR_OK);
    assert_int_equal(person(d, "x2", "dob=2001-01-01|legal_name=Una Stein"),
                     ERR_OK);
    assert_int_equal(duplicates_find(d, note, &found), ERR_OK);
    assert_int_equal(found.score, 80);
    assert_string_equal(found.first, "x1");
    assert_string_equal(found.second, "x2");
    duplicates_free(d);
}

static enum err find_two(struct found *found)
{
    struct duplicates *d;
    enum err err = duplicates_new(&d);
    if (err)
        return err;
    err = person(d, "one", "dob=1984-03-02|legal_name=Ruth Ames|phone=5550142");
    if (!err)
        err = person(d, "two", "dob=1984-03-02|legal_name=Ruth Ames");
    if (!err)
        err = duplicates_find(d, note, found);
    duplicates_free(d);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct found found = {0};
    enum err err = ERR_NOMEM;
    int n = 0;
    while (err) {
        found.count = 0;
        fault_at(++n, false);
        err = find_two(&found);
        assert_true(!err || (err == ERR_NOMEM && fault_hit()));
    }
    fault_at(0, false);
    assert_true(n > 8);
    assert_int_equal(found.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_two_persons_alike_is_said),
        cmocka_unit_test(who_is_merged_is_offered_no_more),
        cmocka_unit_test(a_key_that_very_many_share_says_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
