/* The words of a script, which is what some targets' input is. */
#ifndef TESTS_FUZZ_SCENE_WORD_H
#define TESTS_FUZZ_SCENE_WORD_H

#include <stdbool.h>
#include <string.h>
#include "shared/base/bytes.h"

/* True when *rest begins with this word, which is then passed. */
static inline bool word_is(struct bytes *rest, const char *word)
{
    size_t size = strlen(word);
    if (rest->size < size || memcmp(rest->at, word, size) != 0 ||
        (rest->size > size && rest->at[size] != ' '))
        return false;
    size += rest->size > size;
    *rest = bytes_of(rest->at + size, rest->size - size);
    return true;
}

#endif
