#include "server/store_line.h"

static const char line_add[] =
    "INSERT INTO line(agency, replica, n, record, hash, link, received_at, "
    "line, arrival) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
static const char line_find[] = "SELECT arrival, hash, link FROM line "
                                "WHERE agency = $1 AND replica = $2 AND n = $3";
static const char line_load[] = "SELECT line, record FROM line "
                                "WHERE agency = $1 AND replica = $2 AND n = $3";
static const char link_before[] =
    "SELECT n, link FROM line WHERE agency = $1 AND replica = $2 AND n <= $3 "
    "AND link IS NOT NULL ORDER BY n DESC LIMIT 1";
static const char hashes_between[] =
    "SELECT n, hash FROM line WHERE agency = $1 AND replica = $2 "
    "AND n > $3 AND n <= $4 ORDER BY n";
static const char line_prev[] =
    "SELECT n FROM line WHERE agency = $1 AND record = $2 AND replica = $3 "
    "ORDER BY n DESC LIMIT 1";
static const char line_of_record[] =
    "SELECT arrival, hash, line FROM line WHERE agency = $1 AND record = $2 "
    "AND length(line) > 0 ORDER BY replica, n";
static const char line_arrived[] =
    "SELECT arrival, hash, line FROM line WHERE agency = $1 AND record = $2 "
    "AND length(line) > 0 ORDER BY arrival";
static const char line_of_case[] =
    "SELECT l.arrival, l.hash, l.line FROM placed p "
    "JOIN line l ON l.arrival = p.arrival "
    "WHERE p.agency = $1 AND p.case_id = $2 AND p.case_seq >= $3 "
    "AND p.case_seq <= $4 ORDER BY p.case_seq";
static const char sign_add[] =
    "INSERT INTO sign(agency, replica, n, signature) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT DO NOTHING";
static const char placed_add[] =
    "INSERT INTO placed(agency, case_id, case_seq, arrival) "
    "VALUES ($1, $2, $3, $4)";

enum err store_line_add(struct sql *sql, const char *agency,
                        const struct line_row *row)
{
    return sql_run(
        sql, line_add,
        SQL_VALUES(sql_text(agency), sql_text(row->replica), sql_int(row->n),
                   row->record.size ? sql_text_bytes(row->record) : sql_null(),
                   sql_blob(bytes_of(row->hash, HASH_BYTES)),
                   row->link ? sql_blob(bytes_of(row->link, LINK_BYTES))
                             : sql_null(),
                   sql_int(row->received_at), sql_blob(row->line),
                   sql_int(row->arrival)));
}

static enum err found_row_read(void *context, const struct sql_value *row,
                               size_t columns)
{
    (void)columns;
    struct line_found *found = context;
    found->arrival = row[0].integer;
    found->has_link = !sql_is_null(&row[2]);
    enum err err = sql_copy_fixed(found->hash, HASH_BYTES, &row[1]);
    if (!err && found->has_link)
        err = sql_copy_fixed(found->link, LINK_BYTES, &row[2]);
    return err;
}

enum err store_line_find(struct sql *sql, const char *agency,
                         const char *replica, int64_t n, struct line_found *out)
{
    return sql_find(sql, line_find,
                    SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(n)),
                    found_row_read, out);
}

struct loading {
    struct buffer *line;
    char *record;
};

static enum err load_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct loading *loading = context;
    if (loading->record)
        sql_copy_text(loading->record, ID_CHARS + 1, &row[1]);
    return buffer_add_bytes(loading->line, row[0].bytes);
}

enum err store_line_load(struct sql *sql, const char *agency,
                         const char *replica, int64_t n, struct buffer *line,
                         char *record)
{
    struct loading loading = {line, record};
    return sql_find(sql, line_load,
                    SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(n)),
                    load_row_read, &loading);
}

struct linking {
    int64_t n;
    uint8_t *link;
};

static enum err link_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct linking *linking = context;
    linking->n = row[0].integer;
    return sql_copy_fixed(linking->link, LINK_BYTES, &row[1]);
}

static enum err hash_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct linking *linking = context;
    uint8_t hash[HASH_BYTES];
    if (row[0].integer != linking->n + 1)
        return ERR_NOT_FOUND;
    enum err err = sql_copy_fixed(hash, HASH_BYTES, &row[1]);
    if (err)
        return err;
    linking->n++;
    link_next(linking->link, hash);
    return ERR_OK;
}

enum err store_line_link(struct sql *sql, const char *agency,
                         const char *replica, const uint8_t key[KEY_BYTES],
                         int64_t n, uint8_t link[LINK_BYTES])
{
    struct linking linking = {0, link};
    link_zero(link, agency, key);
    if (n == 0)
        return ERR_OK;
    enum err err =
        sql_find(sql, link_before,
                 SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(n)),
                 link_row_read, &linking);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (linking.n < n)
        err = sql_each_row(sql, hashes_between,
                           SQL_VALUES(sql_text(agency), sql_text(replica),
                                      sql_int(linking.n), sql_int(n)),
                           hash_row_read, &linking);
    if (!err || err == ERR_NOT_FOUND)
        err = linking.n == n ? ERR_OK : ERR_NOT_FOUND;
    return err;
}

enum err store_line_prev(struct sql *sql, const char *agency,
                         const char *record, const char *replica, int64_t *n)
{
    *n = 0;
    enum err err = sql_find_int(
        sql, line_prev,
        SQL_VALUES(sql_text(agency), sql_text(record), sql_text(replica)), n);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

struct each_line {
    store_each_line *each;
    void *context;
};

static enum err each_row_read(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    struct each_line *each = context;
    if (row[1].bytes.size != HASH_BYTES)
        return ERR_CORRUPT;
    return each->each(each->context, row[0].integer, row[1].bytes.at,
                      row[2].bytes);
}

enum err store_line_each_of_record(struct sql *sql, const char *agency,
                                   const char *record, store_each_line *each,
                                   void *context)
{
    struct each_line all = {each, context};
    return sql_each_row(sql, line_of_record,
                        SQL_VALUES(sql_text(agency), sql_text(record)),
                        each_row_read, &all);
}

enum err store_line_each_arrived(struct sql *sql, const char *agency,
                                 const char *record, store_each_line *each,
                                 void *context)
{
    struct each_line all = {each, context};
    return sql_each_row(sql, line_arrived,
                        SQL_VALUES(sql_text(agency), sql_text(record)),
                        each_row_read, &all);
}

enum err store_line_each_of_case(struct sql *sql, const char *agency,
                                 const char *kase, int64_t from, int64_t upto,
                                 store_each_line *each, void *context)
{
    struct each_line all = {each, context};
    return sql_each_row(sql, line_of_case,
                        SQL_VALUES(sql_text(agency), sql_text(kase),
                                   sql_int(from), sql_int(upto)),
                        each_row_read, &all);
}

enum err store_sign_add(struct sql *sql, const char *agency,
                        const char *replica, int64_t n,
                        const uint8_t signature[SIGNATURE_BYTES])
{
    return sql_run(sql, sign_add,
                   SQL_VALUES(sql_text(agency), sql_text(replica), sql_int(n),
                              sql_blob(bytes_of(signature, SIGNATURE_BYTES))));
}

enum err store_placed_add(struct sql *sql, const char *agency, const char *kase,
                          int64_t case_seq, int64_t arrival)
{
    return sql_run(sql, placed_add,
                   SQL_VALUES(sql_text(agency), sql_text(kase),
                              sql_int(case_seq), sql_int(arrival)));
}
