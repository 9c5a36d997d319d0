/* A program that is not ours, enrolled and signed as it should be, which now
 * and then pushes what no device of ours would: lines that are none, lines that
 * are too long, lines of others (F5).
 *
 * What it says rightly between them is kept and shown as if nothing were. */
#ifndef SIM_ODD_H
#define SIM_ODD_H

#include "shared/base/buffer.h"
#include "shared/model/chain.h"
#include "shared/wire/message.h"

struct world;

struct odd {
    bool enrolled;
    struct keypair keys, transport;
    char replica[REPLICA_CHARS + 1];
    char lineage[LINEAGE_CHARS + 1], token[TOKEN_CHARS + 1];
    struct buffer log; /* its lines, each with newline */
    int64_t head;
    uint8_t link[LINK_BYTES];
};

void odd_init(struct odd *odd);
void odd_fini(struct odd *odd);
/* Writes a few lines and pushes its whole log. */
void odd_step(struct world *world);

#endif
