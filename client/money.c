/* Money on a device: requests, and vouchers that are spent with no network.
 *
 * A voucher is spent in one transaction that looks for everything this vault
 * knows against it, so that two programs on one vault cannot spend it twice. */
#include <stdio.h>
#include <string.h>

#include "client/handle.h"
#include "shared/model/amount.h"
#include "shared/model/fold.h"
#include "shared/model/voucher.h"
#include "shared/replica/identity.h"

#define REQUEST_TYPE "expenditure_request"
#define DATE_CHARS 10
#define DETAIL_CHARS 256

/* --- writing -------------------------------------------------------------- */

static void put_name(struct buffer *set, const char *name)
{
    buffer_add_char(set, set->size ? ',' : '{');
    canon_put_name(set, name);
}

static void put(struct buffer *set, const char *name, struct bytes text)
{
    if (!text.size)
        return;
    put_name(set, name);
    canon_put_text(set, text);
}

static void put_cents(struct buffer *set, const char *name, int64_t cents)
{
    put_name(set, name);
    buffer_add_int(set, cents);
}

static struct bytes given_text(const char *text)
{
    return text ? bytes_text(text) : bytes_of(NULL, 0);
}

static enum err write_sealed(satchel *handle, const char *type,
                             struct buffer *set, char id[SATCHEL_ID_BYTES])
{
    buffer_add_char(set, '}');
    struct record_write write = {
        .type = type, .set = buffer_bytes(set), .seal = true};
    struct record_written written;
    record_written_init(&written);
    enum err err = buffer_err(set);
    if (!err)
        err = record_write(handle->vault, &write, &written);
    if (!err) {
        memcpy(id, written.record, SATCHEL_ID_BYTES);
        handle_note(handle, buffer_bytes(&written.warning));
    }
    record_written_fini(&written);
    return err;
}

static int require(satchel *handle, const char *type, const char *name,
                   bool given)
{
    if (given)
        return SATCHEL_OK;
    pthread_mutex_lock(&handle->lock);
    return handle_fail(handle, ERR_INVALID, "%s.%s: is required", type, name);
}

/* --- requests ------------------------------------------------------------- */

PUBLIC int satchel_request_money(satchel *handle,
                                 const struct satchel_money_request *given,
                                 char id[SATCHEL_ID_BYTES])
{
    struct satchel_money_request r = SATCHEL_MONEY_REQUEST_INIT;
    HANDLE_TAKE(r, given);
    int code = require(handle, REQUEST_TYPE, "person", r.person && *r.person);
    if (!code)
        code = require(handle, REQUEST_TYPE, "category",
                       r.category && *r.category);
    if (!code)
        code = require(handle, REQUEST_TYPE, "payee", r.payee && *r.payee);
    if (!code)
        code =
            require(handle, REQUEST_TYPE, "amount_cents", r.amount_cents > 0);
    if (code)
        return code;
    struct buffer set;
    buffer_init(&set, SATCHEL_LINE_BYTES_MAX * 2u);
    put(&set, "person", given_text(r.person));
    put(&set, "category", given_text(r.category));
    put(&set, "payee", given_text(r.payee));
    put_cents(&set, "amount_cents", r.amount_cents);
    put(&set, "purpose", given_text(r.purpose));
    put(&set, "need", given_text(r.need));
    put(&set, "enrollment", given_text(r.enrollment));
    enum err err = handle_enter(handle);
    if (!err)
        err = write_sealed(handle, REQUEST_TYPE, &set, id);
    buffer_wipe(&set);
    return handle_leave(handle, err);
}

/* --- vouchers ------------------------------------------------------------- */

struct spending {
    satchel *handle;
    struct vault *vault; /* its own */
    const struct satchel_spend *given;
    struct arena arena;
    struct buffer state;
    char record[ID_CHARS + 1];
    struct voucher voucher; /* borrows from the above */
    struct identity identity;
    char today[INSTANT_CHARS];
    char spent[ID_CHARS + 1]; /* an earlier use; "" none */
    char detail[DETAIL_CHARS];
};

#define REFUSE(s, err, ...)                                                    \
    (snprintf((s)->detail, sizeof(s)->detail, __VA_ARGS__), (err))

/* The day, which no wrong clock takes back to before the last sync. */
static enum err today_find(struct spending *s)
{
    struct vault_status status;
    enum err err = record_status(s->vault, &status);
    int64_t now = clock_wall_ms(vault_clock(s->vault));
    if (!err)
        instant_format_offset(
            s->today, now > status.last_sync_ms ? now : status.last_sync_ms);
    s->today[DATE_CHARS] = '\0';
    return err;
}

static enum err number_look(void *context, const char *record,
                            struct bytes state)
{
    struct spending *s = context;
    struct arena arena;
    struct voucher voucher;
    const struct canon *root;
    arena_init(&arena, STATE_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    if (!err && voucher_of_state(root, &voucher) == ERR_OK &&
        bytes_is(voucher.number, s->given->voucher))
        memcpy(s->record, record, ID_CHARS + 1);
    arena_fini(&arena);
    return err;
}

static enum err voucher_find(struct spending *s)
{
    struct buffer context;
    const struct canon *root;
    struct bytes type;
    enum err err = ERR_OK;
    if (id_valid(bytes_text(s->given->voucher)))
        memcpy(s->record, s->given->voucher, ID_CHARS + 1);
    else
        err = record_list(s->vault, VOUCHER_TYPE, number_look, s);
    if (err)
        return err;
    buffer_init(&context, SATCHEL_LINE_BYTES_MAX);
    err = s->record[0] ? record_read(s->vault, s->record, &s->state, &context)
                       : ERR_NOT_FOUND;
    buffer_fini(&context);
    if (err == ERR_NOT_FOUND)
        return REFUSE(s, err, "there is no voucher %.40s on this device",
                      s->given->voucher);
    if (!err)
        err = canon_parse(&s->arena, buffer_bytes(&s->state), &root, NULL);
    if (err)
        return err;
    if (!canon_text(root, "type", &type) || !bytes_is(type, VOUCHER_TYPE))
        return REFUSE(s, ERR_INVALID, "%s is no voucher", s->record);
    if (voucher_of_state(root, &s->voucher) != ERR_OK)
        return REFUSE(s, ERR_DENIED,
                      "voucher %s is incomplete or in conflict: ask the office",
                      s->record);
    return ERR_OK;
}

static enum err voucher_check(struct spending *s)
{
    const struct voucher *v = &s->voucher;
    struct bytes day = bytes_of(s->today, DATE_CHARS);
    char amount[AMOUNT_CHARS];
    enum err err = voucher_verify(v, s->identity.agency, s->identity.root);
    if (err == ERR_SIGNATURE)
        return REFUSE(s, err, "voucher %s does not bear the agency's signature",
                      s->record);
    if (err)
        return err;
    if (!bytes_is(v->assigned_to, s->identity.user))
        return REFUSE(s, ERR_DENIED, "voucher %.*s is %.*s's to spend",
                      (int)v->number.size, (const char *)v->number.at,
                      (int)v->assigned_to.size,
                      (const char *)v->assigned_to.at);
    if (bytes_compare(day, v->expires_on) > 0)
        return REFUSE(s, ERR_DENIED, "voucher %.*s ended on %.*s",
                      (int)v->number.size, (const char *)v->number.at,
                      (int)v->expires_on.size, (const char *)v->expires_on.at);
    if (v->person.size && !bytes_is(v->person, s->given->person))
        return REFUSE(s, ERR_DENIED, "voucher %.*s is for %.*s alone",
                      (int)v->number.size, (const char *)v->number.at,
                      (int)v->person.size, (const char *)v->person.at);
    amount_format(amount, v->amount_cents);
    if (s->given->amount_cents > v->amount_cents)
        return REFUSE(s, ERR_TOO_BIG, "voucher %.*s is for %s at most",
                      (int)v->number.size, (const char *)v->number.at, amount);
    return ERR_OK;
}

static enum err use_look(void *context, const char *record, struct bytes state)
{
    struct spending *s = context;
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, STATE_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    const struct canon *fields = err ? NULL : canon_member(root, "fields");
    const struct canon *field = fields ? canon_member(fields, "voucher") : NULL;
    struct bytes of;
    if (field && canon_text(field, "value", &of) && bytes_is(of, s->record))
        memcpy(s->spent, record, ID_CHARS + 1);
    arena_fini(&arena);
    return err;
}

static enum err unspent_check(struct spending *s)
{
    struct buffer state, context;
    char voided[ID_CHARS + 1];
    enum err err = record_list(s->vault, VOUCHER_SPEND_TYPE, use_look, s);
    if (!err && s->spent[0])
        return REFUSE(s, ERR_EXISTS, "voucher %.*s is spent: see %s",
                      (int)s->voucher.number.size,
                      (const char *)s->voucher.number.at, s->spent);
    if (err)
        return err;
    id_derive(voided, VOID_TYPE, bytes_text(s->record));
    buffer_init(&state, STATE_BYTES_MAX);
    buffer_init(&context, SATCHEL_LINE_BYTES_MAX);
    err = record_read(s->vault, voided, &state, &context);
    buffer_fini(&context);
    buffer_fini(&state);
    if (!err)
        return REFUSE(s, ERR_DENIED, "voucher %.*s was voided by the office",
                      (int)s->voucher.number.size,
                      (const char *)s->voucher.number.at);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err spend_write(struct spending *s, char id[SATCHEL_ID_BYTES])
{
    const struct satchel_spend *g = s->given;
    struct buffer set;
    int64_t cents = g->amount_cents ? g->amount_cents : s->voucher.amount_cents;
    buffer_init(&set, SATCHEL_LINE_BYTES_MAX * 2u);
    put(&set, "voucher", bytes_text(s->record));
    put(&set, "number", s->voucher.number);
    put(&set, "person", bytes_text(g->person));
    put(&set, "category", s->voucher.category);
    put_cents(&set, "amount_cents", cents);
    put(&set, "payee", bytes_text(g->payee));
    put(&set, "on", bytes_text(s->today));
    put(&set, "purpose", given_text(g->purpose));
    enum err err = write_sealed(s->handle, VOUCHER_SPEND_TYPE, &set, id);
    buffer_wipe(&set);
    return err;
}

static enum err spend_known(struct spending *s, char id[SATCHEL_ID_BYTES])
{
    enum err err = identity_load(s->vault, &s->identity);
    if (!err)
        err = today_find(s);
    if (!err)
        err = voucher_find(s);
    if (!err)
        err = voucher_check(s);
    if (!err)
        err = unspent_check(s);
    return err ? err : spend_write(s, id);
}

/* Looks and writes in one transaction, the caller's if there is one. */
static enum err spend(struct spending *s, char id[SATCHEL_ID_BYTES])
{
    if (record_batch_open(s->vault))
        return spend_known(s, id);
    enum err err = record_batch_begin(s->vault);
    if (err)
        return err;
    err = spend_known(s, id);
    if (!err)
        return record_batch_commit(s->vault);
    record_batch_rollback(s->vault);
    return err;
}

PUBLIC int satchel_spend(satchel *handle, const struct satchel_spend *given,
                         char id[SATCHEL_ID_BYTES])
{
    struct satchel_spend g = SATCHEL_SPEND_INIT;
    HANDLE_TAKE(g, given);
    int code =
        require(handle, VOUCHER_SPEND_TYPE, "voucher", g.voucher && *g.voucher);
    if (!code)
        code = require(handle, VOUCHER_SPEND_TYPE, "person",
                       g.person && *g.person);
    if (!code)
        code =
            require(handle, VOUCHER_SPEND_TYPE, "payee", g.payee && *g.payee);
    if (!code)
        code = require(handle, VOUCHER_SPEND_TYPE, "amount_cents",
                       g.amount_cents >= 0);
    if (code)
        return code;
    enum err err = handle_enter(handle);
    struct spending s = {.handle = handle, .vault = handle->vault, .given = &g};
    arena_init(&s.arena, STATE_BYTES_MAX * 4u);
    buffer_init(&s.state, STATE_BYTES_MAX);
    if (!err)
        err = spend(&s, id);
    buffer_wipe(&s.state);
    arena_fini(&s.arena);
    if (err && s.detail[0])
        return handle_fail(handle, err, "%s", s.detail);
    return handle_leave(handle, err);
}
