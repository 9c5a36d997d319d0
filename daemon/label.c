#include "daemon/label.h"

#include <stdio.h>
#include <string.h>
#include "shared/model/id.h"
#include "shared/replica/identity.h"

#define HASH_SHOWN_BYTES 6

void label_vault(char out[LABEL_CHARS], struct vault *vault,
                 const struct options_vault *config)
{
    struct identity identity;
    uint8_t hash[HASH_BYTES];
    char shown[BASE64_CHARS(HASH_SHOWN_BYTES) + 1];
    if (vault && identity_load(vault, &identity) == ERR_OK) {
        snprintf(out, LABEL_CHARS, "%s", identity.replica);
        return;
    }
    hash_bytes(hash, bytes_text(config->path));
    base64_encode(shown, hash, HASH_SHOWN_BYTES);
    snprintf(out, LABEL_CHARS, "file-%s", shown);
}

const char *label_detail(enum err err, const char *detail)
{
    switch (err) {
    case ERR_NOT_FOUND: /* no office yet */
    case ERR_NETWORK:
    case ERR_PROTOCOL:
    case ERR_DENIED:
    case ERR_SIGNATURE:
    case ERR_GAP:
    case ERR_FORK:
    case ERR_STALE:
    case ERR_LINEAGE:
    case ERR_REVOKED:
    case ERR_AGAIN:
    case ERR_TIMEOUT:
    case ERR_TOO_BIG:
    case ERR_UNSUPPORTED:
        return detail[0] ? detail : err_text(err);
    default:
        return err_text(err);
    }
}
