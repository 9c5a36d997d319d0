/* What the vault of tests/fuzz/device.c talks to: an office, or what pretends
 * to be one, that answers each request as the script says.
 *
 * Its keys are the same each time, and what it signs it signs properly. */
#ifndef TESTS_FUZZ_SCENE_DEVICE_NET_H
#define TESTS_FUZZ_SCENE_DEVICE_NET_H

#include "shared/exchange/transport.h"
#include "shared/replica/record.h"
#include "shared/replica/vault.h"
#include "tests/fuzz/target.h"

#define AGENCY "north"
#define WRITES_MAX 12
#define LOG_MAX 64

struct play {
    struct arena arena;
    struct bytes rest; /* of the script */
    struct clock clock;
    int64_t now;
    struct random_seeded dice;
    struct vault *vault;
    struct record_written last;
    char written[WRITES_MAX][ID_CHARS + 1];
    size_t write_count;
    bool taken_away; /* a case has left, or the device is revoked: signed */
    /* the office */
    struct keypair root, term, other;
    char term_name[REPLICA_CHARS + 1], other_name[REPLICA_CHARS + 1];
    uint8_t box[KEY_BYTES], box_secret[32];
    int64_t other_n, tokens;
    /* what the device has told it, by its present name */
    char replica[REPLICA_CHARS + 1];
    uint8_t links[LOG_MAX + 1][LINK_BYTES];
    int64_t head, receipted;
    int64_t receipted_before; /* of identities before */
    struct transport_request request;
};

/* The next line, in which $ is written out; false at the end. */
bool script_peek(struct play *p, struct bytes *line, size_t *used);
void script_pass(struct play *p, size_t used);

/* Takes its answers from the script; p outlives it. */
struct transport net_of(struct play *p);

#endif
