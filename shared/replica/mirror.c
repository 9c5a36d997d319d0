#include "shared/replica/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/replica/mirror_file.h"

struct mirror_pair {
    struct mirror keys, lines;
};

static enum err pair_get(struct vault *vault, struct mirror_pair **out)
{
    *out = vault->mirrors;
    if (*out)
        return ERR_OK;
    struct mirror_pair *pair = calloc(1, sizeof *pair);
    if (!pair)
        return ERR_NOMEM;
    mirror_file_init(&pair->keys, false);
    mirror_file_init(&pair->lines, true);
    vault->mirrors = pair;
    *out = pair;
    return ERR_OK;
}

void mirror_close(struct vault *vault)
{
    if (!vault->mirrors)
        return;
    mirror_file_fini(&vault->mirrors->keys);
    mirror_file_fini(&vault->mirrors->lines);
    free(vault->mirrors);
    vault->mirrors = NULL;
}

static enum err path_load(struct vault *vault, char out[MIRROR_PATH_CHARS])
{
    struct sqlite3_stmt *s;
    bool row;
    out[0] = '\0';
    enum err err = vault_sql(vault, SQL_MIRROR_GET, &s);
    if (err)
        return err;
    err = db_step_row(vault->db, s, &row);
    if (!err && row) {
        struct bytes path = db_column_bytes(s, 0);
        snprintf(out, MIRROR_PATH_CHARS, "%.*s", (int)path.size,
                 (const char *)path.at);
    }
    db_reset(s);
    return err;
}

static enum err lines_follow(struct vault *vault)
{
    struct mirror_pair *pair;
    char path[MIRROR_PATH_CHARS];
    enum err err = pair_get(vault, &pair);
    if (!err)
        err = path_load(vault, path);
    if (err || !path[0])
        return err;
    if (strcmp(path, pair->lines.path) != 0)
        mirror_file_close(&pair->lines);
    memcpy(pair->lines.path, path, sizeof path);
    return mirror_file_follow(vault, &pair->lines);
}

static enum err keys_follow(struct vault *vault)
{
    struct mirror_pair *pair;
    enum err err = pair_get(vault, &pair);
    if (err)
        return err;
    int size = snprintf(pair->keys.path, sizeof pair->keys.path, "%s.keys",
                        vault->path);
    return (size_t)size < sizeof pair->keys.path
               ? mirror_file_follow(vault, &pair->keys)
               : ERR_TOO_BIG;
}

void mirror_follow(struct vault *vault)
{
    bool keys = vault->keys_changed || vault->keys_destroyed;
    bool lines = keys || vault->lines_changed;
    if (!vault->on_disk || !lines)
        return;
    /* What fails is made up for at the next commit; the status tells. */
    bool keys_failed = keys && keys_follow(vault);
    vault->lines_changed = lines_follow(vault) != ERR_OK;
    vault->keys_destroyed = keys_failed && vault->keys_destroyed;
    vault->keys_changed =
        keys_failed || (vault->mirrors && vault->mirrors->keys.more);
}

/* --- the setting ---------------------------------------------------------- */

static enum err path_store(struct vault *vault, const char *path)
{
    struct sqlite3_stmt *s;
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = vault_sql(vault, SQL_MIRROR_SET, &s);
    if (!err) {
        db_bind_text(vault->db, s, 1, bytes_text(path));
        err = db_step_done(vault->db, s);
    }
    return vault_end(vault, err);
}

static enum err set_failed(struct vault *vault, enum err err, const char *path)
{
    if (err == ERR_FOREIGN)
        return vault_fail(vault, err,
                          "%.300s is no mirror of this vault: give another "
                          "name, or move it away",
                          path);
    if (err == ERR_FORK)
        return vault_fail(vault, err,
                          "%.300s holds writes that this vault has not: "
                          "salvage them, then move it away",
                          path);
    if (err == ERR_NOT_FOUND)
        return vault_fail(vault, err, "%.300s: there is no such folder", path);
    return vault_fail(vault, err, "%.300s: %s", path, err_text(err));
}

/* A journal takes what is shorter than its first record for a torn one; what a
 * person names here may be anything. */
static enum err stranger_check(const char *path)
{
    FILE *file = fopen(path, "re");
    int first = file ? getc(file) : EOF;
    if (file)
        fclose(file);
    return first == EOF || first == 0xff ? ERR_OK : ERR_FOREIGN;
}

/* The earlier mirror goes only when nothing is in it alone.  One that cannot be
 * read now is left where it is. */
static enum err before_check(struct vault *vault, struct mirror *m,
                             const char *before, bool *removable)
{
    *removable = false;
    if (!before[0] || access(before, F_OK))
        return ERR_OK;
    snprintf(m->path, sizeof m->path, "%s", before);
    enum err err = mirror_file_check(vault, m);
    *removable = !err;
    return err == ERR_FORK || err == ERR_NOMEM ? err : ERR_OK;
}

enum err mirror_set(struct vault *vault, const char *path)
{
    bool removable = false;
    struct mirror_pair *pair;
    char before[MIRROR_PATH_CHARS];
    enum err err = pair_get(vault, &pair);
    if (!path)
        path = "";
    if (!err && strlen(path) >= sizeof before)
        err = ERR_TOO_BIG;
    if (!err && path[0] && path[0] != '/')
        err = ERR_INVALID;
    if (!err)
        err = path_load(vault, before);
    if (!err && path[0])
        err = stranger_check(path);
    if (err)
        return set_failed(vault, err, path);
    mirror_file_close(&pair->lines);
    err = before_check(vault, &pair->lines, before, &removable);
    if (err)
        return set_failed(vault, err, before);
    snprintf(pair->lines.path, sizeof pair->lines.path, "%s", path);
    if (path[0])
        err = mirror_file_follow(vault, &pair->lines);
    if (err)
        return set_failed(vault, err, path);
    err = path_store(vault, path);
    if (!err && removable && strcmp(before, path) != 0)
        unlink(before);
    return err;
}

static bool same_volume(const char *a, const char *b)
{
    struct stat one, two;
    return !stat(a, &one) && !stat(b, &two) && one.st_dev == two.st_dev;
}

enum err mirror_status(struct vault *vault, struct mirror_status *out)
{
    struct mirror_facts facts;
    *out = (struct mirror_status){.err = ERR_OK};
    enum err err = vault_refresh(vault);
    if (!err)
        err = path_load(vault, out->path);
    if (err || !out->path[0])
        return err;
    out->err = lines_follow(vault);
    out->same_volume = same_volume(vault->path, out->path);
    if (!out->err)
        return ERR_OK;
    err = mirror_facts_load(vault, &facts);
    out->missing = facts.head - facts.identity.public.received;
    return err;
}
