#include "server/command.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/office_journal.h"
#include "server/operation.h"
#include "server/store_replica.h"

#define MESSAGE_CHARS 1024
#define PATH_CHARS 1100

static void say(const struct command *command, const char *error,
                const char *text)
{
    if (!command->json) {
        fprintf(stderr, "satchel-central: %s\n", text);
        return;
    }
    struct buffer json;
    buffer_init(&json, 64u * 1024);
    buffer_add_text(&json, "{\"detail\":");
    canon_put_text(&json, bytes_text(text));
    buffer_printf(&json, ",\"error\":\"%s\"}", error);
    fprintf(stderr, "%s\n", buffer_text(&json));
    buffer_fini(&json);
}

int command_fail(const struct command *command, enum err err,
                 const char *format, ...)
{
    char text[MESSAGE_CHARS];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    say(command, err_name(err), text);
    return EXIT_FAILED;
}

int command_fail_office(const struct command *command, enum err err)
{
    const char *detail = "";
    if (command->office && command->office->detail[0])
        detail = command->office->detail;
    else if (command->sql.detail)
        detail = command->sql.detail(command->sql.context);
    if (detail[0])
        return command_fail(command, err, "%s", detail);
    return command_fail(command, err, "%s", err_text(err));
}

int command_misuse(const struct command *command, const char *format, ...)
{
    char text[MESSAGE_CHARS];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    say(command, "misuse", text);
    return EXIT_MISUSE;
}

const char *command_os_user(void)
{
    const struct passwd *entry = getpwuid(geteuid());
    return entry ? entry->pw_name : "?";
}

struct office_options command_options(const struct command *command)
{
    return (struct office_options){
        .data_dir = args_text(&command->args, "--data"),
        .keys_dir = args_text(&command->args, "--keys"),
        .journal = args_text(&command->args, "--journal"),
        .log = &command->log,
    };
}

static int find_user(struct command *c, const char *name, struct user *user)
{
    const char *os_user = command_os_user();
    enum err err = name ? user_find(c->office, &c->sql, name, user)
                        : user_find_os(c->office, &c->sql, os_user, user);
    if (err == ERR_NOT_FOUND && !name)
        return command_fail(c, err,
                            "who writes this?  Give --as USER, or let "
                            "`user set USER --os-user %s` say who you are",
                            os_user);
    if (err)
        return command_fail_office(c, err);
    if (user->disabled)
        return command_fail(c, ERR_DENIED,
                            "the user %s is disabled and does nothing here",
                            user->name);
    return EXIT_DONE;
}

/* The one place where a command asks whether the role may. */
static int check_role(const struct command *c, const struct user *user)
{
    char detail[OPERATION_DETAIL_CHARS];
    enum err err = operation_check(c->operation[0] ? c->operation : c->name,
                                   user->name, user->role, detail);
    return err ? command_fail(c, err, "%s", detail) : EXIT_DONE;
}

/* Sets who acts: the account named, or the one that this user of the operating
 * system is known as, or (in acts only) that user himself.  Whoever is named
 * acts in his role, and so does whoever writes; what else is done without a
 * name is the operator's, who has the files and the keys in any case. */
static int find_author(struct command *c, enum command_access access)
{
    const char *name = args_text(&c->args, "--as");
    struct user user;
    if (!name && access == COMMAND_READ)
        return EXIT_DONE;
    if (!name && access == COMMAND_ADMIN) {
        const char *os_user = command_os_user();
        enum err err = user_find_os(c->office, &c->sql, os_user, &user);
        if (err && err != ERR_NOT_FOUND)
            return command_fail_office(c, err);
        snprintf(c->author, sizeof c->author, "%s", err ? "" : user.name);
        snprintf(c->by, sizeof c->by, "%s%.*s", err ? "os:" : "",
                 NAME_CHARS_MAX, err ? os_user : user.name);
        return EXIT_DONE;
    }
    int code = find_user(c, name, &user);
    if (code == EXIT_DONE)
        code = check_role(c, &user);
    if (code != EXIT_DONE)
        return code;
    snprintf(c->author, sizeof c->author, "%s", user.name);
    snprintf(c->by, sizeof c->by, "%s", user.name);
    return EXIT_DONE;
}

/* Says what is missing before the office says that something is. */
static int check_places(const struct command *c)
{
    const char *data = args_text(&c->args, "--data");
    const char *keys = args_text(&c->args, "--keys");
    char beside[PATH_CHARS];
    struct stat status;
    if (stat(data, &status) != 0 && errno == ENOENT)
        return command_fail(c, ERR_NOT_FOUND,
                            "there is no office in %.300s; `satchel-central "
                            "init` makes one",
                            data);
    if (stat(data, &status) == 0 && !S_ISDIR(status.st_mode))
        return command_fail(c, ERR_FOREIGN,
                            "%.300s is no folder; give --data the directory of "
                            "an office",
                            data);
    size_t size = strlen(data);
    while (size > 1 && data[size - 1] == '/')
        size--;
    snprintf(beside, sizeof beside, "%.*s.keys", (int)size, data);
    if (stat(keys ? keys : beside, &status) != 0 && errno == ENOENT)
        return command_fail(c, ERR_NOT_FOUND,
                            "the agency's keys are not in %.300s; put the copy "
                            "of them there, or give --keys DIR",
                            keys ? keys : beside);
    return EXIT_DONE;
}

/* The office says what failed; the operator also needs to know what to do. */
static int open_failed(const struct command *c, enum err err,
                       const char *detail)
{
    const char *data = args_text(&c->args, "--data");
    switch (err) {
    case ERR_NOT_FOUND:
        return command_fail(c, err,
                            "there is no office in %.300s (%.200s); "
                            "`satchel-central init` makes one",
                            data, detail);
    case ERR_FOREIGN:
        return command_fail(c, err,
                            "the store in %.300s is not that of an office "
                            "(%.200s); give --data the directory of one",
                            data, detail);
    case ERR_SIGNATURE:
        return command_fail(c, err,
                            "%.300s; put its own keys there, or give --keys "
                            "DIR",
                            detail);
    case ERR_NEWER:
        return command_fail(c, err,
                            "the store in %.300s was written by a newer "
                            "satchel-central; install that version or later",
                            data);
    case ERR_READ_ONLY:
    case ERR_DENIED:
        return command_fail(c, err,
                            "the user %.64s may not use the office in %.300s "
                            "(%.200s); run this as whoever owns it",
                            command_os_user(), data, detail);
    case ERR_BUSY:
        return command_fail(
            c, err, "another process is writing to %.300s; try again", data);
    case ERR_CORRUPT:
        return command_fail(c, err,
                            "the office in %.300s is damaged (%.200s); restore "
                            "a backup into a new directory",
                            data, detail);
    default:
        return command_fail(c, err, "the office in %.300s: %.300s", data,
                            detail);
    }
}

static int open_connected(struct command *c, bool term, struct sql *sql)
{
    char detail[OFFICE_DETAIL_CHARS] = "";
    struct office_options options = command_options(c);
    options.serving = !strcmp(c->name, "serve");
    options.restoring = !strcmp(c->name, "restore");
    if (!options.serving)
        options.journal = NULL;
    int code = check_places(c);
    if (code != EXIT_DONE)
        return code;
    enum err err =
        office_open_connected(&c->office, &options, term, sql, detail);
    return err ? open_failed(c, err, detail[0] ? detail : err_text(err))
               : EXIT_DONE;
}

int command_open_office(struct command *c, bool term)
{
    struct sql sql = {0};
    int code = open_connected(c, term, &sql);
    sql_close(&sql);
    return code;
}

/* To connect again would be to read the whole schema of the store again. */
int command_open(struct command *c, enum command_access access)
{
    int code = open_connected(c, false, &c->sql);
    if (code == EXIT_DONE)
        code = find_author(c, access);
    if (code != EXIT_DONE || access != COMMAND_WRITE)
        return code;
    enum err err = office_begin_term(c->office, &c->sql);
    return err ? open_failed(c, err,
                             c->office->detail[0] ? c->office->detail
                                                  : err_text(err))
               : EXIT_DONE;
}

void command_close(struct command *c)
{
    sql_close(&c->sql);
    office_close(c->office);
    c->office = NULL;
}

int command_begin(struct command *c)
{
    c->office->detail[0] = '\0';
    enum err err = sql_begin(&c->sql, true);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

int command_end(struct command *c, int code)
{
    if (code != EXIT_DONE) {
        sql_rollback(&c->sql);
        return code;
    }
    enum err err = sql_commit(&c->sql);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

enum err command_act(struct command *c, const char *what, struct bytes detail)
{
    enum err err = sql_begin(&c->sql, true);
    if (err)
        return err;
    err = store_act(&c->sql, c->office->agency, clock_wall_ms(c->office->clock),
                    c->by, what, detail);
    if (err) {
        sql_rollback(&c->sql);
        return err;
    }
    return sql_commit(&c->sql);
}

int command_print(const struct command *c, struct buffer *json)
{
    enum err err = buffer_err(json);
    if (!err)
        printf("%s\n", buffer_text(json));
    buffer_fini(json);
    return err ? command_fail(c, err, "the output cannot be made: %s",
                              err_text(err))
               : EXIT_DONE;
}

enum err command_put_line(struct buffer *json)
{
    enum err err = buffer_err(json);
    if (!err && fprintf(stdout, "%s\n", buffer_text(json)) < 0)
        err = ERR_IO;
    buffer_clear(json);
    return err;
}

int command_list_end(struct command *c, enum err err, struct buffer *json,
                     size_t count, const char *none)
{
    buffer_add_char(json, ']');
    if (!err && c->json)
        return command_print(c, json);
    buffer_fini(json);
    if (!err && count == 0)
        puts(none);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

int command_format(const struct command *c, enum command_format *out)
{
    static const char *const names[] = {"text", "csv", "json"};
    const char *text = args_text(&c->args, "--format");
    *out = c->json ? COMMAND_JSON : COMMAND_TEXT;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (!strcmp(text, names[i])) {
            *out = (enum command_format)i;
            return EXIT_DONE;
        }
    return text ? command_misuse(c, "--format is text, csv or json")
                : EXIT_DONE;
}

void command_warn_journal(struct command *c)
{
    struct sql sql;
    struct stat data, file;
    struct journal_setting setting;
    if (!c->office->journal || office_connect(c->office, &sql))
        return;
    enum err err = journal_setting_load(&sql, c->office->agency, &setting);
    if (!err && stat(c->office->data_dir, &data) == 0 &&
        stat(setting.path, &file) == 0 && data.st_dev == file.st_dev)
        fprintf(stderr,
                "satchel-central: warning: the journal %.300s is on the same "
                "volume as the store; a broken disk takes both\n",
                setting.path);
    sql_close(&sql);
}

bool command_is_new(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    bool empty = true;
    if (!folder)
        return errno == ENOENT;
    while (empty && (entry = readdir(folder)) != NULL)
        empty =
            strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return empty;
}

void command_json_text(struct buffer *json, const char *text)
{
    if (text[0])
        canon_put_text(json, bytes_text(text));
    else
        buffer_add_text(json, "null");
}

void command_json_time(struct buffer *json, int64_t ms)
{
    if (ms)
        buffer_add_int(json, ms);
    else
        buffer_add_text(json, "null");
}

bool duration_read(const char *text, int64_t *ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    size_t size = strlen(text);
    int64_t number;
    if (size < 2 || int64_parse(bytes_of(text, size - 1), &number) ||
        number < 1 || number > 1000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit != text[size - 1])
            continue;
        *ms = number * units[i].ms;
        return true;
    }
    return false;
}
