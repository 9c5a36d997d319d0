#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "server/command.h"
#include "server/ingest.h"
#include "server/record.h"
#include "server/verify.h"
#include "server/views.h"

#define DEFINITION_BYTES_MAX (256u * 1024)
#define FILES_MAX 1024
#define PATH_CHARS 1024

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

static int read_file(struct import *m, const char *path)
{
    struct buffer text;
    char chunk[4096], detail[SCHEMA_DETAIL_CHARS];
    size_t size;
    FILE *file = fopen(path, "r");
    if (!file)
        return command_fail(m->command, ERR_NOT_FOUND, "cannot read %.300s: %s",
                            path, strerror(errno));
    buffer_init(&text, DEFINITION_BYTES_MAX);
    while ((size = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_add(&text, chunk, size);
    bool failed = ferror(file) != 0;
    fclose(file);
    enum err err = failed ? ERR_IO : buffer_err(&text);
    snprintf(detail, sizeof detail, "%s", err_text(err));
    if (!err)
        err = schema_add(m->schema, buffer_bytes(&text), detail);
    buffer_fini(&text);
    return err ? command_fail(m->command, err, "%.300s: %s", path, detail)
               : EXIT_DONE;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_json(const char *name)
{
    size_t size = strlen(name);
    return size > 5 && name[0] != '.' && strcmp(name + size - 5, ".json") == 0;
}

static int read_names(struct import *m, const char *path, char **names,
                      size_t count)
{
    int code = EXIT_DONE;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count && code == EXIT_DONE; i++) {
        char file[PATH_CHARS];
        int size = snprintf(file, sizeof file, "%s/%s", path, names[i]);
        code = size < 0 || (size_t)size >= sizeof file
                   ? command_fail(m->command, ERR_TOO_BIG,
                                  "the path %.200s is too long", path)
                   : read_file(m, file);
    }
    if (count == 0)
        code = command_fail(m->command, ERR_NOT_FOUND,
                            "the folder %.300s holds no .json file", path);
    return code;
}

static int read_folder(struct import *m, const char *path)
{
    char **names = calloc(FILES_MAX, sizeof *names);
    size_t count = 0;
    DIR *folder = opendir(path);
    struct dirent *entry;
    int code = EXIT_DONE;
    while (names && folder && (entry = readdir(folder)) != NULL) {
        if (!is_json(entry->d_name) || count == FILES_MAX)
            continue;
        names[count] = malloc(strlen(entry->d_name) + 1);
        if (!names[count])
            break;
        strcpy(names[count++], entry->d_name);
    }
    if (!names)
        code = command_fail(m->command, ERR_NOMEM, "memory is exhausted");
    else if (!folder)
        code = command_fail(m->command, ERR_IO, "cannot read %.300s: %s", path,
                            strerror(errno));
    else
        code = read_names(m, path, names, count);
    if (folder)
        closedir(folder);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return code;
}

static int read_path(struct import *m, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return command_fail(m->command, ERR_NOT_FOUND, "cannot read %.300s: %s",
                            path, strerror(errno));
    return S_ISDIR(status.st_mode) ? read_folder(m, path) : read_file(m, path);
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
    const struct schema_type *present = schema_type(c->office->schema, name);
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
    enum err err = sql_find_int(
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
    for (size_t i = 0; i < schema_type_count(m->schema) && !code; i++)
        code = import_type(m, schema_type_at(m->schema, i));
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
