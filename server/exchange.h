/* Records as another standard asks for them, by a template of
 * schema/exchange/ (schema/README.md states its form).
 *
 * Nothing here knows a record type or a code: which record is read, which of
 * its fields go where and what their codes become there is data.  What a
 * template does not name does not leave the office.  Constant once open. */
#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include "shared/model/canon.h"

#define EXCHANGE_DETAIL_CHARS 200

struct exchange;

/* Opens the shipped template "fhir-referral"; *out is NULL on failure.
 * ERR_NOT_FOUND, ERR_INVALID: it is none. */
MUST_CHECK enum err exchange_open(struct exchange **out, const char *name);
void exchange_close(struct exchange *exchange); /* NULL is allowed */

/* The type of the records that it reads. */
const char *exchange_type(const struct exchange *exchange);
/* The day by which a period takes the record, as 2026-11-21; empty: none. */
struct bytes exchange_day(const struct exchange *exchange,
                          const struct canon *state);

/* Appends a line of JSON for each resource of the record.  ERR_INVALID: it
 * cannot be told in that standard, and `detail` (EXCHANGE_DETAIL_CHARS) says
 * why; nothing useful is then appended. */
MUST_CHECK enum err exchange_write(const struct exchange *exchange,
                                   const struct canon *state,
                                   struct buffer *out, char *detail);

#endif
