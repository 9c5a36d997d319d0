/* A quick walk over states, which are known to be canonical: values are
 * skipped, not parsed.  Bounds are checked, so that a damaged state ends the
 * walk and nothing else.  Internal to the fold. */
#ifndef MODEL_FOLD_SCAN_H
#define MODEL_FOLD_SCAN_H

#include "shared/base/bytes.h"

struct walk {
    const uint8_t *at;
    const uint8_t *end;
    bool bad; /* sticks */
};

struct walk walk_of(struct bytes text);
/* Takes exactly this text, or is bad. */
void walk_expect(struct walk *walk, const char *text);
/* Takes the text when it stands here. */
bool walk_accept(struct walk *walk, const char *text);
/* Takes one value and returns its bytes. */
struct bytes walk_value(struct walk *walk);
/* Takes a text and returns what stands between the quotes, escapes as they
 * are. */
struct bytes walk_text(struct walk *walk);
/* Iterates over an object's members or an array's elements: opened by
 * walk_accept("{") or ("["), `first` starts true; false at the closing
 * bracket, which is taken. */
bool walk_next(struct walk *walk, char close, bool *first);

#endif
