#include <stdio.h>
#include "server/command.h"
#include "server/import_files.h"
#include "server/ingest.h"
#include "server/record.h"
#include "server/verify.h"
#include "server/views.h"

#define DEFINITION_BYTES_MAX (256u * 1024)
#define DEFINITIONS_BYTES_MAX (64u * 1024 * 1024)

static const char schema_records[] =
    "SELECT record FROM record WHERE agency = $1 AND type = 'schema'";

static const char records_of_type[] =
    "SELECT count(*) FROM record WHERE agency = $1 AND type = $2";

struct import {
    struct command *command;
    struct schema *schema; /* what the files say */
    struct buffer json;    /* of the report */
    size_t written, unchanged;
    int64_t older; /* records that were folded by another definition */
};

/* --- reading and checking ------------------------------------------------- */

static enum err take_definition(void *context, const struct import_file *file,
                                char *detail)
{
    struct import *m = context;
    char what[SCHEMA_DETAIL_CHARS];
    enum err err = schema_add(m->schema, file->text, what);
    if (err)
        (void)snprintf(detail, IMPORT_DETAIL_CHARS, "%.200s: %.300s",
                       file->name, what[0] ? what : err_text(err));
    return err;
}

static int read_path(struct import *m, const char *path)
{
    char detail[IMPORT_DETAIL_CHARS] = "";
    struct arena arena;
    arena_init(&arena, DEFINITIONS_BYTES_MAX);
    enum err err = import_files_each(path, ".json", DEFINITION_BYTES_MAX,
                                     &arena, take_definition, m, detail);
    arena_fini(&arena);
    return err ? command_fail(m->command, err, "%s", detail) : EXIT_DONE;
}

/* --- writing -------------------------------------------------------------- */

struct search {
    struct import *import;
    struct bytes name;
    struct record record; /* found when its id is not "" */
};

static enum err look_at(void *context, const struct sql_value *row,
                        size_t columns)
{
    struct search *search = context;
    struct command *c = search->import->command;
    char id[ID_CHARS + 1];
    (void)columns;
    if (search->record.id[0])
        return ERR_OK;
    sql_copy_text(id, sizeof id, &row[0]);
    enum err err = record_load(&search->record, c->office, &c->sql, id);
    if (!err &&
        !bytes_equal(record_text(&search->record, "name"), search->name))
        record_fini(&search->record);
    return err;
}

static enum err put_definition(struct buffer *set,
                               const struct schema_type *type, bool creates)
{
    buffer_add_text(set, "{\"definition\":");
    canon_put_text(set, type_definition(type));
    if (creates) {
        buffer_add_text(set, ",\"name\":");
        canon_put_text(set, type_name(type));
    }
    buffer_printf(set, ",\"version\":%lld}", (long long)type_version(type));
    return buffer_err(set);
}

static enum err write_type(struct import *m, const struct schema_type *type)
{
    struct command *c = m->command;
    struct search search = {.import = m, .name = type_name(type)};
    struct buffer set;
    struct seen seen;
    struct dot dot;
    char id[ID_CHARS + 1];
    enum err err =
        sql_each_row(&c->sql, schema_records,
                     SQL_VALUES(sql_text(c->office->agency)), look_at, &search);
    bool creates = !search.record.id[0];
    seen_init(&seen);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    if (!err && !creates)
        err = fold_context(search.record.memo, &seen);
    if (!err)
        err = put_definition(&set, type, creates);
    if (!err) {
        id_derive(id, "schema", type_name(type));
        struct revision_draft draft = {
            .record = creates ? id : search.record.id,
            .type = creates ? "schema" : NULL,
            .seen = &seen,
            .set = buffer_bytes(&set),
        };
        err = ingest_office(c->office, &c->sql, c->author, &draft, &dot);
    }
    record_fini(&search.record);
    buffer_fini(&set);
    seen_fini(&seen);
    return err;
}

static void report_type(struct import *m, const struct schema_type *type,
                        bool written)
{
    struct bytes name = type_name(type);
    if (m->command->json)
        buffer_printf(&m->json,
                      "%s{\"type\":\"%.*s\",\"version\":%lld,\"written\":%s}",
                      m->written + m->unchanged > 0 ? "," : "", (int)name.size,
                      (const char *)name.at, (long long)type_version(type),
                      written ? "true" : "false");
    else
        printf("%.*s version %lld%s\n", (int)name.size, (const char *)name.at,
               (long long)type_version(type), written ? "" : ": is here");
}

/* A type that is here already may only go forward. */
static int import_type(struct import *m, const struct schema_type *type)
{
    struct command *c = m->command;
    struct bytes name = type_name(type);
    const struct schema_type *present;
    enum err err = schema_find(c->office->schema, name, &present);
    if (err)
        return command_fail_office(c, err);
    int64_t version = present ? type_version(present) : 0;
    bool same =
        present && bytes_equal(type_definition(present), type_definition(type));
    if (!same && version >= type_version(type))
        return command_fail(c, ERR_EXISTS,
                            "the type %.*s is here as version %lld with "
                            "another definition; raise its version above that",
                            (int)name.size, (const char *)name.at,
                            (long long)version);
    report_type(m, type, !same);
    m->unchanged += same;
    if (same)
        return EXIT_DONE;
    m->written++;
    int64_t older = 0;
    err = sql_find_int(
        &c->sql, records_of_type,
        SQL_VALUES(sql_text(c->office->agency), sql_text_bytes(name)), &older);
    m->older += older;
    if (!err)
        err = write_type(m, type);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int import_all(struct import *m)
{
    struct command *c = m->command;
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    for (size_t i = 0; i < schema_type_count(m->schema) && !code; i++) {
        const struct schema_type *type;
        enum err err = schema_at(m->schema, i, &type);
        code = err ? command_fail_office(c, err) : import_type(m, type);
    }
    code = command_end(c, code);
    if (code != EXIT_DONE)
        return code;
    enum err err = office_schema_refresh(c->office, &c->sql);
    if (!err && m->older > 0)
        err = office_rebuild(c->office, &c->sql);
    if (!err)
        err = views_update(c->office);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

int command_import_schema(struct command *c)
{
    struct import m = {.command = c};
    if (c->operand_count != 1)
        return command_misuse(c, "import schema PATH: give one file or folder");
    if (schema_new(&m.schema))
        return command_fail(c, ERR_NOMEM, "memory is exhausted");
    buffer_init(&m.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&m.json, '[');
    int code = read_path(&m, c->operands[0]);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = import_all(&m);
    buffer_add_char(&m.json, ']');
    schema_free(m.schema);
    if (code == EXIT_DONE && c->json)
        return command_print(c, &m.json);
    buffer_fini(&m.json);
    return code;
}
