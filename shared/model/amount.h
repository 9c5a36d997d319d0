/* Amounts of money: whole cents inside, "80.00" for people.  Pure. */
#ifndef MODEL_AMOUNT_H
#define MODEL_AMOUNT_H

#include "shared/base/bytes.h"

#define AMOUNT_CENTS_MAX INT64_C(100000000000) /* a thousand million */
#define AMOUNT_CHARS 24

/* "80" or "80.00", more than nothing.  ERR_INVALID. */
MUST_CHECK enum err amount_read(const char *text, int64_t *cents);
/* "-80.00" */
void amount_format(char out[AMOUNT_CHARS], int64_t cents);

#endif
