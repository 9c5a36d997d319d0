/* tests/vectors/exchange.json: requests and replies that a second client made
 * from sync-protocol.md, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "shared/wire/deflate.h"
#include "shared/wire/frame.h"
#include "shared/wire/message.h"
#include "tests/unit/wire/recode.h"

#define LINES_MAX 32
#define FILE_BYTES_MAX (1u << 18)

struct vectors {
    struct arena arena;
    struct buffer text; /* canonical, since the file is loose JSON */
    const struct canon *root;
};

static int vectors_open(void **state)
{
    static char file[FILE_BYTES_MAX];
    struct vectors *v = calloc(1, sizeof *v);
    FILE *f = fopen("tests/vectors/exchange.json", "rb");
    if (!v || !f)
        return -1;
    size_t size = fread(file, 1, sizeof file, f);
    fclose(f);
    arena_init(&v->arena, 16 << 20);
    buffer_init(&v->text, FILE_BYTES_MAX);
    *state = v;
    if (canon_normalise(&v->text, bytes_of(file, size), NULL))
        return -1;
    return canon_parse(&v->arena, buffer_bytes(&v->text), &v->root, NULL);
}

static int vectors_close(void **state)
{
    struct vectors *v = *state;
    arena_fini(&v->arena);
    buffer_fini(&v->text);
    free(v);
    return 0;
}

static struct bytes text_of(const struct canon *object, const char *name)
{
    struct bytes text;
    if (!canon_text(object, name, &text))
        fail_msg("%s is missing", name);
    return text;
}

static const char *name_of(struct vectors *v, const char *name)
{
    return arena_copy(&v->arena, text_of(v->root, name));
}

static void key_of(struct vectors *v, const char *name, uint8_t out[32])
{
    const struct canon *keys = canon_member(v->root, "keys");
    assert_int_equal(base64_decode(out, 32, text_of(keys, name)), ERR_OK);
}

static struct keypair pair_of(struct vectors *v, const char *name)
{
    struct keypair pair;
    uint8_t seed[32];
    key_of(v, name, seed);
    keypair_from_seed(&pair, seed);
    return pair;
}

static struct bytes decoded(struct vectors *v, struct bytes text)
{
    size_t size = text.size;
    uint8_t *at = arena_take(&v->arena, size + 1);
    assert_int_equal(base64_decode_any(at, size + 1, text, &size), ERR_OK);
    return bytes_of(at, size);
}

/* One side of an exchange: its lines. */
struct side {
    struct bytes lines[LINES_MAX];
    size_t count;
};

static struct side side_of(const struct canon *exchange, const char *name)
{
    struct side side = {.count = 0};
    const struct canon *lines =
        canon_member(canon_member(exchange, name), "lines");
    for (const struct canon *line = lines->first; line; line = line->next)
        side.lines[side.count++] = line->text;
    return side;
}

static const struct canon *first_exchange(struct vectors *v)
{
    return canon_member(v->root, "exchanges")->first;
}

static enum err next_line(void *context, struct bytes line)
{
    struct buffer *all = context;
    buffer_add_bytes(all, line);
    return buffer_add_char(all, '\n');
}

static void check_body(struct vectors *v, const struct canon *message,
                       const struct side *side)
{
    struct buffer all, wanted;
    buffer_init(&all, FILE_BYTES_MAX);
    buffer_init(&wanted, FILE_BYTES_MAX);
    struct frame_reader *r;
    assert_int_equal(frame_reader_new(&r, next_line, &all), ERR_OK);
    assert_int_equal(frame_feed(r, decoded(v, text_of(message, "body"))),
                     ERR_OK);
    assert_int_equal(frame_end(r), ERR_OK);
    assert_int_equal(frame_used_dictionary(r),
                     canon_true(message, "dictionary"));
    frame_reader_free(r);
    for (size_t i = 0; i < side->count; i++)
        assert_int_equal(next_line(&wanted, side->lines[i]), ERR_OK);
    assert_true(bytes_equal(buffer_bytes(&all), buffer_bytes(&wanted)));
    buffer_fini(&all);
    buffer_fini(&wanted);
}

static void bodies_inflate_to_their_lines(void **state)
{
    struct vectors *v = *state;
    for (const struct canon *e = first_exchange(v); e; e = e->next) {
        struct side asked = side_of(e, "request");
        struct side answered = side_of(e, "reply");
        check_body(v, canon_member(e, "request"), &asked);
        check_body(v, canon_member(e, "reply"), &answered);
    }
}

static void check_recoded(struct vectors *v, const char *kind,
                          struct bytes line)
{
    struct buffer out;
    buffer_init(&out, FILE_BYTES_MAX);
    if (recode(&v->arena, bytes_text(kind), line, &out) ||
        !bytes_equal(buffer_bytes(&out), line))
        fail_msg("%s: %s", kind, buffer_text(&out));
    buffer_fini(&out);
}

static void check_lines(struct vectors *v, const char *head,
                        const struct side *side)
{
    check_recoded(v, head, side->lines[0]);
    for (size_t i = 1; i < side->count; i++) {
        struct bytes line = side->lines[i];
        char kind[16] = "";
        if (line_kind(line) == LINE_REVISION)
            continue;
        snprintf(kind, sizeof kind, "%.*s", (int)line.size - 2, line.at + 2);
        *strchr(kind, '"') = 0;
        check_recoded(v, kind, line);
    }
}

static void every_message_is_written_as_it_was_read(void **state)
{
    struct vectors *v = *state;
    for (const struct canon *e = first_exchange(v); e; e = e->next) {
        struct side asked = side_of(e, "request");
        struct side answered = side_of(e, "reply");
        check_lines(v, "request", &asked);
        check_lines(v, "reply", &answered);
    }
    const struct canon *e = canon_member(v->root, "enrolments")->first;
    for (; e; e = e->next) {
        check_recoded(v, "enrol", text_of(e, "request"));
        check_recoded(v, "enrolled", text_of(e, "reply"));
    }
}

static void requests_are_authenticated_by_the_right_key(void **state)
{
    struct vectors *v = *state;
    struct keypair writing = pair_of(v, "writing");
    struct keypair transport = pair_of(v, "transport");
    for (const struct canon *e = first_exchange(v); e; e = e->next) {
        struct side asked = side_of(e, "request");
        struct request_header header;
        uint8_t sig[SIGNATURE_BYTES];
        assert_int_equal(
            request_header_read(&v->arena, asked.lines[0], &header, NULL),
            ERR_OK);
        assert_int_equal(auth_line_read(&v->arena, asked.lines[1], sig),
                         ERR_OK);
        const struct keypair *pair = header.locked ? &transport : &writing;
        assert_int_equal(
            chain_verify(sig, pair->public_key, DOMAIN_REQUEST, asked.lines[0]),
            ERR_OK);
    }
}

static void log_of(struct vectors *v, uint8_t links[8][LINK_BYTES])
{
    struct keypair writing = pair_of(v, "writing");
    uint8_t link[LINK_BYTES], hash[HASH_BYTES], wanted[LINK_BYTES];
    size_t n = 0;
    link_zero(link, name_of(v, "agency"), writing.public_key);
    const struct canon *entry = canon_member(v->root, "log")->first;
    for (; entry; entry = entry->next) {
        hash_bytes(hash, text_of(entry, "line"));
        link_next(link, hash);
        assert_int_equal(
            base64_decode(wanted, LINK_BYTES, text_of(entry, "link")), ERR_OK);
        assert_memory_equal(link, wanted, LINK_BYTES);
        memcpy(links[++n], link, LINK_BYTES);
    }
}

static void sign_lines_and_receipts_verify(void **state)
{
    struct vectors *v = *state;
    struct keypair writing = pair_of(v, "writing"), term = pair_of(v, "term");
    uint8_t links[8][LINK_BYTES];
    log_of(v, links);
    int signs = 0, receipts = 0;
    for (const struct canon *e = first_exchange(v); e; e = e->next) {
        struct side asked = side_of(e, "request");
        for (size_t i = 0; i < asked.count; i++) {
            struct sign_line sign;
            if (line_kind(asked.lines[i]) != LINE_SIGN)
                continue;
            assert_int_equal(sign_line_read(&v->arena, asked.lines[i], &sign),
                             ERR_OK);
            assert_int_equal(chain_verify(sign.signature, writing.public_key,
                                          DOMAIN_LINK,
                                          bytes_of(links[sign.n], LINK_BYTES)),
                             ERR_OK);
            signs++;
        }
        struct reply_header reply;
        struct side answered = side_of(e, "reply");
        assert_int_equal(
            reply_header_read(&v->arena, answered.lines[0], &reply), ERR_OK);
        if (!reply.has_receipt)
            continue;
        struct buffer message;
        buffer_init(&message, 4096);
        snprintf(reply.receipt.agency, sizeof reply.receipt.agency, "%s",
                 name_of(v, "agency"));
        snprintf(reply.receipt.replica, sizeof reply.receipt.replica, "%s",
                 name_of(v, "replica"));
        assert_memory_equal(reply.receipt.link, links[reply.receipt.n],
                            LINK_BYTES);
        assert_int_equal(receipt_message(&message, &reply.receipt), ERR_OK);
        assert_int_equal(chain_verify(reply.receipt.signature, term.public_key,
                                      DOMAIN_RECEIPT, buffer_bytes(&message)),
                         ERR_OK);
        buffer_fini(&message);
        receipts++;
    }
    assert_int_equal(signs, 2);
    assert_int_equal(receipts, 2);
}

static void enrolments_are_proved_and_certified(void **state)
{
    struct vectors *v = *state;
    struct keypair root = pair_of(v, "root"), old = pair_of(v, "writing");
    const struct canon *e = canon_member(v->root, "enrolments")->first;
    for (; e; e = e->next) {
        struct enrol_request asked;
        struct enrol_reply answered;
        struct buffer said;
        buffer_init(&said, 4096);
        assert_int_equal(
            enrol_request_read(&v->arena, text_of(e, "request"), &asked),
            ERR_OK);
        assert_int_equal(
            enrol_reply_read(&v->arena, text_of(e, "reply"), &answered),
            ERR_OK);
        assert_int_equal(enrol_proof_message(&said, &asked), ERR_OK);
        assert_int_equal(chain_verify(asked.proof, asked.key, "satchel/enrol/1",
                                      buffer_bytes(&said)),
                         ERR_OK);
        if (!asked.code[0])
            assert_int_equal(chain_verify(asked.successor_sig, old.public_key,
                                          DOMAIN_SUCCESSOR,
                                          buffer_bytes(&said)),
                             ERR_OK);
        buffer_fini(&said);
        assert_int_equal(chain_verify(answered.certificate_sig, root.public_key,
                                      DOMAIN_CERT, answered.certificate),
                         ERR_OK);
        assert_int_equal(chain_verify(answered.term_sig, root.public_key,
                                      DOMAIN_TERM, answered.term),
                         ERR_OK);
        struct certificate certificate;
        struct term_certificate term;
        assert_int_equal(
            certificate_read(&v->arena, answered.certificate, &certificate),
            ERR_OK);
        assert_memory_equal(certificate.key, asked.key, KEY_BYTES);
        assert_int_equal(term_certificate_read(&v->arena, answered.term, &term),
                         ERR_OK);
        assert_string_equal(answered.dictionary, dictionary_1_id());
    }
}

static void page_receipts_and_leaves_verify(void **state)
{
    struct vectors *v = *state;
    struct keypair term = pair_of(v, "term");
    uint8_t page_key[32];
    key_of(v, "page", page_key);
    int pages = 0, leaves = 0;
    for (const struct canon *e = first_exchange(v); e; e = e->next) {
        struct side answered = side_of(e, "reply");
        uint8_t hashes[LINES_MAX][HASH_BYTES], mac[MAC_BYTES];
        size_t count = 0;
        for (size_t i = 1; i < answered.count; i++) {
            struct bytes line = answered.lines[i];
            enum line_kind kind = line_kind(line);
            struct cursor_line cursor = {.has_mac = false};
            struct given_line given;
            struct leave_line leave;
            if (kind == LINE_REVISION)
                hash_bytes(hashes[count++], line);
            if (kind == LINE_CURSOR)
                assert_int_equal(cursor_line_read(&v->arena, line, &cursor),
                                 ERR_OK);
            if (kind == LINE_GIVEN) {
                assert_int_equal(given_line_read(&v->arena, line, &given),
                                 ERR_OK);
                memcpy(cursor.mac, given.mac, MAC_BYTES);
                cursor.has_mac = true;
            }
            if (cursor.has_mac) {
                page_mac(mac, page_key, name_of(v, "agency"),
                         bytes_of(hashes, count * HASH_BYTES));
                assert_memory_equal(mac, cursor.mac, MAC_BYTES);
                count = 0;
                pages++;
            }
            if (kind != LINE_LEAVE)
                continue;
            struct buffer message;
            buffer_init(&message, 4096);
            assert_int_equal(leave_line_read(&v->arena, line, &leave), ERR_OK);
            assert_int_equal(leave_message(&message, &leave), ERR_OK);
            assert_int_equal(chain_verify(leave.signature, term.public_key,
                                          DOMAIN_LEAVE, buffer_bytes(&message)),
                             ERR_OK);
            buffer_fini(&message);
            leaves++;
        }
    }
    assert_int_equal(pages, 2);
    assert_int_equal(leaves, 1);
}

/* The office's half of section 14, spelled out. */
static void check_opens(struct vectors *v, struct bytes body, int64_t n,
                        struct bytes wanted)
{
    uint8_t key[32], plain[4096];
    unsigned long long size;
    struct buffer ad;
    buffer_init(&ad, 256);
    buffer_add(&ad, "log", 4);
    buffer_add(&ad, name_of(v, "replica"), REPLICA_CHARS + 1);
    buffer_add_int(&ad, n);
    key_of(v, "case", key);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         plain, &size, NULL, body.at + 24, body.size - 24,
                         ad.at, ad.size, body.at, key),
                     0);
    buffer_fini(&ad);
    if (plain[0] == 0) {
        assert_true(bytes_equal(bytes_of(plain + 1, size - 1), wanted));
        return;
    }
    struct deflate_line *d;
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    assert_int_equal(deflate_line_new(&d, 1), ERR_OK);
    assert_int_equal(
        deflate_line_unpack(d, bytes_of(plain + 1, size - 1), &line), ERR_OK);
    assert_true(bytes_equal(buffer_bytes(&line), wanted));
    deflate_line_free(d);
    buffer_fini(&line);
}

static void sealed_lines_open(void **state)
{
    struct vectors *v = *state;
    int opened = 0;
    struct bytes third =
        text_of(canon_member(v->root, "log")->first->next->next, "line");
    for (const struct canon *e = first_exchange(v); e; e = e->next) {
        struct side asked = side_of(e, "request");
        for (size_t i = 0; i < asked.count; i++) {
            struct sealed_line sealed;
            struct key_line key;
            uint8_t secret[32], public_key[32], wanted[32], found[32];
            if (line_kind(asked.lines[i]) == LINE_KEY) {
                assert_int_equal(key_line_read(&v->arena, asked.lines[i], &key),
                                 ERR_OK);
                key_of(v, "box_secret", secret);
                key_of(v, "box_public", public_key);
                key_of(v, "case", wanted);
                assert_int_equal(crypto_box_seal_open(found, key.wrap.at,
                                                      key.wrap.size, public_key,
                                                      secret),
                                 0);
                assert_memory_equal(found, wanted, 32);
            }
            if (line_kind(asked.lines[i]) != LINE_SEALED)
                continue;
            assert_int_equal(
                sealed_line_read(&v->arena, asked.lines[i], &sealed), ERR_OK);
            check_opens(v, sealed.body, sealed.n, third);
            opened++;
        }
    }
    assert_int_equal(opened, 1);
    const struct canon *one = canon_member(v->root, "sealed_deflated");
    check_opens(v, decoded(v, text_of(one, "body")), 3, third);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, vectors_open, vectors_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bodies_inflate_to_their_lines),
        TEST(every_message_is_written_as_it_was_read),
        TEST(requests_are_authenticated_by_the_right_key),
        TEST(sign_lines_and_receipts_verify),
        TEST(enrolments_are_proved_and_certified),
        TEST(page_receipts_and_leaves_verify),
        TEST(sealed_lines_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
