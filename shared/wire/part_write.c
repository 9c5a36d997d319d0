#include "shared/wire/part.h"

void part_name(struct buffer *out, const char *name)
{
    if (out->size && out->at[out->size - 1] != '{')
        buffer_add_char(out, ',');
    canon_put_name(out, name);
}

void part_put_int(struct buffer *out, const char *name, int64_t value)
{
    part_name(out, name);
    buffer_add_int(out, value);
}

void part_put_text(struct buffer *out, const char *name, const char *text)
{
    part_put_bytes(out, name, bytes_text(text));
}

void part_put_bytes(struct buffer *out, const char *name, struct bytes text)
{
    part_name(out, name);
    canon_put_text(out, text);
}

void part_put_true(struct buffer *out, const char *name, bool value)
{
    if (!value)
        return;
    part_name(out, name);
    buffer_add_text(out, "true");
}

void part_put_base64(struct buffer *out, const char *name, const void *at,
                     size_t size)
{
    part_name(out, name);
    buffer_add_char(out, '"');
    buffer_add_base64(out, at, size);
    buffer_add_char(out, '"');
}

void part_put_sum(struct buffer *out, const char *name, uint64_t sum)
{
    uint8_t bytes[8];
    store_le64(bytes, sum);
    part_put_base64(out, name, bytes, sizeof bytes);
}
