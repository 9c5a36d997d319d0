#include "client/cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PASSPHRASE_BYTES_MAX 1024u
#define DETAIL_CHARS 1024

static int fail_json(int code, const char *error, const char *detail,
                     int64_t draft)
{
    json_t *object = json_pack("{s:s,s:s}", "detail", detail, "error", error);
    if (draft)
        json_object_set_new(object, "draft", json_integer(draft));
    char *text =
        object ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    fprintf(stderr, "%s\n", text ? text : "{\"error\":\"nomem\"}");
    free(text);
    json_decref(object);
    return code;
}

static int fail_text(struct cli *cli, int code, const char *error,
                     const char *detail)
{
    char note[GIVEN_NOTE_CHARS], whole[DETAIL_CHARS + GIVEN_NOTE_CHARS];
    int64_t draft = given_keep(cli, detail, note);
    snprintf(whole, sizeof whole, "%s%s", detail, note);
    if (cli->json)
        return fail_json(code, error, whole, draft);
    fputs("satchel: ", stderr);
    print_message(stderr, whole);
    return code;
}

int cli_fail(struct cli *cli, int code, const char *error, const char *format,
             ...)
{
    char detail[DETAIL_CHARS];
    va_list list;
    va_start(list, format);
    vsnprintf(detail, sizeof detail, format, list);
    va_end(list);
    return fail_text(cli, code, error, detail);
}

int cli_fail_vault(struct cli *cli, int error)
{
    return cli_fail(cli, EXIT_FAILED, err_name((enum err)error), "%s",
                    satchel_message(cli->vault));
}

int cli_misuse(struct cli *cli, const char *format, ...)
{
    char detail[DETAIL_CHARS];
    va_list list;
    va_start(list, format);
    vsnprintf(detail, sizeof detail, format, list);
    va_end(list);
    return fail_text(cli, EXIT_MISUSE, "misuse", detail);
}

const char *cli_vault_path(const struct cli *cli)
{
    const char *path = args_text(&cli->args, "--vault");
    if (!path)
        path = getenv("SATCHEL_VAULT");
    return path && *path ? path : NULL;
}

/* Reads up to a newline or the end; NULL when there is too much or nothing. */
static char *read_line(FILE *from)
{
    char *line = malloc(PASSPHRASE_BYTES_MAX);
    if (!line || !fgets(line, PASSPHRASE_BYTES_MAX, from)) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = 0;
    return line;
}

static char *ask(const char *prompt)
{
    struct termios old, quiet;
    if (tcgetattr(STDIN_FILENO, &old))
        return NULL;
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    fputs(prompt, stderr);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    char *line = read_line(stdin);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
    fputc('\n', stderr);
    return line;
}

char *cli_secret(const char *prompt)
{
    return isatty(STDIN_FILENO) ? ask(prompt) : read_line(stdin);
}

void cli_passphrase_free(char *passphrase)
{
    if (passphrase)
        explicit_bzero(passphrase, strlen(passphrase));
    free(passphrase);
}

static int from_person(struct cli *cli, const char *prompt, bool twice,
                       char **out)
{
    *out = NULL;
    if (!isatty(STDIN_FILENO))
        return EXIT_DONE;
    *out = ask(prompt);
    if (!*out || !twice)
        return EXIT_DONE;
    char *again = ask("Again: ");
    bool same = again && !strcmp(again, *out);
    cli_passphrase_free(again);
    if (same)
        return EXIT_DONE;
    cli_passphrase_free(*out);
    *out = NULL;
    return cli_fail(cli, EXIT_FAILED, "passphrase",
                    "the two passphrases differ; try again");
}

int cli_passphrase(struct cli *cli, bool twice, char **out)
{
    const char *path = args_text(&cli->args, "--passphrase-file");
    *out = NULL;
    if (!path)
        path = getenv("SATCHEL_PASSPHRASE_FILE");
    return path ? cli_passphrase_file(cli, path, out)
                : from_person(cli, "Passphrase: ", twice, out);
}

int cli_passphrase_new(struct cli *cli, char **out)
{
    const char *path = args_text(&cli->args, "--new-passphrase-file");
    return path ? cli_passphrase_file(cli, path, out)
                : from_person(cli, "New passphrase: ", true, out);
}

int cli_passphrase_file(struct cli *cli, const char *path, char **out)
{
    FILE *file = fopen(path, "re");
    *out = NULL;
    if (!file)
        return cli_fail(cli, EXIT_FAILED, "not_found", "passphrase file %s: %s",
                        path, strerror(errno));
    *out = read_line(file);
    fclose(file);
    if (*out && **out)
        return EXIT_DONE;
    cli_passphrase_free(*out);
    *out = NULL;
    return cli_fail(cli, EXIT_FAILED, "passphrase",
                    "passphrase file %s: its first line is empty", path);
}

int cli_open(struct cli *cli, bool unlock)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    const char *path = cli_vault_path(cli);
    char *passphrase;
    if (!path)
        return cli_misuse(cli, "which vault?  Give --vault FILE or set "
                               "SATCHEL_VAULT");
    int code = cli_passphrase(cli, false, &passphrase);
    if (code)
        return code;
    options.passphrase = passphrase;
    int error = satchel_open(&cli->vault, path, &options);
    cli_passphrase_free(passphrase);
    if (error == SATCHEL_DESTROYED && !unlock) {
        satchel_close(cli->vault);
        options.passphrase = NULL;
        error = satchel_open(&cli->vault, path, &options);
    }
    if (error)
        return cli_fail_vault(cli, error);
    if (unlock && satchel_locked(cli->vault))
        return cli_fail(cli, EXIT_FAILED, "locked",
                        "%s is locked: give --passphrase-file FILE or set "
                        "SATCHEL_PASSPHRASE_FILE",
                        path);
    return EXIT_DONE;
}

json_t *cli_parse(const char *text)
{
    return json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

void cli_print_json(const char *text)
{
    puts(text);
}

int cli_print_all(struct cli *cli, satchel_iterator *iterator,
                  void (*print)(struct cli *cli, const char *json),
                  const char *none)
{
    const char *text;
    size_t count = 0;
    if (cli->json)
        putchar('[');
    while (!satchel_next(iterator, &text)) {
        if (cli->json)
            printf("%s%s", count ? "," : "", text);
        else
            print(cli, text);
        count++;
    }
    if (cli->json)
        puts("]");
    else if (!count)
        puts(none);
    satchel_iterator_close(iterator);
    return EXIT_DONE;
}
