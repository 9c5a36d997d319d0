#include "tests/fuzz/scene/device_net.h"
#include <string.h>
#include "shared/replica/identity.h"
#include "shared/wire/frame.h"
#include "tests/fuzz/scene/word.h"

#define LINEAGE "AQAAAAAAAAAAAAAAAAAAAA"
#define TEXT_BYTES_MAX (4u << 20)

/* --- the script ----------------------------------------------------------- */

bool script_peek(struct play *p, struct bytes *line, size_t *used)
{
    if (!p->rest.size)
        return false;
    const uint8_t *end = memchr(p->rest.at, '\n', p->rest.size);
    size_t size = end ? (size_t)(end - p->rest.at) : p->rest.size;
    struct buffer out;
    *used = size + (end != NULL);
    buffer_init(&out, TEXT_BYTES_MAX);
    for (size_t i = 0; i < size; i++) {
        if (p->rest.at[i] == '$')
            buffer_add_text(&out, p->last.record);
        else
            buffer_add_char(&out, (char)p->rest.at[i]);
    }
    char *copy = arena_copy(&p->arena, buffer_bytes(&out));
    must(copy && !buffer_err(&out));
    *line = bytes_of(copy, out.size);
    buffer_fini(&out);
    return true;
}

void script_pass(struct play *p, size_t used)
{
    p->rest = bytes_of(p->rest.at + used, p->rest.size - used);
}

/* --- what the office signs ------------------------------------------------ */

static void term_text(const struct play *p, struct buffer *out,
                      uint8_t sig[SIGNATURE_BYTES])
{
    struct term_certificate term = {.agency = AGENCY, .at = 1};
    memcpy(term.replica, p->term_name, sizeof term.replica);
    memcpy(term.key, p->term.public_key, KEY_BYTES);
    must(!term_certificate_write(out, &term));
    chain_sign(sig, &p->root, DOMAIN_TERM, buffer_bytes(out));
}

static void receipt_sign(struct play *p, struct receipt *receipt, int64_t n)
{
    struct buffer message;
    *receipt = (struct receipt){.agency = AGENCY, .lineage = LINEAGE, .n = n};
    memcpy(receipt->replica, p->replica, sizeof receipt->replica);
    memcpy(receipt->term, p->term_name, sizeof receipt->term);
    memcpy(receipt->link, p->links[n], LINK_BYTES);
    buffer_init(&message, SIGN_BYTES_MAX);
    must(!receipt_message(&message, receipt));
    chain_sign(receipt->signature, &p->term, DOMAIN_RECEIPT,
               buffer_bytes(&message));
    buffer_fini(&message);
    if (n > p->receipted)
        p->receipted = n;
}

static void revoked_sign(struct play *p, struct reply_header *h)
{
    struct buffer message;
    h->state = REPLY_REVOKED;
    h->has_statement = true;
    h->statement_at = 5;
    memcpy(h->statement_term, p->term_name, sizeof h->statement_term);
    buffer_init(&message, SIGN_BYTES_MAX);
    must(!statement_message(&message, AGENCY, LINEAGE, p->replica, 5));
    chain_sign(h->statement_signature, &p->term, DOMAIN_STATEMENT,
               buffer_bytes(&message));
    buffer_fini(&message);
    p->taken_away = true;
}

static void header_put(struct play *p, struct frame_writer *w,
                       struct bytes words, bool *cut)
{
    struct reply_header h = {.at = p->now, .head = p->head, .lineage = LINEAGE};
    uint8_t token[TOKEN_BYTES] = {0};
    struct buffer line, term;
    int64_t n = p->head;
    p->tokens++;
    memcpy(token, &p->tokens, sizeof token);
    base64_encode(h.token, token, sizeof token);
    h.more = word_is(&words, "more");
    if (word_is(&words, "stale"))
        h.state = REPLY_STALE;
    if (word_is(&words, "revoked"))
        revoked_sign(p, &h);
    if (word_is(&words, "reconcile"))
        h.state = REPLY_RECONCILE;
    if (word_is(&words, "back"))
        n /= 2;
    *cut = word_is(&words, "cut");
    h.has_receipt = n > 0;
    if (n > 0)
        receipt_sign(p, &h.receipt, n);
    buffer_init(&line, TEXT_BYTES_MAX);
    buffer_init(&term, TEXT_BYTES_MAX);
    term_text(p, &term, h.term_signature);
    h.term_text = buffer_bytes(&term);
    must(!reply_header_write(&line, &h));
    must(!frame_line(w, buffer_bytes(&line)));
    buffer_fini(&line);
    buffer_fini(&term);
}

/* --- the body of a reply -------------------------------------------------- */

static void leave_put(struct play *p, struct frame_writer *w,
                      struct bytes words)
{
    struct leave_line leave = {.lineage = LINEAGE, .at = 6};
    struct buffer message, line;
    size_t size = words.size < ID_CHARS ? words.size : ID_CHARS;
    struct bytes kase = bytes_of(words.at, size);
    if (id_valid(kase))
        memcpy(leave.kase, kase.at, ID_CHARS);
    else
        size = 0;
    size += size < words.size && words.at[size] == ' ';
    struct bytes scope = bytes_of(words.at + size, words.size - size);
    if (scope.size > SCOPE_CHARS_MAX ||
        (!scope_valid(scope) && !bytes_is(scope, "*")))
        return;
    memcpy(leave.scope, scope.at, scope.size);
    memcpy(leave.replica, p->replica, sizeof leave.replica);
    memcpy(leave.term, p->term_name, sizeof leave.term);
    buffer_init(&message, SIGN_BYTES_MAX);
    buffer_init(&line, TEXT_BYTES_MAX);
    must(!leave_message(&message, &leave));
    chain_sign(leave.signature, &p->term, DOMAIN_LEAVE, buffer_bytes(&message));
    must(!leave_line_write(&line, &leave));
    must(!frame_line(w, buffer_bytes(&line)));
    buffer_fini(&message);
    buffer_fini(&line);
    p->taken_away = true;
}

/* {...} with what another worker's device adds. */
static void revision_put(struct play *p, struct frame_writer *w,
                         struct bytes text)
{
    const struct canon *root;
    struct buffer loose, line;
    buffer_init(&loose, TEXT_BYTES_MAX);
    buffer_init(&line, TEXT_BYTES_MAX);
    if (!canon_parse(&p->arena, text, &root, NULL) &&
        root->kind == CANON_OBJECT && root->count) {
        buffer_add(&loose, text.at, text.size - 1);
        buffer_printf(&loose, ",\"author\":\"lee\",\"replica\":\"%s\"",
                      p->other_name);
        buffer_printf(&loose, ",\"at\":%lld,\"n\":%lld}", (long long)p->now,
                      (long long)p->other_n + 1);
    }
    if (!canon_normalise(&line, buffer_bytes(&loose), NULL)) {
        p->other_n++;
        text = buffer_bytes(&line);
    }
    must(!frame_line(w, text));
    buffer_fini(&loose);
    buffer_fini(&line);
}

static bool is_body(struct bytes line)
{
    return line.size && (line.at[0] == '{' || line.at[0] == '+' ||
                         (line.size > 6 && !memcmp(line.at, "leave ", 6)));
}

static void body_put(struct play *p, struct frame_writer *w)
{
    struct bytes line;
    size_t used;
    while (script_peek(p, &line, &used) && is_body(line)) {
        script_pass(p, used);
        if (word_is(&line, "leave"))
            leave_put(p, w, line);
        else if (line.at[0] == '+')
            revision_put(p, w, bytes_of(line.at + 1, line.size - 1));
        else
            must(!frame_line(w, line));
    }
}

static void reply_put(struct play *p, struct bytes words, struct buffer *body)
{
    struct frame_writer *w;
    bool cut = false;
    must(!frame_writer_new(&w, body, 1, false));
    if (words.size && words.at[0] == '{')
        must(!frame_line(w, words));
    else
        header_put(p, w, words, &cut);
    body_put(p, w);
    must(!frame_finish(w));
    frame_writer_free(w);
    if (cut)
        body->size /= 2;
}

/* --- enrolment ------------------------------------------------------------ */

static void enrolled_put(struct play *p, struct buffer *body)
{
    static char scopes[2][SCOPE_CHARS_MAX + 1] = {"agency", "caseload:east"};
    struct enrol_request request;
    struct enrol_reply reply = {.protocol = 1,
                                .agency = AGENCY,
                                .lineage = LINEAGE,
                                .has_received = p->replica[0]};
    struct certificate c = {.agency = AGENCY,
                            .user = "dana",
                            .role = "worker",
                            .at = 1,
                            .scopes = scopes,
                            .scope_count = 2};
    struct buffer certificate, term;
    if (enrol_request_read(&p->arena, p->request.body, &request))
        return; /* it was no enrolment that is answered so */
    reply.received_n = reply.has_received ? p->receipted : 0;
    memcpy(reply.received_link, p->links[p->receipted], LINK_BYTES);
    replica_id(reply.replica, 'w', AGENCY, request.key);
    memcpy(c.replica, reply.replica, sizeof c.replica);
    memcpy(c.key, request.key, KEY_BYTES);
    memcpy(c.transport, request.transport, KEY_BYTES);
    memcpy(reply.box, p->box, KEY_BYTES);
    memcpy(reply.root, p->root.public_key, KEY_BYTES);
    buffer_init(&certificate, TEXT_BYTES_MAX);
    buffer_init(&term, TEXT_BYTES_MAX);
    must(!certificate_write(&certificate, &c));
    chain_sign(reply.certificate_sig, &p->root, DOMAIN_CERT,
               buffer_bytes(&certificate));
    reply.certificate = buffer_bytes(&certificate);
    term_text(p, &term, reply.term_sig);
    reply.term = buffer_bytes(&term);
    must(!enrol_reply_write(body, &reply));
    buffer_fini(&certificate);
    buffer_fini(&term);
    memcpy(p->replica, reply.replica, sizeof p->replica);
    link_zero(p->links[0], AGENCY, request.key);
    p->receipted_before += p->receipted;
    p->head = p->receipted = 0;
}

/* --- the transport -------------------------------------------------------- */

/* What the request says of the log, as far as its own lines go. */
struct heard {
    struct play *play;
    struct arena arena;
    int lines;
    bool other;
    struct request_header header;
    int64_t n;
};

static enum err request_line(void *context, struct bytes line)
{
    struct heard *h = context;
    struct play *p = h->play;
    uint8_t hash[HASH_BYTES];
    char *copy = arena_copy(&h->arena, line);
    must(copy != NULL);
    if (h->lines++ == 0) {
        must(!request_header_read(&h->arena, bytes_of(copy, line.size),
                                  &h->header, NULL));
        h->n = h->header.base_n;
        h->other = h->header.mode != MODE_SYNC || h->n > p->head ||
                   strcmp(h->header.replica, p->replica) != 0;
        return ERR_OK;
    }
    enum line_kind kind = line_kind(line);
    h->other = h->other || kind == LINE_LOG || kind == LINE_SEALED;
    if (h->other || kind != LINE_REVISION || h->n >= LOG_MAX)
        return ERR_OK;
    hash_bytes(hash, line);
    h->n++;
    memcpy(p->links[h->n], p->links[h->n - 1], LINK_BYTES);
    link_next(p->links[h->n], hash);
    if (h->n > p->head)
        p->head = h->n;
    return ERR_OK;
}

static enum err net_start(void *context, const struct transport_request *r)
{
    struct play *p = context;
    struct heard h = {.play = p};
    struct frame_reader *reader;
    p->request = *r;
    p->now += 1000;
    if (strcmp(r->content_type ? r->content_type : "",
               "application/x-satchel") != 0)
        return ERR_OK;
    arena_init(&h.arena, 64u << 20);
    must(!frame_reader_new(&reader, request_line, &h));
    must(!frame_feed(reader, r->body) && !frame_end(reader));
    frame_reader_free(reader);
    arena_fini(&h.arena);
    return ERR_OK;
}

static enum err net_poll(void *context, int64_t wait_ms, bool *done,
                         struct transport_response *out)
{
    struct play *p = context;
    struct bytes line, number;
    size_t used;
    (void)wait_ms;
    *done = true;
    out->err = ERR_NETWORK;
    if (!script_peek(p, &line, &used))
        return ERR_OK;
    struct bytes rest = line;
    bool reply = word_is(&rest, "reply"), status = false, enrolled = false;
    if (!reply)
        status = word_is(&rest, "status");
    if (!reply && !status)
        enrolled = word_is(&rest, "enrolled");
    if (!reply && !status && !enrolled)
        return ERR_OK;
    script_pass(p, used);
    out->err = ERR_OK;
    out->status = 200;
    out->received_bytes = 1;
    if (reply)
        reply_put(p, rest, &out->body);
    else if (enrolled)
        enrolled_put(p, &out->body);
    if (!status)
        return ERR_OK;
    const uint8_t *space = rest.size ? memchr(rest.at, ' ', rest.size) : NULL;
    number = bytes_of(rest.at, space ? (size_t)(space - rest.at) : rest.size);
    int64_t value;
    out->status = !int64_parse(number, &value) && value > 0 && value < 600
                      ? (int)value
                      : 500;
    return space
               ? buffer_add(&out->body, space + 1, rest.size - number.size - 1)
               : ERR_OK;
}

static void net_cancel(void *context)
{
    (void)context;
}

struct transport net_of(struct play *p)
{
    return (struct transport){net_start,  net_poll, net_cancel,
                              net_cancel, p,        NULL};
}
