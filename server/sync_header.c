#include <stdio.h>
#include <string.h>
#include "server/store_agency.h"
#include "server/sync_inner.h"

#define HEADER_BYTES_MAX (64u * 1024u)

enum err sync_header(struct sync *s, struct bytes line)
{
    struct canon_fault fault = {0, "not a header"};
    if (line.size > HEADER_BYTES_MAX) {
        sync_refuse(s, 413, "too-large", "the header is over 64 KiB");
        return ERR_OK;
    }
    char *copy = arena_copy(&s->arena, line);
    if (!copy)
        return ERR_NOMEM;
    s->header_line = bytes_of(copy, line.size);
    enum err err =
        request_header_read(&s->arena, s->header_line, &s->header, &fault);
    if (err == ERR_UNSUPPORTED) {
        sync_refuse(s, 426, "bad-protocol", "no common protocol version");
        s->error.min = PROTOCOL_MIN;
        s->error.max = PROTOCOL_MAX;
        return ERR_OK;
    }
    if (err == ERR_INVALID || err == ERR_TOO_BIG) {
        sync_refuse(s, 400, "bad-header", fault.what);
        s->error.offset = (int64_t)fault.offset;
        return ERR_OK;
    }
    if (!err && s->header.bundle != s->by_file) {
        sync_refuse(s, 400, "bad-header",
                    s->by_file ? "this request was not made to come by file"
                               : "a bundle comes by file");
        return ERR_OK;
    }
    if (!err)
        s->stage = STAGE_AUTH;
    return err;
}

/* --- comparing ------------------------------------------------------------ */

static bool token_good(const struct replica_row *row, const char *token)
{
    /* Before the first reply came back, none is what it sends. */
    return !strcmp(token, row->token_latest) ||
           !strcmp(token, row->token_confirmed);
}

/* Below our end of its log: either it was taken back, or this is a request of
 * long ago, whose sender must not lose his name by it.  The one goes on under a
 * fresh key when told so, the other hears nothing.  A file is always read late.
 */
static bool behind(const struct sync *s)
{
#ifdef MUTANT_SKIP_FORK_CHECK
    return false;
#endif
    return s->header.head < s->row.top && !s->by_file;
}

static enum err judge_log(struct sync *s, struct sql *sql)
{
    const struct request_header *h = &s->header;
    const struct replica_row *row = &s->row;
    uint8_t link[LINK_BYTES];
    if (h->base_n > row->head) {
        s->verdict = VERDICT_ROLLED_BACK;
        return ERR_OK;
    }
    if (h->base_n == 0)
        return ERR_OK;
    enum err err = store_line_link(sql, s->office->agency, row->replica,
                                   row->key, h->base_n, link);
    if (!err && memcmp(link, h->base_link, LINK_BYTES) != 0)
        s->verdict = VERDICT_FORK;
#ifdef MUTANT_SKIP_FORK_CHECK
    s->verdict = VERDICT_SERVE;
#endif
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err judge_sums(struct sync *s, struct sql *sql)
{
    enum err err = ERR_OK;
    s->differs = false;
    for (size_t i = 0; !err && i < s->header.cursor_count; i++) {
        const struct cursor *cursor = &s->header.cursors[i];
        uint64_t sum;
        if (!cursor->has_sum)
            continue;
        err = store_feed_sum(sql, s->office->agency, cursor->scope, cursor->seq,
                             &sum);
        if (err == ERR_NOT_FOUND || (!err && sum != cursor->sum)) {
            s->differs = true;
            err = ERR_OK;
        }
    }
    return err;
}

enum err sync_judge(struct sync *s, struct sql *sql)
{
    const char *agency = s->office->agency;
    s->verdict = VERDICT_SERVE;
    enum err err = store_replica_find(sql, agency, s->header.replica, &s->row);
    if (!err)
        err = store_account_scopes(sql, agency, s->row.account, &s->scopes);
    if (!err)
        err = store_lineage(sql, agency, s->lineage);
    if (err)
        return err;
    s->revoked = s->row.revoked_at || s->row.disabled;
    s->stale =
        behind(s) || (!s->by_file && !token_good(&s->row, s->header.token));
    if (s->row.closed[0]) {
        s->verdict = VERDICT_CLOSED;
        return ERR_OK;
    }
    if (s->header.lineage[0] && strcmp(s->header.lineage, s->lineage) != 0) {
        s->verdict = VERDICT_LINEAGE;
        return ERR_OK;
    }
    err = judge_log(s, sql);
    return err || s->verdict != VERDICT_SERVE ? err : judge_sums(s, sql);
}

void sync_judged(struct sync *s)
{
    switch (s->verdict) {
    case VERDICT_SERVE:
        return;
    case VERDICT_CLOSED:
    case VERDICT_FORK:
        sync_refuse(s, 409, "fork", "this identity is closed");
        return;
    case VERDICT_LINEAGE:
    case VERDICT_ROLLED_BACK:
        sync_refuse(s, 409, "lineage", "the office's history is another one");
        memcpy(s->error.lineage, s->lineage, sizeof s->error.lineage);
        return;
    }
}

/* --- authentication ------------------------------------------------------- */

/* An office that was taken back may have forgotten a device: its certificate
 * will bring it in again, by way of succession. */
static enum err unknown_replica(struct sync *s)
{
    enum err err = store_lineage(s->sql, s->office->agency, s->lineage);
    if (err)
        return err;
    if (s->header.lineage[0] && strcmp(s->header.lineage, s->lineage) != 0) {
        s->verdict = VERDICT_LINEAGE;
        sync_judged(s);
    } else {
        sync_refuse(s, 401, "bad-auth", "this device is not enrolled here");
    }
    return ERR_OK;
}

enum err sync_auth(struct sync *s, struct bytes line)
{
    uint8_t sig[SIGNATURE_BYTES], link[LINK_BYTES];
    enum err err = line_kind(line) == LINE_AUTH
                       ? auth_line_read(&s->arena, line, sig)
                       : ERR_INVALID;
    if (err == ERR_INVALID) {
        sync_refuse(s, 400, "bad-header", "line 2 is not an auth line");
        return ERR_OK;
    }
    if (!err && strcmp(s->header.agency, s->office->agency) != 0) {
        sync_refuse(s, 401, "bad-auth", "this is another agency's office");
        return ERR_OK;
    }
    if (!err)
        err = sync_judge(s, s->sql);
    if (err == ERR_NOT_FOUND)
        return unknown_replica(s);
    if (err)
        return err;
    const uint8_t *key = s->header.locked ? s->row.transport : s->row.key;
    if (s->row.kind != 'w' ||
        chain_verify(sig, key, DOMAIN_REQUEST, s->header_line) != ERR_OK) {
        sync_refuse(s, 401, "bad-auth", "the request's signature is wrong");
        return ERR_OK;
    }
    s->authentic = true;
    s->stage = STAGE_BODY;
    s->head = s->row.head;
    sync_judged(s);
    if (s->stage == STAGE_REFUSED)
        return ERR_OK;
    err = store_line_link(s->sql, s->office->agency, s->row.replica, s->row.key,
                          s->header.base_n, link);
    if (!err)
        err = sync_piece_begin(s, &s->row, s->header.base_n + 1, link, false);
    return err;
}
