#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/store.h"
#include "shared/db/migrate.h"

#define COLUMNS_MAX 32
#define PARAMETERS_MAX 24
#define TABLE_ROOM_MIN 256u

/* The log is copied into the database when nobody waits; while there is no such
 * moment, only when it has become long. */
#define WAL_PAGES_IDLE 1000
#define WAL_PAGES_BUSY 20000

/* There is one writer, so that its transaction may count on. */
static const char arrival_next[] =
    "SELECT COALESCE(max(arrival), 0) + 1 FROM line";

/* A statement by the address of its text. */
struct prepared {
    const char *text;              /* borrowed, static; NULL: free place */
    sqlite3_stmt *statement;       /* owned */
    int place[PARAMETERS_MAX + 1]; /* SQLite's index of $1, $2, ... */
    bool running;
};

struct store {
    struct db *db;             /* owned */
    struct prepared *prepared; /* owned; open addressing, a power of two */
    size_t room, count;
    int wal_pages;   /* in the log after the last commit */
    const char *vfs; /* owned copy or NULL */
    char detail[STORE_DETAIL_CHARS];
};

/* --- statements ----------------------------------------------------------- */

static size_t place_of(const struct store *store, const char *text)
{
    uint64_t hash = (uint64_t)(uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (size_t)(hash >> 32) & (store->room - 1);
    while (store->prepared[i].text && store->prepared[i].text != text)
        i = (i + 1) & (store->room - 1);
    return i;
}

static enum err table_grow(struct store *store)
{
    struct prepared *old = store->prepared;
    size_t old_room = store->room;
    size_t room = old_room ? old_room * 2 : TABLE_ROOM_MIN;
    struct prepared *grown = calloc(room, sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    store->prepared = grown;
    store->room = room;
    for (size_t i = 0; i < old_room; i++)
        if (old[i].text)
            grown[place_of(store, old[i].text)] = old[i];
    free(old);
    return ERR_OK;
}

static enum err prepared_find(struct store *store, const char *text,
                              struct prepared **out)
{
    if (store->count * 2 >= store->room) {
        enum err err = table_grow(store);
        if (err)
            return err;
    }
    struct prepared *p = &store->prepared[place_of(store, text)];
    *out = p;
    if (p->text)
        return ERR_OK;
    const char *const sql[] = {text};
    enum err err = db_prepare(store->db, sql, 1, &p->statement);
    if (err)
        return err;
    int count = sqlite3_bind_parameter_count(p->statement);
    assert(count <= PARAMETERS_MAX);
    assert(sqlite3_column_count(p->statement) <= COLUMNS_MAX);
    for (int i = 1; i <= count; i++) {
        char name[8];
        snprintf(name, sizeof name, "$%d", i);
        p->place[i] = sqlite3_bind_parameter_index(p->statement, name);
    }
    p->text = text;
    store->count++;
    return ERR_OK;
}

static void bind_values(struct store *store, const struct prepared *p,
                        const struct sql_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int place = p->place[i + 1];
        switch (values[i].kind) {
        case SQL_NULL:
            db_bind_null(store->db, p->statement, place);
            break;
        case SQL_INT:
            db_bind_int64(store->db, p->statement, place, values[i].integer);
            break;
        case SQL_TEXT:
            db_bind_text(store->db, p->statement, place, values[i].bytes);
            break;
        case SQL_BLOB:
            db_bind_bytes(store->db, p->statement, place, values[i].bytes);
            break;
        }
    }
}

static void row_read(sqlite3_stmt *statement, struct sql_value *row, int count)
{
    for (int i = 0; i < count; i++) {
        switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER:
            row[i] = sql_int(sqlite3_column_int64(statement, i));
            break;
        case SQLITE_TEXT:
            row[i] = sql_text_bytes(db_column_bytes(statement, i));
            break;
        case SQLITE_BLOB:
            row[i] = sql_blob(db_column_bytes(statement, i));
            break;
        case SQLITE_FLOAT: /* sums of reports; the store itself has none */
            row[i] = sql_int((int64_t)sqlite3_column_double(statement, i));
            break;
        default:
            row[i] = sql_null();
            break;
        }
    }
}

static enum err store_run(void *context, const char *statement,
                          const struct sql_value *values, size_t count,
                          sql_each *each, void *each_context)
{
    struct store *store = context;
    struct prepared *p;
    enum err err = prepared_find(store, statement, &p);
    if (err)
        return err;
    /* `each` may run other statements, which may move the table. */
    sqlite3_stmt *prepared = p->statement;
    assert(!p->running);
    p->running = true;
    bind_values(store, p, values, count);
    struct sql_value row[COLUMNS_MAX];
    int columns = sqlite3_column_count(prepared);
    bool more = true;
    while (!err && more) {
        err = db_step_row(store->db, prepared, &more);
        if (!err && more && each) {
            row_read(prepared, row, columns);
            err = each(each_context, row, (size_t)columns);
        }
    }
    db_reset(prepared);
    store->prepared[place_of(store, statement)].running = false;
    return err;
}

/* --- transactions, copies ------------------------------------------------- */

static enum err store_begin(void *context, bool write)
{
    struct store *store = context;
    return write ? db_begin_immediate(store->db) : db_begin_read(store->db);
}

static enum err store_commit(void *context)
{
    struct store *store = context;
    return db_commit(store->db);
}

static enum err store_rollback(void *context)
{
    struct store *store = context;
    db_rollback(store->db);
    return ERR_OK;
}

static void checkpoint(struct store *store)
{
    sqlite3_wal_checkpoint_v2(db_handle(store->db), NULL,
                              SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    store->wal_pages = 0;
}

static int on_wal(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct store *store = context;
    store->wal_pages = pages;
    if (pages >= WAL_PAGES_BUSY)
        checkpoint(store);
    return SQLITE_OK; /* a checkpoint that fails is tried again */
}

static void store_idle(void *context)
{
    struct store *store = context;
    if (store->wal_pages >= WAL_PAGES_IDLE)
        checkpoint(store);
}

/* In one step, so that the copy is one moment of the store whoever writes
 * meanwhile; the target is opened like a store, so that it is durable. */
static enum err store_backup(void *context, const char *path)
{
    struct store *store = context;
    struct db *copy;
    enum err err =
        db_open_vfs(&copy, path, DB_CREATE, store->vfs, store->detail);
    if (err)
        return err;
    sqlite3_backup *backup = sqlite3_backup_init(db_handle(copy), "main",
                                                 db_handle(store->db), "main");
    if (!backup) {
        err = db_result(copy, sqlite3_errcode(db_handle(copy)));
    } else {
        int code = sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
        if (code != SQLITE_DONE)
            err = db_result(copy, code == SQLITE_OK ? SQLITE_BUSY : code);
    }
    if (err)
        snprintf(store->detail, sizeof store->detail, "%s", db_detail(copy));
    db_close(copy);
    return err;
}

static const char *store_detail(void *context)
{
    const struct store *store = context;
    return store->detail[0] ? store->detail : db_detail(store->db);
}

static void store_close(void *context)
{
    struct store *store = context;
    for (size_t i = 0; i < store->room; i++)
        db_finalize(&store->prepared[i].statement, 1);
    db_close(store->db);
    free(store->prepared);
    free((char *)store->vfs);
    free(store);
}

/* --- opening -------------------------------------------------------------- */

static enum err vfs_copy(struct store *store, const char *vfs)
{
    if (!vfs || !vfs[0])
        return ERR_OK;
    char *copy = malloc(strlen(vfs) + 1);
    if (!copy)
        return ERR_NOMEM;
    memcpy(copy, vfs, strlen(vfs) + 1);
    store->vfs = copy;
    return ERR_OK;
}

static enum err tables_make(struct store *store, char *detail)
{
    enum err err = migrate(store->db, STORE_APPLICATION_ID, embed_store_schema);
    if (!err)
        sqlite3_wal_hook(db_handle(store->db), on_wal, store);
    if (err)
        snprintf(detail, STORE_DETAIL_CHARS, "%s", db_detail(store->db));
    return err;
}

enum err store_sqlite_open(struct sql *out, const char *path, const char *vfs,
                           bool create, char *detail)
{
    *out = (struct sql){0};
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return ERR_NOMEM;
    enum err err = vfs_copy(store, vfs);
    if (!err)
        err = db_open_vfs(&store->db, path, create ? DB_CREATE : 0, store->vfs,
                          detail);
    if (!err)
        err = tables_make(store, detail);
    if (err) {
        store_close(store);
        return err;
    }
    *out = (struct sql){.begin = store_begin,
                        .commit = store_commit,
                        .rollback = store_rollback,
                        .run = store_run,
                        .backup = store_backup,
                        .detail = store_detail,
                        .close = store_close,
                        .idle = store_idle,
                        .arrival_next = arrival_next,
                        .context = store};
    return ERR_OK;
}
