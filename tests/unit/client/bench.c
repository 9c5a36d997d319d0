#include "tests/unit/client/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

satchel *bench_open(const struct bench *b)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    satchel *vault;
    options.passphrase = PASSPHRASE;
    options.device_secret = b->device.secret;
    assert_int_equal(satchel_open(&vault, b->device.path, &options),
                     SATCHEL_OK);
    return vault;
}

int bench_setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->far = far_end_new();
    device_make(&b->device);
    b->device.options.passphrase = PASSPHRASE;
    assert_int_equal(vault_create(&b->device.vault, b->device.path,
                                  &b->device.options, b->device.detail),
                     ERR_OK);
    far_enrol(b->far, &b->device, "dana");
    device_close(&b->device);
    b->vault = bench_open(b);
    *state = b;
    return 0;
}

int bench_teardown(void **state)
{
    struct bench *b = *state;
    satchel_close(b->vault);
    device_remove(&b->device);
    far_end_free(b->far);
    free(b);
    return 0;
}

void bench_put(satchel *vault, const char *type, const char *set,
               char id[SATCHEL_ID_BYTES])
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    char *result;
    write.type = type;
    write.set_json = set;
    if (satchel_write(vault, &write, &result))
        fail_msg("%s", satchel_message(vault));
    json_t *root = json_loads(result, 0, NULL);
    strcpy(id, json_string_value(json_object_get(root, "record")));
    json_decref(root);
    satchel_free(result);
}

json_t *bench_shown(satchel *vault, const char *id)
{
    char *json;
    assert_int_equal(satchel_read(vault, id, 1, &json), SATCHEL_OK);
    json_t *root = json_loads(json, 0, NULL);
    assert_non_null(root);
    satchel_free(json);
    return root;
}

void bench_sound(satchel *vault, int64_t here)
{
    struct satchel_status status = SATCHEL_STATUS_INIT;
    int64_t problems = -1;
    char *report;
    assert_int_equal(satchel_status(vault, &status), SATCHEL_OK);
    assert_int_equal(status.here, here);
    assert_int_equal(satchel_verify(vault, &problems, &report), SATCHEL_OK);
    assert_int_equal(problems, 0);
    satchel_free(report);
}
