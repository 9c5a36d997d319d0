/* Guards: what must be there before a record may stand where it does.
 *
 * A field's `needs` (schema/README.md) lists them; each says one thing in one
 * sentence.  Guards never refuse anything: who writes is told, and the office
 * lists what stands without what it needs.  A guard sees the record and the
 * others of its case, as they are shown; one that was entered in error counts
 * for nothing.  Pure. */
#ifndef MODEL_GUARD_H
#define MODEL_GUARD_H

#include "shared/model/schema.h"

struct guard;

size_t field_guard_count(const struct schema_field *field);
const struct guard *field_guard_at(const struct schema_field *f, size_t index);

/* Its name within the field. */
struct bytes guard_name(const struct guard *guard);
/* What is missing and what to do. */
struct bytes guard_says(const struct guard *guard);
/* The role that sees to it, "worker" when none is declared. */
struct bytes guard_owner(const struct guard *guard);
size_t guard_clause_count(const struct guard *guard);
struct bytes guard_clause_at(const struct guard *guard, size_t index);

/* Record types that it looks at beside its own, in the order of the
 * definition; one may come twice. */
size_t guard_type_count(const struct guard *guard);
struct bytes guard_type_at(const struct guard *guard, size_t index);

/* --- judging -------------------------------------------------------------- */

struct guard_record {
    struct guard_record *next;
    struct bytes record, type, kase; /* kase: empty when it has none */
    const struct canon *fields;
};

/* The records of one case that guards may ask for. */
struct guard_case {
    struct arena arena; /* owns what hangs here */
    struct guard_record *first, **end;
};

void guard_case_init(struct guard_case *kase);
void guard_case_fini(struct guard_case *kase);
void guard_case_clear(struct guard_case *kase);
/* Adds a folded state (copied); *out, which may be NULL, borrows from the case,
 * and is NULL when the state has no type or no fields yet.  A record that is
 * there already counts once. */
MUST_CHECK enum err guard_case_add(struct guard_case *kase, struct bytes state,
                                   const struct guard_record **out);

/* The role that a user has; empty: not known, which passes. */
typedef struct bytes guard_role(void *context, struct bytes user);

/* Is this one of the values at which the guard asks? */
bool guard_is_at(const struct guard *guard, const struct canon *value);
/* Does the record stand where this guard asks for something? */
bool guard_asks(const struct guard *guard, const struct schema_field *field,
                const struct guard_record *record);
/* Is what it asks for there? */
bool guard_holds(const struct guard *guard, const struct schema_field *field,
                 const struct guard_record *record,
                 const struct guard_case *kase, guard_role *role,
                 void *role_context);
/* The value at which it stands, raw JSON; "null" when it has none. */
struct bytes guard_stands_at(const struct schema_field *field,
                             const struct guard_record *record);

#endif
