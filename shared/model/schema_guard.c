/* Reading `needs`: guards and their conditions. */
#include "shared/model/guard_inner.h"

#define COUNT_MAX 1000000
#define SAYS_BYTES_MAX 500
#define CLAUSES_MAX 16
#define CLAUSE_BYTES_MAX 64

struct guard_reading {
    struct reading *r;
    const struct schema_field *field; /* that has the guard */
    struct guard *guard;
};

static bool refuse(const struct guard_reading *g, const char *what)
{
    return reading_refuse(g->r, g->field->name, what);
}

/* A list of at least one, each of which passes `fits`. */
static bool list_read(const struct guard_reading *g, const struct canon *object,
                      const char *name, bool (*fits)(const struct canon *),
                      const char *what, const struct canon **out)
{
    const struct canon *list = canon_member(object, name);
    *out = list;
    if (!list)
        return true;
    if (list->kind != CANON_ARRAY || !list->count)
        return refuse(g, what);
    for (const struct canon *at = list->first; at; at = at->next)
        if (!fits(at))
            return refuse(g, what);
    return true;
}

static bool is_name(const struct canon *value)
{
    return value->kind == CANON_TEXT && name_valid(value->text);
}

static bool is_plain(const struct canon *value)
{
    return value->kind != CANON_ARRAY && value->kind != CANON_OBJECT;
}

static bool is_clause(const struct canon *value)
{
    return value->kind == CANON_TEXT && value->text.size > 0 &&
           value->text.size <= CLAUSE_BYTES_MAX;
}

/* An absent one leaves *out as it is. */
static bool name_read(const struct guard_reading *g, const struct canon *object,
                      const char *member, const char *what, struct bytes *out)
{
    const struct canon *name = canon_member(object, member);
    if (!name)
        return true;
    if (!is_name(name))
        return refuse(g, what);
    *out = name->text;
    return true;
}

/* --- conditions ----------------------------------------------------------- */

static bool test_read(const struct guard_reading *g, const struct canon *what,
                      struct guard_test *test)
{
    test->field = what->name;
    test->set = what->kind == CANON_TRUE;
    if (!name_valid(what->name))
        return refuse(g, "needs: where speaks of a field that is no name");
    if (what->kind == CANON_TRUE || what->kind == CANON_FALSE)
        return true;
    test->values = what;
    if (what->kind != CANON_ARRAY || !what->count)
        return refuse(g, "needs: where takes a list of values, true or false");
    for (const struct canon *at = what->first; at; at = at->next)
        if (!is_plain(at))
            return refuse(g, "needs: where takes a list of values, true or "
                             "false");
    return true;
}

static bool where_read(const struct guard_reading *g,
                       const struct canon *object, struct guard_condition *c)
{
    const struct canon *where = canon_member(object, "where");
    if (!where)
        return true;
    if (where->kind != CANON_OBJECT || !where->count)
        return refuse(g, "needs: where is an object of fields");
    c->tests = reading_take(g->r, where->count * sizeof *c->tests);
    if (!c->tests)
        return false;
    for (const struct canon *at = where->first; at; at = at->next)
        if (!test_read(g, at, &c->tests[c->test_count++]))
            return false;
    return true;
}

/* Of the record itself: it has a value, one of some, or a user of a role. */
static bool this_read(const struct guard_reading *g, const struct canon *object,
                      const struct schema_field *field,
                      struct guard_condition *c)
{
    c->whose = GUARD_THIS;
    c->tests = reading_take(g->r, sizeof *c->tests);
    if (!c->tests)
        return false;
    c->test_count = 1;
    c->tests->field = field->name;
    c->tests->set = true;
    if (!list_read(g, object, "is", is_plain,
                   "needs: is takes a list of values", &c->tests->values) ||
        !list_read(g, object, "role", is_name,
                   "needs: role takes a list of roles", &c->tests->roles))
        return false;
    if (c->tests->roles && field->kind != VALUE_USER)
        return refuse(g, "needs: role stands with a field of kind user");
    return true;
}

static bool field_read(const struct guard_reading *g,
                       const struct canon *object, struct guard_condition *c)
{
    struct bytes name;
    const struct schema_field *field = NULL;
    if (canon_text(object, "field", &name))
        field = type_field(g->r->type, name);
    if (!field)
        return refuse(g, "needs: field is not a field of this type");
    if (!canon_member(object, "where"))
        return this_read(g, object, field, c);
    c->whose = GUARD_NAMED;
    c->field = field->name;
    c->type = field->target;
    if (!field->target.size)
        return refuse(g, "needs: where stands with a field that has a target, "
                         "or with type");
    return where_read(g, object, c);
}

static bool without_read(const struct guard_reading *g,
                         const struct canon *object, struct guard_condition *c)
{
    const struct canon *list = canon_member(object, "without");
    if (!list)
        return true;
    const char *what = "needs: without is a list of {type, naming}";
    if (list->kind != CANON_ARRAY || !list->count)
        return refuse(g, what);
    c->without = reading_take(g->r, list->count * sizeof *c->without);
    if (!c->without)
        return false;
    for (const struct canon *at = list->first; at; at = at->next) {
        struct guard_link *link = &c->without[c->without_count++];
        if (!canon_text(at, "type", &link->type) || !name_valid(link->type) ||
            !canon_text(at, "naming", &link->naming) ||
            !name_valid(link->naming))
            return refuse(g, what);
    }
    return true;
}

static bool count_read(const struct guard_reading *g,
                       const struct canon *object, const char *name,
                       int64_t *out)
{
    const struct canon *count = canon_member(object, name);
    if (!count)
        return true;
    *out = count->integer;
    if (count->kind != CANON_INT || *out < 0 || *out > COUNT_MAX)
        return refuse(g, "needs: min and max are numbers from 0");
    return true;
}

static bool records_read(const struct guard_reading *g,
                         const struct canon *object, struct guard_condition *c)
{
    c->whose = GUARD_RECORDS;
    c->max = -1;
    if (!name_read(g, object, "type", "needs: type is no name", &c->type) ||
        !name_read(g, object, "naming", "needs: naming is no field name",
                   &c->naming) ||
        !name_read(g, object, "different", "needs: different is no field name",
                   &c->different) ||
        !count_read(g, object, "min", &c->min) ||
        !count_read(g, object, "max", &c->max))
        return false;
    if (!canon_member(object, "min") && c->max < 0)
        c->min = 1;
    return where_read(g, object, c) && without_read(g, object, c);
}

static bool condition_read(const struct guard_reading *g,
                           const struct canon *object,
                           struct guard_condition *c)
{
    const struct canon *field = canon_member(object, "field");
    const struct canon *type = canon_member(object, "type");
    if (object->kind != CANON_OBJECT || !field == !type)
        return refuse(g, "needs: a condition speaks of a field or of a type");
    return field ? field_read(g, object, c) : records_read(g, object, c);
}

static bool conditions_read(const struct guard_reading *g,
                            const struct canon *object, const char *name,
                            struct guard_condition **out, size_t *count)
{
    const struct canon *list = canon_member(object, name);
    if (!list)
        return true;
    if (list->kind != CANON_ARRAY || !list->count ||
        list->count > CONDITIONS_MAX)
        return refuse(g, "needs: when and any are lists of conditions");
    *out = reading_take(g->r, list->count * sizeof **out);
    if (!*out)
        return false;
    for (const struct canon *at = list->first; at; at = at->next)
        if (!condition_read(g, at, &(*out)[(*count)++]))
            return false;
    return true;
}

/* --- guards --------------------------------------------------------------- */

static bool code_fits(const struct schema_field *field,
                      const struct canon *value)
{
    if (value->kind == CANON_NULL)
        return true;
    if (field->kind != VALUE_CODE)
        return is_plain(value);
    for (size_t i = 0; value->kind == CANON_TEXT && i < field->code_count; i++)
        if (bytes_equal(field->codes[i], value->text))
            return true;
    return false;
}

static bool at_read(const struct guard_reading *g, const struct canon *object)
{
    const struct canon *list = canon_member(object, "at");
    g->guard->at = list;
    if (!list)
        return true;
    if (list->kind != CANON_ARRAY || !list->count)
        return refuse(g, "needs: at is a list of values");
    for (const struct canon *at = list->first; at; at = at->next)
        if (!code_fits(g->field, at))
            return refuse(g, "needs: at speaks of a value that is not one of "
                             "the codes");
    return true;
}

static size_t types_of(const struct guard_condition *list, size_t count,
                       struct bytes *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].type.size && out)
            out[found] = list[i].type;
        found += list[i].type.size > 0;
        for (size_t j = 0; j < list[i].without_count; j++, found++)
            if (out)
                out[found] = list[i].without[j].type;
    }
    return found;
}

static bool types_collect(const struct guard_reading *g)
{
    struct guard *guard = g->guard;
    size_t first = types_of(guard->when, guard->when_count, NULL);
    guard->type_count = first + types_of(guard->any, guard->any_count, NULL);
    if (!guard->type_count)
        return true;
    guard->types = reading_take(g->r, guard->type_count * sizeof *guard->types);
    if (!guard->types)
        return false;
    types_of(guard->when, guard->when_count, guard->types);
    types_of(guard->any, guard->any_count, guard->types + first);
    return true;
}

static bool name_is_new(const struct guard_reading *g)
{
    for (size_t i = 0; i + 1 < g->field->guard_count; i++)
        if (bytes_equal(g->field->guards[i].name, g->guard->name))
            return refuse(g, "needs: two have the same name");
    return true;
}

static bool guard_read(const struct guard_reading *g,
                       const struct canon *object)
{
    struct guard *guard = g->guard;
    guard->owner = bytes_text("worker");
    if (!canon_text(object, "name", &guard->name) || !name_valid(guard->name))
        return refuse(g, "needs: each has a name");
    if (!canon_text(object, "says", &guard->says) || !guard->says.size ||
        guard->says.size > SAYS_BYTES_MAX)
        return refuse(g, "needs: says is what is missing and what to do, in "
                         "500 bytes at most");
    if (!name_is_new(g) || !at_read(g, object) ||
        !name_read(g, object, "owner", "needs: owner is a role",
                   &guard->owner) ||
        !list_read(g, object, "by", is_name, "needs: by is a list of roles",
                   &guard->by) ||
        !list_read(g, object, "clauses", is_clause,
                   "needs: clauses is a list of texts", &guard->clauses) ||
        !conditions_read(g, object, "when", &guard->when, &guard->when_count) ||
        !conditions_read(g, object, "any", &guard->any, &guard->any_count))
        return false;
    if (guard->clauses && guard->clauses->count > CLAUSES_MAX)
        return refuse(g, "needs: too many clauses");
    if (!guard->any_count && !guard->by)
        return refuse(g, "needs: any or by says what is needed");
    return types_collect(g);
}

bool guards_read(struct reading *r, const struct canon *object,
                 struct schema_field *field)
{
    struct guard_reading g = {r, field, NULL};
    const struct canon *list = canon_member(object, "needs");
    if (!list)
        return true;
    if (list->kind != CANON_ARRAY || !list->count || list->count > GUARDS_MAX)
        return refuse(&g, "needs: a list of guards is expected");
    if (field->rule == RULE_SET)
        return refuse(&g, "needs: not with rule set");
    field->guards = reading_take(r, list->count * sizeof *field->guards);
    if (!field->guards)
        return false;
    for (const struct canon *at = list->first; at; at = at->next) {
        g.guard = &field->guards[field->guard_count++];
        if (at->kind != CANON_OBJECT)
            return refuse(&g, "needs: a guard is an object");
        if (!guard_read(&g, at))
            return false;
    }
    return true;
}
