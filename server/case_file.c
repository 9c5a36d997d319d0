#include "server/case_file.h"

#include <stdlib.h>
#include <string.h>
#include "shared/model/fold.h"
#include "shared/model/view.h"

#define CASE_BYTES_MAX ((size_t)2 << 30)

static const char lines_by_then[] =
    "SELECT l.arrival, l.received_at, l.hash, l.line, "
    "coalesce(l.record, ''), coalesce(h.reason, '') "
    "FROM placed p JOIN line l ON l.arrival = p.arrival "
    "LEFT JOIN held h ON h.agency = l.agency AND h.replica = l.replica "
    "AND h.n = l.n AND h.released IS NULL AND h.since <= $3 "
    "WHERE p.agency = $1 AND p.case_id = $2 AND l.received_at <= $3 "
    "ORDER BY p.case_seq";

struct loading {
    struct case_file *file;
    char (*records)[ID_CHARS + 1]; /* of each line; in the arena */
    size_t room;
};

static enum err grow(struct arena *arena, void **list, size_t count,
                     size_t *room, size_t size)
{
    if (count < *room)
        return ERR_OK;
    size_t wanted = *room ? *room * 2 : 64;
    void *grown = arena_take(arena, wanted * size);
    if (!grown)
        return ERR_NOMEM;
    if (count)
        memcpy(grown, *list, count * size);
    *list = grown;
    *room = wanted;
    return ERR_OK;
}

/* --- lines ---------------------------------------------------------------- */

static enum err keep_text(struct arena *arena, struct bytes text,
                          struct bytes *out)
{
    const char *copy = arena_copy(arena, text);
    *out = bytes_of(copy, copy ? text.size : 0);
    return copy ? ERR_OK : ERR_NOMEM;
}

static enum err parse_line(struct arena *arena, struct case_line *line)
{
    enum err err = revision_parse(arena, line->line, &line->revision, NULL);
    if (err == ERR_INVALID || err == ERR_TOO_BIG) {
        line->revision = NULL; /* in custody, and held for it */
        err = ERR_OK;
    }
    return err;
}

static enum err take_line(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct loading *l = context;
    struct case_file *file = l->file;
    (void)columns;
    enum err err = grow(&file->arena, (void **)&file->lines, file->line_count,
                        &file->line_room, sizeof *file->lines);
    if (!err)
        err = grow(&file->arena, (void **)&l->records, file->line_count,
                   &l->room, sizeof *l->records);
    if (err)
        return err;
    struct case_line *line = &file->lines[file->line_count];
    *line = (struct case_line){.arrival = row[0].integer,
                               .received_at = row[1].integer};
    if (row[2].bytes.size == HASH_BYTES)
        memcpy(line->hash, row[2].bytes.at, HASH_BYTES);
    sql_copy_text(l->records[file->line_count++], ID_CHARS + 1, &row[4]);
    if (row[5].bytes.size &&
        !(line->held = arena_copy(&file->arena, row[5].bytes)))
        return ERR_NOMEM;
    if (!row[3].bytes.size)
        return ERR_OK;
    err = keep_text(&file->arena, row[3].bytes, &line->line);
    return err ? err : parse_line(&file->arena, line);
}

/* --- records -------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    const struct case_record *one = a, *other = b;
    return memcmp(one->id, other->id, ID_CHARS);
}

static enum err list_records(struct loading *l)
{
    struct case_file *file = l->file;
    for (size_t i = 0; i < file->line_count; i++) {
        if (!file->lines[i].revision || !l->records[i][0])
            continue; /* nothing is left of it to fold */
        enum err err =
            grow(&file->arena, (void **)&file->records, file->record_count,
                 &file->record_room, sizeof *file->records);
        if (err)
            return err;
        struct case_record *record = &file->records[file->record_count++];
        *record = (struct case_record){.type = bytes_of(NULL, 0)};
        memcpy(record->id, l->records[i], sizeof record->id);
    }
    if (!file->record_count)
        return ERR_OK;
    qsort(file->records, file->record_count, sizeof *file->records,
          compare_ids);
    size_t kept = 1;
    for (size_t i = 1; i < file->record_count; i++)
        if (compare_ids(&file->records[i], &file->records[kept - 1]) != 0)
            file->records[kept++] = file->records[i];
    file->record_count = kept;
    return ERR_OK;
}

const struct case_record *case_file_record(const struct case_file *file,
                                           struct bytes id)
{
    struct case_record key;
    if (id.size != ID_CHARS || !file->record_count)
        return NULL;
    memcpy(key.id, id.at, ID_CHARS);
    return bsearch(&key, file->records, file->record_count,
                   sizeof *file->records, compare_ids);
}

static void join_lines(struct loading *l)
{
    struct case_file *file = l->file;
    for (size_t i = 0; i < file->line_count; i++)
        file->lines[i].record =
            case_file_record(file, bytes_text(l->records[i]));
}

static void name_record(struct case_record *record)
{
    const struct canon *fields = canon_member(record->root, "fields");
    (void)canon_text(record->root, "type", &record->type);
    for (size_t i = 0; fields && !record->name.size && view_name_fields[i];
         i++) {
        const struct canon *field = canon_member(fields, view_name_fields[i]);
        if (field)
            (void)canon_text(field, "value", &record->name);
    }
}

static enum err fold_record(struct case_file *file, const struct office *office,
                            struct case_record *record,
                            const struct revision **revisions)
{
    struct fold fold;
    size_t count = 0;
    for (size_t i = 0; i < file->line_count; i++)
        if (file->lines[i].record == record && file->lines[i].revision)
            revisions[count++] = file->lines[i].revision;
    fold_init(&fold);
    enum err err = fold_all(office->schema, revisions, count, &fold);
    if (!err)
        err =
            keep_text(&file->arena, buffer_bytes(&fold.state), &record->state);
    if (!err)
        err = canon_parse(&file->arena, record->state, &record->root, NULL);
    if (!err)
        name_record(record);
    fold_fini(&fold);
    return err;
}

static enum err load(struct loading *l, struct office *office, struct sql *sql,
                     const char *kase, int64_t until)
{
    struct case_file *file = l->file;
    enum err err = sql_each_row(
        sql, lines_by_then,
        SQL_VALUES(sql_text(office->agency), sql_text(kase), sql_int(until)),
        take_line, l);
    if (!err)
        err = list_records(l);
    if (err || !file->record_count)
        return err;
    join_lines(l);
    const struct revision **revisions =
        arena_take(&file->arena, file->line_count * sizeof *revisions);
    if (!revisions)
        return ERR_NOMEM;
    for (size_t i = 0; i < file->record_count && !err; i++)
        err = fold_record(file, office, &file->records[i], revisions);
    return err;
}

enum err case_file_load(struct case_file *out, struct office *office,
                        struct sql *sql, const char *kase, int64_t until)
{
    struct loading l = {.file = out};
    *out = (struct case_file){.record_count = 0};
    arena_init(&out->arena, CASE_BYTES_MAX);
    enum err err = load(&l, office, sql, kase, until);
    if (err)
        case_file_fini(out);
    return err;
}

void case_file_fini(struct case_file *file)
{
    arena_fini(&file->arena);
    *file = (struct case_file){.record_count = 0};
}
