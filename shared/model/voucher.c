#include "shared/model/voucher.h"

#define VOUCHER_BYTES_MAX 4096u

static const struct canon *settled_value(const struct canon *state,
                                         const char *name)
{
    const struct canon *fields = canon_member(state, "fields");
    const struct canon *field = fields ? canon_member(fields, name) : NULL;
    if (!field || canon_true(field, "open"))
        return NULL;
    return canon_member(field, "value");
}

static struct bytes text_of(const struct canon *state, const char *name)
{
    const struct canon *value = settled_value(state, name);
    return value && value->kind == CANON_TEXT ? value->text : bytes_of(NULL, 0);
}

enum err voucher_of_state(const struct canon *state, struct voucher *out)
{
    const struct canon *amount = settled_value(state, "amount_cents");
    *out = (struct voucher){
        .number = text_of(state, "number"),
        .category = text_of(state, "category"),
        .assigned_to = text_of(state, "assigned_to"),
        .expires_on = text_of(state, "expires_on"),
        .person = text_of(state, "person"),
        .pool = text_of(state, "pool"),
        .signature = text_of(state, "signature"),
    };
    if (!canon_text(state, "record", &out->record) || !amount ||
        amount->kind != CANON_INT || !out->number.size || !out->category.size ||
        !out->assigned_to.size || !out->expires_on.size ||
        !out->signature.size || !out->person.size == !out->pool.size)
        return ERR_INVALID;
    out->amount_cents = amount->integer;
    return ERR_OK;
}

static void put(struct buffer *out, const char *name, struct bytes text)
{
    if (!text.size)
        return;
    if (out->size > 1)
        buffer_add_char(out, ',');
    canon_put_name(out, name);
    canon_put_text(out, text);
}

enum err voucher_text(struct buffer *out, const char *agency,
                      const struct voucher *voucher)
{
    buffer_add_char(out, '{');
    put(out, "agency", bytes_text(agency));
    buffer_printf(out, ",\"amount_cents\":%lld",
                  (long long)voucher->amount_cents);
    put(out, "assigned_to", voucher->assigned_to);
    put(out, "category", voucher->category);
    put(out, "expires_on", voucher->expires_on);
    put(out, "number", voucher->number);
    put(out, "person", voucher->person);
    put(out, "pool", voucher->pool);
    put(out, "voucher", voucher->record);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err voucher_verify(const struct voucher *voucher, const char *agency,
                        const uint8_t root[KEY_BYTES])
{
    uint8_t signature[SIGNATURE_BYTES];
    struct buffer text;
    if (base64_decode(signature, sizeof signature, voucher->signature))
        return ERR_SIGNATURE;
    buffer_init(&text, VOUCHER_BYTES_MAX);
    enum err err = voucher_text(&text, agency, voucher);
    if (!err)
        err =
            chain_verify(signature, root, DOMAIN_VOUCHER, buffer_bytes(&text));
    buffer_fini(&text);
    return err == ERR_TOO_BIG ? ERR_SIGNATURE : err;
}
