#include "shared/model/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "shared/model/revision.h"

#define SHOWN_CHARS 60 /* of a wrong name in a detail */
/* Any spelling of a line, every character escaped and some white space. */
#define SPELLING_BYTES_MAX (8u * ORIGINAL_BYTES_MAX)

static enum err fail(const struct check *c, enum err err, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
static enum err fail(const struct check *c, enum err err, const char *format,
                     ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(c->detail, CHECK_DETAIL_CHARS, format, list);
    va_end(list);
    return err;
}

static int shown(struct bytes text)
{
    return text.size > SHOWN_CHARS ? SHOWN_CHARS : (int)text.size;
}

static enum err refuse(const struct check *c, struct bytes field,
                       const char *what)
{
    return fail(c, ERR_INVALID, "%.*s.%.*s: %s", shown(c->type_name),
                (const char *)c->type_name.at, shown(field),
                (const char *)field.at, what);
}

static enum err warn(const struct check *c, struct bytes field,
                     const char *what)
{
    struct buffer *w = c->warning;
    if (w->size)
        buffer_add_char(w, '\n');
    buffer_add(w, field.at, field.size);
    buffer_add_text(w, ": ");
    return buffer_add_text(w, what);
}

enum err check_long(char *detail, const struct canon *set, size_t bytes)
{
    char which[NAME_CHARS_MAX + 40] = "";
    const struct canon *longest = set ? set->first : NULL;
    for (const struct canon *at = longest; at; at = at->next)
        if (at->raw.size > longest->raw.size)
            longest = at;
    if (longest)
        snprintf(which, sizeof which, " (%.*s: %zu bytes)",
                 (int)longest->name.size, (const char *)longest->name.at,
                 longest->kind == CANON_TEXT ? longest->text.size
                                             : longest->raw.size);
    else
        snprintf(which, sizeof which, " (%zu bytes)", bytes);
    snprintf(detail, CHECK_DETAIL_CHARS,
             "the text is longer than 256 KiB%s; nothing was written: split it "
             "into several records",
             which);
    return ERR_TOO_BIG;
}

/* --- canonical form ------------------------------------------------------- */

static enum err normalise(const struct check *c, struct bytes json,
                          struct bytes *text, struct canon_fault *fault)
{
    struct buffer canonical;
    buffer_init(&canonical, LINE_BYTES_MAX);
    enum err err = canon_normalise(&canonical, json, fault);
    if (!err) {
        char *copy = arena_copy(c->arena, buffer_bytes(&canonical));
        *text = bytes_of(copy, canonical.size);
        err = copy ? ERR_OK : ERR_NOMEM;
    }
    buffer_fini(&canonical);
    return err;
}

/* An object in any spelling; *tree is NULL when it is absent or empty. */
static enum err object_read(const struct check *c, const char *what,
                            struct bytes json, struct bytes *text,
                            const struct canon **tree)
{
    struct canon_fault fault = {0, ""};
    *text = bytes_of(NULL, 0);
    *tree = NULL;
    if (!json.size)
        return ERR_OK;
    if (json.size > SPELLING_BYTES_MAX)
        return check_long(c->detail, NULL, json.size);
    *text = json;
    enum err err = canon_parse(c->arena, json, tree, NULL);
    if (err == ERR_INVALID) {
        err = normalise(c, json, text, &fault);
        if (!err)
            err = canon_parse(c->arena, *text, tree, &fault);
    }
    if (err == ERR_TOO_BIG)
        return check_long(c->detail, NULL, json.size);
    if (err == ERR_INVALID)
        return fail(c, err, "%s: byte %zu: %s", what, fault.offset, fault.what);
    if (!err && (*tree)->kind != CANON_OBJECT)
        return fail(c, ERR_INVALID, "%s: an object is expected", what);
    if (!err && !(*tree)->count) {
        *text = bytes_of(NULL, 0);
        *tree = NULL;
    }
    return err;
}

/* --- fields --------------------------------------------------------------- */

/* *field is NULL for an unknown one that is kept. */
static enum err field_find(const struct check *c, struct bytes name,
                           const struct schema_field **field)
{
    *field = c->type ? type_field(c->type, name) : NULL;
    if (!name_valid(name))
        return refuse(c, name, "not a field name");
    if (*field)
        return field_office(*field) && !c->office
                   ? warn(c, name, "recorded as a request to the office")
                   : ERR_OK;
    if (!c->lenient)
        return refuse(c, name, "this record type has no such field");
    return warn(c, name, "not a field of this record type; kept as written");
}

/* A reference names a record of the type that the field asks for; one that is
 * not here yet may still be of that type. */
static enum err target_check(const struct check *c,
                             const struct schema_field *field,
                             const struct canon *value)
{
    struct bytes target = field_target(field);
    bool other = false;
    if (field_kind(field) != VALUE_RECORD || !target.size ||
        value->kind != CANON_TEXT || !id_valid(value->text))
        return ERR_OK;
    enum err err = c->is_other(c->context, value->text, target, &other);
    if (err)
        return err;
    if (!other || c->lenient)
        return err;
    struct bytes name = field_name(field);
    return fail(c, ERR_INVALID,
                "%.*s.%.*s: %.36s is a record of another type; name a %.*s",
                shown(c->type_name), (const char *)c->type_name.at, shown(name),
                (const char *)name.at, (const char *)value->text.at,
                shown(target), (const char *)target.at);
}

static enum err value_check(const struct check *c,
                            const struct schema_field *field,
                            const struct canon *value)
{
    char detail[SCHEMA_DETAIL_CHARS] = "";
    enum err err = field_check(field, value, detail);
    if (!err)
        err = target_check(c, field, value);
    if (err != ERR_INVALID || !detail[0])
        return err;
    bool unknown_code = field_kind(field) == VALUE_CODE &&
                        (value->kind == CANON_TEXT ? name_valid(value->text)
                                                   : field_list(field));
    if (!c->lenient || !unknown_code)
        return fail(c, err, "%.*s.%s", shown(c->type_name),
                    (const char *)c->type_name.at, detail);
    return warn(c, field_name(field), "an unknown code; kept as written");
}

/* The value that the state shows for a field, or empty. */
static struct bytes value_shown(const struct canon *state, struct bytes name)
{
    const struct canon *at = state ? canon_member(state, "fields") : NULL;
    at = at ? canon_member_bytes(at, name) : NULL;
    at = at ? canon_member(at, "value") : NULL;
    return at ? at->raw : bytes_of(NULL, 0);
}

static enum err move_check(const struct check *c,
                           const struct schema_field *field,
                           const struct canon *value)
{
    struct bytes from = value_shown(c->state, value->name);
    if (bytes_is(from, "null"))
        from = bytes_of(NULL, 0);
    if (value->kind != CANON_TEXT || bytes_equal(from, value->raw) ||
        field_move(field, from, value->raw))
        return ERR_OK;
    char what[2 * NAME_CHARS_MAX + 64];
    snprintf(what, sizeof what,
             "%.*s is an unusual step %s%.*s; stored all "
             "the same",
             shown(value->raw), (const char *)value->raw.at,
             from.size ? "after " : "to begin with", shown(from),
             (const char *)from.at);
    return warn(c, value->name, what);
}

/* In the words of `satchel put`, which are the member names of JSON, too. */
static enum err refuse_members(const struct check *c, struct bytes name)
{
    char what[2 * SHOWN_CHARS + 160];
    snprintf(what, sizeof what,
             "holds several members: %.*s+=MEMBER adds one, "
             "%.*s-=MEMBER:REASON drops one (in JSON \"%.*s+\": [\"MEMBER\"])",
             shown(name), (const char *)name.at, shown(name),
             (const char *)name.at, shown(name), (const char *)name.at);
    return refuse(c, name, what);
}

static enum err set_check(const struct check *c, const struct canon *set)
{
    enum err err = ERR_OK;
    const struct canon *value = set ? set->first : NULL;
    for (; !err && value; value = value->next) {
        const struct schema_field *field;
        err = field_find(c, value->name, &field);
        if (err || !field)
            continue;
        if (field_rule(field) == RULE_SET)
            return refuse_members(c, value->name);
        err = value_check(c, field, value);
        if (!err)
            err = move_check(c, field, value);
    }
    return err;
}

/* `field` of an add or drop: a set, or unknown. */
static enum err members_check(const struct check *c, const struct canon *part,
                              bool drop)
{
    const struct schema_field *field;
    enum err err = field_find(c, part->name, &field);
    if (err)
        return err;
    if (field && field_rule(field) != RULE_SET)
        return refuse(c, part->name, "holds one value: write FIELD=VALUE");
    if (part->kind != (drop ? CANON_OBJECT : CANON_ARRAY) || !part->count)
        return refuse(c, part->name,
                      drop ? "drop takes an object of member and reason"
                           : "add takes a list of members");
    for (const struct canon *m = part->first; !err && m; m = m->next) {
        if (m->kind != CANON_TEXT)
            return refuse(c, part->name,
                          drop ? "the reason is a text" : "a member is a text");
        if (field && !drop)
            err = value_check(c, field, m);
    }
    return err;
}

/* The write id that stands under a dot among the live values of a field. */
static bool live_write(const struct check *c, struct bytes name,
                       struct bytes dot, struct bytes *write)
{
    const struct canon *at = canon_member(c->state, "fields");
    at = at ? canon_member_bytes(at, name) : NULL;
    at = at ? canon_member(at, "live") : NULL;
    struct bytes text;
    for (at = at ? at->first : NULL; at; at = at->next)
        if (canon_text(at, "dot", &text) && bytes_equal(text, dot))
            return canon_text(at, "write", write);
    return false;
}

/* Values are named by dot or by write id; lines name them by write id. */
static enum err keep_field(const struct check *c, const struct canon *part,
                           struct buffer *out)
{
    if (part->kind != CANON_ARRAY || !part->count)
        return refuse(c, part->name, "keep takes a list of values");
    canon_put_text(out, part->name);
    buffer_add_text(out, ":[");
    for (const struct canon *m = part->first; m; m = m->next) {
        struct dot dot;
        struct bytes write = m->text;
        if (m->kind != CANON_TEXT ||
            (dot_parse(&dot, m->text) &&
             !live_write(c, part->name, m->text, &write)))
            return refuse(c, part->name, "no live value stands under that dot");
        if (m != part->first)
            buffer_add_char(out, ',');
        canon_put_text(out, write);
    }
    return buffer_add_char(out, ']');
}

static enum err keep_read(const struct check *c, const struct canon *keep,
                          struct bytes *out)
{
    struct buffer text;
    buffer_init(&text, LINE_BYTES_MAX);
    enum err err = buffer_add_char(&text, '{');
    for (const struct canon *p = keep->first; !err && p; p = p->next) {
        if (p != keep->first)
            buffer_add_char(&text, ',');
        err = keep_field(c, p, &text);
    }
    buffer_add_char(&text, '}');
    if (!err)
        err = buffer_err(&text);
    if (!err) {
        char *copy = arena_copy(c->arena, buffer_bytes(&text));
        *out = bytes_of(copy, text.size);
        err = copy ? ERR_OK : ERR_NOMEM;
    }
    buffer_fini(&text);
    return err;
}

static enum err required_check(const struct check *c, const struct canon *set,
                               const struct canon *add)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < type_field_count(c->type); i++) {
        const struct schema_field *field = type_field_at(c->type, i);
        struct bytes name = field_name(field);
        if (field_required(field) && !field_office(field) &&
            !(set && canon_member_bytes(set, name)) &&
            !(add && canon_member_bytes(add, name)))
            err = warn(c, name, "still missing");
    }
    return err;
}

enum err check_parts(const struct check *c, const struct check_given *given,
                     struct check_parts *out)
{
    const struct canon *add = NULL, *drop = NULL, *keep = NULL;
    enum err err = object_read(c, "set", given->set, &out->set, &out->set_tree);
    if (!err)
        err = object_read(c, "add", given->add, &out->add, &add);
    if (!err)
        err = object_read(c, "drop", given->drop, &out->drop, &drop);
    if (!err)
        err = object_read(c, "keep", given->keep, &out->keep, &keep);
    if (!err && keep && !c->state)
        err = fail(c, ERR_INVALID, "keep: a new record has no values");
    if (!err && !out->set_tree && !add && !drop && !keep && !given->seal)
        err = fail(c, ERR_INVALID,
                   "there is nothing to write: give at least one field");
    if (!err)
        err = set_check(c, out->set_tree);
    for (const struct canon *p = add ? add->first : NULL; !err && p;
         p = p->next)
        err = members_check(c, p, false);
    for (const struct canon *p = drop ? drop->first : NULL; !err && p;
         p = p->next)
        err = members_check(c, p, true);
    if (!err && keep)
        err = keep_read(c, keep, &out->keep);
    if (!err && c->type && !c->state)
        err = required_check(c, out->set_tree, add);
    return err ? err : buffer_err(c->warning);
}
