/* What is sent. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tests/fuzz/scene/office_call.h"
#include "tests/fuzz/scene/word.h"

static void send_line(struct call *c, struct bytes line)
{
    enum err err = frame_line(c->frame, line);
    must(!err || err == ERR_TOO_BIG || err == ERR_INVALID);
}

static void send_signed(struct call *c, const struct scene_device *d, int64_t n)
{
    struct sign_line sign = {.n = n};
    struct buffer text;
    chain_sign(sign.signature, &d->keys, DOMAIN_LINK,
               bytes_of(d->links[n], LINK_BYTES));
    buffer_init(&text, 1024);
    must(!sign_line_write(&text, &sign));
    send_line(c, buffer_bytes(&text));
    buffer_fini(&text);
}

static bool log_add(struct call *c, struct bytes line)
{
    struct scene_device *d = c->device;
    uint8_t hash[HASH_BYTES];
    if (d->head == SCENE_LINES_MAX)
        return false;
    char *copy = arena_copy(&c->play->arena, line);
    must(copy != NULL);
    int64_t n = ++d->head;
    d->lines[n] = bytes_of(copy, line.size);
    hash_bytes(hash, line);
    memcpy(d->links[n], d->links[n - 1], LINK_BYTES);
    link_next(d->links[n], hash);
    return true;
}

static int64_t own_prev(const struct scene_device *d, struct bytes record)
{
    struct arena arena;
    const struct revision *r;
    int64_t n = record.size ? d->head : 0;
    arena_init(&arena, 64u << 20);
    for (; n > 0; n--)
        if (!revision_parse(&arena, d->lines[n], &r, NULL) &&
            bytes_equal(r->record, record))
            break;
    arena_fini(&arena);
    return n;
}

/* {...} with what an honest device adds; as it is when that makes no JSON. */
static struct bytes line_fill(struct call *c, struct bytes text)
{
    struct scene_device *d = c->device;
    struct arena *arena = &c->play->arena;
    const struct canon *root;
    struct bytes record = bytes_of(NULL, 0);
    struct buffer loose, line;
    buffer_init(&loose, 1u << 20);
    buffer_init(&line, 1u << 20);
    if (canon_parse(arena, text, &root, NULL) || root->kind != CANON_OBJECT ||
        !root->count) {
        buffer_fini(&loose);
        return text;
    }
    (void)canon_text(root, "record", &record);
    buffer_add(&loose, text.at, text.size - 1);
    buffer_printf(&loose, ",\"author\":\"%s\",\"replica\":\"%s\"", d->user,
                  d->replica);
    buffer_printf(&loose, ",\"at\":%lld,\"n\":%lld",
                  (long long)c->play->scene->now + d->head,
                  (long long)d->head + 1);
    int64_t prev = own_prev(d, record);
    if (prev && !canon_member(root, "prev"))
        buffer_printf(&loose, ",\"prev\":%lld", (long long)prev);
    buffer_add_char(&loose, '}');
    if (!canon_normalise(&line, buffer_bytes(&loose), NULL)) {
        char *copy = arena_copy(arena, buffer_bytes(&line));
        must(copy != NULL);
        text = bytes_of(copy, line.size);
    }
    buffer_fini(&loose);
    buffer_fini(&line);
    return text;
}

static void key_send(struct call *c, const uint8_t key[32])
{
    uint8_t wrap[32 + crypto_box_SEALBYTES];
    struct key_line line = {.kase = bytes_text("k"),
                            .wrap = bytes_of(wrap, sizeof wrap)};
    struct buffer text;
    must(!crypto_box_seal(wrap, key, 32,
                          c->play->scene->office->keys.box_public));
    buffer_init(&text, 4096);
    must(!key_line_write(&text, &line));
    send_line(c, buffer_bytes(&text));
    buffer_fini(&text);
}

/* As a locked vault sends what it has stored. */
static void send_sealed(struct call *c, struct bytes line, int64_t n)
{
    static const uint8_t key[32] = {7};
    uint8_t nonce[24];
    unsigned long long size;
    char ad[64];
    struct buffer plain, body, text;
    if (!c->keyed)
        key_send(c, key);
    c->keyed = true;
    buffer_init(&plain, 1u << 20);
    buffer_init(&body, 1u << 20);
    buffer_init(&text, 2u << 20);
    buffer_add_char(&plain, (char)(n % 2));
    if (n % 2)
        must(!deflate_line_pack(c->play->deflate, line, &plain));
    else
        buffer_add_bytes(&plain, line);
    random_fill(&c->play->dice.random, nonce, sizeof nonce);
    must(!buffer_add(&body, nonce, sizeof nonce));
    must(!buffer_reserve(&body, plain.size + 16));
    int ad_size = snprintf(ad, sizeof ad, "log%c%s%c%lld", '\0',
                           c->device->replica, '\0', (long long)n);
    must(!crypto_aead_xchacha20poly1305_ietf_encrypt(
        body.at + body.size, &size, plain.at, plain.size, (const uint8_t *)ad,
        (unsigned long long)ad_size, NULL, nonce, key));
    body.size += (size_t)size;
    struct sealed_line sealed = {
        .n = n, .kase = bytes_text("k"), .body = buffer_bytes(&body)};
    must(!sealed_line_write(&text, &sealed));
    send_line(c, buffer_bytes(&text));
    buffer_fini(&plain);
    buffer_fini(&body);
    buffer_fini(&text);
}

static void send_page(struct call *c)
{
    struct page *page = &c->play->pages[c->who];
    struct page_line line = {.count = (int64_t)page->count,
                             .hashes = buffer_bytes(&page->hashes)};
    struct buffer text;
    if (!page->count)
        return;
    memcpy(line.mac, page->mac, MAC_BYTES);
    buffer_init(&text, 1u << 20);
    must(!page_line_write(&text, &line));
    send_line(c, buffer_bytes(&text));
    for (size_t at = 0; at < page->lines.size;) {
        const uint8_t *from = page->lines.at + at;
        size_t size = (size_t)((const uint8_t *)memchr(from, '\n',
                                                       page->lines.size - at) -
                               from);
        send_line(c, bytes_of(from, size));
        at += size + 1;
    }
    buffer_fini(&text);
}

static void send_erased(struct call *c, struct bytes line, int64_t n)
{
    struct erased_line erased = {.n = n};
    struct buffer text;
    hash_bytes(erased.hash, line);
    buffer_init(&text, 256);
    must(!erased_line_write(&text, &erased));
    send_line(c, buffer_bytes(&text));
    buffer_fini(&text);
}

/* Of the line `without` the hash alone. */
static void send_log(struct call *c, int64_t without)
{
    const struct scene_device *old = &c->play->before[c->who];
    struct log_line line = {.from = 1};
    struct buffer text;
    if (!c->play->succeeded[c->who])
        return;
    memcpy(line.replica, old->replica, sizeof line.replica);
    memcpy(line.key, old->keys.public_key, KEY_BYTES);
    buffer_init(&text, 4096);
    must(!log_line_write(&text, &line));
    send_line(c, buffer_bytes(&text));
    buffer_fini(&text);
    for (int64_t n = 1; n <= old->head; n++)
        if (n == without)
            send_erased(c, old->lines[n], n);
        else
            send_line(c, old->lines[n]);
    if (old->head)
        send_signed(c, old, old->head);
}

void call_line(struct call *c, struct bytes line)
{
    bool sealed = line.size && line.at[0] == '@';
    if (sealed)
        line = bytes_of(line.at + 1, line.size - 1);
    if (line.size == 1 && line.at[0] == '!') {
        send_signed(c, c->device, c->device->head);
    } else if (line.size == 1 && line.at[0] == '=') {
        send_page(c);
    } else if (line.size && line.size <= 2 && line.at[0] == '<') {
        send_log(c, line.size == 2 ? line.at[1] - '0' : 0);
    } else {
        if (line.size && line.at[0] == '+')
            line = line_fill(c, bytes_of(line.at + 1, line.size - 1));
        if (line_kind(line) == LINE_REVISION && !log_add(c, line))
            return;
        if (sealed)
            send_sealed(c, line, c->device->head);
        else
            send_line(c, line);
    }
}

static void header_write(struct call *c, struct bytes words, bool *locked,
                         struct buffer *out)
{
    const struct scene_device *d = c->device;
    struct request_header h = {.protocol = 1,
                               .head = d->head,
                               .base_n = d->received,
                               .room = ROOM_BYTES_DEFAULT,
                               .cursors = d->cursors,
                               .cursor_count = d->cursor_count};
    c->bundle = h.bundle = word_is(&words, "bundle");
    *locked = h.locked = word_is(&words, "locked");
    if (word_is(&words, "fix"))
        h.mode = MODE_FIX;
    if (word_is(&words, "reconcile"))
        h.mode = MODE_RECONCILE;
    if (word_is(&words, "small"))
        h.room = 1000;
    snprintf(h.agency, sizeof h.agency, SCENE_AGENCY);
    memcpy(h.replica, d->replica, sizeof h.replica);
    memcpy(h.base_link, d->links[d->received], LINK_BYTES);
    memcpy(h.lineage, d->lineage, sizeof h.lineage);
    if (!h.bundle)
        memcpy(h.token, d->token, sizeof h.token);
    must(!request_header_write(out, &h));
}

void call_open(struct call *c, struct bytes words)
{
    struct buffer header, auth;
    uint8_t sig[SIGNATURE_BYTES];
    bool locked = false;
    buffer_init(&c->body, BODY_BYTES_MAX);
    buffer_init(&header, 1u << 20);
    buffer_init(&auth, 1024);
    c->honest = !words.size || words.at[0] != '{';
    if (c->honest)
        header_write(c, words, &locked, &header);
    else
        must(!buffer_add_bytes(&header, words));
    chain_sign(
        sig, locked ? &c->device->transport : &c->device->keys, DOMAIN_REQUEST,
        bytes_of(header.at,
                 header.size < SIGN_BYTES_MAX ? header.size : SIGN_BYTES_MAX));
    must(!auth_line_write(&auth, sig));
    must(!frame_writer_new(&c->frame, &c->body, 1, c->who == 1));
    send_line(c, buffer_bytes(&header));
    send_line(c, buffer_bytes(&auth));
    if (c->honest && c->device->head > c->device->received) {
        for (int64_t n = c->device->received + 1; n <= c->device->head; n++)
            send_line(c, c->device->lines[n]);
        send_signed(c, c->device, c->device->head);
    }
    buffer_fini(&header);
    buffer_fini(&auth);
}
