/* Money: asked for in the field, authorised by the office, shown by receipts.
 */
#include "bench/agency/year.h"

#include "shared/model/id.h"

static const char *const funds[] = {"federal_tanf", "state_moe", "csbg"};
static const char *const categories[] = {"transportation", "clothing", "tools"};

void money_begin(struct office *office)
{
    office_tell(office, "user add fay --role fiscal");
    for (size_t i = 0; i < 3; i++)
        office_tell(office, "cap set %s --limit 100000 --as fay",
                    categories[i]);
    office_tell(office, "cap set emergency --limit 100000 --as fay");
}

static void ask(struct world *w, int person, int worker, int day)
{
    struct request *r = LIST_ADD(w->requests);
    char fund[48] = "";
    entry_begin(&r->e, person, worker, day);
    r->category = PICK(w, categories);
    r->fund = chance(w, 50) ? PICK(w, funds) : "not said";
    r->cents = 1000 + 100 * dice(w, 200);
    if (strcmp(r->fund, "not said") != 0)
        snprintf(fund, sizeof fund, ",\"fund_source\":\"%s\"", r->fund);
    device_put(device_of(w, worker), "expenditure_request", case_of(w, person),
               &r->e.id,
               "\"person\":\"%s\",\"category\":\"%s\",\"payee\":\"Payee %zu\","
               "\"amount_cents\":%d%s",
               case_of(w, person)->text, r->category, w->requests.count,
               r->cents, fund);
}

static void show_receipt(struct world *w, struct request *r, int worker,
                         int day)
{
    r->receipted = day;
    r->shown_by = worker;
    r->receipt = r->granted - 100 * dice(w, 3);
    device_put(device_of(w, worker), "receipt", case_of(w, r->e.person),
               &r->shown,
               "\"authorization\":\"%s\",\"person\":\"%s\","
               "\"amount_cents\":%d,\"on\":\"%s\"",
               r->authorization.text, case_of(w, r->e.person)->text, r->receipt,
               date_text(day));
}

static void spend(struct world *w, struct voucher *v, int day)
{
    struct device *device = device_of(w, v->worker);
    struct satchel_spend spend = SATCHEL_SPEND_INIT;
    spend.voucher = v->id.text;
    spend.person = case_of(w, v->person)->text;
    spend.payee = "Filling station";
    spend.amount_cents = v->spent_cents = v->cents - 100 * dice(w, 5);
    device_spend(device, &spend, &v->spent);
    v->day = day;
    if (chance(w, 40)) {
        v->receipt = true;
        device_put(device, "receipt", case_of(w, v->person), &v->shown,
                   "\"voucher_spend\":\"%s\",\"person\":\"%s\","
                   "\"amount_cents\":%d,\"on\":\"%s\"",
                   v->spent.text, case_of(w, v->person)->text, v->spent_cents,
                   date_text(day));
    }
}

void money_week(struct world *w, int worker, int day)
{
    const struct worker *me = &w->workers.at[worker];
    int wanted = 20 + w->person_count / 30;
    if (me->cases.count && dice(w, YEAR_WEEKS * w->worker_count) < wanted)
        ask(w, me->cases.at[dice(w, (int)me->cases.count)], worker, day);
    for (size_t i = 0; i < w->requests.count; i++) {
        struct request *r = &w->requests.at[i];
        if (!is_mine(w, &r->e, worker) || r->receipt || r->withdrawn)
            continue;
        if (r->paid >= 0 && r->granted && chance(w, 15)) {
            show_receipt(w, r, worker, day);
        } else if (r->seen && !r->granted && chance(w, 10)) {
            r->withdrawn = true;
            device_revise(device_of(w, worker), &r->e.id, "\"withdrawn\":true");
        }
    }
    for (size_t i = 0; i < w->vouchers.count; i++)
        if (w->vouchers.at[i].worker == worker && !w->vouchers.at[i].day &&
            chance(w, 20))
            spend(w, &w->vouchers.at[i], day);
}

/* --- the office ----------------------------------------------------------- */

static void answer(struct world *w, struct office *office, struct request *r,
                   int day)
{
    r->seen = true;
    r->paid = -1;
    if (!chance(w, 75))
        return;
    r->fund = PICK(w, funds);
    r->granted = chance(w, 20) ? r->cents - 500 : r->cents;
    r->federal = r->granted / 200 * 100;
    char *text = office_ask(
        office,
        "authorize %s --amount %d.%02d --fund %s --federal %d --state %d.%02d "
        "--as fay --json",
        r->e.id.text, r->granted / 100, r->granted % 100, r->fund,
        r->federal / 100, (r->granted - r->federal) / 100,
        (r->granted - r->federal) % 100);
    id_take(text, "authorization", &r->authorization);
    free(text);
    if (chance(w, 80)) {
        r->paid = day;
        office_tell(office, "authorization paid %s --on %s --as fay",
                    r->authorization.text, date_text(day));
    } else if (chance(w, 50)) {
        r->voided = true;
        office_tell(office, "authorization void %s --reason changed --as fay",
                    r->authorization.text);
        id_derive(r->the_void.text, "expenditure_void",
                  bytes_text(r->authorization.text));
    }
}

static void issue(struct world *w, struct office *office)
{
    int worker = dice(w, w->worker_count);
    const struct worker *to = &w->workers.at[worker];
    if (!to->cases.count)
        return;
    struct voucher *v = LIST_ADD(w->vouchers);
    v->worker = worker;
    v->person = to->cases.at[dice(w, (int)to->cases.count)];
    v->cents = 2000 + 500 * dice(w, 8);
    char *text = office_ask(
        office,
        "voucher issue --user %s --amount %d --category emergency --until "
        "2099-12-31 --person %s --as fay --json",
        worker_name(w, v->worker), v->cents / 100, case_of(w, v->person)->text);
    id_take(text, "voucher", &v->id);
    free(text);
}

void money_office(struct world *w, struct office *office, int day)
{
    for (size_t i = 0; i < w->requests.count; i++)
        if (!w->requests.at[i].seen)
            answer(w, office, &w->requests.at[i], day);
    if (weekday(day) == 5 && chance(w, 15))
        issue(w, office);
}
