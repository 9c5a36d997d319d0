/* A file becomes an attachment of a record: content and revision at once. */
#include "shared/replica/blob_inner.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/replica/own.h"
#include "shared/replica/state.h"
#include "shared/replica/vault_schema.h"

#define SET_BYTES_MAX (2u * LINE_BYTES_MAX)

struct attaching {
    const struct blob_write *write;
    blob_source *source;
    void *context;
    struct blob_ref ref;
    struct buffer before; /* the elements of a list field, with commas */
    bool list;
    int64_t id, room;
    const struct case_key *key;
};

/* --- the field ------------------------------------------------------------ */

static enum err value_copy(struct attaching *a, const struct canon *state)
{
    const struct canon *at = canon_member(state, "fields");
    at = at ? canon_member(at, a->write->field) : NULL;
    at = at ? canon_member(at, "value") : NULL;
    if (!at || at->kind != CANON_ARRAY || !at->count)
        return ERR_OK;
    return buffer_add(&a->before, at->raw.at + 1, at->raw.size - 2);
}

static enum err field_check_kind(struct vault *vault, struct attaching *a,
                                 const struct canon *state)
{
    struct bytes name = bytes_text(a->write->field), type;
    if (!canon_text(state, "type", &type))
        return vault_fail(vault, ERR_NOT_FOUND,
                          "%s: its creation has not arrived yet",
                          a->write->record);
    const struct schema_type *known;
    enum err err = schema_find(vault->schema, type, &known);
    if (err)
        return err;
    const struct schema_field *field = known ? type_field(known, name) : NULL;
    if (!field || field_kind(field) != VALUE_ATTACHMENT)
        return vault_fail(
            vault, ERR_INVALID, "%.*s.%.64s: not a field for attachments",
            (int)type.size, (const char *)type.at, a->write->field);
    a->list = field_list(field);
    return a->list ? value_copy(a, state) : ERR_OK;
}

static enum err field_find(struct vault *vault, struct attaching *a)
{
    struct state_row row;
    const struct canon *state;
    state_row_init(&row);
    enum err err = state_load(vault, bytes_text(a->write->record), &row);
    if (!err && (!row.key || !row.fold.state.size))
        err = vault_fail(vault, ERR_NOT_FOUND, "%s: no such record here",
                         a->write->record);
    if (!err)
        err = canon_parse(&vault->arena, buffer_bytes(&row.fold.state), &state,
                          NULL);
    if (!err)
        err = field_check_kind(vault, a, state);
    if (!err)
        err = case_key_get(vault, row.key, &a->key);
    state_row_fini(&row);
    return err;
}

/* --- the content ---------------------------------------------------------- */

static enum err chunk_fill(struct attaching *a, uint8_t *chunk, size_t *size)
{
    size_t got = 1;
    enum err err = ERR_OK;
    for (*size = 0; !err && got && *size < BLOB_CHUNK_BYTES; *size += got)
        err = a->source(a->context, chunk + *size, BLOB_CHUNK_BYTES - *size,
                        &got);
    return err;
}

static enum err content_take(struct vault *vault, struct attaching *a,
                             struct blob_hasher *hasher, uint8_t *chunk)
{
    size_t size = BLOB_CHUNK_BYTES;
    for (int64_t i = 0; size == BLOB_CHUNK_BYTES; i++) {
        enum err err = chunk_fill(a, chunk, &size);
        if (err)
            return err;
        a->ref.bytes += (int64_t)size;
        if (a->ref.bytes > BLOB_BYTES_MAX)
            return vault_fail(vault, ERR_TOO_BIG,
                              "an attachment holds %lld MiB at most; nothing "
                              "was written",
                              BLOB_BYTES_MAX >> 20);
        if (!size)
            break;
        blob_hasher_add(hasher, bytes_of(chunk, size));
        if (a->ref.bytes > a->room)
            return blob_room_fail(vault);
        err = blob_chunk_put(vault, a->id, i, a->key->key, a->ref.salt,
                             bytes_of(chunk, size));
        if (err)
            return err;
    }
    return a->ref.bytes ? ERR_OK
                        : vault_fail(vault, ERR_INVALID, "the file is empty");
}

static enum err content_store(struct vault *vault, struct attaching *a)
{
    struct blob_hasher *hasher;
    enum err err = blob_hasher_new(&hasher, a->ref.salt);
    if (err)
        return err;
    uint8_t *chunk = malloc(BLOB_CHUNK_BYTES);
    err = chunk ? content_take(vault, a, hasher, chunk) : ERR_NOMEM;
    if (chunk)
        sodium_memzero(chunk, BLOB_CHUNK_BYTES);
    free(chunk);
    blob_hasher_end(hasher, a->ref.blob);
    blob_hasher_free(hasher);
    if (!err)
        err = blob_row_set(vault, a->id, a->ref.blob, a->ref.bytes,
                           a->ref.bytes, true);
    return err;
}

/* --- the revision --------------------------------------------------------- */

static enum err revision_add(struct vault *vault, struct attaching *a,
                             struct record_written *out)
{
    struct buffer set;
    buffer_init(&set, SET_BYTES_MAX);
    buffer_add_char(&set, '{');
    canon_put_text(&set, bytes_text(a->write->field));
    buffer_add_text(&set, a->list ? ":[" : ":");
    buffer_add_bytes(&set, buffer_bytes(&a->before));
    if (a->before.size)
        buffer_add_char(&set, ',');
    blob_ref_write(&set, &a->ref);
    buffer_add_text(&set, a->list ? "]}" : "}");
    struct record_write write = {.record = a->write->record,
                                 .context = a->write->context,
                                 .set = buffer_bytes(&set)};
    enum err err = buffer_err(&set);
    if (!err)
        err = record_write(vault, &write, out);
    buffer_fini(&set);
    return err;
}

static enum err attach(struct vault *vault, struct attaching *a,
                       struct record_written *out)
{
    arena_clear(&vault->arena);
    enum err err = own_load(vault);
    if (!err)
        err = vault_schema_load(vault);
    if (!err)
        err = field_find(vault, a);
    if (!err)
        err = case_key_wrap(vault, a->key, vault->tip.box);
    if (err)
        return err;
    /* The name is not known before the end. */
    random_fill(&vault->pool.random, a->ref.salt, sizeof a->ref.salt);
    random_fill(&vault->pool.random, a->ref.blob, sizeof a->ref.blob);
    err = blob_room(vault, &a->room);
    if (!err)
        err = blob_row_add(vault, a->ref.blob, a->key->id, 0, &a->id);
    if (!err)
        err = content_store(vault, a);
    return err ? err : revision_add(vault, a, out);
}

static enum err end(struct vault *vault, bool within, enum err err)
{
    if (within) {
        if (err)
            vault->batch_err = err; /* half of it must not be committed */
        return err;
    }
    if (!err)
        return record_batch_commit(vault);
    record_batch_rollback(vault);
    return err;
}

enum err blob_attach(struct vault *vault, const struct blob_write *write,
                     blob_source *source, void *context,
                     struct record_written *out, uint8_t blob[HASH_BYTES])
{
    struct attaching a = {.write = write, .source = source, .context = context};
    a.ref.name = bytes_text(write->name);
    a.ref.type = bytes_text(write->type);
    bool within = vault->batch;
    vault->detail[0] = '\0';
    if (!write->record || !write->field)
        return vault_fail(vault, ERR_INVALID, "a record and a field is needed");
    enum err err = within ? vault->batch_err : record_batch_begin(vault);
    if (err)
        return err;
    buffer_init(&a.before, LINE_BYTES_MAX);
    err = end(vault, within, attach(vault, &a, out));
    buffer_wipe(&a.before);
    if (err && !vault->detail[0])
        vault_fail(vault, err, "%s", err_text(err));
    if (!err)
        memcpy(blob, a.ref.blob, HASH_BYTES);
    return err;
}
