/* Control lines of a feed: join, leave, cursor. */
#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/part.h"

enum err join_line_write(struct buffer *out, const struct join_line *message)
{
    buffer_add_text(out, "{\"join\":{");
    part_put_text(out, "case", message->kase);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err join_line_read(struct arena *arena, struct bytes line,
                        struct join_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "join", CANON_OBJECT);
    part_text(&r, body, "case", PART_REQUIRED, out->kase, sizeof out->kase,
              id_valid);
    return part_err(&r);
}

enum err leave_line_write(struct buffer *out, const struct leave_line *message)
{
    buffer_add_text(out, "{\"leave\":{");
    part_put_int(out, "at", message->at);
    if (message->kase[0])
        part_put_text(out, "case", message->kase);
    part_put_text(out, "lineage", message->lineage);
    part_put_text(out, "replica", message->replica);
    part_put_text(out, "scope", message->scope);
    part_put_base64(out, "sig", message->signature, SIGNATURE_BYTES);
    part_put_text(out, "term", message->term);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err leave_line_read(struct arena *arena, struct bytes line,
                         struct leave_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "leave", CANON_OBJECT);
    out->at = part_int(&r, body, "at", -1, 0);
    part_text(&r, body, "case", PART_OPTIONAL, out->kase, sizeof out->kase,
              id_valid);
    part_text(&r, body, "lineage", PART_REQUIRED, out->lineage,
              sizeof out->lineage, lineage_valid);
    part_text(&r, body, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    part_text(&r, body, "scope", PART_REQUIRED, out->scope, sizeof out->scope,
              leave_scope_valid);
    (void)part_base64(&r, body, "sig", PART_REQUIRED, out->signature,
                      SIGNATURE_BYTES);
    part_text(&r, body, "term", PART_REQUIRED, out->term, sizeof out->term,
              replica_valid);
    return part_err(&r);
}

enum err cursor_line_write(struct buffer *out,
                           const struct cursor_line *message)
{
    const struct cursor *cursor = &message->cursor;
    buffer_add_text(out, "{\"cursor\":{");
    part_put_true(out, "end", message->end);
    if (message->has_mac)
        part_put_base64(out, "mac", message->mac, MAC_BYTES);
    if (cursor->off)
        part_put_int(out, "off", cursor->off);
    part_put_text(out, "scope", cursor->scope);
    part_put_int(out, "seq", cursor->seq);
    if (cursor->has_sum)
        part_put_sum(out, "sum", cursor->sum);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err cursor_line_read(struct arena *arena, struct bytes line,
                          struct cursor_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "cursor", CANON_OBJECT);
    struct cursor *cursor = &out->cursor;
    out->end = part_true(&r, body, "end");
    out->has_mac =
        part_base64(&r, body, "mac", PART_OPTIONAL, out->mac, MAC_BYTES);
    cursor->off = part_int(&r, body, "off", 0, 0);
    part_text(&r, body, "scope", PART_REQUIRED, cursor->scope,
              sizeof cursor->scope, scope_valid);
    cursor->seq = part_int(&r, body, "seq", -1, 0);
    cursor->has_sum = part_sum(&r, body, "sum", PART_OPTIONAL, &cursor->sum);
    return part_err(&r);
}
