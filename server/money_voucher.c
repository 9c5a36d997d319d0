#include <stdio.h>
#include <string.h>
#include "server/ingest.h"
#include "server/money.h"
#include "server/store_case.h"
#include "server/user.h"
#include "shared/base/map.h"
#include "shared/model/amount.h"
#include "shared/model/voucher.h"

struct issuing {
    struct office *office;
    struct sql *sql;
    const char *author;
    const struct money_issue *given;
    struct money_answer *out;
    struct user user;
    struct money_cap cap;
    char kase[ID_CHARS + 1];
    char period[ID_CHARS + 1];
    const char *caseload; /* of the user; borrowed */
};

/* --- whom, and from what -------------------------------------------------- */

static enum err user_check(struct issuing *v)
{
    enum err err = user_find(v->office, v->sql, v->given->user, &v->user);
    if (err)
        return err;
    if (v->user.disabled)
        return money_refuse(v->office, ERR_DENIED, "the user %s is disabled",
                            v->user.name);
    if (!strcmp(v->user.name, v->author))
        return money_refuse(v->office, ERR_DENIED,
                            "nobody issues a voucher to oneself");
    for (size_t i = 0; !v->caseload && i < v->user.scope_count; i++)
        if (!strncmp(v->user.scopes[i], "caseload:", 9))
            v->caseload = v->user.scopes[i];
    return v->caseload
               ? ERR_OK
               : money_refuse(v->office, ERR_DENIED,
                              "%s has no caseload, and would not be sent it",
                              v->user.name);
}

struct seeing {
    const struct user *user;
    bool sees;
};

static enum err scope_look(void *context, const struct member_row *member)
{
    struct seeing *seeing = context;
    for (size_t i = 0; i < seeing->user->scope_count; i++)
        if (!member->left_seq &&
            !strcmp(member->scope, seeing->user->scopes[i]))
            seeing->sees = true;
    return ERR_OK;
}

static enum err person_check(struct issuing *v)
{
    struct record record;
    struct seeing seeing = {.user = &v->user};
    enum err err =
        money_record(&record, v->office, v->sql, v->given->person, "person");
    if (!err) {
        memcpy(v->kase, record.kase, sizeof v->kase);
        err = store_member_each(v->sql, v->office->agency, v->kase, scope_look,
                                &seeing);
    }
    record_fini(&record);
    if (!err && !seeing.sees)
        err = money_refuse(v->office, ERR_DENIED,
                           "%s does not see the case of %s", v->user.name,
                           v->given->person);
    return err ? err
               : money_period(v->office, v->sql, v->kase, v->given->enrollment,
                              v->period);
}

static enum err dates_check(const struct issuing *v)
{
    char today[INSTANT_CHARS];
    instant_format(today, clock_wall_ms(v->office->clock));
    if (!date_valid(bytes_text(v->given->until)))
        return money_refuse(v->office, ERR_INVALID,
                            "--until %.32s is no date; write it as 2026-11-21",
                            v->given->until);
    if (strncmp(v->given->until, today, MONEY_DATE_CHARS) < 0)
        return money_refuse(v->office, ERR_INVALID, "%s is over",
                            v->given->until);
    return ERR_OK;
}

/* --- how much ------------------------------------------------------------- */

static enum err reserve_check(struct issuing *v)
{
    const struct money_issue *given = v->given;
    struct money_list list = {.at = NULL};
    char limit[AMOUNT_CHARS], used[AMOUNT_CHARS];
    enum err err =
        given->person
            ? money_load_person(&list, v->office, v->sql, given->person)
            : money_load_vouchers(&list, v->office, v->sql);
    if (!err && given->person)
        err = money_used(
            &list, v->office, v->sql, given->person, given->category,
            given->enrollment ? given->enrollment : "", &v->out->used);
    else if (!err)
        err = money_pool_used(&list, v->office, v->sql, given->pool,
                              &v->out->used);
    money_list_fini(&list);
    v->out->limit = v->cap.limit;
    if (err || given->cents <= v->out->limit - v->out->used) {
        v->out->used += given->cents;
        return err;
    }
    amount_format(limit, v->out->limit);
    amount_format(used, v->out->used);
    return money_refuse(v->office, ERR_TOO_BIG,
                        "the cap of %s is %s, of which %s is authorised or in "
                        "vouchers",
                        v->cap.name, limit, used);
}

/* --- issuing -------------------------------------------------------------- */

static struct bytes text_or_none(const char *text)
{
    return text ? bytes_text(text) : bytes_of(NULL, 0);
}

static enum err voucher_sign(const struct issuing *v,
                             char out[BASE64_CHARS(SIGNATURE_BYTES) + 1])
{
    uint8_t signature[SIGNATURE_BYTES];
    struct buffer text;
    struct voucher voucher = {.record = bytes_text(v->out->id),
                              .number = bytes_text(v->out->number),
                              .category = bytes_text(v->given->category),
                              .assigned_to = bytes_text(v->user.name),
                              .expires_on = bytes_text(v->given->until),
                              .person = text_or_none(v->given->person),
                              .pool = text_or_none(v->given->pool),
                              .amount_cents = v->given->cents};
    buffer_init(&text, ORIGINAL_BYTES_MAX);
    enum err err = voucher_text(&text, v->office->agency, &voucher);
    if (!err)
        chain_sign(signature, &v->office->keys.root, DOMAIN_VOUCHER,
                   buffer_bytes(&text));
    buffer_fini(&text);
    if (!err)
        base64_encode(out, signature, sizeof signature);
    return err;
}

static enum err voucher_write(struct issuing *v)
{
    char signature[BASE64_CHARS(SIGNATURE_BYTES) + 1];
    const struct money_issue *given = v->given;
    struct buffer set;
    enum err err = voucher_sign(v, signature);
    if (err)
        return err;
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_add_char(&set, '{');
    money_put(&set, "number", v->out->number);
    money_put_cents(&set, "amount_cents", given->cents);
    money_put(&set, "category", given->category);
    money_put(&set, "person", given->person);
    money_put(&set, "enrollment", v->period);
    money_put(&set, "pool", given->pool);
    money_put(&set, "assigned_to", v->user.name);
    money_put(&set, "expires_on", given->until);
    money_put(&set, "fund_source", given->fund_source);
    money_put(&set, "signature", signature);
    buffer_add_char(&set, '}');
    err = money_write(v->office, v->sql, v->author, v->out->id, VOUCHER_TYPE,
                      v->kase, &set);
    buffer_fini(&set);
    return err;
}

/* One that is bound to nobody is a case of its own, which the worker sees. */
static enum err case_give(struct issuing *v)
{
    char scopes[1][SCOPE_CHARS_MAX + 1];
    if (v->given->person)
        return ERR_OK;
    snprintf(scopes[0], sizeof scopes[0], "%s", v->caseload);
    return ingest_assign(v->office, v->sql, v->author, v->kase,
                         (const char(*)[SCOPE_CHARS_MAX + 1]) scopes, 1);
}

enum err money_issue(struct office *office, struct sql *sql, const char *author,
                     const struct money_issue *given, struct money_answer *out)
{
    struct issuing v = {.office = office,
                        .sql = sql,
                        .author = author,
                        .given = given,
                        .out = out};
    *out = (struct money_answer){.cents = given->cents};
    id_new(out->id, clock_wall_ms(office->clock), office->random);
    memcpy(v.kase, out->id, sizeof v.kase);
    enum err err = money_number(office, sql, "voucher", out->number);
    if (!err)
        err = user_check(&v);
    if (!err)
        err = dates_check(&v);
    if (!err && given->person)
        err = person_check(&v);
    if (!err)
        err = money_cap_find(&v.cap, office, sql,
                             given->pool ? given->pool : given->category,
                             given->pool != NULL);
    if (!err)
        err = reserve_check(&v);
    if (!err)
        err = voucher_write(&v);
    return err ? err : case_give(&v);
}

/* --- alarms --------------------------------------------------------------- */

static const struct {
    const char *name, *text;
} alarms[ALARM_COUNT] = {
    [ALARM_NONE] = {"none", "in order"},
    [ALARM_TWICE] = {"spent-twice", "spent twice"},
    [ALARM_UNKNOWN] = {"unknown-voucher", "a voucher that is not known here"},
    [ALARM_ABOVE] = {"above-amount", "more than it was for"},
    [ALARM_LATE] = {"expired", "spent after its last day"},
    [ALARM_OTHER] = {"not-assigned", "spent by or for somebody else"},
    [ALARM_VOID] = {"void", "spent although it is void"},
};

const char *money_alarm_text(enum money_alarm alarm)
{
    return alarms[alarm].text;
}

const char *money_alarm_name(enum money_alarm alarm)
{
    return alarms[alarm].name;
}

static bool came_before(const struct money *a, const struct money *b)
{
    if (a->received_at != b->received_at)
        return a->received_at < b->received_at;
    return strcmp(a->id, b->id) < 0;
}

static bool is_second(const struct money_list *list, const struct money *spend)
{
    const struct money *other = money_of(list, MONEY_SPEND, spend->of, NULL);
    for (; other; other = money_of(list, MONEY_SPEND, spend->of, other))
        if (other != spend && came_before(other, spend))
            return true;
    return false;
}

enum money_alarm money_alarm(const struct money_list *list,
                             const struct money *spend)
{
    const struct money *voucher = money_find(list, spend->of);
    if (!voucher || voucher->kind != MONEY_VOUCHER)
        return ALARM_UNKNOWN;
    if (map_has(list->settled, bytes_text(spend->id)))
        return ALARM_NONE;
    if (is_second(list, spend))
        return ALARM_TWICE;
    if (spend->cents > voucher->cents)
        return ALARM_ABOVE;
    if (strcmp(spend->by, voucher->assigned_to) != 0 ||
        (voucher->person[0] && strcmp(spend->person, voucher->person) != 0))
        return ALARM_OTHER;
    if (money_voided(list, voucher->id))
        return ALARM_VOID;
    return strcmp(spend->on, voucher->on) > 0 ? ALARM_LATE : ALARM_NONE;
}

/* --- settling ------------------------------------------------------------- */

static size_t uses_put(const struct money_list *list, const char *voucher,
                       struct buffer *add)
{
    size_t count = 0;
    const struct money *use = money_of(list, MONEY_SPEND, voucher, NULL);
    buffer_add_text(add, "{\"settled\":[");
    for (; use; use = money_of(list, MONEY_SPEND, voucher, use))
        buffer_printf(add, "%s\"%s\"", count++ ? "," : "", use->id);
    buffer_add_text(add, "]}");
    return count;
}

enum err money_settle(struct office *office, struct sql *sql,
                      const char *author, const char *voucher, const char *note,
                      size_t *uses)
{
    struct record record;
    struct money_list list = {.at = NULL};
    struct buffer add, set;
    struct seen seen;
    struct dot dot;
    seen_init(&seen);
    buffer_init(&add, ORIGINAL_BYTES_MAX);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    enum err err = money_record(&record, office, sql, voucher, VOUCHER_TYPE);
    if (!err)
        err = money_load_vouchers(&list, office, sql);
    if (!err)
        err = fold_context(record.memo, &seen);
    if (!err) {
        bool voided = money_voided(&list, voucher);
        *uses = uses_put(&list, voucher, &add);
        if (!*uses && !voided)
            err = money_refuse(office, ERR_DENIED,
                               "%s is neither spent nor void: there is nothing "
                               "to settle",
                               voucher);
        buffer_add_char(&set, '{');
        money_put(&set, "settled_note", note);
        buffer_add_text(&set, voided ? ",\"written_off\":true}" : "}");
    }
    struct revision_draft draft = {.record = voucher,
                                   .seen = &seen,
                                   .set = buffer_bytes(&set),
                                   .add = !err && *uses ? buffer_bytes(&add)
                                                        : bytes_of(NULL, 0)};
    if (!err)
        err = buffer_err(&add);
    if (!err)
        err = ingest_office(office, sql, author, &draft, &dot);
    buffer_fini(&set);
    buffer_fini(&add);
    seen_fini(&seen);
    money_list_fini(&list);
    record_fini(&record);
    return err;
}
