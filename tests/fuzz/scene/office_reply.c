/* What is answered. */
#include <stdio.h>
#include <string.h>
#include "shared/wire/bundle.h"
#include "tests/fuzz/scene/office_call.h"

#define PAGE_LINES_MAX 64

void call_error(int status, const struct error_body *error)
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
        call_error(status, &error);
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
        call_error(outcome.status, &outcome.error);
    buffer_fini(&file);
    buffer_fini(&reply);
}

void call_end(struct call *c)
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
