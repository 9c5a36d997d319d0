/* Reading a definition: what is wrong is said once, with its place.
 *
 * Every reader returns false with the fault in the reading.  Internal to the
 * schema. */
#ifndef MODEL_SCHEMA_READ_H
#define MODEL_SCHEMA_READ_H

#include "shared/model/schema_type.h"

struct reading {
    struct schema_type *type;
    const char *what;   /* NULL: nothing yet */
    struct bytes where; /* field, empty: the type itself */
    enum err err;
};

/* Always false. */
bool reading_refuse(struct reading *r, struct bytes where, const char *what);
void *reading_take(struct reading *r, size_t size); /* NULL: NOMEM is said */

/* `codes`, `order` and `moves` of one field. */
bool codes_read(struct reading *r, const struct canon *object,
                struct schema_field *field);
bool order_read(struct reading *r, const struct canon *object,
                struct schema_field *field);
bool moves_read(struct reading *r, const struct canon *object,
                struct schema_field *field);
/* `code_set` of one field, once all fields of the type are there. */
bool coded_read(struct reading *r, const struct canon *object,
                struct schema_field *field);
/* `needs` of one field, once all fields of the type are there. */
bool guards_read(struct reading *r, const struct canon *object,
                 struct schema_field *field);

#endif
