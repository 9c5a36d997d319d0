#include "server/restore_rest.h"

#include "server/ingest.h"
#include "shared/model/canon.h"

#define CHUNK_LINES 64
#define CHUNK_BYTES_MAX (128u << 20)

static const char line_count[] =
    "SELECT count(*) FROM line WHERE replica <> $1";

struct chunk {
    struct restore_rest *rest;
    struct office *office;
    struct sql *sql;
    struct arena arena; /* owned */
    struct bytes lines[CHUNK_LINES];
    size_t count;
};

static enum err chunk_heal(struct chunk *chunk)
{
    enum err err = chunk->count ? sql_begin(chunk->sql, true) : ERR_OK;
    if (err || !chunk->count)
        return err;
    err = ingest_healed(chunk->office, chunk->sql, chunk->lines, chunk->count);
    if (!err)
        err = sql_commit(chunk->sql);
    else
        sql_rollback(chunk->sql);
    chunk->count = 0;
    arena_clear(&chunk->arena);
    return err;
}

static enum err line_take(void *context, struct bytes line)
{
    struct chunk *chunk = context;
    char *copy = arena_copy(&chunk->arena, line);
    if (!copy)
        return ERR_NOMEM;
    chunk->lines[chunk->count++] = bytes_of(copy, line.size);
    return chunk->count == CHUNK_LINES ? chunk_heal(chunk) : ERR_OK;
}

/* A list that is too long for memory is cut; the store's own record of acts is
 * no better off. */
static enum err act_take(void *context, const struct rest_act *act)
{
    struct chunk *chunk = context;
    struct buffer *out = &chunk->rest->acts;
    size_t before = out->size;
    buffer_printf(out, "{\"at\":%lld,\"by\":", (long long)act->at);
    canon_put_text(out, act->by);
    buffer_add_text(out, ",\"detail\":");
    buffer_add_bytes(out, act->detail);
    buffer_add_text(out, ",\"what\":");
    canon_put_text(out, act->what);
    buffer_add_text(out, "}\n");
    enum err err = buffer_err(out);
    if (err != ERR_TOO_BIG)
        return err;
    out->size = before;
    out->err = ERR_OK;
    return ERR_OK;
}

void restore_rest_init(struct restore_rest *rest)
{
    *rest = (struct restore_rest){.lines = 0};
    buffer_init(&rest->acts, RESTORE_ACTS_BYTES_MAX);
}

void restore_rest_fini(struct restore_rest *rest)
{
    buffer_fini(&rest->acts);
}

enum err restore_rest(struct restore_rest *rest, struct office *office,
                      struct sql *sql, const struct replay_source *source,
                      const struct replay_plan *plan,
                      const struct replay_result *done)
{
    struct chunk chunk = {.rest = rest, .office = office, .sql = sql};
    struct rest_reader reader = {line_take, act_take, &chunk};
    struct sql_value term[] = {sql_text(office->term)};
    int64_t before = 0, after = 0;
    arena_init(&chunk.arena, CHUNK_BYTES_MAX);
    enum err err = sql_find_int(sql, line_count, term, 1, &before);
    if (!err)
        err = journal_rest(source, plan, done, &reader, &rest->result);
    if (!err)
        err = chunk_heal(&chunk);
    if (!err)
        err = sql_find_int(sql, line_count, term, 1, &after);
    rest->lines = after - before;
    arena_fini(&chunk.arena);
    return err;
}
