#include <inttypes.h>
#include <string.h>
#include "server/verify_inner.h"

static const char cases[] =
    "SELECT case_id FROM case_row WHERE agency = $1 ORDER BY case_id";
static const char scopes[] =
    "SELECT scope FROM scope_head WHERE agency = $1 ORDER BY scope";
static const char placed_lines[] =
    "SELECT p.case_seq, l.hash, r.case_id FROM placed p "
    "LEFT JOIN line l ON l.arrival = p.arrival "
    "LEFT JOIN record r ON r.agency = l.agency AND r.record = l.record "
    "WHERE p.agency = $1 AND p.case_id = $2 ORDER BY p.case_seq";
static const char unplaced[] =
    "SELECT count(*) FROM line l "
    "JOIN record r ON r.agency = l.agency AND r.record = l.record "
    "WHERE l.agency = $1 AND r.case_id IS NOT NULL AND NOT EXISTS ("
    "SELECT 1 FROM placed p WHERE p.agency = l.agency "
    "AND p.case_id = r.case_id AND p.arrival = l.arrival)";
static const char feed_entries[] =
    "SELECT f.seq, f.kind, f.case_id, f.upto, f.sum, l.hash FROM feed f "
    "LEFT JOIN line l ON l.arrival = f.arrival "
    "WHERE f.agency = $1 AND f.scope = $2 ORDER BY f.seq";
static const char members[] =
    "SELECT m.case_id, c.count, c.sum FROM membership m "
    "LEFT JOIN case_row c ON c.agency = m.agency AND c.case_id = m.case_id "
    "WHERE m.agency = $1 AND m.scope = $2 AND m.left_seq IS NULL "
    "ORDER BY m.case_id";
static const char case_sum[] =
    "SELECT l.hash FROM placed p JOIN line l ON l.arrival = p.arrival "
    "WHERE p.agency = $1 AND p.case_id = $2 AND p.case_seq <= $3";

/* --- cases ---------------------------------------------------------------- */

struct case_check {
    struct verify *v;
    const char *kase;
    int64_t count;
    uint64_t sum;
};

static enum err placed_row(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct case_check *c = context;
    if (row[0].integer != c->count + 1)
        verify_say(c->v, "case %s: place %" PRId64 " is missing", c->kase,
                   c->count + 1);
    c->count = row[0].integer;
    if (row[1].bytes.size != HASH_BYTES) {
        verify_say(c->v, "case %s: no line at place %" PRId64, c->kase,
                   c->count);
        return ERR_OK;
    }
    c->sum += hash_share(row[1].bytes.at);
    if (!sql_is_null(&row[2]) && !bytes_is(row[2].bytes, c->kase))
        verify_say(c->v, "case %s: place %" PRId64 " is of another case",
                   c->kase, c->count);
    return ERR_OK;
}

static enum err case_verify(struct verify *v, const char *kase)
{
    struct case_check c = {.v = v, .kase = kase};
    struct case_total total;
    enum err err = store_case_find(v->batch.sql, v->batch.agency, kase, &total);
    if (!err)
        err =
            sql_each_row(v->batch.sql, placed_lines,
                         SQL_VALUES(sql_text(v->batch.agency), sql_text(kase)),
                         placed_row, &c);
    if (!err && (c.count != total.count || c.sum != total.sum))
        verify_say(v, "case %s: the sum is not that of its lines", kase);
    return err;
}

/* --- feeds ---------------------------------------------------------------- */

/* What the scope's feed has brought of a case since its last join. */
struct brought {
    bool member;
    int64_t count;
    uint64_t sum;
};

struct feed_check {
    struct verify *v;
    const char *scope;
    struct map *cases; /* case -> struct brought in the arena */
    struct arena arena;
    int64_t seq;
    uint64_t sum;
};

static enum err brought_find(struct feed_check *c, struct bytes kase,
                             struct brought **out)
{
    *out = map_get(c->cases, kase);
    if (*out)
        return ERR_OK;
    *out = arena_take(&c->arena, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    /* Records without a case are members of the agency from the start. */
    (*out)->member = kase.size == 0;
    return map_put(c->cases, kase, *out);
}

static enum err hash_row(void *context, const struct sql_value *row,
                         size_t columns)
{
    (void)columns;
    if (row[0].bytes.size != HASH_BYTES)
        return ERR_CORRUPT;
    *(uint64_t *)context += hash_share(row[0].bytes.at);
    return ERR_OK;
}

static enum err join_check(struct feed_check *c, struct bytes kase,
                           int64_t upto, struct brought *brought)
{
    struct verify *v = c->v;
    uint64_t sum = 0;
    if (brought->member)
        verify_say(v, "feed %s: entry %" PRId64 " joins what is there",
                   c->scope, c->seq);
    enum err err = sql_each_row(v->batch.sql, case_sum,
                                SQL_VALUES(sql_text(v->batch.agency),
                                           sql_text_bytes(kase), sql_int(upto)),
                                hash_row, &sum);
    *brought = (struct brought){.member = true, .count = upto, .sum = sum};
    c->sum += sum;
    return err;
}

static enum err feed_entry(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct feed_check *c = context;
    struct verify *v = c->v;
    struct brought *brought;
    if (row[0].integer != c->seq + 1)
        verify_say(v, "feed %s: entry %" PRId64 " is missing", c->scope,
                   c->seq + 1);
    c->seq = row[0].integer;
    enum err err = brought_find(c, row[2].bytes, &brought);
    if (err)
        return err;
    if (row[1].integer == FEED_JOIN) {
        err = join_check(c, row[2].bytes, row[3].integer, brought);
    } else if (row[1].integer == FEED_LEAVE) {
        c->sum -= brought->sum;
        *brought = (struct brought){.member = false};
    } else if (row[5].bytes.size == HASH_BYTES && brought->member) {
        brought->count++;
        brought->sum += hash_share(row[5].bytes.at);
        c->sum += hash_share(row[5].bytes.at);
    } else {
        verify_say(v, "feed %s: entry %" PRId64 " has no line of a member",
                   c->scope, c->seq);
    }
    if (!err && (uint64_t)row[4].integer != c->sum)
        verify_say(v, "feed %s: the sum at %" PRId64 " is another", c->scope,
                   c->seq);
    return err;
}

static enum err member_row(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct feed_check *c = context;
    struct brought *brought;
    enum err err = brought_find(c, row[0].bytes, &brought);
    if (!err && (!brought->member || brought->count != row[1].integer ||
                 brought->sum != (uint64_t)row[2].integer))
        verify_say(c->v, "feed %s: case %.*s is not whole in it", c->scope,
                   (int)row[0].bytes.size, (const char *)row[0].bytes.at);
    brought->member = false; /* told: what remains should not be there */
    return err;
}

static enum err feed_run(struct feed_check *c)
{
    struct verify *v = c->v;
    struct feed_head head;
    enum err err =
        sql_each_row(v->batch.sql, feed_entries,
                     SQL_VALUES(sql_text(v->batch.agency), sql_text(c->scope)),
                     feed_entry, c);
    if (!err)
        err = store_scope_find(v->batch.sql, v->batch.agency, c->scope, &head);
    if (err)
        return err;
    if (head.seq != c->seq || head.sum != c->sum)
        verify_say(v, "feed %s: its end is not at %" PRId64, c->scope,
                   head.seq);
    err =
        sql_each_row(v->batch.sql, members,
                     SQL_VALUES(sql_text(v->batch.agency), sql_text(c->scope)),
                     member_row, c);
    for (size_t i = 0; !err && i < map_count(c->cases); i++) {
        const struct brought *brought = map_value_at(c->cases, i);
        if (brought->member)
            verify_say(v, "feed %s: a case in it is no member", c->scope);
    }
    return err;
}

static enum err feed_verify(struct verify *v, const char *scope)
{
    struct feed_check c = {.v = v, .scope = scope};
    arena_init(&c.arena, 1024u * 1024u * 1024u);
    enum err err = map_new(&c.cases);
    if (!err)
        err = feed_run(&c);
    map_free(c.cases);
    arena_fini(&c.arena);
    return err;
}

enum err verify_feeds(struct verify *v)
{
    struct names names;
    int64_t lost = 0;
    enum err err = sql_find_int(v->batch.sql, unplaced,
                                SQL_VALUES(sql_text(v->batch.agency)), &lost);
    if (!err && lost)
        verify_say(v, "%" PRId64 " lines of known cases have no place in them",
                   lost);
    if (!err)
        err = names_load(&names, v->batch.sql, cases, v->batch.agency);
    if (err)
        return err;
    for (size_t i = 0; !err && i < names.count; i++)
        err = case_verify(v, names.at[i]);
    names_fini(&names);
    if (!err)
        err = names_load(&names, v->batch.sql, scopes, v->batch.agency);
    if (err)
        return err;
    for (size_t i = 0; !err && i < names.count; i++)
        err = feed_verify(v, names.at[i]);
    names_fini(&names);
    return err;
}
