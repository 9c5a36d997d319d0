#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/office_journal.h"

#define PATH_CHARS sizeof(((struct journal_setting *)0)->path)

static const char setting_find[] =
    "SELECT path, instance, groups, at_end, number, "
    "COALESCE(behind_since, 0), disposals FROM journal WHERE agency = $1";
static const char setting_put[] =
    "INSERT INTO journal(agency, path, instance, groups, at_end, number, "
    "behind_since) VALUES ($1, $2, $3, $4, 0, 0, $5) "
    "ON CONFLICT (agency) DO UPDATE SET path = $2, instance = $3, "
    "groups = $4, at_end = 0, number = 0, behind_since = $5";
static const char setting_drop[] = "DELETE FROM journal WHERE agency = $1";

static enum err take_setting(void *context, const struct sql_value *row,
                             size_t columns)
{
    struct journal_setting *s = context;
    (void)columns;
    sql_copy_text(s->path, sizeof s->path, &row[0]);
    s->groups = row[2].integer;
    s->at_end = (uint64_t)row[3].integer;
    s->number = (uint64_t)row[4].integer;
    s->behind_since = row[5].integer;
    s->disposals = row[6].integer;
    return sql_copy_fixed(s->instance, sizeof s->instance, &row[1]);
}

enum err journal_setting_load(struct sql *sql, const char *agency,
                              struct journal_setting *out)
{
    return sql_find(sql, setting_find, SQL_VALUES(sql_text(agency)),
                    take_setting, out);
}

enum err journal_setting_save(struct office *office, struct sql *sql,
                              const char *path, int64_t groups)
{
    uint8_t instance[GROUP_INSTANCE_BYTES];
    random_fill(office->random, instance, sizeof instance);
    /* An older journal holds everything no longer. */
    enum err err = journal_state_save(office->keys_dir, instance, false);
    if (err)
        return err;
    if (!path)
        return sql_run(sql, setting_drop, SQL_VALUES(sql_text(office->agency)));
    return sql_run(sql, setting_put,
                   SQL_VALUES(sql_text(office->agency), sql_text(path),
                              sql_blob(bytes_of(instance, sizeof instance)),
                              sql_int(groups),
                              sql_int(clock_wall_ms(office->clock))));
}

/* --- as an operator says it ----------------------------------------------- */

static enum err refuse(struct office *office, enum err err, const char *path,
                       const char *why)
{
    snprintf(office->detail, sizeof office->detail,
             "the journal cannot be %.200s: %.200s", path, why);
    return err;
}

/* The folder must be there; the file need not. */
static enum err path_resolve(struct office *office, const char *path,
                             char out[PATH_CHARS])
{
    char folder[PATH_CHARS];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (strlen(path) >= sizeof folder || !name[0])
        return refuse(office, ERR_INVALID, path, "name a file");
    snprintf(folder, sizeof folder, "%.*s",
             slash ? (int)(slash - path + (slash == path)) : 1,
             slash ? path : ".");
    char *real = realpath(folder, NULL);
    char *data = realpath(office->data_dir, NULL);
    enum err err = ERR_OK;
    if (!real) {
        err = refuse(office, ERR_NOT_FOUND, path, "its folder is not there");
    } else {
        int size = snprintf(out, PATH_CHARS, "%s/%s",
                            strcmp(real, "/") ? real : "", name);
        size_t length = data ? strlen(data) : 0;
        if (size < 0 || (size_t)size >= PATH_CHARS)
            err = refuse(office, ERR_TOO_BIG, path, "the path is too long");
        else if (data && !strncmp(out, data, length) && out[length] == '/')
            err = refuse(office, ERR_INVALID, path,
                         "it stands in the data directory and would be lost "
                         "with it; name a file on another volume");
    }
    free(real);
    free(data);
    return err;
}

static enum err file_try(struct office *office, const char *path)
{
    char name[NAME_CHARS_MAX + 16];
    uint8_t key[JOURNAL_KEY_BYTES];
    struct journal *journal;
    office_journal_key(&office->keys, key);
    office_journal_name(office->agency, name);
    struct journal_of of = {.path = path, .name = name, .key = key};
    enum err err = journal_open(&journal, &of);
    journal_close(journal);
    return err ? refuse(office, err, path,
                        err == ERR_FOREIGN ? "it is another file already"
                                           : err_text(err))
               : ERR_OK;
}

enum err office_journal_set(struct office *office, struct sql *sql,
                            const char *path)
{
    struct journal_setting now = {.groups = 0};
    char wanted[PATH_CHARS];
    bool none = !strcmp(path, "none");
    enum err err = journal_setting_load(sql, office->agency, &now);
    bool kept = !err;
    if (err && err != ERR_NOT_FOUND)
        return err;
    err = none ? ERR_OK : path_resolve(office, path, wanted);
    if (err || (none && !kept) || (!none && kept && !strcmp(wanted, now.path)))
        return err;
    if (!none)
        err = file_try(office, wanted);
    if (!err)
        err = sql_begin(sql, true);
    if (err)
        return err;
    err = journal_setting_save(office, sql, none ? NULL : wanted, now.groups);
    if (!err)
        return sql_commit(sql);
    sql_rollback(sql);
    return err;
}
