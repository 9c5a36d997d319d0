/* The 21 tables of HSDS 3.0 and what a datapackage.json says of them.
 *
 * A package begins as the specification has it; a publisher's datapackage.json
 * may name other files, types, required columns and foreign keys.  Columns that
 * HSDS does not have are noted once and passed over. */
#ifndef SERVER_IMPORT_TABLE_H
#define SERVER_IMPORT_TABLE_H

#include "server/import_json.h"
#include "server/import_note.h"

enum import_table_id {
    TABLE_NONE, /* in a column: refers to nothing */
    ORGANIZATION,
    PROGRAM,
    SERVICE,
    ATTRIBUTE,
    SERVICE_AT_LOCATION,
    LOCATION,
    PHONE,
    CONTACT,
    ADDRESS,
    SCHEDULE,
    FUNDING,
    SERVICE_AREA,
    REQUIRED_DOCUMENT,
    LANGUAGE,
    ACCESSIBILITY,
    TAXONOMY_TERM,
    METADATA,
    META_TABLE_DESCRIPTION,
    COST_OPTION,
    ORGANIZATION_IDENTIFIER,
    TAXONOMY,
    TABLE_COUNT
};

enum import_kind {
    IMPORT_TEXT,
    IMPORT_ID,
    IMPORT_EMAIL,
    IMPORT_URI,
    IMPORT_NUMBER,
    IMPORT_DATE,
    IMPORT_INSTANT,
    IMPORT_TIME
};

#define IMPORT_COLUMNS_MAX 23 /* of one table */
#define IMPORT_CODES_MAX 64   /* of one column */

struct import_column {
    const char *name;
    enum import_kind kind;
    bool required;
    enum import_table_id refers; /* a foreign key to this table's id */
    const char *const *codes;    /* NULL-terminated; NULL: any text */
};

struct import_table {
    const char *name; /* "organization" */
    const char *path; /* "organizations.csv" */
    struct import_column columns[IMPORT_COLUMNS_MAX];
    size_t count;
    bool listed;  /* datapackage.json names it */
    bool present; /* the publication has the table as a whole */
};

struct import_package {
    struct import_table tables[TABLE_COUNT]; /* [TABLE_NONE] is empty */
};

void import_package_init(struct import_package *package);

/* Applies a parsed datapackage.json.  What it takes over lives in `arena` and
 * borrows from `root`.  ERR_INVALID (noted) when it describes no tables. */
MUST_CHECK enum err import_package_read(struct import_package *package,
                                        struct arena *arena,
                                        const struct import_json *root,
                                        const struct import_file *file,
                                        struct import_notes *notes);

/* TABLE_NONE when there is none of that name ("phone") or path
 * ("phones.csv", or "phones"). */
enum import_table_id import_package_name(const struct import_package *package,
                                         struct bytes name);
enum import_table_id import_package_path(const struct import_package *package,
                                         struct bytes path);

/* -1 when the table has no such column. */
int import_table_column(const struct import_table *table, struct bytes name);

/* The specification's own table (import_table_hsds.c). */
void import_table_init(struct import_table *table, enum import_table_id id);

#endif
