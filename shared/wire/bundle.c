#include "shared/wire/bundle.h"

#include <sodium.h>
#include <string.h>

#include "shared/wire/part.h"

#define LABEL_BYTES_MAX 1024
#define LABEL_ARENA_BYTES (64u << 10)
#define LINE_BYTES (1u << 20)

static const char *const kinds[] = {
    [BUNDLE_REQUEST] = "request", [BUNDLE_REPLY] = "reply"};

/* --- the file ------------------------------------------------------------- */

static void label_write(struct buffer *out, const struct bundle_label *label)
{
    buffer_add_text(out, "{\"bundle\":{");
    part_put_text(out, "agency", label->agency);
    part_put_text(out, "kind", kinds[label->kind]);
    part_put_text(out, "replica", label->replica);
    part_put_int(out, "version", BUNDLE_VERSION);
    buffer_add_text(out, "}}\n");
}

enum err bundle_seal(struct buffer *out, const struct bundle_label *label,
                     const uint8_t box[KEY_BYTES], struct bytes content)
{
    label_write(out, label);
    size_t size = content.size + crypto_box_SEALBYTES;
    enum err err = buffer_reserve(out, size);
    if (err)
        return err;
    if (crypto_box_seal(out->at + out->size, content.at, content.size, box))
        return ERR_INVALID; /* no such key */
    out->size += size;
    return ERR_OK;
}

static void label_members(struct part_reader *r, const struct canon *root,
                          struct bundle_label *out)
{
    const struct canon *kind =
        part_member(r, root, "kind", CANON_TEXT, PART_REQUIRED);
    part_text(r, root, "agency", PART_REQUIRED, out->agency, sizeof out->agency,
              name_valid);
    part_text(r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    if (kind && bytes_is(kind->text, kinds[BUNDLE_REPLY]))
        out->kind = BUNDLE_REPLY;
    else if (kind && !bytes_is(kind->text, kinds[BUNDLE_REQUEST]))
        part_fail(r, kind, "is no kind of bundle");
}

enum err bundle_label_read(struct bytes file, struct bundle_label *out,
                           struct bytes *sealed)
{
    struct part_reader r;
    struct arena arena;
    memset(out, 0, sizeof *out);
    size_t most = file.size < LABEL_BYTES_MAX ? file.size : LABEL_BYTES_MAX;
    const uint8_t *end = most ? memchr(file.at, '\n', most) : NULL;
    if (!end)
        return ERR_FOREIGN;
    size_t size = (size_t)(end - file.at);
    arena_init(&arena, LABEL_ARENA_BYTES);
    const struct canon *root = part_control(&r, &arena, bytes_of(file.at, size),
                                            "bundle", CANON_OBJECT);
    int64_t version = part_int(&r, root, "version", 0, 1);
    enum err err = part_err(&r);
    if (!err && version != BUNDLE_VERSION)
        err = ERR_UNSUPPORTED;
    if (!err) {
        label_members(&r, root, out);
        err = part_err(&r);
    }
    arena_fini(&arena);
    *sealed = bytes_of(end + 1, file.size - size - 1);
    return err == ERR_INVALID ? ERR_FOREIGN : err;
}

enum err bundle_open(struct buffer *out, struct bytes sealed,
                     const uint8_t box[KEY_BYTES], const uint8_t box_secret[32])
{
    if (sealed.size < crypto_box_SEALBYTES)
        return ERR_CORRUPT;
    size_t size = sealed.size - crypto_box_SEALBYTES;
    enum err err = buffer_reserve(out, size);
    if (err)
        return err;
    if (crypto_box_seal_open(out->at + out->size, sealed.at, sealed.size, box,
                             box_secret))
        return ERR_CORRUPT;
    out->size += size;
    return ERR_OK;
}

enum err bundle_reply_key(uint8_t box[KEY_BYTES],
                          const uint8_t transport[KEY_BYTES])
{
    return crypto_sign_ed25519_pk_to_curve25519(box, transport) ? ERR_INVALID
                                                                : ERR_OK;
}

enum err bundle_reply_secret(uint8_t box[KEY_BYTES], uint8_t box_secret[32],
                             const struct keypair *transport)
{
    if (crypto_sign_ed25519_sk_to_curve25519(box_secret, transport->secret_key))
        return ERR_INVALID;
    return bundle_reply_key(box, transport->public_key);
}

/* --- what a reply holds --------------------------------------------------- */

static void reply_line(struct buffer *out, const struct bundle_reply *reply)
{
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, reply->body);
    buffer_add_char(out, '{');
    part_put_int(out, "at", reply->at);
    part_put_base64(out, "body", hash, sizeof hash);
    part_put_bytes(out, "header", reply->header);
    part_put_int(out, "status", reply->status);
    part_name(out, "term");
    buffer_add_char(out, '{');
    part_put_base64(out, "sig", reply->term_signature, SIGNATURE_BYTES);
    part_put_bytes(out, "text", reply->term);
    buffer_add_text(out, "}}");
}

enum err bundle_reply_write(struct buffer *out,
                            const struct bundle_reply *reply,
                            const struct keypair *term)
{
    uint8_t hash[HASH_BYTES], signature[SIGNATURE_BYTES];
    size_t before = out->size;
    reply_line(out, reply);
    enum err err = buffer_err(out);
    if (err)
        return err;
    hash_bytes(hash, bytes_of(out->at + before, out->size - before));
    chain_sign(signature, term, DOMAIN_BUNDLE, bytes_of(hash, sizeof hash));
    buffer_add_char(out, '\n');
    err = auth_line_write(out, signature);
    buffer_add_char(out, '\n');
    buffer_add_bytes(out, reply->body);
    return err ? err : buffer_err(out);
}

static bool line_take(struct bytes *rest, struct bytes *line)
{
    size_t most = rest->size < LINE_BYTES ? rest->size : LINE_BYTES;
    const uint8_t *end = most ? memchr(rest->at, '\n', most) : NULL;
    if (!end)
        return false;
    *line = bytes_of(rest->at, (size_t)(end - rest->at));
    *rest = bytes_of(end + 1, rest->size - line->size - 1);
    return true;
}

static enum err line_read(struct arena *arena, struct bytes line,
                          struct bundle_reply *out, uint8_t body[HASH_BYTES])
{
    struct part_reader r;
    const struct canon *root = part_open(&r, arena, line);
    const struct canon *header =
        part_member(&r, root, "header", CANON_TEXT, PART_REQUIRED);
    const struct canon *term =
        part_member(&r, root, "term", CANON_OBJECT, PART_REQUIRED);
    const struct canon *text =
        part_member(&r, term, "text", CANON_TEXT, PART_REQUIRED);
    out->at = part_int(&r, root, "at", -1, 0);
    out->status = part_int(&r, root, "status", 0, 100);
    (void)part_base64(&r, root, "body", PART_REQUIRED, body, HASH_BYTES);
    (void)part_base64(&r, term, "sig", PART_REQUIRED, out->term_signature,
                      SIGNATURE_BYTES);
    if (header)
        out->header = header->text;
    if (text)
        out->term = text->text;
    return part_err(&r);
}

enum err bundle_reply_read(struct arena *arena, struct bytes content,
                           struct bundle_reply *out,
                           struct bundle_signed *proof)
{
    struct bytes auth;
    uint8_t named[HASH_BYTES], hash[HASH_BYTES];
    memset(out, 0, sizeof *out);
    if (!line_take(&content, &proof->line) || !line_take(&content, &auth))
        return ERR_CORRUPT;
    enum err err = line_read(arena, proof->line, out, named);
    if (!err)
        err = auth_line_read(arena, auth, proof->signature);
    if (err)
        return err == ERR_NOMEM ? err : ERR_CORRUPT;
    out->body = content;
    hash_bytes(hash, content);
    return memcmp(hash, named, sizeof hash) ? ERR_CORRUPT : ERR_OK;
}

enum err bundle_reply_verify(const struct bundle_signed *proof,
                             const uint8_t term_key[KEY_BYTES])
{
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, proof->line);
    return chain_verify(proof->signature, term_key, DOMAIN_BUNDLE,
                        bytes_of(hash, sizeof hash));
}
