/* From HSDS rows to the directory's records: what a publication says.
 *
 * Organizations, locations and services become records; everything else becomes
 * fields of the record that it belongs to.  A field that the publication does
 * not speak of is absent; one that it says is empty is null, or a set without
 * members.  Pure. */
#ifndef SERVER_IMPORT_MAP_H
#define SERVER_IMPORT_MAP_H

#include "server/import_read.h"

struct import_member {
    struct bytes text;
    struct import_member *next;
};

struct import_field {
    const char *name;
    struct bytes value; /* canonical JSON; unused for a set */
    bool set;
    bool partial; /* a set of which there may be more: nothing is removed */
    struct import_member *members; /* of a set, in byte order, unique */
    struct import_field *next;
};

struct import_record {
    const char *type;
    const struct import_row *row;
    struct import_field *fields; /* in the order of their names */
    struct import_record *next;
};

struct import_records {
    struct import_record *first, *last;
    size_t count;
};

/* The code of our own list that marks free tax preparation. */
#define IMPORT_VITA_CODE "tax-prep-vita"

enum import_conversion {
    IMPORT_AS_TEXT,
    IMPORT_AS_CODE, /* its spaces are underscores here */
    IMPORT_AS_INT,
    IMPORT_AS_KEY /* the id of a record */
};

/* A column that is a field. */
struct import_map_column {
    const char *column, *field;
    enum import_conversion as;
};

/* Those of a table whose rows become records; NULL of any other. */
const struct import_map_column *import_map_columns(enum import_table_id table,
                                                   size_t *count);

/* Records live in the publication's arena.  `source` names the publication in
 * the records.  What belongs to nothing is noted. */
MUST_CHECK enum err import_map(struct import_publication *publication,
                               const char *source, struct import_records *out);

/* Five digits: the GEOID of a county. */
bool import_is_county(struct bytes extent);

#endif
