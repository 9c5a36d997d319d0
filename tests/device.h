/* A vault in a folder of its own, on a clock that the test moves, with a cheap
 * key derivation.  Each call asserts that it succeeds. */
#ifndef TESTS_DEVICE_H
#define TESTS_DEVICE_H

#include "shared/replica/vault.h"
#include "tests/dir.h"

struct device {
    char dir[DIR_CHARS], path[2 * DIR_CHARS], secret[2 * DIR_CHARS];
    char detail[VAULT_DETAIL_CHARS];
    struct vault *vault;
    struct clock clock;
    int64_t now;
    struct vault_options options;
};

void device_make(struct device *device);   /* folder, options; no vault */
void device_create(struct device *device); /* and an unenrolled vault */
void device_open(struct device *device, const char *passphrase);
void device_close(struct device *device);
void device_remove(struct device *device);

#endif
