#include "tests/sim/clocks.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/view.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)

/* Where the clock of a tablet stands: an empty battery, a wrong year, summer
 * time, a clock that drifts. */
static const int64_t skews[] = {-START_MS,       3650 * DAY_MS, -2557 * DAY_MS,
                                -HOUR_MS,        HOUR_MS,       90 * SECOND_MS,
                                -90 * SECOND_MS, 40 * DAY_MS,   0};

void clocks_upset(struct world *world, uint64_t seed)
{
    struct random_seeded dice;
    if (world->clocks != CLOCKS_WRONG)
        return;
    /* Not the world's dice, which must fall as they do with right clocks. */
    random_seeded_init(&dice, seed ^ UINT64_C(0xc10c));
    if (random_below(&dice.random, 4))
        return;
    struct device *d = &world->devices[random_below(&dice.random, DEVICES_MAX)];
    d->skew_ms =
        skews[random_below(&dice.random, sizeof skews / sizeof *skews)];
}

/* The next line of `at`, which goes on behind it. */
static struct bytes line_take(struct bytes *at)
{
    const uint8_t *end = memchr(at->at, '\n', at->size);
    size_t size = end ? (size_t)(end - at->at) : at->size;
    struct bytes line = bytes_of(at->at, size);
    size += end != NULL;
    *at = bytes_of(at->at + size, at->size - size);
    return line;
}

static void facts_differ(struct outcome *out, struct bytes right,
                         struct bytes wrong)
{
    while (right.size || wrong.size) {
        struct bytes a = line_take(&right), b = line_take(&wrong);
        if (bytes_equal(a, b))
            continue;
        out->failed = true;
        snprintf(out->why, sizeof out->why,
                 "F11: with right clocks \"%.*s\", with wrong ones \"%.*s\"",
                 (int)a.size, (const char *)a.at, (int)b.size,
                 (const char *)b.at);
        return;
    }
}

static void compare(struct outcome *out, const struct view *right,
                    const struct view *wrong)
{
    struct bytes a = buffer_bytes(&right->first);
    struct bytes b = buffer_bytes(&wrong->first);
    facts_differ(out, buffer_bytes(&right->facts), buffer_bytes(&wrong->facts));
    out->latest_fields = (int64_t)right->first_count;
    while (a.size || b.size)
        out->latest_moved += !bytes_equal(line_take(&a), line_take(&b));
}

void clocks_compare(const struct history *history, bool verbose,
                    clocks_one *one, struct outcome *out)
{
    struct view right, wrong;
    view_init(&right);
    view_init(&wrong);
    one(history, verbose, CLOCKS_RIGHT, &right, out);
    if (!out->failed)
        one(history, verbose, CLOCKS_WRONG, &wrong, out);
    if (!out->failed)
        compare(out, &right, &wrong);
    view_fini(&right);
    view_fini(&wrong);
}
