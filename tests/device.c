#include "tests/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static int64_t device_now(void *context)
{
    return ((struct device *)context)->now;
}

void device_make(struct device *d)
{
    memset(d, 0, sizeof *d);
    dir_make(d->dir);
    dir_file(d->path, d->dir, "dana.vault");
    dir_file(d->secret, d->dir, "device.secret");
    d->now = INT64_C(1795300000000);
    d->clock = (struct clock){device_now, device_now, d};
    d->options = (struct vault_options){
        .passphrase = "correct horse",
        .device_secret = d->secret,
        .clock = &d->clock,
        .kdf_ops = 1,
        .kdf_bytes = 8192,
    };
}

void device_create(struct device *d)
{
    device_make(d);
    enum err err = vault_create(&d->vault, d->path, &d->options, d->detail);
    if (err)
        fail_msg("%s", d->detail);
}

void device_open(struct device *d, const char *passphrase)
{
    d->options.passphrase = passphrase;
    enum err err = vault_open(&d->vault, d->path, &d->options, d->detail);
    if (err)
        fail_msg("%s", d->detail);
}

void device_close(struct device *d)
{
    vault_close(d->vault);
    d->vault = NULL;
}

void device_remove(struct device *d)
{
    device_close(d);
    dir_remove(d->dir);
}
