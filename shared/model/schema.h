/* Record types as data: which fields a type has and which rule folds each.
 *
 * A schema is a set of type definitions, each one JSON object (schema/ has the
 * shipped ones; docs in schema/README.md).  Types and fields it does not know
 * are legal everywhere: unknown fields fold as `both`, unknown types are
 * relayed and not folded.  A loaded schema is immutable and may be read from
 * any thread.
 *
 * There are many types and most uses need few, so those that are shipped are
 * read when they are first asked for: asking may fail with ERR_NOMEM, which is
 * not the same as a type that is not known. */
#ifndef MODEL_SCHEMA_H
#define MODEL_SCHEMA_H

#include "shared/model/canon.h"
#include "shared/model/id.h"

#define SCHEMA_DETAIL_CHARS 256

enum rule {
    RULE_FIXED,
    RULE_LATEST,
    RULE_FURTHEST,
    RULE_SAFEST,
    RULE_SET,
    RULE_BOTH
};

enum value_kind {
    VALUE_ANY,
    VALUE_TEXT,
    VALUE_CODE,
    VALUE_INT,
    VALUE_BOOL,
    VALUE_DATE,
    VALUE_INSTANT,
    VALUE_RECORD,
    VALUE_USER,
    VALUE_CENTS,
    VALUE_MINUTES,
    VALUE_ATTACHMENT
};

struct schema;
struct schema_type;
struct schema_field;

MUST_CHECK enum err schema_new(struct schema **out);
void schema_free(struct schema *schema); /* NULL is allowed */

/* Adds or replaces one type.  `json` is one definition object in any JSON
 * spelling.  Checks names, rules, that `order` is acyclic, that order and
 * moves speak of declared codes.  `detail` (SCHEMA_DETAIL_CHARS) receives
 * "type.field: what is wrong".  A definition of a lower version than the one
 * present is ignored (ERR_OK). */
MUST_CHECK enum err schema_add(struct schema *schema, struct bytes json,
                               char *detail);

/* The first types of an empty schema: lines of a name, a space and a canonical
 * definition that is known to be right.  Takes `lines`, from malloc(), over,
 * also when it fails.  ERR_CORRUPT, ERR_NOMEM. */
MUST_CHECK enum err schema_add_lines(struct schema *schema, uint8_t *lines,
                                     size_t size);

/* Adds the type that the state of a record of type `schema` defines.  One that
 * this build cannot read is for a newer one, and passed over. */
MUST_CHECK enum err schema_add_state(struct schema *schema, struct bytes state);
/* Does such a state define the type at `index` just as it stands here, and give
 * its version?  False also when to tell would need parsing. */
bool schema_says_state(const struct schema *schema, size_t index,
                       struct bytes state);

/* *out lives as long as the schema; NULL: there is no such type.  ERR_CORRUPT:
 * what was shipped is damaged. */
MUST_CHECK enum err schema_find(const struct schema *s, struct bytes name,
                                const struct schema_type **out);
size_t schema_type_count(const struct schema *schema);
struct bytes schema_name_at(const struct schema *s, size_t index);
/* The same types, by the same definitions. */
bool schema_same(const struct schema *a, const struct schema *b);
MUST_CHECK enum err schema_at(const struct schema *s, size_t index,
                              const struct schema_type **out);
/* The same, with NULL for a type that has no field with `merges`. */
MUST_CHECK enum err schema_merging_at(const struct schema *s, size_t index,
                                      const struct schema_type **out);

struct bytes type_name(const struct schema_type *type);
struct bytes type_title(const struct schema_type *type);
int64_t type_version(const struct schema_type *type);
/* The canonical definition as it was given. */
struct bytes type_definition(const struct schema_type *type);
/* "case" (belongs to a case), "agency" (no case), "own" (is its own case). */
struct bytes type_home(const struct schema_type *type);
/* Only the office may create or write records of this type. */
bool type_office_only(const struct schema_type *type);
/* The directory's and other types that the engine itself writes. */
bool type_system(const struct schema_type *type);

size_t type_field_count(const struct schema_type *type);
const struct schema_field *type_field_at(const struct schema_type *t, size_t i);
/* NULL: the type does not know it. */
const struct schema_field *type_field(const struct schema_type *type,
                                      struct bytes name);

/* The field whose value is the record that this one is the same as (`merges`),
 * NULL when the type has none. */
const struct schema_field *type_merges(const struct schema_type *type);

/* The field that the office numbers 1, 2, ... (`numbered`) among the records
 * that have the same values in the fields named; NULL when the type has none.
 */
const struct schema_field *type_numbered(const struct schema_type *type);
size_t field_within_count(const struct schema_field *field);
struct bytes field_within_at(const struct schema_field *field, size_t index);
/* It is numbered once this field has a value; empty: at once. */
struct bytes field_once(const struct schema_field *field);

struct bytes field_name(const struct schema_field *field);
struct bytes field_title(const struct schema_field *field);
enum rule field_rule(const struct schema_field *field);
enum value_kind field_kind(const struct schema_field *field);
/* The value is an array of values of the kind (never with rule `set`, whose
 * members are added and dropped one by one). */
bool field_list(const struct schema_field *field);
bool field_required(const struct schema_field *field);
bool field_office(const struct schema_field *field); /* writer: office */
struct bytes field_target(const struct schema_field *field); /* record type */
/* The value is a list of objects, and these members of each are worth a column
 * (`rows`): count, 0 for none, and each. */
size_t field_row_count(const struct schema_field *field);
struct bytes field_row_at(const struct schema_field *field, size_t index);
/* The value is a code of a published set (`code_set`): the fields that name the
 * set, its version, and the day on which it has to be in effect (empty: no
 * field does). */
struct schema_coded {
    struct bytes set, version, on;
};
/* NULL: it is none. */
const struct schema_coded *field_coded(const struct schema_field *field);
/* Declared codes: count, and each. */
size_t field_code_count(const struct schema_field *field);
struct bytes field_code_at(const struct schema_field *field, size_t index);
/* `furthest`/`safest`: value a lies strictly below b (transitively).  Values
 * are raw canonical JSON ("\"sent\""). */
bool field_below(const struct schema_field *field, struct bytes a,
                 struct bytes b);
/* `moves`: may a screen offer going from a to b?  True when none declared;
 * an empty `a` asks for the first value. */
bool field_move(const struct schema_field *field, struct bytes a,
                struct bytes b);

/* Checks a value (of a `set` field: one member) against the field's kind.
 * ERR_INVALID with a `detail` (SCHEMA_DETAIL_CHARS, or NULL) that names field,
 * value and expected form ("kind: \"visitt\" is not one of home_visit, office,
 * ..."). null is always allowed. Unknown codes are ERR_INVALID here (callers
 * decide to keep them). */
MUST_CHECK enum err field_check(const struct schema_field *field,
                                const struct canon *value, char *detail);

const char *rule_name(enum rule rule);
MUST_CHECK enum err rule_parse(struct bytes text, enum rule *out);

#endif
