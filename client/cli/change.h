/* What `put` was told to write, from operands and from JSON. */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include <jansson.h>

struct cli;

struct change {
    json_t *set, *add, *drop; /* owned: objects as satchel_write() takes them */
    const json_t *shown; /* borrowed: what is revised; NULL: a new record */
    const char *type;    /* borrowed: values are read by its kinds */
};

void change_init(struct change *change, const json_t *shown, const char *type);
void change_fini(struct change *change);

/* FIELD=VALUE, FIELD+=MEMBER or FIELD-=MEMBER:REASON.  EXIT_DONE, or an exit
 * code with the message printed; the same below. */
int change_operand(struct cli *cli, struct change *change, const char *operand);
/* {"field":value, "field+":["member"], "field-":{"member":"reason"}}. */
int change_object(struct cli *cli, struct change *change, json_t *object);
/* `set`, `add` or `drop` as satchel_write() takes it, owned by the caller; NULL
 * when it is empty. */
char *change_text(const json_t *object);
/* The object of fields that standard input or the draft gives. */
int change_given(struct cli *cli, struct change *change);

#endif
