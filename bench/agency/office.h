/* A real satchel-central: commands, and the process that devices sync with.
 * What fails ends the program; what was started ends with it. */
#ifndef BENCH_AGENCY_OFFICE_H
#define BENCH_AGENCY_OFFICE_H

#include <stddef.h>

struct office {
    const char *build, *folder; /* where programs are; where all is kept */
    char url[64];
};

/* An office with its supervisor "ruth", who reads code sets and directory. */
void office_make(struct office *office);
void office_serve(struct office *office);
void office_stop(void);

/* Runs `satchel-central` with what `format` says and gives what it printed, to
 * be freed. */
__attribute__((format(printf, 2, 3))) char *
office_ask(const struct office *office, const char *format, ...);
__attribute__((format(printf, 2, 3))) void
office_tell(const struct office *office, const char *format, ...);

#endif
