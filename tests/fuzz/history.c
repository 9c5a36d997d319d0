/* Whole histories of one record, as honest replicas make them.
 *
 * Three bytes make a step: somebody reads, writes, decides, seals, carries what
 * another had written, or is given lines by another, in any order.  Each
 * replica folds as it goes and must show what a fold from scratch shows; those
 * with the same lines must show the same bytes; and no value leaves view but by
 * someone who had seen it. */
#include <stdio.h>
#include <string.h>
#include "shared/model/fold.h"
#include "tests/fuzz/sample.h"
#include "tests/fuzz/target.h"

#define LINES_MAX 28
#define REPLICAS 5
#define OFFICE 0
#define CLOSED 3    /* its vault was copied once */
#define SUCCESSOR 4 /* who carries what CLOSED had written */

const size_t replay_stride = 21;

static const char *const names[REPLICAS] = {"oA_AAAAAAAAAA", "wA-AAAAAAAAAA",
                                            "wB_AAAAAAAAAA", "wz0AAAAAAAAAA",
                                            "wz1AAAAAAAAAA"};
static const char *const values[] = {
    "null", "\"a\"", "\"b\"", "\"c\"", "[{\"x\":\"}\\\"\"}]",
    "7",    "true",  "\"d\""};
struct replica {
    uint32_t known; /* lines, one bit each */
    int64_t head;   /* of its log, on this record */
    struct fold fold;
    struct seen form; /* what its person has on the screen */
    bool reading;
};

struct history {
    struct arena arena;
    struct schema *schema;
    const struct revision *lines[LINES_MAX];
    size_t count;
    struct replica replicas[REPLICAS];
};

static void same(const struct fold *a, const struct fold *b)
{
    must(bytes_equal(buffer_bytes(&a->state), buffer_bytes(&b->state)));
    must(bytes_equal(buffer_bytes(&a->memo), buffer_bytes(&b->memo)));
}

/* From scratch, in an order that `shift` chooses. */
static void scratch(const struct history *h, uint32_t known, size_t shift,
                    struct fold *out)
{
    const struct revision *order[LINES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < h->count; i++) {
        size_t at = (i * (shift % 2 ? h->count - 1 : 1) + shift) % h->count;
        if (known >> at & 1)
            order[count++] = h->lines[at];
    }
    fold_init(out);
    must(!fold_all(h->schema, order, count, out));
}

/* --- what must hold ------------------------------------------------------- */

static bool is_held(const struct history *h, uint32_t known, const char *dot)
{
    for (size_t i = 0; i < h->count; i++)
        if (known >> i & 1 && h->lines[i]->hold &&
            canon_member(h->lines[i]->hold, dot))
            return true;
    return false;
}

static bool line_counts(const struct history *h, uint32_t known, size_t at)
{
    char dot[DOT_CHARS + 1];
    dot_format(dot, &h->lines[at]->dot);
    return known >> at & 1 && !is_held(h, known, dot);
}

static bool touches(const struct revision *r, struct bytes field)
{
    const struct revision *o = revision_original(r);
    const struct canon *keep = r->keep ? r->keep : o->keep;
    const struct canon *const parts[] = {o->set, o->add, o->drop, keep};
    for (size_t i = 0; i < 4; i++)
        if (parts[i] && canon_member_bytes(parts[i], field))
            return true;
    return o->seal && bytes_is(field, "fixed");
}

/* Does a context name this write, under any of its dots? */
static bool context_names(const struct history *h, uint32_t known,
                          const struct seen *seen, const char *write)
{
    struct dot held;
    for (size_t i = 0; i < h->count; i++) {
        const struct revision *r = h->lines[i];
        if (!(known >> i & 1) || strcmp(r->write, write) != 0)
            continue;
        if (seen_has(seen, &r->dot) ||
            (r->release.size && dot_parse(&held, r->release) &&
             seen_has(seen, &held)))
            return true;
    }
    return false;
}

static bool somebody_saw(const struct history *h, uint32_t known,
                         const char *write, struct bytes field)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct revision *r = h->lines[i];
        if (line_counts(h, known, i) && strcmp(r->write, write) != 0 &&
            touches(r, field) &&
            (context_names(h, known, &r->seen, write) ||
             context_names(h, known, &revision_original(r)->seen, write)))
            return true;
    }
    return false;
}

static bool is_listed(const struct canon *field, const char *write)
{
    static const char *const lists[] = {"after", "dropped", "live", "requests",
                                        "unreadable"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct canon *list = canon_member(field, lists[i]);
        const struct canon *w = list ? list->first : NULL;
        for (; w; w = w->next) {
            struct bytes id;
            if (canon_text(w, "write", &id) && bytes_is(id, write))
                return true;
        }
    }
    return false;
}

/* A value is in its field's lists, or somebody who had seen it wrote there. */
static void no_silent_loser(const struct history *h, uint32_t known,
                            const struct canon *state)
{
    const struct canon *shown = canon_member(state, "fields");
    for (size_t i = 0; shown && i < h->count; i++) {
        const struct revision *r = h->lines[i];
        const struct canon *set = revision_original(r)->set;
        if (!line_counts(h, known, i) || !set)
            continue;
        for (const struct canon *f = set->first; f; f = f->next) {
            const struct canon *field = canon_member_bytes(shown, f->name);
            must((field && is_listed(field, r->write)) ||
                 somebody_saw(h, known, r->write, f->name));
        }
    }
}

/* A reader claims only what is there. */
static void context_is_true(const struct history *h, const struct replica *p)
{
    struct seen seen;
    seen_init(&seen);
    must(!fold_context(buffer_bytes(&p->fold.memo), &seen));
    for (size_t i = 0; i < seen.count; i++) {
        bool there = false;
        for (size_t at = 0; at < h->count; at++)
            there = there || (p->known >> at & 1 &&
                              h->lines[at]->dot.n == seen.entries[i].n &&
                              !strcmp(h->lines[at]->dot.replica,
                                      seen.entries[i].replica));
        must(there);
    }
    seen_fini(&seen);
}

static void replica_check(struct history *h, const struct replica *p,
                          size_t shift)
{
    struct fold all;
    const struct canon *state;
    scratch(h, p->known, shift, &all);
    same(&all, &p->fold);
    context_is_true(h, p);
    must(!canon_parse(&h->arena, buffer_bytes(&all.state), &state, NULL));
    no_silent_loser(h, p->known, state);
    fold_fini(&all);
}

/* --- steps ---------------------------------------------------------------- */

/* One line more, as a vault does it. */
static void take(struct history *h, struct replica *p, size_t at)
{
    struct fold next;
    bool again = false;
    if (p->known >> at & 1)
        return;
    fold_init(&next);
    if (!p->known)
        must(!fold_first(h->schema, h->lines[at], &next));
    else
        must(!fold_step(h->schema, buffer_bytes(&p->fold.state),
                        buffer_bytes(&p->fold.memo), h->lines[at], &next,
                        &again));
    p->known |= (uint32_t)1 << at;
    if (again) {
        fold_fini(&next);
        scratch(h, p->known, at, &next);
    }
    fold_fini(&p->fold);
    p->fold = next;
}

static bool is_shown(const struct replica *p)
{
    static const char waiting[] = "\"waiting\":true}";
    size_t size = sizeof waiting - 1;
    const struct buffer *state = &p->fold.state;
    return state->size > size &&
           memcmp(state->at + state->size - size, waiting, size) != 0;
}

static void line_write(struct history *h, size_t who,
                       struct revision_draft *draft, bool gap)
{
    struct replica *p = &h->replicas[who];
    const struct revision *parsed = NULL;
    struct buffer line;
    memcpy(draft->dot.replica, names[who], REPLICA_CHARS + 1);
    draft->dot.n = p->head + 1 + gap;
    draft->prev = p->head;
    draft->author = "dana";
    draft->record = RECORD;
    buffer_init(&line, LINE_BYTES_MAX);
    must(!revision_write(&line, draft));
    char *copy = arena_copy(&h->arena, buffer_bytes(&line));
    must(copy &&
         !revision_parse(&h->arena, bytes_of(copy, line.size), &parsed, NULL));
    buffer_fini(&line);
    h->lines[h->count] = parsed;
    p->head = parsed->dot.n;
    take(h, p, h->count++);
}

static void context_get(const struct replica *p, struct seen *out)
{
    must(!(p->reading ? seen_copy(out, &p->form)
                      : fold_context(buffer_bytes(&p->fold.memo), out)));
}

/* Any line that the replica knows. */
static const struct revision *pick(const struct history *h,
                                   const struct replica *p, size_t which)
{
    for (size_t i = 0; i < h->count; i++) {
        size_t at = (which + i) % h->count;
        if (p->known >> at & 1)
            return h->lines[at];
    }
    return NULL;
}

/* What a person does with what is on the screen. */
static void revise(struct history *h, size_t who, const uint8_t *step)
{
    struct replica *p = &h->replicas[who];
    const char *field = fields[step[1] % 8], *value = values[step[1] / 8 % 8];
    char text[256];
    struct seen seen;
    struct revision_draft draft = {.at = step[2] % 16, .seen = &seen};
    const struct revision *target = pick(h, p, step[2]);
    seen_init(&seen);
    context_get(p, &seen);
    int act = target ? step[0] / 8 % 16 : 0;
    if (act < 6)
        snprintf(text, sizeof text, "{\"%s\":%s}", field, value);
    else if (act == 6)
        snprintf(text, sizeof text, "{\"%s\":[%s]}", field,
                 values[1 + step[1] / 8 % 3]);
    else if (act == 7)
        snprintf(text, sizeof text, "{\"%s\":{\"a\":\"why\"}}", field);
    else
        snprintf(text, sizeof text, "{\"%s\":[\"%s\"]}", field, target->write);
    struct bytes *part = act == 6   ? &draft.add
                         : act == 7 ? &draft.drop
                         : act == 8 ? &draft.keep
                                    : &draft.set;
    draft.type = h->count ? NULL : "sample";
    draft.seal = act == 5;
    *part = act == 5 && step[1] & 64 ? bytes_of(NULL, 0) : bytes_text(text);
    line_write(h, who, &draft, step[2] >> 7);
    p->reading = false;
    seen_fini(&seen);
}

/* The office holds a line, releases it, or clamps its time. */
static void state(struct history *h, const uint8_t *step)
{
    struct replica *p = &h->replicas[OFFICE];
    const struct revision *target = pick(h, p, step[2]);
    char dot[DOT_CHARS + 1], text[128];
    struct revision_draft draft = {.at = 1};
    if (!target || target->hold || target->clock || target->release.size)
        return;
    dot_format(dot, &target->dot);
    snprintf(text, sizeof text,
             step[1] % 4 == 1 ? "{\"%s\":-3}" : "{\"%s\":\"invalid\"}", dot);
    if (step[1] % 4 == 1) {
        draft.clock = bytes_text(text);
    } else if (is_held(h, p->known, dot)) {
        draft.carries = revision_original(target)->line;
        draft.release = dot;
    } else {
        draft.hold = bytes_text(text);
    }
    line_write(h, OFFICE, &draft, false);
}

/* The successor writes again what it finds in its copy of the closed log, with
 * that log's places taken out of what had been seen. */
static void carry(struct history *h)
{
    struct replica *p = &h->replicas[SUCCESSOR];
    for (size_t i = 0; i < h->count; i++) {
        const struct revision *r = h->lines[i];
        bool carried = strcmp(r->dot.replica, names[CLOSED]) != 0;
        for (size_t j = 0; j < h->count; j++)
            carried = carried || (h->lines[j]->carries.size &&
                                  !h->lines[j]->release.size &&
                                  !strcmp(h->lines[j]->write, r->write));
        if (carried || !(p->known >> i & 1))
            continue;
        struct seen seen;
        seen_init(&seen);
        for (size_t j = 0; j < r->seen.count; j++)
            if (strcmp(r->seen.entries[j].replica, names[CLOSED]) != 0)
                must(!seen_raise(&seen, bytes_text(r->seen.entries[j].replica),
                                 r->seen.entries[j].n));
        if (p->head && seen_get(&r->seen, bytes_text(names[CLOSED])))
            must(!seen_raise(&seen, bytes_text(names[SUCCESSOR]), p->head));
        struct revision_draft draft = {
            .at = 2, .seen = &seen, .carries = r->line};
        line_write(h, SUCCESSOR, &draft, false);
        seen_fini(&seen);
        return;
    }
}

static void deliver(struct history *h, struct replica *to, const uint8_t *step)
{
    const struct replica *from = &h->replicas[step[1] % REPLICAS];
    size_t count = step[1] & 128 ? h->count : 1;
    for (size_t i = 0; i < count; i++) {
        size_t at = (step[2] + (step[1] & 64 ? h->count - i : i)) % h->count;
        if (from->known >> at & 1)
            take(h, to, at);
    }
}

static void step_do(struct history *h, const uint8_t *step)
{
    size_t who = step[0] % 8 % REPLICAS;
    struct replica *p = &h->replicas[who];
    int act = step[0] / 8 % 16;
    if (act >= 12) {
        if (h->count)
            deliver(h, p, step);
    } else if (h->count == LINES_MAX) {
        return;
    } else if (act == 9) {
        seen_fini(&p->form);
        p->reading = is_shown(p);
        if (p->reading)
            must(!fold_context(buffer_bytes(&p->fold.memo), &p->form));
    } else if (act == 10) {
        state(h, step);
    } else if (act == 11) {
        carry(h);
    } else if (!h->count || is_shown(p)) {
        revise(h, who, step);
    }
    if (p->known)
        replica_check(h, p, step[2]);
}

/* In the end everybody is given everything, each in another order. */
static void settle(struct history *h)
{
    for (size_t i = 0; i < REPLICAS && h->count; i++) {
        struct replica *p = &h->replicas[i];
        for (size_t j = 0; j < h->count; j++)
            take(h, p, (i % 2 ? h->count - 1 - j : j + i) % h->count);
        replica_check(h, p, i);
        same(&p->fold, &h->replicas[0].fold);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct history h = {.count = 0};
    char detail[SCHEMA_DETAIL_CHARS];
    arena_init(&h.arena, (size_t)1 << 28);
    must(!schema_new(&h.schema));
    must(!schema_add(h.schema, bytes_text(definition), detail));
    for (size_t i = 0; i < REPLICAS; i++) {
        fold_init(&h.replicas[i].fold);
        seen_init(&h.replicas[i].form);
    }
    for (size_t steps = 0; size >= 3 && steps < 96; steps++, at += 3, size -= 3)
        step_do(&h, at);
    settle(&h);
    for (size_t i = 0; i < REPLICAS; i++) {
        fold_fini(&h.replicas[i].fold);
        seen_fini(&h.replicas[i].form);
    }
    schema_free(h.schema);
    arena_fini(&h.arena);
    return 0;
}
