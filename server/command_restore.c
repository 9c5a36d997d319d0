/* restore: an office from a backup and the agency's keys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/command.h"
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
    rmdir(data);
}

/* --- the office ----------------------------------------------------------- */

/* Devices must notice that the office has forgotten what came after. */
static int change_lineage(struct command *c)
{
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = office_new_lineage(c->office, &c->sql);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code != EXIT_DONE)
        return code;
    err = views_update(c->office);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int report(struct command *c)
{
    if (!c->json) {
        printf("restored the office of %s into %s, with a new lineage\n"
               "devices bring back what the backup does not have; codes that "
               "were not used are void\n"
               "keys are not in a backup: those in %s are used\n",
               c->office->agency, c->office->data_dir, c->office->keys_dir);
        return EXIT_DONE;
    }
    struct buffer json;
    buffer_init(&json, 64u * 1024);
    buffer_printf(&json, "{\"agency\":\"%s\",\"data\":", c->office->agency);
    canon_put_text(&json, bytes_text(c->office->data_dir));
    buffer_add_text(&json, ",\"keys\":");
    canon_put_text(&json, bytes_text(c->office->keys_dir));
    buffer_printf(&json, ",\"lineage\":\"%s\"}", c->office->lineage);
    return command_print(c, &json);
}

static int restore(struct command *c, const char *from, const char *store)
{
    int64_t lines;
    int code = copy_file(c, from, store);
    if (code == EXIT_DONE)
        code = command_check_store(c, store, from, &lines);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_READ);
    return code == EXIT_DONE ? change_lineage(c) : code;
}

int command_restore(struct command *c)
{
    const char *from = args_text(&c->args, "--from");
    const char *data = args_text(&c->args, "--data");
    char store[PATH_CHARS];
    if (c->operand_count > 0)
        return command_misuse(c, "restore takes no operand; the file is given "
                                 "with --from");
    if (!from)
        return command_misuse(c, "--from FILE is missing: the backup");
    if (!command_is_new(data))
        return command_fail(c, ERR_EXISTS,
                            "%.300s is not empty; a restore never overwrites, "
                            "give --data a directory that is new",
                            data);
    if (mkdir(data, 0700) != 0 && errno != EEXIST)
        return command_fail(c, ERR_IO, "%.300s cannot be made: %s", data,
                            strerror(errno));
    int size = snprintf(store, sizeof store, "%s/office.db", data);
    if (size < 0 || (size_t)size >= sizeof store)
        return command_misuse(c, "the path given with --data is too long");
    int code = restore(c, from, store);
    if (code == EXIT_DONE)
        return report(c);
    command_close(c);
    take_back(data, store);
    return code;
}
