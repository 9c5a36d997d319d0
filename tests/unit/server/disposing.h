/* What tests of disposal share: sue is a supervisor, olga an administrator. */
#ifndef TESTS_UNIT_SERVER_DISPOSING_H
#define TESTS_UNIT_SERVER_DISPOSING_H

#include "tests/unit/server/device.h"

#define WHY "three years are over"
#define CLOSED "2020-01-31"

/* For cmocka; the teardown is place_teardown(). */
int disposing_setup(void **state);
/* Ends the transaction that disposing_begin() began: commits without `err`. */
enum err disposing_finish(struct place *place, enum err err);
enum err disposing_begin(struct place *place);
/* Each in a transaction of its own; all but the first by `by`. */
enum err disposing_close_case(struct place *place, const char *kase,
                              const char *on, const char *class);
enum err disposing_propose(struct place *place, const char *by,
                           const char *kase);
enum err disposing_approve(struct place *place, const char *by,
                           const char *kase);
enum err disposing_hold(struct place *place, const char *by, bool held);
/* Fails when the office does not say this of what went wrong. */
void disposing_says(const struct place *place, const char *part);
/* dana's person with a note, closed long ago, and another one. */
void disposing_two_cases(struct place *place, struct device *dana);
void disposing_dispose(struct place *place, const char *kase);
/* Of devices' lines: those that have their text, all. */
int64_t disposing_whole_lines(struct place *place);
int64_t disposing_all_lines(struct place *place);
void disposing_backup(struct place *place);
/* As when somebody copies the file back, who knows of no restore. */
void disposing_put_back(struct place *place);
/* The line comes in a page of somebody else. */
enum err disposing_heal(struct place *place, const struct device *d, int64_t n);

#endif
