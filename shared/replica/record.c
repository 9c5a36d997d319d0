#include "shared/replica/record.h"

#include <assert.h>
#include <string.h>

#include "shared/replica/own.h"
#include "shared/replica/record_check.h"
#include "shared/replica/record_code.h"
#include "shared/replica/record_guard.h"
#include "shared/replica/state.h"
#include "shared/replica/succession.h"
#include "shared/replica/vault_schema.h"

#define CONTEXT_BYTES_MAX (1u << 20)
#define WARNING_BYTES_MAX (64u << 10)

void record_written_init(struct record_written *w)
{
    memset(w, 0, sizeof *w);
    buffer_init(&w->context, CONTEXT_BYTES_MAX);
    buffer_init(&w->warning, WARNING_BYTES_MAX);
}

void record_written_fini(struct record_written *w)
{
    buffer_fini(&w->context);
    buffer_fini(&w->warning);
}

/* --- one write ------------------------------------------------------------ */

/* What is gathered before anything is stored. */
struct writing {
    const struct record_write *write;
    struct record_written *out;
    struct state_row row;
    struct seen seen;
    struct record_parts parts;
    const struct schema_type *type; /* NULL: unknown to the schema */
    struct bytes type_name;
    const struct canon *state; /* NULL when creating */
    const struct case_key *key;
};

static enum err type_find(struct vault *vault, struct writing *w)
{
    enum err err = schema_find(vault->schema, w->type_name, &w->type);
    if (err)
        return err;
    if (!w->type && !w->write->lenient)
        return vault_fail(vault, ERR_INVALID, "%.*s: no such record type",
                          (int)w->type_name.size,
                          (const char *)w->type_name.at);
    if (w->type && type_office_only(w->type))
        return vault_fail(
            vault, ERR_DENIED, "%.*s: only the office writes these records",
            (int)w->type_name.size, (const char *)w->type_name.at);
    return ERR_OK;
}

/* What the person had on the screen.  It comes from the form that was read,
 * never from what the vault has come to know since. */
static enum err seen_take(struct vault *vault, struct writing *w)
{
    const char *context = w->write->context;
    int64_t generation;
#ifdef MUTANT_SEEN_AT_SAVE
    return fold_context(buffer_bytes(&w->row.fold.memo), &w->seen);
#endif
    if (!context || !context[0])
        return vault_fail(vault, ERR_CONFLICT,
                          "a context is needed: read the record first");
    enum err err =
        context_read(&w->seen, &generation, w->row.record, bytes_text(context));
    if (err == ERR_CONFLICT)
        return vault_fail(vault, err, "the context is of another record");
    if (err == ERR_INVALID)
        return vault_fail(vault, ERR_CONFLICT, "the context is damaged");
    if (!err && seen_get(&w->seen, bytes_text(vault->tip.name)) > vault->tip.n)
        return vault_fail(vault, ERR_CONFLICT,
                          "the context comes from a newer copy of this vault");
    return err ? err : succession_seen(vault, w->row.id, generation, &w->seen);
}

static enum err revising_load(struct vault *vault, struct writing *w)
{
    const struct record_write *write = w->write;
    if (!write->record || !id_valid(bytes_text(write->record)))
        return vault_fail(vault, ERR_INVALID, "a record id is needed");
    enum err err = state_load(vault, bytes_text(write->record), &w->row);
    if (!err && (!w->row.key || !w->row.fold.state.size))
        return vault_fail(vault, ERR_NOT_FOUND, "%s: no such record here",
                          write->record);
    if (!err)
        err = case_key_get(vault, w->row.key, &w->key);
    if (!err)
        err = canon_parse(&vault->arena, buffer_bytes(&w->row.fold.state),
                          &w->state, NULL);
    if (err)
        return err;
    if (!canon_text(w->state, "type", &w->type_name))
        return vault_fail(vault, ERR_NOT_FOUND,
                          "%s: its creation has not arrived yet",
                          write->record);
    err = type_find(vault, w);
    return err ? err : seen_take(vault, w);
}

/* The case of the record that a field names, unless it has none. */
static enum err case_of_field(struct vault *vault, struct writing *w,
                              const struct canon *value)
{
    struct state_row *row = &w->parts.named;
    enum err err = ERR_OK;
    if (!value || value->kind != CANON_TEXT || !id_valid(value->text))
        return ERR_OK;
    if (!bytes_is(value->text, row->record)) {
        *row = (struct state_row){.id = 0};
        err = state_find(vault, value->text, row);
    }
    if (!err && row->key)
        err = case_key_get(vault, row->key, &w->key);
    if (!err && w->key && !w->key->kase[0])
        w->key = NULL;
    return err;
}

/* A record that is named and not here would have told the case. */
static enum err case_missing(struct vault *vault, const struct writing *w)
{
    const struct canon *set = w->parts.parts.set_tree;
    const struct canon *value = set ? set->first : NULL;
    for (; value; value = value->next) {
        const struct schema_field *field =
            w->type ? type_field(w->type, value->name) : NULL;
        if (!field || field_kind(field) != VALUE_RECORD ||
            value->kind != CANON_TEXT)
            continue;
        struct bytes target = field_target(field);
        if (!target.size)
            target = bytes_text("record");
        return vault_fail(vault, ERR_NOT_FOUND,
                          "no %.*s %.*s here: the id is mistyped, or its case "
                          "is not on this device",
                          (int)target.size, (const char *)target.at, ID_CHARS,
                          (const char *)value->text.at);
    }
    return vault_fail(vault, ERR_INVALID,
                      "%.*s: which case? Name its person, or pass the case",
                      (int)w->type_name.size, (const char *)w->type_name.at);
}

static enum err case_of_fields(struct vault *vault, struct writing *w)
{
    const struct canon *set = w->parts.parts.set_tree;
    enum err err =
        case_of_field(vault, w, set ? canon_member(set, "person") : NULL);
    const struct canon *value = set ? set->first : NULL;
    for (; !err && !w->key && value; value = value->next) {
        const struct schema_field *field =
            w->type ? type_field(w->type, value->name) : NULL;
        if (field && field_kind(field) == VALUE_RECORD)
            err = case_of_field(vault, w, value);
    }
    return !err && !w->key ? case_missing(vault, w) : err;
}

static enum err case_pick(struct vault *vault, struct writing *w)
{
    const char *kase = w->write->kase;
    struct bytes home = w->type ? type_home(w->type) : bytes_text("case");
    if (bytes_is(home, "agency"))
        return case_key_obtain(vault, bytes_of(NULL, 0), &w->key);
    if (kase && kase[0]) {
        if (!id_valid(bytes_text(kase)))
            return vault_fail(vault, ERR_INVALID, "%.40s: not a case id", kase);
        return case_key_obtain(vault, bytes_text(kase), &w->key);
    }
    if (bytes_is(home, "own"))
        return case_key_obtain(vault, bytes_text(w->row.record), &w->key);
    return case_of_fields(vault, w);
}

static enum err creating_load(struct vault *vault, struct writing *w)
{
    const struct record_write *write = w->write;
    char fresh[ID_CHARS + 1];
    enum err err = ERR_OK;
    if (write->record && !id_valid(bytes_text(write->record)))
        return vault_fail(vault, ERR_INVALID, "%.40s: not a record id",
                          write->record);
    if (write->record) {
        err = state_load(vault, bytes_text(write->record), &w->row);
    } else {
        id_new(fresh, clock_wall_ms(vault->clock), &vault->pool.random);
        state_new(vault, bytes_text(fresh), &w->row);
    }
    if (!err && w->row.key)
        return vault_fail(vault, ERR_EXISTS, "%s exists already",
                          w->row.record);
    w->type_name = bytes_text(write->type);
    return err ? err : type_find(vault, w);
}

static enum err line_write(struct vault *vault, struct writing *w,
                           const struct revision **out)
{
    struct own_tip *tip = &vault->tip;
    bool creates = w->write->type != NULL;
    assert(w->key);
    struct revision_draft draft = {
        .dot.n = tip->n + 1,
        .at = clock_wall_ms(vault->clock),
        .author = tip->user,
        .record = w->row.record,
        .type = creates ? w->write->type : NULL,
        .kase = creates && w->key->kase[0] ? w->key->kase : NULL,
        .prev = w->row.own_n,
        .schema = w->type ? type_version(w->type) : 0,
        .seen = &w->seen,
        .set = w->parts.parts.set,
        .add = w->parts.parts.add,
        .drop = w->parts.parts.drop,
        .keep = w->parts.parts.keep,
        .seal = w->write->seal,
    };
    memcpy(draft.dot.replica, tip->name, sizeof draft.dot.replica);
    w->out->dot = draft.dot;
    buffer_clear(&vault->line);
    enum err err = revision_write(&vault->line, &draft);
    if (err == ERR_TOO_BIG)
        return check_long(vault->detail, w->parts.parts.set_tree,
                          vault->line.size);
    /* What is written can always be read. */
    struct canon_fault fault = {0, ""};
    if (!err)
        err = revision_parse(&vault->arena, buffer_bytes(&vault->line), out,
                             &fault);
    if (err == ERR_INVALID)
        return vault_fail(vault, err, "%s", fault.what);
    return err;
}

static enum err store(struct vault *vault, struct writing *w,
                      const struct revision *revision)
{
    int64_t line;
    enum err err = own_append(vault, w->key, revision, &line);
    w->row.own_n = vault->tip.n;
    return err ? err : state_apply(vault, &w->row, w->key, revision, line);
}

/* A record elsewhere that cannot be read is no reason to lose this one. */
static enum err guard(struct vault *vault, struct writing *w,
                      const struct revision *revision)
{
    const struct record_guarded written = {.type = w->type,
                                           .set = w->parts.parts.set_tree,
                                           .revision = revision,
                                           .row = &w->row,
                                           .key = w->key};
    enum err err = record_guard(vault, &written, &w->out->warning);
    if (!err)
        err = record_code(vault, w->type, w->parts.parts.set_tree, w->state,
                          &w->out->warning);
    return err == ERR_CORRUPT ? ERR_OK : err;
}

static enum err answer(const struct vault *vault, struct writing *w)
{
    struct seen seen;
    struct bytes memo = buffer_bytes(&w->row.fold.memo);
    memcpy(w->out->record, w->row.record, sizeof w->out->record);
    seen_init(&seen);
    /* Of a record's first line there is no fold. */
    enum err err = memo.size ? fold_context(memo, &seen)
                             : seen_raise(&seen, bytes_text(vault->tip.name),
                                          vault->tip.n);
    if (!err)
        err = context_write(&w->out->context, w->row.record,
                            vault->tip.generation, &seen);
    seen_fini(&seen);
    return err;
}

static enum err perform(struct vault *vault, struct writing *w)
{
    const struct revision *revision = NULL;
    bool creates = w->write->type != NULL;
    enum err err = own_load(vault);
    if (!err)
        err = vault_schema_load(vault);
    if (!err)
        err = creates ? creating_load(vault, w) : revising_load(vault, w);
    if (!err)
        err = record_check(vault, w->type, w->type_name, w->write, w->state,
                           &w->parts, &w->out->warning);
    if (!err && creates)
        err = case_pick(vault, w);
    if (!err)
        err = line_write(vault, w, &revision);
    if (err)
        return err;
    assert(revision);
    err = store(vault, w, revision);
    if (!err)
        err = guard(vault, w, revision);
    if (!err)
        err = answer(vault, w);
    if (err && vault->batch)
        vault->batch_err = err; /* half a write must not be committed */
    return err;
}

enum err record_write(struct vault *vault, const struct record_write *write,
                      struct record_written *out)
{
    struct writing w = {.write = write, .out = out};
    vault->detail[0] = '\0';
    buffer_clear(&out->context);
    buffer_clear(&out->warning);
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    if (vault->batch && vault->batch_err)
        return vault->batch_err;
    enum err err = vault->batch ? ERR_OK : vault_begin(vault);
    if (err)
        return err;
    arena_clear(&vault->arena);
    state_row_init(&w.row);
    seen_init(&w.seen);
    err = perform(vault, &w);
    seen_fini(&w.seen);
    state_row_fini(&w.row);
    if (vault->batch) {
        if (err && !vault->detail[0])
            vault_fail(vault, err, "%s", err_text(err));
        return err;
    }
    if (!err)
        err = own_sign(vault);
    return vault_end(vault, err);
}

/* --- batches -------------------------------------------------------------- */

enum err record_batch_begin(struct vault *vault)
{
    assert(!vault->batch);
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    enum err err = vault_begin(vault);
    vault->batch = !err;
    vault->batch_err = ERR_OK;
    return err;
}

enum err record_batch_commit(struct vault *vault)
{
    assert(vault->batch);
    vault->batch = false;
    enum err err = vault->batch_err;
    if (!err)
        err = own_sign(vault);
    err = vault_end(vault, err);
    vault_shrink(vault);
    return err;
}

bool record_batch_open(const struct vault *vault)
{
    return vault->batch;
}

void record_batch_rollback(struct vault *vault)
{
    vault->batch = false;
    vault_rollback(vault);
}
