/* Files of the source tree that the build puts into the programs.
 *
 * Each set is a table ended by a NULL path, in the order of the paths, so that
 * numbered migrations stand in the order in which they apply.  `at` is followed
 * by a NUL that `size` does not count.  A deflated set is one entry: its files,
 * a line each behind its name and a space, as a zlib stream that gives `plain`
 * bytes.  Constant; safe in any thread. */
#ifndef TOOLS_EMBED_H
#define TOOLS_EMBED_H

#include <stddef.h>

struct embed {
    const char *path; /* from the top of the source tree */
    const unsigned char *at;
    size_t size;
    size_t plain; /* inflated; of a set that is not, `size` */
};

extern const struct embed embed_vault_schema[];    /* libreplica */
extern const struct embed embed_record_types[];    /* libreplica, deflated */
extern const struct embed embed_code_sets[];       /* libmodel */
extern const struct embed embed_store_schema[];    /* server, SQLite */
extern const struct embed embed_store_schema_pg[]; /* server, PostgreSQL */
extern const struct embed embed_exchange[];        /* server */
extern const struct embed embed_reports[];         /* server */
extern const struct embed embed_policies[];        /* server */
extern const struct embed embed_views[];           /* server */
extern const struct embed embed_rights[];          /* server */
extern const struct embed embed_operations[];      /* server */
extern const struct embed embed_web_field[];       /* daemon */
extern const struct embed embed_web_office[];      /* server */

#endif
