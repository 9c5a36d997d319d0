#include "shared/model/canon.h"

#include <string.h>
#include "shared/model/scan.h"

/* A loose tree takes at most one node for two bytes of text. */
#define NORMALISE_ARENA(size) ((size) * (sizeof(struct canon) + 1) + (1u << 16))

enum err canon_parse(struct arena *arena, struct bytes line,
                     const struct canon **root, struct canon_fault *fault)
{
    struct canon_fault unwanted;
    return scan_value(arena, line, SCAN_STRICT, root,
                      fault ? fault : &unwanted);
}

static void put_value(struct buffer *out, const struct canon *value)
{
    static const char *const word[] = {
        [CANON_NULL] = "null", [CANON_FALSE] = "false", [CANON_TRUE] = "true"};
    bool object = value->kind == CANON_OBJECT;
    switch (value->kind) {
    case CANON_NULL:
    case CANON_FALSE:
    case CANON_TRUE:
        buffer_add_text(out, word[value->kind]);
        return;
    case CANON_INT:
        buffer_add_int(out, value->integer);
        return;
    case CANON_TEXT:
        canon_put_text(out, value->text);
        return;
    case CANON_ARRAY:
    case CANON_OBJECT:
        break;
    }
    buffer_add_char(out, object ? '{' : '[');
    for (const struct canon *item = value->first; item; item = item->next) {
        if (object) {
            canon_put_text(out, item->name);
            buffer_add_char(out, ':');
        }
        put_value(out, item);
        if (item->next)
            buffer_add_char(out, ',');
    }
    buffer_add_char(out, object ? '}' : ']');
}

enum err canon_normalise(struct buffer *out, struct bytes json,
                         struct canon_fault *fault)
{
    struct canon_fault unwanted;
    struct arena arena;
    arena_init(&arena, NORMALISE_ARENA(json.size));
    const struct canon *root;
    enum err err =
        scan_value(&arena, json, SCAN_LOOSE, &root, fault ? fault : &unwanted);
    if (!err) {
        put_value(out, root);
        err = buffer_err(out);
    }
    arena_fini(&arena);
    return err;
}

const struct canon *canon_member_bytes(const struct canon *object,
                                       struct bytes name)
{
    if (!object || object->kind != CANON_OBJECT)
        return NULL;
    const struct canon *member = object->first;
    while (member && !bytes_equal(member->name, name))
        member = member->next;
    return member;
}

const struct canon *canon_member(const struct canon *object, const char *name)
{
    return canon_member_bytes(object, bytes_text(name));
}

bool canon_text(const struct canon *object, const char *name, struct bytes *out)
{
    const struct canon *member = canon_member(object, name);
    if (!member || member->kind != CANON_TEXT)
        return false;
    *out = member->text;
    return true;
}

bool canon_int(const struct canon *object, const char *name, int64_t *out)
{
    const struct canon *member = canon_member(object, name);
    if (!member || member->kind != CANON_INT)
        return false;
    *out = member->integer;
    return true;
}

bool canon_true(const struct canon *object, const char *name)
{
    const struct canon *member = canon_member(object, name);
    return member && member->kind == CANON_TRUE;
}

/* UTF-8 sorts like UTF-16 but for one thing: surrogate pairs (lead bytes from
 * 0xF0) come before U+E000..U+FFFF (lead bytes 0xEE and 0xEF). */
static int utf16_rank(uint8_t byte)
{
    return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
}

int canon_compare_names(struct bytes a, struct bytes b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    for (size_t i = 0; i < shorter; i++)
        if (a.at[i] != b.at[i])
            return utf16_rank(a.at[i]) - utf16_rank(b.at[i]);
    return (a.size > b.size) - (a.size < b.size);
}

/* Bytes that no canonical text may hold (NUL, bad UTF-8) are written in a form
 * that canon_parse() refuses: whoever logs a line parses it first. */
enum err canon_put_text(struct buffer *out, struct bytes text)
{
    buffer_add_char(out, '"');
    size_t run = 0;
    for (size_t i = 0; i < text.size; i++) {
        char escape[6];
        size_t size = 0;
        if (text.at[i] < 0x20 || text.at[i] == '"' || text.at[i] == '\\')
            size = scan_escape(escape, text.at[i]);
        if (size == 0)
            continue;
        buffer_add(out, text.at + run, i - run);
        buffer_add(out, escape, size);
        run = i + 1;
    }
    if (run < text.size)
        buffer_add(out, text.at + run, text.size - run);
    return buffer_add_char(out, '"');
}

enum err canon_put_name(struct buffer *out, const char *name)
{
    canon_put_text(out, bytes_text(name));
    return buffer_add_char(out, ':');
}
