#include "server/import_json.h"

#include <string.h>

struct parser {
    struct arena *arena;
    struct bytes text;
    size_t at;
    int depth;
    struct import_json_fault *fault;
};

static enum err fail(struct parser *p, size_t offset, const char *what)
{
    p->fault->offset = offset;
    p->fault->what = what;
    return ERR_INVALID;
}

/* 0 at the end: a NUL is not part of any token. */
static uint8_t peek(const struct parser *p)
{
    return p->at < p->text.size ? p->text.at[p->at] : 0;
}

static void pass_space(struct parser *p)
{
    for (;;) {
        uint8_t byte = peek(p);
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r')
            return;
        p->at++;
    }
}

static bool digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t pass_digits(struct parser *p)
{
    size_t from = p->at;
    while (digit(peek(p)))
        p->at++;
    return p->at - from;
}

static enum err parse_number(struct parser *p, struct import_json *node)
{
    if (peek(p) == '-')
        p->at++;
    bool zero = peek(p) == '0';
    size_t digits = pass_digits(p);
    if (!digits || (zero && digits > 1))
        return fail(p, node->offset, "this is no JSON value");
    if (peek(p) == '.') {
        p->at++;
        if (!pass_digits(p))
            return fail(p, p->at, "digits are missing in a number");
    }
    if (peek(p) == 'e' || peek(p) == 'E') {
        p->at++;
        if (peek(p) == '+' || peek(p) == '-')
            p->at++;
        if (!pass_digits(p))
            return fail(p, p->at, "digits are missing in a number");
    }
    node->kind = IMPORT_JSON_NUMBER;
    node->text = bytes_of(p->text.at + node->offset, p->at - node->offset);
    return ERR_OK;
}

static bool parse_word(struct parser *p, struct import_json *node,
                       const char *word, enum import_json_kind kind)
{
    size_t size = strlen(word);
    if (p->text.size - p->at < size ||
        memcmp(p->text.at + p->at, word, size) != 0)
        return false;
    p->at += size;
    node->kind = kind;
    return true;
}

static int hex_digit(uint8_t byte)
{
    if (digit(byte))
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The four digits of \uXXXX that begin at `at`; -1 when they are not there. */
static int32_t hex_unit(const struct parser *p, size_t at)
{
    int32_t unit = 0;
    if (at + 4 > p->text.size)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        int value = hex_digit(p->text.at[i]);
        if (value < 0)
            return -1;
        unit = unit * 16 + value;
    }
    return unit;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (uint8_t)(lead[more] | c);
    return more + 1;
}

/* Behind \u.  Decodes one character, of a surrogate pair both. */
static enum err parse_unicode(struct parser *p, uint8_t *out, size_t *used)
{
    size_t from = p->at - 2;
    int32_t unit = hex_unit(p, p->at);
    if (unit <= 0)
        return fail(p, from, "the escape is malformed");
    p->at += 4;
    uint32_t character = (uint32_t)unit;
    if (unit >= 0xd800 && unit < 0xe000) {
        bool follows = peek(p) == '\\' && p->at + 1 < p->text.size &&
                       p->text.at[p->at + 1] == 'u';
        int32_t low = follows ? hex_unit(p, p->at + 2) : -1;
        if (unit >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
            return fail(p, from, "half of a surrogate pair is missing");
        p->at += 6;
        character = 0x10000 + (((uint32_t)unit - 0xd800) << 10) +
                    ((uint32_t)low - 0xdc00);
    }
    *used += put_utf8(out + *used, character);
    return ERR_OK;
}

static enum err parse_escape(struct parser *p, uint8_t *out, size_t *used)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    p->at++;
    uint8_t name = peek(p);
    if (name == 'u') {
        p->at++;
        return parse_unicode(p, out, used);
    }
    const char *found = name ? strchr(names, name) : NULL;
    if (!found)
        return fail(p, p->at - 1, "the escape is malformed");
    out[(*used)++] = (uint8_t)values[found - names];
    p->at++;
    return ERR_OK;
}

/* Finds the closing quote; *escaped tells whether there is work to do. */
static enum err text_end(struct parser *p, size_t *end, bool *escaped)
{
    size_t from = p->at;
    *escaped = false;
    for (size_t at = from; at < p->text.size; at++) {
        uint8_t byte = p->text.at[at];
        if (byte == '"') {
            size_t bad;
            *end = at;
            if (!utf8_valid(bytes_of(p->text.at + from, at - from), &bad))
                return fail(p, from + bad, "the text is not UTF-8");
            return ERR_OK;
        }
        if (byte < 0x20)
            return fail(p, at, "a control character stands in a text");
        if (byte == '\\') {
            *escaped = true;
            at++;
        }
    }
    return fail(p, from - 1, "the text is never closed");
}

/* An escape is never shorter than what it stands for. */
static enum err parse_text(struct parser *p, struct bytes *out)
{
    size_t end;
    bool escaped;
    p->at++;
    enum err err = text_end(p, &end, &escaped);
    if (err)
        return err;
    *out = bytes_of(p->text.at + p->at, end - p->at);
    if (escaped) {
        uint8_t *copy = arena_take(p->arena, out->size);
        if (!copy)
            return ERR_NOMEM;
        size_t used = 0;
        while (p->at < end) {
            if (peek(p) != '\\') {
                copy[used++] = p->text.at[p->at++];
                continue;
            }
            err = parse_escape(p, copy, &used);
            if (err)
                return err;
        }
        *out = bytes_of(copy, used);
    }
    p->at = end + 1;
    return ERR_OK;
}

static enum err parse_value(struct parser *p, struct import_json *node);

static enum err parse_name(struct parser *p, struct import_json *child)
{
    if (peek(p) != '"')
        return fail(p, p->at, "a member name in quotes is missing");
    enum err err = parse_text(p, &child->name);
    if (err)
        return err;
    pass_space(p);
    if (peek(p) != ':')
        return fail(p, p->at, "a colon is missing");
    p->at++;
    return ERR_OK;
}

static enum err parse_children(struct parser *p, struct import_json *node,
                               uint8_t close)
{
    struct import_json **link = &node->first;
    p->at++;
    pass_space(p);
    if (peek(p) == close) {
        p->at++;
        return ERR_OK;
    }
    for (;;) {
        struct import_json *child = arena_take(p->arena, sizeof *child);
        if (!child)
            return ERR_NOMEM;
        pass_space(p);
        enum err err = close == '}' ? parse_name(p, child) : ERR_OK;
        if (!err)
            err = parse_value(p, child);
        if (err)
            return err;
        *link = child;
        link = &child->next;
        node->count++;
        pass_space(p);
        uint8_t byte = peek(p);
        if (byte != ',' && byte != close)
            return fail(p, p->at, "a comma or a closing bracket is missing");
        p->at++;
        if (byte == close)
            return ERR_OK;
    }
}

static enum err parse_nested(struct parser *p, struct import_json *node,
                             enum import_json_kind kind, uint8_t close)
{
    if (p->depth == IMPORT_JSON_DEPTH_MAX)
        return fail(p, p->at, "the nesting is too deep");
    node->kind = kind;
    p->depth++;
    enum err err = parse_children(p, node, close);
    p->depth--;
    return err;
}

static enum err parse_value(struct parser *p, struct import_json *node)
{
    pass_space(p);
    node->offset = p->at;
    switch (peek(p)) {
    case '{':
        return parse_nested(p, node, IMPORT_JSON_OBJECT, '}');
    case '[':
        return parse_nested(p, node, IMPORT_JSON_ARRAY, ']');
    case '"':
        node->kind = IMPORT_JSON_TEXT;
        return parse_text(p, &node->text);
    default:
        break;
    }
    if (parse_word(p, node, "true", IMPORT_JSON_TRUE) ||
        parse_word(p, node, "false", IMPORT_JSON_FALSE) ||
        parse_word(p, node, "null", IMPORT_JSON_NULL))
        return ERR_OK;
    return parse_number(p, node);
}

enum err import_json_parse(struct arena *arena, struct bytes text,
                           const struct import_json **root,
                           struct import_json_fault *fault)
{
    struct parser p = {.arena = arena, .text = text, .fault = fault};
    *root = NULL;
    if (text.size >= 3 && !memcmp(text.at, "\xef\xbb\xbf", 3))
        p.at = 3;
    struct import_json *node = arena_take(arena, sizeof *node);
    if (!node)
        return ERR_NOMEM;
    enum err err = parse_value(&p, node);
    if (err)
        return err;
    pass_space(&p);
    if (p.at < text.size)
        return fail(&p, p.at, "something stands behind the JSON value");
    *root = node;
    return ERR_OK;
}

const struct import_json *import_json_member(const struct import_json *object,
                                             const char *name)
{
    if (!object || object->kind != IMPORT_JSON_OBJECT)
        return NULL;
    for (const struct import_json *m = object->first; m; m = m->next) {
        if (bytes_is(m->name, name))
            return m;
    }
    return NULL;
}
