#include "tests/unit/exchange/desk_inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/deflate.h"
#include "shared/wire/frame.h"

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
    r->desk->old_links += log.has_link;
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

void desk_read(struct desk *desk)
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
