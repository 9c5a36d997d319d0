/* attach, attachment: files that belong to records. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

#define PATH_ROOM 4096

/* --- attach --------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What the name says; the office and other devices only show it. */
static const char *media_type(const char *name)
{
    static const struct {
        const char *end, *type;
    } known[] = {
        {".jpg", "image/jpeg"},    {".jpeg", "image/jpeg"},
        {".png", "image/png"},     {".heic", "image/heic"},
        {".svg", "image/svg+xml"}, {".pdf", "application/pdf"},
        {".txt", "text/plain"},    {".mp4", "video/mp4"},
        {".m4a", "audio/mp4"},     {".mp3", "audio/mpeg"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
        if (!strcasecmp(dot, known[i].end))
            return known[i].type;
    return "application/octet-stream";
}

static int attach_from(struct cli *cli, int fd, const char *path)
{
    struct satchel_attachment a = SATCHEL_ATTACHMENT_INIT;
    char *result = NULL;
    const char *name = args_text(&cli->args, "--name");
    const char *type = args_text(&cli->args, "--type");
    a.record = cli->operands[0];
    a.field = cli->operands[1];
    a.context = args_text(&cli->args, "--context");
    a.name = name ? name : fd == STDIN_FILENO ? "attachment" : base_name(path);
    a.media_type = type ? type : media_type(a.name);
    int error = satchel_attach(cli->vault, &a, fd, &result);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json) {
        cli_print_json(result);
    } else {
        json_t *root = cli_parse(result);
        puts(json_string_value(json_object_get(root, "blob")));
        json_decref(root);
    }
    satchel_free(result);
    return EXIT_DONE;
}

int command_attach(struct cli *cli)
{
    if (cli->operand_count != 3)
        return cli_misuse(cli, "give a record, a field and a file: satchel "
                               "attach RECORD FIELD FILE|- --context TOKEN");
    if (!args_text(&cli->args, "--context"))
        return cli_misuse(cli, "attach needs --context: the token that "
                               "`satchel show` printed when you read it");
    const char *path = cli->operands[2];
    int code = cli_open(cli, true);
    if (code)
        return code;
    bool from_stdin = !strcmp(path, "-");
    int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_fail(cli, EXIT_FAILED, "not_found", "%s: %s", path,
                        strerror(errno));
    code = attach_from(cli, fd, path);
    if (!from_stdin)
        close(fd);
    return code;
}

/* --- attachment list ------------------------------------------------------ */

static const char *place_text(const char *state)
{
    if (!strcmp(state, "here"))
        return "only on this device";
    return strcmp(state, "both") ? "at the office" : "here and at the office";
}

static void print_attachment(struct cli *cli, const char *json)
{
    (void)cli;
    json_t *root = cli_parse(json);
    const char *name = json_string_value(json_object_get(root, "name"));
    printf("%s  %10" JSON_INTEGER_FORMAT " bytes  %-22s  ",
           json_string_value(json_object_get(root, "blob")),
           json_integer_value(json_object_get(root, "bytes")),
           place_text(json_string_value(json_object_get(root, "state"))));
    print_bytes(name, strlen(name));
    printf("\n   %s of %s\n", json_string_value(json_object_get(root, "field")),
           json_string_value(json_object_get(root, "record")));
    json_decref(root);
}

static int list(struct cli *cli)
{
    satchel_iterator *iterator;
    int error = satchel_attachments(
        cli->vault, cli->operand_count > 1 ? cli->operands[1] : NULL,
        &iterator);
    if (error)
        return cli_fail_vault(cli, error);
    return cli_print_all(cli, iterator, print_attachment, "no attachments");
}

/* --- attachment save ------------------------------------------------------ */

static int save_file(struct cli *cli, const char *blob, const char *path)
{
    char partial[PATH_ROOM];
    int size = snprintf(partial, sizeof partial, "%s.partial", path);
    if (size < 0 || (size_t)size >= sizeof partial)
        return cli_misuse(cli, "the path is too long");
    if (access(path, F_OK) == 0)
        return cli_fail(cli, EXIT_FAILED, "exists",
                        "%s is there already and is not overwritten", path);
    int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_fail(cli, EXIT_FAILED, "io", "%s: %s", path,
                        strerror(errno));
    int error = satchel_attachment_save(cli->vault, blob, fd);
    bool written = !error && fsync(fd) == 0;
    int number = errno;
    written &= close(fd) == 0;
    if (written && rename(partial, path) == 0)
        return EXIT_DONE;
    if (written)
        number = errno;
    unlink(partial);
    return error ? cli_fail_vault(cli, error)
                 : cli_fail(cli, EXIT_FAILED, "io", "%s: %s", path,
                            strerror(number));
}

static int save(struct cli *cli)
{
    const char *blob = cli->operands[1], *path = cli->operands[2];
    int error = SATCHEL_OK;
    if (strcmp(path, "-") != 0) {
        int code = save_file(cli, blob, path);
        if (code == EXIT_DONE && cli->json)
            printf("{\"saved\":\"%s\"}\n", blob);
        return code;
    }
    error = satchel_attachment_save(cli->vault, blob, STDOUT_FILENO);
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

int command_attachment(struct cli *cli)
{
    const char *what = cli->operand_count ? cli->operands[0] : "";
    bool lists = !strcmp(what, "list") && cli->operand_count <= 2;
    bool saves = !strcmp(what, "save") && cli->operand_count == 3;
    if (!lists && !saves)
        return cli_misuse(cli, "give one of: satchel attachment list [RECORD], "
                               "satchel attachment save BLOB FILE|-");
    int code = cli_open(cli, true);
    if (code)
        return code;
    return lists ? list(cli) : save(cli);
}
