#include "shared/replica/state.h"

#include <stdlib.h>
#include <string.h>

#include "shared/replica/line.h"

#define LINES_BYTES_MAX (1u << 30) /* all lines of one record */

void state_lines_init(struct state_lines *lines)
{
    memset(lines, 0, sizeof *lines);
    arena_init(&lines->arena, LINES_BYTES_MAX);
}

void state_lines_fini(struct state_lines *lines)
{
    free(lines->lines);
    arena_fini(&lines->arena);
    state_lines_init(lines);
}

static enum err line_room(struct state_lines *lines)
{
    if (lines->count < lines->room)
        return ERR_OK;
    size_t room = lines->room ? lines->room * 2 : 16;
    struct state_line *grown =
        realloc(lines->lines, room * sizeof *lines->lines);
    if (!grown)
        return ERR_NOMEM;
    lines->lines = grown;
    lines->room = room;
    return ERR_OK;
}

static enum err line_take(struct vault *vault, struct sqlite3_stmt *s,
                          struct state_lines *out)
{
    struct buffer text;
    enum err err = line_room(out);
    if (err)
        return err;
    struct state_line *line = &out->lines[out->count];
    *line = (struct state_line){.log = db_column_int64(s, 0),
                                .n = db_column_int64(s, 2),
                                .replica = db_column_int64(s, 5)};
    struct bytes name = db_column_bytes(s, 1);
    if (name.size != REPLICA_CHARS)
        return ERR_CORRUPT;
    memcpy(line->name, name.at, REPLICA_CHARS);
    buffer_init(&text, LINE_BYTES_MAX);
    err = line_open(vault, db_column_int64(s, 3), line->name, line->n,
                    db_column_bytes(s, 4), &text);
    char *copy = err ? NULL : arena_copy(&out->arena, buffer_bytes(&text));
    line->line = bytes_of(copy, text.size);
    buffer_fini(&text);
    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* under an older key of a case that came back */
    if (err || !copy)
        return err ? err : ERR_NOMEM;
    err = revision_parse(&out->arena, line->line, &line->revision, NULL);
    if (err) /* stored and relayed all the same, but nothing folds it */
        line->revision = NULL;
    if (err == ERR_NOMEM)
        return err;
    out->count++;
    return ERR_OK;
}

enum err state_lines_load(struct vault *vault, int64_t record,
                          struct state_lines *out)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_LOG_OF_RECORD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, record);
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            err = line_take(vault, s, out);
    }
    db_reset(s);
    return err;
}
