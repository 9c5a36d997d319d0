#include "server/journal_rest.h"

#include <string.h>
#include "shared/model/chain.h"

#define HELD_BYTES_MAX (256u << 20)

struct rest {
    const struct replay_plan *plan;
    const struct replay_result *done;
    const struct rest_reader *reader;
    struct rest_result *result;
    struct buffer held;     /* owned; parts of the transaction under way */
    struct group_head head; /* its own, or the last one's */
    uint64_t lost;          /* records missing when it began */
    bool seen;              /* `head` is one */
    bool open;              /* it counts */
    bool whole;             /* its END was read */
    bool behind;            /* past all that the replay has */
};

/* --- statements ----------------------------------------------------------- */

/* The value that another one is the hash of: whatever the order of columns. */
static bool line_of(const struct sql_value *values, size_t count,
                    struct bytes *out)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[HASH_BYTES];
        if (values[i].kind != SQL_BLOB)
            continue;
        hash_bytes(hash, values[i].bytes);
        for (size_t k = 0; k < count; k++)
            if (values[k].kind == SQL_BLOB &&
                bytes_equal(values[k].bytes, bytes_of(hash, sizeof hash))) {
                *out = values[i].bytes;
                return true;
            }
    }
    return false;
}

static enum err act_tell(const struct rest *r, const struct sql_value *values,
                         size_t count)
{
    if (r->head.base || count != 5 || values[1].kind != SQL_INT)
        return ERR_OK;
    struct rest_act act = {.at = values[1].integer,
                           .by = values[2].bytes,
                           .what = values[3].bytes,
                           .detail = values[4].bytes};
    return r->reader->act(r->reader->context, &act);
}

static enum err statement_tell(const struct rest *r, const char *text,
                               const struct sql_value *values, size_t count)
{
    struct bytes line;
    if (!strncmp(text, "INSERT INTO line", 16) && strchr("( ", text[16]) &&
        line_of(values, count, &line))
        return r->reader->line(r->reader->context, line);
    if (!strncmp(text, "INSERT INTO act(", 16))
        return act_tell(r, values, count);
    return ERR_OK;
}

/* A part that cannot be read is passed over. */
static enum err held_tell(struct rest *r)
{
    struct sql_value values[GROUP_VALUES_MAX];
    struct bytes part = buffer_bytes(&r->held);
    uint64_t text;
    size_t count;
    enum err err = ERR_OK;
    while (!err && part.size > 0 &&
           !group_statement_read(&part, &text, values, &count)) {
        uint8_t id[8];
        store_le64(id, text);
        const char *statement =
            map_get(r->plan->texts, bytes_of(id, sizeof id));
        if (statement)
            err = statement_tell(r, statement, values, count);
    }
    buffer_clear(&r->held);
    return err;
}

/* --- transactions --------------------------------------------------------- */

static bool same_instance(const struct group_head *head, const uint8_t *other)
{
    return !memcmp(head->instance, other, sizeof head->instance);
}

/* The transaction under way counts unless its number comes again: its commit
 * had failed then. */
static enum err group_settle(struct rest *r, bool counts, uint64_t lost)
{
    enum err err = ERR_OK;
    if (r->open && counts) {
        r->result->damaged += !r->whole && lost > r->lost;
        err = held_tell(r);
    }
    buffer_clear(&r->held);
    r->open = r->whole = false;
    return err;
}

static enum err group_start(struct rest *r, struct bytes payload, uint64_t lost)
{
    struct group_head head;
    if (group_head_read(payload, &head))
        return ERR_OK;
    bool follows = r->seen && same_instance(&head, r->head.instance);
    enum err err =
        group_settle(r, !follows || head.number > r->head.number, lost);
    bool known = same_instance(&head, r->done->instance);
    r->behind = r->behind || (known && head.number > r->done->groups);
    if (r->behind && follows && head.number > r->head.number + 1)
        r->result->missing += head.number - r->head.number - 1;
    r->open = r->behind && (!known || head.number > r->done->groups);
    r->seen = true;
    r->head = head;
    r->lost = lost;
    return err;
}

static enum err part_hold(struct rest *r, struct bytes part)
{
    enum err err = ERR_OK;
    if (!r->open)
        return ERR_OK;
    if (r->held.size + part.size > HELD_BYTES_MAX)
        err = held_tell(r);
    return err ? err : buffer_add_bytes(&r->held, part);
}

static enum err record_take(struct rest *r, const struct journal_record *record,
                            uint64_t lost)
{
    switch (record->kind) {
    case GROUP_BEGIN:
        return group_start(r, record->payload, lost);
    case GROUP_PART:
        return part_hold(r, record->payload);
    case GROUP_END:
        r->result->damaged += r->open && lost > r->lost;
        r->whole = true;
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

enum err journal_rest(const struct replay_source *source,
                      const struct replay_plan *plan,
                      const struct replay_result *done,
                      const struct rest_reader *reader,
                      struct rest_result *result)
{
    struct rest rest = {
        .plan = plan, .done = done, .reader = reader, .result = result};
    struct journal_reader *file;
    struct journal_record record;
    *result = (struct rest_result){0};
    enum err err = journal_reader_open(&file, source->path, source->key);
    if (err)
        return err;
    buffer_init(&rest.held, HELD_BYTES_MAX);
    while (!err) {
        err = journal_reader_next(file, &record);
        if (!err)
            err = record_take(&rest, &record, journal_reader_lost(file));
    }
    if (err == ERR_NOT_FOUND)
        err = group_settle(&rest, rest.whole, journal_reader_lost(file));
    buffer_fini(&rest.held);
    journal_reader_close(file);
    return err;
}
