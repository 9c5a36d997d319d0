#include <stdio.h>
#include <string.h>
#include "server/sync_inner.h"

#define PLAIN_BYTES_MAX (64u * 1024u * 1024u)
#define SMALL_BYTES (64u * 1024u)

/* --- lines of the reply --------------------------------------------------- */

enum err outgoing_line(struct outgoing *out, struct bytes line)
{
    out->page_entries++;
    buffer_add_bytes(&out->plain, line);
    return buffer_add_char(&out->plain, '\n');
}

enum err outgoing_revision(struct outgoing *out, const uint8_t hash[HASH_BYTES],
                           struct bytes line)
{
    buffer_add(&out->hashes, hash, HASH_BYTES);
    out->page_lines++;
    enum err err = outgoing_line(out, line);
    return err ? err : buffer_err(&out->hashes);
}

static void page_close(struct outgoing *out, uint8_t mac[MAC_BYTES])
{
    const struct office *office = out->sync->office;
    page_mac(mac, office->keys.page_key, office->agency,
             buffer_bytes(&out->hashes));
    buffer_clear(&out->hashes);
    out->page_lines = 0;
}

enum err outgoing_cursor(struct outgoing *out, const struct cursor *cursor,
                         bool end)
{
    struct cursor_line line = {.cursor = *cursor, .end = end};
    struct buffer text;
    line.cursor.has_sum = end;
    line.has_mac = out->page_lines > 0;
    if (line.has_mac)
        page_close(out, line.mac);
    buffer_init(&text, 4096);
    enum err err = cursor_line_write(&text, &line);
    if (!err)
        err = outgoing_line(out, buffer_bytes(&text));
    out->page_entries = 0;
    buffer_fini(&text);
    return err;
}

enum err outgoing_given(struct outgoing *out)
{
    struct given_line line;
    struct buffer text;
    if (!out->page_lines)
        return ERR_OK;
    page_close(out, line.mac);
    buffer_init(&text, 4096);
    enum err err = given_line_write(&text, &line);
    if (!err)
        err = outgoing_line(out, buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

enum err outgoing_leave(struct outgoing *out, const char *scope,
                        const char *kase)
{
    struct sync *s = out->sync;
    struct leave_line leave = {.at = clock_wall_ms(s->office->clock)};
    struct buffer text;
    memcpy(leave.kase, kase, strlen(kase) + 1);
    memcpy(leave.scope, scope, strlen(scope) + 1);
    memcpy(leave.replica, s->header.replica, sizeof leave.replica);
    memcpy(leave.lineage, s->lineage, sizeof leave.lineage);
    memcpy(leave.term, s->office->term, sizeof leave.term);
    buffer_init(&text, 4096);
    enum err err = leave_message(&text, &leave);
    if (!err)
        chain_sign(leave.signature, &s->office->term_keys, DOMAIN_LEAVE,
                   buffer_bytes(&text));
    buffer_clear(&text);
    if (!err)
        err = leave_line_write(&text, &leave);
    if (!err)
        err = outgoing_line(out, buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

/* --- the header ----------------------------------------------------------- */

enum err sync_receipt_sign(const struct sync *s, const char *domain,
                           struct receipt *r)
{
    struct buffer text;
    memcpy(r->agency, s->office->agency, sizeof r->agency);
    memcpy(r->lineage, s->lineage, sizeof r->lineage);
    memcpy(r->term, s->office->term, sizeof r->term);
    buffer_init(&text, 4096);
    enum err err = receipt_message(&text, r);
    if (!err)
        chain_sign(r->signature, &s->office->term_keys, domain,
                   buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

static enum err receipt_sign(const struct sync *s, const char *domain,
                             int64_t n, struct receipt *r)
{
    enum err err = ERR_OK;
    memcpy(r->replica, s->header.replica, sizeof r->replica);
    r->n = n;
    if (n == s->head)
        memcpy(r->link, s->committed ? s->link : s->row.link, LINK_BYTES);
    else
        err = store_line_link(s->sql, s->office->agency, s->row.replica,
                              s->row.key, n, r->link);
    return err ? err : sync_receipt_sign(s, domain, r);
}

/* What is backed up is received, too, so that one receipt says both. */
static enum err receipts_sign(const struct sync *s, struct reply_header *h)
{
    bool news = s->head > s->header.base_n;
    int64_t backed = s->backed_due ? s->row.backed : 0;
    if (news && s->committed && s->journalled)
        backed = s->head;
    h->has_backed = backed > 0;
    h->has_receipt = news && backed < s->head;
    enum err err = ERR_OK;
    if (h->has_backed)
        err = receipt_sign(s, DOMAIN_BACKED, backed, &h->backed);
    if (!err && h->has_receipt)
        err = receipt_sign(s, DOMAIN_RECEIPT, s->head, &h->receipt);
    return err;
}

static enum err revoked_sign(const struct sync *s, struct reply_header *h)
{
    struct buffer text;
    h->has_statement = true;
    h->statement_at =
        s->row.revoked_at ? s->row.revoked_at : clock_wall_ms(s->office->clock);
    memcpy(h->statement_term, s->office->term, sizeof h->statement_term);
    buffer_init(&text, 4096);
    enum err err = statement_message(&text, s->office->agency, s->lineage,
                                     s->header.replica, h->statement_at);
    if (!err)
        chain_sign(h->statement_signature, &s->office->term_keys,
                   DOMAIN_STATEMENT, buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

static enum reply_state state_of(const struct sync *s)
{
    if (s->revoked)
        return REPLY_REVOKED;
    if (s->stale)
        return REPLY_STALE;
    if (s->header.locked)
        return REPLY_LOCKED;
    return s->differs && s->header.mode == MODE_SYNC ? REPLY_RECONCILE
                                                     : REPLY_OK;
}

static bool scopes_differ(const struct sync *s)
{
    if (s->scopes.count != s->header.cursor_count)
        return true;
    for (size_t i = 0; i < s->header.cursor_count; i++)
        if (!scope_list_has(&s->scopes, s->header.cursors[i].scope))
            return true;
    return false;
}

/* How far this term's own log goes, told with whatever is news. */
static enum err wrote_find(const struct sync *s, int64_t *n)
{
    struct replica_row row;
    enum err err =
        store_replica_find(s->sql, s->office->agency, s->office->term, &row);
    *n = err ? 0 : row.head;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err header_write(const struct sync *s, bool more,
                             struct buffer *out)
{
    struct reply_header h = {.at = clock_wall_ms(s->office->clock),
                             .head = s->head,
                             .more = more,
                             .state = state_of(s),
                             .held = s->held,
                             .held_count = s->held_count,
                             .wants_from = s->wants_from,
                             .wants_to = s->wants_to};
    struct receipt older[LOG_MARKS_MAX];
    if (strcmp(s->header.lineage, s->lineage) != 0)
        memcpy(h.lineage, s->lineage, sizeof h.lineage);
    memcpy(h.token, s->token, sizeof h.token);
    bool feeds = h.state == REPLY_OK || h.state == REPLY_RECONCILE;
    if (feeds && scopes_differ(s)) {
        h.scopes = s->scopes.name;
        h.scope_count = s->scopes.count;
    }
    if (strcmp(s->header.term, s->office->term) != 0) {
        h.term_text = buffer_bytes(&s->office->term_text);
        memcpy(h.term_signature, s->office->term_signature,
               sizeof h.term_signature);
    }
    h.older = older;
    enum err err = receipts_sign(s, &h);
    if (!err && h.token[0])
        err = wrote_find(s, &h.wrote);
    if (!err)
        err = sync_older_sign(s, older, &h.older_count);
    if (!err && h.state == REPLY_REVOKED)
        err = revoked_sign(s, &h);
    return err ? err : reply_header_write(out, &h);
}

/* --- the body ------------------------------------------------------------- */

static enum err lines_deflate(struct frame_writer *writer, struct bytes plain)
{
    enum err err = ERR_OK;
    while (!err && plain.size > 0) {
        const uint8_t *newline = memchr(plain.at, '\n', plain.size);
        size_t size = (size_t)(newline - plain.at);
        err = frame_line(writer, bytes_of(plain.at, size));
        plain = bytes_of(newline + 1, plain.size - size - 1);
    }
    return err;
}

/* Whoever asks for much at once has a fast link; a short reply is worth the
 * best compression anyhow. */
static int level_of(const struct sync *s, const struct outgoing *out)
{
    return out->plain.size > SMALL_BYTES && s->header.room >= ROOM_BYTES_DEFAULT
               ? 1
               : 6;
}

static enum err body_write(const struct sync *s, const struct outgoing *out,
                           struct buffer *body)
{
    struct frame_writer *writer = NULL;
    struct buffer header;
    buffer_init(&header, FRAME_LINE_BYTES_MAX);
    enum err err = header_write(s, out->more, &header);
    if (!err)
        err = frame_writer_new(&writer, body, level_of(s, out),
                               frame_used_dictionary(s->reader));
    if (!err)
        err = frame_line(writer, buffer_bytes(&header));
    if (!err)
        err = lines_deflate(writer, buffer_bytes(&out->plain));
    if (!err)
        err = frame_finish(writer);
    frame_writer_free(writer);
    buffer_fini(&header);
    return err;
}

static enum err feeds_gather(struct sync *s, struct outgoing *out)
{
    enum reply_state state = state_of(s);
    if (state != REPLY_OK && state != REPLY_RECONCILE)
        return ERR_OK;
    enum err err = sql_begin(s->sql, false);
    if (err)
        return err;
    if (s->header.mode == MODE_RECONCILE)
        err = reconcile_read(out);
    else if (s->header.mode == MODE_FIX)
        err = fix_read(out);
    else
        err = feed_read(out);
    sql_rollback(s->sql);
    return err;
}

static enum err reply_ok(struct sync *s, struct buffer *body)
{
    struct outgoing out = {.sync = s};
    buffer_init(&out.plain, PLAIN_BYTES_MAX);
    buffer_init(&out.hashes, PAGE_LINES_MAX * HASH_BYTES);
    enum err err = feeds_gather(s, &out);
    if (!err)
        err = body_write(s, &out, body);
    buffer_fini(&out.hashes);
    buffer_fini(&out.plain);
    return err;
}

enum err sync_reply(struct sync *s, struct buffer *body, int *status,
                    const char **content_type)
{
    *status = s->status;
    if (s->stage != STAGE_REFUSED) {
        *content_type = "application/x-satchel";
        return reply_ok(s, body);
    }
    *content_type = "application/json";
    if (s->status == 422 && !s->error.replica[0])
        s->error.received = s->head;
    return error_body_write(body, &s->error);
}
