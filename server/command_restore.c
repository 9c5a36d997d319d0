/* restore: an office from a backup, the journal and the agency's keys. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/blob_file.h"
#include "server/blob_keep.h"
#include "server/command.h"
#include "server/disposal.h"
#include "server/office_keys.h"
#include "server/restore_rest.h"
#include "server/store.h"
#include "server/store_agency.h"
#include "server/verify.h"
#include "server/views.h"

#define PATH_CHARS 1200
#define CHUNK_BYTES 65536

/* --- the file ------------------------------------------------------------- */

static bool copy_bytes(int from, int to)
{
    char chunk[CHUNK_BYTES];
    ssize_t size;
    while ((size = read(from, chunk, sizeof chunk)) > 0)
        for (ssize_t done = 0; done < size;) {
            ssize_t put = write(to, chunk + done, (size_t)(size - done));
            if (put < 0)
                return false;
            done += put;
        }
    return size == 0 && fsync(to) == 0;
}

static int copy_file(const struct command *c, const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return command_fail(c, ERR_NOT_FOUND,
                            "the backup %.300s cannot be read: %s", from,
                            strerror(errno));
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool done = out >= 0 && copy_bytes(in, out);
    int number = errno;
    close(in);
    if (out >= 0 && close(out) != 0)
        done = false;
    return done ? EXIT_DONE
                : command_fail(c, ERR_IO, "%.300s cannot be written: %s", to,
                               strerror(number));
}

/* A failed restore leaves the directory as it was: absent or empty. */
static void take_back(const char *data, const char *store)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[PATH_CHARS + 8];
        snprintf(path, sizeof path, "%s%s", store, suffixes[i]);
        unlink(path);
    }
    if (data) {
        blob_file_forget(data);
        rmdir(data);
    }
}

/* --- the journal ---------------------------------------------------------- */

struct restore {
    struct command *command;
    const char *from;    /* the backup; NULL: none */
    const char *journal; /* as given; NULL: the one that the backup names */
    char store[PATH_CHARS];
    struct journal_setting setting; /* of the backup, then of the journal */
    bool has_setting;
    bool without; /* --journal none: as if there were none */
    bool replayed;
    bool covers; /* all that was ever acknowledged is here */
    int64_t blobs_lost;
    uint8_t key[JOURNAL_KEY_BYTES];
    struct replay_source source;
    struct replay_plan plan; /* owned */
    struct replay_result result;
    bool damaged; /* transactions in the journal cannot be run again */
    struct restore_rest rest; /* owned; what is behind them */
};

static enum err setting_read(struct restore *r, struct sql *sql)
{
    char agency[NAME_CHARS_MAX + 1], lineage[LINEAGE_CHARS + 1];
    enum err err = store_agency_find(sql, agency, lineage);
    if (!err)
        err = journal_setting_load(sql, agency, &r->setting);
    r->has_setting = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Into the copy of the backup, or an empty store in its place. */
static enum err replay_into(struct restore *r,
                            const struct replay_source *source,
                            const struct replay_plan *plan, char *detail)
{
    struct sql sql;
    if (plan->from_base)
        take_back(NULL, r->store);
    enum err err = store_open(&sql, r->store, NULL, plan->from_base, detail);
    if (err)
        return err;
    err = journal_replay(source, plan, &sql, &r->result);
    sql_close(&sql);
    return err;
}

static enum err replay(struct restore *r, const char *keys_dir, char *detail)
{
    const struct replay_plan *plan = &r->plan;
    enum err err = journal_survey(&r->source, &r->plan);
    if (!err && plan->usable) {
        err = replay_into(r, &r->source, plan, detail);
        r->replayed = !err;
        r->damaged = r->result.lost > 0;
        r->covers = !err && !r->damaged &&
                    journal_state_whole(keys_dir, r->result.instance);
    } else if (!err && plan->at_backup) {
        r->replayed = true;
        r->covers = journal_state_whole(keys_dir, r->setting.instance);
    } else if (!err) {
        r->damaged = plan->beyond;
    }
    if (!r->result.transactions) {
        r->result.groups = r->setting.groups;
        memcpy(r->result.instance, r->setting.instance, GROUP_INSTANCE_BYTES);
    }
    return err;
}

static void keys_place(const struct command *c, char out[PATH_CHARS])
{
    const char *data = args_text(&c->args, "--data");
    const char *keys = args_text(&c->args, "--keys");
    size_t size = strlen(data);
    while (size > 1 && data[size - 1] == '/')
        size--;
    snprintf(out, PATH_CHARS, "%.*s%s", keys ? 1000 : (int)size,
             keys ? keys : data, keys ? "" : ".keys");
}

static int use_journal(struct restore *r)
{
    struct command *c = r->command;
    char keys_dir[PATH_CHARS], detail[STORE_DETAIL_CHARS] = "";
    struct office_keys keys;
    const char *path = r->journal ? r->journal : r->setting.path;
    if (r->without ||
        (!r->journal && (!r->has_setting || access(path, R_OK) != 0)))
        return EXIT_DONE;
    keys_place(c, keys_dir);
    enum err err = office_keys_load(keys_dir, &keys);
    if (err)
        return command_fail(c, err,
                            "the agency's keys are not in %.300s; put the copy "
                            "of them there, or give --keys DIR",
                            keys_dir);
    office_journal_key(&keys, r->key);
    r->source = (struct replay_source){.path = path,
                                       .key = r->key,
                                       .has_backup = r->has_setting,
                                       .backup = r->setting};
    err = replay(r, keys_dir, detail);
    sodium_memzero(&keys, sizeof keys);
    if (err)
        return command_fail(c, err, "the journal %.300s: %s", path,
                            detail[0] ? detail : err_text(err));
    if (r->journal && !r->replayed && !r->damaged)
        return command_fail(c, ERR_FOREIGN,
                            "%.300s holds nothing that follows this backup; "
                            "is it this office's journal?",
                            path);
    return EXIT_DONE;
}

/* --- the office ----------------------------------------------------------- */

/* The next `serve` goes on with the journal, from a new base. */
static enum err journal_go_on(struct restore *r)
{
    struct command *c = r->command;
    if (!r->replayed && !r->has_setting)
        return ERR_OK;
    char *path = r->journal ? realpath(r->journal, NULL) : NULL;
    if (r->journal && !path)
        return ERR_IO;
    enum err err = journal_setting_save(
        c->office, &c->sql, path ? path : r->setting.path,
        r->replayed ? r->result.groups : r->setting.groups);
    free(path);
    return err;
}

/* Those that the backup does not have count as missing; devices bring them
 * again, as the new lineage tells them that receipts are void. */
static enum err blobs_bring(struct restore *r)
{
    struct command *c = r->command;
    char beside[BLOB_PATH_CHARS] = "", to[BLOB_PATH_CHARS];
    struct blob_copies copies;
    blob_file_folder(to, c->office);
    if (r->from)
        blob_keep_beside(beside, sizeof beside, r->from);
    enum err err = blob_keep_copy(c->office, &c->sql, beside, to, &copies);
    if (!err)
        err = blob_keep_census(c->office, &c->sql, &r->blobs_lost);
    if (r->blobs_lost)
        r->covers = false;
    return err;
}

/* No backup undoes a decision that is younger. */
static enum err disposals_repeat(struct restore *r)
{
    struct command *c = r->command;
    char beside[LEDGER_PATH_CHARS], own[LEDGER_PATH_CHARS];
    uint64_t bytes;
    enum err err = ERR_OK;
    ledger_path(own, c->office);
    if (r->from) {
        ledger_beside(beside, c->office, r->from);
        err = ledger_merge(c->office, beside, own);
    }
    return err ? err : disposal_catch_up(c->office, &c->sql, &bytes);
}

/* Devices must notice when the office has forgotten what came after. */
static enum err settle(struct restore *r)
{
    struct command *c = r->command;
    enum err err = journal_go_on(r);
    if (!err)
        err = disposals_repeat(r);
    if (!err)
        err = blobs_bring(r);
    if (!err && !r->covers)
        err = office_new_lineage(c->office, &c->sql);
    return err;
}

static int make_whole(struct restore *r)
{
    struct command *c = r->command;
    c->sql.tap = NULL; /* nothing of this goes into the old journal */
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = settle(r);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code != EXIT_DONE)
        return code;
    if (r->replayed)
        err = office_rebuild(c->office, &c->sql);
    if (!err)
        err = views_update(c->office);
    if (!err && !(err = store_disposal_any(&c->sql, c->office->agency)))
        err = disposal_clean(c->office, &c->sql);
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

/* The lines behind the damage come back as from a device, into the office as it
 * now is. */
static int heal(struct restore *r)
{
    struct command *c = r->command;
    if (!r->damaged)
        return EXIT_DONE;
    command_close(c);
    int code = command_open_office(c, true);
    if (code != EXIT_DONE)
        return code;
    enum err err = office_connect(c->office, &c->sql);
    if (!err)
        err = restore_rest(&r->rest, c->office, &c->sql, &r->source, &r->plan,
                           &r->result);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static void damage_print(const struct restore *r)
{
    const struct restore_rest *rest = &r->rest;
    printf("the journal is damaged: %llu of its records are missing, which "
           "touches %lld transactions or more\n"
           "%lld lines of those behind the damage were taken back\n"
           "the rest comes from the devices, of which `status` says what is "
           "still gone\n",
           (unsigned long long)r->result.lost,
           (long long)rest->result.missing + (long long)rest->result.damaged,
           (long long)rest->lines);
    if (rest->acts.size)
        printf("what was administered there; look whether users or codes have "
               "to be set again:\n%s",
               buffer_text(&rest->acts));
}

/* Members of "journal", each with its comma. */
static void damage_json(struct buffer *json, const struct restore *r)
{
    const struct restore_rest *rest = &r->rest;
    struct bytes acts = buffer_bytes(&rest->acts);
    buffer_add_text(json, "\"acts\":[");
    for (size_t i = 0; i < acts.size; i++)
        if (acts.at[i] != '\n')
            buffer_add_char(json, (char)acts.at[i]);
        else if (i + 1 < acts.size)
            buffer_add_char(json, ',');
    buffer_printf(json, "],\"damaged\":%lld,\"healed\":%lld,",
                  (long long)rest->result.missing +
                      (long long)rest->result.damaged,
                  (long long)rest->lines);
}

static void report_text(const struct restore *r)
{
    const struct command *c = r->command;
    printf("restored the office of %s into %s, with %s lineage\n",
           c->office->agency, c->office->data_dir, r->covers ? "its" : "a new");
    if (r->replayed)
        printf("%lld transactions came from the journal%s\n",
               (long long)r->result.transactions,
               r->covers ? ", which held everything"
                         : "; it does not hold everything");
    if (r->damaged)
        damage_print(r);
    if (r->blobs_lost)
        printf(
            "%lld attachments are in no backup; devices that have them bring "
            "them again\n",
            (long long)r->blobs_lost);
    if (!r->covers)
        puts("devices bring back what is missing; codes that were not used "
             "are void");
    printf("keys are not in a backup: those in %s are used\n",
           c->office->keys_dir);
}

static int report(struct restore *r)
{
    struct command *c = r->command;
    if (!c->json) {
        report_text(r);
        return EXIT_DONE;
    }
    struct buffer json;
    buffer_init(&json, 2 * RESTORE_ACTS_BYTES_MAX);
    buffer_printf(&json, "{\"agency\":\"%s\",\"data\":", c->office->agency);
    canon_put_text(&json, bytes_text(c->office->data_dir));
    buffer_add_text(&json, ",\"journal\":{");
    damage_json(&json, r);
    buffer_printf(
        &json,
        "\"lost\":%llu,\"replayed\":%s,"
        "\"transactions\":%lld,\"whole\":%s},\"keys\":",
        (unsigned long long)r->result.lost, r->replayed ? "true" : "false",
        (long long)r->result.transactions, r->covers ? "true" : "false");
    canon_put_text(&json, bytes_text(c->office->keys_dir));
    buffer_printf(&json, ",\"lineage\":\"%s\"}", c->office->lineage);
    return command_print(c, &json);
}

static int copy_backup(struct restore *r)
{
    struct command *c = r->command;
    char detail[STORE_DETAIL_CHARS] = "";
    struct sql sql;
    int64_t lines;
    if (!r->from)
        return EXIT_DONE;
    int code = copy_file(c, r->from, r->store);
    if (code == EXIT_DONE)
        code = command_check_store(c, r->store, r->from, &lines);
    if (code != EXIT_DONE)
        return code;
    enum err err = store_open(&sql, r->store, NULL, false, detail);
    if (!err)
        err = setting_read(r, &sql);
    sql_close(&sql);
    return err ? command_fail(c, err, "%.300s: %s", r->from,
                              detail[0] ? detail : err_text(err))
               : EXIT_DONE;
}

static int restore(struct restore *r)
{
    int code = copy_backup(r);
    if (code == EXIT_DONE)
        code = use_journal(r);
    if (code == EXIT_DONE)
        code = command_open(r->command, COMMAND_READ);
    if (code == EXIT_DONE)
        code = make_whole(r);
    return code == EXIT_DONE ? heal(r) : code;
}

static int check_arguments(struct restore *r, const char *data)
{
    struct command *c = r->command;
    if (c->operand_count > 0)
        return command_misuse(c, "restore takes no operand; the file is given "
                                 "with --from");
    if (!r->from && !r->journal)
        return command_misuse(c, "--from FILE is missing: the backup");
    if (!command_is_new(data))
        return command_fail(c, ERR_EXISTS,
                            "%.300s is not empty; a restore never overwrites, "
                            "give --data a directory that is new",
                            data);
    int size = snprintf(r->store, sizeof r->store, "%s/office.db", data);
    return size < 0 || (size_t)size >= sizeof r->store
               ? command_misuse(c, "the path given with --data is too long")
               : EXIT_DONE;
}

int command_restore(struct command *c)
{
    struct restore r = {.command = c,
                        .from = args_text(&c->args, "--from"),
                        .journal = args_text(&c->args, "--journal")};
    const char *data = args_text(&c->args, "--data");
    r.without = r.journal && !strcmp(r.journal, "none");
    if (r.without)
        r.journal = NULL;
    int code = check_arguments(&r, data);
    if (code != EXIT_DONE)
        return code;
    if (mkdir(data, 0700) != 0 && errno != EEXIST)
        return command_fail(c, ERR_IO, "%.300s cannot be made: %s", data,
                            strerror(errno));
    restore_rest_init(&r.rest);
    code = restore(&r);
    if (code == EXIT_DONE) {
        code = report(&r);
    } else {
        command_close(c);
        take_back(data, r.store);
    }
    restore_rest_fini(&r.rest);
    replay_plan_fini(&r.plan);
    sodium_memzero(r.key, sizeof r.key);
    return code;
}
