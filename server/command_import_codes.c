/* import codes PATH: code sets from their files, a record each. */
#include <stdio.h>
#include <stdlib.h>
#include "server/code_set.h"
#include "server/command.h"
#include "server/ingest.h"
#include "server/record.h"
#include "shared/model/coded.h"

#define FILES_BYTES_MAX (256u << 20)
#define SETS_MAX 1024
#define NAME_BYTES_MAX (64u * 1024)

struct outcome {
    struct code_set set;
    struct code_set_change change;
    bool created, written;
};

struct import {
    struct command *command;
    struct arena arena; /* owns the files and what was read of them */
    struct outcome list[SETS_MAX];
    size_t count;
};

static enum err take_file(void *context, const struct import_file *file,
                          char *detail)
{
    struct import *m = context;
    if (m->count == SETS_MAX) {
        (void)snprintf(detail, IMPORT_DETAIL_CHARS, "more than %d sets",
                       SETS_MAX);
        return ERR_TOO_BIG;
    }
    struct code_set *set = &m->list[m->count++].set;
    return code_set_read(set, &m->arena, file, detail);
}

/* --- what has changed ----------------------------------------------------- */

static void put_value(struct buffer *set, const char *field, struct bytes value)
{
    buffer_add_char(set, set->size ? ',' : '{');
    canon_put_name(set, field);
    buffer_add_bytes(set, value);
}

/* Appends the member when the record says otherwise. */
static enum err put_field(struct buffer *set, const struct record *record,
                          const char *field, struct bytes now)
{
    const struct canon *is = record->id[0] ? record_value(record, field) : NULL;
    struct bytes before = is ? is->raw : bytes_text("null");
    if (!bytes_equal(before, now) && (record->id[0] || !bytes_is(now, "null")))
        put_value(set, field, now);
    return buffer_err(set);
}

static enum err put_text_field(struct buffer *set, const struct record *record,
                               const char *field, struct bytes text)
{
    struct buffer quoted;
    buffer_init(&quoted, NAME_BYTES_MAX);
    if (text.size)
        canon_put_text(&quoted, text);
    else
        buffer_add_text(&quoted, "null");
    enum err err = buffer_err(&quoted);
    if (!err)
        err = put_field(set, record, field, buffer_bytes(&quoted));
    buffer_fini(&quoted);
    return err;
}

/* Members by name: codes, effective_from, effective_to, notes, set, source,
 * standing, title, version. */
static enum err put_changes(struct buffer *set, const struct record *record,
                            const struct code_set *now)
{
    static const enum code_set_key texts[] = {CODE_SET_SET, CODE_SET_SOURCE,
                                              CODE_SET_STANDING, CODE_SET_TITLE,
                                              CODE_SET_VERSION};
    enum err err = put_field(set, record, "codes", now->codes);
    if (!err)
        err = put_text_field(set, record, code_set_fields[CODE_SET_FROM],
                             now->head[CODE_SET_FROM]);
    if (!err)
        err = put_text_field(set, record, code_set_fields[CODE_SET_TO],
                             now->head[CODE_SET_TO]);
    if (!err)
        err = put_field(set, record, "notes", now->notes);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !err; i++)
        err = put_text_field(set, record, code_set_fields[texts[i]],
                             now->head[texts[i]]);
    if (!err && set->size)
        buffer_add_char(set, '}');
    return err ? err : buffer_err(set);
}

/* --- writing -------------------------------------------------------------- */

static enum err write_set(struct import *m, struct outcome *outcome,
                          const char *id, const struct record *record,
                          struct bytes changes)
{
    struct command *c = m->command;
    struct seen seen;
    struct dot dot;
    seen_init(&seen);
    enum err err =
        outcome->created ? ERR_OK : fold_context(record->memo, &seen);
    struct revision_draft draft = {
        .record = id,
        .type = outcome->created ? "code_set" : NULL,
        .seen = &seen,
        .set = changes,
    };
    if (!err)
        err = ingest_office(c->office, &c->sql, c->author, &draft, &dot);
    seen_fini(&seen);
    outcome->written = !err;
    return err;
}

static enum err compare(struct outcome *outcome, const struct record *record)
{
    const struct canon *codes =
        outcome->created ? NULL : record_value(record, "codes");
    return code_set_compare(&outcome->change,
                            codes ? codes->raw : bytes_text("[]"),
                            outcome->set.codes);
}

static enum err import_set(struct import *m, struct outcome *outcome)
{
    struct command *c = m->command;
    struct record record = {0};
    struct buffer changes;
    char id[ID_CHARS + 1];
    enum err err = code_set_id(id, outcome->set.head[CODE_SET_SET],
                               outcome->set.head[CODE_SET_VERSION]);
    buffer_init(&changes, ORIGINAL_BYTES_MAX);
    if (!err)
        err = record_load(&record, c->office, &c->sql, id);
    outcome->created = err == ERR_NOT_FOUND;
    if (outcome->created)
        err = ERR_OK;
    if (!err)
        err = compare(outcome, &record);
    if (!err)
        err = put_changes(&changes, &record, &outcome->set);
    if (!err && changes.size)
        err = write_set(m, outcome, id, &record, buffer_bytes(&changes));
    buffer_fini(&changes);
    record_fini(&record);
    return err;
}

static int import_all(struct import *m)
{
    struct command *c = m->command;
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    for (size_t i = 0; i < m->count && code == EXIT_DONE; i++) {
        enum err err = import_set(m, &m->list[i]);
        if (err)
            code = command_fail_office(c, err);
    }
    return command_end(c, code);
}

/* --- saying so ------------------------------------------------------------ */

static void print_changes(const struct code_set_change *change)
{
    const char *sep = ": ";
    const struct {
        size_t count;
        const char *what;
    } parts[] = {{change->added, "added"},
                 {change->changed, "changed"},
                 {change->gone, "gone"}};
    for (size_t i = 0; i < 3; i++)
        if (parts[i].count) {
            printf("%s%zu %s", sep, parts[i].count, parts[i].what);
            sep = ", ";
        }
}

static void print_outcome(const struct outcome *o)
{
    const struct bytes *head = o->set.head;
    printf("%.*s %.*s, %zu codes (%.*s): %s", (int)head[CODE_SET_SET].size,
           (const char *)head[CODE_SET_SET].at,
           (int)head[CODE_SET_VERSION].size,
           (const char *)head[CODE_SET_VERSION].at, o->set.count,
           (int)head[CODE_SET_STANDING].size,
           (const char *)head[CODE_SET_STANDING].at,
           o->created   ? "new"
           : o->written ? "changed"
                        : "is here");
    if (o->written && !o->created)
        print_changes(&o->change);
    putchar('\n');
}

static void say_gone(const struct outcome *o)
{
    const struct bytes *head = o->set.head;
    bool one = o->change.gone == 1;
    (void)fprintf(stderr,
                  "%.*s %.*s: %zu code%s in it no longer (%s%s); records that "
                  "name %s keep %s\n",
                  (int)head[CODE_SET_SET].size,
                  (const char *)head[CODE_SET_SET].at,
                  (int)head[CODE_SET_VERSION].size,
                  (const char *)head[CODE_SET_VERSION].at, o->change.gone,
                  one ? " is" : "s are", o->change.first_gone,
                  one ? "" : ", ...", one ? "it" : "them", one ? "it" : "them");
}

static void put_outcome(struct buffer *json, const struct outcome *o)
{
    const struct bytes *head = o->set.head;
    buffer_printf(json,
                  "{\"added\":%zu,\"changed\":%zu,\"codes\":%zu,\"gone\":"
                  "%zu,\"set\":",
                  o->change.added, o->change.changed, o->set.count,
                  o->change.gone);
    canon_put_text(json, head[CODE_SET_SET]);
    buffer_add_text(json, ",\"standing\":");
    canon_put_text(json, head[CODE_SET_STANDING]);
    buffer_add_text(json, ",\"version\":");
    canon_put_text(json, head[CODE_SET_VERSION]);
    buffer_printf(json, ",\"written\":%s}", o->written ? "true" : "false");
}

static int report(const struct import *m)
{
    struct buffer json;
    for (size_t i = 0; i < m->count; i++)
        if (m->list[i].change.gone)
            say_gone(&m->list[i]);
    if (!m->command->json) {
        for (size_t i = 0; i < m->count; i++)
            print_outcome(&m->list[i]);
        return EXIT_DONE;
    }
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    for (size_t i = 0; i < m->count; i++) {
        buffer_add_char(&json, i ? ',' : '[');
        put_outcome(&json, &m->list[i]);
    }
    buffer_add_char(&json, ']');
    return command_print(m->command, &json);
}

static int run(struct import *m)
{
    struct command *c = m->command;
    char detail[IMPORT_DETAIL_CHARS] = "";
    enum err err =
        import_files_each(c->operands[0], ".csv", CODE_SET_FILE_BYTES_MAX,
                          &m->arena, take_file, m, detail);
    if (err)
        return command_fail(c, err, "%s", detail[0] ? detail : err_text(err));
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = import_all(m);
    return code == EXIT_DONE ? report(m) : code;
}

int command_import_codes(struct command *c)
{
    if (c->operand_count != 1)
        return command_misuse(c, "import codes PATH: give one file or folder");
    struct import *m = calloc(1, sizeof *m);
    if (!m)
        return command_fail(c, ERR_NOMEM, "memory is exhausted");
    m->command = c;
    arena_init(&m->arena, FILES_BYTES_MAX);
    int code = run(m);
    arena_fini(&m->arena);
    free(m);
    return code;
}
