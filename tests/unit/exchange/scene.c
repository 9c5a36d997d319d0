#include "tests/unit/exchange/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

int scene_make(void **state)
{
    static struct scene scene;
    scene.desk = desk_new();
    device_enrol(&scene.device, scene.desk);
    *state = &scene;
    return 0;
}

int scene_remove(void **state)
{
    struct scene *scene = *state;
    device_remove(&scene->device);
    desk_free(scene->desk);
    return 0;
}

void sync_ok(struct scene *s)
{
    enum err err = desk_sync(s->desk, &s->device, &s->report);
    if (err)
        fail_msg("%s: %s", err_text(err), s->report.detail);
}

void in_step(struct scene *s)
{
    struct identity id = device_identity(&s->device);
    assert_int_equal(id.received, id.head);
    assert_int_equal(s->desk->head, id.head);
}
