/* What stands without what it needs (server/guard.h), as findings. */
#include <stdio.h>
#include <string.h>
#include "server/finding.h"
#include "server/guard.h"
#include "server/record.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define FACTS_BYTES_MAX 4096

struct guarding {
    struct findings *findings;
    const struct report *policy;
    const char *but; /* names of guards, parted by spaces */
    struct office *office;
    struct sql *sql;
};

/* The day on which the field was given the value at which it stands. */
static enum err since_find(const struct guarding *g,
                           const struct guard_finding *found, int64_t *since)
{
    struct record record;
    char id[ID_CHARS + 1], field[NAME_CHARS_MAX + 1];
    int64_t at;
    snprintf(id, sizeof id, "%.*s", (int)found->record.size,
             (const char *)found->record.at);
    snprintf(field, sizeof field, "%.*s", (int)found->field.size,
             (const char *)found->field.at);
    *since = INT64_MAX;
    enum err err = record_load(&record, g->office, g->sql, id);
    if (err)
        return err;
    const struct canon *object = record_field(&record, field);
    const struct canon *live = object ? canon_member(object, "live") : NULL;
    if (live && live->first && canon_int(live->first, "at", &at))
        *since = (at + g->findings->run.zone_ms) / DAY_MS;
    record_fini(&record);
    return ERR_OK;
}

static bool left_out(const char *names, const char *name)
{
    for (size_t size; *names; names += size + strspn(names + size, " ")) {
        size = strcspn(names, " ");
        if (size == strlen(name) && !memcmp(names, name, size))
            return true;
    }
    return false;
}

static enum err take(void *context, const struct guard_finding *found)
{
    const struct guarding *g = context;
    struct bytes name = guard_name(found->guard),
                 owner = guard_owner(found->guard);
    char facts[FACTS_BYTES_MAX], role[NAME_CHARS_MAX + 1];
    int size = snprintf(facts, sizeof facts, "%.*s.%.*s.%.*s",
                        (int)found->type.size, (const char *)found->type.at,
                        (int)found->field.size, (const char *)found->field.at,
                        (int)name.size, (const char *)name.at);
    if (left_out(g->but, facts))
        return ERR_OK;
    snprintf(role, sizeof role, "%.*s", (int)owner.size,
             (const char *)owner.at);
    struct finding_draft draft = {.policy = g->policy,
                                  .kase = found->kase,
                                  .record = found->record,
                                  .facts = bytes_of(facts, (size_t)size),
                                  .what = guard_says(found->guard),
                                  .owner = role};
    enum err err = since_find(g, found, &draft.since);
    return err ? err : findings_add(g->findings, &draft);
}

enum err finding_guards(struct findings *f, const struct report *policy,
                        const struct report_run *rows, struct office *office,
                        struct sql *sql)
{
    struct guarding g = {f, policy, rows->values[0], office, sql};
    return guard_each(office, sql, take, &g);
}
