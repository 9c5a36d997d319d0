#include "shared/model/guard_inner.h"

#define CASE_BYTES_MAX ((size_t)1 << 30)
/* A record of any type that has this field says with it that it is none. */
#define FIELD_ERROR "entered_in_error"

size_t field_guard_count(const struct schema_field *field)
{
    return field->guard_count;
}

const struct guard *field_guard_at(const struct schema_field *f, size_t index)
{
    return &f->guards[index];
}

struct bytes guard_name(const struct guard *guard)
{
    return guard->name;
}

struct bytes guard_says(const struct guard *guard)
{
    return guard->says;
}

struct bytes guard_owner(const struct guard *guard)
{
    return guard->owner;
}

size_t guard_clause_count(const struct guard *guard)
{
    return guard->clauses ? guard->clauses->count : 0;
}

struct bytes guard_clause_at(const struct guard *guard, size_t index)
{
    const struct canon *at = guard->clauses->first;
    while (index--)
        at = at->next;
    return at->text;
}

size_t guard_type_count(const struct guard *guard)
{
    return guard->type_count;
}

struct bytes guard_type_at(const struct guard *guard, size_t index)
{
    return guard->types[index];
}

/* --- a case --------------------------------------------------------------- */

void guard_case_init(struct guard_case *kase)
{
    arena_init(&kase->arena, CASE_BYTES_MAX);
    kase->first = NULL;
    kase->end = &kase->first;
}

void guard_case_fini(struct guard_case *kase)
{
    arena_fini(&kase->arena);
}

void guard_case_clear(struct guard_case *kase)
{
    arena_clear(&kase->arena);
    kase->first = NULL;
    kase->end = &kase->first;
}

static const struct guard_record *record_find(const struct guard_case *kase,
                                              struct bytes record)
{
    const struct guard_record *at = kase->first;
    while (at && !bytes_equal(at->record, record))
        at = at->next;
    return at;
}

enum err guard_case_add(struct guard_case *kase, struct bytes state,
                        const struct guard_record **out)
{
    struct bytes record, type;
    const struct canon *root;
    if (out)
        *out = NULL;
    const char *copy = arena_copy(&kase->arena, state);
    if (!copy)
        return ERR_NOMEM;
    enum err err =
        canon_parse(&kase->arena, bytes_of(copy, state.size), &root, NULL);
    if (err)
        return err == ERR_INVALID ? ERR_CORRUPT : err;
    const struct canon *fields = canon_member(root, "fields");
    if (!fields || !canon_text(root, "record", &record) ||
        !canon_text(root, "type", &type))
        return ERR_OK;
    const struct guard_record *known = record_find(kase, record);
    if (!known) {
        struct guard_record *new = arena_take(&kase->arena, sizeof *new);
        if (!new)
            return ERR_NOMEM;
        *new = (struct guard_record){
            .record = record, .type = type, .fields = fields};
        canon_text(root, "case", &new->kase);
        *kase->end = new;
        kase->end = &new->next;
        known = new;
    }
    if (out)
        *out = known;
    return ERR_OK;
}

/* --- values --------------------------------------------------------------- */

/* NULL for what says nothing. */
static const struct canon *said(const struct canon *value)
{
    bool none = !value || value->kind == CANON_NULL ||
                (value->kind == CANON_ARRAY && !value->count) ||
                (value->kind == CANON_TEXT && !value->text.size);
    return none ? NULL : value;
}

/* The shown value, NULL when there is none. */
static const struct canon *shown(const struct guard_record *record,
                                 struct bytes name)
{
    const struct canon *at = canon_member_bytes(record->fields, name);
    return said(at ? canon_member(at, "value") : NULL);
}

static bool is_false_record(const struct guard_record *record)
{
    const struct canon *at = shown(record, bytes_text(FIELD_ERROR));
    return at && at->kind == CANON_TRUE;
}

/* Is the value, or one of its members, among these? */
static bool among(const struct canon *value, const struct canon *list)
{
    for (const struct canon *at = list->first; at; at = at->next) {
        if (!value && at->kind == CANON_NULL)
            return true;
        if (value && bytes_equal(value->raw, at->raw))
            return true;
        const struct canon *member =
            value && value->kind == CANON_ARRAY ? value->first : NULL;
        for (; member; member = member->next)
            if (bytes_equal(member->raw, at->raw))
                return true;
    }
    return false;
}

static bool names(const struct guard_record *record, struct bytes field,
                  struct bytes named)
{
    const struct canon *value = shown(record, field);
    if (!value)
        return false;
    if (value->kind == CANON_TEXT)
        return bytes_equal(value->text, named);
    const struct canon *member =
        value->kind == CANON_ARRAY ? value->first : NULL;
    for (; member; member = member->next)
        if (member->kind == CANON_TEXT && bytes_equal(member->text, named))
            return true;
    return false;
}

/* --- conditions ----------------------------------------------------------- */

struct judging {
    const struct guard_record *record;
    const struct guard_case *kase;
    guard_role *role;
    void *role_context;
};

static bool role_among(const struct judging *j, struct bytes user,
                       const struct canon *roles)
{
    struct bytes role =
        j->role ? j->role(j->role_context, user) : bytes_of(NULL, 0);
    if (!role.size)
        return true;
    for (const struct canon *at = roles->first; at; at = at->next)
        if (bytes_equal(at->text, role))
            return true;
    return false;
}

static bool tests_pass(const struct judging *j, const struct guard_condition *c,
                       const struct guard_record *record)
{
    for (size_t i = 0; i < c->test_count; i++) {
        const struct guard_test *test = &c->tests[i];
        const struct canon *value = shown(record, test->field);
        if (test->values ? !among(value, test->values)
                         : (value != NULL) != test->set)
            return false;
        if (test->roles && value && value->kind == CANON_TEXT &&
            !role_among(j, value->text, test->roles))
            return false;
    }
    return true;
}

static bool named_passes(const struct judging *j,
                         const struct guard_condition *c)
{
    const struct guard_record *at = j->kase->first;
    for (; at; at = at->next)
        if (bytes_equal(at->type, c->type) &&
            names(j->record, c->field, at->record) && !is_false_record(at))
            return tests_pass(j, c, at);
    return false;
}

static bool is_named(const struct judging *j, const struct guard_link *link,
                     struct bytes record)
{
    const struct guard_record *at = j->kase->first;
    for (; at; at = at->next)
        if (bytes_equal(at->type, link->type) && !is_false_record(at) &&
            names(at, link->naming, record))
            return true;
    return false;
}

static bool counts(const struct judging *j, const struct guard_condition *c,
                   const struct guard_record *at)
{
    if (!bytes_equal(at->type, c->type) || at == j->record ||
        is_false_record(at) ||
        (c->naming.size && !names(at, c->naming, j->record->record)) ||
        (c->different.size && !shown(at, c->different)) ||
        !tests_pass(j, c, at))
        return false;
    for (size_t i = 0; i < c->without_count; i++)
        if (is_named(j, &c->without[i], at->record))
            return false;
    return true;
}

/* Has an earlier one that counts the same value of `different`? */
static bool is_repeated(const struct judging *j,
                        const struct guard_condition *c,
                        const struct guard_record *record)
{
    if (!c->different.size)
        return false;
    struct bytes value = shown(record, c->different)->raw;
    for (const struct guard_record *at = j->kase->first; at != record;
         at = at->next)
        if (counts(j, c, at) &&
            bytes_equal(shown(at, c->different)->raw, value))
            return true;
    return false;
}

static bool records_pass(const struct judging *j,
                         const struct guard_condition *c)
{
    int64_t count = 0;
    const struct guard_record *at = j->kase->first;
    for (; at; at = at->next)
        count += counts(j, c, at) && !is_repeated(j, c, at);
    return count >= c->min && (c->max < 0 || count <= c->max);
}

static bool condition_passes(const struct judging *j,
                             const struct guard_condition *c)
{
    switch (c->whose) {
    case GUARD_NAMED:
        return named_passes(j, c);
    case GUARD_RECORDS:
        return records_pass(j, c);
    case GUARD_THIS:
        break;
    }
    return tests_pass(j, c, j->record);
}

/* --- guards --------------------------------------------------------------- */

struct bytes guard_stands_at(const struct schema_field *field,
                             const struct guard_record *record)
{
    const struct canon *value = shown(record, field->name);
    return value ? value->raw : bytes_text("null");
}

bool guard_is_at(const struct guard *guard, const struct canon *value)
{
    value = said(value);
    return guard->at ? among(value, guard->at) : value != NULL;
}

bool guard_asks(const struct guard *guard, const struct schema_field *field,
                const struct guard_record *record)
{
    return guard_is_at(guard, shown(record, field->name)) &&
           !is_false_record(record);
}

/* One of those who wrote a live value may do so. */
static bool author_passes(const struct judging *j, const struct guard *guard,
                          const struct schema_field *field)
{
    struct bytes author;
    const struct canon *at = canon_member_bytes(j->record->fields, field->name);
    at = at ? canon_member(at, "live") : NULL;
    if (!guard->by || !at || !at->first)
        return true;
    for (at = at->first; at; at = at->next)
        if (canon_text(at, "author", &author) &&
            role_among(j, author, guard->by))
            return true;
    return false;
}

bool guard_holds(const struct guard *guard, const struct schema_field *field,
                 const struct guard_record *record,
                 const struct guard_case *kase, guard_role *role,
                 void *role_context)
{
    struct judging j = {record, kase, role, role_context};
    for (size_t i = 0; i < guard->when_count; i++)
        if (!condition_passes(&j, &guard->when[i]))
            return true;
    if (!author_passes(&j, guard, field))
        return false;
    for (size_t i = 0; i < guard->any_count; i++)
        if (condition_passes(&j, &guard->any[i]))
            return true;
    return !guard->any_count;
}
