/* attachment list, attachment save: files that belong to records. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/blob_file.h"
#include "server/command.h"

#define PIECE_BYTES (1u << 20)

struct listing {
    struct command *command;
    struct buffer json;
    size_t count;
};

static enum err row_json(struct listing *l, const struct blob_row *row,
                         const char *name)
{
    struct buffer *out = &l->json;
    buffer_printf(out, "%s{\"blob\":\"%s\",\"bytes\":%lld,\"by\":",
                  l->count > 1 ? "," : "", name, (long long)row->bytes);
    command_json_text(out, row->account);
    buffer_add_text(out, ",\"name\":");
    canon_put_text(out, bytes_text(row->name));
    buffer_add_text(out, ",\"received_at\":");
    command_json_time(out, row->received_at);
    buffer_printf(out, ",\"record\":\"%s\",\"type\":", row->record);
    canon_put_text(out, bytes_text(row->type));
    buffer_add_char(out, '}');
    return buffer_err(out);
}

static enum err row_tell(void *context, const struct blob_row *row)
{
    struct listing *l = context;
    char name[BLOB_NAME_CHARS + 1];
    hex_encode(name, row->blob, HASH_BYTES);
    l->count++;
    if (l->command->json)
        return row_json(l, row, name);
    printf("%s  %10lld bytes  %s  %s\n   of %s, by %s\n", name,
           (long long)row->bytes, row->received_at ? "here   " : "missing",
           row->name, row->record, row->account);
    return ERR_OK;
}

int command_attachment_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "attachment list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    bool missing = args_flag(&c->args, "--missing");
    enum err err =
        store_blob_each(&c->sql, c->office->agency, missing, row_tell, &l);
    return command_list_end(c, err, &l.json, l.count,
                            missing ? "none is missing" : "no attachments");
}

/* --- save ----------------------------------------------------------------- */

static enum err content_write(struct command *c, const struct blob_row *row,
                              int fd)
{
    struct buffer piece;
    enum err err = ERR_OK;
    buffer_init(&piece, PIECE_BYTES);
    for (int64_t at = 0; !err && at < row->bytes;) {
        buffer_clear(&piece);
        err = blob_file_read(c->office, row->blob, at, PIECE_BYTES, &piece);
        if (!err && !piece.size)
            err = ERR_CORRUPT;
        if (!err)
            err = blob_part_write(fd, at, buffer_bytes(&piece));
        at += (int64_t)piece.size;
    }
    buffer_fini(&piece);
    return !err && fsync(fd) != 0 ? err_of_errno(errno) : err;
}

static int save(struct command *c, const struct blob_row *row, const char *to)
{
    char folder[BLOB_PATH_CHARS], path[BLOB_PATH_CHARS];
    blob_file_folder(folder, c->office);
    blob_file_path(path, folder, row->blob);
    if (!row->received_at)
        return command_fail(c, ERR_NOT_FOUND,
                            "the office has not received this attachment; it "
                            "is on a device of %s",
                            row->account);
    enum err err = blob_file_check(path, row);
    if (err)
        return command_fail(c, err, "%.300s: %s; see verify", path,
                            err_text(err));
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return command_fail(c, err_of_errno(errno), "%.300s: %s", to,
                            strerror(errno));
    err = content_write(c, row, fd);
    if (close(fd) != 0 && !err)
        err = err_of_errno(errno);
    if (!err)
        return EXIT_DONE;
    unlink(to);
    return command_fail(c, err, "%.300s: %s", to, err_text(err));
}

int command_attachment_save(struct command *c)
{
    const char *to = args_text(&c->args, "--to");
    uint8_t blob[HASH_BYTES];
    struct blob_row row;
    if (c->operand_count != 1 || !to)
        return command_misuse(c, "give the attachment and --to FILE");
    if (hex_decode(blob, sizeof blob, bytes_text(c->operands[0])))
        return command_misuse(c,
                              "%.70s: not an attachment; see `attachment "
                              "list`",
                              c->operands[0]);
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    enum err err = store_blob_find(&c->sql, c->office->agency, blob, &row);
    if (err == ERR_NOT_FOUND)
        return command_fail(c, err, "no record names this attachment");
    return err ? command_fail_office(c, err) : save(c, &row, to);
}
