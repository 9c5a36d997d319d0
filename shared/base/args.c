#include "shared/base/args.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct args_given {
    const char *name;  /* borrowed from the table of options */
    const char *value; /* borrowed from argv; NULL: a flag */
};

struct reader {
    const struct args_option *options;
    size_t count;
    int argc;
    char *const *argv;
    int at; /* the next argument */
    char *detail;
    struct args *out;
};

/* The option that `argument` names, and where its "=VALUE" begins if any. */
static const struct args_option *option_find(const struct args_option *options,
                                             size_t count, const char *argument,
                                             const char **value)
{
    *value = NULL;
    if (strcmp(argument, "-h") == 0)
        argument = "--help";
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(options[i].name);
        if (strncmp(argument, options[i].name, size) != 0)
            continue;
        if (argument[size] == '\0')
            return &options[i];
        if (argument[size] == '=') {
            *value = argument + size + 1;
            return &options[i];
        }
    }
    return NULL;
}

static bool is_option(const struct reader *r, const char *argument)
{
    const char *value;
    return strcmp(argument, "--") == 0 ||
           option_find(r->options, r->count, argument, &value);
}

static void give(struct reader *r, const struct args_option *option,
                 const char *value)
{
    struct args_given *given = &r->out->given[r->out->given_count++];
    given->name = option->name;
    given->value = value;
}

/* Values end where an option begins; those of a list also where one seems to
 * begin, for a misspelt option is no file. */
static bool values_end(const struct reader *r, const struct args_option *option)
{
    if (r->at >= r->argc)
        return true;
    const char *argument = r->argv[r->at];
    return is_option(r, argument) ||
           (option->kind == ARGS_LIST && strncmp(argument, "--", 2) == 0);
}

static enum err read_values(struct reader *r, const struct args_option *option)
{
    if (values_end(r, option)) {
        snprintf(r->detail, ARGS_DETAIL_CHARS, "%s needs a value: %s %s",
                 option->name, option->name, option->value);
        return ERR_INVALID;
    }
    give(r, option, r->argv[r->at++]);
    while (option->kind == ARGS_LIST && !values_end(r, option))
        give(r, option, r->argv[r->at++]);
    return ERR_OK;
}

static enum err read_option(struct reader *r, const struct args_option *option,
                            const char *value)
{
    if (option->kind == ARGS_FLAG) {
        if (value) {
            snprintf(r->detail, ARGS_DETAIL_CHARS, "%s takes no value",
                     option->name);
            return ERR_INVALID;
        }
        give(r, option, NULL);
        return ERR_OK;
    }
    if (value) {
        give(r, option, value);
        return ERR_OK;
    }
    return read_values(r, option);
}

static enum err read_all(struct reader *r)
{
    bool ended = false;
    while (r->at < r->argc) {
        const char *argument = r->argv[r->at++];
        const char *value;
        if (ended || argument[0] != '-' || argument[1] == '\0') {
            r->out->rest[r->out->rest_count++] = argument;
            continue;
        }
        if (strcmp(argument, "--") == 0) {
            ended = true;
            continue;
        }
        const struct args_option *option =
            option_find(r->options, r->count, argument, &value);
        if (!option) {
            snprintf(r->detail, ARGS_DETAIL_CHARS, "there is no option %.100s",
                     argument);
            return ERR_INVALID;
        }
        enum err err = read_option(r, option, value);
        if (err)
            return err;
    }
    return ERR_OK;
}

enum err args_parse(struct args *out, const struct args_option *options,
                    size_t count, int argc, char *const *argv, char *detail)
{
    *out = (struct args){0};
    detail[0] = '\0';
    size_t room = (size_t)(argc > 0 ? argc : 0) + 1;
    out->given = calloc(room, sizeof *out->given);
    out->rest = calloc(room, sizeof *out->rest);
    struct reader reader = {options, count, argc, argv, 0, detail, out};
    enum err err = out->given && out->rest ? read_all(&reader) : ERR_NOMEM;
    if (err)
        args_fini(out);
    return err;
}

void args_fini(struct args *args)
{
    free(args->given);
    free(args->rest);
    *args = (struct args){0};
}

enum err args_allow(const struct args *args, const struct args_option *options,
                    size_t count, char *detail)
{
    const char *value;
    for (size_t i = 0; i < args->given_count; i++) {
        if (option_find(options, count, args->given[i].name, &value))
            continue;
        snprintf(detail, ARGS_DETAIL_CHARS, "this command has no option %s",
                 args->given[i].name);
        return ERR_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (!options[i].required || args_flag(args, options[i].name))
            continue;
        snprintf(detail, ARGS_DETAIL_CHARS, "%s %s is missing (%s)",
                 options[i].name, options[i].value ? options[i].value : "",
                 options[i].help);
        return ERR_INVALID;
    }
    return ERR_OK;
}

static bool names_it(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at += length)
        if (at[length] == ' ' || !at[length])
            return true;
    return false;
}

size_t args_pick(const struct args_option *options, size_t count, size_t common,
                 const char *names, struct args_option *out, size_t room)
{
    size_t picked = 0;
    for (size_t i = 0; i < count; i++)
        if (i < common || names_it(names, options[i].name)) {
            assert(picked < room);
            out[picked++] = options[i];
        }
    return picked;
}

bool args_flag(const struct args *args, const char *name)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].name, name) == 0)
            return true;
    return false;
}

const char *args_text(const struct args *args, const char *name)
{
    const char *last = NULL;
    for (size_t i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].name, name) == 0)
            last = args->given[i].value;
    return last;
}

size_t args_list_count(const struct args *args, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < args->given_count; i++)
        count += strcmp(args->given[i].name, name) == 0;
    return count;
}

const char *args_list_at(const struct args *args, const char *name,
                         size_t index)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].name, name) == 0 && index-- == 0)
            return args->given[i].value;
    return NULL;
}

void args_help(FILE *out, const struct args_option *options, size_t count)
{
    int width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(options[i].name) +
                      (options[i].value ? strlen(options[i].value) + 1 : 0) +
                      (options[i].kind == ARGS_LIST ? 3 : 0);
        if ((int)size > width)
            width = (int)size;
    }
    for (size_t i = 0; i < count; i++) {
        int size = fprintf(out, "  %s%s%s%s", options[i].name,
                           options[i].value ? " " : "",
                           options[i].value ? options[i].value : "",
                           options[i].kind == ARGS_LIST ? "..." : "");
        fprintf(out, "%*s%s\n", width + 2 - size + 2, "", options[i].help);
    }
}
