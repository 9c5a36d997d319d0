#include "server/office.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/disposal.h"
#include "server/ingest_batch.h"
#include "server/office_inner.h"
#include "server/office_journal.h"
#include "server/office_keys.h"
#include "server/recovery.h"
#include "server/store.h"
#include "server/store_agency.h"
#include "server/store_replica.h"

#define CERTIFICATE_BYTES_MAX 4096

static enum err say(struct office *office, enum err err, const char *what)
{
    if (err && !office->detail[0])
        snprintf(office->detail, sizeof office->detail, "%s: %s", what,
                 err_text(err));
    return err;
}

/* --- places --------------------------------------------------------------- */

static enum err places_set(struct office *office,
                           const struct office_options *options)
{
    char data[sizeof office->data_dir];
    size_t size = strlen(options->data_dir);
    while (size > 1 && options->data_dir[size - 1] == '/')
        size--;
    if (size == 0 || size > sizeof data - 16 ||
        (options->keys_dir &&
         strlen(options->keys_dir) >= sizeof office->keys_dir))
        return ERR_TOO_BIG;
    memcpy(data, options->data_dir, size);
    data[size] = '\0';
    memcpy(office->data_dir, data, size + 1);
    snprintf(office->keys_dir, sizeof office->keys_dir, "%.1018s%s",
             options->keys_dir ? options->keys_dir : data,
             options->keys_dir ? "" : ".keys");
    snprintf(office->store, sizeof office->store, "%.1012s/office.db", data);
    if (options->vfs)
        snprintf(office->vfs, sizeof office->vfs, "%s", options->vfs);
    return ERR_OK;
}

/* A store elsewhere is named by a file in the data directory; one inside goes
 * with the directory wherever that is moved. */
static void store_file(const struct office *office, char *out, size_t room)
{
    snprintf(out, room, "%.1000s/store", office->data_dir);
}

static enum err store_read(struct office *office)
{
    char path[1024];
    store_file(office, path, sizeof path);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT || errno == ENOTDIR ? ERR_OK : ERR_IO;
    char line[sizeof office->store];
    bool got = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    if (!got)
        return ERR_CORRUPT;
    line[strcspn(line, "\n")] = '\0';
    memcpy(office->store, line, sizeof office->store);
    return ERR_OK;
}

static enum err store_write(const struct office *office)
{
    char path[1024];
    store_file(office, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    bool good = dprintf(fd, "%s\n", office->store) > 0 && !fsync(fd);
    return close(fd) || !good ? ERR_IO : ERR_OK;
}

static enum err office_new(struct office **out,
                           const struct office_options *options)
{
    *out = NULL;
    if (sodium_init() < 0)
        return ERR_UNSUPPORTED;
    static const struct log silence = {.fd = -1};
    struct office *office = calloc(1, sizeof *office);
    if (!office)
        return ERR_NOMEM;
    office->clock = options->clock ? options->clock : clock_system();
    office->random = options->random ? options->random : random_system();
    office->log = options->log ? options->log : &silence;
    office->journal_bytes_min = options->journal_bytes_min;
    buffer_init(&office->term_text, CERTIFICATE_BYTES_MAX);
    enum err err = places_set(office, options);
    if (err) {
        office_close(office);
        return err;
    }
    *out = office;
    return ERR_OK;
}

static void lineage_make(const struct office *office,
                         char out[LINEAGE_CHARS + 1])
{
    uint8_t bits[LINEAGE_BYTES];
    random_fill(office->random, bits, sizeof bits);
    base64_encode(out, bits, sizeof bits);
}

/* --- the beginning -------------------------------------------------------- */

static enum err agency_write(struct office *office, struct sql *sql,
                             const char *name)
{
    char found[NAME_CHARS_MAX + 1], lineage[LINEAGE_CHARS + 1];
    enum err err = sql_begin(sql, true);
    if (err)
        return err;
    err = store_agency_find(sql, found, lineage);
    if (err == ERR_NOT_FOUND)
        err = store_agency_add(sql, office->agency, name, office->lineage,
                               clock_wall_ms(office->clock));
    else if (!err)
        err = ERR_EXISTS;
    if (err) {
        sql_rollback(sql);
        return err;
    }
    return sql_commit(sql);
}

static enum err office_found(struct office *office, const char *name,
                             bool elsewhere)
{
    struct sql sql = {0};
    if (mkdir(office->data_dir, 0700) && errno != EEXIST) {
        snprintf(office->detail, sizeof office->detail,
                 "cannot make the folder %.300s: %s", office->data_dir,
                 strerror(errno));
        return err_of_errno(errno);
    }
    enum err err =
        say(office, office_keys_make(office->keys_dir, office->random),
            office->keys_dir);
    if (!err && elsewhere)
        err = say(office, store_write(office), office->data_dir);
    if (!err)
        err =
            store_open(&sql, office->store, office->vfs, true, office->detail);
    lineage_make(office, office->lineage);
    if (!err)
        err = say(office, agency_write(office, &sql, name), office->store);
    sql_close(&sql);
    return err;
}

/* What office_found() has just made, its journal being none, say. */
static void found_undo(const char *store, const char *data, const char *keys)
{
    static const char *const files[] = {"agency.keys", "journal"};
    static const char *const stores[] = {"", "-wal", "-shm"};
    char path[sizeof((struct office *)0)->store + 16];
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        snprintf(path, sizeof path, "%s%s", store, stores[i]);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", keys, files[i]);
        unlink(path);
    }
    rmdir(data);
    rmdir(keys);
}

enum err office_init(const struct office_options *options, const char *agency,
                     const char *name, char detail[OFFICE_DETAIL_CHARS])
{
    struct office *office;
    detail[0] = '\0';
    if (!name_valid(bytes_text(agency))) {
        snprintf(detail, OFFICE_DETAIL_CHARS,
                 "an agency is named in lower-case letters, digits, '_', '.' "
                 "and '-'");
        return ERR_INVALID;
    }
    enum err err = office_new(&office, options);
    if (err)
        return err;
    snprintf(office->agency, sizeof office->agency, "%s", agency);
    if (options->store)
        snprintf(office->store, sizeof office->store, "%s", options->store);
    err = office_found(office, name, options->store != NULL);
    snprintf(detail, OFFICE_DETAIL_CHARS, "%s", office->detail);
    if (err) {
        office_close(office);
        return err;
    }
    struct office *made = office; /* for its paths */
    /* The first term writes the shipped record types, and all of it into the
     * journal. */
    struct office_options first = *options;
    first.serving = true;
    err = office_open(&office, &first, true, detail);
    office_close(office);
    if (err && !options->vfs)
        found_undo(made->store, made->data_dir, made->keys_dir);
    office_close(made);
    return err;
}

/* --- terms ---------------------------------------------------------------- */

static enum err term_certify(struct office *office)
{
    struct term_certificate term = {.at = clock_wall_ms(office->clock)};
    uint8_t seed[32];
    random_fill(office->random, seed, sizeof seed);
    keypair_from_seed(&office->term_keys, seed);
    sodium_memzero(seed, sizeof seed);
#ifdef MUTANT_REUSE_IDS
    memset(seed, 7, sizeof seed);
    keypair_from_seed(&office->term_keys, seed);
#endif
    replica_id(office->term, 'o', office->agency, office->term_keys.public_key);
    memcpy(term.agency, office->agency, sizeof term.agency);
    memcpy(term.replica, office->term, sizeof term.replica);
    memcpy(term.key, office->term_keys.public_key, sizeof term.key);
    enum err err = term_certificate_write(&office->term_text, &term);
    if (!err)
        chain_sign(office->term_signature, &office->keys.root, DOMAIN_TERM,
                   buffer_bytes(&office->term_text));
    return err;
}

static enum err term_write(struct office *office, struct sql *sql)
{
    struct replica_row row = {.kind = 'o',
                              .enrolled_at = clock_wall_ms(office->clock)};
    struct batch b;
    memcpy(row.replica, office->term, sizeof row.replica);
    memcpy(row.key, office->term_keys.public_key, sizeof row.key);
    enum err err = store_replica_add(sql, office->agency, &row,
                                     buffer_bytes(&office->term_text),
                                     office->term_signature);
#ifdef MUTANT_REUSE_IDS
    err = err == ERR_EXISTS ? ERR_OK : err;
#endif
    if (!err)
        err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = office_schema_publish(&b);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    return err;
}

static enum err term_begin(struct office *office, struct sql *sql)
{
    enum err err = term_certify(office);
    if (!err)
        err = sql_begin(sql, true);
    if (err)
        return err;
    err = term_write(office, sql);
    if (!err && office_journal_taken_back(office->journal))
        err = office_new_lineage(office, sql);
    if (err) {
        sql_rollback(sql);
        return err;
    }
    return sql_commit(sql);
}

enum err office_begin_term(struct office *office, struct sql *sql)
{
    return say(office, term_begin(office, sql), "the office's term");
}

/* --- life ----------------------------------------------------------------- */

/* With another agency's keys the office would open, and no device would ever
 * accept what it signs. */
static enum err keys_check(struct office *office, struct sql *sql)
{
    struct buffer text;
    uint8_t sig[SIGNATURE_BYTES];
    buffer_init(&text, CERTIFICATE_BYTES_MAX);
    enum err err = store_term_certificate(sql, office->agency, &text, sig);
    if (!err)
        err = chain_verify(sig, office->keys.root.public_key, DOMAIN_TERM,
                           buffer_bytes(&text));
    buffer_fini(&text);
    if (err == ERR_SIGNATURE)
        snprintf(office->detail, sizeof office->detail,
                 "the keys in %.300s are another office's", office->keys_dir);
    return err == ERR_NOT_FOUND ? ERR_OK : say(office, err, office->store);
}

/* Damaged keys do not make the office a damaged one. */
static enum err keys_load(struct office *office)
{
    enum err err = office_keys_load(office->keys_dir, &office->keys);
    if (err != ERR_CORRUPT)
        return say(office, err, office->keys_dir);
    snprintf(office->detail, sizeof office->detail,
             "the agency's keys in %.300s are damaged; put the copy of them "
             "there, or give --keys DIR",
             office->keys_dir);
    return ERR_INVALID;
}

static enum err journal_load(struct office *office, struct sql *sql,
                             const struct office_options *options)
{
    enum err err = ERR_OK;
    if (options->journal)
        err = office_journal_set(office, sql, options->journal);
    if (!err)
        err =
            say(office,
                office_journal_open(&office->journal, office, options->serving),
                "the journal");
    if (!err && office->journal)
        sql->tap = office_journal_tap(office->journal);
    return err;
}

static enum err office_load(struct office *office, bool term,
                            const struct office_options *options,
                            struct sql *sql)
{
    struct schema *schema = NULL;
    enum err err = keys_load(office);
    if (!err)
        err = say(office, store_read(office), office->data_dir);
    if (!err)
        err =
            store_open(sql, office->store, office->vfs, false, office->detail);
    if (!err)
        err =
            say(office, store_agency_find(sql, office->agency, office->lineage),
                office->store);
    if (!err)
        err = keys_check(office, sql);
    if (!err)
        err = say(office, office_schema_load(office, sql, &schema),
                  "the record types");
    office->schema = schema;
    if (!err)
        err = journal_load(office, sql, options);
    if (!err && !options->restoring)
        err = say(office, disposal_settle(office, sql), "what was disposed of");
    return !err && term ? office_begin_term(office, sql) : err;
}

enum err office_open_connected(struct office **out,
                               const struct office_options *options, bool term,
                               struct sql *sql,
                               char detail[OFFICE_DETAIL_CHARS])
{
    struct office *office;
    *sql = (struct sql){0};
    *out = NULL;
    detail[0] = '\0';
    enum err err = office_new(&office, options);
    if (err)
        return err;
    err = office_load(office, term, options, sql);
    if (err) {
        sql_close(sql);
        snprintf(detail, OFFICE_DETAIL_CHARS, "%s",
                 office->detail[0] ? office->detail : err_text(err));
        office_close(office);
        return err;
    }
    *out = office;
    return ERR_OK;
}

enum err office_open(struct office **out, const struct office_options *options,
                     bool term, char detail[OFFICE_DETAIL_CHARS])
{
    struct sql sql;
    enum err err = office_open_connected(out, options, term, &sql, detail);
    sql_close(&sql);
    return err;
}

void office_close(struct office *office)
{
    if (!office)
        return;
    for (size_t i = 0; i < office->retired_count; i++)
        schema_free(office->retired[i]);
    free(office->retired);
    schema_free(office->schema);
    office_journal_close(office->journal);
    buffer_fini(&office->term_text);
    sodium_memzero(office, sizeof *office);
    free(office);
}

enum err office_connect(struct office *office, struct sql *out)
{
    char detail[sizeof office->detail] = "";
    enum err err = store_open(out, office->store, office->vfs, false, detail);
    /* Threads connect at the same time: what goes well touches nothing. */
    if (err)
        memcpy(office->detail, detail, sizeof detail);
    else if (office->journal)
        out->tap = office_journal_tap(office->journal);
    return err;
}

enum err office_new_lineage(struct office *office, struct sql *sql)
{
    char lineage[LINEAGE_CHARS + 1];
    int64_t now = clock_wall_ms(office->clock);
    struct buffer detail;
    buffer_init(&detail, 1024);
    lineage_make(office, lineage);
    enum err err = buffer_printf(&detail, "{\"lineage\":\"%s\"}", lineage);
    if (!err)
        err = store_lineage_set(sql, office->agency, lineage, now);
    if (!err)
        err = store_invite_void(sql, office->agency, now);
    if (!err)
        err = recovery_begin(sql, office->agency, now);
    if (!err)
        err = store_act(sql, office->agency, now, "office", "lineage",
                        buffer_bytes(&detail));
    buffer_fini(&detail);
    if (!err)
        memcpy(office->lineage, lineage, sizeof office->lineage);
    return err;
}
