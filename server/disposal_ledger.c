#include "server/disposal_ledger.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "shared/base/journal.h"
#include "shared/base/map.h"
#include "shared/model/canon.h"

/* A decision: DECISION, for each case CASE and its RECORDS and WRITES, END. */
enum { LEDGER_DECISION = 1, LEDGER_CASE, LEDGER_RECORDS, LEDGER_WRITES };
enum { LEDGER_END = 5 };

#define NAME_CHARS (NAME_CHARS_MAX + 16)
#define TEXT_BYTES_MAX 8192u
#define PART_BYTES (1u << 20)

/* --- decisions in memory -------------------------------------------------- */

void disposal_init(struct disposal *disposal)
{
    *disposal = (struct disposal){.count = 0};
}

void disposal_fini(struct disposal *disposal)
{
    for (size_t i = 0; i < disposal->count; i++) {
        buffer_fini(&disposal->cases[i].records);
        buffer_fini(&disposal->cases[i].writes);
    }
    free(disposal->cases);
    disposal_init(disposal);
}

enum err disposal_case_add(struct disposal *disposal, struct bytes kase,
                           struct disposed_case **out)
{
    if (disposal->count == LEDGER_CASES_MAX || kase.size != ID_CHARS)
        return kase.size != ID_CHARS ? ERR_INVALID : ERR_TOO_BIG;
    struct disposed_case *grown =
        realloc(disposal->cases, (disposal->count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    disposal->cases = grown;
    *out = &grown[disposal->count++];
    **out = (struct disposed_case){.kase = ""};
    memcpy((*out)->kase, kase.at, ID_CHARS);
    buffer_init(&(*out)->records, LEDGER_NAMES_BYTES_MAX);
    buffer_init(&(*out)->writes, LEDGER_NAMES_BYTES_MAX);
    return ERR_OK;
}

/* --- the file ------------------------------------------------------------- */

static void ledger_key(const struct office *office,
                       uint8_t out[JOURNAL_KEY_BYTES])
{
    static const char domain[] = "satchel/disposals/1";
    crypto_generichash(out, JOURNAL_KEY_BYTES, (const uint8_t *)domain,
                       sizeof domain, office->keys.root.secret_key, 32);
}

void ledger_path(char out[LEDGER_PATH_CHARS], const struct office *office)
{
    snprintf(out, LEDGER_PATH_CHARS, "%.1050s/disposals", office->keys_dir);
}

void ledger_beside(char out[LEDGER_PATH_CHARS], const struct office *office,
                   const char *backup)
{
    const char *slash = strrchr(backup, '/');
    int size = slash ? (int)(slash - backup) + 1 : 0;
    snprintf(out, LEDGER_PATH_CHARS, "%.*sdisposals.%s",
             size < 1000 ? size : 1000, backup, office->agency);
}

uint64_t ledger_bytes(const struct office *office)
{
    char path[LEDGER_PATH_CHARS];
    struct stat status;
    ledger_path(path, office);
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* --- writing -------------------------------------------------------------- */

static enum err decision_add(struct journal *journal,
                             const struct disposal_row *row)
{
    struct buffer text;
    buffer_init(&text, TEXT_BYTES_MAX);
    buffer_add_text(&text, "{\"approved_by\":");
    canon_put_text(&text, bytes_text(row->approved_by));
    buffer_add_text(&text, ",\"at\":");
    buffer_add_int(&text, row->at);
    buffer_add_text(&text, ",\"decision\":");
    canon_put_text(&text, bytes_text(row->decision));
    buffer_add_text(&text, ",\"proposed_by\":");
    canon_put_text(&text, bytes_text(row->proposed_by));
    buffer_add_text(&text, ",\"reason\":");
    canon_put_text(&text, bytes_text(row->reason));
    buffer_add_char(&text, '}');
    enum err err = buffer_err(&text);
    if (!err)
        err = journal_add(journal, LEDGER_DECISION, buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

/* Names of `size` bytes each, in parts that hold whole ones. */
static enum err names_add(struct journal *journal, uint8_t kind,
                          const struct buffer *names, size_t size)
{
    size_t step = PART_BYTES / size * size;
    enum err err = ERR_OK;
    for (size_t at = 0; !err && at < names->size; at += step) {
        size_t left = names->size - at;
        err = journal_add(journal, kind,
                          bytes_of(names->at + at, left < step ? left : step));
    }
    return err;
}

static enum err group_add(struct journal *journal,
                          const struct disposal *disposal)
{
    enum err err = decision_add(journal, &disposal->row);
    for (size_t i = 0; !err && i < disposal->count; i++) {
        const struct disposed_case *kase = &disposal->cases[i];
        err = journal_add(journal, LEDGER_CASE, bytes_text(kase->kase));
        if (!err)
            err = names_add(journal, LEDGER_RECORDS, &kase->records, ID_CHARS);
        if (!err)
            err = names_add(journal, LEDGER_WRITES, &kase->writes,
                            WRITE_ID_CHARS);
    }
    return err ? err
               : journal_add(journal, LEDGER_END,
                             bytes_text(disposal->row.decision));
}

enum err ledger_append(const struct office *office, const char *path,
                       const struct disposal *disposal)
{
    char name[NAME_CHARS];
    uint8_t key[JOURNAL_KEY_BYTES];
    struct journal *journal;
    ledger_key(office, key);
    snprintf(name, sizeof name, "disposals %s", office->agency);
    struct journal_of of = {.path = path, .name = name, .key = key};
    enum err err = journal_open(&journal, &of);
    if (!err)
        err = journal_begin(journal);
    if (!err) {
        err = group_add(journal, disposal);
        if (err)
            journal_cancel(journal);
        else
            err = journal_commit(journal);
    }
    journal_close(journal);
    sodium_memzero(key, sizeof key);
    return err;
}

/* --- reading -------------------------------------------------------------- */

struct reading {
    struct disposal now; /* the decision at hand */
    bool open;
    uint64_t lost; /* when it began */
    ledger_each_disposal *each;
    void *context;
};

static void text_take(const struct canon *root, const char *name, char *out,
                      size_t room)
{
    struct bytes text;
    if (!canon_text(root, name, &text) || text.size >= room)
        return;
    memcpy(out, text.at, text.size);
    out[text.size] = '\0';
}

static enum err decision_read(struct disposal_row *row, struct bytes payload)
{
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, 64u * TEXT_BYTES_MAX);
    *row = (struct disposal_row){.at = 0};
    enum err err = canon_parse(&arena, payload, &root, NULL);
    if (!err && !canon_int(root, "at", &row->at))
        err = ERR_INVALID;
    if (!err) {
        text_take(root, "approved_by", row->approved_by,
                  sizeof row->approved_by);
        text_take(root, "decision", row->decision, sizeof row->decision);
        text_take(root, "proposed_by", row->proposed_by,
                  sizeof row->proposed_by);
        text_take(root, "reason", row->reason, sizeof row->reason);
    }
    arena_fini(&arena);
    return err;
}

static enum err record_read(struct reading *r,
                            const struct journal_record *record, uint64_t lost)
{
    struct disposal *now = &r->now;
    struct disposed_case *kase =
        now->count ? &now->cases[now->count - 1] : NULL;
    if (record->kind == LEDGER_DECISION) {
        disposal_fini(now);
        r->open = true;
        r->lost = lost;
        return decision_read(&now->row, record->payload);
    }
    if (!r->open || record->kind == JOURNAL_NAME)
        return ERR_OK;
    if (record->kind == LEDGER_CASE)
        return disposal_case_add(now, record->payload, &kase);
    if (record->kind == LEDGER_RECORDS && kase)
        return buffer_add_bytes(&kase->records, record->payload);
    if (record->kind == LEDGER_WRITES && kase)
        return buffer_add_bytes(&kase->writes, record->payload);
    if (record->kind != LEDGER_END)
        return ERR_OK;
    r->open = false;
    return r->lost == lost && bytes_is(record->payload, now->row.decision)
               ? r->each(r->context, now)
               : ERR_OK;
}

static enum err records_read(struct reading *r, struct journal_reader *reader,
                             uint64_t *lost)
{
    struct journal_record record;
    uint64_t count = 0;
    enum err end = ERR_OK, err = ERR_OK;
    while (!err && !(end = journal_reader_next(reader, &record))) {
        count++;
        err = record_read(r, &record, journal_reader_lost(reader));
    }
    *lost = journal_reader_lost(reader);
    if (!count && journal_reader_skipped(reader))
        *lost = 1; /* nothing in it can be read */
    return err || end == ERR_NOT_FOUND ? err : end;
}

enum err ledger_each(const struct office *office, const char *path,
                     ledger_each_disposal *each, void *context, uint64_t *lost)
{
    uint8_t key[JOURNAL_KEY_BYTES];
    struct journal_reader *reader;
    struct reading r = {.each = each, .context = context};
    *lost = 0;
    ledger_key(office, key);
    disposal_init(&r.now);
    enum err err = journal_reader_open(&reader, path, key);
    if (!err)
        err = records_read(&r, reader, lost);
    else if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    disposal_fini(&r.now);
    journal_reader_close(reader);
    sodium_memzero(key, sizeof key);
    return err;
}

/* --- copies --------------------------------------------------------------- */

struct merging {
    const struct office *office;
    const char *to;
    struct map *known; /* decisions that are there */
};

static enum err known_note(void *context, const struct disposal *disposal)
{
    struct merging *m = context;
    return map_put(m->known, bytes_text(disposal->row.decision), m);
}

static enum err missing_add(void *context, const struct disposal *disposal)
{
    struct merging *m = context;
    return map_has(m->known, bytes_text(disposal->row.decision))
               ? ERR_OK
               : ledger_append(m->office, m->to, disposal);
}

enum err ledger_merge(const struct office *office, const char *from,
                      const char *to)
{
    struct merging m = {.office = office, .to = to};
    uint64_t lost;
    enum err err = map_new(&m.known);
    if (!err)
        err = ledger_each(office, to, known_note, &m, &lost);
    if (!err)
        err = ledger_each(office, from, missing_add, &m, &lost);
    map_free(m.known);
    return err;
}
