#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "server/invite.h"
#include "server/user.h"
#include "server/views.h"
#include "tests/unit/server/device.h"

static const char scopes[][SCOPE_CHARS_MAX + 1] = {"caseload:b", "caseload:a",
                                                   "site:s"};

static struct user_draft draft_of(const char *name)
{
    return (struct user_draft){.name = name,
                               .role = "worker",
                               .scopes = scopes,
                               .scope_count = 3,
                               .has_scopes = true};
}

static void begin(struct place *p)
{
    assert_int_equal(sql_begin(&p->sql, true), ERR_OK);
}

static void commit(struct place *p)
{
    assert_int_equal(sql_commit(&p->sql), ERR_OK);
}

static void add(struct place *p, const struct user_draft *draft)
{
    begin(p);
    assert_int_equal(user_add(p->office, &p->sql, draft, "os:root"), ERR_OK);
    commit(p);
}

static int64_t act_count(struct place *p)
{
    return place_int(p, "SELECT count(*) FROM act WHERE what = 'account'");
}

static void a_user_keeps_its_scopes_in_their_order(void **state)
{
    struct place *p = *state;
    struct user user;
    struct user_draft draft = draft_of("ann");
    int64_t before = act_count(p);
    add(p, &draft);
    assert_int_equal(user_find(p->office, &p->sql, "ann", &user), ERR_OK);
    assert_int_equal(user.scope_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(user.scopes[i], scopes[i]);
    assert_false(user.disabled || user.has_password);
    assert_int_equal(act_count(p), before + 1);
    begin(p);
    assert_int_equal(user_add(p->office, &p->sql, &draft, "os:root"),
                     ERR_EXISTS);
    sql_rollback(&p->sql);
}

static void a_change_leaves_alone_what_it_does_not_name(void **state)
{
    struct place *p = *state;
    struct user user;
    struct user_draft draft = draft_of("ann");
    draft.os_user = "root";
    add(p, &draft);
    struct user_draft change = {.name = "ann", .role = "supervisor"};
    begin(p);
    assert_int_equal(user_change(p->office, &p->sql, &change, "ruth"), ERR_OK);
    commit(p);
    assert_int_equal(user_find_os(p->office, &p->sql, "root", &user), ERR_OK);
    assert_string_equal(user.name, "ann");
    assert_string_equal(user.role, "supervisor");
    assert_int_equal(user.scope_count, 3);
    change =
        (struct user_draft){.name = "ann", .os_user = "", .has_scopes = true};
    begin(p);
    assert_int_equal(user_change(p->office, &p->sql, &change, "ruth"), ERR_OK);
    commit(p);
    assert_int_equal(user_find_os(p->office, &p->sql, "root", &user),
                     ERR_NOT_FOUND);
    assert_int_equal(user_find(p->office, &p->sql, "ann", &user), ERR_OK);
    assert_int_equal(user.scope_count, 0);
}

static void what_cannot_be_a_user_is_refused(void **state)
{
    struct place *p = *state;
    static const char bad_scope[][SCOPE_CHARS_MAX + 1] = {"caseload:A B"};
    struct user_draft drafts[] = {draft_of("Ann"), draft_of(""),
                                  draft_of("ann"), draft_of("ann"),
                                  draft_of("ann"), draft_of("ann")};
    drafts[2].role = NULL;
    drafts[3].role = "king";
    drafts[4].password = "short";
    drafts[5].scopes = bad_scope;
    drafts[5].scope_count = 1;
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        begin(p);
        p->office->detail[0] = '\0';
        assert_int_equal(user_add(p->office, &p->sql, &drafts[i], "os:root"),
                         ERR_INVALID);
        assert_true(strlen(p->office->detail) > 10);
        sql_rollback(&p->sql);
    }
}

static void a_password_is_checked_and_never_kept(void **state)
{
    struct place *p = *state;
    struct user_draft draft = draft_of("ann");
    draft.password = "correct horse";
    add(p, &draft);
    assert_int_equal(
        user_check_password(p->office, &p->sql, "ann", "correct horse"),
        ERR_OK);
    assert_int_equal(user_check_password(p->office, &p->sql, "ann", "wrong"),
                     ERR_DENIED);
    assert_int_equal(user_check_password(p->office, &p->sql, "dana", ""),
                     ERR_DENIED);
    assert_int_equal(user_check_password(p->office, &p->sql, "nobody", ""),
                     ERR_NOT_FOUND);
    assert_int_equal(place_int(p, "SELECT count(*) FROM account WHERE password "
                                  "LIKE '%horse%'"),
                     0);
    begin(p);
    assert_int_equal(user_disable(p->office, &p->sql, "ann", "ruth"), ERR_OK);
    commit(p);
    assert_int_equal(
        user_check_password(p->office, &p->sql, "ann", "correct horse"),
        ERR_NOT_FOUND);
}

static void a_code_is_kept_as_its_hash_and_enrols_once(void **state)
{
    struct place *p = *state;
    char shown[INVITE_SHOWN_CHARS + 1], code[INVITE_CHARS + 1];
    uint8_t hash[HASH_BYTES];
    begin(p);
    assert_int_equal(
        invite_make(p->office, &p->sql, "dana", p->now + 60000, "ruth", shown),
        ERR_OK);
    commit(p);
    assert_true(invite_read(code, bytes_text(shown)));
    invite_hash(hash, code);
    assert_int_equal(place_int(p, "SELECT count(*) FROM invite WHERE "
                                  "account = 'dana' AND used_by IS NULL AND "
                                  "length(code_hash) = 32"),
                     1);
    static const char here[] = "SELECT count(*) FROM invite WHERE "
                               "code_hash = $1";
    int64_t count;
    assert_int_equal(
        sql_find_int(&p->sql, here,
                     SQL_VALUES(sql_blob(bytes_of(hash, sizeof hash))), &count),
        ERR_OK);
    assert_int_equal(count, 1);
    begin(p);
    assert_int_equal(
        invite_make(p->office, &p->sql, "nobody", p->now, "ruth", shown),
        ERR_NOT_FOUND);
    sql_rollback(&p->sql);
}

static void views_follow_the_types_and_change_only_with_them(void **state)
{
    struct place *p = *state;
    static const char change[] = "{\"type\":\"garden\",\"title\":\"Garden\","
                                 "\"version\":1,\"home\":\"agency\",\"fields\":"
                                 "{\"crop\":{\"title\":\"Crop\",\"kind\":"
                                 "\"text\",\"rule\":\"latest\"}}}";
    char detail[SCHEMA_DETAIL_CHARS];
    assert_int_equal(views_update(p->office), ERR_OK);
    int64_t version = place_int(p, "PRAGMA schema_version");
    struct sql reader;
    int64_t count = -1;
    static const char contacts[] = "SELECT count(*) FROM v_contact";
    assert_int_equal(views_connect(p->office, &reader), ERR_OK);
    assert_int_equal(sql_find_int(&reader, contacts, NULL, 0, &count), ERR_OK);
    assert_int_equal(count, 0);
    sql_close(&reader);
    assert_int_equal(views_update(p->office), ERR_OK);
    assert_int_equal(place_int(p, "PRAGMA schema_version"), version);
    assert_int_equal(schema_add(p->office->schema, bytes_text(change), detail),
                     ERR_OK);
    assert_int_equal(views_update(p->office), ERR_OK);
    static const char gardens[] =
        "SELECT count(*) FROM (SELECT crop, crop__open FROM v_garden)";
    assert_int_equal(views_connect(p->office, &reader), ERR_OK);
    assert_int_equal(sql_find_int(&reader, gardens, NULL, 0, &count), ERR_OK);
    sql_close(&reader);
}

#define OFFICE_TEST(name)                                                      \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_TEST(a_user_keeps_its_scopes_in_their_order),
        OFFICE_TEST(a_change_leaves_alone_what_it_does_not_name),
        OFFICE_TEST(what_cannot_be_a_user_is_refused),
        OFFICE_TEST(a_password_is_checked_and_never_kept),
        OFFICE_TEST(a_code_is_kept_as_its_hash_and_enrols_once),
        OFFICE_TEST(views_follow_the_types_and_change_only_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
