/* backup: the whole store as one file, read back before it counts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/blob_file.h"
#include "server/blob_keep.h"
#include "server/command.h"
#include "server/disposal.h"
#include "server/store.h"
#include "server/store_agency.h"
#include "server/store_blob.h"
#include "server/store_replica.h"

#define PATH_CHARS 1200

static const char quick_check[] = "PRAGMA quick_check(1)";
static const char line_count[] = "SELECT count(*) FROM line";

static enum err take_verdict(void *context, const struct sql_value *row,
                             size_t columns)
{
    (void)columns;
    *(bool *)context = bytes_is(row[0].bytes, "ok");
    return ERR_OK;
}

/* A backup that has not been read back is none. */
int command_check_store(const struct command *c, const char *path,
                        const char *shown, int64_t *lines)
{
    struct sql copy;
    char detail[STORE_DETAIL_CHARS] = "";
    bool sound = false;
    enum err err = store_open(&copy, path, NULL, false, detail);
    if (err)
        return command_fail(c, err, "%.300s is no backup of an office: %s",
                            shown, detail[0] ? detail : err_text(err));
    err = sql_each_row(&copy, quick_check, NULL, 0, take_verdict, &sound);
    if (!err && !sound)
        err = ERR_CORRUPT;
    if (!err)
        err = sql_find_int(&copy, line_count, NULL, 0, lines);
    sql_close(&copy);
    return err ? command_fail(c, err, "%.300s is damaged: %s", shown,
                              err_text(err))
               : EXIT_DONE;
}

static int folder_sync(const struct command *c, const char *path)
{
    char folder[PATH_CHARS];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s",
             slash ? (int)(slash - path + (slash == path)) : 1,
             slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0)
        close(fd);
    return done ? EXIT_DONE
                : command_fail(c, ERR_IO, "cannot make %.300s durable: %s",
                               path, strerror(number));
}

/* After the store, so that all of which it says that they are here are. */
static int copy_blobs(struct command *c, const char *to)
{
    char from[BLOB_PATH_CHARS], beside[BLOB_PATH_CHARS];
    struct blob_copies copies;
    blob_file_folder(from, c->office);
    blob_keep_beside(beside, sizeof beside, to);
    enum err err = blob_keep_copy(c->office, &c->sql, from, beside, &copies);
    if (err)
        return command_fail(c, err, "cannot copy the attachments: %.400s",
                            copies.detail[0] ? copies.detail : err_text(err));
    if (copies.absent) /* which keeps nobody from backing up the text */
        fprintf(stderr,
                "satchel-central: %lld attachments that were received are gone "
                "or damaged; `serve` asks the devices for them, see verify\n",
                (long long)copies.absent);
    if (copies.count && !c->json)
        printf("%s holds its %lld attachments, %lld of them new\n", beside,
               (long long)copies.count, (long long)copies.fresh);
    return EXIT_DONE;
}

/* What was disposed of goes from the folder that all backups share, and the
 * decisions stand beside them. */
static void copy_disposals(struct command *c, const char *to)
{
    char beside[BLOB_PATH_CHARS], ledger[LEDGER_PATH_CHARS];
    char copy[LEDGER_PATH_CHARS];
    blob_keep_beside(beside, sizeof beside, to);
    ledger_path(ledger, c->office);
    ledger_beside(copy, c->office, to);
    enum err err = disposal_clean_blobs(c->office, &c->sql, beside);
    if (!err)
        err = ledger_merge(c->office, ledger, copy);
    if (err)
        fprintf(stderr,
                "satchel-central: what was disposed of could not be noted "
                "beside the backup, in %s: %s\n",
                copy, err_text(err));
}

static int copy_store(struct command *c, const char *partial, const char *to,
                      int64_t *lines)
{
    enum err err = c->sql.backup(c->sql.context, partial);
    int code = err ? command_fail(c, err, "cannot write the backup %.300s: %s",
                                  to, c->sql.detail(c->sql.context))
                   : command_check_store(c, partial, to, lines);
    if (code == EXIT_DONE)
        code = copy_blobs(c, to);
    if (code == EXIT_DONE && rename(partial, to) != 0)
        code = command_fail(c, ERR_IO, "cannot name the backup %.300s: %s", to,
                            strerror(errno));
    if (code == EXIT_DONE)
        copy_disposals(c, to);
    else
        unlink(partial);
    return code == EXIT_DONE ? folder_sync(c, to) : code;
}

/* --- what is backed up now ------------------------------------------------ */

static const char copied_heads[] =
    "SELECT r.replica, r.head FROM replica r JOIN agency a "
    "ON a.agency = r.agency WHERE a.agency = $1 AND a.lineage = $2 "
    "AND r.head > 0";

static enum err head_count(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct command *c = context;
    char replica[REPLICA_CHARS + 1];
    (void)columns;
    sql_copy_text(replica, sizeof replica, &row[0]);
    return store_replica_backup(&c->sql, c->office->agency, replica,
                                row[1].integer);
}

/* What the copy says that it has, and whose content is beside it. */
struct counting {
    struct command *command;
    char beside[BLOB_PATH_CHARS];
};

static enum err blob_count(void *context, const struct blob_row *row)
{
    struct counting *counting = context;
    struct command *c = counting->command;
    char path[BLOB_PATH_CHARS];
    blob_file_path(path, counting->beside, row->blob);
    return store_blob_backup(&c->sql, c->office->agency, row->blob,
                             row->received_at && access(path, R_OK) == 0);
}

static enum err act_note(struct command *c, const char *to, int64_t lines)
{
    struct buffer detail;
    buffer_init(&detail, 8192);
    buffer_add_text(&detail, "{\"file\":");
    canon_put_text(&detail, bytes_text(to));
    buffer_printf(&detail, ",\"lines\":%lld}", (long long)lines);
    enum err err = buffer_err(&detail);
    if (!err)
        err = store_act(&c->sql, c->office->agency,
                        clock_wall_ms(c->office->clock), c->by, "backup",
                        buffer_bytes(&detail));
    buffer_fini(&detail);
    return err;
}

static enum err heads_count(struct command *c, const char *to, int64_t lines)
{
    struct sql copy;
    char detail[STORE_DETAIL_CHARS], lineage[LINEAGE_CHARS + 1];
    enum err err = store_open(&copy, to, NULL, false, detail);
    if (!err)
        err = store_lineage(&c->sql, c->office->agency, lineage);
    if (!err)
        err = sql_each_row(
            &copy, copied_heads,
            SQL_VALUES(sql_text(c->office->agency), sql_text(lineage)),
            head_count, c);
    struct counting counting = {.command = c};
    blob_keep_beside(counting.beside, sizeof counting.beside, to);
    if (!err)
        err = store_blob_each(&copy, c->office->agency, false, blob_count,
                              &counting);
    sql_close(&copy);
    return err ? err : act_note(c, to, lines);
}

/* What the backup before had as well is in two of them: it is backed up. */
static int count_generation(struct command *c, const char *to, int64_t lines)
{
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = heads_count(c, to, lines);
    return command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
}

int command_backup(struct command *c)
{
    const char *to = args_text(&c->args, "--to");
    char partial[PATH_CHARS];
    struct stat status;
    int64_t lines = 0;
    if (c->operand_count > 0)
        return command_misuse(c, "backup takes no operand; the file is given "
                                 "with --to");
    if (!to)
        return command_misuse(c, "--to FILE is missing: the new backup");
    int size = snprintf(partial, sizeof partial, "%s.partial", to);
    if (size < 0 || (size_t)size >= sizeof partial)
        return command_misuse(c, "the path given with --to is too long");
    if (lstat(to, &status) == 0 || lstat(partial, &status) == 0)
        return command_fail(c, ERR_EXISTS,
                            "%.300s (or its .partial) exists; backups are "
                            "never overwritten, give another name",
                            to);
    int code = command_open(c, COMMAND_ADMIN);
    if (code == EXIT_DONE)
        code = copy_store(c, partial, to, &lines);
    if (code == EXIT_DONE)
        code = count_generation(c, to, lines);
    if (code != EXIT_DONE)
        return code;
    if (!c->json) {
        printf("%s holds %lld lines and reads back whole\n"
               "the keys are not in it: keep a copy of %s elsewhere\n",
               to, (long long)lines, c->office->keys_dir);
        return EXIT_DONE;
    }
    struct buffer json;
    buffer_init(&json, 64u * 1024);
    buffer_add_text(&json, "{\"file\":");
    canon_put_text(&json, bytes_text(to));
    buffer_printf(&json, ",\"keys\":false,\"lines\":%lld,\"lineage\":\"%s\"}",
                  (long long)lines, c->office->lineage);
    return command_print(c, &json);
}
