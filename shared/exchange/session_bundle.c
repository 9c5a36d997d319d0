#include "shared/exchange/session_bundle.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "shared/exchange/session_inner.h"
#include "shared/wire/bundle.h"

/* Sealed lines hardly deflate, so the body may be as large as what it holds. */
#define BODY_BYTES_MAX (40u << 20)
#define BATCH_BYTES (8 << 20) /* times three before deflate */
#define LEVEL 9               /* files are carried, not waited for */
#define LEASE_MS 120000
#define ARENA_BYTES_MAX (4u << 20)

static enum err refuse(struct bundle_report *report, enum err err,
                       const char *text)
{
    snprintf(report->detail, sizeof report->detail, "%s", text);
    return report->err = err;
}

static enum err open_by_file(struct session **out, struct vault *vault,
                             struct bundle_report *report)
{
    const struct session_options options = {.batch_bytes_max = BATCH_BYTES,
                                            .level = LEVEL};
    *report = (struct bundle_report){.err = ERR_OK};
    enum err err = session_open(out, vault, &options);
    if (err == ERR_NOT_FOUND)
        return refuse(report, err,
                      "this vault has no office yet: run satchel enroll");
    if (err)
        return refuse(report, err, err_text(err));
    (*out)->by_file = true;
    (*out)->pace->batch_bytes = BATCH_BYTES;
    return ERR_OK;
}

/* What ended the session, for the user. */
static enum err end(struct session *s, enum err err,
                    struct bundle_report *report)
{
    if (err && s->phase != PHASE_FAILED)
        session_fail_vault(s, err);
    if (s->phase == PHASE_SUCCEED)
        session_fail(s, ERR_FORK,
                     "the office goes on only with a fresh key (%s), which "
                     "needs the network once: run satchel sync; nothing is "
                     "lost",
                     s->succeed_reason);
    if (s->phase == PHASE_FAILED) {
        report->err = s->report.err;
        memcpy(report->detail, s->report.detail, sizeof report->detail);
    }
    session_close(s);
    return report->err;
}

/* --- writing -------------------------------------------------------------- */

static enum err request_make(struct session *s, struct buffer *file,
                             struct bundle_report *report)
{
    struct bundle_label label = {.kind = BUNDLE_REQUEST};
    s->push_only = vault_locked(s->vault);
    s->body.ceiling = BODY_BYTES_MAX;
    enum err err = s->push_only ? ERR_OK : reconcile_wanted(s, &s->push_only);
    if (!err)
        err = push_sync(s);
    if (err)
        return err;
    const struct identity *id = &s->identity;
    report->push_only = s->push_only;
    report->lines = s->sent.lines;
    report->left = id->head - id->received - s->sent.lines;
    memcpy(label.agency, id->agency, sizeof label.agency);
    memcpy(label.replica, id->replica, sizeof label.replica);
    return bundle_seal(file, &label, id->box, buffer_bytes(&s->body));
}

enum err session_bundle_write(struct vault *vault, struct buffer *file,
                              struct bundle_report *report)
{
    struct session *s;
    enum err err = open_by_file(&s, vault, report);
    return err ? err : end(s, request_make(s, file, report), report);
}

/* --- which pages to apply ------------------------------------------------- */

/* The place kept for a scope; a scope never heard of stands at its beginning.
 */
static enum err place_of(struct cursor *list, size_t *count, const char *scope,
                         struct cursor **out)
{
    for (size_t i = 0; i < *count; i++)
        if (!strcmp(list[i].scope, scope)) {
            *out = &list[i];
            return ERR_OK;
        }
    if (*count == SCOPES_MAX)
        return ERR_PROTOCOL;
    *out = &list[(*count)++];
    **out = (struct cursor){.seq = 0};
    snprintf((*out)->scope, sizeof(*out)->scope, "%s", scope);
    return ERR_OK;
}

enum err session_bundle_next(struct session *s, const char *scope,
                             const struct cursor *page, bool *next)
{
    struct cursor *from, *here;
    *next = false;
    enum err err = place_of(s->cursors, &s->cursor_count, scope, &from);
    if (!err)
        err = place_of(s->here, &s->here_count, scope, &here);
    if (err)
        return err;
    *next = from->seq == here->seq && from->off == here->off;
    if (page) {
        from->seq = page->seq;
        from->off = page->off;
    }
    if (*next)
        *here = *from;
    else
        s->passed_over++;
    return ERR_OK;
}

/* --- reading -------------------------------------------------------------- */

struct reading {
    struct session *s;
    struct arena arena;
    struct buffer content;
    struct bundle_reply reply;
    struct request_header header; /* of the request that is answered */
};

static enum err label_check(struct session *s, struct bytes file,
                            struct bytes *sealed)
{
    struct bundle_label label;
    enum err err = bundle_label_read(file, &label, sealed);
    if (err == ERR_UNSUPPORTED)
        session_fail(s, err,
                     "this bundle is of a later version: update this program");
    else if (err == ERR_FOREIGN)
        session_fail(s, err, "this file is no bundle");
    else if (err)
        session_fail_vault(s, err);
    else if (label.kind != BUNDLE_REPLY)
        session_fail(s, ERR_FOREIGN,
                     "this bundle is for the office (%s): give it to "
                     "`satchel-central bundle take`",
                     label.agency);
    else if (strcmp(label.replica, s->identity.replica))
        session_fail(s, ERR_FOREIGN,
                     "this reply is for %s and this vault is %s: read it with "
                     "its own vault; one to an earlier key of this vault is of "
                     "no use any more",
                     label.replica, s->identity.replica);
    return s->report.err;
}

static enum err unseal(struct reading *r, struct bytes sealed)
{
    uint8_t box[KEY_BYTES], secret[32];
    enum err err = identity_reply_keys(r->s->vault, box, secret);
    if (!err)
        err = bundle_open(&r->content, sealed, box, secret);
    sodium_memzero(secret, sizeof secret);
    if (err == ERR_CORRUPT)
        session_fail(r->s, err,
                     "this reply was cut short or altered on its way; nothing "
                     "of it was taken: copy it again");
    return err;
}

/* The term that signed must be certified by the root this vault trusts. */
static enum err prove(struct reading *r)
{
    struct session *s = r->s;
    struct bundle_signed proof;
    struct term_certificate term;
    uint8_t key[KEY_BYTES];
    enum err err = bundle_reply_read(&r->arena, buffer_bytes(&r->content),
                                     &r->reply, &proof);
    if (!err)
        err =
            identity_add_term(s->vault, r->reply.term, r->reply.term_signature);
    if (!err)
        err = term_certificate_read(&r->arena, r->reply.term, &term);
    if (!err)
        err = identity_term_key(s->vault, term.replica, key);
    if (!err)
        err = bundle_reply_verify(&proof, key);
    if (!err)
        err = request_header_read(&r->arena, r->reply.header, &r->header, NULL);
    if (!err && strcmp(r->header.replica, s->identity.replica))
        err = ERR_SIGNATURE;
    if (err == ERR_SIGNATURE || err == ERR_CORRUPT || err == ERR_INVALID)
        session_fail(s, err,
                     "this reply is not one that the office signed for this "
                     "vault; nothing of it was taken");
    return err;
}

/* The session is put where it was when the request was written, but for the
 * vault, which may have gone on. */
static enum err place(struct reading *r)
{
    struct session *s = r->s;
    enum err err = vault_lease(s->vault, LEASE_MS);
    if (err)
        return err;
    s->leased = true;
    err = identity_load(s->vault, &s->identity);
    if (!err)
        err = inbox_cursors(s->vault, s->here, SCOPES_MAX, &s->here_count);
    s->cursor_count = r->header.cursor_count;
    if (s->cursor_count)
        memcpy(s->cursors, r->header.cursors,
               s->cursor_count * sizeof *s->cursors);
    s->sent = (struct sent){.phase = PHASE_SYNC};
    return err;
}

static enum err answer_apply(struct reading *r)
{
    struct session *s = r->s;
    struct transport_response response = {.status = (int)r->reply.status};
    s->phase = PHASE_SYNC;
    buffer_init(&response.body, BUNDLE_BYTES_MAX);
    enum err err = buffer_add_bytes(&response.body, r->reply.body);
    if (!err && response.status == 200)
        session_reply_by_file(s, r->reply.body);
    else if (!err)
        refusal_apply(s, &response);
    buffer_fini(&response.body);
    return err;
}

static enum err reply_take(struct reading *r, struct bytes file)
{
    struct bytes sealed;
    enum err err = label_check(r->s, file, &sealed);
    if (!err)
        err = unseal(r, sealed);
    if (!err)
        err = prove(r);
    if (!err)
        err = place(r);
    return err ? err : answer_apply(r);
}

enum err session_bundle_read(struct vault *vault, struct bytes file,
                             struct bundle_report *report)
{
    struct reading r = {.s = NULL};
    enum err err = open_by_file(&r.s, vault, report);
    if (err)
        return err;
    struct session *s = r.s;
    arena_init(&r.arena, ARENA_BYTES_MAX);
    buffer_init(&r.content, BUNDLE_BYTES_MAX);
    err = reply_take(&r, file);
    buffer_wipe(&r.content);
    arena_fini(&r.arena);
    report->received = s->report.pushed;
    report->pulled = s->report.pulled;
    report->held = s->report.held;
    report->push_only = vault_locked(vault);
    report->more = s->got.more || s->got.scopes_asked;
    report->passed_over = s->passed_over > 0;
    return end(s, err, report);
}
