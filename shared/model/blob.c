#include "shared/model/blob.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static bool type_valid(struct bytes text)
{
    size_t slashes = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
        slashes += text.at[i] == '/';
    }
    return text.size <= BLOB_TYPE_CHARS_MAX && slashes == 1;
}

/* A file's name, not a path, and nothing that commands a terminal. */
static bool file_name_valid(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] < ' ' || text.at[i] == '/' || text.at[i] == 0x7f)
            return false;
    return text.size > 0 && text.size <= BLOB_FILE_CHARS_MAX;
}

bool blob_ref_read(const struct canon *value, struct blob_ref *out)
{
    struct bytes blob, salt;
    return value->kind == CANON_OBJECT && value->count >= 5 &&
           canon_text(value, "blob", &blob) &&
           !hex_decode(out->blob, HASH_BYTES, blob) &&
           canon_text(value, "salt", &salt) &&
           !base64_decode(out->salt, BLOB_SALT_BYTES, salt) &&
           canon_int(value, "bytes", &out->bytes) && out->bytes > 0 &&
           out->bytes <= BLOB_BYTES_MAX &&
           canon_text(value, "name", &out->name) &&
           file_name_valid(out->name) &&
           canon_text(value, "type", &out->type) && type_valid(out->type);
}

enum err blob_ref_write(struct buffer *out, const struct blob_ref *ref)
{
    char blob[BLOB_NAME_CHARS + 1];
    hex_encode(blob, ref->blob, HASH_BYTES);
    buffer_add_text(out, "{\"blob\":\"");
    buffer_add_text(out, blob);
    buffer_add_text(out, "\",\"bytes\":");
    buffer_add_int(out, ref->bytes);
    buffer_add_text(out, ",\"name\":");
    canon_put_text(out, ref->name);
    buffer_add_text(out, ",\"salt\":\"");
    buffer_add_base64(out, ref->salt, BLOB_SALT_BYTES);
    buffer_add_text(out, "\",\"type\":");
    canon_put_text(out, ref->type);
    return buffer_add_char(out, '}');
}

enum err blob_refs(const struct canon *fields, blob_ref_each *each,
                   void *context)
{
    enum err err = ERR_OK;
    struct blob_ref ref;
    const struct canon *field = fields ? fields->first : NULL;
    for (; !err && field; field = field->next) {
        if (field->kind == CANON_OBJECT && blob_ref_read(field, &ref))
            err = each(context, &ref, field);
        const struct canon *item =
            field->kind == CANON_ARRAY ? field->first : NULL;
        for (; !err && item; item = item->next)
            if (item->kind == CANON_OBJECT && blob_ref_read(item, &ref))
                err = each(context, &ref, item);
    }
    return err;
}

/* --- the name ------------------------------------------------------------- */

struct blob_hasher {
    crypto_generichash_state state;
};

enum err blob_hasher_new(struct blob_hasher **out,
                         const uint8_t salt[BLOB_SALT_BYTES])
{
    /* libsodium wants 64-byte alignment; sizes are rounded up to it. */
    size_t size = (sizeof **out + 63) / 64 * 64;
    *out = aligned_alloc(64, size);
    if (!*out)
        return ERR_NOMEM;
    crypto_generichash_init(&(*out)->state, salt, BLOB_SALT_BYTES, HASH_BYTES);
    return ERR_OK;
}

void blob_hasher_add(struct blob_hasher *hasher, struct bytes piece)
{
    crypto_generichash_update(&hasher->state, piece.at, piece.size);
}

void blob_hasher_end(struct blob_hasher *hasher, uint8_t blob[HASH_BYTES])
{
    crypto_generichash_final(&hasher->state, blob, HASH_BYTES);
}

void blob_hasher_free(struct blob_hasher *hasher)
{
    free(hasher);
}

/* --- the sealed form ------------------------------------------------------ */

int64_t blob_chunks(int64_t bytes)
{
    return (bytes + BLOB_CHUNK_BYTES - 1) / BLOB_CHUNK_BYTES;
}

int64_t blob_sealed_bytes(int64_t bytes)
{
    return bytes + blob_chunks(bytes) * BLOB_SEAL_BYTES;
}

void blob_ad(uint8_t out[BLOB_AD_BYTES], const uint8_t salt[BLOB_SALT_BYTES],
             int64_t index)
{
    memcpy(out, "blob", 5);
    memcpy(out + 5, salt, BLOB_SALT_BYTES);
    store_le64(out + 5 + BLOB_SALT_BYTES, (uint64_t)index);
}
