/* Schedules: as text that people read, in full as JSON, and as the season. */
#include <string.h>

#include "server/import_map_inner.h"
#include "shared/model/canon.h"

static const struct {
    const char *code, *name;
} days[] = {
    {"MO", "Mon"}, {"TU", "Tue"}, {"WE", "Wed"}, {"TH", "Thu"},
    {"FR", "Fri"}, {"SA", "Sat"}, {"SU", "Sun"},
};
#define DAY_COUNT (sizeof days / sizeof days[0])

struct hours {
    const struct import_row **rows; /* in the arena */
    size_t count;
};

static size_t day_index(struct bytes code)
{
    size_t i = 0;
    while (i < DAY_COUNT &&
           (code.size < 2 || memcmp(code.at + code.size - 2, days[i].code, 2)))
        i++;
    return i;
}

static int compare_cells(const struct mapper *m, const struct import_row *a,
                         const struct import_row *b, const char *column)
{
    return bytes_compare(cell(m, a, column), cell(m, b, column));
}

/* By season, day of the week and hour; the id settles the rest, so that a
 * publisher who only reorders rows changes nothing. */
static int compare(const struct mapper *m, const struct import_row *a,
                   const struct import_row *b)
{
    int order = compare_cells(m, a, b, "valid_from");
    struct bytes day_a = cell(m, a, "byday"), day_b = cell(m, b, "byday");
    day_a.size = day_a.size > 2 ? 2 : day_a.size;
    day_b.size = day_b.size > 2 ? 2 : day_b.size;
    if (!order)
        order = (day_index(day_a) > day_index(day_b)) -
                (day_index(day_a) < day_index(day_b));
    if (!order)
        order = compare_cells(m, a, b, "byday");
    if (!order)
        order = compare_cells(m, a, b, "opens_at");
    return order ? order : strcmp(a->id, b->id);
}

static bool collect(struct mapper *m, struct hours *hours)
{
    const struct link *first = mapper_all_children(m, SCHEDULE);
    size_t count = 0;
    for (const struct link *at = first; at; at = at->next)
        count++;
    hours->rows = arena_take(m->arena, (count + 1) * sizeof(void *));
    if (!hours->rows)
        return false;
    for (const struct link *at = first; at; at = at->next) {
        size_t i = hours->count++;
        for (; i > 0 && compare(m, at->row, hours->rows[i - 1]) < 0; i--)
            hours->rows[i] = hours->rows[i - 1];
        hours->rows[i] = at->row;
    }
    return true;
}

/* "TU,1TH" as "Tue, 1 Thu". */
static void write_days(struct buffer *out, struct bytes list)
{
    size_t from = 0;
    for (size_t i = 0; i <= list.size; i++) {
        if (i < list.size && list.at[i] != ',')
            continue;
        struct bytes code = bytes_of(list.at + from, i - from);
        while (code.size && code.at[0] == ' ') {
            code.at++;
            code.size--;
        }
        size_t day = day_index(code);
        if (from)
            buffer_add_text(out, ", ");
        if (day < DAY_COUNT) {
            code.size -= 2;
            buffer_add_bytes(out, code);
            buffer_add_text(out, code.size ? " " : "");
            buffer_add_text(out, days[day].name);
        } else {
            buffer_add_bytes(out, code);
        }
        from = i + 1;
    }
}

/* "09:00:00" as "09:00". */
static struct bytes short_time(struct bytes time)
{
    if (time.size >= 8 && !memcmp(time.at + 5, ":00", 3))
        time.size = 5;
    return time;
}

static void write_repeat(struct mapper *m, struct buffer *out,
                         const struct import_row *row)
{
    struct bytes every = cell(m, row, "interval");
    bool monthly = bytes_is(cell(m, row, "freq"), "MONTHLY");
    bool each = !every.size || bytes_is(every, "1");
    if (each && monthly)
        buffer_add_text(out, " each month");
    if (each)
        return;
    buffer_add_text(out, " every ");
    buffer_add_bytes(out, every);
    buffer_add_text(out, monthly ? " months" : " weeks");
}

/* Tue, Thu 10:00-13:00 every 2 weeks (by appointment) */
static void write_line(struct mapper *m, struct buffer *out,
                       const struct import_row *row)
{
    struct bytes byday = cell(m, row, "byday");
    struct bytes opens = short_time(cell(m, row, "opens_at"));
    struct bytes closes = short_time(cell(m, row, "closes_at"));
    struct bytes description = cell(m, row, "description");
    write_days(out, byday);
    if (opens.size || closes.size) {
        buffer_add_text(out, byday.size ? " " : "");
        buffer_add_bytes(out, opens);
        buffer_add_char(out, '-');
        buffer_add_bytes(out, closes);
    }
    bool bare = !byday.size && !opens.size && !closes.size;
    if (!bare)
        write_repeat(m, out, row);
    if (!description.size)
        return;
    buffer_add_text(out, bare ? "" : " (");
    buffer_add_bytes(out, description);
    buffer_add_text(out, bare ? "" : ")");
}

static void put_text(struct mapper *m, const struct hours *hours)
{
    struct buffer line, before;
    buffer_init(&line, m->text.ceiling);
    buffer_init(&before, m->text.ceiling);
    buffer_clear(&m->text);
    for (size_t i = 0; i < hours->count; i++) {
        buffer_clear(&line);
        write_line(m, &line, hours->rows[i]);
        if (!line.size ||
            bytes_equal(buffer_bytes(&line), buffer_bytes(&before)))
            continue;
        buffer_add_text(&m->text, m->text.size ? "; " : "");
        buffer_add_bytes(&m->text, buffer_bytes(&line));
        buffer_clear(&before);
        buffer_add_bytes(&before, buffer_bytes(&line));
    }
    if (line.err || before.err || buffer_err(&m->text))
        m->err = ERR_NOMEM;
    else
        mapper_put_text(m, "schedule", buffer_bytes(&m->text));
    buffer_fini(&line);
    buffer_fini(&before);
}

/* The other end of the service at a location that the row belongs to. */
static bool other_end(struct mapper *m, const struct import_row *row,
                      char id[ID_CHARS + 1])
{
    const char *column = is_type(m, SERVICE) ? "location_id" : "service_id";
    char at[ID_CHARS + 1];
    if (!import_row_key(m->rows, row, "service_at_location_id", at))
        return import_row_key(m->rows, row, column, id);
    const struct import_row *place =
        import_rows_find(m->rows, SERVICE_AT_LOCATION, at);
    return place && import_row_key(m->rows, place, column, id);
}

/* Members in canonical order; keys to other tables become one member. */
static void write_object(struct mapper *m, const struct import_row *row)
{
    static const char *const columns[] = {
        "attending_type", "byday",     "bymonthday",    "byweekno",
        "byyearday",      "closes_at", "count",         "description",
        "dtstart",        "freq",      "interval",      "location",
        "notes",          "opens_at",  "schedule_link", "service",
        "timezone",       "until",     "valid_from",    "valid_to",
        "wkst",
    };
    const char *other = is_type(m, SERVICE) ? "location" : "service";
    char id[ID_CHARS + 1];
    bool first = true;
    buffer_add_char(&m->text, '{');
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct bytes text = cell(m, row, columns[i]);
        if (!strcmp(columns[i], other) && other_end(m, row, id))
            text = bytes_text(id);
        if (!text.size)
            continue;
        buffer_add_text(&m->text, first ? "" : ",");
        canon_put_name(&m->text, columns[i]);
        canon_put_text(&m->text, text);
        first = false;
    }
    buffer_add_char(&m->text, '}');
}

static void put_json(struct mapper *m, const struct hours *hours)
{
    buffer_clear(&m->text);
    buffer_add_char(&m->text, '[');
    for (size_t i = 0; i < hours->count; i++) {
        buffer_add_text(&m->text, i ? "," : "");
        write_object(m, hours->rows[i]);
    }
    buffer_add_char(&m->text, ']');
    if (buffer_err(&m->text))
        m->err = ERR_NOMEM;
    else if (hours->count)
        mapper_put_json(m, "schedules", buffer_bytes(&m->text));
    else
        mapper_put_null(m, "schedules");
}

/* From the first day to the last; open where one schedule is. */
static void put_season(struct mapper *m, const struct hours *hours)
{
    struct bytes from = {0}, to = {0};
    bool open_from = !hours->count, open_to = !hours->count;
    for (size_t i = 0; i < hours->count; i++) {
        struct bytes begin = cell(m, hours->rows[i], "valid_from");
        struct bytes end = cell(m, hours->rows[i], "valid_to");
        open_from = open_from || !begin.size;
        open_to = open_to || !end.size;
        if (!from.size || bytes_compare(begin, from) < 0)
            from = begin;
        if (bytes_compare(end, to) > 0)
            to = end;
    }
    mapper_put_text(m, "season_from", open_from ? bytes_of(NULL, 0) : from);
    mapper_put_text(m, "season_to", open_to ? bytes_of(NULL, 0) : to);
}

void mapper_hours(struct mapper *m)
{
    bool partial;
    if (!mapper_speaks(m, SCHEDULE, &partial))
        return;
    struct hours hours = {0};
    if (!collect(m, &hours)) {
        m->err = ERR_NOMEM;
        return;
    }
    put_text(m, &hours);
    put_json(m, &hours);
    put_season(m, &hours);
}
