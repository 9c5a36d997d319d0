#include "server/person_name.h"

#include <stdio.h>
#include <string.h>

#define WORD_KEY_LETTERS 3

/* The next code point of valid UTF-8; capitals of Latin script made small. */
static uint32_t letter_next(struct bytes text, size_t *at)
{
    uint32_t c = text.at[(*at)++];
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    if (more)
        c &= 0x3fu >> more;
    while (more-- > 0 && *at < text.size)
        c = c << 6 | (text.at[(*at)++] & 0x3fu);
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7))
        c += 0x20;
    return c;
}

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || c >= 0xc0;
}

static int compare_words(const struct person_word *a,
                         const struct person_word *b)
{
    size_t least = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < least; i++)
        if (a->letters[i] != b->letters[i])
            return a->letters[i] < b->letters[i] ? -1 : 1;
    return (a->count > b->count) - (a->count < b->count);
}

static void word_put(struct person_name *name, const struct person_word *word)
{
    size_t at = name->count;
    if (word->count < 2 || name->count == PERSON_WORDS_MAX) /* no initials */
        return;
    while (at > 0 && compare_words(word, &name->words[at - 1]) <= 0)
        at--;
    if (at < name->count && !compare_words(word, &name->words[at]))
        return;
    memmove(&name->words[at + 1], &name->words[at],
            (name->count - at) * sizeof *word);
    name->words[at] = *word;
    name->count++;
}

void person_name_put(struct person_name *name, struct bytes text)
{
    struct person_word word = {.count = 0};
    for (size_t i = 0; i < text.size;) {
        uint32_t c = letter_next(text, &i);
        if (is_letter(c) && word.count < PERSON_WORD_LETTERS_MAX) {
            word.letters[word.count++] = c;
        } else if (c != '\'' && c != 0x2019 && !is_letter(c)) {
            word_put(name, &word);
            word.count = 0;
        }
    }
    word_put(name, &word);
}

/* True when one change makes one of the other: a letter more, less, another,
 * or two next to each other exchanged. */
static bool nearly(const struct person_word *a, const struct person_word *b)
{
    if (a->count > b->count)
        return nearly(b, a);
    if (b->count - a->count > 1 || b->count < 4)
        return false;
    size_t i = 0, end_a = a->count, end_b = b->count;
    while (i < end_a && a->letters[i] == b->letters[i])
        i++;
    while (end_a > i && a->letters[end_a - 1] == b->letters[end_b - 1]) {
        end_a--;
        end_b--;
    }
    if (end_b - i <= 1)
        return true;
    return end_a - i == 2 && end_b - i == 2 &&
           a->letters[i] == b->letters[i + 1] &&
           a->letters[i + 1] == b->letters[i];
}

struct likeness {
    size_t same, near; /* words of the shorter name found in the other */
};

static struct likeness compare(const struct person_name *a,
                               const struct person_name *b)
{
    struct likeness found = {0, 0};
    for (size_t i = 0; i < a->count; i++) {
        bool same = false, near = false;
        for (size_t j = 0; j < b->count; j++) {
            same = same || !compare_words(&a->words[i], &b->words[j]);
            near = near || nearly(&a->words[i], &b->words[j]);
        }
        found.same += same;
        found.near += !same && near;
    }
    return found;
}

enum names_alike person_names_compare(const struct person_name *a,
                                      const struct person_name *b)
{
    const struct person_name *less = a->count <= b->count ? a : b;
    const struct person_name *more = less == a ? b : a;
    struct likeness found = compare(less, more);
    if (found.same + found.near == 0)
        return NAMES_DIFFER;
    if (found.same + found.near < less->count)
        return NAMES_TOUCH;
    if (!found.near && less->count == more->count)
        return NAMES_SAME;
    if (less->count < 2)
        return NAMES_TOUCH;
    return found.near ? NAMES_NEAR : NAMES_WITHIN;
}

static size_t put_letters(char key[PERSON_NAME_KEY_CHARS], size_t used,
                          const struct person_word *word, size_t count)
{
    for (size_t i = 0; i < count && i < word->count; i++)
        used += (size_t)snprintf(key + used, PERSON_NAME_KEY_CHARS - used,
                                 "%x.", (unsigned)word->letters[i]);
    return used;
}

struct bytes person_word_key(const struct person_word *word,
                             char key[PERSON_NAME_KEY_CHARS])
{
    return bytes_of(key, put_letters(key, 0, word, WORD_KEY_LETTERS));
}

struct bytes person_name_key(const struct person_name *name,
                             char key[PERSON_NAME_KEY_CHARS])
{
    size_t used = 0;
    for (size_t i = 0; i < name->count; i++) {
        used = put_letters(key, used, &name->words[i], PERSON_WORD_LETTERS_MAX);
        key[used++] = '/';
    }
    return bytes_of(key, used);
}
