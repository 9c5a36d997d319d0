/* Whole histories of one record, forged contexts included.
 *
 * Six bytes make a line: who writes what, and four nibbles of `seen` that need
 * not be true.  Whatever the lines say, the state is canonical, is the same in
 * any order, is the same step by step, and no field loses its last value. */
#include <stdio.h>
#include <string.h>

#include "shared/model/fold.h"
#include "tests/fuzz/sample.h"
#include "tests/fuzz/target.h"

#define LINES_MAX 24
#define WRITERS 4

static const char *const writers[WRITERS] = {"oA_AAAAAAAAAA", "wA-AAAAAAAAAA",
                                             "wB_AAAAAAAAAA", "wz0AAAAAAAAAA"};
static const char *const values[] = {
    "null", "\"a\"", "\"b\"",   "\"c\"", "[{\"x\":\"}\\\"\"}]",
    "7",    "true",  "\"\\\\\""};

struct history {
    struct arena arena;
    struct schema *schema;
    const struct revision *lines[LINES_MAX];
    size_t count;
    int64_t heads[WRITERS];
};

/* Any line there is, or NULL. */
static const struct revision *pick(const struct history *h, uint8_t which)
{
    return h->count ? h->lines[which % h->count] : NULL;
}

static struct bytes object(struct buffer *out, const char *name,
                           const char *before, const char *value,
                           const char *behind)
{
    buffer_clear(out);
    buffer_printf(out, "{\"%s\":%s%s%s}", name, before, value, behind);
    return buffer_bytes(out);
}

/* What the line is about: by byte 0 the act, by 4 and 5 on what. */
static void draft_fill(struct revision_draft *draft, struct buffer *text,
                       const uint8_t byte[6], const struct revision *target,
                       const char *dot)
{
    const char *field = fields[byte[4] % 8], *value = values[byte[4] / 8 % 8];
    bool office = target && byte[0] % WRITERS == 0;
    switch (byte[0] / WRITERS % 10) {
    case 0:
        draft->type = byte[5] & 1 ? "sample" : "nowhere";
        draft->set = object(text, field, "", value, "");
        break;
    case 1:
        draft->add = object(text, field, "[", value, "]");
        break;
    case 2:
        draft->drop = object(text, field, "{\"a\":\"", "why", "\"}");
        break;
    case 3:
        if (target)
            draft->keep = object(text, field, "[\"", target->write, "\"]");
        break;
    case 4:
    case 5:
        if (target)
            draft->carries = revision_original(target)->line;
        draft->seal = false;
        if (office && byte[0] & 64)
            draft->release = dot;
        break;
    case 6:
        if (office)
            draft->hold = object(text, dot, "\"", "invalid", "\"");
        break;
    case 7:
        if (office)
            draft->clock = object(text, dot, "", "-3", "");
        break;
    default:
        draft->set = object(text, field, "", value, "");
    }
}

/* What the writer had seen: four bits for each replica. */
static void seen_fill(struct seen *seen, const uint8_t *bits)
{
    for (size_t i = 0; i < WRITERS; i++) {
        int n = bits[i / 2] >> i % 2 * 4 & 15;
        if (n)
            must(!seen_raise(seen, bytes_text(writers[i]), n));
    }
}

/* The line joins the history when the parser takes it. */
static void line_take(struct history *h, size_t who, struct bytes line)
{
    const struct revision *parsed;
    char *copy = arena_copy(&h->arena, line);
    must(copy != NULL);
    if (revision_parse(&h->arena, bytes_of(copy, line.size), &parsed, NULL))
        return;
    h->lines[h->count++] = parsed;
    h->heads[who] = parsed->dot.n;
}

/* One line from six bytes; impossible ones are refused by the parser. */
static void line_add(struct history *h, const uint8_t byte[6])
{
    struct buffer text, line;
    struct seen seen;
    char dot[DOT_CHARS + 1] = "";
    size_t who = byte[0] % WRITERS;
    const struct revision *target = pick(h, byte[5]);
    struct revision_draft draft = {.at = byte[1] % 8,
                                   .author = "dana",
                                   .record = RECORD,
                                   .seen = &seen,
                                   .prev = byte[1] & 8 ? 0 : h->heads[who],
                                   .seal = byte[1] & 16};
    buffer_init(&text, LINE_BYTES_MAX);
    buffer_init(&line, LINE_BYTES_MAX);
    seen_init(&seen);
    seen_fill(&seen, byte + 2);
    memcpy(draft.dot.replica, writers[who], REPLICA_CHARS + 1);
    draft.dot.n = h->heads[who] + 1 + (byte[1] >> 6);
    if (target)
        dot_format(dot, &target->dot);
    draft_fill(&draft, &text, byte, target, dot);
    if (!revision_write(&line, &draft))
        line_take(h, who, buffer_bytes(&line));
    seen_fini(&seen);
    buffer_fini(&text);
    buffer_fini(&line);
}

static void same(const struct buffer *a, const struct buffer *b)
{
    must(bytes_equal(buffer_bytes(a), buffer_bytes(b)));
}

static void no_field_is_empty(const struct canon *state)
{
    const struct canon *field = canon_member(state, "fields");
    for (field = field ? field->first : NULL; field; field = field->next) {
        static const char *const lists[] = {"after", "dropped", "live",
                                            "requests", "unreadable"};
        size_t shown = 0;
        for (size_t i = 0; i < 5; i++) {
            const struct canon *list = canon_member(field, lists[i]);
            shown += list ? list->count : 0;
        }
        must(shown > 0 && canon_member(field, "value"));
    }
}

static void check_state(struct history *h, const struct fold *fold)
{
    const struct canon *state;
    struct seen seen;
    size_t open;
    must(!canon_parse(&h->arena, buffer_bytes(&fold->state), &state, NULL));
    no_field_is_empty(state);
    must(!fold_open_count(buffer_bytes(&fold->state), &open));
    seen_init(&seen);
    must(!fold_context(buffer_bytes(&fold->memo), &seen));
    seen_fini(&seen);
}

static void check_steps(const struct history *h,
                        const struct revision *const *lines)
{
    struct fold now, next, all;
    fold_init(&now);
    for (size_t i = 0; i < h->count; i++) {
        bool scratch;
        fold_init(&next);
        fold_init(&all);
        must(!fold_all(h->schema, lines, i + 1, &all));
        must(!fold_step(h->schema, buffer_bytes(&now.state),
                        buffer_bytes(&now.memo), lines[i], &next, &scratch));
        if (!scratch) {
            same(&next.state, &all.state);
            same(&next.memo, &all.memo);
        }
        fold_fini(&next);
        fold_fini(&now);
        now = all;
    }
    fold_fini(&now);
}

static void check_orders(struct history *h)
{
    struct fold there, back;
    const struct revision *reversed[2 * LINES_MAX];
    for (size_t i = 0; i < h->count; i++) {
        reversed[i] = h->lines[h->count - 1 - i];
        reversed[h->count + i] = h->lines[i]; /* all of them twice */
    }
    fold_init(&there);
    fold_init(&back);
    must(!fold_all(h->schema, h->lines, h->count, &there));
    must(!fold_all(h->schema, reversed, 2 * h->count, &back));
    same(&there.state, &back.state);
    same(&there.memo, &back.memo);
    check_state(h, &there);
    fold_fini(&there);
    fold_fini(&back);
    check_steps(h, h->lines);
    check_steps(h, reversed);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct history h = {.count = 0};
    char detail[SCHEMA_DETAIL_CHARS];
    arena_init(&h.arena, (size_t)1 << 28);
    must(!schema_new(&h.schema));
    must(!schema_add(h.schema, bytes_text(definition), detail));
    for (; size >= 6 && h.count < LINES_MAX; at += 6, size -= 6)
        line_add(&h, at);
    if (h.count)
        check_orders(&h);
    schema_free(h.schema);
    arena_fini(&h.arena);
    return 0;
}
