/* Record types for tests, in which asking for one cannot fail. */
#ifndef TESTS_TYPES_H
#define TESTS_TYPES_H

#include <stdlib.h>
#include "shared/model/schema.h"

static inline const struct schema_type *schema_type(const struct schema *s,
                                                    struct bytes name)
{
    const struct schema_type *type;
    if (schema_find(s, name, &type))
        abort();
    return type;
}

static inline const struct schema_type *schema_type_at(const struct schema *s,
                                                       size_t index)
{
    const struct schema_type *type;
    if (schema_at(s, index, &type))
        abort();
    return type;
}

#endif
