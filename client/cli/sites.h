/* Tax sites that serve a county, in the order in which they are offered.
 *
 * A site is sponsored when the directory names a CSBG entity as its sponsor or
 * as whoever runs it.  Those that are closed or not in season on the day are
 * left out; other counties' come only where the county has none. */
#ifndef CLI_SITES_H
#define CLI_SITES_H

#include <jansson.h>
#include <stdbool.h>

#include "client/satchel.h"

#define SITES_COUNTY_CHARS 5
#define SITES_NAME_CHARS 64
#define SITES_VERSION_CHARS 48
#define SITES_NEAREST 10 /* how many of other counties are offered */

struct sites {
    char county[SITES_COUNTY_CHARS + 1]; /* asked for, a GEOID */
    char on[10 + 1];                     /* the day, 2026-11-21 */
    /* Of the answer: */
    char county_name[SITES_NAME_CHARS + 1]; /* "" not known */
    bool in_county;
    char version[SITES_VERSION_CHARS + 1]; /* of all sites of the directory */
    json_t *found; /* owned: objects with basis, record, name, ... */
};

/* SATCHEL_OK, or what the vault says. */
int sites_find(struct sites *sites, satchel *vault);
void sites_fini(struct sites *sites);

#endif
