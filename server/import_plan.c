#include "server/import_plan.h"

#include <string.h>

#include "server/import_diff.h"
#include "server/ingest.h"

#define RECORD_ARENA_BYTES (256u * 1024u * 1024u)

const char *const import_plan_types[IMPORT_TYPES] = {"organization", "location",
                                                     "service"};

struct runner {
    struct import_plan *plan;
    struct import_publication *publication;
    struct import_records records;
    struct arena arena;      /* of the record at hand */
    struct import_diff diff; /* of the record at hand */
    struct map *present;     /* owned: ids of this publication's records */
    int64_t number;          /* of the publication; 0 until one is known */
};

static struct import_counts *counts_of(struct runner *r, const char *type)
{
    size_t i = 0;
    while (i + 1 < IMPORT_TYPES && strcmp(import_plan_types[i], type) != 0)
        i++;
    return &r->plan->counts[i];
}

static enum err is_known(void *context, const char *type, const char *id,
                         bool *known)
{
    const struct import_plan *plan = context;
    char stored[NAME_CHARS_MAX + 1];
    enum err err =
        import_stored_type(plan->sql, plan->office->agency, id, stored);
    *known = !err && !strcmp(stored, type);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err skip(struct runner *r, const struct import_record *record,
                     const char *what)
{
    return import_rows_skip(&r->publication->rows, record->row->file,
                            record->row->offset, what);
}

/* Publications that share a record are one. */
static enum err join(struct runner *r, const struct import_published *published)
{
    int64_t number = published->publication;
    if (!published->found || number == r->number)
        return ERR_OK;
    if (!r->number) {
        r->number = number;
        return ERR_OK;
    }
    if (r->plan->dry)
        return ERR_OK;
    return import_publication_join(r->plan->sql, r->plan->office->agency,
                                   number, r->number);
}

/* --- writing --- */

static enum err remember(struct runner *r, const struct import_record *record,
                         struct import_published *published,
                         const struct dot *dot)
{
    const struct office *office = r->plan->office;
    enum err err = ERR_OK;
    if (!r->number)
        err = import_publication_new(r->plan->sql, office->agency, &r->number);
    if (!err)
        err = seen_raise(&published->seen, bytes_text(dot->replica), dot->n);
    if (!err)
        err = import_published_put(
            r->plan->sql, office->agency, record->row->id, record->type,
            r->number, &published->seen, clock_wall_ms(office->clock));
    const struct import_value *change = r->diff.changes;
    for (; change && !err; change = change->next)
        err = import_published_value(r->plan->sql, office->agency,
                                     record->row->id, change->field,
                                     change->value, dot);
    return err;
}

static enum err write(struct runner *r, const struct import_record *record,
                      struct import_published *published, bool creates,
                      bool *written)
{
    struct import_plan *plan = r->plan;
    struct dot dot;
    struct revision_draft draft = {
        .record = record->row->id,
        .type = creates ? record->type : NULL,
        .seen = &published->seen,
        .set = buffer_bytes(&r->diff.set),
        .add = buffer_bytes(&r->diff.add),
        .drop = buffer_bytes(&r->diff.drop),
    };
    *written = false;
    if (plan->dry) {
        *written = true;
        return ERR_OK;
    }
    enum err err =
        ingest_office(plan->office, plan->sql, plan->author, &draft, &dot);
    if (err == ERR_INVALID)
        return skip(r, record, plan->office->detail);
    if (err == ERR_TOO_BIG)
        return skip(r, record, "the record is longer than 256 KiB");
    if (!err)
        err = remember(r, record, published, &dot);
    *written = !err;
    return err;
}

static enum err write_counted(struct runner *r,
                              const struct import_record *record,
                              struct import_published *published, bool creates)
{
    struct import_counts *counts = counts_of(r, record->type);
    bool written;
    enum err err = write(r, record, published, creates, &written);
    if (err || !written)
        return err;
    if (creates) {
        counts->created++;
    } else {
        counts->changed++;
        counts->fields += r->diff.count;
    }
    return ERR_OK;
}

static enum err compare(struct runner *r, const struct import_record *record,
                        struct import_published *published,
                        const struct schema_type *type)
{
    char stored[NAME_CHARS_MAX + 1];
    struct import_plan *plan = r->plan;
    enum err err = import_stored_type(plan->sql, plan->office->agency,
                                      record->row->id, stored);
    bool creates = err == ERR_NOT_FOUND;
    if (err && !creates)
        return err;
    if (!creates && stored[0] && strcmp(stored, record->type) != 0)
        return skip(r, record, "id: is here a record of another type");
    err = join(r, published);
    if (!err)
        err = import_diff_make(&r->diff, &r->publication->rows, &r->arena,
                               record, published, type);
    if (err == ERR_TOO_BIG)
        return skip(r, record, "the record is longer than 256 KiB");
    if (err)
        return err;
    if (!r->diff.count) {
        counts_of(r, record->type)->unchanged++;
        return ERR_OK;
    }
    return write_counted(r, record, published, creates);
}

static enum err bring(struct runner *r, const struct import_record *record)
{
    struct import_plan *plan = r->plan;
    struct import_published published;
    const struct schema_type *type;
    enum err err =
        schema_find(plan->office->schema, bytes_text(record->type), &type);
    if (err)
        return err;
    if (!type)
        return skip(r, record, "the office has no such record type");
    arena_clear(&r->arena);
    err = map_put(r->present, bytes_text(record->row->id), r->present);
    if (err)
        return err;
    err = import_published_find(plan->sql, plan->office->agency,
                                record->row->id, &r->arena, &published);
    if (!err)
        err = compare(r, record, &published, type);
    import_published_fini(&published);
    return err;
}

/* --- what is no longer published --- */

static enum err note_missing(void *context, const char *type,
                             const char *record)
{
    struct runner *r = context;
    if (map_has(r->present, bytes_text(record)))
        return ERR_OK;
    r->plan->missing++;
    return import_notes_add(&r->publication->notes, IMPORT_WARNING, NULL, 0,
                            "%s %s was published before and is not any more; "
                            "it is kept",
                            type, record);
}

static enum err report_missing(struct runner *r)
{
    if (!r->publication->whole || !r->number)
        return ERR_OK;
    return import_publication_each(r->plan->sql, r->plan->office->agency,
                                   r->number, note_missing, r);
}

static enum err run(struct runner *r, const char *source)
{
    enum err err =
        import_rows_check_keys(&r->publication->rows, is_known, r->plan);
    if (!err)
        err = import_map(r->publication, source, &r->records);
    const struct import_record *record = r->records.first;
    for (; record && !err; record = record->next)
        err = bring(r, record);
    return err ? err : report_missing(r);
}

enum err import_plan_run(struct import_plan *plan,
                         struct import_publication *publication,
                         const char *source)
{
    struct runner r = {.plan = plan, .publication = publication};
    arena_init(&r.arena, RECORD_ARENA_BYTES);
    import_diff_init(&r.diff);
    enum err err = map_new(&r.present);
    if (!err)
        err = run(&r, source);
    map_free(r.present);
    import_diff_fini(&r.diff);
    arena_fini(&r.arena);
    return err;
}
