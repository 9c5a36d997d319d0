/* What the commands about money share. */
#ifndef SERVER_COMMAND_MONEY_H
#define SERVER_COMMAND_MONEY_H

#include "server/command.h"
#include "server/money.h"

/* The option's amount, `none` when it is not given. */
int command_cents(const struct command *command, const char *option,
                  int64_t none, int64_t *out);
/* As command_open() and command_begin(), for a decision about money. */
int command_money_begin(struct command *command);
int command_money_end(struct command *command, enum err err);
/* The one operand, an id or a number, as an id. */
int command_money_named(struct command *command, enum money_kind kind,
                        char id[ID_CHARS + 1]);
/* "80.00", in a place of its own; up to four at a time. */
const char *command_amount(int64_t cents);
/* void: an authorisation or a voucher. */
int command_money_void(struct command *command, enum money_kind kind);
/* How many uses of vouchers wait for a person. */
MUST_CHECK enum err command_voucher_alarms(struct command *command,
                                           int64_t *count);

#endif
