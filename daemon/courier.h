/* One vault and what keeps it in step with its office.
 *
 * A courier is driven by the loop: courier_due() says when it wants to be
 * called, courier_turn() does whatever can be done without waiting.  Between
 * syncs it waits at the office (a long poll), and every half minute it looks
 * whether something was written here.  One thread. */
#ifndef DAEMON_COURIER_H
#define DAEMON_COURIER_H

#include "daemon/options.h"
#include "shared/exchange/backoff.h"
#include "shared/exchange/session.h"

struct courier;

/* The vault need not be there yet, nor enrolled: the courier looks again later.
 * Borrows everything. */
MUST_CHECK enum err courier_new(struct courier **out,
                                const struct options_vault *vault,
                                const struct options *options,
                                const struct log *log);
void courier_free(struct courier *courier); /* NULL is allowed */

const char *courier_name(const struct courier *courier);
/* What it was given is no vault, or one of a newer program: this process will
 * never open it. */
bool courier_hopeless(const struct courier *courier);
/* By name or by path. */
bool courier_answers_to(const struct courier *courier, const char *name);

/* The descriptor to poll for reading (-1: none) and the monotonic time at which
 * to call courier_turn() at the latest (-1: not by time). */
int courier_descriptor(struct courier *courier);
int64_t courier_due_ms(struct courier *courier, int64_t now_ms);
void courier_turn(struct courier *courier, int64_t now_ms);

/* Asks for a sync as soon as possible; its number is returned, and once
 * courier_synced() reaches it, courier_report() is about a sync that began
 * after the request. */
int64_t courier_sync(struct courier *courier);
int64_t courier_synced(const struct courier *courier);
const struct session_report *courier_report(const struct courier *courier);
/* Something was written: push it, unless the office is out of reach. */
void courier_nudge(struct courier *courier);

/* `detail` says on failure why, and how many tries are left. */
MUST_CHECK enum err courier_unlock(struct courier *courier,
                                   const char *passphrase,
                                   char detail[VAULT_DETAIL_CHARS]);
void courier_lock(struct courier *courier);

/* No new sync; true once nothing is under way.  A long poll is given up. */
bool courier_stop(struct courier *courier);

/* The courier's part of `status`: one JSON object. */
void courier_status(struct courier *courier, int64_t now_ms,
                    struct buffer *out);

#endif
