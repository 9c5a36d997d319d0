#include "shared/model/fold_cover.h"

#include <string.h>

enum err cover_init(struct cover *cover, const struct acts *acts)
{
    *cover = (struct cover){.acts = acts};
    cover->writers =
        arena_take(acts->arena, acts->count * sizeof(*cover->writers));
    cover->peaks =
        arena_take(acts->arena, acts->replica_count * sizeof *cover->peaks);
    return cover->writers && cover->peaks ? ERR_OK : ERR_NOMEM;
}

void cover_clear(struct cover *cover)
{
    cover->count = 0;
    memset(cover->peaks, 0, cover->acts->replica_count * sizeof *cover->peaks);
}

static void peak_raise(struct cover_peak *peak, const struct act *writer,
                       int64_t n)
{
    if (n > peak->first_n) {
        if (peak->first != writer) {
            peak->second = peak->first;
            peak->second_n = peak->first_n;
        }
        peak->first = writer;
        peak->first_n = n;
    } else if (n > peak->second_n && peak->first != writer) {
        peak->second = writer;
        peak->second_n = n;
    }
}

void cover_add(struct cover *cover, const struct act *writer)
{
    if (cover->count && cover->writers[cover->count - 1] == writer)
        return;
    cover->writers[cover->count++] = writer;
    for (const struct appearance *p = writer->first; p; p = p->next)
        for (size_t i = 0; i < p->seen->count; i++) {
            const struct seen_entry *entry = &p->seen->entries[i];
            size_t column = acts_column(cover->acts, entry->replica);
            if (column != SIZE_MAX)
                peak_raise(&cover->peaks[column], writer, entry->n);
        }
}

static bool any_covers(const struct cover *cover, const struct act *act)
{
    for (size_t i = 0; i < cover->count; i++)
        if (act_covers(cover->writers[i], act))
            return true;
    return false;
}

bool cover_has(const struct cover *cover, const struct act *act)
{
    for (const struct appearance *p = act->first; p; p = p->next) {
        if (p->released)
            return any_covers(cover, act);
        const struct cover_peak *peak = &cover->peaks[p->column];
        bool self = peak->first == act;
        int64_t n = self ? peak->second_n : peak->first_n;
        if (n < p->line->dot.n)
            continue;
        /* Mutual sight is rare and needs the definition. */
        return !act_has_seen(act, self ? peak->second : peak->first) ||
               any_covers(cover, act);
    }
    return false;
}
