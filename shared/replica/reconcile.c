#include "shared/replica/inbox_inner.h"

#include <stdlib.h>
#include <string.h>

#include "shared/replica/branch.h"
#include "shared/replica/identity_row.h"
#include "shared/replica/line.h"
#include "shared/replica/standing.h"
#include "shared/replica/vault_schema.h"

#define PREFIX_BYTES 8

/* A line that the office lacks: another replica's, by the page it came in, or
 * one of a predecessor's log. */
struct lack {
    int64_t page; /* page.id; 0: own */
    int64_t line; /* log.id */
    int64_t log, n;
};

struct need {
    char kase[ID_CHARS + 1];
    bool answer; /* nothing is needed: all that is here has been given */
    uint8_t prefix[PREFIX_BYTES];
};

struct reconcile {
    struct lack *lacks; /* owned */
    size_t lack_count, lack_room;
    struct map *given;  /* owned: own lines that were contributed */
    struct need *needs; /* owned */
    size_t need_count, need_room;
    bool asked; /* the needs of this round are counted */
    struct standing standing;
};

enum err reconcile_new(struct reconcile **out)
{
    *out = calloc(1, sizeof **out);
    enum err err = *out ? map_new(&(*out)->given) : ERR_NOMEM;
    if (err) {
        free(*out);
        *out = NULL;
    }
    return err;
}

void reconcile_free(struct reconcile *r)
{
    if (!r)
        return;
    free(r->lacks);
    map_free(r->given);
    free(r->needs);
    standing_fini(&r->standing);
    free(r);
}

/* Makes room for one more of `size` bytes. */
static enum err grow(void **at, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return ERR_OK;
    size_t wanted = *room ? *room * 2 : 64;
    void *grown = realloc(*at, wanted * size);
    if (!grown)
        return ERR_NOMEM;
    *at = grown;
    *room = wanted;
    return ERR_OK;
}

/* --- sums ----------------------------------------------------------------- */

void inbox_round_begin(struct inbox *inbox)
{
    struct reconcile *r = inbox->reconcile;
    standing_round(&r->standing);
    r->lack_count = r->need_count = 0;
    r->asked = false;
}

enum err inbox_round_end(struct inbox *inbox, bool keep, size_t *standing)
{
    return standing_keep(&inbox->reconcile->standing, inbox->vault, keep,
                         standing);
}

void reconcile_given(struct reconcile *r, size_t lines)
{
    r->standing.given += lines;
}

enum err inbox_cases(struct vault *vault, inbox_each_case *each, void *context)
{
    int64_t id = 0;
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    enum err err = vault_refresh(vault);
    if (!err)
        err = case_key_next(vault, id, &id);
    while (!err && id) {
        const struct case_key *key;
        uint64_t sum = 0;
        bool counted;
        err = sums_told(vault, id, &sum, &counted);
        if (!err)
            err = case_key_get(vault, id, &key);
        /* A case of which the office has nothing yet is not in question. */
        if (!err && counted)
            err = each(context, key->kase, sum);
        if (!err)
            err = case_key_next(vault, id, &id);
    }
    return err;
}

/* --- differences ---------------------------------------------------------- */

static int prefix_compare(const void *a, const void *b)
{
    return memcmp(a, b, PREFIX_BYTES);
}

struct diffing {
    struct inbox *inbox;
    struct identity_row self;
    uint8_t *have; /* the office's prefixes, sorted; owned */
    size_t have_count;
    bool *matched; /* per prefix: held here too; owned */
};

static enum err lack_add(struct reconcile *r, const struct lack *lack)
{
    enum err err = grow((void **)&r->lacks, r->lack_count, &r->lack_room,
                        sizeof *r->lacks);
    if (!err)
        r->lacks[r->lack_count++] = *lack;
    return err;
}

static const uint8_t *prefix_find(const struct diffing *d, const uint8_t *hash)
{
    return d->have_count ? bsearch(hash, d->have, d->have_count, PREFIX_BYTES,
                                   prefix_compare)
                         : NULL;
}

static bool office_has(void *context, const uint8_t hash[HASH_BYTES])
{
    return prefix_find(context, hash) != NULL;
}

/* A predecessor's line goes with its log, where it keeps its place.  Where it
 * has gone and is lacking still, though its write is at the office, its place
 * there is another line's. */
static enum err own_lack(struct diffing *d, const struct lack *lack,
                         bool elsewhere, bool *yields)
{
    struct vault *vault = d->inbox->vault;
    struct map *given = d->inbox->reconcile->given;
    struct bytes name = bytes_of(&lack->line, sizeof lack->line);
    *yields = elsewhere && map_has(given, name);
    if (*yields)
        return ERR_OK;
    enum err err = map_put(given, name, given);
    if (!err)
        err = vault_run_ints(vault, SQL_HELD_DROP_FROM, lack->log, lack->n);
    return err ? err
               : vault_run_ints(vault, SQL_IDENTITY_CONTRIBUTE_MORE, lack->log,
                                lack->n);
}

static enum err lack_settle(struct diffing *d, const struct lack *lack,
                            struct sums *sums, bool *kept)
{
    struct vault *vault = d->inbox->vault;
    bool yields;
    enum err err = branch_elsewhere(vault, lack->line, office_has, d, &yields);
    *kept = !err && !yields && lack->page;
    if (!err && !lack->page)
        err = own_lack(d, lack, yields, &yields);
    if (err || !yields)
        return err;
    d->inbox->reconcile->standing.moved = true;
    return branch_yield(vault, lack->line, sums);
}

/* Lines from `from` on: what the office has under another dot, having another
 * line at its own, gives way and is not contributed. */
static enum err lacks_settle(struct diffing *d, size_t from)
{
    struct vault *vault = d->inbox->vault;
    struct reconcile *r = d->inbox->reconcile;
    struct sums *sums = NULL;
    size_t kept = from;
    if (from == r->lack_count)
        return ERR_OK;
    enum err err = vault_schema_load(vault);
    if (!err)
        err = sums_new(&sums);
    for (size_t i = from; !err && i < r->lack_count; i++) {
        bool stays;
        err = lack_settle(d, &r->lacks[i], sums, &stays);
        if (!err && stays)
            r->lacks[kept++] = r->lacks[i];
    }
    if (!err)
        err = sums_store(vault, sums);
    sums_free(sums);
    r->lack_count = kept;
    return err;
}

/* Own lines of the present log are pushed in order anyway. */
static enum err held_compare(struct diffing *d, struct sqlite3_stmt *s)
{
    uint8_t hash[HASH_BYTES];
    enum err err = db_column_fixed(s, 1, hash, sizeof hash);
    if (err)
        return err;
    const uint8_t *at = prefix_find(d, hash);
    struct lack lack = {.page = db_column_int64(s, 4),
                        .line = db_column_int64(s, 0),
                        .log = db_column_int64(s, 2),
                        .n = db_column_int64(s, 3)};
    if (!at && lack.log == d->self.log)
        return ERR_OK;
    if (!at)
        return lack_add(d->inbox->reconcile, &lack);
    d->matched[(size_t)(at - d->have) / PREFIX_BYTES] = true;
    return ERR_OK;
}

static enum err lines_compare(struct diffing *d, int64_t key)
{
    struct vault *vault = d->inbox->vault;
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_LOG_OF_CASE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, key);
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            err = held_compare(d, s);
    }
    db_reset(s);
    return err;
}

/* `prefix` NULL: the answer. */
static enum err need_add(struct reconcile *r, const char *kase,
                         const uint8_t *prefix)
{
    enum err err = grow((void **)&r->needs, r->need_count, &r->need_room,
                        sizeof *r->needs);
    if (err)
        return err;
    struct need *need = &r->needs[r->need_count++];
    *need = (struct need){.answer = !prefix};
    memcpy(need->kase, kase, strnlen(kase, ID_CHARS));
    if (prefix)
        memcpy(need->prefix, prefix, PREFIX_BYTES);
    return ERR_OK;
}

static enum err needs_add(struct diffing *d, const char *kase)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < d->have_count; i++)
        if (!d->matched[i])
            err =
                need_add(d->inbox->reconcile, kase, d->have + i * PREFIX_BYTES);
    return err;
}

/* The office grants the case, so it belongs to that scope here too. */
static enum err granted(struct vault *vault, const char *kase,
                        const char *scope, int64_t *key)
{
    const struct case_key *made;
    struct sqlite3_stmt *s;
    enum err err = case_key_obtain(vault, bytes_text(kase), &made);
    if (err)
        return err;
    *key = made->id;
    if (!kase[0])
        return ERR_OK;
    err = vault_sql(vault, SQL_MEMBER_ADD, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(scope));
    db_bind_int64(vault->db, s, 2, *key);
    return db_step_done(vault->db, s);
}

static enum err have_sort(struct diffing *d, struct bytes have)
{
    d->have_count = have.size / PREFIX_BYTES;
    d->have = malloc(have.size + 1);
    d->matched = calloc(d->have_count + 1, sizeof *d->matched);
    if (!d->have || !d->matched)
        return ERR_NOMEM;
    if (have.size)
        memcpy(d->have, have.at, have.size);
    qsort(d->have, d->have_count, PREFIX_BYTES, prefix_compare);
    return ERR_OK;
}

static enum err diff(struct diffing *d, const char *kase, const char *scope,
                     struct bytes have)
{
    struct vault *vault = d->inbox->vault;
    int64_t key = 0;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &d->self);
    if (!err)
        err = have_sort(d, have);
    if (!err)
        err = scope[0] ? granted(vault, kase, scope, &key)
                       : case_key_number(vault, bytes_text(kase), &key);
    size_t from = d->inbox->reconcile->lack_count;
    if (!err && scope[0])
        err = standing_note(&d->inbox->reconcile->standing, vault, key, have);
    if (!err && key)
        err = lines_compare(d, key);
    if (!err)
        err = lacks_settle(d, from);
    /* Without a scope the case is only asked for what it has. */
    if (err)
        return err;
    return scope[0] ? needs_add(d, kase)
                    : need_add(d->inbox->reconcile, kase, NULL);
}

enum err inbox_diff(struct inbox *inbox, const char *kase, const char *scope,
                    struct bytes have)
{
    struct vault *vault = inbox->vault;
    struct diffing d = {.inbox = inbox};
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    if (have.size % PREFIX_BYTES || (kase[0] && !id_valid(bytes_text(kase))))
        return vault_fail(vault, ERR_PROTOCOL, "a diff of the wrong form");
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = vault_end(vault, diff(&d, kase, scope, have));
    free(d.have);
    free(d.matched);
    return err;
}

/* --- what to send --------------------------------------------------------- */

static int lack_compare(const void *a, const void *b)
{
    const struct lack *x = a, *y = b;
    if (x->page != y->page)
        return x->page < y->page ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static enum err page_load(struct vault *vault, int64_t page,
                          struct page_line *out)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_PAGE_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, page);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_CORRUPT;
    struct bytes hashes = db_column_bytes(s, 0);
    char *copy = arena_copy(&vault->arena, hashes);
    out->hashes = bytes_of(copy, hashes.size);
    err = copy ? db_column_fixed(s, 1, out->mac, MAC_BYTES) : ERR_NOMEM;
    db_reset(s);
    return err;
}

static enum err line_load(struct vault *vault, int64_t id, struct bytes *out)
{
    struct sqlite3_stmt *s;
    char name[REPLICA_CHARS + 1] = "";
    struct buffer text;
    bool row;
    enum err err = vault_sql(vault, SQL_LOG_AT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_CORRUPT;
    buffer_init(&text, LINE_BYTES_MAX);
    err = db_column_fixed(s, 0, name, REPLICA_CHARS);
    if (!err)
        err = line_open(vault, db_column_int64(s, 2), name,
                        db_column_int64(s, 1), db_column_bytes(s, 3), &text);
    char *copy = err ? NULL : arena_copy(&vault->arena, buffer_bytes(&text));
    *out = bytes_of(copy, text.size);
    buffer_fini(&text);
    db_reset(s);
    return err || copy ? err : ERR_NOMEM;
}

static enum err page_give(struct vault *vault, const struct lack *lacks,
                          size_t count, inbox_each_page *each, void *context)
{
    struct page_line page = {0};
    arena_clear(&vault->arena);
    struct bytes *lines = arena_take(&vault->arena, count * sizeof *lines);
    if (!lines)
        return ERR_NOMEM;
    enum err err = page_load(vault, lacks[0].page, &page);
    size_t given = 0;
    for (size_t i = 0; !err && i < count; i++) {
        err = line_load(vault, lacks[i].line, &lines[given]);
        if (!err)
            given++;
        else if (err == ERR_NOT_FOUND)
            err = ERR_OK; /* its case has left since */
    }
    page.count = (int64_t)given;
    return err || !given ? err : each(context, &page, lines, given);
}

enum err inbox_contribute(struct inbox *inbox, inbox_each_page *each,
                          void *context)
{
    struct reconcile *r = inbox->reconcile;
    enum err err = ERR_OK;
    if (r->lack_count)
        qsort(r->lacks, r->lack_count, sizeof *r->lacks, lack_compare);
    for (size_t i = 0, next; !err && i < r->lack_count; i = next) {
        for (next = i + 1;
             next < r->lack_count && r->lacks[next].page == r->lacks[i].page;)
            next++;
        err = page_give(inbox->vault, &r->lacks[i], next - i, each, context);
    }
    return err;
}

enum err inbox_needs(struct inbox *inbox, inbox_each_need *each, void *context)
{
    struct reconcile *r = inbox->reconcile;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < r->need_count;) {
        struct need_line need = {0};
        uint8_t hashes[NEED_LINE_MAX * PREFIX_BYTES];
        size_t size = 0;
        memcpy(need.kase, r->needs[i].kase, sizeof need.kase);
        if (r->needs[i].answer)
            i++;
        else
            for (; i < r->need_count && size < sizeof hashes &&
                   !strcmp(r->needs[i].kase, need.kase);
                 i++, size += PREFIX_BYTES)
                memcpy(hashes + size, r->needs[i].prefix, PREFIX_BYTES);
        need.hashes = bytes_of(hashes, size);
        err = each(context, &need);
    }
    for (size_t i = 0; !err && !r->asked && i < r->need_count; i++)
        r->standing.asked += !r->needs[i].answer;
    r->asked = r->asked || !err;
    return err;
}
