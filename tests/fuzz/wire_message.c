/* Every message: what a reader accepts is written in a form that it accepts
 * again and writes the same. */
#include <string.h>
#include "shared/wire/message.h"
#include "tests/fuzz/target.h"

/* The table of readers and writers that the unit tests use. */
#include "tests/unit/wire/recode.c"

#define OUT_BYTES_MAX (4u << 20)
#define ARENA_BYTES_MAX (32u << 20)

/* The first line names the kind, the rest is the message. */
int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    const uint8_t *end = size ? memchr(at, '\n', size) : NULL;
    if (!end)
        return 0;
    struct bytes kind = bytes_of(at, (size_t)(end - at));
    struct bytes line = bytes_of(end + 1, size - kind.size - 1);
    struct arena arena;
    struct buffer first;
    struct buffer second;
    arena_init(&arena, ARENA_BYTES_MAX);
    buffer_init(&first, OUT_BYTES_MAX);
    buffer_init(&second, OUT_BYTES_MAX);
    if (!recode(&arena, kind, line, &first)) {
        must(!recode(&arena, kind, buffer_bytes(&first), &second));
        must(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
    }
    if (line_kind(line) != LINE_REVISION)
        must(line.size > 5 && line.at[0] == '{');
    arena_fini(&arena);
    buffer_fini(&first);
    buffer_fini(&second);
    return 0;
}
