/* States in words: the canonical JSON that shared/model/fold.h describes.
 * Internal to the fold.  Errors stay in the buffer. */
#ifndef MODEL_FOLD_WRITE_H
#define MODEL_FOLD_WRITE_H

#include "shared/model/fold_field.h"

/* {"at","author","dot","value","write"} of one original line: what stands
 * before the value, and after it. */
void write_open(struct buffer *out, const struct revision *line);
void write_close(struct buffer *out, const struct revision *line);
/* What stands before the fields, and after them. */
void state_open(struct buffer *out, struct bytes kase);
void state_close(struct buffer *out, struct bytes record,
                 const struct schema_type *type, struct bytes name);
/* A whole state whose fields are too much to hold. */
void state_oversize(struct buffer *out, const struct revision *creator,
                    const struct schema_type *type);
void state_waiting(struct buffer *out, struct bytes record);
/* "name":{...}; a comma precedes all but the first. */
void field_put(struct buffer *out, const struct field *field,
               const struct outcome *outcome, bool first);

#endif
