/* What the parts of the desk share. */
#ifndef TESTS_UNIT_EXCHANGE_DESK_INNER_H
#define TESTS_UNIT_EXCHANGE_DESK_INNER_H

#include "tests/unit/exchange/desk.h"

void desk_forget(struct desk *desk); /* every line of the device */
/* The request under way is an enrolment: the reply's body. */
void desk_enrol(struct desk *desk, struct buffer *out);
/* Reads the request under way into `heard` and takes what is signed. */
void desk_read(struct desk *desk);

#endif
