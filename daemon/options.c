#include "daemon/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/args.h"
#include "shared/base/config.h"

static const struct args_option table[] = {
    {"--config", ARGS_TEXT, "FILE", "vaults and settings, see satcheld(8)",
     false},
    {"--vault", ARGS_LIST, "FILE", "vaults to serve", false},
    {"--passphrase-file", ARGS_LIST, "FILE",
     "the first unlocks the first --vault, and so on; a vault without one "
     "stays locked and only pushes",
     false},
    {"--once", ARGS_FLAG, NULL,
     "one sync of each vault, then exit: 1 when an office was not reached",
     false},
    {"--interval", ARGS_TEXT, "SECONDS",
     "a sync every so often in place of a connection that is kept open", false},
    {"--socket", ARGS_TEXT, "PATH",
     "control socket (default: $SATCHEL_SOCKET, else "
     "$XDG_RUNTIME_DIR/satcheld.sock, else beside the first vault)",
     false},
    {"--log", ARGS_TEXT, "LEVEL", "error, warn, info (default) or debug",
     false},
    {"--help", ARGS_FLAG, NULL, "this text", false},
    {"--version", ARGS_FLAG, NULL, "the version", false},
};
#define TABLE_COUNT (sizeof table / sizeof *table)

/* What the command line says overrides the file. */
struct given {
    bool interval, socket, level;
};

void options_help(FILE *out)
{
    fputs("usage: satcheld --config FILE\n"
          "       satcheld --vault FILE... [--passphrase-file FILE...]\n\n"
          "Keeps the vaults on this device in step with their offices.\n\n",
          out);
    args_help(out, table, TABLE_COUNT);
}

/* --- values -------------------------------------------------------------- */

static enum err level_read(const char *text, enum log_level *out, char *detail)
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

static struct options_vault *vault_named(const struct options *o,
                                         const char *name)
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
    enum err err = text_set((*out)->name, sizeof(*out)->name, name,
                            "the name of a vault", detail);
    if (!err)
        o->vault_count++;
    return err;
}

/* --- command line -------------------------------------------------------- */

/* On the command line a vault goes by its file name. */
static enum err vault_by_path(struct options *o, const char *path, char *detail)
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

static enum err passphrase_set(struct options_vault *vault, const char *path,
                               char *detail)
{
    return text_set(vault->passphrase_file, sizeof vault->passphrase_file, path,
                    "the path of a passphrase file", detail);
}

static enum err vaults_take(struct options *o, const struct args *args,
                            char *detail)
{
    size_t vaults = args_list_count(args, "--vault");
    size_t files = args_list_count(args, "--passphrase-file");
    const char *everywhere = getenv("SATCHEL_PASSPHRASE_FILE");
    enum err err = ERR_OK;
    if (files > vaults) {
        snprintf(detail, OPTIONS_DETAIL_CHARS,
                 "there are more passphrase files than vaults");
        return ERR_INVALID;
    }
    for (size_t i = 0; !err && i < vaults; i++) {
        err = vault_by_path(o, args_list_at(args, "--vault", i), detail);
        const char *file = args_list_at(args, "--passphrase-file", i);
        if (!file)
            file = everywhere;
        if (!err && file)
            err = passphrase_set(&o->vaults[i], file, detail);
    }
    return err;
}

static enum err settings_take(struct options *o, struct given *given,
                              const struct args *args, char *detail)
{
    const char *interval = args_text(args, "--interval");
    const char *socket = args_text(args, "--socket");
    const char *level = args_text(args, "--log");
    *given = (struct given){interval != NULL, socket != NULL, level != NULL};
    o->once = args_flag(args, "--once");
    o->help = args_flag(args, "--help");
    o->version = args_flag(args, "--version");
    enum err err = ERR_OK;
    if (interval)
        err = interval_read(interval, &o->interval_s, detail);
    if (!err && socket)
        err = text_set(o->socket, sizeof o->socket, socket,
                       "the path of the socket", detail);
    if (!err && level)
        err = level_read(level, &o->level, detail);
    return err;
}

/* --- configuration file -------------------------------------------------- */

static enum err unknown_key(const char *section, const char *key, char *detail)
{
    snprintf(detail, OPTIONS_DETAIL_CHARS, "[%.80s] %.80s is no setting",
             section, key);
    return ERR_INVALID;
}

static enum err daemon_setting(struct options *o, const struct given *given,
                               const char *key, const char *value, char *detail)
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
        return passphrase_set(vault, value, detail);
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

/* A section that holds nothing is no setting, but was meant as something. */
static enum err sections_check(const struct options *o,
                               const struct config *config, const char *path,
                               char *detail)
{
    const char *section;
    size_t line;
    for (size_t i = 0; config_section(config, i, &section, &line); i++) {
        bool vault = !strncmp(section, "vault ", 6);
        const struct options_vault *known =
            vault ? vault_named(o, section + 6) : NULL;
        if ((known && known->path[0]) || !strcmp(section, "daemon"))
            continue;
        snprintf(detail, OPTIONS_DETAIL_CHARS, "%.200s:%zu: [%.80s] %s", path,
                 line, section,
                 vault ? "has no path"
                       : "is neither [daemon] nor [vault NAME]");
        return ERR_INVALID;
    }
    return ERR_OK;
}

static enum err config_take(struct options *o, const struct given *given,
                            const char *path, char *detail)
{
    struct config *config;
    char text[CONFIG_DETAIL_CHARS] = "";
    enum err err = config_load(&config, path, text);
    if (err) {
        snprintf(detail, OPTIONS_DETAIL_CHARS, "%s",
                 text[0] ? text : err_text(err));
        return err;
    }
    for (size_t i = 0; !err && i < config_count(config); i++) {
        char wrong[OPTIONS_DETAIL_CHARS];
        err = setting_take(o, given, config, i, wrong);
        if (err)
            snprintf(detail, OPTIONS_DETAIL_CHARS, "%.200s: %.300s", path,
                     wrong);
    }
    if (!err)
        err = sections_check(o, config, path, detail);
    config_free(config);
    return err;
}

static enum err options_check(const struct options *o, char *detail)
{
    if (o->vault_count)
        return ERR_OK;
    snprintf(detail, OPTIONS_DETAIL_CHARS,
             "no vault is given: use --vault FILE or --config FILE");
    return ERR_INVALID;
}

static enum err all_read(struct options *o, const struct args *args,
                         char *detail)
{
    struct given given;
    enum err err = settings_take(o, &given, args, detail);
    if (err || o->help || o->version)
        return err;
    if (args->rest_count) {
        snprintf(detail, OPTIONS_DETAIL_CHARS,
                 "%.80s is not expected: see satcheld --help", args->rest[0]);
        return ERR_INVALID;
    }
    err = vaults_take(o, args, detail);
    const char *config = args_text(args, "--config");
    if (!err && config)
        err = config_take(o, &given, config, detail);
    const char *only = getenv("SATCHEL_VAULT");
    if (!err && !o->vault_count && only) {
        const char *file = getenv("SATCHEL_PASSPHRASE_FILE");
        err = vault_by_path(o, only, detail);
        if (!err && file)
            err = passphrase_set(&o->vaults[0], file, detail);
    }
    return err ? err : options_check(o, detail);
}

enum err options_read(struct options *out, int argc, char **argv,
                      char detail[OPTIONS_DETAIL_CHARS])
{
    struct args args;
    *out = (struct options){.level = LOG_INFO};
    detail[0] = '\0';
    enum err err =
        args_parse(&args, table, TABLE_COUNT, argc - 1, argv + 1, detail);
    if (err)
        return err;
    out->vaults = calloc(OPTIONS_VAULTS_MAX, sizeof *out->vaults);
    err = out->vaults ? all_read(out, &args, detail) : ERR_NOMEM;
    args_fini(&args);
    return err;
}

void options_fini(struct options *options)
{
    free(options->vaults);
    options->vaults = NULL;
}
