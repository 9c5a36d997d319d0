/* Requests: the header, and the log past the last receipt. */
#include "shared/exchange/session_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/map.h"
#include "shared/replica/record.h"

#define HEADER_BYTES_MAX (64u << 10)
#define SAMPLE_BYTES_MAX 256
#define FRESH_MS 60000
#define BOOT_CHARS 8
#define RUN_BYTES_MAX (64u << 20)

/* Lines on their way into a request.  A sign line stands directly after the
 * line it names, so lines wait in `run` until one with a signature comes. */
struct push {
    struct session *session;
    struct frame_writer *writer;
    struct map *keys;  /* case tokens whose key line is written */
    struct buffer run; /* lines since the last signed one, each with \n */
    int run_lines;
    int loose_lines;       /* written since the last sign line */
    struct sign_line last; /* of the last line written */
    bool last_signed;      /* and its sign line is not written yet */
    int64_t run_n;
    int sign_every;
    struct old_log *old; /* of the log being written, or NULL */
};

static void header_fill(const struct session *s, enum mode mode,
                        struct request_header *out)
{
    const struct identity *id = &s->identity;
    *out = (struct request_header){
        .protocol = PROTOCOL_MAX,
        .head = id->head,
        .base_n = id->received,
        .locked = vault_locked(s->vault) || s->push_only,
        .bundle = s->by_file,
        .mode = mode,
        .room = s->by_file ? BUNDLE_ROOM_BYTES_MAX : pace_room(s->pace),
        .cursors = s->cursors,
        .cursor_count = s->cursor_count,
    };
    memcpy(out->base_link, id->received_link, LINK_BYTES);
    memcpy(out->agency, id->agency, sizeof out->agency);
    memcpy(out->replica, id->replica, sizeof out->replica);
    memcpy(out->lineage, id->lineage, sizeof out->lineage);
    /* A file may come late or twice, which must not look like a copy at work.
     */
    if (!s->by_file)
        memcpy(out->token, id->token, sizeof out->token);
    memcpy(out->term, id->term, sizeof out->term);
    bool nothing_to_say = id->head == id->received && !s->blobs_due;
    if (mode == MODE_SYNC && nothing_to_say && !out->locked)
        out->wait =
            s->options.wait_s > WAIT_S_MAX ? WAIT_S_MAX : s->options.wait_s;
}

/* Sums are compared by the office on every ordinary sync; a reconcile brings
 * them in its body. */
static enum err cursors_fill(struct session *s, enum mode mode)
{
    enum err err =
        inbox_cursors(s->vault, s->cursors, SCOPES_MAX, &s->cursor_count);
    if (err)
        return err;
    if (mode != MODE_SYNC || s->by_file || s->options.without_sums ||
        s->report.reconcile_gave_up)
        for (size_t i = 0; i < s->cursor_count; i++)
            s->cursors[i].has_sum = false;
    return ERR_OK;
}

/* The first characters of this boot's name tell it from the ones before. */
static bool boot_name(char out[BOOT_CHARS + 1])
{
    out[0] = '\0';
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file)
        return false;
    size_t size = fread(out, 1, BOOT_CHARS, file);
    out[size] = '\0';
    return !fclose(file) && size == BOOT_CHARS;
}

/* How this device's clock stands while its lines are on their way, so that the
 * office can tell how far off their times are.  Lines of this very minute need
 * no sample: their own times are one. */
static enum err sample_write(const struct session *s, struct buffer *out)
{
    char boot[BOOT_CHARS + 1];
    struct vault_status status;
    enum err err = record_status(s->vault, &status);
    if (err || status.oldest_ms < FRESH_MS || !boot_name(boot))
        return err;
    const struct clock *clock = vault_clock(s->vault);
    buffer_printf(out, "[[%lld,\"%s\",%lld,%lld]]", (long long)s->identity.head,
                  boot, (long long)clock_monotonic_ms(clock),
                  (long long)clock_wall_ms(clock));
    return buffer_err(out);
}

static enum err header_write(struct session *s, enum mode mode,
                             struct frame_writer *w)
{
    struct request_header header;
    struct log_mark older[LOG_MARKS_MAX], terms[LOG_MARKS_MAX];
    uint8_t sig[SIGNATURE_BYTES];
    struct buffer line, sample;
    buffer_init(&line, HEADER_BYTES_MAX);
    buffer_init(&sample, SAMPLE_BYTES_MAX);
    header_fill(s, mode, &header);
    header.older = older;
    header.terms = terms;
    enum err err = outbox_older(s->vault, older, &header.older_count);
    if (!err && mode == MODE_RECONCILE)
        err = outbox_terms(s->vault, terms, &header.terms_count);
    if (!err && mode == MODE_SYNC && header.head > header.base_n)
        err = sample_write(s, &sample);
    header.clock_json = buffer_bytes(&sample);
    s->sent.waits = header.wait > 0;
    if (!err)
        err = request_header_write(&line, &header);
    if (!err)
        err = frame_line(w, buffer_bytes(&line));
    if (!err)
        err = identity_auth(s->vault, header.locked, buffer_bytes(&line), sig);
    buffer_clear(&line);
    if (!err)
        err = auth_line_write(&line, sig);
    if (!err)
        err = frame_line(w, buffer_bytes(&line));
    buffer_fini(&line);
    buffer_fini(&sample);
    return err;
}

enum err push_open(struct session *s, enum mode mode, struct frame_writer **out)
{
    *out = NULL;
    s->sent = (struct sent){.phase = s->phase};
    buffer_clear(&s->body);
    enum err err = identity_load(s->vault, &s->identity);
    if (!err)
        err = cursors_fill(s, mode);
    if (!err)
        err = upload_due(s, &s->blobs_due);
    if (!err)
        err = endpoint_url(s->url, s->identity.server, "/v1/sync");
    if (!err)
        err = frame_writer_new(out, &s->body, pace_level(s->pace),
                               s->identity.dictionary);
    if (!err)
        err = header_write(s, mode, *out);
    return err;
}

enum err push_close(struct session *s, struct frame_writer *w, enum err err)
{
    if (!err)
        err = frame_finish(w);
    if (w)
        s->sent.plain_bytes = (int64_t)frame_plain_bytes(w);
    frame_writer_free(w);
    return err;
}

/* --- lines --------------------------------------------------------------- */

static enum err sign_write(struct push *p)
{
    if (!p->last_signed)
        return ERR_OK;
    struct buffer line;
    buffer_init(&line, FRAME_LINE_BYTES_MAX);
    enum err err = sign_line_write(&line, &p->last);
    if (!err)
        err = frame_line(p->writer, buffer_bytes(&line));
    buffer_fini(&line);
    p->last_signed = false;
    p->loose_lines = 0;
    return err;
}

static enum err run_write(struct push *p)
{
    struct bytes rest = buffer_bytes(&p->run);
    while (rest.size) {
        const uint8_t *end = memchr(rest.at, '\n', rest.size);
        size_t size = (size_t)(end - rest.at);
        enum err err = frame_line(p->writer, bytes_of(rest.at, size));
        if (err)
            return err;
        rest = bytes_of(end + 1, rest.size - size - 1);
    }
    buffer_clear(&p->run);
    return ERR_OK;
}

/* A signed line ends the run: it may go out. */
static enum err run_end(struct push *p, const struct outbox_line *line)
{
    enum err err = ERR_OK;
    if (p->loose_lines + p->run_lines > SIGN_EVERY)
        err = sign_write(p);
    if (!err)
        err = run_write(p);
    if (err)
        return err;
    struct sent *sent = &p->session->sent;
    if (p->old) {
        p->old->n = line->n;
    } else {
        sent->lines += p->run_lines;
        sent->last_n = line->n;
    }
    p->loose_lines += p->run_lines;
    p->run_lines = 0;
    p->last.n = line->n;
    memcpy(p->last.signature, line->signature, SIGNATURE_BYTES);
    p->last_signed = true;
    return p->loose_lines >= p->sign_every ? sign_write(p) : ERR_OK;
}

/* The case key's wrapping goes along once a request. */
static enum err key_write(struct push *p, const struct outbox_line *line)
{
    struct bytes token = bytes_text(line->case_token);
    if (map_has(p->keys, token))
        return ERR_OK;
    struct key_line key = {.kase = token, .wrap = line->office_wrap};
    enum err err = key_line_write(&p->run, &key);
    if (!err)
        err = buffer_add_char(&p->run, '\n');
    return err ? err : map_put(p->keys, token, p);
}

static enum err line_add(struct push *p, const struct outbox_line *line)
{
    enum err err = ERR_OK;
    if (line->erased) {
        struct erased_line erased = {.n = line->n};
        memcpy(erased.hash, line->hash, sizeof erased.hash);
        err = erased_line_write(&p->run, &erased);
    } else if (line->sealed) {
        struct sealed_line sealed = {
            .n = line->n,
            .kase = bytes_text(line->case_token),
            .body = line->envelope,
        };
        err = key_write(p, line);
        if (!err)
            err = sealed_line_write(&p->run, &sealed);
    } else {
        err = buffer_add_bytes(&p->run, line->line);
    }
    if (!err)
        err = buffer_add_char(&p->run, '\n');
    p->run_lines++;
    if (!err && line->has_signature)
        err = run_end(p, line);
    return err;
}

static enum err on_line(void *context, const struct outbox_line *line)
{
    struct push *p = context;
    /* Written since the header said what the head is: the next request's. */
    if (line->n > p->session->identity.head)
        return ERR_OK;
    return line_add(p, line);
}

static enum err push_begin(struct push *p, struct session *s, enum mode mode)
{
    *p = (struct push){
        .session = s,
        .sign_every = pace_sign_every(s->pace),
    };
    buffer_init(&p->run, RUN_BYTES_MAX);
    enum err err = map_new(&p->keys);
    return err ? err : push_open(s, mode, &p->writer);
}

static enum err push_end(struct push *p, enum err err)
{
    if (!err)
        err = sign_write(p);
    err = push_close(p->session, p->writer, err);
    buffer_fini(&p->run);
    map_free(p->keys);
    return err;
}

enum err push_sync(struct session *s)
{
    struct push p;
    enum err err = push_begin(&p, s, MODE_SYNC);
    /* Whatever lies past the last receipt, from its start each time: the
     * office skips what it has. */
    int64_t unsent = err ? 0 : s->identity.head - s->identity.received;
    size_t lines = pace_lines(s->pace);
    if (unsent > 0)
        err = outbox_read(s->vault, s->identity.received + 1,
                          (int64_t)lines < unsent ? lines : (size_t)unsent,
                          pace_plain_bytes(s->pace), on_line, &p);
    return push_end(&p, err);
}

/* --- predecessors' logs -------------------------------------------------- */

static enum err old_begin(struct push *p, const uint8_t key[KEY_BYTES],
                          const struct outbox_line *line)
{
    struct sent *sent = &p->session->sent;
    enum err err = sign_write(p);
    if (err)
        return err;
    p->old = &sent->old[sent->old_count++];
    *p->old = (struct old_log){.n = 0};
    memcpy(p->old->replica, line->replica, sizeof p->old->replica);
    const struct old_log *given = &p->session->old_given;
    struct log_line log = {.from = line->n};
    memcpy(log.replica, line->replica, sizeof log.replica);
    memcpy(log.key, key, KEY_BYTES);
    log.has_link =
        given->n + 1 == line->n && !strcmp(given->replica, line->replica);
    if (log.has_link)
        err =
            outbox_old_link(p->session->vault, log.replica, given->n, log.link);
    struct buffer text;
    buffer_init(&text, FRAME_LINE_BYTES_MAX);
    if (!err)
        err = log_line_write(&text, &log);
    if (!err)
        err = frame_line(p->writer, buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

static enum err on_old(void *context, const uint8_t key[KEY_BYTES],
                       const struct outbox_line *line)
{
    struct push *p = context;
    bool next = !p->old || strcmp(p->old->replica, line->replica);
    if (next && p->session->sent.old_count == OLD_LOGS_MAX)
        return ERR_AGAIN;
    if (!next &&
        frame_plain_bytes(p->writer) > pace_plain_bytes(p->session->pace) &&
        !p->run_lines)
        return ERR_AGAIN;
    enum err err = next ? old_begin(p, key, line) : ERR_OK;
    return err ? err : line_add(p, line);
}

enum err push_old(struct session *s)
{
    struct push p;
    enum err err = push_begin(&p, s, MODE_FIX);
    if (!err)
        err = outbox_read_old(s->vault, pace_lines(s->pace), on_old, &p);
    if (err == ERR_AGAIN) /* the request is full; the rest goes with the next */
        err = ERR_OK;
    return push_end(&p, err);
}
