#include "server/ingest_batch.h"

#include <stdlib.h>
#include <string.h>
#include "server/office_inner.h"

#define BATCH_ARENA_BYTES (256u * 1024u * 1024u)
#define RECORD_BYTES_MAX (64u * 1024u * 1024u)

enum err batch_open(struct batch *b, struct office *office, struct sql *sql)
{
    *b = (struct batch){.office = office,
                        .sql = sql,
                        .agency = office->agency,
                        .now = clock_wall_ms(office->clock)};
    arena_init(&b->arena, BATCH_ARENA_BYTES);
    arena_init(&b->parse, REVISION_ARENA_BYTES);
    buffer_init(&b->record_bytes, RECORD_BYTES_MAX);
    fold_init(&b->fold);
    enum err err = map_new(&b->logs);
    if (!err)
        err = map_new(&b->cases);
    if (!err)
        err = map_new(&b->scopes);
    if (!err)
        err = office_schema_current(office, sql);
    if (err)
        batch_fini(b);
    return err;
}

void batch_fini(struct batch *b)
{
    for (size_t i = 0; b->logs && i < map_count(b->logs); i++) {
        struct batch_log *log = map_value_at(b->logs, i);
        free(log->needs);
    }
    map_free(b->logs);
    map_free(b->cases);
    map_free(b->scopes);
    arena_fini(&b->arena);
    arena_fini(&b->parse);
    buffer_fini(&b->record_bytes);
    fold_fini(&b->fold);
    *b = (struct batch){0};
}

enum err batch_arrival(struct batch *b, int64_t *arrival)
{
    if (!b->arrival || b->arrival == b->arrival_last) {
        int64_t first;
        enum err err =
            sql_find_int(b->sql, b->sql->arrival_next, NULL, 0, &first);
        if (err)
            return err;
        b->arrival = first - 1;
        b->arrival_last = b->sql->arrival_block
                              ? b->arrival + b->sql->arrival_block
                              : INT64_MAX;
    }
    *arrival = ++b->arrival;
    return ERR_OK;
}

/* --- logs ----------------------------------------------------------------- */

enum err batch_need_add(struct batch_log *log, int64_t n)
{
    if (log->need_count == log->need_room) {
        size_t room = log->need_room ? log->need_room * 2 : 8;
        int64_t *grown = realloc(log->needs, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        log->needs = grown;
        log->need_room = room;
    }
    log->needs[log->need_count++] = n;
    return ERR_OK;
}

static enum err need_read(void *context, const struct dot *dot)
{
    return batch_need_add(context, dot->n);
}

static enum err log_load(struct batch *b, const char *replica,
                         struct batch_log *log)
{
    enum err err = store_replica_find(b->sql, b->agency, replica, &log->row);
    if (!err && log->row.kind == 'w')
        err = store_account_scopes(b->sql, b->agency, log->row.account,
                                   &log->scopes);
    if (!err)
        err = store_waiting_needs(b->sql, b->agency, replica, need_read, log);
    return err;
}

enum err batch_log_find(struct batch *b, const char *replica,
                        struct batch_log **out)
{
    struct bytes key = bytes_text(replica);
    *out = map_get(b->logs, key);
    if (*out)
        return ERR_OK;
    struct batch_log *log = arena_take(&b->arena, sizeof *log);
    if (!log)
        return ERR_NOMEM;
    enum err err = log_load(b, replica, log);
    if (!err)
        err = map_put(b->logs, key, log);
    if (err) {
        free(log->needs);
        log->needs = NULL;
        return err;
    }
    *out = log;
    return ERR_OK;
}

/* --- cases and scopes ----------------------------------------------------- */

enum err batch_scope_find(struct batch *b, const char *name,
                          struct batch_scope **out)
{
    struct bytes key = bytes_text(name);
    *out = map_get(b->scopes, key);
    if (*out)
        return ERR_OK;
    struct batch_scope *scope = arena_take(&b->arena, sizeof *scope);
    if (!scope)
        return ERR_NOMEM;
    memcpy(scope->name, name, strlen(name) + 1);
    enum err err = store_scope_find(b->sql, b->agency, name, &scope->head);
    if (!err)
        err = map_put(b->scopes, key, scope);
    if (!err)
        *out = scope;
    return err;
}

const struct cursor *batch_cursor(struct batch *b, struct batch_scope *scope)
{
    if (scope->push == b->push_number)
        return scope->cursor;
    scope->push = b->push_number;
    scope->cursor = NULL;
    for (size_t i = 0; b->push && i < b->push->cursor_count; i++)
        if (!strcmp(b->push->cursors[i].scope, scope->name))
            scope->cursor = &b->push->cursors[i];
    return scope->cursor;
}

enum err batch_member_add(struct batch *b, struct batch_case *kase,
                          const char *scope, struct batch_member **out)
{
    if (kase->member_count == kase->member_room) {
        size_t room = kase->member_room ? kase->member_room * 2 : 4;
        struct batch_member *grown =
            arena_take(&b->arena, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        if (kase->member_count)
            memcpy(grown, kase->members, kase->member_count * sizeof *grown);
        kase->members = grown;
        kase->member_room = room;
    }
    struct batch_member *member = &kase->members[kase->member_count];
    *member = (struct batch_member){0};
    enum err err = batch_scope_find(b, scope, &member->scope);
    if (!err)
        kase->member_count++;
    *out = member;
    return err;
}

struct member_reading {
    struct batch *batch;
    struct batch_case *kase;
};

static enum err member_read(void *context, const struct member_row *row)
{
    struct member_reading *reading = context;
    struct batch_member *member;
    enum err err =
        batch_member_add(reading->batch, reading->kase, row->scope, &member);
    if (!err) {
        member->joined_seq = row->joined_seq;
        member->left_seq = row->left_seq;
    }
    return err;
}

enum err batch_case_find(struct batch *b, const char *kase,
                         struct batch_case **out)
{
    struct bytes key = bytes_text(kase);
    *out = map_get(b->cases, key);
    if (*out)
        return ERR_OK;
    struct batch_case *found = arena_take(&b->arena, sizeof *found);
    if (!found)
        return ERR_NOMEM;
    memcpy(found->kase, kase, strlen(kase) + 1);
    enum err err = store_case_find(b->sql, b->agency, kase, &found->total);
    found->known = err == ERR_OK;
    struct member_reading reading = {b, found};
    if (!err || err == ERR_NOT_FOUND)
        err = disposed_case(b, kase, &found->disposed);
    if (!err)
        err = store_member_each(b->sql, b->agency, kase, member_read, &reading);
    if (!err)
        err = map_put(b->cases, key, found);
    if (!err)
        *out = found;
    return err;
}

/* --- writing -------------------------------------------------------------- */

static enum err log_flush(struct batch *b, struct batch_log *log)
{
    const struct replica_row *row = &log->row;
    if (!log->dirty)
        return ERR_OK;
    enum err err = store_replica_head(b->sql, b->agency, row->replica,
                                      row->head, row->link, row->top);
    if (!err && log->sign) {
        uint8_t signature[SIGNATURE_BYTES];
        chain_sign(signature, &b->office->term_keys, DOMAIN_LINK,
                   bytes_of(row->link, LINK_BYTES));
        err = store_sign_add(b->sql, b->agency, row->replica, row->head,
                             signature);
    }
    log->dirty = log->sign = false;
    return err;
}

enum err batch_flush(struct batch *b)
{
    enum err err = ingest_types(b);
    for (size_t i = 0; !err && i < map_count(b->logs); i++)
        err = log_flush(b, map_value_at(b->logs, i));
    for (size_t i = 0; !err && i < map_count(b->cases); i++) {
        struct batch_case *kase = map_value_at(b->cases, i);
        if (kase->dirty)
            err = store_case_put(b->sql, b->agency, kase->kase, &kase->total);
        kase->dirty = false;
    }
    for (size_t i = 0; !err && i < map_count(b->scopes); i++) {
        struct batch_scope *scope = map_value_at(b->scopes, i);
        if (scope->dirty)
            err = store_scope_put(b->sql, b->agency, scope->name, &scope->head);
        scope->dirty = false;
    }
    return err;
}
