/* What operators write and other programs of this machine say: configuration
 * files, arguments, addresses, keys, codes, the daemon's commands and reports.
 *
 * The first byte says which (a letter from a to h); the rest is the text. */
#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include "daemon/command.h"
#include "daemon/options.h"
#include "server/office_keys.h"
#include "shared/base/args.h"
#include "shared/base/arena.h"
#include "shared/base/config.h"
#include "shared/exchange/control_report.h"
#include "shared/exchange/endpoint.h"
#include "shared/model/invite_code.h"
#include "tests/fuzz/file.h"

#define ARGS_MAX 24

static char *text_of(struct arena *arena, struct bytes text)
{
    char *copy = arena_copy(arena, text);
    must(copy != NULL);
    return copy;
}

/* --- files ---------------------------------------------------------------- */

/* Every entry stands in its section, and the last of a key is its value. */
static void config(struct bytes text)
{
    struct config *config;
    char detail[CONFIG_DETAIL_CHARS] = "";
    const char *section, *key, *value;
    size_t line, before = 0;
    if (config_load(&config, file_write(text), detail)) {
        must(detail[0] && !config);
        return;
    }
    for (size_t i = 0; i < config_count(config); i++) {
        config_entry(config, i, &section, &key, &value);
        const char *last = config_get(config, section, key);
        must(last && strlen(value) <= text.size);
    }
    for (size_t i = 0; config_section(config, i, &section, &line); i++) {
        must(line > before && section);
        before = line;
    }
    config_free(config);
}

static void options(struct bytes text)
{
    struct options options;
    char detail[OPTIONS_DETAIL_CHARS], daemon[] = "satcheld";
    char given[] = "--config", path[64];
    char *argv[] = {daemon, given, path, NULL};
    snprintf(path, sizeof path, "%s", file_write(text));
    enum err err = options_read(&options, 3, argv, detail);
    must(!err == !detail[0]);
    for (size_t i = 0; !err && i < options.vault_count; i++)
        must(options.vaults[i].name[0] && options.vaults[i].path[0]);
    options_fini(&options);
}

/* The folder has the input as its one file, by a link. */
static void keys(struct bytes text)
{
    static char folder[] = "/tmp/satchel-fuzz-XXXXXX";
    char path[64];
    struct office_keys keys;
    must(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/agency.keys", folder);
    must(!symlink(file_write(text), path));
    enum err err = office_keys_load(folder, &keys);
    must(!err || err == ERR_CORRUPT);
    must(!unlink(path) && !rmdir(folder));
    memset(folder + sizeof folder - 7, 'X', 6);
}

/* --- arguments ------------------------------------------------------------ */

static const struct args_option table[] = {
    {"--data", ARGS_TEXT, "DIR", "a text", true},
    {"--keep", ARGS_LIST, "ID", "several", false},
    {"--json", ARGS_FLAG, NULL, "a flag", false},
    {"--help", ARGS_FLAG, NULL, "this text", false},
};

/* Every value is one of the texts that were given, or the end of one. */
static bool is_given(const char *value, int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++)
        if (value >= argv[i] && value <= argv[i] + strlen(argv[i]))
            return true;
    return false;
}

static void args(struct arena *arena, struct bytes text)
{
    struct args args;
    char detail[ARGS_DETAIL_CHARS] = "", *argv[ARGS_MAX], *at;
    int argc = 0;
    for (at = text_of(arena, text); at && argc < ARGS_MAX;
         at = strchr(at, '\n')) {
        if (argc > 0)
            *at++ = '\0';
        argv[argc++] = at;
    }
    if (at)
        *at = '\0';
    if (args_parse(&args, table, 4, argc, argv, detail)) {
        must(detail[0] && !args.given_count && !args.rest_count);
        return;
    }
    for (size_t i = 0; i < args.rest_count; i++)
        must(is_given(args.rest[i], argc, argv));
    for (size_t i = 0; i < args_list_count(&args, "--keep"); i++)
        must(is_given(args_list_at(&args, "--keep", i), argc, argv));
    must(!args_list_at(&args, "--keep", args_list_count(&args, "--keep")));
    if (!args_allow(&args, table, 1, detail))
        must(args_text(&args, "--data") && !args_flag(&args, "--json"));
    args_fini(&args);
}

/* --- addresses and codes -------------------------------------------------- */

/* What may go in the clear goes to the host that was looked at: curl reads the
 * address as it was read here. */
static void endpoint(struct arena *arena, struct bytes text)
{
    const char *url = text_of(arena, text);
    char detail[ENDPOINT_DETAIL_CHARS], host[ENDPOINT_HOST_CHARS];
    char whole[ENDPOINT_CHARS], *found = NULL;
    if (endpoint_check(url, detail) || endpoint_url(whole, url, "/v1/sync"))
        return;
    must(!endpoint_host(host, url) && host[0]);
    if (!strncasecmp(url, "https", 5))
        return;
    must(endpoint_is_loopback(host));
    CURLU *curl = curl_url();
    must(curl != NULL);
    if (!curl_url_set(curl, CURLUPART_URL, whole, 0) &&
        !curl_url_get(curl, CURLUPART_HOST, &found, 0)) {
        size_t bracket = found[0] == '[';
        must(strlen(found) == strlen(host) + 2 * bracket &&
             !strncasecmp(found + bracket, host, strlen(host)));
    }
    curl_free(found);
    curl_url_cleanup(curl);
}

static void invitation(struct bytes text)
{
    char code[INVITE_CHARS + 1], again[INVITE_CHARS + 1];
    if (!invite_read(code, text))
        return;
    must(strlen(code) == INVITE_CHARS);
    must(invite_read(again, bytes_text(code)) && !strcmp(code, again));
}

/* --- the daemon ----------------------------------------------------------- */

/* Whatever the line, one line of JSON is the answer. */
static void command(struct arena *arena, struct bytes text)
{
    struct couriers none = {NULL, 0};
    struct command command = {.courier = NULL};
    struct buffer reply;
    const struct canon *root;
    buffer_init(&reply, CONTROL_REPLY_BYTES_MAX);
    command_run(&none, text_of(arena, text), &command, &reply);
    must(!command.courier && !command.ticket && !command.wants_passphrase);
    must(reply.size && reply.at[reply.size - 1] == '\n');
    must(!canon_parse(arena, bytes_of(reply.at, reply.size - 1), &root, NULL));
    buffer_fini(&reply);
}

static void report(struct bytes text)
{
    struct session_report report, again;
    struct buffer first, second;
    (void)control_serves(text);
    if (control_report_read(&report, text))
        return;
    buffer_init(&first, CONTROL_REPLY_BYTES_MAX);
    buffer_init(&second, CONTROL_REPLY_BYTES_MAX);
    must(!control_report_write(&first, &report));
    must(!control_report_read(&again, buffer_bytes(&first)));
    must(!control_report_write(&second, &again));
    must(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
    buffer_fini(&first);
    buffer_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct arena arena;
    if (!size)
        return 0;
    struct bytes text = bytes_of(at + 1, size - 1);
    arena_init(&arena, 8u << 20);
    switch (at[0] % 8) {
    case 'a' % 8:
        args(&arena, text);
        break;
    case 'b' % 8:
        endpoint(&arena, text);
        break;
    case 'c' % 8:
        config(text);
        break;
    case 'd' % 8:
        options(text);
        break;
    case 'e' % 8:
        invitation(text);
        break;
    case 'f' % 8:
        keys(text);
        break;
    case 'g' % 8:
        command(&arena, text);
        break;
    default:
        report(text);
        break;
    }
    arena_fini(&arena);
    return 0;
}
