#include "shared/replica/vault_schema.h"

#include <string.h>

#include "shared/replica/shipped.h"
#include "shared/replica/state.h"

#define TYPE_SCHEMA "schema" /* the record type that defines record types */

static enum err builtin_load(struct vault *vault, struct schema *schema)
{
    enum err err = shipped_types_add(schema);
    return err ? vault_fail(vault, err, "the shipped record types: %s",
                            err_text(err))
               : ERR_OK;
}

static enum err received_load(struct vault *vault, struct schema *schema)
{
    struct state_row row;
    state_row_init(&row);
    enum err err = ERR_OK;
    while (!err) {
        err = state_next(vault, SQL_RECORD_NEXT_OF_TYPE,
                         bytes_text(TYPE_SCHEMA), &row);
        if (!err)
            err = schema_add_state(schema, buffer_bytes(&row.fold.state));
    }
    state_row_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Reads the epoch and raises it when this build brings other types. */
static enum err epoch_load(struct vault *vault, int64_t *epoch)
{
    struct sqlite3_stmt *s;
    uint8_t hash[HASH_BYTES];
    bool row = false;
    enum err err = vault_sql(vault, SQL_META_EPOCH, &s);
    if (!err)
        err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_CORRUPT;
    *epoch = db_column_int64(s, 0);
    shipped_types_hash(hash);
    bool same = bytes_equal(db_column_bytes(s, 1), bytes_of(hash, sizeof hash));
    db_reset(s);
    if (same)
        return ERR_OK;
    err = vault_sql(vault, SQL_META_EPOCH_SET, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(hash, sizeof hash));
    err = db_step_done(vault->db, s);
    vault->epoch_raised = true;
    ++*epoch;
    return err;
}

enum err vault_schema_load(struct vault *vault)
{
    struct schema *fresh;
    int64_t epoch;
    if (vault->schema)
        return ERR_OK;
    enum err err = schema_new(&fresh);
    if (err)
        return err;
    err = epoch_load(vault, &epoch);
    if (!err)
        err = builtin_load(vault, fresh);
    if (!err && vault->unlocked)
        err = received_load(vault, fresh);
    if (err) {
        schema_free(fresh);
        return err;
    }
    vault->schema = fresh;
    vault->epoch = epoch;
    return ERR_OK;
}

const struct schema *vault_schema(struct vault *vault)
{
    return vault_schema_load(vault) ? NULL : vault->schema;
}

enum err vault_type_find(struct vault *vault, struct bytes name,
                         const struct schema_type **out)
{
    enum err err = vault_schema_load(vault);
    *out = NULL;
    return err ? err : schema_find(vault->schema, name, out);
}

void vault_schema_drop(struct vault *vault)
{
    /* What was lent out stays valid for one change more. */
    if (!vault->schema)
        return;
    schema_free(vault->schema_before);
    vault->schema_before = vault->schema;
    vault->schema = NULL;
}

enum err vault_schema_refresh(struct vault *vault)
{
    int64_t epoch;
    if (!vault->schema)
        return ERR_OK;
    enum err err = vault_query(vault, SQL_META_EPOCH, &epoch);
    if (!err && epoch != vault->epoch)
        vault_schema_drop(vault);
    return err;
}

bool vault_schema_is(struct vault *vault, const uint8_t type[TOKEN_KEYED_BYTES])
{
    uint8_t token[TOKEN_KEYED_BYTES];
    vault_token(vault, "type", bytes_text(TYPE_SCHEMA), token);
    return !memcmp(token, type, sizeof token);
}

enum err vault_schema_changed(struct vault *vault)
{
    uint8_t hash[HASH_BYTES];
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_META_EPOCH_SET, &s);
    if (err)
        return err;
    shipped_types_hash(hash);
    db_bind_bytes(vault->db, s, 1, bytes_of(hash, sizeof hash));
    err = db_step_done(vault->db, s);
    vault_schema_drop(vault);
    return err;
}
