#include <inttypes.h>
#include <string.h>
#include "server/verify_inner.h"

static const char records[] =
    "SELECT DISTINCT record FROM line WHERE agency = $1 "
    "AND record IS NOT NULL AND length(line) > 0 ORDER BY record";
static const char gone_forget[] =
    "DELETE FROM record WHERE agency = $1 AND NOT EXISTS (SELECT 1 FROM line l "
    "WHERE l.agency = record.agency AND l.record = record.record "
    "AND length(l.line) > 0)";
static const char record_rows[] =
    "SELECT count(*) FROM record WHERE agency = $1";
static const char office_lines[] =
    "SELECT line FROM line WHERE agency = $1 AND replica >= 'o' "
    "AND replica < 'p' ORDER BY arrival";
static const char open_conflicts[] =
    "SELECT count(*) FROM conflict WHERE agency = $1 AND record = $2";
static const char held_rows[] = "SELECT count(*) FROM held WHERE agency = $1";
static const char held_forget[] = "DELETE FROM held WHERE agency = $1";
static const char waiting_forget[] = "DELETE FROM waiting WHERE agency = $1";
static const char site_forget[] = "DELETE FROM site_link WHERE agency = $1";

/* --- states --------------------------------------------------------------- */

static enum err conflicts_check(struct verify *v, const char *record,
                                int64_t open_count)
{
    int64_t listed = 0;
    enum err err = sql_find_int(
        v->batch.sql, open_conflicts,
        SQL_VALUES(sql_text(v->batch.agency), sql_text(record)), &listed);
    if (!err && listed != open_count)
        verify_say(v, "record %s: %" PRId64 " open fields listed of %" PRId64,
                   record, listed, open_count);
    return err;
}

static enum err record_verify(struct verify *v, const char *record)
{
    struct batch *b = &v->batch;
    struct record_row row;
    char kase[ID_CHARS + 1] = "";
    bool has_case;
    size_t open_count = 0;
    buffer_clear(&b->record_bytes);
    enum err err = store_record_find(b->sql, b->agency, bytes_text(record),
                                     &row, &b->record_bytes);
    if (err == ERR_NOT_FOUND) {
        verify_say(v, "record %s: not folded", record);
        return ERR_OK;
    }
    if (!err)
        err = ingest_refold(b, record, kase, &has_case);
    if (err)
        return err;
    if (!bytes_equal(row.state, buffer_bytes(&b->fold.state)))
        verify_say(v, "record %s: the state is not the fold of its lines",
                   record);
    if (has_case && strcmp(kase, row.kase) != 0)
        verify_say(v, "record %s: stands in another case", record);
    err = fold_open_count(buffer_bytes(&b->fold.state), &open_count);
    return err ? err : conflicts_check(v, record, (int64_t)open_count);
}

/* --- holds ---------------------------------------------------------------- */

struct statement_pass {
    struct verify *v; /* NULL: write what is found */
    struct batch *batch;
    struct map *held; /* verify: dots that are held */
};

static enum err hold_check(struct statement_pass *pass,
                           const struct revision *revision)
{
    const struct canon *hold = revision->hold ? revision->hold->first : NULL;
    enum err err = ERR_OK;
    for (; !err && hold; hold = hold->next) {
        struct dot dot;
        struct held_row row;
        if (!dot_parse(&dot, hold->name))
            continue;
        err = map_put(pass->held, hold->name, pass);
        if (!err)
            err = store_held_find(pass->batch->sql, pass->batch->agency, &dot,
                                  &row);
        if (err == ERR_NOT_FOUND) {
            verify_say(pass->v, "line %.*s: its hold is not listed",
                       (int)hold->name.size, (const char *)hold->name.at);
            err = ERR_OK;
        }
    }
    return err;
}

static enum err release_check(struct statement_pass *pass,
                              const struct revision *revision)
{
    struct dot dot;
    struct held_row row;
    if (!revision->release.size || !dot_parse(&dot, revision->release))
        return ERR_OK;
    enum err err =
        store_held_find(pass->batch->sql, pass->batch->agency, &dot, &row);
    if (err == ERR_NOT_FOUND || (!err && !row.released[0])) {
        verify_say(pass->v, "line %.*s: its release is not listed",
                   (int)revision->release.size,
                   (const char *)revision->release.at);
        err = ERR_OK;
    }
    return err;
}

static enum err statement_row(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct statement_pass *pass = context;
    const struct revision *revision;
    struct arena arena;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = revision_parse(&arena, row[0].bytes, &revision, NULL);
    if (!err && !pass->v)
        err = hold_note(pass->batch, revision);
    if (!err && pass->v)
        err = hold_check(pass, revision);
    if (!err && pass->v)
        err = release_check(pass, revision);
    arena_fini(&arena);
    return err == ERR_INVALID || err == ERR_TOO_BIG ? ERR_OK : err;
}

static enum err holds_verify(struct verify *v)
{
    struct batch *b = &v->batch;
    struct statement_pass pass = {.v = v, .batch = b};
    int64_t listed = 0;
    enum err err = map_new(&pass.held);
    if (!err)
        err =
            sql_each_row(b->sql, office_lines, SQL_VALUES(sql_text(b->agency)),
                         statement_row, &pass);
    if (!err)
        err = sql_find_int(b->sql, held_rows, SQL_VALUES(sql_text(b->agency)),
                           &listed);
    if (!err && listed != (int64_t)map_count(pass.held))
        verify_say(v, "%" PRId64 " holds listed of %zu", listed,
                   map_count(pass.held));
    map_free(pass.held);
    return err;
}

enum err verify_records(struct verify *v)
{
    struct batch *b = &v->batch;
    struct names names;
    int64_t rows = 0;
    enum err err = names_load(&names, b->sql, records, b->agency);
    if (err)
        return err;
    err = sql_find_int(b->sql, record_rows, SQL_VALUES(sql_text(b->agency)),
                       &rows);
    if (!err && rows > (int64_t)names.count)
        verify_say(v, "%" PRId64 " records have no line",
                   rows - (int64_t)names.count);
    for (size_t i = 0; !err && i < names.count; i++)
        err = record_verify(v, names.at[i]);
    names_fini(&names);
    return err ? err : holds_verify(v);
}

/* --- making anew ---------------------------------------------------------- */

struct waiting_pass {
    struct batch *batch;
    struct held_row *rows; /* in the batch's arena */
    size_t count, room;
};

static enum err waiting_row(void *context, const struct held_row *row)
{
    struct waiting_pass *pass = context;
    if (strcmp(row->reason, "waiting") != 0)
        return ERR_OK;
    if (pass->count == pass->room) {
        size_t room = pass->room ? pass->room * 2 : 16;
        struct held_row *grown =
            arena_take(&pass->batch->arena, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        if (pass->count)
            memcpy(grown, pass->rows, pass->count * sizeof *grown);
        pass->rows = grown;
        pass->room = room;
    }
    pass->rows[pass->count++] = *row;
    return ERR_OK;
}

static enum err waiting_rebuild_one(struct batch *b, const struct dot *dot)
{
    struct incoming in = {.n = dot->n};
    struct buffer line;
    struct arena arena;
    buffer_init(&line, LINE_BYTES_MAX);
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err =
        store_line_load(b->sql, b->agency, dot->replica, dot->n, &line, NULL);
    if (!err)
        err = revision_parse(&arena, buffer_bytes(&line), &in.revision, NULL);
    if (!err)
        err = hold_wait(b, &in);
    arena_fini(&arena);
    buffer_fini(&line);
    return err == ERR_NOT_FOUND || err == ERR_INVALID ? ERR_OK : err;
}

static enum err holds_rebuild(struct batch *b)
{
    struct statement_pass pass = {.batch = b};
    struct waiting_pass waiting = {.batch = b};
    struct sql_value agency = sql_text(b->agency);
    enum err err = sql_run(b->sql, held_forget, &agency, 1);
    if (!err)
        err = sql_run(b->sql, waiting_forget, &agency, 1);
    if (!err)
        err = sql_each_row(b->sql, office_lines, &agency, 1, statement_row,
                           &pass);
    if (!err)
        err = store_held_open(b->sql, b->agency, waiting_row, &waiting);
    for (size_t i = 0; !err && i < waiting.count; i++)
        err = waiting_rebuild_one(b, &waiting.rows[i].dot);
    return err;
}

static enum err all_rebuild(struct batch *b)
{
    struct names names;
    enum err err =
        sql_run(b->sql, gone_forget, SQL_VALUES(sql_text(b->agency)));
    if (!err)
        err = names_load(&names, b->sql, records, b->agency);
    if (err)
        return err;
    for (size_t i = 0; !err && i < names.count; i++)
        err = ingest_again(b, names.at[i]);
    names_fini(&names);
    if (!err)
        err = holds_rebuild(b);
    if (!err)
        err = sql_run(b->sql, site_forget, SQL_VALUES(sql_text(b->agency)));
    if (!err)
        err = ingest_blobs_again(b);
    return err ? err : ingest_site_links(b);
}

static enum err rebuild(struct office *office, struct sql *sql)
{
    struct batch b;
    enum err err = sql_begin(sql, true);
    if (err)
        return err;
    err = batch_open(&b, office, sql);
    if (!err) {
        err = all_rebuild(&b);
        if (!err)
            err = batch_flush(&b);
        batch_fini(&b);
    }
    if (err) {
        sql_rollback(sql);
        return err;
    }
    err = sql_commit(sql);
    return err ? err : office_schema_refresh(office, sql);
}

/* Where record types were made anew themselves (a store that came from a
 * journal has none), what was folded before they were known is folded again. */
enum err office_rebuild(struct office *office, struct sql *sql)
{
    const struct schema *known = office->schema; /* lives on, retired */
    enum err err = rebuild(office, sql);
    return err || schema_same(known, office->schema) ? err
                                                     : rebuild(office, sql);
}
