#include <stdlib.h>
#include <string.h>
#include "server/store_agency.h"
#include "server/sync_inner.h"

enum err sync_piece_begin(struct sync *s, const struct replica_row *row,
                          int64_t first, const uint8_t link[LINK_BYTES],
                          bool contributed)
{
    struct piece *grown =
        realloc(s->pieces, (s->piece_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    s->pieces = grown;
    struct piece *piece = &grown[s->piece_count++];
    *piece =
        (struct piece){.row = *row, .first = first, .contributed = contributed};
    memcpy(piece->link, link, LINK_BYTES);
    memcpy(piece->signed_link, link, LINK_BYTES);
    return ERR_OK;
}

static struct piece *piece_now(struct sync *s)
{
    return &s->pieces[s->piece_count - 1];
}

static enum err piece_room(struct piece *piece)
{
    if (piece->count < piece->room)
        return ERR_OK;
    size_t room = piece->room ? piece->room * 2 : 64;
    void *lines = realloc(piece->lines, room * sizeof *piece->lines);
    if (lines)
        piece->lines = lines;
    void *hashes = realloc(piece->hashes, room * sizeof *piece->hashes);
    if (hashes)
        piece->hashes = hashes;
    void *trees = realloc(piece->revisions, room * sizeof *piece->revisions);
    if (trees)
        piece->revisions = trees;
    if (!lines || !hashes || !trees)
        return ERR_NOMEM;
    piece->room = room;
    return ERR_OK;
}

/* Parses a line whose tree is kept for ingest, while there is room for trees.
 */
static enum err line_read(struct sync *s, struct bytes line,
                          const struct revision **out, uint8_t hash[HASH_BYTES])
{
    *out = NULL;
    enum err err = ERR_TOO_BIG;
    if (s->arena.used - s->body_bytes <= SYNC_TREE_BYTES_MAX)
        err = revision_parse(&s->arena, line, out, NULL);
    if (err == ERR_NOMEM)
        return err;
    if (*out)
        memcpy(hash, (*out)->hash, HASH_BYTES);
    else
        hash_bytes(hash, line);
    if (err)
        *out = NULL;
    return ERR_OK;
}

/* One more line of a request, of which *fits says whether it may be. */
static enum err line_room(struct sync *s, struct piece *piece, bool *fits)
{
    *fits = ++s->line_count <= REQUEST_LINES_MAX;
    if (*fits)
        return piece_room(piece);
    piece->dead = true;
    sync_refuse(s, 413, "too-large", "more than 16384 lines in a request");
    return ERR_OK;
}

static void piece_dead(struct sync *s, struct piece *piece, int status,
                       const char *error, const char *detail)
{
    piece->dead = true;
    sync_refuse(s, status, error, detail);
}

enum err sync_line(struct sync *s, struct bytes line)
{
    struct piece *piece = piece_now(s);
    bool fits = false;
    if (piece->dead)
        return ERR_OK;
    if (line.size > LINE_BYTES_MAX)
        piece_dead(s, piece, 413, "too-large", "a line is over the limit");
    else if (!line.size) /* here that is a line that the device has erased */
        piece_dead(s, piece, 400, "bad-frame", "a line is empty");
    enum err err = piece->dead ? ERR_OK : line_room(s, piece, &fits);
    if (err || !fits)
        return err;
    char *copy = arena_copy(&s->arena, line);
    if (!copy)
        return ERR_NOMEM;
    s->body_bytes += line.size + 1;
    size_t i = piece->count;
    piece->lines[i] = bytes_of(copy, line.size);
    err = line_read(s, piece->lines[i], &piece->revisions[i], piece->hashes[i]);
    if (err)
        return err;
    const struct revision *revision = piece->revisions[i];
    if (revision && !strcmp(revision->dot.replica, piece->row.replica) &&
        revision->dot.n != piece->first + (int64_t)i) {
        piece_dead(s, piece, 422, "gap", "a line's n is not the next");
        return ERR_OK;
    }
    link_next(piece->link, piece->hashes[i]);
    piece->count++;
    return ERR_OK;
}

enum err sync_erased(struct sync *s, struct bytes line)
{
    struct piece *piece = piece_now(s);
    struct erased_line erased;
    bool fits = false;
    enum err err = erased_line_read(&s->scratch, line, &erased);
    if (err && err != ERR_INVALID)
        return err;
    if (piece->dead)
        return ERR_OK;
    if (err || piece == s->pieces)
        piece_dead(s, piece, 400, "bad-header",
                   err ? "an erased line is malformed"
                       : "no line of the own log is erased");
    else if (erased.n != piece->first + (int64_t)piece->count)
        piece_dead(s, piece, 422, "gap", "an erased line's n is not the next");
    err = piece->dead ? ERR_OK : line_room(s, piece, &fits);
    if (err || !fits)
        return err;
    size_t i = piece->count++;
    piece->lines[i] = bytes_of(NULL, 0);
    piece->revisions[i] = NULL;
    memcpy(piece->hashes[i], erased.hash, HASH_BYTES);
    link_next(piece->link, erased.hash);
    return ERR_OK;
}

enum err sync_sign(struct sync *s, struct bytes line)
{
    struct piece *piece = piece_now(s);
    struct sign_line sign;
    enum err err = sign_line_read(&s->scratch, line, &sign);
    if (err == ERR_INVALID) {
        piece->dead = true;
        sync_refuse(s, 400, "bad-header", "a sign line is malformed");
        return ERR_OK;
    }
    if (err || piece->dead)
        return err;
    if (sign.n != piece->first + (int64_t)piece->count - 1) {
        piece->dead = true;
        sync_refuse(s, 422, "gap", "a sign line's n is not the line's before");
        return ERR_OK;
    }
    err = chain_verify(sign.signature, piece->row.key, DOMAIN_LINK,
                       bytes_of(piece->link, LINK_BYTES));
#ifdef MUTANT_SKIP_CHAIN_CHECK
    err = ERR_OK;
#endif
    if (err) {
        piece->dead = true;
        sync_refuse(s, 422, "bad-signature", "a sign line does not verify");
        if (piece != s->pieces) /* our log of it went another way, perhaps */
            memcpy(s->error.replica, piece->row.replica,
                   sizeof s->error.replica);
        return ERR_OK;
    }
    piece->signed_count = piece->count;
    memcpy(piece->signed_link, piece->link, LINK_BYTES);
    memcpy(piece->signature, sign.signature, SIGNATURE_BYTES);
    return ERR_OK;
}

/* --- a predecessor's log -------------------------------------------------- */

/* A log of which a restored office knows nothing is that of this vault's own
 * past, so that its author is this one's. */
static void forgotten_row(const struct sync *s, const struct log_line *log,
                          struct replica_row *out)
{
    *out = (struct replica_row){.kind = 'w'};
    memcpy(out->replica, log->replica, sizeof out->replica);
    memcpy(out->key, log->key, sizeof out->key);
    memcpy(out->account, s->row.account, sizeof out->account);
}

void sync_old_gap(struct sync *s, const struct replica_row *row)
{
    if (s->status != 200)
        return;
    sync_refuse(s, 422, "gap", "a predecessor's earlier lines are missing");
    s->error.received = row->head;
    memcpy(s->error.replica, row->replica, sizeof s->error.replica);
}

/* The vault must not count as received what stands in its place here. */
void sync_old_other(struct sync *s, const struct replica_row *row)
{
    if (s->status != 200)
        return;
    sync_refuse(s, 422, "bad-signature",
                "the office has other lines of this predecessor");
    memcpy(s->error.replica, row->replica, sizeof s->error.replica);
}

/* Whose log it is, and whether such lines may have been here before: only
 * after a rollback; else they are judged like any other, and a log that nobody
 * knows is nobody's. */
static enum err log_owner(struct sync *s, const struct log_line *log,
                          struct replica_row *row, bool *rolled_back)
{
    const char *agency = s->office->agency;
    int64_t lineages = 0;
    enum err err = store_lineages(s->sql, agency, &lineages);
    if (!err)
        err = store_replica_find(s->sql, agency, log->replica, row);
    *rolled_back = lineages > 0;
    if (err == ERR_NOT_FOUND && *rolled_back) {
        forgotten_row(s, log, row);
        err = ERR_OK;
    }
    if (!err && strcmp(row->account, s->row.account) != 0)
        err = ERR_NOT_FOUND;
    if (err != ERR_NOT_FOUND)
        return err;
    sync_refuse(s, 422, "bad-signature", "this is no log of the vault's past");
    memcpy(s->error.replica, log->replica, sizeof s->error.replica);
    return ERR_OK;
}

static enum err log_begin(struct sync *s, const struct log_line *log)
{
    struct replica_row row = {0};
    uint8_t link[LINK_BYTES];
    char id[REPLICA_CHARS + 1];
    bool rolled_back;
    replica_id(id, 'w', s->office->agency, log->key);
    if (strcmp(id, log->replica) != 0) {
        sync_refuse(s, 400, "bad-header", "a log's key is not its replica's");
        return ERR_OK;
    }
    enum err err = log_owner(s, log, &row, &rolled_back);
    if (err || s->stage == STAGE_REFUSED)
        return err;
    err = store_line_link(s->sql, s->office->agency, log->replica, log->key,
                          log->from - 1, link);
    bool here = err == ERR_OK;
    bool apart =
        log->has_link && (!here || memcmp(link, log->link, LINK_BYTES));
    if (err == ERR_NOT_FOUND && !apart) {
        sync_old_gap(s, &row);
        return ERR_OK;
    }
    if (err && err != ERR_NOT_FOUND)
        return err;
    err = sync_piece_begin(s, &row, log->from, apart ? log->link : link,
                           rolled_back);
    if (!err)
        piece_now(s)->apart = apart;
    return err;
}

enum err sync_log(struct sync *s, struct bytes line)
{
    struct log_line log;
    sync_pieces_end(s);
    enum err err = log_line_read(&s->scratch, line, &log);
    if (err == ERR_INVALID || (!err && log.from < 1)) {
        sync_refuse(s, 400, "bad-header", "a log line is malformed");
        return ERR_OK;
    }
    return err ? err : log_begin(s, &log);
}

void sync_pieces_end(struct sync *s)
{
    struct piece *piece = piece_now(s);
#ifdef MUTANT_COMMIT_UNSIGNED
    piece->signed_count = piece->count;
    memcpy(piece->signed_link, piece->link, LINK_BYTES);
#endif
    if (piece->dead || piece->signed_count == piece->count)
        return;
    piece->dead = true;
    if (!s->wants_from)
        sync_refuse(s, 422, "bad-signature", "the push ends unsigned");
}
