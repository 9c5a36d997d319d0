/* Persons that may be one: what their records have in common, weighed.
 *
 * Two workers who meet the same client offline each make a person.  Compared
 * are names, date of birth, telephone and household; a person who has been
 * merged into another is left out.  The weights are our own judgement, no rule:
 * they only order what people look at, nothing is ever merged by itself. */
#ifndef SERVER_DUPLICATES_H
#define SERVER_DUPLICATES_H

#include "server/sql.h"
#include "shared/base/buffer.h"

#define DUPLICATES_SCORE_MIN 60 /* what is worth a look */

/* A pair, the older id first; all borrowed for the call. */
struct duplicates_pair {
    const char *id[2];
    struct bytes name[2]; /* the legal one, or what people call them */
    const char *born[2];  /* "1984-03-02", "" unknown */
    int score;            /* 60 to 125 */
    const char *reasons;  /* "same telephone; names alike but for a letter" */
};
typedef enum err duplicates_each(void *context,
                                 const struct duplicates_pair *pair);

struct duplicates;

MUST_CHECK enum err duplicates_new(struct duplicates **out);
void duplicates_free(struct duplicates *d); /* NULL is allowed */
/* Takes a person's state (canonical JSON, shared/model/fold.h). */
MUST_CHECK enum err duplicates_take(struct duplicates *d, struct bytes state);
/* Takes all of an office. */
MUST_CHECK enum err duplicates_load(struct duplicates *d, struct sql *sql,
                                    const char *agency);
/* The pairs, the likeliest first.  Stops on an error of `each`. */
MUST_CHECK enum err duplicates_find(struct duplicates *d, duplicates_each *each,
                                    void *context);

#endif
