#include "shared/replica/line.h"

#include <string.h>

#include "shared/replica/seal.h"

enum { ENVELOPE_PLAIN, ENVELOPE_DEFLATED };

#define AD_ROOM (sizeof "log" + REPLICA_CHARS + 1 + 20 + 1)

enum err line_replica(struct vault *vault, struct bytes name, int64_t branch,
                      int64_t *id)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_REPLICA_FIND, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, name);
    db_bind_int64(vault->db, s, 2, branch);
    err = db_step_row(vault->db, s, &row);
    if (err)
        return err;
    if (row) {
        *id = db_column_int64(s, 0);
        db_reset(s);
        return ERR_OK;
    }
    err = vault_sql(vault, SQL_REPLICA_ADD, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, name);
    db_bind_int64(vault->db, s, 2, branch);
    err = db_step_done(vault->db, s);
    if (!err)
        *id = db_last_rowid(vault->db);
    return err;
}

static struct bytes line_ad(char out[AD_ROOM], const char *name, int64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    size_t size = sizeof "log" + REPLICA_CHARS;
    memcpy(out, "log", sizeof "log");
    memcpy(out + sizeof "log", name, REPLICA_CHARS);
    out[size++] = '\0';
    memcpy(out + size, digits + at, sizeof digits - at);
    return bytes_of(out, size + sizeof digits - at);
}

static enum err seal(struct vault *vault, const struct line_place *place,
                     const struct case_key *key, struct bytes line, bool pack)
{
    char ad[AD_ROOM];
    struct buffer *plain = &vault->plain;
    buffer_clear(plain);
    enum err err =
        buffer_add_char(plain, pack ? ENVELOPE_DEFLATED : ENVELOPE_PLAIN);
    if (!err)
        err = pack ? deflate_line_pack(vault->deflate, line, plain)
                   : buffer_add_bytes(plain, line);
    if (!err)
        err =
            seal_close(&vault->sealed, &vault->pool.random, key->key,
                       line_ad(ad, place->name, place->n), buffer_bytes(plain));
    return err;
}

enum err line_hash(struct vault *vault, int64_t replica, int64_t n,
                   uint8_t hash[HASH_BYTES])
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_LOG_DOT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, replica);
    db_bind_int64(vault->db, s, 2, n);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_NOT_FOUND;
    err = db_column_fixed(s, 0, hash, HASH_BYTES);
    db_reset(s);
    return err;
}

/* What stands at a place, under whatever key, is the same line, or two have
 * forked. */
static enum err place_check(struct vault *vault, const struct line_place *place,
                            const uint8_t hash[HASH_BYTES])
{
    uint8_t present[HASH_BYTES];
    enum err err = line_hash(vault, place->replica, place->n, present);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    return memcmp(present, hash, HASH_BYTES) ? ERR_FORK : ERR_OK;
}

enum err line_add(struct vault *vault, const struct line_place *place,
                  const struct case_key *key, struct bytes line,
                  const uint8_t hash[HASH_BYTES], int64_t page, bool pack,
                  int64_t *id)
{
    struct sqlite3_stmt *s;
    *id = 0;
    enum err err = place_check(vault, place, hash);
    if (!err)
        err = seal(vault, place, key, line, pack);
    if (!err)
        err = vault_sql(vault, SQL_LOG_ADD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, place->replica);
    db_bind_int64(vault->db, s, 2, place->n);
    db_bind_int64(vault->db, s, 3, key->id);
    db_bind_bytes(vault->db, s, 4, buffer_bytes(&vault->sealed));
    db_bind_bytes(vault->db, s, 5, bytes_of(hash, HASH_BYTES));
    if (page)
        db_bind_int64(vault->db, s, 6, page);
    err = db_step_done(vault->db, s);
    if (err || !db_changes(vault->db))
        return err;
    *id = db_last_rowid(vault->db);
    vault->changed = vault->grew = true;
    return ERR_OK;
}

enum err line_unseal(struct vault *vault, const uint8_t key[SECRET_BYTES],
                     const char *name, int64_t n, struct bytes body,
                     struct buffer *out)
{
    char ad[AD_ROOM];
    struct buffer *plain = &vault->plain;
    buffer_clear(plain);
    enum err err = seal_open(plain, key, line_ad(ad, name, n), body);
    if (err)
        return err;
    if (!plain->size || plain->at[0] > ENVELOPE_DEFLATED)
        return ERR_CORRUPT;
    struct bytes content = bytes_of(plain->at + 1, plain->size - 1);
    return plain->at[0] == ENVELOPE_DEFLATED
               ? deflate_line_unpack(vault->deflate, content, out)
               : buffer_add_bytes(out, content);
}

enum err line_open(struct vault *vault, int64_t key_id, const char *name,
                   int64_t n, struct bytes body, struct buffer *out)
{
    const struct case_key *key;
    enum err err = case_key_get(vault, key_id, &key);
    return err ? err : line_unseal(vault, key->key, name, n, body, out);
}

enum err line_head(struct vault *vault, int64_t replica, int64_t *n)
{
    struct sqlite3_stmt *s;
    bool row;
    *n = 0;
    enum err err = vault_sql(vault, SQL_LOG_HEAD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, replica);
    err = db_step_row(vault->db, s, &row);
    if (!err && row) {
        *n = db_column_int64(s, 0);
        db_reset(s);
    }
    return err;
}

/* The nearest stored link at or before n; *at is 0 when there is none. */
static enum err link_before(struct vault *vault, int64_t replica, int64_t n,
                            int64_t *at, uint8_t link[LINK_BYTES])
{
    struct sqlite3_stmt *s;
    bool row;
    *at = 0;
    enum err err = vault_sql(vault, SQL_LINK_BEFORE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, replica);
    db_bind_int64(vault->db, s, 2, n);
    err = db_step_row(vault->db, s, &row);
    if (!err && row) {
        *at = db_column_int64(s, 0);
        err = db_column_fixed(s, 1, link, LINK_BYTES);
        db_reset(s);
    }
    return err;
}

enum err line_link(struct vault *vault, int64_t replica, const char *agency,
                   const uint8_t key[KEY_BYTES], int64_t n,
                   uint8_t link[LINK_BYTES])
{
    struct sqlite3_stmt *s;
    int64_t at;
    enum err err = link_before(vault, replica, n, &at, link);
    if (err)
        return err;
    if (!at)
        link_zero(link, agency, key);
    err = vault_sql(vault, SQL_LOG_HASHES, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, replica);
    db_bind_int64(vault->db, s, 2, at);
    db_bind_int64(vault->db, s, 3, n);
    for (bool row = true; !err && row;) {
        uint8_t hash[HASH_BYTES];
        err = db_step_row(vault->db, s, &row);
        /* A line that came back under a new case key stands here twice, also
         * when it had been erased. */
        if (err || !row || db_column_int64(s, 0) == at)
            continue;
        err = db_column_int64(s, 0) == at + 1
                  ? db_column_fixed(s, 1, hash, sizeof hash)
                  : ERR_GAP;
        if (!err) {
            link_next(link, hash);
            at++;
        }
    }
    db_reset(s);
    return err ? err : at == n ? ERR_OK : ERR_GAP;
}
