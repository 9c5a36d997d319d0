#include "tests/unit/model/type_subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    const char *kind, *samples[3];
} samples[] = {
    {"any", {"\"a\"", "{\"b\":[1]}", "3"}},
    {"text", {"\"a\"", "\"b\"", "\"c\""}},
    {"int", {"1", "2", "-3"}},
    {"cents", {"100", "200", "-300"}},
    {"minutes", {"10", "20", "30"}},
    {"bool", {"false", "true", "null"}},
    {"date", {"\"2026-11-21\"", "\"2026-11-22\"", "\"2024-02-29\""}},
    {"instant",
     {"\"2026-11-21T15:20-06:00\"", "\"2026-11-21T15:21-06:00\"",
      "\"2026-11-21T21:20Z\""}},
    {"record",
     {"\"0198f1d2-7c3a-7e4b-9d5e-6f708192a3b5\"",
      "\"0198f1d2-7c3a-7e4b-9d5e-6f708192a3b6\"",
      "\"0198f1d2-7c3a-7e4b-9d5e-6f708192a3b7\""}},
    {"user", {"\"dana\"", "\"lee\"", "\"kim\""}},
};

const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void value_add(struct subject *s, const char *before, const char *text,
                      const char *behind)
{
    assert_true(s->count < VALUES_MAX);
    snprintf(s->values[s->count++], VALUE_CHARS, "%s%s%s", before, text,
             behind);
}

static void attachments_add(struct subject *s)
{
    char hash[44] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (int i = 0; i < 3; i++) {
        char value[VALUE_CHARS];
        hash[0] = (char)('A' + i);
        snprintf(value, sizeof value, "{\"bytes\":1,\"hash\":\"%s\"}", hash);
        value_add(s, "", value, "");
    }
}

/* Some types declare what is always possible. */
static void always_add(struct subject *s, const char *value)
{
    size_t i = 0;
    while (i < s->count && strcmp(s->values[i], value))
        i++;
    if (i == s->count)
        value_add(s, "", value, "");
}

static void values_make(struct subject *s)
{
    size_t i;
    json_t *code;
    const char *kind = text_of(s->field, "kind");
    if (!strcmp(kind, "attachment"))
        attachments_add(s);
    for (i = 0; i < sizeof samples / sizeof *samples; i++)
        for (int j = 0; !strcmp(kind, samples[i].kind) && j < 3; j++)
            value_add(s, "", samples[i].samples[j], "");
    if (strcmp(kind, "code"))
        return;
    json_array_foreach(json_object_get(s->field, "codes"), i, code)
        value_add(s, "\"", json_string_value(code), "\"");
    always_add(s, "\"unknown\"");
    always_add(s, "\"refused\"");
}

static size_t value_index(const struct subject *s, const json_t *value)
{
    size_t i = 0;
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    while (i < s->count && strcmp(s->values[i], text))
        i++;
    free(text);
    assert_true(i < s->count);
    return i;
}

static void order_make(struct subject *s)
{
    size_t i;
    json_t *pair;
    json_array_foreach(json_object_get(s->field, "order"), i, pair)
        s->below[value_index(s, json_array_get(pair, 0))]
                [value_index(s, json_array_get(pair, 1))] = true;
    for (bool more = true; more;) {
        more = false;
        for (size_t a = 0; a < s->count; a++)
            for (size_t b = 0; b < s->count; b++)
                for (size_t c = 0; c < s->count; c++)
                    if (s->below[a][b] && s->below[b][c] && !s->below[a][c])
                        more = s->below[a][c] = true;
    }
}

/* Lists are of one value each. */
static void lists_make(struct subject *s)
{
    char value[VALUE_CHARS];
    if (!json_is_true(json_object_get(s->field, "list")))
        return;
    for (size_t i = 0; i < s->count; i++) {
        snprintf(value, sizeof value, "[%s]", s->values[i]);
        memcpy(s->values[i], value, sizeof value);
    }
}

void subject_fill(struct subject *s)
{
    values_make(s);
    order_make(s);
    lists_make(s);
}
