#include "shared/replica/draft.h"

#include <inttypes.h>

#include "shared/replica/seal.h"
#include "shared/replica/vault_inner.h"

static enum err need_key(struct vault *vault)
{
    vault->detail[0] = '\0';
    if (vault->unlocked)
        return ERR_OK;
    return vault_fail(vault, ERR_LOCKED,
                      "the vault is locked and drafts are sealed; unlock it "
                      "with its passphrase");
}

static enum err begin(struct vault *vault)
{
    return vault->batch ? ERR_OK : vault_begin(vault);
}

static enum err end(struct vault *vault, enum err err)
{
    if (!vault->batch)
        return vault_end(vault, err);
    if (err && !vault->detail[0])
        vault_fail(vault, err, "%s", err_text(err));
    return err;
}

static enum err absent(struct vault *vault, int64_t id)
{
    return vault_fail(vault, ERR_NOT_FOUND,
                      "there is no draft %" PRId64 "; see `satchel draft list`",
                      id);
}

/* --- keeping -------------------------------------------------------------- */

static struct bytes about_ad(void)
{
    return bytes_text("draft");
}

/* The canonical object, or why it is none. */
static enum err about_read(struct vault *vault, struct bytes given,
                           struct buffer *out)
{
    struct canon_fault fault = {0, ""};
    enum err err = canon_normalise(out, given, &fault);
    if (err == ERR_INVALID)
        return vault_fail(vault, err, "about: byte %zu: %s", fault.offset,
                          fault.what);
    if (!err && out->at[0] != '{')
        return vault_fail(vault, ERR_INVALID, "about: an object is expected");
    return err;
}

static enum err row_add(struct vault *vault, struct bytes about,
                        struct bytes text, int64_t *id)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_DRAFT_ADD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, clock_wall_ms(vault->clock));
    db_bind_bytes(vault->db, s, 2, about);
    db_bind_bytes(vault->db, s, 3, text);
    err = db_step_done(vault->db, s);
    if (!err)
        *id = db_last_rowid(vault->db);
    vault->changed = true;
    return err;
}

/* The text is bound to what it is for by the seal of the latter. */
static enum err seal_both(struct vault *vault, struct bytes about,
                          struct bytes text, struct buffer *sealed_about,
                          struct buffer *sealed_text)
{
    enum err err = seal_close(sealed_about, vault->random, vault->vault_key,
                              about_ad(), about);
    return err ? err
               : seal_close(sealed_text, vault->random, vault->vault_key,
                            buffer_bytes(sealed_about), text);
}

static enum err keep(struct vault *vault, struct bytes about, struct bytes text,
                     int64_t *id)
{
    struct buffer canonical, sealed_about, sealed_text;
    buffer_init(&canonical, DRAFT_ABOUT_BYTES_MAX);
    buffer_init(&sealed_about, DRAFT_ABOUT_BYTES_MAX + SEAL_OVERHEAD_BYTES);
    buffer_init(&sealed_text, DRAFT_BYTES_MAX + SEAL_OVERHEAD_BYTES);
    enum err err = about_read(vault, about, &canonical);
    if (!err)
        err = seal_both(vault, buffer_bytes(&canonical), text, &sealed_about,
                        &sealed_text);
    if (err == ERR_TOO_BIG)
        vault_fail(vault, err, "a draft holds %u MiB at most",
                   DRAFT_BYTES_MAX >> 20);
    if (!err)
        err = row_add(vault, buffer_bytes(&sealed_about),
                      buffer_bytes(&sealed_text), id);
    buffer_wipe(&canonical);
    buffer_fini(&sealed_about);
    buffer_fini(&sealed_text);
    return err;
}

enum err draft_keep(struct vault *vault, struct bytes about, struct bytes text,
                    int64_t *id)
{
    int64_t kept = 0;
    enum err err = need_key(vault);
    if (!err)
        err = begin(vault);
    if (err)
        return err;
    err = end(vault, keep(vault, about, text, &kept));
    if (!err)
        *id = kept;
    return err;
}

/* --- reading -------------------------------------------------------------- */

/* Columns: id, at, about, the size or the bytes of the sealed text. */
static enum err row_open(struct vault *vault, struct sqlite3_stmt *s,
                         struct draft *out, struct buffer *about)
{
    size_t from = about->size;
    out->id = db_column_int64(s, 0);
    out->at_ms = db_column_int64(s, 1);
    enum err err =
        seal_open(about, vault->vault_key, about_ad(), db_column_bytes(s, 2));
    if (err == ERR_CORRUPT)
        return vault_fail(vault, err, "draft %" PRId64 " is damaged", out->id);
    if (!err)
        out->about = bytes_of(about->at + from, about->size - from);
    return err;
}

static enum err next(struct vault *vault, int64_t after, struct draft *out,
                     struct buffer *about)
{
    struct sqlite3_stmt *s;
    bool row;
    out->id = 0;
    enum err err = vault_sql(vault, SQL_DRAFT_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, after);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    err = row_open(vault, s, out, about);
    int64_t sealed_bytes = db_column_int64(s, 3);
    out->text_bytes = sealed_bytes > SEAL_OVERHEAD_BYTES
                          ? (size_t)sealed_bytes - SEAL_OVERHEAD_BYTES
                          : 0;
    db_reset(s);
    if (err != ERR_CORRUPT)
        return err;
    out->about = bytes_text("{}"); /* one bad row hides no other */
    return ERR_OK;
}

enum err draft_each(struct vault *vault, draft_each_call *each, void *context)
{
    struct draft draft = {.id = 0};
    struct buffer about;
    buffer_init(&about, DRAFT_ABOUT_BYTES_MAX);
    enum err err = need_key(vault);
    do {
        buffer_clear(&about);
        if (!err)
            err = next(vault, draft.id, &draft, &about);
        if (!err && draft.id)
            err = each(context, &draft);
    } while (!err && draft.id);
    buffer_wipe(&about);
    return err;
}

static enum err text_open(struct vault *vault, struct sqlite3_stmt *s,
                          struct draft *out, struct buffer *text)
{
    size_t from = text->size;
    enum err err = seal_open(text, vault->vault_key, db_column_bytes(s, 2),
                             db_column_bytes(s, 3));
    if (err == ERR_CORRUPT)
        return vault_fail(vault, err, "draft %" PRId64 " is damaged", out->id);
    out->text_bytes = text->size - from;
    return err;
}

enum err draft_read(struct vault *vault, int64_t id, struct draft *out,
                    struct buffer *about, struct buffer *text)
{
    struct sqlite3_stmt *s = NULL;
    bool row = false;
    enum err err = need_key(vault);
    if (!err)
        err = vault_sql(vault, SQL_DRAFT_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    err = db_step_row(vault->db, s, &row);
    if (err)
        return err;
    if (!row)
        return absent(vault, id);
    err = row_open(vault, s, out, about);
    if (!err)
        err = text_open(vault, s, out, text);
    db_reset(s);
    return err;
}

enum err draft_show(struct buffer *out, const struct draft *draft)
{
    buffer_add_text(out, "{\"about\":");
    buffer_add_bytes(out, draft->about);
    buffer_printf(out,
                  ",\"at\":%" PRId64 ",\"bytes\":%zu,\"draft\":%" PRId64 "}",
                  draft->at_ms, draft->text_bytes, draft->id);
    return buffer_err(out);
}

/* --- dropping, counting --------------------------------------------------- */

static enum err drop(struct vault *vault, int64_t id)
{
    enum err err = vault_run_int(vault, SQL_DRAFT_DROP, id);
    if (err)
        return err;
    vault->changed = true;
    return db_changes(vault->db) ? ERR_OK : absent(vault, id);
}

enum err draft_drop(struct vault *vault, int64_t id)
{
    enum err err = need_key(vault);
    if (!err)
        err = begin(vault);
    if (err)
        return err;
    err = end(vault, drop(vault, id));
    if (!err && !vault->batch)
        vault_scrub(vault);
    return err;
}

enum err draft_count(struct vault *vault, int64_t *count)
{
    vault->detail[0] = '\0';
    return vault_query(vault, SQL_DRAFT_COUNT, count);
}
