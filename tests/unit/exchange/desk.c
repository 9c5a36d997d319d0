#include "tests/unit/exchange/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/exchange/endpoint.h"
#include "shared/wire/deflate.h"
#include "shared/wire/frame.h"

struct desk *desk_new(void)
{
    struct desk *desk = calloc(1, sizeof *desk);
    uint8_t seed[32] = {1};
    assert_non_null(desk);
    assert_true(sodium_init() >= 0);
    snprintf(desk->agency, sizeof desk->agency, "cmca");
    base64_encode(desk->lineage, seed, LINEAGE_BYTES);
    keypair_from_seed(&desk->root, seed);
    seed[0] = 2;
    keypair_from_seed(&desk->term, seed);
    replica_id(desk->term_name, 'o', desk->agency, desk->term.public_key);
    crypto_box_keypair(desk->box, desk->box_secret);
    buffer_init(&desk->feed, DESK_BYTES_MAX);
    buffer_init(&desk->diff, DESK_BYTES_MAX);
    desk->cut_reply = desk->cut_request = DESK_NO_CUT;
    return desk;
}

static void lines_forget(struct desk *desk)
{
    for (int64_t n = 1; n <= desk->head; n++) {
        free(desk->lines[n].at);
        desk->lines[n].at = NULL;
    }
    desk->head = 0;
}

void desk_free(struct desk *desk)
{
    lines_forget(desk);
    buffer_fini(&desk->feed);
    buffer_fini(&desk->diff);
    free(desk);
}

/* --- enrolment ----------------------------------------------------------- */

static void term_make(struct desk *desk, struct buffer *text,
                      uint8_t sig[SIGNATURE_BYTES])
{
    struct term_certificate term = {.at = 1};
    memcpy(term.agency, desk->agency, sizeof term.agency);
    memcpy(term.replica, desk->term_name, sizeof term.replica);
    memcpy(term.key, desk->term.public_key, KEY_BYTES);
    assert_int_equal(term_certificate_write(text, &term), ERR_OK);
    chain_sign(sig, &desk->root, DOMAIN_TERM, buffer_bytes(text));
}

static void certificate_make(struct desk *desk,
                             const struct enrol_request *request,
                             struct buffer *text, uint8_t sig[SIGNATURE_BYTES])
{
    static char scopes[2][SCOPE_CHARS_MAX + 1] = {"agency", "caseload:north"};
    struct certificate c = {.at = 1, .scopes = scopes, .scope_count = 2};
    memcpy(c.agency, desk->agency, sizeof c.agency);
    memcpy(c.replica, desk->replica, sizeof c.replica);
    snprintf(c.user, sizeof c.user, "dana");
    snprintf(c.role, sizeof c.role, "worker");
    memcpy(c.key, request->key, KEY_BYTES);
    memcpy(c.transport, request->transport, KEY_BYTES);
    assert_int_equal(certificate_write(text, &c), ERR_OK);
    chain_sign(sig, &desk->root, DOMAIN_CERT, buffer_bytes(text));
}

static void proof_check(const struct enrol_request *request,
                        const struct desk *desk)
{
    struct buffer message;
    buffer_init(&message, DESK_BYTES_MAX);
    assert_int_equal(enrol_proof_message(&message, request), ERR_OK);
    assert_int_equal(chain_verify(request->proof, request->key, DOMAIN_ENROL,
                                  buffer_bytes(&message)),
                     ERR_OK);
    if (!request->code[0]) {
        assert_string_equal(request->replica, desk->replica);
        assert_int_equal(chain_verify(request->successor_sig, desk->key,
                                      DOMAIN_SUCCESSOR, buffer_bytes(&message)),
                         ERR_OK);
    }
    buffer_fini(&message);
}

static void enrol(struct desk *desk, struct buffer *out)
{
    struct arena arena;
    struct enrol_request request;
    struct enrol_reply reply = {.protocol = 1};
    struct buffer certificate, term;
    arena_init(&arena, DESK_BYTES_MAX);
    buffer_init(&certificate, DESK_BYTES_MAX);
    buffer_init(&term, DESK_BYTES_MAX);
    assert_int_equal(enrol_request_read(&arena, desk->request.body, &request),
                     ERR_OK);
    proof_check(&request, desk);
    if (!request.code[0]) {
        reply.has_received = true;
        reply.received_n = desk->head;
        if (desk->head)
            memcpy(reply.received_link, desk->lines[desk->head].link,
                   LINK_BYTES);
        memcpy(desk->predecessor, desk->replica, sizeof desk->predecessor);
        memcpy(desk->old_key, desk->key, KEY_BYTES);
        snprintf(desk->reason, sizeof desk->reason, "%s", request.reason);
        lines_forget(desk);
    }
    desk->enrolments++;
    if (!request.code[0] && desk->honest_after_enrolment)
        desk->foreign_receipt = false;
    memcpy(desk->key, request.key, KEY_BYTES);
    memcpy(desk->transport_key, request.transport, KEY_BYTES);
    replica_id(desk->replica, 'w', desk->agency, request.key);
    link_zero(desk->lines[0].link, desk->agency, desk->key);
    memcpy(reply.agency, desk->agency, sizeof reply.agency);
    memcpy(reply.replica, desk->replica, sizeof reply.replica);
    memcpy(reply.lineage, desk->lineage, sizeof reply.lineage);
    snprintf(reply.dictionary, sizeof reply.dictionary, "%s",
             dictionary_1_id());
    memcpy(reply.box, desk->box, KEY_BYTES);
    memcpy(reply.root, desk->root.public_key, KEY_BYTES);
    certificate_make(desk, &request, &certificate, reply.certificate_sig);
    reply.certificate = buffer_bytes(&certificate);
    term_make(desk, &term, reply.term_sig);
    reply.term = buffer_bytes(&term);
    assert_int_equal(enrol_reply_write(out, &reply), ERR_OK);
    buffer_fini(&certificate);
    buffer_fini(&term);
    arena_fini(&arena);
}

/* --- reading a request --------------------------------------------------- */

struct reading {
    struct desk *desk;
    struct arena arena;
    struct buffer header; /* line 1, for its signature */
    struct buffer plain;  /* of a sealed line */
    int line;
    int64_t signed_n; /* the office keeps up to here */
    int64_t next;     /* n of the next line */
    int loose;
    uint8_t case_key[32];
    bool old; /* inside a predecessor's log */
};

static void header_hear(struct reading *r, struct bytes line)
{
    struct desk_heard *heard = &r->desk->heard;
    struct canon_fault fault;
    assert_int_equal(
        request_header_read(&r->arena, line, &heard->header, &fault), ERR_OK);
    assert_string_equal(heard->header.agency, r->desk->agency);
    assert_string_equal(heard->header.replica, r->desk->replica);
    assert_true(heard->header.cursor_count <= 8);
    for (size_t i = 0; i < heard->header.cursor_count; i++)
        heard->cursors[i] = heard->header.cursors[i];
    heard->header.cursors = heard->cursors;
    r->next = heard->header.base_n + 1;
    assert_int_equal(buffer_add_bytes(&r->header, line), ERR_OK);
    if (heard->header.base_n)
        assert_memory_equal(heard->header.base_link,
                            r->desk->lines[heard->header.base_n].link,
                            LINK_BYTES);
}

static void auth_hear(struct reading *r, struct bytes line)
{
    uint8_t sig[SIGNATURE_BYTES];
    const uint8_t *key =
        r->desk->heard.header.locked ? r->desk->transport_key : r->desk->key;
    assert_int_equal(auth_line_read(&r->arena, line, sig), ERR_OK);
    assert_int_equal(
        chain_verify(sig, key, DOMAIN_REQUEST, buffer_bytes(&r->header)),
        ERR_OK);
}

static void line_hear(struct reading *r, struct bytes line)
{
    struct desk *desk = r->desk;
    uint8_t hash[HASH_BYTES];
    if (r->old) {
        desk->heard.old_lines++;
        desk->old_lines++;
        return;
    }
    desk->heard.lines++;
    if (++r->loose > desk->heard.longest_unsigned)
        desk->heard.longest_unsigned = r->loose;
    assert_true(r->next < DESK_LINES_MAX);
    struct desk_line *at = &desk->lines[r->next];
    if (r->next <= desk->head) { /* known: skipped and compared */
        assert_int_equal(at->size, line.size);
        assert_memory_equal(at->at, line.at, line.size);
    } else {
        free(at->at);
        at->at = malloc(line.size);
        assert_non_null(at->at);
        memcpy(at->at, line.at, line.size);
        at->size = line.size;
        hash_bytes(hash, line);
        memcpy(at->link, desk->lines[r->next - 1].link, LINK_BYTES);
        link_next(at->link, hash);
    }
    r->next++;
}

static void sign_hear(struct reading *r, struct bytes line)
{
    struct sign_line sign;
    struct desk *desk = r->desk;
    assert_int_equal(sign_line_read(&r->arena, line, &sign), ERR_OK);
    if (r->old)
        return;
    assert_int_equal(sign.n, r->next - 1);
    assert_int_equal(
        chain_verify(sign.signature, desk->key, DOMAIN_LINK,
                     bytes_of(desk->lines[sign.n].link, LINK_BYTES)),
        ERR_OK);
    r->signed_n = sign.n;
    r->loose = 0;
    desk->heard.signs++;
}

static void key_hear(struct reading *r, struct bytes line)
{
    struct key_line key;
    assert_int_equal(key_line_read(&r->arena, line, &key), ERR_OK);
    assert_int_equal(crypto_box_seal_open(r->case_key, key.wrap.at,
                                          key.wrap.size, r->desk->box,
                                          r->desk->box_secret),
                     0);
    r->desk->heard.keys++;
}

static void sealed_hear(struct reading *r, struct bytes line)
{
    struct sealed_line sealed;
    struct deflate_line *deflate;
    char ad[64];
    uint8_t plain[8192];
    unsigned long long size;
    assert_int_equal(sealed_line_read(&r->arena, line, &sealed), ERR_OK);
    assert_int_equal(sealed.n, r->next);
    int ad_size = snprintf(ad, sizeof ad, "log%c%s%c%lld", 0, r->desk->replica,
                           0, (long long)sealed.n);
    assert_true(sealed.body.size < sizeof plain);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         plain, &size, NULL, sealed.body.at + 24,
                         sealed.body.size - 24, (const uint8_t *)ad,
                         (unsigned long long)ad_size, sealed.body.at,
                         r->case_key),
                     0);
    buffer_clear(&r->plain);
    struct bytes content = bytes_of(plain + 1, (size_t)size - 1);
    assert_int_equal(deflate_line_new(&deflate, 1), ERR_OK);
    if (plain[0] == 1)
        assert_int_equal(deflate_line_unpack(deflate, content, &r->plain),
                         ERR_OK);
    else
        assert_int_equal(buffer_add_bytes(&r->plain, content), ERR_OK);
    deflate_line_free(deflate);
    r->desk->heard.sealed++;
    line_hear(r, buffer_bytes(&r->plain));
}

static void log_hear(struct reading *r, struct bytes line)
{
    struct log_line log;
    assert_int_equal(log_line_read(&r->arena, line, &log), ERR_OK);
    assert_string_equal(log.replica, r->desk->predecessor);
    assert_memory_equal(log.key, r->desk->old_key, KEY_BYTES);
    r->old = true;
}

static enum err hear(void *context, struct bytes line)
{
    struct reading *r = context;
    struct desk_heard *heard = &r->desk->heard;
    arena_clear(&r->arena);
    r->line++;
    if (r->line == 1) {
        header_hear(r, line);
        return ERR_OK;
    }
    switch (line_kind(line)) {
    case LINE_AUTH:
        assert_int_equal(r->line, 2);
        auth_hear(r, line);
        break;
    case LINE_SIGN:
        sign_hear(r, line);
        break;
    case LINE_KEY:
        key_hear(r, line);
        break;
    case LINE_SEALED:
        sealed_hear(r, line);
        break;
    case LINE_LOG:
        log_hear(r, line);
        break;
    case LINE_PAGE:
        heard->pages++;
        break;
    case LINE_NEED:
        heard->needs++;
        r->desk->need_lines++;
        break;
    case LINE_CASES:
        heard->cases++;
        r->desk->case_lines++;
        break;
    case LINE_REVISION:
        if (!heard->pages)
            line_hear(r, line);
        break;
    default:
        fail_msg("a line that no request has");
    }
    return ERR_OK;
}

static void request_read(struct desk *desk)
{
    struct reading r = {.desk = desk};
    struct frame_reader *reader;
    struct bytes body = desk->request.body;
    if (body.size > desk->cut_request)
        body.size = desk->cut_request;
    desk->heard = (struct desk_heard){.lines = 0};
    arena_init(&r.arena, DESK_BYTES_MAX);
    buffer_init(&r.header, DESK_BYTES_MAX);
    buffer_init(&r.plain, DESK_BYTES_MAX);
    assert_int_equal(frame_reader_new(&reader, hear, &r), ERR_OK);
    enum err err = frame_feed(reader, body);
    desk->heard.dictionary = frame_used_dictionary(reader);
    if (!err)
        err = frame_end(reader);
    desk->heard.whole = !err;
    if (desk->cut_request == DESK_NO_CUT)
        assert_int_equal(err, ERR_OK);
    frame_reader_free(reader);
    buffer_fini(&r.header);
    buffer_fini(&r.plain);
    arena_fini(&r.arena);
    if (r.signed_n > desk->head)
        desk->head = r.signed_n;
    for (int64_t n = desk->head + 1; n < r.next; n++) {
        free(desk->lines[n].at); /* unsigned: dropped */
        desk->lines[n].at = NULL;
    }
}

/* --- replying ------------------------------------------------------------ */

static void receipt_make(struct desk *desk, struct reply_header *header)
{
    struct receipt *receipt = &header->receipt;
    struct buffer message;
    if (desk->head <= desk->heard.header.base_n)
        return;
    header->has_receipt = true;
    memcpy(receipt->agency, desk->agency, sizeof receipt->agency);
    memcpy(receipt->lineage, desk->lineage, sizeof receipt->lineage);
    memcpy(receipt->replica, desk->replica, sizeof receipt->replica);
    memcpy(receipt->term, desk->term_name, sizeof receipt->term);
    receipt->n = desk->head;
    memcpy(receipt->link, desk->lines[desk->head].link, LINK_BYTES);
    if (desk->foreign_receipt)
        receipt->link[0] ^= 1;
    buffer_init(&message, DESK_BYTES_MAX);
    assert_int_equal(receipt_message(&message, receipt), ERR_OK);
    chain_sign(receipt->signature, &desk->term, DOMAIN_RECEIPT,
               buffer_bytes(&message));
    if (desk->spoil_receipt)
        receipt->signature[0] ^= 1;
    buffer_fini(&message);
}

static void statement_make(struct desk *desk, struct reply_header *header)
{
    struct buffer message;
    if (!desk->revoked)
        return;
    header->state = REPLY_REVOKED;
    header->has_statement = true;
    header->statement_at = 5;
    memcpy(header->statement_term, desk->term_name,
           sizeof header->statement_term);
    buffer_init(&message, DESK_BYTES_MAX);
    assert_int_equal(statement_message(&message, desk->agency, desk->lineage,
                                       desk->replica, 5),
                     ERR_OK);
    chain_sign(header->statement_signature, &desk->term, DOMAIN_STATEMENT,
               buffer_bytes(&message));
    buffer_fini(&message);
}

static void lines_put(struct frame_writer *w, struct buffer *lines)
{
    struct bytes rest = buffer_bytes(lines);
    while (rest.size) {
        const uint8_t *end = memchr(rest.at, '\n', rest.size);
        assert_non_null(end);
        size_t size = (size_t)(end - rest.at);
        assert_int_equal(frame_line(w, bytes_of(rest.at, size)), ERR_OK);
        rest = bytes_of(end + 1, rest.size - size - 1);
    }
}

static void header_put(struct desk *desk, struct frame_writer *w)
{
    struct reply_header header = {
        .at = 7, .head = desk->head, .more = desk->more, .state = desk->state};
    char scopes[3][SCOPE_CHARS_MAX + 1] = {"agency", "caseload:north", ""};
    uint8_t token[TOKEN_BYTES] = {0};
    struct buffer line;
    desk->tokens++;
    memcpy(token, &desk->tokens, sizeof token);
    base64_encode(header.token, token, sizeof token);
    memcpy(header.lineage, desk->lineage, sizeof header.lineage);
    if (desk->extra_scope) {
        snprintf(scopes[2], sizeof scopes[2], "%s", desk->extra_scope);
        header.scopes = (const char(*)[SCOPE_CHARS_MAX + 1]) scopes;
        header.scope_count = 3;
    }
    if (desk->stale_once)
        header.state = REPLY_STALE;
    if (desk->heard.header.locked && header.state == REPLY_OK)
        header.state = REPLY_LOCKED;
    receipt_make(desk, &header);
    statement_make(desk, &header);
    buffer_init(&line, DESK_BYTES_MAX);
    assert_int_equal(reply_header_write(&line, &header), ERR_OK);
    assert_int_equal(frame_line(w, buffer_bytes(&line)), ERR_OK);
    buffer_fini(&line);
}

static bool feeds(const struct desk *desk)
{
    return !desk->heard.header.locked && !desk->stale_once && !desk->revoked &&
           desk->heard.header.mode == MODE_SYNC;
}

static void reply_write(struct desk *desk, struct buffer *out)
{
    struct frame_writer *w;
    bool reconciles = desk->heard.header.mode == MODE_RECONCILE;
    assert_int_equal(frame_writer_new(&w, out, 1, desk->heard.dictionary),
                     ERR_OK);
    header_put(desk, w);
    if (feeds(desk))
        lines_put(w, &desk->feed);
    if (reconciles)
        lines_put(w, &desk->diff);
    assert_int_equal(frame_finish(w), ERR_OK);
    frame_writer_free(w);
    desk->stale_once = false;
    if (!reconciles)
        return;
    if (desk->calm_after_reconcile)
        desk->state = REPLY_OK;
    if (!desk->always_diff)
        buffer_clear(&desk->diff);
}

static void refuse(struct desk *desk, struct transport_response *out)
{
    desk->refuse_times--;
    out->status = desk->refuse_status;
    buffer_add_text(&out->body, desk->refuse_body);
    out->sent_bytes = (int64_t)desk->request.body.size;
}

static void answer(struct desk *desk, struct transport_response *out)
{
    desk->requests++;
    if (desk->dead) {
        out->err = ERR_NETWORK;
        return;
    }
    if (desk->refuse_times) {
        refuse(desk, out);
        return;
    }
    out->sent_bytes = (int64_t)desk->request.body.size;
    if (strstr(desk->request.url, "/v1/enrol")) {
        enrol(desk, &out->body);
        out->status = 200;
        return;
    }
    request_read(desk);
    if (desk->fork_always) {
        out->status = 409;
        buffer_add_text(&out->body, "{\"detail\":\"\",\"error\":\"fork\"}");
        return;
    }
    if (desk->cut_request != DESK_NO_CUT) {
        desk->cut_request = DESK_NO_CUT;
        out->err = ERR_NETWORK;
        return;
    }
    out->status = 200;
    reply_write(desk, &out->body);
    desk->last_reply_bytes = out->body.size;
    if (desk->cut_reply < out->body.size) {
        out->body.size = desk->cut_reply;
        out->err = ERR_NETWORK;
    } else if (feeds(desk)) {
        buffer_clear(&desk->feed); /* delivered */
        desk->more = false;
    }
    desk->cut_reply = DESK_NO_CUT;
    out->received_bytes = (int64_t)out->body.size;
}

static enum err desk_start(void *context,
                           const struct transport_request *request)
{
    struct desk *desk = context;
    char detail[ENDPOINT_DETAIL_CHARS];
    assert_int_equal(endpoint_check(request->url, detail), ERR_OK);
    desk->request = *request;
    return ERR_OK;
}

static enum err desk_poll(void *context, int64_t wait_ms, bool *done,
                          struct transport_response *out)
{
    (void)wait_ms;
    answer(context, out);
    *done = true;
    return ERR_OK;
}

static void desk_nothing(void *context)
{
    (void)context;
}

struct transport desk_transport(struct desk *desk)
{
    return (struct transport){
        .start = desk_start,
        .poll = desk_poll,
        .cancel = desk_nothing,
        .close = desk_nothing,
        .context = desk,
    };
}

/* --- laying out feeds ---------------------------------------------------- */

static void cursor_lay(struct desk *desk, const char *scope, int64_t seq,
                       bool end, bool has_mac)
{
    struct cursor_line cursor = {.end = end, .has_mac = has_mac};
    snprintf(cursor.cursor.scope, sizeof cursor.cursor.scope, "%s", scope);
    cursor.cursor.seq = seq;
    cursor.cursor.has_sum = end;
    assert_int_equal(cursor_line_write(&desk->feed, &cursor), ERR_OK);
    buffer_add_char(&desk->feed, '\n');
}

void desk_lay_cursor(struct desk *desk, const char *scope, int64_t seq,
                     bool end)
{
    cursor_lay(desk, scope, seq, end, false);
}

void desk_lay_diff(struct desk *desk, const char *name, size_t count)
{
    uint8_t have[8 * 64] = {7};
    struct diff_line diff = {.have = bytes_of(have, 8 * count)};
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++)
        have[8 * i] = (uint8_t)(i + 1);
    id_derive(diff.kase, "test", bytes_text(name));
    snprintf(diff.scope, sizeof diff.scope, "caseload:north");
    assert_int_equal(diff_line_write(&desk->diff, &diff), ERR_OK);
    buffer_add_char(&desk->diff, '\n');
}

void desk_roll_back(struct desk *desk)
{
    uint8_t seed[LINEAGE_BYTES] = {77};
    lines_forget(desk);
    base64_encode(desk->lineage, seed, LINEAGE_BYTES);
}

void desk_lay_person(struct desk *desk, int64_t n, const char *name,
                     int64_t seq, bool end)
{
    char record[ID_CHARS + 1], set[256];
    uint8_t key[KEY_BYTES] = {9};
    struct revision_draft draft = {
        .dot = {.n = n},
        .at = 5,
        .author = "lee",
        .record = record,
        .kase = record,
        .type = "person",
        .schema = 1,
    };
    id_derive(record, "test", bytes_text(name));
    replica_id(draft.dot.replica, 'w', desk->agency, key);
    snprintf(set, sizeof set, "{\"legal_name\":\"%s\"}", name);
    draft.set = bytes_text(set);
    assert_int_equal(revision_write(&desk->feed, &draft), ERR_OK);
    buffer_add_char(&desk->feed, '\n');
    cursor_lay(desk, "caseload:north", seq, end, true);
}

/* --- devices ------------------------------------------------------------- */

static int64_t device_now(void *context)
{
    return ((struct device *)context)->now;
}

void device_create(struct device *d)
{
    memset(d, 0, sizeof *d);
    dir_make(d->dir);
    dir_file(d->path, d->dir, "dana.vault");
    dir_file(d->secret, d->dir, "device.secret");
    d->now = INT64_C(1795300000000);
    d->clock = (struct clock){device_now, device_now, d};
    d->options = (struct vault_options){
        .passphrase = "correct horse",
        .device_secret = d->secret,
        .clock = &d->clock,
        .kdf_ops = 1,
        .kdf_bytes = 8192,
    };
    enum err err = vault_create(&d->vault, d->path, &d->options, d->detail);
    if (err)
        fail_msg("%s", d->detail);
}

void device_close(struct device *d)
{
    vault_close(d->vault);
    d->vault = NULL;
}

void device_open(struct device *d, const char *passphrase)
{
    d->options.passphrase = passphrase;
    enum err err = vault_open(&d->vault, d->path, &d->options, d->detail);
    if (err)
        fail_msg("%s", d->detail);
}

void device_remove(struct device *d)
{
    device_close(d);
    dir_remove(d->dir);
}

void device_enrol(struct device *d, struct desk *desk)
{
    struct transport transport = desk_transport(desk);
    char detail[SESSION_DETAIL_CHARS];
    device_create(d);
    enum err err = session_enrol(d->vault, &transport, "http://127.0.0.1:8470",
                                 NULL, "AAAA-BBBB-CCCC-DDDD", detail);
    if (err)
        fail_msg("%s: %s", err_text(err), detail);
    desk->requests = 0;
}

void device_write(struct device *d, const char *name)
{
    char set[256];
    struct record_written written;
    snprintf(set, sizeof set, "{\"legal_name\":\"%s\"}", name);
    struct record_write write = {
        .type = "person", .set = bytes_text(set), .lenient = true};
    record_written_init(&written);
    enum err err = record_write(d->vault, &write, &written);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(d->vault));
    record_written_fini(&written);
}

struct identity device_identity(struct device *d)
{
    struct identity identity;
    assert_int_equal(identity_load(d->vault, &identity), ERR_OK);
    return identity;
}

static enum err count_one(void *context, const char *record, struct bytes state)
{
    (void)record;
    (void)state;
    ++*(size_t *)context;
    return ERR_OK;
}

size_t device_people(struct device *d)
{
    size_t count = 0;
    assert_int_equal(record_list(d->vault, "person", count_one, &count),
                     ERR_OK);
    return count;
}

enum err desk_sync(struct desk *desk, struct device *d,
                   struct session_report *report)
{
    struct transport transport = desk_transport(desk);
    return session_run(d->vault, &transport, NULL, report);
}
