/* The step: what nearly always happens, without folding from scratch.
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

static bool rule_plain(const struct schema_type *type,
                       const struct change *change, const struct revision *next)
{
    const struct schema_field *field =
        type ? type_field(type, change->member->name) : NULL;
    if (!field)
        return true; /* folds as `both` */
    bool device = next->dot.replica[0] != 'o';
    return field_rule(field) != RULE_SET && !(field_office(field) && device);
}

/* Reads the state around the fields; false when it is not of the form or of
 * another schema version. */
static bool state_match(struct step *step, const struct schema *schema,
                        const struct schema_type **type)
{
    int64_t version;
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
    struct bytes name = walk_text(&walk);
    walk_expect(&walk, "}");
    if (walk.bad || walk.at != walk.end ||
        !bytes_equal(record, step->next->record) ||
        int64_parse(digits, &version))
        return false;
    *type = schema_type(schema, name);
    return version == (*type ? type_version(*type) : 0);
}

static bool step_check(struct step *step, const struct schema *schema,
                       struct bytes memo)
{
    const struct revision *next = step->next;
    const struct schema_type *type;
    if (!memo_valid(memo) || !memo_plain(memo) ||
        memo_count(memo) > MEMO_JOINED_MAX)
        return false;
    if (!line_plain(next) || next->creates || next->add || next->drop ||
        !next->set)
        return false;
    struct memo_entry own = memo_find(memo, next->dot.replica);
    if (own.reached != next->prev || own.joined >= next->dot.n)
        return false;
    if (!state_match(step, schema, &type))
        return false;
    for (size_t i = 0; i < step->count; i++) {
        const struct change *change = &step->changes[i];
        if (!rule_plain(type, change, next) ||
            (change->value.size && !field_covered(change->value, &next->seen)))
            return false;
    }
    return true;
}

static void value_put(struct buffer *out, const struct revision *next,
                      const struct change *change)
{
    buffer_add_text(out, "{\"live\":[");
    write_put(out, next, change->member->raw);
    buffer_add_text(out, "],\"value\":");
    buffer_add_bytes(out, change->member->raw);
    buffer_add_char(out, '}');
}

static enum err step_write(const struct step *step, struct buffer *out)
{
    const uint8_t *from = step->state.at;
    const uint8_t *end = from + step->state.size;
    for (size_t i = 0; i < step->count; i++) {
        const struct change *change = &step->changes[i];
        buffer_add(out, from, (size_t)(change->at - from));
        from = change->at;
        if (change->value.size) {
            value_put(out, step->next, change);
            from += change->value.size;
            continue;
        }
        if (i >= step->behind && !(i == 0 && step->empty))
            buffer_add_char(out, ',');
        canon_put_text(out, change->member->name);
        buffer_add_char(out, ':');
        value_put(out, step->next, change);
        if (i < step->behind)
            buffer_add_char(out, ',');
    }
    buffer_add(out, from, (size_t)(end - from));
    return buffer_err(out);
}

enum err fold_step(const struct schema *schema, struct bytes state,
                   struct bytes memo, const struct revision *next,
                   struct fold *out, bool *scratch)
{
    struct change changes[REVISION_FIELDS_MAX];
    struct step step = {.next = next, .state = state, .changes = changes};
    *scratch = false;
    if (!state.size && !memo.size)
        return fold_all(schema, &next, 1, out);
    if (!step_check(&step, schema, memo)) {
        *scratch = true;
        return ERR_OK;
    }
    buffer_clear(&out->state);
    buffer_clear(&out->memo);
    enum err err = step_write(&step, &out->state);
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
