#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/config.h"

const char options_help[] =
    "usage: satcheld --config FILE\n"
    "       satcheld --vault FILE [--passphrase-file FILE] [--vault ...]\n"
    "\n"
    "Keeps the vaults on this device in step with their offices.\n"
    "\n"
    "  --config FILE           vaults and settings, see satcheld(8)\n"
    "  --vault FILE            a vault to serve; may be repeated\n"
    "  --passphrase-file FILE  unlocks the --vault before it; a vault without\n"
    "                          one stays locked and only pushes\n"
    "  --once                  one sync of each vault, then exit: 0 when every\n"
    "                          one was in step, 1 when not\n"
    "  --interval SECONDS      a sync every so often in place of a connection\n"
    "                          that is kept open\n"
    "  --socket PATH           control socket (default:\n"
    "                          $XDG_RUNTIME_DIR/satcheld.sock, or beside the\n"
    "                          first vault)\n"
    "  --log LEVEL             error, warn, info (default) or debug\n"
    "  --help, --version\n";

enum {
    OPTION_CONFIG = 256,
    OPTION_VAULT,
    OPTION_PASSPHRASE,
    OPTION_ONCE,
    OPTION_INTERVAL,
    OPTION_SOCKET,
    OPTION_LOG,
    OPTION_HELP,
    OPTION_VERSION
};
static const struct option long_options[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"vault", required_argument, NULL, OPTION_VAULT},
    {"passphrase-file", required_argument, NULL, OPTION_PASSPHRASE},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"log", required_argument, NULL, OPTION_LOG},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* What is set only where the command line was silent. */
struct given {
    const char *config;
    bool interval, socket, level;
};

/* --- values -------------------------------------------------------------- */

static enum err level_read(const char *text, enum log_level *out,
                           char *detail)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
        if (!strcmp(text, names[i])) {
            *out = (enum log_level)i;
            return ERR_OK;
        }
    snprintf(detail, OPTIONS_DETAIL_CHARS,
             "log level %.40s is unknown: use error, warn, info or debug",
             text);
    return ERR_INVALID;
}

static enum err interval_read(const char *text, int64_t *out, char *detail)
{
    enum err err = int64_parse(bytes_text(text), out);
    if (!err && *out >= 0 && *out <= OPTIONS_INTERVAL_S_MAX)
        return ERR_OK;
    snprintf(detail, OPTIONS_DETAIL_CHARS,
             "interval %.40s is not a number of seconds from 0 to %d", text,
             OPTIONS_INTERVAL_S_MAX);
    return ERR_INVALID;
}

static enum err text_set(char *out, size_t room, const char *text,
                         const char *what, char *detail)
{
    if (text[0] && strlen(text) < room) {
        strcpy(out, text);
        return ERR_OK;
    }
    snprintf(detail, OPTIONS_DETAIL_CHARS, "%s is %s", what,
             text[0] ? "too long" : "empty");
    return ERR_INVALID;
}

static struct options_vault *vault_named(struct options *o, const char *name)
{
    for (size_t i = 0; i < o->vault_count; i++)
        if (!strcmp(o->vaults[i].name, name))
            return &o->vaults[i];
    return NULL;
}

static enum err vault_add(struct options *o, const char *name,
                          struct options_vault **out, char *detail)
{
    if (o->vault_count == OPTIONS_VAULTS_MAX) {
        snprintf(detail, OPTIONS_DETAIL_CHARS, "more than %d vaults",
                 OPTIONS_VAULTS_MAX);
        return ERR_INVALID;
    }
    *out = &o->vaults[o->vault_count];
    enum err err = text_set((*out)->name, sizeof (*out)->name, name,
                            "the name of a vault", detail);
    if (!err)
        o->vault_count++;
    return err;
}

/* --- command line -------------------------------------------------------- */

/* On the command line a vault goes by its file name. */
static enum err vault_by_path(struct options *o, const char *path,
                              char *detail)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct options_vault *vault;
    if (vault_named(o, name))
        name = path;
    enum err err = vault_add(o, name, &vault, detail);
    return err ? err
               : text_set(vault->path, sizeof vault->path, path,
                          "the path of a vault", detail);
}

static enum err passphrase_add(struct options *o, const char *path,
                               char *detail)
{
    struct options_vault *last =
        o->vault_count ? &o->vaults[o->vault_count - 1] : NULL;
    if (!last || last->passphrase_file[0]) {
        snprintf(detail, OPTIONS_DETAIL_CHARS,
                 "--passphrase-file belongs after the --vault it unlocks");
        return ERR_INVALID;
    }
    return text_set(last->passphrase_file, sizeof last->passphrase_file, path,
                    "the path of a passphrase file", detail);
}

static enum err option_take(struct options *o, struct given *given, int option,
                            char *detail)
{
    switch (option) {
    case OPTION_CONFIG:
        given->config = optarg;
        return ERR_OK;
    case OPTION_VAULT:
        return vault_by_path(o, optarg, detail);
    case OPTION_PASSPHRASE:
        return passphrase_add(o, optarg, detail);
    case OPTION_ONCE:
        o->once = true;
        return ERR_OK;
    case OPTION_INTERVAL:
        given->interval = true;
        return interval_read(optarg, &o->interval_s, detail);
    case OPTION_SOCKET:
        given->socket = true;
        return text_set(o->socket, sizeof o->socket, optarg,
                        "the path of the socket", detail);
    case OPTION_LOG:
        given->level = true;
        return level_read(optarg, &o->level, detail);
    case OPTION_HELP:
        o->help = true;
        return ERR_OK;
    default:
        o->version = true;
        return ERR_OK;
    }
}

static enum err arguments_read(struct options *o, struct given *given,
                               int argc, char **argv, char *detail)
{
    opterr = 0;
    for (;;) {
        int at = optind;
        int option = getopt_long(argc, argv, ":", long_options, NULL);
        if (option == -1)
            break;
        enum err err = ERR_INVALID;
        if (option == '?')
            snprintf(detail, OPTIONS_DETAIL_CHARS,
                     "%.80s is no option: see satcheld --help", argv[at]);
        else if (option == ':')
            snprintf(detail, OPTIONS_DETAIL_CHARS, "%.80s needs a value",
                     argv[at]);
        else
            err = option_take(o, given, option, detail);
        if (err)
            return err;
    }
    if (optind == argc)
        return ERR_OK;
    snprintf(detail, OPTIONS_DETAIL_CHARS,
             "%.80s is not expected: see satcheld --help", argv[optind]);
    return ERR_INVALID;
}

/* --- configuration file -------------------------------------------------- */

static enum err unknown_key(const char *section, const char *key, char *detail)
{
    snprintf(detail, OPTIONS_DETAIL_CHARS, "[%.80s] %.80s is no setting",
             section, key);
    return ERR_INVALID;
}

static enum err daemon_setting(struct options *o, const struct given *given,
                               const char *key, const char *value,
                               char *detail)
{
    if (!strcmp(key, "interval"))
        return given->interval ? ERR_OK
                               : interval_read(value, &o->interval_s, detail);
    if (!strcmp(key, "log"))
        return given->level ? ERR_OK : level_read(value, &o->level, detail);
    if (!strcmp(key, "socket"))
        return given->socket ? ERR_OK
                             : text_set(o->socket, sizeof o->socket, value,
                                        "the path of the socket", detail);
    return unknown_key("daemon", key, detail);
}

static enum err vault_setting(struct options *o, const char *name,
                              const char *key, const char *value, char *detail)
{
    struct options_vault *vault = vault_named(o, name);
    enum err err = vault ? ERR_OK : vault_add(o, name, &vault, detail);
    if (err)
        return err;
    if (!strcmp(key, "path"))
        return text_set(vault->path, sizeof vault->path, value,
                        "the path of a vault", detail);
    if (!strcmp(key, "passphrase_file"))
        return text_set(vault->passphrase_file, sizeof vault->passphrase_file,
                        value, "the path of a passphrase file", detail);
    return unknown_key("vault", key, detail);
}

static enum err setting_take(struct options *o, const struct given *given,
                             const struct config *config, size_t index,
                             char *detail)
{
    const char *section, *key, *value;
    config_entry(config, index, &section, &key, &value);
    if (!strcmp(section, "daemon"))
        return daemon_setting(o, given, key, value, detail);
    if (!strncmp(section, "vault ", 6))
        return vault_setting(o, section + 6, key, value, detail);
    return unknown_key(section, key, detail);
}

static enum err config_take(struct options *o, const struct given *given,
                            char *detail)
{
    struct config *config;
    char text[CONFIG_DETAIL_CHARS] = "";
    enum err err = config_load(&config, given->config, text);
    if (err) {
        snprintf(detail, OPTIONS_DETAIL_CHARS, "%s",
                 text[0] ? text : err_text(err));
        return err;
    }
    for (size_t i = 0; !err && i < config_count(config); i++) {
        char wrong[OPTIONS_DETAIL_CHARS];
        err = setting_take(o, given, config, i, wrong);
        if (err)
            snprintf(detail, OPTIONS_DETAIL_CHARS, "%.200s: %.300s",
                     given->config, wrong);
    }
    config_free(config);
    return err;
}

static enum err options_check(const struct options *o, char *detail)
{
    for (size_t i = 0; i < o->vault_count; i++)
        if (!o->vaults[i].path[0]) {
            snprintf(detail, OPTIONS_DETAIL_CHARS, "[vault %.100s] has no path",
                     o->vaults[i].name);
            return ERR_INVALID;
        }
    if (o->vault_count)
        return ERR_OK;
    snprintf(detail, OPTIONS_DETAIL_CHARS,
             "no vault is given: use --vault FILE or --config FILE");
    return ERR_INVALID;
}

enum err options_read(struct options *out, int argc, char **argv,
                      char detail[OPTIONS_DETAIL_CHARS])
{
    struct given given = {.config = NULL};
    *out = (struct options){.level = LOG_INFO};
    detail[0] = '\0';
    out->vaults = calloc(OPTIONS_VAULTS_MAX, sizeof *out->vaults);
    if (!out->vaults)
        return ERR_NOMEM;
    enum err err = arguments_read(out, &given, argc, argv, detail);
    if (err || out->help || out->version)
        return err;
    if (given.config)
        err = config_take(out, &given, detail);
    return err ? err : options_check(out, detail);
}

void options_fini(struct options *options)
{
    free(options->vaults);
    options->vaults = NULL;
}
