/* The exchange by file. */
#include <string.h>

#include "client/handle.h"
#include "shared/base/file.h"
#include "shared/exchange/session_bundle.h"
#include "shared/wire/bundle.h"

static void report_give(struct satchel_bundle_report *given,
                        const struct bundle_report *report)
{
    struct satchel_bundle_report out = SATCHEL_BUNDLE_REPORT_INIT;
    if (!given)
        return;
    out.lines = report->lines;
    out.left = report->left;
    out.received = report->received;
    out.pulled = report->pulled;
    out.held = report->held;
    out.push_only = report->push_only;
    out.more = report->more;
    out.passed_over = report->passed_over;
    HANDLE_GIVE(given, out);
}

static int file_failed(satchel *handle, enum err err, const char *path)
{
    if (err == ERR_EXISTS)
        return handle_fail(handle, err,
                           "%s exists; bundles are never overwritten, give "
                           "another name",
                           path);
    if (err == ERR_TOO_BIG)
        return handle_fail(handle, err, "%s is no bundle: it is over %u MiB",
                           path, BUNDLE_BYTES_MAX >> 20);
    return handle_fail(handle, err, "%s: %s", path, file_err_text(err));
}

PUBLIC int satchel_bundle_write(satchel *handle, const char *path,
                                struct satchel_bundle_report *given)
{
    struct bundle_report report;
    struct buffer file;
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    buffer_init(&file, BUNDLE_BYTES_MAX);
    err = session_bundle_write(handle->vault, &file, &report);
    enum err stored = err ? err : file_write_new(path, buffer_bytes(&file));
    buffer_fini(&file);
    report_give(given, &report);
    if (err)
        return handle_fail(handle, err, "%s", report.detail);
    return stored ? file_failed(handle, stored, path)
                  : handle_leave(handle, ERR_OK);
}

PUBLIC int satchel_bundle_read(satchel *handle, const char *path,
                               struct satchel_bundle_report *given)
{
    struct bundle_report report;
    struct buffer file;
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    buffer_init(&file, BUNDLE_BYTES_MAX);
    enum err loaded = file_read(path, &file);
    if (!loaded)
        err = session_bundle_read(handle->vault, buffer_bytes(&file), &report);
    buffer_fini(&file);
    if (loaded)
        return file_failed(handle, loaded, path);
    report_give(given, &report);
    if (err)
        return handle_fail(handle, err, "%s: %s", path, report.detail);
    return handle_leave(handle, ERR_OK);
}
