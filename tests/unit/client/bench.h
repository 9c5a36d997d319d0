/* A vault that is enrolled at a far end, opened as an application opens it. */
#ifndef TESTS_UNIT_CLIENT_BENCH_H
#define TESTS_UNIT_CLIENT_BENCH_H

#include <jansson.h>

#include "client/satchel.h"
#include "tests/unit/replica/far_end.h"

#define PASSPHRASE "ninety seconds"

struct bench {
    struct far_end *far;
    struct device device;
    satchel *vault;
};

int bench_setup(void **state); /* the state is a struct bench */
int bench_teardown(void **state);
/* Another handle on its vault, for the caller to close. */
satchel *bench_open(const struct bench *b);
/* Writes a record and gives its id. */
void bench_put(satchel *vault, const char *type, const char *set,
               char id[SATCHEL_ID_BYTES]);
/* The record with its history, to be released by the caller. */
json_t *bench_shown(satchel *vault, const char *id);
/* That it verifies, and that so many writes are only here. */
void bench_sound(satchel *vault, int64_t here);

#endif
