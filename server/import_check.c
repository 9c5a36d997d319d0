#include "server/import_check.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/clock.h"

static bool digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t pass_digits(struct bytes text, size_t at)
{
    while (at < text.size && digit(text.at[at]))
        at++;
    return at;
}

/* -12, 3.5, .5, 1e6 */
static bool is_number(struct bytes text)
{
    size_t at = text.size && (text.at[0] == '-' || text.at[0] == '+');
    size_t from = at;
    at = pass_digits(text, at);
    size_t digits = at - from;
    if (at < text.size && text.at[at] == '.') {
        from = ++at;
        at = pass_digits(text, at);
        digits += at - from;
    }
    if (!digits)
        return false;
    if (at < text.size && (text.at[at] | 0x20) == 'e') {
        at++;
        at += at < text.size && (text.at[at] == '-' || text.at[at] == '+');
        from = at;
        at = pass_digits(text, at);
        if (at == from)
            return false;
    }
    return at == text.size;
}

/* Two digits below `limit`, behind `lead` unless that is 0. */
static bool two_digits(struct bytes text, size_t *at, char lead, int limit)
{
    if (lead && (*at >= text.size || text.at[*at] != (uint8_t)lead))
        return false;
    *at += lead != 0;
    if (*at + 2 > text.size || !digit(text.at[*at]) || !digit(text.at[*at + 1]))
        return false;
    int value = (text.at[*at] - '0') * 10 + text.at[*at + 1] - '0';
    *at += 2;
    return value < limit;
}

/* 09:00, 09:00:00, 09:00:00.5, each with Z, +02 or +02:00 behind it. */
static bool is_time(struct bytes text)
{
    size_t at = 0;
    if (!two_digits(text, &at, 0, 25) || !two_digits(text, &at, ':', 60))
        return false;
    if (at < text.size && text.at[at] == ':') {
        if (!two_digits(text, &at, ':', 61))
            return false;
        if (at < text.size && text.at[at] == '.')
            at = pass_digits(text, at + 1);
    }
    if (at < text.size && text.at[at] == 'Z')
        at++;
    else if (at < text.size && (text.at[at] == '+' || text.at[at] == '-')) {
        if (!two_digits(text, &at, (char)text.at[at], 24))
            return false;
        if (at < text.size && !two_digits(text, &at, ':', 60))
            return false;
    }
    return at == text.size;
}

/* Publishers leave the offset out. */
static bool is_instant(struct bytes text)
{
    int64_t ms;
    char with_zone[64];
    if (!instant_parse(text, &ms))
        return true;
    if (text.size + 2 > sizeof with_zone)
        return false;
    (void)snprintf(with_zone, sizeof with_zone, "%.*sZ", (int)text.size,
                   (const char *)text.at);
    return !instant_parse(bytes_text(with_zone), &ms);
}

static bool has_space(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] <= ' ')
            return true;
    }
    return false;
}

static bool is_email(struct bytes text)
{
    const uint8_t *sign = memchr(text.at, '@', text.size);
    return sign && sign > text.at && sign + 1 < text.at + text.size &&
           !has_space(text);
}

static bool is_uri(struct bytes text)
{
    const uint8_t *colon = memchr(text.at, ':', text.size);
    return colon && colon > text.at && colon + 1 < text.at + text.size &&
           !has_space(text);
}

static bool is_code(const struct import_column *column, struct bytes text)
{
    for (const char *const *code = column->codes; *code; code++) {
        if (bytes_is(text, *code))
            return true;
    }
    return false;
}

/* "a, b, c", cut where the room ends. */
static void list_codes(const struct import_column *column, char *out,
                       size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (const char *const *code = column->codes; *code; code++) {
        int more =
            snprintf(out + used, size - used, "%s%s", used ? ", " : "", *code);
        if (more < 0 || (size_t)more >= size - used) {
            out[used] = 0;
            return;
        }
        used += (size_t)more;
    }
}

enum err import_check(const struct import_column *column, struct bytes text,
                      char what[IMPORT_CHECK_CHARS])
{
    static const struct {
        bool (*is)(struct bytes text);
        const char *what;
        bool doubtful; /* kept all the same */
    } kinds[] = {
        [IMPORT_NUMBER] = {is_number, "is no number", false},
        [IMPORT_DATE] = {date_valid, "is no date (YYYY-MM-DD)", false},
        [IMPORT_INSTANT] = {is_instant, "is no date and time", false},
        [IMPORT_TIME] = {is_time, "is no time of day (HH:MM:SS)", false},
        [IMPORT_EMAIL] = {is_email, "is no email address", true},
        [IMPORT_URI] = {is_uri, "is no web address", true},
    };
    char quoted[IMPORT_QUOTE_CHARS];
    what[0] = 0;
    if (!text.size)
        return ERR_OK;
    if (column->codes && !is_code(column, text)) {
        char codes[120];
        list_codes(column, codes, sizeof codes);
        (void)snprintf(what, IMPORT_CHECK_CHARS, "%s: %s is not one of %s",
                       column->name, import_quote(quoted, text), codes);
        return ERR_INVALID;
    }
    bool checked = (size_t)column->kind < sizeof kinds / sizeof kinds[0] &&
                   kinds[column->kind].is;
    if (!checked || kinds[column->kind].is(text))
        return ERR_OK;
    (void)snprintf(what, IMPORT_CHECK_CHARS, "%s: %s %s", column->name,
                   import_quote(quoted, text), kinds[column->kind].what);
    return kinds[column->kind].doubtful ? ERR_OK : ERR_INVALID;
}
