#include "shared/wire/proof.h"

#include <string.h>
#include "shared/wire/part.h"

static const char *const kinds[] = {"received", "backed up"};

/* --- writing -------------------------------------------------------------- */

static void put_signed(struct buffer *out, const char *name, struct bytes text,
                       const uint8_t sig[SIGNATURE_BYTES])
{
    part_name(out, name);
    buffer_add_char(out, '{');
    part_put_base64(out, "sig", sig, SIGNATURE_BYTES);
    part_put_bytes(out, "text", text);
    buffer_add_char(out, '}');
}

void proof_begin(struct buffer *out, const char *agency)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", agency);
    part_put_int(out, "proof", 1);
    part_name(out, "receipts");
    buffer_add_char(out, '[');
}

void proof_add(struct buffer *out, const struct proof_receipt *p, bool first)
{
    buffer_add_text(out, first ? "{" : ",{");
    part_put_text(out, "kind", kinds[p->backed]);
    part_put_text(out, "lineage", p->receipt.lineage);
    part_put_base64(out, "link", p->receipt.link, LINK_BYTES);
    part_put_int(out, "n", p->receipt.n);
    part_put_text(out, "replica", p->receipt.replica);
    part_put_base64(out, "sig", p->receipt.signature, SIGNATURE_BYTES);
    part_put_int(out, "taken_at", p->taken_at);
    put_signed(out, "term", p->term, p->term_sig);
    put_signed(out, "writer", p->writer, p->writer_sig);
    buffer_add_char(out, '}');
}

enum err proof_end(struct buffer *out, const uint8_t root[KEY_BYTES])
{
    buffer_add_char(out, ']');
    part_put_base64(out, "root", root, KEY_BYTES);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

/* --- checking ------------------------------------------------------------- */

static void read_signed(struct part_reader *r, const struct canon *object,
                        const char *name, struct bytes *text,
                        uint8_t sig[SIGNATURE_BYTES])
{
    const struct canon *found =
        part_member(r, object, name, CANON_OBJECT, PART_REQUIRED);
    const struct canon *said =
        part_member(r, found, "text", CANON_TEXT, PART_REQUIRED);
    (void)part_base64(r, found, "sig", PART_REQUIRED, sig, SIGNATURE_BYTES);
    if (said)
        *text = said->text;
}

static void read_receipt(struct part_reader *r, const struct canon *object,
                         const char *agency, struct proof_receipt *out)
{
    *out = (struct proof_receipt){0};
    const struct canon *kind =
        part_member(r, object, "kind", CANON_TEXT, PART_REQUIRED);
    if (kind && !bytes_is(kind->text, kinds[0]) &&
        !bytes_is(kind->text, kinds[1]))
        part_fail(r, kind, "is no kind of receipt");
    out->backed = kind && bytes_is(kind->text, kinds[1]);
    memcpy(out->receipt.agency, agency, strlen(agency) + 1);
    part_text(r, object, "lineage", PART_REQUIRED, out->receipt.lineage,
              sizeof out->receipt.lineage, lineage_valid);
    (void)part_base64(r, object, "link", PART_REQUIRED, out->receipt.link,
                      LINK_BYTES);
    out->receipt.n = part_int(r, object, "n", 0, 1);
    part_text(r, object, "replica", PART_REQUIRED, out->receipt.replica,
              sizeof out->receipt.replica, replica_valid);
    (void)part_base64(r, object, "sig", PART_REQUIRED, out->receipt.signature,
                      SIGNATURE_BYTES);
    out->taken_at = part_int(r, object, "taken_at", -1, 0);
    read_signed(r, object, "term", &out->term, out->term_sig);
    read_signed(r, object, "writer", &out->writer, out->writer_sig);
}

/* The root says that this key is a term of this agency's office. */
static enum err term_check(struct arena *arena, struct proof_receipt *p,
                           const uint8_t root[KEY_BYTES],
                           uint8_t key[KEY_BYTES])
{
    struct term_certificate term;
    char id[REPLICA_CHARS + 1];
    enum err err = chain_verify(p->term_sig, root, DOMAIN_TERM, p->term);
    if (!err)
        err = term_certificate_read(arena, p->term, &term);
    if (err)
        return err;
    replica_id(id, 'o', term.agency, term.key);
    if (strcmp(term.agency, p->receipt.agency) || strcmp(term.replica, id))
        return ERR_SIGNATURE;
    memcpy(p->receipt.term, id, sizeof id);
    memcpy(key, term.key, KEY_BYTES);
    return ERR_OK;
}

/* And whose the log is. */
static enum err writer_check(struct arena *arena, const struct proof_receipt *p,
                             const uint8_t root[KEY_BYTES],
                             struct certificate *writer)
{
    char id[REPLICA_CHARS + 1];
    enum err err = chain_verify(p->writer_sig, root, DOMAIN_CERT, p->writer);
    if (!err)
        err = certificate_read(arena, p->writer, writer);
    if (err)
        return err;
    replica_id(id, 'w', writer->agency, writer->key);
    return strcmp(writer->agency, p->receipt.agency) ||
                   strcmp(p->receipt.replica, id)
               ? ERR_SIGNATURE
               : ERR_OK;
}

static enum err receipt_check(struct arena *arena, struct proof_receipt *p,
                              const uint8_t root[KEY_BYTES],
                              struct certificate *writer)
{
    uint8_t key[KEY_BYTES];
    struct buffer message;
    enum err err = term_check(arena, p, root, key);
    if (!err)
        err = writer_check(arena, p, root, writer);
    if (err)
        return err;
    buffer_init(&message, SIGN_BYTES_MAX);
    err = receipt_message(&message, &p->receipt);
    if (!err)
        err = chain_verify(p->receipt.signature, key,
                           p->backed ? DOMAIN_BACKED : DOMAIN_RECEIPT,
                           buffer_bytes(&message));
    buffer_fini(&message);
    return err;
}

enum err proof_check(struct arena *arena, struct bytes json,
                     const uint8_t root[KEY_BYTES], proof_each *each,
                     void *context)
{
    struct part_reader r;
    char agency[NAME_CHARS_MAX + 1];
    const struct canon *object = part_open(&r, arena, json);
    part_text(&r, object, "agency", PART_REQUIRED, agency, sizeof agency,
              name_valid);
    (void)part_int(&r, object, "proof", 0, 1);
    const struct canon *array =
        part_member(&r, object, "receipts", CANON_ARRAY, PART_REQUIRED);
    const struct canon *item = array ? array->first : NULL;
    enum err err = part_err(&r);
    if (!err && !item)
        err = ERR_INVALID;
    for (; !err && item; item = item->next) {
        struct proof_receipt receipt;
        struct certificate writer;
        read_receipt(&r, item, agency, &receipt);
        err = part_err(&r);
        if (!err)
            err = receipt_check(arena, &receipt, root, &writer);
        if (!err)
            err = each(context, &receipt, &writer);
    }
    return err;
}
