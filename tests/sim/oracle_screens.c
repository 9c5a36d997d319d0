/* O8: what left view was on the screen of who replaced it, and what somebody
 * who saw it has replaced is not in force again. */
#include "tests/sim/oracle_lines.h"

#include <stdio.h>
#include <string.h>

#include "server/store_record.h"
#include "tests/sim/coverage.h"
#include "tests/sim/people.h"

static bool on_screen(const struct write *w, const char *id)
{
    for (size_t i = 0; i < w->screen_count; i++)
        if (!strcmp(w->screen[i], id))
            return true;
    return false;
}

static bool touches(const struct revision *r, struct bytes field)
{
    return (r->set && canon_member_bytes(r->set, field)) ||
           (r->keep && canon_member_bytes(r->keep, field));
}

static bool is_live(const struct canon *state, struct bytes field,
                    const char *id)
{
    const struct canon *fields = canon_member(state, "fields");
    const struct canon *f = fields ? canon_member_bytes(fields, field) : NULL;
    const struct canon *live = f ? canon_member(f, "live") : NULL;
    for (const struct canon *w = live ? live->first : NULL; w; w = w->next) {
        struct bytes write;
        if (canon_text(w, "write", &write) && bytes_is(write, id))
            return true;
    }
    return false;
}

static bool replaced_knowingly(const struct world *world,
                               const struct lines *lines,
                               const struct write *lost, struct bytes field)
{
    for (size_t i = 0; i < world->write_count; i++) {
        const struct write *w = &world->writes[i];
        const struct revision *r = map_get(lines->by_write, bytes_text(w->id));
        if (r && !strcmp(w->record, lost->record) && on_screen(w, lost->id) &&
            touches(revision_original(r), field))
            return true;
    }
    return false;
}

static bool is_heard(const struct world *world, struct bytes write)
{
    for (size_t i = 0; i < world->write_count; i++)
        if (bytes_is(write, world->writes[i].id))
            return true;
    return false;
}

/* A write whose acknowledgement a power cut swallowed: it may have replaced
 * what was on the screen of somebody whose attempt has no known outcome. */
static bool replaced_unheard(const struct world *world,
                             const struct lines *lines,
                             const struct write *lost, struct bytes field)
{
    bool attempted = false;
    for (size_t i = 0; i < world->attempt_count && !attempted; i++)
        attempted = !strcmp(world->attempts[i].record, lost->record) &&
                    on_screen(&world->attempts[i], lost->id);
    for (size_t i = 0; attempted && i < map_count(lines->by_write); i++) {
        const struct revision *r = map_value_at(lines->by_write, i);
        if (bytes_is(r->record, lost->record) &&
            touches(revision_original(r), field) &&
            !is_heard(world, bytes_text(r->write)))
            return true;
    }
    return false;
}

/* Somebody on whose screen it was has touched the field since. */
static bool is_replaced(const struct world *world, const struct lines *lines,
                        const struct revision *r, struct bytes field)
{
    for (size_t i = 0; i < world->write_count; i++) {
        const struct write *v = &world->writes[i];
        const struct revision *other =
            map_get(lines->by_write, bytes_text(v->id));
        if (other && other != r && bytes_is(r->record, v->record) &&
            on_screen(v, r->write) && touches(revision_original(other), field))
            return true;
    }
    return false;
}

/* Somebody who settled the field has said that this value stands, and nobody
 * who saw that has touched the field since. */
static bool kept(const struct lines *lines, const char *id, struct bytes field)
{
    for (size_t i = 0; i < map_count(lines->by_write); i++) {
        const struct revision *r = map_value_at(lines->by_write, i);
        const struct canon *keep = revision_original(r)->keep;
        const struct canon *named =
            keep ? canon_member_bytes(keep, field) : NULL;
        for (named = named ? named->first : NULL; named; named = named->next)
            if (bytes_is(named->text, id) &&
                !is_replaced(lines->world, lines, r, field))
                return true;
    }
    return false;
}

/* What was held was no value to anybody but its writer's own device. */
static bool meant(const struct lines *lines, const struct write *v,
                  const struct write *w)
{
    return !map_has(lines->held, bytes_text(w->dot)) ||
           !strncmp(v->dot, w->dot, REPLICA_CHARS);
}

/* A form that is older than its device's identity may say less than was seen.
 */
static bool same_reader(const struct write *w)
{
    return !*w->reader || !strncmp(w->reader, w->dot, REPLICA_CHARS);
}

/* The other way round: what somebody who saw it has replaced is not open again.
 */
static void check_replaced(struct world *world, const struct lines *lines,
                           const struct canon *state, const struct write *w,
                           struct bytes field)
{
    const struct canon *fields = canon_member(state, "fields");
    const struct canon *f = fields ? canon_member_bytes(fields, field) : NULL;
    if ((world->scenes & SCENE_RESTORED) || !f || canon_member(f, "sealed") ||
        canon_member(f, "after") || kept(lines, w->id, field))
        return;
    for (size_t i = 0; i < world->write_count; i++) {
        const struct write *v = &world->writes[i];
        const struct revision *r = map_get(lines->by_write, bytes_text(v->id));
        const struct canon *set = r ? revision_original(r)->set : NULL;
        if (set && canon_member_bytes(set, field) && on_screen(v, w->id) &&
            !strcmp(v->record, w->record) && !is_held(lines, v->dot) &&
            meant(lines, v, w) && same_reader(v))
            world_fail(world,
                       "O8: %.*s of record %s, written as %s, is in force "
                       "though %s has replaced it: %.*s",
                       (int)field.size, (const char *)field.at, w->record,
                       w->dot, v->dot, (int)f->raw.size,
                       (const char *)f->raw.at);
    }
}

static void check_field(struct world *world, const struct lines *lines,
                        const struct canon *state, const struct write *w,
                        struct bytes field)
{
    if (is_live(state, field, w->id))
        check_replaced(world, lines, state, w, field);
    if (bytes_is(field, "narrative") || bytes_is(field, "kind") ||
        bytes_is(field, "person") || is_live(state, field, w->id) ||
        is_held(lines, w->dot))
        return;
    if (!replaced_knowingly(world, lines, w, field) &&
        !replaced_unheard(world, lines, w, field))
        world_fail(world,
                   "O8: %.*s of record %s, written as %s, left view "
                   "though nobody who replaced it had seen it",
                   (int)field.size, (const char *)field.at, w->record, w->dot);
}

void check_screens(struct world *world, const struct lines *lines)
{
    for (size_t i = 0; i < world->write_count && !world->failed; i++) {
        const struct write *w = &world->writes[i];
        const struct revision *r = map_get(lines->by_write, bytes_text(w->id));
        struct record_row row;
        struct buffer bytes;
        struct arena arena;
        const struct canon *state;
        if (!r || !revision_original(r)->set)
            continue;
        buffer_init(&bytes, STATE_BYTES_MAX);
        arena_init(&arena, 32u << 20);
        if (!store_record_find(&world->sql, world->office->agency,
                               bytes_text(w->record), &row, &bytes) &&
            !canon_parse(&arena, row.state, &state, NULL) &&
            !canon_true(state, "waiting"))
            for (const struct canon *f = revision_original(r)->set->first; f;
                 f = f->next)
                check_field(world, lines, state, w, f->name);
        arena_fini(&arena);
        buffer_fini(&bytes);
    }
}
