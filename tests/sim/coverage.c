#include "tests/sim/coverage.h"
#include "tests/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void coverage_add(struct cover *cover, const char *name, int64_t count)
{
    for (size_t i = 0; i < cover->count; i++)
        if (!strcmp(cover->items[i].name, name)) {
            cover->items[i].count += count;
            return;
        }
    if (cover->count == COVERS_MAX)
        abort(); /* a gap that nobody would see */
    struct cover_item *item = &cover->items[cover->count++];
    snprintf(item->name, sizeof item->name, "%s", name);
    item->count = count;
}

/* --- what met ------------------------------------------------------------- */

/* The steps that revise a record. */
static const enum step_kind writers[] = {
    STEP_EDIT,        STEP_FORM_SAVE, STEP_HOT_EDIT, STEP_MEMBER,
    STEP_OFFICE_EDIT, STEP_RESOLVE,   STEP_SEAL};
#define WRITER_COUNT (sizeof writers / sizeof *writers)

static void pair_name(char out[COVER_CHARS], enum step_kind a, enum step_kind b)
{
    const char *x = step_name(a), *y = step_name(b);
    bool turn = strcmp(x, y) > 0;
    snprintf(out, COVER_CHARS, "at once: %.15s, %.15s", turn ? y : x,
             turn ? x : y);
}

static bool is_writer(enum step_kind kind)
{
    for (size_t i = 0; i < WRITER_COUNT; i++)
        if (writers[i] == kind)
            return true;
    return false;
}

static bool saw(const struct write *a, const struct write *b)
{
    for (size_t i = 0; i < a->screen_count; i++)
        if (!strcmp(a->screen[i], b->id))
            return true;
    return false;
}

void coverage_pairs(struct world *world)
{
    char name[COVER_CHARS];
    for (size_t i = 0; i < world->write_count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct write *a = &world->writes[i], *b = &world->writes[j];
            if (a->device == b->device || !is_writer(a->step) ||
                !is_writer(b->step) || strcmp(a->record, b->record) ||
                saw(a, b))
                continue;
            pair_name(name, a->step, b->step);
            coverage_add(&world->cover, name, 1);
        }
}

void coverage_state(struct world *world, const struct canon *state)
{
    struct bytes name;
    const struct canon *fields = canon_member(state, "fields");
    const struct schema_type *type =
        canon_text(state, "type", &name)
            ? schema_type(world->office->schema, name)
            : NULL;
    for (const struct canon *f = fields ? fields->first : NULL; f && type;
         f = f->next) {
        const struct schema_field *field = type_field(type, f->name);
        const struct canon *live = canon_member(f, "live");
        if (!field || !live || !live->first || !live->first->next)
            continue;
        const char *rule = rule_name(field_rule(field));
        world_cover(world, "rule %s: several values%s", rule,
                    canon_true(f, "open") ? ", open" : "");
    }
}

/* --- what is told --------------------------------------------------------- */

/* What happens of each scenario of data loss; the others have tests of their
 * own (tests/e2e, tests/crash, tests/unit). */
static const struct {
    const char *scenario, *item;
} scenarios[] = {
    {"F1 office restored from a backup", "step restore"},
    {"F2 vault copied", "step clone"},
    {"F2 vault put back by days", "vault put back"},
    {"F3 access narrowed, unsent work", "held revoked"},
    {"F3 access narrowed, unsent work", "held out-of-scope"},
    {"F3 access narrowed, unsent work", "revoked, and told"},
    {"F4 a reply that is not heard", "link reply lost"},
    {"F5 poison among good lines", "held invalid"},
    {"F5 poison among good lines", "held too-large"},
    {"F6 power cut at any write", "link power"},
    {"F6 power cut at any write", "step device-crash"},
    {"F7 one field, two people", "at once: hot-edit, hot-edit"},
    {"F8 conflicts and those who settle them", "at once: edit, resolve"},
    {"F9 lines out of order", "held waiting"},
    {"F10 reply cut, repeated", "link reply cut"},
    {"F10 reply cut, repeated", "link twice"},
    {"F11 wrong clock", "step clock"},
    {"F14 a type changes under way", "a type of version 3 is written"},
    {"F17 an answer of a stranger", "a stranger answers 401"},
    {"F20 forged and hostile requests", "step forge"},
    {"F21 copies that read and write", "carried by its vault"},
    {"F22 enrolled around a restore", "step enrol"},
    {"F23 a hold released late", "carried by release"},
    {"F24 a value comes while a form is open", "at once: form-save, hot-edit"},
    {"F26 a case goes and comes back", "step assign"},
    {"F27 torn and altered requests", "link request cut"},
    {"F16 attachments in pieces", "attachment PUT 200"},
    {"F16 attachments in pieces", "attachment taken up again"},
    {"F16 attachments in pieces", "attachment fetched"},
    {"F28 disposed of, then restored", "disposed of before a restore"},
    {"F28 disposed of, then restored", "held disposed"},
};

/* And what none of them is about. */
static const char *const wanted[] = {
    "released by a person",
    "released by itself",
    "carried by the office",
    "rule both: several values, open",
    "rule fixed: several values, open",
    "rule furthest: several values",
    "rule latest: several values, open",
    "rule safest: several values",
    "rule set: several values",
    "a site answers a disclosure",
    "batches of 200 bytes",
    "attachment PUT 507",
    "attachment backed up",
    "restored with attachments",
    "restored with a journal, damaged",
    "restored with a journal, whole",
    "the journal's volume away",
    "a case pruned",
    "disposal refused before its time",
    "disposal refused by one alone",
    "disposal refused under legal hold",
    "disposed of, power",
};

static int64_t count_of(const struct cover *cover, const char *name)
{
    for (size_t i = 0; i < cover->count; i++)
        if (!strcmp(cover->items[i].name, name))
            return cover->items[i].count;
    return 0;
}

static size_t tell_missing(const struct cover *cover, const char *name)
{
    if (count_of(cover, name))
        return 0;
    printf("  NOT COVERED: %s\n", name);
    return 1;
}

static size_t print_gaps(const struct cover *cover)
{
    char name[COVER_CHARS];
    size_t missing = 0;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        missing += tell_missing(cover, scenarios[i].item);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        missing += tell_missing(cover, wanted[i]);
    for (int i = 0; i < STEP_COUNT; i++) {
        snprintf(name, sizeof name, "step %s", step_name((enum step_kind)i));
        missing += tell_missing(cover, name);
    }
    for (size_t i = 0; i < WRITER_COUNT; i++)
        for (size_t j = 0; j <= i; j++) {
            if (i == j && writers[i] == STEP_OFFICE_EDIT)
                continue; /* it sees what it has written */
            pair_name(name, writers[i], writers[j]);
            missing += tell_missing(cover, name);
        }
    printf("%zu things that should happen did not\n", missing);
    return missing;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct cover_item *)a)->name,
                  ((const struct cover_item *)b)->name);
}

size_t coverage_print(const struct cover *cover)
{
    static struct cover sorted;
    sorted = *cover;
    qsort(sorted.items, sorted.count, sizeof *sorted.items, by_name);
    for (size_t i = 0; i < sorted.count; i++)
        printf("  %-40s %lld\n", sorted.items[i].name,
               (long long)sorted.items[i].count);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        printf("  %-40s %lld\n", scenarios[i].scenario,
               (long long)count_of(cover, scenarios[i].item));
    return print_gaps(cover);
}
