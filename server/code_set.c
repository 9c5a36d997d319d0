#include "server/code_set.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "server/import_csv.h"
#include "shared/base/clock.h"
#include "shared/base/map.h"
#include "shared/model/canon.h"
#include "shared/model/id.h"

#define COMPARE_BYTES_MAX (64u << 20)

const char *const code_set_fields[CODE_SET_KEYS] = {
    "set",          "version",  "title", "effective_from",
    "effective_to", "standing", "source"};

struct reader {
    struct code_set *set;
    struct arena *arena;
    const struct import_file *file;
    char *detail;
    struct buffer out;                  /* the list that is being made */
    size_t order[IMPORT_CSV_CELLS_MAX]; /* columns by name */
    struct import_csv_row header, row;
    size_t code, label; /* columns */
};

static enum err refuse(const struct reader *r, size_t offset,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err refuse(const struct reader *r, size_t offset,
                       const char *format, ...)
{
    char what[IMPORT_DETAIL_CHARS / 2];
    size_t line, column;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    import_place(r->file->text, offset, &line, &column);
    (void)snprintf(r->detail, IMPORT_DETAIL_CHARS, "%.200s:%zu:%zu: %s",
                   r->file->name, line, column, what);
    return ERR_INVALID;
}

static struct bytes trim(struct bytes text)
{
    while (text.size && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = bytes_of(text.at + 1, text.size - 1);
    while (text.size && strchr(" \t\r", text.at[text.size - 1]))
        text.size--;
    return text;
}

/* --- the head ------------------------------------------------------------- */

static enum err add_note(struct reader *r, struct bytes text)
{
    buffer_add_char(&r->out, r->out.size ? ',' : '[');
    canon_put_text(&r->out, text);
    return buffer_err(&r->out);
}

static enum err take_key(struct reader *r, struct bytes key, struct bytes text,
                         size_t offset)
{
    char quote[IMPORT_QUOTE_CHARS];
    if (bytes_is(key, "note"))
        return add_note(r, text);
    for (size_t i = 0; i < CODE_SET_KEYS; i++) {
        if (!bytes_is(key, code_set_fields[i]))
            continue;
        if (r->set->head[i].size)
            return refuse(r, offset, "%s stands twice", code_set_fields[i]);
        r->set->head[i] = text;
        return ERR_OK;
    }
    return refuse(r, offset,
                  "%s is not known here; write set, version, title, "
                  "effective_from, effective_to, standing, source or note",
                  import_quote(quote, key));
}

static enum err take_head_line(struct reader *r, struct bytes line,
                               size_t offset)
{
    const uint8_t *colon = memchr(line.at, ':', line.size);
    size_t key_size = colon ? (size_t)(colon - line.at) : 0;
    if (!colon)
        return refuse(r, offset,
                      "a line of the form \"# KEY: TEXT\" is "
                      "expected");
    struct bytes text =
        trim(bytes_of(line.at + key_size + 1, line.size - key_size - 1));
    if (!text.size)
        return refuse(r, offset, "there is nothing behind the colon");
    return take_key(r, trim(bytes_of(line.at + 1, key_size - 1)), text, offset);
}

/* The lines of "#" at the beginning; *end is where the table begins. */
static enum err take_head(struct reader *r, size_t *end)
{
    struct bytes text = r->file->text;
    size_t at = text.size >= 3 && !memcmp(text.at, "\xef\xbb\xbf", 3) ? 3 : 0;
    enum err err = ERR_OK;
    while (!err && at < text.size && text.at[at] == '#') {
        const uint8_t *stop = memchr(text.at + at, '\n', text.size - at);
        size_t size = stop ? (size_t)(stop - text.at) - at : text.size - at;
        err = take_head_line(r, bytes_of(text.at + at, size), at);
        at += size + (stop != NULL);
    }
    *end = at;
    return err;
}

static enum err check_dates(const struct reader *r)
{
    const struct bytes *head = r->set->head;
    static const enum code_set_key dates[] = {CODE_SET_FROM, CODE_SET_TO};
    for (size_t i = 0; i < 2; i++) {
        struct bytes date = head[dates[i]];
        if (date.size && !date_valid(date))
            return refuse(r, (size_t)(date.at - r->file->text.at),
                          "%s: a date such as 2026-11-21 is expected",
                          code_set_fields[dates[i]]);
    }
    if (head[CODE_SET_FROM].size && head[CODE_SET_TO].size &&
        memcmp(head[CODE_SET_FROM].at, head[CODE_SET_TO].at,
               head[CODE_SET_FROM].size) > 0)
        return refuse(r, (size_t)(head[CODE_SET_TO].at - r->file->text.at),
                      "effective_to lies before effective_from");
    return ERR_OK;
}

static enum err check_head(const struct reader *r)
{
    static const enum code_set_key required[] = {
        CODE_SET_SET, CODE_SET_VERSION, CODE_SET_TITLE, CODE_SET_STANDING,
        CODE_SET_SOURCE};
    const struct bytes *head = r->set->head;
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        const char *name = code_set_fields[required[i]];
        if (!head[required[i]].size)
            return refuse(r, 0, "the line \"# %s: ...\" is missing", name);
    }
    if (!name_valid(head[CODE_SET_SET]))
        return refuse(r, (size_t)(head[CODE_SET_SET].at - r->file->text.at),
                      "set: small letters, digits and _ . - are expected");
    struct bytes standing = head[CODE_SET_STANDING];
    if (!bytes_is(standing, "official") && !bytes_is(standing, "secondary") &&
        !bytes_is(standing, "unverified"))
        return refuse(r, (size_t)(standing.at - r->file->text.at),
                      "standing is one of official, secondary, unverified");
    return check_dates(r);
}

/* --- the table ------------------------------------------------------------ */

static enum err take_column(struct reader *r, size_t column)
{
    const struct import_csv_row *header = &r->header;
    struct bytes name = header->cells[column].text;
    char quote[IMPORT_QUOTE_CHARS];
    size_t place = column;
    if (!name_valid(name))
        return refuse(r, header->cells[column].offset,
                      "the column %s is not a name", import_quote(quote, name));
    for (size_t i = 0; i < column; i++)
        if (bytes_equal(header->cells[i].text, name))
            return refuse(r, header->cells[column].offset,
                          "the column %s stands twice",
                          import_quote(quote, name));
    for (; place > 0; place--) {
        size_t other = r->order[place - 1];
        if (canon_compare_names(header->cells[other].text, name) < 0)
            break;
        r->order[place] = other;
    }
    r->order[place] = column;
    if (bytes_is(name, "code"))
        r->code = column;
    if (bytes_is(name, "label"))
        r->label = column;
    return ERR_OK;
}

static enum err take_header(struct reader *r, size_t offset)
{
    enum err err = ERR_OK;
    r->code = r->label = SIZE_MAX;
    for (size_t i = 0; i < r->header.count && !err; i++)
        err = take_column(r, i);
    if (!err && (r->code == SIZE_MAX || r->label == SIZE_MAX))
        err = refuse(r, offset,
                     "the columns code and label are expected, and any others");
    return err;
}

static enum err check_row(const struct reader *r, struct map *codes)
{
    const struct import_csv_row *row = &r->row;
    char quote[IMPORT_QUOTE_CHARS];
    if (row->count != r->header.count)
        return refuse(r, row->offset, "%zu cells, the header has %zu",
                      row->count, r->header.count);
    struct import_csv_cell code = row->cells[r->code];
    if (!code.text.size)
        return refuse(r, code.offset, "the code is empty");
    if (!row->cells[r->label].text.size)
        return refuse(r, row->cells[r->label].offset, "the label is empty");
    if (map_get(codes, code.text))
        return refuse(r, code.offset, "the code %s stands twice",
                      import_quote(quote, code.text));
    if (r->set->count == CODE_SET_CODES_MAX)
        return refuse(r, row->offset, "more than %d codes; split the set",
                      CODE_SET_CODES_MAX);
    return map_put(codes, code.text, r->set);
}

static void put_row(struct reader *r)
{
    const char *sep = "{";
    buffer_add_char(&r->out, r->set->count ? ',' : '[');
    for (size_t i = 0; i < r->header.count; i++) {
        struct bytes cell = r->row.cells[r->order[i]].text;
        if (!cell.size)
            continue;
        buffer_add_text(&r->out, sep);
        canon_put_text(&r->out, r->header.cells[r->order[i]].text);
        buffer_add_char(&r->out, ':');
        canon_put_text(&r->out, cell);
        sep = ",";
    }
    buffer_add_char(&r->out, '}');
    r->set->count++;
}

/* The next row; its places are those of the whole file. */
static enum err next_row(struct reader *r, struct import_csv *csv, size_t start,
                         struct import_csv_row *row)
{
    enum err err = import_csv_next(csv, r->arena, row);
    if (err == ERR_INVALID)
        return refuse(r, start + row->fault, "%s", row->what);
    row->offset += start;
    for (size_t i = 0; !err && i < row->count; i++)
        row->cells[i].offset += start;
    return err;
}

static enum err take_table(struct reader *r, size_t start, struct map *codes)
{
    struct bytes text = r->file->text;
    struct import_csv csv;
    import_csv_init(&csv, bytes_of(text.at + start, text.size - start));
    enum err err = next_row(r, &csv, start, &r->header);
    if (err == ERR_NOT_FOUND)
        return refuse(r, start, "there is no table below the head");
    if (!err)
        err = take_header(r, start);
    while (!err && !(err = next_row(r, &csv, start, &r->row))) {
        err = check_row(r, codes);
        if (!err)
            put_row(r);
    }
    if (err == ERR_NOT_FOUND)
        err = r->set->count ? ERR_OK : refuse(r, start, "there are no codes");
    return err;
}

/* The list that has been made, closed and kept in the arena. */
static enum err keep_list(struct reader *r, struct bytes *out)
{
    buffer_add_text(&r->out, r->out.size ? "]" : "[]");
    enum err err = buffer_err(&r->out);
    if (err == ERR_TOO_BIG)
        (void)snprintf(r->detail, IMPORT_DETAIL_CHARS,
                       "%.200s: more than %u KiB; split the set", r->file->name,
                       CODE_SET_BYTES_MAX / 1024);
    if (err)
        return err;
    struct bytes made = buffer_bytes(&r->out);
    const char *copy = arena_copy(r->arena, made);
    *out = bytes_of(copy, copy ? made.size : 0);
    buffer_clear(&r->out);
    return copy ? ERR_OK : ERR_NOMEM;
}

static enum err read_with(struct reader *r, struct map *codes)
{
    size_t start, bad;
    if (!utf8_valid(r->file->text, &bad))
        return refuse(r, bad, "this is not UTF-8");
    enum err err = take_head(r, &start);
    if (!err)
        err = check_head(r);
    if (!err)
        err = keep_list(r, &r->set->notes);
    if (!err)
        err = take_table(r, start, codes);
    if (!err)
        err = keep_list(r, &r->set->codes);
    return err;
}

enum err code_set_read(struct code_set *out, struct arena *arena,
                       const struct import_file *file, char *detail)
{
    struct reader *r = arena_take(arena, sizeof *r);
    struct map *codes;
    *out = (struct code_set){0};
    detail[0] = '\0';
    if (!r || map_new(&codes))
        return ERR_NOMEM;
    r->set = out;
    r->arena = arena;
    r->file = file;
    r->detail = detail;
    buffer_init(&r->out, CODE_SET_BYTES_MAX);
    enum err err = read_with(r, codes);
    map_free(codes);
    buffer_fini(&r->out);
    return err;
}

/* --- two versions --------------------------------------------------------- */

static struct bytes code_of(const struct canon *row)
{
    struct bytes code = bytes_of(NULL, 0);
    (void)canon_text(row, "code", &code);
    return code;
}

static enum err index_codes(struct map *map, const struct canon *list)
{
    enum err err = ERR_OK;
    for (const struct canon *row = list->first; row && !err; row = row->next)
        err = map_put(map, code_of(row), (void *)(uintptr_t)row);
    return err;
}

static void compare(struct code_set_change *out, const struct canon *before,
                    size_t after, const struct map *map)
{
    size_t same = 0;
    for (const struct canon *row = before->first; row; row = row->next) {
        struct bytes code = code_of(row);
        const struct canon *now = map_get(map, code);
        if (now) {
            same++;
            out->changed += !bytes_equal(now->raw, row->raw);
        } else if (out->gone++ == 0) {
            (void)snprintf(out->first_gone, sizeof out->first_gone, "%.*s",
                           (int)code.size, (const char *)code.at);
        }
    }
    out->added = after - same;
}

enum err code_set_compare(struct code_set_change *out, struct bytes before,
                          struct bytes after)
{
    const struct canon *old, *new;
    struct arena arena;
    struct map *map;
    *out = (struct code_set_change){0};
    enum err err = map_new(&map);
    if (err)
        return err;
    arena_init(&arena, COMPARE_BYTES_MAX);
    err = canon_parse(&arena, before, &old, NULL);
    if (!err)
        err = canon_parse(&arena, after, &new, NULL);
    if (!err)
        err = index_codes(map, new);
    if (!err)
        compare(out, old, new->count, map);
    map_free(map);
    arena_fini(&arena);
    return err;
}
