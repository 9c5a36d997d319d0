#include "shared/replica/salvage_cells.h"

#include <string.h>

#define PAGE_BYTES 4096u /* of every vault: SQLite's default */
#define PAYLOAD_BYTES_MAX (4u << 20)
#define HEADER_BYTES_MAX 64
#define LOCAL_BYTES_MAX (PAGE_BYTES - 35)
#define LOCAL_BYTES_MIN ((PAGE_BYTES - 12) * 32 / 255 - 23)
#define WAL_HEADER_BYTES 32u
#define FRAME_HEADER_BYTES 24u

/* What a column may be: sizes of blobs and texts, or any number. */
enum { ANY_BLOB = -1, NUMBER = -2, NOTHING = -3, NUMBER_OR_NOTHING = -4 };
#define SEALED_KEY_BYTES (SECRET_BYTES + SEAL_OVERHEAD_BYTES)

static const struct shape {
    enum cell_kind kind;
    int columns; /* the first ones; more may follow in `meta` alone */
    bool open;
    int is[CELL_COLUMNS];
} shapes[] = {
    {CELL_META,
     6,
     true,
     {NOTHING, NUMBER, NUMBER, KEY_SALT_BYTES, SEALED_KEY_BYTES,
      KEY_CHECK_BYTES}},
    {CELL_REPLICA, 3, false, {NOTHING, REPLICA_CHARS, NUMBER}},
    {CELL_CASE, 4, false, {NOTHING, TOKEN_KEYED_BYTES, ANY_BLOB, ANY_BLOB}},
    {CELL_LOG,
     7,
     false,
     {NOTHING, NUMBER, NUMBER, NUMBER, ANY_BLOB, HASH_BYTES,
      NUMBER_OR_NOTHING}},
};

struct scan {
    struct bytes database, wal;
    struct buffer row; /* of a row that goes on elsewhere */
    cell_each *each;
    void *context;
};

/* Big-endian groups of seven bits; 0 bytes when cut. */
static size_t varint(struct bytes at, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < 9 && i < at.size; i++) {
        if (i == 8) {
            *out = *out << 8 | at.at[i];
            return 9;
        }
        *out = *out << 7 | (at.at[i] & 0x7f);
        if (!(at.at[i] & 0x80))
            return i + 1;
    }
    return 0;
}

static size_t serial_size(uint64_t serial)
{
    static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return serial < 12 ? sizes[serial] : (size_t)(serial - 12) / 2;
}

static bool serial_fits(uint64_t serial, int is)
{
    bool number = (serial >= 1 && serial <= 6) || serial == 8 || serial == 9;
    switch (is) {
    case NOTHING:
        return serial == 0;
    case NUMBER:
        return number;
    case NUMBER_OR_NOTHING:
        return number || serial == 0;
    case ANY_BLOB:
        return serial == 0 || (serial >= 12 && serial % 2 == 0);
    default:
        return serial >= 12 && serial_size(serial) == (size_t)is;
    }
}

static int64_t number_read(uint64_t serial, const uint8_t *at)
{
    size_t size = serial_size(serial);
    if (serial == 9)
        return 1;
    uint64_t value = size && at[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return (int64_t)value;
}

/* The serial types of a header that has this shape, and what the row takes. */
static bool header_read(struct bytes payload, const struct shape *shape,
                        uint64_t serials[CELL_COLUMNS], size_t *header,
                        size_t *whole)
{
    uint64_t size;
    size_t at = varint(payload, &size);
    if (!at || size > HEADER_BYTES_MAX || size > payload.size)
        return false;
    *header = *whole = (size_t)size;
    for (int i = 0; at < size; i++) {
        uint64_t serial;
        size_t used = varint(bytes_of(payload.at + at, *header - at), &serial);
        if (!used || (i >= shape->columns && !shape->open) ||
            (i < shape->columns && !serial_fits(serial, shape->is[i])))
            return false;
        if (i < shape->columns)
            serials[i] = serial;
        at += used;
        *whole += serial_size(serial);
        if (at == size)
            return i + 1 >= shape->columns;
    }
    return false;
}

/* --- rows that go on in other pages --------------------------------------- */

/* The newest image of a page, or the one in the database file. */
static struct bytes page_find(const struct scan *s, uint32_t number,
                              bool in_wal)
{
    const uint8_t *found = NULL;
    size_t frame = FRAME_HEADER_BYTES + PAGE_BYTES;
    for (size_t at = WAL_HEADER_BYTES; in_wal && at + frame <= s->wal.size;
         at += frame) {
        const uint8_t *head = s->wal.at + at;
        uint32_t is = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 |
                      (uint32_t)head[2] << 8 | head[3];
        if (is == number)
            found = head + FRAME_HEADER_BYTES;
    }
    size_t at = (size_t)(number - 1) * PAGE_BYTES;
    if (!found && number && at + PAGE_BYTES <= s->database.size)
        found = s->database.at + at;
    return found ? bytes_of(found, PAGE_BYTES) : bytes_of(NULL, 0);
}

static uint32_t page_number(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static size_t local_bytes(size_t payload)
{
    size_t most =
        LOCAL_BYTES_MIN + (payload - LOCAL_BYTES_MIN) % (PAGE_BYTES - 4);
    if (payload <= LOCAL_BYTES_MAX)
        return payload;
    return most <= LOCAL_BYTES_MAX ? most : LOCAL_BYTES_MIN;
}

/* Gathers a long row into s->row; false when its pages are not there. */
static bool row_gather(struct scan *s, struct bytes local, size_t whole,
                       uint32_t next, bool in_wal, enum err *err)
{
    buffer_clear(&s->row);
    *err = buffer_add_bytes(&s->row, local);
    while (!*err && s->row.size < whole) {
        struct bytes page = page_find(s, next, in_wal);
        size_t left = whole - s->row.size;
        if (!page.size)
            return false;
        next = page_number(page.at);
        *err = buffer_add(&s->row, page.at + 4,
                          left < PAGE_BYTES - 4 ? left : PAGE_BYTES - 4);
    }
    return !*err;
}

/* --- cells ---------------------------------------------------------------- */

static enum err cell_give(struct scan *s, const struct shape *shape,
                          int64_t rowid, const uint64_t *serials,
                          struct bytes row, size_t header)
{
    struct cell cell = {.kind = shape->kind, .rowid = rowid};
    size_t at = header;
    for (int i = 0; i < shape->columns; i++) {
        size_t size = serial_size(serials[i]);
        if (at + size > row.size)
            return ERR_OK;
        cell.column[i].null = serials[i] == 0;
        if (serials[i] >= 12)
            cell.column[i].bytes = bytes_of(row.at + at, size);
        else
            cell.column[i].number = number_read(serials[i], row.at + at);
        at += size;
    }
    return s->each(s->context, &cell);
}

static enum err long_cell(struct scan *s, const struct shape *shape,
                          int64_t rowid, const uint64_t *serials,
                          struct bytes rest, size_t whole, size_t header)
{
    size_t local = local_bytes(whole);
    enum err err = ERR_OK;
    if (rest.size < local + 4)
        return ERR_OK;
    uint32_t next = page_number(rest.at + local);
    for (int in_wal = s->wal.size > 0; !err && in_wal >= 0; in_wal--)
        if (row_gather(s, bytes_of(rest.at, local), whole, next, in_wal != 0,
                       &err))
            err = cell_give(s, shape, rowid, serials, buffer_bytes(&s->row),
                            header);
    return err;
}

static enum err shape_try(struct scan *s, const struct shape *shape,
                          int64_t rowid, uint64_t payload, struct bytes rest)
{
    uint64_t serials[CELL_COLUMNS] = {0};
    size_t header, whole;
    if (!header_read(rest, shape, serials, &header, &whole) || whole != payload)
        return ERR_OK;
    if (whole > LOCAL_BYTES_MAX)
        return long_cell(s, shape, rowid, serials, rest, whole, header);
    return rest.size < whole ? ERR_OK
                             : cell_give(s, shape, rowid, serials,
                                         bytes_of(rest.at, whole), header);
}

/* A row begins with its size, its number and its header. */
static enum err cell_try(struct scan *s, struct bytes at)
{
    uint64_t payload, rowid;
    size_t first = varint(at, &payload);
    if (!first || payload < 8 || payload > PAYLOAD_BYTES_MAX)
        return ERR_OK;
    size_t second = varint(bytes_of(at.at + first, at.size - first), &rowid);
    if (!second || rowid > INT64_MAX)
        return ERR_OK;
    struct bytes rest =
        bytes_of(at.at + first + second, at.size - first - second);
    enum err err = ERR_OK;
    /* The first column is always the row's number, which is not stored. */
    if (rest.size < 4 || rest.at[0] > HEADER_BYTES_MAX || rest.at[1] != 0)
        return err;
    for (size_t i = 0; !err && i < sizeof shapes / sizeof shapes[0]; i++)
        err = shape_try(s, &shapes[i], (int64_t)rowid, payload, rest);
    return err;
}

static enum err image_scan(struct scan *s, struct bytes image)
{
    enum err err = ERR_OK;
    for (size_t at = 0; !err && at < image.size; at++)
        err = cell_try(s, bytes_of(image.at + at, image.size - at));
    return err;
}

enum err salvage_cells(struct bytes database, struct bytes wal, cell_each *each,
                       void *context)
{
    struct scan s = {
        .database = database, .wal = wal, .each = each, .context = context};
    buffer_init(&s.row, PAYLOAD_BYTES_MAX);
    enum err err = image_scan(&s, database);
    if (!err)
        err = image_scan(&s, wal);
    buffer_fini(&s.row);
    return err;
}
