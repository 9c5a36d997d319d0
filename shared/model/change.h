/* What `put` was told to write, on a device and at the office: FIELD=VALUE,
 * FIELD+=MEMBER, FIELD-=MEMBER:REASON, and the same as JSON.  It is only read
 * here, not judged (check.h). */
#ifndef MODEL_CHANGE_H
#define MODEL_CHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include "shared/base/err.h"

#define CHANGE_FAULT_CHARS 1024

/* The text as a value of the field's kind, owned by the caller; an error that
 * is not ERR_NOMEM has been told by whoever gave this. */
typedef enum err change_value(void *context, const char *field,
                              const char *text, json_t **out);

struct change {
    json_t *set, *add, *drop; /* owned objects */
    const json_t *shown; /* borrowed: what is revised; NULL: a new record */
    change_value *value;
    void *context;
    bool corrects; /* a field that is there already is replaced */
    bool misuse;   /* the fault is in the command line */
    char fault[CHANGE_FAULT_CHARS]; /* of the last failure; "": none of ours */
};

/* ERR_NOMEM. */
MUST_CHECK enum err change_init(struct change *change, const json_t *shown,
                                change_value *value, void *context);
void change_fini(struct change *change);

/* ERR_INVALID with the fault; the same below. */
MUST_CHECK enum err change_operand(struct change *change, const char *operand);
/* {"field":value, "field+":["member"], "field-":{"member":"reason"}}. */
MUST_CHECK enum err change_object(struct change *change, json_t *object);
/* One such object as a text; `from` is what it is called. */
MUST_CHECK enum err change_json(struct change *change, const char *text,
                                const char *from);
/* `set`, `add` or `drop` as JSON, owned by the caller (free); NULL when it is
 * empty. */
char *change_text(const json_t *object);

#endif
