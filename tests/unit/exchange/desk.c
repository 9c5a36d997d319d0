#include "tests/unit/exchange/desk_inner.h"

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

void desk_forget(struct desk *desk)
{
    for (int64_t n = 1; n <= desk->head; n++) {
        free(desk->lines[n].at);
        desk->lines[n].at = NULL;
    }
    desk->head = 0;
}

void desk_free(struct desk *desk)
{
    desk_forget(desk);
    buffer_fini(&desk->feed);
    buffer_fini(&desk->diff);
    free(desk);
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
    if (desk->unopened_old && desk->heard.old_lines) {
        header.wants_from = 1;
        header.wants_to = desk->heard.old_lines;
    }
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
        desk_enrol(desk, &out->body);
        out->status = 200;
        return;
    }
    desk_read(desk);
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
    desk_forget(desk);
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
