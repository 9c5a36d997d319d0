#include "shared/model/scan.h"

#include <string.h>

#define NODES_AT_ONCE 8

struct scan {
    struct arena *arena;
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    enum scan_mode mode;
    enum err err;
    struct canon_fault fault;
    struct canon *spare; /* taken from the arena, not used yet */
    size_t spare_count;
};

static struct canon *scan_any(struct scan *s, int depth);

static bool fail_at(struct scan *s, const uint8_t *at, const char *what)
{
    s->err = ERR_INVALID;
    s->fault.offset = (size_t)(at - s->start);
    s->fault.what = what;
    return false;
}

static struct canon *node_new(struct scan *s, enum canon_kind kind)
{
    if (s->spare_count == 0) {
        s->spare = arena_take(s->arena, NODES_AT_ONCE * sizeof *s->spare);
        if (!s->spare) {
            s->err = ERR_NOMEM;
            return NULL;
        }
        s->spare_count = NODES_AT_ONCE;
    }
    struct canon *node = s->spare++;
    s->spare_count--;
    node->kind = kind;
    return node;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Moves to the next token; false at the end, or at white space when strict. */
static bool to_token(struct scan *s)
{
    if (s->mode == SCAN_LOOSE)
        while (s->at < s->end && is_space(*s->at))
            s->at++;
    if (s->at == s->end)
        return fail_at(s, s->at, "the text ends too early");
    if (is_space(*s->at))
        return fail_at(s, s->at, "white space is not canonical");
    return true;
}

/* From the opening quote to behind the closing one. */
static bool scan_text(struct scan *s, struct bytes *text)
{
    struct scan_text found;
    const char *what = scan_text_end(s->at + 1, s->end, s->mode, &found);
    if (what)
        return fail_at(s, found.end, what);
    *text = bytes_of(s->at + 1, (size_t)(found.end - (s->at + 1)));
    s->at = found.end + 1;
    if (found.escaped && !scan_text_decode(s->arena, text)) {
        s->err = ERR_NOMEM;
        return false;
    }
    return true;
}

/* ---- numbers and words ---- */

static bool is_digit(const struct scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

/* A fault in a number is placed on its first byte. */
static bool scan_int(struct scan *s, int64_t *integer)
{
    const uint8_t *start = s->at;
    bool negative = *s->at == '-';
    if (negative)
        s->at++;
    if (!is_digit(s))
        return fail_at(s, start, "a number needs digits");
    const uint8_t *digits = s->at;
    int64_t value = 0;
    bool too_big = false;
    for (; is_digit(s); s->at++) {
        value = value * 10 + (*s->at - '0');
        if (value > CANON_INT_MAX) {
            too_big = true;
            value = CANON_INT_MAX;
        }
    }
    if (*digits == '0' && s->at - digits > 1)
        return fail_at(s, start, "a number has a leading zero");
    if (s->at < s->end && (*s->at == '.' || (*s->at | 0x20) == 'e'))
        return fail_at(s, start, "a number is not an integer");
    if (too_big)
        return fail_at(s, start, "a number is beyond 2^53");
    if (negative && value == 0)
        return fail_at(s, start, "minus zero is not allowed");
    *integer = negative ? -value : value;
    return true;
}

static struct canon *scan_word(struct scan *s, const char *word,
                               enum canon_kind kind)
{
    size_t size = strlen(word);
    if ((size_t)(s->end - s->at) < size || memcmp(s->at, word, size) != 0) {
        fail_at(s, s->at, "no value begins like this");
        return NULL;
    }
    s->at += size;
    return node_new(s, kind);
}

/* ---- arrays and objects ---- */

/* The closing byte, or a comma before the next one.  *more tells which. */
static bool scan_comma(struct scan *s, uint8_t closing, bool *more)
{
    if (!to_token(s))
        return false;
    *more = *s->at == ',';
    if (!*more && *s->at != closing)
        return fail_at(s, s->at, "a comma or a closing bracket is missing");
    s->at++;
    return true;
}

/* Steps over the opening byte; *more is false when the closing one follows. */
static bool scan_opening(struct scan *s, uint8_t closing, bool *more)
{
    s->at++;
    if (!to_token(s))
        return false;
    *more = *s->at != closing;
    if (!*more)
        s->at++;
    return true;
}

static bool scan_array(struct scan *s, struct canon *array, int depth)
{
    const struct canon **link = &array->first;
    bool more;
    if (!scan_opening(s, ']', &more))
        return false;
    while (more) {
        struct canon *element = scan_any(s, depth);
        if (!element)
            return false;
        *link = element;
        link = &element->next;
        array->count++;
        if (!scan_comma(s, ']', &more))
            return false;
    }
    return true;
}

static struct canon *scan_member(struct scan *s, int depth)
{
    struct bytes name;
    if (!to_token(s))
        return NULL;
    const uint8_t *start = s->at;
    if (*start != '"') {
        fail_at(s, start, "a member name is missing");
        return NULL;
    }
    if (!scan_text(s, &name) || !to_token(s))
        return NULL;
    if (*s->at != ':') {
        fail_at(s, s->at, "a colon is missing");
        return NULL;
    }
    s->at++;
    struct canon *member = scan_any(s, depth);
    if (member) {
        member->name = name;
        if (s->mode == SCAN_LOOSE) /* where a doubled name is reported */
            member->raw = bytes_of(start, 0);
    }
    return member;
}

/* Merges two sorted lists; equal names keep their order. */
static struct canon *merge(struct canon *a, struct canon *b)
{
    const struct canon *head = NULL;
    const struct canon **link = &head;
    while (a && b) {
        struct canon **least =
            canon_compare_names(a->name, b->name) <= 0 ? &a : &b;
        *link = *least;
        link = &(*least)->next;
        *least = (struct canon *)(*least)->next;
    }
    *link = a ? a : b;
    return (struct canon *)head;
}

/* Bottom-up merge sort: bin i holds a sorted list of 2^i members or none. */
static struct canon *sort_members(struct canon *list)
{
    struct canon *bins[32] = {NULL};
    while (list) {
        struct canon *one = list;
        list = (struct canon *)list->next;
        one->next = NULL;
        int i = 0;
        for (; bins[i]; i++) {
            one = merge(bins[i], one);
            bins[i] = NULL;
        }
        bins[i] = one;
    }
    struct canon *sorted = NULL;
    for (int i = 0; i < 32; i++)
        if (bins[i])
            sorted = merge(bins[i], sorted);
    return sorted;
}

static bool check_unique(struct scan *s, const struct canon *object)
{
    const struct canon *member = object->first;
    for (; member && member->next; member = member->next)
        if (bytes_equal(member->name, member->next->name))
            return fail_at(s, member->next->raw.at, "a member stands twice");
    return true;
}

static bool check_sorted(struct scan *s, struct bytes before, struct bytes name,
                         const uint8_t *at)
{
    int order = canon_compare_names(before, name);
    if (order < 0)
        return true;
    return fail_at(s, at,
                   order == 0 ? "a member stands twice"
                              : "the members are not sorted");
}

static bool scan_object(struct scan *s, struct canon *object, int depth)
{
    const struct canon **link = &object->first;
    struct canon *last = NULL;
    bool more;
    if (!scan_opening(s, '}', &more))
        return false;
    while (more) {
        const uint8_t *start = s->at;
        struct canon *member = scan_member(s, depth);
        if (!member)
            return false;
        if (last && s->mode == SCAN_STRICT &&
            !check_sorted(s, last->name, member->name, start))
            return false;
        *link = last = member;
        link = &member->next;
        object->count++;
        if (!scan_comma(s, '}', &more))
            return false;
    }
    if (s->mode == SCAN_STRICT)
        return true;
    object->first = sort_members((struct canon *)object->first);
    return check_unique(s, object);
}

static struct canon *scan_nested(struct scan *s, enum canon_kind kind,
                                 int depth)
{
    if (depth == CANON_DEPTH_MAX) {
        fail_at(s, s->at, "nested too deep");
        return NULL;
    }
    struct canon *node = node_new(s, kind);
    if (!node)
        return NULL;
    bool ok = kind == CANON_ARRAY ? scan_array(s, node, depth + 1)
                                  : scan_object(s, node, depth + 1);
    return ok ? node : NULL;
}

static struct canon *scan_text_node(struct scan *s)
{
    struct canon *node = node_new(s, CANON_TEXT);
    return node && scan_text(s, &node->text) ? node : NULL;
}

static struct canon *scan_int_node(struct scan *s)
{
    struct canon *node = node_new(s, CANON_INT);
    return node && scan_int(s, &node->integer) ? node : NULL;
}

static struct canon *scan_kind(struct scan *s, int depth)
{
    switch (*s->at) {
    case '"':
        return scan_text_node(s);
    case '{':
        return scan_nested(s, CANON_OBJECT, depth);
    case '[':
        return scan_nested(s, CANON_ARRAY, depth);
    case 'n':
        return scan_word(s, "null", CANON_NULL);
    case 'f':
        return scan_word(s, "false", CANON_FALSE);
    case 't':
        return scan_word(s, "true", CANON_TRUE);
    default:
        if (*s->at == '-' || is_digit(s))
            return scan_int_node(s);
        fail_at(s, s->at, "no value begins like this");
        return NULL;
    }
}

static struct canon *scan_any(struct scan *s, int depth)
{
    if (!to_token(s))
        return NULL;
    const uint8_t *start = s->at;
    struct canon *node = scan_kind(s, depth);
    if (node)
        node->raw = bytes_of(start, (size_t)(s->at - start));
    return node;
}

enum err scan_value(struct arena *arena, struct bytes text, enum scan_mode mode,
                    const struct canon **root, struct canon_fault *fault)
{
    static const uint8_t nothing[1];
    const uint8_t *start = text.size ? text.at : nothing;
    struct scan s = {.arena = arena,
                     .start = start,
                     .at = start,
                     .end = start + text.size,
                     .mode = mode};
    *root = NULL;
    const struct canon *value = scan_any(&s, 0);
    while (value && mode == SCAN_LOOSE && s.at < s.end && is_space(*s.at))
        s.at++;
    if (value && s.at < s.end)
        fail_at(&s, s.at, "bytes follow the value");
    *fault = s.fault;
    if (!s.err)
        *root = value;
    return s.err;
}
