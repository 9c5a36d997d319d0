#include "shared/replica/shipped.h"

#include <sodium.h>
#include <stdlib.h>
#include <zlib.h>
#include "tools/embed.h"

enum err shipped_types_add(struct schema *schema)
{
    const struct embed *set = embed_record_types;
    uLongf size = (uLongf)set->plain;
    uint8_t *text = malloc(size);
    if (!text)
        return ERR_NOMEM;
    int code = uncompress(text, &size, set->at, (uLong)set->size);
    if (code == Z_OK)
        return schema_add_lines(schema, text, size);
    free(text);
    return code == Z_MEM_ERROR ? ERR_NOMEM : ERR_CORRUPT;
}

void shipped_types_hash(uint8_t out[HASH_BYTES])
{
    const struct embed *set = embed_record_types;
    crypto_generichash(out, HASH_BYTES, set->at, set->size, NULL, 0);
}
