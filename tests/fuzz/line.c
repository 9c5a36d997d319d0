/* Lines from strangers: canonical JSON against jansson, revisions against
 * their own writer.
 *
 * Whatever canon_parse() accepts, jansson reads as the same value and writes
 * as the same bytes; whatever jansson reads of our value domain,
 * canon_normalise() accepts; what it makes is canonical and stays as it is;
 * and a revision is the line that revision_write() makes of it. */
#include <stdlib.h>
#include <string.h>

#include "shared/model/revision.h"
#include "tests/oracle.h"
#include "tests/fuzz/target.h"

static void parse_strictly(struct bytes text)
{
    struct arena arena;
    const struct canon *root;
    struct canon_fault fault;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, text, &root, &fault);
    if (err) {
        must(err == ERR_INVALID && !root && fault.what);
        must(fault.offset <= text.size);
    } else {
        must(bytes_equal(root->raw, text));
        json_t *json = oracle_load(text);
        must(json != NULL);
        must(oracle_in_domain(json, 0) && oracle_same(json, root));
        char *dump = oracle_dump(json);
        must(dump && bytes_is(text, dump));
        free(dump);
        json_decref(json);
    }
    arena_fini(&arena);
}

/* What was normalised is canonical and is itself when normalised again. */
static void check_normal(struct bytes canonical, const json_t *json)
{
    struct arena arena;
    const struct canon *root;
    struct buffer again;
    arena_init(&arena, REVISION_ARENA_BYTES);
    buffer_init(&again, canonical.size);
    must(!canon_parse(&arena, canonical, &root, NULL));
    must(oracle_same(json, root));
    must(!canon_normalise(&again, canonical, NULL));
    must(bytes_equal(buffer_bytes(&again), canonical));
    buffer_fini(&again);
    arena_fini(&arena);
}

static void normalise(struct bytes text)
{
    struct buffer out;
    struct canon_fault fault;
    buffer_init(&out, 2 * text.size + 1);
    enum err err = canon_normalise(&out, text, &fault);
    json_t *json = oracle_load(text);
    if (err) {
        must(err == ERR_INVALID && out.size == 0);
        must(fault.what && fault.offset <= text.size);
        must(!json || !oracle_in_domain(json, 0) || oracle_minus_zero(text));
    } else {
        must(json && oracle_in_domain(json, 0));
        check_normal(buffer_bytes(&out), json);
    }
    json_decref(json);
    buffer_fini(&out);
}

static struct bytes raw_of(const struct canon *object)
{
    return object ? object->raw : bytes_of(NULL, 0);
}

static char *text_of(struct arena *arena, struct bytes text)
{
    char *copy = arena_copy(arena, text);
    must(copy != NULL);
    return copy;
}

/* Written from its parts, a line is the same but for unknown members. */
static void write_again(struct arena *arena, const struct revision *r)
{
    struct revision_draft draft = {
        .dot = r->dot,
        .at = r->at,
        .author = text_of(arena, r->author),
        .record = text_of(arena, r->record),
        .type = r->creates ? text_of(arena, r->type) : NULL,
        .kase = r->kase.size ? text_of(arena, r->kase) : NULL,
        .prev = r->prev,
        .schema = r->schema,
        .seen = &r->seen,
        .set = raw_of(r->set),
        .add = raw_of(r->add),
        .drop = raw_of(r->drop),
        .keep = raw_of(r->keep),
        .hold = raw_of(r->hold),
        .clock = raw_of(r->clock),
        .seal = r->seal,
        .carries = r->carries,
        .release = r->release.size ? text_of(arena, r->release) : NULL,
    };
    struct buffer line;
    const struct revision *again;
    buffer_init(&line, LINE_BYTES_MAX);
    must(!revision_write(&line, &draft));
    must(line.size <= r->line.size);
    if (line.size == r->line.size)
        must(bytes_equal(buffer_bytes(&line), r->line));
    must(!revision_parse(arena, buffer_bytes(&line), &again, NULL));
    must(dot_compare(&again->dot, &r->dot) == 0);
    must((again->inner != NULL) == (r->inner != NULL));
    buffer_fini(&line);
}

static void parse_revision(struct bytes text)
{
    struct arena arena;
    const struct revision *revision;
    struct canon_fault fault;
    arena_init(&arena, 2 * REVISION_ARENA_BYTES);
    enum err err = revision_parse(&arena, text, &revision, &fault);
    must(err != ERR_NOMEM);
    if (err)
        must(fault.what && fault.offset <= text.size);
    else
        write_again(&arena, revision);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct bytes text = bytes_of(at, size);
    parse_strictly(text);
    normalise(text);
    parse_revision(text);
    return 0;
}
