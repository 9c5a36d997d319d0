/* Pruning. */
#include <string.h>

#include "client/handle.h"
#include "shared/replica/blob.h"
#include "shared/replica/prune.h"

PUBLIC int satchel_prune(satchel *handle, struct satchel_prune_report *given)
{
    struct satchel_prune_report out = SATCHEL_PRUNE_REPORT_INIT;
    struct pruned pruned = {0, 0, 0};
    enum err err = handle_enter(handle);
    for (bool more = true; !err && more;)
        err = prune_step(handle->vault, &pruned, &more);
    if (!err)
        err = prune_waiting(handle->vault, &out.waiting);
    out.cases = pruned.cases;
    out.lines = pruned.lines;
    out.bytes = pruned.bytes;
    HANDLE_GIVE(given, out);
    return handle_leave(handle, err);
}

PUBLIC int satchel_let_attachments_go(satchel *handle, int64_t *count)
{
    *count = 0;
    enum err err = handle_enter(handle);
    if (!err)
        err = blob_let_go(handle->vault, count);
    return handle_leave(handle, err);
}
