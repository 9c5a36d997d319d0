#include "shared/model/coded.h"

#include <stdio.h>
#include <string.h>

#define KEY_BYTES_MAX (64u * 1024)
#define SHOWN_CHARS 60 /* of what a person typed */
#define SHOWN(text)                                                            \
    (int)((text).size > SHOWN_CHARS ? SHOWN_CHARS : (text).size),              \
        (const char *)(text).at

enum err code_set_id(char out[ID_CHARS + 1], struct bytes set,
                     struct bytes version)
{
    struct buffer key;
    buffer_init(&key, KEY_BYTES_MAX);
    buffer_add_bytes(&key, set);
    buffer_add_char(&key, ' ');
    buffer_add_bytes(&key, version);
    enum err err = buffer_err(&key);
    if (!err)
        id_derive(out, CODE_SET_TYPE, buffer_bytes(&key));
    buffer_fini(&key);
    return err;
}

static const struct canon *value_of(const struct canon *state, const char *name)
{
    const struct canon *at = canon_member(state, "fields");
    at = at ? canon_member(at, name) : NULL;
    return at ? canon_member(at, "value") : NULL;
}

/* Empty when there is none. */
static struct bytes date_of(const struct canon *state, const char *name)
{
    const struct canon *value = value_of(state, name);
    return value && value->kind == CANON_TEXT ? value->text : bytes_of(NULL, 0);
}

static bool has_code(const struct canon *state, struct bytes code)
{
    const struct canon *codes = value_of(state, "codes");
    struct bytes text;
    if (!codes || codes->kind != CANON_ARRAY)
        return false;
    for (const struct canon *at = codes->first; at; at = at->next)
        if (canon_text(at, "code", &text) && bytes_equal(text, code))
            return true;
    return false;
}

/* Dates of one form are in the order of their bytes. */
static int day_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    return memcmp(a.at, b.at, size);
}

static bool in_effect(const struct coded *c, const struct canon *state,
                      char *detail)
{
    struct bytes from = date_of(state, "effective_from"),
                 to = date_of(state, "effective_to");
    if (from.size && c->on.size && day_compare(c->on, from) < 0)
        snprintf(detail, CODED_DETAIL_CHARS,
                 "%.*s %.*s is in effect from %.*s on, not on %.*s",
                 SHOWN(c->set), SHOWN(c->version), SHOWN(from), SHOWN(c->on));
    else if (to.size && c->on.size && day_compare(c->on, to) > 0)
        snprintf(detail, CODED_DETAIL_CHARS,
                 "%.*s %.*s was in effect until %.*s, not on %.*s",
                 SHOWN(c->set), SHOWN(c->version), SHOWN(to), SHOWN(c->on));
    else
        return true;
    return false;
}

bool coded_stands(const struct coded *c, const struct canon *state,
                  char *detail)
{
    detail[0] = '\0';
    if (!state) {
        snprintf(detail, CODED_DETAIL_CHARS,
                 "there is no code set %.*s of version %.*s here",
                 SHOWN(c->set), SHOWN(c->version));
        return false;
    }
    if (!has_code(state, c->code)) {
        snprintf(detail, CODED_DETAIL_CHARS,
                 "\"%.*s\" is not a code of %.*s %.*s", SHOWN(c->code),
                 SHOWN(c->set), SHOWN(c->version));
        return false;
    }
    return in_effect(c, state, detail);
}
