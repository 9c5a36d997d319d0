/* States and revisions as people and programs are shown them (JSON).
 *
 * The --json shapes of `satchel` and `satchel-central` are the same because
 * both come from here.  Output is canonical JSON.  Pure. */
#ifndef MODEL_VIEW_H
#define MODEL_VIEW_H

#include "shared/model/fold.h"

/* What is shown of a record beside its state; a JSON array that is empty or
 * "[]" is left out. */
struct view_beside {
    struct bytes context;        /* the token */
    struct bytes history;        /* of view_entry() */
    struct bytes same;           /* of same_others() */
    const struct schema *schema; /* NULL: nothing is said to be unknown */
};

/* {"case","context","fields":{F:{"live":[...],"open":bool,"value":V,...}},
 * "hash","history":[...],"record","same":[...],"type"}.  A field that its type
 * does not have is "unknown":"field", one with a code that it does not have
 * "unknown":"code". */
MUST_CHECK enum err view_show(struct buffer *out, struct bytes state,
                              const struct view_beside *beside);

/* {"case","fields":{F:V},"hash","record","type"}. */
MUST_CHECK enum err view_row(struct buffer *out, struct bytes state);

/* False when the value, or a member of it, is a code that the field does not
 * have. */
bool view_code_known(const struct schema_field *field,
                     const struct canon *value);

/* True when field `name` of the state has `value`: compared as text, as JSON,
 * or as a member of a set. */
bool view_matches(const struct canon *state, const char *name,
                  struct bytes value);

/* Appends {"base","case","field","record","type","values":[...]} for every
 * open field, separated by commas; *count grows by how many.  A comma precedes
 * the first when *count was not 0. */
MUST_CHECK enum err view_conflicts(struct buffer *out, struct bytes state,
                                   size_t *count);

/* What people call a record: the first of these fields that has a text.  A
 * record with none of them is called by its person (VIEW_PERSON_FIELD).  NULL
 * ends the list. */
extern const char *const view_name_fields[];
#define VIEW_PERSON_FIELD "person"
/* A record id after a name: its last group, the one that tells two apart. */
#define VIEW_ID_TAIL 24

/* {"add","at","author","custody","dot","drop","held","hold","keep","release",
 * "seal","set","write"} of one line, members that are absent left out.  A
 * carried write shows the original's content under the carrier's dot. */
MUST_CHECK enum err view_entry(struct buffer *out, struct bytes line,
                               const char *custody, const char *held);

#endif
