#include <stdio.h>
#include <string.h>
#include "server/ingest.h"
#include "server/money.h"

#define CAP_TYPE "expenditure_cap"
#define CAP_NAME_CHARS (NAME_CHARS_MAX + 16)

static const char cap_all[] =
    "SELECT record FROM record WHERE agency = $1 AND type = '" CAP_TYPE "' "
    "ORDER BY record";

/* One a name, so that two writers at two terms meet on one record. */
static void cap_id(char out[ID_CHARS + 1], const char *name, bool pool)
{
    char text[CAP_NAME_CHARS];
    snprintf(text, sizeof text, "%s %.64s", pool ? "pool" : "category", name);
    id_derive(out, CAP_TYPE, bytes_text(text));
}

static int64_t cents_of(struct money_cap *cap, const struct record *record,
                        const char *name, int64_t none)
{
    const struct canon *field = record_field(record, name);
    const struct canon *value = record_value(record, name);
    if (field && canon_true(field, "open"))
        cap->open = true;
    return value && value->kind == CANON_INT ? value->integer : none;
}

static void cap_read(struct money_cap *out, const struct record *record)
{
    struct bytes name = record_text(record, "name");
    const struct canon *pool = record_value(record, "pool");
    *out = (struct money_cap){.pool = pool && pool->kind == CANON_TRUE};
    memcpy(out->id, record->id, sizeof out->id);
    snprintf(out->name, sizeof out->name, "%.*s", (int)name.size,
             (const char *)name.at);
    out->limit = cents_of(out, record, "limit_cents", 0);
    out->own_up_to = cents_of(out, record, "own_up_to_cents", 0);
    out->approval_above = cents_of(out, record, "approval_above_cents", -1);
    out->repeat_days = cents_of(out, record, "repeat_days", MONEY_REPEAT_DAYS);
}

enum err money_cap_find(struct money_cap *out, struct office *office,
                        struct sql *sql, const char *name, bool pool)
{
    struct record record;
    char id[ID_CHARS + 1];
    cap_id(id, name, pool);
    enum err err = record_load(&record, office, sql, id);
    if (err == ERR_NOT_FOUND || (!err && !record.type[0]))
        err = money_refuse(office, ERR_NOT_FOUND,
                           "there is no cap for %s%s, so that nothing may be "
                           "spent on it; `cap set` says how much",
                           pool ? "the pool " : "", name);
    if (!err)
        cap_read(out, &record);
    if (!err && out->open)
        err = money_refuse(office, ERR_CONFLICT,
                           "the cap of %s is in conflict; `conflicts list` "
                           "shows it",
                           name);
    record_fini(&record);
    return err;
}

/* --- setting it ----------------------------------------------------------- */

/* A category is one that requests may name. */
static enum err name_check(struct office *office,
                           const struct money_cap_draft *draft)
{
    const struct schema_type *type;
    enum err err =
        schema_find(office->schema, bytes_text("expenditure_request"), &type);
    if (err)
        return err;
    const struct schema_field *field =
        type ? type_field(type, bytes_text("category")) : NULL;
    if (!name_valid(bytes_text(draft->name)))
        return money_refuse(office, ERR_INVALID,
                            "\"%.64s\" is no name: a-z 0-9 _ . -", draft->name);
    for (size_t i = 0; field && i < field_code_count(field); i++)
        if (bytes_is(field_code_at(field, i), draft->name))
            return ERR_OK;
    return draft->pool
               ? ERR_OK
               : money_refuse(office, ERR_INVALID,
                              "%s is no category of expenditure_request; give "
                              "--pool to name a pool",
                              draft->name);
}

static void set_put(struct buffer *set, const struct money_cap_draft *draft,
                    bool fresh)
{
    buffer_add_char(set, '{');
    if (fresh) {
        money_put(set, "name", draft->name);
        buffer_printf(set, ",\"pool\":%s", draft->pool ? "true" : "false");
    }
    money_put_cents(set, "limit_cents", draft->limit);
    money_put_cents(set, "own_up_to_cents", draft->own_up_to);
    money_put_cents(set, "approval_above_cents", draft->approval_above);
    money_put_cents(set, "repeat_days", draft->repeat_days);
    money_put(set, "authority", draft->authority);
    buffer_add_char(set, '}');
}

static enum err cap_revise(struct office *office, struct sql *sql,
                           const char *author, const struct record *record,
                           const struct buffer *set)
{
    struct buffer canonical;
    struct seen seen;
    struct dot dot;
    seen_init(&seen);
    buffer_init(&canonical, ORIGINAL_BYTES_MAX);
    enum err err = buffer_err(set);
    if (!err)
        err = canon_normalise(&canonical, buffer_bytes(set), NULL);
    if (!err)
        err = fold_context(record->memo, &seen);
    struct revision_draft draft = {
        .record = record->id, .seen = &seen, .set = buffer_bytes(&canonical)};
    if (!err)
        err = ingest_office(office, sql, author, &draft, &dot);
    buffer_fini(&canonical);
    seen_fini(&seen);
    return err;
}

enum err money_cap_set(struct office *office, struct sql *sql,
                       const char *author, const struct money_cap_draft *draft)
{
    struct record record;
    struct buffer set;
    char id[ID_CHARS + 1];
    office->detail[0] = '\0';
    enum err err = name_check(office, draft);
    if (err)
        return err;
    cap_id(id, draft->name, draft->pool);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    err = record_load(&record, office, sql, id);
    bool fresh = err == ERR_NOT_FOUND || (!err && !record.type[0]);
    set_put(&set, draft, fresh);
    if (fresh && draft->limit < 0)
        err = money_refuse(office, ERR_INVALID,
                           "%s has no cap yet: give --limit", draft->name);
    else if (fresh)
        err = money_write(office, sql, author, id, CAP_TYPE, NULL, &set);
    else if (!err)
        err = cap_revise(office, sql, author, &record, &set);
    buffer_fini(&set);
    record_fini(&record);
    return err;
}

/* --- all of them ---------------------------------------------------------- */

struct cap_pass {
    struct office *office;
    struct sql *sql;
    money_each_cap *each;
    void *context;
};

static enum err cap_tell(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct cap_pass *pass = context;
    struct record record;
    struct money_cap cap;
    char id[ID_CHARS + 1];
    (void)columns;
    sql_copy_text(id, sizeof id, &row[0]);
    enum err err = record_load(&record, pass->office, pass->sql, id);
    if (!err) {
        cap_read(&cap, &record);
        err = pass->each(pass->context, &cap);
    }
    record_fini(&record);
    return err;
}

enum err money_cap_each(struct office *office, struct sql *sql,
                        money_each_cap *each, void *context)
{
    struct cap_pass pass = {office, sql, each, context};
    return sql_each_row(sql, cap_all, SQL_VALUES(sql_text(office->agency)),
                        cap_tell, &pass);
}
