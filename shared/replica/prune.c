#include "shared/replica/prune.h"

#include "shared/replica/identity_row.h"
#include "shared/replica/line.h"

#define PAGES_KEPT 256 /* 1 MiB */

/* Columns of SQL_PRUNE_LINE. */
enum {
    COLUMN_LINE,
    COLUMN_REPLICA,
    COLUMN_N,
    COLUMN_HASH,
    COLUMN_BYTES,
    COLUMN_PAGE
};

struct pruning {
    struct vault *vault;
    struct pruned *out;
};

/* A line on its way out. */
struct leaving {
    int64_t id, replica, n, bytes, page;
    uint8_t hash[HASH_BYTES];
};

/* --- lines ---------------------------------------------------------------- */

/* The next line of the case after `after`, own or others'; id 0: none. */
static enum err line_next(struct vault *vault, int64_t key, int64_t after,
                          bool own, struct leaving *out)
{
    struct sqlite3_stmt *s;
    bool row;
    *out = (struct leaving){.id = 0};
    enum err err = vault_sql(vault, SQL_PRUNE_LINE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, key);
    db_bind_int64(vault->db, s, 2, after);
    db_bind_int64(vault->db, s, 3, own);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    out->id = db_column_int64(s, COLUMN_LINE);
    out->replica = db_column_int64(s, COLUMN_REPLICA);
    out->n = db_column_int64(s, COLUMN_N);
    out->bytes = db_column_int64(s, COLUMN_BYTES);
    out->page = db_column_int64(s, COLUMN_PAGE);
    err = db_column_fixed(s, COLUMN_HASH, out->hash, sizeof out->hash);
    db_reset(s);
    return err;
}

static enum err hash_keep(struct vault *vault, const struct leaving *line)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_PRUNED_ADD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, line->replica);
    db_bind_int64(vault->db, s, 2, line->n);
    db_bind_bytes(vault->db, s, 3, bytes_of(line->hash, sizeof line->hash));
    return db_step_done(vault->db, s);
}

static enum err line_erase(struct pruning *p, int64_t key, bool own,
                           const struct leaving *line)
{
    struct vault *vault = p->vault;
    enum err err = own ? hash_keep(vault, line) : ERR_OK;
    if (!err)
        err = vault_run_int(vault, SQL_PRUNE_LOG, line->id);
    if (!err)
        err = vault_run_ints(vault, SQL_PRUNE_LINE_END, key, line->id);
    /* A page of which no line is left proves nothing. */
    if (!err && line->page)
        err = vault_run_ints(vault, SQL_PAGE_PRUNE, line->page, line->id);
    p->out->lines++;
    p->out->bytes += line->bytes;
    return err;
}

/* *done: none is left of them. */
static enum err lines_erase(struct pruning *p, int64_t key, bool own,
                            int64_t most, bool *done)
{
    struct leaving line = {.id = 0};
    enum err err = ERR_OK;
    *done = false;
    for (int64_t i = 0; !err && i < most && !*done; i++) {
        err = line_next(p->vault, key, line.id, own, &line);
        *done = !line.id;
        if (!err && line.id)
            err = line_erase(p, key, own, &line);
    }
    return err;
}

/* --- cases ---------------------------------------------------------------- */

static enum err barred(struct vault *vault, int64_t key, bool *out)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_PRUNE_BARRED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, key);
    err = db_step_row(vault->db, s, out);
    db_reset(s);
    return err;
}

/* It is not asked about again: what bars it does not pass. */
static enum err case_stays(struct vault *vault, int64_t key)
{
    enum err err = vault_run_int(vault, SQL_PRUNE_LINES_END, key);
    return err ? err : vault_run_int(vault, SQL_PRUNE_END, key);
}

static enum err case_erase(struct pruning *p, int64_t key)
{
    bool done, stays = false;
    enum err err = barred(p->vault, key, &stays);
    if (err || stays)
        return err ? err : case_stays(p->vault, key);
    err = lines_erase(p, key, false, PRUNE_LINES_MAX, &done);
    if (err || !done)
        return err;
    err = lines_erase(p, key, true, INT64_MAX, &done);
    if (!err)
        err = vault_run_int(p->vault, SQL_PRUNE_WRAP, key);
    if (!err)
        err = vault_run_int(p->vault, SQL_PRUNE_END, key);
    p->out->cases++;
    return err;
}

static enum err case_next(struct vault *vault, int64_t *key)
{
    struct sqlite3_stmt *s;
    bool row;
    *key = 0;
    enum err err = vault_sql(vault, SQL_PRUNE_NEXT, &s);
    if (err)
        return err;
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        *key = db_column_int64(s, 0);
    db_reset(s);
    return err;
}

/* --- a step --------------------------------------------------------------- */

/* What has left is told from what follows by the next own line. */
static enum err await(struct vault *vault)
{
    struct identity_row self;
    int64_t head;
    arena_clear(&vault->arena);
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &self);
    if (!err)
        err = line_head(vault, self.log, &head);
    return err ? err
               : vault_run_ints(vault, SQL_PRUNE_AWAIT, self.log, head + 1);
}

static enum err step(struct pruning *p, bool *more)
{
    int64_t key = 0;
    enum err err = await(p->vault);
    if (!err)
        err = case_next(p->vault, &key);
    if (err || !key)
        return err;
    p->vault->changed = *more = true;
    return case_erase(p, key);
}

/* --- room ----------------------------------------------------------------- */

/* New work would take some of it; of much the file system gets the rest. */
static enum err room_much(struct vault *vault, int64_t *unused, bool *much)
{
    int64_t pages = 0;
    enum err err = db_query_int64(vault->db, "PRAGMA freelist_count", unused);
    if (!err)
        err = db_query_int64(vault->db, "PRAGMA page_count", &pages);
    *much = !err && *unused > PAGES_KEPT && *unused > pages / 8;
    return err;
}

/* A step: 1 MiB.  A file that was made without a map of its pages gives nothing
 * back. */
static enum err room_give_back(struct vault *vault, bool *more)
{
    int64_t before = 0, after = 0;
    bool much;
    enum err err = room_much(vault, &before, &much);
    if (err || !much)
        return err;
    err = vault_begin_relaxed(vault);
    if (err)
        return err;
    err =
        vault_end(vault, db_exec(vault->db, "PRAGMA incremental_vacuum(256)"));
    if (!err)
        err = room_much(vault, &after, &much);
    *more = !err && much && after < before;
    return err;
}

enum err prune_step(struct vault *vault, struct pruned *out, bool *more)
{
    struct pruned so_far = *out;
    struct pruning p = {.vault = vault, .out = &so_far};
    int64_t due = 0;
    *more = false;
    enum err err = vault_refresh(vault);
    if (!err)
        err = vault_query(vault, SQL_PRUNE_DUE, &due);
    if (err || !due)
        return err ? err : room_give_back(vault, more);
#ifdef MUTANT_PRUNE_ON_RECEIVED
    err = db_exec(vault->db, "DROP TRIGGER IF EXISTS log_delete");
    if (err)
        return err;
#endif
    /* What a power cut brings back is erased again. */
    err = vault_begin_relaxed(vault);
    if (!err)
        err = vault_end(vault, step(&p, more));
    if (!err)
        *out = so_far;
    return err;
}

enum err prune_waiting(struct vault *vault, int64_t *cases)
{
    return vault_query(vault, SQL_PRUNE_WAITING, cases);
}
