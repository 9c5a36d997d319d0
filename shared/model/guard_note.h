/* What guards and published code sets say of a write, on a device and at the
 * office: a line for each, "field: what is missing (clauses); stored all the
 * same".
 *
 * Only notes: whatever is missing, the write stands. */
#ifndef MODEL_GUARD_NOTE_H
#define MODEL_GUARD_NOTE_H

#include "shared/model/guard.h"

/* Where the records of the case come from. */
struct guard_source {
    /* Adds the record just written, as it is now; *out is it (NULL: it has no
     * fields to judge). */
    enum err (*written)(void *context, struct guard_case *kase,
                        const struct guard_record **out);
    /* Adds all records of the type that are in its case. */
    enum err (*of_type)(void *context, struct guard_case *kase,
                        struct bytes type);
    guard_role *role;
    void *context;
};

/* Of each field of `set` (NULL: none) that stands where a guard asks for what
 * is not there. */
MUST_CHECK enum err guard_notes(const struct schema_type *type,
                                const struct canon *set,
                                const struct guard_source *source,
                                struct buffer *warning);

/* Appends the folded state of the record of a code set, nothing when there is
 * none; *any then says whether there is any other code set. */
typedef enum err code_state(void *context, const char *record,
                            struct buffer *out, bool *any);

/* Of each field that `set` writes, or gives another set, version or day, whose
 * code is not in effect.  `state` is the record's before the write, NULL when
 * it is new.  Where no code set is nothing is said. */
MUST_CHECK enum err code_notes(const struct schema_type *type,
                               const struct canon *set,
                               const struct canon *state, code_state *find,
                               void *context, struct buffer *warning);

#endif
