#include "shared/replica/mirror_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/file.h"
#include "shared/replica/line.h"
#include "shared/replica/own_logs.h"

#define RECORD_ARENA_BYTES (8u << 20)
#define TRIES_MAX 3 /* another process may put a new file in its place */
/* Lines past the mark are cut off when nothing else is left, or they are many.
 */
#define RECEIVED_LINES_MAX 1000
/* What one commit makes up for; the rest waits for the next. */
#define CASES_AT_ONCE 64

void mirror_file_init(struct mirror *m, bool lines)
{
    *m = (struct mirror){.lines = lines};
    arena_init(&m->arena, RECORD_ARENA_BYTES);
    buffer_init(&m->text, MIRROR_RECORD_BYTES_MAX);
}

void mirror_file_fini(struct mirror *m)
{
    journal_close(m->journal);
    free(m->cases);
    buffer_fini(&m->text);
    arena_fini(&m->arena);
}

/* --- the file as it is ---------------------------------------------------- */

static enum err case_room(struct mirror *m)
{
    if (m->case_count < m->case_room)
        return ERR_OK;
    size_t room = m->case_room ? 2 * m->case_room : 64;
    int64_t *grown = realloc(m->cases, room * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    m->cases = grown;
    m->case_room = room;
    return ERR_OK;
}

static void case_seen(struct mirror *m, int64_t id, struct bytes wrap)
{
    if (m->lines && case_room(m))
        m->broken = true; /* another time */
    else if (m->lines)
        m->cases[m->case_count++] = id;
    if (id < m->last_case)
        return;
    m->last_case = id;
    m->last_print = mirror_fingerprint(wrap);
}

static bool case_is_there(const struct mirror *m, int64_t id)
{
    size_t i = m->case_count;
    while (i && m->cases[i - 1] != id)
        i--;
    return i > 0;
}

static void line_seen(struct mirror *m, const struct mirror_line *line)
{
    bool same = !strcmp(m->log, line->replica);
    if (same && line->n != m->n + 1)
        m->broken = true;
    snprintf(m->log, sizeof m->log, "%s", line->replica);
    m->n = line->n;
    m->last_body = mirror_fingerprint(line->body);
    m->line_count++;
}

/* A record that is there: written by this process or another. */
static void record_seen(void *context, const struct journal_record *record)
{
    struct mirror *m = context;
    struct mirror_keys keys;
    struct mirror_case kase;
    struct mirror_line line;
    arena_clear(&m->arena);
    if (record->kind == MIRROR_KEYS &&
        !mirror_keys_read(&m->arena, record->payload, &keys)) {
        m->has_keys = true;
        m->destroyed = keys.destroyed;
        memcpy(m->replica, keys.replica, sizeof m->replica);
    }
    if (record->kind == MIRROR_CASE &&
        !mirror_case_read(&m->arena, record->payload, &kase))
        case_seen(m, kase.id, kase.vault_wrap);
    if (record->kind == MIRROR_LINE &&
        !mirror_line_read(&m->arena, record->payload, &line))
        line_seen(m, &line);
}

static void known_forget(struct mirror *m)
{
    m->case_count = 0;
    m->has_keys = m->checked = m->broken = false;
    m->replica[0] = m->log[0] = '\0';
    m->last_print = 0;
    m->last_case = m->destroyed = m->n = m->line_count = 0;
}

void mirror_file_close(struct mirror *m)
{
    journal_close(m->journal);
    m->journal = NULL;
    known_forget(m);
}

static enum err file_open(struct mirror *m)
{
    struct journal_of of = {
        .path = m->path, .name = m->name, .seen = record_seen, .context = m};
    known_forget(m);
    return journal_open(&m->journal, &of);
}

/* Opens and locks it.  Another process may have put a new one in its place. */
static enum err file_begin(struct mirror *m)
{
    enum err err = ERR_NOT_FOUND;
    for (int i = 0; err == ERR_NOT_FOUND && i < TRIES_MAX; i++) {
        err = m->journal ? ERR_OK : file_open(m);
        if (!err)
            err = journal_begin(m->journal);
        if (err)
            mirror_file_close(m);
    }
    return err;
}

/* --- what is added -------------------------------------------------------- */

typedef enum err payload_write(struct buffer *out, const void *of);

static enum err record_add(struct mirror *m, struct journal *journal,
                           enum mirror_kind kind, payload_write *write,
                           const void *of)
{
    buffer_clear(&m->text);
    enum err err = write(&m->text, of);
    return err ? err
               : journal_add(journal, (uint8_t)kind, buffer_bytes(&m->text));
}

static enum err keys_payload(struct buffer *out, const void *of)
{
    return mirror_keys_write(out, of);
}

static enum err case_payload(struct buffer *out, const void *of)
{
    return mirror_case_write(out, of);
}

static enum err line_payload(struct buffer *out, const void *of)
{
    return mirror_line_write(out, of);
}

static enum err keys_add(struct mirror *m, struct journal *journal,
                         const struct mirror_facts *facts)
{
    if (m->has_keys && !strcmp(m->replica, facts->keys.replica))
        return ERR_OK;
    enum err err =
        record_add(m, journal, MIRROR_KEYS, keys_payload, &facts->keys);
    m->has_keys = !err;
    m->destroyed = facts->keys.destroyed;
    memcpy(m->replica, facts->keys.replica, sizeof m->replica);
    return err;
}

static enum err case_row_add(struct mirror *m, struct journal *journal,
                             int64_t id, struct sqlite3_stmt *s)
{
    struct mirror_case kase = {.id = id};
    enum err err = db_column_fixed(s, 0, kase.token, sizeof kase.token);
    kase.vault_wrap = db_column_bytes(s, 1);
    kase.office_wrap = db_column_bytes(s, 2);
    if (!err)
        err = record_add(m, journal, MIRROR_CASE, case_payload, &kase);
    if (!err)
        case_seen(m, id, kase.vault_wrap);
    return err;
}

static enum err case_add(struct vault *vault, struct mirror *m,
                         struct journal *journal, int64_t id)
{
    struct sqlite3_stmt *s;
    bool row;
    if (case_is_there(m, id))
        return ERR_OK;
    enum err err = vault_sql(vault, SQL_CASE_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        err = case_row_add(m, journal, id, s);
    db_reset(s);
    return err;
}

/* The key file has all keys that can be read here. */
static enum err cases_add(struct vault *vault, struct mirror *m,
                          struct journal *journal)
{
    enum err err = ERR_OK;
    int64_t id = m->last_case;
    m->more = false;
    for (int i = 0; !err; i++) {
        struct sqlite3_stmt *s;
        bool row;
        err = vault_sql(vault, SQL_CASE_NEXT, &s);
        if (err)
            return err;
        db_bind_int64(vault->db, s, 1, id);
        err = db_step_row(vault->db, s, &row);
        if (err || !row)
            return err;
        id = db_column_int64(s, 0);
        db_reset(s);
        if (i == CASES_AT_ONCE && !m->whole)
            return ERR_OK;
        m->more = i == CASES_AT_ONCE - 1;
        err = case_add(vault, m, journal, id);
    }
    return err;
}

/* Columns of SQL_LOG_RANGE. */
enum { RANGE_N, RANGE_BODY, RANGE_KEY, RANGE_SIGNATURE = 5 };

static enum err line_row_add(struct vault *vault, struct mirror *m,
                             struct journal *journal, struct sqlite3_stmt *s)
{
    struct bytes signature = db_column_bytes(s, RANGE_SIGNATURE);
    struct mirror_line line = {
        .n = db_column_int64(s, RANGE_N),
        .key = db_column_int64(s, RANGE_KEY),
        .body = db_column_bytes(s, RANGE_BODY),
        .is_signed = signature.size == SIGNATURE_BYTES,
    };
    if (line.n == m->n && !strcmp(m->log, m->replica))
        return ERR_OK; /* the same under another key */
    memcpy(line.replica, m->replica, sizeof line.replica);
    if (line.is_signed)
        memcpy(line.signature, signature.at, SIGNATURE_BYTES);
    enum err err = case_add(vault, m, journal, line.key);
    if (!err)
        err = record_add(m, journal, MIRROR_LINE, line_payload, &line);
    if (!err)
        line_seen(m, &line);
    return err;
}

static int64_t lines_from(const struct mirror *m,
                          const struct mirror_facts *facts)
{
    bool follows = !strcmp(m->log, facts->keys.replica) && m->n > facts->mark;
    return follows ? m->n + 1 : facts->mark + 1;
}

static enum err lines_add(struct vault *vault, struct mirror *m,
                          struct journal *journal,
                          const struct mirror_facts *facts)
{
    struct sqlite3_stmt *s;
    int64_t from = lines_from(m, facts);
    if (!facts->enrolled || from > facts->head)
        return ERR_OK;
    if (strcmp(m->log, facts->keys.replica) || m->n < from - 1)
        m->log[0] = '\0'; /* what is between is safe */
    enum err err = vault_sql(vault, SQL_LOG_RANGE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, facts->identity.log);
    db_bind_int64(vault->db, s, 2, from);
    db_bind_int64(vault->db, s, 3, facts->head);
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            err = line_row_add(vault, m, journal, s);
    }
    db_reset(s);
    return err;
}

static enum err all_add(struct vault *vault, struct mirror *m,
                        struct journal *journal,
                        const struct mirror_facts *facts)
{
    enum err err = keys_add(m, journal, facts);
    if (!err)
        err = m->lines ? lines_add(vault, m, journal, facts)
                       : cases_add(vault, m, journal);
    return err;
}

/* --- a new file in its place ---------------------------------------------- */

static bool lines_are_done(const struct mirror *m,
                           const struct mirror_facts *facts)
{
    int64_t wanted = facts->head - facts->mark;
    return m->lines && m->line_count > 0 &&
           (wanted <= 0 || m->line_count - wanted > RECEIVED_LINES_MAX);
}

/* A wrapping that the vault has destroyed must not live on in a file. */
static enum err anew_wanted(struct vault *vault, struct mirror *m,
                            const struct mirror_facts *facts, bool *wanted)
{
    *wanted = m->broken || lines_are_done(m, facts) ||
              (m->has_keys && m->destroyed != facts->keys.destroyed);
    if (*wanted || m->checked)
        return ERR_OK;
    m->checked = true;
    return mirror_case_differs(vault, m, wanted);
}

static enum err fresh_fill(struct vault *vault, struct mirror *m,
                           const struct mirror_facts *facts)
{
    enum err err = file_open(m);
    if (!err)
        err = journal_begin(m->journal);
    if (!err)
        err = all_add(vault, m, m->journal, facts);
    return err ? err : journal_commit(m->journal);
}

/* The old one stays locked until the new one has its name. */
static enum err file_anew(struct vault *vault, struct mirror *m,
                          const struct mirror_facts *facts)
{
    struct journal *old = m->journal;
    char path[MIRROR_PATH_CHARS];
    int size = snprintf(path, sizeof path, "%s", m->path);
    m->journal = NULL;
    if ((size_t)snprintf(m->path, sizeof m->path, "%.*s.new", size, path) >=
        sizeof m->path)
        return ERR_TOO_BIG;
    unlink(m->path);
    m->whole = true;
    enum err err = fresh_fill(vault, m, facts);
    m->whole = false;
    if (!err && rename(m->path, path))
        err = ERR_IO;
    if (err)
        unlink(m->path);
    memcpy(m->path, path, sizeof path);
    mirror_file_close(m);
    journal_close(old);
    return err ? err : file_folder_sync(path);
}

/* --- following ------------------------------------------------------------ */

/* Own lines up to here need no mirror: the office has them in a backup.  One
 * that makes none has at least received them. */
static enum err mark_load(struct vault *vault, struct mirror_facts *facts)
{
    struct own_logs logs;
    facts->mark = facts->identity.public.received;
    enum err err = own_logs_load(vault, &logs);
    const struct own_log *log =
        err ? NULL : own_logs_find(&logs, facts->identity.log);
    if (log && log->backed)
        facts->mark = log->backed;
    own_logs_fini(&logs);
    return err;
}

enum err mirror_facts_load(struct vault *vault, struct mirror_facts *facts)
{
    /* The arena may hold what the caller of the commit still needs. */
    *facts = (struct mirror_facts){.enrolled = true};
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &facts->identity);
    if (err == ERR_NOT_FOUND) {
        facts->enrolled = false;
        err = ERR_OK;
    } else if (!err) {
        const struct identity *id = &facts->identity.public;
        memcpy(facts->keys.agency, id->agency, sizeof facts->keys.agency);
        memcpy(facts->keys.replica, id->replica, sizeof facts->keys.replica);
        memcpy(facts->keys.user, id->user, sizeof facts->keys.user);
        err = line_head(vault, facts->identity.log, &facts->head);
        if (!err)
            err = mark_load(vault, facts);
    }
    if (!err)
        err = vault_query(vault, SQL_MIRROR_DESTROYED, &facts->keys.destroyed);
    return err ? err : vault_keys_load(vault, &facts->keys.row);
}

/* Files are told apart by the vault's name, which it keeps for life. */
static void name_make(struct mirror *m, const struct mirror_facts *facts)
{
    char text[BASE64_CHARS(KEY_SALT_BYTES) + 1];
    base64_encode(text, facts->keys.row.name, KEY_SALT_BYTES);
    snprintf(m->name, sizeof m->name, "satchel %s",
             text); /* the same for both: either can stand for the other */
}

enum err mirror_file_check(struct vault *vault, struct mirror *m)
{
    struct mirror_facts facts;
    enum err err = mirror_facts_load(vault, &facts);
    if (err)
        return err;
    name_make(m, &facts);
    err = file_begin(m);
    if (!err)
        err = mirror_line_check(vault, m);
    mirror_file_close(m);
    return err;
}

enum err mirror_file_follow(struct vault *vault, struct mirror *m)
{
    struct mirror_facts facts;
    bool anew = false;
    enum err err = mirror_facts_load(vault, &facts);
    if (err)
        return err;
    name_make(m, &facts);
    err = file_begin(m);
    if (!err && !m->checked)
        err = mirror_line_check(vault, m);
    if (!err)
        err = anew_wanted(vault, m, &facts, &anew);
    if (!err && anew)
        return file_anew(vault, m, &facts);
    if (!err)
        err = all_add(vault, m, m->journal, &facts);
    if (!err)
        err = journal_commit(m->journal);
    if (err)
        mirror_file_close(m); /* as the file is, not as it should be */
    return err;
}
