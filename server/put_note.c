#include "server/put_note.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/model/coded.h"
#include "shared/model/guard_note.h"

static const char role_of_account[] =
    "SELECT role FROM account WHERE agency = $1 AND account = $2";
static const char any_of_type[] =
    "SELECT 1 FROM record WHERE agency = $1 AND type = $2 LIMIT 1";

struct asking {
    const struct put_noted *noted;
    char role[NAME_CHARS_MAX + 1];
    enum err err; /* of a role that could not be read */
};

static enum err written_add(void *context, struct guard_case *kase,
                            const struct guard_record **out)
{
    const struct asking *a = context;
    return guard_case_add(kase, a->noted->now->state, out);
}

static enum err state_add(void *kase, struct bytes state)
{
    return guard_case_add(kase, state, NULL);
}

static enum err of_type(void *context, struct guard_case *kase,
                        struct bytes type)
{
    const struct put_noted *n = ((const struct asking *)context)->noted;
    return store_record_each(n->sql, n->office->agency, n->now->kase, type,
                             state_add, kase);
}

static enum err role_take(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct asking *a = context;
    (void)columns;
    sql_copy_text(a->role, sizeof a->role, &row[0]);
    return ERR_OK;
}

static struct bytes role_of(void *context, struct bytes user)
{
    struct asking *a = context;
    const struct put_noted *n = a->noted;
    a->role[0] = '\0';
    enum err err =
        sql_find(n->sql, role_of_account,
                 SQL_VALUES(sql_text(n->office->agency), sql_text_bytes(user)),
                 role_take, a);
    if (err && err != ERR_NOT_FOUND)
        a->err = err;
    return bytes_text(a->role);
}

static enum err code_set_find(void *context, const char *record,
                              struct buffer *out, bool *any)
{
    const struct put_noted *n = ((const struct asking *)context)->noted;
    struct record_row row;
    struct buffer bytes;
    buffer_init(&bytes, 2u * STATE_BYTES_MAX);
    enum err err = store_record_find(n->sql, n->office->agency,
                                     bytes_text(record), &row, &bytes);
    if (!err)
        err = buffer_add_bytes(out, row.state);
    buffer_fini(&bytes);
    if (err != ERR_NOT_FOUND)
        return err;
    int64_t one;
    err = sql_find_int(
        n->sql, any_of_type,
        SQL_VALUES(sql_text(n->office->agency), sql_text(CODE_SET_TYPE)), &one);
    *any = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The number that was asked for is another's. */
static enum err number_note(const struct put_noted *n, struct buffer *warning)
{
    const struct schema_field *field = n->type ? type_numbered(n->type) : NULL;
    const struct canon *asked =
        field && n->set ? canon_member_bytes(n->set, field_name(field)) : NULL;
    char name[NAME_CHARS_MAX + 1];
    if (!asked || asked->kind != CANON_INT)
        return ERR_OK;
    snprintf(name, sizeof name, "%.*s", (int)asked->name.size,
             (const char *)asked->name.at);
    const struct canon *now = record_value(n->now, name);
    if (!now || now->kind != CANON_INT || now->integer == asked->integer)
        return ERR_OK;
    if (warning->size)
        buffer_add_char(warning, '\n');
    return buffer_printf(warning,
                         "%s: %" PRId64 " is the number of another; it is "
                         "%" PRId64 " now",
                         name, asked->integer, now->integer);
}

enum err put_note(const struct put_noted *noted, struct buffer *warning)
{
    struct asking a = {.noted = noted};

    const struct guard_source source = {written_add, of_type, role_of, &a};
    enum err err = guard_notes(noted->type, noted->set, &source, warning);
    if (!err)
        err = a.err;
    if (!err)
        err = number_note(noted, warning);
    return err ? err
               : code_notes(noted->type, noted->set, noted->before,
                            code_set_find, &a, warning);
}
