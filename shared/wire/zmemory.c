#include "shared/wire/zmemory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *take(void *context, uInt items, uInt size)
{
    (void)context;
    if (!items || !size || items > SIZE_MAX / size)
        return NULL;
    return malloc((size_t)items * size);
}

static void give(void *context, void *memory)
{
    (void)context;
    free(memory);
}

void zmemory_init(z_stream *stream)
{
    memset(stream, 0, sizeof *stream);
    stream->zalloc = take;
    stream->zfree = give;
}

enum err zmemory_err(int code)
{
    if (code == Z_OK)
        return ERR_OK;
    return code == Z_MEM_ERROR ? ERR_NOMEM : ERR_CORRUPT;
}
