#include "shared/replica/state.h"

#include <stdlib.h>
#include <string.h>

#include "shared/replica/vault_schema.h"

static void type_take(struct vault *vault, struct state_row *row,
                      struct bytes type)
{
    row->has_type = type.size > 0;
    if (row->has_type)
        vault_token(vault, "type", type, row->type);
}

/* The type as the state has it: none while what created it is held. */
static enum err type_of_state(struct vault *vault, struct state_row *row)
{
    struct arena arena;
    const struct canon *state;
    struct bytes type = bytes_of(NULL, 0);
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = ERR_OK;
    if (row->fold.state.size)
        err = canon_parse(&arena, buffer_bytes(&row->fold.state), &state, NULL);
    if (!err && row->fold.state.size)
        (void)canon_text(state, "type", &type);
    if (!err)
        type_take(vault, row, type);
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

static enum err line_note(struct vault *vault, int64_t record, int64_t line)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_LINE_ADD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, record);
    db_bind_int64(vault->db, s, 2, line);
    return db_step_done(vault->db, s);
}

/* A record must have a row before lines can point to it. */
static enum err row_ensure(struct vault *vault, struct state_row *row,
                           const struct case_key *key)
{
    return row->id ? ERR_OK : state_store(vault, row, key);
}

/* Folds the lines of a row; `record` gets the id that they name. */
static enum err lines_fold(struct vault *vault, int64_t row, struct fold *out,
                           char record[ID_CHARS + 1])
{
    struct state_lines lines;
    const struct revision **revisions = NULL;
    size_t count = 0;
    state_lines_init(&lines);
    enum err err = state_lines_load(vault, row, &lines);
    if (!err) {
        revisions = malloc((lines.count + 1) * sizeof *revisions);
        err = revisions ? ERR_OK : ERR_NOMEM;
    }
    for (size_t i = 0; !err && i < lines.count; i++)
        if (lines.lines[i].revision)
            revisions[count++] = lines.lines[i].revision;
    buffer_clear(&out->state);
    buffer_clear(&out->memo);
    if (!err && count) {
        memcpy(record, revisions[0]->record.at, ID_CHARS);
        record[ID_CHARS] = '\0';
        err = count == 1 ? fold_first(vault->schema, revisions[0], out)
                         : fold_all(vault->schema, revisions, count, out);
    }
    free(revisions);
    state_lines_fini(&lines);
    return err;
}

enum err state_same(struct vault *vault, const struct state_row *row,
                    bool *same)
{
    struct fold fresh;
    char record[ID_CHARS + 1];
    fold_init(&fresh);
    enum err err = lines_fold(vault, row->id, &fresh, record);
    *same = !err && bytes_equal(buffer_bytes(&fresh.state),
                                buffer_bytes(&row->fold.state));
    /* What an older schema folded is folded anew when it is next read. */
    if (!err && row->epoch != vault->epoch)
        *same = true;
    fold_fini(&fresh);
    return err;
}

enum err state_refold(struct vault *vault, struct state_row *row,
                      const struct case_key *key)
{
    enum err err = lines_fold(vault, row->id, &row->fold, row->record);
    if (!err)
        err = type_of_state(vault, row);
    return err ? err : state_store(vault, row, key);
}

enum err state_fold(struct vault *vault, struct state_row *row)
{
    enum err err = vault_schema_load(vault);
    if (!err)
        err = lines_fold(vault, row->id, &row->fold, row->record);
    row->epoch = vault->epoch;
    return err;
}

static enum err step(struct vault *vault, struct state_row *row,
                     const struct revision *revision, bool *scratch)
{
    struct fold next;
    /* What an older schema folded is no base for a step. */
    *scratch = row->epoch != vault->epoch || !row->key || !row->fold.state.size;
    if (*scratch)
        return ERR_OK;
    fold_init(&next);
    enum err err =
        fold_step(vault->schema, buffer_bytes(&row->fold.state),
                  buffer_bytes(&row->fold.memo), revision, &next, scratch);
    if (!err && !*scratch) {
        fold_fini(&row->fold);
        row->fold = next;
    } else {
        fold_fini(&next);
    }
    return err;
}

enum err state_keep(struct vault *vault, struct state_row *row,
                    const struct case_key *key, int64_t line)
{
    enum err err = vault_schema_load(vault);
    if (!err)
        err = row_ensure(vault, row, key);
    return err ? err : line_note(vault, row->id, line);
}

/* After one line nothing is open, and it says all that a state would: that is
 * folded when it is asked for.  Definitions of types are kept folded, since
 * reading any other line may need them. */
static enum err first_apply(struct vault *vault, struct state_row *row,
                            const struct case_key *key,
                            const struct revision *revision)
{
    const struct revision *original = revision_original(revision);
    if (original->creates)
        type_take(vault, row, original->type);
    if (!row->has_type || !vault_schema_is(vault, row->type))
        return state_store_unfolded(vault, row, key);
    enum err err = fold_first(vault->schema, revision, &row->fold);
    return err ? err : state_store(vault, row, key);
}

static enum err next_apply(struct vault *vault, struct state_row *row,
                           const struct case_key *key,
                           const struct revision *revision, int64_t line)
{
    bool scratch;
    enum err err = step(vault, row, revision, &scratch);
    if (!err)
        err = line_note(vault, row->id, line);
    if (err)
        return err;
    return scratch ? state_refold(vault, row, key)
                   : state_store(vault, row, key);
}

enum err state_apply(struct vault *vault, struct state_row *row,
                     const struct case_key *key,
                     const struct revision *revision, int64_t line)
{
    enum err err = vault_schema_load(vault);
    if (err)
        return err;
    if (row->id)
        return next_apply(vault, row, key, revision, line);
    err = first_apply(vault, row, key, revision);
    return err ? err : line_note(vault, row->id, line);
}

/* Is the record's type defined otherwise than when its state was folded? */
static enum err redefined(struct vault *vault, const struct state_row *row,
                          bool *out)
{
    struct arena arena;
    const struct canon *state;
    struct bytes name;
    int64_t version = 0;
    arena_init(&arena, REVISION_ARENA_BYTES);
    *out = false;
    if (!row->fold.state.size)
        return ERR_OK;
    enum err err =
        canon_parse(&arena, buffer_bytes(&row->fold.state), &state, NULL);
    if (!err && canon_text(state, "type", &name)) {
        const struct schema_type *type;
        err = schema_find(vault->schema, name, &type);
        if (!canon_int(state, "schema", &version))
            version = 0;
        *out = !err && version != (type ? type_version(type) : 0);
    }
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

static enum err epoch_set(struct vault *vault, int64_t record)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_EPOCH, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, record);
    db_bind_int64(vault->db, s, 2, vault->epoch);
    return db_step_done(vault->db, s);
}

enum err state_renew(struct vault *vault)
{
    struct state_row row;
    const struct case_key *key;
    state_row_init(&row);
    enum err err = vault_schema_load(vault);
    while (!err) {
        bool changed;
        err = state_next(vault, SQL_RECORD_NEXT_STALE, bytes_of(NULL, 0), &row);
        if (!err)
            err = redefined(vault, &row, &changed);
        if (!err && !changed)
            err = epoch_set(vault, row.id);
        else if (!err && !(err = case_key_get(vault, row.key, &key)))
            err = state_refold(vault, &row, key);
    }
    state_row_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
