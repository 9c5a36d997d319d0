/* The randomness seam.  random_system() is libsodium's generator; the
 * simulator supplies a seeded one. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    void (*fill)(void *context, void *out, size_t size);
    void *context; /* borrowed */
};

const struct random *random_system(void); /* static */
void random_fill(const struct random *random, void *out, size_t size);
uint64_t random_below(const struct random *random, uint64_t limit);

/* A reproducible generator (xoshiro256**), for the simulator and tests. */
struct random_seeded {
    struct random random;
    uint64_t state[4];
};
void random_seeded_init(struct random_seeded *r, uint64_t seed);

#endif
