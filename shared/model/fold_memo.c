#include "shared/model/fold_memo.h"

#include <stdlib.h>
#include <string.h>

enum { FLAG_PLAIN = 1 };

static void entry_put(struct buffer *out, const struct memo_entry *entry)
{
    uint8_t bytes[MEMO_ENTRY_BYTES];
    memcpy(bytes, entry->replica, REPLICA_CHARS);
    store_le64(bytes + REPLICA_CHARS, (uint64_t)entry->reached);
    store_le64(bytes + REPLICA_CHARS + 8, (uint64_t)entry->joined);
    buffer_add(out, bytes, sizeof bytes);
}

bool memo_valid(struct bytes memo)
{
    return memo.size && (memo.size - 1) % MEMO_ENTRY_BYTES == 0;
}

bool memo_plain(struct bytes memo)
{
    return memo.size && memo.at[0] == FLAG_PLAIN;
}

size_t memo_count(struct bytes memo)
{
    return memo.size ? (memo.size - 1) / MEMO_ENTRY_BYTES : 0;
}

struct memo_entry memo_at(struct bytes memo, size_t index)
{
    struct memo_entry entry = {.replica = ""};
    const uint8_t *at = memo.at + 1 + index * MEMO_ENTRY_BYTES;
    memcpy(entry.replica, at, REPLICA_CHARS);
    entry.reached = (int64_t)load_le64(at + REPLICA_CHARS);
    entry.joined = (int64_t)load_le64(at + REPLICA_CHARS + 8);
    return entry;
}

struct memo_entry memo_find(struct bytes memo, const char *replica)
{
    size_t low = 0, high = memo_count(memo);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct memo_entry entry = memo_at(memo, middle);
        int order = memcmp(entry.replica, replica, REPLICA_CHARS);
        if (!order)
            return entry;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct memo_entry){.replica = ""};
}

bool line_plain(const struct revision *line)
{
    return !line->seal && !line->keep && !line->carries.size && !line->hold &&
           !line->release.size && !line->clock;
}

/* How far the chain of one replica reaches, from its first line on; *index
 * moves past its lines.  A line that does not continue the chain is a gap. */
static int64_t chain_reach(const struct acts *acts, size_t *index, bool *gap)
{
    int64_t reached = 0;
    const char *replica = acts->lines[*index]->dot.replica;
    for (; *index < acts->line_count; ++*index) {
        const struct revision *line = acts->lines[*index];
        if (strcmp(line->dot.replica, replica) != 0)
            break;
        if (line->prev == reached)
            reached = line->dot.n;
        else
            *gap = true;
    }
    return reached;
}

static int compare_entries(const void *a, const void *b)
{
    const struct seen_entry *x = a, *y = b;
    int order = strcmp(x->replica, y->replica);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* What any line had seen, one entry a replica.  More than MEMO_JOINED_MAX is
 * not kept: such a record is folded from scratch. */
static enum err joined_make(const struct acts *acts, struct seen *joined,
                            bool *plain)
{
    size_t room = 0;
    for (size_t i = 0; i < acts->line_count; i++)
        room += acts->lines[i]->seen.count;
    joined->entries = arena_take(acts->arena, room * sizeof *joined->entries);
    if (!joined->entries)
        return ERR_NOMEM;
    struct seen_entry *all = joined->entries, *end = all;
    for (size_t i = 0; i < acts->line_count; i++) {
        const struct seen *seen = &acts->lines[i]->seen;
        if (seen->count)
            memcpy(end, seen->entries, seen->count * sizeof *end);
        end += seen->count;
    }
    if (room > 1)
        qsort(all, room, sizeof *all, compare_entries);
    for (size_t i = 0; i < room; i++)
        if (i + 1 == room || strcmp(all[i].replica, all[i + 1].replica) != 0)
            all[joined->count++] = all[i];
    if (joined->count > MEMO_JOINED_MAX) {
        *plain = false;
        joined->count = 0;
    }
    return ERR_OK;
}

static void entries_put(struct buffer *out, const struct acts *acts,
                        const struct seen *joined, bool *plain)
{
    static const char above[REPLICA_CHARS + 1] = "~"; /* every id */
    size_t i = 0, j = 0;
    while (i < acts->line_count || j < joined->count) {
        struct memo_entry entry = {.replica = ""};
        const char *chain =
            i < acts->line_count ? acts->lines[i]->dot.replica : above;
        const char *seen =
            j < joined->count ? joined->entries[j].replica : above;
        int order = strcmp(chain, seen);
        memcpy(entry.replica, order <= 0 ? chain : seen, REPLICA_CHARS);
        if (order >= 0 && j < joined->count)
            entry.joined = joined->entries[j++].n;
        if (order <= 0 && i < acts->line_count) {
            bool gap = false;
            entry.reached = chain_reach(acts, &i, &gap);
            *plain = *plain && !gap;
        }
        entry_put(out, &entry);
    }
}

enum err memo_write(struct buffer *out, const struct acts *acts, bool plain)
{
    struct seen joined = {0};
    for (size_t i = 0; plain && i < acts->line_count; i++)
        plain = line_plain(acts->lines[i]);
    if (plain) {
        enum err err = joined_make(acts, &joined, &plain);
        if (err)
            return err;
    }
    buffer_add_char(out, 0);
    entries_put(out, acts, &joined, &plain);
    enum err err = buffer_err(out);
    if (!err)
        out->at[0] = plain ? FLAG_PLAIN : 0;
    return err;
}

enum err memo_step(struct buffer *out, struct bytes memo,
                   const struct revision *next)
{
    size_t i = 0, j = 0, count = memo_count(memo);
    bool own = false;
    buffer_add_char(out, FLAG_PLAIN);
    while (i < count || j < next->seen.count || !own) {
        struct memo_entry entry = {.replica = "~"}; /* above every id */
        if (i < count)
            entry = memo_at(memo, i);
        const char *least = entry.replica;
        if (j < next->seen.count &&
            strcmp(next->seen.entries[j].replica, least) < 0)
            least = next->seen.entries[j].replica;
        if (!own && strcmp(next->dot.replica, least) < 0)
            least = next->dot.replica;
        if (i < count && !strcmp(entry.replica, least))
            i++;
        else
            entry = (struct memo_entry){.replica = ""};
        if (j < next->seen.count &&
            !strcmp(next->seen.entries[j].replica, least)) {
            int64_t n = next->seen.entries[j++].n;
            entry.joined = n > entry.joined ? n : entry.joined;
        }
        if (!own && !strcmp(next->dot.replica, least)) {
            entry.reached = next->dot.n;
            own = true;
        }
        memmove(entry.replica, least, REPLICA_CHARS);
        entry_put(out, &entry);
    }
    return buffer_err(out);
}
