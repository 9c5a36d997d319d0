#include "tests/unit/server/paying.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char paying_journal[96];

/* A server brings the journal up to date; then the office goes on with it. */
void paying_serve(struct place *place)
{
    char detail[OFFICE_DETAIL_CHARS];
    struct office *office;
    struct office_options options = {.data_dir = place->folder,
                                     .clock = &place->clock,
                                     .journal = paying_journal,
                                     .serving = true};
    CHECK(office_open(&office, &options, true, detail));
    office_close(office);
    place_reopen(place);
}

int paying_setup(void **state)
{
    int code = place_setup(state);
    struct place *place = *state;
    static const char *const people[][2] = {
        {"fay", "fiscal"}, {"sue", "supervisor"}, {"olga", "admin"}};
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        char text[128];
        place_account(place, people[i][0], NULL);
        snprintf(text, sizeof text,
                 "UPDATE account SET role = '%s' WHERE account = '%s'",
                 people[i][1], people[i][0]);
        place_exec(place, text);
    }
    snprintf(paying_journal, sizeof paying_journal, "%s.journal",
             place->folder);
    paying_serve(place);
    return code;
}

int paying_teardown(void **state)
{
    int code = place_teardown(state);
    unlink(paying_journal);
    return code;
}

void paying_says(const struct place *place, const char *part)
{
    if (!strstr(place->office->detail, part))
        fail_msg("\"%s\" does not say \"%s\"", place->office->detail, part);
}

enum err paying_cap(struct place *place, const char *by, const char *name,
                    bool pool, int64_t limit, int64_t approval)
{
    struct money_cap_draft draft = {.name = name,
                                    .pool = pool,
                                    .limit = limit,
                                    .own_up_to = -1,
                                    .approval_above = approval,
                                    .repeat_days = -1};
    enum err err = sql_begin(&place->sql, true);
    assert_int_equal(err, ERR_OK);
    err = money_cap_set(place->office, &place->sql, by, &draft);
    if (!err)
        return sql_commit(&place->sql);
    sql_rollback(&place->sql);
    return err;
}

enum err paying_begin(struct place *place)
{
    return money_begin(place->office, &place->sql);
}

enum err paying_end(struct place *place, enum err err)
{
    return money_end(place->office, &place->sql, err);
}

enum err paying_authorize(struct place *place, const char *by,
                          const char *request, const char *despite,
                          struct money_answer *out)
{
    struct money_answer answer;
    struct money_authorize given = {.request = request,
                                    .federal_cents = -1,
                                    .state_cents = -1,
                                    .despite = &despite,
                                    .despite_count = despite != NULL};
    enum err err = paying_begin(place);
    if (err)
        return err;
    return paying_end(place, money_authorize(place->office, &place->sql, by,
                                             &given, out ? out : &answer));
}

enum err paying_issue(struct place *place, const char *user, int64_t cents,
                      const char *person, const char *pool,
                      struct money_answer *out)
{
    struct money_issue given = {.user = user,
                                .category = "transportation",
                                .until = "2099-12-31",
                                .person = person,
                                .pool = pool,
                                .cents = cents};
    enum err err = paying_begin(place);
    return err ? err
               : paying_end(place, money_issue(place->office, &place->sql,
                                               "fay", &given, out));
}

enum err paying_void(struct place *place, const char *id, enum money_kind kind)
{
    enum err err = paying_begin(place);
    return err ? err
               : paying_end(place, money_void(place->office, &place->sql, "fay",
                                              id, kind, "a mistake"));
}

int64_t paying_used(struct place *place)
{
    struct money_list list;
    int64_t cents = -1;
    CHECK(money_load_person(&list, place->office, &place->sql, PERSON));
    CHECK(money_used(&list, place->office, &place->sql, PERSON,
                     "transportation", "", &cents));
    money_list_fini(&list);
    return cents;
}

/* dana's person, and two requests of hers that are alike but for the sign. */
void paying_asked(struct place *place, struct device *dana)
{
    device_enrol(dana, place, "dana");
    device_create(dana, "person", PERSON, PERSON, NAMED);
    device_create(dana, "expenditure_request", REQUEST(1), PERSON,
                  ASKED(8000, "Shell #12"));
    device_create(dana, "expenditure_request", REQUEST(2), PERSON,
                  ASKED(8000, "SHELL 12"));
    device_create(dana, "expenditure_request", REQUEST(3), PERSON,
                  ASKED(3000, "Delta"));
    device_sync_ok(dana, place);
    assert_int_equal(
        paying_cap(place, "fay", "transportation", false, 10000, -1), ERR_OK);
}
