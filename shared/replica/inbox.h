/* What comes from the office: pages of lines, joins, leaves, cursors, sums.
 *
 * A page is applied in one transaction with its cursor, or not at all.  Needs
 * an unlocked vault, except for leaves and statements. */
#ifndef REPLICA_INBOX_H
#define REPLICA_INBOX_H

#include "shared/replica/identity.h"

struct inbox;
/* Borrows the vault. */
MUST_CHECK enum err inbox_open(struct inbox **out, struct vault *vault);
void inbox_close(struct inbox *inbox);

/* Collects; nothing is stored before inbox_page(). `line` is verbatim. */
MUST_CHECK enum err inbox_line(struct inbox *inbox, struct bytes line);
MUST_CHECK enum err inbox_join(struct inbox *inbox, const char *kase);
/* Verifies the signature and that it names this replica and lineage. */
MUST_CHECK enum err inbox_leave(struct inbox *inbox,
                                const struct leave_line *leave);
/* Ends the page: stores its lines (known dots are skipped), folds, applies
 * joins and leaves, counts sums, sets the scope's cursor. */
MUST_CHECK enum err inbox_page(struct inbox *inbox,
                               const struct cursor_line *cursor);
/* The same in the answer to a reconcile: the joins collected are all the cases
 * of the scope, and replace what was known of it. */
MUST_CHECK enum err inbox_settled(struct inbox *inbox,
                                  const struct cursor_line *cursor);
/* Ends a page of given lines (fix): as above without a cursor. */
MUST_CHECK enum err inbox_given(struct inbox *inbox,
                                const struct given_line *given);
/* Forgets what was collected since the last whole page. */
void inbox_discard(struct inbox *inbox);
size_t inbox_lines_applied(const struct inbox *inbox); /* since open */

/* The cursors to send (sum filled in only where it may be).  Grows with the
 * scopes granted; a scope without a stored cursor starts at 0. */
MUST_CHECK enum err inbox_cursors(struct vault *vault, struct cursor *out,
                                  size_t room, size_t *count);
/* The scopes the office says are granted. */
MUST_CHECK enum err inbox_scopes(struct vault *vault,
                                 const char (*scopes)[SCOPE_CHARS_MAX + 1],
                                 size_t count);

/* Reconcile: every case held with its sum; then, for a diff, which of our
 * lines the office lacks and which of its lines we need. */
typedef enum err inbox_each_case(void *context, const char *kase, uint64_t sum);
MUST_CHECK enum err inbox_cases(struct vault *vault, inbox_each_case *each,
                                void *context);
/* Around the diffs of one round: differences that the round before has found
 * too, with all that was asked for given since, stand (standing.h): so many.
 * `keep`: they are kept, as nothing is unsent that the office may wait for. */
void inbox_round_begin(struct inbox *inbox);
MUST_CHECK enum err inbox_round_end(struct inbox *inbox, bool keep,
                                    size_t *standing);
/* `have` is the whole of the office's list for the case. Remembers in memory
 * of the inbox what to contribute and what is needed. */
MUST_CHECK enum err inbox_diff(struct inbox *inbox, const char *kase,
                               const char *scope, struct bytes have);
/* Until the next round begins the same again each time: a request may be lost.
 * Pages of others' lines to contribute (hashes and mac as received, and those
 * of its lines that the office lacks). */
typedef enum err inbox_each_page(void *context, const struct page_line *page,
                                 const struct bytes *lines, size_t count);
MUST_CHECK enum err inbox_contribute(struct inbox *inbox, inbox_each_page *each,
                                     void *context);
typedef enum err inbox_each_need(void *context, const struct need_line *need);
MUST_CHECK enum err inbox_needs(struct inbox *inbox, inbox_each_need *each,
                                void *context);

/* The sum over what is really held for a scope, computed afresh (verify). */
MUST_CHECK enum err inbox_scope_sum(struct vault *vault, const char *scope,
                                    uint64_t *sum);

#endif
