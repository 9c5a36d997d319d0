/* Brings the office's directory in line with a publication.
 *
 * For each record only the fields whose published value has changed since the
 * last import are written, with what earlier imports wrote of that record as
 * what was seen: a correction made here in between is concurrent and stays,
 * shown as a conflict.  Nothing is deleted; what is no longer published is
 * reported.  The caller opens the write transaction. */
#ifndef SERVER_IMPORT_PLAN_H
#define SERVER_IMPORT_PLAN_H

#include "server/import_map.h"
#include "server/office.h"

enum { IMPORT_TYPES = 3 }; /* organization, location, service */

struct import_counts {
    size_t created, changed, unchanged; /* records */
    size_t fields;                      /* changed ones, of changed records */
};

struct import_plan {
    struct office *office; /* borrowed */
    struct sql *sql;       /* borrowed */
    const char *author;    /* borrowed; unused when `dry` */
    bool dry;              /* compare only, write nothing */
    /* results */
    struct import_counts counts[IMPORT_TYPES];
    size_t missing; /* published before, not now */
};

extern const char *const import_plan_types[IMPORT_TYPES];

/* Checks foreign keys, maps, compares and writes.  Notes go to the
 * publication. */
MUST_CHECK enum err import_plan_run(struct import_plan *plan,
                                    struct import_publication *publication,
                                    const char *source);

#endif
