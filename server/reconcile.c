#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/sync_inner.h"

#define PREFIX_BYTES 8u

static const char members_of_scope[] =
    "SELECT m.case_id, c.sum, c.count FROM membership m "
    "JOIN case_row c ON c.agency = m.agency AND c.case_id = m.case_id "
    "WHERE m.agency = $1 AND m.scope = $2 AND m.left_seq IS NULL "
    "ORDER BY m.case_id";
static const char diff_find[] =
    "SELECT 1 FROM diff_given WHERE agency = $1 AND replica = $2 "
    "AND case_id = $3 AND device_sum = $4 AND office_sum = $5 "
    "AND answered = 1";
static const char diff_put[] =
    "INSERT INTO diff_given(agency, replica, case_id, device_sum, office_sum) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (agency, replica, case_id) "
    "DO UPDATE SET device_sum = excluded.device_sum, "
    "office_sum = excluded.office_sum, answered = 0";
static const char diff_answered[] =
    "UPDATE diff_given SET answered = 1 "
    "WHERE agency = $1 AND replica = $2 AND case_id = $3";

/* A case that the device holds. */
struct held_case {
    uint64_t sum;
    bool granted; /* some granted scope has it now */
    bool told;    /* its difference stands in the reply */
    bool leaves;  /* what it could contribute it has contributed */
    bool own;     /* its own, and never of any scope: nothing to be said */
};

/* --- the request ---------------------------------------------------------- */

static enum err case_add(struct sync *s, const struct case_sum *sum)
{
    struct held_case *held = arena_take(&s->arena, sizeof *held);
    if (!held)
        return ERR_NOMEM;
    held->sum = sum->sum;
    return map_put(s->case_sums, bytes_text(sum->kase), held);
}

enum err sync_cases(struct sync *s, struct bytes line)
{
    struct cases_line cases;
    enum err err = cases_line_read(&s->scratch, line, &cases);
    if (err == ERR_INVALID || s->header.mode != MODE_RECONCILE) {
        sync_refuse(s, 400, "bad-header", "a cases line is malformed");
        return ERR_OK;
    }
    if (!err && !s->case_sums)
        err = map_new(&s->case_sums);
    for (size_t i = 0; !err && i < cases.count; i++)
        err = case_add(s, &cases.sums[i]);
    if (!err && map_count(s->case_sums) > SYNC_CASES_MAX)
        sync_refuse(s, 413, "too-large", "more than 200000 cases");
    return err;
}

/* The decoded bytes outlive their line. */
static enum err bytes_keep(struct sync *s, struct bytes *bytes)
{
    char *copy = arena_copy(&s->arena, *bytes);
    bytes->at = (const uint8_t *)copy;
    return copy ? ERR_OK : ERR_NOMEM;
}

enum err sync_page(struct sync *s, struct bytes line)
{
    struct page_line page;
    uint8_t mac[MAC_BYTES];
    enum err err = page_line_read(&s->scratch, line, &page);
    if (err == ERR_INVALID ||
        (!err && (page.count < 1 || page.count > PAGE_LINES_MAX))) {
        sync_refuse(s, 400, "bad-header", "a page line is malformed");
        return ERR_OK;
    }
    if (err)
        return err;
    page_mac(mac, s->office->keys.page_key, s->office->agency, page.hashes);
    s->page_left = (size_t)page.count;
    s->page_hashes = page.hashes;
    if (sodium_memcmp(mac, page.mac, sizeof mac) != 0)
        s->page_hashes = bytes_of(NULL, 0); /* nothing of it is believed */
    return bytes_keep(s, &s->page_hashes);
}

static enum err part_add(struct page_part *part, struct bytes line)
{
    if (part->count == part->room) {
        size_t room = part->room ? part->room * 2 : 64;
        struct bytes *grown = realloc(part->lines, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        part->lines = grown;
        part->room = room;
    }
    part->lines[part->count++] = line;
    return ERR_OK;
}

enum err sync_page_line(struct sync *s, struct bytes line)
{
    uint8_t hash[HASH_BYTES];
    bool given = false;
    s->page_left--;
    if (++s->line_count > REQUEST_LINES_MAX) {
        sync_refuse(s, 413, "too-large", "more than 16384 lines in a request");
        return ERR_OK;
    }
    hash_bytes(hash, line);
    for (size_t at = 0; at + HASH_BYTES <= s->page_hashes.size;
         at += HASH_BYTES)
        given = given || !memcmp(s->page_hashes.at + at, hash, HASH_BYTES);
    if (!given)
        return ERR_OK;
    char *copy = arena_copy(&s->arena, line);
    if (!copy)
        return ERR_NOMEM;
    s->body_bytes += line.size + 1;
    return part_add(&s->healed, bytes_of(copy, line.size));
}

static int prefix_order(const void *a, const void *b)
{
    return memcmp(a, b, PREFIX_BYTES);
}

enum err sync_need(struct sync *s, struct bytes line)
{
    struct need_line need;
    enum err err = need_line_read(&s->scratch, line, &need);
    if (err == ERR_INVALID) {
        sync_refuse(s, 400, "bad-header", "a need line is malformed");
        return ERR_OK;
    }
    if (err)
        return err;
    if (s->need_count == s->need_room) {
        size_t room = s->need_room ? s->need_room * 2 : 16;
        struct need_part *grown = realloc(s->needs, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        s->needs = grown;
        s->need_room = room;
    }
    struct need_part *part = &s->needs[s->need_count++];
    memcpy(part->kase, need.kase, sizeof part->kase);
    part->hashes = need.hashes;
    part->hashes.size -= part->hashes.size % PREFIX_BYTES;
    err = bytes_keep(s, &part->hashes);
    if (!err) /* our own copy */
        qsort((void *)(uintptr_t)part->hashes.at,
              part->hashes.size / PREFIX_BYTES, PREFIX_BYTES, prefix_order);
    return err;
}

/* --- who has what --------------------------------------------------------- */

struct scope_pass {
    struct sync *sync;
    struct outgoing *out; /* NULL: only mark what is granted */
    const char *scope;
    bool differs;
};

struct have {
    struct outgoing *out;
    struct diff_line line;
    struct buffer prefixes;
};

static enum err have_flush(struct have *have, bool more)
{
    struct buffer text;
    have->line.have = buffer_bytes(&have->prefixes);
    have->line.more = more;
    buffer_init(&text, FRAME_LINE_BYTES_MAX);
    enum err err = diff_line_write(&text, &have->line);
    if (!err)
        err = outgoing_line(have->out, buffer_bytes(&text));
    buffer_fini(&text);
    buffer_clear(&have->prefixes);
    return err;
}

static enum err have_line(void *context, int64_t arrival,
                          const uint8_t hash[HASH_BYTES], struct bytes line)
{
    (void)arrival;
    (void)line;
    struct have *have = context;
    enum err err = ERR_OK;
    if (have->prefixes.size == DIFF_LINE_MAX * PREFIX_BYTES)
        err = have_flush(have, true);
    return err ? err : buffer_add(&have->prefixes, hash, PREFIX_BYTES);
}

/* Everything the office has of a case, as prefixes of hashes. */
static enum err diff_put_lines(struct outgoing *out, const char *kase,
                               const char *scope)
{
    struct sync *s = out->sync;
    struct have have = {.out = out};
    memcpy(have.line.kase, kase, strlen(kase) + 1);
    memcpy(have.line.scope, scope, strlen(scope) + 1);
    buffer_init(&have.prefixes, DIFF_LINE_MAX * PREFIX_BYTES);
    enum err err = store_line_each_of_case(s->sql, s->office->agency, kase, 1,
                                           INT64_MAX, have_line, &have);
    if (!err)
        err = have_flush(&have, false);
    buffer_fini(&have.prefixes);
    return err;
}

static enum err scope_case(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct scope_pass *pass = context;
    char kase[ID_CHARS + 1];
    sql_copy_text(kase, sizeof kase, &row[0]);
    struct held_case *held =
        pass->sync->case_sums ? map_get(pass->sync->case_sums, bytes_text(kase))
                              : NULL;
    if (held)
        held->granted = true;
    bool same =
        held ? held->sum == (uint64_t)row[1].integer : row[2].integer == 0;
    if (!pass->out || same)
        return ERR_OK;
    pass->differs = true;
    if (held && held->told)
        return ERR_OK; /* another granted scope has it too */
    if (held)
        held->told = true;
    return diff_put_lines(pass->out, kase, pass->scope);
}

static enum err member_put(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    struct outgoing *out = context;
    struct join_line join;
    struct buffer line;
    sql_copy_text(join.kase, sizeof join.kase, &row[0]);
    if (!join.kase[0])
        return ERR_OK;
    buffer_init(&line, 1024);
    enum err err = join_line_write(&line, &join);
    if (!err)
        err = outgoing_line(out, buffer_bytes(&line));
    buffer_fini(&line);
    return err;
}

/* A device under a fresh key has missed joins and leaves: it is told each of
 * the scope's cases anew. */
static enum err scope_settled(struct outgoing *out, const char *scope)
{
    struct sync *s = out->sync;
    struct feed_head head;
    struct cursor cursor = {.has_sum = true};
    enum err err =
        sql_each_row(s->sql, members_of_scope,
                     SQL_VALUES(sql_text(s->office->agency), sql_text(scope)),
                     member_put, out);
    if (!err)
        err = store_scope_find(s->sql, s->office->agency, scope, &head);
    if (err)
        return err;
    memcpy(cursor.scope, scope, strlen(scope) + 1);
    cursor.seq = head.seq;
    cursor.sum = head.sum;
    return outgoing_cursor(out, &cursor, true);
}

static enum err scope_pass(struct sync *s, struct sql *sql,
                           struct outgoing *out, const char *scope, bool asked)
{
    struct scope_pass pass = {
        .sync = s, .out = out, .scope = scope, .differs = asked};
    enum err err =
        sql_each_row(sql, members_of_scope,
                     SQL_VALUES(sql_text(s->office->agency), sql_text(scope)),
                     scope_case, &pass);
    return err || !out || pass.differs ? err : scope_settled(out, scope);
}

static enum err granted_mark(struct sync *s, struct sql *sql)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->scopes.count; i++)
        err = scope_pass(s, sql, NULL, s->scopes.name[i], false);
    return err;
}

/* --- cases outside the scopes --------------------------------------------- */

/* The same difference again, after the device has answered it: it had nothing
 * to contribute, or the office has it. */
static enum err diff_note(struct sync *s, struct sql *sql, const char *kase,
                          struct held_case *held, uint64_t office_sum)
{
    const char *agency = s->office->agency;
    enum err err =
        sql_find(sql, diff_find,
                 SQL_VALUES(sql_text(agency), sql_text(s->header.replica),
                            sql_text(kase), sql_int((int64_t)held->sum),
                            sql_int((int64_t)office_sum)),
                 NULL, NULL);
    held->leaves = err == ERR_OK;
    if (err != ERR_NOT_FOUND)
        return err;
    return sql_run(sql, diff_put,
                   SQL_VALUES(sql_text(agency), sql_text(s->header.replica),
                              sql_text(kase), sql_int((int64_t)held->sum),
                              sql_int((int64_t)office_sum)));
}

/* A case that came with a predecessor's log, and whose assignment nobody has
 * brought back: it joins its writer's first caseload, as when it was new. */
static enum err own_admit(struct sync *s, struct batch *b, const char *name,
                          struct held_case *held)
{
    struct batch_case *kase;
    struct batch_log *creator;
    enum err err = batch_case_find(b, name, &kase);
    if (err || !kase->known || kase->member_count || kase->disposed)
        return err;
    err = batch_log_find(b, kase->total.creator, &creator);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    held->own = !strcmp(creator->row.account, s->row.account);
    return held->own ? member_admit(b, creator, kase) : ERR_OK;
}

enum err reconcile_commit(struct sync *s, struct batch *b)
{
    enum err err = granted_mark(s, b->sql);
    for (size_t i = 0; !err && s->case_sums && i < map_count(s->case_sums);
         i++) {
        struct held_case *held = map_value_at(s->case_sums, i);
        char kase[ID_CHARS + 1] = "";
        struct bytes key = map_key_at(s->case_sums, i);
        struct case_total total;
        memcpy(kase, key.at, key.size);
        if (held->granted || !kase[0])
            continue;
        err = own_admit(s, b, kase, held);
        if (err || held->own)
            continue;
        err = store_case_find(b->sql, b->agency, kase, &total);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
        if (!err && total.sum == held->sum)
            held->leaves = true;
        else if (!err)
            err = diff_note(s, b->sql, kase, held, total.sum);
    }
    return err;
}

enum err reconcile_read(struct outgoing *out)
{
    struct sync *s = out->sync;
    bool asked = false;
    enum err err = granted_mark(s, s->sql);
    /* Leaves first: they are applied with the cursor line that follows. */
    for (size_t i = 0; !err && s->case_sums && i < map_count(s->case_sums);
         i++) {
        const struct held_case *held = map_value_at(s->case_sums, i);
        char kase[ID_CHARS + 1] = "";
        struct bytes key = map_key_at(s->case_sums, i);
        memcpy(kase, key.at, key.size);
        if (held->granted || held->own || !kase[0])
            continue;
        asked = asked || !held->leaves;
        err = held->leaves ? outgoing_leave(out, "*", kase)
                           : diff_put_lines(out, kase, "");
    }
    /* Joins end what the device knows of a scope's cases.  While it is asked
     * for one that no scope has, nothing ends, so that it comes again even when
     * this reply or its answer is lost. */
    for (size_t i = 0; !err && i < s->scopes.count; i++)
        err = scope_pass(s, s->sql, out, s->scopes.name[i], asked);
    return err;
}

/* A need without hashes, of a case that no granted scope has, says that all
 * that the device could contribute of it has been sent. */
enum err fix_commit(struct sync *s, struct batch *b)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && s->status == 200 && i < s->need_count; i++)
        if (!s->needs[i].hashes.size)
            err = sql_run(b->sql, diff_answered,
                          SQL_VALUES(sql_text(s->office->agency),
                                     sql_text(s->header.replica),
                                     sql_text(s->needs[i].kase)));
    return err;
}

/* --- what the device needs ------------------------------------------------ */

struct needing {
    struct outgoing *out;
    const struct need_part *need;
};

static enum err need_line_put(void *context, int64_t arrival,
                              const uint8_t hash[HASH_BYTES], struct bytes line)
{
    (void)arrival;
    struct needing *needing = context;
    struct bytes wanted = needing->need->hashes;
    if (!bsearch(hash, wanted.at, wanted.size / PREFIX_BYTES, PREFIX_BYTES,
                 prefix_order))
        return ERR_OK;
    enum err err = outgoing_revision(needing->out, hash, line);
    if (!err && needing->out->page_lines == PAGE_LINES_MAX)
        err = outgoing_given(needing->out);
    return err;
}

static const char case_granted[] =
    "SELECT scope FROM membership WHERE agency = $1 AND case_id = $2 "
    "AND left_seq IS NULL";

struct granting {
    const struct sync *sync;
    bool granted;
};

static enum err granted_row(void *context, const struct sql_value *row,
                            size_t columns)
{
    (void)columns;
    struct granting *granting = context;
    char scope[SCOPE_CHARS_MAX + 1];
    sql_copy_text(scope, sizeof scope, &row[0]);
    if (scope_list_has(&granting->sync->scopes, scope))
        granting->granted = true;
    return ERR_OK;
}

enum err fix_read(struct outgoing *out)
{
    struct sync *s = out->sync;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->need_count; i++) {
        struct needing needing = {out, &s->needs[i]};
        struct granting granting = {.sync = s};
        if (!needing.need->hashes.size)
            continue;
        if ((int64_t)out->plain.size >= s->header.room)
            break; /* the next round asks for the rest */
        err = sql_each_row(s->sql, case_granted,
                           SQL_VALUES(sql_text(s->office->agency),
                                      sql_text(needing.need->kase)),
                           granted_row, &granting);
        if (!err && granting.granted)
            err = store_line_each_of_case(s->sql, s->office->agency,
                                          needing.need->kase, 1, INT64_MAX,
                                          need_line_put, &needing);
    }
    return err ? err : outgoing_given(out);
}
