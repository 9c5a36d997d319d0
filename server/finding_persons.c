/* Persons that may be one, as findings. */
#include <stdio.h>
#include <string.h>
#include "server/duplicates.h"
#include "server/finding.h"
#include "shared/base/map.h"

#define TEXT_BYTES_MAX (1u << 20)

struct pairing {
    struct findings *findings;
    const struct report *policy;
    struct map *rows; /* person: struct report_row */
};

/* The younger record is the one that may have to be merged. */
static enum err take_pair(void *context, const struct duplicates_pair *pair)
{
    const struct pairing *p = context;
    struct buffer facts, what;
    const struct report_row *row = map_get(p->rows, bytes_text(pair->id[1]));
    if (!row || !map_has(p->rows, bytes_text(pair->id[0])))
        return ERR_OK;
    buffer_init(&facts, TEXT_BYTES_MAX);
    buffer_init(&what, TEXT_BYTES_MAX);
    buffer_printf(&facts, "%s: %s", pair->id[0], pair->reasons);
    buffer_printf(&what, "May be the same person as %s (likeness %d): %s",
                  pair->id[0], pair->score, pair->reasons);
    enum err err = buffer_err(&facts);
    if (!err)
        err = buffer_err(&what);
    struct finding_draft draft = finding_of_row(p->policy, row);
    draft.facts = buffer_bytes(&facts);
    draft.what = buffer_bytes(&what);
    if (!err)
        err = findings_add(p->findings, &draft);
    buffer_fini(&what);
    buffer_fini(&facts);
    return err;
}

enum err finding_persons(struct findings *f, const struct report *policy,
                         const struct report_run *rows, struct office *office,
                         struct sql *sql)
{
    struct pairing p = {.findings = f, .policy = policy};
    struct duplicates *d = NULL;
    enum err err = map_new(&p.rows);
    for (struct report_row *row = rows->rows; row && !err; row = row->next)
        err = map_put(p.rows, row->values[POLICY_RECORD].bytes, row);
    if (!err)
        err = duplicates_new(&d);
    if (!err)
        err = duplicates_load(d, sql, office->agency);
    if (!err)
        err = duplicates_find(d, take_pair, &p);
    duplicates_free(d);
    map_free(p.rows);
    return err;
}
