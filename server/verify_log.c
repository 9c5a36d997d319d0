#include <inttypes.h>
#include <string.h>
#include "server/verify_inner.h"

static const char writers[] =
    "SELECT DISTINCT replica FROM line WHERE agency = $1 ORDER BY replica";
static const char enrolled[] =
    "SELECT replica FROM replica WHERE agency = $1 ORDER BY replica";
static const char log_lines[] =
    "SELECT l.n, l.hash, l.link, l.line, s.signature, d.case_id FROM line l "
    "LEFT JOIN sign s ON s.agency = l.agency AND s.replica = l.replica "
    "AND s.n = l.n LEFT JOIN disposed_record d ON d.agency = l.agency "
    "AND d.record = l.record WHERE l.agency = $1 AND l.replica = $2 ORDER BY "
    "l.n";

struct log_check {
    struct verify *v;
    const struct replica_row *row; /* NULL: the replica is not known */
    const char *replica;
    int64_t n;   /* last seen */
    bool broken; /* above the unbroken part */
    uint8_t link[LINK_BYTES];
    int64_t linked_n; /* last line that came with its log, not healed */
    int64_t signed_n;
};

static void link_check(struct log_check *c, int64_t n,
                       const uint8_t hash[HASH_BYTES],
                       const struct sql_value *link,
                       const struct sql_value *signature)
{
    struct verify *v = c->v;
    if (!c->row || n > c->row->head)
        return; /* healed lines wait for their chain */
    if (n != c->n + 1) {
        verify_say(v, "log %s: line %" PRId64 " is missing", c->replica,
                   c->n + 1);
        c->broken = true;
    }
    if (c->broken)
        return;
    link_next(c->link, hash);
    if (!sql_is_null(link))
        c->linked_n = n;
    if (!sql_is_null(link) &&
        !bytes_equal(link->bytes, bytes_of(c->link, LINK_BYTES)))
        verify_say(v, "log %s: the link at %" PRId64 " is another", c->replica,
                   n);
    if (sql_is_null(signature))
        return;
    if (signature->bytes.size != SIGNATURE_BYTES ||
        chain_verify(signature->bytes.at, c->row->key, DOMAIN_LINK,
                     bytes_of(c->link, LINK_BYTES)))
        verify_say(v, "log %s: the signature at %" PRId64 " does not verify",
                   c->replica, n);
    else
        c->signed_n = n;
}

static enum err line_check(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct log_check *c = context;
    uint8_t hash[HASH_BYTES];
    int64_t n = row[0].integer;
    /* Of a line that was disposed of the hash alone stands. */
    if (row[3].bytes.size == 0 && !sql_is_null(&row[5]) &&
        row[1].bytes.size == HASH_BYTES)
        memcpy(hash, row[1].bytes.at, HASH_BYTES);
    else
        hash_bytes(hash, row[3].bytes);
    if (!bytes_equal(row[1].bytes, bytes_of(hash, HASH_BYTES)))
        verify_say(c->v, "log %s: line %" PRId64 " is not what was stored",
                   c->replica, n);
    link_check(c, n, hash, &row[2], &row[4]);
    c->n = n;
    return ERR_OK;
}

/* A forgotten predecessor came without a certificate. */
static enum err certificate_check(struct verify *v,
                                  const struct replica_row *row)
{
    struct buffer text;
    uint8_t sig[SIGNATURE_BYTES];
    buffer_init(&text, 64 * 1024);
    enum err err = store_replica_certificate(v->batch.sql, v->batch.agency,
                                             row->replica, &text, sig);
    if (!err && text.size &&
        chain_verify(sig, v->batch.office->keys.root.public_key,
                     row->kind == 'o' ? DOMAIN_TERM : DOMAIN_CERT,
                     buffer_bytes(&text)))
        verify_say(v, "replica %s: the certificate does not verify",
                   row->replica);
    buffer_fini(&text);
    return err;
}

static enum err log_verify(struct verify *v, const char *replica)
{
    struct replica_row row;
    struct log_check c = {.v = v, .replica = replica};
    enum err err =
        store_replica_find(v->batch.sql, v->batch.agency, replica, &row);
    if (!err) {
        c.row = &row;
        link_zero(c.link, v->batch.agency, row.key);
    } else if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = sql_each_row(v->batch.sql, log_lines,
                       SQL_VALUES(sql_text(v->batch.agency), sql_text(replica)),
                       line_check, &c);
    if (err || !c.row)
        return err;
    if (c.n < row.head || c.n > row.top)
        verify_say(v, "log %s: ends at %" PRId64 ", not %" PRId64, replica, c.n,
                   row.head);
    else if (!c.broken && memcmp(c.link, row.link, LINK_BYTES) != 0)
        verify_say(v, "log %s: the last link is another", replica);
    else if (c.signed_n < c.linked_n)
        verify_say(v, "log %s: signed up to %" PRId64 " of %" PRId64, replica,
                   c.signed_n, c.linked_n);
    return certificate_check(v, &row);
}

/* A replica whose rows say that it wrote has lines. */
static enum err empty_check(struct verify *v, const char *replica)
{
    struct replica_row row;
    struct line_found found;
    enum err err =
        store_replica_find(v->batch.sql, v->batch.agency, replica, &row);
    if (err || row.head == 0)
        return err;
    err = store_line_find(v->batch.sql, v->batch.agency, replica, row.head,
                          &found);
    if (err == ERR_NOT_FOUND) {
        verify_say(v, "log %s: line %" PRId64 " is missing", replica, row.head);
        err = ERR_OK;
    }
    return err;
}

enum err verify_logs(struct verify *v)
{
    struct names names;
    enum err err = names_load(&names, v->batch.sql, writers, v->batch.agency);
    for (size_t i = 0; !err && i < names.count; i++)
        err = log_verify(v, names.at[i]);
    names_fini(&names);
    if (!err)
        err = names_load(&names, v->batch.sql, enrolled, v->batch.agency);
    for (size_t i = 0; !err && i < names.count; i++)
        err = empty_check(v, names.at[i]);
    names_fini(&names);
    return err;
}
