/* The fold: from a record's revisions to its present state.
 *
 * A pure function of the set of revisions and the schema: no clock, no other
 * record, no order of arrival.  State is canonical JSON, the same bytes on
 * every replica that has the same revisions and schema version:
 *
 * {"case":C,"fields":{F:{...}},"record":ID,"schema":V,"type":T} where a field
 * is {"after":[W...],"base":V,"dropped":[W...],"live":[W...],"meanwhile":true,
 *  "open":true,"requests":[W...],"review":[values],"sealed":true,
 *  "unreadable":[W...],"value":V}
 * and W is {"at":ms,"author":A,"dot":"r:n","value":V,"write":ID} of the
 * original line; in `dropped`, and in a request to drop, also "reason":text
 * before `value`.  Members that are false or empty are left out, except `value`
 * and `live`; a field of which nothing would be shown is left out.  Lists are
 * sorted by dot, then write id (then value), each entry once.  A record whose
 * creating revision is missing or held is {"record":ID,"waiting":true}.  `case`
 * is left out when there is none; `schema` is 0 for a type that the schema does
 * not know.
 *
 * A state above STATE_BYTES_MAX is shown with empty `fields` and
 * "oversize":true before `record`: its history is still there line by line, and
 * a write that had seen it all makes it small again.
 *
 * `base` stands in open fields: the fold, as `both`, of what all the live
 * writes had seen, or null.  It is also the `value` of a field that is shown
 * `meanwhile`: `both` with several values, `furthest` or `safest` with several
 * maxima, which `review` then lists.  The value of a `set` field is the array
 * of its members in byte order.  `requests` (a device's writes to a field that
 * the office writes) and `unreadable` (`set` on a set-valued field, `add` or
 * `drop` on another) stand until a later write to the field that counts had
 * seen them.
 *
 * The memo is what the next step needs beside the state (context, joined seen,
 * whether the fast path is still open); it is local, not part of the hash. */
#ifndef MODEL_FOLD_H
#define MODEL_FOLD_H

#include "shared/model/revision.h"
#include "shared/model/schema.h"

#define STATE_BYTES_MAX (16u * 1024u * 1024u)

struct fold {
    struct buffer state; /* owned */
    struct buffer memo;  /* owned */
};

void fold_init(struct fold *fold);
void fold_fini(struct fold *fold);

/* From scratch: the definition.  `revisions` are all of one record, in any
 * order; duplicates (same bytes) count once. */
MUST_CHECK enum err fold_all(const struct schema *schema,
                             const struct revision *const *revisions,
                             size_t count, struct fold *out);

/* The same of one revision alone. */
MUST_CHECK enum err fold_first(const struct schema *schema,
                               const struct revision *first, struct fold *out);

/* One more revision on top of `state` and `memo` (both empty for a record that
 * is new here).  Equal to fold_all() of all of them, or *scratch is true, out
 * is untouched or empty and the caller folds all. */
MUST_CHECK enum err fold_step(const struct schema *schema, struct bytes state,
                              struct bytes memo, const struct revision *next,
                              struct fold *out, bool *scratch);

/* What a reader of this record may claim to have seen. */
MUST_CHECK enum err fold_context(struct bytes memo, struct seen *out);

/* The record's open fields (conflicts that wait for a person). */
MUST_CHECK enum err fold_open_count(struct bytes state, size_t *count);

void state_hash(uint8_t out[HASH_BYTES], struct bytes state);

#endif
