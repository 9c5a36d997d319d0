/* Money. */
#include "bench/agency/tally.h"

void tally_r09(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->requests.count; i++) {
        const struct request *r = &w->requests.at[i];
        bool live = r->granted && !r->voided;
        if (r->withdrawn)
            continue;
        struct tally_row *row = tally_row(tally, r->fund, r->category, NULL);
        tally_add(tally, row, "requests", 1);
        tally_add(tally, row, "asked", r->cents);
        tally_add(tally, row, "authorised", live);
        tally_add(tally, row, "amount", live ? r->granted : 0);
        tally_add(tally, row, "federal", live ? r->federal : 0);
        tally_add(tally, row, "state", live ? r->granted - r->federal : 0);
        tally_add(tally, row, "paid", live && r->paid >= 0);
        tally_add(tally, row, "receipts", r->receipt);
        tally_add(tally, row, "voided", r->voided);
        tally_add(tally, row, "overpaid", 0);
        tally_add(tally, row, "waiting", !live);
        tally_id(row, &r->e.id);
    }
}

static void lacks(struct tally *tally, const char *what, bool is_so,
                  int64_t cents, const struct id *id)
{
    struct tally_row *row = tally_row(tally, what, NULL);
    tally_add(tally, row, "count", is_so);
    tally_add(tally, row, "amount", is_so ? cents : 0);
    if (is_so)
        tally_id(row, id);
}

void tally_r09b(struct world *w, struct tally *tally)
{
    /* No voucher ends before 2099, none is spent from a copy of a vault. */
    TALLY_ROWS(
        tally, "payment without receipt", "voucher spent without receipt",
        "voucher expired, not accounted for", "voucher spent more than once");
    for (size_t i = 0; i < w->requests.count; i++) {
        const struct request *r = &w->requests.at[i];
        bool late = r->granted && r->paid >= 0 && !r->voided && !r->receipt &&
                    r->paid + 14 < YEAR_LAST;
        lacks(tally, "payment without receipt", late, r->granted,
              &r->authorization);
    }
    for (size_t i = 0; i < w->vouchers.count; i++) {
        const struct voucher *v = &w->vouchers.at[i];
        lacks(tally, "voucher spent without receipt",
              v->day && !v->receipt && v->day + 14 < YEAR_LAST, v->spent_cents,
              &v->spent);
    }
}
