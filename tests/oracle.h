/* jansson as the oracle for canonical JSON.
 *
 * Static functions, since a fuzz target is a single file.  jansson knows
 * nothing of our limits, so that oracle_in_domain() tells whether it read
 * a value that canonical JSON can express. */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "shared/model/canon.h"

/* jansson takes a NUL byte for the end of the text; no JSON has one. */
static inline json_t *oracle_load(struct bytes text)
{
    if (text.size && memchr(text.at, '\0', text.size))
        return NULL;
    return json_loadb((const char *)text.at, text.size,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

/* jansson's escapes have upper-case digits, ours lower-case ones. */
static inline char *oracle_dump(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    for (char *at = text; at && *at; at++) {
        if (*at != '\\')
            continue;
        at++;
        for (int i = 1; *at == 'u' && i <= 4; i++)
            at[i] = (char)tolower((unsigned char)at[i]);
    }
    return text;
}

static inline bool oracle_in_domain(const json_t *json, int depth)
{
    const char *name;
    json_t *item;
    size_t i;
    if (json_is_real(json))
        return false;
    if (json_is_integer(json))
        return json_integer_value(json) <= CANON_INT_MAX &&
               json_integer_value(json) >= -CANON_INT_MAX;
    if ((json_is_array(json) || json_is_object(json)) &&
        depth == CANON_DEPTH_MAX)
        return false;
    json_array_foreach(
        json, i, item) if (!oracle_in_domain(item, depth + 1)) return false;
    json_object_foreach(
        (json_t *)(uintptr_t)json, name,
        item) if (!oracle_in_domain(item, depth + 1)) return false;
    return true;
}

/* jansson reads -0 as 0. */
static inline bool oracle_minus_zero(struct bytes text)
{
    for (size_t i = 0; i + 1 < text.size; i++)
        if (text.at[i] == '-' && text.at[i + 1] == '0')
            return true;
    return false;
}

static inline bool oracle_same_text(const json_t *json, struct bytes text)
{
    return json_is_string(json) && json_string_length(json) == text.size &&
           memcmp(json_string_value(json), text.at, text.size) == 0;
}

static inline json_t *oracle_member(const json_t *object, struct bytes name)
{
    char *key = malloc(name.size + 1);
    if (!key)
        abort();
    memcpy(key, name.at, name.size);
    key[name.size] = '\0';
    json_t *member = json_object_get(object, key);
    free(key);
    return member;
}

/* The same value, node by node. */
static inline bool oracle_same(const json_t *json, const struct canon *value)
{
    size_t i = 0;
    const struct canon *item = value->first;
    switch (value->kind) {
    case CANON_NULL:
        return json_is_null(json);
    case CANON_FALSE:
        return json_is_false(json);
    case CANON_TRUE:
        return json_is_true(json);
    case CANON_INT:
        return json_is_integer(json) &&
               json_integer_value(json) == value->integer;
    case CANON_TEXT:
        return oracle_same_text(json, value->text);
    case CANON_ARRAY:
        for (; item; item = item->next)
            if (!oracle_same(json_array_get(json, i++), item))
                return false;
        return json_is_array(json) && json_array_size(json) == value->count &&
               i == value->count;
    case CANON_OBJECT:
        for (; item; item = item->next, i++)
            if (!oracle_same(oracle_member(json, item->name), item))
                return false;
        return json_is_object(json) && json_object_size(json) == value->count &&
               i == value->count;
    }
    return false;
}

#endif
