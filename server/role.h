/* The roles that people have at an office: who may do what is decided by them.
 * An account has one; a certificate shows the role of the day it was made. */
#ifndef SERVER_ROLE_H
#define SERVER_ROLE_H

#include <stdbool.h>
#include <stddef.h>

#define ROLE_NAMES_CHARS 256

size_t role_count(void);
const char *role_at(size_t i);

/* Do people of this role begin cases? */
bool role_has_cases(const char *name);

bool role_known(const char *name);
/* All of them as a sentence has them: "worker, covering, ... or admin". */
void role_names(char out[ROLE_NAMES_CHARS]);

#endif
