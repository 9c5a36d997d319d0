/* What must hold (shared texts: O1, O3, O4, O5, O7, O8, O11), checked against
 * the world's own record of the truth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store_record.h"
#include "server/verify.h"
#include "shared/base/map.h"
#include "tests/sim/coverage.h"
#include "tests/sim/forge.h"
#include "tests/sim/oracle_lines.h"
#include "tests/sim/people.h"
#include "tests/sim/photos.h"
#include "tests/sim/view.h"
#include "tests/sim/world.h"

#define ROUNDS 40

/* --- the office's lines ------------------------------------------------------
 */

static void note_holds(struct lines *lines, const struct revision *r)
{
    for (const struct canon *h = r->hold ? r->hold->first : NULL; h;
         h = h->next) {
        world_cover(lines->world, "held %.*s", (int)h->text.size,
                    (const char *)h->text.at);
        if (map_put(lines->held, h->name, lines))
            abort();
    }
    if (r->carries.size)
        world_cover(lines->world, "carried by %s",
                    r->release.size ? "release"
                    : replica_is_office(bytes_text(r->dot.replica))
                        ? "the office"
                        : "its vault");
    if (!r->release.size)
        return;
    world_cover(lines->world, "released by %s",
                bytes_is(r->author, "office") ? "itself" : "a person");
}

bool is_held(const struct lines *lines, const char *text)
{
    const struct world *world = lines->world;
    struct dot dot;
    if (!dot_parse(&dot, bytes_text(text)))
        return false;
    for (size_t i = 0; i < world->unreleasable_count; i++)
        if (!dot_compare(&world->unreleasable[i], &dot))
            return true;
    return false;
}

static enum err take_line(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct lines *lines = context;
    const struct revision *r;
    (void)columns;
    char *copy = arena_copy(&lines->arena, row[0].bytes);
    if (!copy)
        abort();
    struct bytes line = bytes_of(copy, row[0].bytes.size);
    if (revision_parse(&lines->arena, line, &r, NULL))
        return ERR_OK;
    note_holds(lines, r);
    if (strstr(copy, FORGED))
        world_fail(lines->world, "a forged line is stored: %.200s", copy);
    return map_put(lines->by_write, bytes_text(r->write), (void *)r);
}

static void lines_load(struct lines *lines, struct world *world)
{
    struct sql_value agency = sql_text(world->office->agency);
    lines->world = world;
    arena_init(&lines->arena, (size_t)1 << 30);
    if (map_new(&lines->by_write) || map_new(&lines->held))
        abort();
    if (world->sql.run(world->sql.context,
                       "SELECT line FROM line WHERE agency = $1", &agency, 1,
                       take_line, lines))
        world_fail(world, "the office's lines cannot be read");
}

static void lines_free(struct lines *lines)
{
    map_free(lines->by_write);
    map_free(lines->held);
    arena_fini(&lines->arena);
}

/* O1: every acknowledged write is at the office. */
static void check_kept(struct world *world, const struct lines *lines)
{
    for (size_t i = 0; i < world->write_count; i++)
        if (!world->writes[i].excused &&
            !map_has(lines->by_write, bytes_text(world->writes[i].id)))
            world_fail(world, "LOST: write %s (%s) of record %s",
                       world->writes[i].id, world->writes[i].dot,
                       world->writes[i].record);
}

/* What was disposed of is nowhere at the office, whatever came back. */
static void check_gone(struct world *world, const struct lines *lines)
{
    for (size_t i = 0; i < world->write_count; i++)
        if (world->writes[i].gone &&
            map_has(lines->by_write, bytes_text(world->writes[i].id)))
            world_fail(world,
                       "F28: %s of record %s was disposed of, and is back",
                       world->writes[i].dot, world->writes[i].record);
}

/* O11: nothing stands above its log's last signature. */
static enum err unsigned_line(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    world_fail(context, "an unsigned line is stored: %.*s:%lld",
               (int)row[0].bytes.size, (const char *)row[0].bytes.at,
               (long long)row[1].integer);
    return ERR_OK;
}

static void check_signed(struct world *world)
{
    struct sql_value agency = sql_text(world->office->agency);
    enum err err = world->sql.run(
        world->sql.context,
        "SELECT l.replica, max(l.n) FROM line AS l WHERE l.agency = $1 "
        "AND l.link IS NOT NULL "
        "GROUP BY l.replica HAVING max(l.n) > coalesce((SELECT max(s.n) FROM "
        "sign AS s WHERE s.agency = l.agency AND s.replica = l.replica), 0)",
        &agency, 1, unsigned_line, world);
    if (err)
        world_fail(world, "signatures cannot be read: %s", err_name(err));
}

/* --- replicas
 * ----------------------------------------------------------------- */

struct compare {
    struct world *world;
    struct device *device;
    size_t count;
};

static enum err take_count(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    *(int64_t *)context = row[0].integer;
    return ERR_OK;
}

/* O7: the device's scope has that case now. */
static void check_scope(struct compare *c, const char *record, const char *kase)
{
    int64_t count = 0;
    struct sql_value values[] = {sql_text(c->world->office->agency),
                                 sql_text(c->device->scope), sql_text(kase)};
    enum err err = c->world->sql.run(
        c->world->sql.context,
        "SELECT count(*) FROM membership WHERE agency = $1 AND scope = $2 AND "
        "case_id = $3 AND left_seq IS NULL",
        values, 3, take_count, &count);
    if (err || (*kase && !count))
        world_fail(c->world, "O7: %s shows record %s of case %s, not in %s",
                   c->device->name, record, kase, c->device->scope);
}

static enum err compare_one(void *context, const char *record,
                            struct bytes state)
{
    struct compare *c = context;
    struct record_row row;
    struct buffer bytes;
    buffer_init(&bytes, STATE_BYTES_MAX);
    enum err err = store_record_find(&c->world->sql, c->world->office->agency,
                                     bytes_text(record), &row, &bytes);
    if (err)
        world_fail(c->world, "%s has record %s, the office has not",
                   c->device->name, record);
    else if (!bytes_equal(state, row.state))
        world_fail(c->world,
                   "O4: record %s differs: %s shows %.*s, the office "
                   "%.*s",
                   record, c->device->name, (int)state.size,
                   (const char *)state.at, (int)row.state.size,
                   (const char *)row.state.at);
    else
        check_scope(c, record, row.kase);
    buffer_fini(&bytes);
    c->count++;
    return ERR_OK;
}

static enum err shown(void *context, const char *record, struct bytes state)
{
    struct compare *c = context;
    (void)state;
    world_fail(c->world, "O7: %s is revoked and shows record %s",
               c->device->name, record);
    return ERR_OK;
}

/* O1, O7: one that is revoked shows nothing and keeps nothing back. */
static void check_revoked(struct world *world, struct device *d)
{
    struct compare c = {world, d, 0};
    struct vault_status status;
    world_cover(world, "revoked, and told");
    if (record_list(d->vault, "", shown, &c))
        world_fail(world, "%s: %s", d->name, vault_detail(d->vault));
    if (record_status(d->vault, &status) || status.here)
        world_fail(world, "O6: %s is revoked and still has %lld unsent",
                   d->name, (long long)status.here);
}

/* O4, O7, O10: it shows what the office shows it, and nothing else. */
static void check_device(struct world *world, struct device *d)
{
    struct compare c = {world, d, 0};
    struct vault_status status;
    int64_t wanted = -1;
    struct sql_value values[] = {sql_text(world->office->agency),
                                 sql_text(d->scope)};
    if (record_list(d->vault, "", compare_one, &c))
        world_fail(world, "%s: %s", d->name, vault_detail(d->vault));
    enum err err = world->sql.run(
        world->sql.context,
        "SELECT count(*) FROM record AS r WHERE r.agency = $1 "
        "AND (r.case_id = '' OR EXISTS (SELECT 1 FROM membership AS m WHERE "
        "m.agency = r.agency AND m.scope = $2 AND m.case_id = r.case_id AND "
        "m.left_seq IS NULL))",
        values, 2, take_count, &wanted);
    if (err || (int64_t)c.count != wanted)
        world_fail(world, "O7/O10: %s shows %zu records, its scopes hold %lld",
                   d->name, c.count, (long long)wanted);
    if (record_status(d->vault, &status))
        world_fail(world, "%s has no status", d->name);
    else if (status.here)
        world_fail(world, "O6: %s still has %lld unsent", d->name,
                   (long long)status.here);
}

static void cover_states(struct world *world)
{
    for (size_t i = 0; i < world->record_count; i++) {
        struct record_row row;
        struct buffer bytes;
        struct arena arena;
        const struct canon *state;
        buffer_init(&bytes, STATE_BYTES_MAX);
        arena_init(&arena, 32u << 20);
        if (!store_record_find(&world->sql, world->office->agency,
                               bytes_text(world->records[i]), &row, &bytes) &&
            !canon_parse(&arena, row.state, &state, NULL))
            coverage_state(world, state);
        arena_fini(&arena);
        buffer_fini(&bytes);
    }
}

static void say_problem(void *context, const char *text)
{
    world_say(context, "problem: %s", text);
    world_fail(context, "derived data: %s", text);
}

/* O3: nothing counts as received that the office has not got. */
static void check_status(struct world *world, struct device *d)
{
    struct identity identity;
    int64_t head = 0;
    if (!d->vault || !world->office || identity_load(d->vault, &identity))
        return;
    struct sql_value values[] = {sql_text(world->office->agency),
                                 sql_text(identity.replica)};
    if (world->sql.run(world->sql.context,
                       "SELECT coalesce(max(n), 0) FROM line WHERE agency = $1 "
                       "AND replica = $2",
                       values, 2, take_count, &head))
        return;
    if (identity.received > head && !(world->scenes & SCENE_RESTORED))
        world_fail(world, "O3: %s believes %lld received, the office has %lld",
                   d->name, (long long)identity.received, (long long)head);
}

void oracle_during(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX && !world->failed; i++)
        if (world->devices[i].used)
            check_status(world, &world->devices[i]);
}

/* Everybody syncs until nobody has anything to say. */
static void settle(struct world *world)
{
    bool quiet = false;
    for (int round = 0; round < ROUNDS && !quiet; round++) {
        int64_t before = world->requests - world->orphans + world->lines;
        int64_t syncs = world->syncs;
        bool all = true;
        for (int i = 0; i < DEVICES_MAX && !world->failed; i++) {
            struct device *d = &world->devices[i];
            if (d->used && d->enrolled)
                all = device_sync(world, d) && all;
        }
        world->now_ms += 5000;
        quiet =
            all && world->requests - world->orphans + world->lines - before ==
                       world->syncs - syncs;
    }
    if (!quiet)
        world_fail(world, "O6: it does not settle in %d rounds", ROUNDS);
}

/* A copy that had an identity of its own before its original was revoked: it
 * had asked for it, and the reply came only afterwards. */
static bool stands_alone(struct world *world, const struct device *d)
{
    struct identity identity;
    int64_t count = 0;
    if (identity_load(d->vault, &identity))
        return false;
    struct sql_value values[] = {sql_text(world->office->agency),
                                 sql_text(identity.replica)};
    enum err err = world->sql.run(
        world->sql.context,
        "SELECT count(*) FROM replica r JOIN replica p ON p.agency = r.agency "
        "AND p.replica = r.predecessor WHERE r.agency = $1 AND r.replica = $2 "
        "AND r.revoked_at IS NULL AND p.revoked_at > r.enrolled_at",
        values, 2, take_count, &count);
    return !err && count;
}

static void check_vaults(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX && !world->failed; i++) {
        struct device *d = &world->devices[i];
        size_t problems = 0;
        if (!d->used || !d->enrolled)
            continue;
        if (d->told)
            check_revoked(world, d);
        else if (d->revoked && !d->forgotten && !stands_alone(world, d))
            world_fail(world, "O7: %s is revoked and is served", d->name);
        else
            check_device(world, d);
        if (vault_verify(d->vault, say_problem, world, &problems))
            world_fail(world, "%s cannot be verified: %s", d->name,
                       vault_detail(d->vault));
    }
}

void oracle_settle(struct world *world)
{
    struct lines lines;
    size_t problems = 0;
    world->faults = false;
    world->online = true;
    world->blob_disk_full = false;
    world_say(world, "== faults stop");
    for (int i = 0; i < DEVICES_MAX; i++) {
        disk_power_cut(world->devices[i].used ? world->devices[i].name : "none",
                       -1);
        if (world->devices[i].used && !world->devices[i].vault)
            (void)device_start(world, &world->devices[i]);
    }
    disk_power_cut("office", -1);
    if (!world->office && !office_start(world))
        world_fail(world, "the office does not start in the end");
    if (!world->failed)
        settle(world);
    if (!world->failed)
        office_release_all(world);
    if (!world->failed && world->releases)
        settle(world);
    if (world->failed)
        return;
    lines_load(&lines, world);
    check_kept(world, &lines);
    check_gone(world, &lines);
    photos_check(world);
    check_signed(world);
    check_vaults(world);
    if (!world->failed)
        check_screens(world, &lines);
    if (!world->failed && world->view)
        view_take(world->view, world, &lines);
    coverage_pairs(world);
    cover_states(world);
    if (!world->failed && office_verify(world->office, &world->sql, say_problem,
                                        world, &problems))
        world_fail(world, "the office cannot be verified: %s",
                   world->office->detail);
    lines_free(&lines);
}
