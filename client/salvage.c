/* Salvage. */
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"
#include "shared/replica/salvage.h"

#define GAPS_BYTES_MAX (16u << 20)

static void gap_add(void *context, const char *replica, int64_t first,
                    int64_t last)
{
    buffer_printf(context, "%s:%lld-%lld\n", replica, (long long)first,
                  (long long)last);
}

PUBLIC int satchel_salvage(satchel *handle, const char *source,
                           const char *passphrase,
                           struct satchel_salvage_report *given, char **missing)
{
    struct salvage_report report = {0};
    struct buffer gaps;
    *missing = NULL;
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    buffer_init(&gaps, GAPS_BYTES_MAX);
    err = salvage(handle->vault, source, passphrase, gap_add, &gaps, &report);
    struct satchel_salvage_report out = SATCHEL_SALVAGE_REPORT_INIT;
    out.intact = report.intact;
    out.carried = report.carried;
    out.known = report.known;
    out.foreign = report.foreign;
    out.others = report.others;
    out.unopened = report.unopened;
    out.missing = report.missing;
    out.unread = report.unread;
    HANDLE_GIVE(given, out);
    if (!err)
        err = handle_give(missing, &gaps);
    buffer_fini(&gaps);
    return handle_leave(handle, err);
}
