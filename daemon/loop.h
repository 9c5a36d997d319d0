/* satcheld's loop: every vault's courier and the control socket around one
 * poll(2), in one thread. */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "daemon/options.h"

/* Runs until told to stop (`stop`, SIGTERM, SIGINT); what is under way then is
 * finished first, but not for longer than 20 seconds.  ERR_FOREIGN when none of
 * the files can ever be opened as a vault. */
MUST_CHECK enum err loop_run(const struct options *options,
                             const struct log *log);

/* `--once`: one sync of each vault, in turn.  *reached is false when one could
 * not be brought in step. */
MUST_CHECK enum err loop_once(const struct options *options,
                              const struct log *log, bool *in_step);

#endif
