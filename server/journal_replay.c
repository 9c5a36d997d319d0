#include "server/journal_replay.h"

#include <string.h>

#define TEXTS_BYTES_MAX (16u << 20)

/* --- the survey ----------------------------------------------------------- */

struct survey {
    const struct replay_source *source;
    struct replay_plan *plan;
    struct group_head head; /* of the group at hand */
    uint64_t head_number;   /* its record's; 0: none is open */
    uint64_t lost;          /* records missing when it began */
};

static enum err text_keep(struct replay_plan *plan, struct bytes payload)
{
    if (payload.size < 8)
        return ERR_OK;
    struct bytes id = bytes_of(payload.at, 8);
    if (map_has(plan->texts, id))
        return ERR_OK;
    char *copy =
        arena_copy(&plan->arena, bytes_of(payload.at + 8, payload.size - 8));
    return copy ? map_put(plan->texts, id, copy) : ERR_NOMEM;
}

static bool after_backup(const struct survey *s)
{
    const struct replay_source *source = s->source;
    return source->has_backup && !s->head.base &&
           memcmp(s->head.instance, source->backup.instance,
                  GROUP_INSTANCE_BYTES) == 0 &&
           s->head.number > source->backup.groups;
}

/* The first transaction that the backup has not. */
static bool follows_backup(const struct survey *s)
{
    return after_backup(s) && s->head.number == s->source->backup.groups + 1;
}

/* What stands before it in the file is older than the backup, whatever instance
 * has written it. */
static bool in_backup(const struct survey *s)
{
    const struct replay_source *source = s->source;
    return source->has_backup &&
           memcmp(s->head.instance, source->backup.instance,
                  GROUP_INSTANCE_BYTES) == 0 &&
           s->head.number <= source->backup.groups;
}

/* A base that says more than the backup. */
static bool base_counts(const struct survey *s)
{
    const struct replay_source *source = s->source;
    return s->head.base && (!source->has_backup ||
                            memcmp(s->head.instance, source->backup.instance,
                                   GROUP_INSTANCE_BYTES) != 0 ||
                            s->head.number > source->backup.groups);
}

static void group_found(struct survey *s)
{
    struct replay_plan *plan = s->plan;
    const struct journal_setting *backup = &s->source->backup;
    plan->at_backup =
        s->source->has_backup && s->head.number == backup->groups &&
        memcmp(s->head.instance, backup->instance, GROUP_INSTANCE_BYTES) == 0;
    plan->beyond = plan->beyond || after_backup(s);
    if (in_backup(s))
        plan->usable = plan->from_base = false;
    if (base_counts(s)) {
        plan->usable = plan->from_base = true;
        plan->first = s->head_number;
    } else if (!plan->from_base && follows_backup(s)) {
        plan->usable = true;
        plan->first = s->head_number;
    }
}

static enum err survey_record(struct survey *s,
                              const struct journal_record *record,
                              uint64_t lost)
{
    switch (record->kind) {
    case GROUP_BEGIN:
        s->lost = lost;
        s->head_number = record->number;
        return group_head_read(record->payload, &s->head);
    case GROUP_TEXT:
        return text_keep(s->plan, record->payload);
    case GROUP_END:
        if (s->head_number && s->lost == lost)
            group_found(s);
        s->head_number = 0;
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

enum err journal_survey(const struct replay_source *source,
                        struct replay_plan *plan)
{
    struct survey survey = {.source = source, .plan = plan};
    struct journal_reader *reader = NULL;
    struct journal_record record;
    *plan = (struct replay_plan){0};
    arena_init(&plan->arena, TEXTS_BYTES_MAX);
    enum err err = map_new(&plan->texts);
    if (!err)
        err = journal_reader_open(&reader, source->path, source->key);
    while (!err) {
        err = journal_reader_next(reader, &record);
        if (!err)
            err = survey_record(&survey, &record, journal_reader_lost(reader));
    }
    journal_reader_close(reader);
    return err == ERR_NOT_FOUND && reader ? ERR_OK : err;
}

void replay_plan_fini(struct replay_plan *plan)
{
    map_free(plan->texts);
    arena_fini(&plan->arena);
    plan->texts = NULL;
}

/* --- the replay ----------------------------------------------------------- */

struct replay {
    const struct replay_plan *plan;
    struct sql *sql;
    struct replay_result *result;
    struct group_head head; /* of the transaction under way, or the last */
    uint64_t next; /* number of the next record, when none is missing */
    bool open;     /* a transaction is under way */
    bool whole;    /* its END was read */
    bool ends;     /* nothing that follows can be used */
};

static enum err transaction_keep(struct replay *r)
{
    enum err err = sql_commit(r->sql);
    r->open = false;
    if (err)
        return err;
    r->result->transactions++;
    r->result->groups = r->head.number;
    memcpy(r->result->instance, r->head.instance, GROUP_INSTANCE_BYTES);
    return ERR_OK;
}

static void transaction_drop(struct replay *r)
{
    if (r->open)
        sql_rollback(r->sql);
    r->open = false;
}

/* The transaction under way stands unless its number comes again: its commit
 * had failed then, or its writing. */
static enum err group_start(struct replay *r, struct bytes payload)
{
    struct group_head head;
    enum err err = group_head_read(payload, &head);
    if (!err && r->open && r->whole && head.number != r->head.number)
        err = transaction_keep(r);
    transaction_drop(r);
    if (err)
        return err;
    const struct replay_result *done = r->result;
    bool follows =
        done->transactions
            ? head.number == done->groups + 1 && !head.base &&
                  !memcmp(head.instance, done->instance, GROUP_INSTANCE_BYTES)
            : head.base == r->plan->from_base;
    if (!follows) { /* transactions are missing */
        r->ends = true;
        return ERR_OK;
    }
    r->head = head;
    r->open = true;
    r->whole = false;
    return sql_begin(r->sql, true);
}

static enum err part_run(struct replay *r, struct bytes part)
{
    struct sql_value values[GROUP_VALUES_MAX];
    uint64_t text;
    size_t count;
    enum err err = ERR_OK;
    while (!err && part.size > 0) {
        uint8_t id[8];
        err = group_statement_read(&part, &text, values, &count);
        store_le64(id, text);
        const char *statement =
            err ? NULL : map_get(r->plan->texts, bytes_of(id, sizeof id));
        if (!err)
            err = statement ? sql_run(r->sql, statement, values, count)
                            : ERR_CORRUPT;
    }
    return err;
}

static enum err replay_record(struct replay *r,
                              const struct journal_record *record)
{
    if (record->number != r->next) {
        r->ends = true;
        return ERR_OK;
    }
    r->next++;
    if (record->kind == GROUP_BEGIN)
        return group_start(r, record->payload);
    if (record->kind == GROUP_PART && r->open && !r->whole)
        return part_run(r, record->payload);
    if (record->kind == GROUP_END && r->open)
        r->whole = true;
    return ERR_OK;
}

/* What cannot be applied ends the replay; what may pass is the caller's. */
static bool passes(enum err err)
{
    return err == ERR_NOMEM || err == ERR_IO || err == ERR_FULL ||
           err == ERR_BUSY;
}

static enum err replay_all(struct replay *r, struct journal_reader *reader)
{
    struct journal_record record;
    uint64_t lost = 0, skipped = 0; /* before the part that is replayed */
    enum err err = ERR_OK;
    while (!err && !r->ends) {
        err = journal_reader_next(reader, &record);
        if (err)
            break;
        if (record.number == r->plan->first) {
            lost = journal_reader_lost(reader);
            skipped = journal_reader_skipped(reader);
        }
        if (record.number >= r->plan->first)
            err = replay_record(r, &record);
        if (err && !passes(err)) {
            r->ends = true;
            r->whole = false;
            err = ERR_OK;
        }
    }
    /* What is missing is counted to the end. */
    while (!err)
        err = journal_reader_next(reader, &record);
    if (err == ERR_NOT_FOUND)
        err = r->open && r->whole ? transaction_keep(r) : ERR_OK;
    /* Nothing follows the last record by which its loss could be counted. */
    bool torn = r->open || journal_reader_skipped(reader) > skipped;
    transaction_drop(r);
    r->result->lost = journal_reader_lost(reader) - lost + (r->ends || torn);
    return err;
}

enum err journal_replay(const struct replay_source *source,
                        const struct replay_plan *plan, struct sql *sql,
                        struct replay_result *result)
{
    struct replay replay = {
        .plan = plan, .sql = sql, .result = result, .next = plan->first};
    struct journal_reader *reader;
    *result = (struct replay_result){0};
    enum err err = journal_reader_open(&reader, source->path, source->key);
    if (err)
        return err;
    /* Nothing is lost by starting anew. */
    err = sql_run(sql, "PRAGMA synchronous = OFF", NULL, 0);
    if (!err)
        err = replay_all(&replay, reader);
    journal_reader_close(reader);
    if (!err)
        err = sql_run(sql, "PRAGMA synchronous = FULL", NULL, 0);
    if (!err)
        err = sql_run(sql, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0);
    return err;
}
