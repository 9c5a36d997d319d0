/* Every line of the case in the order in which the office received it. */
#include <string.h>
#include "server/case_page_inner.h"

static enum err put_members(struct buffer *out, const struct case_page *page,
                            const struct schema_type *type,
                            const struct canon *fields, const char *verb)
{
    enum err err = ERR_OK;
    const struct canon *said = fields ? fields->first : NULL;
    for (; said && !err; said = said->next) {
        const struct schema_field *field =
            type ? type_field(type, said->name) : NULL;
        buffer_add_text(out, "<br>");
        page_text(out, field ? field_title(field) : said->name);
        buffer_add_text(out, verb);
        err = page_value(out, page, field, said);
    }
    return err;
}

/* What is dropped stands as {member: reason}. */
static void put_dropped(struct buffer *out, const struct schema_type *type,
                        const struct canon *fields)
{
    const struct canon *said = fields ? fields->first : NULL;
    for (; said; said = said->next) {
        const struct schema_field *field =
            type ? type_field(type, said->name) : NULL;
        const struct canon *member = said->first;
        for (; member; member = member->next) {
            buffer_add_text(out, "<br>");
            page_text(out, field ? field_title(field) : said->name);
            buffer_add_text(out, ", taken away: ");
            page_text(out, member->name);
            buffer_add_text(out, " (");
            page_text(out, member->text);
            buffer_add_char(out, ')');
        }
    }
}

/* What only the office writes, and what closes a record. */
static void put_acts(struct buffer *out, const struct revision *revision)
{
    if (revision->keep)
        buffer_add_text(out, "<br>settled what had several values");
    if (revision->seal)
        buffer_add_text(out, "<br>signed off: nothing in it changes any more");
    if (revision->hold)
        buffer_add_text(out, "<br><span class=held>held lines back</span>");
    if (revision->release.size)
        buffer_add_text(out, "<br>released a line that was held");
    if (revision->clock && !revision->set)
        buffer_add_text(out, "<br>noted when lines with a wrong clock came");
}

static enum err put_what(struct buffer *out, const struct case_page *page,
                         const struct case_line *line)
{
    const struct revision *original = revision_original(line->revision);
    const struct schema_type *type = NULL;
    struct bytes title = bytes_of(NULL, 0);
    enum err err = ERR_OK;
    if (line->record)
        err = schema_find(page->schema, line->record->type, &type);
    if (!err && line->record)
        err = page_type_title(page, line->record->type, &title);
    if (err)
        return err;
    buffer_add_text(out, original->creates ? "began " : "");
    page_text(out, title);
    buffer_add_char(out, ' ');
    err = page_record_name(out, page, original->record);
    if (!err)
        err = put_members(out, page, type, original->set, ": ");
    if (!err)
        err = put_members(out, page, type, original->add, ", added: ");
    put_dropped(out, type, original->drop);
    put_acts(out, line->revision);
    if (line->held) {
        buffer_add_text(out, "<br><span class=held>held: ");
        page_words(out, bytes_text(line->held));
        buffer_add_text(out, "</span>");
    }
    return err;
}

static enum err put_line(struct buffer *out, const struct case_page *page,
                         const struct case_line *line)
{
    enum err err = ERR_OK;
    buffer_add_text(out, "<tr><td>");
    page_time(out, line->received_at);
    buffer_add_text(out, "</td><td>");
    if (line->revision) {
        const struct revision *original = revision_original(line->revision);
        page_text(out, original->author);
        buffer_add_text(out, "<br><span class=who>");
        page_time(out, original->at);
        buffer_add_text(out, "</span></td><td>");
        err = put_what(out, page, line);
    } else if (line->line.size) {
        buffer_add_text(out, "-</td><td><span class=held>a line that cannot be "
                             "read; the office keeps it</span>");
    } else {
        buffer_add_text(out, "-</td><td>was disposed of; its hash remains");
    }
    buffer_add_text(out, "<br><span class=mono>");
    buffer_add_base64(out, line->hash, HASH_BYTES);
    buffer_add_text(out, "</span></td></tr>\n");
    return err;
}

enum err page_timeline(struct buffer *out, const struct case_page *page)
{
    const struct case_file *file = page->file;
    enum err err = ERR_OK;
    buffer_add_text(out,
                    "<h2>Timeline</h2>\n<table><caption>In the order in which "
                    "the office received it; beneath the writer, when the "
                    "writer's own clock said that it was.</caption><thead><tr>"
                    "<th scope=col class=when>Received</th>"
                    "<th scope=col class=when>Written by</th>"
                    "<th scope=col>What, and the hash of the line</th></tr>"
                    "</thead><tbody>\n");
    for (size_t i = 0; i < file->line_count && !err; i++)
        err = put_line(out, page, &file->lines[i]);
    buffer_add_text(out, "</tbody></table>\n");
    return err;
}
