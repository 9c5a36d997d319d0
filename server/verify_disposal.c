#include <inttypes.h>
#include <string.h>
#include "server/disposal.h"
#include "server/verify_inner.h"

static const char whole_lines[] =
    "SELECT l.line FROM disposed_record d JOIN line l "
    "ON l.agency = d.agency AND l.record = d.record "
    "WHERE d.agency = $1 AND length(l.line) > 0";
static const char decision_count[] =
    "SELECT count(DISTINCT decision) FROM disposal WHERE agency = $1";

/* What came since is whole; what was there before is not. */
static enum err whole_look(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct verify *v = context;
    struct batch *b = &v->batch;
    const struct revision *revision;
    bool known = false;
    (void)columns;
    arena_clear(&b->parse);
    enum err err = revision_parse(&b->parse, row[0].bytes, &revision, NULL);
    if (!err)
        err = disposed_write(b, revision, &known);
    if (known)
        verify_say(v,
                   "line %s:%" PRId64 ": it was disposed of, and is still here",
                   revision->dot.replica, revision->dot.n);
    return err == ERR_INVALID || err == ERR_TOO_BIG ? ERR_OK : err;
}

struct counting {
    struct verify *v;
    int64_t count;
};

static enum err decision_look(void *context, const struct disposal *disposal)
{
    struct counting *c = context;
    struct batch *b = &c->v->batch;
    enum err err =
        store_disposal_decided(b->sql, b->agency, disposal->row.decision);
    if (err == ERR_NOT_FOUND) {
        verify_say(c->v, "disposal %s: decided, and not done",
                   disposal->row.decision);
        err = ERR_OK;
    } else if (!err) {
        c->count++;
    }
    return err;
}

enum err verify_disposals(struct verify *v)
{
    struct batch *b = &v->batch;
    struct counting c = {.v = v};
    struct sql_value agency = sql_text(b->agency);
    char ledger[LEDGER_PATH_CHARS];
    int64_t decisions = 0;
    uint64_t lost;
    ledger_path(ledger, b->office);
    enum err err = sql_each_row(b->sql, whole_lines, &agency, 1, whole_look, v);
    if (!err)
        err = sql_find_int(b->sql, decision_count, &agency, 1, &decisions);
    if (!err)
        err = ledger_each(b->office, ledger, decision_look, &c, &lost);
    if (err)
        return err;
    if (lost)
        verify_say(v, "the ledger of disposals: %" PRIu64 " records are lost",
                   lost);
    if (c.count < decisions)
        verify_say(v,
                   "the ledger of disposals: %" PRId64 " of %" PRId64
                   " decisions are not in it",
                   decisions - c.count, decisions);
    return ERR_OK;
}
