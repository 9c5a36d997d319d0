#include "server/office_journal.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "server/store_replica.h"
#include "shared/base/file.h"

#define EPOCH_BYTES (4u << 20)        /* texts are repeated after so much */
#define JOURNAL_BYTES_MIN (64u << 20) /* a file is not renewed below this */
#define RETRY_MS_MIN 5000
#define RETRY_MS_MAX 600000
#define PART_BYTES_MAX JOURNAL_PAYLOAD_BYTES_MAX

/* A statement by the address of its text. */
struct known_text {
    const char *text; /* NULL: free place */
    uint64_t id, epoch;
};
#define TEXTS_MAX                                                              \
    1024u /* a power of two, far above the statements there are                \
           */

struct office_journal {
    struct office *office; /* borrowed */
    struct sql_tap tap;
    pthread_mutex_t mutex; /* held from begun() to ended() */
    bool serving;
    char name[NAME_CHARS_MAX + 16];
    uint8_t key[JOURNAL_KEY_BYTES];
    struct journal *journal;        /* NULL: not open */
    struct journal_setting setting; /* as this transaction found it */
    char path[1024];                /* of `journal` */
    bool foreign;       /* another office has written to the file since */
    bool taken_back;    /* it has more than the store: sticky */
    bool renamed;       /* the file is new; its name may not be durable yet */
    int64_t last_group; /* of ours in it, as far as it was read; 0: none */
    struct known_text texts[TEXTS_MAX];
    uint64_t epoch, epoch_end;
    int64_t retry_at, retry_ms, renew_at;
    atomic_bool covers;

    /* Of the transaction. */
    bool active, skip, base; /* base: all is written at its end */
    int64_t purged;          /* disposals that its new file has not */
    bool group;              /* begun in the file */
    bool behind;             /* it commits without the journal */
    bool required;           /* or not at all */
    enum err err;            /* of the journal */
    enum err setting_err;    /* the transaction fails */
    size_t ran;
    struct buffer part;
};

static const char store_size[] =
    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
static const char setting_move[] =
    "UPDATE journal SET groups = $2, at_end = $3, number = $4, "
    "behind_since = $5, disposals = disposals - $6, instance = $7 "
    "WHERE agency = $1";

/* --- the file ------------------------------------------------------------- */

void office_journal_key(const struct office_keys *keys,
                        uint8_t out[JOURNAL_KEY_BYTES])
{
    static const char domain[] = "satchel/office-journal/1";
    crypto_generichash(out, JOURNAL_KEY_BYTES, (const uint8_t *)domain,
                       sizeof domain, keys->root.secret_key, 32);
}

void office_journal_name(const char *agency, char out[NAME_CHARS_MAX + 16])
{
    snprintf(out, NAME_CHARS_MAX + 16, "office %s", agency);
}

static void on_seen(void *context, const struct journal_record *record)
{
    struct office_journal *j = context;
    struct group_head head;
    if (record->kind == GROUP_BEGIN &&
        group_head_read(record->payload, &head) == ERR_OK) {
        j->foreign = memcmp(head.instance, j->setting.instance,
                            sizeof head.instance) != 0;
        j->last_group = j->foreign ? 0 : head.number;
    }
}

static void file_close(struct office_journal *j)
{
    journal_close(j->journal);
    j->journal = NULL;
    j->epoch++;
}

static struct journal_of file_of(const struct office_journal *j)
{
    return (struct journal_of){.path = j->path, .name = j->name, .key = j->key};
}

static enum err file_open(struct office_journal *j)
{
    if (j->journal && strcmp(j->path, j->setting.path) != 0)
        file_close(j);
    if (j->journal)
        return ERR_OK;
    memcpy(j->path, j->setting.path, sizeof j->path);
    j->last_group = 0;
    struct journal_of of = file_of(j);
    of.at = j->setting.at_end;
    of.number = j->setting.number;
    of.seen = on_seen;
    of.context = j;
    /* Where the volume is not mounted, one on the store's own disk would pass
     * for it. */
    of.existing = true;
    return journal_open(&j->journal, &of);
}

/* Another process may have begun the file anew. */
static enum err file_begin(struct office_journal *j)
{
    enum err err = file_open(j);
    if (!err)
        err = journal_begin(j->journal);
    if (err != ERR_NOT_FOUND || !j->journal)
        return err;
    file_close(j);
    err = file_open(j);
    return err ? err : journal_begin(j->journal);
}

static enum err group_begin(struct office_journal *j)
{
    enum err err = file_begin(j);
    if (err)
        return err;
    j->group = true;
    if (j->renamed)
        err = file_folder_sync(j->path);
    if (err)
        return err;
    j->renamed = false;
    uint64_t number, end = journal_end(j->journal, &number);
    /* A transaction that was written here and then not committed leaves one
     * more than the store has; two more are of a store that was put back. */
    bool ahead = !j->foreign && j->last_group > j->setting.groups + 1;
    j->taken_back = j->taken_back || ahead;
    /* The file that was written last, and up to the last transaction; or
     * another: an older one, or with another office's in it. */
    bool known = number >= j->setting.number && !j->foreign && !ahead;
    bool follows =
        j->last_group ? j->last_group >= j->setting.groups && !ahead : known;
    if (!follows && !j->base)
        return ERR_FOREIGN;
    /* From here on there are two, and DATA.keys/journal means this one. */
    if (j->base && !known)
        random_fill(j->office->random, j->setting.instance,
                    sizeof j->setting.instance);
    j->foreign = false;
    if (end > j->epoch_end + EPOCH_BYTES) {
        j->epoch++;
        j->epoch_end = end;
    }
    struct group_head head = {.number = j->setting.groups + 1, .base = j->base};
    uint8_t payload[GROUP_BEGIN_BYTES];
    memcpy(head.instance, j->setting.instance, sizeof head.instance);
    group_head_write(payload, &head);
    return journal_add(j->journal, GROUP_BEGIN,
                       bytes_of(payload, sizeof payload));
}

static void group_drop(struct office_journal *j)
{
    if (j->group)
        journal_cancel(j->journal);
    j->group = false;
    file_close(j);
}

/* --- statements ----------------------------------------------------------- */

/* The id of a static text, which stands in the file from here on. */
static enum err text_find(struct office_journal *j, const char *text,
                          uint64_t *id)
{
    uint64_t hash = (uint64_t)(uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (size_t)(hash >> 32) & (TEXTS_MAX - 1);
    size_t tries = 0;
    while (j->texts[i].text && j->texts[i].text != text && tries++ < 64)
        i = (i + 1) & (TEXTS_MAX - 1);
    struct known_text *known = &j->texts[i];
    if (known->text != text)
        *known = (struct known_text){.text = text,
                                     .id = group_text_id(bytes_text(text))};
    *id = known->id;
    if (known->epoch == j->epoch)
        return ERR_OK;
    known->epoch = j->epoch;
    return group_text_add(j->journal, known->id, bytes_text(text));
}

/* What follows from other tables and is large. */
static bool derived(const char *statement)
{
    return !strncmp(statement, "INSERT INTO record(", 19) ||
           !strncmp(statement, "UPDATE record ", 14) ||
           !strncmp(statement, "DELETE FROM record ", 19);
}

/* --- a base --------------------------------------------------------------- */

/* With a base everything is backed up, which it says itself. */
static enum err base_write(struct office_journal *j, struct sql *sql)
{
    enum err err = store_replica_backed_all(sql, j->office->agency);
    if (!err)
        err = group_begin(j);
    return err ? err : journal_base_write(sql, j->journal, &j->part);
}

/* --- a new file ----------------------------------------------------------- */

static int64_t now_of(const struct office_journal *j)
{
    return clock_wall_ms(j->office->clock);
}

static bool has_grown(const struct office_journal *j, struct sql *sql)
{
    struct stat status;
    int64_t store;
    uint64_t least = (uint64_t)j->office->journal_bytes_min;
    if (!least)
        least = JOURNAL_BYTES_MIN;
    if (!j->setting.disposals && j->setting.at_end <= least)
        return false;
    if (stat(j->setting.path, &status) != 0)
        return false;
    if (j->setting.disposals)
        return true;
    if ((uint64_t)status.st_size <= least)
        return false;
    enum err err = sql_find_int(sql, store_size, NULL, 0, &store);
    return !err && (uint64_t)status.st_size > 2 * (uint64_t)store;
}

/* Before anything of this transaction is written: what the store holds is what
 * the last one left. */
static void renew(struct office_journal *j, struct sql *sql)
{
    int64_t wait = j->renew_at - now_of(j);
    if (!j->serving || (wait > 0 && wait <= RETRY_MS_MAX) || !has_grown(j, sql))
        return;
    struct group_head head = {.number = j->setting.groups, .base = true};
    memcpy(head.instance, j->setting.instance, sizeof head.instance);
    file_close(j);
    memcpy(j->path, j->setting.path, sizeof j->path);
    struct journal_of of = file_of(j);
    enum err err =
        journal_renew(&of, sql, &head, &j->setting.at_end, &j->setting.number);
    j->renamed = j->renamed || !err;
    j->purged = err ? 0 : j->setting.disposals;
    j->renew_at = err ? now_of(j) + RETRY_MS_MAX : 0;
    log_event(j->office->log, err ? LOG_ERROR : LOG_INFO, "journal_renewed",
              "file", "%s", j->setting.path, "state", "%s", err_name(err),
              NULL);
}

/* --- a transaction -------------------------------------------------------- */

static enum err tap_begun(void *context, struct sql *sql)
{
    struct office_journal *j = context;
    pthread_mutex_lock(&j->mutex);
    buffer_clear(&j->part);
    j->group = j->base = j->skip = j->behind = j->required = false;
    j->err = ERR_OK;
    j->ran = 0;
    j->purged = 0;
    enum err err = journal_setting_load(sql, j->office->agency, &j->setting);
    j->active = !err;
    j->setting_err = ERR_OK;
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (j->setting.behind_since) {
        int64_t wait = j->retry_at - now_of(j);
        j->base = j->serving && (wait <= 0 || wait > RETRY_MS_MAX);
        j->skip = !j->base;
    } else {
        renew(j, sql);
    }
    return ERR_OK;
}

static void tap_ran(void *context, const char *statement,
                    const struct sql_value *values, size_t count)
{
    struct office_journal *j = context;
    uint64_t id;
    j->ran++;
#ifdef MUTANT_JOURNAL_LEAVES_OUT
    if (strstr(statement, "INTO sign"))
        return;
#endif
    if (!j->active || j->skip || j->base || j->err || derived(statement))
        return;
    if (!j->group)
        j->err = group_begin(j);
    if (!j->err)
        j->err = text_find(j, statement, &id);
    if (!j->err)
        j->err = group_statement_add(j->journal, &j->part, id, values, count);
}

static enum err group_write(struct office_journal *j, struct sql *sql)
{
    uint8_t number[8];
    enum err err = j->err;
    if (!err && j->base)
        err = base_write(j, sql);
    else if (!err && !j->group)
        err = group_begin(j);
    if (!err)
        err = group_part_flush(j->journal, &j->part);
    store_le64(number, (uint64_t)(j->setting.groups + 1));
    if (!err)
        err =
            journal_add(j->journal, GROUP_END, bytes_of(number, sizeof number));
    if (!err) {
        j->group = false;
        err = journal_commit(j->journal);
    }
    return err;
}

/* What a base changed in the store is taken back when it fails. */
static enum err group_end(struct office_journal *j, struct sql *sql)
{
    enum err err = j->base ? sql_run(sql, "SAVEPOINT base", NULL, 0) : ERR_OK;
    if (err)
        return err;
    err = group_write(j, sql);
    if (err && j->base && sql_run(sql, "ROLLBACK TO base", NULL, 0))
        j->setting_err = ERR_IO;
    return err;
}

static void failed(struct office_journal *j, enum err err)
{
    group_drop(j);
    j->retry_ms = j->retry_ms ? j->retry_ms * 2 : RETRY_MS_MIN;
    if (j->retry_ms > RETRY_MS_MAX)
        j->retry_ms = RETRY_MS_MAX;
    j->retry_at = now_of(j) + j->retry_ms;
    log_event(j->office->log, LOG_ERROR, "journal_behind", "error", "%s",
              err_name(err), "file", "%s", j->setting.path, NULL);
}

/* Under the store's write lock, so that what another process says of the
 * journal is never overwritten by what was true before. */
static enum err state_say(struct office_journal *j, bool whole)
{
    const char *keys = j->office->keys_dir;
    if (journal_state_whole(keys, j->setting.instance) == whole)
        return ERR_OK;
    return journal_state_save(keys, j->setting.instance, whole);
}

static enum err journalled(struct office_journal *j)
{
    enum err err = state_say(j, true);
    if (err) /* a restore takes it for a rollback, which loses nothing */
        log_event(j->office->log, LOG_ERROR, "journal_state", "error", "%s",
                  err_name(err), NULL);
    j->last_group = j->setting.groups + 1;
    return ERR_OK;
}

static enum err setting_store(struct office_journal *j, struct sql *sql)
{
    uint64_t end = j->setting.at_end, number = j->setting.number;
    int64_t since =
        j->setting.behind_since ? j->setting.behind_since : now_of(j);
    if (!j->behind)
        end = journal_end(j->journal, &number);
    struct bytes instance =
        bytes_of(j->setting.instance, sizeof j->setting.instance);
    return sql_run(sql, setting_move,
                   SQL_VALUES(sql_text(j->office->agency),
                              sql_int(j->setting.groups + 1),
                              sql_int((int64_t)end), sql_int((int64_t)number),
                              j->behind ? sql_int(since) : sql_null(),
                              sql_int(j->purged), sql_blob(instance)));
}

static enum err tap_committing(void *context, struct sql *sql)
{
    struct office_journal *j = context;
    if (!j->active || j->ran == 0)
        return ERR_OK;
    enum err err = j->skip ? ERR_AGAIN : group_end(j, sql);
    if (err && !j->skip)
        failed(j, err);
    j->behind = err != ERR_OK;
    if (j->setting_err)
        return j->setting_err;
    if (j->behind && j->required)
        return err;
    /* When that fails nobody would know that the journal lacks this. */
    err = j->behind ? state_say(j, false) : journalled(j);
    return err ? err : setting_store(j, sql);
}

static void caught_up(struct office_journal *j)
{
    j->retry_at = j->retry_ms = 0;
    log_event(j->office->log, LOG_INFO, "journal_whole", "file", "%s",
              j->setting.path, NULL);
}

static void tap_ended(void *context, bool committed)
{
    struct office_journal *j = context;
    if (j->group)
        group_drop(j);
    if (committed && !j->active) {
        j->covers = false; /* another process has switched it off */
    } else if (committed && j->ran > 0) {
        if (j->base && !j->behind)
            caught_up(j);
        j->covers = !j->behind;
    }
    pthread_mutex_unlock(&j->mutex);
}

/* --- life ----------------------------------------------------------------- */

enum err office_journal_open(struct office_journal **out, struct office *office,
                             bool serving)
{
    *out = NULL;
    struct office_journal *j = calloc(1, sizeof *j);
    if (!j)
        return ERR_NOMEM;
    j->office = office;
    j->serving = serving;
    j->epoch = 1;
    j->tap = (struct sql_tap){tap_begun, tap_ran, tap_committing, tap_ended, j};
    pthread_mutex_init(&j->mutex, NULL);
    buffer_init(&j->part, PART_BYTES_MAX);
    office_journal_name(office->agency, j->name);
    office_journal_key(&office->keys, j->key);
    *out = j;
    return ERR_OK;
}

void office_journal_close(struct office_journal *j)
{
    if (!j)
        return;
    journal_close(j->journal);
    buffer_fini(&j->part);
    pthread_mutex_destroy(&j->mutex);
    sodium_memzero(j->key, sizeof j->key);
    free(j);
}

const struct sql_tap *office_journal_tap(const struct office_journal *j)
{
    return &j->tap;
}

bool office_journal_require(struct office_journal *j)
{
    if (!j || !j->active || j->skip)
        return false;
    j->required = true;
    return true;
}

bool office_journal_taken_back(const struct office_journal *j)
{
    return j && j->taken_back;
}

bool office_journal_covers(struct office_journal *j)
{
    return j && j->covers;
}
