/* A bundle: the request as a file, and its reply. */
#include <stdio.h>
#include <string.h>

#include "server/sync_inner.h"
#include "shared/wire/bundle.h"

static enum err refuse(struct sync_bundle *out, enum err err,
                       const char *before, const char *about, const char *after)
{
    snprintf(out->detail, sizeof out->detail, "%s%s%s", before, about, after);
    return err;
}

static enum err unseal(const struct office *office, struct bytes file,
                       struct bundle_label *label, struct buffer *request,
                       struct sync_bundle *out)
{
    struct bytes sealed;
    enum err err = bundle_label_read(file, label, &sealed);
    if (err == ERR_FOREIGN)
        return refuse(out, err, "it is no bundle", "", "");
    if (err == ERR_UNSUPPORTED)
        return refuse(out, err,
                      "it is a bundle of a later version: update this program",
                      "", "");
    if (err)
        return refuse(out, err, err_text(err), "", "");
    if (label->kind != BUNDLE_REQUEST)
        return refuse(out, ERR_FOREIGN, "it is a reply for the device ",
                      label->replica,
                      ": read it there with `satchel bundle read`");
    if (strcmp(label->agency, office->agency) != 0)
        return refuse(out, ERR_FOREIGN, "it is for another agency, ",
                      label->agency, ": take it there");
    err = bundle_open(request, sealed, office->keys.box_public,
                      office->keys.box_secret);
    if (err == ERR_CORRUPT)
        return refuse(out, err,
                      "it was cut short or altered on its way, or sealed to "
                      "other keys than this office's; nothing of it was "
                      "taken: copy it again",
                      "", "");
    return err ? refuse(out, err, err_text(err), "", "") : ERR_OK;
}

static enum err answer_write(struct sync *s, struct bytes body, int status,
                             struct buffer *content)
{
    const struct office *office = s->office;
    struct bundle_reply reply = {
        .at = clock_wall_ms(office->clock),
        .status = status,
        .header = s->header_line,
        .term = buffer_bytes(&office->term_text),
        .body = body,
    };
    memcpy(reply.term_signature, office->term_signature,
           sizeof reply.term_signature);
    return bundle_reply_write(content, &reply, &office->term_keys);
}

static enum err reply_seal(struct sync *s, const struct buffer *content,
                           struct buffer *reply)
{
    struct bundle_label label = {.kind = BUNDLE_REPLY};
    uint8_t box[KEY_BYTES];
    memcpy(label.agency, s->office->agency, sizeof label.agency);
    memcpy(label.replica, s->row.replica, sizeof label.replica);
    enum err err = bundle_reply_key(box, s->row.transport);
    return err ? err : bundle_seal(reply, &label, box, buffer_bytes(content));
}

static void outcome(const struct sync *s, int status, struct sync_bundle *out)
{
    memcpy(out->replica, s->row.replica, sizeof out->replica);
    memcpy(out->account, s->row.account, sizeof out->account);
    out->status = status;
    out->error = s->error;
    out->head = s->head;
    out->taken = s->head - s->row.head;
    out->held = (int64_t)s->held_count;
}

static enum err answer(struct sync *s, struct buffer *reply,
                       struct sync_bundle *out)
{
    struct buffer body, content;
    const char *type;
    int status;
    buffer_init(&body, BUNDLE_BYTES_MAX);
    buffer_init(&content, BUNDLE_BYTES_MAX);
    enum err err = sync_reply(s, &body, &status, &type);
    if (!err && !s->authentic) {
        err = refuse(out, ERR_DENIED, s->error.detail,
                     "; nothing of it was taken", "");
    } else if (!err) {
        outcome(s, status, out);
        err = answer_write(s, buffer_bytes(&body), status, &content);
        if (!err)
            err = reply_seal(s, &content, reply);
    }
    buffer_fini(&content);
    buffer_fini(&body);
    return err;
}

static enum err take(struct office *office, struct sql *sql,
                     struct bytes request, struct buffer *reply,
                     struct sync_bundle *out)
{
    struct sync *s;
    enum err err = sync_new(&s, office, sql);
    if (err)
        return err;
    s->by_file = true;
    err = sync_feed(s, request);
    if (!err)
        err = sync_end(s);
    if (!err && sync_wants_commit(s))
        err = sync_commit_many(office, sql, &s, 1);
    if (!err)
        err = answer(s, reply, out);
    sync_free(s);
    return err;
}

enum err sync_bundle(struct office *office, struct sql *sql, struct bytes file,
                     struct buffer *reply, struct sync_bundle *out)
{
    struct bundle_label label;
    struct buffer request;
    *out = (struct sync_bundle){.status = 0};
    buffer_init(&request, BUNDLE_BYTES_MAX);
    enum err err = unseal(office, file, &label, &request, out);
    if (!err)
        err = take(office, sql, buffer_bytes(&request), reply, out);
    if (err && !out->detail[0])
        snprintf(out->detail, sizeof out->detail, "%s", err_text(err));
    buffer_fini(&request);
    return err;
}
