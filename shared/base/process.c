#include "shared/base/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void process_keep_secrets(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    /* A handler that the kernel pipes images to is not bound by the limit.  The
     * leak check of the sanitizers reads its own process, and needs this. */
#ifndef __SANITIZE_ADDRESS__
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
