/* Drivers of the store seam: how to reach a database by its address.
 *
 * An address is a path (SQLite) or a postgresql:// URL.  All drivers pass the
 * contract suite in tests/contract. */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include "server/sql.h"

#define STORE_APPLICATION_ID 0x53614f66 /* "SaOf" */
#define STORE_DETAIL_CHARS 256

/* Opens a connection, bringing the schema up to date; `create` allows an empty
 * database.  `vfs` is an SQLite VFS name, or NULL.  `detail`
 * (STORE_DETAIL_CHARS) says what went wrong.  ERR_NOT_FOUND, ERR_FOREIGN,
 * ERR_NEWER, ERR_BUSY, ERR_IO, ERR_UNSUPPORTED (no such driver). */
MUST_CHECK enum err store_open(struct sql *out, const char *address,
                               const char *vfs, bool create, char *detail);

MUST_CHECK enum err store_sqlite_open(struct sql *out, const char *path,
                                      const char *vfs, bool create,
                                      char *detail);
#ifdef HAVE_POSTGRES
MUST_CHECK enum err store_pg_open(struct sql *out, const char *url,
                                  const char *vfs, bool create, char *detail);
#endif

#endif
