/* What the import wrote as one line of words, in its parts again.
 *
 * Whatever a person wrote otherwise stays whole in the first part, so that the
 * parts always make the same line.  Parts borrow from the line.  Pure. */
#ifndef SERVER_HSDS_WORDS_H
#define SERVER_HSDS_WORDS_H

#include "shared/base/bytes.h"

/* Cuts at the first `mark`; false, and all in `head`, where there is none. */
bool hsds_words_cut(struct bytes text, const char *mark, struct bytes *head,
                    struct bytes *rest);

/* "Meals (Lunch)": what stands before the bracket, and in it; the whole text
 * and nothing when it does not end with one. */
struct bytes hsds_words_bracket(struct bytes text, struct bytes *inside);

/* 601-555-0100 ext. 7 (fax): after hours */
struct hsds_phone {
    struct bytes number, extension, type, about; /* size 0: none */
};
struct hsds_phone hsds_words_phone(struct bytes whole);

/* "Spanish (es): evenings" of the language Spanish; false: of another. */
bool hsds_words_note(struct bytes note, struct bytes language,
                     struct bytes *code, struct bytes *about);

#endif
