#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <dirent.h>
#include <pthread.h>
#include <cmocka.h>

#include "shared/replica/shipped.h"
#include "tests/fault.h"
#include "tests/types.h"

#define THREADS 4
#define SCHEMA_TYPES_SEEN 512

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
    struct schema *schema;
    assert_int_equal(schema_new(&schema), ERR_OK);
    assert_int_equal(shipped_types_add(schema), ERR_OK);
    size_t count = folder_check(schema, "schema");
    count += folder_check(schema, "schema/system");
    assert_true(count >= 20);
    assert_int_equal(schema_type_count(schema), count);
    /* Each can be read, which nothing but its use would tell. */
    for (size_t i = 0; i < count; i++) {
        const struct schema_type *type = schema_type_at(schema, i);
        assert_ptr_equal(schema_type(schema, type_name(type)), type);
        assert_true(type_field_count(type) > 0);
    }
    schema_free(schema);
}

/* Adds them and reads them all. */
static enum err read_all(struct schema *schema)
{
    const struct schema_type *type;
    enum err err = shipped_types_add(schema);
    for (size_t i = 0; !err && i < schema_type_count(schema); i++)
        err = schema_at(schema, i, &type);
    return err;
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int nth = 1;; nth += nth / 16 + 1) {
        struct schema *schema = NULL;
        assert_int_equal(schema_new(&schema), ERR_OK);
        fault_at(nth, false);
        enum err err = read_all(schema);
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

struct reader {
    const struct schema *schema;
    size_t first;
    const struct schema_type *types[SCHEMA_TYPES_SEEN];
};

/* Each begins elsewhere and so meets the others on the way. */
static void *read_round(void *context)
{
    struct reader *reader = context;
    size_t count = schema_type_count(reader->schema);
    for (size_t i = 0; i < count; i++) {
        size_t at = (reader->first + i) % count;
        reader->types[at] = schema_type_at(reader->schema, at);
    }
    return NULL;
}

static void threads_that_read_a_type_at_once_share_it(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    static struct reader readers[THREADS];
    struct schema *schema;
    assert_int_equal(schema_new(&schema), ERR_OK);
    assert_int_equal(shipped_types_add(schema), ERR_OK);
    assert_in_range(schema_type_count(schema), 1, SCHEMA_TYPES_SEEN);
    for (size_t i = 0; i < THREADS; i++) {
        readers[i].schema = schema;
        readers[i].first = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, read_round, &readers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < schema_type_count(schema); i++)
        for (size_t j = 0; j < THREADS; j++)
            assert_ptr_equal(readers[j].types[i], schema_type_at(schema, i));
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_the_folder_is_shipped),
        cmocka_unit_test(reading_survives_every_allocation_failure),
        cmocka_unit_test(threads_that_read_a_type_at_once_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
