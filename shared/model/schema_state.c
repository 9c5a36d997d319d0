/* What a record of type `schema` says, which mostly is what was shipped. */
#include "shared/model/fold_scan.h"
#include "shared/model/revision.h"
#include "shared/model/schema_type.h"

/* Moves to the value of a member; bad when there is none. */
static void enter(struct walk *walk, const char *name)
{
    bool first = true;
    walk_expect(walk, "{");
    while (walk_next(walk, '}', &first)) {
        struct bytes member = walk_text(walk);
        walk_expect(walk, ":");
        if (bytes_is(member, name))
            return;
        walk_value(walk);
    }
    walk->bad = true;
}

/* Does a text whose escapes are as they came say `plain`?  False also when it
 * has others than those of quotes and backslashes. */
static bool says(struct bytes text, struct bytes plain)
{
    const uint8_t *at = text.at, *end = text.at + text.size;
    const uint8_t *want = plain.at, *stop = plain.at + plain.size;
    while (at < end && want < stop) {
        if (*at == '\\' && (++at == end || (*at != '"' && *at != '\\')))
            return false;
        if (*at++ != *want++)
            return false;
    }
    return at == end && want == stop;
}

/* Moves to the value of a field of the state. */
static struct walk field_of(struct bytes state, const char *name)
{
    struct walk walk = walk_of(state);
    enter(&walk, "fields");
    enter(&walk, name);
    enter(&walk, "value");
    return walk;
}

bool schema_says_state(const struct schema *schema, size_t index,
                       struct bytes state)
{
    struct bytes definition = schema_definition_at(schema, index);
    struct walk text = field_of(state, "definition");
    struct walk version = field_of(state, "version");
    struct walk own = walk_of(definition);
    enter(&own, "version");
    struct bytes said = walk_value(&version), known = walk_value(&own);
    return !own.bad && !version.bad && bytes_equal(said, known) &&
           says(walk_text(&text), definition) && !text.bad;
}

/* To look is quicker than to parse, and there are many. */
static bool is_known(const struct schema *schema, struct bytes state)
{
    struct walk walk = field_of(state, "definition");
    struct bytes text = walk_text(&walk);
    size_t count = walk.bad ? 0 : schema_type_count(schema);
    for (size_t i = 0; i < count; i++)
        if (says(text, schema_definition_at(schema, i)))
            return true;
    return false;
}

enum err schema_add_state(struct schema *schema, struct bytes state)
{
    struct arena arena;
    const struct canon *root;
    struct bytes text;
    char detail[SCHEMA_DETAIL_CHARS];
    if (is_known(schema, state))
        return ERR_OK;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, state, &root, NULL);
    if (!err &&
        canon_text(canon_member(canon_member(root, "fields"), "definition"),
                   "value", &text))
        err = schema_add(schema, text, detail);
    arena_fini(&arena);
    return err == ERR_INVALID || err == ERR_TOO_BIG ? ERR_OK : err;
}
