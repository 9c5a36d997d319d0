/* The text parsers of shared/base: what they accept, they write back the same,
 * so that a value has one spelling. */
#include <string.h>
#include "shared/base/buffer.h"
#include "shared/base/clock.h"
#include "tests/fuzz/target.h"

static void integers(struct bytes text)
{
    int64_t value;
    struct buffer out;
    if (int64_parse(text, &value))
        return;
    buffer_init(&out, 64);
    must(!buffer_add_int(&out, value));
    must(bytes_equal(buffer_bytes(&out), text));
    buffer_fini(&out);
}

static void base64(struct bytes text)
{
    uint8_t bytes[512];
    char again[BASE64_CHARS(sizeof bytes) + 1];
    size_t size;
    if (base64_decode_any(bytes, sizeof bytes, text, &size))
        return;
    must(base64_encode(again, bytes, size) == text.size);
    must(bytes_is(text, again));
    must(base64_decode(bytes, size, text) == ERR_OK);
    must(base64_decode(bytes, size + 1, text) == ERR_INVALID);
}

static void hex(struct bytes text)
{
    uint8_t bytes[512];
    char again[2 * sizeof bytes + 1];
    size_t size = text.size / 2;
    if (size > sizeof bytes || hex_decode(bytes, size, text))
        return;
    hex_encode(again, bytes, size);
    must(bytes_is(text, again));
}

static void instants(struct bytes text)
{
    int64_t ms;
    int64_t again;
    char out[INSTANT_CHARS];
    if (instant_parse(text, &ms)) {
        must(!date_valid(text));
        return;
    }
    /* Years 0001 to 9999, a day off at either end for the offset. */
    must(ms > INT64_C(-62135683200000) && ms < INT64_C(253402387200000));
    instant_format(out, ms);
    if (ms >= INT64_C(-62135596800000) && ms < INT64_C(253402300800000))
        must(!instant_parse(bytes_text(out), &again) && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct bytes text = bytes_of(at, size);
    size_t offset;
    must(utf8_valid(text, &offset) == (offset == size));
    /* What stands before the first bad byte is valid on its own. */
    must(utf8_valid(bytes_of(at, offset), NULL));
    integers(text);
    base64(text);
    hex(text);
    instants(text);
    return 0;
}
