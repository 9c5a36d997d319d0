#include "tests/types.h"
#include "tests/unit/model/schema_case.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define BYTES_MAX (256u * 1024u)

struct schema *schema_empty(void)
{
    struct schema *schema;
    assert_int_equal(schema_new(&schema), ERR_OK);
    return schema;
}

void schema_must_add(struct schema *schema, const char *json)
{
    char detail[SCHEMA_DETAIL_CHARS];
    enum err err = schema_add(schema, bytes_text(json), detail);
    if (err)
        fail_msg("%s: %s", detail, json);
}

const struct schema_field *schema_field_of(const struct schema *schema,
                                           const char *type, const char *name)
{
    const struct schema_type *found = schema_type(schema, bytes_text(type));
    assert_non_null(found);
    const struct schema_field *f = type_field(found, bytes_text(name));
    if (!f)
        fail_msg("%s.%s is missing", type, name);
    return f;
}

static void add_file(struct schema *schema, const char *folder,
                     const char *name)
{
    static char text[BYTES_MAX];
    char path[512], detail[SCHEMA_DETAIL_CHARS];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    enum err err = schema_add(schema, bytes_of(text, size), detail);
    if (err)
        fail_msg("%s: %s", path, detail);
    struct bytes stem = bytes_of(name, strlen(name) - strlen(".json"));
    assert_non_null(schema_type(schema, stem));
}

static void add_folder(struct schema *schema, const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        if (strlen(e->d_name) > 5 &&
            !strcmp(e->d_name + strlen(e->d_name) - 5, ".json"))
            add_file(schema, folder, e->d_name);
    closedir(dir);
}

struct schema *schema_shipped(void)
{
    struct schema *schema = schema_empty();
    add_folder(schema, "schema");
    add_folder(schema, "schema/system");
    return schema;
}
