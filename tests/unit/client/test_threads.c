/* One vault, many threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/client/bench.h"

#define THREADS 4
#define WRITES 50

struct worker {
    satchel *vault;
    char person[SATCHEL_ID_BYTES];
    int failures;
};

static void *work(void *context)
{
    struct worker *w = context;
    for (int i = 0; i < WRITES; i++) {
        char id[SATCHEL_ID_BYTES], *json;
        int code;
        struct satchel_contact contact = SATCHEL_CONTACT_INIT;
        struct satchel_status status = SATCHEL_STATUS_INIT;
        contact.person = w->person;
        contact.kind = "phone";
        do /* who had no turn for too long is told to try again */
            code = satchel_record_contact(w->vault, &contact, id);
        while (code == SATCHEL_BUSY);
        w->failures += code != SATCHEL_OK;
        w->failures += satchel_status(w->vault, &status) != 0;
        if (satchel_read(w->vault, id, 1, &json) == SATCHEL_OK)
            satchel_free(json);
        else
            w->failures++;
    }
    return NULL;
}

static void run_workers(satchel *const vaults[THREADS], const char *person)
{
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i].vault = vaults[i];
        workers[i].failures = 0;
        strcpy(workers[i].person, person);
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]),
                         0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
    }
}

static void threads_share_a_handle(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES];
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    satchel *const vaults[THREADS] = {b->vault, b->vault, b->vault, b->vault};
    run_workers(vaults, person);
    bench_sound(b->vault, 1 + THREADS * WRITES);
}

static void threads_with_handles_of_their_own_share_a_vault(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES];
    satchel *vaults[THREADS];
    bench_put(b->vault, "person", "{\"first_name\":\"Ruth\"}", person);
    for (int i = 0; i < THREADS; i++)
        vaults[i] = bench_open(b);
    run_workers(vaults, person);
    for (int i = 0; i < THREADS; i++)
        satchel_close(vaults[i]);
    bench_sound(b->vault, 1 + THREADS * WRITES);
}

static void *write_later(void *context)
{
    struct bench *b = context;
    char id[SATCHEL_ID_BYTES];
    satchel *other = bench_open(b);
    bench_put(other, "person", "{\"first_name\":\"Ruth\"}", id);
    satchel_close(other);
    return NULL;
}

static void a_change_elsewhere_wakes_a_watcher(void **state)
{
    struct bench *b = *state;
    int64_t before, after;
    pthread_t thread;
    assert_int_equal(satchel_change_count(b->vault, &before), SATCHEL_OK);
    assert_int_equal(satchel_wait_change(b->vault, before, 10, &after),
                     SATCHEL_TIMEOUT);
    assert_int_equal(pthread_create(&thread, NULL, write_later, b), 0);
    assert_int_equal(satchel_wait_change(b->vault, before, 240000, &after),
                     SATCHEL_OK);
    assert_true(after != before);
    pthread_join(thread, NULL);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(threads_share_a_handle),
        TEST(threads_with_handles_of_their_own_share_a_vault),
        TEST(a_change_elsewhere_wakes_a_watcher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
