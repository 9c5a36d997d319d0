#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/part.h"

#define CLOCK_SAMPLES_MAX 64

/* --- writing --- */

/* Members of an object are sorted, callers need not be: the least scope above
 * `after`, or NULL. */
static const struct cursor *next_cursor(const struct request_header *header,
                                        const char *after)
{
    const struct cursor *least = NULL;
    for (size_t i = 0; i < header->cursor_count; i++) {
        const struct cursor *cursor = &header->cursors[i];
        if (strcmp(cursor->scope, after) > 0 &&
            (!least || strcmp(cursor->scope, least->scope) < 0))
            least = cursor;
    }
    return least;
}

static void put_cursors(struct buffer *out, const struct request_header *header)
{
    if (!header->cursor_count)
        return;
    part_name(out, "cursors");
    buffer_add_char(out, '{');
    const char *after = "";
    const struct cursor *cursor;
    while ((cursor = next_cursor(header, after))) {
        after = cursor->scope;
        part_name(out, cursor->scope);
        buffer_add_char(out, '{');
        if (cursor->off)
            part_put_int(out, "off", cursor->off);
        part_put_int(out, "own", cursor->own);
        part_put_int(out, "seq", cursor->seq);
        if (cursor->has_sum)
            part_put_sum(out, "sum", cursor->sum);
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, '}');
}

/* In the order of their names, as members are. */
static const struct log_mark *next_mark(const struct log_mark *marks,
                                        size_t count, const char *after)
{
    const struct log_mark *least = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(marks[i].replica, after) > 0 &&
            (!least || strcmp(marks[i].replica, least->replica) < 0))
            least = &marks[i];
    return least;
}

static void put_marks(struct buffer *out, const char *name,
                      const struct log_mark *marks, size_t count)
{
    if (!count)
        return;
    part_name(out, name);
    buffer_add_char(out, '{');
    const char *after = "";
    const struct log_mark *mark;
    while ((mark = next_mark(marks, count, after))) {
        after = mark->replica;
        part_put_int(out, mark->replica, mark->n);
    }
    buffer_add_char(out, '}');
}

static void put_base(struct buffer *out, const struct request_header *header)
{
    if (!header->base_n)
        return;
    part_name(out, "base");
    buffer_add_char(out, '{');
    part_put_base64(out, "link", header->base_link, LINK_BYTES);
    part_put_int(out, "n", header->base_n);
    buffer_add_char(out, '}');
}

static void put_known(struct buffer *out, const char *name, const char *text)
{
    if (text[0])
        part_put_text(out, name, text);
}

enum err request_header_write(struct buffer *out,
                              const struct request_header *header)
{
    static const char *const mode[] = {
        [MODE_SYNC] = "", [MODE_RECONCILE] = "reconcile", [MODE_FIX] = "fix"};
    buffer_add_char(out, '{');
    part_put_text(out, "agency", header->agency);
    put_base(out, header);
    part_put_true(out, "bundle", header->bundle);
    if (header->clock_json.size) {
        part_name(out, "clock");
        buffer_add_bytes(out, header->clock_json);
    }
    put_cursors(out, header);
    part_put_int(out, "head", header->head);
    put_known(out, "lineage", header->lineage);
    part_put_true(out, "locked", header->locked);
    put_known(out, "mode", mode[header->mode]);
    put_marks(out, "older", header->older, header->older_count);
    part_put_int(out, "protocol", header->protocol);
    part_put_text(out, "replica", header->replica);
    if (header->room && header->room != ROOM_BYTES_DEFAULT)
        part_put_int(out, "room", header->room);
    put_known(out, "term", header->term);
    put_marks(out, "terms", header->terms, header->terms_count);
    put_known(out, "token", header->token);
    if (header->wait)
        part_put_int(out, "wait", header->wait);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

/* --- reading --- */

static void read_cursors(struct part_reader *r, const struct canon *root,
                         struct request_header *out)
{
    const struct canon *object =
        part_member(r, root, "cursors", CANON_OBJECT, PART_OPTIONAL);
    struct cursor *cursors = part_array(r, object, SCOPES_MAX, sizeof *cursors);
    if (!cursors)
        return;
    out->cursors = cursors;
    for (const struct canon *item = object->first; item; item = item->next) {
        struct cursor *cursor = &cursors[out->cursor_count++];
        if (item->kind != CANON_OBJECT || !scope_valid(item->name) ||
            item->name.size > SCOPE_CHARS_MAX) {
            part_fail(r, item, "is no cursor of a scope");
            return;
        }
        memcpy(cursor->scope, item->name.at, item->name.size);
        cursor->off = part_int(r, item, "off", 0, 0);
        cursor->own = part_int(r, item, "own", 0, 0);
        cursor->seq = part_int(r, item, "seq", 0, 0);
        cursor->has_sum = part_sum(r, item, "sum", PART_OPTIONAL, &cursor->sum);
    }
}

/* A sample is [n, boot id, uptime ms, wall ms]. */
static bool sample_valid(const struct canon *sample)
{
    static const enum canon_kind kinds[] = {CANON_INT, CANON_TEXT, CANON_INT,
                                            CANON_INT};
    if (sample->kind != CANON_ARRAY || sample->count != 4)
        return false;
    const struct canon *item = sample->first;
    for (size_t i = 0; i < 4; i++, item = item->next)
        if (item->kind != kinds[i])
            return false;
    return true;
}

static void read_clock(struct part_reader *r, const struct canon *root,
                       struct request_header *out)
{
    out->clock = part_member(r, root, "clock", CANON_ARRAY, PART_OPTIONAL);
    if (!out->clock)
        return;
    out->clock_json = out->clock->raw;
    if (out->clock->count > CLOCK_SAMPLES_MAX)
        part_fail(r, out->clock, "has too many elements");
    const struct canon *item = out->clock->first;
    for (; item; item = item->next)
        if (!sample_valid(item))
            part_fail(r, item, "is no clock sample");
}

static void read_mode(struct part_reader *r, const struct canon *root,
                      struct request_header *out)
{
    const struct canon *mode =
        part_member(r, root, "mode", CANON_TEXT, PART_OPTIONAL);
    if (!mode)
        return;
    if (bytes_is(mode->text, "reconcile"))
        out->mode = MODE_RECONCILE;
    else if (bytes_is(mode->text, "fix"))
        out->mode = MODE_FIX;
    else
        part_fail(r, mode, "is no mode");
}

static void read_base(struct part_reader *r, const struct canon *root,
                      struct request_header *out)
{
    const struct canon *base =
        part_member(r, root, "base", CANON_OBJECT, PART_OPTIONAL);
    if (!base)
        return;
    out->base_n = part_int(r, base, "n", 0, 1);
    (void)part_base64(r, base, "link", PART_REQUIRED, out->base_link,
                      LINK_BYTES);
}

static void read_marks(struct part_reader *r, const struct canon *root,
                       const char *name, const struct log_mark **out,
                       size_t *count)
{
    const struct canon *object =
        part_member(r, root, name, CANON_OBJECT, PART_OPTIONAL);
    struct log_mark *marks =
        part_array(r, object, LOG_MARKS_MAX, sizeof *marks);
    if (!marks)
        return;
    *out = marks;
    for (const struct canon *item = object->first; item; item = item->next) {
        struct log_mark *mark = &marks[(*count)++];
        if (item->kind != CANON_INT || item->integer < 0 ||
            !replica_valid(item->name)) {
            part_fail(r, item, "is no n of a log");
            return;
        }
        memcpy(mark->replica, item->name.at, REPLICA_CHARS);
        mark->replica[REPLICA_CHARS] = '\0';
        mark->n = item->integer;
    }
}

static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

static void read_members(struct part_reader *r, const struct canon *root,
                         struct request_header *out)
{
    part_text(r, root, "agency", PART_REQUIRED, out->agency, sizeof out->agency,
              name_valid);
    read_base(r, root, out);
    out->bundle = part_true(r, root, "bundle");
    read_clock(r, root, out);
    read_cursors(r, root, out);
    out->head = part_int(r, root, "head", 0, 0);
    part_text(r, root, "lineage", PART_OPTIONAL, out->lineage,
              sizeof out->lineage, lineage_valid);
    out->locked = part_true(r, root, "locked");
    read_mode(r, root, out);
    read_marks(r, root, "older", &out->older, &out->older_count);
    part_text(r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    out->room = at_most(part_int(r, root, "room", ROOM_BYTES_DEFAULT, 1),
                        out->bundle ? BUNDLE_ROOM_BYTES_MAX : ROOM_BYTES_MAX);
    part_text(r, root, "term", PART_OPTIONAL, out->term, sizeof out->term,
              replica_valid);
    read_marks(r, root, "terms", &out->terms, &out->terms_count);
    part_text(r, root, "token", PART_OPTIONAL, out->token, sizeof out->token,
              token_valid);
    out->wait = at_most(part_int(r, root, "wait", 0, 0), WAIT_S_MAX);
}

enum err request_header_read(struct arena *arena, struct bytes line,
                             struct request_header *out,
                             struct canon_fault *fault)
{
    memset(out, 0, sizeof *out);
    if (line.size > REQUEST_HEADER_BYTES_MAX)
        return ERR_TOO_BIG;
    struct part_reader r;
    const struct canon *root = part_open(&r, arena, line);
    /* Another version may have other members: its number is read first. */
    out->protocol = part_int(&r, root, "protocol", 0, 1);
    if (!r.err &&
        (out->protocol < PROTOCOL_MIN || out->protocol > PROTOCOL_MAX))
        return ERR_UNSUPPORTED;
    read_members(&r, root, out);
    if (!r.err && out->base_n > out->head)
        part_fail(&r, root, "has a base above its head");
    if (fault)
        *fault = r.fault;
    return part_err(&r);
}
