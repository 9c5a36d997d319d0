#include "server/hsds_words.h"

#include <string.h>

bool hsds_words_cut(struct bytes text, const char *mark, struct bytes *head,
                    struct bytes *rest)
{
    size_t size = strlen(mark);
    *head = text;
    *rest = bytes_of(NULL, 0);
    for (size_t i = 0; i + size <= text.size; i++)
        if (!memcmp(text.at + i, mark, size)) {
            *head = bytes_of(text.at, i);
            *rest = bytes_of(text.at + i + size, text.size - i - size);
            return true;
        }
    return false;
}

struct bytes hsds_words_bracket(struct bytes text, struct bytes *inside)
{
    struct bytes head;
    if (hsds_words_cut(text, " (", &head, inside) && head.size &&
        inside->size > 1 && inside->at[inside->size - 1] == ')' &&
        !memchr(inside->at, ')', inside->size - 1)) {
        inside->size--;
        return head;
    }
    *inside = bytes_of(NULL, 0);
    return text;
}

static bool all_digits(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.size > 0;
}

struct hsds_phone hsds_words_phone(struct bytes whole)
{
    struct hsds_phone phone;
    struct bytes rest;
    bool about = hsds_words_cut(whole, ": ", &rest, &phone.about);
    rest = hsds_words_bracket(rest, &phone.type);
    bool extended =
        hsds_words_cut(rest, " ext. ", &phone.number, &phone.extension);
    if (!phone.number.size || (about && !phone.about.size) ||
        bytes_is(phone.type, "voice") ||
        (extended && !all_digits(phone.extension)))
        phone = (struct hsds_phone){.number = whole};
    return phone;
}

bool hsds_words_note(struct bytes note, struct bytes language,
                     struct bytes *code, struct bytes *about)
{
    struct bytes rest, left;
    *code = *about = bytes_of(NULL, 0);
    if (note.size <= language.size ||
        !bytes_equal(bytes_of(note.at, language.size), language))
        return false;
    rest = bytes_of(note.at + language.size, note.size - language.size);
    if (rest.size > 2 && !memcmp(rest.at, " (", 2)) {
        rest = bytes_of(rest.at + 2, rest.size - 2);
        if (!hsds_words_cut(rest, ")", code, &left))
            return false;
        rest = left;
    }
    if (!rest.size)
        return code->size > 0;
    if (rest.size < 3 || memcmp(rest.at, ": ", 2) != 0)
        return false;
    *about = bytes_of(rest.at + 2, rest.size - 2);
    return true;
}
