/* The proof of custody. */
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"
#include "shared/replica/proof.h"
#include "shared/wire/proof.h"

PUBLIC int satchel_proof(satchel *handle, char **json)
{
    struct buffer out;
    *json = NULL;
    buffer_init(&out, PROOF_BYTES_MAX);
    enum err err = handle_enter(handle);
    if (!err)
        err = proof_write(handle->vault, &out);
    if (!err)
        err = handle_give(json, &out);
    buffer_fini(&out);
    return handle_leave(handle, err);
}
