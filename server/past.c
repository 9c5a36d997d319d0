#include "server/past.h"

#include "server/views.h"
#include "shared/model/fold.h"
#include "shared/model/revision.h"

#define CHANGED_BYTES_MAX ((size_t)1 << 30)
#define RECORD_BYTES_MAX ((size_t)1 << 28)
#define TEXT_BYTES_MAX (64u * 1024)

static const char writable[] = "PRAGMA query_only = OFF";
static const char read_only[] = "PRAGMA query_only = ON";

/* A hold ended when the line that released it came. */
#define HELD_THEN                                                              \
    "EXISTS (SELECT 1 FROM main.held h WHERE h.agency = l.agency "             \
    "AND h.replica = l.replica AND h.n = l.n AND h.since <= $2 "               \
    "AND (h.released IS NULL OR EXISTS (SELECT 1 FROM main.line f "            \
    "WHERE f.agency = h.agency AND f.replica = substr(h.released, 1, 13) "     \
    "AND f.n = CAST(substr(h.released, 15) AS INTEGER) "                       \
    "AND f.received_at > $2)))"

static const char changed_make[] =
    "CREATE TEMP TABLE past_changed (record TEXT PRIMARY KEY) STRICT, "
    "WITHOUT ROWID";
static const char changed_fill[] =
    "INSERT OR IGNORE INTO past_changed SELECT record FROM main.line "
    "WHERE agency = $1 AND received_at > $2 AND record IS NOT NULL "
    "UNION SELECT l.record FROM main.held h JOIN main.line l "
    "ON l.agency = h.agency AND l.replica = h.replica AND l.n = h.n "
    "WHERE h.agency = $1 AND l.record IS NOT NULL "
    "AND (h.since > $2 OR h.released IS NOT NULL)";
static const char changed_list[] = "SELECT record FROM past_changed";
static const char record_make[] =
    "CREATE TEMP TABLE past_record (agency TEXT, record TEXT PRIMARY KEY, "
    "type TEXT, case_id TEXT, state TEXT, memo BLOB, open_count INTEGER) "
    "STRICT";
static const char record_put[] =
    "INSERT INTO past_record VALUES ($1, $2, json_extract($3, '$.type'), "
    "CASE WHEN json_extract($3, '$.type') IS NOT NULL "
    "THEN coalesce(json_extract($3, '$.case'), '') END, $3, $4, $5)";
static const char lines_then[] =
    "SELECT line FROM main.line l WHERE agency = $1 AND received_at <= $2 "
    "AND record = $3 AND length(line) > 0 AND NOT " HELD_THEN
    " ORDER BY replica, n";

static const char record_view[] =
    "CREATE TEMP VIEW record AS SELECT agency, record, type, case_id, state, "
    "memo, open_count FROM main.record WHERE record NOT IN (SELECT record "
    "FROM temp.past_changed) UNION ALL SELECT agency, record, type, case_id, "
    "state, memo, open_count FROM temp.past_record";

/* `%` is the moment: a view has no parameters. */
static const char conflict_view[] =
    "CREATE TEMP VIEW conflict AS SELECT agency, record, field, since "
    "FROM main.conflict WHERE record NOT IN (SELECT record FROM "
    "temp.past_changed) UNION ALL SELECT p.agency, p.record, f.key, "
    "min(%, coalesce((SELECT c.since FROM main.conflict c "
    "WHERE c.agency = p.agency AND c.record = p.record AND c.field = f.key), "
    "%)) FROM temp.past_record p, json_each(p.state, '$.fields') f "
    "WHERE json_extract(f.value, '$.open') = 1";
static const char account_view[] =
    "CREATE TEMP VIEW account AS SELECT agency, account, role, os_user, "
    "password, made_at, CASE WHEN disabled_at <= % THEN disabled_at END "
    "AS disabled_at FROM main.account WHERE made_at <= %";

struct past {
    struct office *office;
    struct sql *sql;
    int64_t until;
    struct arena *texts;
    struct arena names;  /* owned: ids of what changed */
    struct arena record; /* owned: of one record, reused */
    struct name *first;
    const struct revision **revisions; /* in `record` */
    size_t count, room;
};

struct name {
    struct name *next;
    struct bytes id;
};

static enum err take_name(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct past *p = context;
    struct name *name = arena_take(&p->names, sizeof *name);
    const char *id = arena_copy(&p->names, row[0].bytes);
    (void)columns;
    if (!name || !id)
        return ERR_NOMEM;
    *name = (struct name){p->first, bytes_of(id, row[0].bytes.size)};
    p->first = name;
    return ERR_OK;
}

static enum err grow(struct past *p)
{
    size_t room = p->room ? p->room * 2 : 64;
    const struct revision **grown =
        arena_take(&p->record, room * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    for (size_t i = 0; i < p->count; i++)
        grown[i] = p->revisions[i];
    p->revisions = grown;
    p->room = room;
    return ERR_OK;
}

/* What is in custody and cannot be read is held for it. */
static enum err take_line(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct past *p = context;
    (void)columns;
    enum err err = p->count == p->room ? grow(p) : ERR_OK;
    const char *text = err ? NULL : arena_copy(&p->record, row[0].bytes);
    if (err || !text)
        return err ? err : ERR_NOMEM;
    err = revision_parse(&p->record, bytes_of(text, row[0].bytes.size),
                         &p->revisions[p->count], NULL);
    if (err == ERR_INVALID || err == ERR_TOO_BIG)
        return ERR_OK;
    p->count += !err;
    return err;
}

static enum err record_fold(struct past *p, struct bytes id)
{
    const char *agency = p->office->agency;
    size_t open = 0;
    arena_clear(&p->record);
    p->count = p->room = 0;
    enum err err = sql_each_row(
        p->sql, lines_then,
        SQL_VALUES(sql_text(agency), sql_int(p->until), sql_text_bytes(id)),
        take_line, p);
    if (err || p->count == 0)
        return err; /* it was not there yet */
    struct fold fold;
    fold_init(&fold);
    err = fold_all(p->office->schema, p->revisions, p->count, &fold);
    if (!err)
        err = fold_open_count(buffer_bytes(&fold.state), &open);
    if (!err)
        err = sql_run(p->sql, record_put,
                      SQL_VALUES(sql_text(agency), sql_text_bytes(id),
                                 sql_text_bytes(buffer_bytes(&fold.state)),
                                 sql_blob(buffer_bytes(&fold.memo)),
                                 sql_int((int64_t)open)));
    fold_fini(&fold);
    return err;
}

static enum err records_fold(struct past *p)
{
    enum err err = sql_run(p->sql, changed_make, NULL, 0);
    if (!err)
        err = sql_run(p->sql, record_make, NULL, 0);
    if (!err)
        err =
            sql_run(p->sql, changed_fill,
                    SQL_VALUES(sql_text(p->office->agency), sql_int(p->until)));
    if (!err)
        err = sql_each_row(p->sql, changed_list, NULL, 0, take_name, p);
    for (const struct name *at = p->first; at && !err; at = at->next)
        err = record_fold(p, at->id);
    return err;
}

static enum err view_make(struct past *p, const char *format)
{
    struct buffer text;
    buffer_init(&text, TEXT_BYTES_MAX);
    for (const char *at = format; *at; at++)
        if (*at == '%')
            buffer_add_int(&text, p->until);
        else
            buffer_add_char(&text, *at);
    enum err err = buffer_err(&text);
    const char *copy = err ? NULL : arena_copy(p->texts, buffer_bytes(&text));
    buffer_fini(&text);
    if (err || !copy)
        return err ? err : ERR_NOMEM;
    return sql_run(p->sql, copy, NULL, 0);
}

static enum err load(struct past *p)
{
    enum err err = sql_run(p->sql, writable, NULL, 0);
    if (!err)
        err = records_fold(p);
    if (!err)
        err = sql_run(p->sql, record_view, NULL, 0);
    if (!err)
        err = view_make(p, conflict_view);
    if (!err)
        err = view_make(p, account_view);
    if (!err)
        err = views_temporary(p->office, p->sql, p->texts);
    return err ? err : sql_run(p->sql, read_only, NULL, 0);
}

enum err past_load(struct office *office, struct sql *sql, int64_t until,
                   struct arena *texts)
{
    struct past p = {
        .office = office, .sql = sql, .until = until, .texts = texts};
    arena_init(&p.names, CHANGED_BYTES_MAX);
    arena_init(&p.record, RECORD_BYTES_MAX);
    enum err err = load(&p);
    arena_fini(&p.record);
    arena_fini(&p.names);
    return err;
}
