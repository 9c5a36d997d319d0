/* The office checked against itself, and what is derived made anew.
 *
 * Primary are the lines, their signatures, the feeds and who was enrolled;
 * everything else must follow from them.  Both run in one transaction over the
 * whole store and take time in proportion to it. */
#ifndef SERVER_VERIFY_H
#define SERVER_VERIFY_H

#include "server/office.h"

#define VERIFY_TEXT_CHARS 256

/* Called for every problem with one line of text; no personal data in it. */
typedef void verify_report(void *context, const char *text);

/* Chains, links and signatures of every log; certificates; each record's state
 * against the fold from scratch; cases' sums; feeds without gaps, with right
 * sums and every line of each case that a scope sees; holds; the files of
 * attachments that were received; that of what was disposed of nothing is here,
 * and that the ledger knows it.  ERR_OK also when
 * there are problems: *problems counts them. */
MUST_CHECK enum err office_verify(struct office *office, struct sql *sql,
                                  verify_report *report, void *context,
                                  size_t *problems);

/* Makes every derived table anew from the log, in a write transaction of its
 * own.  What was open keeps the time since when it was. */
MUST_CHECK enum err office_rebuild(struct office *office, struct sql *sql);

#endif
