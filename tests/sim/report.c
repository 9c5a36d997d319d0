/* What many histories came to. */
#include <stdio.h>

#include "tests/sim/coverage.h"
#include "tests/sim/history.h"

#define YEAR_MS (365.25 * 86400e3)

void outcome_add(struct outcome *sum, const struct outcome *one)
{
    for (size_t i = 0; i < one->cover.count; i++)
        coverage_add(&sum->cover, one->cover.items[i].name,
                     one->cover.items[i].count);
    sum->syncs += one->syncs;
    sum->requests += one->requests;
    sum->reconciles += one->reconciles;
    sum->successions += one->successions;
    sum->crashes += one->crashes;
    sum->writes += one->writes;
    sum->device_ms += one->device_ms;
    sum->latest_fields += one->latest_fields;
    sum->latest_moved += one->latest_moved;
}

size_t outcome_print(const struct outcome *sum, uint64_t passed, double seconds)
{
    printf("%llu histories: %lld writes, %lld syncs, %lld requests, %lld power "
           "cuts, %lld new identities, %lld reconciles\n",
           (unsigned long long)passed, (long long)sum->writes,
           (long long)sum->syncs, (long long)sum->requests,
           (long long)sum->crashes, (long long)sum->successions,
           (long long)sum->reconciles);
    printf("%.1f device-years in %.0f s: %.0f times real time\n",
           (double)sum->device_ms / YEAR_MS, seconds,
           (double)sum->device_ms / 1e3 / (seconds > 0.1 ? seconds : 0.1));
    return coverage_print(&sum->cover);
}
