#include "shared/replica/mirror_record.h"

#include <string.h>

#include "shared/wire/part.h"

static void put_known(struct buffer *out, const char *name, const char *text)
{
    if (text[0])
        part_put_text(out, name, text);
}

static void put_blob(struct buffer *out, const char *name, struct bytes blob)
{
    if (blob.size)
        part_put_base64(out, name, blob.at, blob.size);
}

enum err mirror_keys_write(struct buffer *out, const struct mirror_keys *keys)
{
    const struct key_row *row = &keys->row;
    buffer_add_char(out, '{');
    put_known(out, "agency", keys->agency);
    part_put_int(out, "bytes", row->bytes);
    part_put_base64(out, "check", row->check, sizeof row->check);
    if (keys->destroyed)
        part_put_int(out, "destroyed", keys->destroyed);
    part_put_int(out, "ops", row->ops);
    put_known(out, "replica", keys->replica);
    part_put_base64(out, "salt", row->salt, sizeof row->salt);
    part_put_base64(out, "sealed", row->sealed, sizeof row->sealed);
    put_known(out, "user", keys->user);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err mirror_keys_read(struct arena *arena, struct bytes text,
                          struct mirror_keys *out)
{
    struct part_reader r;
    struct key_row *row = &out->row;
    memset(out, 0, sizeof *out);
    const struct canon *root = part_open(&r, arena, text);
    part_text(&r, root, "agency", PART_OPTIONAL, out->agency,
              sizeof out->agency, name_valid);
    row->bytes = part_int(&r, root, "bytes", -1, 0);
    (void)part_base64(&r, root, "check", PART_REQUIRED, row->check,
                      sizeof row->check);
    out->destroyed = part_int(&r, root, "destroyed", 0, 0);
    row->ops = part_int(&r, root, "ops", -1, 0);
    part_text(&r, root, "replica", PART_OPTIONAL, out->replica,
              sizeof out->replica, replica_valid);
    (void)part_base64(&r, root, "salt", PART_REQUIRED, row->salt,
                      sizeof row->salt);
    (void)part_base64(&r, root, "sealed", PART_REQUIRED, row->sealed,
                      sizeof row->sealed);
    part_text(&r, root, "user", PART_OPTIONAL, out->user, sizeof out->user,
              name_valid);
    return part_err(&r);
}

enum err mirror_case_write(struct buffer *out, const struct mirror_case *kase)
{
    buffer_add_char(out, '{');
    part_put_int(out, "id", kase->id);
    put_blob(out, "office", kase->office_wrap);
    part_put_base64(out, "token", kase->token, sizeof kase->token);
    put_blob(out, "vault", kase->vault_wrap);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err mirror_case_read(struct arena *arena, struct bytes text,
                          struct mirror_case *out)
{
    struct part_reader r;
    memset(out, 0, sizeof *out);
    const struct canon *root = part_open(&r, arena, text);
    out->id = part_int(&r, root, "id", 0, 1);
    out->office_wrap = part_blob(&r, root, "office", 512);
    (void)part_base64(&r, root, "token", PART_REQUIRED, out->token,
                      sizeof out->token);
    out->vault_wrap = part_blob(&r, root, "vault", 512);
    return part_err(&r);
}

enum err mirror_line_write(struct buffer *out, const struct mirror_line *line)
{
    buffer_add_char(out, '{');
    part_put_base64(out, "body", line->body.at, line->body.size);
    part_put_int(out, "key", line->key);
    part_put_int(out, "n", line->n);
    part_put_text(out, "replica", line->replica);
    if (line->is_signed)
        part_put_base64(out, "sig", line->signature, SIGNATURE_BYTES);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err mirror_line_read(struct arena *arena, struct bytes text,
                          struct mirror_line *out)
{
    struct part_reader r;
    memset(out, 0, sizeof *out);
    const struct canon *root = part_open(&r, arena, text);
    out->body = part_blob(&r, root, "body", MIRROR_RECORD_BYTES_MAX);
    out->key = part_int(&r, root, "key", 0, 1);
    out->n = part_int(&r, root, "n", 0, 1);
    part_text(&r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    out->is_signed = part_base64(&r, root, "sig", PART_OPTIONAL, out->signature,
                                 SIGNATURE_BYTES);
    return part_err(&r);
}
