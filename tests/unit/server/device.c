#include "tests/unit/server/device.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/frame.h"

/* --- enrolment ------------------------------------------------------------ */

static void keys_make(struct keypair *keys)
{
    uint8_t seed[32];
    random_fill(random_system(), seed, sizeof seed);
    keypair_from_seed(keys, seed);
}

static void enrol_send(struct device *d, struct place *place,
                       struct enrol_request *request)
{
    struct buffer text, body;
    struct arena arena;
    struct enrol_reply reply;
    int status;
    arena_init(&arena, 1u << 20);
    buffer_init(&text, 1u << 16);
    buffer_init(&body, 1u << 16);
    CHECK(enrol_request_write(&text, request));
    CHECK(enrol_whole(place->office, &place->sql, buffer_bytes(&text), &body,
                      &status));
    if (status != 200)
        fprintf(stderr, "enrol: %d %s\n", status, buffer_text(&body));
    assert(status == 200);
    CHECK(enrol_reply_read(&arena, buffer_bytes(&body), &reply));
    memcpy(d->replica, reply.replica, sizeof d->replica);
    memcpy(d->lineage, reply.lineage, sizeof d->lineage);
    buffer_init(&d->certificate, 1u << 16);
    CHECK(buffer_add_bytes(&d->certificate, reply.certificate));
    memcpy(d->certificate_sig, reply.certificate_sig, SIGNATURE_BYTES);
    link_zero(d->links[0], "north", d->keys.public_key);
    buffer_fini(&text);
    buffer_fini(&body);
    arena_fini(&arena);
}

static void proof_sign(struct device *d, struct enrol_request *request,
                       const struct device *old)
{
    struct buffer message;
    buffer_init(&message, 4096);
    CHECK(enrol_proof_message(&message, request));
    chain_sign(request->proof, &d->keys, DOMAIN_ENROL, buffer_bytes(&message));
    if (old)
        chain_sign(request->successor_sig, &old->keys, DOMAIN_SUCCESSOR,
                   buffer_bytes(&message));
    buffer_fini(&message);
}

void device_enrol(struct device *d, struct place *place, const char *account)
{
    static int64_t serial;
    char code[32], text[512], hex[65];
    uint8_t hash[HASH_BYTES];
    *d = (struct device){.head = 0};
    keys_make(&d->keys);
    keys_make(&d->transport);
    snprintf(d->user, sizeof d->user, "%s", account);
    snprintf(code, sizeof code, "%016" PRId64, ++serial);
    hash_bytes(hash, bytes_text(code));
    hex_encode(hex, hash, sizeof hash);
    snprintf(text, sizeof text,
             "INSERT INTO invite(agency, code_hash, account, made_at, "
             "expires_at) VALUES ('north', x'%s', '%s', 0, %" PRId64 ")",
             hex, account, place->now + 1000);
    place_exec(place, text);
    struct enrol_request request = {.protocol = 1};
    snprintf(request.code, sizeof request.code, "%.4s-%.4s-%.4s-%.4s", code,
             code + 4, code + 8, code + 12);
    memcpy(d->code, request.code, sizeof d->code);
    memcpy(request.key, d->keys.public_key, KEY_BYTES);
    memcpy(request.transport, d->transport.public_key, KEY_BYTES);
    proof_sign(d, &request, NULL);
    enrol_send(d, place, &request);
}

void device_succession(struct device *d, const struct device *old,
                       const char *reason, struct enrol_request *request)
{
    *d = (struct device){.head = 0};
    *request = (struct enrol_request){.protocol = 1};
    keys_make(&d->keys);
    keys_make(&d->transport);
    memcpy(d->user, old->user, sizeof d->user);
    memcpy(request->key, d->keys.public_key, KEY_BYTES);
    memcpy(request->transport, d->transport.public_key, KEY_BYTES);
    memcpy(request->replica, old->replica, sizeof request->replica);
    snprintf(request->reason, sizeof request->reason, "%s", reason);
    request->certificate = buffer_bytes(&old->certificate);
    memcpy(request->certificate_sig, old->certificate_sig, SIGNATURE_BYTES);
    proof_sign(d, request, old);
}

void device_succeed(struct device *d, const struct device *old,
                    struct place *place, const char *reason)
{
    struct enrol_request request;
    device_succession(d, old, reason, &request);
    enrol_send(d, place, &request);
}

void device_fini(struct device *d)
{
    for (int64_t n = 1; n <= d->head; n++)
        free(d->lines[n]);
    buffer_fini(&d->certificate);
}

void device_clone(struct device *out, const struct device *d)
{
    *out = *d;
    for (int64_t n = 1; n <= d->head; n++) {
        size_t size = strlen(d->lines[n]) + 1;
        out->lines[n] = malloc(size);
        memcpy(out->lines[n], d->lines[n], size);
    }
    buffer_init(&out->certificate, 1u << 16);
    CHECK(buffer_add_bytes(&out->certificate, buffer_bytes(&d->certificate)));
}

/* --- writing -------------------------------------------------------------- */

int64_t device_append(struct device *d, const char *line)
{
    uint8_t hash[HASH_BYTES];
    int64_t n = ++d->head;
    assert(n <= DEVICE_LINES_MAX);
    d->lines[n] = malloc(strlen(line) + 1);
    memcpy(d->lines[n], line, strlen(line) + 1);
    hash_bytes(hash, bytes_text(line));
    memcpy(d->links[n], d->links[n - 1], LINK_BYTES);
    link_next(d->links[n], hash);
    return n;
}

/* The device's last n on the record. */
static int64_t own_prev(const struct device *d, const char *record)
{
    for (int64_t n = d->head; n > 0 && n + 512 > d->head; n--)
        if (strstr(d->lines[n], record))
            return n;
    return 0;
}

int64_t device_write(struct device *d, struct revision_draft *draft)
{
    struct buffer line;
    memcpy(draft->dot.replica, d->replica, sizeof draft->dot.replica);
    draft->dot.n = d->head + 1;
    draft->at = INT64_C(1795000000000) + d->head + d->ahead;
    draft->author = d->user;
    draft->prev = own_prev(d, draft->record);
    buffer_init(&line, LINE_BYTES_MAX);
    CHECK(revision_write(&line, draft));
    int64_t n = device_append(d, buffer_text(&line));
    buffer_fini(&line);
    return n;
}

int64_t device_create(struct device *d, const char *type, const char *record,
                      const char *kase, const char *set)
{
    struct revision_draft draft = {.record = record,
                                   .type = type,
                                   .kase = kase,
                                   .schema = 1,
                                   .set = bytes_text(set)};
    return device_write(d, &draft);
}

int64_t device_revise(struct device *d, const char *record, const char *seen,
                      const char *set)
{
    struct revision_draft draft = {
        .record = record, .schema = 1, .set = bytes_text(set)};
    struct arena arena;
    struct seen list;
    const struct canon *object;
    arena_init(&arena, 1u << 20);
    seen_init(&list);
    CHECK(canon_parse(&arena, bytes_text(seen), &object, NULL));
    CHECK(seen_read(&list, object));
    draft.seen = &list;
    int64_t n = device_write(d, &draft);
    seen_fini(&list);
    arena_fini(&arena);
    return n;
}

/* --- requests ------------------------------------------------------------- */

static void put_signs(const struct device *d, struct frame_writer *writer,
                      int64_t n)
{
    struct sign_line sign = {.n = n};
    struct buffer text;
    chain_sign(sign.signature, &d->keys, DOMAIN_LINK,
               bytes_of(d->links[n], LINK_BYTES));
    buffer_init(&text, 1024);
    CHECK(sign_line_write(&text, &sign));
    CHECK(frame_line(writer, buffer_bytes(&text)));
    buffer_fini(&text);
}

static void put_lines(const struct device *d, struct frame_writer *writer,
                      unsigned flags)
{
    for (int64_t n = d->received + 1; n <= d->head; n++) {
        CHECK(frame_line(writer, bytes_text(d->lines[n])));
        bool last = n == d->head;
        if ((last && !(flags & DEVICE_UNSIGNED)) ||
            (!last && (n - d->received) % SIGN_EVERY == 0))
            put_signs(d, writer, n);
    }
}

static void put_extra(struct frame_writer *writer, const char *extra)
{
    while (*extra) {
        size_t size = strcspn(extra, "\n");
        CHECK(frame_line(writer, bytes_of(extra, size)));
        extra += size + 1;
    }
}

void device_request(const struct device *d, unsigned flags, const char *mode,
                    const char *extra, struct buffer *out)
{
    struct request_header h = {
        .protocol = 1,
        .head = d->head,
        .base_n = d->received,
        .locked = flags & DEVICE_LOCKED,
        .bundle = flags & DEVICE_BUNDLE,
        .room = flags & DEVICE_SMALL_ROOM ? 1000 : ROOM_BYTES_DEFAULT,
        .cursors = d->cursors,
        .cursor_count = flags & DEVICE_NO_CURSORS ? 0 : d->cursor_count};
    struct buffer header, auth;
    struct frame_writer *writer;
    uint8_t sig[SIGNATURE_BYTES];
    snprintf(h.agency, sizeof h.agency, "north");
    memcpy(h.replica, d->replica, sizeof h.replica);
    memcpy(h.base_link, d->links[d->received], LINK_BYTES);
    memcpy(h.lineage, d->lineage, sizeof h.lineage);
    memcpy(h.token, d->token, sizeof h.token);
    if (mode)
        h.mode = !strcmp(mode, "fix") ? MODE_FIX : MODE_RECONCILE;
    buffer_init(&header, 1u << 16);
    buffer_init(&auth, 1024);
    CHECK(request_header_write(&header, &h));
    chain_sign(sig, h.locked ? &d->transport : &d->keys, DOMAIN_REQUEST,
               buffer_bytes(&header));
    CHECK(auth_line_write(&auth, sig));
    CHECK(frame_writer_new(&writer, out, 6, false));
    CHECK(frame_line(writer, buffer_bytes(&header)));
    CHECK(frame_line(writer, buffer_bytes(&auth)));
    if (!(flags & DEVICE_NO_LINES))
        put_lines(d, writer, flags);
    put_extra(writer, extra);
    CHECK(frame_finish(writer));
    frame_writer_free(writer);
    buffer_fini(&header);
    buffer_fini(&auth);
    if (flags & DEVICE_CUT)
        out->size -= 8;
}

/* --- replies -------------------------------------------------------------- */

static enum err reply_line(void *context, struct bytes line)
{
    struct reply *reply = context;
    buffer_add_bytes(&reply->plain, line);
    return buffer_add_char(&reply->plain, '\n');
}

static void line_count(struct reply *reply, struct bytes line)
{
    switch (line_kind(line)) {
    case LINE_REVISION:
        reply->line_count++;
        break;
    case LINE_CURSOR:
        reply->cursor_count++;
        break;
    case LINE_JOIN:
        reply->join_count++;
        break;
    case LINE_LEAVE:
        reply->leave_count++;
        break;
    case LINE_DIFF:
        reply->diff_count++;
        break;
    default:
        break;
    }
}

static void reply_read(struct reply *reply, struct bytes body)
{
    struct frame_reader *reader;
    CHECK(frame_reader_new(&reader, reply_line, reply));
    CHECK(frame_feed(reader, body));
    CHECK(frame_end(reader));
    frame_reader_free(reader);
    char *text = (char *)reply->plain.at;
    size_t size = strcspn(text, "\n");
    CHECK(
        reply_header_read(&reply->arena, bytes_of(text, size), &reply->header));
    reply->text = text + size + 1;
    for (char *at = reply->text; *at; at += strcspn(at, "\n") + 1)
        line_count(reply, bytes_of(at, strcspn(at, "\n")));
}

void device_send(struct device *d, struct place *place, struct bytes request,
                 struct reply *reply)
{
    (void)d;
    struct buffer body;
    const char *type;
    *reply = (struct reply){.status = 0};
    arena_init(&reply->arena, 1u << 26);
    buffer_init(&reply->plain, 1u << 26);
    buffer_init(&body, 1u << 26);
    CHECK(sync_whole(place->office, &place->sql, request, &body, &reply->status,
                     &type));
    if (reply->status == 200)
        reply_read(reply, buffer_bytes(&body));
    else
        CHECK(
            error_body_read(&reply->arena, buffer_bytes(&body), &reply->error));
    buffer_fini(&body);
}

static void cursor_apply(struct device *d, const struct cursor_line *line)
{
    size_t i = 0;
    while (i < d->cursor_count &&
           strcmp(d->cursors[i].scope, line->cursor.scope))
        i++;
    assert(i < DEVICE_SCOPES_MAX);
    if (i == d->cursor_count)
        d->cursor_count++;
    d->cursors[i] = line->cursor;
    d->cursors[i].own = d->head;
}

static void scope_drop(struct device *d, const char *scope)
{
    for (size_t i = 0; i < d->cursor_count; i++)
        if (!strcmp(d->cursors[i].scope, scope))
            d->cursors[i--] = d->cursors[--d->cursor_count];
}

void device_apply(struct device *d, const struct reply *reply)
{
    struct arena arena;
    if (reply->status != 200)
        return;
    if (reply->header.has_receipt)
        d->received = reply->header.receipt.n;
    if (reply->header.lineage[0]) /* left out when the request named it */
        memcpy(d->lineage, reply->header.lineage, sizeof d->lineage);
    if (reply->header.token[0])
        memcpy(d->token, reply->header.token, sizeof d->token);
    arena_init(&arena, 1u << 24);
    for (char *at = reply->text; *at; at += strcspn(at, "\n") + 1) {
        struct bytes line = bytes_of(at, strcspn(at, "\n"));
        struct cursor_line cursor;
        struct leave_line leave;
        if (line_kind(line) == LINE_CURSOR) {
            CHECK(cursor_line_read(&arena, line, &cursor));
            cursor_apply(d, &cursor);
        } else if (line_kind(line) == LINE_LEAVE) {
            CHECK(leave_line_read(&arena, line, &leave));
            if (!leave.kase[0])
                scope_drop(d, leave.scope);
        }
    }
    arena_fini(&arena);
}

void device_sync(struct device *d, struct place *place, unsigned flags,
                 struct reply *reply)
{
    struct buffer request;
    buffer_init(&request, 1u << 26);
    device_request(d, flags, NULL, "", &request);
    device_send(d, place, buffer_bytes(&request), reply);
    if (!(flags & DEVICE_KEEP))
        device_apply(d, reply);
    buffer_fini(&request);
}

bool reply_has(const struct reply *reply, const char *part)
{
    return reply->text && strstr(reply->text, part);
}

void reply_fini(struct reply *reply)
{
    arena_fini(&reply->arena);
    buffer_fini(&reply->plain);
}

/* --- what tests begin with ------------------------------------------------ */

void device_expect(struct device *d, struct place *place, unsigned flags,
                   int status, struct reply *reply)
{
    device_sync(d, place, flags, reply);
    if (reply->status == status)
        return;
    fprintf(stderr, "status %d, not %d: %s: %s\n", reply->status, status,
            reply->error.error, reply->error.detail);
    abort();
}

void device_stopped(struct device *d, struct place *place, const char *error)
{
    struct reply reply;
    device_expect(d, place, 0, 409, &reply);
    if (strcmp(reply.error.error, error) != 0) {
        fprintf(stderr, "error %s, not %s\n", reply.error.error, error);
        abort();
    }
    reply_fini(&reply);
}

void device_sync_ok(struct device *d, struct place *place)
{
    struct reply reply;
    device_expect(d, place, 0, 200, &reply);
    reply_fini(&reply);
}
