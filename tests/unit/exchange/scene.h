/* A desk and an enrolled device, made anew for each test. */
#ifndef TESTS_UNIT_EXCHANGE_SCENE_H
#define TESTS_UNIT_EXCHANGE_SCENE_H

#include "tests/unit/exchange/desk.h"

struct scene {
    struct desk *desk;
    struct device device;
    struct session_report report;
};

int scene_make(void **state);
int scene_remove(void **state);
#define SCENE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)

/* A sync that must succeed. */
void sync_ok(struct scene *scene);
/* The office has all of the device's log, and the device knows. */
void in_step(struct scene *scene);

#endif
