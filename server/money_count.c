#include <stdlib.h>
#include <string.h>
#include "server/money.h"

#define DAY_MS INT64_C(86400000)

/* Devices of the worker that may still not know of the line: none of the feeds
 * that its case is in has taken them past it.  One that is revoked knows when
 * it was heard since. */
static const char unaware_devices[] =
    "SELECT count(*) FROM replica r WHERE r.agency = $1 AND r.account = $2 "
    "AND r.kind = 'w' AND r.closed IS NULL "
    "AND NOT (r.revoked_at IS NOT NULL "
    "AND COALESCE(r.seen_at, 0) >= r.revoked_at) "
    "AND NOT EXISTS (SELECT 1 FROM cursor_seen c WHERE c.agency = $1 "
    "AND c.replica = r.replica AND c.own <= r.head AND c.scope IN "
    "(SELECT m.scope FROM membership m WHERE m.agency = $1 "
    "AND m.case_id = $4) AND c.seq >= "
    "(SELECT min(f.seq) FROM feed f WHERE f.agency = $1 "
    "AND f.scope = c.scope AND f.case_id = $4 AND f.arrival = "
    "(SELECT min(l.arrival) FROM line l WHERE l.agency = $1 "
    "AND l.record = $3)))";

bool money_voided(const struct money_list *list, const char *id)
{
    return money_of(list, MONEY_VOID, id, NULL) != NULL;
}

const struct money *money_authorized(const struct money_list *list,
                                     const char *request)
{
    const struct money *m = NULL;
    do {
        m = money_of(list, MONEY_AUTHORIZATION, request, m);
    } while (m && money_voided(list, m->id));
    return m;
}

static bool period_shared(const char *a, const char *b)
{
    return !a[0] || !b[0] || !strcmp(a, b);
}

static bool close_by(int64_t a, int64_t b, int64_t days)
{
    return llabs((long long)(a - b)) <= days * DAY_MS;
}

bool money_alike(const struct money *a, const struct money *b, int64_t days)
{
    return strcmp(a->id, b->id) != 0 && !strcmp(a->person, b->person) &&
           !strcmp(a->category, b->category) && !strcmp(a->alike, b->alike) &&
           period_shared(a->enrollment, b->enrollment) &&
           (close_by(a->at, b->at, days) ||
            close_by(a->received_at, b->received_at, days));
}

static enum err spendable(const struct money_list *list, struct office *office,
                          struct sql *sql, const struct money *voucher,
                          bool *out)
{
    const struct money *voided = money_of(list, MONEY_VOID, voucher->id, NULL);
    int64_t unaware;
    *out = true;
    if (!voided)
        return ERR_OK;
    *out = false;
    if (voucher->written_off)
        return ERR_OK;
    enum err err = sql_find_int(
        sql, unaware_devices,
        SQL_VALUES(sql_text(office->agency), sql_text(voucher->assigned_to),
                   sql_text(voided->id), sql_text(voided->kase)),
        &unaware);
    *out = !err && unaware > 0;
    return err;
}

enum err money_voucher_counts(const struct money_list *list,
                              struct office *office, struct sql *sql,
                              const struct money *voucher, int64_t *cents)
{
    bool may = false;
    *cents = 0;
    const struct money *use = money_of(list, MONEY_SPEND, voucher->id, NULL);
    for (; use; use = money_of(list, MONEY_SPEND, voucher->id, use)) {
        *cents += use->cents > 0 ? use->cents : 0;
        may = true;
    }
    if (may)
        return ERR_OK;
    enum err err = spendable(list, office, sql, voucher, &may);
    if (!err && may)
        *cents = voucher->cents;
    return err;
}

enum err money_used(const struct money_list *list, struct office *office,
                    struct sql *sql, const char *person, const char *category,
                    const char *enrollment, int64_t *cents)
{
    const char *root = money_root(list, person);
    enum err err = ERR_OK;
    *cents = 0;
    for (size_t i = 0; !err && i < list->count; i++) {
        const struct money *m = &list->at[i];
        int64_t more = 0;
        if (strcmp(m->person, root) != 0 || strcmp(m->category, category) ||
            !period_shared(m->enrollment, enrollment))
            continue;
        if (m->kind == MONEY_AUTHORIZATION && !money_voided(list, m->id))
            more = m->cents;
        else if (m->kind == MONEY_VOUCHER)
            err = money_voucher_counts(list, office, sql, m, &more);
        *cents += more;
    }
    return err;
}

enum err money_pool_used(const struct money_list *list, struct office *office,
                         struct sql *sql, const char *pool, int64_t *cents)
{
    enum err err = ERR_OK;
    *cents = 0;
    for (size_t i = 0; !err && i < list->count; i++) {
        const struct money *m = &list->at[i];
        int64_t more = 0;
        if (m->kind == MONEY_VOUCHER && !strcmp(m->pool, pool))
            err = money_voucher_counts(list, office, sql, m, &more);
        *cents += more;
    }
    return err;
}
