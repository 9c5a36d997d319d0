/* What signatures of the office cover, and certificates. */
#include "shared/wire/message.h"

#include <sodium.h>
#include <string.h>
#include "shared/wire/part.h"

enum err receipt_message(struct buffer *out, const struct receipt *receipt)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", receipt->agency);
    part_put_text(out, "lineage", receipt->lineage);
    part_put_base64(out, "link", receipt->link, LINK_BYTES);
    part_put_int(out, "n", receipt->n);
    part_put_text(out, "replica", receipt->replica);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err statement_message(struct buffer *out, const char *agency,
                           const char *lineage, const char *replica, int64_t at)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", agency);
    part_put_int(out, "at", at);
    part_put_text(out, "lineage", lineage);
    part_put_text(out, "replica", replica);
    part_put_text(out, "what", "revoked");
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err leave_message(struct buffer *out, const struct leave_line *leave)
{
    buffer_add_char(out, '{');
    part_put_int(out, "at", leave->at);
    if (leave->kase[0])
        part_put_text(out, "case", leave->kase);
    part_put_text(out, "lineage", leave->lineage);
    part_put_text(out, "replica", leave->replica);
    part_put_text(out, "scope", leave->scope);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

void page_mac(uint8_t out[MAC_BYTES], const uint8_t page_key[32],
              const char *agency, struct bytes hashes)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, page_key, 32, MAC_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)agency,
                              strlen(agency) + 1); /* and its NUL */
    crypto_generichash_update(&state, hashes.at, hashes.size);
    crypto_generichash_final(&state, out, MAC_BYTES);
}

/* --- certificates --- */

static void follows_write(struct buffer *out, const struct certificate *c)
{
    if (!c->follow_count)
        return;
    part_name(out, "follows");
    buffer_add_char(out, '[');
    for (size_t i = 0; i < c->follow_count; i++) {
        if (i)
            buffer_add_char(out, ',');
        canon_put_text(out, bytes_text(c->follows[i]));
    }
    buffer_add_char(out, ']');
}

static void follows_read(struct part_reader *r, const struct canon *root,
                         struct certificate *out)
{
    const struct canon *follows =
        part_member(r, root, "follows", CANON_ARRAY, PART_OPTIONAL);
    if (!follows)
        return;
    out->follows = part_array(r, follows, FOLLOWS_MAX, sizeof *out->follows);
    const struct canon *item = out->follows ? follows->first : NULL;
    for (; item; item = item->next)
        part_copy(r, item, out->follows[out->follow_count++],
                  sizeof *out->follows, replica_valid);
}

enum err certificate_write(struct buffer *out,
                           const struct certificate *message)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", message->agency);
    part_put_int(out, "at", message->at);
    follows_write(out, message);
    part_put_base64(out, "key", message->key, KEY_BYTES);
    part_put_text(out, "replica", message->replica);
    part_put_text(out, "role", message->role);
    part_name(out, "scopes");
    buffer_add_char(out, '[');
    for (size_t i = 0; i < message->scope_count; i++) {
        if (i)
            buffer_add_char(out, ',');
        canon_put_text(out, bytes_text(message->scopes[i]));
    }
    buffer_add_char(out, ']');
    part_put_base64(out, "transport", message->transport, KEY_BYTES);
    part_put_text(out, "user", message->user);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err certificate_read(struct arena *arena, struct bytes line,
                          struct certificate *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *root = part_open(&r, arena, line);
    part_text(&r, root, "agency", PART_REQUIRED, out->agency,
              sizeof out->agency, name_valid);
    out->at = part_int(&r, root, "at", -1, 0);
    follows_read(&r, root, out);
    (void)part_base64(&r, root, "key", PART_REQUIRED, out->key, KEY_BYTES);
    part_text(&r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    part_text(&r, root, "role", PART_REQUIRED, out->role, sizeof out->role,
              name_valid);
    const struct canon *scopes =
        part_member(&r, root, "scopes", CANON_ARRAY, PART_REQUIRED);
    out->scopes = part_array(&r, scopes, SCOPES_MAX, sizeof *out->scopes);
    const struct canon *item = out->scopes ? scopes->first : NULL;
    for (; item; item = item->next)
        part_copy(&r, item, out->scopes[out->scope_count++],
                  sizeof *out->scopes, scope_valid);
    (void)part_base64(&r, root, "transport", PART_REQUIRED, out->transport,
                      KEY_BYTES);
    part_text(&r, root, "user", PART_REQUIRED, out->user, sizeof out->user,
              name_valid);
    return part_err(&r);
}

enum err term_certificate_write(struct buffer *out,
                                const struct term_certificate *message)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", message->agency);
    part_put_int(out, "at", message->at);
    part_put_base64(out, "key", message->key, KEY_BYTES);
    part_put_text(out, "replica", message->replica);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err term_certificate_read(struct arena *arena, struct bytes line,
                               struct term_certificate *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *root = part_open(&r, arena, line);
    part_text(&r, root, "agency", PART_REQUIRED, out->agency,
              sizeof out->agency, name_valid);
    out->at = part_int(&r, root, "at", -1, 0);
    (void)part_base64(&r, root, "key", PART_REQUIRED, out->key, KEY_BYTES);
    part_text(&r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    return part_err(&r);
}
