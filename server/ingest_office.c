#include <stdio.h>
#include <string.h>
#include "server/ingest_batch.h"

/* --- what programs write -------------------------------------------------- */

static enum err refuse(struct office *office, const char *what,
                       struct bytes name)
{
    snprintf(office->detail, sizeof office->detail, "%s: %.*s", what,
             (int)name.size, (const char *)name.at);
    return ERR_INVALID;
}

/* Members of a set-valued field are checked one by one. */
static enum err members_check(struct office *office,
                              const struct schema_field *field,
                              const struct canon *value)
{
    const struct canon *member = value->first;
    enum err err = ERR_OK;
    for (; !err && member; member = member->next)
        if (value->kind == CANON_ARRAY)
            err = field_check(field, member, office->detail);
    return err;
}

static enum err object_check(struct office *office, struct arena *arena,
                             const struct schema_type *type,
                             struct bytes object, bool members)
{
    const struct canon *root;
    if (!object.size)
        return ERR_OK;
    enum err err = canon_parse(arena, object, &root, NULL);
    if (err)
        return err;
    const struct canon *value = root->first;
    for (; !err && value; value = value->next) {
        const struct schema_field *field = type_field(type, value->name);
        if (!field)
            return refuse(office, "unknown field", value->name);
        bool is_set = field_rule(field) == RULE_SET;
        if (is_set != members)
            return refuse(office,
                          is_set ? "members are added to this field"
                                 : "this field has one value",
                          value->name);
        err = members ? members_check(office, field, value)
                      : field_check(field, value, office->detail);
    }
    return err;
}

static enum err required_check(struct office *office, struct arena *arena,
                               const struct schema_type *type, struct bytes set)
{
    const struct canon *root = NULL;
    if (set.size) {
        enum err err = canon_parse(arena, set, &root, NULL);
        if (err)
            return err;
    }
    for (size_t i = 0; i < type_field_count(type); i++) {
        const struct schema_field *field = type_field_at(type, i);
        if (field_required(field) && field_rule(field) != RULE_SET &&
            !(root && canon_member_bytes(root, field_name(field))))
            return refuse(office, "a required field is missing",
                          field_name(field));
    }
    return ERR_OK;
}

static enum err draft_check(struct office *office,
                            const struct revision_draft *draft,
                            struct bytes type_text)
{
    const struct schema_type *type;
    enum err err = schema_find(office->schema, type_text, &type);
    if (err)
        return err;
    if (!type) /* statements may stand on records of any type */
        return draft->set.size || draft->add.size || draft->drop.size
                   ? refuse(office, "unknown type", type_text)
                   : ERR_OK;
    struct arena arena;
    arena_init(&arena, REVISION_ARENA_BYTES);
    err = object_check(office, &arena, type, draft->set, false);
    if (!err)
        err = object_check(office, &arena, type, draft->add, true);
    if (!err)
        err = object_check(office, &arena, type, draft->drop, true);
    if (!err && draft->type)
        err = required_check(office, &arena, type, draft->set);
    arena_fini(&arena);
    return err;
}

/* --- writing as the term -------------------------------------------------- */

/* `judged`: by the one who calls; otherwise as programs write. */
static enum err draft_fill(struct batch *b, struct batch_log *term,
                           const char *author, bool judged,
                           struct revision_draft *draft)
{
    struct record_row row;
    buffer_clear(&b->record_bytes);
    enum err err = store_record_find(
        b->sql, b->agency, bytes_text(draft->record), &row, &b->record_bytes);
    if (err && err != ERR_NOT_FOUND)
        return err;
    struct bytes name = bytes_text(draft->type ? draft->type : row.type);
    const struct schema_type *type;
    enum err asked = schema_find(b->office->schema, name, &type);
    if (asked)
        return asked;
    if (!err)
        err = store_line_prev(b->sql, b->agency, draft->record,
                              term->row.replica, &draft->prev);
    else
        draft->prev = 0;
    memcpy(draft->dot.replica, term->row.replica, sizeof draft->dot.replica);
    draft->dot.n = term->row.head + 1;
    draft->at = b->now;
    draft->author = author;
    draft->schema = type && !draft->carries.size ? type_version(type) : 0;
    if (err && err != ERR_NOT_FOUND)
        return err;
    return judged ? ERR_OK : draft_check(b->office, draft, name);
}

static enum err line_enter(struct batch *b, struct batch_log *term,
                           struct bytes line, const char *kase)
{
    struct arena arena;
    struct incoming in = {.log = term,
                          .n = term->row.head + 1,
                          .line = line,
                          .linked = true,
                          .kase = kase};
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = revision_parse(&arena, line, &in.revision, NULL);
    if (!err) {
        memcpy(in.hash, in.revision->hash, sizeof in.hash);
        err = ingest_line(b, &in);
    }
    arena_fini(&arena);
    return err;
}

static enum err term_write(struct batch *b, const char *author, bool judged,
                           struct revision_draft *draft, const char *kase,
                           struct dot *dot)
{
    struct batch_log *term;
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    enum err err = batch_log_find(b, b->office->term, &term);
    if (!err)
        err = draft_fill(b, term, author, judged, draft);
    if (!err)
        err = revision_write(&line, draft);
    if (!err) {
        *dot = draft->dot;
        term->sign = true;
        err = line_enter(b, term, buffer_bytes(&line), kase);
    }
    buffer_fini(&line);
    return err;
}

enum err ingest_term(struct batch *b, const char *author,
                     struct revision_draft *draft, const char *kase,
                     struct dot *dot)
{
    return term_write(b, author, false, draft, kase, dot);
}

static enum err write_alone(struct office *office, struct sql *sql,
                            const char *author, bool judged,
                            struct revision_draft *draft, struct dot *dot)
{
    struct batch b;
    office->detail[0] = '\0';
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = term_write(&b, author, judged, draft, NULL, dot);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    return err;
}

enum err ingest_office(struct office *office, struct sql *sql,
                       const char *author, struct revision_draft *draft,
                       struct dot *dot)
{
    return write_alone(office, sql, author, false, draft, dot);
}

enum err ingest_put(struct office *office, struct sql *sql, const char *author,
                    struct revision_draft *draft, struct dot *dot)
{
    return write_alone(office, sql, author, true, draft, dot);
}

enum err ingest_assign(struct office *office, struct sql *sql,
                       const char *author, const char *kase,
                       const char (*scopes)[SCOPE_CHARS_MAX + 1], size_t count)
{
    struct batch b;
    office->detail[0] = '\0';
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    struct scope_list *list = arena_take(&b.arena, sizeof *list);
    if (!list)
        err = ERR_NOMEM;
    for (size_t i = 0; !err && i < count; i++)
        err = scope_list_add(list, scopes[i]);
    if (!err)
        err = member_assign(&b, author, kase, list);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    return err;
}

enum err ingest_release(struct office *office, struct sql *sql,
                        const char *author, const struct dot *held)
{
    struct batch b;
    office->detail[0] = '\0';
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = hold_release(&b, author, held);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    return err;
}
