#include "server/money.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "server/ingest.h"
#include "server/office_journal.h"
#include "server/recovery.h"
#include "server/store_agency.h"

static const char number_next[] =
    "INSERT INTO numbering(agency, lineage, what, last) VALUES ($1, $2, $3, 1) "
    "ON CONFLICT (agency, lineage, what) DO UPDATE SET last = "
    "numbering.last + 1 RETURNING last";

enum err money_refuse(struct office *office, enum err err, const char *format,
                      ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(office->detail, sizeof office->detail, format, list);
    va_end(list);
    return err;
}

/* --- the transaction ------------------------------------------------------ */

/* Asked after everything else: from here on the transaction needs it. */
static enum err journal_check(struct office *office, struct sql *sql)
{
    struct journal_setting setting;
    if (office_journal_require(office->journal))
        return ERR_OK;
    enum err err = journal_setting_load(sql, office->agency, &setting);
    if (err == ERR_NOT_FOUND)
        return money_refuse(office, ERR_DENIED,
                            "money is answered only when it is backed up, and "
                            "no journal is kept; `serve --journal FILE` "
                            "begins one");
    return err ? err
               : money_refuse(office, ERR_DENIED,
                              "money is answered only when it is backed up, "
                              "and the journal %.200s is behind; a server "
                              "that can write it brings it up to date",
                              setting.path);
}

enum err money_begin(struct office *office, struct sql *sql)
{
    office->detail[0] = '\0';
    enum err err = sql_begin(sql, true);
    if (err)
        return err;
    err = recovery_refuses(office, sql, "money");
    if (!err)
        err = journal_check(office, sql);
    if (err)
        sql_rollback(sql);
    return err;
}

enum err money_end(struct office *office, struct sql *sql, enum err err)
{
    if (err) {
        sql_rollback(sql);
        return err;
    }
    err = sql_commit(sql);
    if (err && !office->detail[0])
        return money_refuse(office, err,
                            "nothing was decided: it could not be backed up "
                            "(%s); see to the office's journal and disk",
                            err_text(err));
    return err;
}

enum err money_number(struct office *office, struct sql *sql, const char *what,
                      char out[MONEY_NUMBER_CHARS + 1])
{
    char lineage[LINEAGE_CHARS + 1];
    uint8_t hash[HASH_BYTES];
    int64_t last;
    enum err err = store_lineage(sql, office->agency, lineage);
    if (!err)
        err = sql_find_int(sql, number_next,
                           SQL_VALUES(sql_text(office->agency),
                                      sql_text(lineage), sql_text(what)),
                           &last);
    if (err)
        return err;
    hash_bytes(hash, bytes_text(lineage));
    snprintf(out, MONEY_NUMBER_CHARS + 1, "%02x%02x%02x-%lld", hash[0], hash[1],
             hash[2], (long long)last);
    return ERR_OK;
}

/* --- records -------------------------------------------------------------- */

enum err money_record(struct record *out, struct office *office,
                      struct sql *sql, const char *id, const char *type)
{
    enum err err = record_load(out, office, sql, id);
    if (!err && !out->type[0])
        err = money_refuse(office, ERR_NOT_FOUND,
                           "%s has not taken effect yet; `show %s --history` "
                           "says why",
                           id, id);
    else if (!err && strcmp(out->type, type) != 0)
        err = money_refuse(office, ERR_INVALID, "%s is of type %s, not %s", id,
                           out->type, type);
    return err;
}

enum err money_period(struct office *office, struct sql *sql, const char *kase,
                      const char *enrollment, char out[ID_CHARS + 1])
{
    struct record record;
    out[0] = '\0';
    if (!enrollment || !enrollment[0])
        return ERR_OK;
    enum err err = record_load(&record, office, sql, enrollment);
    if (!err && strcmp(record.kase, kase) != 0)
        err = money_refuse(office, ERR_DENIED, "%s is of another case",
                           enrollment);
    /* A worker who opens another enrolment opens no other cap. */
    if (!err && record_value(&record, "period_no"))
        memcpy(out, enrollment, ID_CHARS + 1);
    record_fini(&record);
    return err;
}

enum err money_write(struct office *office, struct sql *sql, const char *author,
                     const char *id, const char *type, const char *kase,
                     const struct buffer *set)
{
    struct dot dot;
    struct buffer canonical;
    buffer_init(&canonical, ORIGINAL_BYTES_MAX);
    struct revision_draft draft = {
        .record = id, .type = type, .kase = kase, .seal = true};
    enum err err = buffer_err(set);
    if (!err)
        err = canon_normalise(&canonical, buffer_bytes(set), NULL);
    draft.set = buffer_bytes(&canonical);
    if (!err)
        err = ingest_office(office, sql, author, &draft, &dot);
    buffer_fini(&canonical);
    return err;
}

static void put_name(struct buffer *set, const char *name)
{
    if (set->size > 1)
        buffer_add_char(set, ',');
    canon_put_name(set, name);
}

void money_put(struct buffer *set, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    put_name(set, name);
    canon_put_text(set, bytes_text(text));
}

void money_put_cents(struct buffer *set, const char *name, int64_t cents)
{
    if (cents < 0)
        return;
    put_name(set, name);
    buffer_add_int(set, cents);
}
