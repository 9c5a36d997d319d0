/* The step: what nearly always happens, without folding from scratch.
 *
 * A creating line that sets plain values: its fields are all there is.  Or:
 *
 * A plain `set` at the end of its replica's chain, nobody having seen it yet,
 * whose `seen` covers every live value of its fields, on a record whose lines
 * are all plain: its fields then have one live write, its own, and nothing else
 * changes.  The proof obligations stand in step_check(); all else is folded
 * from scratch. */
#include "shared/model/fold.h"
#include "shared/model/fold_memo.h"
#include "shared/model/fold_scan.h"
#include "shared/model/fold_write.h"

/* One member of `set`, and where it goes into the state. */
struct change {
    const struct canon *member;
    const uint8_t *at;  /* of the old value, or of what comes behind */
    struct bytes value; /* the old value; empty when the field is new */
};

/* What stands around each value that one line wrote: where the state has it
 * already.  Nothing before the first value. */
struct wrap {
    const struct revision *line;
    size_t before, before_size, after, after_size;
};

struct step {
    const struct revision *next;
    struct bytes state;
    struct change *changes; /* room for all that `set` may have */
    size_t count;
    size_t behind; /* changes from here on stand behind all old fields */
    bool empty;    /* the state has no fields */
};

static void change_add(struct step *step, const struct canon *member,
                       const uint8_t *at, struct bytes value)
{
    step->changes[step->count++] = (struct change){member, at, value};
}

/* Finds each set field's place among the state's fields, both sorted. */
static void fields_match(struct step *step, struct walk *walk)
{
    const struct canon *member = step->next->set->first;
    step->empty = true;
    while (walk_next(walk, '}', &step->empty)) {
        const uint8_t *at = walk->at;
        struct bytes name = walk_text(walk);
        walk_expect(walk, ":");
        struct bytes value = walk_value(walk);
        for (; member && bytes_compare(member->name, name) < 0;
             member = member->next)
            change_add(step, member, at, bytes_of(NULL, 0));
        if (member && bytes_equal(member->name, name)) {
            change_add(step, member, value.at, value);
            member = member->next;
        }
    }
    step->behind = step->count;
    for (; member; member = member->next)
        change_add(step, member, walk->at - 1, bytes_of(NULL, 0));
}

static bool entry_covered(struct walk *walk, const struct seen *seen)
{
    bool covered = false, first = true;
    walk_expect(walk, "{");
    while (walk_next(walk, '}', &first)) {
        struct bytes name = walk_text(walk);
        struct dot dot;
        walk_expect(walk, ":");
        if (bytes_is(name, "dot"))
            covered = dot_parse(&dot, walk_text(walk)) && seen_has(seen, &dot);
        else
            walk_value(walk);
    }
    return covered && !walk->bad;
}

static bool live_covered(struct walk *walk, const struct seen *seen)
{
    bool first = true;
    walk_expect(walk, "[");
    while (walk_next(walk, ']', &first))
        if (!entry_covered(walk, seen))
            return false;
    return !walk->bad;
}

/* Nothing but values, each of which the writer had seen. */
static bool field_covered(struct bytes value, const struct seen *seen)
{
    static const char *const harmless[] = {"base", "meanwhile", "open",
                                           "review", "value"};
    struct walk walk = walk_of(value);
    bool first = true;
    walk_expect(&walk, "{");
    while (walk_next(&walk, '}', &first)) {
        struct bytes name = walk_text(&walk);
        bool known = bytes_is(name, "live");
        walk_expect(&walk, ":");
        if (known && !live_covered(&walk, seen))
            return false;
        for (size_t i = 0; !known && i < sizeof harmless / sizeof *harmless;
             i++)
            if ((known = bytes_is(name, harmless[i])))
                walk_value(&walk);
        if (!known)
            return false;
    }
    return !walk.bad;
}

static bool rule_plain(const struct schema_type *type, struct bytes name,
                       const struct revision *next)
{
    const struct schema_field *field = type ? type_field(type, name) : NULL;
    if (!field)
        return true; /* folds as `both` */
    bool device = next->dot.replica[0] != 'o';
    return field_rule(field) != RULE_SET && !(field_office(field) && device);
}

/* Reads the state around the fields; false when it is not of the form. */
static bool state_match(struct step *step, struct bytes *type, int64_t *version)
{
    struct walk walk = walk_of(step->state);
    walk_expect(&walk, "{");
    if (walk_accept(&walk, "\"case\":")) {
        walk_value(&walk);
        walk_expect(&walk, ",");
    }
    walk_expect(&walk, "\"fields\":{");
    if (!walk.bad)
        fields_match(step, &walk);
    walk_expect(&walk, ",\"record\":");
    struct bytes record = walk_text(&walk);
    walk_expect(&walk, ",\"schema\":");
    struct bytes digits = walk_value(&walk);
    walk_expect(&walk, ",\"type\":");
    *type = walk_text(&walk);
    walk_expect(&walk, "}");
    return !walk.bad && walk.at == walk.end &&
           bytes_equal(record, step->next->record) &&
           !int64_parse(digits, version);
}

static bool form_check(const struct revision *next, struct bytes memo)
{
    if (!memo_valid(memo) || !memo_plain(memo) ||
        memo_count(memo) > MEMO_JOINED_MAX)
        return false;
    if (!line_plain(next) || next->creates || next->add || next->drop ||
        !next->set)
        return false;
    struct memo_entry own = memo_find(memo, next->dot.replica);
    return own.reached == next->prev && own.joined < next->dot.n;
}

static bool changes_check(const struct step *step,
                          const struct schema_type *type)
{
    const struct revision *next = step->next;
    for (size_t i = 0; i < step->count; i++) {
        const struct change *change = &step->changes[i];
        if (!rule_plain(type, change->member->name, next) ||
            (change->value.size && !field_covered(change->value, &next->seen)))
            return false;
    }
    return true;
}

/* *plain: the line can be folded without the others. */
static enum err step_check(struct step *step, const struct schema *schema,
                           struct bytes memo, bool *plain)
{
    const struct schema_type *type;
    struct bytes name;
    int64_t version;
    *plain = form_check(step->next, memo) && state_match(step, &name, &version);
    if (!*plain)
        return ERR_OK;
    enum err err = schema_find(schema, name, &type);
    *plain = !err && version == (type ? type_version(type) : 0) &&
             changes_check(step, type);
    return err;
}

/* --- writing -------------------------------------------------------------- */

static void wrap_make(struct buffer *out, struct wrap *wrap, struct bytes value)
{
    wrap->before = out->size;
    buffer_add_text(out, "{\"live\":[");
    write_open(out, wrap->line);
    wrap->before_size = out->size - wrap->before;
    buffer_add_bytes(out, value);
    wrap->after = out->size;
    write_close(out, wrap->line);
    buffer_add_text(out, "],\"value\":");
    wrap->after_size = out->size - wrap->after;
}

/* Once more what stands in the buffer. */
static void repeat(struct buffer *out, size_t at, size_t size)
{
    if (!buffer_reserve(out, size))
        buffer_add(out, out->at + at, size);
}

static void value_put(struct buffer *out, struct wrap *wrap, struct bytes value)
{
    if (!wrap->before_size) {
        wrap_make(out, wrap, value);
    } else {
        repeat(out, wrap->before, wrap->before_size);
        buffer_add_bytes(out, value);
        repeat(out, wrap->after, wrap->after_size);
    }
    buffer_add_bytes(out, value);
    buffer_add_char(out, '}');
}

static void member_put(struct buffer *out, struct wrap *wrap,
                       const struct canon *member)
{
    canon_put_text(out, member->name);
    buffer_add_char(out, ':');
    value_put(out, wrap, member->raw);
}

static enum err step_write(const struct step *step, struct buffer *out)
{
    struct wrap wrap = {.line = step->next};
    const uint8_t *from = step->state.at;
    const uint8_t *end = from + step->state.size;
    for (size_t i = 0; i < step->count; i++) {
        const struct change *change = &step->changes[i];
        buffer_add(out, from, (size_t)(change->at - from));
        from = change->at;
        if (change->value.size) {
            value_put(out, &wrap, change->member->raw);
            from += change->value.size;
            continue;
        }
        if (i >= step->behind && !(i == 0 && step->empty))
            buffer_add_char(out, ',');
        member_put(out, &wrap, change->member);
        if (i < step->behind)
            buffer_add_char(out, ',');
    }
    buffer_add(out, from, (size_t)(end - from));
    return buffer_err(out);
}

/* --- a record's first line ------------------------------------------------ */

static bool first_check(const struct schema_type *type,
                        const struct revision *first)
{
    if (!line_plain(first) || !first->creates || first->prev || first->add ||
        first->drop || first->seen.count > MEMO_JOINED_MAX ||
        seen_get(&first->seen, bytes_text(first->dot.replica)))
        return false;
    const struct canon *member = first->set ? first->set->first : NULL;
    for (; member; member = member->next)
        if (!rule_plain(type, member->name, first))
            return false;
    return true;
}

static enum err first_write(const struct schema_type *type,
                            const struct revision *first, struct buffer *out)
{
    struct wrap wrap = {.line = first};
    const struct canon *member = first->set ? first->set->first : NULL;
    /* Each value stands there twice, beside its origin. */
    enum err err = buffer_reserve(out, 2 * first->line.size + 1024);
    if (err)
        return err;
    state_open(out, first->kase);
    for (; member; member = member->next) {
        member_put(out, &wrap, member);
        if (member->next)
            buffer_add_char(out, ',');
    }
    state_close(out, first->record, type, first->type);
    return buffer_err(out);
}

enum err fold_first(const struct schema *schema, const struct revision *first,
                    struct fold *out)
{
    const struct schema_type *type;
    enum err err = schema_find(schema, first->type, &type);
    buffer_clear(&out->state);
    buffer_clear(&out->memo);
    if (!err)
        err = first_check(type, first) ? first_write(type, first, &out->state)
                                       : ERR_TOO_BIG;
    if (!err)
        err = memo_step(&out->memo, bytes_of(NULL, 0), first);
    return err == ERR_TOO_BIG ? fold_all(schema, &first, 1, out) : err;
}

/* --- a later line --------------------------------------------------------- */

enum err fold_step(const struct schema *schema, struct bytes state,
                   struct bytes memo, const struct revision *next,
                   struct fold *out, bool *scratch)
{
    struct change changes[REVISION_FIELDS_MAX];
    struct step step = {.next = next, .state = state, .changes = changes};
    *scratch = false;
    if (!state.size && !memo.size)
        return fold_first(schema, next, out);
    bool plain;
    enum err err = step_check(&step, schema, memo, &plain);
    if (err || !plain) {
        *scratch = !err;
        return err;
    }
    buffer_clear(&out->state);
    buffer_clear(&out->memo);
    err = step_write(&step, &out->state);
    if (!err)
        err = memo_step(&out->memo, memo, next);
    if (err != ERR_TOO_BIG)
        return err;
    buffer_clear(&out->state);
    buffer_clear(&out->memo);
    *scratch = true; /* which knows what to do with it */
    return ERR_OK;
}

static bool field_open(struct walk *walk)
{
    bool open = false, first = true;
    walk_text(walk);
    walk_expect(walk, ":{");
    while (walk_next(walk, '}', &first)) {
        struct bytes name = walk_text(walk);
        walk_expect(walk, ":");
        struct bytes value = walk_value(walk);
        open = open || (bytes_is(name, "open") && bytes_is(value, "true"));
    }
    return open;
}

enum err fold_open_count(struct bytes state, size_t *count)
{
    struct walk walk = walk_of(state);
    bool first = true;
    *count = 0;
    walk_expect(&walk, "{");
    while (walk_next(&walk, '}', &first)) {
        struct bytes name = walk_text(&walk);
        walk_expect(&walk, ":");
        if (!bytes_is(name, "fields")) {
            walk_value(&walk);
            continue;
        }
        bool first_field = true;
        walk_expect(&walk, "{");
        while (walk_next(&walk, '}', &first_field))
            *count += field_open(&walk);
    }
    return walk.bad ? ERR_CORRUPT : ERR_OK;
}
