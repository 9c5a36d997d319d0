#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/sync_inner.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

enum { PLAIN = 0, DEFLATED = 1 }; /* the first byte of what was sealed */

enum err sync_key(struct sync *s, struct bytes line)
{
    struct key_line message;
    enum err err = key_line_read(&s->scratch, line, &message);
    if (err == ERR_INVALID) {
        sync_refuse(s, 400, "bad-header", "a key line is malformed");
        return ERR_OK;
    }
    if (!err && !s->case_keys)
        err = map_new(&s->case_keys);
    struct case_key *key = err ? NULL : arena_take(&s->arena, sizeof *key);
    if (!err && !key)
        err = ERR_NOMEM;
    if (err)
        return err;
    const struct office_keys *keys = &s->office->keys;
    if (message.wrap.size != crypto_box_SEALBYTES + sizeof key->key ||
        crypto_box_seal_open(key->key, message.wrap.at, message.wrap.size,
                             keys->box_public, keys->box_secret) != 0)
        return ERR_OK; /* lines under it are asked for in plain */
    return map_put(s->case_keys, message.kase, key);
}

/* The plaintext stands in `out`; ERR_SIGNATURE when it does not open. */
static enum err seal_open(struct sync *s, const struct sealed_line *sealed,
                          struct buffer *out)
{
    char ad[64];
    const struct piece *piece = &s->pieces[s->piece_count - 1];
    const struct case_key *key =
        s->case_keys ? map_get(s->case_keys, sealed->kase) : NULL;
    if (!key || sealed->body.size < NONCE_BYTES + TAG_BYTES + 1)
        return ERR_SIGNATURE;
    int size = snprintf(ad, sizeof ad, "log%c%s%c%lld", '\0',
                        piece->row.replica, '\0', (long long)sealed->n);
    size_t plain_bytes = sealed->body.size - NONCE_BYTES - TAG_BYTES;
    enum err err = buffer_reserve(out, plain_bytes);
    if (err)
        return err;
    unsigned long long got;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out->at, &got, NULL, sealed->body.at + NONCE_BYTES,
            sealed->body.size - NONCE_BYTES, (const uint8_t *)ad,
            (unsigned long long)size, sealed->body.at, key->key) != 0)
        return ERR_SIGNATURE;
    out->size = (size_t)got;
    return ERR_OK;
}

static enum err content_take(struct sync *s, const struct buffer *plain)
{
    struct bytes content = bytes_of(plain->at + 1, plain->size - 1);
    if (plain->at[0] == PLAIN)
        return sync_line(s, content);
    if (plain->at[0] != DEFLATED)
        return ERR_SIGNATURE;
    enum err err = ERR_OK;
    if (!s->deflate)
        err = deflate_line_new(&s->deflate, 1);
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    if (!err)
        err = deflate_line_unpack(s->deflate, content, &line);
    if (!err)
        err = sync_line(s, buffer_bytes(&line));
    else if (err != ERR_NOMEM)
        err = ERR_SIGNATURE;
    buffer_fini(&line);
    return err;
}

enum err sync_sealed(struct sync *s, struct bytes line)
{
    struct piece *piece = &s->pieces[s->piece_count - 1];
    struct sealed_line sealed;
    enum err err = sealed_line_read(&s->scratch, line, &sealed);
    if (err == ERR_INVALID) {
        piece->dead = true;
        sync_refuse(s, 400, "bad-header", "a sealed line is malformed");
        return ERR_OK;
    }
    if (err || (piece->dead && !s->wants_from))
        return err;
    if (s->wants_from) { /* all later ones are asked for too */
        s->wants_to = sealed.n;
        return ERR_OK;
    }
    struct buffer plain;
    buffer_init(&plain, LINE_BYTES_MAX + 64);
    err = seal_open(s, &sealed, &plain);
    if (!err)
        err = content_take(s, &plain);
    buffer_wipe(&plain);
    if (err == ERR_SIGNATURE || err == ERR_TOO_BIG) {
        s->wants_from = s->wants_to = sealed.n;
        piece->dead = true;
        err = ERR_OK;
    }
    return err;
}
