#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/verify.h"
#include "tests/unit/server/device.h"

static int64_t place_now(void *context)
{
    struct place *place = context;
    return place->now;
}

static void place_start(struct place *place)
{
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = {.data_dir = place->folder,
                                     .clock = &place->clock};
    enum err err = office_open(&place->office, &options, true, detail);
    if (err)
        fprintf(stderr, "office_open: %s\n", detail);
    CHECK(err);
    CHECK(office_connect(place->office, &place->sql));
}

void place_open(struct place *place)
{
    char detail[OFFICE_DETAIL_CHARS];
    *place = (struct place){.now = INT64_C(1795000000000)};
    arena_init(&place->statements, 1u << 20);
    place->clock = (struct clock){place_now, place_now, place};
    snprintf(place->folder, sizeof place->folder, "/tmp/satchel-test-XXXXXX");
    if (!mkdtemp(place->folder))
        abort();
    struct office_options options = {.data_dir = place->folder,
                                     .clock = &place->clock};
    enum err err = office_init(&options, "north", "North", detail);
    if (err)
        fprintf(stderr, "office_init: %s\n", detail);
    CHECK(err);
    place_start(place);
}

void place_reopen(struct place *place)
{
    sql_close(&place->sql);
    office_close(place->office);
    place_start(place);
}

static void problem_print(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "verify: %s\n", text);
}

size_t place_problems(struct place *place)
{
    size_t problems;
    CHECK(office_verify(place->office, &place->sql, problem_print, NULL,
                        &problems));
    return problems;
}

void place_close(struct place *place)
{
    char command[256];
    if (place_problems(place))
        abort();
    sql_close(&place->sql);
    office_close(place->office);
    arena_fini(&place->statements);
    snprintf(command, sizeof command, "rm -rf %s %s.keys", place->folder,
             place->folder);
    if (system(command))
        fprintf(stderr, "cannot remove %s\n", place->folder);
}

void place_exec(struct place *place, const char *statement)
{
    CHECK(sql_run(&place->sql,
                  arena_copy(&place->statements, bytes_text(statement)), NULL,
                  0));
}

void place_forget(struct place *place, const struct device *d)
{
    char text[96];
    snprintf(text, sizeof text, "DELETE FROM replica WHERE replica = '%s'",
             d->replica);
    place_exec(place, text);
}

int64_t place_int(struct place *place, const char *statement)
{
    int64_t out = -1;
    CHECK(sql_find_int(&place->sql,
                       arena_copy(&place->statements, bytes_text(statement)),
                       NULL, 0, &out));
    return out;
}

void place_scope(struct place *place, const char *account, int at,
                 const char *scope)
{
    char text[512];
    snprintf(text, sizeof text,
             "DELETE FROM account_scope WHERE agency = 'north' "
             "AND account = '%s' AND place = %d",
             account, at);
    place_exec(place, text);
    if (!scope)
        return;
    snprintf(text, sizeof text,
             "INSERT INTO account_scope(agency, account, place, scope) "
             "VALUES ('north', '%s', %d, '%s')",
             account, at, scope);
    place_exec(place, text);
}

void place_account(struct place *place, const char *account, const char *scope)
{
    char text[512];
    snprintf(text, sizeof text,
             "INSERT INTO account(agency, account, role, made_at) "
             "VALUES ('north', '%s', 'worker', 0)",
             account);
    place_exec(place, text);
    if (scope)
        place_scope(place, account, 1, scope);
}

int place_setup(void **state)
{
    static struct place place;
    place_open(&place);
    place_account(&place, "dana", "caseload:east");
    place_account(&place, "lee", "caseload:east");
    place_account(&place, "kim", "caseload:west");
    *state = &place;
    return 0;
}

int place_teardown(void **state)
{
    place_close(*state);
    return 0;
}
