/* Control lines of both ways: what a line is, signatures, sealed lines, logs.
 */
#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/part.h"

#define TOKEN_NAME_CHARS_MAX 64
#define WRAP_BYTES_MAX 256
/* A nonce, a tag, a byte for the form and a line that deflate made longer. */
#define SEALED_BYTES_MAX (LINE_BYTES_MAX + 1024)

static const char *const kind_names[] = {
    [LINE_AUTH] = "auth",     [LINE_SIGN] = "sign",   [LINE_KEY] = "key",
    [LINE_SEALED] = "sealed", [LINE_LOG] = "log",     [LINE_ERASED] = "erased",
    [LINE_CASES] = "cases",   [LINE_PAGE] = "page",   [LINE_NEED] = "need",
    [LINE_JOIN] = "join",     [LINE_LEAVE] = "leave", [LINE_CURSOR] = "cursor",
    [LINE_DIFF] = "diff",     [LINE_GIVEN] = "given",
};

enum line_kind line_kind(struct bytes line)
{
    if (line.size < 6 || line.at[0] != '{' || line.at[1] != '"')
        return LINE_REVISION;
    for (int i = LINE_AUTH; i <= LINE_GIVEN; i++) {
        size_t size = strlen(kind_names[i]);
        if (line.size >= size + 4 &&
            !memcmp(line.at + 2, kind_names[i], size) &&
            line.at[size + 2] == '"' && line.at[size + 3] == ':')
            return (enum line_kind)i;
    }
    return LINE_REVISION;
}

enum err auth_line_write(struct buffer *out, const uint8_t sig[64])
{
    buffer_add_char(out, '{');
    part_put_base64(out, "auth", sig, SIGNATURE_BYTES);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err auth_line_read(struct arena *a, struct bytes line, uint8_t sig[64])
{
    struct part_reader r;
    const struct canon *root = part_open(&r, a, line);
    (void)part_base64(&r, root, "auth", PART_REQUIRED, sig, SIGNATURE_BYTES);
    return part_err(&r);
}

enum err sign_line_write(struct buffer *out, const struct sign_line *message)
{
    buffer_add_text(out, "{\"sign\":{");
    part_put_int(out, "n", message->n);
    part_put_base64(out, "sig", message->signature, SIGNATURE_BYTES);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err sign_line_read(struct arena *arena, struct bytes line,
                        struct sign_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "sign", CANON_OBJECT);
    out->n = part_int(&r, body, "n", 0, 1);
    (void)part_base64(&r, body, "sig", PART_REQUIRED, out->signature,
                      SIGNATURE_BYTES);
    return part_err(&r);
}

/* The token that names a case key within one request. */
static struct bytes read_token(struct part_reader *r, const struct canon *body)
{
    const struct canon *token =
        part_member(r, body, "case", CANON_TEXT, PART_REQUIRED);
    if (!token)
        return bytes_of(NULL, 0);
    if (!token->text.size || token->text.size > TOKEN_NAME_CHARS_MAX)
        part_fail(r, token, "is not of the expected form");
    return token->text;
}

enum err key_line_write(struct buffer *out, const struct key_line *message)
{
    buffer_add_text(out, "{\"key\":{");
    part_put_bytes(out, "case", message->kase);
    part_put_base64(out, "wrap", message->wrap.at, message->wrap.size);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err key_line_read(struct arena *arena, struct bytes line,
                       struct key_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "key", CANON_OBJECT);
    out->kase = read_token(&r, body);
    out->wrap = part_blob(&r, body, "wrap", WRAP_BYTES_MAX);
    return part_err(&r);
}

enum err sealed_line_write(struct buffer *out,
                           const struct sealed_line *message)
{
    buffer_add_text(out, "{\"sealed\":{");
    part_put_base64(out, "body", message->body.at, message->body.size);
    part_put_bytes(out, "case", message->kase);
    part_put_int(out, "n", message->n);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err sealed_line_read(struct arena *arena, struct bytes line,
                          struct sealed_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "sealed", CANON_OBJECT);
    out->body = part_blob(&r, body, "body", SEALED_BYTES_MAX);
    out->kase = read_token(&r, body);
    out->n = part_int(&r, body, "n", 0, 1);
    return part_err(&r);
}

enum err log_line_write(struct buffer *out, const struct log_line *message)
{
    buffer_add_text(out, "{\"log\":{");
    part_put_int(out, "from", message->from);
    part_put_base64(out, "key", message->key, KEY_BYTES);
    if (message->has_link)
        part_put_base64(out, "link", message->link, LINK_BYTES);
    part_put_text(out, "replica", message->replica);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err log_line_read(struct arena *arena, struct bytes line,
                       struct log_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "log", CANON_OBJECT);
    out->from = part_int(&r, body, "from", 0, 1);
    (void)part_base64(&r, body, "key", PART_REQUIRED, out->key, KEY_BYTES);
    out->has_link =
        part_base64(&r, body, "link", PART_OPTIONAL, out->link, LINK_BYTES);
    part_text(&r, body, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    return part_err(&r);
}

enum err erased_line_write(struct buffer *out,
                           const struct erased_line *message)
{
    buffer_add_text(out, "{\"erased\":{");
    part_put_base64(out, "hash", message->hash, HASH_BYTES);
    part_put_int(out, "n", message->n);
    buffer_add_text(out, "}}");
    return buffer_err(out);
}

enum err erased_line_read(struct arena *arena, struct bytes line,
                          struct erased_line *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *body =
        part_control(&r, arena, line, "erased", CANON_OBJECT);
    (void)part_base64(&r, body, "hash", PART_REQUIRED, out->hash, HASH_BYTES);
    out->n = part_int(&r, body, "n", 0, 1);
    return part_err(&r);
}
