/* Which of many writers covers an act, without comparing all pairs: per replica
 * the two greatest n that two different writers have seen.  Internal to the
 * fold. */
#ifndef MODEL_FOLD_COVER_H
#define MODEL_FOLD_COVER_H

#include "shared/model/fold_acts.h"

struct cover_peak {
    int64_t first_n, second_n;
    const struct act *first, *second;
};
struct cover {
    const struct acts *acts;
    const struct act **writers; /* room for all acts */
    size_t count;
    struct cover_peak *peaks; /* one a replica */
};
MUST_CHECK enum err cover_init(struct cover *cover, const struct acts *acts);
void cover_clear(struct cover *cover);
/* Adds a writer; the same one twice in a row counts once. */
void cover_add(struct cover *cover, const struct act *writer);
/* Some writer other than `act` itself covers it. */
bool cover_has(const struct cover *cover, const struct act *act);

#endif
