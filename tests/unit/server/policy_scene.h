/* What is written so that a policy finds something, what it finds then, and
 * what settles it. */
#ifndef TESTS_UNIT_SERVER_POLICY_SCENE_H
#define TESTS_UNIT_SERVER_POLICY_SCENE_H

#include <stddef.h>

#define FACTS_MAX 5

/* How it was written: by the office, which had seen all; by dana's device; or
 * by both devices at once, where `add` is what lee's set. */
enum hand { OFFICE, DANA, BOTH };

struct fact {
    const char *type;
    int record, kase;
    const char *set, *add;
    enum hand hand;
};

struct scene {
    const char *policy, *as_of; /* NULL: 2026-11-18 */
    struct fact facts[FACTS_MAX];
    int record;
    const char *since, *what;
    struct fact change;
};

/* Ended by one without a policy. */
extern const struct scene scenes_of_work[], scenes_of_referrals[],
    scenes_of_papers[];

#define PERSON_1 "\"person\":\"#1\""
#define SENT                                                                   \
    PERSON_1 ",\"status\":\"sent\",\"sent_at\":\"2026-11-10T10:00-06:00\""
#define TAX SENT ",\"basis\":\"internal\",\"tax_year\":2026"
#define IN_FORCE                                                               \
    PERSON_1                                                                   \
    ",\"contract\":\"#130\",\"text\":\"We both.\",\"status\":\"in_force\""
#define REQUEST                                                                \
    PERSON_1 ",\"category\":\"food\",\"amount_cents\":8000,\"payee\":"
#define HOURS PERSON_1 ",\"activity\":\"vocational\",\"kind\":\"actual\""

#endif
