#include "server/ingest.h"

#include <stdlib.h>
#include <string.h>
#include "server/ingest_batch.h"

/* --- one log's lines ------------------------------------------------------ */

/* Lines that the office has already must be the same ones.  *known is how many
 * of the first ones need nothing more.  Nothing is written before this. */
static enum err push_compare(struct batch *b, const struct batch_log *log,
                             const struct push *push, size_t *known)
{
    int64_t head = log->row.head;
    *known = 0;
    if (push->first > head + 1)
        return ERR_GAP;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < push->count; i++) {
        struct line_found found;
        int64_t n = push->first + (int64_t)i;
        bool erased = !push->lines[i].size;
        if (n > log->row.top) {
            err = erased ? ERR_FORK : ERR_OK;
            continue;
        }
        err = store_line_find(b->sql, b->agency, log->row.replica, n, &found);
        if (err == ERR_NOT_FOUND)
            err = n <= head ? ERR_CORRUPT : erased ? ERR_FORK : ERR_OK;
#ifndef MUTANT_SKIP_FORK_CHECK
        else if (!err && memcmp(found.hash, push->hashes[i], HASH_BYTES) != 0)
            err = ERR_FORK;
#endif
        if (!err && n <= head)
            *known = i + 1;
    }
    return err;
}

/* A healed line's turn in the unbroken log has come. */
static enum err line_catch_up(struct batch *b, struct batch_log *log,
                              bool *there)
{
    struct line_found found;
    *there = false;
    if (log->row.head >= log->row.top)
        return ERR_OK;
    enum err err = store_line_find(b->sql, b->agency, log->row.replica,
                                   log->row.head + 1, &found);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    link_next(log->row.link, found.hash);
    log->row.head++;
    log->dirty = *there = true;
    return ERR_OK;
}

static enum err line_parse(struct batch *b, const struct push *push, size_t i,
                           struct incoming *in)
{
    if (push->revisions && push->revisions[i]) {
        in->revision = push->revisions[i];
        return ERR_OK;
    }
    arena_clear(&b->parse);
    in->parse = revision_parse(&b->parse, push->lines[i], &in->revision, NULL);
    if (in->parse)
        in->revision = NULL;
    return in->parse == ERR_INVALID || in->parse == ERR_TOO_BIG ? ERR_OK
                                                                : in->parse;
}

static enum err line_push(struct batch *b, struct batch_log *log,
                          const struct push *push, size_t i)
{
    struct incoming in = {.log = log,
                          .n = push->first + (int64_t)i,
                          .line = push->lines[i],
                          .contributed = push->contributed,
                          .linked = true};
    bool there;
    enum err err = line_catch_up(b, log, &there);
    if (err || there)
        return err;
    if (!in.line.size) /* it is here, or this is a branch */
        return ERR_CORRUPT;
    memcpy(in.hash, push->hashes[i], HASH_BYTES);
    err = line_parse(b, push, i, &in);
    /* A revision that names another place is no revision of this log. */
    if (!err && in.revision &&
        (in.revision->dot.n != in.n ||
         strcmp(in.revision->dot.replica, log->row.replica) != 0)) {
        in.revision = NULL;
        in.parse = ERR_INVALID;
    }
    return err ? err : ingest_line(b, &in);
}

static enum err held_collect(void *context, const struct held_row *row)
{
    struct push_result *out = context;
    struct held_note *grown =
        realloc(out->held, (out->held_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    out->held = grown;
    grown[out->held_count].n = row->dot.n;
    memcpy(grown[out->held_count].reason, row->reason, sizeof row->reason);
    out->held_count++;
    return ERR_OK;
}

enum err batch_push(struct batch *b, const struct push *push,
                    struct push_result *out)
{
    struct batch_log *log;
    size_t known;
    *out = (struct push_result){0};
    enum err err = batch_log_find(b, push->replica, &log);
    if (!err)
        err = push_compare(b, log, push, &known);
    if (err)
        return err;
    b->push = push;
    b->push_number++;
    for (size_t i = known; !err && i < push->count; i++)
        err = line_push(b, log, push, i);
    b->push = NULL;
    bool there = true;
    while (!err && there)
        err = line_catch_up(b, log, &there);
    if (!err && push->signature && known < push->count)
        err = store_sign_add(b->sql, b->agency, log->row.replica,
                             push->first + (int64_t)push->count - 1,
                             push->signature);
    if (!err && push->count)
        err = store_held_above(b->sql, b->agency, log->row.replica,
                               push->first - 1, held_collect, out);
    out->head = log->row.head;
    memcpy(out->link, log->row.link, LINK_BYTES);
    return err;
}

/* --- others' lines -------------------------------------------------------- */

/* A log of which nothing else is known: its lines wait for their chain. */
static enum err healed_log(struct batch *b, const char *replica,
                           struct batch_log **out)
{
    enum err err = batch_log_find(b, replica, out);
    if (err != ERR_NOT_FOUND)
        return err;
    struct batch_log *log = arena_take(&b->arena, sizeof *log);
    if (!log)
        return ERR_NOMEM;
    memcpy(log->row.replica, replica, REPLICA_CHARS + 1);
    log->row.kind = replica[0];
    *out = log;
    return ERR_OK;
}

static enum err line_heal(struct batch *b, struct bytes line)
{
    struct incoming in = {.line = line, .healed = true};
    struct line_found found;
    bool gone;
    arena_clear(&b->parse);
    enum err err = revision_parse(&b->parse, line, &in.revision, NULL);
    if (err) /* it enters no feed, so no page can hold it */
        return err == ERR_TOO_BIG ? ERR_INVALID : err;
    const struct revision *revision = in.revision;
    in.n = revision->dot.n;
    memcpy(in.hash, revision->hash, HASH_BYTES);
    err =
        store_line_find(b->sql, b->agency, revision->dot.replica, in.n, &found);
#ifdef MUTANT_DROP_COLLISION
    if (!err)
        return ERR_OK;
#endif
    if (!err && !memcmp(found.hash, in.hash, HASH_BYTES))
        return ERR_OK;
    if (!err || err == ERR_NOT_FOUND)
        err = ingest_collision(b, revision, !err, &gone);
    if (!err && gone)
        return ERR_OK;
    if (!err)
        err = healed_log(b, revision->dot.replica, &in.log);
    if (err)
        return err;
    err = ingest_line(b, &in);
    bool there = in.log->row.enrolled_at != 0;
    while (!err && there)
        err = line_catch_up(b, in.log, &there);
    return err;
}

enum err batch_healed(struct batch *b, const struct bytes *lines, size_t count)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < count; i++) {
        err = line_heal(b, lines[i]);
        if (err == ERR_INVALID)
            err = ERR_OK;
    }
    return err;
}

/* --- transactions of their own -------------------------------------------- */

enum err ingest_push(struct office *office, struct sql *sql,
                     const struct push *push, struct push_result *out)
{
    struct batch b;
    *out = (struct push_result){0};
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = batch_push(&b, push, out);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    return err;
}

enum err ingest_healed(struct office *office, struct sql *sql,
                       const struct bytes *lines, size_t count)
{
    struct batch b;
    enum err err = batch_open(&b, office, sql);
    if (err)
        return err;
    err = batch_healed(&b, lines, count);
    if (!err)
        err = batch_flush(&b);
    batch_fini(&b);
    return err;
}
