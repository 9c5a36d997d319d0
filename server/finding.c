#include "server/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/past.h"
#include "server/views.h"
#include "shared/base/map.h"

#define FINDINGS_BYTES_MAX ((size_t)1 << 30)
#define NAME_BYTES_MAX (1u << 20)
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define WORKER "worker"

/* A case that nobody has, or whose worker is gone, is not in it. */
static const char owners[] =
    "SELECT a.case_id, a.\"primary\" FROM v_assignment a "
    "JOIN o_user u ON u.\"user\" = a.\"primary\" WHERE u.disabled = 0";

static const char resolutions[] = "SELECT record, why, until, why__by, why__at "
                                  "FROM v_finding_resolution "
                                  "WHERE why IS NOT NULL";

struct resolution {
    const char *why, *until, *by;
    int64_t at;
};

struct loading {
    struct findings *findings;
    struct office *office;
    struct sql sql;
    struct map *owners;      /* case: user */
    struct map *resolutions; /* id: struct resolution */
    const struct finding_wanted *wanted;
    char *detail;
    int64_t until; /* the last moment of a day that is over; 0: now */
};

/* What a statement alone does not find; a policy names the program. */
static const struct {
    const char *name;
    enum err (*find)(struct findings *f, const struct report *policy,
                     const struct report_run *rows, struct office *office,
                     struct sql *sql);
} programs[] = {{"persons", finding_persons}, {"guards", finding_guards}};
#define PROGRAM_COUNT (sizeof programs / sizeof *programs)

static const char head[] =
    "-- report: findings\n"
    "-- title: Findings\n"
    "-- definition: What the policies of the office say that somebody should "
    "look at, the oldest first.  Derived from the records as they are, of a "
    "day "
    "that is over as they stood at its end; a "
    "finding that was resolved is away until its facts change.\n"
    "-- parameter as_of: date = today | As of\n"
    "-- column finding: text | Finding\n"
    "-- column policy: text | Policy\n"
    "-- column owner: text | Owner\n"
    "-- column role: text | Or anyone who is\n"
    "-- column since: date | Since\n"
    "-- column age_days: int | Days\n"
    "-- column case_id: record | Case\n"
    "-- column record: record | Record\n"
    "-- column what: text | What\n"
    "-- column do: text | What to do\n"
    "-- column why: text | Resolved because\n"
    "-- column resolved_by: text | By\n"
    "-- column resolved_at: int | At\n"
    "-- column until: date | Until\n"
    "none\n";

/* --- making them ---------------------------------------------------------- */

static const char *keep(struct findings *f, const struct sql_value *value)
{
    return arena_copy(&f->arena,
                      value->kind == SQL_TEXT ? value->bytes : bytes_text(""));
}

struct finding_draft finding_of_row(const struct report *policy,
                                    const struct report_row *row)
{
    const struct sql_value *values = row->values;
    struct finding_draft draft = {.policy = policy, .since = INT64_MAX};
    struct bytes *const texts[POLICY_COLUMNS] = {[POLICY_CASE] = &draft.kase,
                                                 [POLICY_RECORD] =
                                                     &draft.record,
                                                 [POLICY_FACTS] = &draft.facts,
                                                 [POLICY_WHAT] = &draft.what};
    for (size_t i = 0; i < POLICY_COLUMNS; i++)
        if (texts[i] && values[i].kind == SQL_TEXT)
            *texts[i] = values[i].bytes;
    if (values[POLICY_SINCE].kind == SQL_INT)
        draft.since = values[POLICY_SINCE].integer;
    return draft;
}

static enum err id_make(struct finding *finding)
{
    struct buffer name;
    buffer_init(&name, NAME_BYTES_MAX);
    buffer_printf(&name, "%s\n%s\n%s", finding->policy->id, finding->record,
                  finding->facts);
    enum err err = buffer_err(&name);
    if (!err)
        id_derive(finding->id, "finding", buffer_bytes(&name));
    buffer_fini(&name);
    return err;
}

enum err findings_add(struct findings *f, const struct finding_draft *draft)
{
    const char *owner = draft->owner ? draft->owner : draft->policy->owner;
    struct finding *new = arena_take(&f->arena, sizeof *new);
    if (!new)
        return ERR_NOMEM;
    *new = (struct finding){.policy = draft->policy,
                            .kase = arena_copy(&f->arena, draft->kase),
                            .record = arena_copy(&f->arena, draft->record),
                            .facts = arena_copy(&f->arena, draft->facts),
                            .what = arena_copy(&f->arena, draft->what),
                            .workers = !strcmp(owner, WORKER),
                            .since = draft->since < f->as_of_day ? draft->since
                                                                 : f->as_of_day,
                            .next = f->list};
    new->role =
        new->workers ? FINDING_ROLE : arena_copy(&f->arena, bytes_text(owner));
    if (!new->kase || !new->record || !new->facts || !new->what || !new->role)
        return ERR_NOMEM;
    new->age = f->as_of_day - new->since;
    f->list = new;
    f->count++;
    return id_make(new);
}

bool finding_is_of(const struct finding *finding, const char *user,
                   const char *role)
{
    return finding->owner[0] ? !strcmp(finding->owner, user)
                             : !strcmp(finding->role, role);
}

const struct finding *findings_find(const struct findings *f, const char *id)
{
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->at[i]->id, id))
            return f->at[i];
    return NULL;
}

/* --- whose they are, and what was said of them ---------------------------- */

static enum err take_owner(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct loading *l = context;
    const char *user = keep(l->findings, &row[1]);
    if (!user)
        return ERR_NOMEM;
    return map_put(l->owners, row[0].bytes, (void *)(uintptr_t)user);
}

static enum err take_resolution(void *context, const struct sql_value *row,
                                size_t columns)
{
    (void)columns;
    struct loading *l = context;
    struct resolution *r = arena_take(&l->findings->arena, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    *r = (struct resolution){.why = keep(l->findings, &row[1]),
                             .until = keep(l->findings, &row[2]),
                             .by = keep(l->findings, &row[3]),
                             .at = sql_is_null(&row[4]) ? 0 : row[4].integer};
    return r->why && r->until && r->by
               ? map_put(l->resolutions, row[0].bytes, r)
               : ERR_NOMEM;
}

static enum err people_load(struct loading *l)
{
    const struct schema_type *resolution;
    enum err err = map_new(&l->owners);
    if (!err)
        err = map_new(&l->resolutions);
    if (!err)
        err = sql_each_row(&l->sql, owners, NULL, 0, take_owner, l);
    if (!err)
        err = schema_find(l->office->schema,
                          bytes_text(FINDING_RESOLUTION_TYPE), &resolution);
    /* An office that has not read the type yet has resolved nothing. */
    if (!err && resolution)
        err = sql_each_row(&l->sql, resolutions, NULL, 0, take_resolution, l);
    return err;
}

static void people_name(const struct loading *l, struct finding *finding)
{
    const char *as_of = l->findings->run.values[0];
    const struct resolution *r =
        map_get(l->resolutions, bytes_text(finding->id));
    finding->owner =
        finding->workers ? map_get(l->owners, bytes_text(finding->kase)) : NULL;
    if (!finding->owner)
        finding->owner = "";
    finding->why = finding->by = finding->until = "";
    if (!r)
        return;
    finding->why = r->why;
    finding->by = r->by;
    finding->until = r->until;
    finding->resolved_at = r->at;
    finding->resolved = !r->until[0] || strcmp(as_of, r->until) <= 0;
}

/* --- one policy ----------------------------------------------------------- */

static const char *set_find(const struct finding_wanted *wanted,
                            const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < wanted->set_count; i++)
        if (!strncmp(wanted->set[i], name, size) && wanted->set[i][size] == '=')
            return wanted->set[i] + size + 1;
    return NULL;
}

static enum err program_run(struct loading *l, const struct report *policy,
                            const struct report_run *run)
{
    for (size_t i = 0; i < PROGRAM_COUNT; i++)
        if (!strcmp(policy->program, programs[i].name))
            return programs[i].find(l->findings, policy, run, l->office,
                                    &l->sql);
    snprintf(l->detail, REPORT_DETAIL_CHARS, "%s: no program is called %s",
             policy->id, policy->program);
    return ERR_INVALID;
}

static enum err rows_take(struct loading *l, const struct report *policy,
                          const struct report_run *run)
{
    enum err err = ERR_OK;
    if (policy->program)
        return program_run(l, policy, run);
    for (const struct report_row *row = run->rows; row && !err;
         row = row->next) {
        struct finding_draft draft = finding_of_row(policy, row);
        err = findings_add(l->findings, &draft);
    }
    return err;
}

static enum err policy_run(struct loading *l, const struct report *policy)
{
    struct report_run run = {0};
    const char *given[REPORT_PARAMETERS_MAX] = {NULL};
    for (size_t i = 0; i < policy->parameter_count; i++) {
        const char *name = policy->parameters[i].name;
        given[i] = !strcmp(name, "as_of") ? l->findings->run.values[0]
                                          : set_find(l->wanted, name);
    }
    enum err err = report_values(&run, policy, l->office, given, l->detail);
    if (!err)
        err = report_rows_load(&run, l->office, &l->sql, l->detail);
    if (!err)
        err = rows_take(l, policy, &run);
    report_run_fini(&run);
    return err;
}

static bool has_parameter(const struct findings *f, const char *set)
{
    size_t size = strcspn(set, "=");
    for (size_t i = 0; i < f->policy_count; i++)
        for (size_t j = 0; j < f->policies[i].parameter_count; j++)
            if (bytes_is(bytes_of(set, size),
                         f->policies[i].parameters[j].name))
                return true;
    return false;
}

static enum err policies_read(struct loading *l)
{
    struct findings *f = l->findings;
    const struct finding_wanted *wanted = l->wanted;
    f->policies = arena_take(&f->arena, policy_count() * sizeof *f->policies);
    if (!f->policies)
        return ERR_NOMEM;
    for (size_t i = 0; i < policy_count(); i++) {
        struct report *policy = &f->policies[f->policy_count];
        enum err err = policy_at(policy, &f->arena, i, l->detail);
        if (err)
            return err;
        f->policy_count +=
            !wanted->policy || !strcmp(policy->id, wanted->policy);
    }
    if (f->policy_count == 0)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < wanted->set_count; i++)
        if (!has_parameter(f, wanted->set[i])) {
            snprintf(l->detail, REPORT_DETAIL_CHARS,
                     "no policy has a parameter called so: %.64s",
                     wanted->set[i]);
            return ERR_INVALID;
        }
    return ERR_OK;
}

/* --- all of them, of one moment ------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct finding *x = *(struct finding *const *)a;
    const struct finding *y = *(struct finding *const *)b;
    if (x->since != y->since)
        return x->since < y->since ? -1 : 1;
    int order = strcmp(x->policy->id, y->policy->id);
    return order ? order : strcmp(x->id, y->id);
}

static enum err sort(struct loading *l)
{
    struct findings *f = l->findings;
    size_t i = 0;
    f->at = arena_take(&f->arena, (f->count + 1) * sizeof(struct finding *));
    if (!f->at)
        return ERR_NOMEM;
    for (struct finding *at = f->list; at; at = at->next) {
        people_name(l, at);
        f->at[i++] = at;
    }
    qsort(f->at, f->count, sizeof(struct finding *), compare);
    return ERR_OK;
}

static enum err load(struct loading *l)
{
    struct findings *f = l->findings;
    enum err err = sql_begin(&l->sql, false);
    if (err)
        return err;
    if (l->until)
        err = past_load(l->office, &l->sql, l->until, &f->arena);
    if (!err)
        err = people_load(l);
    for (size_t i = 0; i < f->policy_count && !err; i++)
        err = policy_run(l, &f->policies[i]);
    if (!err)
        err = report_conflicts_load(&f->run, l->office, &l->sql, f->policies,
                                    f->policy_count);
    if (!err)
        err = report_currency_load(&f->run.currency, l->office, &l->sql);
    if (!err)
        err = sort(l);
    sql_rollback(&l->sql);
    return err;
}

static enum err head_load(struct loading *l)
{
    struct findings *f = l->findings;
    const char *given[REPORT_PARAMETERS_MAX] = {l->wanted->as_of};
    int64_t at = 0;
    enum err err =
        report_read(&f->head, &f->arena, bytes_text(head), l->detail);
    if (!err)
        err = report_values(&f->run, &f->head, l->office, given, l->detail);
    if (!err)
        err = instant_parse(bytes_text(f->run.values[0]), &at);
    f->as_of_day = at / DAY_MS;
    int64_t first, last;
    if (!err && !day_local(bytes_text(f->run.values[0]), &first, &last) &&
        last < clock_wall_ms(l->office->clock))
        l->until = last;
    return err;
}

enum err findings_load(struct findings *out, struct office *office,
                       const struct finding_wanted *wanted, char *detail)
{
    struct loading l = {
        .findings = out, .office = office, .wanted = wanted, .detail = detail};
    *out = (struct findings){.count = 0};
    detail[0] = '\0';
    arena_init(&out->arena, FINDINGS_BYTES_MAX);
    enum err err = head_load(&l);
    if (!err)
        err = policies_read(&l);
    if (!err)
        err = views_connect(office, &l.sql);
    if (!err)
        err = load(&l);
    if (err && !detail[0] && l.sql.detail)
        snprintf(detail, REPORT_DETAIL_CHARS, "%s",
                 l.sql.detail(l.sql.context));
    sql_close(&l.sql);
    map_free(l.owners);
    map_free(l.resolutions);
    return err;
}

void findings_fini(struct findings *f)
{
    report_run_fini(&f->run);
    arena_fini(&f->arena);
    *f = (struct findings){.count = 0};
}
