#include "shared/model/change.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/bytes.h"

enum err change_init(struct change *change, const json_t *shown,
                     change_value *value, void *context)
{
    *change = (struct change){.set = json_object(),
                              .add = json_object(),
                              .drop = json_object(),
                              .shown = shown,
                              .value = value,
                              .context = context};
    if (change->set && change->add && change->drop)
        return ERR_OK;
    change_fini(change);
    return ERR_NOMEM;
}

void change_fini(struct change *change)
{
    json_decref(change->set);
    json_decref(change->add);
    json_decref(change->drop);
    change->set = change->add = change->drop = NULL;
}

static enum err fail(struct change *change, bool misuse, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
static enum err fail(struct change *change, bool misuse, const char *format,
                     ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(change->fault, sizeof change->fault, format, list);
    va_end(list);
    change->misuse = misuse;
    return ERR_INVALID;
}

static enum err stored(int failed)
{
    return failed ? ERR_NOMEM : ERR_OK;
}

/* Owned by the caller. */
static char *copy(const char *text, size_t size)
{
    char *out = malloc(size + 1);
    if (!out)
        return NULL;
    memcpy(out, text, size);
    out[size] = '\0';
    return out;
}

/* --- one operand ---------------------------------------------------------- */

static enum err set_field(struct change *change, const char *name,
                          const char *text)
{
    json_t *value = NULL;
    /* What is said now corrects what a draft says. */
    if (json_object_get(change->set, name) && !change->corrects)
        return fail(change, true, "%s is given twice; give each field once",
                    name);
    enum err err = change->value(change->context, name, text, &value);
    return err ? err : stored(json_object_set_new(change->set, name, value));
}

static enum err add_member(struct change *change, const char *name,
                           const char *member)
{
    json_t *list = json_object_get(change->add, name);
    if (!list) {
        list = json_array();
        if (json_object_set_new(change->add, name, list))
            return ERR_NOMEM;
    }
    return stored(json_array_append_new(list, json_string(member)));
}

/* The members of a field that are in force: an array, or NULL. */
static json_t *members_of(const struct change *change, const char *name)
{
    const json_t *fields = json_object_get(change->shown, "fields");
    return json_object_get(json_object_get(fields, name), "value");
}

static enum err no_member(struct change *change, json_t *members,
                          const char *name, const char *text)
{
    char *list = json_array_size(members) ? json_dumps(members, 0) : NULL;
    enum err err = fail(change, false,
                        "%s-=%s: this begins with no member and a colon; "
                        "members in force: %s",
                        name, text, list ? list : "none");
    free(list);
    return err;
}

/* MEMBER:REASON.  Members hold colons themselves, so it is what is in force
 * that tells where the reason begins; *at is the colon before it. */
static enum err reason_find(struct change *change, const char *name,
                            const char *text, size_t *at)
{
    json_t *members = members_of(change, name), *item;
    bool whole = false;
    size_t i;
    *at = 0;
    json_array_foreach(members, i, item)
    {
        const char *member = json_string_value(item);
        size_t size = json_string_length(item);
        whole = whole || (member && !strcmp(member, text));
        if (member && size > *at && !strncmp(member, text, size) &&
            text[size] == ':')
            *at = size;
    }
    if (whole || (*at && !text[*at + 1]))
        return fail(change, true, "%s-=%s: say why, %s-=MEMBER:REASON", name,
                    text, name);
    return *at ? ERR_OK : no_member(change, members, name, text);
}

static enum err drop_member(struct change *change, const char *name, char *text)
{
    size_t at;
    enum err err = reason_find(change, name, text, &at);
    if (err)
        return err;
    text[at] = '\0';
    json_t *members = json_object_get(change->drop, name);
    if (!members) {
        members = json_object();
        if (json_object_set_new(change->drop, name, members))
            return ERR_NOMEM;
    }
    return stored(
        json_object_set_new(members, text, json_string(text + at + 1)));
}

enum err change_operand(struct change *change, const char *operand)
{
    const char *equals = strchr(operand, '=');
    change->fault[0] = '\0';
    if (!utf8_valid(bytes_text(operand), NULL))
        return fail(change, false,
                    "%.*s: the text is not UTF-8; nothing was written",
                    equals ? (int)(equals - operand) : 0, operand);
    if (!equals || equals == operand)
        return fail(change, true,
                    "\"%s\": write FIELD=VALUE, FIELD+=MEMBER or "
                    "FIELD-=MEMBER:REASON",
                    operand);
    char sign = equals[-1];
    size_t length = (size_t)(equals - operand) - (sign == '+' || sign == '-');
    char *name = copy(operand, length);
    char *value = copy(equals + 1, strlen(equals + 1));
    enum err err = ERR_NOMEM;
    if (name && value)
        err = sign == '+'   ? add_member(change, name, value)
              : sign == '-' ? drop_member(change, name, value)
                            : set_field(change, name, value);
    free(name);
    free(value);
    return err;
}

/* --- JSON ----------------------------------------------------------------- */

static enum err member_fail(struct change *change, const char *key,
                            const char *form)
{
    return fail(change, false, "\"%s\": give %s", key, form);
}

/* "phones+": ["MEMBER", ...] */
static enum err add_members(struct change *change, const char *key,
                            const char *name, const json_t *list)
{
    const json_t *item;
    enum err err = ERR_OK;
    size_t i;
    if (!json_is_array(list))
        return member_fail(change, key, "a list of members");
    json_array_foreach(list, i, item)
    {
        if (err)
            break;
        if (!json_is_string(item))
            return member_fail(change, key, "a list of texts");
        err = add_member(change, name, json_string_value(item));
    }
    return err;
}

/* "phones-": {"MEMBER": "REASON", ...} */
static enum err drop_members(struct change *change, const char *key,
                             const char *name, json_t *object)
{
    if (!json_is_object(object))
        return member_fail(change, key, "an object of member and reason");
    json_t *members = json_object_get(change->drop, name);
    return stored(members ? json_object_update(members, object)
                          : json_object_set(change->drop, name, object));
}

enum err change_object(struct change *change, json_t *object)
{
    const char *key;
    json_t *value;
    enum err err = ERR_OK;
    change->fault[0] = '\0';
    json_object_foreach(object, key, value)
    {
        size_t size = strlen(key);
        char sign = size > 1 ? key[size - 1] : 0;
        if (err)
            break;
        if (sign != '+' && sign != '-') {
            err = stored(json_object_set(change->set, key, value));
            continue;
        }
        char *name = copy(key, size - 1);
        if (!name)
            return ERR_NOMEM;
        err = sign == '+' ? add_members(change, key, name, value)
                          : drop_members(change, key, name, value);
        free(name);
    }
    return err;
}

enum err change_json(struct change *change, const char *text, const char *from)
{
    json_error_t fault;
    change->fault[0] = '\0';
    if (!text[strspn(text, " \t\r\n")])
        return fail(change, false,
                    "%s is empty; give one JSON object {\"field\": value}",
                    from);
    json_t *given = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    enum err err;
    if (json_is_object(given))
        err = change_object(change, given);
    else
        err = fail(change, false,
                   "%s:%d:%d: %s; give one JSON object {\"field\": value}",
                   from, given ? 1 : fault.line, given ? 1 : fault.column,
                   given ? "not an object" : fault.text);
    json_decref(given);
    return err;
}

char *change_text(const json_t *object)
{
    if (!json_object_size(object))
        return NULL;
    return json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
}
