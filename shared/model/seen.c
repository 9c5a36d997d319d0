#include "shared/model/seen.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_PREFIX "c1."
/* A member of `seen` is quotes, colon, comma, id and at most 16 digits. */
#define CONTEXT_BYTES_MAX (256u + SEEN_REPLICAS_MAX * (REPLICA_CHARS + 20u))
/* A tree takes at most one node for two bytes, hostile tokens included. */
#define CONTEXT_ARENA_BYTES (CONTEXT_BYTES_MAX * sizeof(struct canon))

void seen_init(struct seen *seen)
{
    *seen = (struct seen){0};
}

void seen_fini(struct seen *seen)
{
    free(seen->entries);
    seen_init(seen);
}

/* Index of the first entry that is not below `replica`. */
static size_t lower_bound(const struct seen *seen, struct bytes replica)
{
    size_t low = 0, high = seen->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct bytes there =
            bytes_of(seen->entries[middle].replica, REPLICA_CHARS);
        if (bytes_compare(there, replica) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const struct seen *seen, size_t index,
                      struct bytes replica)
{
    return index < seen->count &&
           bytes_is(replica, seen->entries[index].replica);
}

int64_t seen_get(const struct seen *seen, struct bytes replica)
{
    size_t index = lower_bound(seen, replica);
    return stands_at(seen, index, replica) ? seen->entries[index].n : 0;
}

bool seen_has(const struct seen *seen, const struct dot *dot)
{
    return seen_get(seen, bytes_text(dot->replica)) >= dot->n;
}

static enum err reserve(struct seen *seen, size_t count)
{
    if (count > SEEN_REPLICAS_MAX)
        return ERR_TOO_BIG;
    if (count <= seen->room)
        return ERR_OK;
    size_t room = seen->room ? seen->room : 4;
    while (room < count)
        room *= 2;
    void *entries = realloc(seen->entries, room * sizeof *seen->entries);
    if (!entries)
        return ERR_NOMEM;
    seen->entries = entries;
    seen->room = room;
    return ERR_OK;
}

static void entry_set(struct seen_entry *entry, struct bytes replica, int64_t n)
{
    memcpy(entry->replica, replica.at, REPLICA_CHARS);
    entry->replica[REPLICA_CHARS] = '\0';
    entry->n = n;
}

enum err seen_raise(struct seen *seen, struct bytes replica, int64_t n)
{
    assert(replica.size == REPLICA_CHARS && n >= 1);
    size_t index = lower_bound(seen, replica);
    if (stands_at(seen, index, replica)) {
        if (n > seen->entries[index].n)
            seen->entries[index].n = n;
        return ERR_OK;
    }
    enum err err = reserve(seen, seen->count + 1);
    if (err)
        return err;
    memmove(seen->entries + index + 1, seen->entries + index,
            (seen->count - index) * sizeof *seen->entries);
    entry_set(&seen->entries[index], replica, n);
    seen->count++;
    return ERR_OK;
}

static int entry_compare(const struct seen_entry *a, const struct seen_entry *b)
{
    return memcmp(a->replica, b->replica, REPLICA_CHARS);
}

static size_t union_count(const struct seen *a, const struct seen *b)
{
    size_t i = 0, j = 0, count = 0;
    for (; i < a->count && j < b->count; count++) {
        int order = entry_compare(&a->entries[i], &b->entries[j]);
        i += order <= 0;
        j += order >= 0;
    }
    return count + (a->count - i) + (b->count - j);
}

/* Merges from the back, in place, so that nothing changes on failure. */
enum err seen_join(struct seen *into, const struct seen *from)
{
    size_t out = union_count(into, from);
    enum err err = reserve(into, out);
    if (err)
        return err;
    size_t i = into->count, j = from->count;
    into->count = out;
    while (j > 0) {
        const struct seen_entry *b = &from->entries[j - 1];
        int order = i > 0 ? entry_compare(&into->entries[i - 1], b) : -1;
        struct seen_entry entry = order >= 0 ? into->entries[i - 1] : *b;
        if (order == 0 && b->n > entry.n)
            entry.n = b->n;
        i -= order >= 0;
        j -= order <= 0;
        into->entries[--out] = entry;
    }
    return ERR_OK;
}

enum err seen_copy(struct seen *into, const struct seen *from)
{
    enum err err = reserve(into, from->count);
    if (err)
        return err;
    if (from->count)
        memmove(into->entries, from->entries,
                from->count * sizeof *from->entries);
    into->count = from->count;
    return ERR_OK;
}

bool seen_covers(const struct seen *a, const struct seen *b)
{
    size_t i = 0;
    for (size_t j = 0; j < b->count; j++) {
        const struct seen_entry *wanted = &b->entries[j];
        while (i < a->count && entry_compare(&a->entries[i], wanted) < 0)
            i++;
        if (i == a->count || entry_compare(&a->entries[i], wanted) != 0 ||
            a->entries[i].n < wanted->n)
            return false;
    }
    return true;
}

void seen_meet(struct seen *into, const struct seen *with)
{
    size_t kept = 0, j = 0;
    for (size_t i = 0; i < into->count; i++) {
        struct seen_entry entry = into->entries[i];
        while (j < with->count && entry_compare(&with->entries[j], &entry) < 0)
            j++;
        if (j == with->count || entry_compare(&with->entries[j], &entry) != 0)
            continue;
        if (with->entries[j].n < entry.n)
            entry.n = with->entries[j].n;
        into->entries[kept++] = entry;
    }
    into->count = kept;
}

enum err seen_write(struct buffer *out, const struct seen *seen)
{
    buffer_add_char(out, '{');
    for (size_t i = 0; i < seen->count; i++) {
        if (i)
            buffer_add_char(out, ',');
        canon_put_name(out, seen->entries[i].replica);
        buffer_add_int(out, seen->entries[i].n);
    }
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err seen_read(struct seen *out, const struct canon *object)
{
    if (!object || object->kind != CANON_OBJECT ||
        object->count > SEEN_REPLICAS_MAX)
        return ERR_INVALID;
    const struct canon *member = object->first;
    for (; member; member = member->next)
        if (!replica_valid(member->name) || member->kind != CANON_INT ||
            member->integer < 1)
            return ERR_INVALID;
    enum err err = reserve(out, object->count);
    if (err)
        return err;
    out->count = 0;
    for (member = object->first; member; member = member->next)
        entry_set(&out->entries[out->count++], member->name, member->integer);
    return ERR_OK;
}

enum err context_write(struct buffer *out, const char *record,
                       int64_t generation, const struct seen *seen)
{
    struct buffer json;
    buffer_init(&json, CONTEXT_BYTES_MAX);
    buffer_add_char(&json, '{');
    if (generation) {
        canon_put_name(&json, "generation");
        buffer_add_int(&json, generation);
        buffer_add_char(&json, ',');
    }
    canon_put_name(&json, "record");
    canon_put_text(&json, bytes_text(record));
    buffer_add_char(&json, ',');
    canon_put_name(&json, "seen");
    enum err err = seen_write(&json, seen);
    buffer_add_char(&json, '}');
    if (!err)
        err = buffer_err(&json);
    if (!err) {
        buffer_add_text(out, TOKEN_PREFIX);
        buffer_add_base64(out, json.at, json.size);
        err = buffer_err(out);
    }
    buffer_fini(&json);
    return err;
}

static enum err context_decode(struct arena *arena, struct bytes token,
                               const struct canon **root)
{
    size_t prefix = strlen(TOKEN_PREFIX);
    if (token.size < prefix || memcmp(token.at, TOKEN_PREFIX, prefix) != 0 ||
        token.size > prefix + BASE64_CHARS(CONTEXT_BYTES_MAX))
        return ERR_INVALID;
    struct bytes text = bytes_of(token.at + prefix, token.size - prefix);
    uint8_t *json = arena_take(arena, text.size + 1);
    if (!json)
        return ERR_NOMEM;
    size_t size;
    enum err err = base64_decode_any(json, text.size, text, &size);
    if (err)
        return ERR_INVALID;
    return canon_parse(arena, bytes_of(json, size), root, NULL);
}

enum err context_read(struct seen *out, int64_t *generation, const char *record,
                      struct bytes token)
{
    struct arena arena;
    int64_t read = 0;
    arena_init(&arena, CONTEXT_ARENA_BYTES);
    const struct canon *root;
    struct bytes name;
    enum err err = context_decode(&arena, token, &root);
    if (!err && !canon_text(root, "record", &name))
        err = ERR_INVALID;
    if (!err && !bytes_is(name, record))
        err = ERR_CONFLICT;
    if (!err && canon_member(root, "generation") &&
        (!canon_int(root, "generation", &read) || read < 1))
        err = ERR_INVALID;
    if (!err)
        err = seen_read(out, canon_member(root, "seen"));
    if (generation)
        *generation = read;
    arena_fini(&arena);
    return err;
}

bool dot_parse(struct dot *out, struct bytes text)
{
    if (text.size < REPLICA_CHARS + 2 || text.at[REPLICA_CHARS] != ':' ||
        text.size > REPLICA_CHARS + 1 + 16)
        return false;
    struct bytes replica = bytes_of(text.at, REPLICA_CHARS);
    if (!replica_valid(replica) || text.at[REPLICA_CHARS + 1] == '0')
        return false;
    int64_t n = 0;
    for (size_t i = REPLICA_CHARS + 1; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (text.at[i] - '0');
    }
    if (n > CANON_INT_MAX)
        return false;
    memcpy(out->replica, replica.at, REPLICA_CHARS);
    out->replica[REPLICA_CHARS] = '\0';
    out->n = n;
    return true;
}

void dot_format(char out[DOT_CHARS + 1], const struct dot *dot)
{
    assert(dot->n >= 1);
    char digits[20];
    size_t count = 0;
    for (int64_t n = dot->n; n > 0; n /= 10)
        digits[count++] = (char)('0' + n % 10);
    memcpy(out, dot->replica, REPLICA_CHARS);
    out[REPLICA_CHARS] = ':';
    char *end = out + REPLICA_CHARS + 1;
    while (count > 0)
        *end++ = digits[--count];
    *end = '\0';
}

int dot_compare(const struct dot *a, const struct dot *b)
{
    int order = memcmp(a->replica, b->replica, REPLICA_CHARS);
    return order ? order : (a->n > b->n) - (a->n < b->n);
}
