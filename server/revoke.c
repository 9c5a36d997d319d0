#include "server/revoke.h"

#include <stdio.h>
#include <string.h>
#include "server/ingest.h"

static const char revocations[] =
    "SELECT state FROM record WHERE agency = $1 AND type = 'revocation'";

static enum err record_write(struct office *office, struct sql *sql,
                             const char *author, const char *replica,
                             const char *user, const char *reason)
{
    char id[ID_CHARS + 1];
    struct buffer set;
    struct dot dot;
    id_new(id, clock_wall_ms(office->clock), office->random);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_add_char(&set, '{');
    if (reason) {
        buffer_add_text(&set, "\"reason\":");
        canon_put_text(&set, bytes_text(reason));
        buffer_add_char(&set, ',');
    }
    buffer_printf(&set, "\"replica\":\"%s\"", replica);
    if (user[0])
        buffer_printf(&set, ",\"user\":\"%s\"", user);
    buffer_add_char(&set, '}');
    enum err err = buffer_err(&set);
    if (!err) {
        struct revision_draft draft = {
            .record = id, .type = "revocation", .set = buffer_bytes(&set)};
        err = ingest_office(office, sql, author, &draft, &dot);
    }
    buffer_fini(&set);
    return err;
}

/* What it followed and the office does not know, by its certificate: it may
 * come back by its own. */
static enum err follows_write(struct office *office, struct sql *sql,
                              const char *author, const char *replica,
                              const struct replica_row *row, const char *reason)
{
    struct arena arena;
    struct buffer text;
    struct certificate c = {.at = 0};
    uint8_t sig[SIGNATURE_BYTES];
    arena_init(&arena, 1u << 20);
    buffer_init(&text, 32 * 1024);
    enum err err =
        store_replica_certificate(sql, office->agency, replica, &text, sig);
    if (!err)
        err = certificate_read(&arena, buffer_bytes(&text), &c);
    for (size_t i = 0; !err && i < c.follow_count; i++) {
        int64_t at;
        err = revoke_find(sql, office->agency, c.follows[i], &at);
        if (err == ERR_NOT_FOUND)
            err = record_write(office, sql, author, c.follows[i], row->account,
                               reason);
    }
    buffer_fini(&text);
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

enum err revoke_write(struct office *office, struct sql *sql,
                      const char *author, const struct replica_row *row,
                      const char *reason)
{
    const char *agency = office->agency;
    char replica[REPLICA_CHARS + 1];
    enum err err = ERR_OK;
    while (!err) {
        err = store_replica_unrevoked(sql, agency, row->replica, replica);
        if (err == ERR_NOT_FOUND)
            return ERR_OK;
        if (!err)
            err = record_write(office, sql, author, replica, row->account,
                               reason);
        int64_t now = clock_wall_ms(office->clock);
        if (!err)
            err = store_replica_revoke(sql, agency, replica, now, now);
        if (!err)
            err = follows_write(office, sql, author, replica, row, reason);
    }
    return err;
}

/* --- by record ------------------------------------------------------------ */

struct search {
    const char *replica;
    bool found;
    int64_t at; /* of the first */
};

/* When the value in force was written. */
static int64_t written_at(const struct canon *field)
{
    const struct canon *live = field ? canon_member(field, "live") : NULL;
    const struct canon *at =
        live && live->first ? canon_member(live->first, "at") : NULL;
    return at ? at->integer : 0;
}

static enum err look(void *context, const struct sql_value *row, size_t columns)
{
    struct search *search = context;
    struct arena arena;
    const struct canon *at;
    (void)columns;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, row[0].bytes, &at, NULL);
    static const char *const path[] = {"fields", "replica"};
    for (size_t i = 0; !err && at && i < sizeof path / sizeof *path; i++)
        at = canon_member(at, path[i]);
    const struct canon *value = err || !at ? NULL : canon_member(at, "value");
    if (value && value->kind == CANON_TEXT &&
        bytes_is(value->text, search->replica)) {
        int64_t when = written_at(at);
        if (!search->found || when < search->at)
            search->at = when;
        search->found = true;
    }
    arena_fini(&arena);
    return err;
}

enum err revoke_find(struct sql *sql, const char *agency, const char *replica,
                     int64_t *at)
{
    struct search search = {.replica = replica};
    enum err err = sql_each_row(sql, revocations, SQL_VALUES(sql_text(agency)),
                                look, &search);
    *at = search.at;
    return err || search.found ? err : ERR_NOT_FOUND;
}
