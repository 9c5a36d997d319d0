/* What an administrator and a supervisor do at the office. */
#include <stdio.h>
#include <string.h>

#include "server/ingest.h"
#include "server/invite.h"
#include "server/store_line.h"
#include "server/store_record.h"
#include "server/user.h"
#include "tests/sim/forge.h"
#include "tests/sim/people.h"

enum err office_begin(struct world *world)
{
    if (!world->office)
        return ERR_AGAIN;
    return sql_begin(&world->sql, true);
}

enum err office_end(struct world *world, enum err err)
{
    if (!err)
        return sql_commit(&world->sql);
    sql_rollback(&world->sql);
    return err;
}

bool admin_user(struct world *world, const char *user, const char *scope)
{
    char scopes[1][SCOPE_CHARS_MAX + 1];
    snprintf(scopes[0], sizeof scopes[0], "%s", scope);
    struct user_draft draft = {.name = user,
                               .role = "worker",
                               .scopes =
                                   (const char(*)[SCOPE_CHARS_MAX + 1]) scopes,
                               .scope_count = 1,
                               .has_scopes = true};
    enum err err = office_begin(world);
    if (!err)
        err = office_end(world,
                         user_add(world->office, &world->sql, &draft, "sim"));
    return !err;
}

bool admin_invite(struct world *world, const char *user, char code[32])
{
    enum err err = office_begin(world);
    if (!err)
        err = office_end(world, invite_make(world->office, &world->sql, user,
                                            world->now_ms + INVITE_EXPIRES_MS,
                                            "sim", code));
    if (err)
        world_fail(world, "no invitation for %s: %s %s", user, err_name(err),
                   world->office ? world->office->detail : "");
    return !err;
}

/* --- the office as a writer -------------------------------------------------
 */

struct screen {
    struct world *world;
    struct write *write;
};

/* A held line is on no screen; when it is released, its carrier is. */
static enum err note_screen(void *context, int64_t arrival,
                            const uint8_t hash[HASH_BYTES], struct bytes line)
{
    struct screen *screen = context;
    struct write *w = screen->write;
    struct world *world = screen->world;
    struct held_row held;
    struct arena arena;
    const struct revision *r;
    (void)arrival;
    (void)hash;
    arena_init(&arena, 8u << 20);
    if (!revision_parse(&arena, line, &r, NULL) &&
        w->screen_count < SCREEN_MAX &&
        store_held_find(&world->sql, world->office->agency, &r->dot, &held) ==
            ERR_NOT_FOUND)
        memcpy(w->screen[w->screen_count++], r->write, WRITE_ID_CHARS + 1);
    arena_fini(&arena);
    return ERR_OK;
}

static void remember(struct world *world, const char *record,
                     const struct dot *dot, const struct write *screen)
{
    struct buffer line;
    uint8_t hash[HASH_BYTES];
    if (world->write_count == WRITES_MAX)
        return;
    struct write *w = &world->writes[world->write_count];
    *w = *screen;
    snprintf(w->record, sizeof w->record, "%s", record);
    dot_format(w->dot, dot);
    w->device = -1;
    w->step = world->step;
    buffer_init(&line, LINE_BYTES_MAX);
    if (store_line_load(&world->sql, world->office->agency, dot->replica,
                        dot->n, &line, NULL))
        world_fail(world, "%s: the office's own write is not there", w->dot);
    hash_bytes(hash, buffer_bytes(&line));
    write_id(w->id, buffer_bytes(&line));
    buffer_fini(&line);
    world->write_count++;
}

static void write_at(struct world *world, const char *record, const char *set,
                     struct bytes memo)
{
    struct seen seen;
    struct dot dot;
    struct write write = {.device = -1};
    struct screen screen = {world, &write};
    seen_init(&seen);
    enum err err = fold_context(memo, &seen);
    if (!err)
        err = store_line_each_of_record(&world->sql, world->office->agency,
                                        record, note_screen, &screen);
    struct revision_draft draft = {
        .record = record, .seen = &seen, .set = bytes_text(set)};
    if (!err)
        err = ingest_office(world->office, &world->sql, "ruth", &draft, &dot);
    err = office_end(world, err);
    world_say(world, "the office writes %.8s: %s", record, err_name(err));
    if (!err && write.screen_count < SCREEN_MAX)
        remember(world, record, &dot, &write);
    if (err && world->attempt_count < ATTEMPTS_MAX) {
        struct write *attempt = &world->attempts[world->attempt_count++];
        *attempt = write;
        snprintf(attempt->record, sizeof attempt->record, "%s", record);
    }
    seen_fini(&seen);
}

bool office_knows(struct world *world, const char *record)
{
    struct record_row row;
    struct buffer bytes;
    buffer_init(&bytes, STATE_BYTES_MAX);
    enum err err = store_record_find(&world->sql, world->office->agency,
                                     bytes_text(record), &row, &bytes);
    bool known = !err && *row.type;
    buffer_fini(&bytes);
    return known;
}

void office_edit(struct world *world)
{
    struct record_row row;
    struct buffer bytes;
    char set[256];
    if (!world->record_count || office_begin(world))
        return;
    size_t i = (size_t)world_dice(world, world->record_count);
    buffer_init(&bytes, STATE_BYTES_MAX);
    enum err err =
        store_record_find(&world->sql, world->office->agency,
                          bytes_text(world->records[i]), &row, &bytes);
    if (!err && *row.type) {
        people_change(world, row.type, set, sizeof set);
        write_at(world, world->records[i], set, row.memo);
    } else {
        (void)office_end(world, ERR_NOT_FOUND);
    }
    buffer_fini(&bytes);
}

struct held_pick {
    struct world *world;
    struct dot dot;
    uint64_t seen;
};

static enum err take_held(void *context, const struct held_row *row)
{
    struct held_pick *pick = context;
    if (world_dice(pick->world, ++pick->seen) == 0)
        pick->dot = row->dot;
    return ERR_OK;
}

/* Any of those that are open, the oldest too: the field has moved on since. */
void office_release_one(struct world *world)
{
    struct held_pick pick = {.world = world};
    struct dot dot;
    if (office_begin(world))
        return;
    enum err err =
        store_held_open(&world->sql, world->office->agency, take_held, &pick);
    dot = pick.dot;
    if (!err && dot.n)
        err = ingest_release(world->office, &world->sql, "ruth", &dot);
    err = office_end(world, err);
    if (dot.n)
        world_say(world, "the office releases %s:%lld: %s", dot.replica,
                  (long long)dot.n, err_name(err));
}

static bool cannot_be(const struct world *world, const struct dot *dot)
{
    for (size_t i = 0; i < world->unreleasable_count; i++)
        if (!dot_compare(&world->unreleasable[i], dot))
            return true;
    return false;
}

static enum err take_open(void *context, const struct held_row *row)
{
    struct held_pick *pick = context;
    if (!cannot_be(pick->world, &row->dot) && !pick->seen++)
        pick->dot = row->dot;
    return ERR_OK;
}

void office_release_all(struct world *world)
{
    for (bool more = true; more && !world->failed;) {
        struct held_pick pick = {.world = world};
        if (office_begin(world))
            return;
        enum err err = store_held_open(&world->sql, world->office->agency,
                                       take_open, &pick);
        more = !err && pick.seen;
        if (more)
            err = ingest_release(world->office, &world->sql, "ruth", &pick.dot);
        err = office_end(world, err);
        /* What was begun before a disposal does not come back. */
        bool never = err == ERR_INVALID ||
                     (err == ERR_DENIED && (world->scenes & SCENE_DISPOSED));
        if (never && world->unreleasable_count < HOLDS_MAX)
            world->unreleasable[world->unreleasable_count++] = pick.dot;
        else if (err)
            world_fail(world, "a hold is not released: %s", err_name(err));
        else if (more)
            world->releases++;
    }
}
