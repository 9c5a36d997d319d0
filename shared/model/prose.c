#include "shared/model/prose.h"

#include <limits.h>

#include "shared/base/clock.h"
#include "shared/model/id.h"
#include "shared/model/view.h"

#define NAME_WIDTH 20
#define ROW_WIDTH 32
#define DATE_CHARS 10    /* "2026-11-21" */
#define ROW_MEMBERS 4    /* of a list, in a row */
#define ONE_LINE INT_MAX /* a width that cuts nothing */

/* --- values --------------------------------------------------------------- */

/* Bytes of the first `width` characters of UTF-8. */
static size_t prefix(struct bytes text, int width)
{
    size_t bytes = 0;
    for (int characters = 0; bytes < text.size; bytes++)
        if ((text.at[bytes] & 0xc0) != 0x80 && characters++ == width)
            break;
    return bytes;
}

/* U+0080 to U+009F, which terminals obey as they obey ESC and a letter. */
static bool is_c1(const uint8_t *at, size_t size)
{
    return size > 1 && at[0] == 0xc2 && at[1] < 0xa0;
}

/* U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: they turn round the order
 * in which what stands behind them is shown, labels and names included. */
static bool is_bidi(const uint8_t *at, size_t size)
{
    if (size < 3 || at[0] != 0xe2)
        return false;
    if (at[1] == 0x80)
        return at[2] == 0x8e || at[2] == 0x8f ||
               (at[2] >= 0xaa && at[2] <= 0xae);
    return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
}

/* The bytes of the character here when it would command; 0: it is harmless. */
static size_t command_bytes(const uint8_t *at, size_t size)
{
    if (at[0] < ' ' || at[0] == 0x7f)
        return 1;
    return is_c1(at, size) ? 2 : is_bidi(at, size) ? 3 : 0;
}

void prose_text(struct buffer *out, struct bytes text, int width)
{
    size_t shown = width ? prefix(text, width) : text.size;
    for (size_t i = 0; i < shown;) {
        uint8_t c = text.at[i];
        size_t command = command_bytes(text.at + i, shown - i);
        bool harmless = !command || (c == '\n' && !width);
        buffer_add_char(out, harmless ? (char)c : ' ');
        i += harmless ? 1 : command;
    }
    if (shown < text.size)
        buffer_add_text(out, "...");
}

/* Of a value, in words; it borrows from the scratch.  An instant is shown in
 * the zone of who reads it, in the form in which it can be written again. */
static struct bytes value_text(const struct canon *value,
                               char scratch[INSTANT_CHARS])
{
    int64_t ms;
    if (!value || value->kind == CANON_NULL)
        return bytes_text("-");
    if (value->kind != CANON_TEXT)
        return value->raw;
    if (value->text.size <= DATE_CHARS || instant_parse(value->text, &ms))
        return value->text;
    instant_format_offset(scratch, ms);
    return bytes_text(scratch);
}

void prose_value(struct buffer *out, const struct canon *value, int width)
{
    char scratch[INSTANT_CHARS];
    prose_text(out, value_text(value, scratch), width);
}

static void put_indent(struct buffer *out, size_t columns)
{
    buffer_add_char(out, '\n');
    while (columns--)
        buffer_add_char(out, ' ');
}

/* In its lines, those behind the first moved to the right: none can be taken
 * for a line that is not its own. */
static void put_lines(struct buffer *out, struct bytes text, size_t indent)
{
    for (;;) {
        size_t size = 0;
        while (size < text.size && text.at[size] != '\n')
            size++;
        prose_text(out, bytes_of(text.at, size), ONE_LINE);
        if (size == text.size)
            return;
        text = bytes_of(text.at + size + 1, text.size - size - 1);
        put_indent(out, indent);
    }
}

/* Whole, in quotes, on lines of its own. */
static void put_quoted(struct buffer *out, const struct canon *value,
                       size_t indent)
{
    char scratch[INSTANT_CHARS];
    put_indent(out, indent);
    buffer_add_char(out, '"');
    put_lines(out, value_text(value, scratch), indent + 1);
    buffer_add_char(out, '"');
}

/* That it can stand whole, and in quotes, among other words. */
static bool is_short(const struct canon *value)
{
    char scratch[INSTANT_CHARS];
    struct bytes text = value_text(value, scratch);
    if (prefix(text, PROSE_WIDTH) < text.size)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] == '\n' ||
            (text.at[i] == '"' && value->kind == CANON_TEXT))
            return false;
    return true;
}

static const struct canon *member(const struct canon *object, const char *name)
{
    return object ? canon_member(object, name) : NULL;
}

void prose_member(struct buffer *out, const struct canon *object,
                  const char *name)
{
    prose_value(out, member(object, name), PROSE_WIDTH);
}

void prose_time(struct buffer *out, int64_t ms)
{
    char instant[INSTANT_CHARS];
    instant_format_local(instant, ms);
    buffer_add_text(out, instant);
}

void prose_who(struct buffer *out, const struct canon *write)
{
    int64_t at = 0;
    prose_member(out, write, "author");
    buffer_add_text(out, " on ");
    canon_int(write, "at", &at);
    prose_time(out, at);
}

static const struct canon *elements(const struct canon *object,
                                    const char *name)
{
    const struct canon *array = member(object, name);
    return array && array->kind == CANON_ARRAY ? array->first : NULL;
}

void prose_heading(struct buffer *out, struct bytes type, struct bytes name,
                   struct bytes id)
{
    prose_text(out, type.size ? type : bytes_text("record"), ONE_LINE);
    buffer_add_char(out, ' ');
    if (!name.size || id.size < VIEW_ID_TAIL) {
        prose_text(out, id, ONE_LINE);
        return;
    }
    prose_text(out, name, PROSE_WIDTH);
    buffer_add_text(out, " (");
    prose_text(out, bytes_of(id.at + VIEW_ID_TAIL, id.size - VIEW_ID_TAIL),
               ONE_LINE);
    buffer_add_char(out, ')');
}

/* On the same line, or, where it is long, below and so far in. */
static void put_behind(struct buffer *out, const struct canon *value,
                       size_t indent)
{
    if (is_short(value)) {
        buffer_add_char(out, ' ');
        prose_value(out, value, ONE_LINE);
    } else {
        put_quoted(out, value, indent);
    }
    buffer_add_char(out, '\n');
}

/* --- a conflict ----------------------------------------------------------- */

/* "dana wrote "20" on ... (w1:2)"; what is longer stands below. */
static void put_side(struct buffer *out, const struct canon *write)
{
    const struct canon *value = member(write, "value");
    bool inside = is_short(value);
    int64_t at = 0;
    canon_int(write, "at", &at);
    prose_member(out, write, "author");
    buffer_add_text(out, " wrote ");
    if (inside) {
        buffer_add_char(out, '"');
        prose_value(out, value, ONE_LINE);
        buffer_add_text(out, "\" ");
    }
    buffer_add_text(out, "on ");
    prose_time(out, at);
    buffer_add_text(out, " (");
    prose_member(out, write, "dot");
    buffer_add_char(out, ')');
    if (!inside)
        put_quoted(out, value, 6);
}

/* Each in full: who decides between two must see where they differ. */
static void put_sides(struct buffer *out, const struct canon *conflict)
{
    size_t count = 0;
    const struct canon *w = elements(conflict, "values");
    for (; w; w = w->next, count++) {
        buffer_add_text(out, count ? ",\n  " : "  ");
        put_side(out, w);
    }
    buffer_add_text(out, count == 2 ? "; neither had seen the other's.\n"
                                    : "; none had seen the others'.\n");
}

void prose_conflict(struct buffer *out, const struct canon *conflict,
                    struct bytes type, struct bytes name, struct bytes id)
{
    prose_member(out, conflict, "field");
    buffer_add_text(out, " of ");
    prose_heading(out, type, name, id);
    buffer_add_char(out, '\n');
    put_sides(out, conflict);
    const struct canon *shown = member(conflict, "shown");
    const struct canon *value = shown ? shown : member(conflict, "base");
    buffer_add_text(out, "  The value in force meanwhile:");
    put_behind(out, value, 6);
}

void prose_settled(struct buffer *out, const struct canon *said)
{
    prose_member(out, said, "field");
    buffer_add_char(out, ':');
    put_behind(out, member(said, "value"), 6);
}

/* --- a record ------------------------------------------------------------- */

/* "  name                 " */
static void put_label(struct buffer *out, struct bytes name)
{
    buffer_add_text(out, "  ");
    size_t end = out->size + NAME_WIDTH;
    prose_text(out, name, ONE_LINE);
    while (!buffer_err(out) && out->size < end)
        buffer_add_char(out, ' ');
    buffer_add_char(out, ' ');
}

/* A line for each of the writes that an array of `object` holds. */
static void put_writes(struct buffer *out, const struct canon *object,
                       const char *name, const char *lead)
{
    for (const struct canon *w = elements(object, name); w; w = w->next) {
        const struct canon *value = member(w, "value");
        bool inside = is_short(value);
        buffer_add_text(out, lead);
        if (inside) {
            buffer_add_char(out, '"');
            prose_value(out, value, ONE_LINE);
            buffer_add_text(out, "\" ");
        }
        buffer_add_text(out, "by ");
        prose_who(out, w);
        buffer_add_text(out, "   (");
        prose_member(out, w, "dot");
        buffer_add_char(out, ')');
        if (!inside)
            put_quoted(out, value, 10);
        buffer_add_char(out, '\n');
    }
}

static void put_field(struct buffer *out, const struct canon *field)
{
    bool open = canon_true(field, "open");
    put_label(out, field->name);
    char scratch[INSTANT_CHARS];
    struct bytes value = value_text(member(field, "value"), scratch);
    value.size -= value.size && value.at[value.size - 1] == '\n';
    put_lines(out, value, NAME_WIDTH + 3);
    if (open)
        buffer_add_text(out, "   <- in conflict");
    if (canon_true(field, "sealed"))
        buffer_add_text(out, "   (sealed)");
    if (member(field, "unknown")) {
        buffer_add_text(out, "   (unknown ");
        prose_member(out, field, "unknown");
        buffer_add_char(out, ')');
    }
    buffer_add_char(out, '\n');
    if (open)
        put_writes(out, field, "live", "      ");
    if (elements(field, "after"))
        buffer_add_text(out, "      written after sealing, not in effect:\n");
    put_writes(out, field, "after", "      ");
    if (elements(field, "requests"))
        buffer_add_text(out, "      requested, for the office to decide:\n");
    put_writes(out, field, "requests", "      ");
}

static void put_change(struct buffer *out, const struct canon *entry,
                       const char *verb)
{
    const struct canon *object = member(entry, verb);
    if (!object || object->kind != CANON_OBJECT)
        return;
    for (const struct canon *m = object->first; m; m = m->next) {
        buffer_printf(out, "      %s ", verb);
        prose_text(out, m->name, ONE_LINE);
        buffer_add_text(out, " =");
        put_behind(out, m, 10);
    }
}

static void put_entry(struct buffer *out, const struct canon *entry)
{
    static const char *const verbs[] = {"set", "add", "drop", "keep", "hold"};
    buffer_add_text(out, "  ");
    prose_who(out, entry);
    buffer_add_text(out, "   ");
    if (member(entry, "custody")) {
        buffer_add_char(out, '[');
        prose_member(out, entry, "custody");
        buffer_add_text(out, "]   ");
    }
    prose_member(out, entry, "dot");
    if (member(entry, "held")) {
        buffer_add_text(out, "   HELD: ");
        prose_member(out, entry, "held");
    }
    buffer_add_text(out, canon_true(entry, "seal") ? "   sealed here\n" : "\n");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        put_change(out, entry, verbs[i]);
    if (member(entry, "release")) {
        buffer_add_text(out, "      releases ");
        prose_member(out, entry, "release");
        buffer_add_char(out, '\n');
    }
}

static void put_line(struct buffer *out, const struct canon *object,
                     const char *name)
{
    buffer_printf(out, "%-7s ", name);
    prose_value(out, member(object, name), ONE_LINE);
    buffer_add_char(out, '\n');
}

void prose_show(struct buffer *out, const struct canon *shown,
                const char *order)
{
    prose_member(out, shown, "type");
    buffer_add_char(out, ' ');
    prose_member(out, shown, "record");
    buffer_add_char(out, '\n');
    put_label(out, bytes_text("case"));
    prose_member(out, shown, "case");
    buffer_add_char(out, '\n');
    const struct canon *fields = member(shown, "fields");
    for (const struct canon *f = fields ? fields->first : NULL; f; f = f->next)
        put_field(out, f);
    for (const struct canon *s = elements(shown, "same"); s; s = s->next) {
        put_label(out, bytes_text("the same as"));
        prose_value(out, s, ONE_LINE);
        buffer_add_char(out, '\n');
    }
    if (member(shown, "history"))
        buffer_printf(out, "\nhistory, %s\n", order);
    for (const struct canon *e = elements(shown, "history"); e; e = e->next)
        put_entry(out, e);
    buffer_add_char(out, '\n');
    put_line(out, shown, "hash");
    put_line(out, shown, "context");
}

/* Shortened, but for ids: half of one is of no use. */
static void put_cell(struct buffer *out, const struct canon *value)
{
    char scratch[INSTANT_CHARS];
    struct bytes text = value_text(value, scratch);
    prose_text(out, text, id_valid(text) ? ONE_LINE : ROW_WIDTH);
}

static void put_cells(struct buffer *out, const struct canon *array)
{
    size_t count = 0;
    const struct canon *m = array->first;
    buffer_add_char(out, '[');
    for (; m && count < ROW_MEMBERS; m = m->next) {
        buffer_add_text(out, count++ ? ", " : "");
        put_cell(out, m);
    }
    buffer_add_text(out, m ? ", ...]" : "]");
}

void prose_row(struct buffer *out, const struct canon *row)
{
    prose_member(out, row, "record");
    const struct canon *fields = member(row, "fields");
    for (const struct canon *f = fields ? fields->first : NULL; f;
         f = f->next) {
        if (f->kind == CANON_NULL)
            continue;
        buffer_add_text(out, "  ");
        prose_text(out, f->name, ONE_LINE);
        buffer_add_char(out, '=');
        if (f->kind == CANON_ARRAY && f->raw.size > ROW_WIDTH)
            put_cells(out, f);
        else
            put_cell(out, f);
    }
    buffer_add_char(out, '\n');
}
