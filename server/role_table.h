/* Tables that say which roles may do what: text, a line each, "NAME: ROLE ..."
 * or "NAME! HOW" (nobody: how it is done instead); a line that begins with '#'
 * is a comment.  Results point into the table. */
#ifndef SERVER_ROLE_TABLE_H
#define SERVER_ROLE_TABLE_H

#include "shared/base/bytes.h"

struct role_table_line {
    struct bytes name, words;
    char mark; /* ':' or '!' */
};

/* Takes the next line that says something off the text; false: none is left. */
bool role_table_next(struct bytes *text, struct role_table_line *out);
/* What stands behind the name with this mark; empty: no line is of that. */
struct bytes role_table_entry(struct bytes table, struct bytes name, char mark);
/* Takes the next word off. */
struct bytes role_table_word(struct bytes *words);
bool role_table_has(struct bytes words, const char *wanted);
/* "worker, supervisor"; `only`: those of whom it is true, NULL: all. */
void role_table_say(struct bytes words, bool (*only)(struct bytes role),
                    char *out, size_t room);

#endif
