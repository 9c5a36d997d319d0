/* Requests about attachments, and the office's answers. */
#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/part.h"

static bool method_valid(struct bytes text)
{
    return bytes_is(text, "GET") || bytes_is(text, "PUT");
}

/* A blob's name is written in hex everywhere, as it stands in paths. */
static void put_blob(struct buffer *out, const uint8_t blob[HASH_BYTES])
{
    char text[2 * HASH_BYTES + 1];
    hex_encode(text, blob, HASH_BYTES);
    part_put_text(out, "blob", text);
}

static bool blob_valid(struct bytes text)
{
    return text.size == (size_t)2 * HASH_BYTES;
}

enum err blob_request_write(struct buffer *out, const struct blob_request *m)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", m->agency);
    put_blob(out, m->blob);
    if (m->has_body)
        part_put_base64(out, "body", m->body, HASH_BYTES);
    part_put_text(out, "lineage", m->lineage);
    part_put_true(out, "locked", m->locked);
    part_put_text(out, "method", m->method);
    if (m->offset)
        part_put_int(out, "offset", m->offset);
    part_put_int(out, "protocol", m->protocol);
    part_put_text(out, "replica", m->replica);
    part_put_int(out, "size", m->size);
    if (m->term[0])
        part_put_text(out, "term", m->term);
    if (m->token[0])
        part_put_text(out, "token", m->token);
    if (m->wrap.size)
        part_put_base64(out, "wrap", m->wrap.at, m->wrap.size);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err blob_request_read(struct arena *arena, struct bytes line,
                           struct blob_request *out)
{
    memset(out, 0, sizeof *out);
    if (line.size > BLOB_HEADER_BYTES_MAX)
        return ERR_TOO_BIG;
    struct part_reader r;
    const struct canon *root = part_open(&r, arena, line);
    part_text(&r, root, "agency", PART_REQUIRED, out->agency,
              sizeof out->agency, name_valid);
    char blob[2 * HASH_BYTES + 1];
    part_text(&r, root, "blob", PART_REQUIRED, blob, sizeof blob, blob_valid);
    if (!r.err && hex_decode(out->blob, HASH_BYTES, bytes_text(blob)))
        part_fail(&r, root, "names no attachment");
    out->has_body =
        part_base64(&r, root, "body", PART_OPTIONAL, out->body, HASH_BYTES);
    part_text(&r, root, "lineage", PART_REQUIRED, out->lineage,
              sizeof out->lineage, lineage_valid);
    out->locked = part_true(&r, root, "locked");
    part_text(&r, root, "method", PART_REQUIRED, out->method,
              sizeof out->method, method_valid);
    out->offset = part_int(&r, root, "offset", 0, 0);
    out->protocol = part_int(&r, root, "protocol", -1, 0);
    part_text(&r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    out->size = part_int(&r, root, "size", -1, 0);
    part_text(&r, root, "term", PART_OPTIONAL, out->term, sizeof out->term,
              replica_valid);
    part_text(&r, root, "token", PART_OPTIONAL, out->token, sizeof out->token,
              token_valid);
    if (root && canon_member(root, "wrap"))
        out->wrap = part_blob(&r, root, "wrap", BLOB_WRAP_BYTES_MAX);
    return part_err(&r);
}

enum err blob_receipt_message(struct buffer *out,
                              const struct blob_receipt *receipt)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", receipt->agency);
    put_blob(out, receipt->blob);
    part_put_text(out, "lineage", receipt->lineage);
    part_put_text(out, "replica", receipt->replica);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err blob_reply_write(struct buffer *out, const struct blob_reply *m)
{
    buffer_add_char(out, '{');
    if (m->has_backed)
        part_put_base64(out, "backed", m->backed_signature, SIGNATURE_BYTES);
    part_put_int(out, "offset", m->offset);
    if (m->has_receipt) {
        part_name(out, "receipt");
        buffer_add_char(out, '{');
        part_put_base64(out, "sig", m->signature, SIGNATURE_BYTES);
        part_put_text(out, "term", m->term);
        buffer_add_char(out, '}');
    }
    if (m->term_text.size) {
        part_name(out, "term");
        buffer_add_char(out, '{');
        part_put_base64(out, "sig", m->term_signature, SIGNATURE_BYTES);
        part_put_bytes(out, "text", m->term_text);
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err blob_reply_read(struct arena *arena, struct bytes line,
                         struct blob_reply *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *root = part_open(&r, arena, line);
    out->offset = part_int(&r, root, "offset", -1, 0);
    const struct canon *receipt =
        part_member(&r, root, "receipt", CANON_OBJECT, PART_OPTIONAL);
    out->has_receipt = receipt != NULL;
    if (receipt) {
        (void)part_base64(&r, receipt, "sig", PART_REQUIRED, out->signature,
                          SIGNATURE_BYTES);
        part_text(&r, receipt, "term", PART_REQUIRED, out->term,
                  sizeof out->term, replica_valid);
    }
    out->has_backed = part_base64(&r, root, "backed", PART_OPTIONAL,
                                  out->backed_signature, SIGNATURE_BYTES) &&
                      receipt;
    const struct canon *term =
        part_member(&r, root, "term", CANON_OBJECT, PART_OPTIONAL);
    if (term) {
        (void)part_base64(&r, term, "sig", PART_REQUIRED, out->term_signature,
                          SIGNATURE_BYTES);
        const struct canon *text =
            part_member(&r, term, "text", CANON_TEXT, PART_REQUIRED);
        if (text)
            out->term_text = text->text;
    }
    return part_err(&r);
}
