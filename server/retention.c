#include "server/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/ingest.h"
#include "server/record.h"
#include "server/store_case.h"

#define YEARS_DEFAULT 3
#define YEARS_FOREVER INT64_MAX
#define DATE_CHARS 10

static const char record_of_case[] =
    "SELECT record, type, state FROM record WHERE agency = $1 AND record IN ("
    "SELECT l.record FROM placed p JOIN line l ON l.arrival = p.arrival "
    "WHERE p.agency = $1 AND p.case_id = $2) ORDER BY record";

/* --- what a case says ----------------------------------------------------- */

struct retention {
    char closed_on[DATE_CHARS + 1]; /* the latest; "" not closed */
    int64_t years;                  /* the longest; 0: no class is named */
    bool open;                      /* something of it waits for a person */
    bool held;
    char (*holders)[ID_CHARS + 1]; /* owned: records with a legal hold */
    size_t holder_count;
};

static const struct canon *field_find(const struct canon *state,
                                      const char *name)
{
    const struct canon *fields = canon_member(state, "fields");
    return fields ? canon_member(fields, name) : NULL;
}

static struct bytes field_text(const struct canon *field)
{
    const struct canon *value = field ? canon_member(field, "value") : NULL;
    return value && value->kind == CANON_TEXT ? value->text : bytes_of("", 0);
}

/* years_N, or for ever: what nobody here understands ends never. */
static int64_t class_years(struct bytes class)
{
    static const char prefix[] = "years_";
    size_t size = sizeof prefix - 1;
    int64_t years;
    if (class.size <= size || memcmp(class.at, prefix, size) != 0 ||
        int64_parse(bytes_of(class.at + size, class.size - size), &years) ||
        years < 1 || years > 1000)
        return YEARS_FOREVER;
    return years;
}

static void terms_look(struct retention *r, const struct canon *state)
{
    const struct canon *closed = field_find(state, "closed_on");
    const struct canon *class = field_find(state, "class");
    struct bytes on = field_text(closed), named = field_text(class);
    r->open = r->open || (closed && canon_true(closed, "open")) ||
              (class && canon_true(class, "open"));
    if (on.size == DATE_CHARS && memcmp(on.at, r->closed_on, DATE_CHARS) > 0)
        memcpy(r->closed_on, on.at, DATE_CHARS);
    if (named.size && class_years(named) > r->years)
        r->years = class_years(named);
}

static enum err hold_look(struct retention *r, const struct canon *state,
                          const struct sql_value *record)
{
    const struct canon *hold = field_find(state, "legal_hold");
    if (!hold || !(canon_true(hold, "value") || canon_true(hold, "open")))
        return ERR_OK;
    void *grown =
        realloc(r->holders, (r->holder_count + 1) * sizeof *r->holders);
    if (!grown)
        return ERR_NOMEM;
    r->holders = grown;
    sql_copy_text(r->holders[r->holder_count++], sizeof *r->holders, record);
    r->held = true;
    return ERR_OK;
}

static enum err record_look(void *context, const struct sql_value *row,
                            size_t columns)
{
    struct retention *r = context;
    struct arena arena;
    const struct canon *state;
    (void)columns;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, row[2].bytes, &state, NULL);
    if (!err && bytes_is(row[1].bytes, "retention"))
        terms_look(r, state);
    if (!err)
        err = hold_look(r, state, &row[0]);
    arena_fini(&arena);
    return err;
}

static enum err retention_load(struct retention *r, struct office *office,
                               struct sql *sql, const char *kase)
{
    *r = (struct retention){.years = 0};
    return sql_each_row(sql, record_of_case,
                        SQL_VALUES(sql_text(office->agency), sql_text(kase)),
                        record_look, r);
}

/* --- may it go? ----------------------------------------------------------- */

static enum err refuse(struct office *office, enum err err, const char *what)
{
    snprintf(office->detail, sizeof office->detail, "%s", what);
    return err;
}

static enum err terms_check(struct office *office, const struct retention *r,
                            int64_t now)
{
    char today[INSTANT_CHARS], end[DATE_CHARS + 16];
    int64_t years = r->years ? r->years : YEARS_DEFAULT;
    if (r->open)
        return refuse(office, ERR_DENIED,
                      "how long the case is kept is in conflict; `conflicts "
                      "list` shows it");
    if (!r->closed_on[0])
        return refuse(office, ERR_DENIED,
                      "the case is not closed; `case close` says since when");
    if (years == YEARS_FOREVER)
        return refuse(office, ERR_DENIED, "the case is kept for ever");
    instant_format(today, now);
    int64_t year = strtol(r->closed_on, NULL, 10) + years;
    snprintf(end, sizeof end, "%04lld%s", (long long)year, r->closed_on + 4);
    if (strncmp(end, today, DATE_CHARS) <= 0)
        return ERR_OK;
    snprintf(office->detail, sizeof office->detail,
             "the case is kept until %.10s: %lld years from its closing on %s",
             end, (long long)years, r->closed_on);
    return ERR_DENIED;
}

enum err retention_check(struct office *office, struct sql *sql,
                         const char *kase, int64_t now, bool past)
{
    struct retention r;
    enum err err = retention_load(&r, office, sql, kase);
    if (!err && r.held)
        err = refuse(office, ERR_DENIED,
                     "the case is under legal hold; `legal-hold lift` ends it");
    if (!err && !past)
        err = terms_check(office, &r, now);
    free(r.holders);
    return err;
}

/* --- saying it ------------------------------------------------------------ */

static enum err case_check(struct office *office, struct sql *sql,
                           const char *kase)
{
    struct case_total total;
    office->detail[0] = '\0';
    enum err err = store_case_find(sql, office->agency, kase, &total);
    return err == ERR_NOT_FOUND && !office->detail[0]
               ? refuse(office, err,
                        "there is no such case at the office; `case list` "
                        "shows which are here")
               : err;
}

/* Ends the object `set`, writes it, and frees it. */
static enum err retention_write(struct office *office, struct sql *sql,
                                const char *author, const char *kase,
                                struct buffer *set)
{
    char id[ID_CHARS + 1];
    id_derive(id, "retention", bytes_text(kase));
    buffer_add_char(set, '}');
    enum err err = buffer_err(set);
    if (!err)
        err = record_put(office, sql, author, id, "retention", kase,
                         buffer_bytes(set));
    buffer_fini(set);
    return err;
}

enum err retention_close(struct office *office, struct sql *sql,
                         const char *author, const char *kase, const char *on,
                         const char *class)
{
    struct buffer set;
    enum err err = case_check(office, sql, kase);
    if (err)
        return err;
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_add_char(&set, '{');
    if (class) {
        buffer_add_text(&set, "\"class\":");
        canon_put_text(&set, bytes_text(class));
        buffer_add_char(&set, ',');
    }
    buffer_add_text(&set, "\"closed_on\":");
    canon_put_text(&set, bytes_text(on));
    return retention_write(office, sql, author, kase, &set);
}

/* Those that others have set are lifted where they stand. */
static enum err others_lift(struct office *office, struct sql *sql,
                            const char *author, const char *kase)
{
    static const char lifted[] = "{\"legal_hold\":false}";
    struct retention r;
    enum err err = retention_load(&r, office, sql, kase);
    if (!err && !r.held)
        err = refuse(office, ERR_NOT_FOUND, "the case is under no legal hold");
    for (size_t i = 0; !err && i < r.holder_count; i++)
        err = record_put(office, sql, author, r.holders[i], "retention", kase,
                         bytes_text(lifted));
    free(r.holders);
    return err;
}

enum err retention_hold(struct office *office, struct sql *sql,
                        const char *author, const char *kase, bool held,
                        const char *reason)
{
    struct buffer set;
    enum err err = case_check(office, sql, kase);
    if (!err && !held)
        err = others_lift(office, sql, author, kase);
    if (err)
        return err;
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_printf(&set, "{\"legal_hold\":%s,\"legal_hold_reason\":",
                  held ? "true" : "false");
    canon_put_text(&set, bytes_text(reason));
    return retention_write(office, sql, author, kase, &set);
}
