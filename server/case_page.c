#include "server/case_page.h"

#include <string.h>
#include "server/case_page_inner.h"

static const char style[] =
    "body{font:15px/1.5 system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
    "color:#16191d;background:#fff;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}"
    "h1{font-size:28px;line-height:1.25;margin:0}"
    "h2{font-size:18px;margin:2rem 0 .5rem;border-bottom:1px solid #deded8}"
    "h3{font-size:15px;margin:1.25rem 0 .25rem}"
    "p{margin:.25rem 0;max-width:72ch}"
    "table{border-collapse:collapse;width:100%;margin:.25rem 0 .75rem}"
    "caption{text-align:left;color:#454b52;padding:.25rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;"
    "border-bottom:1px solid #deded8;overflow-wrap:anywhere}"
    "thead th{font-size:13px;color:#5c6269}"
    "tbody th{font-weight:560;width:14rem}"
    "ul{margin:0;padding-left:1.1rem}"
    "td.who{width:15rem}.when{width:11rem}.who{color:#5c6269;font-size:13px}"
    ".mono{font:12px/1.4 ui-monospace,'DejaVu Sans Mono',monospace;"
    "color:#5c6269}"
    ".clash{color:#6a2e86;font-weight:560}.held{color:#7a4a00;font-weight:560}"
    ".text{white-space:pre-wrap}"
    "@media print{body{margin:0;max-width:none;font-size:11pt}"
    "h2{break-after:avoid}h3{break-after:avoid}tr{break-inside:avoid}"
    "thead{display:table-header-group}}"
    "@page{margin:18mm}";

/* --- words ---------------------------------------------------------------- */

void page_text(struct buffer *out, struct bytes text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *instead = text.at[i] == '<'   ? "&lt;"
                              : text.at[i] == '>' ? "&gt;"
                              : text.at[i] == '&' ? "&amp;"
                              : text.at[i] == '"' ? "&quot;"
                                                  : NULL;
        if (!instead)
            continue;
        buffer_add(out, text.at + from, i - from);
        buffer_add_text(out, instead);
        from = i + 1;
    }
    buffer_add(out, text.at + from, text.size - from);
}

void page_words(struct buffer *out, struct bytes code)
{
    for (size_t i = 0; i < code.size; i++)
        if (code.at[i] == '_')
            buffer_add_char(out, ' ');
        else
            page_text(out, bytes_of(code.at + i, 1));
}

void page_time(struct buffer *out, int64_t ms)
{
    char text[INSTANT_CHARS];
    instant_format_local(text, ms);
    buffer_add_text(out, text);
}

enum err page_type_title(const struct case_page *page, struct bytes type,
                         struct bytes *title)
{
    const struct schema_type *known;
    enum err err = schema_find(page->schema, type, &known);
    *title = known ? type_title(known) : type;
    return err;
}

enum err page_record_name(struct buffer *out, const struct case_page *page,
                          struct bytes id)
{
    struct buffer name;
    const struct case_record *record = case_file_record(page->file, id);
    enum err err = ERR_OK;
    buffer_init(&name, PAGE_NAME_BYTES_MAX);
    if (record && record->name.size)
        buffer_add_bytes(&name, record->name);
    else if (!record)
        err = page->name_of(page->context, id, &name);
    if (!err && !buffer_err(&name) && name.size) {
        page_text(out, buffer_bytes(&name));
        buffer_add_text(out, " <span class=mono>");
        page_text(out, bytes_of(id.at + id.size - 12, id.size > 12 ? 12 : 0));
        buffer_add_text(out, "</span>");
    } else {
        buffer_add_text(out, "<span class=mono>");
        page_text(out, id);
        buffer_add_text(out, "</span>");
    }
    buffer_fini(&name);
    return err;
}

/* --- the page ------------------------------------------------------------- */

static size_t count_open(const struct case_file *file)
{
    size_t count = 0;
    for (size_t i = 0; i < file->record_count; i++) {
        const struct canon *fields =
            canon_member(file->records[i].root, "fields");
        const struct canon *field = fields ? fields->first : NULL;
        for (; field; field = field->next)
            count += canon_true(field, "open");
    }
    return count;
}

static void put_row(struct buffer *out, const char *name, struct bytes value)
{
    buffer_printf(out, "<tr><th scope=row>%s</th><td>", name);
    page_text(out, value);
    buffer_add_text(out, "</td></tr>\n");
}

static void put_head_table(struct buffer *out, const struct case_page *page)
{
    const struct case_file *file = page->file;
    size_t open = count_open(file);
    buffer_add_text(out, "<table><tbody>\n");
    put_row(out, "Agency", bytes_text(page->agency));
    put_row(out, "Case", bytes_text(page->kase));
    buffer_add_text(out, "<tr><th scope=row>Contents</th><td>");
    buffer_printf(out, "%zu record%s, %zu line%s", file->record_count,
                  file->record_count == 1 ? "" : "s", file->line_count,
                  file->line_count == 1 ? "" : "s");
    if (open)
        buffer_printf(out,
                      "; <span class=clash>%zu field%s with several values "
                      "that nobody had settled</span>",
                      open, open == 1 ? "" : "s");
    if (file->line_count) {
        buffer_add_text(out, "; the last arrived on ");
        page_time(out, file->lines[file->line_count - 1].received_at);
    }
    buffer_add_text(out, "</td></tr>\n<tr><th scope=row>Printed</th><td>");
    page_time(out, page->at);
    buffer_add_text(out, " by ");
    page_text(out, bytes_text(page->by));
    buffer_add_text(out, "</td></tr>\n");
    put_row(out, "Lineage", bytes_text(page->lineage));
    buffer_add_text(out, "</tbody></table>\n");
}

static enum err put_head(struct buffer *out, const struct case_page *page)
{
    struct buffer name;
    const struct case_record *own =
        case_file_record(page->file, bytes_text(page->kase));
    buffer_init(&name, PAGE_NAME_BYTES_MAX);
    if (own && own->name.size)
        page_text(&name, own->name);
    else
        buffer_printf(&name, "Case %s", page->kase);
    buffer_printf(out,
                  "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
                  "<title>%s%s%s</title>\n<style>%s</style></head><body>\n"
                  "<h1>%s</h1>\n",
                  buffer_text(&name), page->as_of ? ", as of " : "",
                  page->as_of ? page->as_of : "", style, buffer_text(&name));
    enum err err = buffer_err(&name);
    buffer_fini(&name);
    if (page->as_of)
        buffer_printf(out,
                      "<p>The case as this office had it at the end of %s: "
                      "what had arrived by then, and nothing later.</p>\n",
                      page->as_of);
    else
        buffer_add_text(out, "<p>The case as this office has it.</p>\n");
    put_head_table(out, page);
    return err;
}

enum err case_page_write(struct buffer *out, const struct case_page *page)
{
    enum err err = put_head(out, page);
    if (!err)
        err = page_records(out, page);
    if (!err)
        err = page_timeline(out, page);
    buffer_add_text(
        out,
        "<h2>How to check this</h2>\n<p>Each line of the timeline was signed "
        "by "
        "the device or office that wrote it and never changed since. Its hash "
        "is BLAKE2b-256 of its exact bytes, which <code>satchel-central export "
        "case --format ndjson</code> gives; <code>satchel-central "
        "verify</code> "
        "checks the signatures of all of them.</p>\n</body></html>\n");
    return err ? err : buffer_err(out);
}
