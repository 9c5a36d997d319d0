#include "server/ingest_batch.h"
#include "server/store_blob.h"

struct naming {
    struct batch *batch;
    const struct revision *revision;
    const char *replica;
    int64_t arrival;
};

static enum err named(void *context, const struct blob_ref *ref,
                      const struct canon *value)
{
    struct naming *n = context;
    return store_blob_add(n->batch->sql, n->batch->agency, ref, value->raw,
                          n->arrival, n->revision->record, n->replica);
}

enum err ingest_blobs(struct batch *b, const struct revision *revision,
                      const char *replica, int64_t arrival)
{
    struct naming n = {b, revision, replica, arrival};
    return blob_refs(revision_original(revision)->set, named, &n);
}

/* --- again, from the log -------------------------------------------------- */

static const char lines_arrived[] =
    "SELECT arrival, replica, line FROM line WHERE agency = $1 "
    "AND record IS NOT NULL ORDER BY arrival";

static enum err line_look(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct batch *b = context;
    char replica[REPLICA_CHARS + 1];
    const struct revision *revision;
    (void)columns;
    sql_copy_text(replica, sizeof replica, &row[1]);
    arena_clear(&b->parse);
    enum err err = revision_parse(&b->parse, row[2].bytes, &revision, NULL);
    if (err)
        return err == ERR_NOMEM ? err : ERR_OK;
    return ingest_blobs(b, revision, replica, row[0].integer);
}

enum err ingest_blobs_again(struct batch *b)
{
    return sql_each_row(b->sql, lines_arrived, SQL_VALUES(sql_text(b->agency)),
                        line_look, b);
}
