#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/office_journal.h"

#define PATH_CHARS 1100

/* The instance of the first transaction in a file; ERR_NOT_FOUND. */
static enum err first_instance(const struct journal_of *of,
                               uint8_t out[GROUP_INSTANCE_BYTES])
{
    struct journal_reader *reader;
    struct journal_record record;
    struct group_head head;
    enum err err = journal_reader_open(&reader, of->path, of->key);
    if (err)
        return err;
    do
        err = journal_reader_next(reader, &record);
    while (!err && record.kind != GROUP_BEGIN);
    if (!err)
        err = group_head_read(record.payload, &head);
    if (!err)
        memcpy(out, head.instance, sizeof head.instance);
    journal_reader_close(reader);
    return err;
}

/* A second name for what came before a restore: it may hold what the restored
 * office does not. */
static enum err keep_aside(const struct journal_of *of,
                           const struct group_head *head)
{
    uint8_t instance[GROUP_INSTANCE_BYTES];
    char name[17], aside[PATH_CHARS];
    enum err err = first_instance(of, instance);
    if (err == ERR_NOT_FOUND ||
        (!err && !memcmp(instance, head->instance, sizeof instance)))
        return ERR_OK;
    if (err)
        return err;
    hex_encode(name, instance, 8);
    snprintf(aside, sizeof aside, "%.1050s.%s", of->path, name);
    return link(of->path, aside) == 0 || errno == EEXIST ? ERR_OK : ERR_IO;
}

/* A rest of an attempt that was cut short is ours to remove; anything else of
 * that name is refused. */
static enum err fresh_open(const struct journal_of *of, struct journal **out)
{
    enum err err = journal_open(out, of);
    if (err)
        return err;
    journal_close(*out);
    *out = NULL;
    return unlink(of->path) == 0 ? journal_open(out, of) : ERR_IO;
}

static enum err base_commit(struct journal *journal, struct sql *sql,
                            const struct group_head *head, struct buffer *part)
{
    uint8_t begin[GROUP_BEGIN_BYTES], number[8];
    group_head_write(begin, head);
    store_le64(number, (uint64_t)head->number);
    enum err err =
        journal_add(journal, GROUP_BEGIN, bytes_of(begin, sizeof begin));
    if (!err)
        err = journal_base_write(sql, journal, part);
    if (!err)
        err = group_part_flush(journal, part);
    if (!err)
        err = journal_add(journal, GROUP_END, bytes_of(number, sizeof number));
    if (!err)
        return journal_commit(journal);
    journal_cancel(journal);
    return err;
}

static enum err fresh_write(const struct journal_of *of, struct sql *sql,
                            const struct group_head *head, uint64_t *end,
                            uint64_t *number)
{
    struct journal *journal = NULL;
    struct buffer part;
    buffer_init(&part, JOURNAL_PAYLOAD_BYTES_MAX);
    enum err err = fresh_open(of, &journal);
    if (!err)
        err = journal_begin(journal);
    if (!err)
        err = base_commit(journal, sql, head, &part);
    if (!err)
        *end = journal_end(journal, number);
    if (err && journal)
        unlink(of->path);
    journal_close(journal);
    buffer_fini(&part);
    return err;
}

enum err journal_renew(const struct journal_of *of, struct sql *sql,
                       const struct group_head *head, uint64_t *end,
                       uint64_t *number)
{
    char path[PATH_CHARS];
    struct journal_of fresh = *of;
    uint64_t fresh_end = 0, fresh_number = 0;
    snprintf(path, sizeof path, "%.1050s.new", of->path);
    fresh.path = path;
    enum err err = fresh_write(&fresh, sql, head, &fresh_end, &fresh_number);
    if (err)
        return err;
    err = keep_aside(of, head);
    if (!err && rename(path, of->path) != 0)
        err = ERR_IO;
    if (err) {
        unlink(path);
        return err;
    }
    *end = fresh_end;
    *number = fresh_number;
    return ERR_OK;
}
