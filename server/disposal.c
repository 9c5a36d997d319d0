#include "server/disposal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/disposal_inner.h"
#include "server/ingest_batch.h"
#include "server/recovery.h"
#include "server/retention.h"

static enum err refuse(struct office *office, enum err err, const char *what)
{
    snprintf(office->detail, sizeof office->detail, "%s", what);
    return err;
}

/* --- what a case has ------------------------------------------------------ */

struct gathering {
    struct disposed_case *kase;
    struct map *records; /* that stand in `kase` */
    struct arena arena;
};

static enum err gather_line(void *context, int64_t arrival,
                            const uint8_t hash[HASH_BYTES], struct bytes line)
{
    struct gathering *g = context;
    const struct revision *revision;
    (void)arrival;
    (void)hash;
    if (!line.size)
        return ERR_OK; /* it went with an earlier decision */
    arena_clear(&g->arena);
    enum err err = revision_parse(&g->arena, line, &revision, NULL);
    if (err)
        return err == ERR_NOMEM ? err : ERR_CORRUPT;
    err = buffer_add_text(&g->kase->writes, revision->write);
    if (err || map_has(g->records, revision->record))
        return err;
    err = buffer_add_bytes(&g->kase->records, revision->record);
    return err ? err : map_put(g->records, revision->record, g);
}

static enum err case_gather(struct batch *b, struct disposal *disposal,
                            const char *name)
{
    struct gathering g = {.records = NULL};
    arena_init(&g.arena, REVISION_ARENA_BYTES);
    enum err err = disposal_case_add(disposal, bytes_text(name), &g.kase);
    if (!err)
        err = map_new(&g.records);
    if (!err)
        err = store_line_each_of_case(b->sql, b->agency, name, 1, INT64_MAX,
                                      gather_line, &g);
    map_free(g.records);
    arena_fini(&g.arena);
    return err;
}

static enum err site_note(void *context, const char *record)
{
    struct disposed_case *kase;
    return disposal_case_add(context, bytes_text(record), &kase);
}

/* The case, and those that tell sites of it. */
static enum err all_gather(struct batch *b, struct disposal *disposal,
                           const char *name)
{
    struct disposal sites;
    disposal_init(&sites);
    enum err err =
        store_site_link_each(b->sql, b->agency, name, site_note, &sites);
    if (!err)
        err = case_gather(b, disposal, name);
    for (size_t i = 0; !err && i < sites.count; i++)
        err = case_gather(b, disposal, sites.cases[i].kase);
    disposal_fini(&sites);
    return err;
}

/* --- doing it ------------------------------------------------------------- */

static enum err names_note(struct batch *b, const struct disposed_case *kase)
{
    enum err err = ERR_OK;
    const struct buffer *names = &kase->records;
    for (size_t at = 0; !err && at + ID_CHARS <= names->size; at += ID_CHARS)
        err = store_disposed_record_add(
            b->sql, b->agency, bytes_of(names->at + at, ID_CHARS), kase->kase);
    names = &kase->writes;
    for (size_t at = 0; !err && at + WRITE_ID_CHARS <= names->size;
         at += WRITE_ID_CHARS)
        err = store_disposed_write_add(b->sql, b->agency,
                                       bytes_of(names->at + at, WRITE_ID_CHARS),
                                       kase->kase);
    return err;
}

struct erasing {
    struct batch *batch;
    struct arena arena;
    int64_t *arrivals; /* owned */
    size_t count, room;
};

static enum err erase_look(void *context, int64_t arrival,
                           const uint8_t hash[HASH_BYTES], struct bytes line)
{
    struct erasing *e = context;
    const struct revision *revision;
    bool known = false;
    (void)hash;
    if (!line.size)
        return ERR_OK;
    arena_clear(&e->arena);
    enum err err = revision_parse(&e->arena, line, &revision, NULL);
    if (!err)
        err = disposed_write(e->batch, revision, &known);
    if (err || !known)
        return err == ERR_INVALID || err == ERR_TOO_BIG ? ERR_CORRUPT : err;
    if (e->count == e->room) {
        size_t room = e->room ? e->room * 2 : 64;
        int64_t *grown = realloc(e->arrivals, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        e->arrivals = grown;
        e->room = room;
    }
    e->arrivals[e->count++] = arrival;
    return ERR_OK;
}

static enum err lines_erase(struct batch *b, const char *kase)
{
    struct erasing e = {.batch = b};
    arena_init(&e.arena, REVISION_ARENA_BYTES);
    enum err err = store_line_each_of_case(b->sql, b->agency, kase, 1,
                                           INT64_MAX, erase_look, &e);
    for (size_t i = 0; !err && i < e.count; i++)
        err = store_line_erase(b->sql, e.arrivals[i]);
    free(e.arrivals);
    arena_fini(&e.arena);
    return err;
}

/* What came since the decision, where the store learnt of it late, stays. */
static enum err records_forget(struct batch *b,
                               const struct disposed_case *kase)
{
    const struct buffer *names = &kase->records;
    enum err err = ERR_OK;
    for (size_t at = 0; !err && at + ID_CHARS <= names->size; at += ID_CHARS) {
        char record[ID_CHARS + 1];
        memcpy(record, names->at + at, ID_CHARS);
        record[ID_CHARS] = '\0';
        err = store_line_whole(b->sql, b->agency, record);
        if (err == ERR_NOT_FOUND)
            err = store_record_forget(b->sql, b->agency, record);
        else if (!err)
            err = ingest_again(b, record);
    }
    return err ? err : store_case_forget(b->sql, b->agency, kase->kase);
}

static enum err case_dispose(struct batch *b, const struct disposal *disposal,
                             const struct disposed_case *kase)
{
    static const struct scope_list nobody = {.count = 0};
    struct disposal_row row = disposal->row;
    struct batch_case *found;
    memcpy(row.kase, kase->kase, sizeof row.kase);
    enum err err = store_disposal_add(b->sql, b->agency, &row);
    if (!err)
        err = names_note(b, kase);
    b->disposals = DISPOSALS_SOME;
    if (!err)
        err = batch_case_find(b, kase->kase, &found);
    if (!err) {
        found->disposed = true;
        err = member_set(b, found, &nobody);
    }
    if (!err)
        err = lines_erase(b, kase->kase);
    if (!err)
        err = records_forget(b, kase);
    return err ? err : store_proposal_drop(b->sql, b->agency, kase->kase);
}

enum err disposal_run(struct batch *b, const struct disposal *disposal)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < disposal->count; i++)
        err = case_dispose(b, disposal, &disposal->cases[i]);
    return err ? err : store_erased_forget(b->sql, b->agency);
}

/* --- two persons ---------------------------------------------------------- */

static enum err act(struct batch *b, const char *by, const char *what,
                    const char *kase, const char *reason)
{
    struct buffer detail;
    buffer_init(&detail, 8192);
    buffer_printf(&detail, "{\"case\":\"%s\"", kase);
    if (reason) {
        buffer_add_text(&detail, ",\"reason\":");
        canon_put_text(&detail, bytes_text(reason));
    }
    buffer_add_char(&detail, '}');
    enum err err = buffer_err(&detail);
    if (!err)
        err = store_act(b->sql, b->agency, b->now, by, what,
                        buffer_bytes(&detail));
    buffer_fini(&detail);
    return err;
}

/* A line with its text, whoever wrote it. */
static enum err whole_look(void *context, int64_t arrival,
                           const uint8_t hash[HASH_BYTES], struct bytes line)
{
    (void)arrival;
    (void)hash;
    if (line.size)
        *(bool *)context = true;
    return ERR_OK;
}

/* Of a case that was disposed of before, what came since may go at once. */
static enum err may_go(struct batch *b, const char *name)
{
    struct office *office = b->office;
    struct batch_case *kase;
    bool whole = false;
    enum err err = recovery_refuses(office, b->sql, "disposal");
    if (!err)
        err = batch_case_find(b, name, &kase);
    if (!err && (!kase->known || !name[0]))
        return refuse(office, ERR_NOT_FOUND,
                      "there is no such case at the office; `case list` shows "
                      "which are here");
    if (!err)
        err = store_line_each_of_case(b->sql, b->agency, name, 1, INT64_MAX,
                                      whole_look, &whole);
    if (!err && !whole)
        return refuse(office, ERR_EXISTS,
                      "the case was disposed of already, nothing is left");
    return err ? err
               : retention_check(office, b->sql, name, b->now, kase->disposed);
}

enum err disposal_propose(struct office *office, struct sql *sql,
                          const char *by, const char *kase, const char *reason)
{
    struct batch b;
    struct proposal_row row = {.at = clock_wall_ms(office->clock)};
    office->detail[0] = '\0';
    if (strlen(reason) > DISPOSAL_REASON_CHARS_MAX)
        return refuse(office, ERR_TOO_BIG,
                      "the reason is longer than 500 bytes");
    snprintf(row.kase, sizeof row.kase, "%s", kase);
    snprintf(row.by, sizeof row.by, "%s", by);
    snprintf(row.reason, sizeof row.reason, "%s", reason);
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = may_go(&b, kase);
    if (!err)
        err = store_proposal_put(sql, office->agency, &row);
    if (!err)
        err = act(&b, by, "dispose-propose", kase, reason);
    batch_fini(&b);
    return err;
}

static enum err proposal_find(struct office *office, struct sql *sql,
                              const char *kase, struct proposal_row *out)
{
    enum err err = store_proposal_find(sql, office->agency, kase, out);
    return err == ERR_NOT_FOUND
               ? refuse(office, err,
                        "nobody has proposed to dispose of this case; "
                        "`dispose propose` does")
               : err;
}

enum err disposal_withdraw(struct office *office, struct sql *sql,
                           const char *by, const char *kase)
{
    struct batch b;
    struct proposal_row proposal;
    office->detail[0] = '\0';
    enum err err = proposal_find(office, sql, kase, &proposal);
    if (!err)
        err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = store_proposal_drop(sql, office->agency, kase);
    if (!err)
        err = act(&b, by, "dispose-withdraw", kase, NULL);
    batch_fini(&b);
    return err;
}

static enum err decision_make(struct batch *b, const char *by, const char *kase,
                              struct disposal_row *row)
{
    struct proposal_row proposal;
    enum err err = proposal_find(b->office, b->sql, kase, &proposal);
    if (!err && !strcmp(proposal.by, by))
        return refuse(b->office, ERR_DENIED,
                      "who proposed it does not approve it: a second person "
                      "does");
    if (err)
        return err;
    *row = (struct disposal_row){.at = b->now};
    id_new(row->decision, b->now, b->office->random);
    snprintf(row->kase, sizeof row->kase, "%s", kase);
    memcpy(row->proposed_by, proposal.by, sizeof row->proposed_by);
    snprintf(row->approved_by, sizeof row->approved_by, "%s", by);
    memcpy(row->reason, proposal.reason, sizeof row->reason);
    return ERR_OK;
}

/* The ledger comes last, so that nothing stands in it that could not be done;
 * and before the commit, so that nothing is gone that it does not know. */
static enum err decision_run(struct batch *b, struct disposal *disposal)
{
    const struct disposal_row *row = &disposal->row;
    enum err err = all_gather(b, disposal, row->kase);
    if (!err)
        err = disposal_run(b, disposal);
    if (!err)
        err = act(b, row->approved_by, "dispose-approve", row->kase, NULL);
    if (!err)
        err = batch_flush(b);
    char ledger[LEDGER_PATH_CHARS];
    ledger_path(ledger, b->office);
    return err ? err : ledger_append(b->office, ledger, disposal);
}

enum err disposal_approve(struct office *office, struct sql *sql,
                          const char *by, const char *kase,
                          struct disposal_row *out)
{
    struct batch b;
    struct disposal disposal;
    uint64_t bytes;
    office->detail[0] = '\0';
    enum err err = disposal_catch_up(office, sql, &bytes);
    if (!err)
        err = batch_open(&b, office, sql);
    if (err)
        return err;
    disposal_init(&disposal);
    err = decision_make(&b, by, kase, &disposal.row);
    if (!err)
        err = may_go(&b, kase);
    if (!err)
        err = decision_run(&b, &disposal);
    *out = disposal.row;
    disposal_fini(&disposal);
    batch_fini(&b);
    return err;
}
