#include "server/import_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/import_shape.h"

enum err import_publication_init(struct import_publication *out)
{
    *out = (struct import_publication){0};
    arena_init(&out->arena, IMPORT_BYTES_MAX);
    import_package_init(&out->package);
    import_notes_init(&out->notes);
    return import_rows_init(&out->rows, &out->arena, &out->package,
                            &out->notes);
}

void import_publication_fini(struct import_publication *publication)
{
    import_rows_fini(&publication->rows);
    import_notes_fini(&publication->notes);
    arena_fini(&publication->arena);
}

static enum err complain(char *detail, enum err err, const char *path,
                         const char *what)
{
    (void)snprintf(detail, IMPORT_DETAIL_CHARS, "%s: %s", path, what);
    return err;
}

static enum err load(struct import_publication *publication, const char *path,
                     const char *name, struct import_file **out)
{
    struct import_file *file = arena_take(&publication->arena, sizeof *file);
    if (!file)
        return ERR_NOMEM;
    file->name = arena_copy(&publication->arena, bytes_text(name));
    if (!file->name)
        return ERR_NOMEM;
    *out = file;
    return import_file_load(&publication->arena, path, IMPORT_FILE_BYTES_MAX,
                            &file->text);
}

/* NULL, or what the bytes are that are not text. */
static const char *binary_kind(struct bytes text)
{
    static const struct {
        const char *magic;
        size_t size;
        const char *what;
    } kinds[] = {
        {"PK\3\4", 4,
         "is a zip archive or a spreadsheet; unpack it, or save "
         "its tables as CSV"},
        {"\x1f\x8b", 2, "is compressed (gzip); unpack it first"},
        {"\xff\xfe", 2, "is UTF-16; save it as UTF-8"},
        {"\xfe\xff", 2, "is UTF-16; save it as UTF-8"},
        {"%PDF", 4, "is a PDF document"},
        {"\xd0\xcf\x11\xe0", 4, "is a spreadsheet; save its tables as CSV"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (text.size >= kinds[i].size &&
            !memcmp(text.at, kinds[i].magic, kinds[i].size))
            return kinds[i].what;
    }
    return NULL;
}

enum err import_read_json(struct import_publication *publication,
                          const struct import_file *file)
{
    const struct import_json *root;
    struct import_json_fault fault;
    enum err err =
        import_json_parse(&publication->arena, file->text, &root, &fault);
    if (err == ERR_INVALID)
        return import_notes_add(&publication->notes, IMPORT_SKIPPED, file,
                                fault.offset, "%s; the file is left out",
                                fault.what);
    return err ? err : import_shape_add(&publication->rows, root, file);
}

struct names {
    char *list[IMPORT_FILES_MAX]; /* in the arena, sorted */
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), end_size = strlen(end);
    return size > end_size && !strcmp(name + size - end_size, end);
}

static enum err list_names(struct import_publication *publication,
                           const char *path, struct names *names)
{
    DIR *folder = opendir(path);
    if (!folder)
        return err_of_errno(errno);
    enum err err = ERR_OK;
    const struct dirent *entry;
    names->count = 0;
    while (!err && (entry = readdir(folder))) {
        const char *name = entry->d_name;
        if (name[0] == '.' ||
            (!ends_with(name, ".csv") && !ends_with(name, ".json")))
            continue;
        if (names->count == IMPORT_FILES_MAX) {
            err = ERR_TOO_BIG;
            break;
        }
        char *copy = arena_copy(&publication->arena, bytes_text(name));
        if (!copy)
            err = ERR_NOMEM;
        names->list[names->count++] = copy;
    }
    closedir(folder);
    if (!err)
        qsort(names->list, names->count, sizeof names->list[0], compare_names);
    return err;
}

/* A file of the folder; NULL in *out when it was noted as unusable. */
static enum err load_in(struct import_publication *publication,
                        const char *folder, const char *name,
                        struct import_file **out)
{
    char path[4096];
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (size < 0 || (size_t)size >= sizeof path)
        return ERR_TOO_BIG;
    *out = NULL;
    struct import_file *file = NULL;
    enum err err = load(publication, path, name, &file);
    if (err == ERR_NOMEM)
        return err;
    const char *binary = err ? NULL : binary_kind(file->text);
    const char *what = err == ERR_INVALID   ? "is no regular file"
                       : err == ERR_TOO_BIG ? "is larger than 64 MiB"
                       : err                ? err_text(err)
                                            : binary;
    if (!what) {
        *out = file;
        return ERR_OK;
    }
    struct import_file nameless = {.name = name};
    return import_notes_add(&publication->notes, IMPORT_SKIPPED, &nameless,
                            IMPORT_NOWHERE, "%s; the file is left out", what);
}

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!strcmp(names->list[i], name))
            return true;
    }
    return false;
}

#define PACKAGE_NAME "datapackage.json"

static enum err read_package(struct import_publication *publication,
                             const char *path, const struct names *names)
{
    const struct import_json *root;
    struct import_json_fault fault;
    struct import_file *file = NULL;
    if (!has_name(names, PACKAGE_NAME)) {
        struct import_file missing = {.name = PACKAGE_NAME};
        return import_notes_add(&publication->notes, IMPORT_REMARK, &missing,
                                IMPORT_NOWHERE,
                                "is not there; the tables are taken to be "
                                "those of HSDS 3.0");
    }
    enum err err = load_in(publication, path, PACKAGE_NAME, &file);
    if (err || !file)
        return err;
    err = import_json_parse(&publication->arena, file->text, &root, &fault);
    if (err == ERR_INVALID)
        return import_notes_add(&publication->notes, IMPORT_SKIPPED, file,
                                fault.offset,
                                "%s; the file is left out and the tables are "
                                "taken to be those of HSDS 3.0",
                                fault.what);
    if (!err)
        err = import_package_read(&publication->package, &publication->arena,
                                  root, file, &publication->notes);
    return err == ERR_INVALID ? ERR_OK : err;
}

/* A listed file that is missing, a table that HSDS does not have. */
static enum err note_files(struct import_publication *publication,
                           const struct names *names)
{
    enum err err = ERR_OK;
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT && !err; id++) {
        const struct import_table *table = &publication->package.tables[id];
        struct import_file file = {.name = table->path};
        if (table->listed && !has_name(names, table->path))
            err = import_notes_add(&publication->notes, IMPORT_WARNING, &file,
                                   IMPORT_NOWHERE,
                                   "is listed in datapackage.json, but is not "
                                   "there");
    }
    for (size_t i = 0; i < names->count && !err; i++) {
        struct import_file file = {.name = names->list[i]};
        if (ends_with(names->list[i], ".csv") &&
            import_package_path(&publication->package,
                                bytes_text(names->list[i])) == TABLE_NONE)
            err = import_notes_add(&publication->notes, IMPORT_REMARK, &file,
                                   IMPORT_NOWHERE,
                                   "is no table of HSDS 3.0; not imported");
    }
    return err;
}

static enum err read_tables(struct import_publication *publication,
                            const char *path, const struct names *names)
{
    enum err err = read_package(publication, path, names);
    if (!err)
        err = note_files(publication, names);
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT && !err; id++) {
        struct import_table *table = &publication->package.tables[id];
        struct import_file *file = NULL;
        if (!has_name(names, table->path))
            continue;
        err = load_in(publication, path, table->path, &file);
        if (!err && file)
            err = import_read_csv(publication, (enum import_table_id)id, file);
    }
    publication->whole = true;
    return err;
}

static enum err read_objects(struct import_publication *publication,
                             const char *path, const struct names *names)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < names->count && !err; i++) {
        struct import_file *file = NULL;
        err = load_in(publication, path, names->list[i], &file);
        if (!err && file)
            err = import_read_json(publication, file);
    }
    return err;
}

static enum err read_folder(struct import_publication *publication,
                            const char *path, char *detail)
{
    struct names *names = arena_take(&publication->arena, sizeof *names);
    if (!names)
        return ERR_NOMEM;
    enum err err = list_names(publication, path, names);
    if (err)
        return complain(detail, err, path, err_text(err));
    bool tables = has_name(names, PACKAGE_NAME);
    for (size_t i = 0; i < names->count && !tables; i++)
        tables = ends_with(names->list[i], ".csv");
    if (!names->count)
        return complain(detail, ERR_FOREIGN, path,
                        "the folder holds neither HSDS tables (*.csv, "
                        "datapackage.json) nor HSDS objects (*.json); folders "
                        "in it are not searched");
    err = tables ? read_tables(publication, path, names)
                 : read_objects(publication, path, names);
    return err ? complain(detail, err, path, err_text(err)) : ERR_OK;
}

static enum err read_file(struct import_publication *publication,
                          const char *path, char *detail)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct import_file *file = NULL;
    enum err err = load(publication, path, name, &file);
    if (err == ERR_INVALID)
        return complain(detail, ERR_FOREIGN, path,
                        "is neither a folder nor a regular file");
    if (err == ERR_TOO_BIG)
        return complain(detail, err, path, "is larger than 64 MiB");
    if (err)
        return complain(detail, err, path, err_text(err));
    const char *binary = binary_kind(file->text);
    if (binary)
        return complain(detail, ERR_FOREIGN, path, binary);
    if (ends_with(name, ".csv"))
        return complain(detail, ERR_FOREIGN, path,
                        "is one table of a publication; give the folder that "
                        "holds all of them");
    if (!ends_with(name, ".json"))
        return complain(detail, ERR_FOREIGN, path,
                        "is no .json file; give a JSON file, or a folder of "
                        "HSDS tables or objects");
    err = import_read_json(publication, file);
    return err ? complain(detail, err, path, err_text(err)) : ERR_OK;
}

/* datapackage.json stands for its folder. */
static enum err read_path(struct import_publication *publication,
                          const char *path, char *detail)
{
    struct stat stat_at;
    if (stat(path, &stat_at)) {
        enum err err = err_of_errno(errno);
        return complain(detail, err, path,
                        err == ERR_NOT_FOUND ? "there is no such file or folder"
                                             : err_text(err));
    }
    if (S_ISDIR(stat_at.st_mode))
        return read_folder(publication, path, detail);
    const char *slash = strrchr(path, '/');
    if (strcmp(slash ? slash + 1 : path, PACKAGE_NAME) != 0)
        return read_file(publication, path, detail);
    char folder[4096];
    int size = snprintf(folder, sizeof folder, "%.*s",
                        slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (size < 0 || (size_t)size >= sizeof folder)
        return complain(detail, ERR_TOO_BIG, path, "the path is too long");
    return read_folder(publication, folder, detail);
}

enum err import_read(struct import_publication *out, const char *path,
                     char detail[IMPORT_DETAIL_CHARS])
{
    detail[0] = 0;
    enum err err = import_publication_init(out);
    if (!err)
        err = read_path(out, path, detail);
    if (err)
        import_publication_fini(out);
    return err;
}
