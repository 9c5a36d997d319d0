#include "server/store_case.h"

static const char case_find[] =
    "SELECT count, sum, ever_left, creator FROM case_row "
    "WHERE agency = $1 AND case_id = $2";
static const char case_put[] =
    "INSERT INTO case_row(agency, case_id, count, sum, ever_left, creator) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (agency, case_id) DO UPDATE "
    "SET count = excluded.count, sum = excluded.sum, "
    "ever_left = excluded.ever_left, creator = excluded.creator";
static const char member_each[] =
    "SELECT scope, joined_seq, left_seq FROM membership "
    "WHERE agency = $1 AND case_id = $2 ORDER BY scope";
static const char member_put[] =
    "INSERT INTO membership(agency, case_id, scope, joined_seq, left_seq) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (agency, case_id, scope) "
    "DO UPDATE SET joined_seq = excluded.joined_seq, "
    "left_seq = excluded.left_seq";
static const char scope_find[] =
    "SELECT seq, sum FROM scope_head WHERE agency = $1 AND scope = $2";
static const char scope_put[] =
    "INSERT INTO scope_head(agency, scope, seq, sum) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (agency, scope) DO UPDATE SET seq = excluded.seq, "
    "sum = excluded.sum";
static const char feed_sum[] =
    "SELECT sum FROM feed WHERE agency = $1 AND scope = $2 AND seq = $3";
static const char feed_add[] =
    "INSERT INTO feed(agency, scope, seq, kind, case_id, arrival, upto, sum, "
    "skip) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

static enum err case_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct case_total *total = context;
    total->count = row[0].integer;
    total->sum = (uint64_t)row[1].integer;
    total->ever_left = row[2].integer != 0;
    sql_copy_text(total->creator, sizeof total->creator, &row[3]);
    return ERR_OK;
}

enum err store_case_find(struct sql *sql, const char *agency, const char *kase,
                         struct case_total *out)
{
    *out = (struct case_total){0};
    return sql_find(sql, case_find,
                    SQL_VALUES(sql_text(agency), sql_text(kase)), case_row_read,
                    out);
}

enum err store_case_put(struct sql *sql, const char *agency, const char *kase,
                        const struct case_total *total)
{
    return sql_run(
        sql, case_put,
        SQL_VALUES(sql_text(agency), sql_text(kase), sql_int(total->count),
                   sql_int((int64_t)total->sum), sql_int(total->ever_left),
                   sql_text(total->creator)));
}

struct each_member {
    store_each_member *each;
    void *context;
};

static enum err member_row_read(void *context, const struct sql_value *row,
                                size_t columns)
{
    (void)columns;
    struct each_member *each = context;
    struct member_row member = {.joined_seq = row[1].integer,
                                .left_seq = row[2].integer};
    sql_copy_text(member.scope, sizeof member.scope, &row[0]);
    return each->each(each->context, &member);
}

enum err store_member_each(struct sql *sql, const char *agency,
                           const char *kase, store_each_member *each,
                           void *context)
{
    struct each_member all = {each, context};
    return sql_each_row(sql, member_each,
                        SQL_VALUES(sql_text(agency), sql_text(kase)),
                        member_row_read, &all);
}

enum err store_member_put(struct sql *sql, const char *agency, const char *kase,
                          const struct member_row *member)
{
    return sql_run(
        sql, member_put,
        SQL_VALUES(sql_text(agency), sql_text(kase), sql_text(member->scope),
                   sql_int(member->joined_seq),
                   member->left_seq ? sql_int(member->left_seq) : sql_null()));
}

static enum err head_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct feed_head *head = context;
    head->seq = row[0].integer;
    head->sum = (uint64_t)row[1].integer;
    return ERR_OK;
}

enum err store_scope_find(struct sql *sql, const char *agency,
                          const char *scope, struct feed_head *out)
{
    *out = (struct feed_head){0};
    enum err err =
        sql_find(sql, scope_find, SQL_VALUES(sql_text(agency), sql_text(scope)),
                 head_row_read, out);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err store_scope_put(struct sql *sql, const char *agency, const char *scope,
                         const struct feed_head *head)
{
    return sql_run(sql, scope_put,
                   SQL_VALUES(sql_text(agency), sql_text(scope),
                              sql_int(head->seq), sql_int((int64_t)head->sum)));
}

enum err store_feed_sum(struct sql *sql, const char *agency, const char *scope,
                        int64_t seq, uint64_t *sum)
{
    int64_t found = 0;
    enum err err = ERR_OK;
    if (seq)
        err = sql_find_int(
            sql, feed_sum,
            SQL_VALUES(sql_text(agency), sql_text(scope), sql_int(seq)),
            &found);
    *sum = (uint64_t)found;
    return err;
}

enum err store_feed_add(struct sql *sql, const char *agency, const char *scope,
                        const struct feed_row *row)
{
    return sql_run(
        sql, feed_add,
        SQL_VALUES(sql_text(agency), sql_text(scope), sql_int(row->seq),
                   sql_int(row->kind), sql_text(row->kase),
                   row->kind == FEED_LINE ? sql_int(row->arrival) : sql_null(),
                   row->kind == FEED_LINE ? sql_null() : sql_int(row->upto),
                   sql_int((int64_t)row->sum), sql_text(row->skip)));
}
