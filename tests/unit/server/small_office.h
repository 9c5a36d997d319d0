/* A small agency on 18 November 2026, written line by line through devices and
 * the office, of which a person can say what each report must show. */
#ifndef TESTS_UNIT_SERVER_SMALL_OFFICE_H
#define TESTS_UNIT_SERVER_SMALL_OFFICE_H

#include "tests/unit/server/device.h"

#define SMALL_ID_CHARS 37

struct small_office {
    struct place place;
    struct device dana, lee;
};

/* The record that its number names. */
const char *small_id(char out[SMALL_ID_CHARS], int number);
/* "#12" in the JSON stands for the id of record 12. */
void small_spell(struct buffer *out, const char *json);
/* `set` and `add` are JSON in any spelling; `add` of set fields may be NULL. */
void small_write(struct device *d, const char *type, int record, int kase,
                 const char *set, const char *add);
/* Of what only the office may write; `type` is NULL for a record that is there.
 */
void small_office_write(struct place *place, const char *type, int record,
                        int kase, const char *set);
/* All but contacts, referrals and what belongs to them: what devices write, or
 * what the office does once it knows the cases. */
void small_casefile(struct small_office *s, bool office);
void small_money(struct small_office *s, bool office);
int small_setup(void **state);
int small_teardown(void **state);

#endif
