#include "shared/model/revision.h"

/* Members are appended in canonical order; those that say nothing are left
 * out. */

static void put_name(struct buffer *out, const char *name)
{
    if (out->size)
        buffer_add_char(out, ',');
    canon_put_name(out, name);
}

static void put_text(struct buffer *out, const char *name, struct bytes text)
{
    if (!text.size)
        return;
    put_name(out, name);
    canon_put_text(out, text);
}

static void put_int(struct buffer *out, const char *name, int64_t value)
{
    put_name(out, name);
    buffer_add_int(out, value);
}

static void put_object(struct buffer *out, const char *name,
                       struct bytes object)
{
    if (object.size <= 2) /* "{}" */
        return;
    put_name(out, name);
    buffer_add_bytes(out, object);
}

static struct bytes text_or_none(const char *text)
{
    return text ? bytes_text(text) : bytes_of(NULL, 0);
}

static enum err put_members(struct buffer *out, const struct revision_draft *d)
{
    put_object(out, "add", d->add);
    put_int(out, "at", d->at);
    put_text(out, "author", bytes_text(d->author));
    put_text(out, "carries", d->carries);
    put_text(out, "case", text_or_none(d->kase));
    put_object(out, "clock", d->clock);
    put_object(out, "drop", d->drop);
    put_object(out, "hold", d->hold);
    put_object(out, "keep", d->keep);
    put_int(out, "n", d->dot.n);
    if (d->prev)
        put_int(out, "prev", d->prev);
    put_text(out, "record", bytes_text(d->record));
    put_text(out, "release", text_or_none(d->release));
    put_text(out, "replica", bytes_text(d->dot.replica));
    if (d->schema)
        put_int(out, "schema", d->schema);
    if (d->seal) {
        put_name(out, "seal");
        buffer_add_text(out, "true");
    }
    if (d->seen && d->seen->count) {
        put_name(out, "seen");
        enum err err = seen_write(out, d->seen);
        if (err)
            return err;
    }
    put_object(out, "set", d->set);
    put_text(out, "type", text_or_none(d->type));
    put_object(out, "was", d->was);
    return buffer_err(out);
}

enum err revision_write(struct buffer *out, const struct revision_draft *draft)
{
    /* The two braces are counted by the caller's buffer, not by this one. */
    size_t ceiling = draft->carries.size ? LINE_BYTES_MAX : ORIGINAL_BYTES_MAX;
    struct buffer members;
    buffer_init(&members, ceiling - 2);
    enum err err = put_members(&members, draft);
    if (!err)
        err = buffer_reserve(out, members.size + 2);
    if (!err) {
        buffer_add_char(out, '{');
        buffer_add_bytes(out, buffer_bytes(&members));
        buffer_add_char(out, '}');
        err = buffer_err(out);
    }
    buffer_fini(&members);
    return err;
}

static void put_place(struct buffer *out, struct bytes dot, int64_t prev,
                      bool first)
{
    if (!first)
        buffer_add_char(out, ',');
    canon_put_text(out, dot);
    buffer_add_char(out, ':');
    buffer_add_int(out, prev);
}

enum err revision_was(struct buffer *out, const struct revision *line, bool had)
{
    char own[DOT_CHARS + 1];
    const struct canon *place = line->was ? line->was->first : NULL;
    bool first = true;
    /* The oldest places are the ones that others are the likeliest to name. */
    bool due = had && !(line->was && line->was->count == REVISION_FIELDS_MAX);
    dot_format(own, &line->dot);
    buffer_add_char(out, '{');
    for (; place; place = place->next) {
        if (due && bytes_compare(bytes_text(own), place->name) < 0) {
            put_place(out, bytes_text(own), line->prev, first);
            first = due = false;
        }
        put_place(out, place->name, place->integer, first);
        first = false;
    }
    if (due)
        put_place(out, bytes_text(own), line->prev, first);
    buffer_add_char(out, '}');
    return buffer_err(out);
}
