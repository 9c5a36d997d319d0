/* The text that a write command was given: standard input, a long value, or
 * with --draft the text of a draft.
 *
 * From the moment it is read, a command that fails (cli_fail() and its like)
 * keeps it as a draft and says so; one that fails before, as on a locked vault,
 * leaves it unread and says that it is not kept.  A command that takes a
 * draft's text drops the draft in the transaction that records it. */
#ifndef CLI_GIVEN_H
#define CLI_GIVEN_H

#include "shared/base/buffer.h"
#include "shared/base/clock.h"

#define GIVEN_NOTE_CHARS 640
#define GIVEN_LONG_BYTES 200 /* shorter values are soon typed again */

struct cli;

struct given {
    struct buffer text;     /* owned */
    bool read;              /* standard input was, to whatever end */
    bool unkept;            /* the next failure keeps it */
    bool over;              /* more than a draft can hold: text is empty */
    bool operands;          /* it is the object of FIELD=VALUE operands */
    int64_t draft;          /* it comes from this draft; 0: from a person */
    char at[INSTANT_CHARS]; /* when that was kept; "" otherwise */
};

void given_init(struct given *given);
void given_fini(struct given *given); /* wipes */

/* All of it, NUL-terminated and borrowed; NULL with the message printed. */
const char *given_read(struct cli *cli);
/* As far as it has come, for who reads line by line; may be left out. */
void given_add(struct cli *cli, const char *text, size_t bytes);
/* Whatever is left of standard input. */
void given_rest(struct cli *cli);
/* That the values of the operands, as one JSON object, are to be kept. */
void given_operands(struct cli *cli, const char *json);
/* The text of an option: its value, or what is read for "-" and --draft.  *text
 * is NULL when neither is given; one that is empty is refused, since a pipe
 * that failed gives that. */
int given_option(struct cli *cli, const char *name, const char **text);

/* Around the write: with --draft one transaction, in which the draft goes.
 * given_end() takes the write's error and returns how it all went. */
int given_begin(struct cli *cli);
int given_end(struct cli *cli, int error);

/* Keeps what a failing command was given; `note` says so, or is "".  The
 * draft's number, 0 when none was made. */
int64_t given_keep(struct cli *cli, const char *reason,
                   char note[GIVEN_NOTE_CHARS]);

#endif
