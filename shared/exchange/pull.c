/* Replies: receipt first, then page by page, each with its cursor. */
#include "shared/exchange/session_inner.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX (32u << 20)
#define DIFF_BYTES_MAX (32u << 20)

struct pull {
    struct session *session;
    struct arena arena; /* cleared for each line */
    struct buffer have; /* the office's list of a case under way */
    char (*scopes)[SCOPE_CHARS_MAX + 1]; /* granted, not yet served; owned */
    size_t scope_count;
    bool failed; /* an error of ours, not of the link */
};

/* --- header -------------------------------------------------------------- */

/* Nothing counts as received before this has accepted it. */
static enum err receipt_take(struct session *s, const struct reply_header *h,
                             const struct receipt *given,
                             enum err (*take)(struct vault *vault,
                                              const struct receipt *receipt))
{
    struct receipt receipt = *given;
    memcpy(receipt.agency, s->identity.agency, sizeof receipt.agency);
    memcpy(receipt.replica, s->identity.replica, sizeof receipt.replica);
    memcpy(receipt.lineage, h->lineage, sizeof receipt.lineage);
    enum err err = take(s->vault, &receipt);
    if (!err && receipt.n > s->identity.received && !s->got.receipt_moved) {
        s->report.pushed += receipt.n - s->identity.received;
        s->got.receipt_moved = true;
    }
    return err;
}

static enum err older_take(struct session *s, const struct reply_header *h,
                           const struct receipt *given)
{
    struct receipt receipt = *given;
    memcpy(receipt.agency, s->identity.agency, sizeof receipt.agency);
    memcpy(receipt.lineage, h->lineage, sizeof receipt.lineage);
    return outbox_older_backed(s->vault, &receipt);
}

/* Of two receipts the one for received lines goes further. */
static enum err receipts_take(struct session *s, const struct reply_header *h)
{
    enum err err = ERR_OK;
    if (h->has_receipt)
        err = receipt_take(s, h, &h->receipt, outbox_receipt);
    if (!err && h->has_backed)
        err = receipt_take(s, h, &h->backed, outbox_backed);
    for (size_t i = 0; !err && i < h->older_count; i++)
        err = older_take(s, h, &h->older[i]);
    return err;
}

static enum err held_take(struct session *s, const struct reply_header *h)
{
    s->report.held += (int64_t)h->held_count;
    return h->held_count ? outbox_held(s->vault, h->held, h->held_count)
                         : ERR_OK;
}

static bool asked_for(const struct session *s, const char *scope)
{
    for (size_t i = 0; i < s->cursor_count; i++)
        if (!strcmp(s->cursors[i].scope, scope))
            return true;
    return false;
}

/* Scopes that are news to this vault need another request, unless this very
 * reply serves them. */
static enum err scopes_take(struct pull *p, const struct reply_header *h)
{
    struct session *s = p->session;
    if (!h->scope_count)
        return ERR_OK;
    p->scopes = calloc(h->scope_count, sizeof *p->scopes);
    if (!p->scopes)
        return ERR_NOMEM;
    for (size_t i = 0; i < h->scope_count; i++)
        if (!asked_for(s, h->scopes[i]))
            memcpy(p->scopes[p->scope_count++], h->scopes[i],
                   sizeof *p->scopes);
    return inbox_scopes(s->vault, h->scopes, h->scope_count);
}

static void scope_served(struct pull *p, const struct cursor_line *cursor)
{
    for (size_t i = 0; cursor->end && i < p->scope_count; i++)
        if (!strcmp(p->scopes[i], cursor->cursor.scope))
            memcpy(p->scopes[i], p->scopes[--p->scope_count],
                   sizeof *p->scopes);
}

static enum err header_take(struct pull *p, const struct reply_header *h)
{
    struct session *s = p->session;
    const char *known = s->identity.lineage;
    if (known[0] && strcmp(known, h->lineage))
        return ERR_LINEAGE;
    enum err err = ERR_OK;
    if (h->term_text.size)
        err = identity_add_term(s->vault, h->term_text, h->term_signature);
    if (!err)
        err = receipts_take(s, h);
    if (!err)
        err = held_take(s, h);
    if (!err && h->state == REPLY_REVOKED && h->has_statement)
        err = identity_revoked(s->vault, h);
    if (!err)
        err = scopes_take(p, h);
    if (!err)
        err = identity_reply(s->vault, h);
    return err;
}

static enum err on_header(struct pull *p, struct bytes line)
{
    struct session *s = p->session;
    struct reply_header header;
    enum err err = reply_header_read(&p->arena, line, &header);
    if (err)
        return err == ERR_NOMEM ? err : ERR_PROTOCOL;
    s->report.reached = true;
    if (!header.lineage[0]) /* that of the request */
        memcpy(header.lineage, s->identity.lineage, sizeof header.lineage);
    err = header_take(p, &header);
    if (err) {
        p->failed = true;
        return err;
    }
    s->got.header = true;
    s->got.more = header.more;
    s->got.state = header.state;
    s->got.wants_from = header.wants_from;
    return ERR_OK;
}

/* --- lines --------------------------------------------------------------- */

static enum err on_cursor(struct pull *p, struct bytes line)
{
    struct cursor_line cursor;
    struct session *s = p->session;
    bool next = true;
    enum err err = cursor_line_read(&p->arena, line, &cursor);
    if (err)
        return ERR_PROTOCOL;
    scope_served(p, &cursor);
    if (s->by_file) {
        err =
            session_bundle_next(s, cursor.cursor.scope, &cursor.cursor, &next);
        cursor.end = false; /* receipts may have come meanwhile: no sum */
    }
    if (!next)
        inbox_discard(s->inbox);
    if (err || !next)
        return err;
    /* The page and its cursor are one transaction: neither without the other.
     */
    err = s->sent.phase == PHASE_RECONCILE ? inbox_settled(s->inbox, &cursor)
                                           : inbox_page(s->inbox, &cursor);
    if (err) {
        p->failed = true;
        return err;
    }
    s->got.pages++;
    return ERR_OK;
}

static enum err on_given(struct pull *p, struct bytes line)
{
    struct given_line given;
    enum err err = given_line_read(&p->arena, line, &given);
    if (err)
        return ERR_PROTOCOL;
    err = inbox_given(p->session->inbox, &given);
    p->failed = err != ERR_OK;
    if (!err)
        p->session->got.pages++;
    return err;
}

static enum err on_leave(struct pull *p, struct bytes line)
{
    struct leave_line leave;
    enum err err = leave_line_read(&p->arena, line, &leave);
    if (err)
        return ERR_PROTOCOL;
    struct session *s = p->session;
    bool next = true;
    if (s->by_file && !leave.kase[0])
        err = session_bundle_next(s, leave.scope, NULL, &next);
    if (err || !next)
        return err;
    err = inbox_leave(s->inbox, &leave);
    /* A whole scope, or any case in a reconcile, has no page that its leave
     * could be part of: it stands for itself. */
    const struct given_line itself = {.mac = {0}};
    if (!err && (!leave.kase[0] || s->sent.phase == PHASE_RECONCILE))
        err = inbox_given(s->inbox, &itself);
    p->failed = err != ERR_OK;
    return err;
}

static enum err on_join(struct pull *p, struct bytes line)
{
    struct join_line join;
    enum err err = join_line_read(&p->arena, line, &join);
    if (err)
        return ERR_PROTOCOL;
    err = inbox_join(p->session->inbox, join.kase);
    p->failed = err != ERR_OK;
    return err;
}

/* A case's list may come in several lines; the inbox wants the whole of it. */
static enum err on_diff(struct pull *p, struct bytes line)
{
    struct diff_line diff;
    enum err err = diff_line_read(&p->arena, line, &diff);
    if (err)
        return ERR_PROTOCOL;
    err = buffer_add_bytes(&p->have, diff.have);
    if (!err && !diff.more) {
        err = inbox_diff(p->session->inbox, diff.kase, diff.scope,
                         buffer_bytes(&p->have));
        buffer_clear(&p->have);
        p->session->got.diffs++;
    }
    p->failed = err != ERR_OK;
    return err;
}

static enum err on_line(void *context, struct bytes line)
{
    struct pull *p = context;
    arena_clear(&p->arena);
    if (!p->session->got.header)
        return on_header(p, line);
    if (p->session->by_file && vault_locked(p->session->vault))
        return ERR_OK; /* read again once it is unlocked */
    enum err err;
    switch (line_kind(line)) {
    case LINE_CURSOR:
        return on_cursor(p, line);
    case LINE_GIVEN:
        return on_given(p, line);
    case LINE_LEAVE:
        return on_leave(p, line);
    case LINE_JOIN:
        return on_join(p, line);
    case LINE_DIFF:
        return on_diff(p, line);
    case LINE_REVISION:
        err = inbox_line(p->session->inbox, line);
        p->failed = err != ERR_OK;
        return err;
    default:
        return ERR_OK; /* a control line of a later version */
    }
}

static enum err pull_read(struct pull *p, struct bytes body)
{
    struct session *s = p->session;
    struct frame_reader *reader;
    enum err err = frame_reader_new(&reader, on_line, p);
    if (err) {
        p->failed = true;
        return err;
    }
    err = frame_feed(reader, body);
    if (!err)
        err = frame_end(reader);
    s->got.whole = !err;
    frame_reader_free(reader);
    return err;
}

enum err pull_apply(struct session *s, struct bytes body)
{
    struct pull p = {.session = s};
    s->got = (struct got){.header = false};
    arena_init(&p.arena, ARENA_BYTES_MAX);
    buffer_init(&p.have, DIFF_BYTES_MAX);
    size_t before = inbox_lines_applied(s->inbox);
    enum err err = pull_read(&p, body);
    /* What came after the last whole page comes again with the next reply. */
    inbox_discard(s->inbox);
    s->report.pulled += (int64_t)(inbox_lines_applied(s->inbox) - before);
    s->got.scopes_asked = p.scope_count;
    free(p.scopes);
    buffer_fini(&p.have);
    arena_fini(&p.arena);
    /* A cut reply is no error here: session.c asks again. */
    if (p.failed || err == ERR_NOMEM || err == ERR_PROTOCOL)
        return err;
    return ERR_OK;
}
