/* What becomes of an authorisation or a voucher. */
#include <string.h>
#include "server/ingest.h"
#include "server/money.h"
#include "shared/model/voucher.h"

#define AUTHORIZATION_TYPE "expenditure_authorization"

static const char *const types[MONEY_KINDS] = {
    [MONEY_AUTHORIZATION] = AUTHORIZATION_TYPE,
    [MONEY_VOUCHER] = VOUCHER_TYPE,
};

static const char by_number[] =
    "SELECT record FROM record WHERE agency = $1 AND type = $2 "
    "AND state LIKE '%\"value\":\"' || $3 || '\"%' ORDER BY record LIMIT 1";

static enum err id_read(void *context, const struct sql_value *row,
                        size_t columns)
{
    (void)columns;
    sql_copy_text(context, ID_CHARS + 1, &row[0]);
    return ERR_OK;
}

static bool number_valid(const char *name)
{
    return *name && strlen(name) <= MONEY_NUMBER_CHARS &&
           strspn(name, "0123456789abcdef-") == strlen(name);
}

enum err money_named(struct office *office, struct sql *sql,
                     enum money_kind kind, const char *name,
                     char id[ID_CHARS + 1])
{
    if (id_valid(bytes_text(name))) {
        memcpy(id, name, ID_CHARS + 1);
        return ERR_OK;
    }
    enum err err = ERR_NOT_FOUND;
    if (number_valid(name))
        err = sql_find(sql, by_number,
                       SQL_VALUES(sql_text(office->agency),
                                  sql_text(types[kind]), sql_text(name)),
                       id_read, id);
    return err == ERR_NOT_FOUND
               ? money_refuse(office, err,
                              "\"%.64s\" is neither the id nor the number of "
                              "a record of type %s",
                              name, types[kind])
               : err;
}

/* Nothing that money has gone out for is made as if it had not. */
static enum err unused_check(struct office *office, struct sql *sql,
                             const struct record *record, enum money_kind kind)
{
    static const char used[] =
        "SELECT 1 FROM record WHERE agency = $1 AND type = $2 "
        "AND state LIKE '%\"' || $3 || '\"%' LIMIT 1";
    int64_t found;
    const char *type = kind == MONEY_VOUCHER ? VOUCHER_SPEND_TYPE : "receipt";
    enum err err =
        sql_find_int(sql, used,
                     SQL_VALUES(sql_text(office->agency), sql_text(type),
                                sql_text(record->id)),
                     &found);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (!err || record_value(record, "paid_on"))
        return money_refuse(office, ERR_DENIED,
                            "%s was paid: what is to come back is an "
                            "overpayment",
                            record->id);
    return ERR_OK;
}

enum err money_void(struct office *office, struct sql *sql, const char *author,
                    const char *id, enum money_kind kind, const char *reason)
{
    struct record record, voided = {.root = NULL};
    struct buffer set;
    char void_id[ID_CHARS + 1];
    id_derive(void_id, VOID_TYPE, bytes_text(id));
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    enum err err = money_record(&record, office, sql, id, types[kind]);
    if (!err)
        err = record_load(&voided, office, sql, void_id);
    if (!err)
        err = money_refuse(office, ERR_EXISTS, "%s is void already", id);
    else if (err == ERR_NOT_FOUND && record.type[0])
        err = unused_check(office, sql, &record, kind);
    if (!err) {
        buffer_add_char(&set, '{');
        money_put(&set, "of", id);
        money_put(&set, "reason", reason);
        buffer_add_char(&set, '}');
        err = money_write(office, sql, author, void_id, VOID_TYPE, record.kase,
                          &set);
    }
    buffer_fini(&set);
    record_fini(&voided);
    record_fini(&record);
    return err;
}

enum err money_paid(struct office *office, struct sql *sql, const char *author,
                    const char *id, const char *on)
{
    struct record record;
    struct buffer set;
    struct seen seen;
    struct dot dot;
    seen_init(&seen);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_add_char(&set, '{');
    money_put(&set, "paid_on", on);
    buffer_add_char(&set, '}');
    enum err err = money_record(&record, office, sql, id, AUTHORIZATION_TYPE);
    if (!err)
        err = fold_context(record.memo, &seen);
    struct revision_draft draft = {
        .record = id, .seen = &seen, .set = buffer_bytes(&set)};
    if (!err)
        err = ingest_office(office, sql, author, &draft, &dot);
    buffer_fini(&set);
    seen_fini(&seen);
    record_fini(&record);
    return err;
}
