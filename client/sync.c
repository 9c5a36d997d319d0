/* Enrolment, syncing, custody. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"
#include "shared/exchange/control.h"
#include "shared/replica/blob.h"
#include "shared/replica/draft.h"

PUBLIC int satchel_enrol(satchel *handle, const char *server, const char *code,
                         const char *ca_file)
{
    struct transport transport;
    char detail[SESSION_DETAIL_CHARS] = "", whole[PATH_MAX];
    bool sent = false;
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    /* A daemon syncs from another folder. */
    if (ca_file && realpath(ca_file, whole))
        ca_file = whole;
    err = transport_http_open(&transport, -1);
    if (!err) {
        err = session_enrol(handle->vault, &transport, server, ca_file, code,
                            &sent, detail);
        transport.close(transport.context);
    }
    handle->unsent = handle->unsent && !sent;
    if (err && *detail)
        return handle_fail(handle, err, "%s", detail);
    return handle_leave(handle, err);
}

static void report_fill(struct satchel_sync_report *out,
                        const struct session_report *report)
{
    out->pushed = report->pushed;
    out->pulled = report->pulled;
    out->held = report->held;
    out->requests = report->requests;
    out->sent_bytes = report->sent_bytes;
    out->received_bytes = report->received_bytes;
    out->reached = report->reached;
    out->attachments = report->blobs;
    out->left = report->left;
    out->locked = report->locked;
}

static enum err sync_here(struct vault *vault, struct session_report *report)
{
    struct transport transport;
    enum err err = transport_http_open(&transport, -1);
    if (err)
        return err;
    err = session_run(vault, &transport, NULL, report);
    transport.close(transport.context);
    return err;
}

/* A daemon that serves the vault holds its lease, so it is asked first; but
 * when the vault is locked there and open here, pulling is ours to do. */
static enum err sync_anywhere(struct vault *vault,
                              struct session_report *report)
{
    enum err err = control_sync(vault_path(vault), report);
    if (err == ERR_NOT_FOUND || (report->locked && !vault_locked(vault)))
        err = sync_here(vault, report);
    return err;
}

PUBLIC int satchel_sync(satchel *handle, struct satchel_sync_report *given)
{
    struct session_report report = {0};
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    err = sync_anywhere(handle->vault, &report);
    handle_told(handle);
    if (given) {
        struct satchel_sync_report out = SATCHEL_SYNC_REPORT_INIT;
        report_fill(&out, &report);
        HANDLE_GIVE(given, out);
    }
    if (err && *report.detail)
        return handle_fail(handle, err, "%s", report.detail);
    return handle_leave(handle, err);
}

PUBLIC int satchel_status(satchel *handle, struct satchel_status *given)
{
    struct vault_status status;
    int64_t drafts, blobs, blob_bytes;
    enum err err = handle_enter(handle);
    if (!err)
        err = record_status(handle->vault, &status);
    if (!err)
        err = draft_count(handle->vault, &drafts);
    if (!err)
        err = blob_waiting(handle->vault, &blobs, &blob_bytes);
    if (!err) {
        struct satchel_status out = SATCHEL_STATUS_INIT;
        out.here = status.here;
        out.oldest_s = status.oldest_ms / 1000;
        out.received = status.received;
        out.backed_up = status.backed_up;
        out.held = status.held;
        out.conflicts = status.conflicts;
        out.last_sync = status.last_sync_ms / 1000;
        out.drafts = drafts;
        out.attachments = blobs;
        out.attachment_bytes = blob_bytes;
        out.enrolled = status.enrolled;
        out.revoked = (status.revoked_ms + 999) / 1000;
        HANDLE_GIVE(given, out);
    }
    return handle_leave(handle, err);
}
