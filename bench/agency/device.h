/* One worker's vault, through the public API alone, and the clock that it
 * believes in.  Whatever fails ends the program.  Not thread-safe. */
#ifndef BENCH_AGENCY_DEVICE_H
#define BENCH_AGENCY_DEVICE_H

#include <stdint.h>
#include "client/satchel.h"

struct id {
    char text[SATCHEL_ID_BYTES];
};

struct device {
    satchel *vault; /* owned */
    char user[16], replica[64];
    int64_t lines;  /* written here */
    char with[128]; /* members of sets of what is put next, JSON; "" none */
};

/* The device's clock stands at this minute of this day, and goes on a
 * millisecond each time that somebody looks. */
void device_clock(int day, int minute);

void device_enrol(struct device *device, const char *path, const char *url,
                  const char *code);
void device_close(struct device *device);

/* A new record of a case (NULL: of none, or its own).  `format` gives the
 * members of its fields' object, "\"kind\":\"%s\"". */
__attribute__((format(printf, 5, 6))) void
device_put(struct device *device, const char *type, const struct id *kase,
           struct id *out, const char *format, ...);
/* What is put next has this member of a set, too. */
void device_with(struct device *device, const char *set, const char *member);
/* Revises what the device shows now. */
__attribute__((format(printf, 3, 4))) void
device_revise(struct device *device, const struct id *record,
              const char *format, ...);
void device_add(struct device *device, const struct id *record, const char *set,
                const char *member);

void device_spend(struct device *device, const struct satchel_spend *spend,
                  struct id *out);
/* The text of a member of a flat JSON object. */
void id_take(const char *json, const char *name, struct id *out);

void device_begin(struct device *device);
void device_commit(struct device *device);
void device_sync(struct device *device);

#endif
