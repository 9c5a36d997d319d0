/* What was asked, authorised, paid and spent in the small office. */
#include "tests/unit/server/small_office.h"

static void asked(struct small_office *s)
{
    struct device *dana = &s->dana, *lee = &s->lee;
    small_write(dana, "expenditure_request", 201, 1,
                "{\"person\":\"#1\",\"payee\":\"Shop\","
                "\"category\":\"transportation\","
                "\"amount_cents\":8000,\"fund_source\":\"csbg\"}",
                NULL);
    small_write(dana, "expenditure_request", 202, 1,
                "{\"person\":\"#1\",\"payee\":\"Shop\","
                "\"category\":\"clothing\","
                "\"amount_cents\":900,\"withdrawn\":true}",
                NULL);
    small_write(lee, "expenditure_request", 203, 2,
                "{\"person\":\"#2\",\"payee\":\"Shop\","
                "\"category\":\"tools\","
                "\"amount_cents\":5000}",
                NULL);
    small_write(dana, "expenditure_request", 206, 1,
                "{\"person\":\"#1\",\"payee\":\"Shop\","
                "\"category\":\"transportation\","
                "\"amount_cents\":4000,\"fund_source\":\"csbg\"}",
                NULL);
    small_write(dana, "expenditure_request", 211, 1,
                "{\"person\":\"#1\",\"payee\":\"Shop\","
                "\"category\":\"food\","
                "\"amount_cents\":1000,\"fund_source\":\"csbg\"}",
                NULL);
    small_write(dana, "receipt", 205, 1,
                "{\"authorization\":\"#204\",\"amount_cents\":7500,\"on\":"
                "\"2026-10-05\"}",
                NULL);
    small_write(dana, "voucher_spend", 214, 1,
                "{\"person\":\"#1\",\"payee\":\"Shop\",\"voucher\":\"#213\","
                "\"amount_cents\":1500,\"on\":"
                "\"2026-11-10\"}",
                NULL);
    small_write(dana, "voucher_spend", 215, 1,
                "{\"person\":\"#1\",\"payee\":\"Shop\",\"voucher\":\"#213\","
                "\"amount_cents\":1500,\"on\":"
                "\"2026-11-11\"}",
                NULL);
}

static void answered(struct place *place)
{
    small_office_write(
        place, "expenditure_authorization", 204, 1,
        "{\"number\":\"1\",\"payee\":\"Shop\",\"person\":\"#1\","
        "\"category\":\"food\",\"request\":\"#201\",\"amount_cents\":8000,"
        "\"fund_source\":\"csbg\",\"federal_cents\":6000,"
        "\"state_cents\":2000,\"paid_on\":\"2026-10-01\"}");
    small_office_write(
        place, "expenditure_authorization", 207, 1,
        "{\"number\":\"1\",\"payee\":\"Shop\",\"person\":\"#1\","
        "\"category\":\"food\",\"request\":\"#206\",\"amount_cents\":4000,"
        "\"fund_source\":\"csbg\"}");
    small_office_write(place, "expenditure_void", 208, 1,
                       "{\"of\":\"#207\",\"reason\":\"not used\"}");
    small_office_write(
        place, "expenditure_authorization", 210, 1,
        "{\"number\":\"1\",\"payee\":\"Shop\",\"person\":\"#1\","
        "\"category\":\"food\",\"request\":\"#211\",\"amount_cents\":1000,"
        "\"fund_source\":\"csbg\",\"paid_on\":\"2026-10-01\"}");
    small_office_write(place, "overpayment", 216, 1,
                       "{\"authorization\":\"#210\",\"amount_cents\":500}");
    small_office_write(
        place, "voucher", 212, 212,
        "{\"number\":\"7\",\"category\":\"food\",\"assigned_to\":"
        "\"dana\",\"signature\":\"s\",\"amount_cents\":2000,"
        "\"expires_on\":\"2026-11-01\"}");
    small_office_write(
        place, "voucher", 213, 213,
        "{\"number\":\"8\",\"category\":\"food\",\"assigned_to\":"
        "\"dana\",\"signature\":\"s\",\"amount_cents\":1500,"
        "\"expires_on\":\"2026-12-01\"}");
}

void small_money(struct small_office *s, bool office)
{
    if (office)
        answered(&s->place);
    else
        asked(s);
}
