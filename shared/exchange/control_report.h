/* What the control socket says, as JSON. */
#ifndef EXCHANGE_CONTROL_REPORT_H
#define EXCHANGE_CONTROL_REPORT_H

#include "shared/base/bytes.h"

/* False for the reply of a daemon that does not know the vault. */
bool control_serves(struct bytes reply);

#endif
