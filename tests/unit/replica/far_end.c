#include "tests/unit/replica/far_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES_MAX (1u << 20)

struct far_end *far_end_new(void)
{
    struct far_end *far = calloc(1, sizeof *far);
    uint8_t seed[32];
    assert_non_null(far);
    assert_true(sodium_init() >= 0);
    arena_init(&far->arena, REVISION_ARENA_BYTES);
    snprintf(far->agency, sizeof far->agency, "cmca");
    randombytes_buf(seed, sizeof seed);
    base64_encode(far->lineage, seed, LINEAGE_BYTES);
    keypair_from_seed(&far->root, seed);
    randombytes_buf(seed, sizeof seed);
    keypair_from_seed(&far->term, seed);
    replica_id(far->term_name, 'o', far->agency, far->term.public_key);
    crypto_box_keypair(far->box, far->box_secret);
    randombytes_buf(far->page_key, sizeof far->page_key);
    return far;
}

void far_end_free(struct far_end *far)
{
    for (size_t i = 0; i < far->count; i++)
        free(far->lines[i].at);
    arena_fini(&far->arena);
    free(far);
}

static struct bytes keep(struct far_end *far, struct buffer *text)
{
    assert_int_equal(buffer_err(text), ERR_OK);
    char *copy = arena_copy(&far->arena, buffer_bytes(text));
    assert_non_null(copy);
    struct bytes bytes = bytes_of(copy, text->size);
    buffer_fini(text);
    return bytes;
}

static void term_fill(struct far_end *far, struct enrol_reply *reply)
{
    struct term_certificate term = {.at = 1};
    struct buffer text;
    memcpy(term.agency, far->agency, sizeof term.agency);
    memcpy(term.replica, far->term_name, sizeof term.replica);
    memcpy(term.key, far->term.public_key, KEY_BYTES);
    buffer_init(&text, MESSAGE_BYTES_MAX);
    assert_int_equal(term_certificate_write(&text, &term), ERR_OK);
    reply->term = keep(far, &text);
    chain_sign(reply->term_sig, &far->root, DOMAIN_TERM, reply->term);
}

void far_enrol_reply(struct far_end *far, const struct enrol_request *request,
                     const char *user, struct enrol_reply *reply)
{
    static char scopes[2][SCOPE_CHARS_MAX + 1] = {"agency", "caseload:north"};
    struct certificate c = {.at = 1, .scopes = scopes, .scope_count = 2};
    struct buffer text;
    memset(reply, 0, sizeof *reply);
    reply->protocol = 1;
    memcpy(reply->agency, far->agency, sizeof reply->agency);
    memcpy(reply->lineage, far->lineage, sizeof reply->lineage);
    memcpy(reply->root, far->root.public_key, KEY_BYTES);
    memcpy(reply->box, far->box, KEY_BYTES);
    replica_id(reply->replica, 'w', far->agency, request->key);
    memcpy(c.agency, far->agency, sizeof c.agency);
    memcpy(c.replica, reply->replica, sizeof c.replica);
    snprintf(c.user, sizeof c.user, "%s", user);
    snprintf(c.role, sizeof c.role, "worker");
    memcpy(c.key, request->key, KEY_BYTES);
    memcpy(c.transport, request->transport, KEY_BYTES);
    buffer_init(&text, MESSAGE_BYTES_MAX);
    assert_int_equal(certificate_write(&text, &c), ERR_OK);
    reply->certificate = keep(far, &text);
    chain_sign(reply->certificate_sig, &far->root, DOMAIN_CERT,
               reply->certificate);
    term_fill(far, reply);
    struct far_log *log = &far->logs[far->log_count++];
    memcpy(log->replica, reply->replica, sizeof log->replica);
    memcpy(log->key, request->key, KEY_BYTES);
    link_zero(log->link, far->agency, log->key);
}

void far_enrol(struct far_end *far, struct device *d, const char *user)
{
    struct enrol_request request;
    struct enrol_reply reply;
    struct buffer proof;
    assert_int_equal(identity_begin(d->vault, "AAAA-BBBB-CCCC-DDDD", &request),
                     ERR_OK);
    buffer_init(&proof, MESSAGE_BYTES_MAX);
    assert_int_equal(enrol_proof_message(&proof, &request), ERR_OK);
    assert_int_equal(chain_verify(request.proof, request.key, DOMAIN_ENROL,
                                  buffer_bytes(&proof)),
                     ERR_OK);
    buffer_fini(&proof);
    far_enrol_reply(far, &request, user, &reply);
    enum err err =
        identity_finish(d->vault, "http://127.0.0.1:1", NULL, &reply);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(d->vault));
}

/* Both signatures of a successor, as the office checks them. */
static void successor_check(struct far_end *far,
                            const struct enrol_request *request)
{
    struct certificate old;
    struct buffer message;
    assert_int_equal(chain_verify(request->certificate_sig,
                                  far->root.public_key, DOMAIN_CERT,
                                  request->certificate),
                     ERR_OK);
    assert_int_equal(certificate_read(&far->arena, request->certificate, &old),
                     ERR_OK);
    assert_string_equal(old.replica, request->replica);
    buffer_init(&message, MESSAGE_BYTES_MAX);
    assert_int_equal(enrol_proof_message(&message, request), ERR_OK);
    assert_int_equal(chain_verify(request->successor_sig, old.key,
                                  DOMAIN_SUCCESSOR, buffer_bytes(&message)),
                     ERR_OK);
    assert_int_equal(chain_verify(request->proof, request->key, DOMAIN_ENROL,
                                  buffer_bytes(&message)),
                     ERR_OK);
    buffer_fini(&message);
}

static struct far_log *log_find(struct far_end *far, const char *replica);

void far_succeed(struct far_end *far, struct device *d, const char *reason)
{
    struct enrol_request request;
    struct enrol_reply reply;
    struct identity self;
    assert_int_equal(identity_load(d->vault, &self), ERR_OK);
    assert_int_equal(identity_succeed_begin(d->vault, reason, &request),
                     ERR_OK);
    successor_check(far, &request);
    far_enrol_reply(far, &request, self.user, &reply);
    const struct far_log *log = log_find(far, self.replica);
    reply.has_received = true;
    reply.received_n = log->n;
    memcpy(reply.received_link, log->link, LINK_BYTES);
    enum err err = identity_succeed_finish(d->vault, &reply);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(d->vault));
}

void far_rollback(struct far_end *far, const char *replica, int64_t n)
{
    struct far_log *log = log_find(far, replica);
    size_t kept = 0;
    link_zero(log->link, far->agency, log->key);
    log->n = 0;
    for (size_t i = 0; i < far->count; i++) {
        struct far_line *line = &far->lines[i];
        uint8_t hash[HASH_BYTES];
        if (!strcmp(line->replica, replica)) {
            if (line->n > n) {
                free(line->at);
                continue;
            }
            hash_bytes(hash, bytes_of(line->at, line->size));
            link_next(log->link, hash);
            log->n = line->n;
        }
        far->lines[kept++] = *line;
    }
    far->count = kept;
    far->lineage[0] = far->lineage[0] == 'A' ? 'B' : 'A';
}

/* --- pushes --------------------------------------------------------------- */

struct pushing {
    struct far_end *far;
    struct far_log *log;
    size_t added, unsigned_lines;
};

static struct far_log *log_find(struct far_end *far, const char *replica)
{
    size_t i = 0;
    while (i < far->log_count && strcmp(far->logs[i].replica, replica))
        i++;
    if (i == far->log_count)
        fail_msg("an unknown replica");
    return &far->logs[i];
}

static struct bytes unseal(struct far_end *far, const struct outbox_line *line,
                           struct buffer *out)
{
    uint8_t key[32];
    char ad[64];
    struct deflate_line *deflate;
    struct buffer plain;
    far->sealed++;
    assert_int_equal(crypto_box_seal_open(key, line->office_wrap.at,
                                          line->office_wrap.size, far->box,
                                          far->box_secret),
                     0);
    int ad_size = snprintf(ad, sizeof ad, "log%c%s%c%lld", 0, line->replica, 0,
                           (long long)line->n);
    buffer_init(&plain, MESSAGE_BYTES_MAX);
    assert_int_equal(buffer_reserve(&plain, line->envelope.size), ERR_OK);
    unsigned long long size;
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         plain.at, &size, NULL, line->envelope.at + 24,
                         line->envelope.size - 24, (const uint8_t *)ad,
                         (unsigned long long)ad_size, line->envelope.at, key),
                     0);
    assert_int_equal(deflate_line_new(&deflate, 1), ERR_OK);
    struct bytes content = bytes_of(plain.at + 1, (size_t)size - 1);
    if (plain.at[0] == 1)
        assert_int_equal(deflate_line_unpack(deflate, content, out), ERR_OK);
    else
        assert_int_equal(buffer_add_bytes(out, content), ERR_OK);
    deflate_line_free(deflate);
    buffer_fini(&plain);
    return buffer_bytes(out);
}

static void line_keep(struct far_end *far, const char *replica, int64_t n,
                      struct bytes text)
{
    assert_true(far->count < FAR_LINES_MAX);
    struct far_line *line = &far->lines[far->count++];
    memcpy(line->replica, replica, sizeof line->replica);
    line->n = n;
    line->size = text.size;
    line->at = malloc(text.size);
    assert_non_null(line->at);
    memcpy(line->at, text.at, text.size);
}

static enum err take(void *context, const struct outbox_line *line)
{
    struct pushing *p = context;
    struct buffer plain;
    uint8_t hash[HASH_BYTES];
    buffer_init(&plain, LINE_BYTES_MAX);
    struct bytes text =
        line->sealed ? unseal(p->far, line, &plain) : line->line;
    assert_false(line->erased);
    if (line->n <= p->log->n) { /* known: skipped */
        buffer_fini(&plain);
        return ERR_OK;
    }
    assert_int_equal(line->n, p->log->n + 1);
    hash_bytes(hash, text);
    link_next(p->log->link, hash);
    p->log->n++;
    line_keep(p->far, line->replica, line->n, text);
    p->added++;
    p->unsigned_lines++;
    assert_true(p->unsigned_lines <= SIGN_EVERY);
    if (line->has_signature) {
        assert_int_equal(chain_verify(line->signature, p->log->key, DOMAIN_LINK,
                                      bytes_of(p->log->link, LINK_BYTES)),
                         ERR_OK);
        p->unsigned_lines = 0;
    }
    buffer_fini(&plain);
    return ERR_OK;
}

static enum err take_old(void *context, const uint8_t key[KEY_BYTES],
                         const struct outbox_line *line)
{
    struct pushing *p = context;
    p->log = log_find(p->far, line->replica);
    assert_memory_equal(p->log->key, key, KEY_BYTES);
    return take(p, line);
}

size_t far_contributed(struct far_end *far, struct vault *vault)
{
    struct pushing p = {far, NULL, 0, 0};
    bool waits;
    assert_int_equal(outbox_old_waits(vault, &waits), ERR_OK);
    assert_int_equal(outbox_read_old(vault, 1000, take_old, &p), ERR_OK);
    assert_int_equal(p.unsigned_lines, 0);
    if (!waits)
        assert_int_equal(p.added, 0);
    if (p.log)
        assert_int_equal(outbox_old_done(vault, p.log->replica, p.log->n),
                         ERR_OK);
    return p.added;
}

size_t far_push(struct far_end *far, struct vault *vault)
{
    struct identity self;
    assert_int_equal(identity_load(vault, &self), ERR_OK);
    struct pushing p = {far, log_find(far, self.replica), 0, 0};
    int64_t before;
    do {
        before = p.log->n;
        assert_int_equal(
            outbox_read(vault, p.log->n + 1, 1000, 1 << 20, take, &p), ERR_OK);
        assert_int_equal(p.unsigned_lines, 0);
    } while (p.log->n != before);
    return p.added;
}

void far_receipt(struct far_end *far, struct vault *vault,
                 struct receipt *receipt)
{
    struct identity self;
    struct buffer message;
    assert_int_equal(identity_load(vault, &self), ERR_OK);
    struct far_log *log = log_find(far, self.replica);
    memset(receipt, 0, sizeof *receipt);
    memcpy(receipt->agency, far->agency, sizeof receipt->agency);
    memcpy(receipt->lineage, far->lineage, sizeof receipt->lineage);
    memcpy(receipt->replica, log->replica, sizeof receipt->replica);
    memcpy(receipt->term, far->term_name, sizeof receipt->term);
    memcpy(receipt->link, log->link, LINK_BYTES);
    receipt->n = log->n;
    buffer_init(&message, MESSAGE_BYTES_MAX);
    assert_int_equal(receipt_message(&message, receipt), ERR_OK);
    chain_sign(receipt->signature, &far->term, DOMAIN_RECEIPT,
               buffer_bytes(&message));
    buffer_fini(&message);
}

void far_sync_up(struct far_end *far, struct vault *vault)
{
    struct receipt receipt;
    far_push(far, vault);
    far_receipt(far, vault, &receipt);
    enum err err = outbox_receipt(vault, &receipt);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(vault));
}

/* --- pulls ---------------------------------------------------------------- */

enum err far_page(struct far_end *far, struct inbox *inbox, size_t from,
                  size_t to, const char *scope, int64_t seq, bool end)
{
    struct cursor_line cursor = {.end = end};
    uint8_t hashes[PAGE_LINES_MAX * HASH_BYTES];
    assert_true(to - from <= PAGE_LINES_MAX);
    for (size_t i = from; i < to; i++) {
        struct bytes line = bytes_of(far->lines[i].at, far->lines[i].size);
        enum err err = inbox_line(inbox, line);
        if (err)
            return err;
        hash_bytes(hashes + (i - from) * HASH_BYTES, line);
    }
    snprintf(cursor.cursor.scope, sizeof cursor.cursor.scope, "%s", scope);
    cursor.cursor.seq = seq;
    cursor.has_mac = to > from;
    page_mac(cursor.mac, far->page_key, far->agency,
             bytes_of(hashes, (to - from) * HASH_BYTES));
    return inbox_page(inbox, &cursor);
}

void far_pull(struct far_end *far, struct vault *vault, const char *join)
{
    struct inbox *inbox;
    assert_int_equal(inbox_open(&inbox, vault), ERR_OK);
    if (join)
        assert_int_equal(inbox_join(inbox, join), ERR_OK);
    for (size_t from = 0; from < far->count; from += PAGE_LINES_MAX) {
        size_t to = from + PAGE_LINES_MAX;
        bool end = to >= far->count;
        if (end)
            to = far->count;
        enum err err =
            far_page(far, inbox, from, to, "caseload:north", (int64_t)to, end);
        if (err)
            fail_msg("%s: %s", err_text(err), vault_detail(vault));
    }
    inbox_close(inbox);
}

void far_write(struct far_end *far, struct revision_draft *draft)
{
    struct buffer line;
    memcpy(draft->dot.replica, far->term_name, sizeof draft->dot.replica);
    draft->dot.n = ++far->term_n;
    draft->at = 1;
    draft->author = "olga";
    buffer_init(&line, LINE_BYTES_MAX);
    assert_int_equal(revision_write(&line, draft), ERR_OK);
    line_keep(far, far->term_name, far->term_n, buffer_bytes(&line));
    buffer_fini(&line);
}

void far_leave(struct far_end *far, struct vault *vault, const char *kase,
               const char *scope, struct leave_line *leave)
{
    struct identity self;
    struct buffer message;
    assert_int_equal(identity_load(vault, &self), ERR_OK);
    memset(leave, 0, sizeof *leave);
    snprintf(leave->kase, sizeof leave->kase, "%s", kase);
    snprintf(leave->scope, sizeof leave->scope, "%s", scope);
    memcpy(leave->replica, self.replica, sizeof leave->replica);
    memcpy(leave->lineage, far->lineage, sizeof leave->lineage);
    memcpy(leave->term, far->term_name, sizeof leave->term);
    leave->at = 5;
    buffer_init(&message, MESSAGE_BYTES_MAX);
    assert_int_equal(leave_message(&message, leave), ERR_OK);
    chain_sign(leave->signature, &far->term, DOMAIN_LEAVE,
               buffer_bytes(&message));
    buffer_fini(&message);
}
