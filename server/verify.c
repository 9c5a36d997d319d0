#include "server/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/verify_inner.h"

void verify_say(struct verify *v, const char *format, ...)
{
    char text[VERIFY_TEXT_CHARS];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    v->problems++;
    if (v->report)
        v->report(v->context, text);
}

static enum err names_row(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    struct names *names = context;
    if (names->count == names->room) {
        size_t room = names->room ? names->room * 2 : 64;
        void *grown = realloc(names->at, room * sizeof *names->at);
        if (!grown)
            return ERR_NOMEM;
        names->at = grown;
        names->room = room;
    }
    sql_copy_text(names->at[names->count++], sizeof *names->at, &row[0]);
    return ERR_OK;
}

enum err names_load(struct names *out, struct sql *sql, const char *statement,
                    const char *agency)
{
    *out = (struct names){.at = NULL};
    enum err err = sql_each_row(sql, statement, SQL_VALUES(sql_text(agency)),
                                names_row, out);
    if (err)
        names_fini(out);
    return err;
}

void names_fini(struct names *names)
{
    free(names->at);
    *names = (struct names){.at = NULL};
}

enum err office_verify(struct office *office, struct sql *sql,
                       verify_report *report, void *context, size_t *problems)
{
    struct verify v = {.report = report, .context = context};
    *problems = 0;
    enum err err = sql_begin(sql, false);
    if (err)
        return err;
    err = batch_open(&v.batch, office, sql);
    if (!err) {
        err = verify_logs(&v);
        if (!err)
            err = verify_records(&v);
        if (!err)
            err = verify_feeds(&v);
        if (!err)
            err = verify_blobs(&v);
        if (!err)
            err = verify_disposals(&v);
        batch_fini(&v.batch);
    }
    sql_rollback(sql);
    *problems = v.problems;
    return err;
}
