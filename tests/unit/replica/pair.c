#include "tests/unit/replica/far_end.h"

#include <stdlib.h>
#include <string.h>

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

int pair_setup_unsent(void **state)
{
    struct identity self;
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    write_contact(p->dana.vault, p->person, "Roof leaks.", p->contact);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosie\"}");
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosa D.\"}");
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"R. Diaz\"}");
    if (identity_load(p->dana.vault, &self))
        return -1;
    memcpy(p->replica, self.replica, sizeof p->replica);
    return 0;
}

void assert_eli_agrees(struct pair *p)
{
    far_pull(p->far, p->eli.vault, p->person);
    assert_same_state(p->dana.vault, p->eli.vault, p->person);
    assert_same_state(p->dana.vault, p->eli.vault, p->contact);
    assert_sound(p->dana.vault);
    assert_sound(p->eli.vault);
}
