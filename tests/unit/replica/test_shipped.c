#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <dirent.h>
#include <cmocka.h>

#include "shared/replica/shipped.h"
#include "tests/fault.h"

/* Every file of a folder stands for a type; returns how many. */
static size_t folder_check(const struct schema *schema, const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        const char *end = strstr(e->d_name, ".json");
        if (!end)
            continue;
        struct bytes name = bytes_of(e->d_name, (size_t)(end - e->d_name));
        if (!schema_type(schema, name))
            fail_msg("%s/%s is not shipped", folder, e->d_name);
        count++;
    }
    closedir(dir);
    return count;
}

static void every_type_of_the_folder_is_shipped(void **state)
{
    (void)state;
    char detail[SCHEMA_DETAIL_CHARS];
    struct schema *schema;
    assert_int_equal(schema_new(&schema), ERR_OK);
    enum err err = shipped_types_add(schema, detail);
    if (err)
        fail_msg("%s", detail);
    size_t count = folder_check(schema, "schema");
    count += folder_check(schema, "schema/system");
    assert_true(count >= 20);
    assert_int_equal(schema_type_count(schema), count);
    schema_free(schema);
}

static void adding_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int nth = 1;; nth += nth / 16 + 1) {
        char detail[SCHEMA_DETAIL_CHARS];
        struct schema *schema = NULL;
        assert_int_equal(schema_new(&schema), ERR_OK);
        fault_at(nth, false);
        enum err err = shipped_types_add(schema, detail);
        bool hit = fault_hit();
        fault_at(0, false);
        schema_free(schema);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 100);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_the_folder_is_shipped),
        cmocka_unit_test(adding_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
