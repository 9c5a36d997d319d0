/* Control lines of reconcile and fix: cases, diff, page, need, given. */
#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/part.h"

#define PREFIX_BYTES 8

static void put_case_sum(struct buffer *out, const struct case_sum *sum)
{
    uint8_t bytes[8];
    store_le64(bytes, sum->sum);
    buffer_add_char(out, '[');
    canon_put_text(out, bytes_text(sum->kase));
    buffer_add_text(out, ",\"");
    buffer_add_base64(out, bytes, sizeof bytes);
    buffer_add_text(out, "\"]");
}

enum err cases_line_write(struct buffer *out, const struct cases_line *message)
{
    buffer_add_text(out, "{\"cases\":[");
    for (size_t i = 0; i < message->count; i++) {
        if (i)
            buffer_add_char(out, ',');
        put_case_sum(out, &message->sums[i]);
    }
    buffer_add_text(out, "]}");
    return buffer_err(out);
}

static void read_case_sum(struct part_reader *r, const struct canon *pair,
                          struct case_sum *out)
{
    uint8_t bytes[8];
    if (pair->kind != CANON_ARRAY || pair->count != 2 ||
        pair->first->next->kind != CANON_TEXT ||
        base64_decode(bytes, sizeof bytes, pair->first->next->text)) {
        part_fail(r, pair, "is no case and sum");
        return;
    }
    part_copy(r, pair->first, out->kase, sizeof out->kase, case_valid);
    out->sum = load_le64(bytes);
}

enum err cases_line_read(struct arena *arena, struct bytes line,
                         struct cases_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *array =
        part_control(&r, arena, line, "cases", CANON_ARRAY);
    out->sums = part_array(&r, array, CASES_LINE_MAX, sizeof *out->sums);
    const struct canon *item = out->sums ? array->first : NULL;
    for (; item && !r.err; item = item->next)
        read_case_sum(&r, item, &out->sums[out->count++]);
    return part_err(&r);
}

/* Hashes or their prefixes, one after the other. */
static struct bytes read_hashes(struct part_reader *r, const struct canon *body,
                                const char *name, size_t each, size_t most)
{
    struct bytes hashes = part_blob(r, body, name, each * most);
    if (hashes.size % each)
        part_fail(r, body, "has a hash cut short");
    return hashes;
}

enum err diff_line_write(struct buffer *out, const struct diff_line *message)
{
    buffer_add_text(out, "{\"diff\":{");
    part_put_text(out, "case", message->kase);
    part_put_base64(out, "have", message->have.at, message->have.size);
    part_put_true(out, "more", message->more);
    if (message->scope[0])
        part_put_text(out, "scope", message->scope);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err diff_line_read(struct arena *arena, struct bytes line,
                        struct diff_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "diff", CANON_OBJECT);
    part_text(&r, body, "case", PART_REQUIRED, out->kase, sizeof out->kase,
              case_valid);
    out->have = read_hashes(&r, body, "have", PREFIX_BYTES, DIFF_LINE_MAX);
    out->more = part_true(&r, body, "more");
    part_text(&r, body, "scope", PART_OPTIONAL, out->scope, sizeof out->scope,
              scope_valid);
    return part_err(&r);
}

enum err page_line_write(struct buffer *out, const struct page_line *message)
{
    buffer_add_text(out, "{\"page\":{");
    part_put_int(out, "count", message->count);
    part_put_base64(out, "hashes", message->hashes.at, message->hashes.size);
    part_put_base64(out, "mac", message->mac, MAC_BYTES);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err page_line_read(struct arena *arena, struct bytes line,
                        struct page_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "page", CANON_OBJECT);
    out->count = part_int(&r, body, "count", 0, 1);
    out->hashes = read_hashes(&r, body, "hashes", HASH_BYTES, PAGE_LINES_MAX);
    (void)part_base64(&r, body, "mac", PART_REQUIRED, out->mac, MAC_BYTES);
    if (!r.err && out->count > (int64_t)(out->hashes.size / HASH_BYTES))
        part_fail(&r, body, "gives more lines than the page has");
    return part_err(&r);
}

enum err need_line_write(struct buffer *out, const struct need_line *message)
{
    buffer_add_text(out, "{\"need\":{");
    part_put_text(out, "case", message->kase);
    part_put_base64(out, "hashes", message->hashes.at, message->hashes.size);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err need_line_read(struct arena *arena, struct bytes line,
                        struct need_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "need", CANON_OBJECT);
    part_text(&r, body, "case", PART_REQUIRED, out->kase, sizeof out->kase,
              case_valid);
    out->hashes = read_hashes(&r, body, "hashes", PREFIX_BYTES, NEED_LINE_MAX);
    return part_err(&r);
}

enum err given_line_write(struct buffer *out, const struct given_line *message)
{
    buffer_add_text(out, "{\"given\":{");
    part_put_base64(out, "mac", message->mac, MAC_BYTES);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err given_line_read(struct arena *arena, struct bytes line,
                         struct given_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "given", CANON_OBJECT);
    (void)part_base64(&r, body, "mac", PART_REQUIRED, out->mac, MAC_BYTES);
    return part_err(&r);
}
