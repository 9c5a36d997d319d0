#include "tests/sim/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store_record.h"
#include "tests/types.h"

#define VIEW_BYTES_MAX (16u << 20)
#define LISTED_MAX 512

void view_init(struct view *view)
{
    *view = (struct view){.first_count = 0};
    buffer_init(&view->facts, VIEW_BYTES_MAX);
    buffer_init(&view->first, VIEW_BYTES_MAX);
}

void view_fini(struct view *view)
{
    buffer_fini(&view->facts);
    buffer_fini(&view->first);
}

__attribute__((format(printf, 2, 3))) static void say(struct buffer *out,
                                                      const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (buffer_add_text(out, text))
        abort();
}

static void say_bytes(struct buffer *out, struct bytes bytes)
{
    if (buffer_add_bytes(out, bytes))
        abort();
}

/* --- writes --------------------------------------------------------------- */

/* Its place among those that were acknowledged; negative: it is none. */
static long number_of(const struct world *world, struct bytes id)
{
    for (size_t i = 0; i < world->write_count; i++)
        if (bytes_is(id, world->writes[i].id))
            return (long)i;
    return -1;
}

/* The office's statements are on screens too, and one is about a clock. */
static size_t seen_count(const struct world *world, const struct write *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->screen_count; i++)
        count += number_of(world, bytes_text(w->screen[i])) >= 0;
    return count;
}

static void view_writes(struct view *view, const struct world *world,
                        const struct lines *lines)
{
    for (size_t i = 0; i < world->write_count; i++) {
        const struct write *w = &world->writes[i];
        say(&view->facts, "write %zu by %d in %s saw %zu:%s%s\n", i, w->device,
            step_name(w->step), seen_count(world, w),
            map_has(lines->by_write, bytes_text(w->id)) ? " kept" : "",
            map_has(lines->held, bytes_text(w->dot)) ? " held" : "");
    }
}

static int by_number(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return x < y ? -1 : x > y;
}

/* The writes of one list of a field, by number. */
static void view_list(struct view *view, const struct world *world,
                      const struct canon *list)
{
    long numbers[LISTED_MAX];
    size_t count = 0;
    struct bytes id;
    for (const struct canon *w = list->first; w; w = w->next)
        if (count < LISTED_MAX && canon_text(w, "write", &id))
            numbers[count++] = number_of(world, id);
    qsort(numbers, count, sizeof *numbers, by_number);
    say(&view->facts, " %.*s", (int)list->name.size,
        (const char *)list->name.at);
    for (size_t i = 0; i < count; i++)
        say(&view->facts, "%s%ld", i ? "," : " ", numbers[i]);
}

/* --- fields --------------------------------------------------------------- */

static bool several(const struct canon *field)
{
    const struct canon *live = canon_member(field, "live");
    return live && live->first && live->first->next;
}

/* The one place where clocks may speak, as long as all values are listed: the
 * rule `latest`, by which `fixed` goes before a seal, and between seals. */
static bool by_clock(const struct schema_type *type, const struct canon *field)
{
    const struct schema_field *known =
        type ? type_field(type, field->name) : NULL;
    enum rule rule = known ? field_rule(known) : RULE_BOTH;
    return (rule == RULE_LATEST || rule == RULE_FIXED) && several(field) &&
           canon_true(field, "open");
}

static void view_value(struct buffer *out, const struct world *world,
                       const struct canon *value)
{
    for (size_t i = 0; i < world->record_count; i++)
        if (value->kind == CANON_TEXT &&
            bytes_is(value->text, world->records[i])) {
            say(out, " value record %zu", i);
            return;
        }
    say(out, " value ");
    say_bytes(out, value->raw);
}

static void view_field(struct view *view, const struct world *world,
                       size_t record, const struct schema_type *type,
                       const struct canon *field)
{
    const struct canon *value = canon_member(field, "value");
    bool clock = by_clock(type, field);
    say(&view->facts, "record %zu %.*s", record, (int)field->name.size,
        (const char *)field->name.at);
    for (const struct canon *m = field->first; m; m = m->next)
        if (m->kind == CANON_ARRAY && m != value)
            view_list(view, world, m);
        else if (m->kind == CANON_TRUE && m != value)
            say(&view->facts, " %.*s", (int)m->name.size,
                (const char *)m->name.at);
    if (value && several(field) && !clock)
        view_value(&view->facts, world, value);
    say(&view->facts, "\n");
    if (!value || !clock)
        return;
    say(&view->first, "record %zu %.*s", record, (int)field->name.size,
        (const char *)field->name.at);
    view_value(&view->first, world, value);
    say(&view->first, "\n");
    view->first_count++;
}

static void view_record(struct view *view, struct world *world, size_t record)
{
    struct record_row row;
    struct buffer bytes;
    struct arena arena;
    struct bytes name;
    const struct canon *state;
    buffer_init(&bytes, STATE_BYTES_MAX);
    arena_init(&arena, 32u << 20);
    enum err err =
        store_record_find(&world->sql, world->office->agency,
                          bytes_text(world->records[record]), &row, &bytes);
    if (!err)
        err = canon_parse(&arena, row.state, &state, NULL);
    if (err == ERR_NOT_FOUND) /* lost with its device */
        say(&view->facts, "record %zu is gone\n", record);
    else if (err)
        world_fail(world, "record %zu cannot be read", record);
    else if (!canon_text(state, "type", &name))
        say(&view->facts, "record %zu waits\n", record);
    else
        for (const struct canon *f = canon_member(state, "fields")->first; f;
             f = f->next)
            view_field(view, world, record,
                       schema_type(world->office->schema, name), f);
    arena_fini(&arena);
    buffer_fini(&bytes);
}

void view_take(struct view *view, struct world *world,
               const struct lines *lines)
{
    view_writes(view, world, lines);
    for (size_t i = 0; i < world->record_count && !world->failed; i++)
        view_record(view, world, i);
}
