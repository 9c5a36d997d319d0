#include "shared/base/journal_scan.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

/* No text in UTF-8 contains the first byte, so that no payload of text can be
 * taken for a record. */
static const uint8_t magic[4] = {0xff, 'S', 'J', 1};

enum { KIND = 4, LENGTH = 5, NUMBER = 9, CHECK = 17, CHECK_BYTES = 16 };
#define READ_BYTES (256u * 1024)

enum err journal_err_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return ERR_READ_ONLY;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

static void check_make(uint8_t check[CHECK_BYTES], const uint8_t *head,
                       const uint8_t *key, struct bytes payload)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, key, key ? JOURNAL_KEY_BYTES : 0,
                            CHECK_BYTES);
    crypto_generichash_update(&state, head + KIND, CHECK - KIND);
    crypto_generichash_update(&state, payload.at, payload.size);
    crypto_generichash_final(&state, check, CHECK_BYTES);
}

void journal_head(uint8_t head[JOURNAL_HEAD_BYTES], const uint8_t *key,
                  uint8_t kind, uint64_t number, struct bytes payload)
{
    uint8_t length[8];
    memcpy(head, magic, sizeof magic);
    head[KIND] = kind;
    store_le64(length, payload.size);
    memcpy(head + LENGTH, length, NUMBER - LENGTH);
    store_le64(head + NUMBER, number);
    check_make(head + CHECK, head, key, payload);
}

static size_t head_length(const uint8_t *head)
{
    uint8_t length[8] = {0};
    memcpy(length, head + LENGTH, NUMBER - LENGTH);
    return (size_t)load_le64(length);
}

void journal_scan_init(struct journal_scan *scan, int fd, const uint8_t *key,
                       uint64_t at, uint64_t number)
{
    *scan = (struct journal_scan){.fd = fd, .key = key, .at = at};
    scan->number = number;
    scan->window_at = at;
    buffer_init(&scan->window,
                JOURNAL_HEAD_BYTES + JOURNAL_PAYLOAD_BYTES_MAX + READ_BYTES);
}

void journal_scan_fini(struct journal_scan *scan)
{
    buffer_fini(&scan->window);
}

/* Bytes of the window from scan->at on. */
static struct bytes ahead(const struct journal_scan *scan)
{
    size_t passed = (size_t)(scan->at - scan->window_at);
    return bytes_of(scan->window.at + passed, scan->window.size - passed);
}

/* Reads until `size` bytes are ahead, or fewer at the end of the file. */
static enum err fill(struct journal_scan *scan, size_t size)
{
    if (scan->window.at && ahead(scan).size >= size)
        return ERR_OK;
    buffer_consume(&scan->window, (size_t)(scan->at - scan->window_at));
    scan->window_at = scan->at;
    while (scan->window.size < size) {
        enum err err = buffer_reserve(&scan->window, READ_BYTES);
        if (err) {
            scan->window.err = ERR_OK; /* may be asked again */
            return err;
        }
        ssize_t got =
            pread(scan->fd, scan->window.at + scan->window.size, READ_BYTES,
                  (off_t)(scan->window_at + scan->window.size));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return journal_err_of_errno(errno);
        if (got == 0)
            break;
        scan->window.size += (size_t)got;
    }
    return ERR_OK;
}

/* Reads the record at scan->at; *found says whether there is one. */
static enum err record_read(struct journal_scan *scan,
                            struct journal_record *record, bool *found)
{
    *found = false;
    struct bytes head = ahead(scan);
    if (memcmp(head.at, magic, sizeof magic) != 0 ||
        head_length(head.at) > JOURNAL_PAYLOAD_BYTES_MAX)
        return ERR_OK;
    size_t size = JOURNAL_HEAD_BYTES + head_length(head.at);
    enum err err = fill(scan, size);
    if (err || ahead(scan).size < size)
        return err;
    head = ahead(scan);
    struct bytes payload =
        bytes_of(head.at + JOURNAL_HEAD_BYTES, size - JOURNAL_HEAD_BYTES);
    uint8_t check[CHECK_BYTES];
    check_make(check, head.at, scan->key, payload);
    if (sodium_memcmp(check, head.at + CHECK, sizeof check) != 0)
        return ERR_OK;
    *found = true;
    *record = (struct journal_record){
        .kind = head.at[KIND],
        .number = load_le64(head.at + NUMBER),
        .payload = payload,
        .at = scan->at,
        .end = scan->at + size,
    };
    return ERR_OK;
}

/* Goes on to the next place where a record may begin. */
static void pass_over(struct journal_scan *scan)
{
    struct bytes rest = ahead(scan);
    const uint8_t *next = memchr(rest.at + 1, magic[0], rest.size - 1);
    size_t size = next ? (size_t)(next - rest.at) : rest.size;
    scan->at += size;
    scan->skipped += size;
}

enum err journal_scan_next(struct journal_scan *scan,
                           struct journal_record *record)
{
    for (;;) {
        enum err err = fill(scan, JOURNAL_HEAD_BYTES);
        if (err)
            return err;
        size_t rest = ahead(scan).size;
        if (rest < JOURNAL_HEAD_BYTES) {
            scan->at += rest;
            scan->skipped += rest;
            return ERR_NOT_FOUND;
        }
        bool found;
        err = record_read(scan, record, &found);
        if (err)
            return err;
        if (found)
            break;
        pass_over(scan);
    }
    if (record->number > scan->number + 1)
        scan->lost += record->number - scan->number - 1;
    scan->number = record->number;
    scan->at = record->end;
    return ERR_OK;
}
