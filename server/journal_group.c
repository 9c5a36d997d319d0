#include "server/journal_group.h"

#include <sodium.h>
#include <string.h>

void group_head_write(uint8_t out[GROUP_BEGIN_BYTES],
                      const struct group_head *head)
{
    store_le64(out, (uint64_t)head->number);
    memcpy(out + 8, head->instance, GROUP_INSTANCE_BYTES);
    out[8 + GROUP_INSTANCE_BYTES] = head->base;
}

enum err group_head_read(struct bytes payload, struct group_head *out)
{
    if (payload.size != GROUP_BEGIN_BYTES)
        return ERR_CORRUPT;
    out->number = (int64_t)load_le64(payload.at);
    memcpy(out->instance, payload.at + 8, GROUP_INSTANCE_BYTES);
    out->base = payload.at[8 + GROUP_INSTANCE_BYTES] != 0;
    return ERR_OK;
}

uint64_t group_text_id(struct bytes text)
{
    uint8_t hash[16];
    crypto_generichash(hash, sizeof hash, text.at, text.size, NULL, 0);
    return load_le64(hash);
}

/* --- writing -------------------------------------------------------------- */

enum err group_text_add(struct journal *journal, uint64_t id, struct bytes text)
{
    struct buffer payload;
    uint8_t number[8];
    buffer_init(&payload, JOURNAL_PAYLOAD_BYTES_MAX);
    store_le64(number, id);
    buffer_add(&payload, number, sizeof number);
    buffer_add_bytes(&payload, text);
    enum err err = buffer_err(&payload);
    if (!err)
        err = journal_add(journal, GROUP_TEXT, buffer_bytes(&payload));
    buffer_fini(&payload);
    return err;
}

enum err group_part_flush(struct journal *journal, struct buffer *part)
{
    enum err err = buffer_err(part);
    if (!err && part->size > 0)
        err = journal_add(journal, GROUP_PART, buffer_bytes(part));
    buffer_clear(part);
    return err;
}

enum err group_statement_add(struct journal *journal, struct buffer *part,
                             uint64_t text, const struct sql_value *values,
                             size_t count)
{
    enum err err = group_statement_write(part, text, values, count);
    if (!err && part->size >= GROUP_PART_BYTES)
        err = group_part_flush(journal, part);
    return err;
}

static enum err put_number(struct buffer *out, uint64_t value)
{
    uint8_t bytes[8];
    store_le64(bytes, value);
    return buffer_add(out, bytes, sizeof bytes);
}

enum err group_statement_write(struct buffer *part, uint64_t text,
                               const struct sql_value *values, size_t count)
{
    put_number(part, text);
    buffer_add_char(part, (char)count);
    for (size_t i = 0; i < count; i++) {
        buffer_add_char(part, (char)values[i].kind);
        if (values[i].kind == SQL_INT)
            put_number(part, (uint64_t)values[i].integer);
        if (values[i].kind == SQL_TEXT || values[i].kind == SQL_BLOB) {
            put_number(part, values[i].bytes.size);
            buffer_add_bytes(part, values[i].bytes);
        }
    }
    return buffer_err(part);
}

/* --- reading -------------------------------------------------------------- */

/* Takes `size` bytes off the part; NULL when they are not there. */
static const uint8_t *take(struct bytes *part, size_t size)
{
    const uint8_t *at = part->at;
    if (size > part->size)
        return NULL;
    part->at += size;
    part->size -= size;
    return at;
}

static bool take_number(struct bytes *part, uint64_t *out)
{
    const uint8_t *at = take(part, 8);
    if (at)
        *out = load_le64(at);
    return at != NULL;
}

static bool take_value(struct bytes *part, struct sql_value *out)
{
    const uint8_t *kind = take(part, 1);
    uint64_t number = 0;
    if (!kind || *kind > SQL_BLOB)
        return false;
    *out = (struct sql_value){.kind = (enum sql_kind) * kind};
    if (out->kind == SQL_NULL)
        return true;
    if (!take_number(part, &number))
        return false;
    out->integer = (int64_t)number;
    if (out->kind == SQL_INT)
        return true;
    if (number > part->size)
        return false;
    out->bytes = bytes_of(take(part, (size_t)number), (size_t)number);
    return true;
}

enum err group_statement_read(struct bytes *part, uint64_t *text,
                              struct sql_value *values, size_t *count)
{
    const uint8_t *number = NULL;
    bool good = take_number(part, text);
    if (good)
        number = take(part, 1);
    if (!number || *number > GROUP_VALUES_MAX)
        return ERR_CORRUPT;
    *count = *number;
    for (size_t i = 0; i < *count; i++)
        if (!take_value(part, &values[i]))
            return ERR_CORRUPT;
    return ERR_OK;
}
