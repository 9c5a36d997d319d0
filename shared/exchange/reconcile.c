/* Comparing by case, and fixing what differs (sync-protocol.md section 12). */
#include "shared/exchange/session_inner.h"

#include <string.h>

/* --- round: what we hold ------------------------------------------------- */

struct compare {
    struct frame_writer *writer;
    struct case_sum sums[CASES_LINE_MAX];
    size_t count;
};

static enum err cases_write(struct compare *c)
{
    struct cases_line cases = {.sums = c->sums, .count = c->count};
    struct buffer line;
    buffer_init(&line, FRAME_LINE_BYTES_MAX);
    enum err err = cases_line_write(&line, &cases);
    if (!err)
        err = frame_line(c->writer, buffer_bytes(&line));
    buffer_fini(&line);
    c->count = 0;
    return err;
}

static enum err on_case(void *context, const char *kase, uint64_t sum)
{
    struct compare *c = context;
    enum err err = c->count == CASES_LINE_MAX ? cases_write(c) : ERR_OK;
    if (err)
        return err;
    struct case_sum *pair = &c->sums[c->count++];
    *pair = (struct case_sum){.sum = sum};
    memcpy(pair->kase, kase, strnlen(kase, ID_CHARS));
    return ERR_OK;
}

enum err reconcile_build(struct session *s)
{
    struct compare c;
    c.count = 0;
    inbox_round_begin(s->inbox);
    enum err err = push_open(s, MODE_RECONCILE, &c.writer);
    if (!err)
        err = inbox_cases(s->vault, on_case, &c);
    if (!err) /* the last line may be empty: "I hold nothing" is said too */
        err = cases_write(&c);
    return push_close(s, c.writer, err);
}

/* --- fix: what the office lacks, what we lack ---------------------------- */

struct fix {
    struct session *session;
    struct frame_writer *writer;
    size_t seen; /* pages or needs met so far, those of earlier fixes too */
};

/* Full when the aim of one request is reached, but never empty. */
static bool fix_is_full(const struct fix *f)
{
    const struct sent *sent = &f->session->sent;
    return sent->pages + sent->needs > 0 &&
           frame_plain_bytes(f->writer) >= pace_plain_bytes(f->session->pace);
}

static enum err on_page(void *context, const struct page_line *page,
                        const struct bytes *lines, size_t count)
{
    struct fix *f = context;
    struct session *s = f->session;
    if (f->seen++ < s->fix_pages)
        return ERR_OK;
    if (fix_is_full(f))
        return ERR_AGAIN;
    struct buffer line;
    buffer_init(&line, FRAME_LINE_BYTES_MAX);
    enum err err = page_line_write(&line, page);
    if (!err)
        err = frame_line(f->writer, buffer_bytes(&line));
    for (size_t i = 0; !err && i < count; i++)
        err = frame_line(f->writer, lines[i]);
    buffer_fini(&line);
    s->sent.pages++;
    return err;
}

static enum err on_need(void *context, const struct need_line *need)
{
    struct fix *f = context;
    struct session *s = f->session;
    if (f->seen++ < s->fix_needs)
        return ERR_OK;
    if (fix_is_full(f))
        return ERR_AGAIN;
    struct buffer line;
    buffer_init(&line, FRAME_LINE_BYTES_MAX);
    enum err err = need_line_write(&line, need);
    if (!err)
        err = frame_line(f->writer, buffer_bytes(&line));
    buffer_fini(&line);
    s->sent.needs++;
    return err;
}

enum err reconcile_build_fix(struct session *s)
{
    struct fix f = {.session = s};
    enum err err = push_open(s, MODE_FIX, &f.writer);
    if (!err)
        err = inbox_contribute(s->inbox, on_page, &f);
    f.seen = 0;
    if (!err)
        err = inbox_needs(s->inbox, on_need, &f);
    s->sent.all_fixed = err == ERR_OK;
    if (err == ERR_AGAIN)
        err = ERR_OK;
    return push_close(s, f.writer, err);
}

/* --- when ---------------------------------------------------------------- */

static enum err on_first_held(void *context, const char *kase, uint64_t sum)
{
    (void)kase;
    bool *held = context;
    if (!sum)
        return ERR_OK;
    *held = true;
    return ERR_AGAIN;
}

enum err reconcile_wanted(struct session *s, bool *wanted)
{
    *wanted = false;
    if (vault_locked(s->vault))
        return ERR_OK;
    enum err err =
        inbox_cursors(s->vault, s->cursors, SCOPES_MAX, &s->cursor_count);
    if (err)
        return err;
    for (size_t i = 0; i < s->cursor_count; i++)
        if (s->cursors[i].seq || s->cursors[i].off)
            return ERR_OK;
    err = inbox_cases(s->vault, on_first_held, wanted);
    return err == ERR_AGAIN ? ERR_OK : err;
}
