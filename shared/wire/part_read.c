#include "shared/wire/part.h"

#include <string.h>
#include "shared/wire/message.h"

#define LOOSE_BYTES_MAX (1u << 20)

void part_fail(struct part_reader *r, const struct canon *where,
               const char *what)
{
    if (r->err)
        return;
    r->err = ERR_INVALID;
    r->fault.what = what;
    r->fault.offset =
        where && where->raw.at ? (size_t)(where->raw.at - r->line.at) : 0;
}

enum err part_err(const struct part_reader *r)
{
    return r->err;
}

static const struct canon *
of_kind(struct part_reader *r, const struct canon *value, enum canon_kind kind)
{
    static const char *const wanted[] = {
        [CANON_NULL] = "must be null",
        [CANON_FALSE] = "must be false",
        [CANON_TRUE] = "must be true",
        [CANON_INT] = "must be an integer",
        [CANON_TEXT] = "must be a text",
        [CANON_ARRAY] = "must be an array",
        [CANON_OBJECT] = "must be an object",
    };
    if (value->kind == kind)
        return value;
    part_fail(r, value, wanted[kind]);
    return NULL;
}

const struct canon *part_open(struct part_reader *r, struct arena *arena,
                              struct bytes line)
{
    const struct canon *root;
    *r = (struct part_reader){.arena = arena, .line = line};
    r->err = canon_parse(arena, line, &root, &r->fault);
    return r->err ? NULL : of_kind(r, root, CANON_OBJECT);
}

const struct canon *part_open_loose(struct part_reader *r, struct arena *arena,
                                    struct bytes json)
{
    struct buffer text;
    *r = (struct part_reader){.arena = arena, .line = json};
    buffer_init(&text, LOOSE_BYTES_MAX);
    r->err = canon_normalise(&text, json, &r->fault);
    char *copy = r->err ? NULL : arena_copy(arena, buffer_bytes(&text));
    size_t size = text.size;
    buffer_fini(&text);
    if (copy)
        return part_open(r, arena, bytes_of(copy, size));
    if (!r->err)
        r->err = ERR_NOMEM;
    return NULL;
}

const struct canon *part_control(struct part_reader *r, struct arena *arena,
                                 struct bytes line, const char *name,
                                 enum canon_kind kind)
{
    const struct canon *root = part_open(r, arena, line);
    return part_member(r, root, name, kind, PART_REQUIRED);
}

const struct canon *part_member(struct part_reader *r,
                                const struct canon *object, const char *name,
                                enum canon_kind kind, enum need need)
{
    const struct canon *value =
        r->err || !object ? NULL : canon_member(object, name);
    if (value)
        return of_kind(r, value, kind);
    if (need == PART_REQUIRED)
        part_fail(r, object, "lacks a member");
    return NULL;
}

int64_t part_int(struct part_reader *r, const struct canon *object,
                 const char *name, int64_t absent, int64_t least)
{
    const struct canon *value =
        part_member(r, object, name, CANON_INT,
                    absent < least ? PART_REQUIRED : PART_OPTIONAL);
    if (!value)
        return absent;
    if (value->integer < least)
        part_fail(r, value, "is too small");
    return value->integer;
}

bool part_true(struct part_reader *r, const struct canon *object,
               const char *name)
{
    return part_member(r, object, name, CANON_TRUE, PART_OPTIONAL) != NULL;
}

void part_copy(struct part_reader *r, const struct canon *text, char *out,
               size_t room, part_valid *valid)
{
    out[0] = 0;
    if (r->err || !text)
        return;
    if (text->kind != CANON_TEXT || text->text.size >= room ||
        !valid(text->text)) {
        part_fail(r, text, "is not of the expected form");
        return;
    }
    memcpy(out, text->text.at, text->text.size);
    out[text->text.size] = 0;
}

void part_text(struct part_reader *r, const struct canon *object,
               const char *name, enum need need, char *out, size_t room,
               part_valid *valid)
{
    part_copy(r, part_member(r, object, name, CANON_TEXT, need), out, room,
              valid);
}

bool part_base64(struct part_reader *r, const struct canon *object,
                 const char *name, enum need need, uint8_t *out, size_t size)
{
    memset(out, 0, size);
    const struct canon *value = part_member(r, object, name, CANON_TEXT, need);
    if (!value)
        return false;
    if (!base64_decode(out, size, value->text))
        return true;
    part_fail(r, value, "is not base64url of the expected length");
    return false;
}

struct bytes part_blob(struct part_reader *r, const struct canon *object,
                       const char *name, size_t ceiling)
{
    struct bytes none = bytes_of(NULL, 0);
    const struct canon *value =
        part_member(r, object, name, CANON_TEXT, PART_REQUIRED);
    if (!value)
        return none;
    size_t size = value->text.size / 4 * 3 + 3;
    uint8_t *at = arena_take(r->arena, size);
    if (!at) {
        r->err = ERR_NOMEM;
        return none;
    }
    enum err err = base64_decode_any(at, size, value->text, &size);
    if (!err && size <= ceiling)
        return bytes_of(at, size);
    part_fail(r, value, err ? "is not base64url" : "is too long");
    return none;
}

bool part_sum(struct part_reader *r, const struct canon *object,
              const char *name, enum need need, uint64_t *out)
{
    uint8_t bytes[8];
    bool there = part_base64(r, object, name, need, bytes, sizeof bytes);
    *out = load_le64(bytes);
    return there;
}

void *part_array(struct part_reader *r, const struct canon *array, size_t most,
                 size_t element_bytes)
{
    if (r->err || !array || !array->count)
        return NULL;
    if (array->count > most) {
        part_fail(r, array, "has too many elements");
        return NULL;
    }
    void *at = arena_take(r->arena, array->count * element_bytes);
    if (!at)
        r->err = ERR_NOMEM;
    return at;
}

bool lineage_valid(struct bytes text)
{
    uint8_t bytes[LINEAGE_BYTES];
    return !base64_decode(bytes, sizeof bytes, text);
}

bool token_valid(struct bytes text)
{
    uint8_t bytes[TOKEN_BYTES];
    return !base64_decode(bytes, sizeof bytes, text);
}

bool case_valid(struct bytes text)
{
    return !text.size || id_valid(text);
}

bool leave_scope_valid(struct bytes text)
{
    return bytes_is(text, "*") || scope_valid(text);
}

bool text_valid(struct bytes text)
{
    (void)text;
    return true;
}
