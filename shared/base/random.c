#include "shared/base/random.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void system_fill(void *context, void *out, size_t size)
{
    (void)context;
    /* Nothing is safe without randomness; libsodium itself aborts when the
     * kernel gives none. */
    if (sodium_init() < 0)
        abort();
    randombytes_buf(out, size);
}

const struct random *random_system(void)
{
    static const struct random random = {.fill = system_fill};
    return &random;
}

void random_fill(const struct random *random, void *out, size_t size)
{
    random->fill(random->context, out, size);
}

uint64_t random_below(const struct random *random, uint64_t limit)
{
    assert(limit > 0);
    /* Values under 2^64 mod limit are drawn again, so that none is likelier. */
    uint64_t uneven = (0 - limit) % limit;
    uint64_t value;
    do {
        random_fill(random, &value, sizeof value);
    } while (value < uneven);
    return value % limit;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

/* xoshiro256** 1.0 by David Blackman and Sebastiano Vigna (public domain). */
static uint64_t seeded_next(uint64_t s[4])
{
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

static void seeded_fill(void *context, void *out, size_t size)
{
    struct random_seeded *r = context;
    unsigned char *at = out;
    while (size) {
        uint64_t value = seeded_next(r->state);
        size_t part = size < sizeof value ? size : sizeof value;
        memcpy(at, &value, part);
        at += part;
        size -= part;
    }
}

void random_seeded_init(struct random_seeded *r, uint64_t seed)
{
    /* splitmix64 spreads the seed, as the authors of xoshiro advise. */
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        r->state[i] = z ^ z >> 31;
    }
    r->random = (struct random){.fill = seeded_fill, .context = r};
}
