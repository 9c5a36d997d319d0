/* What a person typed for a field, as a value of the field's kind.
 *
 * "20" of a number is 20, "yes" of a truth value is true, "a, b" of a list is
 * ["a","b"], "" is null; other text becomes a JSON text.  `field` is NULL for
 * one that the schema does not know: its values are texts.  Pure. */
#ifndef MODEL_TYPED_H
#define MODEL_TYPED_H

#include "shared/base/buffer.h"
#include "shared/model/schema.h"

#define TYPED_BYTES_MAX (4u << 20)

/* Appends the value as canonical JSON; it may still not fit (field_check()). */
MUST_CHECK enum err typed_value(struct buffer *out,
                                const struct schema_field *field,
                                const char *text);

/* Appends what view_matches() compares, of a condition on the field; of a list
 * or set, of one member. */
MUST_CHECK enum err typed_condition(struct buffer *out,
                                    const struct schema_field *field,
                                    const char *text);
/* ERR_INVALID, with a `detail` (SCHEMA_DETAIL_CHARS) as that of field_check(),
 * when no value of the field can meet such a condition. */
MUST_CHECK enum err typed_condition_check(const struct schema_field *field,
                                          const char *text, char *detail);

#endif
