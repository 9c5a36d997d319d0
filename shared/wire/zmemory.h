/* zlib's allocations through malloc() as this program sees it.
 *
 * Inside libz they would escape both the fault injection of the tests and any
 * allocator that a program brings along.  Pure; safe in any thread. */
#ifndef WIRE_ZMEMORY_H
#define WIRE_ZMEMORY_H

#define ZLIB_CONST /* input is const, as it should be */
#include <zlib.h>
#include "shared/base/err.h"

/* Zeroes the stream and gives it the allocator; before any ...Init(). */
void zmemory_init(z_stream *stream);
/* What zlib's return code means where it may not happen: ERR_NOMEM for
 * Z_MEM_ERROR, ERR_CORRUPT for every other failure, ERR_OK for Z_OK. */
enum err zmemory_err(int code);

#endif
