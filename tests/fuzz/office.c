/* An office that strangers, thieves and broken devices talk to.
 *
 * The input is lines of text, a script.  A line that names a user begins a
 * request of his device; what follows is its body:
 *
 *   dana                     the header that an honest device would send, and
 *                            first what it has no receipt for
 *   dana fix|reconcile|locked|bundle        the same, of another kind
 *   dana {...}               this header; it is signed, whatever it says
 *   {...}                    a line as it is; one that is no control line goes
 *                            into the device's log
 *   +{...}                   a revision: author, place, `at` and, unless given,
 *                            `prev` are filled in
 *   @...                     the same, sealed under the case key "k"
 *   !                        signs the log as it stands
 *   =                        the last page that this device was given
 *   <                        the log of the device's identity before, whole
 *
 *   succeed dana REASON      a fresh identity
 *   get dana NAME {...}      a request about an attachment (put, get)
 *   office release DOT, office assign CASE SCOPE, office revoke dana
 *
 * Whatever is sent is answered with a documented status and error; receipts
 * are for what was signed; and in the end the office verifies. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/blob_call.h"
#include "server/revoke.h"
#include "shared/wire/bundle.h"
#include "shared/wire/deflate.h"
#include "shared/wire/frame.h"
#include "tests/fuzz/scene/office.h"

#define REQUESTS_MAX 12
#define VERIFY_EVERY 8
#define PAGE_LINES_MAX 64
#define BODY_BYTES_MAX (16u << 20)

const size_t replay_stride = 501;

/* A page as a device keeps it. */
struct page {
    struct buffer hashes, lines; /* lines with their newlines */
    size_t count;
    uint8_t mac[MAC_BYTES];
};

struct play {
    struct scene *scene;
    struct arena arena;
    struct scene_device before[SCENE_DEVICES]; /* identities before */
    bool succeeded[SCENE_DEVICES];
    struct page pages[SCENE_DEVICES];
    struct deflate_line *deflate;
    struct random_seeded dice;
    int requests;
    uint8_t seed;
    bool wrote;
};

/* The request that is being made. */
struct call {
    struct play *play;
    size_t who;
    struct scene_device *device;
    struct buffer body;
    struct frame_writer *frame;
    bool bundle, keyed;
    bool honest; /* the harness has written the header */
};

/* --- texts ---------------------------------------------------------------- */

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

/* The next word, as text of at most 128 characters. */
static const char *word_take(struct play *p, struct bytes *rest)
{
    const uint8_t *space =
        rest->size ? memchr(rest->at, ' ', rest->size) : NULL;
    size_t size = space ? (size_t)(space - rest->at) : rest->size;
    char *copy = arena_copy(&p->arena, bytes_of(rest->at, size % 129));
    must(copy != NULL);
    size += space != NULL;
    *rest = bytes_of(rest->at + size, rest->size - size);
    return copy;
}

static bool user_take(struct play *p, struct bytes *rest, size_t *who)
{
    for (*who = 0; *who < SCENE_DEVICES; ++*who)
        if (word_is(rest, p->scene->devices[*who].user))
            return true;
    return false;
}

/* --- making a request ----------------------------------------------------- */

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

static void send_log(struct call *c)
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
        send_line(c, old->lines[n]);
    if (old->head)
        send_signed(c, old, old->head);
}

static void body_line(struct call *c, struct bytes line)
{
    bool sealed = line.size && line.at[0] == '@';
    if (sealed)
        line = bytes_of(line.at + 1, line.size - 1);
    if (line.size == 1 && line.at[0] == '!') {
        send_signed(c, c->device, c->device->head);
    } else if (line.size == 1 && line.at[0] == '=') {
        send_page(c);
    } else if (line.size == 1 && line.at[0] == '<') {
        send_log(c);
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

static void call_open(struct call *c, struct bytes words)
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

/* --- what is answered ----------------------------------------------------- */

/* Sections 15, 19 and 20 of the protocol. */
static void error_check(int status, const struct error_body *error)
{
    static const struct {
        int status;
        const char *error;
    } known[] = {
        {400, "bad-frame"},    {400, "bad-header"},    {401, "bad-auth"},
        {403, "bad-code"},     {409, "fork"},          {409, "lineage"},
        {413, "too-large"},    {422, "bad-signature"}, {422, "gap"},
        {426, "bad-protocol"}, {404, "not-found"},     {409, "stale"},
        {410, "missing"},      {422, "bad-digest"},    {507, "quota"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status && !strcmp(known[i].error, error->error))
            return;
    fprintf(stderr, "%d %s: %s\n", status, error->error, error->detail);
    abort();
}

struct heard {
    struct call *call;
    struct arena arena;
    struct reply_header header;
    bool has_header;
    struct page page; /* under way */
};

static void cursor_take(struct scene_device *d, const struct cursor *cursor)
{
    size_t i = 0;
    while (i < d->cursor_count &&
           strcmp(d->cursors[i].scope, cursor->scope) != 0)
        i++;
    if (i == SCENE_SCOPES_MAX)
        return;
    d->cursor_count += i == d->cursor_count;
    d->cursors[i] = *cursor;
    d->cursors[i].own = d->head;
}

static void scope_drop(struct scene_device *d, const char *scope)
{
    for (size_t i = 0; i < d->cursor_count; i++)
        if (!strcmp(d->cursors[i].scope, scope))
            d->cursors[i--] = d->cursors[--d->cursor_count];
}

static void page_end(struct heard *h, bool has_mac, const uint8_t *mac)
{
    struct page *kept = &h->call->play->pages[h->call->who];
    if (has_mac && h->page.count) {
        struct page spare = *kept;
        *kept = h->page;
        memcpy(kept->mac, mac, MAC_BYTES);
        h->page = spare;
    }
    must(has_mac == (kept->count > 0 && has_mac));
    buffer_clear(&h->page.hashes);
    buffer_clear(&h->page.lines);
    h->page.count = 0;
}

static void revision_take(struct heard *h, struct bytes line)
{
    uint8_t hash[HASH_BYTES];
    const struct revision *r;
    must(h->page.count++ < PAGE_LINES_MAX);
    hash_bytes(hash, line);
    must(!buffer_add(&h->page.hashes, hash, sizeof hash));
    must(!buffer_add_bytes(&h->page.lines, line));
    must(!buffer_add_char(&h->page.lines, '\n'));
    must(!revision_parse(&h->arena, line, &r, NULL));
}

static enum err reply_line(void *context, struct bytes line)
{
    struct heard *h = context;
    struct cursor_line cursor;
    struct leave_line leave;
    struct given_line given;
    if (!h->has_header) {
        char *copy = arena_copy(&h->arena, line);
        must(copy && !reply_header_read(&h->arena, bytes_of(copy, line.size),
                                        &h->header));
        h->has_header = true;
        return ERR_OK;
    }
    switch (line_kind(line)) {
    case LINE_REVISION:
        revision_take(h, line);
        break;
    case LINE_CURSOR:
        must(!cursor_line_read(&h->arena, line, &cursor));
        page_end(h, cursor.has_mac, cursor.mac);
        cursor_take(h->call->device, &cursor.cursor);
        break;
    case LINE_LEAVE:
        must(!leave_line_read(&h->arena, line, &leave));
        if (!leave.kase[0])
            scope_drop(h->call->device, leave.scope);
        break;
    case LINE_GIVEN:
        must(!given_line_read(&h->arena, line, &given));
        page_end(h, true, given.mac);
        break;
    case LINE_JOIN:
    case LINE_DIFF:
        break;
    default:
        abort();
    }
    return ERR_OK;
}

/* A receipt is for what the device has signed, and goes only forward. */
static void receipt_take(struct scene_device *d, const struct receipt *receipt)
{
    must(receipt->n >= 1 && receipt->n <= d->head);
    must(!memcmp(receipt->link, d->links[receipt->n], LINK_BYTES));
    if (receipt->n > d->received)
        d->received = receipt->n;
}

static void reply_take(struct call *c, struct bytes body)
{
    struct scene_device *d = c->device;
    struct heard h = {.call = c};
    struct frame_reader *reader;
    arena_init(&h.arena, 64u << 20);
    buffer_init(&h.page.hashes, 1u << 20);
    buffer_init(&h.page.lines, BODY_BYTES_MAX);
    must(!frame_reader_new(&reader, reply_line, &h));
    must(!frame_feed(reader, body) && !frame_end(reader) && h.has_header);
    frame_reader_free(reader);
    /* Under a header of the input's own the device is anybody. */
    if (h.header.has_receipt && c->honest)
        receipt_take(d, &h.header.receipt);
    if (h.header.lineage[0])
        memcpy(d->lineage, h.header.lineage, sizeof d->lineage);
    if (h.header.token[0])
        memcpy(d->token, h.header.token, sizeof d->token);
    buffer_fini(&h.page.hashes);
    buffer_fini(&h.page.lines);
    arena_fini(&h.arena);
}

static void call_send(struct call *c)
{
    struct play *p = c->play;
    struct buffer reply;
    struct arena arena;
    struct error_body error;
    const char *type = NULL;
    int status;
    buffer_init(&reply, BODY_BYTES_MAX);
    must(!sync_whole(p->scene->office, &p->scene->sql, buffer_bytes(&c->body),
                     &reply, &status, &type));
    arena_init(&arena, 1u << 20);
    if (status == 200) {
        must(!strcmp(type, "application/x-satchel"));
        reply_take(c, buffer_bytes(&reply));
    } else {
        must(!error_body_read(&arena, buffer_bytes(&reply), &error));
        error_check(status, &error);
    }
    arena_fini(&arena);
    buffer_fini(&reply);
}

static void bundle_send(struct call *c)
{
    struct play *p = c->play;
    struct bundle_label label = {BUNDLE_REQUEST, SCENE_AGENCY, ""};
    struct sync_bundle outcome;
    struct buffer file, reply;
    memcpy(label.replica, c->device->replica, sizeof label.replica);
    buffer_init(&file, BODY_BYTES_MAX);
    buffer_init(&reply, BODY_BYTES_MAX);
    must(!bundle_seal(&file, &label, p->scene->office->keys.box_public,
                      buffer_bytes(&c->body)));
    enum err err = sync_bundle(p->scene->office, &p->scene->sql,
                               buffer_bytes(&file), &reply, &outcome);
    must(!err || err == ERR_DENIED || err == ERR_CORRUPT);
    must(!err == (reply.size > 0));
    if (!err && outcome.status != 200)
        error_check(outcome.status, &outcome.error);
    buffer_fini(&file);
    buffer_fini(&reply);
}

static void call_end(struct call *c)
{
    if (!c->frame)
        return;
    must(!frame_finish(c->frame));
    frame_writer_free(c->frame);
    c->frame = NULL;
    if (c->bundle)
        bundle_send(c);
    else
        call_send(c);
    buffer_fini(&c->body);
    c->play->scene->now += 1000;
    c->play->wrote = true;
}

/* --- other acts ----------------------------------------------------------- */

static void succeed(struct play *p, struct bytes rest)
{
    size_t who;
    if (!user_take(p, &rest, &who) || p->seed > 40)
        return;
    struct scene_device old = p->scene->devices[who];
    const char *reason = word_take(p, &rest);
    static const char *const reasons[] = {"fork", "stale", "lineage",
                                          "unknown"};
    size_t i = 0;
    while (i < 3 && strcmp(reason, reasons[i]) != 0)
        i++;
    if (scene_enrol(p->scene, &p->scene->devices[who], p->seed++, &old,
                    reasons[i]) != 200)
        return;
    p->before[who] = old;
    p->succeeded[who] = true;
}

static void attachment(struct play *p, struct bytes rest)
{
    size_t who;
    struct blob_call call;
    uint8_t sig[SIGNATURE_BYTES];
    char text[BASE64_CHARS(SIGNATURE_BYTES) + 1];
    if (!user_take(p, &rest, &who))
        return;
    const char *name = word_take(p, &rest);
    char *header = arena_copy(&p->arena, rest);
    must(header != NULL);
    chain_sign(sig, &p->scene->devices[who].keys, DOMAIN_BLOB,
               bytes_text(header));
    base64_encode(text, sig, sizeof sig);
    for (int get = 0; get < 2; get++) {
        blob_call_init(&call);
        must(!blob_call_judge(&call, p->scene->office, &p->scene->sql,
                              get ? "GET" : "PUT", name, header, text));
        if (call.status != 200)
            error_check(call.status, &call.error);
        blob_call_fini(&call);
    }
}

/* What the office's own people do. */
static void office_act(struct play *p, struct bytes rest)
{
    struct office *office = p->scene->office;
    struct sql *sql = &p->scene->sql;
    char scope[1][SCOPE_CHARS_MAX + 1];
    struct replica_row row;
    struct dot dot;
    size_t who;
    enum err err = ERR_INVALID;
    must(!sql_begin(sql, true));
    if (word_is(&rest, "release") && dot_parse(&dot, rest)) {
        err = ingest_release(office, sql, "ruth", &dot);
    } else if (word_is(&rest, "assign")) {
        const char *kase = word_take(p, &rest);
        const char *to = word_take(p, &rest);
        snprintf(scope[0], sizeof scope[0], "%s", to);
        if (id_valid(bytes_text(kase)) && scope_valid(bytes_text(scope[0])))
            err = ingest_assign(office, sql, "ruth", kase,
                                (const char(*)[SCOPE_CHARS_MAX + 1]) scope, 1);
    } else if (word_is(&rest, "revoke") && user_take(p, &rest, &who)) {
        err = store_replica_find(sql, SCENE_AGENCY,
                                 p->scene->devices[who].replica, &row);
        if (!err)
            err = revoke_write(office, sql, "ruth", &row, "lost");
    }
    must(err != ERR_CORRUPT && err != ERR_IO);
    if (err)
        sql_rollback(sql);
    else
        must(!sql_commit(sql));
}

static void line_play(struct call *c, struct bytes line)
{
    struct play *p = c->play;
    struct bytes rest = line;
    size_t who;
    bool act = word_is(&rest, "succeed") || word_is(&rest, "get") ||
               word_is(&rest, "office");
    bool call = !act && user_take(p, &rest, &who);
    if (!act && !call) {
        if (c->frame)
            body_line(c, line);
        return;
    }
    call_end(c);
    if (call && p->requests++ < REQUESTS_MAX) {
        *c = (struct call){
            .play = p, .who = who, .device = &p->scene->devices[who]};
        call_open(c, rest);
    } else if (act && line.at[0] == 's') {
        succeed(p, rest);
    } else if (act && line.at[0] == 'g') {
        attachment(p, rest);
    } else if (act) {
        office_act(p, rest);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    static size_t runs;
    struct play p = {.scene = scene_begin(), .seed = 20};
    struct call call = {.play = &p};
    arena_init(&p.arena, (size_t)1 << 28);
    random_seeded_init(&p.dice, 3);
    must(!deflate_line_new(&p.deflate, 6));
    for (size_t i = 0; i < SCENE_DEVICES; i++) {
        buffer_init(&p.pages[i].hashes, 1u << 20);
        buffer_init(&p.pages[i].lines, BODY_BYTES_MAX);
    }
    while (size > 0) {
        const uint8_t *end = memchr(at, '\n', size);
        size_t line = end ? (size_t)(end - at) : size;
        line_play(&call, bytes_of(at, line));
        line += end != NULL;
        at += line;
        size -= line;
    }
    call_end(&call);
    /* It takes longer than all the rest; alone, an input is always verified. */
    if (p.wrote && runs++ % VERIFY_EVERY == 0)
        scene_verify(p.scene);
    for (size_t i = 0; i < SCENE_DEVICES; i++) {
        buffer_fini(&p.pages[i].hashes);
        buffer_fini(&p.pages[i].lines);
    }
    deflate_line_free(p.deflate);
    arena_fini(&p.arena);
    scene_end(p.scene);
    return 0;
}
