#include "server/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/sync_inner.h"

#define BODY_BYTES_MAX (8u << 20)

void sync_refuse(struct sync *s, int status, const char *error,
                 const char *detail)
{
    if (s->status != 200)
        return;
    s->stage = STAGE_REFUSED;
    s->status = status;
    if (status == 400 || status == 413)
        s->error.offset = s->offset;
    snprintf(s->error.error, sizeof s->error.error, "%s", error);
    snprintf(s->error.detail, sizeof s->error.detail, "%s", detail);
}

/* --- lines as they come --------------------------------------------------- */

static enum err body_line(struct sync *s, struct bytes line)
{
    arena_clear(&s->scratch);
    switch (line_kind(line)) {
    case LINE_REVISION:
        return s->page_left ? sync_page_line(s, line) : sync_line(s, line);
    case LINE_SIGN:
        return sync_sign(s, line);
    case LINE_KEY:
        return sync_key(s, line);
    case LINE_SEALED:
        return sync_sealed(s, line);
    case LINE_LOG:
        return sync_log(s, line);
    case LINE_ERASED:
        return sync_erased(s, line);
    case LINE_CASES:
        return sync_cases(s, line);
    case LINE_PAGE:
        return sync_page(s, line);
    case LINE_NEED:
        return sync_need(s, line);
    default:
        sync_refuse(s, 400, "bad-header", "this line belongs to a reply");
        return ERR_OK;
    }
}

static enum err line_take(struct sync *s, struct bytes line)
{
    switch (s->stage) {
    case STAGE_HEADER:
        return sync_header(s, line);
    case STAGE_AUTH:
        return sync_auth(s, line);
    case STAGE_BODY:
        return body_line(s, line);
    case STAGE_REFUSED:
        return ERR_OK;
    }
    return ERR_OK;
}

static enum err on_line(void *context, struct bytes line)
{
    struct sync *s = context;
    enum err err = line_take(s, line);
    s->offset += (int64_t)line.size + 1;
    return err;
}

/* --- life ----------------------------------------------------------------- */

enum err sync_new(struct sync **out, struct office *office, struct sql *sql)
{
    *out = NULL;
    struct sync *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->office = office;
    s->sql = sql;
    s->status = 200;
    s->error = (struct error_body){.offset = -1,
                                   .received = -1,
                                   .retry_after_s = -1,
                                   .min = -1,
                                   .max = -1};
    arena_init(&s->arena, SYNC_ARENA_BYTES);
    arena_init(&s->scratch, SYNC_SCRATCH_BYTES);
    enum err err = frame_reader_new(&s->reader, on_line, s);
    if (err) {
        sync_free(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

static void piece_fini(struct piece *piece)
{
    free(piece->lines);
    free(piece->hashes);
    free(piece->revisions);
}

void sync_free(struct sync *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->piece_count; i++)
        piece_fini(&s->pieces[i]);
    free(s->pieces);
    free(s->healed.lines);
    free(s->needs);
    free(s->held);
    map_free(s->case_keys);
    map_free(s->case_sums);
    deflate_line_free(s->deflate);
    frame_reader_free(s->reader);
    arena_fini(&s->arena);
    arena_fini(&s->scratch);
    free(s);
}

/* A body that is not a frame: what was signed before it stays. */
static enum err frame_failed(struct sync *s, enum err err)
{
    if (err == ERR_CORRUPT)
        sync_refuse(s, 400, "bad-frame", "the body is not a whole frame");
    else if (err == ERR_TOO_BIG)
        sync_refuse(s, 413, "too-large", "the body is over a limit");
    else
        return err;
    return ERR_OK;
}

enum err sync_feed(struct sync *s, struct bytes chunk)
{
    if (s->stage == STAGE_REFUSED)
        return ERR_OK;
    return frame_failed(s, frame_feed(s->reader, chunk));
}

const char *sync_replica(const struct sync *s)
{
    return s->authentic ? s->row.replica : "";
}

enum err sync_end(struct sync *s)
{
    enum err err = ERR_OK;
    if (s->stage != STAGE_REFUSED)
        err = frame_failed(s, frame_end(s->reader));
    if (s->piece_count)
        sync_pieces_end(s);
    if (!err && s->stage != STAGE_BODY)
        sync_refuse(s, 400, "bad-header", "the request ends before its body");
    if (err || s->stage == STAGE_REFUSED)
        return err;
    bool waits = false;
    if (!s->header.locked && !s->stale && !s->revoked)
        err = feed_waits(s, &waits);
    s->feed_waits = waits;
    return err;
}

static bool sync_has_lines(const struct sync *s)
{
    for (size_t i = 0; i < s->piece_count; i++)
        if (s->pieces[i].signed_count)
            return true;
    return s->healed.count > 0;
}

/* It knows another history, in which it has receipts for more than is here. */
bool sync_witnesses(const struct sync *s)
{
    return s->verdict == VERDICT_LINEAGE && s->status == 409 &&
           s->row.replica[0] && s->header.base_n > s->row.head;
}

/* What a reply has to be preceded by: stored lines, a closed identity, a new
 * lineage, a token that is news, or the note that one who is shut out is told.
 */
bool sync_wants_commit(const struct sync *s)
{
    /* A stranger's header closes nobody's identity and changes no lineage. */
    if (!s->authentic)
        return false;
    /* What came while it slept is given with a token of its own. */
    bool news = s->slept && (s->feed_waits || s->revoked);
    if (s->committed && !news)
        return false;
    if (sync_witnesses(s) || sync_has_lines(s) || s->verdict == VERDICT_FORK ||
        s->verdict == VERDICT_ROLLED_BACK)
        return true;
    if (s->stage == STAGE_REFUSED || (s->stale && !s->revoked))
        return false;
    if (s->by_file) /* that it is given something is noted */
        return s->feed_waits && !s->header.locked && !s->revoked;
    return s->revoked || s->feed_waits || s->header.mode != MODE_SYNC ||
           !s->header.token[0] || s->row.backed > s->row.backed_told ||
           strcmp(s->row.token_latest, s->row.token_confirmed) != 0;
}

enum err sync_woken(struct sync *s)
{
    const char *agency = s->office->agency;
    s->slept = true;
    enum err err =
        store_replica_find(s->sql, agency, s->header.replica, &s->row);
    if (!err)
        err = store_account_scopes(s->sql, agency, s->row.account, &s->scopes);
    s->revoked = !err && (s->row.revoked_at || s->row.disabled);
    if (err || !s->row.closed[0])
        return err;
    s->verdict = VERDICT_CLOSED;
    sync_judged(s);
    return ERR_OK;
}

bool sync_may_wait(struct sync *s, int64_t *wait_ms)
{
    *wait_ms = s->header.wait * 1000;
    if (s->stage == STAGE_REFUSED || *wait_ms <= 0 || s->stale || s->revoked ||
        s->header.locked || s->differs || s->row.backed > s->row.backed_told ||
        s->header.mode != MODE_SYNC || s->head > s->header.base_n)
        return false;
    bool waits, due;
    enum err err = feed_waits(s, &waits);
    if (!err)
        err = sync_older_due(s, &due);
    s->feed_waits = !err && waits;
    return !err && !waits && !due;
}

enum err sync_whole(struct office *office, struct sql *sql,
                    struct bytes request, struct buffer *body, int *status,
                    const char **content_type)
{
    struct sync *s;
    enum err err = sync_new(&s, office, sql);
    if (!err)
        err = sync_feed(s, request);
    if (!err)
        err = sync_end(s);
    if (!err && sync_wants_commit(s))
        err = sync_commit_many(office, sql, &s, 1);
    if (!err)
        err = sync_reply(s, body, status, content_type);
    sync_free(s);
    return err;
}
