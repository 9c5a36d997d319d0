/* An office for fuzz targets: made once, put back after each input.
 *
 * All that an input does happens inside one transaction of the store that is
 * never committed; the office's own transactions are savepoints in it.  Keys,
 * clock and randomness are the same each time, so that a kept input means the
 * same.  Its devices have no vaults: what they say is the input's. */
#ifndef TESTS_FUZZ_SCENE_OFFICE_H
#define TESTS_FUZZ_SCENE_OFFICE_H

#include "server/sync.h"
#include "tests/fuzz/target.h"

#define SCENE_AGENCY "north"
#define SCENE_DEVICES 3
#define SCENE_LINES_MAX 48
#define SCENE_SCOPES_MAX 8

/* One identity of a device: its keys, its log, what the office told it. */
struct scene_device {
    const char *user;
    struct keypair keys, transport;
    char replica[REPLICA_CHARS + 1];
    char certificate[1024];
    uint8_t certificate_sig[SIGNATURE_BYTES];
    struct bytes lines[SCENE_LINES_MAX + 1]; /* by n, in the input's arena */
    uint8_t links[SCENE_LINES_MAX + 1][LINK_BYTES];
    int64_t head, received;
    char lineage[LINEAGE_CHARS + 1], token[TOKEN_CHARS + 1];
    struct cursor cursors[SCENE_SCOPES_MAX];
    size_t cursor_count;
};

struct scene {
    struct office *office;
    struct sql sql; /* for everything that the office does */
    struct clock clock;
    int64_t now;
    struct scene_device devices[SCENE_DEVICES]; /* dana, lee, kim */
};

/* Before and after an input. */
struct scene *scene_begin(void);
void scene_end(struct scene *scene);

/* Enrols fresh keys that `seed` makes; as `old`'s successor unless NULL.
 * *device is unchanged when the office refuses; returns HTTP's status. */
int scene_enrol(struct scene *scene, struct scene_device *device, uint8_t seed,
                const struct scene_device *old, const char *reason);
/* Fails when the office does not verify. */
void scene_verify(struct scene *scene);

#endif
