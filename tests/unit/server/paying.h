/* What tests of money share: fay is the fiscal officer, sue a supervisor, olga
 * an administrator, and the office keeps a journal. */
#ifndef TESTS_UNIT_SERVER_PAYING_H
#define TESTS_UNIT_SERVER_PAYING_H

#include "server/money.h"
#include "tests/unit/server/device.h"

#define REQUEST(n) "0192b5a0-0000-7000-8000-00000000010" #n
#define SPEND(n) "0192b5a0-0000-7000-8000-00000000020" #n
#define ASKED(cents, payee)                                                    \
    "{\"amount_cents\":" #cents                                                \
    ",\"category\":\"transportation\",\"payee\":\"" payee                      \
    "\",\"person\":\"" PERSON "\"}"

/* For cmocka; the state is a struct place. */
int paying_setup(void **state);
int paying_teardown(void **state);
/* Where the office's journal is. */
extern char paying_journal[96];
/* A server brings the journal up to date; then the office goes on with it. */
void paying_serve(struct place *place);
/* Fails when the office does not say this of what went wrong. */
void paying_says(const struct place *place, const char *part);

/* Each a transaction of its own. */
enum err paying_begin(struct place *place);
enum err paying_end(struct place *place, enum err err);
enum err paying_cap(struct place *place, const char *by, const char *name,
                    bool pool, int64_t limit, int64_t approval);
/* `despite` and `out` may be NULL. */
enum err paying_authorize(struct place *place, const char *by,
                          const char *request, const char *despite,
                          struct money_answer *out);
/* By fay. */
enum err paying_issue(struct place *place, const char *user, int64_t cents,
                      const char *person, const char *pool,
                      struct money_answer *out);
enum err paying_void(struct place *place, const char *id, enum money_kind kind);

/* Of PERSON's cap of transportation. */
int64_t paying_used(struct place *place);
/* dana's person, two requests that are alike but for their spelling, and a
 * third; the cap is 100.00. */
void paying_asked(struct place *place, struct device *dana);

#endif
