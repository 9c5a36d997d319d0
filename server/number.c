/* Numbers that the office gives: a type's `numbered` field counts 1, 2, ...
 * among the records of a case that say the same in the fields `within`.
 * It is written by the term in the transaction of what calls for it, so that a
 * number is in the log like all else, and nothing numbers twice what is
 * replayed, folded anew or restored. */
#include <inttypes.h>
#include <string.h>
#include "server/ingest_batch.h"
#include "server/recovery.h"

#define STATES_BYTES_MAX ((size_t)64 << 20)
#define NUMBER_MAX ((INT64_C(1) << 53) - 1) /* as canonical JSON has it */

struct numbering {
    struct bytes record;
    const struct schema_field *field;
    const struct canon *fields; /* of the record */
    bool earlier_only;          /* who was made later gives way */
    bool has, taken;
    int64_t own, last; /* its number; the greatest of the others */
    struct arena other;
};

static const struct canon *value_of(const struct canon *fields,
                                    struct bytes name)
{
    const struct canon *field = canon_member_bytes(fields, name);
    const struct canon *value = field ? canon_member(field, "value") : NULL;
    return value && value->kind != CANON_NULL ? value : NULL;
}

/* What it is numbered within is all there, and so is what it waits for. */
static bool has_group(const struct numbering *n)
{
    struct bytes once = field_once(n->field);
    if (once.size && !value_of(n->fields, once))
        return false;
    for (size_t i = 0; i < field_within_count(n->field); i++)
        if (!value_of(n->fields, field_within_at(n->field, i)))
            return false;
    return true;
}

static bool same_group(const struct numbering *n, const struct canon *fields)
{
    for (size_t i = 0; i < field_within_count(n->field); i++) {
        struct bytes name = field_within_at(n->field, i);
        const struct canon *mine = value_of(n->fields, name),
                           *its = value_of(fields, name);
        if (!its || !bytes_equal(mine->raw, its->raw))
            return false;
    }
    return true;
}

static enum err look(void *context, struct bytes state)
{
    struct numbering *n = context;
    const struct canon *root;
    struct bytes record;
    arena_clear(&n->other);
    enum err err = canon_parse(&n->other, state, &root, NULL);
    if (err)
        return err == ERR_INVALID ? ERR_CORRUPT : err;
    const struct canon *fields = canon_member(root, "fields");
    if (!fields || !canon_text(root, "record", &record) ||
        bytes_equal(record, n->record) || !same_group(n, fields))
        return ERR_OK;
    const struct canon *number = value_of(fields, field_name(n->field));
    if (!number || number->kind != CANON_INT)
        return ERR_OK;
    if (number->integer > n->last)
        n->last = number->integer;
    if (number->integer == n->own &&
        (!n->earlier_only || bytes_compare(record, n->record) < 0))
        n->taken = true;
    return ERR_OK;
}

static enum err give(struct batch *b, const struct numbering *n,
                     const struct seen *seen)
{
    char record[ID_CHARS + 1];
    struct buffer set;
    struct dot dot;
    memcpy(record, n->record.at, ID_CHARS);
    record[ID_CHARS] = '\0';
    buffer_init(&set, 1024);
    buffer_add_char(&set, '{');
    canon_put_text(&set, field_name(n->field));
    buffer_printf(&set, ":%" PRId64 "}", n->last + 1);
    struct revision_draft draft = {
        .record = record, .seen = seen, .set = buffer_bytes(&set)};
    enum err err = buffer_err(&set);
    if (!err)
        err = ingest_term(b, "office", &draft, NULL, &dot);
    buffer_fini(&set);
    return err;
}

/* The row's bytes are the batch's, and gone once something is written. */
static enum err number(struct batch *b, struct numbering *n,
                       const struct record_row *row)
{
    struct arena arena;
    struct seen seen;
    char kase[ID_CHARS + 1];
    const struct canon *root = NULL;
    memcpy(kase, row->kase, sizeof kase);
    arena_init(&arena, STATES_BYTES_MAX);
    arena_init(&n->other, STATES_BYTES_MAX);
    seen_init(&seen);
    char *copy = arena_copy(&arena, row->state);
    enum err err = fold_context(row->memo, &seen);
    if (!err)
        err = copy ? canon_parse(&arena, bytes_of(copy, row->state.size), &root,
                                 NULL)
                   : ERR_NOMEM;
    n->fields = err ? NULL : canon_member(root, "fields");
    if (n->fields && canon_text(root, "record", &n->record) && has_group(n)) {
        const struct canon *own = value_of(n->fields, field_name(n->field));
        n->has = own && own->kind == CANON_INT;
        n->own = n->has ? own->integer : 0;
        err = store_record_each(b->sql, b->agency, kase, bytes_text(row->type),
                                look, n);
        if (!err && (!n->has || n->taken) && n->last < NUMBER_MAX)
            err = give(b, n, &seen);
    }
    seen_fini(&seen);
    arena_fini(&n->other);
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

/* In recovery the number may come back with what was lost: then the end of it
 * numbers what has none. */
static enum err number_asked(struct batch *b, const struct record_row *row,
                             bool earlier_only)
{
    int64_t began_at;
    const struct schema_type *type;
    enum err err = schema_find(b->office->schema, bytes_text(row->type), &type);
    struct numbering n = {.field = type ? type_numbered(type) : NULL,
                          .earlier_only = earlier_only};
    if (err || !n.field)
        return err;
    err = recovery_find(b->sql, b->agency, &began_at);
    if (err == ERR_NOT_FOUND)
        return number(b, &n, row);
    return err;
}

enum err ingest_number(struct batch *b, const struct record_row *row)
{
    return number_asked(b, row, false);
}

/* --- what was left without ------------------------------------------------ */

static enum err number_again(struct batch *b, const char *record)
{
    struct record_row row;
    buffer_clear(&b->record_bytes);
    enum err err = store_record_find(b->sql, b->agency, bytes_text(record),
                                     &row, &b->record_bytes);
    return err ? err : number_asked(b, &row, true);
}

enum err ingest_number_type(struct batch *b, const struct schema_type *type)
{
    if (!type_numbered(type))
        return ERR_OK;
    return ingest_each_of_type(b, type_name(type), number_again);
}

enum err ingest_number_all(struct batch *b)
{
    const struct schema *schema = b->office->schema;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < schema_type_count(schema); i++) {
        const struct schema_type *type;
        err = schema_at(schema, i, &type);
        if (!err)
            err = ingest_number_type(b, type);
    }
    return err;
}

enum err ingest_numbers(struct office *office, struct sql *sql)
{
    struct batch b;
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = ingest_number_all(&b);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    return err;
}
