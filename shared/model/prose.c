#include "shared/model/prose.h"

#include "shared/base/clock.h"
#include "shared/model/view.h"

#define NAME_WIDTH 20
#define ROW_WIDTH 32

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

void prose_text(struct buffer *out, struct bytes text, int width)
{
    size_t shown = width ? prefix(text, width) : text.size;
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = text.at[i];
        bool two = is_c1(text.at + i, shown - i);
        bool control = two || c == 0x7f || (c < ' ' && (width || c != '\n'));
        buffer_add_char(out, control ? ' ' : (char)c);
        i += two;
    }
    if (shown < text.size)
        buffer_add_text(out, "...");
}

void prose_value(struct buffer *out, const struct canon *value, int width)
{
    if (!value || value->kind == CANON_NULL)
        buffer_add_char(out, '-');
    else
        prose_text(out, value->kind == CANON_TEXT ? value->text : value->raw,
                   width);
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
    prose_text(out, type.size ? type : bytes_text("record"), 0);
    buffer_add_char(out, ' ');
    if (!name.size || id.size < VIEW_ID_TAIL) {
        prose_text(out, id, 0);
        return;
    }
    prose_text(out, name, PROSE_WIDTH);
    buffer_add_text(out, " (");
    prose_text(out, bytes_of(id.at + VIEW_ID_TAIL, id.size - VIEW_ID_TAIL), 0);
    buffer_add_char(out, ')');
}

/* --- a conflict ----------------------------------------------------------- */

/* "dana wrote "20" on ..., lee wrote "25" on ...; neither had seen the
 * other's." */
static void put_sides(struct buffer *out, const struct canon *conflict)
{
    size_t count = 0;
    const struct canon *w = elements(conflict, "values");
    for (; w; w = w->next, count++) {
        int64_t at = 0;
        canon_int(w, "at", &at);
        buffer_add_text(out, count ? ",\n  " : "  ");
        prose_member(out, w, "author");
        buffer_add_text(out, " wrote \"");
        prose_member(out, w, "value");
        buffer_add_text(out, "\" on ");
        prose_time(out, at);
        buffer_add_text(out, " (");
        prose_member(out, w, "dot");
        buffer_add_char(out, ')');
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
    buffer_add_text(out, "  The value in force meanwhile: ");
    prose_member(out, conflict, member(conflict, "shown") ? "shown" : "base");
    buffer_add_char(out, '\n');
}

/* --- a record ------------------------------------------------------------- */

/* "  name                 " */
static void put_label(struct buffer *out, struct bytes name)
{
    buffer_add_text(out, "  ");
    size_t end = out->size + NAME_WIDTH;
    prose_text(out, name, 0);
    while (!buffer_err(out) && out->size < end)
        buffer_add_char(out, ' ');
    buffer_add_char(out, ' ');
}

/* A line for each of the writes that an array of `object` holds. */
static void put_writes(struct buffer *out, const struct canon *object,
                       const char *name, const char *lead)
{
    for (const struct canon *w = elements(object, name); w; w = w->next) {
        buffer_printf(out, "%s\"", lead);
        prose_member(out, w, "value");
        buffer_add_text(out, "\" by ");
        prose_who(out, w);
        buffer_add_text(out, "   (");
        prose_member(out, w, "dot");
        buffer_add_text(out, ")\n");
    }
}

static void put_field(struct buffer *out, const struct canon *field)
{
    bool open = canon_true(field, "open");
    put_label(out, field->name);
    prose_value(out, member(field, "value"), 0);
    if (open)
        buffer_add_text(out, "   <- in conflict");
    if (canon_true(field, "sealed"))
        buffer_add_text(out, "   (sealed)");
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
        prose_text(out, m->name, 0);
        buffer_add_text(out, " = ");
        prose_value(out, m, PROSE_WIDTH);
        buffer_add_char(out, '\n');
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
    prose_value(out, member(object, name), 0);
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
        prose_value(out, s, 0);
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

void prose_row(struct buffer *out, const struct canon *row)
{
    prose_member(out, row, "record");
    const struct canon *fields = member(row, "fields");
    for (const struct canon *f = fields ? fields->first : NULL; f;
         f = f->next) {
        if (f->kind == CANON_NULL)
            continue;
        buffer_add_text(out, "  ");
        prose_text(out, f->name, 0);
        buffer_add_char(out, '=');
        prose_value(out, f, ROW_WIDTH);
    }
    buffer_add_char(out, '\n');
}
