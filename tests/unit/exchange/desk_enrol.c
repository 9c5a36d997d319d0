#include "tests/unit/exchange/desk_inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/deflate.h"

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

void desk_enrol(struct desk *desk, struct buffer *out)
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
        desk_forget(desk);
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
