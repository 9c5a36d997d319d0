/* The views of server/views/: what is no record, and what many reports ask of
 * several types.  Each file is a query behind its comment; `:agency` stands for
 * the agency's name. */
#include <string.h>
#include "server/views.h"
#include "tools/embed.h"

static const char agency_mark[] = ":agency";

size_t views_fixed_count(void)
{
    size_t count = 0;
    while (embed_views[count].path)
        count++;
    return count;
}

struct bytes views_fixed_name(size_t index)
{
    const char *path = embed_views[index].path;
    const char *name = strrchr(path, '/') + 1;
    return bytes_of(name, strcspn(name, "."));
}

const char *views_fixed_query(size_t index)
{
    const char *at = (const char *)embed_views[index].at;
    while (at[0] == '-')
        at = strchr(at, '\n') + 1;
    return at;
}

enum err views_fixed_statement(struct buffer *out, const char *agency,
                               size_t index)
{
    struct bytes name = views_fixed_name(index);
    const char *at = views_fixed_query(index), *mark;
    buffer_printf(out, "CREATE VIEW \"%.*s\" AS\n", (int)name.size,
                  (const char *)name.at);
    for (; (mark = strstr(at, agency_mark)); at = mark + strlen(agency_mark)) {
        buffer_add_bytes(out, bytes_of(at, (size_t)(mark - at)));
        buffer_add_text(out, agency);
    }
    size_t size = strlen(at);
    while (size && at[size - 1] == '\n')
        size--; /* as SQLite keeps it, so that a view is known again */
    buffer_add_bytes(out, bytes_of(at, size));
    return buffer_err(out);
}
