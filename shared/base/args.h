/* Command-line arguments: a table of options, in any order, and the rest.
 *
 * An option takes one value, several ("--keep A B", up to what begins with two
 * dashes), or none.  "--name VALUE" and "--name=VALUE" are the same; a list may
 * also be given as several options; "--" ends the options; "-" alone is an
 * ordinary argument; "-h" is "--help".  A program with many commands parses
 * once with the options of all of them, takes the command from the ordinary
 * arguments and then asks args_allow() whether that command knows the options
 * given. Texts are borrowed from argv.  Not thread-safe. */
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

#include <stdio.h>
#include "shared/base/bytes.h"

#define ARGS_DETAIL_CHARS 256

enum args_kind { ARGS_FLAG, ARGS_TEXT, ARGS_LIST };

struct args_option {
    const char *name; /* with its dashes, "--data" */
    enum args_kind kind;
    const char *value; /* what the help calls the value, "DIR"; NULL: a flag */
    const char *help;  /* one line */
    bool required;     /* checked by args_allow() */
};

struct args_given; /* one option as it was given */

struct args {
    struct args_given *given; /* owned */
    size_t given_count;
    const char **rest; /* owned: the ordinary arguments */
    size_t rest_count;
};

/* `argv` is without the program's name.  ERR_INVALID with a `detail` of
 * ARGS_DETAIL_CHARS that names the argument; ERR_NOMEM.  On failure `out` holds
 * nothing. */
MUST_CHECK enum err args_parse(struct args *out,
                               const struct args_option *options, size_t count,
                               int argc, char *const *argv, char *detail);
void args_fini(struct args *args);

/* ERR_INVALID with `detail` when an option was given that is not among these,
 * or a required one was not. */
MUST_CHECK enum err args_allow(const struct args *args,
                               const struct args_option *options, size_t count,
                               char *detail);

/* Of a table for many commands the options of one: the first `common` of the
 * table and those that `names` has, separated by spaces.  `out` has room for
 * `room` of them; returns how many there are. */
size_t args_pick(const struct args_option *options, size_t count, size_t common,
                 const char *names, struct args_option *out, size_t room);

bool args_flag(const struct args *args, const char *name);
/* The last value given, or NULL. */
const char *args_text(const struct args *args, const char *name);
/* All values given, in order: how many, and each (NULL past the end). */
size_t args_list_count(const struct args *args, const char *name);
const char *args_list_at(const struct args *args, const char *name,
                         size_t index);

/* One line an option, aligned, as a help text shows them. */
void args_help(FILE *out, const struct args_option *options, size_t count);

#endif
