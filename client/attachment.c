/* Attachments: files that belong to records. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/attachment.h"
#include "client/handle.h"
#include "shared/exchange/fetch.h"
#include "shared/model/fold.h"

#define LISTING_ARENA_BYTES (256u << 20)

/* --- attaching ------------------------------------------------------------ */

struct reading {
    int fd;
    int number; /* errno of a failure */
};

static enum err read_some(void *context, uint8_t *at, size_t room, size_t *got)
{
    struct reading *reading = context;
    ssize_t size;
    do
        size = read(reading->fd, at, room);
    while (size < 0 && errno == EINTR);
    *got = size > 0 ? (size_t)size : 0;
    if (size >= 0)
        return ERR_OK;
    reading->number = errno;
    return err_of_errno(errno);
}

static enum err describe(const struct record_written *w,
                         const uint8_t blob[HASH_BYTES], char **result)
{
    char name[BLOB_NAME_CHARS + 1];
    struct buffer out;
    hex_encode(name, blob, HASH_BYTES);
    buffer_init(&out, SATCHEL_LINE_BYTES_MAX * 4u);
    buffer_printf(&out, "{\"blob\":\"%s\",\"context\":", name);
    canon_put_text(&out, buffer_bytes(&w->context));
    buffer_printf(&out, ",\"record\":\"%s\"}", w->record);
    enum err err = buffer_err(&out);
    if (!err)
        err = handle_give(result, &out);
    buffer_fini(&out);
    return err;
}

PUBLIC int satchel_attach(satchel *handle,
                          const struct satchel_attachment *given, int fd,
                          char **result)
{
    struct satchel_attachment taken = SATCHEL_ATTACHMENT_INIT;
    struct reading reading = {.fd = fd};
    struct record_written written;
    uint8_t blob[HASH_BYTES];
    HANDLE_TAKE(taken, given);
    if (result)
        *result = NULL;
    struct blob_write write = {
        .record = taken.record,
        .context = taken.context,
        .field = taken.field,
        .name = taken.name ? taken.name : "attachment",
        .type =
            taken.media_type ? taken.media_type : "application/octet-stream",
    };
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    record_written_init(&written);
    err =
        blob_attach(handle->vault, &write, read_some, &reading, &written, blob);
    if (!err && result)
        err = describe(&written, blob, result);
    record_written_fini(&written);
    if (err && reading.number)
        return handle_fail(handle, err, "the file cannot be read: %s",
                           strerror(reading.number));
    return handle_leave(handle, err);
}

/* --- finding -------------------------------------------------------------- */

struct search {
    struct vault *vault;
    const char *record;    /* at hand */
    const uint8_t *wanted; /* NULL: all are listed into `out` */
    struct buffer *out;
    bool found;
    char found_record[ID_CHARS + 1];
    struct blob_ref ref;
};

/* Where it is, in one word. */
static const char *place_of(const struct blob_held *held)
{
    if (!held->whole)
        return "office";
    return held->kept[0] ? "both" : "here";
}

static enum err ref_show(struct search *s, const char *field,
                         const struct blob_ref *ref)
{
    char name[BLOB_NAME_CHARS + 1];
    struct blob_held held;
    enum err err = blob_find(s->vault, ref->blob, &held);
    if (err)
        return err;
    hex_encode(name, ref->blob, HASH_BYTES);
    buffer_printf(s->out, "{\"blob\":\"%s\",\"bytes\":%lld,\"field\":", name,
                  (long long)ref->bytes);
    canon_put_text(s->out, bytes_text(field));
    buffer_add_text(s->out, ",\"name\":");
    canon_put_text(s->out, ref->name);
    buffer_printf(s->out,
                  ",\"record\":\"%s\",\"state\":\"%s\",\"type\":", s->record,
                  place_of(&held));
    canon_put_text(s->out, ref->type);
    buffer_add_char(s->out, '}');
    return buffer_add(s->out, "", 1);
}

struct at_field {
    struct search *search;
    const char *field;
};

static enum err ref_take(void *context, const struct blob_ref *ref,
                         const struct canon *value)
{
    (void)value;
    struct at_field *at = context;
    struct search *s = at->search;
    if (!s->wanted)
        return ref_show(s, at->field, ref);
    if (s->found || memcmp(ref->blob, s->wanted, HASH_BYTES) != 0)
        return ERR_OK;
    s->found = true;
    s->ref = *ref; /* its texts are not used later */
    memcpy(s->found_record, s->record, sizeof s->found_record);
    return ERR_OK;
}

/* Every live value counts, not only the one that is shown. */
static enum err field_look(struct search *s, const struct canon *field)
{
    char name[NAME_CHARS_MAX + 1] = "";
    struct at_field at = {s, name};
    const struct canon *live = canon_member(field, "live");
    enum err err = ERR_OK;
    if (field->name.size < sizeof name)
        memcpy(name, field->name.at, field->name.size);
    const struct canon *value = live ? live->first : NULL;
    for (; !err && value; value = value->next)
        err = blob_refs(value, ref_take, &at);
    return err;
}

static enum err record_look(void *context, const char *record,
                            struct bytes state)
{
    struct search *s = context;
    struct arena arena;
    const struct canon *root;
    s->record = record;
    arena_init(&arena, LISTING_ARENA_BYTES);
    enum err err = canon_parse(&arena, state, &root, NULL);
    const struct canon *fields = err ? NULL : canon_member(root, "fields");
    const struct canon *field = fields ? fields->first : NULL;
    for (; !err && field; field = field->next)
        err = field_look(s, field);
    arena_fini(&arena);
    return err;
}

enum err attachment_list(struct vault *vault, const char *record,
                         struct buffer *out)
{
    struct search s = {.vault = vault, .out = out};
    struct buffer state, context;
    if (!record)
        return record_list(vault, "", record_look, &s);
    buffer_init(&state, STATE_BYTES_MAX);
    buffer_init(&context, 1u << 20);
    enum err err = record_read(vault, record, &state, &context);
    if (!err)
        err = record_look(&s, record, buffer_bytes(&state));
    buffer_wipe(&state);
    buffer_fini(&context);
    return err;
}

/* --- saving --------------------------------------------------------------- */

static enum err write_some(void *context, struct bytes piece)
{
    int fd = *(int *)context;
    while (piece.size) {
        ssize_t put = write(fd, piece.at, piece.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_of_errno(errno);
        piece = bytes_of(piece.at + put, piece.size - (size_t)put);
    }
    return ERR_OK;
}

static enum err bring(struct vault *vault, const struct search *s,
                      char detail[SESSION_DETAIL_CHARS])
{
    struct transport transport;
    enum err err = transport_http_open(&transport, -1);
    if (err)
        return err;
    err = fetch_blob(vault, &transport, s->found_record, &s->ref, detail);
    transport.close(transport.context);
    return err;
}

static enum err save(struct vault *vault, struct search *s, int fd,
                     char detail[SESSION_DETAIL_CHARS])
{
    enum err err = record_list(vault, "", record_look, s);
    if (!err && !s->found) {
        snprintf(detail, SESSION_DETAIL_CHARS,
                 "no record here names this attachment; see `satchel "
                 "attachment list`");
        return ERR_NOT_FOUND;
    }
    if (!err)
        err = blob_read(vault, &s->ref, write_some, &fd);
    if (err != ERR_NOT_FOUND)
        return err;
    err = bring(vault, s, detail);
    return err ? err : blob_read(vault, &s->ref, write_some, &fd);
}

PUBLIC int satchel_attachment_save(satchel *handle, const char *blob, int fd)
{
    uint8_t name[HASH_BYTES];
    char detail[SESSION_DETAIL_CHARS] = "";
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    if (hex_decode(name, sizeof name, bytes_text(blob)))
        return handle_fail(handle, ERR_INVALID,
                           "%.64s: not an attachment; see `satchel attachment "
                           "list`",
                           blob);
    struct search search = {.vault = handle->vault, .wanted = name};
    err = save(handle->vault, &search, fd, detail);
    if (err && detail[0])
        return handle_fail(handle, err, "%s", detail);
    return handle_leave(handle, err);
}
