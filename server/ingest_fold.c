#include <string.h>
#include "server/ingest_batch.h"

#define LINES_ARENA_BYTES (1024u * 1024u * 1024u)

/* --- from scratch --------------------------------------------------------- */

struct gathering {
    struct arena arena;
    const struct revision **revisions; /* in the arena */
    size_t count, room;
    int64_t created; /* arrival of the first creating line; 0: none */
    char *kase;      /* which it names; ID_CHARS + 1 */
};

static enum err revision_room(struct gathering *g)
{
    if (g->count < g->room)
        return ERR_OK;
    size_t room = g->room ? g->room * 2 : 16;
    const struct revision **grown = arena_take(&g->arena, room * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    if (g->count)
        memcpy(grown, g->revisions, g->count * sizeof *grown);
    g->revisions = grown;
    g->room = room;
    return ERR_OK;
}

static void case_note(struct gathering *g, int64_t arrival,
                      const struct revision *revision)
{
    const struct revision *original = revision_original(revision);
    if (!original->creates || (g->created && g->created < arrival))
        return;
    g->created = arrival;
    if (original->kase.size)
        memcpy(g->kase, original->kase.at, original->kase.size);
    g->kase[original->kase.size] = '\0';
}

static enum err gather_line(void *context, int64_t arrival,
                            const uint8_t hash[HASH_BYTES], struct bytes line)
{
    (void)hash;
    struct gathering *g = context;
    enum err err = revision_room(g);
    if (err)
        return err;
    char *copy = arena_copy(&g->arena, line);
    if (!copy)
        return ERR_NOMEM;
    err = revision_parse(&g->arena, bytes_of(copy, line.size),
                         &g->revisions[g->count], NULL);
    if (err)
        return err == ERR_INVALID || err == ERR_TOO_BIG ? ERR_CORRUPT : err;
    case_note(g, arrival, g->revisions[g->count++]);
    return ERR_OK;
}

enum err ingest_refold(struct batch *b, const char *record, char *kase,
                       bool *has_case)
{
    struct gathering g = {.kase = kase};
    arena_init(&g.arena, LINES_ARENA_BYTES);
    enum err err =
        store_line_each_of_record(b->sql, b->agency, record, gather_line, &g);
    if (!err)
        err = fold_all(b->office->schema, g.revisions, g.count, &b->fold);
    *has_case = g.created != 0;
    arena_fini(&g.arena);
    return err;
}

/* --- what stands in the state --------------------------------------------- */

/* `type` is the state's last member and has no escapes, so that it can be read
 * from the end without a parse.  Empty while the record waits. */
static struct bytes state_type(struct bytes state)
{
    static const char before[] = "\"type\":\"";
    size_t size = sizeof before - 1;
    if (state.size < size + 2 || memcmp(state.at + state.size - 2, "\"}", 2))
        return bytes_of(NULL, 0);
    size_t end = state.size - 2, at = end;
    while (at > 0 && state.at[at - 1] != '"')
        at--;
    if (at < size || end - at > NAME_CHARS_MAX ||
        memcmp(state.at + at - size, before, size) != 0)
        return bytes_of(NULL, 0);
    return bytes_of(state.at + at, end - at);
}

struct open_fields {
    struct arena arena;
    const struct canon *fields; /* of the state, or NULL */
    struct bytes gone[REVISION_FIELDS_MAX];
    size_t gone_count;
};

static enum err field_gone(void *context, struct bytes field)
{
    struct open_fields *open = context;
    const struct canon *now = canon_member_bytes(open->fields, field);
    if ((now && canon_true(now, "open")) ||
        open->gone_count == REVISION_FIELDS_MAX)
        return ERR_OK;
    const char *copy = arena_copy(&open->arena, field);
    if (!copy)
        return ERR_NOMEM;
    open->gone[open->gone_count++] = bytes_of(copy, field.size);
    return ERR_OK;
}

static enum err conflicts_store(struct batch *b, struct bytes record,
                                struct open_fields *open, struct bytes state)
{
    const struct canon *root;
    enum err err = canon_parse(&open->arena, state, &root, NULL);
    if (err)
        return err == ERR_INVALID ? ERR_CORRUPT : err;
    open->fields = canon_member(root, "fields");
    if (!open->fields)
        open->fields = root; /* it waits: nothing is open */
    err = store_conflict_each(b->sql, b->agency, record, field_gone, open);
    for (size_t i = 0; !err && i < open->gone_count; i++)
        err = store_conflict_drop(b->sql, b->agency, record, open->gone[i]);
    const struct canon *field = open->fields->first;
    for (; !err && field; field = field->next)
        if (field->kind == CANON_OBJECT && canon_true(field, "open"))
            err = store_conflict_add(b->sql, b->agency, record, field->name,
                                     b->now);
    return err;
}

static enum err conflicts_update(struct batch *b, struct bytes record,
                                 struct bytes state)
{
    struct open_fields open = {.gone_count = 0};
    arena_init(&open.arena, REVISION_ARENA_BYTES);
    enum err err = conflicts_store(b, record, &open, state);
    arena_fini(&open.arena);
    return err;
}

/* --- one more revision ---------------------------------------------------- */

static enum err fold_run(struct batch *b, const struct revision *revision,
                         const struct record_row *row, bool *stepped)
{
    bool scratch = false;
    enum err err = fold_step(b->office->schema, row->state, row->memo, revision,
                             &b->fold, &scratch);
    *stepped = !scratch;
    if (err || !scratch)
        return err;
    char record[ID_CHARS + 1], kase[ID_CHARS + 1];
    bool has_case;
    memcpy(record, revision->record.at, ID_CHARS);
    record[ID_CHARS] = '\0';
    return ingest_refold(b, record, kase, &has_case);
}

enum err ingest_store(struct batch *b, struct bytes record, bool fresh,
                      bool stepped, struct record_row *row)
{
    int64_t open_before = row->open_count;
    row->state = buffer_bytes(&b->fold.state);
    row->memo = buffer_bytes(&b->fold.memo);
    struct bytes type = state_type(row->state);
    if (type.size)
        memcpy(row->type, type.at, type.size);
    row->type[type.size] = '\0';
    size_t open_count = 0;
    enum err err = ERR_OK;
    if (!(fresh && stepped)) /* one write leaves nothing open */
        err = fold_open_count(row->state, &open_count);
    row->open_count = (int64_t)open_count;
    if (!err)
        err = store_record_put(b->sql, b->agency, record, fresh, row);
    if (!err && (open_before || open_count))
        err = conflicts_update(b, record, row->state);
    return err;
}

enum err ingest_again(struct batch *b, const char *record)
{
    struct record_row row;
    char kase[ID_CHARS + 1] = "";
    bool has_case;
    buffer_clear(&b->record_bytes);
    enum err err = store_record_find(b->sql, b->agency, bytes_text(record),
                                     &row, &b->record_bytes);
    bool fresh = err == ERR_NOT_FOUND;
    if (!err || fresh)
        err = ingest_refold(b, record, kase, &has_case);
    if (err)
        return err;
    if (has_case && !row.has_case) {
        row.has_case = true;
        memcpy(row.kase, kase, sizeof row.kase);
    }
    return ingest_store(b, bytes_text(record), fresh, false, &row);
}

enum err ingest_fold(struct batch *b, const struct revision *revision,
                     bool fresh, struct record_row *row)
{
    bool stepped;
    enum err err = fold_run(b, revision, row, &stepped);
    return err ? err : ingest_store(b, revision->record, fresh, stepped, row);
}
