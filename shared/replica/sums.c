#include "shared/replica/sums.h"

#include <stdlib.h>
#include <string.h>

#include "shared/replica/case_key.h"

struct sums {
    struct map *shares; /* case_key.id -> uint64_t, owned */
};

enum err sums_new(struct sums **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    enum err err = map_new(&(*out)->shares);
    if (err) {
        free(*out);
        *out = NULL;
    }
    return err;
}

void sums_free(struct sums *sums)
{
    if (!sums)
        return;
    sums_clear(sums);
    map_free(sums->shares);
    free(sums);
}

void sums_clear(struct sums *sums)
{
    for (size_t i = 0; i < map_count(sums->shares); i++)
        free(map_value_at(sums->shares, i));
    map_clear(sums->shares);
}

enum err sums_add(struct sums *sums, int64_t key, uint64_t share)
{
    struct bytes name = bytes_of(&key, sizeof key);
    uint64_t *sum = map_get(sums->shares, name);
    if (!sum) {
        sum = calloc(1, sizeof *sum);
        if (!sum)
            return ERR_NOMEM;
        enum err err = map_put(sums->shares, name, sum);
        if (err) {
            free(sum);
            return err;
        }
    }
    *sum += share;
    return ERR_OK;
}

static enum err case_find(struct vault *vault, int64_t key, uint64_t *sum,
                          uint64_t *excess, bool *counted)
{
    struct sqlite3_stmt *s;
    bool row;
    *sum = *excess = 0;
    *counted = false;
    enum err err = vault_sql(vault, SQL_SUM_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, key);
    err = db_step_row(vault->db, s, &row);
    if (!err && row) {
        *sum = (uint64_t)db_column_int64(s, 0);
        *excess = (uint64_t)db_column_int64(s, 1);
        *counted = true;
    }
    db_reset(s);
    return err;
}

enum err sums_case(struct vault *vault, int64_t key, uint64_t *sum,
                   bool *counted)
{
    uint64_t excess;
    return case_find(vault, key, sum, &excess, counted);
}

enum err sums_told(struct vault *vault, int64_t key, uint64_t *sum,
                   bool *counted)
{
    uint64_t excess;
    enum err err = case_find(vault, key, sum, &excess, counted);
    *sum += excess;
    return err;
}

static enum err case_set(struct vault *vault, enum sql which, int64_t key,
                         uint64_t sum)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, key);
    db_bind_int64(vault->db, s, 2, (int64_t)sum);
    return db_step_done(vault->db, s);
}

enum err sums_excess_set(struct vault *vault, int64_t key, uint64_t excess)
{
    return case_set(vault, SQL_SUM_EXCESS, key, excess);
}

enum err sums_store(struct vault *vault, const struct sums *sums)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < map_count(sums->shares); i++) {
        const uint64_t *share = map_value_at(sums->shares, i);
        int64_t key;
        uint64_t sum;
        bool counted;
        memcpy(&key, map_key_at(sums->shares, i).at, sizeof key);
        err = sums_case(vault, key, &sum, &counted);
        if (!err)
            err = case_set(vault, SQL_SUM_SET, key, sum + *share);
    }
    return err;
}

uint64_t sums_get(const struct sums *sums, int64_t key)
{
    const uint64_t *sum = map_get(sums->shares, bytes_of(&key, sizeof key));
    return sum ? *sum : 0;
}

/* Records without a case are always in the agency's scope. */
static enum err caseless(struct vault *vault, const char *scope, int64_t *key)
{
    *key = 0;
    return strcmp(scope, "agency")
               ? ERR_OK
               : case_key_number(vault, bytes_of(NULL, 0), key);
}

enum err sums_scope(struct vault *vault, const char *scope, uint64_t *sum)
{
    struct sqlite3_stmt *s;
    *sum = 0;
    enum err err = vault_sql(vault, SQL_SUM_OF_SCOPE, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(scope));
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            *sum += (uint64_t)db_column_int64(s, 0) +
                    (uint64_t)db_column_int64(s, 1);
    }
    int64_t key = 0;
    uint64_t more = 0;
    bool counted;
    if (!err)
        err = caseless(vault, scope, &key);
    if (!err && key)
        err = sums_told(vault, key, &more, &counted);
    *sum += more;
    return err;
}

enum err sums_scope_of(struct vault *vault, const char *scope,
                       const struct sums *sums, uint64_t *sum)
{
    struct sqlite3_stmt *s;
    int64_t key;
    enum err err = caseless(vault, scope, &key);
    *sum = sums_get(sums, key);
    if (!err)
        err = vault_sql(vault, SQL_MEMBERS, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(scope));
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            *sum += sums_get(sums, db_column_int64(s, 0));
    }
    return err;
}

/* The scopes of these cases count more than the office has said. */
static enum err scopes_inexact(struct vault *vault, const struct sums *sums)
{
    struct sqlite3_stmt *s;
    int64_t none;
    enum err err = caseless(vault, "agency", &none);
    if (!err)
        err = vault_sql(vault, SQL_CURSOR_INEXACT, &s);
    for (size_t i = 0; !err && i < map_count(sums->shares); i++) {
        int64_t key;
        memcpy(&key, map_key_at(sums->shares, i).at, sizeof key);
        db_bind_int64(vault->db, s, 1, key);
        db_bind_int64(vault->db, s, 2, none && key == none);
        err = db_step_done(vault->db, s);
    }
    return err;
}

enum err sums_receipt(struct vault *vault, int64_t log, int64_t from,
                      int64_t to)
{
    struct sqlite3_stmt *s;
    struct sums *sums = NULL;
    enum err err = vault_sql(vault, SQL_LOG_RECEIPTED, &s);
    if (!err)
        err = sums_new(&sums);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log);
    db_bind_int64(vault->db, s, 2, from);
    db_bind_int64(vault->db, s, 3, to);
    for (bool row = true; !err && row;) {
        uint8_t hash[HASH_BYTES];
        err = db_step_row(vault->db, s, &row);
        if (err || !row)
            continue;
        err = db_column_fixed(s, 1, hash, sizeof hash);
        if (!err)
            err = sums_add(sums, db_column_int64(s, 0), hash_share(hash));
    }
    db_reset(s);
    if (!err)
        err = sums_store(vault, sums);
    if (!err)
        err = scopes_inexact(vault, sums);
    sums_free(sums);
    return err;
}
