#include "shared/replica/shipped.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "tools/embed.h"

/* One definition a line: white space outside of texts is left out. */
static enum err lines_add(struct schema *schema, struct bytes text,
                          char *detail)
{
    enum err err = ERR_OK;
    while (!err && text.size) {
        const uint8_t *end = memchr(text.at, '\n', text.size);
        size_t size = end ? (size_t)(end - text.at) : text.size;
        err = schema_add(schema, bytes_of(text.at, size), detail);
        size += end != NULL;
        text = bytes_of(text.at + size, text.size - size);
    }
    return err;
}

enum err shipped_types_add(struct schema *schema, char *detail)
{
    const struct embed *set = embed_record_types;
    uLongf size = (uLongf)set->plain;
    uint8_t *text = malloc(size);
    detail[0] = '\0';
    if (!text)
        return ERR_NOMEM;
    int code = uncompress(text, &size, set->at, (uLong)set->size);
    enum err err = code == Z_MEM_ERROR ? ERR_NOMEM
                   : code != Z_OK      ? ERR_CORRUPT
                                       : ERR_OK;
    if (!err)
        err = lines_add(schema, bytes_of(text, size), detail);
    free(text);
    return err;
}

void shipped_types_hash(uint8_t out[HASH_BYTES])
{
    const struct embed *set = embed_record_types;
    crypto_generichash(out, HASH_BYTES, set->at, set->size, NULL, 0);
}
