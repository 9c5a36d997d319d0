#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/part.h"

static void put_known_int(struct buffer *out, const char *name, int64_t value)
{
    if (value >= 0)
        part_put_int(out, name, value);
}

enum err error_body_write(struct buffer *out, const struct error_body *message)
{
    buffer_add_char(out, '{');
    part_put_text(out, "detail", message->detail);
    part_put_text(out, "error", message->error);
    if (message->lineage[0])
        part_put_text(out, "lineage", message->lineage);
    put_known_int(out, "max", message->max);
    put_known_int(out, "min", message->min);
    put_known_int(out, "offset", message->offset);
    put_known_int(out, "received", message->received);
    if (message->replica[0])
        part_put_text(out, "replica", message->replica);
    put_known_int(out, "retry_after_s", message->retry_after_s);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

/* The reader's own language may need more room than there is: the text ends at
 * a whole character. */
static void read_detail(struct part_reader *r, const struct canon *root,
                        struct error_body *out)
{
    const struct canon *detail =
        part_member(r, root, "detail", CANON_TEXT, PART_OPTIONAL);
    if (!detail)
        return;
    size_t size = detail->text.size;
    if (size >= sizeof out->detail) {
        size = sizeof out->detail - 1;
        while (size && (detail->text.at[size] & 0xc0) == 0x80)
            size--;
    }
    memcpy(out->detail, detail->text.at, size);
}

enum err error_body_read(struct arena *arena, struct bytes line,
                         struct error_body *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *root = part_open_loose(&r, arena, line);
    read_detail(&r, root, out);
    part_text(&r, root, "error", PART_REQUIRED, out->error, sizeof out->error,
              name_valid);
    part_text(&r, root, "lineage", PART_OPTIONAL, out->lineage,
              sizeof out->lineage, lineage_valid);
    out->max = part_int(&r, root, "max", -1, -1);
    out->min = part_int(&r, root, "min", -1, -1);
    out->offset = part_int(&r, root, "offset", -1, -1);
    out->received = part_int(&r, root, "received", -1, -1);
    part_text(&r, root, "replica", PART_OPTIONAL, out->replica,
              sizeof out->replica, replica_valid);
    out->retry_after_s = part_int(&r, root, "retry_after_s", -1, -1);
    return part_err(&r);
}
