/* A vault that an office, or what pretends to be one, talks to.
 *
 * The input is lines of text, a script.  Of the device:
 *
 *   write {...}      a person with these fields      revise {...}   the last
 * one lock, unlock     sync
 *
 * and what a sync is answered with, one for each request that it makes:
 *
 *   reply more stale revoked reconcile back cut     a header, properly signed;
 *                    `back` is a receipt for less than the last
 *   reply {...}      this header
 *   status 409 {...} an error
 *   enrolled         what a successor is told
 *
 * The lines behind a reply are its body: {...} as it is; +{...} a revision by
 * another worker, whose author, place and `at` are filled in; `leave CASE
 * SCOPE`, signed.  A $ stands for the id of the last record that was written.
 *
 * Whatever comes, the vault verifies, shows what was written in it, and counts
 * as received only what a signed receipt covers. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "shared/exchange/session.h"
#include "shared/replica/identity.h"
#include "shared/replica/record.h"
#include "shared/wire/deflate.h"
#include "shared/wire/frame.h"
#include "tests/fuzz/file.h"
#include "tests/sim/disk.h"

const size_t replay_stride = 501;

#define AGENCY "north"
#define LINEAGE "AQAAAAAAAAAAAAAAAAAAAA"
#define VAULT "/fuzz/dana/dana.vault"
#define WRITES_MAX 12
#define LOG_MAX 64
#define TEXT_BYTES_MAX (4u << 20)

struct play {
    struct arena arena;
    struct bytes rest; /* of the script */
    struct clock clock;
    int64_t now;
    struct random_seeded dice;
    struct vault *vault;
    struct record_written last;
    char written[WRITES_MAX][ID_CHARS + 1];
    size_t write_count;
    bool taken_away; /* a case has left, or the device is revoked: signed */
    /* the office */
    struct keypair root, term, other;
    char term_name[REPLICA_CHARS + 1], other_name[REPLICA_CHARS + 1];
    uint8_t box[KEY_BYTES], box_secret[32];
    int64_t other_n, tokens;
    /* what the device has told it, by its present name */
    char replica[REPLICA_CHARS + 1];
    uint8_t links[LOG_MAX + 1][LINK_BYTES];
    int64_t head, receipted;
    int64_t receipted_before; /* of identities before */
    struct transport_request request;
};

/* --- the script ----------------------------------------------------------- */

static bool word_is(struct bytes *rest, const char *word)
{
    size_t size = strlen(word);
    if (rest->size < size || memcmp(rest->at, word, size) != 0 ||
        (rest->size > size && rest->at[size] != ' '))
        return false;
    size += rest->size > size;
    *rest = bytes_of(rest->at + size, rest->size - size);
    return true;
}

/* The next line, in which $ is written out; false at the end. */
static bool line_peek(struct play *p, struct bytes *line, size_t *used)
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

static void line_pass(struct play *p, size_t used)
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
    while (line_peek(p, &line, &used) && is_body(line)) {
        line_pass(p, used);
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
    if (!line_peek(p, &line, &used))
        return ERR_OK;
    struct bytes rest = line;
    bool reply = word_is(&rest, "reply"), status = false, enrolled = false;
    if (!reply)
        status = word_is(&rest, "status");
    if (!reply && !status)
        enrolled = word_is(&rest, "enrolled");
    if (!reply && !status && !enrolled)
        return ERR_OK;
    line_pass(p, used);
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

static struct transport net(struct play *p)
{
    return (struct transport){net_start,  net_poll, net_cancel,
                              net_cancel, p,        NULL};
}

/* --- the vault ------------------------------------------------------------ */

static int64_t play_now(void *context)
{
    return ((struct play *)context)->now;
}

static void keys_make(struct keypair *keys, uint8_t seed)
{
    uint8_t bytes[32];
    memset(bytes, seed, sizeof bytes);
    keypair_from_seed(keys, bytes);
}

static struct vault_options options_of(struct play *p)
{
    uint8_t secret[32] = {9};
    return (struct vault_options){
        .passphrase = "correct horse",
        .device_secret = file_write(bytes_of(secret, sizeof secret)),
        .clock = &p->clock,
        .random = &p->dice.random,
        .vfs = DISK_VFS,
        .kdf_ops = 1,
        .kdf_bytes = 8192};
}

static void play_init(struct play *p, struct bytes script)
{
    uint8_t seed[32] = {5};
    *p = (struct play){.rest = script, .now = INT64_C(1795000000000)};
    arena_init(&p->arena, (size_t)1 << 28);
    p->clock = (struct clock){play_now, play_now, p};
    random_seeded_init(&p->dice, 1);
    record_written_init(&p->last);
    keys_make(&p->root, 1);
    keys_make(&p->term, 2);
    keys_make(&p->other, 3);
    must(!crypto_box_seed_keypair(p->box, p->box_secret, seed));
    replica_id(p->term_name, 'o', AGENCY, p->term.public_key);
    replica_id(p->other_name, 'w', AGENCY, p->other.public_key);
    disk_reset("/fuzz/", &p->dice.random);
}

/* A vault that has just been enrolled, and what the office knows of it. */
static struct {
    char replica[REPLICA_CHARS + 1];
    uint8_t link[LINK_BYTES];
} made;

static void vault_make(void)
{
    struct play p;
    char detail[512];
    bool sent;
    play_init(&p, bytes_text("enrolled\n"));
    struct vault_options options = options_of(&p);
    struct transport transport = net(&p);
    must(!vault_create(&p.vault, VAULT, &options, detail));
    must(!session_enrol(p.vault, &transport, "http://127.0.0.1:1", NULL,
                        "0000-0000-0000-0000", &sent, detail));
    memcpy(made.replica, p.replica, sizeof made.replica);
    memcpy(made.link, p.links[0], LINK_BYTES);
    vault_close(p.vault);
    disk_keep();
    record_written_fini(&p.last);
    arena_fini(&p.arena);
}

static void vault_find(struct play *p)
{
    char detail[VAULT_DETAIL_CHARS];
    if (!made.replica[0])
        vault_make();
    play_init(p, p->rest);
    disk_restore();
    struct vault_options options = options_of(p);
    must(!vault_open(&p->vault, VAULT, &options, detail));
    memcpy(p->replica, made.replica, sizeof p->replica);
    memcpy(p->links[0], made.link, LINK_BYTES);
}

/* --- what the device does ------------------------------------------------- */

static void person_write(struct play *p, struct bytes set, bool fresh)
{
    struct record_write write = {.set = set};
    struct record_written done;
    record_written_init(&done);
    if (fresh || !p->last.record[0]) {
        write.type = "person";
    } else {
        write.record = p->last.record;
        write.context = buffer_text(&p->last.context);
    }
    enum err err = p->write_count < WRITES_MAX
                       ? record_write(p->vault, &write, &done)
                       : ERR_FULL;
    must(err != ERR_CORRUPT && err != ERR_IO);
    if (err) {
        record_written_fini(&done);
        return;
    }
    memcpy(p->written[p->write_count++], done.record, sizeof done.record);
    record_written_fini(&p->last);
    p->last = done;
}

static void sync_run(struct play *p)
{
    struct session_options options = {.level = 1};
    struct session_report report;
    struct transport transport = net(p);
    enum err err = session_run(p->vault, &transport, &options, &report);
    must(err != ERR_CORRUPT && err != ERR_IO && err != ERR_NOMEM);
    must(!err || report.detail[0]);
    must(utf8_valid(bytes_text(report.detail), NULL));
}

static void line_play(struct play *p, struct bytes line)
{
    if (word_is(&line, "write"))
        person_write(p, line, true);
    else if (word_is(&line, "revise"))
        person_write(p, line, false);
    else if (word_is(&line, "lock"))
        vault_lock(p->vault);
    else if (word_is(&line, "unlock"))
        must(!vault_unlock(p->vault, "correct horse"));
    else if (word_is(&line, "sync"))
        sync_run(p);
}

static void problem(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "verify: %s\n", text);
}

static void vault_check(struct play *p)
{
    struct vault_status status;
    struct buffer state, context;
    size_t problems;
    must(!vault_unlock(p->vault, "correct horse"));
    must(!vault_verify(p->vault, problem, NULL, &problems) && !problems);
    must(!record_status(p->vault, &status));
    must(status.received + status.backed_up <=
         p->receipted + p->receipted_before);
    buffer_init(&state, 32u << 20);
    buffer_init(&context, 1u << 20);
    for (size_t i = 0; i < p->write_count && !p->taken_away; i++) {
        must(!record_read(p->vault, p->written[i], &state, &context));
        buffer_clear(&state);
        buffer_clear(&context);
    }
    buffer_fini(&state);
    buffer_fini(&context);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct play p = {.rest = bytes_of(at, size)};
    struct bytes line;
    size_t used;
    vault_find(&p);
    while (line_peek(&p, &line, &used)) {
        line_pass(&p, used);
        line_play(&p, line);
    }
    vault_check(&p);
    vault_close(p.vault);
    record_written_fini(&p.last);
    arena_fini(&p.arena);
    return 0;
}
