#include "shared/replica/salvage.h"

#include <stdlib.h>
#include <string.h>

#include "shared/replica/log_scan.h"
#include "shared/replica/carry.h"
#include "shared/replica/own.h"
#include "shared/replica/salvage_find.h"
#include "shared/replica/state.h"

/* Where a write stands in the vault. */
struct place {
    char record[ID_CHARS + 1];
    struct dot dot;
};

/* A place of the salvaged logs, and the own one under which it stands now. */
struct moved {
    const struct found_line *from;
    int64_t n;
};

struct salvaging {
    struct vault *vault;
    struct found found;
    struct salvage_report *report;
    struct place *places; /* owned: every line of the vault */
    size_t place_count, place_room;
    struct map *writes;  /* write id -> place + 1 */
    struct map *dots;    /* dot as text -> the same */
    struct moved *moved; /* owned */
    size_t moved_count;
    struct arena arena;
};

/* --- what the vault has --------------------------------------------------- */

static enum err place_add(struct salvaging *s, const struct revision *r)
{
    char dot[DOT_CHARS + 1];
    const struct revision *original = revision_original(r);
    if (s->place_count == s->place_room) {
        size_t room = s->place_room ? 2 * s->place_room : 256;
        struct place *grown = realloc(s->places, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        s->places = grown;
        s->place_room = room;
    }
    struct place *place = &s->places[s->place_count++];
    *place = (struct place){.dot = r->dot};
    memcpy(place->record, r->record.at, ID_CHARS);
    void *number = (void *)s->place_count; /* the array moves, this does not */
    dot_format(dot, &r->dot);
    enum err err = map_put(s->dots, bytes_text(dot), number);
    return err ? err : map_put(s->writes, bytes_text(original->write), number);
}

static enum err places_load(struct salvaging *s)
{
    struct log_scan scan;
    log_scan_init(&scan);
    enum err err = ERR_OK;
    while (!err) {
        err = log_scan_next(s->vault, &scan);
        if (!err && scan.revision && scan.revision->record.size == ID_CHARS)
            err = place_add(s, scan.revision);
    }
    log_scan_fini(&scan);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static const struct place *place_of(const struct salvaging *s,
                                    const struct map *map, const char *key)
{
    size_t number = (size_t)map_get(map, bytes_text(key));
    return number ? &s->places[number - 1] : NULL;
}

/* --- what a carrier has seen ---------------------------------------------- */

static bool salvaged_log(const struct salvaging *s, const char *replica)
{
    for (size_t i = 0; i < s->found.count; i++)
        if (s->found.lines[i].own &&
            !strcmp(s->found.lines[i].replica, replica))
            return true;
    return false;
}

/* A claim to have seen the salvaged log up to n holds for what the office has
 * of it under the old dots, and for what stands under new ones. */
static enum err entry_take(struct salvaging *s, const char *record,
                           const struct seen_entry *entry, struct seen *seen)
{
    int64_t there = 0, here = 0;
    if (!salvaged_log(s, entry->replica))
        return seen_raise(seen, bytes_text(entry->replica), entry->n);
    for (size_t i = 0; i < s->place_count; i++) {
        const struct place *p = &s->places[i];
        if (p->dot.n <= entry->n && p->dot.n > there &&
            !strcmp(p->record, record) &&
            !strcmp(p->dot.replica, entry->replica))
            there = p->dot.n;
    }
    for (size_t i = 0; i < s->moved_count; i++) {
        const struct moved *m = &s->moved[i];
        if (m->from->n <= entry->n && m->n > here &&
            !strcmp(m->from->replica, entry->replica) &&
            bytes_is(m->from->revision->record, record))
            here = m->n;
    }
    enum err err = ERR_OK;
    if (there)
        err = seen_raise(seen, bytes_text(entry->replica), there);
    if (!err && here)
        err = seen_raise(seen, bytes_text(s->vault->tip.name), here);
    return err;
}

static enum err seen_make(struct salvaging *s, const char *record,
                          const struct revision *revision, struct seen *seen)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < revision->seen.count; i++)
        err = entry_take(s, record, &revision->seen.entries[i], seen);
    return err;
}

/* --- carrying ------------------------------------------------------------- */

static enum err carrier_make(struct salvaging *s, const struct found_line *line,
                             const struct state_row *row,
                             const struct revision **out)
{
    struct seen seen;
    seen_init(&seen);
    enum err err = seen_make(s, row->record, line->revision, &seen);
    if (!err)
        err = carrier_write(s->vault, &s->arena, row, line->revision, &seen,
                            false, out);
    seen_fini(&seen);
    return err;
}

static void moved_note(struct salvaging *s, const struct found_line *line,
                       int64_t n)
{
    s->moved[s->moved_count++] = (struct moved){line, n};
}

static enum err carry(struct salvaging *s, const struct found_line *line)
{
    struct vault *vault = s->vault;
    const struct case_key *key;
    const struct revision *carrier = NULL;
    struct state_row row;
    int64_t id;
    arena_clear(&s->arena);
    state_row_init(&row);
    enum err err = state_load(vault, line->revision->record, &row);
    if (!err)
        err = case_key_obtain(vault, bytes_text(line->kase), &key);
    if (!err)
        err = carrier_make(s, line, &row, &carrier);
    if (!err)
        err = own_append(vault, key, carrier, &id);
    row.own_n = vault->tip.n;
    if (!err)
        err = state_apply(vault, &row, key, carrier, id);
    state_row_fini(&row);
    if (err)
        return err;
    moved_note(s, line, vault->tip.n);
    s->report->carried++;
    return place_add(s, carrier);
}

static enum err take(struct salvaging *s, const struct found_line *line)
{
    const struct own_tip *tip = &s->vault->tip;
    const struct revision *original = revision_original(line->revision);
    s->report->intact++;
    const struct place *known = place_of(s, s->writes, original->write);
    if (known) {
        s->report->known++;
        if (!strcmp(known->dot.replica, tip->name))
            moved_note(s, line, known->dot.n);
        return ERR_OK;
    }
    if (!bytes_is(original->author, tip->user)) {
        s->report->foreign++;
        return ERR_OK;
    }
    return carry(s, line);
}

/* --- what is missing ------------------------------------------------------ */

static void gap_tell(const struct salvaging *s, const char *replica,
                     int64_t first, int64_t last, salvage_gap *gap,
                     void *context)
{
    for (int64_t n = first; n <= last; n++) {
        struct dot dot = {.n = n};
        char text[DOT_CHARS + 1];
        memcpy(dot.replica, replica, sizeof dot.replica);
        dot_format(text, &dot);
        if (!map_has(s->dots, bytes_text(text)))
            continue;
        if (n > first && gap)
            gap(context, replica, first, n - 1);
        s->report->missing += n - first;
        first = n + 1;
    }
    if (first > last)
        return;
    s->report->missing += last - first + 1;
    if (gap)
        gap(context, replica, first, last);
}

/* After the last line found there may have been others: nobody can tell. */
static void gaps_tell(const struct salvaging *s, salvage_gap *gap,
                      void *context)
{
    const char *replica = "";
    int64_t next = 1;
    for (size_t i = 0; i < s->found.count; i++) {
        const struct found_line *line = &s->found.lines[i];
        if (!line->own)
            continue;
        if (strcmp(replica, line->replica) != 0)
            next = 1;
        replica = line->replica;
        if (line->n > next)
            gap_tell(s, replica, next, line->n - 1, gap, context);
        next = line->n + 1;
    }
}

/* --- all of it ------------------------------------------------------------ */

static enum err perform(struct salvaging *s)
{
    enum err err = own_load(s->vault);
    if (!err)
        err = places_load(s);
    for (size_t i = 0; !err && i < s->found.count; i++) {
        if (s->found.lines[i].own)
            err = take(s, &s->found.lines[i]);
        else
            s->report->others++;
    }
    return err ? err : own_sign(s->vault);
}

static enum err prepare(struct salvaging *s)
{
    arena_init(&s->arena, REVISION_ARENA_BYTES);
    s->report->unopened = s->found.unopened;
    s->report->unread = s->found.unread;
    s->moved = calloc(s->found.count + 1, sizeof *s->moved);
    enum err err = s->moved ? ERR_OK : ERR_NOMEM;
    if (!err)
        err = map_new(&s->writes);
    if (!err)
        err = map_new(&s->dots);
    return err ? err : vault_begin(s->vault);
}

enum err salvage(struct vault *vault, const char *source,
                 const char *passphrase, salvage_gap *gap, void *context,
                 struct salvage_report *report)
{
    struct salvaging s = {.vault = vault, .report = report};
    *report = (struct salvage_report){.intact = 0};
    vault->detail[0] = '\0';
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    enum err err = salvage_find(vault, source, passphrase, &s.found);
    if (!err)
        err = prepare(&s);
    if (!err) {
        arena_clear(&vault->arena);
        err = vault_end(vault, perform(&s));
    }
    if (!err)
        gaps_tell(&s, gap, context);
    map_free(s.writes);
    map_free(s.dots);
    free(s.places);
    free(s.moved);
    arena_fini(&s.arena);
    found_fini(&s.found);
    return err;
}
