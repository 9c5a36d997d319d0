/* What people are shown, and the small names in it, from any text: a state, a
 * line or a view that damage has changed is shown in some way or refused.
 *
 * The input is canonical JSON for the views; any text for names. */
#include <string.h>
#include "shared/model/blob.h"
#include "shared/model/fold.h"
#include "shared/model/prose.h"
#include "shared/model/view.h"
#include "tests/fuzz/target.h"

#define OUT_BYTES_MAX (16u << 20)
#define ID "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"

/* --- names ---------------------------------------------------------------- */

static void names(struct bytes text)
{
    struct dot dot;
    struct seen seen;
    int64_t generation;
    char again[DOT_CHARS + 1];
    if (dot_parse(&dot, text)) {
        dot_format(again, &dot);
        must(bytes_is(text, again) && dot.n >= 1);
        must(replica_valid(bytes_text(dot.replica)));
    }
    must(!replica_is_office(text) || replica_valid(text) || text.size != 13);
    must(!name_valid(text) || (text.size >= 1 && text.size <= NAME_CHARS_MAX));
    must(!scope_valid(text) || text.size <= SCOPE_CHARS_MAX);
    must(!id_valid(text) || text.size == ID_CHARS);
    seen_init(&seen);
    (void)!context_read(&seen, &generation, ID, text);
    seen_fini(&seen);
}

/* What a form was shown comes back the same. */
static void context(struct bytes token)
{
    struct seen seen, read;
    struct buffer out;
    int64_t generation, again;
    buffer_init(&out, OUT_BYTES_MAX);
    seen_init(&seen);
    seen_init(&read);
    if (!context_read(&seen, &generation, ID, token)) {
        must(!context_write(&out, ID, generation, &seen));
        must(!context_read(&read, &again, ID, buffer_bytes(&out)));
        must(again == generation && seen_covers(&seen, &read) &&
             seen_covers(&read, &seen));
    }
    seen_fini(&seen);
    seen_fini(&read);
    buffer_fini(&out);
}

static void seen(struct bytes text, const struct canon *root)
{
    struct seen list;
    struct buffer out;
    buffer_init(&out, OUT_BYTES_MAX);
    seen_init(&list);
    if (!seen_read(&list, root)) {
        must(!seen_write(&out, &list));
        must(bytes_equal(buffer_bytes(&out), text));
        struct seen meet;
        seen_init(&meet);
        must(!seen_copy(&meet, &list));
        seen_meet(&meet, &list);
        must(seen_covers(&meet, &list) && seen_covers(&list, &meet));
        seen_fini(&meet);
    }
    seen_fini(&list);
    buffer_fini(&out);
}

/* --- attachments ---------------------------------------------------------- */

static enum err reference(void *context, const struct blob_ref *ref,
                          const struct canon *value)
{
    struct arena *arena = context;
    struct blob_ref again;
    const struct canon *root;
    struct buffer out;
    must(ref->bytes >= 1 && blob_chunks(ref->bytes) >= 1);
    must(blob_sealed_bytes(ref->bytes) > ref->bytes);
    must(value->kind == CANON_OBJECT);
    buffer_init(&out, OUT_BYTES_MAX);
    must(!blob_ref_write(&out, ref));
    must(!canon_parse(arena, buffer_bytes(&out), &root, NULL));
    must(blob_ref_read(root, &again) && again.bytes == ref->bytes &&
         bytes_equal(again.name, ref->name));
    buffer_fini(&out);
    return ERR_OK;
}

/* --- views ---------------------------------------------------------------- */

/* What a view has made is canonical JSON. */
static const struct canon *made(struct arena *arena, struct buffer *out)
{
    const struct canon *root;
    must(!canon_parse(arena, buffer_bytes(out), &root, NULL));
    return root;
}

/* A terminal is told nothing but text. */
static void said(struct buffer *out)
{
    must(!buffer_err(out) && utf8_valid(buffer_bytes(out), NULL));
    for (size_t i = 0; i < out->size; i++)
        must((out->at[i] >= ' ' && out->at[i] != 127) || out->at[i] == '\n');
    for (size_t i = 0; i + 1 < out->size; i++)
        must(out->at[i] != 0xc2 || out->at[i + 1] >= 0xa0);
    buffer_clear(out);
}

static void prose(const struct canon *root)
{
    struct buffer told, *out = &told;
    struct bytes name = bytes_text("Ames"), type = bytes_text("person");
    buffer_init(out, OUT_BYTES_MAX);
    prose_show(out, root, "newest first");
    said(out);
    prose_row(out, root);
    said(out);
    prose_conflict(out, root, type, name, bytes_text(ID));
    said(out);
    prose_value(out, root, 40);
    said(out);
    prose_text(out, root->raw, 7);
    said(out);
    buffer_fini(out);
}

static void views(struct arena *arena, struct bytes text,
                  const struct canon *root)
{
    struct view_beside beside = {.context = bytes_text("c1.x"),
                                 .history = bytes_text("[]"),
                                 .same = bytes_text("[{\"record\":\"r\"}]")};
    struct buffer out;
    size_t count = 0;
    buffer_init(&out, OUT_BYTES_MAX);
    if (!view_show(&out, text, &beside))
        prose(made(arena, &out));
    buffer_clear(&out);
    if (!view_row(&out, text))
        prose(made(arena, &out));
    buffer_clear(&out);
    buffer_add_char(&out, '[');
    enum err err = view_conflicts(&out, text, &count);
    buffer_add_char(&out, ']');
    if (!err)
        must(made(arena, &out)->count == count);
    buffer_clear(&out);
    if (!view_entry(&out, text, "here", "waiting"))
        prose(made(arena, &out));
    buffer_clear(&out);
    (void)view_matches(root, "both", bytes_text("a"));
    (void)!fold_open_count(text, &count);
    prose(root);
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct bytes text = bytes_of(at, size);
    struct arena arena;
    const struct canon *root;
    names(text);
    context(text);
    arena_init(&arena, 64u << 20);
    if (!canon_parse(&arena, text, &root, NULL)) {
        seen(text, root);
        must(!blob_refs(root, reference, &arena));
        views(&arena, text, root);
    }
    arena_fini(&arena);
    return 0;
}
