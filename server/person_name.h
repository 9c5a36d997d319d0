/* Names of people, compared as people misspell them. */
#ifndef SERVER_PERSON_NAME_H
#define SERVER_PERSON_NAME_H

#include "shared/base/bytes.h"

#define PERSON_WORDS_MAX 8
#define PERSON_WORD_LETTERS_MAX 24
/* Of all letters of all words in hexadecimal, "10ffff." at the most. */
#define PERSON_NAME_KEY_CHARS                                                  \
    (PERSON_WORDS_MAX * (PERSON_WORD_LETTERS_MAX * 7 + 1) + 1)

struct person_word {
    uint32_t letters[PERSON_WORD_LETTERS_MAX]; /* code points, capitals small */
    size_t count;
};

struct person_name {
    struct person_word words[PERSON_WORDS_MAX]; /* sorted, each once */
    size_t count;
};

/* Adds the words of a text in UTF-8: "O'Brien-Smith" is obrien and smith.
 * Single letters are no words, and what is too much is left out. */
void person_name_put(struct person_name *name, struct bytes text);

enum names_alike {
    NAMES_DIFFER,
    NAMES_TOUCH,  /* a word in common, or nearly */
    NAMES_NEAR,   /* all of one's words, some but for a letter */
    NAMES_WITHIN, /* all of one's words are among the other's */
    NAMES_SAME
};
enum names_alike person_names_compare(const struct person_name *a,
                                      const struct person_name *b);

/* The word's beginning, the whole name: texts by which the alike are found;
 * borrowed from `key`. */
struct bytes person_word_key(const struct person_word *word,
                             char key[PERSON_NAME_KEY_CHARS]);
struct bytes person_name_key(const struct person_name *name,
                             char key[PERSON_NAME_KEY_CHARS]);

#endif
