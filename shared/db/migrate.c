#include "shared/db/migrate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long file_number(const struct embed *file)
{
    const char *name = strrchr(file->path, '/');
    return strtol(name ? name + 1 : file->path, NULL, 10);
}

/* *version is 0 for a database in which nothing was ever made. */
static enum err version_check(struct db *db, int32_t application_id,
                              int64_t newest, int64_t *version)
{
    int64_t id;
    int64_t tables = 0;
    *version = 0;
    enum err err = db_query_int64(db, "PRAGMA application_id", &id);
    if (!err)
        err = db_query_int64(db, "PRAGMA user_version", version);
    if (!err)
        err = db_query_int64(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err)
        return err;
    if (id == 0 && *version == 0 && tables == 0)
        return ERR_OK;
    if (id != application_id)
        return ERR_FOREIGN;
    return *version > newest ? ERR_NEWER : ERR_OK;
}

static enum err step_run(struct db *db, int32_t application_id,
                         const struct embed *file, int64_t number)
{
    char pragma[96];
    enum err err = db_exec(db, (const char *)file->at);
    if (err)
        return err;
    snprintf(pragma, sizeof pragma,
             "PRAGMA application_id = %" PRId32
             "; PRAGMA user_version = %" PRId64,
             application_id, number);
    return db_exec(db, pragma);
}

/* Applies the file that follows the present version, if one does.  The version
 * is read again under the lock: another process may have been faster. */
static enum err step(struct db *db, int32_t application_id,
                     const struct embed *files, int64_t newest, bool *more)
{
    int64_t version;
    enum err err = db_begin_immediate(db);
    if (err)
        return err;
    err = version_check(db, application_id, newest, &version);
    *more = !err && version < newest;
    if (*more)
        err = step_run(db, application_id, &files[version], version + 1);
    if (!err)
        return db_commit(db);
    db_rollback(db);
    return err;
}

enum err migrate(struct db *db, int32_t application_id,
                 const struct embed *files)
{
    int64_t newest = 0;
    int64_t version;
    assert(application_id != 0);
    for (; files[newest].path; newest++)
        assert(file_number(&files[newest]) == newest + 1);
    /* In one snapshot: another process may be at its first step just now. */
    enum err err = db_begin_read(db);
    if (err)
        return err;
    err = version_check(db, application_id, newest, &version);
    db_rollback(db);
    bool more = version < newest;
    while (!err && more)
        err = step(db, application_id, files, newest, &more);
    return err;
}
