#include "server/guard.h"

#include <stdlib.h>
#include <string.h>

#define PLACES_BYTES_MAX ((size_t)1 << 30)

static const char of_type[] =
    "SELECT case_id, record FROM record WHERE agency = $1 AND type = $2";
static const char state_of[] =
    "SELECT state FROM record WHERE agency = $1 AND record = $2";
static const char roles[] =
    "SELECT account, role FROM account WHERE agency = $1";

struct place {
    struct place *next;
    char kase[ID_CHARS + 1], record[ID_CHARS + 1];
};

struct account {
    struct account *next;
    struct bytes name, role;
};

struct walk {
    struct office *office;
    const struct schema *schema;
    struct sql *sql;
    guard_each_finding *each;
    void *context;
    struct arena arena; /* owns types, places and accounts */
    bool *wanted;       /* of each type of the schema */
    struct place *places;
    size_t place_count;
    struct account *accounts;
    struct guard_case kase;
};

/* --- what to read --------------------------------------------------------- */

static void want(struct walk *w, struct bytes name)
{
    for (size_t i = 0; i < schema_type_count(w->schema); i++)
        if (bytes_equal(schema_name_at(w->schema, i), name))
            w->wanted[i] = true;
}

static enum err types_pick(struct walk *w)
{
    size_t count = schema_type_count(w->schema);
    w->wanted = arena_take(&w->arena, (count + 1) * sizeof *w->wanted);
    if (!w->wanted)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct schema_type *type;
        enum err err = schema_at(w->schema, i, &type);
        if (err)
            return err;
        for (size_t j = 0; j < type_field_count(type); j++) {
            const struct schema_field *field = type_field_at(type, j);
            size_t guards = field_guard_count(field);
            w->wanted[i] |= guards > 0;
            for (size_t k = 0; k < guards; k++) {
                const struct guard *guard = field_guard_at(field, k);
                for (size_t t = 0; t < guard_type_count(guard); t++)
                    want(w, guard_type_at(guard, t));
            }
        }
    }
    return ERR_OK;
}

static enum err place_take(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct walk *w = context;
    struct place *new = arena_take(&w->arena, sizeof *new);
    (void)columns;
    if (!new)
        return ERR_NOMEM;
    sql_copy_text(new->kase, sizeof new->kase, &row[0]);
    sql_copy_text(new->record, sizeof new->record, &row[1]);
    new->next = w->places;
    w->places = new;
    w->place_count++;
    return ERR_OK;
}

static int place_compare(const void *a, const void *b)
{
    const struct place *x = *(struct place *const *)a,
                       *y = *(struct place *const *)b;
    int order = strcmp(x->kase, y->kase);
    return order ? order : strcmp(x->record, y->record);
}

/* Links them by case, then record. */
static enum err places_sort(struct walk *w)
{
    size_t count = 0;
    if (!w->place_count)
        return ERR_OK;
    struct place **list = malloc(w->place_count * sizeof(struct place *));
    if (!list)
        return ERR_NOMEM;
    for (struct place *at = w->places; at; at = at->next)
        list[count++] = at;
    qsort(list, count, sizeof(struct place *), place_compare);
    for (size_t i = 0; i < count; i++)
        list[i]->next = i + 1 < count ? list[i + 1] : NULL;
    w->places = list[0];
    free(list);
    return ERR_OK;
}

static enum err places_load(struct walk *w)
{
    enum err err = types_pick(w);
    for (size_t i = 0; i < schema_type_count(w->schema) && !err; i++) {
        struct bytes name = schema_name_at(w->schema, i);
        if (w->wanted[i])
            err = sql_each_row(
                w->sql, of_type,
                SQL_VALUES(sql_text(w->office->agency), sql_text_bytes(name)),
                place_take, w);
    }
    return err ? err : places_sort(w);
}

/* --- roles ---------------------------------------------------------------- */

static enum err account_take(void *context, const struct sql_value *row,
                             size_t columns)
{
    struct walk *w = context;
    struct account *new = arena_take(&w->arena, sizeof *new);
    const char *name = arena_copy(&w->arena, row[0].bytes);
    const char *role = arena_copy(&w->arena, row[1].bytes);
    (void)columns;
    if (!new || !name || !role)
        return ERR_NOMEM;
    *new = (struct account){.next = w->accounts,
                            .name = bytes_of(name, row[0].bytes.size),
                            .role = bytes_of(role, row[1].bytes.size)};
    w->accounts = new;
    return ERR_OK;
}

static struct bytes role_of(void *context, struct bytes user)
{
    const struct account *at = ((const struct walk *)context)->accounts;
    while (at && !bytes_equal(at->name, user))
        at = at->next;
    return at ? at->role : bytes_of(NULL, 0);
}

/* --- judging -------------------------------------------------------------- */

static enum err field_judge(struct walk *w, const struct guard_record *record,
                            const struct schema_field *field)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < field_guard_count(field) && !err; i++) {
        const struct guard *guard = field_guard_at(field, i);
        if (!guard_asks(guard, field, record) ||
            guard_holds(guard, field, record, &w->kase, role_of, w))
            continue;
        const struct guard_finding finding = {
            .kase = record->kase,
            .record = record->record,
            .type = record->type,
            .field = field_name(field),
            .value = guard_stands_at(field, record),
            .guard = guard};
        err = w->each(w->context, &finding);
    }
    return err;
}

static enum err case_judge(struct walk *w)
{
    enum err err = ERR_OK;
    const struct guard_record *at = w->kase.first;
    for (; at && !err; at = at->next) {
        const struct schema_type *type;
        err = schema_find(w->schema, at->type, &type);
        for (size_t i = 0; type && i < type_field_count(type) && !err; i++)
            err = field_judge(w, at, type_field_at(type, i));
    }
    return err;
}

static enum err state_take(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct walk *w = context;
    (void)columns;
    return guard_case_add(&w->kase, row[0].bytes, NULL);
}

/* Reads the case that begins at *at and goes behind it. */
static enum err case_load(struct walk *w, const struct place **at)
{
    const char *kase = (*at)->kase;
    enum err err = ERR_OK;
    guard_case_clear(&w->kase);
    for (; *at && !strcmp((*at)->kase, kase) && !err; *at = (*at)->next)
        err = sql_each_row(
            w->sql, state_of,
            SQL_VALUES(sql_text(w->office->agency), sql_text((*at)->record)),
            state_take, w);
    return err;
}

enum err guard_each(struct office *office, struct sql *sql,
                    guard_each_finding *each, void *context)
{
    struct walk w = {.office = office,
                     .schema = office->schema,
                     .sql = sql,
                     .each = each,
                     .context = context};
    arena_init(&w.arena, PLACES_BYTES_MAX);
    guard_case_init(&w.kase);
    enum err err = places_load(&w);
    if (!err)
        err = sql_each_row(sql, roles, SQL_VALUES(sql_text(office->agency)),
                           account_take, &w);
    const struct place *at = w.places;
    while (at && !err) {
        err = case_load(&w, &at);
        if (!err)
            err = case_judge(&w);
    }
    guard_case_fini(&w.kase);
    arena_fini(&w.arena);
    return err;
}
