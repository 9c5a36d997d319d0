#include "tests/unit/model/fold_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void fold_case_open(struct fold_case *c, json_t *json)
{
    size_t i;
    json_t *item;
    char detail[SCHEMA_DETAIL_CHARS];
    *c = (struct fold_case){.json = json};
    arena_init(&c->arena, (size_t)1 << 30);
    assert_int_equal(schema_new(&c->schema), ERR_OK);
    json_array_foreach(json_object_get(json, "definitions"), i, item)
    {
        char *text = json_dumps(item, 0);
        assert_non_null(text);
        enum err err = schema_add(c->schema, bytes_text(text), detail);
        if (err)
            fail_msg("%s: %s", text, detail);
        free(text);
    }
    json_t *lines = json_object_get(json, "lines");
    c->count = json_array_size(lines);
    c->revisions = calloc(c->count + 1, sizeof(*c->revisions));
    assert_non_null(c->revisions);
    json_array_foreach(lines, i, item)
    {
        struct canon_fault fault;
        struct bytes line =
            bytes_of(json_string_value(item), json_string_length(item));
        enum err err =
            revision_parse(&c->arena, line, &c->revisions[i], &fault);
        if (err)
            fail_msg("%s: byte %zu: %s", json_string_value(item), fault.offset,
                     fault.what);
    }
}

void fold_case_close(struct fold_case *c)
{
    free(c->revisions);
    schema_free(c->schema);
    arena_fini(&c->arena);
}

void fold_some(const struct fold_case *c,
               const struct revision *const *revisions, size_t count,
               struct fold *out)
{
    fold_init(out);
    assert_int_equal(fold_all(c->schema, revisions, count, out), ERR_OK);
}

/* From a little before the first difference on. */
static struct bytes window(struct bytes text, size_t at)
{
    size_t from = at > 200 ? at - 200 : 0;
    size_t size = text.size - from < 400 ? text.size - from : 400;
    return bytes_of(text.at + from, size);
}

void assert_same_bytes(struct bytes a, struct bytes b)
{
    size_t at = 0;
    if (bytes_equal(a, b))
        return;
    while (at < a.size && at < b.size && a.at[at] == b.at[at])
        at++;
    a = window(a, at);
    b = window(b, at);
    print_error("at byte %zu:\n%.*s\nis not\n%.*s\n", at, (int)a.size,
                (const char *)a.at, (int)b.size, (const char *)b.at);
    fail();
}

void assert_state(const struct fold *fold, const char *expected)
{
    assert_same_bytes(buffer_bytes(&fold->state), bytes_text(expected));
}

static bool is_new(const struct revision *const *revisions, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (bytes_equal(revisions[i]->line, revisions[index]->line))
            return false;
    return true;
}

size_t fold_stepwise(const struct fold_case *c,
                     const struct revision *const *revisions, size_t count,
                     struct fold *out)
{
    size_t fast = 0;
    fold_init(out);
    for (size_t i = 0; i < count; i++) {
        bool scratch;
        struct fold next, all;
        fold_init(&next);
        fold_some(c, revisions, i + 1, &all);
        assert_int_equal(fold_step(c->schema, buffer_bytes(&out->state),
                                   buffer_bytes(&out->memo), revisions[i],
                                   &next, &scratch),
                         ERR_OK);
        if (scratch) {
            assert_null(next.state.at); /* untouched */
            fold_fini(&next);
            fold_some(c, revisions, i + 1, &next);
        }
        fast += !scratch && is_new(revisions, i);
        assert_same_bytes(buffer_bytes(&next.state), buffer_bytes(&all.state));
        assert_memory_equal(next.memo.at, all.memo.at, all.memo.size);
        assert_int_equal(next.memo.size, all.memo.size);
        fold_fini(&all);
        fold_fini(out);
        *out = next;
    }
    return fast;
}

json_t *tree_json(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (!json)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return json;
}
