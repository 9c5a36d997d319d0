#include "tests/unit/replica/far_end.h"

#include <stdlib.h>

int pair_setup(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    if (!p)
        return -1;
    p->far = far_end_new();
    device_create(&p->dana);
    device_create(&p->eli);
    far_enrol(p->far, &p->dana, "dana");
    far_enrol(p->far, &p->eli, "eli");
    *state = p;
    return 0;
}

int pair_teardown(void **state)
{
    struct pair *p = *state;
    inbox_close(p->inbox);
    device_remove(&p->dana);
    device_remove(&p->eli);
    far_end_free(p->far);
    free(p);
    return 0;
}
