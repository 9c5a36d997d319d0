/* What the parts of the mapping share.  For import_map*.c only.
 *
 * Errors stick in `err`, so that a record is built by a plain list of calls. */
#ifndef SERVER_IMPORT_MAP_INNER_H
#define SERVER_IMPORT_MAP_INNER_H

#include "server/import_map.h"
#include "shared/base/buffer.h"

struct mapper {
    struct import_rows *rows;
    struct arena *arena;
    struct map *children; /* owned: "OWNER/TABLE" to a list of links */
    struct buffer text;   /* owned: scratch of what is being written */
    struct import_record *record;
    enum err err;
};

/* A row in a list of rows that belong to something. */
struct link {
    const struct import_row *row;
    struct link *next;
};

/* --- fields (import_map_field.c) --- */

enum err mapper_init(struct mapper *m, struct import_publication *publication);
void mapper_fini(struct mapper *m);

/* Makes the field, in order; the one of that name when it is there. */
struct import_field *mapper_field(struct mapper *m, const char *name);
void mapper_put_text(struct mapper *m, const char *name, struct bytes text);
void mapper_put_true(struct mapper *m, const char *name);
void mapper_put_null(struct mapper *m, const char *name);
/* Canonical JSON, copied. */
void mapper_put_json(struct mapper *m, const char *name, struct bytes json);
struct import_field *mapper_set(struct mapper *m, const char *name,
                                bool partial);
/* Empty text is no member. */
void mapper_add(struct mapper *m, struct import_field *set, struct bytes text);

/* Rows of `table` that belong to this id, in file order. */
const struct link *mapper_children(const struct mapper *m, const char *owner,
                                   enum import_table_id table);
/* The same, and those that belong to a service at a location that is this
 * record's: one list without doubles. */
const struct link *mapper_all_children(struct mapper *m,
                                       enum import_table_id table);
/* The publication speaks of such rows of this record. */
bool mapper_speaks(struct mapper *m, enum import_table_id table, bool *partial);

/* Two words that every line of the mapping needs. */
static inline struct bytes
cell(const struct mapper *m, const struct import_row *row, const char *column)
{
    return import_row_text(m->rows, row, column);
}

static inline bool is_type(const struct mapper *m, enum import_table_id table)
{
    return m->record->row->table == table;
}

/* --- child rows --- */

void mapper_lists(struct mapper *m);  /* import_map_list.c */
void mapper_hours(struct mapper *m);  /* import_map_hours.c */
void mapper_place(struct mapper *m);  /* import_map_place.c: of a location */
void mapper_offers(struct mapper *m); /* import_map_place.c: of a service */

#endif
