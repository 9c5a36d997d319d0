/* What is known: a table for each record. */
#include <stdlib.h>
#include <string.h>
#include "server/case_page_inner.h"

/* --- values --------------------------------------------------------------- */

static void put_cents(struct buffer *out, int64_t cents)
{
    uint64_t size = cents < 0 ? (uint64_t)-cents : (uint64_t)cents;
    buffer_printf(out, "%s$%llu.%02llu", cents < 0 ? "-" : "",
                  (unsigned long long)(size / 100),
                  (unsigned long long)(size % 100));
}

static enum err put_text_value(struct buffer *out, const struct case_page *page,
                               enum value_kind kind, struct bytes text)
{
    int64_t ms;
    if (kind == VALUE_RECORD && text.size == ID_CHARS)
        return page_record_name(out, page, text);
    if (kind == VALUE_CODE) {
        page_words(out, text);
    } else if (kind == VALUE_INSTANT && text.size > 10 &&
               !instant_parse(text, &ms)) {
        page_time(out, ms);
    } else {
        buffer_add_text(out, "<span class=text>");
        page_text(out, text);
        buffer_add_text(out, "</span>");
    }
    return ERR_OK;
}

static enum err put_members(struct buffer *out, const struct case_page *page,
                            const struct schema_field *field,
                            const struct canon *list)
{
    const struct canon *member = list->first;
    enum err err = ERR_OK;
    if (!member)
        buffer_add_text(out, "none");
    if (list->count == 1)
        return page_value(out, page, field, member);
    buffer_add_text(out, member ? "<ul>" : "");
    for (; member && !err; member = member->next) {
        buffer_add_text(out, "<li>");
        err = page_value(out, page, field, member);
    }
    buffer_add_text(out, list->count ? "</ul>" : "");
    return err;
}

/* "label: Youth, code: FNPI 1a" */
static enum err put_object(struct buffer *out, const struct case_page *page,
                           const struct canon *object)
{
    enum err err = ERR_OK;
    const struct canon *member = object->first;
    for (; member && !err; member = member->next) {
        buffer_add_text(out, member == object->first ? "" : ", ");
        page_words(out, member->name);
        buffer_add_text(out, ": ");
        err = page_value(out, page, NULL, member);
    }
    return err;
}

enum err page_value(struct buffer *out, const struct case_page *page,
                    const struct schema_field *field, const struct canon *value)
{
    enum value_kind kind = field ? field_kind(field) : VALUE_ANY;
    if (!value || value->kind == CANON_NULL)
        buffer_add_text(out, "-");
    else if (value->kind == CANON_TEXT)
        return put_text_value(out, page, kind, value->text);
    else if (value->kind == CANON_ARRAY)
        return put_members(out, page, field, value);
    else if (value->kind == CANON_OBJECT)
        return put_object(out, page, value);
    else if (value->kind == CANON_INT && kind == VALUE_CENTS)
        put_cents(out, value->integer);
    else if (value->kind == CANON_INT)
        page_text(out, value->raw);
    else
        buffer_add_text(out, value->kind == CANON_TRUE ? "yes" : "no");
    return ERR_OK;
}

/* --- records -------------------------------------------------------------- */

static void put_who(struct buffer *out, const struct canon *write)
{
    struct bytes author = bytes_of(NULL, 0);
    int64_t at = 0;
    (void)canon_text(write, "author", &author);
    (void)canon_int(write, "at", &at);
    page_text(out, author);
    buffer_add_text(out, ", ");
    page_time(out, at);
}

/* Each of several values with its writer, when nobody has decided. */
static enum err put_open(struct buffer *out, const struct case_page *page,
                         const struct schema_field *field,
                         const struct canon *live)
{
    enum err err = ERR_OK;
    buffer_add_text(out, "<span class=clash>not settled:</span><ul>");
    const struct canon *write = live ? live->first : NULL;
    for (; write && !err; write = write->next) {
        buffer_add_text(out, "<li>");
        err = page_value(out, page, field, canon_member(write, "value"));
        buffer_add_text(out, " <span class=who>(");
        put_who(out, write);
        buffer_add_text(out, ")</span>");
    }
    buffer_add_text(out, "</ul>");
    return err;
}

static enum err put_field(struct buffer *out, const struct case_page *page,
                          const struct schema_type *type,
                          const struct canon *said)
{
    const struct schema_field *field =
        type ? type_field(type, said->name) : NULL;
    const struct canon *live = canon_member(said, "live");
    const struct canon *last = live ? live->first : NULL;
    bool open = canon_true(said, "open");
    enum err err;
    buffer_add_text(out, "<tr><th scope=row>");
    page_text(out, field ? field_title(field) : said->name);
    buffer_add_text(out, "</th><td>");
    err = open ? put_open(out, page, field, live)
               : page_value(out, page, field, canon_member(said, "value"));
    buffer_add_text(out, "</td><td class=who>");
    while (last && last->next)
        last = last->next;
    if (!open && last)
        put_who(out, last);
    buffer_add_text(out, "</td></tr>\n");
    return err;
}

static enum err put_record(struct buffer *out, const struct case_page *page,
                           const struct case_record *record)
{
    const struct schema_type *type;
    struct bytes title = bytes_text("A record whose beginning is missing");
    const struct canon *fields = canon_member(record->root, "fields");
    const struct canon *field = fields ? fields->first : NULL;
    enum err err = schema_find(page->schema, record->type, &type);
    if (!err && record->type.size)
        err = page_type_title(page, record->type, &title);
    if (err)
        return err;
    buffer_add_text(out, "<h3>");
    page_text(out, title);
    buffer_add_text(out, ": ");
    err = page_record_name(out, page, bytes_text(record->id));
    buffer_add_text(out, "</h3>\n<table><thead><tr><th scope=col>Field</th>"
                         "<th scope=col>Value</th><th scope=col>Said by"
                         "</th></tr></thead><tbody>\n");
    for (; field && !err; field = field->next)
        err = put_field(out, page, type, field);
    buffer_add_text(out, "</tbody></table>\n");
    return err;
}

/* The case's own record first, then by title of the type; ids are of the order
 * in which they were made. */
struct place {
    struct bytes title;
    const struct case_record *record;
    bool own;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *one = a, *other = b;
    if (one->own != other->own)
        return one->own ? -1 : 1;
    int order = bytes_compare(one->title, other->title);
    return order ? order : strcmp(one->record->id, other->record->id);
}

enum err page_records(struct buffer *out, const struct case_page *page)
{
    const struct case_file *file = page->file;
    struct place *places = calloc(file->record_count + 1, sizeof *places);
    enum err err = places ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; i < file->record_count && !err; i++) {
        const struct case_record *record = &file->records[i];
        places[i].record = record;
        places[i].own = !strcmp(record->id, page->kase);
        err = page_type_title(page, record->type, &places[i].title);
    }
    if (!err)
        qsort(places, file->record_count, sizeof *places, compare_places);
    buffer_add_text(out, "<h2>What was known</h2>\n");
    for (size_t i = 0; i < file->record_count && !err; i++)
        err = put_record(out, page, places[i].record);
    free(places);
    return err;
}
