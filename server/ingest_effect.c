#include <stdio.h>
#include <string.h>
#include "server/ingest_batch.h"

/* --- reading a state ------------------------------------------------------ */

static const struct canon *state_value(const struct canon *state,
                                       const char *name)
{
    const struct canon *fields = canon_member(state, "fields");
    const struct canon *field = fields ? canon_member(fields, name) : NULL;
    return field ? canon_member(field, "value") : NULL;
}

static bool state_text(const struct canon *state, const char *name, char *out,
                       size_t room)
{
    const struct canon *value = state_value(state, name);
    if (!value || value->kind != CANON_TEXT || value->text.size >= room)
        return false;
    memcpy(out, value->text.at, value->text.size);
    out[value->text.size] = '\0';
    return true;
}

/* --- who may see ---------------------------------------------------------- */

static enum err scopes_read(const struct canon *state, struct scope_list *out)
{
    const struct canon *value = state_value(state, "scopes");
    const struct canon *member =
        value && value->kind == CANON_ARRAY ? value->first : NULL;
    enum err err = ERR_OK;
    for (; !err && member; member = member->next) {
        char scope[SCOPE_CHARS_MAX + 1];
        if (member->kind != CANON_TEXT || !scope_valid(member->text) ||
            bytes_is(member->text, "agency"))
            continue;
        memcpy(scope, member->text.at, member->text.size);
        scope[member->text.size] = '\0';
        err = scope_list_add(out, scope);
    }
    return err;
}

/* The case of a site referral is seen by its site and by whoever sees the case
 * that it speaks of. */
static enum err site_scopes(struct batch *b, const char *site,
                            const char *referral_case, struct scope_list *out)
{
    struct batch_case *kase;
    char scope[SCOPE_CHARS_MAX + 1];
    enum err err = ERR_OK;
    if (site[0]) {
        bool whole = !strncmp(site, "site:", 5);
        snprintf(scope, sizeof scope, "%s%.58s", whole ? "" : "site:", site);
        if (scope_valid(bytes_text(scope)))
            err = scope_list_add(out, scope);
    }
    if (!err)
        err = batch_case_find(b, referral_case, &kase);
    for (size_t i = 0; !err && i < kase->member_count; i++) {
        const struct batch_member *member = &kase->members[i];
        if (!member->left_seq && strncmp(member->scope->name, "site:", 5) != 0)
            err = scope_list_add(out, member->scope->name);
    }
    return err;
}

/* The case of the referral that a site referral speaks of; ERR_NOT_FOUND. */
static enum err site_link(struct batch *b, const char *record,
                          const struct canon *state, char kase[ID_CHARS + 1])
{
    char referral[ID_CHARS + 1];
    struct record_row row;
    struct buffer bytes;
    if (!state_text(state, "referral", referral, sizeof referral))
        return ERR_NOT_FOUND;
    buffer_init(&bytes, STATE_BYTES_MAX * 2);
    enum err err = store_record_find(b->sql, b->agency, bytes_text(referral),
                                     &row, &bytes);
    buffer_fini(&bytes);
    if (err || !row.has_case)
        return err ? err : ERR_NOT_FOUND;
    memcpy(kase, row.kase, sizeof row.kase);
    return store_site_link_add(b->sql, b->agency, kase, record);
}

static enum err site_apply(struct batch *b, const char *record,
                           const struct canon *state)
{
    char kase[ID_CHARS + 1], site[NAME_CHARS_MAX + 6] = "";
    struct scope_list *scopes = arena_take(&b->arena, sizeof *scopes);
    if (!scopes)
        return ERR_NOMEM;
    state_text(state, "site", site, sizeof site);
    enum err err = site_link(b, record, state, kase);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = site_scopes(b, site, kase, scopes);
    return err ? err : member_assign(b, "office", record, scopes);
}

static const char site_states[] =
    "SELECT record, state FROM record "
    "WHERE agency = $1 AND type = 'site_referral' ORDER BY record";

static enum err site_state(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct arena arena;
    const struct canon *state;
    char record[ID_CHARS + 1], kase[ID_CHARS + 1];
    sql_copy_text(record, sizeof record, &row[0]);
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, row[1].bytes, &state, NULL);
    if (!err)
        err = site_link(context, record, state, kase);
    arena_fini(&arena);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err ingest_site_links(struct batch *b)
{
    return sql_each_row(b->sql, site_states, SQL_VALUES(sql_text(b->agency)),
                        site_state, b);
}

struct records {
    char (*at)[ID_CHARS + 1]; /* in the arena */
    size_t count, room;
    struct arena *arena;
};

static enum err records_add(void *context, const char *record)
{
    struct records *records = context;
    if (records->count == records->room) {
        size_t room = records->room ? records->room * 2 : 8;
        char(*grown)[ID_CHARS + 1] =
            arena_take(records->arena, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        if (records->count)
            memcpy(grown, records->at, records->count * sizeof *grown);
        records->at = grown;
        records->room = room;
    }
    memcpy(records->at[records->count++], record, ID_CHARS + 1);
    return ERR_OK;
}

static enum err site_reapply(struct batch *b, const char *record)
{
    struct record_row row;
    struct buffer bytes;
    struct arena arena;
    const struct canon *state;
    buffer_init(&bytes, STATE_BYTES_MAX * 2);
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err =
        store_record_find(b->sql, b->agency, bytes_text(record), &row, &bytes);
    if (!err)
        err = canon_parse(&arena, row.state, &state, NULL);
    if (!err)
        err = site_apply(b, record, state);
    arena_fini(&arena);
    buffer_fini(&bytes);
    return err;
}

static enum err assignment_effect(struct batch *b, const struct record_row *row,
                                  const struct canon *state, const char *record)
{
    char derived[ID_CHARS + 1];
    struct batch_case *kase;
    struct records sites = {.arena = &b->arena};
    id_derive(derived, "assignment", bytes_text(row->kase));
    if (strcmp(derived, record) != 0)
        return ERR_OK; /* another record of the type moves nothing */
    struct scope_list *scopes = arena_take(&b->arena, sizeof *scopes);
    if (!scopes)
        return ERR_NOMEM;
    enum err err = scopes_read(state, scopes);
    if (!err)
        err = batch_case_find(b, row->kase, &kase);
    if (!err)
        err = member_set(b, kase, scopes);
    if (!err)
        err = store_site_link_each(b->sql, b->agency, row->kase, records_add,
                                   &sites);
    for (size_t i = 0; !err && i < sites.count; i++)
        err = site_reapply(b, sites.at[i]);
    return err;
}

/* --- other types that the engine reads ------------------------------------ */

/* Who had followed the replica when this was written has a record of his own,
 * or was spared. */
static enum err revocation_effect(struct batch *b, const struct incoming *in,
                                  const struct canon *state)
{
    char replica[REPLICA_CHARS + 1];
    struct batch_log *log;
    if (!state_text(state, "replica", replica, sizeof replica))
        return ERR_OK;
    enum err err = batch_log_find(b, replica, &log);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (!log->row.revoked_at)
        log->row.revoked_at = b->now;
    return store_replica_revoke(b->sql, b->agency, replica,
                                revision_original(in->revision)->at, b->now);
}

static enum err type_effect(struct batch *b, const struct incoming *in,
                            const struct record_row *row)
{
    struct arena arena;
    const struct canon *state;
    char record[ID_CHARS + 1];
    memcpy(record, in->revision->record.at, ID_CHARS);
    record[ID_CHARS] = '\0';
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, row->state, &state, NULL);
    if (!err && !strcmp(row->type, "assignment"))
        err = assignment_effect(b, row, state, record);
    else if (!err && !strcmp(row->type, "revocation"))
        err = revocation_effect(b, in, state);
    else if (!err)
        err = site_apply(b, record, state);
    arena_fini(&arena);
    return err;
}

enum err ingest_effect(struct batch *b, const struct incoming *in,
                       const struct record_row *row)
{
    enum err err = ERR_OK;
    if (in->revision->hold || in->revision->release.size)
        err = hold_note(b, in->revision);
    if (err)
        return err;
    if (!strcmp(row->type, "schema"))
        b->schema_changed = true;
    else if (!strcmp(row->type, "assignment") ||
             !strcmp(row->type, "revocation") ||
             !strcmp(row->type, "site_referral"))
        return type_effect(b, in, row);
    return ingest_number(b, row);
}
