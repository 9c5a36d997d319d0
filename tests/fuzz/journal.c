/* Journals, damaged or forged, and what `restore` makes of an office's.
 *
 * The input is blocks.  A byte below 128 begins a record of that kind, with two
 * bytes of size and its payload, numbered and checked as a writer does it; one
 * above begins so many bytes less 128 that stand in the file as they are. */
#include <string.h>
#include <sys/stat.h>
#include "server/journal_replay.h"
#include "shared/base/journal_scan.h"
#include "tests/fuzz/file.h"

#define NAME "office of north"
#define RECORDS_MAX 256
#define FILE_BYTES_MAX (1u << 20)

/* --- what stands in the records ------------------------------------------- */

/* What a part says of statements is in it, and is written the same. */
static void part(struct bytes payload)
{
    struct sql_value values[GROUP_VALUES_MAX];
    struct buffer out;
    uint64_t text;
    size_t count;
    buffer_init(&out, FILE_BYTES_MAX);
    while (payload.size) {
        struct bytes before = payload;
        if (group_statement_read(&payload, &text, values, &count))
            break;
        must(payload.size < before.size);
        must(!group_statement_write(&out, text, values, count));
        must(bytes_equal(buffer_bytes(&out),
                         bytes_of(before.at, before.size - payload.size)));
        buffer_clear(&out);
    }
    buffer_fini(&out);
}

static void head(struct bytes payload)
{
    struct group_head head;
    uint8_t again[GROUP_BEGIN_BYTES];
    if (group_head_read(payload, &head))
        return;
    group_head_write(again, &head);
    must(!memcmp(again, payload.at, GROUP_BEGIN_BYTES - 1));
}

/* --- the file ------------------------------------------------------------- */

struct record {
    uint8_t kind;
    uint64_t number, end;
    uint8_t hash[HASH_BYTES];
};

/* Every intact record, in order; each where the one before has ended. */
static size_t records(const char *path, struct record *out)
{
    struct journal_reader *reader;
    struct journal_record record;
    uint64_t end = 0;
    size_t count = 0;
    enum err err;
    must(!journal_reader_open(&reader, path, NULL));
    while (!(err = journal_reader_next(reader, &record))) {
        must(record.at >= end && record.end > record.at);
        end = record.end;
        part(record.payload);
        head(record.payload);
        if (count < RECORDS_MAX) {
            out[count] =
                (struct record){record.kind, record.number, record.end, {0}};
            hash_bytes(out[count++].hash, record.payload);
        }
    }
    must(err == ERR_NOT_FOUND);
    journal_reader_close(reader);
    return count;
}

/* A writer cuts off no record that a reader had found, and adds behind them. */
static void append(const char *path, const struct record *before, size_t count)
{
    static struct record after[RECORDS_MAX];
    struct journal_of of = {.path = path, .name = NAME};
    struct journal *journal;
    enum err err = journal_open(&journal, &of);
    must(!err || err == ERR_FOREIGN);
    if (err)
        return;
    must(!journal_begin(journal));
    must(!journal_add(journal, 9, bytes_text("behind")));
    must(!journal_commit(journal));
    journal_close(journal);
    size_t now = records(path, after);
    must(now == count + 1 || count == RECORDS_MAX);
    for (size_t i = 0; i < count; i++)
        must(after[i].number == before[i].number &&
             !memcmp(after[i].hash, before[i].hash, HASH_BYTES));
    must(count == RECORDS_MAX || after[count].kind == 9);
}

/* --- replay --------------------------------------------------------------- */

/* A store that only counts: a transaction begins, runs and ends once. */
struct store {
    bool open;
    int64_t commits;
};

static enum err store_begin(void *context, bool write)
{
    struct store *store = context;
    must(write && !store->open);
    store->open = true;
    return ERR_OK;
}

static enum err store_commit(void *context)
{
    struct store *store = context;
    must(store->open);
    store->open = false;
    store->commits++;
    return ERR_OK;
}

static enum err store_rollback(void *context)
{
    ((struct store *)context)->open = false;
    return ERR_OK;
}

static enum err store_run(void *context, const char *statement,
                          const struct sql_value *values, size_t count,
                          sql_each *each, void *each_context)
{
    struct store *store = context;
    (void)each;
    (void)each_context;
    must(count <= GROUP_VALUES_MAX);
    must(store->open || !strncmp(statement, "PRAGMA", 6));
    for (size_t i = 0; i < count; i++)
        must(values[i].kind <= SQL_BLOB);
    return count == 7 ? ERR_INVALID : ERR_OK;
}

static const char *store_detail(void *context)
{
    (void)context;
    return "";
}

static void replay(const char *path, bool has_backup)
{
    struct store store = {.open = false};
    struct sql sql = {.begin = store_begin,
                      .commit = store_commit,
                      .rollback = store_rollback,
                      .run = store_run,
                      .detail = store_detail,
                      .context = &store};
    struct replay_source source = {
        .path = path, .has_backup = has_backup, .backup = {.groups = 1}};
    struct replay_plan plan;
    struct replay_result result;
    enum err err = journal_survey(&source, &plan);
    must(!err || err == ERR_CORRUPT);
    if (!err && plan.usable) {
        must(!journal_replay(&source, &plan, &sql, &result));
        must(!store.open && result.transactions == store.commits);
    }
    replay_plan_fini(&plan);
}

/* --- the input ------------------------------------------------------------ */

static void put_record(struct buffer *file, uint8_t kind, uint64_t number,
                       struct bytes payload)
{
    uint8_t head[JOURNAL_HEAD_BYTES];
    journal_head(head, NULL, kind, number, payload);
    buffer_add(file, head, sizeof head);
    buffer_add_bytes(file, payload);
}

static void file_make(struct buffer *file, const uint8_t *at, size_t size)
{
    uint64_t number = 1;
    put_record(file, JOURNAL_NAME, number, bytes_text(NAME));
    while (size > 0) {
        uint8_t kind = *at++;
        size--;
        size_t part = kind & 127u;
        if (kind < 128) {
            part = size >= 2 ? (size_t)(at[0] | at[1] << 8) : 0;
            at += size >= 2 ? 2 : 0;
            size -= size >= 2 ? 2 : 0;
        }
        part = part < size ? part : size;
        if (kind < 128)
            put_record(file, kind, ++number, bytes_of(at, part));
        else
            buffer_add(file, at, part);
        at += part;
        size -= part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    static struct record found[RECORDS_MAX];
    struct buffer file;
    buffer_init(&file, FILE_BYTES_MAX);
    file_make(&file, at, size);
    must(!buffer_err(&file));
    const char *path = file_write(buffer_bytes(&file));
    size_t count = records(path, found);
    must(count >= 1);
    replay(path, false);
    replay(path, true);
    append(path, found, count);
    buffer_fini(&file);
    return 0;
}
