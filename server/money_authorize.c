#include <stdio.h>
#include <string.h>
#include "server/ingest.h"
#include "server/money.h"
#include "shared/model/amount.h"

#define REQUEST_TYPE "expenditure_request"
#define APPROVAL_TYPE "expenditure_approval"
#define AUTHORIZATION_TYPE "expenditure_authorization"

struct asking {
    struct office *office;
    struct sql *sql;
    const char *author;
    struct record record; /* the request */
    struct money_list list;
    const struct money *request;
    struct money_cap cap;
    char period[ID_CHARS + 1]; /* that the cap is counted in */
};

static void asking_fini(struct asking *a)
{
    money_list_fini(&a->list);
    record_fini(&a->record);
}

/* --- the request ---------------------------------------------------------- */

/* The person's case is where all of that person's money is found. */
static enum err case_check(struct asking *a, const char *id)
{
    struct record record;
    enum err err = record_load(&record, a->office, a->sql, id);
    if (!err && strcmp(record.kase, a->record.kase) != 0)
        err = money_refuse(a->office, ERR_DENIED,
                           "%s names %s, which is of another case; have the "
                           "request written again in the right one",
                           a->record.id, id);
    record_fini(&record);
    return err;
}

static enum err request_check(struct asking *a)
{
    const struct money *r = a->request;
    struct bytes person = record_text(&a->record, "person");
    char id[ID_CHARS + 1] = "";
    if (person.size == ID_CHARS)
        memcpy(id, person.at, ID_CHARS);
    if (r->open)
        return money_refuse(a->office, ERR_CONFLICT,
                            "%s is in conflict; `conflicts list` shows it",
                            r->id);
    if (r->withdrawn)
        return money_refuse(a->office, ERR_DENIED, "%s was withdrawn", r->id);
    if (r->cents < 1 || !r->category[0] || !r->payee[0])
        return money_refuse(a->office, ERR_INVALID,
                            "%s does not say how much, what for and whom to "
                            "pay",
                            r->id);
    enum err err = case_check(a, id);
    return err ? err
               : money_period(a->office, a->sql, a->record.kase, r->enrollment,
                              a->period);
}

static enum err asking_load(struct asking *a, const char *request)
{
    char person[ID_CHARS + 1] = "";
    enum err err =
        money_record(&a->record, a->office, a->sql, request, REQUEST_TYPE);
    struct bytes text =
        err ? bytes_of(NULL, 0) : record_text(&a->record, "person");
    if (text.size == ID_CHARS)
        memcpy(person, text.at, ID_CHARS);
    if (!err)
        err = money_load_person(&a->list, a->office, a->sql, person);
    if (err)
        return err;
    a->request = money_find(&a->list, request);
    if (a->request)
        return request_check(a);
    err = money_refuse(a->office, ERR_DENIED,
                       "%s is not in the case of its person; have it written "
                       "again there",
                       request);
    return err ? err : ERR_DENIED; /* an analyser wants to see it */
}

/* --- may it be paid? ------------------------------------------------------ */

static enum err once_check(struct asking *a)
{
    char amount[AMOUNT_CHARS], at[INSTANT_CHARS];
    const struct money *live = money_authorized(&a->list, a->request->id);
    if (!live)
        return ERR_OK;
    amount_format(amount, live->cents);
    instant_format(at, live->at);
    return money_refuse(a->office, ERR_EXISTS,
                        "%s is authorised already: number %s, %s, by %s on "
                        "%.10s (%s)",
                        a->request->id, live->number, amount, live->by, at,
                        live->id);
}

static enum err persons_check(struct asking *a, int64_t cents)
{
    const struct money_cap *cap = &a->cap;
    const struct money *approval = NULL;
    char amount[AMOUNT_CHARS];
    if (!strcmp(a->request->by, a->author) && cents > cap->own_up_to)
        return money_refuse(a->office, ERR_DENIED,
                            "%s has asked for this: somebody else authorises "
                            "it",
                            a->author);
    if (cap->approval_above < 0 || cents <= cap->approval_above)
        return ERR_OK;
    do {
        approval = money_of(&a->list, MONEY_APPROVAL, a->request->id, approval);
    } while (approval && (!strcmp(approval->by, a->author) ||
                          !strcmp(approval->by, a->request->by) ||
                          approval->cents < cents || approval->open));
    if (approval)
        return ERR_OK;
    amount_format(amount, cap->approval_above);
    return money_refuse(a->office, ERR_DENIED,
                        "above %s a second person approves first: "
                        "`approve %s`, as neither %s nor who asked",
                        amount, a->request->id, a->author);
}

static bool named(const struct money_authorize *given, const char *id)
{
    for (size_t i = 0; i < given->despite_count; i++)
        if (!strcmp(given->despite[i], id))
            return true;
    return false;
}

/* Repeats of what is paid already are the authoriser's to accept, by name. */
static enum err alike_check(struct asking *a,
                            const struct money_authorize *given,
                            struct money_answer *out)
{
    for (size_t i = 0; i < a->list.count; i++) {
        const struct money *m = &a->list.at[i];
        if ((m->kind != MONEY_REQUEST && m->kind != MONEY_SPEND) ||
            m->withdrawn || !money_alike(a->request, m, a->cap.repeat_days))
            continue;
        memcpy(out->alike, m->id, sizeof out->alike);
        out->alike_count++;
        const struct money *paid = money_authorized(&a->list, m->id);
        if (m->kind == MONEY_SPEND)
            paid = m;
        if (paid && !named(given, m->id))
            return money_refuse(a->office, ERR_DENIED,
                                "%s repeats %s, which was paid as number %s: "
                                "same person, category, payee and time; if "
                                "both are meant, --despite %s",
                                a->request->id, m->id, paid->number, m->id);
    }
    return ERR_OK;
}

static enum err cap_check(struct asking *a, int64_t cents,
                          struct money_answer *out)
{
    char limit[AMOUNT_CHARS], used[AMOUNT_CHARS], left[AMOUNT_CHARS];
    enum err err = money_used(&a->list, a->office, a->sql, a->request->person,
                              a->request->category, a->period, &out->used);
    if (err)
        return err;
    out->limit = a->cap.limit;
    if (cents <= out->limit - out->used) {
        out->used += cents;
        return ERR_OK;
    }
    amount_format(limit, out->limit);
    amount_format(used, out->used);
    amount_format(left, out->limit - out->used);
    return money_refuse(a->office, ERR_TOO_BIG,
                        "the cap of %s is %s, of which %s is authorised or in "
                        "vouchers: %s is left",
                        a->request->category, limit, used, left);
}

static enum err amount_check(struct asking *a,
                             const struct money_authorize *given,
                             int64_t *cents)
{
    *cents = given->cents ? given->cents : a->request->cents;
    if (*cents < 1 || *cents > a->request->cents)
        return money_refuse(a->office, ERR_INVALID,
                            "more than was asked for is not authorised: have "
                            "another request written");
    if ((given->federal_cents >= 0 || given->state_cents >= 0) &&
        given->federal_cents + given->state_cents != *cents)
        return money_refuse(a->office, ERR_INVALID,
                            "--federal and --state together are not what is "
                            "authorised");
    return ERR_OK;
}

/* --- authorising ---------------------------------------------------------- */

/* The same at any office that knows as much: were two made of one request, as
 * by one that was taken back, they would meet on one record as a conflict. */
static void authorization_id(struct asking *a, char out[ID_CHARS + 1])
{
    char name[ID_CHARS + 32];
    size_t before = 0;
    const struct money *m = NULL;
    while ((m = money_of(&a->list, MONEY_AUTHORIZATION, a->request->id, m)))
        before++;
    snprintf(name, sizeof name, "%s %zu", a->request->id, before);
    id_derive(out, AUTHORIZATION_TYPE, bytes_text(name));
}

static void despite_put(struct buffer *set, const struct money_authorize *given)
{
    if (!given->despite_count)
        return;
    buffer_add_text(set, ",\"despite\":[");
    for (size_t i = 0; i < given->despite_count; i++) {
        if (i)
            buffer_add_char(set, ',');
        canon_put_text(set, bytes_text(given->despite[i]));
    }
    buffer_add_char(set, ']');
}

static void texts_put(struct asking *a, struct buffer *set)
{
    static const char *const names[] = {"person", "category", "payee"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        buffer_add_char(set, ',');
        canon_put_name(set, names[i]);
        canon_put_text(set, record_text(&a->record, names[i]));
    }
}

static enum err authorization_write(struct asking *a,
                                    const struct money_authorize *given,
                                    int64_t cents, struct money_answer *out)
{
    struct buffer set;
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_add_char(&set, '{');
    money_put(&set, "request", a->request->id);
    money_put(&set, "number", out->number);
    texts_put(a, &set);
    money_put_cents(&set, "amount_cents", cents);
    money_put(&set, "enrollment", a->period);
    money_put(&set, "cap", a->cap.id);
    money_put(&set, "fund_source", given->fund_source);
    money_put_cents(&set, "federal_cents", given->federal_cents);
    money_put_cents(&set, "state_cents", given->state_cents);
    money_put(&set, "authority", given->authority);
    money_put(&set, "note", given->note);
    despite_put(&set, given);
    buffer_add_char(&set, '}');
    enum err err = money_write(a->office, a->sql, a->author, out->id,
                               AUTHORIZATION_TYPE, a->record.kase, &set);
    buffer_fini(&set);
    return err;
}

enum err money_authorize(struct office *office, struct sql *sql,
                         const char *author,
                         const struct money_authorize *given,
                         struct money_answer *out)
{
    struct asking a = {.office = office, .sql = sql, .author = author};
    *out = (struct money_answer){.cents = 0};
    enum err err = money_number(office, sql, "authorization", out->number);
    if (!err)
        err = asking_load(&a, given->request);
    if (!err)
        err = once_check(&a);
    if (!err)
        err = money_cap_find(&a.cap, office, sql, a.request->category, false);
    if (!err)
        err = amount_check(&a, given, &out->cents);
    if (!err)
        err = persons_check(&a, out->cents);
    if (!err)
        err = alike_check(&a, given, out);
    if (!err)
        err = cap_check(&a, out->cents, out);
    if (!err) {
        authorization_id(&a, out->id);
        err = authorization_write(&a, given, out->cents, out);
    }
    asking_fini(&a);
    return err;
}

/* --- approving ------------------------------------------------------------ */

static enum err approval_write(struct asking *a, int64_t cents,
                               const char *note, struct money_answer *out)
{
    struct buffer set;
    id_new(out->id, clock_wall_ms(a->office->clock), a->office->random);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_add_char(&set, '{');
    money_put(&set, "request", a->request->id);
    money_put_cents(&set, "amount_cents", cents);
    money_put(&set, "note", note);
    buffer_add_char(&set, '}');
    enum err err = money_write(a->office, a->sql, a->author, out->id,
                               APPROVAL_TYPE, a->record.kase, &set);
    buffer_fini(&set);
    return err;
}

enum err money_approve(struct office *office, struct sql *sql,
                       const char *author, const char *request, int64_t cents,
                       const char *note, struct money_answer *out)
{
    struct asking a = {.office = office, .sql = sql, .author = author};
    *out = (struct money_answer){.cents = cents};
    enum err err = asking_load(&a, request);
    if (!err)
        err = once_check(&a);
    if (!err && !strcmp(a.request->by, author))
        err = money_refuse(office, ERR_DENIED,
                           "%s has asked for this: somebody else approves it",
                           author);
    if (!err && !cents)
        out->cents = a.request->cents;
    if (!err)
        err = approval_write(&a, out->cents, note, out);
    asking_fini(&a);
    return err;
}
