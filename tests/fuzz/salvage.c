/* What salvage reads: rows of a vault in any bytes, records of a mirror.
 *
 * The first byte says how many pages are the database, and what is left is its
 * write-ahead log; from 128 on it says which record of a mirror follows. */
#include <string.h>
#include "shared/replica/mirror_record.h"
#include "shared/replica/salvage_cells.h"
#include "tests/fuzz/target.h"

#define PAGE_BYTES 4096u

/* --- rows ----------------------------------------------------------------- */

/* Every byte can be read. */
static void touch(struct bytes bytes)
{
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, bytes);
}

static enum err each(void *context, const struct cell *cell)
{
    size_t *cells = context;
    must(cell->column[0].null);
    for (size_t i = 0; i < CELL_COLUMNS; i++)
        touch(cell->column[i].bytes);
    if (cell->kind == CELL_META) {
        must(cell->column[3].bytes.size == KEY_SALT_BYTES);
        must(cell->column[4].bytes.size == SECRET_BYTES + SEAL_OVERHEAD_BYTES);
        must(cell->column[5].bytes.size == KEY_CHECK_BYTES);
    }
    if (cell->kind == CELL_REPLICA)
        must(cell->column[1].bytes.size == REPLICA_CHARS);
    if (cell->kind == CELL_LOG)
        must(cell->column[5].bytes.size == HASH_BYTES);
    ++*cells;
    return ERR_OK;
}

/* At each byte a row of each kind may begin, in each of two ways. */
static void rows(size_t database, struct bytes image)
{
    size_t cells = 0;
    size_t size = database * PAGE_BYTES;
    size = size < image.size ? size : image.size;
    must(!salvage_cells(bytes_of(image.at, size),
                        bytes_of(image.at + size, image.size - size), each,
                        &cells));
    must(cells <= 8 * image.size);
}

/* --- records -------------------------------------------------------------- */

/* A record that is read can be written, and read again. */
static void record(struct arena *arena, int kind, struct bytes text)
{
    struct mirror_keys keys;
    struct mirror_case kase;
    struct mirror_line line;
    struct buffer out;
    enum err err = ERR_INVALID;
    buffer_init(&out, MIRROR_RECORD_BYTES_MAX);
    if (kind == MIRROR_KEYS && !mirror_keys_read(arena, text, &keys))
        err = mirror_keys_write(&out, &keys);
    if (kind == MIRROR_CASE && !mirror_case_read(arena, text, &kase))
        err = mirror_case_write(&out, &kase);
    if (kind == MIRROR_LINE && !mirror_line_read(arena, text, &line))
        err = mirror_line_write(&out, &line);
    must(!err || err == ERR_INVALID);
    if (!err && kind == MIRROR_KEYS)
        must(!mirror_keys_read(arena, buffer_bytes(&out), &keys));
    if (!err && kind == MIRROR_CASE)
        must(!mirror_case_read(arena, buffer_bytes(&out), &kase));
    if (!err && kind == MIRROR_LINE)
        must(!mirror_line_read(arena, buffer_bytes(&out), &line));
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct arena arena;
    if (!size)
        return 0;
    struct bytes rest = bytes_of(at + 1, size - 1);
    if (at[0] < 128) {
        rows(at[0], rest);
        return 0;
    }
    arena_init(&arena, 64u << 20);
    record(&arena, at[0] % 3 + MIRROR_KEYS, rest);
    arena_fini(&arena);
    return 0;
}
