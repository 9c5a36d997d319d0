#include "tests/unit/server/disposing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/disposal.h"
#include "server/ingest.h"
#include "server/retention.h"

int disposing_setup(void **state)
{
    int code = place_setup(state);
    struct place *place = *state;
    place_account(place, "sue", NULL);
    place_account(place, "olga", NULL);
    place_exec(place, "UPDATE account SET role = 'supervisor' "
                      "WHERE account = 'sue'");
    place_exec(place, "UPDATE account SET role = 'admin' "
                      "WHERE account = 'olga'");
    return code;
}

enum err disposing_finish(struct place *place, enum err err)
{
    if (!err)
        return sql_commit(&place->sql);
    sql_rollback(&place->sql);
    return err;
}

enum err disposing_begin(struct place *place)
{
    return sql_begin(&place->sql, true);
}

enum err disposing_close_case(struct place *place, const char *kase,
                              const char *on, const char *class)
{
    enum err err = disposing_begin(place);
    return err ? err
               : disposing_finish(place,
                                  retention_close(place->office, &place->sql,
                                                  "sue", kase, on, class));
}

enum err disposing_propose(struct place *place, const char *by,
                           const char *kase)
{
    enum err err = disposing_begin(place);
    return err ? err
               : disposing_finish(place,
                                  disposal_propose(place->office, &place->sql,
                                                   by, kase, WHY));
}

enum err disposing_approve(struct place *place, const char *by,
                           const char *kase)
{
    struct disposal_row row;
    enum err err = disposing_begin(place);
    return err ? err
               : disposing_finish(place,
                                  disposal_approve(place->office, &place->sql,
                                                   by, kase, &row));
}

enum err disposing_hold(struct place *place, const char *by, bool held)
{
    enum err err = disposing_begin(place);
    return err ? err
               : disposing_finish(place,
                                  retention_hold(place->office, &place->sql, by,
                                                 PERSON, held, "an audit"));
}

void disposing_says(const struct place *place, const char *part)
{
    if (!strstr(place->office->detail, part))
        fail_msg("\"%s\" does not say \"%s\"", place->office->detail, part);
}

void disposing_two_cases(struct place *place, struct device *dana)
{
    device_enrol(dana, place, "dana");
    device_create(dana, "person", PERSON, PERSON, NAMED);
    device_create(dana, "contact", NOTE, PERSON, TOLD);
    device_create(dana, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(dana, place);
    assert_int_equal(disposing_close_case(place, PERSON, CLOSED, NULL), ERR_OK);
    device_sync_ok(dana, place);
}

void disposing_dispose(struct place *place, const char *kase)
{
    assert_int_equal(disposing_propose(place, "sue", kase), ERR_OK);
    assert_int_equal(disposing_approve(place, "olga", kase), ERR_OK);
}

int64_t disposing_whole_lines(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w' "
                            "AND length(line) > 0");
}

int64_t disposing_all_lines(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'");
}

void disposing_backup(struct place *place)
{
    char path[128];
    snprintf(path, sizeof path, "%s/backup", place->folder);
    assert_int_equal(place->sql.backup(place->sql.context, path), ERR_OK);
}

void disposing_put_back(struct place *place)
{
    char command[512];
    sql_close(&place->sql);
    office_close(place->office);
    place->office = NULL;
    snprintf(command, sizeof command,
             "rm -f %s/office.db-* && cp %s/backup %s/office.db", place->folder,
             place->folder, place->folder);
    assert_int_equal(system(command), 0);
    place_reopen(place);
}

enum err disposing_heal(struct place *place, const struct device *d, int64_t n)
{
    struct bytes line = bytes_text(d->lines[n]);
    enum err err = disposing_begin(place);
    return err ? err
               : disposing_finish(place, ingest_healed(place->office,
                                                       &place->sql, &line, 1));
}
