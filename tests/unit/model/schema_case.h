/* The shipped record types and small schemas, for the schema's tests. */
#ifndef TESTS_SCHEMA_CASE_H
#define TESTS_SCHEMA_CASE_H

#include "shared/model/schema.h"

struct schema *schema_empty(void);
/* All of schema/ and schema/system/. */
struct schema *schema_shipped(void);
/* Adds a definition that must be right. */
void schema_must_add(struct schema *schema, const char *json);
const struct schema_field *schema_field_of(const struct schema *schema,
                                           const char *type, const char *name);

#endif
