#include "server/store.h"

#include <stdio.h>
#include <string.h>

static bool is_postgres(const char *address)
{
    return !strncmp(address, "postgresql://", 13) ||
           !strncmp(address, "postgres://", 11);
}

enum err store_open(struct sql *out, const char *address, const char *vfs,
                    bool create, char *detail)
{
    if (!is_postgres(address))
        return store_sqlite_open(out, address, vfs, create, detail);
#ifdef HAVE_POSTGRES
    return store_pg_open(out, address, vfs, create, detail);
#else
    *out = (struct sql){0};
    snprintf(detail, STORE_DETAIL_CHARS,
             "this build has no PostgreSQL driver; use a path");
    return ERR_UNSUPPORTED;
#endif
}
