#include "tests/unit/exchange/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

void device_enrol(struct device *d, struct desk *desk)
{
    struct transport transport = desk_transport(desk);
    char detail[SESSION_DETAIL_CHARS];
    bool sent;
    device_create(d);
    enum err err = session_enrol(d->vault, &transport, "http://127.0.0.1:8470",
                                 NULL, "AAAA-BBBB-CCCC-DDDD", &sent, detail);
    if (err)
        fail_msg("%s: %s", err_text(err), detail);
    desk->requests = 0;
}

void device_write(struct device *d, const char *name)
{
    char set[256];
    struct record_written written;
    snprintf(set, sizeof set, "{\"legal_name\":\"%s\"}", name);
    struct record_write write = {
        .type = "person", .set = bytes_text(set), .lenient = true};
    record_written_init(&written);
    enum err err = record_write(d->vault, &write, &written);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(d->vault));
    record_written_fini(&written);
}

struct identity device_identity(struct device *d)
{
    struct identity identity;
    assert_int_equal(identity_load(d->vault, &identity), ERR_OK);
    return identity;
}

static enum err count_one(void *context, const char *record, struct bytes state)
{
    (void)record;
    (void)state;
    ++*(size_t *)context;
    return ERR_OK;
}

size_t device_people(struct device *d)
{
    size_t count = 0;
    assert_int_equal(record_list(d->vault, "person", count_one, &count),
                     ERR_OK);
    return count;
}

enum err desk_sync(struct desk *desk, struct device *d,
                   struct session_report *report)
{
    struct transport transport = desk_transport(desk);
    return session_run(d->vault, &transport, NULL, report);
}
